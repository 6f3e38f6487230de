"""Where the time goes: `python -m bench profile turns|web|sends|providers|slow|clock|postgres`.

A Python process is watched from outside by py-spy while guests talk (`pip install py-spy`: a tool of
developers, not among the requirements; attaching may need root). Without py-spy a worker is started under
cProfile instead, which sees its main thread only and makes Python's own calls look dearer than they are.
For PostgreSQL the statements are counted by pg_stat_statements.
"""

from __future__ import annotations

import argparse
import asyncio
import pstats
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from bench import report
from bench.booking import OWNERS, World, open_world
from bench.driver import Guest, Line, side_by_side
from bench.product import Product, running
from bench.script import load
from bench.talking import warm
from run.procfile import ROOT

SHOWN = 30
RATE = 250
SECONDS = 20.0

Json = dict[str, Any]


class Profiler(Protocol):
    """One way to look at one process."""

    @property
    def procfile(self) -> Path | None:
        """What to start the product from, if not the usual."""

    def prepare(self, product: Product) -> None:
        """Before the warm-up."""

    async def watch(self, product: Product, seconds: float) -> None:
        """While the guests talk."""

    def collect(self, product: Product) -> None:
        """Afterwards, with the product still up."""

    def show(self, turns: int) -> None:
        """With the product down."""


async def profile_mode(args: argparse.Namespace) -> Json:
    """Let guests talk (or book, with --whole) for some seconds, and say what a process did meanwhile."""
    args.seconds = args.seconds or SECONDS
    with tempfile.TemporaryDirectory(prefix="sarai-profile-") as folder:
        profiler = _profiler(args, Path(folder))
        async with Line(statuses="live" if args.statuses or args.whole else "off") as line:
            settings = {"WHATSAPP_MESSAGES_PER_SECOND": "1000"}
            owners = OWNERS if args.whole else 0
            with running(
                line.graph.url, settings=settings, owners=owners, procfile=profiler.procfile
            ) as product:
                profiler.prepare(product)
                world = await open_world(line, product) if args.whole else None
                if world is None:
                    await warm(line, product, load(), 0)
                await asyncio.gather(_talk(line, world, args), profiler.watch(product, args.seconds))
                profiler.collect(product)
                if world is not None:
                    await world.stop()
        profiler.show(line.tally.turns)
    return {"process": args.process, "turns": line.tally.turns, "seconds": args.seconds}


async def _talk(line: Line, world: World | None, args: argparse.Namespace) -> None:
    until = time.monotonic() + args.seconds
    script = load()

    def guests() -> Iterator[Guest]:
        number = 0
        while time.monotonic() < until:
            yield Guest(line, number := number + 1)

    await side_by_side(guests(), world.books if world else lambda guest: guest.converse(script), args.at_once)


def _profiler(args: argparse.Namespace, folder: Path) -> Profiler:
    if args.process == "postgres":
        return Statements()
    beside = Path(sys.executable).with_name("py-spy")
    spy = shutil.which("py-spy") or (str(beside) if beside.exists() else None)
    if spy:
        return PySpy(spy, args.process, folder)
    if args.process == "web":
        raise SystemExit("the web process needs py-spy: pip install py-spy")
    return CProfile(args.process, folder)


