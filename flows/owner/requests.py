"""The owner's answer: yes at once, no after being asked once more and why.

Each button carries a single-use code. Nothing but the code is believed: whose it is, until when it works
and what it is for are looked up, and a button that is too old brings the request back with fresh ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

from flows import my_bookings, notices, stays, understand
from flows.actions import AskReason, CancelBooking, CancelForReason, ConfirmBooking, ShowRequest
from flows.engine import Reply, Turn, button
from flows.phrases import Phrases
from flows.state import State
from models import action_code
from models.booking import Booking
from models.booking_event import Actor
from models.booking_row import YES
from models.errors import BookingError
from models.lifecycle import AWAITING_OWNER, Status
from models.listing import Listing
from models.message import Buttons, ContactRequest, Text, Typing

# Where a yes came to nothing after all.
_GIVEN_UP: Final = frozenset(
    {Status.OWNER_CANCELLED, Status.GUEST_CANCELLED, Status.REFUND_REQUIRED, Status.REFUND_INITIATED}
)
_REASON_TITLES: Final = {
    "slot_unavailable": "Slot unavailable",
    "fully_booked": "Fully booked",
    "other": "Other reason",
}


def confirm(turn: Turn, state: State, action: ConfirmBooking) -> Reply:
    """The owner's yes."""
    opened = _open(turn, state, action.code, action_code.CONFIRM)
    if isinstance(opened, Reply):
        return opened
    booking, listing = opened
    try:
        booking.decide(
            turn.session, yes=True, actor=Actor("owner", turn.person_id), cause=turn.cause, now=turn.now
        )
    except BookingError:
        return how_it_stands(turn, state, booking, listing)
    # The ticket's notice is the one bubble: it says the rest, or what stands in its way.
    return Reply(Typing(turn.wamid), _shown(state), "typing", booking.id, "owner")


def ask_if_sure(turn: Turn, state: State, action: CancelBooking) -> Reply:
    """A no costs a guest their plans: it is asked once more."""
    opened = _open(turn, state, action.code, action_code.DECLINE)
    if isinstance(opened, Reply):
        return opened
    booking, listing = opened
    _ = turn._
    sure, keep = AskReason(action.code), ShowRequest(booking.id)
    body = _("Cancel this booking? The guest will be told.") + "\n\n" + _request_in_short(_, booking, listing)
    buttons = (button(sure, _("Yes, cancel it")), button(keep, _("No, go back")))
    return Reply(Buttons(body, buttons), _shown(state), "decline", booking.id, "owner", yes=sure, no=keep)


def ask_reason(turn: Turn, state: State, action: AskReason) -> Reply:
    opened = _open(turn, state, action.code, action_code.DECLINE)
    if isinstance(opened, Reply):
        return opened
    _ = turn._
    buttons = tuple(
        button(CancelForReason(action.code, reason), _(title)) for reason, title in _REASON_TITLES.items()
    )
    return Reply(Buttons(_("Why? The guest will be told."), buttons), _shown(state), "decline", opened[0].id)


def decline(turn: Turn, state: State, action: CancelForReason) -> Reply:
    """The owner's no, with its reason."""
    opened = _open(turn, state, action.code, action_code.DECLINE)
    if isinstance(opened, Reply):
        return opened
    booking, listing = opened
    reason = action.reason if action.reason in _REASON_TITLES else "other"
    try:
        booking.decide(
            turn.session,
            yes=False,
            actor=Actor("owner", turn.person_id),
            cause=turn.cause,
            now=turn.now,
            reason=reason,
        )
    except BookingError:
        return how_it_stands(turn, state, booking, listing)
    _ = turn._
    body = _("❌ *Cancelled.*") + "\n\n" + _request_in_short(_, booking, listing)
    body += "\n\n" + _("The guest is told.")
    return Reply(Text(body), _shown(state), "declined", booking.id, "owner")


def show_request(turn: Turn, state: State, action: ShowRequest) -> Reply:
    """The request once more, with fresh buttons, for the owner of its place."""
    booking = Booking.find(turn.session, action.booking)
    listing = Listing.get(turn.session, booking.listing_id) if booking is not None else None
    if booking is None or listing is None or listing.owner_id != turn.person_id:
        return my_bookings.stand(turn, state)
    booking = Booking.for_update(turn.session, booking.id)
    if booking.decision is not None or booking.status not in AWAITING_OWNER:
        return how_it_stands(turn, state, booking, listing)
    return _fresh(turn, state, booking, listing, None)


