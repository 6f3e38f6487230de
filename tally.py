"""What a process has counted since it began: shown by /metrics, which any web process answers for all of them.

A count costs a third of a microsecond and touches no file and no network. Each heartbeat takes the figures along
into the process's row (models/process.py), from where they are read for every process on every machine. Labels
are kinds and outcomes, never anybody's name, phone or id.

Source: docs/decisions/0009-figures-travel-with-the-heartbeat.md
"""

from __future__ import annotations

from threading import Lock
from typing import Any, ClassVar


class Count:
    """A figure that only grows, for each combination of its labels' values.

    Attributes:
        every: all there are, by name.
    """

    every: ClassVar[dict[str, Count]] = {}

    def __init__(self, name: str, about: str, *labels: str) -> None:
        self.name, self.about, self.labels = name, about, labels
        self._lock = Lock()
        self._sums: dict[tuple[str, ...], float] = {}
        Count.every[name] = self

    def add(self, *values: str, by: float = 1) -> None:
        """Called from any thread, with one value for each label."""
        with self._lock:
            self._sums[values] = self._sums.get(values, 0) + by

    def so_far(self) -> list[list[Any]]:
        """Each combination with its sum: [[values…, sum], …]."""
        with self._lock:
            return [[*values, total] for values, total in self._sums.items()]


def so_far() -> dict[str, list[list[Any]]]:
    """All counts of this process that are not zero."""
    return {name: rows for name, count in Count.every.items() if (rows := count.so_far())}


REQUESTS = Count("http_requests", "Requests answered, by address and status.", "address", "status")
TURNS = Count("turns", "Messages of people worked off, by how it ended.", "outcome")
TURN_SECONDS = Count("turn_seconds", "Seconds that turns took, all together.")
MESSAGES = Count(
    "message_tries", "Tries to send a message, by its kind and what became of it.", "kind", "outcome"
)
ERRANDS = Count("errands", "Follow-ups done or failed, by job.", "job", "outcome")
CALLS = Count("provider_calls", "Calls to a payment provider, by what was answered.", "provider", "outcome")
CALL_SECONDS = Count("provider_call_seconds", "Seconds that calls to a payment provider took.", "provider")
