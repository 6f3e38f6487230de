"""What several calls bring at the same moment is stored in one go: a commit costs as much for ten rows as for one.

The first to come stores for all who come meanwhile. Most calls are statuses, three to a message, and nobody waits
for them: they let a moment pass, so that more come together. A message waits for nobody, and a crowd for no more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.door import IS_AWAY

Item = TypeVar("Item")

GATHER_SECONDS = 0.025
# Each call that waits has one of the web server's threads.
CROWD = 8


@dataclass(eq=False, slots=True)
class _Call(Generic[Item]):
    """One call that waits until what it brought is stored, or until it is its turn to store."""

    items: Sequence[Item]
    came_at: float = field(default_factory=time.monotonic)
    done: threading.Lock = field(default_factory=threading.Lock)
    is_stored: bool = False
    error: Exception | None = None


class Gathering(Generic[Item]):
    """Stores items of many threads together.

    Args:
        store: keeps all of these, or raises and keeps none or some; storing one twice is harmless.
    """

    def __init__(self, store: Callable[[Sequence[Item]], None]) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._waiting: list[_Call[Item]] = []
        self._is_led = False
        self._hurry = threading.Event()

    def keep(self, items: Sequence[Item], *, can_wait: bool) -> None:
        """Return once these are stored.

        Raises:
            What `store` raises for these; what is wrong with one call's items is no other call's error.
        """
        call = _Call(items)
        call.done.acquire()
        with self._lock:
            self._waiting.append(call)
            leads = not self._is_led
            self._is_led = True
            if not can_wait or len(self._waiting) >= CROWD:
                self._hurry.set()
        if not leads:
            call.done.acquire()
        if not call.is_stored and call.error is None:
            self._lead(call.came_at if can_wait else None)
        if call.error is not None:
            raise call.error

    def _lead(self, waits_since: float | None) -> None:
        """Store for all who are there, ourselves among them, and let the next who has come lead."""
        if waits_since is not None:
            self._hurry.wait(waits_since + GATHER_SECONDS - time.monotonic())
        with self._lock:
            calls, self._waiting = self._waiting, []
            self._hurry.clear()
        try:
            self._store_all(calls)
        finally:
            with self._lock:
                leader = self._waiting[0] if self._waiting else None
                self._is_led = leader is not None
            for call in calls:
                call.done.release()
            if leader is not None:
                leader.done.release()

    def _store_all(self, calls: Sequence[_Call[Item]]) -> None:
        try:
            self._store([item for call in calls for item in call.items])
            error: Exception | None = None
        except Exception as raised:
            error = raised
        if error is not None and len(calls) > 1 and not isinstance(error, IS_AWAY):
            for call in calls:
                self._store_all([call])
            return
        for call in calls:
            call.is_stored, call.error = error is None, error