class PySpy:
    """250 samples a second of whichever thread held the interpreter: waiting for a server does not count."""

    procfile: Path | None = None

    def __init__(self, program: str, process: str, folder: Path) -> None:
        self._program, self._process = program, process
        self._stacks = folder / "stacks.txt"

    def prepare(self, product: Product) -> None:
        pass

    async def watch(self, product: Product, seconds: float) -> None:
        pid = product.watch.roots[self._process][0]
        how = f"record --pid {pid} --duration {seconds:.0f} --rate {RATE} --subprocesses --gil --nonblocking"
        words = [self._program, *how.split(), "--format", "raw", "--output", str(self._stacks)]
        ran = await asyncio.create_subprocess_exec(*words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, said = await ran.communicate()
        if ran.returncode:
            raise SystemExit(f"py-spy could not watch {self._process}: {said.decode()[-400:]}")

    def collect(self, product: Product) -> None:
        report.RESULTS.mkdir(exist_ok=True)
        shutil.copy(self._stacks, report.RESULTS / f"profile-{self._process}.txt")

    def show(self, turns: int) -> None:
        alone, within = Counter[str](), Counter[str]()
        for line in self._stacks.read_text().splitlines():
            stack, _, count = line.rpartition(" ")
            frames = [_short(frame) for frame in stack.split(";") if not frame.startswith("process ")]
            if not frames:
                continue
            alone[frames[-1]] += int(count)
            for frame in set(frames):
                within[frame] += int(count)
        total = sum(alone.values()) or 1
        print(f"\n{self._process}: {total} samples at {RATE} a second, {turns} turns meanwhile")
        for title, counts in (("in itself", alone), ("with what it calls", within)):
            rows = [(frame, f"{100 * n / total:.1f} %") for frame, n in counts.most_common(SHOWN)]
            report.table(f"{self._process}: samples {title}", rows)


def _short(frame: str) -> str:
    """`take_turn (workers/turns.py:41)` → without the line, and with the library's name only."""
    name, _, place = frame.partition(" (")
    path = place.rpartition(":")[0] or place.rstrip(")")
    for root in (f"{ROOT}/", "site-packages/"):
        path = path.rpartition(root)[2]
    return f"{name}  {path}"


class CProfile:
    """The worker itself counts its calls, in its main thread."""

    def __init__(self, process: str, folder: Path) -> None:
        self._process, self._folder = process, folder
        self.procfile = folder / "Procfile"
        plain = f"{process}: python -m workers"
        profiled = f"{process}: python -m cProfile -o {folder}/$$.profile -m workers"
        self.procfile.write_text((ROOT / "Procfile").read_text().replace(plain, profiled))

    def prepare(self, product: Product) -> None:
        pass

    async def watch(self, product: Product, seconds: float) -> None:
        pass

    def collect(self, product: Product) -> None:
        pass

    def show(self, turns: int) -> None:
        for path in sorted(self._folder.glob("*.profile")):
            for key in ("tottime", "cumulative"):
                print(f"\n{self._process}: by {key} ({turns} turns in all, start and warm-up included)")
                pstats.Stats(str(path)).strip_dirs().sort_stats(key).print_stats(SHOWN)


class Statements:
    """Every SQL statement, how often, and how long."""

    procfile: Path | None = None

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []

    def prepare(self, product: Product) -> None:
        product.query("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
        product.stack.restart_postgres()
        product.stack.wait_for(lambda: _answers(product), "PostgreSQL to be back")
        product.query("CREATE EXTENSION pg_stat_statements")

    async def watch(self, product: Product, seconds: float) -> None:
        product.query("SELECT pg_stat_statements_reset()")

    def collect(self, product: Product) -> None:
        self._rows = product.query(
            "SELECT calls, total_exec_time, mean_exec_time * 1000, regexp_replace(query, '\\s+', ' ', 'g') "
            f"FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT {SHOWN}"
        )

    def show(self, turns: int) -> None:
        each = max(1, turns)
        rows: list[tuple[Any, ...]] = [("calls a turn", "µs a call", "µs a turn", "statement")]
        for calls, total_ms, mean_us, query in self._rows:
            turn_us = total_ms * 1000 / each
            rows.append((f"{calls / each:.2f}", f"{mean_us:.0f}", f"{turn_us:.0f}", query[:110]))
        print(f"\npostgres: statements by time ({turns} turns)")
        for row in rows:
            print("  {:>12}  {:>9}  {:>9}  {}".format(*row))


def _answers(product: Product) -> bool:
    try:
        return bool(product.query("SELECT 1"))
    except Exception:
        return False
