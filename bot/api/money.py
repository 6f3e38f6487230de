"""Transfers: what waits to be verified, a yes, a no, money that nobody knows the booking of, and what came before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.access import Needs
from bot.api.operation import Call, Link, Picture, Refusal, Topic
from bot.api.shapes import (
    BookingDetails,
    BookingFacts,
    BookingLinked,
    BookingPath,
    BookingRejected,
    BookingVerified,
    CandidateFacts,
    CustomerFacts,
    LinkAsked,
    Linked,
    Page,
    PaymentAttempt,
    PaymentFacts,
    PaymentPath,
    Payments,
    PaymentShown,
    PaymentsQuery,
    PendingVerification,
    PendingVerifications,
    PropertyFacts,
    RejectAsked,
    Rejected,
    StepFacts,
    UnmatchedPayment,
    UnmatchedPayments,
    Verified,
    amount,
)
from models import evidence, mail, money_lists, person, reports
from models.audit import Deed
from models.booking import Booking
from models.booking_event import Actor
from models.evidence import EvidenceStatus
from models.lifecycle import AWAITING_OWNER, Status
from models.listing import Listing
from models.money import CurrencyMismatch
from models.money_lists import Scored, Told
from models.payment import MANUAL_ADMIN, Found, Payment
from models.question import Kind
from models.receipt import Outcome
from models.sealed import CannotOpen
from models.session import Session

topic = Topic("Payments")

REASON_LENGTH: Final = 120
MOST_HEADERS: Final = 64 * 1024
MOST_SUBJECT: Final = 300

_END_OF_HEADERS: Final = re.compile(rb"\r?\n\r?\n")

NO_BOOKING = Refusal(404, "NO_SUCH_BOOKING", "There is no booking with this id.")
NO_PAYMENT = Refusal(404, "NO_SUCH_PAYMENT", "There is no payment with this id.")
NO_PICTURE = Refusal(404, "NO_SCREENSHOT", "There is no picture of this payment.")
NOT_LINKABLE = Refusal(
    409, "NOT_LINKABLE", "Only money that a trusted mail tells of is linked; verify the booking instead."
)
IS_COUNTED = Refusal(409, "PAYMENT_COUNTED", "This money was counted for another booking before.")
NOT_AWAITED = Refusal(409, "NO_TRANSFER_AWAITED", "The booking's guest was never asked to transfer money.")
OTHER_CURRENCY = Refusal(409, "OTHER_CURRENCY", "The booking is paid in another currency.")
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
        bookings=[_pending(session, Booking.get(session, number)) for number in shown],
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
        **dict(_pending(session, booking)),
        payments=[_payment(told) for told in money_lists.of_booking(session, booking.id)],
        candidates=[_candidate(each) for each in money_lists.candidates_of_booking(session, booking.id)],
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
    booking = _for_update(session, path.booking_id)
    booking.record_transfer(
        session, actor=_actor(call), rules=call.world.rules, cause=call.cause, now=call.now
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
    booking = _for_update(session, path.booking_id)
    reason = _in_one_line(body.reason)
    booking.reject_payment(
        session, reason=reason, actor=_actor(call), rules=call.world.rules, cause=call.cause, now=call.now
    )
    call.record(session, Deed.REJECT_PAYMENT, f"booking:{booking.id}", status=booking.status)
    ended = booking.status == Status.EXPIRED
    return Rejected(
        message="Booking payment rejected" + ("; the booking has expired" if ended else ""),
        booking=BookingRejected(booking_id=booking.code, status=booking.status, rejection_reason=reason),
    )


def _for_update(session: Session, code: str) -> Booking:
    found = Booking.with_code(session, code)
    if found is None:
        raise NO_BOOKING.error()
    return Booking.for_update(session, found.id)


def _actor(call: Call) -> Actor:
    return Actor("admin", call.signed_in.account.person_id)


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


# ---- money that nobody knows the booking of, and all that came --------------------------------------


@topic.operation(
    "GET",
    "/api/admin/unmatched-payments",
    needs=Needs.READ,
    links=(Link("link_payment_to_booking", "payment_id", "/payments/0/payment_id"),),
)
def unmatched_payments(call: Call, query: Page, session: Session) -> UnmatchedPayments:
    """Money that came and is nobody's yet, the newest first, with the bookings it may be for."""
    found = money_lists.unmatched(session, before=query.after, most=query.limit + 1)
    shown = found[: query.limit]
    scored = money_lists.candidates_of(session, [told.id for told in shown])
    return UnmatchedPayments(
        payments=[
            UnmatchedPayment(
                **dict(_payment(told)),
                email_subject=_subject(session, told),
                candidates=[_candidate(each) for each in scored if each.told == told.name],
            )
            for told in shown
        ],
        count=money_lists.count_unmatched(session),
        next=shown[-1].id if len(found) > len(shown) else None,
    )


