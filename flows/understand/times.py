"""Times of the day and lengths of time: "10:30", "half past ten", "subah 10 baje", "90 min", "dedh ghanta".

A bare "10" is ten in the morning to some and ten at night to others: it is read by the hours in which
one can come, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from fractions import Fraction
from typing import Final

from flows.understand.pieces import Day, kind_at, pieces_of
from flows.understand.vocabulary import ARTICLES, MARKS, NUMBERS, WORDS, WORDS_THAT_TURN, each, same


def time_of_day(said: str, *, opens: time | None = None, closes: time | None = None) -> time | None:
    """The time that is meant: "10am", "half past ten", "subah 10 baje"; None: none, several, or two readings.

    Args:
        opens, closes: the hours in which one can come, past midnight where `closes` is not after `opens`.
            They decide what half of the day a bare "10" means; without them it stays open.
    """
    tokens = _words(said)
    if not tokens or len(tokens) > 40 or _turns(tokens):
        return None
    tokens = _without(tokens, [_stretch(tokens, found.start, found.end) for found in _lengths(tokens)])
    clocks = list(_clocks(tokens))
    sure = [clock for clock in clocks if clock.is_sure]
    found = sure or [clock for clock in clocks if _stands_alone(tokens, clock)]
    if len(found) != 1 or _is_in_a_range(tokens, found[0].start, found[0].end):
        return None
    return found[0].read(opens, closes)


def minutes(said: str, *, offered: Collection[int] = ()) -> int | None:
    """A length of time in minutes: "2 hours", "90 min", "1.5 h", "dedh ghanta"; None for anything else.

    Args:
        offered: the lengths that were shown; a bare "2" or "90" is the one of them that it can mean.
    """
    tokens = _words(said)
    if not tokens or len(tokens) > 40 or _turns(tokens):
        return None
    found = list(_lengths(tokens))
    if not found:
        return _bare_length(tokens, offered)
    if len(found) > 1 or _is_in_a_range(tokens, found[0].start, found[0].end):
        return None
    is_later = _word_at(tokens, found[0].start - 1) in _IN or _word_at(tokens, found[0].end) in _LATER
    return None if is_later else found[0].minutes


def without_times(said: str) -> str:
    """The rest of a sentence, without what surely is a time of the day or a length of time: "25 dec at 10"."""
    tokens = _words(said)
    if not any(":" in token or token in _SPEAKS_OF_TIME or token in _AT for token in tokens):
        return said
    spans = [
        _stretch(tokens, clock.start, clock.end) for clock in _clocks(tokens) if clock.is_sure or clock.is_at
    ]
    spans += [_stretch(tokens, length.start, length.end) for length in _lengths(tokens)]
    return " ".join(_without(tokens, spans))


# ---- times of the day ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Clock:
    """What was said of a time, from word to word: hour and minute, and what part of the day it is in.

    Attributes:
        is_sure: it can mean nothing else, whatever stands around it.
        is_exact: written as a clock of 24 hours shows it.
        is_at: "at" stands before it.
    """

    start: int
    end: int
    hour: int
    minute: int
    parts: tuple[str, ...] = ()
    is_sure: bool = False
    is_exact: bool = False
    is_at: bool = False

    def read(self, opens: time | None, closes: time | None) -> time | None:
        if self.parts:
            hours = {_hour_in(self.hour, part) for part in self.parts}
            hour = hours.pop() if len(hours) == 1 else None
            return None if hour is None else time(hour, self.minute)
        if self.is_exact or self.hour > 12:
            return time(self.hour, self.minute)
        if opens is None or closes is None or self.hour == 0:
            return None
        either = (time(self.hour % 12, self.minute), time(self.hour % 12 + 12, self.minute))
        fits = [t for t in either if (opens <= t < closes if opens < closes else t >= opens or t < closes)]
        return fits[0] if len(fits) == 1 else None


def _hour_in(hour: int, part: str) -> int | None:
    """The hour of 24, where that part of the day has such a one."""
    if part in ("noon", "midnight"):
        return {"noon": 12, "midnight": 0}[part] if hour in (0, 12) else None
    found = _PARTS_OF_THE_DAY[part].get(hour)
    return hour if found is None and hour > 12 and hour in _PARTS_OF_THE_DAY[part].values() else found


_PARTS_OF_THE_DAY: Final = {
    "am": {12: 0, **{h: h for h in range(12)}},
    "pm": {12: 12, **{h: h + 12 for h in range(1, 12)}},
    "morning": {h: h for h in range(1, 12)},
    "afternoon": {12: 12, **{h: h + 12 for h in range(1, 7)}},
    "evening": {h: h + 12 for h in range(4, 12)},
    "night": {12: 0, **{h: h for h in range(1, 5)}, **{h: h + 12 for h in range(7, 12)}},
}


def _clocks(tokens: Sequence[str]) -> Iterator[_Clock]:
    i = 0
    while i < len(tokens):
        clock = _clock_at(tokens, i)
        if clock is not None:
            yield clock
        i = clock.end if clock is not None else i + 1


def _clock_at(tokens: Sequence[str], i: int) -> _Clock | None:
    """ "Subah 10 baje", "10:30 am", "half past ten in the evening", "noon"."""
    before = _PARTS.get(tokens[i])
    at = _skip(tokens, i + 1, _BETWEEN) if before else i
    is_at = tokens[at : at + 1] == ["at"] or _word_at(tokens, at - 1) == "at"
    face = _face_at(tokens, _skip(tokens, at, _AT))
    if face is None:
        fixed = before in ("noon", "midnight")
        return _Clock(i, i + 1, 12, 0, (str(before),), is_sure=True) if fixed else None
    hour, minute, end, sure = face
    told = _skip(tokens, end, _OCLOCK)
    after, last = _part_after(tokens, told)
    if after == "night" and not sure and told == end and tokens[last - 2] != "at":
        after, last = None, told  # "2 raat": two nights
    if after is None and (_counts(tokens, last) or not _is_free(tokens, at, last, is_sure=sure)):
        return None
    parts = tuple(part for part in (before, after) if part)
    is_sure = sure or told > end or after is not None or (before is not None and before != "night")
    is_exact = len(tokens[at]) == 5 and tokens[at].startswith("0") and sure
    return _Clock(i, last, hour, minute, parts, is_sure, is_exact, is_at)


def _face_at(tokens: Sequence[str], i: int) -> tuple[int, int, int, bool] | None:
    """What a clock's face shows: hour, minute, where the words for it end, and whether it is surely one."""
    word = _word_at(tokens, i)
    if (written := _FACE.fullmatch(word)) is not None:
        return int(written[1]), int(written[2]), i + 1, ":" in word
    if word in ("half", "quarter") and _word_at(tokens, i + 1) in ("past", "to"):
        shift = {"half past": 30, "quarter past": 15, "quarter to": -15}.get(f"{word} {tokens[i + 1]}")
        return _shifted(_hour_at(tokens, i + 2), shift, i + 3, is_sure=True)
    if word in _QUARTERS and _hour_at(tokens, i + 1) is not None:
        return _shifted(_hour_at(tokens, i + 1), _QUARTERS[word], i + 2, is_sure=False)
    if word in _ODD and _word_at(tokens, i + 1) in _OCLOCK:
        return _ODD[word] // 60, _ODD[word] % 60, i + 1, True
    hour = _hour_at(tokens, i)
    if hour is None:
        return None
    if not word.isdigit() and _word_at(tokens, i + 1) in _MINUTES_IN_WORDS:
        five = _word_at(tokens, i + 1) == "forty" and _word_at(tokens, i + 2) == "five"
        return hour, 45 if five else _MINUTES_IN_WORDS[tokens[i + 1]], i + 2 + five, False
    return hour, 0, i + 1, False


