"""How a month of a place stands, unit by unit and day by day: what a calendar shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import text

from models import block
from models.availability import stay_span
from models.hours import ShiftHours
from models.listing import Listing
from models.session import Session
from models.stay import Shift, Stay, span


class Taken(StrEnum):
    """How a unit stands for a part of a day; of several the last of these counts."""

    FREE = "free"
    HELD = "held"
    BOOKED = "booked"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Day:
    """One day: for each part of it (day and night, by shift; else one) how each unit stands."""

    day: date
    parts: tuple[tuple[Taken, ...], ...]

    @property
    def free(self) -> int:
        """How many units are free all day."""
        return sum(all(taken is Taken.FREE for taken in unit) for unit in zip(*self.parts, strict=True))


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    units: tuple[str, ...]
    days: tuple[Day, ...]


def month(session: Session, listing: Listing, first: date, *, now: datetime, grace: timedelta) -> Month:
    """The month that begins on this day; a hold that is overdue counts as free."""
    units = block.units(session, listing)
    following = (first + timedelta(days=32)).replace(day=1)
    days = [first + timedelta(days=n) for n in range((following - first).days)]
    spans = [_parts(listing, day) for day in days]
    rows = session.execute(
        _TAKEN,
        {
            "listing_id": listing.id,
            "starts_at": spans[0][0][0],
            "ends_at": spans[-1][-1][1],
            "overdue_since": now - grace,
        },
    ).all()
    of_unit: dict[int, list[tuple[datetime, datetime, Taken]]] = {unit.id: [] for unit in units}
    for row in rows:
        if row.unit_id in of_unit:
            of_unit[row.unit_id].append((row.starts_at, row.ends_at, _STATES[row.state]))
    return Month(
        first,
        tuple(unit.name for unit in units),
        tuple(
            Day(day, tuple(tuple(_stands(of_unit[unit.id], part) for unit in units) for part in parts))
            for day, parts in zip(days, spans, strict=True)
        ),
    )


_STATES = {"HELD": Taken.HELD, "KEPT": Taken.BOOKED, "BLOCKED": Taken.BLOCKED}
_TAKEN = text(
    "SELECT unit_id, lower(during) AS starts_at, upper(during) AS ends_at, state FROM allocations "
    "WHERE listing_id = :listing_id AND state <> 'RELEASED' AND upper(during) > :starts_at "
    "AND lower(during) < :ends_at AND NOT (state = 'HELD' AND hold_until < :overdue_since)"
)


def _parts(listing: Listing, day: date) -> Sequence[tuple[datetime, datetime]]:
    """What a day can be booked for: its night, its two shifts, or all of it."""
    if isinstance(listing.hours, ShiftHours):
        return [stay_span(listing, listing.hours.stay(day, shift)) for shift in (Shift.DAY, Shift.NIGHT)]
    following = day + timedelta(days=1)
    if listing.hours is not None:
        return [span(Stay(day, following), time(), time(), listing.time_zone)]
    return [stay_span(listing, Stay(day, following))]


def _stands(taken: Sequence[tuple[datetime, datetime, Taken]], part: tuple[datetime, datetime]) -> Taken:
    order = list(Taken)
    found = [state for starts_at, ends_at, state in taken if ends_at > part[0] and starts_at < part[1]]
    return max(found, key=order.index, default=Taken.FREE)


@dataclass(frozen=True, slots=True)
class CalendarView:
    """A month and the words that go with it, in the language of who looks at it.

    Attributes:
        weekdays: seven, from Monday on.
        legend: what each colour means.
        free: what the number in each day is, where there are several units.
        parts: what the two halves of a day are, the left one first; empty where a day is one.
        today: the day to mark, if it is in this month.
    """

    title: str
    month: str
    weekdays: tuple[str, ...]
    legend: Mapping[Taken, str]
    free: str
    parts: tuple[str, ...]
    today: date | None
    shown: Month
