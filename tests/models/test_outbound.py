"""What is said is written with the change that says it, in one order for each person."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import db, outbound, person
from models.hot import Hot
from models.message import Button, Buttons, Template, Text, Typing, from_json
from models.session import Session
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW

ENDING = Hot("test_ending", "UPDATE persons SET name = 'Ended' WHERE id = :id", id="bigint")


def test_each_person_hears_things_in_the_order_in_which_they_were_said(session: Session) -> None:
    one, other = make.person(session), make.person(session)
    for words in "abc":
        make.say(session, other, words.upper())
        make.say(session, one, words)
    outbound.number_and_write(session)
    make.say(session, one, "d")
    outbound.number_and_write(session)
    assert _heard(session, one) == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert _heard(session, other) == [(1, "A"), (2, "B"), (3, "C")]


def test_what_was_said_is_written_once(session: Session) -> None:
    someone = make.person(session)
    make.say(session, someone)
    for _ in range(2):
        outbound.number_and_write(session)
    assert _heard(session, someone) == [(1, "Hello")]


def test_a_message_is_kept_whole_and_rung_for(session: Session) -> None:
    someone, booking = make.person(session), make.held(session)
    message = Buttons("Will you come?", (Button("v1:yes", "Yes"), Button("v1:no", "No")), footer="Sea View")
    template = Template("booking_request", "en", ("Sea View",), ("v1:yes",))
    outbound.say(
        session,
        someone,
        message,
        kind="booking_request",
        recipient="owner",
        template=template,
        booking_id=booking.id,
        now=NOW,
    )
    session.info["bells"].clear()
    outbound.number_and_write(session)
    row = session.execute(
        text("SELECT * FROM outbound_messages WHERE person_id = :id"), {"id": someone}
    ).one()
    assert from_json(row.message) == message
    assert from_json(row.template) == template
    assert (row.kind, row.recipient, row.booking_id) == ("booking_request", "owner", booking.id)
    assert (row.state, row.attempts, row.blocking, row.as_template) == ("QUEUED", 0, True, False)
    assert (row.created_at, row.due_at) == (NOW, NOW)
    assert session.info["bells"] == {("sends", someone)}


@pytest.mark.parametrize(
    ("message", "template", "valid_for", "lasts"),
    [
        (Text("An answer"), None, None, timedelta(minutes=10)),
        (Text("A notice"), Template("booking_update", "en"), None, timedelta(hours=24)),
        (Typing("wamid.1"), None, None, timedelta(seconds=15)),
        (Text("A ticket"), None, timedelta(days=3), timedelta(days=3)),
    ],
)
def test_a_message_is_worth_saying_for_as_long_as_its_kind(
    session: Session,
    message: Text | Typing,
    template: Template | None,
    valid_for: timedelta | None,
    lasts: timedelta,
) -> None:
    someone = make.person(session)
    outbound.say(session, someone, message, kind="answer", now=NOW, template=template, valid_for=valid_for)
    outbound.number_and_write(session)
    ends = text("SELECT valid_until FROM outbound_messages WHERE person_id = :id")
    assert session.execute(ends, {"id": someone}).scalar_one() == NOW + lasts


def test_nothing_is_said_if_the_change_fails(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        someone = make.person(unit)
    scratch.rung.clear()
    with pytest.raises(DBAPIError):
        _say_to([someone], booking_id=-1)  # which the database refuses
    assert scratch.rows("SELECT 1 FROM outbound_messages") == []
    assert scratch.rung == []
    with db.unit_of_work() as unit:
        make.say(unit, someone)
    assert scratch.value("SELECT seq FROM outbound_messages") == 1  # and no number is lost by it


def test_who_commits_first_is_heard_first(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        someone = make.person(unit)
    with db.unit_of_work() as slow:
        make.say(slow, someone, "said first, committed second")
        with ThreadPoolExecutor(1) as thread:
            thread.submit(_say_to, [someone], "said second, committed first").result(120)
    rows = scratch.rows("SELECT message->>'body' FROM outbound_messages ORDER BY seq")
    assert [words for (words,) in rows] == ["said second, committed first", "said first, committed second"]


def test_units_that_speak_to_the_same_people_in_opposite_order_do_not_wait_in_a_ring(
    scratch: Scratch,
) -> None:
    with db.unit_of_work() as unit:
        people = [make.person(unit) for _ in range(6)]
    together = threading.Barrier(2, timeout=120)

    def speak(order: list[int]) -> None:
        for _ in range(25):
            together.wait()
            _say_to(order)

    with ThreadPoolExecutor(2) as units:  # a deadlock's error is raised by the loop
        for done in [units.submit(speak, people), units.submit(speak, people[::-1])]:
            done.result(120)
    counts = scratch.rows("SELECT person_id, count(*), max(seq) FROM outbound_messages GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in counts] == [(someone, 50, 50) for someone in people]


def _say_to(people: list[int], words: str = "Hello", booking_id: int | None = None) -> None:
    with db.unit_of_work() as unit:
        for someone in people:
            make.say(unit, someone, words, booking_id=booking_id)


def _heard(session: Session, person_id: int) -> list[tuple[int, str]]:
    rows = session.execute(
        text(
            "SELECT seq, message->>'body' AS words FROM outbound_messages WHERE person_id = :id ORDER BY seq"
        ),
        {"id": person_id},
    )
    return [(row.seq, row.words) for row in rows]


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("to", [[], ["one"], ["other"], ["other", "one", "other"]], ids=str)
def test_what_ends_a_unit_of_work_is_written_and_committed_with_all_that_it_says(
    scratch: Scratch, to: list[str], ends: bool
) -> None:
    with db.unit_of_work() as unit:
        people = {name: make.person(unit) for name in ("one", "other")}
    scratch.rung.clear()
    with db.unit_of_work() as unit:
        for name in to:
            make.say(unit, people[name])
        outbound.number_and_write(unit, after=[(ENDING, {"id": people["one"]})], ends=ends)
        is_committed = scratch.value("SELECT name FROM persons WHERE id = :id", id=people["one"]) == "Ended"
        assert is_committed == ends
    assert scratch.value("SELECT name FROM persons WHERE id = :id", id=people["one"]) == "Ended"
    heard = scratch.rows("SELECT person_id FROM outbound_messages ORDER BY person_id, seq")
    assert [row.person_id for row in heard] == sorted(people[name] for name in to)
    assert {bell for bells in scratch.rung for bell in bells} == {("sends", people[name]) for name in to}


@pytest.mark.parametrize("ends", [True, False])
def test_who_became_somebody_else_meanwhile_is_told_or_the_unit_of_work_is_tried_again(
    scratch: Scratch, ends: bool
) -> None:
    with db.unit_of_work() as unit:
        one, older, newer = (make.person(unit) for _ in range(3))
        person.merge(unit, newer=newer, older=older, now=NOW)
    how = pytest.raises(person.BecameAnother) if ends else contextlib.nullcontext()
    with how, db.unit_of_work() as unit:
        make.say(unit, one)
        make.say(unit, newer)
        outbound.number_and_write(unit, after=[(ENDING, {"id": one})], ends=ends)
    heard = [row.person_id for row in scratch.rows("SELECT person_id FROM outbound_messages ORDER BY 1")]
    assert heard == ([] if ends else [one, older])
    assert (scratch.value("SELECT name FROM persons WHERE id = :id", id=one) == "Ended") is not ends


def test_what_cannot_be_written_takes_its_end_with_it(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        someone = make.person(unit)
    with pytest.raises(DBAPIError):
        _end_with(someone, booking_id=404)
    assert scratch.value("SELECT name FROM persons WHERE id = :id", id=someone) != "Ended"
    with db.unit_of_work() as unit:  # on the same connection
        make.say(unit, someone)
    assert scratch.value("SELECT count(*) FROM outbound_messages") == 1


def _end_with(person_id: int, **said: Any) -> None:
    with db.unit_of_work() as unit:
        make.say(unit, person_id, **said)
        outbound.number_and_write(unit, after=[(ENDING, {"id": person_id})], ends=True)
