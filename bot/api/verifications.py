"""Payments that wait to be verified: what there is to see, a yes, and a no."""

from __future__ import annotations

from typing import Final

from bot.access import Needs
from bot.api.bookings import NO_BOOKING, actor, candidate_shown, for_update, payment_shown, pending_shown
from bot.api.operation import Call, Link, Refusal, Topic
from bot.api.shapes.money import (
    BookingDetails,
    BookingPath,
    BookingRejected,
    BookingVerified,
    PaymentAttempt,
    PendingVerifications,
    RejectAsked,
    Rejected,
    StepFacts,
    Verified,
    amount,
)
from bot.api.shapes.words import Page
from models import money_lists, reports
from models.audit import Deed
from models.booking import Booking
from models.lifecycle import AWAITING_OWNER, Status
from models.listing import Listing
from models.payment import Payment
from models.session import Session

topic = Topic("Verifications")

REASON_LENGTH: Final = 120

NOT_POSSIBLE = Refusal(409, "ILLEGAL_TRANSITION", "This is not possible as the booking stands now.")


# ---- what waits --------------------------------------------------------------------------------------


@topic.operation(
    "GET",
    "/api/admin/pending-verifications",
    needs=Needs.READ,
    links=(
        Link("booking_details", "booking_id", "/bookings/0/booking_id"),
        Link("confirm_booking_payment", "booking_id", "/bookings/0/booking_id"),
        Link("reject_booking_payment", "booking_id", "/bookings/1/booking_id"),
    ),
)
def pending_verifications(call: Call, query: Page, session: Session) -> PendingVerifications:
    """The bookings whose payment waits to be verified, in the order in which they were made."""
    found = money_lists.in_review(session, after=query.after or 0, most=query.limit + 1)
    shown = found[: query.limit]
    return PendingVerifications(
        bookings=[pending_shown(session, Booking.get(session, number)) for number in shown],
        count=money_lists.count_in_review(session),
        next=shown[-1] if len(found) > len(shown) else None,
    )


@topic.operation("GET", "/api/admin/booking/{booking_id}/details", needs=Needs.READ, refusals=(NO_BOOKING,))
def booking_details(call: Call, path: BookingPath, session: Session) -> BookingDetails:
    """All about one booking that is needed to decide about its payment, and what happened to it."""
    booking = Booking.with_code(session, path.booking_id)
    if booking is None:
        raise NO_BOOKING.error()
    return BookingDetails(
        **dict(pending_shown(session, booking)),
        payments=[payment_shown(told) for told in money_lists.of_booking(session, booking.id)],
        candidates=[candidate_shown(each) for each in money_lists.candidates_of_booking(session, booking.id)],
        attempts=[
            PaymentAttempt(
                method=each.method,
                state=each.state,
                amount=amount(each.amount),
                currency=each.currency,
                reference=each.reference,
                created_at=each.created_at,
                captured_at=each.captured_at,
            )
            for each in Payment.of_booking(session, booking.id)
        ],
        history=[
            StepFacts(
                at=step.at, action=step.action, actor=step.actor.kind, name=step.name, reason=step.reason
            )
            for step in reports.history(session, booking.id)
        ],
    )


# ---- yes and no --------------------------------------------------------------------------------------


@topic.operation(
    "POST",
    "/api/admin/booking/{booking_id}/confirm",
    needs=Needs.VERIFY_PAYMENTS,
    keyed=True,
    refusals=(NO_BOOKING, NOT_POSSIBLE),
)
def confirm_booking_payment(call: Call, path: BookingPath, session: Session) -> Verified:
    """The money is on the account: the booking goes on, or what came too late goes back."""
    booking = for_update(session, path.booking_id)
    booking.record_transfer(
        session, actor=actor(call), rules=call.world.rules, cause=call.cause, now=call.now
    )
    call.record(session, Deed.VERIFY_PAYMENT, f"booking:{booking.id}", status=booking.status)
    return Verified(
        message=_after_yes(session, booking),
        booking=BookingVerified(booking_id=booking.code, status=booking.status, verified_at=call.now),
    )


@topic.operation(
    "POST",
    "/api/admin/booking/{booking_id}/reject",
    needs=Needs.VERIFY_PAYMENTS,
    keyed=True,
    refusals=(NO_BOOKING, NOT_POSSIBLE),
)
def reject_booking_payment(call: Call, path: BookingPath, body: RejectAsked, session: Session) -> Rejected:
    """The money is not there: the guest is told why, and may try again unless it was the last time."""
    booking = for_update(session, path.booking_id)
    reason = _in_one_line(body.reason)
    booking.reject_payment(
        session, reason=reason, actor=actor(call), rules=call.world.rules, cause=call.cause, now=call.now
    )
    call.record(session, Deed.REJECT_PAYMENT, f"booking:{booking.id}", status=booking.status)
    ended = booking.status == Status.EXPIRED
    return Rejected(
        message="Booking payment rejected" + ("; the booking has expired" if ended else ""),
        booking=BookingRejected(booking_id=booking.code, status=booking.status, rejection_reason=reason),
    )


def _after_yes(session: Session, booking: Booking) -> str:
    if booking.status == Status.REFUND_REQUIRED:
        return "The place could not be kept, so all of it has to go back; the guest is told"
    if booking.status in AWAITING_OWNER and Listing.get(session, booking.listing_id).approval != "INSTANT":
        return "Payment verified; the owner is asked now, and the guest is told"
    return "Booking confirmed successfully"


def _in_one_line(reason: str) -> str:
    """The reason as a chat can show it; one that nobody could read is another one."""
    words = "".join(sign if sign.isprintable() else " " for sign in reason).split()
    return " ".join(words)[:REASON_LENGTH].strip() or "other"
