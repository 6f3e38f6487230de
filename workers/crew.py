"""A worker with many things under way: one thread reads and writes rows, a pool waits for the outside.

So a slow provider stops neither its neighbours nor the database, and rows are claimed and recorded in
batches when there is much to do.
"""

from __future__ import annotations

import contextlib
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
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
    """Claims tasks, performs them side by side, records what became of them.

    Attributes:
        results_wait: seconds that results may wait for more of them, or for a bell to be recorded with.
        pace: seconds from one exchange to the next when there is much to do, so that each is about more.
    """

    results_wait = 0.0
    pace = 0.0

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._results: SimpleQueue[Result | None] = SimpleQueue()
        self._under_way = 0
        self._threads = 0
        self._exchanged_at = 0.0

    @abstractmethod
    def exchange(self, results: Sequence[Result], most: int, *, rung: bool) -> Sequence[Task]:
        """Record what became of tasks and claim at most `most` new ones.

        Args:
            rung: a bell was rung since the last look; without one and with results, nothing but what waited
                for these can be there.
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
        try:
            self._work(may_stop)
        finally:
            for _ in range(self._threads):
                self._tasks.put(None)
            self._threads = 0

    def _work(self, may_stop: Callable[[], bool]) -> None:
        results: list[Result] = []
        rung = True
        while True:
            self._exchanged_at = time.monotonic()
            tasks, room = self._exchange_patiently(results, rung=rung)
            self._under_way += len(tasks)
            self._hand_out(tasks)
            results, rung = [], False
            if 0 < len(tasks) == room:
                continue
            while not (results or rung):
                if not self._under_way and may_stop():
                    return
                results, rung = self._gather()

    def _exchange_patiently(self, results: list[Result], *, rung: bool) -> tuple[Sequence[Task], int]:
        """New tasks, and how many there was room for; `results` are on record and no longer under way.

        What became of a task is not forgotten because the database is away for a moment; and what has come
        meanwhile goes with it, before anything new is claimed: it could be claimed again.
        """
        while True:
            room = self._most - self._under_way + len(results)
            try:
                tasks = self.exchange(results, room, rung=rung)
            except Exception as error:
                log.warning(
                    "crew.waits", crew=type(self).__name__, results=len(results), error=repr(error)[:300]
                )
                time.sleep(REST_SECONDS)
                late, bell = self._at_hand()
                if not (results or late or bell):
                    return [], room
                results, rung = [*results, *late], rung or bell
            else:
                self._under_way -= len(results)
                return tasks, room

    def _hand_out(self, tasks: Sequence[Task]) -> None:
        while self._threads < self._under_way:
            self._threads += 1
            threading.Thread(target=self._perform, name=f"{self._name}-{self._threads}", daemon=True).start()
        for task in tasks:
            self._tasks.put(task)

    def _perform(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._results.put(self.perform(task))

    def _gather(self) -> tuple[list[Result], bool]:
        """Wait for results or a bell, and take along whatever else comes soon."""
        items: list[Result | None] = []
        with contextlib.suppress(Empty):
            items.append(self._results.get(timeout=LOOK_SECONDS))
            until = time.monotonic() + self.results_wait
            while items[-1] is not None and self._under_way < self._most:
                items.append(self._results.get(timeout=max(0.0, until - time.monotonic())))
        if items:
            # Once for all that come, instead of being woken for each.
            time.sleep(max(GATHER_SECONDS, self._exchanged_at + self.pace - time.monotonic()))
        late, bell = self._at_hand()
        return [*(item for item in items if item is not None), *late], bell or None in items

    def _at_hand(self) -> tuple[list[Result], bool]:
        """Results that have come, and whether a bell was rung, without waiting for either."""
        items: list[Result | None] = []
        with contextlib.suppress(Empty):
            while True:
                items.append(self._results.get_nowait())
        return [item for item in items if item is not None], None in items
