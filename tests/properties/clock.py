"""A clock that stands still until it is moved."""

from __future__ import annotations

from datetime import datetime, timedelta

from models.clock import Clock


class StoppedClock(Clock):
    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def timestamp(self) -> float:
        return self._at.timestamp()

    def now(self) -> datetime:
        return self._at

    def move(self, by: timedelta) -> None:
        self._at += by
