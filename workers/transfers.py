"""Light jobs of transfers: where to send the money, that it was not found, and the end of looking for it.

As all light jobs they run in one unit of work with the booking locked; one that was overtaken does nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from flows import notices
from models.booking import Booking
from models.booking_event import SARAI
from models.booking_money import OTHERS, PART
from models.lifecycle import CONFIRMED, Fact, Status
from models.payment import OPEN, TRANSFER, Payment, PaymentFacts, PaymentState
from models.receipt import Receipt
from models.rules import Rules
from models.session import Session
from workers.follow_ups import Due, Later, light


@light
def send_instructions(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """Where to transfer what, and by what we know it: the one bubble after the tap."""
    payment = Payment.of_booking(session, booking.id, lock=True)[-1]
    is_awaited = booking.status == Status.PAYMENT_PENDING and payment.method == TRANSFER
    if not is_awaited or payment.state not in OPEN or payment.link_sent_at is not None:
        return
    payment.learn(PaymentFacts(PaymentState.PENDING), now)
    payment.link_sent_at = now
    payment.write(session)
    notices.transfer_instructions(session, booking, payment, rules=rules, now=now)


@light
def tell_rejected(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """The money was not found: why, and how to try again."""
    payment = _opened(session, booking, now)
    if payment is None:
        return
    reason = session.execute(
        text("SELECT reason FROM booking_events WHERE id = :id"),
        {"id": int(due.cause.removeprefix("event:"))},
    ).scalar_one()
    if reason == PART:
        notices.rest_missing(session, booking, payment, rules=rules, now=now)
    elif reason == OTHERS:
        notices.still_awaited(session, booking, payment, rules=rules, now=now)
    else:
        notices.payment_rejected(session, booking, payment, reason=reason, rules=rules, now=now)


@light
def end_search(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """The money that the place was kept for is somebody else's; where it was kept for other money, it stays kept."""
    evidence_id = int(due.cause.split(":")[1])
    if booking.kept_for(session) == evidence_id:
        booking.end_search(session, rules=rules, actor=SARAI, cause=due.cause, now=now)


@light
def ask_for_rest(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """A part has come: how much is missing, and where to."""
    payment = _opened(session, booking, now)
    if payment is not None:
        notices.rest_missing(session, booking, payment, rules=rules, now=now)


def _opened(session: Session, booking: Booking, now: datetime) -> Payment | None:
    """The transfer that the guest is to make now, asked for from this moment on; None where none is awaited."""
    payment = Payment.of_booking(session, booking.id, lock=True)[-1]
    if booking.status != Status.PAYMENT_PENDING or payment.method != TRANSFER:
        return None
    if payment.link_sent_at is None:
        payment.learn(PaymentFacts(PaymentState.PENDING), now)
        payment.link_sent_at = now
        payment.write(session)
    return payment


@light
def tell_money_left(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """More came than was asked for, or it came twice."""
    row = Receipt.get(session, int(due.cause.removeprefix("receipt:")))
    notices.money_left(session, booking, row, rules=rules, now=now)


@light
def tell_revived(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """The money is there after all: who was told that the ticket does not count hears that it does."""
    if booking.status in CONFIRMED:
        notices.ticket_counts_again(session, booking, rules=rules, now=now)


@light
def tell_reversed(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """A bank took the money back: the admins decide, and the guest knows why the ticket does not count."""
    row_id = session.execute(
        text("SELECT CAST(data->>'receipt_id' AS bigint) FROM booking_events WHERE id = :id"),
        {"id": int(due.cause.removeprefix("event:"))},
    ).scalar_one()
    notices.payment_reversed(session, booking, Receipt.get(session, row_id), now=now)


@light
def alert_review(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """Nobody has looked for the money yet, and soon it is too late: the admins are asked once more."""
    if not booking.is_in_review:
        return
    assert booking.hold_until is not None
    if booking.hold_until - now > rules.review / 2:
        return  # our search is over, and this one has an alert of its own
    if booking.note(session, Fact.ALERT, cause=f"follow_up:{due.id}", now=now, data={"why": "review"}):
        notices.review_ending(session, booking, rules=rules, now=now)


@light
def expire_review(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> Later | None:
    """Nobody decided in time: the place is free again, and both sides hear that the money may still come."""
    if not booking.is_in_review:
        return None
    assert booking.hold_until is not None
    if now < booking.hold_until:
        return Later(booking.hold_until)
    booking.expire(session, cause=f"follow_up:{due.id}", now=now)
    notices.review_expired(session, booking, rules=rules, now=now)
    return None