def _subject(session: Session, told: Told) -> str | None:
    """What stands above the mail, which is sealed; None without one that can be opened."""
    from integrations.payment_mail.envelope import open_envelope

    if told.mail_id is None:
        return None
    try:
        raw = mail.raw(session, told.mail_id)
    except CannotOpen:
        return None
    headers = _END_OF_HEADERS.split((raw or b"")[:MOST_HEADERS], maxsplit=1)[0]
    subject = open_envelope(headers + b"\r\n\r\n").decoded("subject")
    return "".join(sign for sign in subject if sign.isprintable())[:MOST_SUBJECT] or None


@topic.operation(
    "GET",
    "/api/admin/payments",
    needs=Needs.READ,
    links=(Link("payment_screenshot", "payment_id", "/payments/1/payment_id"),),
)
def payments(call: Call, query: PaymentsQuery, session: Session) -> Payments:
    """All that was told of money, by mails, pictures and admins, the newest first."""
    found = money_lists.history(
        session,
        before=query.after,
        most=query.limit + 1,
        status=query.status,
        source=query.source,
        booking_code=query.booking_id.upper() if query.booking_id is not None else None,
    )
    shown = found[: query.limit]
    return Payments(
        payments=[_payment(told) for told in shown],
        next=shown[-1].id if len(found) > len(shown) else None,
    )


@topic.operation(
    "GET",
    "/api/admin/payment/{payment_id}/screenshot",
    needs=Needs.READ,
    refusals=(NO_PAYMENT, NO_PICTURE),
)
def payment_screenshot(call: Call, path: PaymentPath, session: Session) -> Picture:
    """The picture that a guest sent; who looked at it is kept."""
    told = money_lists.one(session, path.payment_id)
    if told is None:
        raise NO_PAYMENT.error()
    try:
        picture = evidence.picture(session, told.id)
    except CannotOpen:
        picture = None
    if picture is None:
        raise NO_PICTURE.error()
    call.record(session, Deed.SEE_SCREENSHOT, f"evidence:{told.id}")
    content, mime_type = picture
    return Picture(content, mime_type)


@topic.operation(
    "POST",
    "/api/admin/payment/{payment_id}/link-booking",
    needs=Needs.VERIFY_PAYMENTS,
    keyed=True,
    refusals=(NO_PAYMENT, NO_BOOKING, NOT_LINKABLE, IS_COUNTED, NOT_AWAITED, OTHER_CURRENCY),
)
def link_payment_to_booking(call: Call, path: PaymentPath, body: LinkAsked, session: Session) -> Linked:
    """Say which booking a payment is for: it counts for that one, and the booking follows."""
    told = money_lists.one(session, path.payment_id)
    if told is None:
        raise NO_PAYMENT.error()
    if told.source != evidence.GMAIL or told.kind != evidence.CREDIT or not told.trusted or not told.amount:
        raise NOT_LINKABLE.error()
    booking = _for_update(session, body.booking_id)
    transfer = booking.newest_transfer(session)
    if transfer is None:
        raise NOT_AWAITED.error()
    found = Found(told.id, transfer.id, told.amount, MANUAL_ADMIN, told.occurred_at)
    try:
        outcome = booking.record_found(
            session, found, actor=_actor(call), rules=call.world.rules, cause=call.cause, now=call.now
        )
    except CurrencyMismatch:
        raise OTHER_CURRENCY.error(payment=told.amount.currency, booking=booking.currency) from None
    linked = money_lists.one(session, path.payment_id)
    assert linked is not None
    if outcome is Outcome.KNOWN and linked.booking_code != booking.code:
        raise IS_COUNTED.error(booking_id=linked.booking_code)
    call.record(session, Deed.LINK_PAYMENT, f"evidence:{told.id}", booking=booking.id, outcome=outcome)
    return Linked.model_validate(
        {
            "message": _AFTER_LINK[outcome],
            "outcome": outcome.value,
            "payment": _payment(linked),
            "booking": BookingLinked(booking_id=booking.code, status=booking.status),
        }
    )


_AFTER_LINK: Final = {
    Outcome.EXACT: "Payment linked; the booking is paid",
    Outcome.PART: "Payment linked; the guest is asked for what is missing",
    Outcome.OVER: "Payment linked; the booking is paid, and what is too much goes back",
    Outcome.LATE: "Payment linked; it came too late and has to go back",
    Outcome.SECOND: "Payment linked; the booking was paid before, so that it has to go back",
    Outcome.KNOWN: "This money was counted for the booking before; nothing changes",
}


# ---- as it is shown ----------------------------------------------------------------------------------


def _pending(session: Session, booking: Booking) -> PendingVerification:
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
        screenshot_url=_picture_address(last),
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


def _payment(told: Told) -> PaymentFacts:
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
            "screenshot_url": _picture_address(told),
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


def _picture_address(told: Told) -> str | None:
    return f"/api/admin/payment/{told.name}/screenshot" if told.has_picture else None


def _candidate(scored: Scored) -> CandidateFacts:
    return CandidateFacts(
        payment_id=scored.told,
        booking_id=scored.booking_code,
        score=scored.score,
        why=list(scored.why),
        is_chosen=scored.is_chosen,
    )
