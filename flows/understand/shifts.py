"""Shifts by name: "night", "day shift", "Saturday night", "poora din"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flows.understand.pieces import Day, Month, Nights, Other, Period, kind_at, number_at, pieces_of
from flows.understand.vocabulary import ORDINALS, WORDS, WORDS_THAT_TURN, each, words_of
from models.stay import Shift


def shift(said: str) -> Shift | None:
    """The shift that is named; None: none, several, or a number of days or nights.

    "Day" and "night" alone stand in many a sentence ("good night", "any day"): they name a shift where
    nothing else is said but a date, people and courtesies, or right beside the day that is meant.
    """
    tokens = [word for word in words_of(said) if word not in (",", ".", "&")]
    if not tokens or len(tokens) > 40 or any(word in WORDS_THAT_TURN for word in _without_overmorrow(tokens)):
        return None
    found, rest = _named(tokens)
    if len(set(found)) == 1:
        return found[0]
    if found or not _ALL.isdisjoint(tokens):
        return None  # "all day", "the whole night" are ten hours to some and twenty-two to others
    bare = [i for i, word in enumerate(rest) if _bare_at(rest, i) is not None]
    shifts = {_bare_at(rest, i) for i in bare}
    if len(shifts) != 1:
        return None
    others = [word for i, word in enumerate(rest) if i not in bare]
    is_alone = not any(isinstance(piece, Other | Nights | Month | Period) for piece in pieces_of(others))
    return shifts.pop() if is_alone or any(_follows_a_day(rest, i) for i in bare) else None


def _named(tokens: Sequence[str]) -> tuple[list[Shift], list[str]]:
    """The shifts that are named without a doubt, and the words around them."""
    found: list[Shift] = []
    rest: list[str] = []
    i = 0
    while i < len(tokens):
        for length in range(min(_LONGEST, len(tokens) - i), 0, -1):
            named = _NAMES.get(" ".join(tokens[i : i + length]))
            if named is not None:
                found.append(named)
                i += length
                break
        else:
            rest.append(tokens[i])
            i += 1
    return found, rest


def _bare_at(tokens: Sequence[str], i: int) -> Shift | None:
    """ "Day" or "night" by itself: not "2 nights", not "the next day", not "the day after tomorrow"."""
    found = _BARE.get(tokens[i])
    if found is None or list(tokens[i : i + 3]) == ["day", "after", "tomorrow"]:
        return None
    before = tokens[i - 1] if i else ""
    counted = (
        number_at(tokens, i - 1) is not None or kind_at(tokens, i - 1) == "next" or before in _NOT_BESIDE
    )
    return None if counted else found


def _follows_a_day(tokens: Sequence[str], i: int) -> bool:
    """ "Saturday night", "kal raat", "25 Dec, night"."""
    before = list(tokens[max(0, i - 3) : i])
    return any(
        isinstance(piece, Day) and not piece.is_bare
        for start in range(len(before))
        for piece in pieces_of(before[start:])[-1:]
    ) and (not before or WORDS.get(before[-1], ("", 0))[0] != "mark")


def _without_overmorrow(tokens: Sequence[str]) -> list[str]:
    """The words without the "after" of "the day after tomorrow", which turns nothing."""
    return [
        word
        for i, word in enumerate(tokens)
        if list(tokens[max(i - 1, 0) : i + 2]) != ["day", "after", "tomorrow"]
    ]


_BARE: Final = {
    word: found
    for found, words in {
        Shift.DAY: "day, din, دن, दिन",
        Shift.NIGHT: "night, nite, raat, rat, رات, रात",
    }.items()
    for word in each(words)
}
_NAMES: Final = {
    name: found
    for found, names in {
        Shift.DAY: "day shift, day time, daytime, dayshift, day only, only day, in the day, during the day, "
        "by day, din wali shift, din ki shift, din ka shift, din mein, sirf din, subah se shaam, "
        "morning to evening, دن کی شفٹ, دن میں, صرف دن, صبح سے شام, दिन की शिफ्ट, दिन में, सिर्फ दिन, सुबह से शाम",
        Shift.NIGHT: "night shift, night time, nighttime, nightshift, overnight, tonight, night only, only night, "
        "at night, in the night, during the night, by night, raat wali shift, raat ki shift, raat ka shift, "
        "raat mein, raat ko, sirf raat, shaam se subah, evening to morning, رات کی شفٹ, رات میں, رات کو, "
        "صرف رات, شام سے صبح, रात की शिफ्ट, रात में, रात को, सिर्फ रात, शाम से सुबह",
        Shift.FULL_DAY: "full day, fullday, full day shift, poora din, "
        "pura din, poore din, full din, day and night, day then night, day plus night, day + night, "
        "din aur raat, din raat, پورا دن, پورے دن, دن اور رات, دن رات, पूरा दिन, पूरे दिन, दिन और रात, दिन रात",
        Shift.FULL_NIGHT: "full night, fullnight, full night shift, "
        "poori raat, puri raat, full raat, night then day, night plus day, night + day, "
        "پوری رات, पूरी रात",
    }.items()
    for name in each(names)
}
_ALL: Final = frozenset({"all", "whole", "entire", "complete", "saara", "sara", "saari", "sari"})
_LONGEST: Final = max(len(name.split()) for name in _NAMES)
_NOT_BESIDE: Final = ORDINALS | {"good", "last", "per", "each", "every", "which", "what", "same", "other"}
