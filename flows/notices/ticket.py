"""The ticket: what it shows, and who gets it."""

from __future__ import annotations

from datetime import datetime

from flows import my_bookings, phrases, stays, templates
from flows.notices.telling import (
    facts,
    listing_of,
    people,
    speak_to,
    speak_to_guest,
    tell_admins,
    tell_guest,
    tell_owner,
    with_phone,
)
from models import person
from models.booking import Booking
from models.listing import Listing
from models.message import Document, Message, Text
from models.rules import Rules
from models.session import Session
from models.ticket import TicketFacts, TicketState, TicketView


def ticket_view(known: TicketFacts, *, rules: Rules, key: str) -> TicketView:
    """Everything the ticket shows, in English: the owner reads it at the door as well as the guest."""
    _ = phrases.of("en")
    return TicketView(
        code=known.code,
        state=TicketState.VALID,
        property_name=known.property_name,
        location=known.location,
        guest_name=known.guest_name,
        check_in=stays.moment(_, known.starts_at, known.time_zone),
        check_out=stays.moment(_, known.ends_at, known.time_zone),
        guests=known.guests,
        units=", ".join(known.units),
        advance_paid=_.money(known.advance),
        amount_due=_.money(known.due),
        host_name=rules.business_name,
        host_phone=phrases.phone(rules.business_phone),
        owner_name=known.owner_name,
        owner_phone=phrases.phone(known.contact),
        map_link=known.map_link,
        payment_reference=known.payment_reference,
        instructions=my_bookings.instructions(_, known.stay.mode, phrases.phone(known.contact)),
        url=f"{rules.public_url}/eticket/{key}",
        mode=known.stay.mode,
        kind=stays.kind(_, known.stay),
    )


def ticket_issued(
    session: Session,
    booking: Booking,
    *,
    view: TicketView,
    media_id: str | None,
    filename: str,
    rules: Rules,
    now: datetime,
) -> None:
    """Confirmed: the ticket to the guest, and its link to owner and admins."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    caption = my_bookings.ticket_caption(_, view, booking, listing)
    message: Message = Text(caption)
    if media_id is not None:
        message = Document(filename, caption, media_id=media_id)
    template = templates.make("ticket_ready", _.language, listing.name, booking.code, view.url)
    tell_guest(session, booking, message, "ticket", template, now)
    _to_owner(session, booking, listing, view, now)
    _to_admins(session, booking, listing, view, now)


def _to_owner(session: Session, booking: Booking, listing: Listing, view: TicketView, now: datetime) -> None:
    _ = speak_to(session, listing.owner_id)
    guest = with_phone(booking.guest_name, person.phone_of(session, booking.person_id))
    lines = [
        _("✅ *Booking confirmed.* The e-ticket was sent to the guest."),
        "",
        *facts(_, booking, listing),
        _("Guest: {name}", name=guest),
    ]
    if booking.due:
        lines.append(_("To collect at check-in: *{amount}*", amount=_.money(booking.due)))
    lines += ["", view.url]
    template = templates.make(
        "ticket_sent",
        _.language,
        listing.name,
        booking.code,
        guest,
        stays.of_booking(_, booking, listing),
        view.url,
    )
    tell_owner(session, listing, booking, Text("\n".join(lines)), "ticket_sent", template, now)


def _to_admins(session: Session, booking: Booking, listing: Listing, view: TicketView, now: datetime) -> None:
    _ = phrases.of("en")
    lines = ["✅ *Booking confirmed*", "", *people(session, booking, listing), "", view.url]
    template = templates.make("ticket_record", "en", booking.code, listing.name, view.url)
    tell_admins(session, booking, Text("\n".join(lines)), "ticket_record", template, now)
