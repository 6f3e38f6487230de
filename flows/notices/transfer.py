"""What is said about transfers: where to send them, that one has to be looked for, that it was not found."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flows import templates, transfer
from flows.actions import BookAgain, RejectPayment, SayPaid, ShowBooking, VerifyPayment
from flows.engine import button, with_preface
from flows.notices import pictures
from flows.notices.telling import clock, facts, listing_of, people, speak_to_guest, tell_admins, tell_guest
from flows.phrases import ENGLISH, Phrases
from models import person, reading
from models.booking import Booking
from models.evidence import Evidence
from models.listing import Listing
from models.message import Buttons, Template, Text
from models.payee import Payee
from models.payment import Payment
from models.rules import Rules
from models.screenshot import FOR_THE_GUEST, Expected, Finding, Reading, findings
from models.session import Session


def transfer_instructions(
    session: Session, booking: Booking, payment: Payment, *, rules: Rules, now: datetime
) -> None:
    """Where to transfer what: the one bubble after the tap that accepted."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    payee = payee_of(session, payment)
    country = person.country_of(session, booking.person_id)
    message = transfer.page(_, booking, listing, payment, payee, country, rules, now)
    template = _instructions(_, booking, listing, payment, payee)
    tell_guest(session, booking, message, "transfer_instructions", template, now)


def _instructions(_: Phrases, booking: Booking, listing: Listing, payment: Payment, payee: Payee) -> Template:
    return templates.make(
        "transfer_instructions",
        _.language,
        listing.name,
        _.money(payment.amount),
        f"{payee.provider}, {payee.title}",
        payee.account,
        payment.reference or "-",
        clock(_, booking.hold_until or payment.expires_at, listing),
        taps=(SayPaid(booking.id),),
    )


def payment_rejected(
    session: Session, booking: Booking, payment: Payment, *, reason: str, rules: Rules, now: datetime
) -> None:
    """The money was not found: why, and everything that is needed to try again."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    why = transfer.reason_in_words(_, reason)
    country = person.country_of(session, booking.person_id)
    page = transfer.page(_, booking, listing, payment, payee_of(session, payment), country, rules, now)
    message = with_preface(
        page, _("*We have not found your payment*: {reason}. Please try again:", reason=why)
    )
    until = clock(_, booking.hold_until or payment.expires_at, listing)
    template = templates.make(
        "payment_rejected",
        _.language,
        listing.name,
        why,
        _.money(payment.amount),
        payment.reference or "-",
        until,
        taps=(SayPaid(booking.id),),
    )
    tell_guest(session, booking, message, "payment_rejected", template, now)


def still_awaited(
    session: Session, booking: Booking, payment: Payment, *, rules: Rules, now: datetime
) -> None:
    """Money was looked at that is somebody else's: this guest's is waited for, and for how long."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    country = person.country_of(session, booking.person_id)
    payee = payee_of(session, payment)
    page = transfer.page(_, booking, listing, payment, payee, country, rules, now)
    message = with_preface(page, _("*We are still waiting for your payment.* Here is where to send it:"))
    template = _instructions(_, booking, listing, payment, payee)
    tell_guest(session, booking, message, "still_awaited", template, now)


def transfer_expired(
    session: Session, booking: Booking, *, reason: str | None, rules: Rules, now: datetime
) -> None:
    """The time ran out and no transfer was found; money may be on its way all the same."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    lines = [_("*Your booking has expired*"), "", *facts(_, booking, listing), ""]
    if reason is not None:
        why = transfer.reason_in_words(_, reason)
        lines.append(_("We have not found your payment: {reason}.", reason=why))
    else:
        lines.append(_("We have not seen your payment in time."))
    lines += [
        _("The place is free again. If you have paid, tell us below or send a screenshot: we look for it."),
    ]
    buttons = (
        button(SayPaid(booking.id), _("I have paid")),
        button(BookAgain(booking.id), _("Book again")),
    )
    taps = (SayPaid(booking.id), BookAgain(booking.id))
    template = templates.make("transfer_expired", _.language, listing.name, booking.code, taps=taps)
    tell_guest(session, booking, Buttons("\n".join(lines), buttons), "expired", template, now)


def payment_to_check(
    session: Session, booking: Booking, shown: Evidence | None, *, rules: Rules, now: datetime
) -> None:
    """Somebody says that they have paid: the admins look, and say yes or no."""
    message, template = review_message(session, booking, shown, rules=rules, now=now)
    tell_admins(session, booking, message, "payment_to_check", template, now)


def review_ending(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """Nobody has decided, and soon the place is free again."""
    shown = Evidence.being_checked(session, booking.id)
    preface = "⚠️ *This payment still waits to be checked*"
    message, template = review_message(session, booking, shown, rules=rules, now=now, preface=preface)
    tell_admins(session, booking, message, "review_ending", template, now)


def review_expired(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """Nobody decided in time; should the money be there, it can still be said."""
    listing = listing_of(session, booking)
    lines = [
        "⚠️ *Nobody checked this payment in time*",
        "",
        *people(session, booking, listing),
        *_expected(session, booking),
        "",
        f"The booking has expired and the guest is told. Has the money come? Type: verify {booking.code}",
    ]
    template = templates.make("review_expired", "en", booking.code, listing.name, booking.guest_name)
    tell_admins(session, booking, Text("\n".join(lines)), "review_expired", template, now)


def cancelled_in_review(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """The guest gave up what they said they had paid: whether money came is still to be looked for."""
    listing = listing_of(session, booking)
    lines = [
        "*Cancelled by the guest while the payment was checked*",
        "",
        *people(session, booking, listing),
        *_expected(session, booking),
        "",
        f"Has the money come? It has to go back then. Type: verify {booking.code}",
    ]
    template = templates.make("cancelled_in_review", "en", booking.code, listing.name, booking.guest_name)
    tell_admins(session, booking, Text("\n".join(lines)), "cancelled_in_review", template, now)


def review_message(
    session: Session,
    booking: Booking,
    shown: Evidence | None,
    *,
    rules: Rules,
    now: datetime,
    preface: str | None = None,
) -> tuple[Buttons, Template]:
    """A payment to look for, with the guest's picture above it where there is one, and a yes and a no below."""
    listing = listing_of(session, booking)
    rejections = booking.rejections(session)
    until = clock(ENGLISH, booking.hold_until or now, listing)
    lines = [
        preface or "*Please check a payment*",
        "",
        *people(session, booking, listing),
        *_expected(session, booking),
        "",
        *_what_is_shown(session, booking, shown, now),
    ]
    if not booking.has_place(session):
        lines.append("⚠️ The place is taken meanwhile: if the money came, it has to go back.")
    if rejections:
        once_more = "; once more, and the booking ends" if rejections + 1 == rules.most_rejections else ""
        lines.append(f"Rejected before: {rejections}{once_more}.")
    lines.append(f"Decide until {until}; then the booking expires.")
    taps = (VerifyPayment(booking.id, rejections), RejectPayment(booking.id, rejections))
    buttons = (button(taps[0], "Verify"), button(taps[1], "Reject"))
    payment = _transfer_of(session, booking)
    template = templates.make(
        "payment_to_check",
        "en",
        booking.code,
        listing.name,
        booking.guest_name,
        ENGLISH.money(payment.amount),
        payment.reference or "-",
        until,
        taps=taps,
    )
    image = shown.shown_as if shown is not None else None
    return Buttons("\n".join(lines), buttons, image_id=image), template


