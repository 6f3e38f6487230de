"""What a guest is told unasked: about the money, about the owner's answer."""

from __future__ import annotations

from datetime import datetime

from flows import my_bookings, templates, ways
from flows.actions import (
    BookAgain,
    CancelStay,
    OtherDates,
    PayNow,
    ShowBooking,
)
from flows.engine import button, laid_out, with_preface
from flows.notices.admin import declined_to_admins, money_put_to_admins, refund_required
from flows.notices.telling import (
    clock,
    facts,
    listing_of,
    reason_in_words,
    speak_to,
    speak_to_guest,
    tell_guest,
)
from flows.phrases import Phrases
from models import outbound, person
from models.booking import Booking
from models.message import BODY_TEXT, Buttons, Message, Text, clip
from models.money import Money
from models.payment import OPEN, Payment, PaymentState
from models.rules import Rules
from models.session import Session

PERSON_ANSWERS = 800  # characters of an answer that its template has room for


def payment_link(
    session: Session, booking: Booking, payment: Payment, *, rules: Rules, now: datetime
) -> None:
    """The page to pay on is open: the one bubble after the tap that accepted."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    country = person.country_of(session, booking.person_id)
    message: Message = my_bookings.payment_page(_, booking, listing, payment, country, rules, now)
    if any(
        p.authorized_at is not None and p.id != payment.id for p in Payment.of_booking(session, booking.id)
    ):
        sorry = _("Your bank did not let the payment through, and nothing was charged. Please pay once more:")
        message = with_preface(message, sorry)
    until = clock(_, booking.hold_until or payment.expires_at, listing)
    template = templates.make(
        "payment_link", _.language, listing.name, _.money(booking.advance), until, taps=(PayNow(booking.id),)
    )
    tell_guest(session, booking, message, "payment_link", template, now)


def payment_unavailable(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """No page could be made just now; the place is still held."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    body = _(
        "Paying this way does not work just now, sorry. Nothing was charged, and *{place}* stays yours until "
        "{time}.",
        place=clip(listing.name, 60),
        time=clock(_, booking.hold_until or now, listing),
    )
    _ask_to_try_again(session, booking, body, "payment_unavailable", rules=rules, now=now)


def payment_failed(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """The provider says that the payment failed, and its page serves no second try; the place is still held."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    body = _(
        "Your payment for *{place}* did not go through. If your bank took anything, it gives it back by itself. "
        "The place stays yours until {time}.",
        place=clip(listing.name, 60),
        time=clock(_, booking.hold_until or now, listing),
    )
    _ask_to_try_again(session, booking, body, "payment_failed", rules=rules, now=now)


def _ask_to_try_again(
    session: Session, booking: Booking, body: str, kind: str, *, rules: Rules, now: datetime
) -> None:
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    tried = Payment.of_booking(session, booking.id)[-1].method
    buttons = (
        button(PayNow(booking.id), _("Try again")),
        *ways.another(_, booking, ways.open_for(listing, rules), tried),
        button(CancelStay(booking.id), _("Cancel")),
    )
    template = templates.make(
        "payment_unavailable",
        _.language,
        listing.name,
        clock(_, booking.hold_until or now, listing),
        taps=(PayNow(booking.id), CancelStay(booking.id)),
    )
    tell_guest(session, booking, Buttons(body, buttons), kind, template, now)


def payment_received(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """The money is there, or none was asked for: the owner is asked now."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    if booking.advance_minor:
        first = _("*Your advance payment is successful.* We are processing your booking now.")
    else:
        first = _("*Your booking request is sent.* We are processing your booking now.")
    lines = [
        first,
        "",
        *facts(_, booking, listing),
        "",
        _("You will receive your e-ticket within 60 minutes after the property owner confirms availability."),
    ]
    if any(p.state == PaymentState.AUTHORIZED for p in Payment.of_booking(session, booking.id)):
        lines += ["", _("_Until then the amount is only reserved on your card._")]
    name = "payment_received" if booking.advance_minor else "request_sent"
    template = templates.make(name, _.language, listing.name, booking.code)
    tell_guest(session, booking, Text("\n".join(lines)), "payment_received", template, now)


def late_authorization(
    session: Session, booking: Booking, *, second: bool, rules: Rules, now: datetime
) -> None:
    """Money came when it could not be used any more, or twice: it is let go, nothing is charged."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    if second:
        body = _(
            "You paid twice for *{place}*. The second payment was *not charged*: the amount reserved on your "
            "card is released. Your booking stands.",
            place=clip(listing.name, 60),
        )
        template = templates.make("paid_twice", _.language, listing.name, booking.code)
        tell_guest(session, booking, Text(body), "late_authorization", template, now)
        return
    body = _(
        "Your payment for *{place}* came after the booking had ended. Your card was *not charged*: the "
        "amount reserved on it is released.",
        place=clip(listing.name, 60),
    )
    buttons = (button(BookAgain(booking.id), _("Book again")),)
    template = templates.make(
        "late_authorization", _.language, listing.name, booking.code, taps=(BookAgain(booking.id),)
    )
    tell_guest(session, booking, Buttons(body, buttons), "late_authorization", template, now)


def expired(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """The time to pay ran out; one tap starts again with the same answers."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    lines = [
        _("*Your booking has expired*"),
        "",
        *facts(_, booking, listing),
        "",
        _why_free_again(_, session, booking),
        _("To book it again with the same answers, tap below."),
    ]
    buttons = (button(BookAgain(booking.id), _("Book again")),)
    template = templates.make(
        "booking_expired", _.language, listing.name, booking.code, taps=(BookAgain(booking.id),)
    )
    tell_guest(session, booking, Buttons("\n".join(lines), buttons), "expired", template, now)


