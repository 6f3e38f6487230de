"""The questions of a booking in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flows.book import coupons, further
from flows.book.answers import read_dates, read_guests, read_name, read_nights, read_phone, read_review
from flows.book.questions import ask_dates, ask_guests, ask_name, ask_nights, ask_phone, ask_review
from flows.book.times import ask_minutes, ask_shift, ask_start, read_minutes, read_shift, read_start
from flows.engine import Flow, Step, Turn
from flows.state import Draft
from models import person
from models.hours import Hours, ShiftHours, SlotHours
from models.listing import Listing


def _is(kind: type[Hours] | None) -> Callable[[Turn, Draft], bool]:
    """For questions of one mode only, told by the hours that such a listing has."""

    def belongs(turn: Turn, draft: Draft) -> bool:
        hours = Listing.get(turn.session, draft.listing).hours
        return hours is None if kind is None else isinstance(hours, kind)

    return belongs


def _has_durations(turn: Turn, draft: Draft) -> bool:
    hours = Listing.get(turn.session, draft.listing).hours
    return isinstance(hours, SlotHours) and len(hours.durations) > 1


BOOK: Final = Flow(
    "book",
    steps=(
        Step("dates", ask_dates, read_dates, lambda turn, draft: draft.check_in is not None),
        Step("nights", ask_nights, read_nights, lambda turn, draft: draft.nights is not None, _is(None)),
        Step("shift", ask_shift, read_shift, lambda turn, draft: draft.shift is not None, _is(ShiftHours)),
        Step(
            "minutes",
            ask_minutes,
            read_minutes,
            lambda turn, draft: draft.minutes is not None,
            _has_durations,
        ),
        Step("start", ask_start, read_start, lambda turn, draft: draft.start is not None, _is(SlotHours)),
        Step("guests", ask_guests, read_guests, lambda turn, draft: draft.guests is not None),
        Step("name", ask_name, read_name, lambda turn, draft: draft.name is not None),
        Step("further", further.ask, further.read, further.is_answered, further.are_asked),
        Step(
            "coupon",
            coupons.ask,
            coupons.read,
            lambda turn, draft: draft.coupon is not None,
            coupons.are_asked,
        ),
        Step("phone", ask_phone, read_phone, lambda turn, draft: _phone_is_known(turn)),
        Step("review", ask_review, read_review, lambda turn, draft: False),
    ),
)


def _phone_is_known(turn: Turn) -> bool:
    return turn.has_phone or person.phone_of(turn.session, turn.person_id) is not None
