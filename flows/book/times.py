"""By shift and by slot: which shift, how long, and at what time; only what is free, with hours and price."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any, Final

from flows import stays, understand
from flows.actions import PickMinutes, PickShift, PickStart, ShowDates, ShowTimes
from flows.book.free import Taken, free_choices_on, units_for
from flows.engine import NotUnderstood, Turn, row
from flows.phrases import Phrases
from flows.state import Draft
from models.availability import stays_on
from models.hours import ShiftHours, SlotHours
from models.listing import Listing
from models.message import Menu, Message, Row, Section
from models.pricing import quote
from models.stay import Stay

TIMES_A_PAGE: Final = 8  # two rows are left: more times, another day


def ask_shift(turn: Turn, draft: Draft) -> Message:
    """The free shifts of the day, with their hours and their price.

    Raises:
        Taken: none is free.
    """
    _, listing = turn._, Listing.get(turn.session, draft.listing)
    assert draft.check_in is not None
    free = free_choices_on(turn, listing, draft, draft.check_in)
    if not free:
        raise Taken(_wished(listing, draft))
    rows = []
    for stay in free:
        assert stay.shift is not None
        action = PickShift(listing.id, stay.check_in, stay.shift)
        told = f"{stays.hours(_, listing, stay)} · {price_of(_, listing, draft, stay)}"
        rows.append(row(action, stays.shift_name(_, stay.shift), told))
    body = _(
        "*{place}*\n*{day}*: which shift?\n\nTap a free one, or type it, e.g. “{example}”.",
        place=listing.name,
        day=_.day(draft.check_in),
        example=rows[0].title.lower(),
    )
    rows.append(_another_day(_, listing, draft.check_in))
    return Menu(body, _("Free shifts"), (Section(None, tuple(rows)),))


def ask_minutes(turn: Turn, draft: Draft) -> Message:
    """How long the visit is to be: the lengths for which a time is free, with their price.

    Raises:
        Taken: not even for the shortest.
    """
    _, listing = turn._, Listing.get(turn.session, draft.listing)
    assert draft.check_in is not None
    assert isinstance(listing.hours, SlotHours)
    rows = []
    for minutes in listing.hours.durations:
        free = free_choices_on(turn, listing, draft.with_answer(minutes=minutes), draft.check_in)
        if free:
            told = price_of(_, listing, draft, free[0])
            rows.append(row(PickMinutes(listing.id, minutes), _.length(minutes), told))
    if not rows:
        raise Taken(_wished(listing, draft))
    body = _(
        "*{place}*\n*{day}*: for how long?\n\nTap, or type it, e.g. “{example}”.",
        place=listing.name,
        day=_.day(draft.check_in),
        example=rows[0].title,
    )
    return Menu(body, _("Duration"), (Section(None, tuple(rows[:10])),))


def ask_start(turn: Turn, draft: Draft, first: time = time(0)) -> Message:
    """The free times of the day from `first` on, eight at a time.

    Raises:
        Taken: none is free.
    """
    _, listing = turn._, Listing.get(turn.session, draft.listing)
    assert draft.check_in is not None
    assert draft.minutes is not None
    every = free_choices_on(turn, listing, draft, draft.check_in)
    if not every:
        raise Taken(_wished(listing, draft))
    free = [stay for stay in every if stay.start is not None and stay.start >= first] or every
    rows = [
        row(
            PickStart(listing.id, stay.check_in, stay.start or time(0), draft.minutes),
            _.time(stay.start or time(0)),
            stays.hours(_, listing, stay),
        )
        for stay in free[:TIMES_A_PAGE]
    ]
    body = _(
        "*{place}*\n*{day}*, {length}: {price}\n\nAt what time? Tap a free one, or type it, e.g. “{example}”.",
        place=listing.name,
        day=_.day(draft.check_in),
        length=_.length(draft.minutes),
        price=price_of(_, listing, draft, free[0]),
        example=rows[0].title,
    )
    more = _other_times(_, listing, draft.check_in, every, free)
    rows += [*more, _another_day(_, listing, draft.check_in)]
    return Menu(body, _("Free times"), (Section(None, tuple(rows)),))


def _other_times(
    _: Phrases, listing: Listing, day: date, every: Sequence[Stay], shown: Sequence[Stay]
) -> list[Row]:
    """The way to the next page, and from the last one to the first."""
    if len(shown) > TIMES_A_PAGE:
        start = shown[TIMES_A_PAGE].start or time(0)
        return [
            row(ShowTimes(listing.id, day, start), _("Later times"), _("from {time}", time=_.time(start)))
        ]
    if len(shown) < len(every):
        start = every[0].start or time(0)
        return [
            row(ShowTimes(listing.id, day, start), _("Earlier times"), _("from {time}", time=_.time(start)))
        ]
    return []


def _another_day(_: Phrases, listing: Listing, day: date) -> Row:
    return row(ShowDates(listing.id, day + timedelta(days=1)), _("Another day"))


def _wished(listing: Listing, draft: Draft) -> Stay:
    """What is not free: what was chosen so far, else the first of the day."""
    assert draft.check_in is not None
    stay = draft.stay_at(listing)
    return stay if stay is not None else stays_on(listing, draft.check_in, draft.minutes)[0]


def price_of(_: Phrases, listing: Listing, draft: Draft, stay: Stay) -> str:
    """What it costs for the party, or for the smallest one where nobody was counted yet."""
    priced = quote(listing.price, stay, guests=draft.guests or 1, units=units_for(listing, draft))
    return _.money(priced.total)


# ---- answers ---------------------------------------------------------------------------------------


def read_shift(turn: Turn, draft: Draft, said: str) -> Draft:
    """Keep the shift, and the guests where they were said with it."""
    shift = understand.shift(said)
    if shift is None:
        raise NotUnderstood("Sorry, I did not find a shift in that.")
    return _with_guests(draft, said).with_answer(shift=shift)


def read_minutes(turn: Turn, draft: Draft, said: str) -> Draft:
    """Keep how long, and from when where that was said as well; a bare "2" is one of the lengths shown."""
    listing = Listing.get(turn.session, draft.listing)
    answers = said_of_time(listing, said)
    if "minutes" not in answers:
        assert isinstance(listing.hours, SlotHours)
        answers = {"minutes": understand.minutes(said, offered=listing.hours.durations)}
    if answers["minutes"] is None:
        raise NotUnderstood("Sorry, I did not understand how long. Please tap one of these.")
    return _with_guests(draft, said).with_answer(**answers)


def read_start(turn: Turn, draft: Draft, said: str) -> Draft:
    """Keep the time, and how long where that was said as well: "10:30 for 2 hours"."""
    answers = said_of_time(Listing.get(turn.session, draft.listing), said)
    if "start" not in answers:
        raise NotUnderstood("Sorry, I did not find a time in that.")
    return _with_guests(draft, said).with_answer(**answers)


def _with_guests(draft: Draft, said: str) -> Draft:
    return draft.with_answer(guests=understand.mentioned(said) or draft.guests)


def said_of_time(listing: Listing, said: str) -> dict[str, Any]:
    """The shift, or the time and how long, that a sentence says; nothing by the night."""
    found: dict[str, Any] = {}
    if isinstance(listing.hours, ShiftHours):
        found["shift"] = understand.shift(said)
    elif isinstance(listing.hours, SlotHours):
        opens, closes = listing.hours.open.begins, listing.hours.open.ends
        found["minutes"] = understand.minutes(said)
        found["start"] = understand.time_of_day(said, opens=opens, closes=closes)
    return {name: value for name, value in found.items() if value is not None}


def time_in_words(_: Phrases, draft: Draft) -> list[str]:
    """The answers of this kind that a draft has: "Night", or "2 hours" and "10:30 am"."""
    told = []
    if draft.shift is not None:
        told.append(stays.shift_name(_, draft.shift))
    if draft.start is not None:
        told.append(_.time(draft.start))
    if draft.minutes is not None:
        told.append(_.length(draft.minutes))
    return told
