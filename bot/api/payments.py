"""Money that came: what nobody knows the booking of, saying whose it is, and all that came before."""

from __future__ import annotations

import re
from typing import Final

from bot.access import Needs
from bot.api.bookings import NO_BOOKING, actor, candidate_shown, for_update, payment_shown
from bot.api.operation import Call, Link, Picture, Refusal, Topic
from bot.api.shapes.money import (
    BookingLinked,
    LinkAsked,
    Linked,
    PaymentPath,
    Payments,
    PaymentsQuery,
    UnmatchedPayment,
    UnmatchedPayments,
)
from bot.api.shapes.words import Page
from models import evidence, mail, money_lists
from models.audit import Deed
from models.money import CurrencyMismatch
from models.money_lists import Told
from models.payment import MANUAL_ADMIN, Found
from models.receipt import Outcome
from models.sealed import CannotOpen
from models.session import Session

topic = Topic("Payments")

MOST_HEADERS: Final = 64 * 1024
MOST_SUBJECT: Final = 300
_END_OF_HEADERS: Final = re.compile(rb"\r?\n\r?\n")

NO_PAYMENT = Refusal(404, "NO_SUCH_PAYMENT", "There is no payment with this id.")
NO_PICTURE = Refusal(404, "NO_SCREENSHOT", "There is no picture of this payment.")
NOT_LINKABLE = Refusal(
    409, "NOT_LINKABLE", "Only money that a trusted mail tells of is linked; verify the booking instead."
)
IS_COUNTED = Refusal(409, "PAYMENT_COUNTED", "This money was counted for another booking before.")
NOT_AWAITED = Refusal(409, "NO_TRANSFER_AWAITED", "The booking's guest was never asked to transfer money.")
OTHER_CURRENCY = Refusal(409, "OTHER_CURRENCY", "The booking is paid in another currency.")


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
                **dict(payment_shown(told)),
                email_subject=_subject(session, told),
                candidates=[candidate_shown(each) for each in scored if each.told == told.name],
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
        payments=[payment_shown(told) for told in shown],
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
    booking = for_update(session, body.booking_id)
    transfer = booking.newest_transfer(session)
    if transfer is None:
        raise NOT_AWAITED.error()
    found = Found(told.id, transfer.id, told.amount, MANUAL_ADMIN, told.occurred_at)
    try:
        outcome = booking.record_found(
            session, found, actor=actor(call), rules=call.world.rules, cause=call.cause, now=call.now
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
            "payment": payment_shown(linked),
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