def _what_is_shown(session: Session, booking: Booking, shown: Evidence | None, now: datetime) -> list[str]:
    """The guest's picture in words: what was read, what speaks against it, and where it came before."""
    if shown is None:
        return ["The guest says it is paid, and has sent no picture."]
    if shown.shown_as is None:
        return [f"The guest sent a picture, but {_FAILURES.get(shown.failure or '', 'it cannot be shown')}."]
    read = reading.of(session, shown.id)
    lines = pictures.in_words(read, _zone(session, booking)) if read is not None else []
    if read is not None:
        lines += _against(session, booking, read)
    lines += [pictures.repeat_in_words(one) for one in reading.before(session, shown.id, now)]
    if read is not None and reading.proven_by(session, read):
        lines.append("✉️ A mail that we trust tells of the same transaction.")
    return [*lines, "A picture proves nothing: please look at the account."]


def _against(session: Session, booking: Booking, read: Reading) -> list[str]:
    payment = _transfer_of(session, booking)
    found = findings(read, _asked(session, booking))
    lines = [pictures.FINDINGS[finding] for finding in found]
    if Finding.OTHER_AMOUNT in found and read.amount is not None:
        codes = reading.others_asked(session, payment, read.amount.minor)
        lines += [f"⚠️ Asked for that amount: {', '.join(codes)}."] if codes else []
    elif read.amount is not None and not found:
        lines.append("The amount is the one that was asked for.")
    return lines


def picture_read(session: Session, booking: Booking, shown: Evidence, *, rules: Rules, now: datetime) -> None:
    """What the guest can do something about is said at once: that is no receipt, it has not gone through, not to us.

    Nothing is decided by it: the picture is looked at all the same.
    """
    read = reading.of(session, shown.id)
    found = findings(read, _asked(session, booking)) if read is not None else []
    if read is None or not found or found[0] not in FOR_THE_GUEST:
        return
    _, payee = speak_to_guest(session, booking), payee_of(session, _transfer_of(session, booking))
    body = pictures.to_guest(_, found[0], read, payee)
    message = Buttons(body, (button(ShowBooking(booking.id), _("My booking")),))
    tell_guest(session, booking, message, "picture_read", templates.answer_ready(_.language), now)


def _asked(session: Session, booking: Booking) -> Expected:
    """What a picture of this payment has to show."""
    payment = _transfer_of(session, booking)
    payee = payee_of(session, payment)
    amounts = (payment.missing, payment.amount, payment.agreed)
    return Expected(amounts, payee.title, payee.account, payment.created_at)


def _zone(session: Session, booking: Booking) -> ZoneInfo:
    return ZoneInfo(listing_of(session, booking).time_zone)


_FAILURES = {
    "too_large": "it is larger than 5 MB",
    "not_a_picture": "it is no picture that we can read",
    "too_many_pixels": "it is larger than any phone takes one",
    "not_fetched": "WhatsApp did not hand it out",
    "strange_address": "WhatsApp did not hand it out",
}


def _expected(session: Session, booking: Booking) -> list[str]:
    """What should have come, and where."""
    payment = _transfer_of(session, booking)
    payee = payee_of(session, payment)
    return [
        f"Amount: *{ENGLISH.money(payment.missing)}*",
        f"Code: *{payment.reference}*",
        f"To: {payee.provider}, {payee.title}, {payee.account}",
    ]


def _transfer_of(session: Session, booking: Booking) -> Payment:
    payment = booking.newest_transfer(session)
    assert payment is not None
    return payment


def payee_of(session: Session, payment: Payment) -> Payee:
    assert payment.payee_id is not None
    return Payee.get(session, payment.payee_id)


def is_by_transfer(session: Session, booking: Booking) -> bool:
    """Whether the last way to pay that the guest chose is a transfer."""
    payment = booking.newest_transfer(session)
    return payment is not None and payment is Payment.of_booking(session, booking.id)[-1]
