"""CPU time and memory of each process of the product, by its name in the Procfile."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

MB = 2**20


@dataclass(frozen=True, slots=True)
class Use:
    """What a name's processes have used and hold.

    Attributes:
        cpu: seconds since they started, of those that have ended and were reaped too.
        rss: megabytes; PostgreSQL's shared buffers count once for every process that has touched them.
        pss: megabytes, shared pages divided among their users: what it really takes. Costs a walk
            over the page tables, so it is only read when asked for.
        own: megabytes, `pss` without memory that is shared by design (PostgreSQL's buffers, set aside at its
            start and filled by the first rows that are read): what a leak would make grow.
        processes: how many there are.
    """

    cpu: float
    rss: float
    pss: float
    own: float
    processes: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All names at one moment.

    Attributes:
        at: `time.perf_counter`.
        host: CPU seconds that this machine has spent on anything.
    """

    at: float
    host: float
    own: float
    uses: Mapping[str, Use]


class Watch:
    """Looks at the trees below some processes, whose names it is told.

    Args:
        roots: name → the processes that were started under it; their children belong to them.
        alone: a process without its children: the supervisor, whose children are all the others.
    """

    def __init__(self, roots: Mapping[str, Sequence[int]], alone: Mapping[str, int]) -> None:
        self.roots = roots
        self._alone = alone

    def look(self, *, memory: bool = False) -> Snapshot:
        uses = {name: _use(_trees(pids), memory=memory) for name, pids in self.roots.items()}
        for name, pid in self._alone.items():
            uses[name] = _use(_trees([pid])[:1], memory=False, reaped=False)
        return Snapshot(time.perf_counter(), _host_busy(), time.process_time(), uses)


def spent(before: Snapshot, after: Snapshot) -> dict[str, float]:
    """CPU seconds by name between two looks."""
    return {name: max(0.0, use.cpu - before.uses[name].cpu) for name, use in after.uses.items()}


def elsewhere(before: Snapshot, after: Snapshot) -> float:
    """Cores that this machine spent on other things than the product, its stand-ins and the driver."""
    ours = sum(spent(before, after).values()) + after.own - before.own
    return max(0.0, after.host - before.host - ours) / (after.at - before.at)


def _use(processes: Sequence[psutil.Process], *, memory: bool, reaped: bool = True) -> Use:
    cpu = rss = pss = shared = 0.0
    count = 0
    for process in processes:
        # A process that ends while we look has its time in its parent's children's.
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            with process.oneshot():
                times = process.cpu_times()
                rss += process.memory_info().rss / MB
                if memory:
                    pss += getattr(process.memory_full_info(), "pss", 0) / MB
                    shared += _shared(process.pid) / MB
            cpu += times.user + times.system
            if reaped:
                cpu += times.children_user + times.children_system
            count += 1
    return Use(cpu, rss, pss, pss - shared, count)


def _shared(pid: int) -> int:
    """Bytes of shared memory in a process's `pss`; 0 where the system does not tell."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss_Shmem:"):
                return int(line.split()[1]) * 1024
    return 0


def _trees(pids: Sequence[int]) -> list[psutil.Process]:
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(pid)
            found += [root, *root.children(recursive=True)]
    return found


def _host_busy() -> float:
    times = psutil.cpu_times()
    return sum(getattr(times, kind, 0.0) for kind in ("user", "nice", "system", "irq", "softirq"))
