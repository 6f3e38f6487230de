"""What is shown as free is what a guest with paper and pencil would find free, also when clocks change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from models.availability import (
    free_units,
    full_nights,
    is_plainly_free,
    nearest_free_stays,
    stay_span,
    today,
    units_needed,
)
from models.listing import Listing
from models.session import Session
from models.stay import Stay, span
from tests import factories as make
from tests.factories import NOW, RULES

DAY = timedelta(days=1)
GRACE = RULES.hold_grace
OVERDUE, IN_GRACE, RUNNING = NOW - GRACE - DAY / 86400, NOW - GRACE, NOW + DAY

# Nights in which clocks go forward, back, by half an hour, and not at all.
CALENDARS = [
    ("Asia/Karachi", date(2026, 12, 24)),
    ("Europe/Berlin", date(2027, 3, 26)),
    ("Europe/Berlin", date(2027, 10, 29)),
    ("America/New_York", date(2027, 3, 12)),
    ("Australia/Lord_Howe", date(2027, 4, 2)),
]
HOURS = [("14:00", "11:00"), ("12:00", "12:00"), ("02:30", "02:30"), ("23:30", "00:15")]


@dataclass(frozen=True)
class Taken:
    """Nights of a unit that something stands on; `until` is a hold's end."""

    unit: int
    first: int
    nights: int
    state: str
    until: datetime | None = None


held = st.builds(lambda until: ("HELD", until), st.sampled_from([OVERDUE, IN_GRACE, RUNNING]))
taken = st.builds(
    lambda unit, first, nights, state: Taken(unit, first, nights, *state),
    st.integers(0, 3),
    st.integers(0, 8),
    st.integers(1, 4),
    held | st.sampled_from([("KEPT", None), ("BLOCKED", None), ("RELEASED", None)]),
)
given_places = given(
    rows=st.lists(taken, max_size=14),
    active=st.lists(st.booleans(), min_size=4, max_size=4),
    calendar=st.sampled_from(CALENDARS),
    hours=st.sampled_from(HOURS),
    units=st.integers(1, 3),
)
with_one_session = settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@with_one_session
@given_places
def test_full_nights_and_free_units_are_those_of_the_calendar(
    session: Session,
    rows: list[Taken],
    active: list[bool],
    calendar: tuple[str, date],
    hours: tuple[str, str],
    units: int,
) -> None:
    zone, first = calendar
    with session.begin_nested() as unwritten:
        place = make.listing(session, units=4, time_zone=zone, check_in=hours[0], check_out=hours[1])
        paper = _write(session, place, first, rows, active)
        nights = [first + DAY * n for n in range(12)]
        expected = {night for night in nights if paper.free(Stay.of_nights(night, 1)) < units}
        assert (
            full_nights(session, place, nights[0], nights[-1], units=units, now=NOW, grace=GRACE) == expected
        )
        for stay in (Stay.of_nights(first + DAY * n, 1 + n % 3) for n in range(0, 12, 2)):
            assert free_units(session, place, stay, now=NOW, grace=GRACE) == paper.free(stay)
            seen = is_plainly_free(session, place, stay, units, now=NOW, grace=GRACE)
            assert seen == (paper.free(stay) >= units), "four units are all looked at"
        unwritten.rollback()


def test_a_glance_at_a_large_place_never_sees_too_much(session: Session) -> None:
    """It looks at some of the units only: where none of those is free, counting has to tell."""
    place, stay = make.listing(session, units=200), make.STAY
    what: dict[str, Any] = {"now": NOW, "grace": GRACE}
    assert is_plainly_free(session, place, stay, 32, **what)
    assert not is_plainly_free(session, place, stay, 33, **what)
    starts_at, ends_at = stay_span(place, stay)
    session.execute(
        text(
            "INSERT INTO allocations (unit_id, listing_id, during, state, made_at) "
            "SELECT id, listing_id, tstzrange(:starts_at, :ends_at), 'BLOCKED', :starts_at FROM units "
            "WHERE listing_id = :id AND id % 2 = 0"
        ),
        {"id": place.id, "starts_at": starts_at, "ends_at": ends_at},
    )
    assert is_plainly_free(session, place, stay, 16, **what)
    assert not is_plainly_free(session, place, stay, 17, **what)
    assert free_units(session, place, stay, **what) == 100
    assert full_nights(session, place, stay.check_in, stay.check_in, units=100, **what) == frozenset()
    assert full_nights(session, place, stay.check_in, stay.check_in, units=101, **what) == {stay.check_in}


