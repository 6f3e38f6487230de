"""How an admin is answered: in English, whatever their own language."""

from __future__ import annotations

from dataclasses import replace

from flows.actions import Action
from flows.engine import Reply
from flows.phrases import ENGLISH
from flows.state import State
from models.message import Message


def told(
    state: State,
    message: Message,
    kind: str,
    booking_id: int | None = None,
    *,
    yes: Action | None = None,
    no: Action | None = None,
) -> Reply:
    """An answer to an admin; a question that is open elsewhere stays open."""
    return Reply(message, replace(state, misses=0), kind, booking_id, "admin", ENGLISH, yes, no)
