"""Booking a stay: day, nights, shift or time, guests, name, and the summary that a guest accepts by paying.

The answers live in the conversation until the summary is shown. Then they are a booking, `INITIATED`,
which every changed answer rewrites until it is accepted.
"""

from __future__ import annotations

from flows.book.progress import ask_again, draft_of, offer_alternatives, proceed
from flows.book.questions import profile_name
from flows.book.steps import BOOK
from flows.book.summary import guests_and_units
from flows.book.turns import (
    answer,
    ask_what_to_change,
    book_place,
    change_place,
    choose_further,
    continue_booking,
    drop,
    go_back,
    more_nights,
    pick,
    show_dates,
    show_times,
    take_dates,
)

__all__ = [
    "BOOK",
    "answer",
    "ask_again",
    "ask_what_to_change",
    "book_place",
    "change_place",
    "choose_further",
    "continue_booking",
    "draft_of",
    "drop",
    "go_back",
    "guests_and_units",
    "more_nights",
    "offer_alternatives",
    "pick",
    "proceed",
    "profile_name",
    "show_dates",
    "show_times",
    "take_dates",
]
