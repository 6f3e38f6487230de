"""How many people: "4", "2 adults and 1 child", "we are six", "just me"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flows.understand.pieces import is_number, kind_at, number_at
from flows.understand.vocabulary import ARTICLES, NUMBERS, WORDS_THAT_TURN, each, plain, words_of


def count(said: str, *, sure: bool = False) -> int | None:
    """The number of people that is meant; None if there is none, or more than one reading.

    Args:
        sure: only what can mean nothing but people, for an answer to a question that was not asked.
    """
    words = [word for word in words_of(said) if word not in (",", ".", "&")]
    if not words or len(words) > 20 or _turns(words):
        return None
    if plain(said) in _ALONE:
        return 1
    people, bare = _numbers(words)
    if people is None or bare is None:
        return None
    named = _named_without_number(words)
    if named is None or (named and bare):
        return None
    if people or named:
        # "family of 5", "3 people, 2 kids"; a number without a noun beside them leaves a doubt.
        return sum(people) + named or None if not bare else None
    total = sum(bare) if "+" in words else bare[0] if len(bare) == 1 else 0
    if not 0 < total <= 999 or (sure and not any(word in _SPEAKS_OF_PEOPLE for word in words)):
        return None
    known = (word.isdigit() or word in NUMBERS or word in _AROUND_A_NUMBER for word in words)
    return total if all(known) else None


def mentioned(said: str) -> int | None:
    """The people in a sentence that is about something else: "25 Dec for 2 nights, 3 people"."""
    words = [word for word in words_of(said) if word not in (",", "&")]
    if any(_is_half_counted(words, i) for i in range(len(words))):
        return None
    numbers = (number_at(words, i) for i in range(len(words)) if kind_at(words, i + 1) == "people")
    named = _named_without_number(words)
    return (
        sum(number for number in numbers if number is not None) + named or None if named is not None else None
    )


def _is_half_counted(words: Sequence[str], i: int) -> bool:
    """ "We are 4 and 2 kids", "5 of us and a baby", "3-4 log": the number with the noun is not all that is said."""
    if number_at(words, i) is None:
        return False
    if kind_at(words, i + 1) == "people":
        return i > 1 and words[i - 1] in ("-", "/", "+") and number_at(words, i - 2) is not None
    if words[i - 1 : i] == ["+"] and any(word in _ONESELF for word in words[:i]):
        return True
    if words[i] in ARTICLES or kind_at(words, i + 1) in ("night", "week", "day", "month", "room"):
        return False
    return list(words[i + 1 : i + 3]) == ["of", "us"] or list(words[max(i - 2, 0) : i]) in (
        ["we", "are"],
        ["are", "we"],
    )


def _turns(words: Sequence[str]) -> bool:
    """ "4 or 5", "not 4", "4-5": whatever is meant, it is not one number."""
    return any(word in WORDS_THAT_TURN for word in words) or any(
        word in ("-", "/") and is_number(words, i - 1) for i, word in enumerate(words)
    )


def _numbers(words: Sequence[str]) -> tuple[list[int] | None, list[int] | None]:
    """Numbers of people, and numbers without a noun; None where a number counts something else."""
    people: list[int] = []
    bare: list[int] = []
    for i, word in enumerate(words):
        number, what = number_at(words, i), kind_at(words, i + 1)
        if number is None or (word in ARTICLES and what != "people"):
            continue
        named_before = kind_at(words, i - 1) == "people" and number_at(words, i - 2) is None and what is None
        if what == "people" or named_before:
            people.append(number)
        elif what in ("night", "week", "day", "month", "room"):
            return None, None
        else:
            bare.append(number)
    return people, bare


def _named_without_number(words: Sequence[str]) -> int | None:
    """People who are named and not counted: "me and my wife", "a couple"; None where it cannot be told how many."""
    mine = sum(_stands_beside_others(words, i) for i, word in enumerate(words) if word in _ONESELF)
    partners = sum(word in _PARTNERS and number_at(words, i - 1) is None for i, word in enumerate(words))
    if "couple" in words:
        is_counted = kind_at(words, words.index("couple") + 2) in ("night", "week", "day")
        is_whole = not mine and not partners and not is_counted and not set(words) & _ADULTS
        return 2 if is_whole else None
    if any(word in _SEVERAL and number_at(words, i - 1) is None for i, word in enumerate(words)) and mine:
        return None  # "me and my family"
    if not mine and _CALLED.isdisjoint(words) and partners:
        return None  # "my wife and 2 kids": it may be that they come alone
    return mine + partners if mine else 0


def _stands_beside_others(words: Sequence[str], i: int) -> bool:
    """ "Me and my wife", "my wife and I": one of those who come, and not only the one who writes."""
    beside = {*words[max(0, i - 1) : i], *words[i + 1 : i + 2]}
    return bool(beside & _WITH)


_ALONE: Final = each(
    "me, me only, only me, just me, me alone, it's just me, alone, i am alone, i'm alone, myself, "
    "just myself, solo, single, sirf main, akela, صرف میں, اکیلا, सिर्फ मैं, अकेला"
)
_ONESELF: Final = each("me, i, myself, main, میں, मैं")
_WITH: Final = each("and, with, plus, my, meri, mere, aur, اور, और") | {"+"}
_ADULTS: Final = each("adults, adult, people, persons, men, women, guests")
_SEVERAL: Final = each("family, friends, kids, children, parents, bachay, bache, bachey, dost, log")
_PARTNERS: Final = each(
    "wife, husband, friend, brother, sister, mother, father, mom, dad, son, daughter, partner, girlfriend, "
    "boyfriend, fiance, biwi, begum, bhai, dost"
)
_CALLED: Final = each("bhai, dost")  # as one calls whom one writes to: "4 log bhai"
_SPEAKS_OF_PEOPLE: Final = each("we, us, hum, ham, party, group, family, ہم, हम")
_AROUND_A_NUMBER: Final = _SPEAKS_OF_PEOPLE | each(
    "are, a, an, the, of, in, total, all, altogether, together, for, just, only, exactly, around, and, will, "
    "be, there, we're, it, it's, its, is, with, our, my, +, please, pls, plz, sir, bhai, ji, hain, hai, "
    "log, aur, ہیں, हैं, जी, جی, और, اور"
)
