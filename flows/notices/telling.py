"""Whom a notice goes to, in whose language, and what all of them are made of."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flows import phrases, stays
from flows.engine import laid_out
from flows.phrases import Phrases
from models import outbound, person
from models.booking import Booking
from models.listing import Listing
from models.message import Message, Template, clip
from models.outbound import Role
from models.session import Session


def tell_guest(
    session: Session, booking: Booking, message: Message, kind: str, template: Template, now: datetime
) -> None:
    message = laid_out(message, speak_to_guest(session, booking))
    _tell(session, booking.person_id, "guest", booking, message, kind, template, now)


def tell_owner(
    session: Session,
    listing: Listing,
    booking: Booking,
    message: Message,
    kind: str,
    template: Template,
    now: datetime,
) -> None:
    message = laid_out(message, speak_to(session, listing.owner_id))
    _tell(session, listing.owner_id, "owner", booking, message, kind, template, now)


def tell_admins(
    session: Session, booking: Booking | None, message: Message, kind: str, template: Template, now: datetime
) -> None:
    for admin_id in person.admins_on_duty(session):
        _tell(session, admin_id, "admin", booking, message, kind, template, now)


def _tell(
    session: Session,
    person_id: int,
    role: Role,
    booking: Booking | None,
    message: Message,
    kind: str,
    template: Template,
    now: datetime,
) -> None:
    outbound.say(
        session,
        person_id,
        message,
        kind=kind,
        now=now,
        recipient=role,
        template=template,
        booking_id=booking.id if booking is not None else None,
    )


def listing_of(session: Session, booking: Booking) -> Listing:
    return Listing.get(session, booking.listing_id)


def speak_to_guest(session: Session, booking: Booking) -> Phrases:
    return speak_to(session, booking.person_id)


def speak_to(session: Session, person_id: int) -> Phrases:
    return phrases.of(person.language_of(session, person_id))


def facts(_: Phrases, booking: Booking, listing: Listing) -> list[str]:
    return [
        f"*{clip(listing.name, 60)}*",
        stays.with_guests(_, booking, listing),
        _("Booking ID: {code}", code=booking.code),
    ]


def people(session: Session, booking: Booking, listing: Listing) -> list[str]:
    """What an admin needs to act: the booking, and both people with their numbers."""
    _ = phrases.of("en")
    guest = with_phone(clip(booking.guest_name, 60), person.phone_of(session, booking.person_id))
    return [
        f"Booking ID: {booking.code}",
        f"Property: *{clip(listing.name, 60)}*",
        f"When: {stays.with_guests(_, booking, listing)}",
        f"Owner: {owner_in_words(listing)}",
        f"Guest: {guest}",
    ]


def owner_in_words(listing: Listing) -> str:
    return with_phone(listing.owner_name, listing.contact)


def reason_in_words(_: Phrases, reason: str | None) -> str:
    """Why the answer was no, as the guest is told: one of ours, or an admin's own words."""
    known = {
        "slot_unavailable": _("slot unavailable"),
        "fully_booked": _("fully booked"),
        "no_answer": _("the owner could not be reached in time"),
        "other": _("the property cannot take this booking"),
    }
    return known.get(reason or "other", reason or "")


def with_phone(name: str, phone: str | None) -> str:
    return f"{name} {phrases.phone(phone)}" if phone else f"{name} (number hidden)"


def clock(_: Phrases, at: datetime, listing: Listing) -> str:
    return _.time(at.astimezone(ZoneInfo(listing.time_zone)).time())
