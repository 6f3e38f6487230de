"""How an owner is answered, and which place they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from flows import my_bookings
from flows.actions import VERSION, Action, MorePlaces, decode, encode
from flows.engine import Reply, Turn, row
from flows.paging import paged
from flows.state import State
from models.listing import Listing
from models.message import Menu, Message, Section, Text

OfPlace = Any  # an action whose first field is a listing


def told(
    state: State,
    message: Message,
    kind: str,
    booking_id: int | None = None,
    *,
    yes: Action | None = None,
    no: Action | None = None,
) -> Reply:
    """An answer to an owner, who may be a guest elsewhere: a question that is open stays open."""
    return Reply(message, replace(state, misses=0), kind, booking_id, "owner", yes=yes, no=no)


def own(turn: Turn, listing_id: int) -> Listing | None:
    """The place, if it is this person's."""
    listing = Listing.find(turn.session, listing_id)
    return listing if listing is not None and listing.owner_id == turn.person_id else None


def places(turn: Turn) -> Sequence[Listing]:
    return Listing.of_owner(turn.session, turn.person_id)


def which_place(
    turn: Turn,
    state: State,
    action: OfPlace,
    go_on: Callable[[Turn, State, OfPlace], Reply],
    *,
    page: int = 0,
) -> Reply:
    """Straight on with an owner's only place; else asks which one is meant, and the tap goes on.

    Args:
        action: what is to be done, whatever place it names.
    """
    _, found = turn._, places(turn)
    if not found:
        return told(state, Text(_("None of your places is listed just now.")), "which_place")
    if len(found) == 1:
        return go_on(turn, state, replace(action, listing=found[0].id))
    rows = [row(replace(action, listing=each.id), each.name, each.location) for each in found]
    then = encode(replace(action, listing=0)).partition(":")[2].replace(":", "_")
    section = Section(None, paged(rows, page, lambda page: MorePlaces(page, then), _))
    return told(state, Menu(_("Which place do you mean?"), _("Choose"), (section,)), "which_place")


def more_places(turn: Turn, state: State, action: MorePlaces) -> Reply:
    """Another page of the same question."""
    then = decode(f"{VERSION}:{action.then.replace('_', ':')}")
    if then is None or not hasattr(then, "listing") or len(places(turn)) < 2:
        return my_bookings.stand(turn, state)
    return which_place(
        turn, state, then, lambda turn, state, _: my_bookings.stand(turn, state), page=action.page
    )
