"""Nothing is ever held twice: whoever races, however many units, and whatever code path tries."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import IntegrityError

from models import allocation, db
from models.migrate import migrate
from models.session import Session
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
GRACE = timedelta(minutes=2)
NIGHT = datetime(2026, 12, 24, 9, tzinfo=NOW.tzinfo)  # when the first night of the tests begins
CONNECTIONS = 50


# ---- one unit, many guests -------------------------------------------------------------------------


def test_five_hundred_claims_on_fifty_connections_have_one_holder(scratch: Scratch) -> None:
    with _many_connections(scratch.url) as engine:
        deadlocks = _deadlocks(scratch.url)
        _race_has_one_holder(engine, claims=500)
    _wait_until_nobody_is_connected(scratch.url, "claims")
    assert _deadlocks(scratch.url) == deadlocks


def test_without_the_constraint_the_same_race_has_several_holders(database_url: str) -> None:
    """The negative control: it is the database that refuses, and the race above is one."""
    name = f"without_{uuid4().hex}"
    server = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = make_url(database_url).set(database=name).render_as_string(hide_password=False)
    try:
        migrate(url)
        with _many_connections(url) as engine:
            with engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE allocations DROP CONSTRAINT no_double_booking")
            with pytest.raises(AssertionError, match="holders"):
                _race_has_one_holder(engine, claims=500)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()


def _race_has_one_holder(engine: Engine, *, claims: int) -> None:
    with _unit(engine) as unit:
        place_id = make.listing(unit, units=1).id
        ids = _bookings(unit, claims)
    everybody_is_here = threading.Barrier(CONNECTIONS, timeout=120)

    def claim(some: Sequence[int]) -> int:
        with engine.connect() as connection:  # before the start: who had to connect first would come late
            connection.exec_driver_sql("SELECT 1")
            connection.rollback()
            everybody_is_here.wait()
            return sum(_claim_and_commit(connection, place_id, booking_id) for booking_id in some)

    with ThreadPoolExecutor(CONNECTIONS) as guests:
        # An error of any guest, a deadlock's too, is raised here.
        told = sum(guests.map(claim, [ids[n::CONNECTIONS] for n in range(CONNECTIONS)]))
    with engine.connect() as connection:
        holders = connection.execute(text("SELECT count(*) FROM allocations")).scalar_one()
    assert (holders, told) == (1, 1), f"{holders} holders"


def _claim_and_commit(engine: Engine | Connection, place_id: int, booking_id: int) -> bool:
    with _unit(engine) as unit:
        return _claim(unit, place_id, booking_id)


def test_as_many_guests_as_units_get_one_each(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often what they see as free is gone when they take it."""
    monkeypatch.setattr(allocation, "SAMPLE", 1)  # so that few units are seen at a time
    with _many_connections(scratch.url) as engine:
        with _unit(engine) as unit:
            place_id = make.listing(unit, units=120).id
            ids = _bookings(unit, 120)
        with ThreadPoolExecutor(CONNECTIONS) as guests:
            assert all(guests.map(lambda booking_id: _claim_and_commit(engine, place_id, booking_id), ids))


def test_whatever_code_path_tries_the_database_refuses(session: Session) -> None:
    place = make.listing(session)
    make.held(session, place)
    with pytest.raises(IntegrityError, match="no_double_booking"):
        session.execute(
            text(
                "INSERT INTO allocations (unit_id, listing_id, during, state, made_at) "
                "SELECT unit_id, listing_id, during, 'BLOCKED', made_at FROM allocations "
                "WHERE listing_id = :id"
            ),
            {"id": place.id},
        )


