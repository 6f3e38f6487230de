"""What is said of money that was found: that some is missing, that some is too much, that it was taken back."""

from __future__ import annotations

from datetime import datetime

from flows import templates, transfer
from flows.actions import BookAgain, DeclineInstead, SayPaid, ShowBooking, TalkToPerson, VerifyPayment
from flows.engine import button, with_preface
from flows.notices.admin import refund_required
from flows.notices.telling import clock, listing_of, people, speak_to_guest, tell_admins, tell_guest
from flows.notices.transfer import payee_of
from flows.phrases import ENGLISH
from models import person
from models.booking import Booking
from models.booking_money import received
from models.message import Buttons, Text, clip
from models.money import Money
from models.payment import Payment
from models.receipt import Outcome, Receipt
from models.rules import Rules
from models.session import Session


def rest_missing(
    session: Session, booking: Booking, payment: Payment, *, rules: Rules, now: datetime
) -> None:
    """A part has come: how much is missing, and everything that is needed to send it."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    payee = payee_of(session, payment)
    country = person.country_of(session, booking.person_id)
    came = _.money(Money(received(Payment.of_booking(session, booking.id)), booking.currency))
    page = transfer.page(_, booking, listing, payment, payee, country, rules, now)
    preface = _("We have received *{amount}*, thank you. A part is still missing:", amount=came)
    template = templates.make(
        "rest_missing",
        _.language,
        came,
        listing.name,
        _.money(payment.missing),
        f"{payee.provider}, {payee.title}",
        payee.account,
        payment.reference or "-",
        clock(_, booking.hold_until or payment.expires_at, listing),
        taps=(SayPaid(booking.id),),
    )
    tell_guest(session, booking, with_preface(page, preface), "rest_missing", template, now)


def part_goes_back(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """The rest did not come in time: what came goes back, and one tap starts again."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    came = _.money(Money(received(Payment.of_booking(session, booking.id)), booking.currency))
    body = _(
        "The rest of your payment for *{place}* did not come in time, so the place was not kept. What you had sent, "
        "*{amount}*, goes back to you within 5–7 business days.",
        place=clip(listing.name, 60),
        amount=came,
    )
    tap = BookAgain(booking.id)
    template = templates.make("part_back", _.language, listing.name, booking.code, came, taps=(tap,))
    message = Buttons(body, (button(tap, _("Book again")),))
    tell_guest(session, booking, message, "part_back", template, now)
    refund_required(session, booking, rules=rules, now=now)


def money_left(session: Session, booking: Booking, row: Receipt, *, rules: Rules, now: datetime) -> None:
    """More came than was asked for, or it came twice: it goes back, and whoever sends it back is told."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    place, back = clip(listing.name, 60), _.money(row.back)
    if row.outcome == Outcome.SECOND:
        name, why = "paid_again", "it was paid before"
        body = _(
            "Another payment of *{amount}* for *{place}* has reached us, though it was paid before. It goes back "
            "to you within 5–7 business days.",
            amount=back,
            place=place,
        )
    else:
        name, why = "paid_too_much", "more than was asked for"
        body = _(
            "You sent *{amount}* more than was asked for *{place}*. What is too much goes back to you within "
            "5–7 business days.",
            amount=back,
            place=place,
        )
    template = templates.make(name, _.language, back, listing.name, booking.code)
    tell_guest(session, booking, Text(body), name, template, now)
    came, back = ENGLISH.money(row.amount), ENGLISH.money(row.back)
    lines = [
        "*Money to give back*",
        "",
        *people(session, booking, listing),
        f"Came: {came}, {why}",
        f"To give back: *{back}*",
        "",
        "The booking itself stays as it is. The guest is told.",
    ]
    record = templates.make("money_left_record", "en", booking.code, listing.name, came, why, back)
    tell_admins(session, booking, Text("\n".join(lines)), "money_left", record, now)


def payment_reversed(session: Session, booking: Booking, row: Receipt, *, now: datetime) -> None:
    """A bank took back what it had credited; where the booking was paid by it, an admin decides what becomes of it."""
    listing = listing_of(session, booking)
    amount = ENGLISH.money(-row.amount)
    lines = [
        "⚠️ *A payment was taken back*",
        "",
        *people(session, booking, listing),
        f"Amount: *{amount}*",
        "",
    ]
    if not booking.is_reversed:
        lines.append("Please look at the account. The booking stays as it is.")
        template = templates.make("reversal_record", "en", amount, booking.code, listing.name)
        tell_admins(session, booking, Text("\n".join(lines)), "payment_reversed", template, now)
        return
    lines += [
        "Its ticket is suspended, and the place is kept until you decide.",
        "Is the money there after all, tap *Money is there*. If not, decline the booking.",
    ]
    taps = (VerifyPayment(booking.id, booking.rejections(session)), DeclineInstead(booking.id))
    buttons = (button(taps[0], "Money is there"), button(taps[1], "Decline"))
    template = templates.make("reversal_review", "en", amount, booking.code, listing.name, taps=taps)
    tell_admins(session, booking, Buttons("\n".join(lines), buttons), "payment_reversed", template, now)
    _tell_guest_of_reversal(session, booking, row, now)


def ticket_counts_again(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """What was taken back is there after all."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    body = _(
        "✅ Your payment for *{place}* is settled: your booking is confirmed, and your e-ticket counts again.",
        place=clip(listing.name, 60),
    )
    tap = ShowBooking(booking.id)
    template = templates.make("ticket_counts_again", _.language, listing.name, booking.code, taps=(tap,))
    message = Buttons(body, (button(tap, _("My booking")),))
    tell_guest(session, booking, message, "ticket_counts_again", template, now)


def _tell_guest_of_reversal(session: Session, booking: Booking, row: Receipt, now: datetime) -> None:
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    amount = _.money(-row.amount)
    body = _(
        "Your payment of *{amount}* for *{place}* was taken back by the bank or wallet. Until that is settled your "
        "booking waits, and its e-ticket does not count. If this is a mistake, please talk to us.",
        amount=amount,
        place=clip(listing.name, 60),
    )
    taps = (TalkToPerson(), ShowBooking(booking.id))
    buttons = (button(taps[0], _("Talk to a person")), button(taps[1], _("My booking")))
    template = templates.make(
        "payment_reversed", _.language, amount, listing.name, booking.code, taps=(ShowBooking(booking.id),)
    )
    tell_guest(session, booking, Buttons(body, buttons), "payment_reversed", template, now)