def _shifted(
    hour: int | None, by: int | None, end: int, *, is_sure: bool
) -> tuple[int, int, int, bool] | None:
    if hour is None or by is None or not 1 <= hour <= 12:
        return None
    at = (hour * 60 + by) % 720 or 720
    return at // 60 or 12, at % 60, end, is_sure


def _hour_at(tokens: Sequence[str], i: int) -> int | None:
    word = _word_at(tokens, i)
    if word in ARTICLES:
        return None
    hour = int(word) if word.isdigit() and len(word) <= 2 else NUMBERS.get(word)
    return hour if hour is not None and 0 <= hour <= 23 else None


def _part_after(tokens: Sequence[str], i: int) -> tuple[str | None, int]:
    """The part of the day that is named after the hour, and where the words for it end."""
    at = _skip(tokens, i, _BETWEEN)
    part = _PARTS.get(_word_at(tokens, at))
    return (part, at + 1) if part else (None, i)


def _counts(tokens: Sequence[str], i: int) -> bool:
    """What stands here is what a number before it counted: people, nights, hours, days of a month."""
    return kind_at(tokens, i) in _COUNTED or _word_at(tokens, i) in _UNITS


def _is_free(tokens: Sequence[str], start: int, end: int, *, is_sure: bool) -> bool:
    """No part of a date: no month before what may be its day, no stroke, no "th"."""
    beside = {_word_at(tokens, start - 1), _word_at(tokens, end)}
    after_month = kind_at(tokens, start - 1) == "month" and not is_sure  # "26 Dec 10:30"
    return not after_month and not beside & {"/", ".", "st", "nd", "rd", "th", "+"}