def test_a_guest_who_waits_for_the_other_gets_the_place_if_the_other_gives_up(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        place_id = make.listing(unit, units=1).id
        first, second = _bookings(unit, 2)
    outcome: list[bool] = []
    with Session(scratch.engine.connect()) as holder:
        assert _claim(holder, place_id, first)
        waiting = threading.Thread(
            target=lambda: outcome.append(_claim_and_commit(scratch.engine, place_id, second))
        )
        waiting.start()
        make.wait_for(lambda: scratch.waiting_for_locks() == 1)
        holder.rollback()
    waiting.join()
    assert outcome == [True]


# ---- several units, all or none --------------------------------------------------------------------


def test_a_party_gets_all_its_units_or_none(session: Session) -> None:
    place = make.listing(session, units=5)
    ids = _bookings(session, 3)
    assert _claim(session, place.id, ids[0], units=3)
    assert not _claim(session, place.id, ids[1], units=3)
    assert _claim(session, place.id, ids[2], units=2)
    assert _held_by(session) == {ids[0]: 3, ids[2]: 2}


def test_two_parties_that_fall_back_on_each_others_unit_do_not_wait_in_a_ring(scratch: Scratch) -> None:
    """The first party likes rooms 2 and 4 best, the second, who comes a night earlier, rooms 1 and 2.

    While a single guest decides about room 4, the first party has room 2 and waits; then room 4 is gone, and
    its next choice is room 1.
    """
    with db.unit_of_work() as unit:
        place = make.listing(unit, units=4)
        one, two, _, four = make.unit_ids(unit, place)
        for room, days_before in ((four, 0), (two, 1), (one, 2)):
            _block(unit, place.id, room, NIGHT - DAY * (days_before + 1), NIGHT - DAY * days_before)
        alone, first, second = _bookings(unit, 3)
    with Session(scratch.engine.connect()) as guest, ThreadPoolExecutor(2) as parties:
        guest.execute(_TAKE, {"unit_id": four, "listing_id": place.id, "booking_id": alone})
        outcomes = []
        for waiting, (booking_id, starts_at, nights) in enumerate(
            [(first, NIGHT, 1), (second, NIGHT - DAY, 2)], 1
        ):
            outcomes.append(parties.submit(_party, scratch.engine, place.id, booking_id, starts_at, nights))
            make.wait_for(lambda: scratch.waiting_for_locks() == waiting)  # noqa: B023  (asked at once)
        guest.commit()
    assert sorted(outcome.result() for outcome in outcomes) == [False, True]
    with Session(scratch.engine.connect()) as unit:
        held = _held_by(unit)
    assert held.pop(None) == 3  # the blocks
    assert held.pop(alone) == 1
    assert list(held.values()) == [2]


def _party(engine: Engine, place_id: int, booking_id: int, starts_at: datetime, nights: int) -> bool:
    with _unit(engine) as unit:
        return _claim(unit, place_id, booking_id, units=2, starts_at=starts_at, nights=nights)


def test_parties_that_race_from_all_sides_get_all_or_none_and_never_wait_in_a_ring(scratch: Scratch) -> None:
    """Each wants most of the place, so that every one of them meets others on its way through the units."""
    with db.unit_of_work() as unit:
        place_id = make.listing(unit, units=6).id
        ids = _bookings(unit, 96)
    with _many_connections(scratch.url) as engine:
        deadlocks = _deadlocks(scratch.url)
        together = threading.Barrier(8, timeout=120)

        def claim(some: Sequence[int]) -> None:
            for n, booking_id in enumerate(some):
                together.wait()
                nights = NIGHT + DAY * (n % 3)  # also stays that overlap by a night only
                try:
                    with _unit(engine) as unit:
                        _claim(unit, place_id, booking_id, units=2 + n % 3, starts_at=nights)
                except BaseException:
                    together.abort()  # the others need not wait for this one
                    raise
                together.wait()
                if n % 4 == 3:
                    with _unit(engine) as unit:
                        allocation.release(unit, booking_id)

        with ThreadPoolExecutor(8) as parties:
            list(parties.map(claim, [ids[n::8] for n in range(8)]))
    _wait_until_nobody_is_connected(scratch.url, "claims")
    assert _deadlocks(scratch.url) == deadlocks
    wanted = {booking_id: 2 + n % 3 for side in range(8) for n, booking_id in enumerate(ids[side::8])}
    with Session(scratch.engine.connect()) as unit:
        held = _held_by(unit)
    assert held
    assert all(wanted[booking_id] == units for booking_id, units in held.items())


# ---- a hold that ran out ---------------------------------------------------------------------------


def test_a_rival_may_take_a_hold_that_is_overdue_by_more_than_the_grace(session: Session) -> None:
    place = make.listing(session)
    slow = make.held(session, place)
    assert slow.hold_until is not None
    rival = make.draft(session, place).id
    within = slow.hold_until + GRACE
    assert not _claim(session, place.id, rival, now=within, starts_at=slow.starts_at)
    assert make.allocations(session, slow) == [("HELD", slow.hold_until)]
    assert _claim(session, place.id, rival, now=within + MINUTE / 60, starts_at=slow.starts_at)
    assert make.allocations(session, slow) == []
    assert slow.status == "PAYMENT_PENDING"  # its own job settles and expires it


@pytest.mark.parametrize("state", ["KEPT", "BLOCKED"])
def test_what_is_kept_or_blocked_is_never_let_go_for_a_rival(session: Session, state: str) -> None:
    place = make.listing(session)
    slow = make.held(session, place)
    session.execute(text("UPDATE allocations SET state = :state, hold_until = NULL"), {"state": state})
    (rival,) = _bookings(session, 1)
    assert not _claim(session, place.id, rival, now=NOW + DAY, starts_at=slow.starts_at)
    assert make.allocations(session, slow) == [(state, None)]


def test_a_rival_who_finds_a_free_unit_leaves_the_overdue_one_alone(session: Session) -> None:
    place = make.listing(session, units=2)
    slow = make.held(session, place)
    (rival,) = _bookings(session, 1)
    assert _claim(session, place.id, rival, now=NOW + DAY, starts_at=slow.starts_at)
    assert len(make.allocations(session, slow)) == 1


def test_a_rival_takes_the_longest_overdue_place_and_no_more(session: Session) -> None:
    """The others may be paying this very minute; their places are nobody's gain."""
    place = make.listing(session, units=3)
    holds = [make.held(session, place, now=NOW + n * MINUTE) for n in (1, 0, 2)]
    (rival,) = _bookings(session, 1)
    assert _claim(session, place.id, rival, now=NOW + DAY, starts_at=holds[0].starts_at)
    assert [len(make.allocations(session, hold)) for hold in holds] == [1, 0, 1]


def test_a_rival_who_does_not_get_in_frees_nothing(session: Session) -> None:
    """Room 1 is overdue for one of the two nights and kept for the other: letting it go helps nobody."""
    place = make.listing(session, units=1)
    slow = make.held(session, place, stay=make.Stay.of_nights(make.STAY.check_in, 1))
    make.paid(session, place, stay=make.Stay.of_nights(make.STAY.check_in + DAY, 1))
    (rival,) = _bookings(session, 1)
    assert not _claim(session, place.id, rival, now=NOW + DAY, starts_at=slow.starts_at, nights=2)
    assert len(make.allocations(session, slow)) == 1


def test_a_party_takes_only_what_it_lacks_and_nothing_if_that_is_not_enough(session: Session) -> None:
    place = make.listing(session, units=4)
    slow = [make.held(session, place) for _ in range(2)]
    make.paid(session, place)
    too_many, fits = _bookings(session, 2)
    later = {"now": NOW + DAY, "starts_at": slow[0].starts_at}
    assert not _claim(session, place.id, too_many, units=4, **later)
    assert [len(make.allocations(session, hold)) for hold in slow] == [1, 1]
    assert _claim(session, place.id, fits, units=2, **later)
    assert sorted(len(make.allocations(session, hold)) for hold in slow) == [0, 1]


def test_other_places_and_other_times_keep_their_overdue_holds(session: Session) -> None:
    place = make.listing(session)
    slow = make.held(session, place)
    elsewhere = make.held(session, make.listing(session))
    later = make.held(session, place, stay=make.Stay.of_nights(make.STAY.check_out, 1))
    (rival,) = _bookings(session, 1)
    assert _claim(session, place.id, rival, now=NOW + DAY, starts_at=slow.starts_at, nights=2)
    assert len(make.allocations(session, elsewhere)) == len(make.allocations(session, later)) == 1


# ---- which unit ------------------------------------------------------------------------------------


def test_the_unit_that_leaves_the_smallest_gap_is_taken_first(session: Session) -> None:
    """Rooms with ever wider gaps around the night in question; the claims fill the narrowest first."""
    place = make.listing(session, units=5)
    rooms = make.unit_ids(session, place)
    gaps = dict(zip(rooms, (3, 1, 4, 2, None), strict=True))
    for room, gap in gaps.items():
        if gap is not None:
            _block(session, place.id, room, NIGHT - DAY * gap - DAY, NIGHT - DAY * gap)
            _block(session, place.id, room, NIGHT + DAY * gap + DAY, NIGHT + DAY * gap + 2 * DAY)
    order = []
    for booking_id in _bookings(session, 5):
        assert _claim(session, place.id, booking_id)
        order += session.scalars(_UNITS_OF, {"id": booking_id}).all()
    assert order == [rooms[1], rooms[3], rooms[0], rooms[2], rooms[4]]


def test_a_gap_on_either_side_counts(session: Session) -> None:
    place = make.listing(session, units=3)
    empty, before, after = make.unit_ids(session, place)
    _block(session, place.id, before, NIGHT - 3 * DAY, NIGHT - DAY)
    _block(session, place.id, after, NIGHT + DAY, NIGHT + 2 * DAY)  # follows at once
    order = []
    for booking_id in _bookings(session, 3):
        assert _claim(session, place.id, booking_id)
        order += session.scalars(_UNITS_OF, {"id": booking_id}).all()
    assert order == [after, before, empty]


def test_guests_of_an_empty_place_are_spread_over_it(session: Session) -> None:
    """Else all who come at once would meet at the same unit."""
    place = make.listing(session, units=30)
    firsts = set()
    for booking_id in _bookings(session, 8):
        assert _claim(session, place.id, booking_id)
        firsts |= set(session.scalars(_UNITS_OF, {"id": booking_id}).all())
        allocation.release(session, booking_id)
    assert len(firsts) > 1


def test_a_unit_that_is_out_of_service_is_not_given(session: Session) -> None:
    place = make.listing(session, units=2)
    out, ready = make.unit_ids(session, place)
    session.execute(text("UPDATE units SET active = false WHERE id = :id"), {"id": out})
    first, second = _bookings(session, 2)
    assert _claim(session, place.id, first)
    assert not _claim(session, place.id, second)
    assert session.scalars(_UNITS_OF, {"id": first}).all() == [ready]


def test_the_last_free_unit_of_a_large_place_is_found(session: Session) -> None:
    place = make.listing(session, units=allocation.SAMPLE * 4)
    *taken, last = make.unit_ids(session, place)
    taken.insert(len(taken) // 2, last)
    free = taken.pop(7)
    for unit_id in taken:
        _block(session, place.id, unit_id, NIGHT, NIGHT + DAY)
    first, second = _bookings(session, 2)
    assert _claim(session, place.id, first)
    assert session.scalars(_UNITS_OF, {"id": first}).all() == [free]
    assert not _claim(session, place.id, second)


# ---- afterwards ------------------------------------------------------------------------------------


def test_a_hold_becomes_kept_and_a_hold_again(session: Session) -> None:
    booking = make.held(session, make.listing(session, units=2), guests=3)
    allocation.keep(session, booking.id)
    assert make.allocations(session, booking) == [("KEPT", None)] * 2
    until = NOW + DAY
    allocation.hold(session, booking.id, until)
    assert make.allocations(session, booking) == [("HELD", until)] * 2
    assert make.ticket_facts(session, booking).units == ["Room 1", "Room 2"]


def test_what_is_released_stays_released_and_is_free_for_others(session: Session) -> None:
    place = make.listing(session)
    booking = make.held(session, place)
    for _ in range(2):
        allocation.release(session, booking.id)
    allocation.keep(session, booking.id)
    allocation.hold(session, booking.id, NOW + DAY)
    assert make.ticket_facts(session, booking).units == []
    assert len(make.allocations(session, make.held(session, place))) == 1


def test_a_release_frees_nobody_elses_place(session: Session) -> None:
    mine, other = make.held(session), make.held(session)
    allocation.release(session, mine.id)
    assert len(make.allocations(session, other)) == 1


# ---- helpers ---------------------------------------------------------------------------------------

_TAKE = text(
    "INSERT INTO allocations (unit_id, listing_id, during, state, booking_id, made_at) VALUES (:unit_id, "
    ":listing_id, tstzrange('2026-12-24 09:00Z', '2026-12-25 09:00Z'), 'KEPT', :booking_id, now())"
)
_UNITS_OF = text(
    "SELECT unit_id FROM allocations WHERE booking_id = :id AND state <> 'RELEASED' ORDER BY unit_id"
)


def _claim(
    unit: Session,
    place_id: int,
    booking_id: int,
    *,
    units: int = 1,
    starts_at: datetime = NIGHT,
    nights: int = 1,
    now: datetime = NOW,
) -> bool:
    return allocation.claim(
        unit,
        listing_id=place_id,
        starts_at=starts_at,
        ends_at=starts_at + DAY * nights,
        units=units,
        booking_id=booking_id,
        hold_until=now + 15 * MINUTE,
        grace=GRACE,
        now=now,
    )


_COLUMNS = (
    "person_id, listing_id, status, check_in, check_out, starts_at, ends_at, units, guests, guest_name, "
    "quote, policy, currency, total_minor, advance_minor, created_at, updated_at"
)


def _bookings(unit: Session, number: int) -> list[int]:
    """So many bookings for a claim to belong to; what they say of themselves does not matter here."""
    pattern = make.draft(unit)
    rows = unit.scalars(
        text(
            f"INSERT INTO bookings (code, {_COLUMNS}) SELECT code || n, {_COLUMNS} "
            "FROM bookings, generate_series(1, :number) n WHERE id = :id RETURNING id"
        ),
        {"number": number, "id": pattern.id},
    )
    return list(rows)


def _block(unit: Session, place_id: int, unit_id: int, starts_at: datetime, ends_at: datetime) -> None:
    unit.execute(
        text(
            "INSERT INTO allocations (unit_id, listing_id, during, state, made_at) "
            "VALUES (:unit_id, :place_id, tstzrange(:starts_at, :ends_at), 'BLOCKED', :now)"
        ),
        {"unit_id": unit_id, "place_id": place_id, "starts_at": starts_at, "ends_at": ends_at, "now": NOW},
    )


def _held_by(unit: Session) -> dict[int | None, int]:
    """How many units each booking has."""
    held = unit.scalars(text("SELECT booking_id FROM allocations WHERE state <> 'RELEASED'"))
    return dict(Counter(held))


@contextmanager
def _many_connections(url: str) -> Iterator[Engine]:
    engine = create_engine(url, pool_size=CONNECTIONS, connect_args={"application_name": "claims"})
    try:
        yield engine
    finally:
        engine.dispose()


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


def _deadlocks(url: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        found: int = connection.execute(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        ).scalar_one()
    engine.dispose()
    return found


def _wait_until_nobody_is_connected(url: str, application: str) -> None:
    """A server process counts its deadlocks at the latest when it ends."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")  # in a transaction the answer stays the same
    with engine.connect() as connection:
        ask = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")
        make.wait_for(lambda: connection.execute(ask, {"name": application}).scalar_one() == 0)
    engine.dispose()
