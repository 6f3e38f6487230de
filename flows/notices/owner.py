"""What an owner is told: the request with its two buttons, and what became of it."""

from __future__ import annotations

from datetime import datetime

from flows import book, stays, templates
from flows.actions import (
    CancelBooking,
    ConfirmBooking,
)
from flows.engine import button
from flows.notices.telling import (
    facts,
    listing_of,
    people,
    reason_in_words,
    speak_to,
    tell_admins,
    tell_owner,
)
from models import action_code
from models.booking import Booking
from models.booking_row import YES
from models.listing import Listing
from models.message import Buttons, Message, Template, Text, clip
from models.rules import Rules
from models.session import Session


def owner_request(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """The request with its two buttons, each with a single-use code."""
    listing = listing_of(session, booking)
    message, template = request_message(session, booking, listing, rules=rules, now=now)
    tell_owner(session, listing, booking, message, "booking_request", template, now)


def request_message(
    session: Session,
    booking: Booking,
    listing: Listing,
    *,
    rules: Rules,
    now: datetime,
    preface: str | None = None,
) -> tuple[Message, Template]:
    """A request with fresh buttons, as a bubble and as a template."""
    _ = speak_to(session, listing.owner_id)
    yes, no = (
        action_code.make(
            session,
            booking_id=booking.id,
            person_id=listing.owner_id,
            action=action,
            life=rules.code_life,
            now=now,
        )
        for action in (action_code.CONFIRM, action_code.DECLINE)
    )
    advance = _.money(booking.advance) if booking.advance_minor else _("none")
    lines = [
        *([preface, ""] if preface else []),
        _("*Booking request*"),
        "",
        _("Property: {place}", place=f"*{clip(listing.name, 60)}*"),
        _("Guest: {name}", name=clip(booking.guest_name, 60)),
        *stays.lines(_, booking, listing),
        _("Guests: {guests}", guests=book.guests_and_units(_, booking, listing)),
        *book.further.lines_for_owner(listing, booking.answers, _.language),
        _("Advance: {amount}", amount=advance),
        _("Booking ID: {code}", code=booking.code),
    ]
    taps = (ConfirmBooking(yes), CancelBooking(no))
    buttons = (button(taps[0], _("Confirm")), button(taps[1], _("Cancel")))
    template = templates.make(
        "booking_request",
        _.language,
        listing.name,
        booking.guest_name,
        stays.of_booking(_, booking, listing),
        book.guests_and_units(_, booking, listing),
        advance,
        booking.code,
        taps=taps,
    )
    return Buttons("\n".join(lines), buttons), template


def owner_reminder(session: Session, booking: Booking, *, number: int, rules: Rules, now: datetime) -> None:
    """The same request again, with buttons that work."""
    listing = listing_of(session, booking)
    _ = speak_to(session, listing.owner_id)
    preface = _("Reminder: this guest is waiting for your answer.")
    message, template = request_message(session, booking, listing, rules=rules, now=now, preface=preface)
    tell_owner(session, listing, booking, message, "owner_reminder", template, now)


def capture_failed(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """The guest's money could not be taken: the owner hears why there is no ticket."""
    listing = listing_of(session, booking)
    _ = speak_to(session, listing.owner_id)
    lines = [
        _("*The guest's payment did not go through.*"),
        "",
        *facts(_, booking, listing),
        _("Guest: {name}", name=clip(booking.guest_name, 60)),
        "",
        _("The guest is asked to pay once more; the place is kept for {n}.", n=_.duration(rules.hold)),
    ]
    if booking.decision == YES:
        lines.append(_("Your yes counts: once the payment is there, the booking is confirmed."))
    template = templates.make("capture_failed", _.language, listing.name, booking.code)
    tell_owner(session, listing, booking, Text("\n".join(lines)), "capture_failed", template, now)


def cancelled_by_guest(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """The guest gave the booking up; owner and admins hear it, the guest was told in the chat."""
    listing = listing_of(session, booking)
    _ = speak_to(session, listing.owner_id)
    lines = [
        _("❌ *The guest has cancelled.* The place is free again."),
        "",
        *facts(_, booking, listing),
        _("Guest: {name}", name=clip(booking.guest_name, 60)),
    ]
    when = stays.of_booking(_, booking, listing)
    template = templates.make("guest_cancelled", _.language, listing.name, booking.code, when)
    tell_owner(session, listing, booking, Text("\n".join(lines)), "guest_cancelled", template, now)
    lines = ["❌ *Booking cancelled by guest*", "", *people(session, booking, listing)]
    template = templates.make("guest_cancelled_record", "en", booking.code, listing.name)
    tell_admins(session, booking, Text("\n".join(lines)), "guest_cancelled_record", template, now)


def withdrawn(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """An admin took back what was confirmed: the owner need not wait for this guest."""
    listing = listing_of(session, booking)
    _ = speak_to(session, listing.owner_id)
    reason = reason_in_words(_, booking.decision_reason)
    lines = [
        _("❌ *Our team has cancelled this booking.* The place is free again."),
        "",
        *facts(_, booking, listing),
        _("Guest: {name}", name=clip(booking.guest_name, 60)),
        _("Reason: {reason}", reason=reason),
    ]
    when = stays.of_booking(_, booking, listing)
    template = templates.make("booking_withdrawn", _.language, listing.name, booking.code, when, reason)
    tell_owner(session, listing, booking, Text("\n".join(lines)), "booking_withdrawn", template, now)
