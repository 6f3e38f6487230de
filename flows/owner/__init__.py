"""What an owner does from their chat."""

from __future__ import annotations

from flows.owner.requests import (
    ask_if_sure,
    ask_reason,
    confirm,
    decline,
    how_it_stands,
    show_request,
    take_words,
    waiting,
)

__all__ = [
    "ask_if_sure",
    "ask_reason",
    "confirm",
    "decline",
    "how_it_stands",
    "show_request",
    "take_words",
    "waiting",
]
