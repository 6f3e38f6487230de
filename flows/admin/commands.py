"""What an admin may type: a word, and what answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flows import understand
from flows.actions import ApproveInstead, DeclineInstead
from flows.admin import decisions
from flows.engine import Command, Reply, Turn
from flows.phrases import ENGLISH
from flows.state import State
from models.booking import Booking
from models.message import Text


def approve(turn: Turn, state: State, words: str) -> Reply | None:
    """A yes in the owner's place."""
    booking = named(turn, state, words)
    if not isinstance(booking, Booking):
        return booking
    return decisions.approve(turn, state, ApproveInstead(booking.id))


def decline(turn: Turn, state: State, words: str) -> Reply | None:
    """A no in the owner's place, after being asked once more."""
    booking = named(turn, state, words)
    if not isinstance(booking, Booking):
        return booking
    return decisions.ask_if_sure(turn, state, DeclineInstead(booking.id))


def named(turn: Turn, state: State, words: str) -> Booking | Reply | None:
    """The booking that is named; what to say where there is none with this code; None where none is named."""
    found = understand.booking_code(words)
    if found is None:
        return None
    booking = Booking.with_code(turn.session, found[0])
    if booking is None:
        body = f"There is no booking {found[0]}. Please look at its letters again."
        return Reply(Text(body), state, "not_found", recipient="admin", spoken=ENGLISH)
    return booking


COMMANDS: Final[Mapping[str, Command]] = {
    "approve": approve,
    "confirm": approve,
    "decline": decline,
}
