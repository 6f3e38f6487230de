"""A guest arrives: the ticket's code, sent by the place's owner, marks them as arrived, once.

The page of a ticket has no effect by being opened, and its code none from anybody else: a guest who sends it is
told to show the ticket, and a second one who comes with the same ticket is seen by the first one's time.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flows import my_bookings, phrases, stays, understand
from flows.actions import CheckIn, ShowStay, ShowToday
from flows.engine import Reply, Turn, button
from flows.owner.answers import told
from flows.phrases import Phrases
from flows.state import State
from models import person, ticket
from models.booking import Booking
from models.booking_event import Actor
from models.lifecycle import Status
from models.listing import Listing
from models.message import Button, Buttons, Text, clip


def take_words(turn: Turn, state: State, said: str) -> Reply | None:
    """ "Check in BK-20261224-7K3QX-A7K9QD", from whomever; None for anything else."""
    if not understand.plain(said).startswith(("check in", "checkin", "check-in")):
        return None
    named = understand.booking_code(said)
    if named is None:
        return None
    code, rest = named
    booking = Booking.with_code(turn.session, code)
    if booking is None:
        return None
    listing = Listing.get(turn.session, booking.listing_id)
    if not _may(turn, listing):
        return _show_at_the_place(turn, state, booking, listing)
    key = ticket.key_of(turn.session, booking.id)
    proof = rest.split()[-1].upper() if rest else ""
    if key is not None and proof == ticket.chat_code(key):
        return check_in(turn, state, CheckIn(booking.id))
    return show_stay(turn, state, ShowStay(booking.id))


def _may(turn: Turn, listing: Listing) -> bool:
    """The listing's owner, or an admin in their place."""
    return listing.owner_id == turn.person_id or person.ADMIN in person.roles(turn.session, turn.person_id)


def _show_at_the_place(turn: Turn, state: State, booking: Booking, listing: Listing) -> Reply | None:
    """What a guest hears who taps the page's button; who has nothing to do with it hears nothing of the booking."""
    _ = turn._
    if booking.person_id != turn.person_id:
        body = _(
            "This ticket is checked in by the owner of the place. Please show it to them when you arrive."
        )
        return Reply(Text(body), state, "check_in")
    body = _(
        "Please show this ticket at *{place}* when you arrive: the owner checks you in with it.",
        place=clip(listing.name, 60),
    )
    return Reply(Text(body), state, "check_in", booking.id)


def show_stay(turn: Turn, state: State, action: ShowStay) -> Reply:
    """A booking as its owner needs it at the door."""
    booking = Booking.find(turn.session, action.booking)
    listing = Listing.get(turn.session, booking.listing_id) if booking is not None else None
    if booking is None or listing is None or not _may(turn, listing):
        return my_bookings.stand(turn, state)
    _ = turn._
    used = ticket.use_of(turn.session, booking.id)
    lines = [*_who(turn, booking, listing), "", my_bookings.short_status(_, booking)]
    buttons: list[Button] = []
    if used is not None:
        lines[-1] = _arrived(_, used, listing)
    elif booking.status == Status.TICKET_GENERATED and _has_begun(booking, listing, turn.now):
        buttons.append(button(CheckIn(booking.id), _("Guest has arrived")))
    buttons.append(button(ShowToday(0), _("Today")))
    return told(state, Buttons("\n".join(lines), tuple(buttons)), "staying", booking.id)


def check_in(turn: Turn, state: State, action: CheckIn) -> Reply:
    """Marks the guest as arrived; says so where it was done before, or why it cannot be done."""
    try:
        booking = Booking.for_update(turn.session, action.booking)
    except LookupError:
        return my_bookings.stand(turn, state)
    listing = Listing.get(turn.session, booking.listing_id)
    if not _may(turn, listing):
        return my_bookings.stand(turn, state)
    _, now = turn._, turn.now
    who = _who(turn, booking, listing)
    used = ticket.use_of(turn.session, booking.id)
    if used is not None:
        first = _("⚠️ *This ticket was used already.*")
        last = _("If somebody else came with it, one of the two has a copy.")
        return _said(state, [first, _arrived(_, used, listing), "", *who, "", last], booking)
    if booking.status != Status.TICKET_GENERATED:
        first = _("⚠️ *This ticket is not valid.*")
        return _said(state, [first, my_bookings.short_status(_, booking), "", *who], booking)
    if not _has_begun(booking, listing, now):
        first = _("⚠️ *Too early:* this ticket is for {day}.", day=_.day(booking.check_in))
        return _said(state, [first, "", *who], booking)
    role = "owner" if listing.owner_id == turn.person_id else "admin"
    if not booking.check_in_guest(turn.session, actor=Actor(role, turn.person_id), cause=turn.cause, now=now):
        return _said(state, [_("⚠️ *This ticket is not valid.*"), "", *who], booking)
    lines = [_("✅ *Checked in.* The guest has arrived."), "", *who]
    if booking.due:
        lines.append(_("To collect now: *{amount}*", amount=_.money(booking.due)))
    return _said(state, lines, booking)


def _said(state: State, lines: list[str], booking: Booking) -> Reply:
    return told(state, Text("\n".join(lines)), "check_in", booking.id)


def _has_begun(booking: Booking, listing: Listing, now: datetime) -> bool:
    """From the morning of the first day on, for guests come early."""
    return now.astimezone(ZoneInfo(listing.time_zone)).date() >= booking.check_in


def _who(turn: Turn, booking: Booking, listing: Listing) -> list[str]:
    _ = turn._
    phone = person.phone_of(turn.session, booking.person_id)
    name = clip(booking.guest_name, 60)
    return [
        f"*{name}*" + (f" {phrases.phone(phone)}" if phone else ""),
        f"{clip(listing.name, 60)} · {_.guests(booking.guests)}",
        stays.of_booking(_, booking, listing),
        booking.code,
    ]


def _arrived(_: Phrases, used: ticket.Use, listing: Listing) -> str:
    local = used.at.astimezone(ZoneInfo(listing.time_zone))
    when = f"{_.day(local.date())}{_.comma}{_.time(local.time())}"
    if used.name:
        return _("Checked in on {when} by {name}.", when=when, name=clip(used.name, 60))
    return _("Checked in on {when}.", when=when)
