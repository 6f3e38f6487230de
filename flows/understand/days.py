"""Dates and nights: "14 to 16 March", "next Saturday", "25/12 for 2 nights", "kal"; day first.

The rule is never to be silently wrong: what has two readings is not understood, or comes with the other
reading for the flow to show. Everything is read by ourselves but phrases such as "10 days from now".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from flows.understand.pieces import Day, Mark, Month, Nights, Other, Period, Piece, pieces_of
from flows.understand.times import without_times
from flows.understand.vocabulary import NUMBERS, words_of


@dataclass(frozen=True)
class Dates:
    """A day of coming, and how many nights where they were said.

    Attributes:
        other: the day somebody else may have meant by the same words ("next Saturday").
    """

    check_in: date
    nights: int | None = None
    other: date | None = None


class Why(StrEnum):
    PAST = "PAST"  # a day that is over
    ORDER = "ORDER"  # leaving before coming
    AMBIGUOUS = "AMBIGUOUS"  # two readings, or only half of a date
    WHICH_DAY = "WHICH_DAY"  # a month or a week: `first` says where it begins
    NO_SUCH_DAY = "NO_SUCH_DAY"  # 30 February: `first` is the last day that the month has


@dataclass(frozen=True)
class Misread:
    """There is a date in it, and yet no day that we could be sure of.

    Attributes:
        day: the number that was said, where its month has no such day.
    """

    why: Why
    first: date | None = None
    day: int | None = None


def dates(
    said: str, *, today: date, earliest: date | None = None, sure: bool = False, is_name: bool = True
) -> Dates | Misread | None:
    """Read "14 to 16 March", "next Saturday", "25/12 for 2 nights", "kal", day first; None: no date in it.

    Args:
        today: the date at the place.
        earliest: the first day one may still come; a bare weekday means the first one from then on.
        sure: only what can mean nothing but a date, for an answer to a question that was not asked:
            a name may well be Sunday, May or April.
        is_name: where only what is `sure` is read, whether one word may be a name.
    """
    tokens = words_of(without_times(said))
    if not tokens or len(tokens) > 40:
        return None
    if sure and ((is_name and len(tokens) < 2) or not _is_surely_a_date(pieces_of(tokens))):
        return None
    found = _read_dates(tokens, today, earliest or today)
    if found is None and _FROM_NOW.search(said.casefold()):
        found = _ask_library(said, today)
    return found


def _is_surely_a_date(pieces: Sequence[Piece]) -> bool:
    # "2.5" is a number to most, where no date was asked for.
    days = [p for p in pieces if isinstance(p, Day) and not p.is_bare and not p.is_decimal]
    plain_words = any(isinstance(p, Other) for p in pieces)
    return any(d.day is not None and d.month is not None for d in days) or (bool(days) and not plain_words)


def nights(said: str, *, sure: bool = False) -> int | None:
    """A number of nights: "2", "two nights", "a week", "do raat"; None for anything else.

    Args:
        sure: only with the word for it.
    """
    tokens = words_of(said)
    if len(tokens) == 1 and not sure:
        if tokens[0] in NUMBERS:
            return NUMBERS[tokens[0]]
        if tokens[0].isdigit() and 1 <= len(tokens[0].lstrip("0")) <= 3:
            return int(tokens[0])  # far too many nights are a number of nights all the same
    pieces = pieces_of(tokens)
    if any(not isinstance(piece, Nights | Day) for piece in pieces) or len(pieces) != 1:
        return None
    piece = pieces[0]
    if isinstance(piece, Nights):
        return piece.nights
    if isinstance(piece, Day) and piece.is_bare and not sure:
        return piece.day
    return None


def _read_dates(tokens: Sequence[str], today: date, earliest: date) -> Dates | Misread | None:
    pieces = pieces_of(tokens)
    others = [p for p in pieces if isinstance(p, Other)]
    days = [p for p in pieces if isinstance(p, Day)]
    if others:
        # Among other words a bare number may be anything: a price, a number of guests; not in "24 to 26 Dec".
        pieces = [
            p
            for i, p in enumerate(pieces)
            if not isinstance(p, Other)
            and not (isinstance(p, Day) and p.is_bare and not _is_end_of_a_range(pieces, i))
        ]
        days = [p for p in pieces if isinstance(p, Day)]
    spoken = [p.nights for p in pieces if isinstance(p, Nights)]
    marks = {p.what for p in pieces if isinstance(p, Mark)}
    if not days:
        return _vague(pieces, today, among_others=bool(others))
    if marks & {"not", "or", "and"} or len(days) > 2 or len(set(spoken)) > 1:
        return Misread(Why.AMBIGUOUS)
    said_nights = spoken[0] if spoken else None
    if said_nights == 0:
        return Misread(Why.ORDER)
    if isinstance(pieces[0], Nights) and pieces[0].in_weeks:
        return Misread(Why.AMBIGUOUS)  # "a week from Monday" says when to some, and how long to others
    if len(days) == 2:
        return _range(pieces, days[0], days[1], said_nights, today, earliest)
    return _single(pieces, days[0], said_nights, today, earliest)


def _is_end_of_a_range(pieces: Sequence[Piece], i: int) -> bool:
    """Whether a "to" joins this number to what is surely a day."""
    beside = [pieces[i + 1 : i + 3]] + ([[pieces[i - 1], pieces[i - 2]]] if i > 1 else [])
    return any(
        len(each) == 2
        and isinstance(each[0], Mark)
        and each[0].what in ("to", "till")
        and isinstance(each[1], Day)
        and not each[1].is_bare
        for each in beside
    )


def _single(
    pieces: Sequence[Piece], day: Day, said_nights: int | None, today: date, earliest: date
) -> Dates | Misread:
    if isinstance(pieces[0], Mark) and pieces[0].what in ("till", "out"):
        return Misread(Why.AMBIGUOUS)  # "till Sunday" says when they leave, not when they come
    dangling = any(isinstance(p, Month | Period) for p in pieces)
    if dangling:
        return Misread(Why.AMBIGUOUS)
    check_in = _resolve(day, today, earliest)
    if isinstance(check_in, Misread):
        return check_in
    return Dates(check_in, said_nights, _other_reading(day, check_in, today))


def _range(
    pieces: Sequence[Piece], first: Day, last: Day, said_nights: int | None, today: date, earliest: date
) -> Dates | Misread:
    between = pieces[pieces.index(first) + 1 : _last_index(pieces, last)]
    joined = any(isinstance(p, Mark) and p.what in ("to", "till", "out") for p in between)
    if not joined or any(isinstance(p, Month | Period) for p in pieces):
        return Misread(Why.AMBIGUOUS)
    if first.month is None and first.day is not None and last.month is not None and last.day is not None:
        month = last.month if first.day < last.day else (last.month - 2) % 12 + 1
        year = last.year
        if year is not None and month > last.month:
            year -= 1
        first = replace(first, month=month, year=year)
        if month != last.month and 31 - (first.day or 0) + last.day > 14:
            return Misread(Why.ORDER)  # "16 to 14 March" is a slip, "30 to 2 January" is not
    elif first.year is None and first.month is not None and last.year is not None and last.month is not None:
        before = (first.month, first.day) < (last.month, last.day)
        first = replace(first, year=last.year if before else last.year - 1)
    check_in = _resolve(first, today, earliest)
    if isinstance(check_in, Misread):
        return check_in
    check_out = _resolve_after(last, check_in, today)
    if isinstance(check_out, Misread):
        return check_out
    stay = (check_out - check_in).days
    if not 0 < stay <= 90:
        return Misread(Why.ORDER)
    if said_nights is not None and said_nights != stay:
        return Misread(Why.AMBIGUOUS)
    return Dates(check_in, stay, _other_reading(first, check_in, today))


def _last_index(pieces: Sequence[Piece], piece: Piece) -> int:
    return len(pieces) - 1 - list(reversed(pieces)).index(piece)


def _resolve(day: Day, today: date, earliest: date) -> date | Misread:
    """The date that is meant, looking forward from today."""
    if day.ahead is not None:
        return today + timedelta(days=day.ahead)
    if day.day is None:
        assert day.weekday is not None
        if day.week_after:
            return today + timedelta(days=7 - today.weekday() + day.weekday)
        start = today + timedelta(days=2) if day.next else earliest
        return start + timedelta(days=(day.weekday - start.weekday()) % 7)
    if day.month is None:
        found = _next_with_day(day.day, today)
    elif day.year is not None:
        found = _date(day.year, day.month, day.day)
    else:
        found = _date(today.year, day.month, day.day)
        # A day that was just now is a slip, and one that was long ago is meant for next year.
        if found is None or found < today - timedelta(days=120):
            found = _date(today.year + 1, day.month, day.day) or found
    if found is None:
        return _no_such_day(day, today)
    if found < today:
        return Misread(Why.PAST)
    if found > today + _FARTHEST or (day.weekday is not None and found.weekday() != day.weekday):
        return Misread(Why.AMBIGUOUS)
    return found


def _resolve_after(day: Day, check_in: date, today: date) -> date | Misread:
    """The day of leaving, read from the day of coming on."""
    if day.ahead is not None:
        return today + timedelta(days=day.ahead)
    if day.day is None:
        assert day.weekday is not None
        start = check_in + timedelta(days=1)
        return start + timedelta(days=(day.weekday - start.weekday()) % 7)
    if day.month is None:
        found = _next_with_day(day.day, check_in)
    elif day.year is not None:
        found = _date(day.year, day.month, day.day)
    else:
        found = _date(check_in.year, day.month, day.day)
        if found is not None and found < check_in:
            found = _date(check_in.year + 1, day.month, day.day)
    if found is None:
        return _no_such_day(day, check_in)
    if day.weekday is not None and found.weekday() != day.weekday:
        return Misread(Why.AMBIGUOUS)
    return found


def _no_such_day(day: Day, start: date) -> Misread:
    """ "30 February": a slip of the pen, with the last day of that month from `start` on to go on from."""
    if day.month is None or not 1 <= day.month <= 12 or not 1 <= (day.day or 0) <= 31:
        return Misread(Why.AMBIGUOUS)
    year = start.year + (day.month < start.month) if day.year is None else day.year
    if not 1 <= year < 9999:
        return Misread(Why.AMBIGUOUS)
    after = date(year + day.month // 12, day.month % 12 + 1, 1)
    return Misread(Why.NO_SUCH_DAY, after - timedelta(days=1), day.day)


def _other_reading(day: Day, found: date, today: date) -> date | None:
    """ "Next Saturday" is the coming one to some and the one after it to others."""
    if not day.next or day.weekday is None or day.day is not None:
        return None
    before = found - timedelta(days=7)
    return before if before > today else found + timedelta(days=7)


def _next_with_day(day: int, start: date) -> date | None:
    for months in range(3):
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        found = _date(year, month + 1, day)
        if found is not None and found >= start:
            return found
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _vague(pieces: Sequence[Piece], today: date, *, among_others: bool) -> Misread | None:
    """A month, a week or a weekend is no day, but says from where on to show the free ones."""
    for piece in pieces:
        if isinstance(piece, Month):
            if among_others and piece.month == 5:
                continue  # "may I ask something?"
            year = today.year if piece.month >= today.month else today.year + 1
            return Misread(Why.WHICH_DAY, max(today, date(year, piece.month, 1)))
        if isinstance(piece, Period):
            if piece.what == "month":
                first = (today.replace(day=1) + timedelta(days=32)).replace(day=1) if piece.next else today
            else:
                monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * piece.next)
                first = monday + timedelta(days=4) if piece.what == "weekend" else monday
            return Misread(Why.WHICH_DAY, max(today, first))
    return None


def _ask_library(said: str, today: date) -> Dates | Misread | None:
    """Let dateparser read "10 days from now", "a fortnight later"; only a day in the future is believed.

    It is asked for nothing else: given the chance it also reads "1st Sunday of December" as the first of
    December and "3 weeks from today" as three weeks ago.
    """
    if len(said) > 60:
        return None
    from dateparser.date import DateDataParser  # tenths of a second to load, for the few who write so

    parser = DateDataParser(
        languages=["en", "hi", "ur"],
        settings={
            "PREFER_DATES_FROM": "future",
            "RELATIVE_BASE": datetime.combine(today, time(12)),
            "PARSERS": ["relative-time"],
        },
    )
    found = parser.get_date_data(said)
    day = found.date_obj.date() if found is not None and found.date_obj is not None else today
    return Dates(day) if today < day <= today + _FARTHEST else None


# Nobody means the year 9999, and no day comes after it that one could leave on.
_FARTHEST: Final = timedelta(days=400 * 365)

_FROM_NOW: Final = re.compile(r"\b(from now|later|hence|fortnight)\b|बाद|بعد")
