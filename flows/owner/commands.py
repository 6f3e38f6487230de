"""What an owner may type: a word, and what answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flows import understand
from flows.actions import ShowRequest
from flows.engine import Command, Reply, Turn
from flows.owner import requests
from flows.state import State
from models.booking import Booking


def show_requests(turn: Turn, state: State, words: str) -> Reply | None:
    """The request that is named, or the oldest that waits: whoever types “confirm” decides by its buttons."""
    named = understand.booking_code(words)
    if named is not None:
        booking = Booking.with_code(turn.session, named[0])
        return requests.show_request(turn, state, ShowRequest(booking.id)) if booking is not None else None
    return requests.waiting(turn, state) if not words else None


COMMANDS: Final[Mapping[str, Command]] = {
    "confirm": show_requests,
    "approve": show_requests,
    "decline": show_requests,
    "request": show_requests,
    "requests": show_requests,
    "pending": show_requests,
}
