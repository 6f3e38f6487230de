"""The questions of a booking in their order."""

from __future__ import annotations

from typing import Final

from flows.book import further
from flows.book.answers import read_dates, read_guests, read_name, read_nights, read_phone, read_review
from flows.book.questions import ask_dates, ask_guests, ask_name, ask_nights, ask_phone, ask_review
from flows.engine import Flow, Step, Turn
from models import person

BOOK: Final = Flow(
    "book",
    steps=(
        Step("dates", ask_dates, read_dates, lambda turn, draft: draft.check_in is not None),
        Step("nights", ask_nights, read_nights, lambda turn, draft: draft.nights is not None),
        Step("guests", ask_guests, read_guests, lambda turn, draft: draft.guests is not None),
        Step("name", ask_name, read_name, lambda turn, draft: draft.name is not None),
        Step("further", further.ask, further.read, further.is_answered),
        Step("phone", ask_phone, read_phone, lambda turn, draft: _phone_is_known(turn)),
        Step("review", ask_review, read_review, lambda turn, draft: False),
    ),
)


def _phone_is_known(turn: Turn) -> bool:
    return turn.has_phone or person.phone_of(turn.session, turn.person_id) is not None
