"""Open loop, closed loop and memory: guests who walk the script up to the payment link.

A conversation ends at the accepted summary; nobody pays here. A reply is over when its request has
reached the Graph API; what Meta then takes is not ours. Acknowledged is the webhook's 200.
"""

from __future__ import annotations

import argparse
from typing import Any

from bench import report
from bench.driver import Guest, Line, closed_loop, open_loop
from bench.procs import Snapshot
from bench.product import PRODUCT, Product, running
from bench.script import Script, load

WARM_UP, WARM_MEMORY = 40, 500
GRAPH_SECONDS = 0.15
OPEN_SECONDS = 60.0

Json = dict[str, Any]


async def open_mode(args: argparse.Namespace) -> Json:
    """So many turns arrive each second, whatever the product does, with a Graph API as slow as Meta's."""
    script = load()
    rate, seconds = args.turns_per_second / len(script.turns), args.seconds or OPEN_SECONDS
    settings = {"WHATSAPP_MESSAGES_PER_SECOND": str(args.messages_per_second)}
    latency = GRAPH_SECONDS if args.graph_ms is None else args.graph_ms / 1000
    async with Line(latency=latency, statuses="live" if args.statuses else "off") as line:
        with running(line.graph.url, settings=settings) as product:
            guests = await warm(line, product, script, round(rate * seconds))
            before = product.watch.look()
            await open_loop(guests, script, rate)
            after = product.watch.look()
            await line.quiet()
            result = _result(line, before, after)
    graph_ms = latency * 1000
    print(f"\nOpen loop: {args.turns_per_second:g} turns/s for {seconds:g} s, Graph at {graph_ms:g} ms")
    report.show_talk(result)
    report.show_cpu(result["cpu"], "turn")
    return {"turns_per_second": args.turns_per_second, "graph_ms": graph_ms, **result}


async def closed_mode(args: argparse.Namespace) -> Json:
    """As fast as it goes, with so many guests in a conversation at any time."""
    script = load()
    settings = {"WHATSAPP_MESSAGES_PER_SECOND": "1000"}
    latency = (args.graph_ms or 0.0) / 1000
    async with Line(latency=latency, statuses="live" if args.statuses else "off") as line:
        with running(line.graph.url, settings=settings) as product:
            guests = await warm(line, product, script, args.guests)
            before = product.watch.look()
            await closed_loop(guests, script, args.at_once)
            after = product.watch.look()
            await line.quiet()
            result = _result(line, before, after)
    statuses = "with" if args.statuses else "without"
    print(f"\nClosed loop: {args.guests} guests, {args.at_once} at once, {statuses} statuses")
    report.show_talk(result)
    report.show_cpu(result["cpu"], "turn")
    return {"guests": args.guests, "at_once": args.at_once, "statuses": args.statuses, **result}


async def memory_mode(args: argparse.Namespace) -> Json:
    """What each process holds after so many turns, and whether it grows with them."""
    script = load()
    marks = [mark for mark in (5_000, 20_000) if mark <= args.memory_guests * len(script.turns)]
    looks: dict[int, Snapshot] = {}
    async with Line() as line:
        with running(line.graph.url, settings={"WHATSAPP_MESSAGES_PER_SECOND": "1000"}) as product:
            guests = await warm(line, product, script, args.memory_guests)
            # As many at once as in the run: each connection of PostgreSQL keeps the plans of what it has been asked.
            await closed_loop(
                [Guest(line, 60_000 + number) for number in range(WARM_MEMORY)], script, args.at_once
            )
            line.reset()

            def look(turns: int) -> None:
                if turns in marks:
                    looks[turns] = product.watch.look(memory=True)

            line.on_turn = look
            before = product.watch.look()
            await closed_loop(guests, script, args.at_once)
            after = looks[line.tally.turns] = product.watch.look(memory=True)
            await line.quiet()
            result = _result(line, before, after)
    result["memory"] = {
        str(turns): {name: _held(look.uses[name]) for name in PRODUCT}
        for turns, look in sorted(looks.items())
    }
    result["growth_percent"] = _growth(result["memory"])
    _show_memory(result, args.memory_guests)
    return {"guests": args.memory_guests, **result}


async def warm(line: Line, product: Product, script: Script, count: int) -> list[Guest]:
    """Let other guests talk first, so that imports, plans and caches are there; the guests that count."""
    line.connect(product.port)
    warmers = [Guest(line, 50_000 + number) for number in range(WARM_UP)]
    await closed_loop(warmers, script, 8)
    await line.quiet()
    if line.tally.troubles:
        raise SystemExit(f"the warm-up failed: {line.tally.troubles}")
    await product.settled()
    line.reset()
    return [Guest(line, number) for number in range(1, count + 1)]


def _result(line: Line, before: Snapshot, after: Snapshot) -> Json:
    return {
        **report.talk(line.tally, after.at - before.at),
        "cpu": report.cpu(before, after, line.tally.turns),
        "graph_calls": dict(line.graph.counts),
    }


def _held(use: Any) -> Json:
    return {
        "rss_mb": round(use.rss, 1),
        "pss_mb": round(use.pss, 1),
        "own_mb": round(use.own, 1),
        "processes": use.processes,
    }


def _growth(memory: Json) -> Json:
    """From the first mark to the second, in percent."""
    if len(memory) < 2:
        return {}
    first, second = list(memory.values())[:2]
    kinds = ("rss_mb", "pss_mb", "own_mb")
    return {
        name: {kind: round(100 * (second[name][kind] / first[name][kind] - 1), 1) for kind in kinds}
        for name in second
        if all(first[name][kind] for kind in kinds)
    }


def _show_memory(result: Json, guests: int) -> None:
    marks = list(result["memory"])
    print(f"\nMemory: {guests} guests, {result['turns']} turns")
    report.show_talk(result)
    head = ["", *(f"{kind} at {mark}" for mark in marks for kind in ("pss", "own")), "pss grew", "own grew"]
    rows: list[list[Any]] = [head]
    for name in PRODUCT:
        row: list[Any] = [name]
        for mark in marks:
            held = result["memory"][mark][name]
            row += [held["pss_mb"], held["own_mb"]]
        grew = result["growth_percent"].get(name, {})
        rows.append([*row, f"{grew.get('pss_mb', '–')} %", f"{grew.get('own_mb', '–')} %"])
    report.table(
        "MB; pss divides shared pages among those who use them, own is without PostgreSQL's buffers", rows
    )
    print(f"  growth is from turn {marks[0]} to turn {marks[1] if len(marks) > 1 else marks[0]}", flush=True)
