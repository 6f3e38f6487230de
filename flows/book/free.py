"""Which days and nights are free, for showing; the claim decides (`models/allocation.py`)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from flows.engine import Turn
from flows.state import Draft
from models import availability
from models.listing import Listing
from models.stay import Stay

DATES_A_PAGE: Final = 9


MOST_NIGHTS_SHOWN: Final = 10


ENOUGH_DAYS: Final = 21  # looked at first; the whole season only where these do not fill a page


class Taken(Exception):
    """These dates are not free; carries the stay that was wished for."""

    def __init__(self, stay: Stay) -> None:
        self.stay = stay


def earliest_day(turn: Turn, listing: Listing) -> date:
    """The first day on which one can still come: today until the time of check-in."""
    today = availability.today(listing, turn.now)
    starts_at, _ends_at = availability.stay_span(listing, Stay.of_nights(today, 1))
    return today if starts_at > turn.now else today + timedelta(days=1)


def free_days(turn: Turn, listing: Listing, first: date, units: int) -> tuple[list[date], date | None]:
    """A page of days from which the shortest stay is free, and where the next page begins."""
    last = availability.today(listing, turn.now) + timedelta(days=turn.rules.max_days_ahead)
    until = min(last, first + timedelta(days=ENOUGH_DAYS))
    while first <= last:
        rules = {day: listing.rules_on(day) for day in _days(first, until)}
        longest = max(of_day.min_nights for of_day in rules.values())
        full = _full_nights(turn, listing, first, until + timedelta(days=longest), units)
        days = [
            day
            for day, of_day in rules.items()
            if of_day.takes(day)
            and not any(day + timedelta(days=n) in full for n in range(of_day.min_nights))
        ]
        if len(days) > DATES_A_PAGE:
            return days[:DATES_A_PAGE], days[DATES_A_PAGE]
        if until == last:
            return days, None
        if len(days) == DATES_A_PAGE:
            return days, until + timedelta(days=1)
        until = last
    return [], None


def free_nights(turn: Turn, listing: Listing, draft: Draft) -> tuple[list[int], bool]:
    """The numbers of nights that are free from the day of coming on, and whether a full night ends them."""
    assert draft.check_in is not None
    rules = listing.rules_on(draft.check_in)
    longest = min(rules.max_nights, max(MOST_NIGHTS_SHOWN, rules.min_nights))
    last = draft.check_in + timedelta(days=longest - 1)
    full = _full_nights(turn, listing, draft.check_in, last, units_for(listing, draft))
    free = (min(full) - draft.check_in).days if full else longest
    if free < rules.min_nights:
        raise Taken(Stay.of_nights(draft.check_in, draft.nights or rules.min_nights))
    return list(range(rules.min_nights, free + 1)), bool(full)


def _full_nights(turn: Turn, listing: Listing, first: date, last: date, units: int) -> frozenset[date]:
    return availability.full_nights(
        turn.session, listing, first, last, units=units, now=turn.now, grace=turn.rules.hold_grace
    )


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def units_for(listing: Listing, draft: Draft) -> int:
    return availability.units_needed(listing, draft.guests or 1)
