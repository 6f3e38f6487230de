"""What people hear after an event and when a time has come: once, in time, and not when it was overtaken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from models import db, outbox
from models.booking import Booking
from models.booking_event import TURNS, demand
from models.payment import PaymentFacts, PaymentState
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES, MovableClock
from workers import bookings as bookings  # registers the jobs
from workers.turns import Turns

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AUTHORIZED = PaymentFacts(PaymentState.AUTHORIZED, intent="pi_1")


@pytest.fixture
def turns(scratch: Scratch, clock: MovableClock) -> Turns:
    with db.unit_of_work() as unit:
        make.person(unit, name="Sana Malik", role="admin")
    return Turns(rules=RULES, clock=clock, lanes=1)


def test_money_that_came_is_announced_to_all_three(scratch: Scratch, turns: Turns) -> None:
    booking = _made(make.paid)
    _drain(turns)
    assert _heard(scratch) == ["admin", "guest", "owner"]
    rows = _said(scratch)
    request = next(row for row in rows if row.recipient == "owner")
    assert request.kind == "booking_request"
    assert all(row.template is not None for row in rows)  # each reaches a closed window
    codes = scratch.rows("SELECT * FROM action_codes")
    assert {code.action for code in codes} == {"CONFIRM", "DECLINE"}
    assert {code.booking_id for code in codes} == {booking.id}
    assert all(code.expires_at - code.made_at == RULES.code_life for code in codes)


def test_an_instant_place_asks_nobody(scratch: Scratch, turns: Turns) -> None:
    booking = _made(lambda unit: make.paid(unit, make.listing(unit, approval="INSTANT")))
    _drain(turns)
    assert _now(booking).decision == "YES"
    assert "owner" not in _heard(scratch)
    assert _open(scratch, "capture_payment") == 1


@pytest.mark.parametrize("step", ["decided", "cancelled"])
def test_a_request_that_was_overtaken_is_not_made(scratch: Scratch, turns: Turns, step: str) -> None:
    booking = _made(make.decided if step == "decided" else make.paid)
    if step == "cancelled":
        with db.unit_of_work() as unit:
            Booking.for_update(unit, booking.id).cancel_by_guest(unit, cause="test", now=NOW)
    _drain(turns)
    assert "booking_request" not in [row.kind for row in _said(scratch)]


def test_the_request_that_whatsapp_accepted_is_on_record(scratch: Scratch, turns: Turns) -> None:
    booking = _made(make.paid)
    _drain(turns)
    with db.unit_of_work() as unit:
        demand(
            unit,
            booking.id,
            "record_request_sent",
            "turns",
            cause="message:1",
            due_at=NOW,
            now=NOW,
        )
    _drain(turns)
    assert _now(booking).status == "BOOKING_REQUEST_SENT_TO_OWNER"


# ---- the owner's silence ---------------------------------------------------------------------------


def test_a_silent_owner_is_reminded_twice_then_the_others_are_told_then_it_is_declined(
    scratch: Scratch, turns: Turns, clock: MovableClock
) -> None:
    booking = _made(make.paid)
    _drain(turns)
    timeline = []
    for minutes in (14, 15, 29, 30, 59, 60, 24 * 60 - 1, 24 * 60):
        scratch.run("DELETE FROM outbound_messages")
        clock.move(NOW + minutes * MINUTE - clock.now() + SECOND)
        _drain(turns)
        timeline.append((minutes, _heard(scratch)))
    assert timeline == [
        (14, []),
        (15, ["owner"]),
        (29, []),
        (30, ["owner"]),
        (59, []),
        (60, ["admin", "guest"]),
        (24 * 60 - 1, []),
        (24 * 60, ["admin", "guest"]),
    ]
    assert _now(booking).status == "OWNER_CANCELLED"
    assert _now(booking).decision_reason == "no_answer"


@pytest.mark.parametrize(
    ("paid_at", "reminded_at"),
    [
        ("16:50", ["08:00"]),  # 21:50 in Karachi: both would be at night
        ("16:40", ["21:55", "08:00"]),
        ("22:00", ["08:00"]),  # three in the morning
        ("02:40", ["08:10"]),  # 07:40: the first would be a little early
        ("09:00", ["14:15", "14:30"]),
    ],
)
def test_an_owner_is_left_to_sleep_and_reminded_at_eight(
    scratch: Scratch, turns: Turns, clock: MovableClock, paid_at: str, reminded_at: list[str]
) -> None:
    hours, minutes = map(int, paid_at.split(":"))
    began = NOW.replace(hour=hours, minute=minutes)
    clock.move(began - clock.now())
    _made(lambda unit: make.paid(unit, now=began))
    while (due := _next_reminder(scratch)) is not None:
        clock.move(due - clock.now() + SECOND)
        _drain(turns)
    rows = scratch.rows(
        "SELECT created_at FROM outbound_messages "
        "WHERE recipient = 'owner' AND kind <> 'booking_request' ORDER BY id"
    )
    assert [(row.created_at + 5 * HOUR).strftime("%H:%M") for row in rows] == reminded_at


def _next_reminder(scratch: Scratch) -> datetime | None:
    due: datetime | None = scratch.value(
        "SELECT min(due_at) FROM follow_ups WHERE job LIKE 'remind_owner%' AND done_at IS NULL"
    )
    return due


def test_after_an_outage_one_reminder_is_enough(scratch: Scratch, turns: Turns, clock: MovableClock) -> None:
    _made(make.paid)
    _drain(turns)
    scratch.run("DELETE FROM outbound_messages")
    clock.move(35 * MINUTE)
    _drain(turns)
    assert _heard(scratch) == ["owner"]


def test_an_owner_who_was_asked_anew_has_all_the_time_again(
    scratch: Scratch, turns: Turns, clock: MovableClock
) -> None:
    """The money was lost and paid once more ten minutes later; what was due of the first time is not."""
    _made(make.paid)
    _drain(turns)
    scratch.run("UPDATE bookings SET paid_at = :at", at=NOW + 10 * MINUTE)
    heard = []
    for minutes in (16, 31, 61):
        scratch.run("DELETE FROM outbound_messages")
        clock.move(NOW + minutes * MINUTE - clock.now())
        _drain(turns)
        heard.append(_heard(scratch))
    assert heard == [[], [], []]


@pytest.mark.parametrize("yes", [True, False])
def test_an_owner_who_answered_is_left_alone(
    scratch: Scratch, turns: Turns, clock: MovableClock, *, yes: bool
) -> None:
    booking = _made(make.paid)
    with db.unit_of_work() as unit:
        make.decide(unit, Booking.for_update(unit, booking.id), yes=yes)
    _drain(turns)
    scratch.run("DELETE FROM outbound_messages")
    clock.move(2 * HOUR)
    _drain(turns)
    assert _heard(scratch) == []


def test_a_stay_that_begins_soon_is_declined_an_hour_before(
    scratch: Scratch, turns: Turns, clock: MovableClock
) -> None:
    booking = _made(make.paid)
    starts_at = NOW + 5 * HOUR
    scratch.run("UPDATE bookings SET starts_at = :at", at=starts_at)
    for hours, status in ((3.9, "PAYMENT_SUCCESS"), (4, "OWNER_CANCELLED")):
        clock.move(NOW + hours * HOUR - clock.now() + SECOND)
        _drain(turns)
        assert _now(booking).status == status


# ---- money -----------------------------------------------------------------------------------------


def test_a_payment_nobody_can_tell_about_alerts_the_admin_once(
    scratch: Scratch, turns: Turns, clock: MovableClock
) -> None:
    booking = _made(make.held)
    clock.move(RULES.payment_alert)
    for number in range(3):
        with db.unit_of_work() as unit:
            demand(
                unit,
                booking.id,
                "alert_pending_payment",
                TURNS,
                cause=f"test:{number}",
                due_at=clock.now(),
                now=clock.now(),
            )
        clock.move(2 * MINUTE)
        _drain(turns)
    assert _heard(scratch) == ["admin"]
    assert scratch.value("SELECT count(*) FROM booking_events WHERE action = 'ALERT'") == 1


def test_a_paid_hold_alerts_nobody(scratch: Scratch, turns: Turns, clock: MovableClock) -> None:
    booking = _made(make.decided)
    _drain(turns)
    scratch.run("DELETE FROM outbound_messages")
    with db.unit_of_work() as unit:
        cause, due_at = "test", clock.now()
        demand(unit, booking.id, "alert_pending_payment", TURNS, cause=cause, due_at=due_at, now=due_at)
    _drain(turns)
    assert "admin" not in _heard(scratch)


@pytest.mark.parametrize("second", [True, False])
def test_a_guest_hears_that_nothing_was_charged(scratch: Scratch, turns: Turns, *, second: bool) -> None:
    booking = _made(make.paid if second else make.held)
    with db.unit_of_work() as unit:
        found = Booking.for_update(unit, booking.id)
        if second:
            make.another_payment(unit, found, PaymentState.PENDING)
        make.tell(unit, found, AUTHORIZED, now=NOW if second else found.starts_at)
        unit.execute(text("UPDATE follow_ups SET done_at = now() WHERE job <> 'tell_late_authorization'"))
    scratch.run("UPDATE follow_ups SET due_at = :now", now=NOW)
    _drain(turns)
    assert _heard(scratch) == ["guest"]


def test_a_capture_that_failed_is_told_to_the_owner(scratch: Scratch, turns: Turns) -> None:
    booking = _made(make.decided)
    _drain(turns)
    scratch.run("DELETE FROM outbound_messages")
    with db.unit_of_work() as unit:
        found = Booking.for_update(unit, booking.id)
        make.tell(unit, found, PaymentFacts(PaymentState.EXPIRED))
    _drain(turns)
    assert _heard(scratch) == ["owner"]


# ---- ends ------------------------------------------------------------------------------------------


def test_a_hold_that_ran_out_is_told_to_the_guest_and_not_after_it_was_paid(
    scratch: Scratch, turns: Turns
) -> None:
    late, paid = _made(make.held), _made(make.held)
    for booking in (late, paid):
        with db.unit_of_work() as unit:
            found = Booking.for_update(unit, booking.id)
            found.expire(unit, cause="test", now=NOW)
            if booking is paid:
                make.tell(unit, found, AUTHORIZED)
    scratch.run("UPDATE follow_ups SET done_at = now() WHERE job <> 'tell_expired'")
    _drain(turns)
    assert [(row.person_id, row.recipient) for row in _said(scratch)] == [(late.person_id, "guest")]


@pytest.mark.parametrize(
    ("booking_of", "told"),
    [(make.held, []), (make.paid, ["admin", "owner"]), (make.confirmed, ["admin", "owner"])],
    ids=["held", "paid", "confirmed"],
)
def test_a_guests_cancel_is_told_to_those_who_knew_of_the_booking(
    scratch: Scratch, turns: Turns, booking_of: Callable[..., Booking], told: list[str]
) -> None:
    booking = _made(booking_of)
    _cancel(booking)
    scratch.run("UPDATE follow_ups SET done_at = now() WHERE job <> 'tell_cancelled_by_guest'")
    _drain(turns)
    assert _heard(scratch) == told


def test_an_owner_who_said_yes_hears_of_the_cancel_also_after_a_failed_capture(
    scratch: Scratch, turns: Turns
) -> None:
    booking = _made(make.decided)
    with db.unit_of_work() as unit:
        make.tell(unit, Booking.for_update(unit, booking.id), PaymentFacts(PaymentState.EXPIRED))
    _cancel(booking)
    scratch.run("UPDATE follow_ups SET done_at = now() WHERE job <> 'tell_cancelled_by_guest'")
    _drain(turns)
    assert "owner" in _heard(scratch)


def test_money_owed_back_is_told_to_the_admin(scratch: Scratch, turns: Turns) -> None:
    booking = _made(make.confirmed)
    _cancel(booking)
    scratch.run("UPDATE follow_ups SET done_at = now() WHERE job <> 'tell_refund_required'")
    _drain(turns)
    assert _heard(scratch) == ["admin"]


def test_the_admin_is_told_what_is_owed_and_not_what_was_paid(scratch: Scratch, turns: Turns) -> None:
    booking = _made(lambda unit: make.confirmed(unit, now=NOW))
    with db.unit_of_work() as unit:
        late = Booking.for_update(unit, booking.id).starts_at - 3 * HOUR
        Booking.for_update(unit, booking.id).cancel_by_guest(unit, cause="inbound:9", now=late)
    scratch.run("UPDATE follow_ups SET done_at = now() WHERE job <> 'tell_refund_required'")
    scratch.run("UPDATE follow_ups SET due_at = :at", at=NOW)
    _drain(turns)
    told = scratch.row("SELECT message, template FROM outbound_messages WHERE kind = 'refund_required'")
    assert "Paid: Rs.\u00a05,400" in told.message["body"]
    assert "To give back: *Rs.\u00a04,050*" in told.message["body"]
    assert "4,050" in str(told.template)


def test_a_draft_is_given_up_a_day_after_its_last_change(
    scratch: Scratch, turns: Turns, clock: MovableClock
) -> None:
    booking = _made(make.draft)
    scratch.run("UPDATE bookings SET updated_at = :at", at=NOW + 5 * HOUR)
    for hours, status in ((24, "INITIATED"), (28.9, "INITIATED"), (29, "EXPIRED")):
        clock.move(NOW + hours * HOUR - clock.now() + SECOND)
        _drain(turns)
        assert _now(booking).status == status
    assert _heard(scratch) == []


def test_a_stay_is_over_when_it_is_over(scratch: Scratch, turns: Turns, clock: MovableClock) -> None:
    stayed, cancelled = _made(make.confirmed), _made(make.confirmed)
    _cancel(cancelled)
    clock.move(stayed.ends_at - clock.now() - MINUTE)
    _drain(turns)
    assert _now(stayed).status == "OWNER_CONFIRMED"
    clock.move(2 * MINUTE)
    _drain(turns)
    assert _now(stayed).status == "COMPLETED"
    assert _now(cancelled).status == "REFUND_REQUIRED"


def test_a_message_that_did_not_arrive_is_told_to_the_admin_once(scratch: Scratch, turns: Turns) -> None:
    booking = _made(make.paid)
    _drain(turns)
    lost = next(row for row in _said(scratch) if row.kind == "booking_request")
    with db.unit_of_work() as unit:
        outbox.give_up(unit, lost.id, None, NOW)
        outbox.give_up(unit, lost.id, None, NOW)
    scratch.run("DELETE FROM outbound_messages WHERE id <> :id", id=lost.id)
    _drain(turns)
    assert sorted(_heard(scratch)) == ["admin", "owner"]  # the lost one is the owner's
    assert _now(booking).status == "PAYMENT_SUCCESS"


# ---- helpers ---------------------------------------------------------------------------------------


def _made(kind: Callable[..., Booking]) -> Booking:
    with db.unit_of_work() as unit:
        return kind(unit)


def _now(booking: Booking) -> Booking:
    with db.unit_of_work() as unit:
        return Booking.get(unit, booking.id)


def _cancel(booking: Booking) -> None:
    with db.unit_of_work() as unit:
        Booking.for_update(unit, booking.id).cancel_by_guest(unit, cause="test", now=NOW)


def _drain(turns: Turns) -> None:
    """All that is due, and once more: what was done is not done again."""
    for _ in range(2):
        while turns.drain(0):
            pass


def _said(scratch: Scratch) -> Sequence[Any]:
    return scratch.rows("SELECT * FROM outbound_messages ORDER BY id")


def _heard(scratch: Scratch) -> list[str]:
    """Who is told something, one entry per message."""
    return sorted(row.recipient for row in _said(scratch))


def _open(scratch: Scratch, job: str) -> int:
    return int(scratch.value("SELECT count(*) FROM follow_ups WHERE job = :job AND done_at IS NULL", job=job))