def _why_free_again(_: Phrases, session: Session, booking: Booking) -> str:
    if any(p.state in OPEN for p in Payment.of_booking(session, booking.id)):
        return _(
            "We could not find out in time whether you have paid, so the place is free again. Should your payment "
            "come through, we write to you here: you get the place if it is still free, or all of your money back."
        )
    return _("No payment came in time, so the place is free again. Nothing was charged.")


def money_unplaceable(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """Money was taken, and its place is gone or given up: all of it goes back, and everybody is told."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    paid = Money(sum(p.captured_minor for p in Payment.of_booking(session, booking.id)), booking.currency)
    body = _(
        "Your payment of *{amount}* came when *{place}* was no longer yours to book. All of it is refunded "
        "and reaches you within 5–7 business days.",
        amount=_.money(paid),
        place=clip(listing.name, 60),
    )
    buttons = (button(BookAgain(booking.id), _("Book again")),)
    template = templates.make(
        "money_back", _.language, _.money(paid), listing.name, booking.code, taps=(BookAgain(booking.id),)
    )
    tell_guest(session, booking, Buttons(body, buttons), "money_back", template, now)
    refund_required(session, booking, rules=rules, now=now)


def money_put(session: Session, booking: Booking, newer: str, *, rules: Rules, now: datetime) -> None:
    """Money came for a booking that had ended, and pays the guest's newer one of the same stay."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    paid = Money(sum(p.captured_minor for p in Payment.of_booking(session, booking.id)), booking.currency)
    body = _(
        "Your payment of *{amount}* for *{place}* came when {code} had ended. It pays for your newer booking "
        "{newer} instead, so there is nothing more to pay now.",
        amount=_.money(paid),
        place=clip(listing.name, 60),
        code=booking.code,
        newer=newer,
    )
    template = templates.make("money_put", _.language, _.money(paid), listing.name, booking.code, newer)
    tell_guest(session, booking, Text(body), "money_put", template, now)
    money_put_to_admins(session, booking, newer, paid, now)


def still_waiting(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """An hour has passed: the guest is not left alone with the silence."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    body = _(
        "The owner of *{place}* has not answered yet. We are still asking, and our team is looking into it. "
        "You need not do anything.",
        place=clip(listing.name, 60),
    )
    if any(p.state == PaymentState.CAPTURED for p in Payment.of_booking(session, booking.id)):
        body += "\n\n" + _("Should the answer be no, you get back all that you have paid.")
    elif booking.advance_minor:
        body += "\n\n" + _("Should the answer be no, you are not charged.")
    buttons = (
        button(ShowBooking(booking.id), _("My booking")),
        button(CancelStay(booking.id), _("Cancel booking")),
    )
    template = templates.make(
        "still_waiting", _.language, listing.name, booking.code, taps=(ShowBooking(booking.id),)
    )
    tell_guest(session, booking, Buttons(body, buttons), "still_waiting", template, now)


def declined(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """The answer is no: why, and what happens with the money."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    reason, money = reason_in_words(_, booking.decision_reason), _money_after_no(_, session, booking)
    lines = [
        _("❌ *Booking Cancelled*"),
        "",
        *facts(_, booking, listing),
        "",
        _("Reason: {reason}", reason=reason),
        money,
    ]
    buttons = (button(OtherDates(booking.id), _("Other dates")),)
    template = templates.make(
        "booking_cancelled",
        _.language,
        listing.name,
        booking.code,
        reason,
        money,
        taps=(OtherDates(booking.id),),
    )
    tell_guest(session, booking, Buttons("\n".join(lines), buttons), "declined", template, now)
    declined_to_admins(session, booking, listing, now)


def person_answers(session: Session, person_id: int, *, words: str, now: datetime) -> None:
    """Somebody of the team answers in place of the bot; in a closed window as a template."""
    _ = speak_to(session, person_id)
    body = "👤 " + _("*Our team:*") + f"\n{words}"
    template = templates.make("person_answers", _.language, words, most=PERSON_ANSWERS)
    message = laid_out(Text(clip(body, BODY_TEXT)), _)
    outbound.say(session, person_id, message, kind="person_answers", now=now, template=template)


def _money_after_no(_: Phrases, session: Session, booking: Booking) -> str:
    payments = Payment.of_booking(session, booking.id)
    captured = sum(p.captured_minor for p in payments)
    if captured:
        return _(
            "Your advance of {amount} is refunded. It reaches you within 5–7 business days.",
            amount=_.money(Money(captured, booking.currency)),
        )
    if any(p.is_reversed for p in payments):
        return _("The payment was taken back by the bank or wallet, so nothing is owed.")
    if booking.advance_minor:
        return _("Your card was not charged; the amount reserved on it is released.")
    return _("Nothing was charged.")
