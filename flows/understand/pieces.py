"""What is said of a day, piece by piece: day and month, a weekday, a number of nights, a "to" between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flows.understand.vocabulary import MARKS, NUMBERS, ORDINALS, PERIODS, WORDS


@dataclass(frozen=True)
class Day:
    """What was said of a day: some of day, month and year, or a weekday, or so many days from today."""

    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    next: bool = False
    week_after: bool = False
    ahead: int | None = None
    ordinal: bool = False
    is_decimal: bool = False

    @property
    def is_bare(self) -> bool:
        """A number and nothing else: a date only where a date was asked for."""
        return self.day is not None and self.month is None and not self.ordinal


@dataclass(frozen=True)
class Nights:
    nights: int
    in_weeks: bool = False


@dataclass(frozen=True)
class Month:
    month: int


@dataclass(frozen=True)
class Period:
    """A week or a weekend, from so many days on: no day yet."""

    what: str
    next: bool


@dataclass(frozen=True)
class Mark:
    """A word that matters: to, till, out (check-out), and, or, not."""

    what: str


@dataclass(frozen=True)
class Other:
    """A word that says nothing about dates."""

    word: str


Piece = Day | Nights | Month | Period | Mark | Other


def pieces_of(tokens: Sequence[str]) -> list[Piece]:
    """What the words say, one after the other, words without meaning left out."""
    pieces: list[Piece] = []
    i = 0
    while i < len(tokens):
        taken = _piece_at(tokens, i)
        if taken is None:
            i += 1
            continue
        piece, i = taken
        pieces.extend(piece)
    return pieces


def _piece_at(tokens: Sequence[str], i: int) -> tuple[list[Piece], int] | None:
    """The piece that begins here and where the next one does; None for a word without meaning."""
    for read in (_read_numeric, _read_relative, _read_quantity, _read_day_and_month, _read_weekday):
        found = read(tokens, i)
        if found is not None:
            return found
    token = tokens[i]
    if token.isdigit():
        ordinal = i + 1 < len(tokens) and tokens[i + 1] in ORDINALS
        if not 1 <= int(token) <= 31 or len(token) > 2:
            return [Other(token)], i + 1
        return [Day(day=int(token), ordinal=ordinal)], i + 1 + ordinal
    kind = WORDS.get(token)
    if kind is None:
        return [Other(token)], i + 1
    what, value = kind
    if what == "month":
        return [Month(value)], i + 1
    if what == "period":
        return [Period(PERIODS[value], False)], i + 1
    if what == "mark":
        return [Mark(MARKS[value])], i + 1
    if what == "filler":
        return None
    return [Other(token)], i + 1


def _read_numeric(tokens: Sequence[str], i: int) -> tuple[list[Piece], int] | None:
    """2026-12-25, 25/12/2026, 25.12.26, 25/12, 25-12, 14-16 (a range, where it can be nothing else)."""
    if not (is_number(tokens, i) and is_number(tokens, i + 2) and tokens[i + 1] in ("/", "-", ".")):
        return None
    sep = tokens[i + 1]
    if i + 4 < len(tokens) and tokens[i + 3] == sep and is_number(tokens, i + 4):
        day = _of_three(tokens[i], tokens[i + 2], tokens[i + 4])
        return [day if day else Mark("or"), *_NO_DAY[bool(day)]], i + 5
    if len(tokens[i]) > 2 or len(tokens[i + 2]) > 2:
        return None
    first, second = int(tokens[i]), int(tokens[i + 2])
    if sep == "-":
        if _month_at(tokens, i + 3) or _month_at(tokens, i - 1) or _ordinal_at(tokens, i + 3):
            return None  # "14-16 March": a range of days
        if first < second <= 31:
            # 14-16 can only be a range; 5-12 is the fifth of December to some, and a week to others.
            return None if second > 12 else ([Mark("or"), *_NO_DAY[False]], i + 3)
    day = _day_first(first, second)
    if day is not None and sep == "." and len(tokens[i]) == len(tokens[i + 2]) == 1:
        day = replace(day, is_decimal=True)
    return ([day] if day else [Mark("or"), *_NO_DAY[False]]), i + 3


# Something that looks like a date and is none: a day that no reading makes sure of.
_NO_DAY: Final[Mapping[bool, tuple[Piece, ...]]] = {True: (), False: (Day(day=1, ordinal=True),)}


def _of_three(first: str, second: str, third: str) -> Day | None:
    """Day, month and year, in our order or in that of ISO 8601."""
    if len(first) == 4:
        return Day(year=int(first), month=int(second), day=int(third))
    day = _day_first(int(first), int(second))
    if day is None or len(first) > 2 or len(third) not in (2, 4):
        return None
    year = int(third)
    return replace(day, year=year if year >= 100 else 2000 + year)


def _day_first(a: int, b: int) -> Day | None:
    """Day and month in our order; the other order only where ours cannot be."""
    if 1 <= b <= 12 and 1 <= a <= 31:
        return Day(day=a, month=b)
    if 1 <= a <= 12 and 13 <= b <= 31:
        return Day(day=b, month=a)
    return None


def _read_day_and_month(tokens: Sequence[str], i: int) -> tuple[list[Piece], int] | None:
    """25 Dec, 25th of December 2026, December 25."""
    if is_number(tokens, i) and len(tokens[i]) <= 2:
        j = i + 1
        while j < len(tokens) and (tokens[j] in ORDINALS or tokens[j] in ("of", "-")):
            j += 1
        month = _month_at(tokens, j)
        if month and 1 <= int(tokens[i]) <= 31:
            year, end = _year_at(tokens, j + 1)
            return [Day(day=int(tokens[i]), month=month, year=year)], end
        return None
    month = _month_at(tokens, i)
    if month and is_number(tokens, i + 1) and len(tokens[i + 1]) <= 2 and 1 <= int(tokens[i + 1]) <= 31:
        after = i + 2 + (i + 2 < len(tokens) and tokens[i + 2] in ORDINALS)
        if kind_at(tokens, after) in ("night", "people"):
            return None  # "December 2 nights"
        year, end = _year_at(tokens, after)
        return [Day(day=int(tokens[i + 1]), month=month, year=year, ordinal=True)], end
    return None


def _read_weekday(tokens: Sequence[str], i: int) -> tuple[list[Piece], int] | None:
    """Saturday, next Saturday, Saturday next week, Saturday 25 December; and next week, this weekend."""
    following, j = False, i
    while kind_at(tokens, j) in ("next", "this"):
        following = following or kind_at(tokens, j) == "next"
        j += 1
    kind = WORDS.get(tokens[j]) if j < len(tokens) else None
    if kind is None or kind[0] not in ("weekday", "period", "week"):
        return None
    what, value = kind
    if what == "week" or (what == "period"):
        if j == i and what == "week":
            return None
        return [Period("week" if what == "week" else PERIODS[value], following)], j + 1
    j += 1
    if kind_at(tokens, j) == "next" and kind_at(tokens, j + 1) == "week":
        return [Day(weekday=value, week_after=True)], j + 2
    k = j
    while k < len(tokens) and kind_at(tokens, k) == "filler":
        k += 1
    for read in (_read_numeric, _read_day_and_month):
        found = read(tokens, k)
        if found is not None and len(found[0]) == 1 and isinstance(found[0][0], Day):
            return [replace(found[0][0], weekday=value)], found[1]
    if is_number(tokens, k) and 1 <= int(tokens[k]) <= 31 and kind_at(tokens, k + 1) not in _COUNTED:
        return [Day(day=int(tokens[k]), weekday=value, ordinal=True)], k + 1 + _ordinal_at(tokens, k + 1)
    return [Day(weekday=value, next=following)], j


def _read_relative(tokens: Sequence[str], i: int) -> tuple[list[Piece], int] | None:
    """Today, tomorrow, the day after tomorrow, in 3 days."""
    if list(tokens[i : i + 3]) == ["day", "after", "tomorrow"]:
        return [Day(ahead=2)], i + 3
    if tokens[i] == "in":
        number, unit = number_at(tokens, i + 1), kind_at(tokens, i + 2)
        if number is not None and unit in ("day", "week"):
            return [Day(ahead=number * (7 if unit == "week" else 1))], i + 3
        return None
    number, unit = number_at(tokens, i), kind_at(tokens, i + 1)
    if number is not None and unit in ("day", "week") and list(tokens[i + 2 : i + 4]) == ["from", "today"]:
        return [Day(ahead=number * (7 if unit == "week" else 1))], i + 4
    kind = WORDS.get(tokens[i])
    if kind is not None and kind[0] == "ahead":
        return [Day(ahead=kind[1])], i + 1
    return None


def _read_quantity(tokens: Sequence[str], i: int) -> tuple[list[Piece], int] | None:
    """2 nights, a week; 3 days (that says nothing sure); 4 guests (that is no date)."""
    number = number_at(tokens, i)
    if number is None:
        return None
    kind = kind_at(tokens, i + 1)
    if _is_to(tokens, i + 1) and number_at(tokens, i + 2) is not None:
        # "2 to 3 people": no days either.
        counted = kind_at(tokens, i + 3)
        return (
            ([Other(tokens[i])] if counted == "room" else [], i + 4)
            if counted in ("people", "room")
            else None
        )
    if kind == "night":
        return [Nights(number)], i + 2
    if kind == "week":
        return [Nights(number * 7, in_weeks=True)], i + 2
    if kind in ("day", "people"):
        return [], i + 2
    if kind == "room":
        return [Other(tokens[i])], i + 2
    return None


def _is_to(tokens: Sequence[str], i: int) -> bool:
    kind = WORDS.get(tokens[i]) if 0 <= i < len(tokens) else None
    return kind is not None and kind[0] == "mark" and MARKS[kind[1]] == "to"


def is_number(tokens: Sequence[str], i: int) -> bool:
    return 0 <= i < len(tokens) and tokens[i].isdigit() and len(tokens[i]) <= 4


def number_at(tokens: Sequence[str], i: int) -> int | None:
    if is_number(tokens, i):
        return int(tokens[i])
    return NUMBERS.get(tokens[i]) if 0 <= i < len(tokens) else None


def _month_at(tokens: Sequence[str], i: int) -> int | None:
    kind = WORDS.get(tokens[i]) if 0 <= i < len(tokens) else None
    return kind[1] if kind is not None and kind[0] == "month" else None


def _ordinal_at(tokens: Sequence[str], i: int) -> bool:
    return 0 <= i < len(tokens) and tokens[i] in ORDINALS


def _year_at(tokens: Sequence[str], i: int) -> tuple[int | None, int]:
    """A year of four digits here, perhaps after a comma, and where the next piece begins."""
    j = i + 1 if i < len(tokens) and tokens[i] in (",", "-", "/") else i
    if j < len(tokens) and len(tokens[j]) == 4 and tokens[j].isdigit() and tokens[j].startswith("20"):
        return int(tokens[j]), j + 1
    return None, i


def kind_at(tokens: Sequence[str], i: int) -> str | None:
    kind = WORDS.get(tokens[i]) if 0 <= i < len(tokens) else None
    return kind[0] if kind else None


_COUNTED: Final = frozenset({"night", "week", "day", "people", "room", "month"})
