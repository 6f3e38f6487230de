"""An admin decides in the owner's place, from the alert after an hour of silence."""

from __future__ import annotations

from dataclasses import replace

from flows import my_bookings, owner
from flows.actions import ApproveInstead, DeclineInstead, DeclineInsteadForSure, WaitForOwner
from flows.engine import Reply, Turn, button
from flows.phrases import ENGLISH
from flows.state import State
from models import person
from models.booking import Booking
from models.booking_event import Actor
from models.errors import BookingError
from models.lifecycle import AWAITING_OWNER
from models.listing import Listing
from models.message import Buttons, Text


def approve(turn: Turn, state: State, action: ApproveInstead) -> Reply:
    return _decide(turn, state, action.booking, yes=True)


def ask_if_sure(turn: Turn, state: State, action: DeclineInstead) -> Reply:
    opened = _open(turn, state, action.booking)
    if isinstance(opened, Reply):
        return opened
    booking, listing = opened
    sure, keep = DeclineInsteadForSure(booking.id), WaitForOwner(booking.id)
    body = f"Decline {booking.code}, *{listing.name}*, for {booking.guest_name}? The guest will be told."
    buttons = (button(sure, "Yes, decline"), button(keep, "No, wait"))
    return Reply(
        Buttons(body, buttons),
        replace(state, misses=0),
        "decline",
        booking.id,
        "admin",
        ENGLISH,
        yes=sure,
        no=keep,
    )


def wait(turn: Turn, state: State, action: WaitForOwner) -> Reply:
    opened = _open(turn, state, action.booking)
    if isinstance(opened, Reply):
        return opened
    body = f"All right. {opened[0].code} goes on waiting for its owner; the buttons above stay good."
    return Reply(Text(body), replace(state, misses=0), "decline", action.booking, "admin", ENGLISH)


def decline(turn: Turn, state: State, action: DeclineInsteadForSure) -> Reply:
    return _decide(turn, state, action.booking, yes=False)


def _decide(turn: Turn, state: State, booking_id: int, *, yes: bool) -> Reply:
    opened = _open(turn, state, booking_id)
    if isinstance(opened, Reply):
        return opened
    booking, listing = opened
    try:
        booking.decide(
            turn.session,
            yes=yes,
            actor=Actor("admin", turn.person_id),
            cause=turn.cause,
            now=turn.now,
            reason=None if yes else "other",
        )
    except BookingError:
        return replace(owner.how_it_stands(turn, state, booking, listing), recipient="admin")
    done = "✅ *Approved* in the owner's place." if yes else "❌ *Declined* in the owner's place."
    body = f"{done} {booking.guest_name}, *{listing.name}*, {booking.code}: the guest is told."
    return Reply(Text(body), replace(state, misses=0), "decided", booking.id, "admin", ENGLISH)


def _open(turn: Turn, state: State, booking_id: int) -> tuple[Booking, Listing] | Reply:
    """The booking, if an admin asks and there is something to decide; else what is to be said instead."""
    if person.ADMIN not in person.roles(turn.session, turn.person_id):
        return my_bookings.stand(turn, state)
    try:
        booking = Booking.for_update(turn.session, booking_id)
    except LookupError:
        return my_bookings.stand(turn, state)
    listing = Listing.get(turn.session, booking.listing_id)
    if booking.decision is not None or booking.status not in AWAITING_OWNER:
        return replace(owner.how_it_stands(turn, state, booking, listing), recipient="admin")
    return booking, listing
