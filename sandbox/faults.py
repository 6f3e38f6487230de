"""What a stand-in does wrong on request: the next `count` calls, or every call, fail, hang or break off."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

_numbers = itertools.count(1)


@dataclass(slots=True)
class Fault:
    """Applies to the next `count` calls (None: to every call) `on` a kind of call or a part of its path,
    to one person or all.

    Kinds common to all stand-ins: `hang` (no answer for `seconds`; taken only if the caller still waits),
    `slow` (done at once, answered after `seconds`), `reset` (not done, connection broken),
    `lost_answer` (done, connection broken before the answer), or an error by status or code.
    """

    kind: str
    count: int | None = 1
    to: str | None = None
    on: str | None = None
    seconds: float = 0.0
    late: bool = False
    n: int = 0

    def shown(self) -> dict[str, Any]:
        found = asdict(self)
        found["async"] = found.pop("late")
        return found


class Faults:
    """The open faults, oldest first; `on_change` hears of each one that comes or goes."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._all: list[Fault] = []
        self._on_change = on_change

    def __iter__(self) -> Any:
        return iter(self._all)

    def add(self, given: dict[str, Any]) -> Fault:
        """Order a fault; `always` instead of a count keeps it until it is cleared.

        Raises:
            ValueError: `kind` is missing or a number is none.
        """
        if not given.get("kind"):
            raise ValueError("kind is required")
        fault = Fault(
            kind=str(given["kind"]),
            count=None if given.get("always") else int(given.get("count") or 1),
            to=given.get("to") or None,
            on=given.get("on") or given.get("path") or None,
            seconds=float(given.get("seconds") or 0),
            late=bool(given.get("async")),
            n=next(_numbers),
        )
        self._all.append(fault)
        self._on_change()
        return fault

    def take(self, on: str, to: str | None = None, *, usual: bool = False) -> Fault | None:
        """The fault that this call meets, used up by one; one without `on` meets only the `usual` calls."""
        for fault in self._all:
            if fault.to in (None, to) and (usual if fault.on is None else fault.on in on):
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._all.remove(fault)
                    self._on_change()
                return fault
        return None

    def clear(self, number: int | None = None) -> None:
        """Forget all of them, or the one with this number."""
        self._all = [] if number is None else [fault for fault in self._all if fault.n != number]
        self._on_change()

    def shown(self) -> list[dict[str, Any]]:
        return [fault.shown() for fault in self._all]
