"""PostgreSQL itself keeps bookings to the table: no status changes without its event, whatever code tries.

Real commits are needed here, and events can never be deleted, so that these tests work in a database of
their own next to the one they are given.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import IntegrityError

from models.migrate import migrate

with (Path(__file__).parent.parent / "data" / "lifecycle.csv").open(newline="", encoding="utf-8") as file:
    ROWS = [(row["from"], row["action"], row["to"]) for row in csv.DictReader(file)]
STATUSES = sorted({status for start, _, end in ROWS for status in (start, end)})
ACTIONS = sorted({action for _, action, _ in ROWS})


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    name = f"lifecycle_{uuid4().hex}"
    server = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(database_url).set(database=name).render_as_string(hide_password=False)
    try:
        migrate(url)
        own = create_engine(url)
        with own.begin() as connection:
            connection.execute(_WORLD)
        yield own
        own.dispose()
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


def test_the_database_has_the_whole_table(connection: Connection) -> None:
    found = connection.execute(text("SELECT from_status, action, to_status FROM booking_transitions"))
    assert sorted(tuple(row) for row in found) == sorted(ROWS)


@pytest.mark.parametrize(("start", "action", "end"), ROWS)
def test_a_status_changes_with_its_event(connection: Connection, start: str, action: str, end: str) -> None:
    booking = _booking_in(connection, start)
    _record(connection, booking, start, action, end)
    _set_status(connection, booking, end)
    connection.commit()
    assert _status(connection, booking) == end


@pytest.mark.parametrize("start", STATUSES)
def test_no_status_changes_without_an_event(connection: Connection, start: str) -> None:
    booking = _booking_in(connection, start)
    for end in STATUSES:
        if end != start:
            _set_status(connection, booking, end)
            _refuses_commit(connection, booking, start, f"to {end}")


@pytest.mark.parametrize(("start", "action", "end"), ROWS)
def test_an_event_of_an_earlier_transaction_does_not_count(
    connection: Connection, start: str, action: str, end: str
) -> None:
    booking = _booking_in(connection, start)
    _record(connection, booking, start, action, end)
    connection.commit()
    _set_status(connection, booking, end)
    _refuses_commit(connection, booking, start, f"to {end}")


def test_an_event_of_another_booking_does_not_count(connection: Connection) -> None:
    mine, other = (_booking_in(connection, "PAYMENT_PENDING") for _ in range(2))
    _record(connection, other, "PAYMENT_PENDING", "EXPIRE", "EXPIRED")
    _set_status(connection, mine, "EXPIRED")
    _refuses_commit(connection, mine, "PAYMENT_PENDING")


def test_an_event_to_another_status_does_not_count(connection: Connection) -> None:
    booking = _booking_in(connection, "PAYMENT_PENDING")
    _record(connection, booking, "PAYMENT_PENDING", "EXPIRE", "EXPIRED")
    _set_status(connection, booking, "PAYMENT_SUCCESS")
    _refuses_commit(connection, booking, "PAYMENT_PENDING")


@pytest.mark.parametrize("start", STATUSES)
def test_a_fact_that_changes_no_status_does_not_count(connection: Connection, start: str) -> None:
    booking = _booking_in(connection, start)
    _record(connection, booking, start, "REMIND", start)
    connection.commit()  # the fact itself is welcome
    for end in STATUSES:
        if end != start:
            _record(connection, booking, start, "REMIND", start)
            _set_status(connection, booking, end)
            _refuses_commit(connection, booking, start, f"to {end}")


@pytest.mark.parametrize("start", STATUSES)
def test_no_event_can_say_what_the_table_does_not(engine: Engine, start: str) -> None:
    allowed = {(action, end) for status, action, end in ROWS if status == start}
    with engine.connect() as connection:
        booking = _booking_in(connection, start)
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        for action in [*ACTIONS, "REMIND", ""]:
            for end in STATUSES:
                if end != start and (action, end) not in allowed:
                    with pytest.raises(IntegrityError):
                        _record(alone, booking, start, action, end)


def test_the_way_there_and_back_needs_events_for_both(connection: Connection) -> None:
    booking = _booking_in(connection, "INITIATED")
    _set_status(connection, booking, "PAYMENT_SUCCESS")
    _set_status(connection, booking, "INITIATED")
    _refuses_commit(connection, booking, "INITIATED")


def test_each_of_several_steps_in_one_transaction_needs_its_event(connection: Connection) -> None:
    booking = _booking_in(connection, "INITIATED")
    _record(connection, booking, "INITIATED", "REQUEST_PAYMENT", "PAYMENT_PENDING")
    _set_status(connection, booking, "PAYMENT_PENDING")
    _set_status(connection, booking, "PAYMENT_SUCCESS")
    _refuses_commit(connection, booking, "INITIATED")


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "INITIATED"])
def test_a_booking_begins_as_initiated_only(connection: Connection, status: str) -> None:
    with pytest.raises(IntegrityError):
        _insert_booking(connection, status)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE booking_events SET reason = 'another' WHERE booking_id = :id",
        "UPDATE booking_events SET txid = pg_current_xact_id() WHERE booking_id = :id",
        "DELETE FROM booking_events WHERE booking_id = :id",
    ],
)
def test_what_happened_stays_as_it_was_written(connection: Connection, tampering: str) -> None:
    booking = _booking_in(connection, "PAYMENT_PENDING")
    with pytest.raises(IntegrityError):
        connection.execute(text(tampering), {"id": booking})


def test_the_time_of_an_event_cannot_be_made_up(connection: Connection) -> None:
    """An event that names a later transaction as its own is written down as of its real one."""
    booking = _booking_in(connection, "PAYMENT_PENDING")
    connection.execute(
        text(
            "INSERT INTO booking_events (booking_id, from_status, action, to_status, cause, actor, at, txid) "
            "SELECT :id, 'PAYMENT_PENDING', 'EXPIRE', 'EXPIRED', 'forged ' || n, 'test', now(), "
            "CAST(CAST(CAST(CAST(pg_current_xact_id() AS text) AS bigint) + n AS text) AS xid8) "
            "FROM generate_series(1, 20) n"
        ),
        {"id": booking},
    )
    connection.commit()
    _set_status(connection, booking, "EXPIRED")
    _refuses_commit(connection, booking, "PAYMENT_PENDING")


def _refuses_commit(connection: Connection, booking: int, status: str, why: str | None = None) -> None:
    """The transaction fails at its very end, and the booking is where it was."""
    with pytest.raises(IntegrityError, match=why):
        connection.commit()
    connection.rollback()
    assert _status(connection, booking) == status
    connection.rollback()


def _booking_in(connection: Connection, status: str) -> int:
    """A booking that came to this status by the table, committed."""
    booking = _insert_booking(connection, "INITIATED")
    for start, action, end in _way_to(status):
        _record(connection, booking, start, action, end)
        _set_status(connection, booking, end)
    connection.commit()
    return booking


def _way_to(status: str) -> Sequence[tuple[str, str, str]]:
    """The shortest way from INITIATED, in steps of the table."""
    ways: dict[str, list[tuple[str, str, str]]] = {"INITIATED": []}
    while status not in ways:
        for step in _steps_from(list(ways)):
            ways.setdefault(step[2], [*ways[step[0]], step])
    return ways[status]


def _steps_from(statuses: Iterable[str]) -> Sequence[tuple[str, str, str]]:
    return [row for status in statuses for row in ROWS if row[0] == status]


def _record(connection: Connection, booking: int, start: str, action: str, end: str) -> None:
    connection.execute(
        text(
            "INSERT INTO booking_events (booking_id, from_status, action, to_status, cause, actor, at) "
            "VALUES (:id, :start, :action, :end, :cause, 'test', now())"
        ),
        {"id": booking, "start": start, "action": action, "end": end, "cause": uuid4().hex},
    )


def _set_status(connection: Connection, booking: int, status: str) -> None:
    connection.execute(
        text("UPDATE bookings SET status = :status WHERE id = :id"), {"id": booking, "status": status}
    )


def _status(connection: Connection, booking: int) -> str:
    return str(
        connection.execute(text("SELECT status FROM bookings WHERE id = :id"), {"id": booking}).scalar_one()
    )


def _insert_booking(connection: Connection, status: str) -> int:
    return int(
        connection.execute(
            text(
                "INSERT INTO bookings (code, person_id, listing_id, status, check_in, check_out, starts_at, "
                "ends_at, units, guests, guest_name, quote, policy, currency, total_minor, advance_minor, "
                "created_at, updated_at) SELECT :code, p.id, l.id, :status, '2026-12-24', '2026-12-26', "
                "'2026-12-24 09:00Z', '2026-12-26 06:00Z', 1, 2, 'Ayesha', '{}', '{}', 'PKR', 1800000, "
                "540000, now(), now() FROM persons p, listings l LIMIT 1 RETURNING id"
            ),
            {"code": uuid4().hex, "status": status},
        ).scalar_one()
    )


_WORLD = text(
    "INSERT INTO categories (slug, name, position) VALUES ('hut', 'Hut', 0);"
    "INSERT INTO persons (name, created_at) VALUES ('Bilal', now());"
    "INSERT INTO listings (slug, name, category, owner_id, description, location, contact, owner_name, "
    "time_zone, capacity, check_in, check_out, rates, currency, policy, updated_at) "
    "SELECT 'hut', 'Hut', 'hut', id, '', '', '', 'Bilal', 'Asia/Karachi', 2, '14\\:00', '11\\:00', '{}', "
    "'PKR', '{}', now() FROM persons"
)
