"""What the admins on duty are told: what waits, what is owed, and what did not work."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flows import phrases, templates, ways
from flows.actions import (
    ApproveInstead,
    DeclineInstead,
    ReplyTo,
    ResumeBot,
)
from flows.engine import button
from flows.notices.telling import (
    clock,
    listing_of,
    owner_in_words,
    people,
    reason_in_words,
    tell_admins,
    with_phone,
)
from models import outbound, person
from models.booking import Booking
from models.booking_row import NO
from models.listing import Listing
from models.message import BODY_BUTTONS, Buttons, Text, clip
from models.money import Money
from models.payment import OPEN, Payment
from models.rules import Rules
from models.session import Session


def admin_waiting(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    listing = listing_of(session, booking)
    lines = [
        "*New booking request*",
        "",
        *people(session, booking, listing),
        "",
        "Status → *Waiting for owner confirmation*",
    ]
    template = templates.make("waiting_for_owner", "en", booking.code, listing.name, owner_in_words(listing))
    tell_admins(session, booking, Text("\n".join(lines)), "waiting_for_owner", template, now)


def owner_silent(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """An hour of silence: an admin can decide in the owner's place."""
    listing = listing_of(session, booking)
    minutes = int((now - (booking.paid_at or now)).total_seconds() // 60)
    deadline = booking.owner_deadline(Payment.of_booking(session, booking.id), rules)
    _ = phrases.of("en")
    lines = [
        "⚠️ *The owner does not answer*",
        "",
        *people(session, booking, listing),
        f"Waiting for: {minutes} minutes",
        "",
        f"Without an answer it is declined by itself at {clock(_, deadline, listing)} on "
        f"{_.day(deadline.astimezone(ZoneInfo(listing.time_zone)).date())}.",
    ]
    taps = (ApproveInstead(booking.id), DeclineInstead(booking.id))
    buttons = (button(taps[0], "Approve"), button(taps[1], "Decline"))
    template = templates.make(
        "owner_silent", "en", booking.code, listing.name, owner_in_words(listing), str(minutes), taps=taps
    )
    tell_admins(session, booking, Buttons("\n".join(lines), buttons), "owner_silent", template, now)


def declined_to_admins(session: Session, booking: Booking, listing: Listing, now: datetime) -> None:
    _ = phrases.of("en")
    captured = sum(p.captured_minor for p in Payment.of_booking(session, booking.id))
    who = {listing.owner_id: "by owner", None: "automatically: the owner did not answer"}.get(
        # What the owner had confirmed is only ever withdrawn by an admin.
        booking.decision_made_by if booking.decision == NO else -1,
        "by admin",
    )
    reason = reason_in_words(_, booking.decision_reason)
    after = "Contact customer for refund assistance." if captured else "Nothing was charged."
    lines = [
        f"❌ *Booking cancelled {who}*",
        "",
        *people(session, booking, listing),
        f"Reason: {reason}",
        f"Refund: {after}",
    ]
    template = templates.make("declined_record", "en", booking.code, listing.name, reason, after)
    tell_admins(session, booking, Text("\n".join(lines)), "declined_record", template, now)


def _open_ways(session: Session, booking: Booking) -> str:
    """The providers that cannot say; in their dashboards the booking is found by its code."""
    open_by = {p.method for p in Payment.of_booking(session, booking.id) if p.state in OPEN}
    return " or ".join(ways.NAMES[method] for method in ways.NAMES if method in open_by)


def pending_payment(session: Session, booking: Booking, *, minutes: int, rules: Rules, now: datetime) -> None:
    """The provider cannot say whether the guest has paid."""
    listing = listing_of(session, booking)
    _, known = phrases.of("en"), person.phone_of(session, booking.person_id)
    phone = phrases.phone(known) if known else "hidden"
    lines = [
        "⚠️ *Payment Pending Alert*",
        "",
        f"Booking ID: {booking.code}",
        f"Property: {clip(listing.name, 60)}",
        f"Guest: {clip(booking.guest_name, 60)}",
        f"Phone: {phone}",
        f"Amount: {_.money(booking.advance)}",
        f"Paid By: {_open_ways(session, booking)}",
        f"Pending Since: {minutes} minutes",
        "",
        "⚠️ *Action Required*",
        f"This payment has been pending for over {int(rules.payment_alert.total_seconds() // 60)} minutes.",
        "Please investigate and contact the customer if needed.",
    ]
    template = templates.make(
        "payment_pending",
        "en",
        booking.code,
        listing.name,
        booking.guest_name,
        phone,
        _.money(booking.advance),
        str(minutes),
    )
    tell_admins(session, booking, Text("\n".join(lines)), "payment_pending", template, now)


def refund_required(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """Captured money is owed back."""
    listing = listing_of(session, booking)
    _ = phrases.of("en")
    captured = Money(sum(p.captured_minor for p in Payment.of_booking(session, booking.id)), booking.currency)
    owed = booking.owed_back(session) or captured
    lines = [
        "*Refund required*",
        "",
        *people(session, booking, listing),
        f"Paid: {_.money(captured)}",
        f"To give back: *{_.money(owed)}*",
    ]
    template = templates.make("refund_required", "en", booking.code, listing.name, _.money(owed))
    tell_admins(session, booking, Text("\n".join(lines)), "refund_required", template, now)


def money_put_to_admins(session: Session, booking: Booking, newer: str, paid: Money, now: datetime) -> None:
    """Late money found a use: nothing has to be done, and it is known where it went."""
    listing = listing_of(session, booking)
    amount = phrases.of("en").money(paid)
    lines = [
        "*Late payment used for the newer booking*",
        "",
        *people(session, booking, listing),
        f"Paid: {amount}, when the place was no longer free",
        f"It pays for: {newer}, the same stay",
    ]
    template = templates.make("money_put_record", "en", amount, listing.name, booking.code, newer)
    tell_admins(session, booking, Text("\n".join(lines)), "money_put_record", template, now)


def message_failed(
    session: Session, booking: Booking, *, kind: str, recipient: str, rules: Rules, now: datetime
) -> None:
    """Somebody was not reached: an admin has to pick up the phone."""
    listing = listing_of(session, booking)
    what = kind.replace("_", " ")
    lines = [
        "⚠️ *A message did not arrive*",
        "",
        f"WhatsApp could not deliver “{what}” to the {recipient}.",
        "",
        *people(session, booking, listing),
        "",
        f"Please call the {recipient}.",
    ]
    template = templates.make("message_failed", "en", what, recipient, booking.code, listing.name)
    tell_admins(session, booking, Text("\n".join(lines)), "message_failed", template, now)


def follow_up_failing(session: Session, booking: Booking, job: str, *, now: datetime) -> None:
    """A step after an event fails again and again; it is tried on, but somebody should look."""
    step = job.replace("_", " ")
    body = f"⚠️ *A step keeps failing*\n\nBooking ID: {booking.code}\nStep: {step}\n\nWe go on trying."
    template = templates.make("work_failing", "en", step, booking.code)
    tell_admins(session, booking, Text(body), "work_failing", template, now)


def event_parked(session: Session, event_id: int, *, rules: Rules, now: datetime) -> None:
    """A message could not be worked off; its sender got no answer."""
    body = f"⚠️ *A message was set aside*\n\nEvent {event_id} failed five times and was not answered."
    template = templates.make("event_parked", "en", str(event_id))
    tell_admins(session, None, Text(body), "event_parked", template, now)


def person_wanted(session: Session, person_id: int, *, name: str | None, rules: Rules, now: datetime) -> None:
    """A guest asks for a person: from now on what they write comes here."""
    who = with_phone(name or "A guest", person.phone_of(session, person_id))
    body = (
        f"🙋 *Somebody asks for a person*\n\n{who}\n\n"
        "What they write comes to you, and the bot is silent. Tap *Reply* to answer them here."
    )
    taps = (ReplyTo(person_id), ResumeBot(person_id))
    template = templates.make("person_wanted", "en", who, taps=taps)
    message = Buttons(body, (button(taps[0], "Reply"), button(taps[1], "Resume bot")))
    tell_admins(session, None, message, "person_wanted", template, now)


def guest_writes(session: Session, person_id: int, *, name: str | None, words: str, now: datetime) -> None:
    """What a guest writes while a person answers them in place of the bot."""
    who = with_phone(clip(name or "A guest", 60), person.phone_of(session, person_id))
    taps = (ReplyTo(person_id), ResumeBot(person_id))
    template = templates.make("guest_writes", "en", who, words, taps=taps)
    body = clip(f"💬 *{who}*\n\n{words}", BODY_BUTTONS)
    message = Buttons(body, (button(taps[0], "Reply"), button(taps[1], "Resume bot")))
    tell_admins(session, None, message, "guest_writes", template, now)


def sender_stopped(session: Session, *, why: str, code: int | None, since: datetime, now: datetime) -> None:
    """WhatsApp takes nothing from us: this waits with all the rest, and is read when it does again.

    Once per stop: while it waits, or has been said since then, it is not said again.
    """
    kind = outbound.SENDER_STOPPED
    if outbound.was_told(session, person.admins_on_duty(session), kind, since=since):
        return
    _ = phrases.of("en")
    when = f"{_.time(now.time())} UTC on {_.day(now.date())}"
    what = why if code is None else f"{why} (code {code})"
    lines = [
        "⚠️ *WhatsApp refused our messages*",
        "",
        f"Since {when}: {what}.",
        "",
        "You read this because messages go out again, or some of them. What could wait is sent now; "
        "what was refused for good, and answers that had waited for ten minutes, were not sent.",
    ]
    template = templates.make("sender_stopped", "en", when, what)
    tell_admins(session, None, Text("\n".join(lines)), kind, template, now)
