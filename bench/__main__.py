"""`python -m bench [open|closed|booking|memory|startup|messages|matching|all]`, and `python -m bench profile turns`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from typing import Any

from bench import report
from bench.booking import booking_mode
from bench.matching import matching_mode
from bench.messages import messages_mode
from bench.profiling import profile_mode
from bench.startup import startup_mode
from bench.talking import closed_mode, memory_mode, open_mode

Json = dict[str, Any]

MODES: dict[str, Callable[[argparse.Namespace], Any]] = {
    "open": open_mode,
    "closed": closed_mode,
    "booking": booking_mode,
    "memory": memory_mode,
    "startup": startup_mode,
    "messages": messages_mode,
    "matching": matching_mode,
}
PROCESSES = ("web", "turns", "sends", "providers", "slow", "clock", "postgres")


def main(words: list[str]) -> None:
    args = _parser().parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the product is stopped, too
    gc.freeze()  # the driver shares the cores with what it measures
    if args.mode == "profile":
        asyncio.run(profile_mode(args))
        return
    for mode in MODES if args.mode == "all" else (args.mode,):
        result = MODES[mode](args)
        if asyncio.iscoroutine(result):
            result = asyncio.run(result)
        print(f"  {report.save(mode, result).relative_to(report.RESULTS.parent.parent)}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    modes = parser.add_subparsers(dest="mode")
    talk = argparse.ArgumentParser(add_help=False)
    add = talk.add_argument
    add("--graph-ms", type=float, help="how slow the Graph API is (open: 150, else 0)")
    add("--statuses", action="store_true", help="sent, delivered and read of every message, too")
    add("--at-once", type=int, default=50, help="guests in a conversation at any time")
    add("--seconds", type=float, help="how long the open loop (60) or a profile (20) lasts")
    add("--turns-per-second", type=float, default=40.0, help="of the open loop")
    add("--messages-per-second", type=int, default=80, help="the product's own limit in the open loop")
    add("--guests", type=int, default=2_000, help="of the closed loop")
    add("--memory-guests", type=int, default=5_000, help="of the memory run")
    add("--bookings", type=int, default=200, help="whole ones, and as many again in lockstep")
    add("--bookings-at-once", type=int, default=8, help="guests who book at any time")
    add("--idle-seconds", type=float, default=20.0, help="how long nobody writes, to see what that costs")
    for name, what in (*((mode, run.__doc__) for mode, run in MODES.items()), ("all", "one after the other")):
        modes.add_parser(name, parents=[talk], help=what)
    profile = modes.add_parser("profile", parents=[talk], help=profile_mode.__doc__)
    profile.add_argument("process", choices=PROCESSES)
    profile.add_argument("--whole", action="store_true", help="whole bookings, not only talk")
    parser.set_defaults(mode="all", **vars(talk.parse_args([])))
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
