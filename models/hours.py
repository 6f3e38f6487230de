"""The hours of a listing that is booked by shift or by slot: when each begins, ends, and what is offered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from models.stay import Mode, Shift, Stay, moment

_DAY_LONG: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Period:
    """From one time of day to another; to one that is not later means the next day's."""

    begins: time
    ends: time

    @property
    def days_later(self) -> int:
        """On which day it ends: 0 for the one on which it began."""
        return int(self.ends <= self.begins)

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read "08:00-18:00".

        Raises:
            ValueError: it is none.
        """
        found = _PERIOD.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise ValueError(f'hours are written as "08:00-18:00", not as {text!r}')
        return cls(time.fromisoformat(found[1]), time.fromisoformat(found[2]))

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"


_PERIOD: Final = re.compile(r"(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class ShiftHours:
    """When Day and Night are; Full Day is Day then Night, Full Night is Night then the next Day.

    Attributes:
        offered: which of them can be booked, in the order in which they are shown.
    """

    day: Period = Period(time(8), time(18))
    night: Period = Period(time(20), time(6))
    offered: tuple[Shift, ...] = tuple(Shift)

    def __post_init__(self) -> None:
        if not self.offered or len(set(self.offered)) != len(self.offered):
            raise ValueError("shifts are offered once each, and one of them at least")

    def period(self, shift: Shift) -> Period:
        """What a clock at the place shows when the shift begins and ends."""
        first = self.day if shift in (Shift.DAY, Shift.FULL_DAY) else self.night
        last = self.day if shift in (Shift.DAY, Shift.FULL_NIGHT) else self.night
        return Period(first.begins, last.ends)

    def stay(self, day: date, shift: Shift) -> Stay:
        match shift:
            case Shift.DAY:
                later = self.day.days_later
            case Shift.FULL_NIGHT:
                later = 1 + self.day.days_later  # the Day of the morning after
            case _:
                later = self.night.days_later
        return Stay(day, day + timedelta(days=later), shift=shift)

    def to_dict(self) -> dict[str, Any]:
        return {
            "day": str(self.day),
            "night": str(self.night),
            "shifts": [shift.lower() for shift in self.offered],
        }


@dataclass(frozen=True, slots=True)
class SlotHours:
    """Between which times of day a visit lies, how long it may be, and how far apart visits are.

    Attributes:
        open: it may end at midnight, not later.
        durations: minutes that can be chosen, the shortest first.
        buffer: minutes after a visit in which its unit can take no other; the guest is not told of them.
        step: minutes from one start that is offered to the next.
    """

    open: Period = Period(time(9), time(18))
    durations: tuple[int, ...] = (60,)
    buffer: int = 0
    step: int = 60

    def __post_init__(self) -> None:
        if self.open.days_later and self.open.ends != time(0):
            raise ValueError(f"business hours lie within one day, {self.open} do not")
        if not self.durations or list(self.durations) != sorted(set(self.durations)) or self.durations[0] < 1:
            raise ValueError("durations are minutes, the shortest first")
        if self.durations[-1] > _closes(self) - _minutes(self.open.begins):
            raise ValueError(f"{self.durations[-1]} minutes do not fit into {self.open}")
        if self.buffer < 0 or self.step < 1:
            raise ValueError("the buffer is not below 0 minutes, and the step 1 at least")

    def starts(self, minutes: int) -> tuple[time, ...]:
        """The times of day at which a visit of this length can begin."""
        first, last = _minutes(self.open.begins), _closes(self) - minutes
        return tuple(time(*divmod(start, 60)) for start in range(first, last + 1, self.step))

    def takes(self, start: time, minutes: int) -> bool:
        """Whether such a visit lies within the business hours, on whatever minute it begins."""
        return self.open.begins <= start and _minutes(start) + minutes <= _closes(self)

    def stay(self, day: date, start: time, minutes: int, time_zone: str) -> Stay:
        ends = moment(day, start, time_zone) + timedelta(minutes=minutes)
        return Stay(day, ends.astimezone(ZoneInfo(time_zone)).date(), start=start, minutes=minutes)

    def to_dict(self) -> dict[str, Any]:
        return {
            "open": str(self.open),
            "durations": list(self.durations),
            "buffer": self.buffer,
            "step": self.step,
        }


Hours = ShiftHours | SlotHours


def read(mode: str, data: Mapping[str, Any] | None) -> Hours | None:
    """The hours of a listing of this mode, from its row or as a person writes them in a listings file.

    A person writes `day = "08:00-18:00"`, `night = "20:00-06:00"`, `shifts = ["day", "full_day"]`, or
    `open = "09:00-18:00"`, `duration = 60` or `durations = [60, 120]`, `buffer = 30`, `step = 30`; what is
    left out is as usual. By the night there are none: check-in and check-out say it all.

    Raises:
        ValueError: a word nobody knows, or hours that cannot be.
    """
    given = dict(data or {})
    if mode == Mode.NIGHTLY:
        if given:
            raise ValueError("a place by the night has check_in and check_out, and no hours")
        return None
    hours = _read_shifts(given) if mode == Mode.SHIFT else _read_slots(given)
    if given:
        raise ValueError(f"hours know no {', '.join(given)}")
    return hours


def _read_shifts(given: dict[str, Any]) -> ShiftHours:
    usual = ShiftHours()
    names = given.pop("shifts", None)
    return ShiftHours(
        Period.parse(given.pop("day", str(usual.day))),
        Period.parse(given.pop("night", str(usual.night))),
        tuple(Shift(name.upper()) for name in names) if names is not None else usual.offered,
    )


def _read_slots(given: dict[str, Any]) -> SlotHours:
    usual = SlotHours()
    one = given.pop("duration", None)
    durations = given.pop("durations", None)
    if one is not None and durations is not None:
        raise ValueError("duration is given twice")
    chosen = tuple(durations) if durations is not None else (one,) if one is not None else usual.durations
    buffer, step = given.pop("buffer", usual.buffer), given.pop("step", usual.step)
    if any(type(number) is not int for number in (*chosen, buffer, step)):
        raise ValueError("duration, buffer and step are whole minutes")
    return SlotHours(Period.parse(given.pop("open", str(usual.open))), chosen, buffer, step)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _closes(hours: SlotHours) -> int:
    return _minutes(hours.open.ends) or _DAY_LONG
