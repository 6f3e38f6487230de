"""A worker with many things under way: one thread reads and writes rows, a pool waits for the outside.

So a slow provider stops neither its neighbours nor the database, and rows are claimed and recorded in
batches when there is much to do.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

import structlog

Task = TypeVar("Task")
Result = TypeVar("Result")

log = structlog.get_logger()

GATHER_SECONDS = 0.002
LOOK_SECONDS = 0.5
REST_SECONDS = 0.5


class Crew(ABC, Generic[Task, Result]):
    """Claims tasks, performs them side by side, records what became of them."""

    def __init__(self, name: str, most: int) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)
        self._results: SimpleQueue[Result | None] = SimpleQueue()
        self._under_way = 0

    @abstractmethod
    def exchange(self, results: Sequence[Result], most: int, *, rung: bool) -> Sequence[Task]:
        """Record what became of tasks and claim at most `most` new ones, in one unit of work.

        Args:
            rung: a bell was rung since the last look.
        """

    @abstractmethod
    def perform(self, task: Task) -> Result:
        """Do it, in a thread of the pool; must not raise."""

    def wake(self) -> None:
        """There may be more to claim; called from any thread."""
        self._results.put(None)

    def wake_in(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self.wake)
        timer.daemon = True
        timer.start()

    def work(self, may_stop: Callable[[], bool]) -> None:
        """Work off what waits, linger for bells, and return once nothing is under way and `may_stop` agrees."""
        results: list[Result] = []
        rung = True
        while True:
            room = self._most - self._under_way + len(results)
            tasks = self._exchange_patiently(results, room, rung=rung)
            self._under_way += len(tasks) - len(results)
            for task in tasks:
                self._pool.submit(self._perform, task)
            results, rung = [], False
            if 0 < len(tasks) == room:
                continue
            while not (results or rung):
                if not self._under_way and may_stop():
                    return
                results, rung = self._gather()

    def _exchange_patiently(self, results: Sequence[Result], room: int, *, rung: bool) -> Sequence[Task]:
        """What became of a task is not forgotten because the database is away for a moment."""
        while True:
            try:
                return self.exchange(results, room, rung=rung)
            except Exception as error:
                log.warning(
                    "crew.waits", crew=type(self).__name__, results=len(results), error=repr(error)[:300]
                )
                time.sleep(REST_SECONDS)
                if not results:
                    return []

    def _perform(self, task: Task) -> None:
        self._results.put(self.perform(task))

    def _gather(self) -> tuple[list[Result], bool]:
        """Wait for results or a bell; whatever else comes within two milliseconds is taken along."""
        results: list[Result] = []
        rung = False
        until = time.monotonic() + LOOK_SECONDS
        while True:
            try:
                item = self._results.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                return results, rung
            if item is None:
                rung = True
            else:
                results.append(item)
            until = min(until, time.monotonic() + GATHER_SECONDS)
