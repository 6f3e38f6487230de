"""What an owner does from their chat."""

from __future__ import annotations

from flows.owner.requests import how_it_stands, take_words, waiting
from flows.owner.taps import TAPS

__all__ = ["TAPS", "how_it_stands", "take_words", "waiting"]
