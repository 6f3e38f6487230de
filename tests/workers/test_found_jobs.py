"""What people hear of money that was found: the rest that is missing, what goes back, what was taken back."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from models import db, receipt
from models import person as people
from models.booking import Booking
from models.booking_event import SARAI, Actor
from models.money import Money
from models.payment import AUTO_GMAIL, Payment
from models.receipt import Receipt
from models.session import Session
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES, MovableClock
from workers import bookings as bookings  # registers the jobs
from workers import transfers as transfers
from workers.turns import Turns

PART = Money(2_000_00, "PKR")


@pytest.fixture
def turns(scratch: Scratch, clock: MovableClock) -> Turns:
    with db.unit_of_work() as unit:
        make.person(unit, name="Sana Malik", role=people.ADMIN)
    return Turns(rules=RULES, clock=clock, lanes=1)


def test_the_rest_of_a_part_is_asked_for_once(scratch: Scratch, turns: Turns) -> None:
    booking_id = _found(PART)
    _drain(turns)
    assert _heard(scratch) == [("guest", "rest_missing")]
    with db.unit_of_work() as unit:
        rest = Payment.of_booking(unit, booking_id)[-1]
        assert (rest.state, rest.link_sent_at is not None) == ("pending", True)


def test_a_part_that_is_found_in_a_review_is_no_rejection(scratch: Scratch, turns: Turns) -> None:
    _found(PART, in_review=True)
    _drain(turns)
    assert _heard(scratch) == [("guest", "rest_missing")]


def test_of_a_part_without_its_rest_the_guest_hears_that_it_goes_back(scratch: Scratch, turns: Turns) -> None:
    booking_id = _found(PART)
    with db.unit_of_work() as unit:
        Booking.for_update(unit, booking_id).expire(unit, cause="follow_up:0", now=NOW)
    _drain(turns)
    assert _heard(scratch) == [("admin", "refund_required"), ("guest", "part_back")]


def test_what_is_too_much_is_told_to_the_guest_and_to_who_gives_it_back(
    scratch: Scratch, turns: Turns
) -> None:
    _found(Money(6_000_00, "PKR"))
    _drain(turns)
    assert {("guest", "paid_too_much"), ("admin", "money_left"), ("owner", "booking_request")} <= set(
        _heard(scratch)
    )


def test_a_payment_that_was_taken_back_is_an_admins_to_decide(scratch: Scratch, turns: Turns) -> None:
    booking_id = _found(None)
    _drain(turns)
    scratch.run("DELETE FROM outbound_messages")
    with db.unit_of_work() as unit:
        (row,) = Receipt.of_booking(unit, booking_id)
        _reverse(unit, booking_id, row)
    _drain(turns)
    assert _heard(scratch) == [("admin", "payment_reversed"), ("guest", "payment_reversed")]
    scratch.run("DELETE FROM outbound_messages")
    with db.unit_of_work() as unit:
        booking = Booking.for_update(unit, booking_id)
        booking.record_transfer(unit, actor=Actor("admin"), rules=RULES, cause="inbound:9", now=NOW)
    _drain(turns)
    assert ("owner", "booking_request") in _heard(scratch)  # who had not decided is asked anew


def test_two_workers_that_find_the_same_money_count_it_once(scratch: Scratch) -> None:
    booking_id = _found(None)
    with db.unit_of_work() as unit:
        (row,) = Receipt.of_booking(unit, booking_id)
        booking = Booking.for_update(unit, booking_id)
        payment = Payment.of_booking(unit, booking_id)[0]
        again = make.finds(unit, booking, payment, row.evidence_id, row.amount, how=AUTO_GMAIL)
    assert again is receipt.Outcome.KNOWN
    assert scratch.value("SELECT count(*) FROM receipts") == 1


def _found(amount: Money | None, *, in_review: bool = False) -> int:
    """A transfer of this amount, or of the one that was asked for, is found for a new booking."""
    with db.unit_of_work() as unit:
        booking = make.in_review(unit) if in_review else make.by_transfer(unit)
        unit.execute(text("UPDATE follow_ups SET done_at = :now WHERE due_at <= :now"), {"now": NOW})
        payment = Payment.of_booking(unit, booking.id)[0]
        money = make.mail(unit, amount or payment.amount)
        make.finds(unit, booking, payment, money, amount or payment.amount, how=AUTO_GMAIL)
        return booking.id


def _reverse(unit: Session, booking_id: int, row: Receipt) -> None:
    Booking.for_update(unit, booking_id).reverse(
        unit, row, evidence_id=None, how=AUTO_GMAIL, actor=SARAI, cause="evidence:9", now=NOW
    )


def _drain(turns: Turns) -> None:
    """All that is due, and once more: what was done is not done again."""
    for _ in range(2):
        while turns.drain(0):
            pass


def _heard(scratch: Scratch) -> list[tuple[str, str]]:
    rows = scratch.rows("SELECT recipient, kind, template FROM outbound_messages ORDER BY id")
    assert all(row.template is not None for row in rows)  # each reaches a closed window
    return sorted((row.recipient, row.kind) for row in rows)
