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
    """This is not free; carries the stay that was wished for."""

    def __init__(self, stay: Stay) -> None:
        self.stay = stay


def earliest_day(turn: Turn, listing: Listing) -> date:
    """The first day on which one can still come: today until check-in, or until its last shift or slot."""
    today = availability.today(listing, turn.now)
    stays = [Stay.of_nights(today, 1)] if listing.hours is None else availability.stays_on(listing, today)
    can_begin = any(availability.stay_span(listing, stay)[0] > turn.now for stay in stays)
    return today if can_begin else today + timedelta(days=1)


def last_day(turn: Turn, listing: Listing) -> date:
    return availability.today(listing, turn.now) + timedelta(days=turn.rules.max_days_ahead)


def free_days(turn: Turn, listing: Listing, first: date, units: int) -> tuple[list[date], date | None]:
    """A page of days from which the shortest stay is free, and where the next page begins."""
    last = last_day(turn, listing)
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


def free_choices(
    turn: Turn, listing: Listing, draft: Draft, first: date
) -> tuple[dict[date, list[Stay]], date | None]:
    """A page of days with what is free on each by shift or slot, and where the next page begins.

    Where a shift or a time was chosen before, only the days on which that one is free.
    """
    last = last_day(turn, listing)
    until = min(last, first + timedelta(days=ENOUGH_DAYS))
    found: dict[date, list[Stay]] = {}
    while first <= last:
        for day, stays in _choices(turn, listing, draft, first, until).items():
            if len(found) == DATES_A_PAGE:
                return found, day
            found[day] = stays
        if until == last:
            break
        first, until = until + timedelta(days=1), last
    return found, None


def free_choices_on(turn: Turn, listing: Listing, draft: Draft, day: date) -> list[Stay]:
    """What is free on this day by shift or slot, whatever was chosen before."""
    undecided = draft.with_answer(shift=None, start=None)
    return _choices(turn, listing, undecided, day, day).get(day, [])


def _choices(turn: Turn, listing: Listing, draft: Draft, first: date, last: date) -> dict[date, list[Stay]]:
    taken = availability.occupancy(
        turn.session, listing, first, last, now=turn.now, grace=turn.rules.hold_grace
    )
    units, found = units_for(listing, draft), dict[date, list[Stay]]()
    for day in _days(first, last):
        free = availability.free_on(listing, taken, day, units=units, now=turn.now, minutes=draft.minutes)
        fit = [
            stay for stay in free if draft.shift in (None, stay.shift) and draft.start in (None, stay.start)
        ]
        if fit:
            found[day] = fit
    return found


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
