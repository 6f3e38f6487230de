"""What a run found: a table for people, and a JSON file beside it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bench.driver import Tally
from bench.procs import Snapshot, elsewhere, spent
from bench.product import OTHERS, PRODUCT
from bench.stats import in_ms

RESULTS = Path(__file__).with_name("results")
DATABASES = ("postgres", "valkey")

Json = dict[str, Any]


def cpu(before: Snapshot, after: Snapshot, per: int) -> Json:
    """CPU-ms for each of so many turns or bookings, by process and together, and who else was busy."""
    used = spent(before, after)
    wall = after.at - before.at
    each = {name: round(used.get(name, 0.0) * 1000 / max(1, per), 2) for name in (*PRODUCT, *OTHERS)}
    return {
        "per": per,
        "each_ms": each,
        "together_ms": round(sum(each[name] for name in PRODUCT), 2),
        "web_and_workers_ms": round(sum(each[name] for name in PRODUCT if name not in DATABASES), 2),
        "product_cores": round(sum(used.get(name, 0.0) for name in PRODUCT) / wall, 2),
        "driver_cores": round((after.own - before.own) / wall, 2),
        "stand_ins_cores": round(sum(used.get(name, 0.0) for name in OTHERS) / wall, 2),
        "other_cores": round(elsewhere(before, after), 2),
        "wall_s": round(wall, 2),
    }


def talk(tally: Tally, wall: float) -> Json:
    """How the conversations went."""
    return {
        "turns": tally.turns,
        "turns_per_s": round(tally.turns / wall, 1),
        "conversations": tally.conversations,
        "failed_turns": tally.failed,
        "failures": dict(tally.failures.most_common(8)),
        "unexpected_replies": tally.unexpected + tally.strangers,
        "webhooks_refused": dict(tally.refused),
        "statuses": tally.statuses,
        "reply_ms": in_ms(tally.replies),
        "ack_ms": in_ms(tally.acks),
        "reply_ms_by_turn": {label: in_ms(times) for label, times in tally.by_turn.items()},
    }


def save(mode: str, result: Json) -> Path:
    """Write the result with what it was measured on; the newest of a mode also under its plain name."""
    RESULTS.mkdir(exist_ok=True)
    whole = {"mode": mode, "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": _machine(), **result}
    text = json.dumps(whole, indent=1) + "\n"
    path = RESULTS / f"{mode}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(text)
    (RESULTS / f"{mode}.json").write_text(text)
    return path


def _machine() -> Json:
    ask = ["git", "rev-parse", "--short", "HEAD"]
    asked = subprocess.run(ask, cwd=RESULTS.parent, capture_output=True, text=True, check=False)
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "commit": asked.stdout.strip() or None,
        "load_before": os.getloadavg()[0],
    }


# ---- for people ------------------------------------------------------------------------------------


def table(title: str, rows: Iterable[Sequence[Any]]) -> None:
    """Rows of cells in columns, the first to the left, numbers to the right."""
    cells = [[_cell(each) for each in row] for row in rows]
    widths = [max(map(len, column)) for column in zip_longest(*cells, fillvalue="")]
    print(f"\n{title}")
    for row in cells:
        first, *rest = row
        line = [first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(rest, widths[1:], strict=False))]
        print(f"  {'  '.join(line).rstrip()}", flush=True)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return str(value)


def show_talk(result: Json) -> None:
    reply, ack = result["reply_ms"], result["ack_ms"]
    rows: list[Sequence[Any]] = [("", "p50", "p95", "p99", "max")]
    for name, times in (("reply, ms", reply), ("acknowledged, ms", ack)):
        rows.append((name, *(times.get(q, "–") for q in ("p50", "p95", "p99", "max"))))
    table(f"{result['turns']} turns, {result['turns_per_s']} a second", rows)
    troubles = {
        "failed turns": result["failed_turns"],
        "unexpected replies": result["unexpected_replies"],
        "webhooks refused": result["webhooks_refused"] or 0,
    }
    print("  " + ", ".join(f"{name}: {value}" for name, value in troubles.items()))
    for why, count in result["failures"].items():
        print(f"    {count} × {why}")


def show_cpu(result: Json, what: str) -> None:
    each: Mapping[str, float] = result["each_ms"]
    rows: list[Sequence[Any]] = [(name, each[name]) for name in PRODUCT]
    rows += [("together", result["together_ms"]), *((f"({name})", each[name]) for name in OTHERS)]
    table(f"CPU-ms for each {what}", rows)
    print(
        f"  cores: product {result['product_cores']}, driver {result['driver_cores']}, "
        f"stand-ins {result['stand_ins_cores']}, other programs {result['other_cores']}"
    )
