"""One message, one turn, one transaction: answered once, or tried again, and the next one is not held up for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from models import db, inbound, person
from models.booking_event import TURNS, demand
from models.inbound import Incoming
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES, MovableClock
from workers import follow_ups
from workers.follow_ups import LIGHT, LightJob
from workers.queue import Left
from workers.turns import TURNS_IN_A_ROW, Turns

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def turns(clock: MovableClock) -> Turns:
    return Turns(rules=RULES, clock=clock, lanes=1)


def test_a_message_is_answered_once(scratch: Scratch, turns: Turns, clock: MovableClock) -> None:
    phone, someone = _person()
    _hears(make.inbound_text(phone, "hi"))
    scratch.rung.clear()
    assert not turns.drain(0)
    assert not turns.drain(0)
    (answer,) = scratch.rows("SELECT * FROM outbound_messages")
    assert (answer.person_id, answer.seq, answer.state) == (someone, 1, "QUEUED")
    event = scratch.row("SELECT * FROM inbound_events")
    assert event.outcome == "DONE"
    assert event.done_at is not None
    assert scratch.value("SELECT last_inbound_at FROM conversations WHERE id = :id", id=someone) == NOW
    assert {("sends", someone)} in scratch.rung


def test_a_person_is_answered_in_the_order_in_which_they_wrote(scratch: Scratch, turns: Turns) -> None:
    phone, someone = _person()
    _hears(*(make.inbound_text(phone, words) for words in ("hi", "help", "menu")))
    turns.drain(0)
    rows = scratch.rows("SELECT id FROM inbound_events ORDER BY done_at, id")
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert scratch.value("SELECT max(seq) FROM outbound_messages WHERE person_id = :id", id=someone) == 3


def test_who_wrote_is_made_one_person_and_answered_as_such(scratch: Scratch, turns: Turns) -> None:
    (phone, older), (other, newer) = _person(), _person()
    user_id = scratch.value(
        "SELECT value FROM person_identifiers WHERE person_id = :id AND kind = 'user_id'", id=newer
    )
    _hears(make.inbound_text(phone, "hi", user=user_id), make.inbound_text(other, "hi"))
    turns.drain(0)
    assert scratch.value("SELECT count(*) FROM inbound_events WHERE done_at IS NULL") == 0
    rows = scratch.rows("SELECT DISTINCT person_id FROM outbound_messages")
    assert [row.person_id for row in rows] == [older]
    assert scratch.value("SELECT count(DISTINCT person_id) FROM person_identifiers") == 1


def test_a_new_number_is_taken_over_in_silence(scratch: Scratch, turns: Turns) -> None:
    phone, someone = _person()
    new = make.phone()
    _hears(_system(phone, {"type": "user_changed_number", "wa_id": new.lstrip("+"), "body": "…"}))
    turns.drain(0)
    with db.unit_of_work() as unit:
        assert person.phone_of(unit, someone) == new
    assert scratch.rows("SELECT 1 FROM outbound_messages") == []
    assert scratch.value("SELECT last_inbound_at FROM conversations WHERE id = :id", id=someone) is None
    _hears(make.inbound_text(new, "hi"))
    turns.drain(0)
    assert scratch.value("SELECT person_id FROM outbound_messages") == someone


def test_a_new_user_id_is_taken_over_in_silence(scratch: Scratch, turns: Turns) -> None:
    phone, someone = _person()
    new = make.user_id()
    _hears(_system(phone, {"type": "user_changed_user_id", "user_id": new}))
    turns.drain(0)
    rows = scratch.rows(
        "SELECT value FROM person_identifiers WHERE person_id = :id AND kind = 'user_id'", id=someone
    )
    assert [row.value for row in rows] == [new]


@pytest.mark.parametrize(
    "system",
    [None, "changed", [], {}, {"wa_id": 5}, {"wa_id": "not a number"}, {"user_id": {}}, {"user_id": ""}],
)
def test_system_news_of_no_known_shape_changes_nobody(scratch: Scratch, turns: Turns, system: Any) -> None:
    phone, _ = _person()
    before = scratch.rows("SELECT * FROM person_identifiers ORDER BY value")
    _hears(_system(phone, system))
    turns.drain(0)
    assert scratch.rows("SELECT * FROM person_identifiers ORDER BY value") == before
    assert scratch.value("SELECT outcome FROM inbound_events") == "DONE"


# ---- a turn that fails -----------------------------------------------------------------------------


def test_a_turn_that_fails_five_times_is_parked_told_and_the_next_goes_on(
    scratch: Scratch, turns: Turns, clock: MovableClock
) -> None:
    phone, someone = _person()
    with db.unit_of_work() as unit:
        admin = make.person(unit, role="admin")
    _hears(make.inbound_text(phone, "hi"), make.inbound_text(phone, "menu"))
    with _nothing_can_be_said(scratch, to=someone):
        for attempt in range(1, 6):
            turns.drain(0)
            row = scratch.row("SELECT * FROM inbound_events ORDER BY id LIMIT 1")
            assert (row.attempts, row.outcome) == (attempt, "PARKED" if attempt == 5 else None)
            if attempt < 5:
                assert scratch.value("SELECT sum(attempts) FROM inbound_events") == attempt  # the other waits
                clock.move(10 * SECOND)
        told = scratch.rows("SELECT person_id, kind FROM outbound_messages")
        assert [row.person_id for row in told] == [admin]
    clock.move(10 * SECOND)
    turns.drain(0)
    rows = scratch.rows("SELECT outcome FROM inbound_events ORDER BY id")
    assert [row.outcome for row in rows] == ["PARKED", "DONE"]
    assert scratch.value("SELECT count(*) FROM outbound_messages WHERE person_id = :id", id=someone) == 1


def test_a_message_is_parked_also_when_nobody_can_be_told_of_it(scratch: Scratch, turns: Turns) -> None:
    """Else it would be tried again at once, for ever, and its lane with it."""
    phone, _ = _person()
    with db.unit_of_work() as unit:
        make.person(unit, role="admin")
    _hears(make.inbound_text(phone, "hi"))
    scratch.run("UPDATE inbound_events SET attempts = 4")
    with _nothing_can_be_said(scratch):
        assert not turns.drain(0)
    assert scratch.value("SELECT outcome FROM inbound_events") == "PARKED"


def test_a_failed_turn_leaves_nothing_behind_and_keeps_nobody_else_waiting(
    scratch: Scratch, turns: Turns
) -> None:
    (phone, someone), (other, neighbour) = _person(), _person()
    _hears(make.inbound_text(phone, "hi"), make.inbound_text(other, "hi"))
    with _nothing_can_be_said(scratch, to=someone):
        turns.drain(0)
    assert scratch.value("SELECT state FROM conversations WHERE id = :id", id=someone) == {}
    assert scratch.value("SELECT person_id FROM outbound_messages") == neighbour


def test_a_database_that_goes_away_counts_as_nobodys_failure(scratch: Scratch, turns: Turns) -> None:
    phone, _ = _person()
    _hears(make.inbound_text(phone, "hi"))
    scratch.run(
        "CREATE FUNCTION pull_the_plug() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'"
    )
    scratch.run(
        "CREATE TRIGGER plug BEFORE INSERT ON outbound_messages FOR EACH ROW EXECUTE FUNCTION pull_the_plug()"
    )
    try:
        assert not turns.drain(0)  # the sweeper rings once it is back
    finally:
        scratch.run("DROP FUNCTION pull_the_plug CASCADE")
    row = scratch.row("SELECT attempts, done_at FROM inbound_events")
    assert tuple(row) == (0, None)
    turns.drain(0)
    assert scratch.value("SELECT outcome FROM inbound_events") == "DONE"


# ---- what follows ----------------------------------------------------------------------------------


def test_what_follows_is_done_in_its_lane_and_order(scratch: Scratch, clock: MovableClock) -> None:
    ran: list[tuple[int, str]] = []
    one, other = _booking(), _booking()
    with _light(
        first=lambda s, b, due, r, n: ran.append((b.id, "first")),
        second=lambda s, b, due, r, n: ran.append((b.id, "second")),
    ):
        for booking_id in (one, other):
            for job in ("first", "second"):
                _follows(booking_id, job)
        assert not Turns(rules=RULES, clock=clock, lanes=2).drain(one % 2)
    expected = [(b, job) for b in (one, other) if b % 2 == one % 2 for job in ("first", "second")]
    assert sorted(ran) == sorted(expected)
    assert scratch.value("SELECT count(*) FROM follow_ups WHERE done_at IS NOT NULL") == len(expected)


def test_a_booking_that_somebody_works_on_is_passed_over(
    scratch: Scratch, turns: Turns, clock: MovableClock
) -> None:
    ran: list[int] = []
    busy, free = _booking(), _booking()
    with _light(job=lambda s, b, due, r, n: ran.append(b.id)):
        _follows(busy, "job")
        _follows(free, "job")
        with db.unit_of_work() as unit:
            make.Booking.for_update(unit, busy)
            assert turns.drain(0) is Left.HELD  # whoever holds it may not look again
        assert ran == [free]
        turns.drain(0)
    assert ran == [free, busy]


def test_what_is_not_due_yet_waits_and_is_no_failure(
    scratch: Scratch, turns: Turns, clock: MovableClock
) -> None:
    answers: list[Any] = [follow_ups.Later(NOW + MINUTE), None]
    _follows(_booking(), "job")
    with _light(job=lambda s, b, due, r, n: answers.pop(0)):
        turns.drain(0)
        row = scratch.row("SELECT attempts, due_at, done_at FROM follow_ups")
        assert tuple(row) == (0, NOW + MINUTE, None)
        turns.drain(0)
        assert len(answers) == 1
        clock.move(MINUTE)
        turns.drain(0)
    assert scratch.value("SELECT done_at FROM follow_ups") is not None


def test_what_fails_is_undone_and_put_off_while_others_go_on(scratch: Scratch, turns: Turns) -> None:
    failing, fine = _booking(), _booking()
    someone = scratch.value("SELECT person_id FROM bookings WHERE id = :id", id=failing)

    def fails(session: Any, booking: Any, due: Any, rules: Any, now: Any) -> None:
        make.say(session, someone, "never said")
        raise RuntimeError("a bug")

    with _light(fails=fails, works=lambda s, b, due, r, n: None):
        _follows(failing, "fails")
        _follows(failing, "unheard_of")
        _follows(fine, "works")
        turns.drain(0)
    rows = {row.job: row for row in scratch.rows("SELECT * FROM follow_ups")}
    assert rows["works"].done_at is not None
    for job, error in (("fails", "a bug"), ("unheard_of", "KeyError")):
        assert rows[job].attempts >= 1
        assert rows[job].done_at is None
        assert error in rows[job].error
        assert rows[job].due_at > NOW
    assert scratch.rows("SELECT 1 FROM outbound_messages") == []


def test_messages_that_never_end_do_not_keep_what_follows_from_its_turn(
    scratch: Scratch, turns: Turns
) -> None:
    ran: list[int] = []
    _hears(*(make.inbound_text(make.phone(), "hi") for _ in range(TURNS_IN_A_ROW + 5)))
    _follows(_booking(), "job")
    with _light(job=lambda s, b, due, r, n: ran.append(b.id)):
        assert turns.drain(0) is Left.MORE  # and this lane goes to the end of the line
    assert len(ran) == 1


# ---- helpers ---------------------------------------------------------------------------------------


def _person() -> tuple[str, int]:
    with db.unit_of_work() as unit:
        someone = make.person(unit, heard_at=None)
        phone = person.phone_of(unit, someone)
    assert phone is not None
    return phone, someone


def _booking() -> int:
    with db.unit_of_work() as unit:
        booking = make.draft(unit)
        unit.execute(make.text("DELETE FROM follow_ups WHERE job = 'abandon_draft'"))
    return booking.id


def _hears(*items: Incoming) -> None:
    with db.unit_of_work() as unit:
        inbound.keep(unit, items, NOW)


def _system(phone: str, system: Any) -> Incoming:
    wamid = make.unique("wamid.")
    node = {"id": wamid, "from": phone.lstrip("+"), "type": "system", "system": system}
    return Incoming("whatsapp", wamid, "message", node, phone=phone)


def _follows(booking_id: int, job: str) -> None:
    with db.unit_of_work() as unit:
        demand(unit, booking_id, job, TURNS, cause=make.unique("test:"), due_at=NOW, now=NOW)


@contextmanager
def _light(**jobs: Any) -> Iterator[None]:
    """Light jobs of these names, as long as the test runs."""
    LIGHT.update({name: LightJob(run) for name, run in jobs.items()})
    try:
        yield
    finally:
        for name in jobs:
            del LIGHT[name]


@contextmanager
def _nothing_can_be_said(scratch: Scratch, to: int | None = None) -> Iterator[None]:
    """Writing a message fails, to everybody or to one person: a bug that is hit late in a turn."""
    condition = "false" if to is None else f"person_id <> {to}"
    scratch.run(f"ALTER TABLE outbound_messages ADD CONSTRAINT nothing CHECK ({condition}) NOT VALID")
    try:
        yield
    finally:
        scratch.run("ALTER TABLE outbound_messages DROP CONSTRAINT nothing")
