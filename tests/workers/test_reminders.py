"""Who left a booking half-finished is reminded once, by day, while it is free; and what is said around a stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from models import conversation, db
from models.booking import Booking
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES, MovableClock
from workers import bookings as bookings  # registers the jobs
from workers.reminders import remind_of_drafts
from workers.turns import Turns

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# In Karachi it is five hours later than in UTC: the tests' day begins there at two in the afternoon.


@pytest.fixture
def turns(scratch: Scratch, clock: MovableClock) -> Turns:
    return Turns(rules=RULES, clock=clock, lanes=1)


def left(heard_at: datetime = NOW, **draft: Any) -> int:
    """Somebody who began to book and then wrote no more."""
    with db.unit_of_work() as unit:
        person_id = make.person(unit, heard_at=heard_at)
        place = make.listing(unit)
        answers = {"listing": place.id, "check_in": "2026-12-24", "nights": 2, **draft}
        state = {"at": "book.guests", "draft": answers, "offers": {"2": "v1:x"}}
        unit.execute(
            text("UPDATE conversations SET state = :state WHERE id = :id"),
            {"state": orjson.dumps(state).decode(), "id": person_id},
        )
    return person_id


def said(scratch: Scratch, kind: str) -> Sequence[Any]:
    return scratch.rows("SELECT * FROM outbound_messages WHERE kind = :kind ORDER BY id", kind=kind)


def remind(scratch: Scratch, clock: MovableClock, at: datetime) -> Sequence[Any]:
    move_to(clock, at)
    remind_of_drafts(clock)
    return said(scratch, "draft_left")


# ---- a booking that was left -----------------------------------------------------------------------


def test_after_hours_of_silence_a_guest_is_asked_to_go_on(scratch: Scratch, clock: MovableClock) -> None:
    person_id = left()
    assert not remind(scratch, clock, NOW + 3 * HOUR - MINUTE)
    (message,) = remind(scratch, clock, NOW + 3 * HOUR + MINUTE)
    assert message.person_id == person_id
    assert message.template is None
    assert "not finished yet" in message.message["body"]
    assert "Sea View" in message.message["body"]
    state = scratch.value("SELECT state FROM conversations WHERE id = :id", id=person_id)
    assert state["at"] == "book.guests"  # its answer is still as good as a tap
    assert state["offers"]["continue"] == state["offers"]["+yes"] == "v1:continue"


def test_nobody_is_reminded_twice(scratch: Scratch, clock: MovableClock) -> None:
    left()
    remind(scratch, clock, NOW + 4 * HOUR)
    assert len(remind(scratch, clock, NOW + 5 * HOUR)) == 1


def test_at_night_of_the_place_it_waits_for_the_morning(scratch: Scratch, clock: MovableClock) -> None:
    left(heard_at=NOW + 6 * HOUR)  # eight in the evening in Karachi
    assert not remind(scratch, clock, NOW + 10 * HOUR)
    assert not remind(scratch, clock, NOW + 18 * HOUR - MINUTE)
    assert len(remind(scratch, clock, NOW + 18 * HOUR + MINUTE)) == 1


def test_a_window_that_closes_stays_closed(scratch: Scratch, clock: MovableClock) -> None:
    left()
    assert not remind(scratch, clock, NOW + 24 * HOUR - 29 * MINUTE)
    assert not remind(scratch, clock, NOW + 30 * HOUR)


def test_while_a_person_answers_the_bot_says_nothing(scratch: Scratch, clock: MovableClock) -> None:
    person_id = left()
    with db.unit_of_work() as unit:
        conversation.pause(unit, person_id, NOW)
    assert not remind(scratch, clock, NOW + 4 * HOUR)


@pytest.mark.parametrize(
    "draft",
    [
        {"check_in": None, "nights": None},  # nothing that it would be a pity to lose
        {"check_in": "2026-11-01"},  # that day is over
    ],
)
def test_what_is_not_worth_it_is_left_alone(
    scratch: Scratch, clock: MovableClock, draft: dict[str, Any]
) -> None:
    person_id = left()
    kept = {k: v for k, v in {"check_in": "2026-12-24", "nights": 2, **draft}.items() if v is not None}
    scratch.run(
        "UPDATE conversations SET state = jsonb_set(state, '{draft}', "
        "jsonb_build_object('listing', state #> '{draft,listing}') || CAST(:kept AS jsonb)) WHERE id = :id",
        kept=orjson.dumps(kept).decode(),
        id=person_id,
    )
    assert not remind(scratch, clock, NOW + 4 * HOUR)


def test_a_place_that_is_gone_is_not_recommended(scratch: Scratch, clock: MovableClock) -> None:
    left()
    scratch.run("UPDATE listings SET active = false")
    assert not remind(scratch, clock, NOW + 4 * HOUR)
    scratch.run("UPDATE listings SET active = true")
    assert not remind(scratch, clock, NOW + 5 * HOUR)


def test_who_is_writing_at_this_moment_is_not_reminded(scratch: Scratch, clock: MovableClock) -> None:
    person_id = left()
    move_to(clock, NOW + 4 * HOUR)
    with db.unit_of_work() as unit:
        conversation.lock(unit, person_id)
        remind_of_drafts(clock)
    assert not said(scratch, "draft_left")
    scratch.run(
        "INSERT INTO inbound_events (source, external_id, kind, conversation_id, payload, received_at, due_at) "
        "VALUES ('whatsapp', 'wamid.1', 'message', :id, '{}', :now, :now)",
        id=person_id,
        now=NOW,
    )
    remind_of_drafts(clock)
    assert not said(scratch, "draft_left")


# ---- around the stay -------------------------------------------------------------------------------


def confirmed() -> Booking:
    """Confirmed for 24 to 26 December; nine in the morning there is four in UTC."""
    with db.unit_of_work() as unit:
        return make.confirmed(unit)


def drain(turns: Turns) -> None:
    """All that is due, and once more: what was done is not done again."""
    for _ in range(2):
        while turns.drain(0):
            pass


def move_to(clock: MovableClock, at: datetime) -> None:
    clock.move(at - clock.now())


def heard(scratch: Scratch, booking: Booking, at: datetime) -> None:
    scratch.run("UPDATE conversations SET last_inbound_at = :at WHERE id = :id", at=at, id=booking.person_id)


def test_the_day_before_who_can_be_reached_for_nothing_is_told(
    scratch: Scratch, turns: Turns, clock: MovableClock
) -> None:
    booking = confirmed()
    heard(scratch, booking, booking.starts_at - 30 * HOUR)
    move_to(clock, booking.starts_at - 24 * HOUR - MINUTE)
    drain(turns)
    assert not said(scratch, "stay_begins")
    move_to(clock, booking.starts_at - 24 * HOUR + MINUTE)
    drain(turns)
    (message,) = said(scratch, "stay_begins")
    assert message.template is None
    body = message.message["body"].replace("\u00a0", " ")
    assert "Tomorrow your stay begins" in body
    assert "To pay at the property: *Rs. 12,600*" in body
    assert "Check-in from 2 pm" in body


def test_a_closed_window_stays_silent(scratch: Scratch, turns: Turns, clock: MovableClock) -> None:
    booking = confirmed()
    heard(scratch, booking, booking.starts_at - 48 * HOUR)
    move_to(clock, booking.starts_at - 23 * HOUR)
    drain(turns)
    assert not said(scratch, "stay_begins")


def test_who_cancelled_is_not_reminded(scratch: Scratch, turns: Turns, clock: MovableClock) -> None:
    booking = confirmed()
    heard(scratch, booking, booking.starts_at - 25 * HOUR)
    with db.unit_of_work() as unit:
        Booking.for_update(unit, booking.id).cancel_by_guest(unit, cause="test", now=NOW)
    move_to(clock, booking.starts_at - 23 * HOUR)
    drain(turns)
    assert not said(scratch, "stay_begins")


def test_after_the_stay_stars_are_asked_for_once(scratch: Scratch, turns: Turns, clock: MovableClock) -> None:
    booking = confirmed()
    move_to(clock, booking.ends_at + MINUTE)
    drain(turns)
    (message,) = said(scratch, "stay_over")
    assert message.template["name"] == "stay_over"
    assert scratch.value("SELECT status FROM bookings WHERE id = :id", id=booking.id) == "COMPLETED"
    move_to(clock, booking.ends_at + 2 * DAY)
    drain(turns)
    assert len(said(scratch, "stay_over")) == 1


def test_a_stay_that_ends_at_night_is_asked_about_in_the_morning(
    scratch: Scratch, turns: Turns, clock: MovableClock
) -> None:
    booking = confirmed()
    night = booking.ends_at.replace(hour=20)  # one in the morning there
    scratch.run("UPDATE follow_ups SET due_at = :at WHERE job = 'complete_stay'", at=night)
    move_to(clock, night + MINUTE)
    drain(turns)
    assert scratch.value("SELECT status FROM bookings WHERE id = :id", id=booking.id) == "COMPLETED"
    assert not said(scratch, "stay_over")
    move_to(clock, night + 7 * HOUR + MINUTE)
    drain(turns)
    assert len(said(scratch, "stay_over")) == 1
