"""What is the same although it is written differently: codes, transaction ids, phones and people's names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from models.payable import DIGITS, LETTERS, REFERENCE_LENGTH

_WORD = re.compile(r"[0-9A-Z]+")
_BOOKING = re.compile(r"\bBK[-\s]?(\d{8})[-\s]?([0-9A-Z]{5})\b")
_SIGNS: Final = frozenset(LETTERS + DIGITS)


@lru_cache(maxsize=4096)
def codes_in(text: str, *, besides: str | None = None) -> frozenset[str]:
    """Every word of the text that can be a payment's reference or a booking's code, as these are written.

    Args:
        besides: the transaction's own id, of which no part is a code.
    """
    text = unicodedata.normalize("NFKC", text).upper()
    if besides:
        text = text.replace(besides.upper(), " ")
    codes = {f"BK-{day}-{letters}" for day, letters in _BOOKING.findall(text)}
    words = _WORD.findall(_BOOKING.sub(" ", text))
    return frozenset(codes | {word for word in words if is_reference(word)})


def is_reference(word: str) -> bool:
    """Whether `payable.new_reference` can have made it."""
    return (
        len(word) == REFERENCE_LENGTH
        and _SIGNS.issuperset(word)
        and 1 <= sum(sign in DIGITS for sign in word) <= 2
    )


@lru_cache(maxsize=4096)
def same_id(transaction_id: str) -> str:
    """A transaction id as it is compared: however it is grouped, and in whatever case."""
    return "".join(sign for sign in transaction_id.upper() if sign.isalnum())


def same_phone(shown: str, known: str) -> bool:
    """Whether they agree in all digits that are shown, which must be four or more; the country's part aside."""
    ours = re.sub(r"\D", "", known)[-10:]
    pieces: list[str] = re.findall(r"\d+", re.sub(r"(?<=\d)[\s()./-]+(?=\d)", "", shown))
    if not pieces or sum(map(len, pieces)) < 4:
        return False
    if len(pieces) == 1 and len(pieces[0]) >= 10:
        return pieces[0][-10:] == ours
    ends = shown.rstrip()[-1:].isdigit()
    last = pieces.pop() if ends else ""
    first = pieces[0] if pieces else ""
    national = re.sub(r"^(00|\+)?(92|91|0)", "", first) if len(first) > 2 else first
    return ours.endswith(last) and ours.startswith(national) and len(last) + len(national) >= 4


def keys_of(names: Iterable[str], phone: str | None) -> frozenset[str]:
    """What is the same wherever two names are alike or two phones agree: to find one by the other."""
    keys = {_bones(word.rstrip("*")) for name in names for word in _words(name)}
    if phone and (digits := re.search(r"\d{3}$", phone.strip())):
        keys.add(digits[0])
    return frozenset(keys)


_MARKS = re.compile(r"[\u0300-\u036f]")
_NAME_WORD = re.compile(r"[^\W\d_]+\*?")
# Borne by so many that they tell nobody apart where there is another name beside them.
_COMMON: Final = frozenset({"mr", "mrs", "ms", "miss", "dr", "syed", "sheikh", "md", "mhd", "bibi"})


def alike(payer: str, guest: str) -> bool:
    """Whether these can be one person's name: two words of one agree with two of the other, or the only one does.

    Spellings differ between alphabets and offices, and banks shorten: "S. TARIQ", "AHMED K*", "Mohd Bilal".
    """
    one, other = _words(payer), _words(guest)
    if not one or not other:
        return False
    left, agreeing, whole = list(other), 0, 0
    for word in sorted(one, key=len, reverse=True):
        match = next((candidate for candidate in left if _agree(word, candidate)), None)
        if match is not None:
            left.remove(match)
            agreeing += 1
            whole += min(len(word.rstrip("*")), len(match.rstrip("*"))) > 1
    return whole > 0 and agreeing >= min(2, len(one), len(other))


@lru_cache(maxsize=16384)
def _words(name: str) -> tuple[str, ...]:
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", name)).lower()
    words = [word for word in _NAME_WORD.findall(plain) if word not in _COMMON]
    telling = [word for word in words if _bones(word) != _bones("muhammad")]
    return tuple(telling or words)


def _agree(one: str, other: str) -> bool:
    shorter, longer = sorted((one.rstrip("*"), other.rstrip("*")), key=len)
    if len(shorter) == 1 or "*" in one + other:
        return longer.startswith(shorter)
    return shorter == longer or (len(longer) - len(shorter) <= 2 and _bones(shorter) == _bones(longer))


_SOUNDS = str.maketrans({"c": "k", "q": "k", "z": "s", "v": "w", "j": "g"})


@lru_cache(maxsize=16384)
def _bones(word: str) -> str:
    """The word without what spellings differ in: vowels, doubled letters, the h of Hussain and the y of Ayesha."""
    first = "a" if word[0] in "aeiou" else word[0]
    rest = re.sub(r"[aeiouyhw]", "", word[1:].replace("ph", "f"))
    return re.sub(r"(.)\1+", r"\1", (first + rest).translate(_SOUNDS))
