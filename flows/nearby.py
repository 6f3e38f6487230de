"""The places nearest to where somebody is: a spot that they share from their phone's map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flows import find_a_place
from flows.actions import LookAround, NearMe, ShowNear, ShowPlace, encode
from flows.engine import Reply, Turn, button, row
from flows.state import State
from models.distance import Spot, kilometres
from models.listing import Listing
from models.message import Buttons, LocationRequest, Menu, Section


def ask_where(turn: Turn, state: State) -> Reply:
    """Asks for the spot; WhatsApp puts a button below that opens the map."""
    body = turn._("Where are you? Tap the button below to share your location, and I show what is nearest.")
    return Reply(LocationRequest(body), replace(state, at=encode(NearMe()), misses=0), "near")


def spot_of(payload: Mapping[str, Any]) -> ShowNear | None:
    """What a shared location asks for; None for any other message, or a spot that is nowhere."""
    node = payload.get("location")
    if payload.get("type") != "location" or not isinstance(node, Mapping):
        return None
    spot = Spot.read(node.get("latitude"), node.get("longitude"))
    return ShowNear(*spot.grid, 0) if spot is not None else None


def show(turn: Turn, state: State, near: ShowNear) -> Reply:
    """A page of the places, the nearest first, each with how far it is."""
    _, spot = turn._, Spot.of_grid(near.north, near.east)
    found = _by_distance(turn, spot) if spot is not None else []
    if not found:
        buttons = (button(LookAround(), _("Other places")),)
        return Reply(Buttons(_("I know of no place near there."), buttons), state, "listings")
    each = find_a_place.PLACES_A_PAGE
    page = near.page if near.page * each < len(found) else 0
    rows = [
        row(ShowPlace(place.id), place.name, find_a_place.in_a_row(turn, place, _.distance(far)))
        for far, place in found[page * each : (page + 1) * each]
    ]
    if len(found) > each:
        after = page + 1 if (page + 1) * each < len(found) else 0
        rows.append(row(replace(near, page=after), _("More places")))
    message = Menu(
        _("The nearest places. Tap one to see it."), _("See places"), (Section(None, tuple(rows)),)
    )
    return Reply(message, replace(state, at=encode(replace(near, page=page)), misses=0), "listings")


def _by_distance(turn: Turn, spot: Spot) -> list[tuple[float, Listing]]:
    known = [
        (kilometres(spot, there), place)
        for place in Listing.on_the_map(turn.session)
        if (there := Spot.read(place.latitude, place.longitude)) is not None
    ]
    return sorted(known, key=lambda pair: (pair[0], pair[1].name))
