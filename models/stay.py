"""A stay in any mode: what a guest says of it, the time that means, and what a listing allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from models.errors import StayRefused


class Mode(StrEnum):
    """How a listing is booked; all of them come down to a time range on a unit."""

    NIGHTLY = "NIGHTLY"
    SHIFT = "SHIFT"
    SLOT = "SLOT"


class Shift(StrEnum):
    """Part of a day; when it begins and ends is the listing's own business (`models/hours.py`)."""

    DAY = "DAY"
    NIGHT = "NIGHT"
    FULL_DAY = "FULL_DAY"  # Day, then Night
    FULL_NIGHT = "FULL_NIGHT"  # Night, then the next Day


class Why(StrEnum):
    """`data["why"]` of a `StayRefused` that has to do with the dates."""

    PAST = "PAST"
    TOO_FAR = "TOO_FAR"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    CHECK_IN_DAY = "CHECK_IN_DAY"


@dataclass(frozen=True, slots=True)
class Stay:
    """From the day of coming to the day of leaving; any two dates, `check_stay` says whether they will do.

    A shift, or a start and its minutes, are those of `check_in`; `check_out` is then the day on which it ends.
    """

    check_in: date
    check_out: date
    shift: Shift | None = None
    start: time | None = None
    minutes: int | None = None

    @property
    def mode(self) -> Mode:
        if self.shift is not None:
            return Mode.SHIFT
        return Mode.NIGHTLY if self.start is None else Mode.SLOT

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days

    @classmethod
    def of_nights(cls, check_in: date, nights: int) -> Stay:
        return cls(check_in, check_in + timedelta(days=nights))


def span(stay: Stay, begins: time, ends: time, time_zone: str) -> tuple[datetime, datetime]:
    """The stay as a half-open range in UTC: leaving and coming at the same minute do not overlap.

    Args:
        begins, ends: what a clock in `time_zone` shows on the first day and on the last.

    Raises:
        ValueError: the range would be empty, or there is no such time zone.
    """
    zone = _zone(time_zone)
    starts_at = _to_utc(stay.check_in, begins, zone)
    ends_at = _to_utc(stay.check_out, ends, zone)
    if ends_at <= starts_at:
        raise ValueError(f"a stay that ends at {ends_at:%F %R} cannot begin at {starts_at:%F %R}")
    return starts_at, ends_at


def moment(day: date, at: time, time_zone: str) -> datetime:
    """When a clock in `time_zone` shows this, in UTC.

    Raises:
        ValueError: there is no such time zone.
    """
    return _to_utc(day, at, _zone(time_zone))


def clock_shows(day: date, at: time, time_zone: str) -> bool:
    """False for a time of day that is jumped over where clocks go forward."""
    zone = _zone(time_zone)
    return _to_utc(day, at, zone).astimezone(zone).time() == at


@dataclass(frozen=True, slots=True)
class NightRules:
    """What a listing asks of stays that begin on one day; its season may ask something else than the next.

    Attributes:
        check_in_days: the days of the week on which a stay may begin, Monday is 0.
    """

    min_nights: int
    max_nights: int
    check_in_days: frozenset[int]

    def takes(self, day: date) -> bool:
        return day.weekday() in self.check_in_days

    def take(self, stay: Stay) -> bool:
        return self.takes(stay.check_in) and self.min_nights <= stay.nights <= self.max_nights


RulesOn = Callable[[date], NightRules]


def check_stay(
    stay: Stay,
    *,
    rules_on: RulesOn,
    max_days_ahead: int,
    check_in_time: time,
    time_zone: str,
    now: datetime,
) -> None:
    """Pass if the listing takes such a stay by the night; whether it is free is another question.

    Args:
        rules_on: what holds for a stay that begins on a day (`Listing.rules_on`).
        max_days_ahead: the last day on which a stay may begin, counted from today at the place.
        check_in_time: what a clock in `time_zone` shows; once it is over, today is past.

    Raises:
        StayRefused: with `why`, the `limit` that was broken (a date, a number of nights, or the days of the
            week), and `nearest`, the closest stay that breaks no rule, None where there is none.
    """
    first, last = first_and_last_day(max_days_ahead, check_in_time, time_zone, now)
    rules = rules_on(stay.check_in)
    broken = (
        (stay.check_in < first, Why.PAST, first),
        (stay.check_in > last, Why.TOO_FAR, last),
        (not rules.takes(stay.check_in), Why.CHECK_IN_DAY, rules.check_in_days),
        (stay.nights < rules.min_nights, Why.TOO_SHORT, rules.min_nights),
        (stay.nights > rules.max_nights, Why.TOO_LONG, rules.max_nights),
    )
    for is_broken, why, limit in broken:
        if is_broken:
            raise StayRefused(why=why, limit=limit, nearest=_nearest(stay, rules_on, first, last))


def _nearest(stay: Stay, rules_on: RulesOn, first: date, last: date) -> Stay | None:
    """The closest day on which a stay may begin, the later of two, and the closest number of nights on it."""
    wished = max(first, min(stay.check_in, last))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for day in sorted(days, key=lambda day: (abs(day - wished), day < wished)):
        rules = rules_on(day)
        if rules.takes(day):
            return Stay.of_nights(day, max(rules.min_nights, min(stay.nights, rules.max_nights)))
    return None


def first_and_last_day(
    max_days_ahead: int, last_start: time, time_zone: str, now: datetime
) -> tuple[date, date]:
    """The days on which a stay may begin; the last moment to begin today may be over already."""
    zone = _zone(time_zone)
    today = now.astimezone(zone).date()
    over = _to_utc(today, last_start, zone) <= now
    return today + timedelta(days=int(over)), today + timedelta(days=max_days_ahead)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:  # a folder's name is an OSError
        raise ValueError(f"no time zone: {name!r}") from error


def _to_utc(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When a clock on the wall shows this, as PostgreSQL's AT TIME ZONE reads it too.

    Where clocks go back a time comes twice, and the later one is meant. Where they go forward a time does
    not come at all; read by the clock before the jump it is again the later of the two readings.
    """
    local = datetime.combine(day, at, zone)
    return max(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
