"""What a guest is told of the stay itself: the day before it begins, and when it is over."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flows import my_bookings, rate, templates
from flows.actions import AskForStars, SendTicket, ShowBooking
from flows.engine import button, laid_out
from flows.notices.telling import listing_of, speak_to_guest, tell_guest
from models import outbound
from models.booking import Booking
from models.lifecycle import Status
from models.message import Buttons
from models.rules import Rules
from models.session import Session
from models.stay import Mode


def stay_begins(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """It is near: when, where, and what is to pay there. For an open window only; nobody is paid for to hear it."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    is_today = now.astimezone(ZoneInfo(listing.time_zone)).date() == booking.check_in
    if booking.stay.mode is Mode.SLOT:
        heading = _("*Your visit is today*") if is_today else _("*Your visit is tomorrow*")
    else:
        heading = _("*Today your stay begins*") if is_today else _("*Tomorrow your stay begins*")
    lines = [heading, "", *my_bookings.arrival(_, booking, listing)]
    buttons = [button(ShowBooking(booking.id), _("My booking"))]
    if booking.status == Status.TICKET_GENERATED:
        buttons.insert(0, button(SendTicket(booking.id), _("Ticket")))
    message = laid_out(Buttons("\n".join(lines), tuple(buttons)), _)
    outbound.say(session, booking.person_id, message, kind="stay_begins", now=now, booking_id=booking.id)


def stay_over(session: Session, booking: Booking, *, rules: Rules, now: datetime) -> None:
    """How was it? Asked once."""
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    template = templates.make(
        "stay_over", _.language, listing.name, booking.code, taps=(AskForStars(booking.id),)
    )
    tell_guest(session, booking, rate.question(_, booking, listing), "stay_over", template, now)