@with_one_session
@given_places
def test_alternatives_are_the_nearest_free_stays_of_the_same_length(
    session: Session,
    rows: list[Taken],
    active: list[bool],
    calendar: tuple[str, date],
    hours: tuple[str, str],
    units: int,
) -> None:
    zone, first = calendar
    now = NOW.replace(year=first.year, month=first.month, day=first.day)  # the first nights may be past
    wished = Stay.of_nights(first + 2 * DAY, 1 + units % 2)
    with session.begin_nested() as unwritten:
        place = make.listing(session, units=4, time_zone=zone, check_in=hours[0], check_out=hours[1])
        paper = _write(session, place, first, rows, active, now=now)
        found = nearest_free_stays(
            session, place, wished, units=units, now=now, grace=GRACE, max_days_ahead=9, most=3
        )
        possible = [
            stay
            for stay in (Stay.of_nights(today(place, now) + DAY * n, wished.nights) for n in range(10))
            if stay != wished and stay_span(place, stay)[0] > now and paper.free(stay) >= units
        ]
        possible.sort(key=lambda s: (abs(s.check_in - wished.check_in), s.check_in < wished.check_in))
        assert list(found) == sorted(possible[:3], key=lambda s: s.check_in)
        unwritten.rollback()


@dataclass(frozen=True)
class Paper:
    """The same calendar, kept by hand."""

    place: Listing
    ranges: Sequence[Sequence[tuple[datetime, datetime]]]  # what stands on each unit that is in service

    def free(self, stay: Stay) -> int:
        starts, ends = span(stay, self.place.check_in, self.place.check_out, self.place.time_zone)
        return sum(not any(s < ends and starts < e for s, e in unit) for unit in self.ranges)


def _write(
    session: Session,
    place: Listing,
    first: date,
    rows: Sequence[Taken],
    active: Sequence[bool],
    *,
    now: datetime = NOW,
) -> Paper:
    """Put into the database what fits there, and the same down on paper."""
    ids = make.unit_ids(session, place)
    session.execute(
        text("UPDATE units SET active = false WHERE id = ANY(:ids)"),
        {"ids": [unit_id for unit_id, works in zip(ids, active, strict=True) if not works]},
    )
    standing: list[list[tuple[datetime, datetime]]] = [[] for _ in ids]
    counting: list[list[tuple[datetime, datetime]]] = [[] for _ in ids]
    for row in rows:
        starts, ends = stay_span(place, Stay.of_nights(first + DAY * row.first, row.nights))
        if row.state != "RELEASED":
            if any(s < ends and starts < e for s, e in standing[row.unit]):
                continue  # the constraint would refuse it
            standing[row.unit].append((starts, ends))
        until = row.until + (now - NOW) if row.until else None
        session.execute(
            text(
                "INSERT INTO allocations (unit_id, listing_id, during, state, hold_until, made_at) "
                "VALUES (:unit_id, :listing_id, tstzrange(:starts, :ends), :state, :until, :now)"
            ),
            {
                "unit_id": ids[row.unit],
                "listing_id": place.id,
                "starts": starts,
                "ends": ends,
                "state": row.state,
                "until": until,
                "now": now,
            },
        )
        if row.state != "RELEASED" and row.until != OVERDUE:
            counting[row.unit].append((starts, ends))
    return Paper(place, [ranges for ranges, works in zip(counting, active, strict=True) if works])


def test_another_places_bookings_take_nothing_here(session: Session) -> None:
    place, other = make.listing(session), make.listing(session)
    make.held(session, other)
    assert free_units(session, place, make.STAY, now=NOW, grace=GRACE) == 1


def test_there_are_at_most_so_many_alternatives(session: Session) -> None:
    place = make.listing(session)
    found = nearest_free_stays(
        session, place, make.STAY, units=1, now=NOW, grace=GRACE, max_days_ahead=90, most=2
    )
    assert [stay.check_in - make.STAY.check_in for stay in found] == [-DAY, DAY]


def test_a_place_that_is_full_for_weeks_has_no_alternative(session: Session) -> None:
    place = make.listing(session)
    make.held(session, place, stay=Stay.of_nights(date(2026, 11, 21), 89))
    found = nearest_free_stays(session, place, make.STAY, units=1, now=NOW, grace=GRACE, max_days_ahead=60)
    assert list(found) == []


@pytest.mark.parametrize(
    ("zone", "day"), [("Asia/Karachi", date(2026, 11, 21)), ("America/New_York", date(2026, 11, 20))]
)
def test_today_is_the_places_own_day(session: Session, zone: str, day: date) -> None:
    place = make.listing(session, time_zone=zone)
    assert today(place, NOW.replace(hour=20)) == day


@pytest.mark.parametrize(("guests", "units"), [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
def test_a_party_takes_as_many_units_as_it_needs_beds(session: Session, guests: int, units: int) -> None:
    assert units_needed(make.listing(session, capacity=3), guests) == units
