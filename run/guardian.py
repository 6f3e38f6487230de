"""The last one out: ends what the supervisor started if the supervisor itself is killed.

A small process of its own, run as a plain script (python -I -S guardian.py). It reads standard input:

    group PID SIGNAL   a process group to end, and the signal that asks it politely
    gone PID           that group has ended
    folder PATH        remove this folder at the end
    bye                all is stopped, nothing to do

When the input ends without a bye, the supervisor is dead: everything still there is asked to stop, and a
moment later killed. Children also carry PR_SET_PDEATHSIG, but not their children, and a stopped one sleeps.
"""

from __future__ import annotations

import glob
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable

POLITE_SECONDS = 3.0


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, int] = {}
    folders: list[str] = []
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "group":
            pid, stop_signal = rest.split()
            groups[int(pid)] = int(stop_signal)
        elif word == "gone":
            groups.pop(int(rest), None)
        elif word == "folder":
            folders.append(rest)
        elif word == "bye":
            return
    end(groups)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def end(groups: dict[int, int]) -> None:
    """End every process of these groups: a polite signal to each leader, then SIGKILL to whoever stayed."""
    for leader, stop_signal in groups.items():
        if sys.platform != "linux":  # there the kernel has done it, and twice means "at once" to an RQ worker
            tell(os.kill, leader, stop_signal)
        tell(os.killpg, leader, signal.SIGCONT)  # a stopped process hears nothing else
    until = time.monotonic() + POLITE_SECONDS
    while time.monotonic() < until and any(is_alive(leader) for leader in groups):
        time.sleep(0.05)
    for leader in groups:
        tell(os.killpg, leader, signal.SIGKILL)


def is_alive(group: int) -> bool:
    """Whether anybody of this group still runs; a zombie that no init reaps does not."""
    if not tell(os.killpg, group, 0):
        return False
    stats = glob.glob("/proc/[0-9]*/stat")
    return not stats or any(state != "Z" and of == group for state, of in map(state_and_group, stats))


def state_and_group(stat: str) -> tuple[str, int]:
    try:
        with open(stat) as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:  # it ended meanwhile
        return "Z", 0
    return fields[0], int(fields[2])


def tell(kill: Callable[[int, int], None], target: int, number: int) -> bool:
    try:
        kill(target, number)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
