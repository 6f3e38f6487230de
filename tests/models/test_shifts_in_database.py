"""Shifts and visits on real units: what excludes what, who wins a race, what is free and what is nearest."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import date, datetime, time, timedelta
from itertools import pairwise, product
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from models.availability import (
    Occupancy,
    free_on,
    free_units,
    nearest_free_stays,
    occupancy,
    stay_span,
    stays_on,
    taken_span,
)
from models.booking import Booking
from models.errors import PlaceTaken
from models.listing import Listing
from models.migrate import migrate
from models.session import Session
from models.stay import Shift, Stay
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES

SATURDAY, SUNDAY = date(2026, 12, 26), date(2026, 12, 27)
GRACE = timedelta(minutes=2)
HOUR = timedelta(hours=1)
D, N, FD, FN = Shift.DAY, Shift.NIGHT, Shift.FULL_DAY, Shift.FULL_NIGHT


def farm(session: Session, **what: Any) -> Listing:
    return make.listing(session, mode="SHIFT", **what)


def care(session: Session, **what: Any) -> Listing:
    hours = {"durations": [60, 120], "buffer": 30, "step": 30}
    return make.listing(session, mode="SLOT", **{"hours": hours, **what})


def of(place: Listing, day: date, shift: Shift) -> Stay:
    return next(stay for stay in stays_on(place, day) if stay.shift is shift)


def visit(day: date, start: str, minutes: int = 60) -> Stay:
    return Stay(day, day, start=time.fromisoformat(start), minutes=minutes)


# ---- what excludes what ----------------------------------------------------------------------------

# (shift, days later) that cannot be had beside each of these, which begin on day 0.
EXCLUDES: dict[Shift, set[tuple[Shift, int]]] = {
    D: {(D, 0), (FD, 0), (FN, -1)},
    N: {(N, 0), (FD, 0), (FN, 0)},
    FD: {(D, 0), (N, 0), (FD, 0), (FN, 0), (FN, -1)},
    FN: {(N, 0), (FN, 0), (FD, 0), (D, 1), (FD, 1)},
}


@pytest.mark.parametrize("zone", ["Asia/Karachi", "Europe/Berlin"])
@pytest.mark.parametrize("taken", list(Shift))
def test_shifts_exclude_those_they_overlap_and_no_others(session: Session, taken: Shift, zone: str) -> None:
    place = farm(session, time_zone=zone)
    make.held(session, place, stay=of(place, SATURDAY, taken))
    refused = set()
    for other, later in product(Shift, (-1, 0, 1)):
        rival = make.draft(session, place, stay=of(place, SATURDAY + timedelta(days=later), other))
        with session.begin_nested() as attempt:
            try:
                _accept(session, rival)
            except PlaceTaken:
                refused.add((other, later))
            attempt.rollback()
    assert refused == EXCLUDES[taken]


@pytest.mark.parametrize(
    ("start", "minutes", "is_refused"),
    [
        ("09:00", 60, True),  # there would be no time for the way
        ("08:30", 60, False),
        ("10:00", 60, True),
        ("12:00", 60, True),  # the way back from the visit that is taken
        ("12:29", 60, True),
        ("12:30", 60, False),
        ("08:00", 120, True),
    ],
)
def test_a_buffer_lies_after_each_visit(session: Session, start: str, minutes: int, is_refused: bool) -> None:
    place = care(session, hours={"open": "06:00-20:00", "durations": [60, 120], "buffer": 30})
    booking = make.held(session, place, stay=visit(SATURDAY, "10:00", 120), guests=1)
    assert booking.ends_at - booking.starts_at == 2 * HOUR  # the guest is told of no buffer
    rival = make.draft(session, place, stay=visit(SATURDAY, start, minutes), guests=1)
    if is_refused:
        with pytest.raises(PlaceTaken):
            _accept(session, rival)
    else:
        _accept(session, rival)


def test_the_buffer_is_claimed_again_by_money_that_comes_late(session: Session) -> None:
    place = care(session)
    booking = make.held(session, place, stay=visit(SATURDAY, "10:00"), guests=1)
    booking.expire(session, cause="follow_up:1", now=NOW + HOUR)
    make.tell(session, booking, make.PaymentFacts(make.PaymentState.AUTHORIZED), now=NOW + HOUR)
    taken = session.execute(
        text(
            "SELECT upper(during) - lower(during) FROM allocations WHERE state = 'KEPT' AND booking_id = :id"
        ),
        {"id": booking.id},
    ).scalar_one()
    assert taken == timedelta(minutes=90)


def test_a_party_takes_several_houses_for_a_shift_or_none(session: Session) -> None:
    place = farm(session, units=3, capacity=10)
    make.held(session, place, stay=of(place, SATURDAY, D))
    too_many = make.draft(session, place, stay=of(place, SATURDAY, FD), guests=25)
    with pytest.raises(PlaceTaken):
        _accept(session, too_many)
    fits = make.draft(session, place, stay=of(place, SATURDAY, N), guests=25)
    _accept(session, fits)
    assert len(make.allocations(session, fits)) == 3
    assert make.allocations(session, too_many) == []


def _accept(session: Session, booking: Booking) -> None:
    booking.request_payment(
        session,
        method="card",
        revision=booking.revision,
        rules=RULES,
        cause=make.unique("inbound:"),
        now=NOW,
    )


# ---- races -----------------------------------------------------------------------------------------

RACERS = 24


def test_full_day_against_day_and_night_has_no_two_holders(scratch: Scratch) -> None:
    assert all(won in ({FD}, {D}, {N}, {D, N}) for won in _races(scratch.engine, 6))


def test_without_the_constraint_they_hold_it_together(database_url: str) -> None:
    """The negative control: it is the constraint that decides, and nothing else."""
    name = f"without_{uuid4().hex}"
    server = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = make_url(database_url).set(database=name).render_as_string(hide_password=False)
    engine = create_engine(url, pool_size=RACERS)
    try:
        migrate(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE allocations DROP CONSTRAINT no_double_booking")
        with pytest.raises(AssertionError, match="holders"):
            _races(engine, 20)
    finally:
        engine.dispose()
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()


def _races(engine: Engine, times: int) -> list[set[Shift]]:
    return [_race(engine) for _ in range(times)]


def _race(engine: Engine) -> set[Shift]:
    """Eight guests each for Full Day, Day and Night of one house; the shifts that were got."""
    with _unit(engine) as unit:
        place = farm(unit)
        shifts = [shift for shift in (FD, D, N) for _ in range(RACERS // 3)]
        ids = [make.draft(unit, place, stay=of(place, SATURDAY, shift)).id for shift in shifts]
    everybody_is_here = threading.Barrier(RACERS, timeout=120)

    def accept(booking_id: int) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            connection.rollback()
            everybody_is_here.wait()
            with _unit(connection) as unit:
                booking = Booking.for_update(unit, booking_id)
                try:
                    _accept(unit, booking)
                except PlaceTaken:
                    unit.rollback()

    with ThreadPoolExecutor(RACERS) as guests:
        list(guests.map(accept, ids))
    with engine.connect() as connection:
        rows: Sequence[Any] = connection.execute(
            text(
                "SELECT b.shift, lower(during) AS begins, upper(during) AS ends FROM allocations a "
                "JOIN bookings b ON b.id = a.booking_id WHERE a.listing_id = :id ORDER BY 2"
            ),
            {"id": place.id},
        ).all()
    overlaps = [a for a, b in pairwise(rows) if b.begins < a.ends]
    assert rows, "nobody got it"
    assert not overlaps, f"{len(rows)} holders at once"
    return {Shift(row.shift) for row in rows}


@contextmanager
def _unit(engine: Engine | Connection) -> Iterator[Session]:
    with engine.connect() if isinstance(engine, Engine) else nullcontext(engine) as connection:
        unit = Session(connection)
        unit.info.update(follow_ups={}, bells=set(), outbox=[])
        try:
            yield unit
            unit.commit()
        finally:
            unit.rollback()


# ---- what is free ----------------------------------------------------------------------------------

AT = datetime(2026, 12, 26, 8, tzinfo=NOW.tzinfo)


@pytest.mark.parametrize(
    ("begins", "ends", "free"),
    [(0, 1, 2), (1, 2, 1), (2, 3, 1), (1, 3, 1), (3, 4, 1), (3, 5, 0), (4, 5, 1), (5, 6, 2), (0, 9, 0)],
)
def test_a_unit_is_free_where_nothing_on_it_overlaps(begins: int, ends: int, free: int) -> None:
    """The first unit is taken from one to four, the second from four to five."""
    first, second = [(AT + HOUR, AT + 4 * HOUR)], [(AT + 4 * HOUR, AT + 5 * HOUR)]
    assert Occupancy([first, second]).free(AT + begins * HOUR, AT + ends * HOUR) == free


def test_what_is_shown_as_free_is_what_can_be_claimed(session: Session) -> None:
    """Two houses, some bookings: each shift of four days, by what is shown and by what a count says."""
    place = farm(session, units=2)
    for shift, later in ((FD, 0), (N, 0), (D, 1), (FN, 2)):
        make.held(session, place, stay=of(place, SATURDAY + timedelta(days=later), shift))
    elsewhere = farm(session)
    make.held(session, elsewhere, stay=of(elsewhere, SATURDAY, D))
    taken = occupancy(session, place, SATURDAY, SATURDAY + timedelta(days=3), now=NOW, grace=GRACE)
    for later in range(4):
        day = SATURDAY + timedelta(days=later)
        shown = free_on(place, taken, day, units=1, now=NOW)
        counted = [
            s for s in stays_on(place, day) if free_units(session, place, s, now=NOW, grace=GRACE) >= 1
        ]
        assert shown == counted
        assert taken.free(*taken_span(place, of(place, day, N))) == free_units(
            session, place, of(place, day, N), now=NOW, grace=GRACE
        )


def test_an_overdue_hold_takes_nothing_and_a_unit_out_of_service_gives_nothing(session: Session) -> None:
    place = farm(session, units=2)
    _first, second = make.unit_ids(session, place)
    session.execute(text("UPDATE units SET active = false WHERE id = :id"), {"id": second})
    make.held(session, place, stay=of(place, SATURDAY, D))

    def free(now: datetime) -> int:
        taken = occupancy(session, place, SATURDAY, SATURDAY, now=now, grace=GRACE)
        return taken.free(*stay_span(place, of(place, SATURDAY, D)))

    assert free(NOW) == 0
    assert free(NOW + HOUR) == 1


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Asia/Karachi", ["14:30", "15:00", "15:30"]),  # it is two in the afternoon there
        ("Asia/Kolkata", ["15:00", "15:30", "16:00"]),  # half past two, to the minute: that one has begun
        ("Europe/Berlin", ["10:30", "11:00", "11:30"]),
        ("America/New_York", ["09:00", "09:30", "10:00"]),  # four in the morning
    ],
)
def test_of_today_only_what_has_not_begun(session: Session, zone: str, first: list[str]) -> None:
    place = care(session, time_zone=zone)
    day = date(2026, 11, 20)
    taken = occupancy(session, place, day, day, now=NOW, grace=GRACE)
    shown = free_on(place, taken, day, units=1, now=NOW)
    assert [f"{stay.start:%H:%M}" for stay in shown[:3]] == first


def test_a_time_that_the_clocks_jump_over_is_not_offered(session: Session) -> None:
    place = care(session, time_zone="Europe/Berlin", hours={"open": "00:00-06:00", "step": 30})
    starts = [f"{stay.start:%H:%M}" for stay in stays_on(place, date(2027, 3, 28))]
    assert starts[:6] == ["00:00", "00:30", "01:00", "01:30", "03:00", "03:30"]


# ---- the nearest -----------------------------------------------------------------------------------


def _nearest(session: Session, place: Listing, stay: Stay, *, units: int = 1, most: int = 3) -> list[Stay]:
    return list(
        nearest_free_stays(
            session, place, stay, units=units, now=NOW, grace=GRACE, max_days_ahead=90, most=most
        )
    )


def test_another_shift_of_the_day_and_the_same_of_another_day(session: Session) -> None:
    place = farm(session)
    make.held(session, place, stay=of(place, SATURDAY, N))
    assert _nearest(session, place, of(place, SATURDAY, N), most=2) == [
        of(place, SATURDAY, D),
        of(place, SUNDAY, N),
    ]
    make.held(session, place, stay=of(place, SATURDAY, D))
    assert _nearest(session, place, of(place, SATURDAY, FD), most=2) == [
        of(place, date(2026, 12, 25), FD),
        of(place, SUNDAY, FD),
    ]


def test_the_nearest_times_of_the_day_and_then_of_other_days(session: Session) -> None:
    place = care(session)
    make.held(session, place, stay=visit(SATURDAY, "12:00"), guests=1)
    assert _nearest(session, place, visit(SATURDAY, "12:00"), most=2) == [
        visit(SATURDAY, "10:30"),
        visit(SATURDAY, "13:30"),
    ]
    short = care(session, hours={"open": "12:00-13:00"})
    make.held(session, short, stay=visit(SATURDAY, "12:00"), guests=1)
    assert _nearest(session, short, visit(SATURDAY, "12:00"), most=2) == [
        visit(date(2026, 12, 25), "12:00"),
        visit(SUNDAY, "12:00"),
    ]


def test_nothing_before_now_nor_too_far_ahead_is_offered(session: Session) -> None:
    place = farm(session, hours={"shifts": ["day"]})
    today = date(2026, 11, 20)
    make.held(session, place, stay=of(place, today + timedelta(days=1), D))
    found = _nearest(session, place, of(place, today + timedelta(days=1), D), most=2)
    assert found == [of(place, date(2026, 11, 22), D), of(place, date(2026, 11, 23), D)]
    last = today + timedelta(days=90)
    make.held(session, place, stay=of(place, last, D))
    assert _nearest(session, place, of(place, last, D), most=1) == [of(place, last - timedelta(days=1), D)]


def test_a_party_is_offered_what_has_room_for_all_of_it(session: Session) -> None:
    place = farm(session, units=2)
    make.held(session, place, stay=of(place, SUNDAY, N))
    found = _nearest(session, place, of(place, SATURDAY, N), units=2, most=2)
    assert of(place, SUNDAY, N) not in found
