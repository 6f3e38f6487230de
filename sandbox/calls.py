"""The log of a stand-in: every call it got and every webhook it posted, numbered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

KEPT = 20_000


class CallLog:
    """The newest entries, in memory."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._last = 0

    def note(self, **what: Any) -> dict[str, Any]:
        self._last += 1
        entry = {"n": self._last, "at": round(self._now(), 3), **what}
        self._entries.append(entry)
        return entry

    def after(self, number: int) -> dict[str, Any]:
        return {"entries": [each for each in self._entries if each["n"] > number], "last": self._last}