def how_it_stands(turn: Turn, state: State, booking: Booking, listing: Listing) -> Reply:
    """Who decided what, or why there is nothing to decide any more."""
    _ = turn._
    body = _request_in_short(_, booking, listing) + "\n\n" + decision_in_words(turn, booking, listing)
    if booking.decision == YES and booking.status in _GIVEN_UP:
        body += f"\n*{my_bookings.short_status(_, booking)}*"
    return Reply(Text(body), _shown(state), "request_status", booking.id, "owner")


def decision_in_words(turn: Turn, booking: Booking, listing: Listing) -> str:
    _ = turn._
    if booking.decision is None:
        status = my_bookings.short_status(_, booking)
        return _("There is nothing to decide any more. Status: *{status}*.", status=status)
    assert booking.decision_made_at is not None
    local = booking.decision_made_at.astimezone(ZoneInfo(listing.time_zone))
    when = f"{_.day(local.date())}{_.comma}{_.time(local.time())}"
    if booking.decision_made_by == turn.person_id:
        if booking.decision == YES:
            return _("You confirmed it on {when}.", when=when)
        return _("You cancelled it on {when}.", when=when)
    if booking.decision_made_by is None and booking.decision == YES:
        return _(
            "It was confirmed by itself on {when}, as this place takes bookings without asking.", when=when
        )
    if booking.decision_made_by is None:
        return _("It was cancelled by itself on {when}, because there was no answer in time.", when=when)
    if booking.decision_made_by == listing.owner_id:
        if booking.decision == YES:
            return _("The owner confirmed it on {when}.", when=when)
        return _("The owner cancelled it on {when}.", when=when)
    if booking.decision == YES:
        return _("Our team confirmed it on {when}.", when=when)
    return _("Our team cancelled it on {when}.", when=when)


def take_words(turn: Turn, state: State, said: str) -> Reply | None:
    """An owner who types “yes” instead of tapping sees the request that waits, with its buttons."""
    return waiting(turn, state) if understand.yes_or_no(said) else None


def waiting(turn: Turn, state: State, preface: str | None = None) -> Reply | None:
    """The request that waits for this person's answer, with fresh buttons; None where there is none."""
    for listing in Listing.of_owner(turn.session, turn.person_id):
        unanswered = Booking.awaiting_owner(turn.session, listing.id)
        if unanswered:
            booking = Booking.for_update(turn.session, unanswered[0].id)
            return _fresh(turn, state, booking, listing, preface)
    return None


def ask_who(turn: Turn, state: State) -> Reply:
    """An owner is named by phone: who writes without showing theirs is asked for it, and then known."""
    body = turn._("To be sure that it is you, please share your phone number: tap the button below.")
    return Reply(ContactRequest(body), state, "ask_who", recipient="owner")


def _open(turn: Turn, state: State, code: str, action: str) -> tuple[Booking, Listing] | Reply:
    """The booking behind a code that still works; else what is to be said instead."""
    found = action_code.find(turn.session, code)
    if found is not None and found.person_id != turn.person_id and not turn.has_phone:
        return ask_who(turn, state)
    if found is None or found.person_id != turn.person_id or found.action != action:
        return my_bookings.stand(turn, state)
    booking = Booking.for_update(turn.session, found.booking_id)
    listing = Listing.get(turn.session, booking.listing_id)
    if listing.owner_id != turn.person_id:
        return my_bookings.stand(turn, state)
    if booking.decision is not None or booking.status not in AWAITING_OWNER:
        return how_it_stands(turn, state, booking, listing)
    if not found.is_usable(turn.now):
        preface = turn._("That button had expired. Here is the request again:")
        return _fresh(turn, state, booking, listing, preface)
    return booking, listing


def _fresh(turn: Turn, state: State, booking: Booking, listing: Listing, preface: str | None) -> Reply:
    message, _template = notices.request_message(
        turn.session, booking, listing, rules=turn.rules, now=turn.now, preface=preface
    )
    return Reply(message, _shown(state), "booking_request", booking.id, "owner")


def _request_in_short(_: Phrases, booking: Booking, listing: Listing) -> str:
    return "\n".join(
        (
            f"*{listing.name}*",
            stays.with_guests(_, booking, listing),
            _("Guest: {name}", name=booking.guest_name),
            booking.code,
        )
    )


def _shown(state: State) -> State:
    """An owner may be a guest elsewhere: a question that is open stays open."""
    return replace(state, misses=0)
