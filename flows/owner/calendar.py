"""A month of a place as a picture: asked for here, drawn by a job, said when it is there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from flows import my_bookings, stays, understand
from flows.actions import ShowCalendar
from flows.engine import Reply, Turn
from flows.owner.answers import own, places, told, which_place
from flows.state import State
from flows.understand import Misread, Stretch
from models import chore
from models.message import Text, Typing

MONTHS_BACK, MONTHS_AHEAD = 12, 24
DRAW: Final = "draw_calendar"


def show_by_words(turn: Turn, state: State, words: str) -> Reply | None:
    """ "calendar", "calendar december"."""
    first_place = next(iter(places(turn)), None)
    today = stays.day_of(turn.now, first_place) if first_place is not None else turn.now.date()
    day = _month_in(words, today) if words else today
    if day is None:
        return None
    return which_place(turn, state, ShowCalendar(0, day.replace(day=1)), show)


def _month_in(words: str, today: date) -> date | None:
    found = understand.stretch(words, today=today)
    return found.first if isinstance(found, Stretch | Misread) else None


def show(turn: Turn, state: State, action: ShowCalendar) -> Reply:
    """Asks for the picture; “typing…” is all that is said until it is drawn."""
    listing = own(turn, action.listing)
    if listing is None:
        return my_bookings.stand(turn, state)
    first = action.first.replace(day=1)
    today = stays.day_of(turn.now, listing)
    if not _in_reach(first, today):
        return told(state, Text(turn._("There is nothing to see so far away.")), "calendar")
    args = {"person": turn.person_id, "listing": listing.id, "first": first.isoformat()}
    chore.demand(turn.session, DRAW, args, cause=turn.cause, now=turn.now)
    return told(state, Typing(turn.wamid), "calendar")


def _in_reach(first: date, today: date) -> bool:
    days = (first - today).days
    return -31 * MONTHS_BACK <= days <= 31 * MONTHS_AHEAD and first <= date.max - timedelta(days=400)
