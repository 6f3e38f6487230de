"""An admin decides in the owner's place, or takes back what was confirmed; always asked once more before a no."""

from __future__ import annotations

from dataclasses import replace

from flows import my_bookings, notices, owner
from flows.actions import ApproveInstead, DeclineInstead, DeclineInsteadForSure, WaitForOwner, encode
from flows.admin.answers import told
from flows.engine import Reply, Turn, button
from flows.phrases import ENGLISH
from flows.state import State
from models.booking import Booking
from models.booking_event import Actor
from models.errors import BookingError
from models.lifecycle import AWAITING_OWNER, CONFIRMED
from models.listing import Listing
from models.message import Buttons, Text, clip

REASON = 200  # characters that a guest is told; a template takes no more


def approve(turn: Turn, state: State, action: ApproveInstead) -> Reply:
    opened = _open(turn, state, action.booking)
    if isinstance(opened, Reply):
        return opened
    booking, listing = opened
    if booking.status in CONFIRMED:
        return _how_it_stands(turn, state, booking, listing)
    return _decide(turn, state, booking, listing, yes=True)


def ask_if_sure(turn: Turn, state: State, action: DeclineInstead) -> Reply:
    return ask_with_reason(turn, state, action.booking, None)


def ask_with_reason(turn: Turn, state: State, booking_id: int, reason: str | None) -> Reply:
    """The question before a no; the reason that was typed is what the guest will read."""
    opened = _open(turn, state, booking_id)
    if isinstance(opened, Reply):
        return opened
    booking, listing = opened
    reason = clip(reason, REASON) if reason else None
    sure, keep = DeclineInsteadForSure(booking.id), WaitForOwner(booking.id)
    body = f"Decline {booking.code}, *{listing.name}*, for {booking.guest_name}?"
    if _is_withdrawn(booking):
        body = (
            f"Withdraw {booking.code}, *{listing.name}*, from {booking.guest_name}? It is *confirmed*: "
            "the ticket becomes void, and all that was paid is owed back."
        )
    told_reason = notices.reason_in_words(ENGLISH, reason)
    body += f"\n\nThe guest will be told: “{told_reason}”."
    buttons = (button(sure, "Yes, decline"), button(keep, "No, wait"))
    state = replace(state, at=encode(DeclineInstead(booking.id)), reason=reason)
    return told(state, Buttons(body, buttons), "decline", booking.id, yes=sure, no=keep)


def wait(turn: Turn, state: State, action: WaitForOwner) -> Reply:
    opened = _open(turn, state, action.booking)
    if isinstance(opened, Reply):
        return opened
    booking, _listing = opened
    body = f"All right. {booking.code} stays as it is."
    if booking.status in AWAITING_OWNER:
        body = f"All right. {booking.code} goes on waiting for its owner; the buttons above stay good."
    return told(replace(state, reason=None), Text(body), "decline", booking.id)


def decline(turn: Turn, state: State, action: DeclineInsteadForSure) -> Reply:
    opened = _open(turn, state, action.booking)
    if isinstance(opened, Reply):
        return opened
    booking, listing = opened
    # What was typed for another booking is not this one's reason.
    asked = state.at == encode(DeclineInstead(booking.id))
    reason, state = (state.reason if asked else None) or "other", replace(state, reason=None)
    if _is_withdrawn(booking):
        return _withdraw(turn, state, booking, listing, reason)
    return _decide(turn, state, booking, listing, yes=False, reason=reason)


def _decide(
    turn: Turn, state: State, booking: Booking, listing: Listing, *, yes: bool, reason: str | None = None
) -> Reply:
    actor = Actor("admin", turn.person_id)
    try:
        booking.decide(turn.session, yes=yes, actor=actor, cause=turn.cause, now=turn.now, reason=reason)
    except BookingError:
        return _how_it_stands(turn, state, booking, listing)
    done = "✅ *Approved* in the owner's place." if yes else "❌ *Declined* in the owner's place."
    body = f"{done} {booking.guest_name}, *{listing.name}*, {booking.code}: the guest is told."
    return told(state, Text(body), "decided", booking.id)


def _withdraw(turn: Turn, state: State, booking: Booking, listing: Listing, reason: str) -> Reply:
    booking.withdraw(
        turn.session, actor=Actor("admin", turn.person_id), cause=turn.cause, now=turn.now, reason=reason
    )
    body = (
        f"❌ *Withdrawn.* {booking.guest_name}, *{listing.name}*, {booking.code}: guest and owner are told."
    )
    return told(state, Text(body), "decided", booking.id)


def _is_withdrawn(booking: Booking) -> bool:
    """Whether a no takes back what was paid or confirmed, instead of answering a request."""
    return booking.status in CONFIRMED or booking.is_reversed


def _open(turn: Turn, state: State, booking_id: int) -> tuple[Booking, Listing] | Reply:
    """The booking, if there is something to decide or to take back; else what is to be said instead."""
    try:
        booking = Booking.for_update(turn.session, booking_id)
    except LookupError:
        return my_bookings.stand(turn, state)
    listing = Listing.get(turn.session, booking.listing_id)
    if _is_withdrawn(booking) or (booking.decision is None and booking.status in AWAITING_OWNER):
        return booking, listing
    return _how_it_stands(turn, state, booking, listing)


def _how_it_stands(turn: Turn, state: State, booking: Booking, listing: Listing) -> Reply:
    # In the language of all that is said to admins, whatever their own.
    turn = replace(turn, _=ENGLISH)
    reply = owner.how_it_stands(turn, state, booking, listing)
    return replace(reply, recipient="admin", spoken=ENGLISH)