def _stands_alone(tokens: Sequence[str], clock: _Clock) -> bool:
    """A number that may be a time is one where nothing is said beside it but a day or a courtesy."""
    rest = [*tokens[: clock.start], *tokens[clock.end :]]
    if any(not isinstance(piece, Day) or piece.is_bare for piece in pieces_of(rest)):
        return False
    return clock.is_at or not any(token[0].isdigit() for token in rest)


def _is_in_a_range(tokens: Sequence[str], start: int, end: int) -> bool:
    """ "10 to 12", "till 6pm", "2-3 hours": one end of something is not the thing."""
    after = _word_at(tokens, end)
    if (after == "-" or _is_mark(after, ("to", "till"))) and _number_at(tokens, end + 1):
        return True
    before = _word_at(tokens, start - 1)
    if _is_mark(before, ("till", "out")) or _is_mark(after, ("till",)) or before in ("by", "+"):
        return True
    return (before == "-" or _is_mark(before, ("to",))) and _number_at(tokens, start - 2)


def _stretch(tokens: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """From where to where it goes, with the other end of a range: "10am to 12", "2-3 hours"."""
    if _joins(_word_at(tokens, end)) and _number_at(tokens, end + 1):
        end += 2
    if _joins(_word_at(tokens, start - 1)) and _number_at(tokens, start - 2):
        start -= 2
    return start, end


def _joins(word: str) -> bool:
    return word == "-" or _is_mark(word, ("to", "till", "or", "and"))


def _is_mark(word: str, marks: Collection[str]) -> bool:
    kind = WORDS.get(word)
    return kind is not None and kind[0] == "mark" and MARKS[kind[1]] in marks


def _number_at(tokens: Sequence[str], i: int) -> bool:
    """A number stands here, or before the word that stands here: "10am to", "5 baje se"."""
    here = _word_at(tokens, i)
    return here[:1].isdigit() or here in NUMBERS or here in _PARTS or here in _OCLOCK


# ---- lengths of time -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Length:
    start: int
    end: int
    minutes: int


def _lengths(tokens: Sequence[str]) -> Iterator[_Length]:
    i = 0
    while i < len(tokens):
        length = _length_at(tokens, i)
        if length is not None:
            yield length
        i = length.end if length is not None else i + 1


def _length_at(tokens: Sequence[str], i: int) -> _Length | None:
    """ "2 hours", "1 h 30", "one and a half hours", "an hour and a half", "dedh ghanta", "half an hour"."""
    quantity, at = _quantity_at(tokens, i)
    if quantity is None:
        if _UNITS.get(tokens[i]) != 60 or _and_a_half(tokens, i + 1) is None:
            return None
        quantity, at = Fraction(1), i
    half = _and_a_half(tokens, at)
    if half is not None:
        quantity, at = quantity + Fraction(1, 2), half
    unit = _UNITS.get(_word_at(tokens, at))
    if unit is None:
        return None
    at += 1
    if unit == 60 and (more := _minutes_after(tokens, at)) is not None:
        quantity, at = quantity + Fraction(more[0], 60), more[1]
    total = quantity * unit
    return _Length(i, at, int(total)) if total > 0 and total.denominator == 1 else None


def _quantity_at(tokens: Sequence[str], i: int) -> tuple[Fraction | None, int]:
    """A number, whole or not, and where the unit is expected."""
    word = _word_at(tokens, i)
    if word in _PARTS_OF_ONE:
        at = _skip(tokens, i + 1, frozenset({"of", "an", "a"}))
        return _PARTS_OF_ONE[word], at
    if word == "three" and _word_at(tokens, i + 1) == "quarters":
        return Fraction(3, 4), _skip(tokens, i + 2, frozenset({"of", "an", "a"}))
    if word in _ODD:
        return Fraction(_ODD[word], 60), i + 1
    if word in _QUARTERS:
        whole = _plain_number(_word_at(tokens, i + 1))
        if whole is not None:
            return whole + Fraction(_QUARTERS[word], 60), i + 2
        return (Fraction(5, 4), i + 1) if _QUARTERS[word] == 15 else (None, i)
    if (written := _FACE.fullmatch(word)) is not None and ":" in word:
        return int(written[1]) + Fraction(int(written[2]), 60), i + 1
    return _plain_number(word), i + 1


def _plain_number(word: str) -> Fraction | None:
    if word.replace(".", "", 1).isdigit() and len(word) <= 5:
        return Fraction(word)
    return Fraction(NUMBERS[word]) if word in NUMBERS else None


def _and_a_half(tokens: Sequence[str], i: int) -> int | None:
    """Where "and a half" ends, if it stands here."""
    return i + 3 if list(tokens[i : i + 3]) == ["and", "a", "half"] else None


def _minutes_after(tokens: Sequence[str], i: int) -> tuple[int, int] | None:
    """The minutes after the hours, "30 min" or "and a half", and where they end."""
    half = _and_a_half(tokens, i)
    if half is not None:
        return 30, half
    at = _skip(tokens, i, _AND)
    number = _plain_number(_word_at(tokens, at))
    if number is None or number.denominator != 1 or not 0 < number < 60:
        return None
    if _UNITS.get(_word_at(tokens, at + 1)) == 1:
        return int(number), at + 2
    is_bare = at == i and number in (15, 30, 45) and not _counts(tokens, at + 1)
    return (int(number), at + 1) if is_bare else None


def _bare_length(tokens: Sequence[str], offered: Collection[int]) -> int | None:
    """A number alone, as the one length that was offered and can be called so."""
    rest = [token for token in tokens if kind_at([token], 0) != "filler"]
    number = _plain_number(rest[0]) if len(rest) == 1 else None
    if number is None:
        return None
    fits = {int(n) for n in (number, number * 60) if n.denominator == 1 and int(n) in offered}
    return fits.pop() if len(fits) == 1 else None


# ---- words -----------------------------------------------------------------------------------------


def _words(said: str) -> list[str]:
    """Words, signs, and numbers as they are written: "10:30" and "1.5" are one."""
    text = _FRACTION.sub(lambda found: f"{found[1] or '0'}{_FRACTIONS[found[2]]}", said)
    text = _DOTTED_HALF.sub(r"\1m", same(text)).replace("o clock", "o'clock")
    return _TOKEN.findall(text)


def _turns(tokens: Sequence[str]) -> bool:
    """ "10 or 11", "not at 10", "after 5": whatever is meant, it is not one time."""
    return any(
        token in WORDS_THAT_TURN and list(tokens[max(i - 1, 0) : i + 2]) != ["day", "after", "tomorrow"]
        for i, token in enumerate(tokens)
    )


def _without(tokens: Sequence[str], spans: Collection[tuple[int, int]]) -> list[str]:
    return [token for i, token in enumerate(tokens) if not any(start <= i < end for start, end in spans)]


def _word_at(tokens: Sequence[str], i: int) -> str:
    return tokens[i] if 0 <= i < len(tokens) else ""


def _skip(tokens: Sequence[str], i: int, words: Collection[str]) -> int:
    while i < len(tokens) and tokens[i] in words:
        i += 1
    return i


_TOKEN: Final = re.compile(r"[0-9]+[:.][0-9]+|[0-9]+|[^\s0-9\-/.,:;+&!?()\"*_]+|[-/.+&,]")
_FRACTION: Final = re.compile(r"([0-9]*)\s?([½¼¾])")
_FRACTIONS: Final = {"½": ".5", "¼": ".25", "¾": ".75"}
_DOTTED_HALF: Final = re.compile(r"\b([ap])\.\s?m\b\.?")
_FACE: Final = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")

_PARTS: Final[dict[str, str]] = {
    word: part
    for part, words in {
        "am": "am",
        "pm": "pm",
        "morning": "morning, subah, subha, subh, savere, صبح, सुबह, सवेरे",
        "noon": "noon, midday",
        "afternoon": "afternoon, dopahar, dopeher, dophar, دوپہر, दोपहर",
        "evening": "evening, shaam, sham, شام, शाम",
        "night": "night, raat, رات, रात",
        "midnight": "midnight",
    }.items()
    for word in each(words)
}
_OCLOCK: Final = each("o'clock, oclock, baje, bajay, bajey, bje, sharp, بجے, बजे")
_AT: Final = frozenset({"at", "@"})
_BETWEEN: Final = each("in, the, at, ko, ke, ki, کو, کے, को, के") | {","}
_AND: Final = each("and, aur, اور, और")
_IN: Final = each("in, within")
_LATER: Final = each("later, from, ago, hence")
_MINUTES_IN_WORDS: Final = {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40}
_QUARTERS: Final = {
    word: by
    for by, words in {
        30: "sadhe, saadhe, sarhe, saarhe, ساڑھے, साढ़े",
        15: "sawa, sava, سوا, सवा",
        -15: "paune, pone, ponay, پونے, पौने",
    }.items()
    for word in each(words)
}
_ODD: Final = {
    word: length
    for length, words in {
        90: "dedh, derh, deirh, daidh, ڈیڑھ, डेढ़",
        150: "dhai, dhaai, dhaayi, arhai, ڈھائی, ढाई",
    }.items()
    for word in each(words)
}
_PARTS_OF_ONE: Final = {
    word: part
    for part, words in {
        Fraction(1, 2): "half, adha, aadha, آدھا, आधा",
        Fraction(1, 4): "quarter",
        Fraction(3, 4): "pona, paun, pauna, پونا, पौन, पौना",
    }.items()
    for word in each(words)
}
_UNITS: Final = {
    word: unit
    for unit, words in {
        60: "hour, hours, hr, hrs, h, ghanta, ghante, ghantay, ghanton, ghnta, ghnte, گھنٹہ, گھنٹے, گھنٹا, "
        "گھنٹوں, घंटा, घंटे, घंटों, घण्टा, घण्टे",
        1: "minute, minutes, min, mins, mint, m, منٹ, मिनट, मिनिट",
    }.items()
    for word in each(words)
}
_COUNTED: Final = frozenset({"night", "week", "day", "people", "room", "month"})
_SPEAKS_OF_TIME: Final = frozenset({*_PARTS, *_OCLOCK, *_UNITS, "half", "quarter"})
