"""What an owner may type: a word, and what answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flows import understand
from flows.actions import ShowBlocks, ShowEarnings, ShowRequest, ShowToday
from flows.engine import Command, Reply, Turn, alone, row
from flows.owner import blocks, calendar, day, prices, requests
from flows.owner.answers import told
from flows.state import State
from models.booking import Booking
from models.message import Menu, Section


def help_(turn: Turn, state: State, words: str) -> Reply | None:
    """The words, and the most used of them to tap; a guest who waits comes first."""
    if words:
        return None
    if not state.welcome:
        preface = turn._("A guest is waiting for your answer. For anything else, type: menu")
        waiting = requests.waiting(turn, state, preface)
        if waiting is not None:
            return waiting
    _ = turn._
    lines = [
        _("*What you can type*"),
        _("*today* – who comes, leaves and waits for your answer"),
        _("*calendar* – a month as a picture"),
        _("*block 24-26 dec* – nobody can book these days"),
        _("*unblock* – open them again"),
        _("*price sat 12000* – another price for some days"),
        _("*earnings* – what this month has brought"),
        _("*menu* – book a stay yourself"),
        "",
        _("When a guest arrives, open their ticket and tap *Check in*."),
    ]
    rows = (
        row(ShowToday(0), _("Today")),
        row(ShowBlocks(0), _("My blocks")),
        row(ShowEarnings(), _("Earnings")),
    )
    return told(state, Menu("\n".join(lines), _("Show"), (Section(None, rows),)), "help")


def show_requests(turn: Turn, state: State, words: str) -> Reply | None:
    """The request that is named, or the oldest that waits: whoever types “confirm” decides by its buttons."""
    named = understand.booking_code(words)
    if named is not None:
        booking = Booking.with_code(turn.session, named[0])
        return requests.show_request(turn, state, ShowRequest(booking.id)) if booking is not None else None
    return requests.waiting(turn, state) if not words else None


COMMANDS: Final[Mapping[str, Command]] = {
    "help": help_,
    "owner": help_,
    "confirm": show_requests,
    "approve": show_requests,
    "decline": show_requests,
    "request": show_requests,
    "requests": show_requests,
    "pending": show_requests,
    "today": alone(day.show_today),
    "calendar": calendar.show_by_words,
    "block": blocks.ask_by_words,
    "unblock": alone(blocks.show_blocks),
    "blocks": alone(blocks.show_blocks),
    "price": prices.ask_by_words,
    "earnings": alone(day.show_earnings),
}
