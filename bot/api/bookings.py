"""What several topics share about bookings and their payments: finding one, and showing it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.api.operation import Call, Refusal
from bot.api.shapes.money import (
    BookingFacts,
    CandidateFacts,
    CustomerFacts,
    PaymentFacts,
    PaymentShown,
    PendingVerification,
    PropertyFacts,
    amount,
)
from models import money_lists, person
from models.booking import Booking
from models.booking_event import Actor
from models.evidence import EvidenceStatus
from models.listing import Listing
from models.money_lists import Scored, Told
from models.question import Kind
from models.session import Session

NO_BOOKING = Refusal(404, "NO_SUCH_BOOKING", "There is no booking with this id.")


def for_update(session: Session, code: str) -> Booking:
    """The booking with this code, its row locked.

    Raises:
        Refused: 404 where there is none.
    """
    found = Booking.with_code(session, code)
    if found is None:
        raise NO_BOOKING.error()
    return Booking.for_update(session, found.id)


def actor(call: Call) -> Actor:
    """Who has signed in, as bookings know them."""
    return Actor("admin", call.signed_in.account.person_id)


def pending_shown(session: Session, booking: Booking) -> PendingVerification:
    """A booking, its guest, and what says that they have paid."""
    listing = Listing.get(session, booking.listing_id)
    told = money_lists.of_booking(session, booking.id)
    return PendingVerification(
        booking_id=booking.code,
        property=PropertyFacts(name=listing.name, type=listing.category, address=listing.location),
        customer=CustomerFacts(
            name=booking.guest_name,
            phone=person.phone_of(session, booking.person_id),
            cnic=_identity(booking, listing),
        ),
        booking_details=BookingFacts(
            date=booking.check_in,
            check_out=booking.check_out,
            shift=booking.shift,
            start_time=f"{booking.slot_start:%H:%M}" if booking.slot_start is not None else None,
            guests=booking.guests,
            total_cost=amount(booking.total),
            advance=amount(booking.advance),
            due=amount(booking.due),
            currency=booking.currency,
        ),
        payment=_shown(told),
        status=booking.status,
        review_until=booking.hold_until if booking.is_in_review else None,
        created_at=booking.created_at,
    )


def _shown(told: Sequence[Told]) -> PaymentShown:
    """What nobody has judged yet, else what came last."""
    waiting = [each for each in told if each.status == EvidenceStatus.PENDING]
    last = next(iter(waiting or told), None)
    if last is None:
        return PaymentShown(screenshot_url=None, transaction_id=None, amount=None, sender_name=None)
    return PaymentShown(
        screenshot_url=picture_address(last),
        transaction_id=last.transaction_id,
        amount=amount(last.amount) if last.amount is not None else None,
        sender_name=last.sender_name,
    )


def _identity(booking: Booking, listing: Listing) -> str | None:
    """The number of the guest's identity card by its end, where the place asks for one and it was given."""
    given = booking.answers or {}
    for question in listing.questions:
        if question.kind is Kind.CNIC and given.get(question.key) is not None:
            return question.shown(given[question.key])
    return None


def payment_shown(told: Told) -> PaymentFacts:
    return PaymentFacts.model_validate(
        {
            "payment_id": told.name,
            "booking_id": told.booking_code,
            "source": told.source,
            "kind": told.kind,
            "status": told.status,
            "transaction_id": told.transaction_id,
            "amount": amount(told.amount) if told.amount is not None else None,
            "currency": told.amount.currency if told.amount is not None else None,
            "issuer": told.issuer,
            "sender_name": told.sender_name,
            "sender_phone": told.sender_phone,
            "receiver_account": told.payee_tail,
            "occurred_at": told.occurred_at,
            "email_id": str(told.mail_id) if told.mail_id is not None else None,
            "screenshot_url": picture_address(told),
            "is_trusted": told.trusted,
            "is_counted": told.counted,
            "match_confidence": told.confidence,
            "verdict": told.verdict,
            "rejection_reason": told.reason,
            "duplicate_of": told.duplicate_of,
            "created_at": told.created_at,
            "verified_at": told.verified_at,
            "verified_by": told.verified_by,
        }
    )


def picture_address(told: Told) -> str | None:
    return f"/api/admin/payment/{told.name}/screenshot" if told.has_picture else None


def candidate_shown(scored: Scored) -> CandidateFacts:
    return CandidateFacts(
        payment_id=scored.told,
        booking_id=scored.booking_code,
        score=scored.score,
        why=list(scored.why),
        is_chosen=scored.is_chosen,
    )
