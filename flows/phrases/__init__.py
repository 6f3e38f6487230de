"""Every sentence we send, by language: gettext catalogues next to this file, the English text as its own key.

The catalogues are read once, when this module is imported; there is no compiled form to forget. What a
catalogue does not have is said in English. Days, times and amounts are written here too, from tables:
they are in every message, and babel would cost more than the rest of the turn.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

from models.money import NO_BREAK, Money, format_money

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "ur": "اردو", "hi": "हिन्दी"}
DEFAULT: Final = "en"
_OF_COUNTRY: Final = {"PK": "ur", "IN": "hi", "+92": "ur", "+91": "hi"}
_RIGHT_TO_LEFT: Final = frozenset({"ur"})
_LATIN_FIRST: Final = re.compile(
    r"^([^\w\u0590-\u08ff\u200e]*_?)(?=\u200e?[0-9 \u00a0]*[A-Za-z\u0900-\u097f])"
)
_PHONE: Final = re.compile(r"\+(?=[0-9][0-9 \u00a0-]{5})")

_DAYS: Final = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "ur": ("پیر", "منگل", "بدھ", "جمعرات", "جمعہ", "ہفتہ", "اتوار"),
    "hi": ("सोम", "मंगल", "बुध", "गुरु", "शुक्र", "शनि", "रवि"),
}
_MONTHS: Final = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "ur": (
        "جنوری",
        "فروری",
        "مارچ",
        "اپریل",
        "مئی",
        "جون",
        "جولائی",
        "اگست",
        "ستمبر",
        "اکتوبر",
        "نومبر",
        "دسمبر",
    ),
    "hi": ("जन", "फ़र", "मार्च", "अप्रैल", "मई", "जून", "जुल", "अग", "सित", "अक्टू", "नव", "दिस"),
}


@dataclass(frozen=True)
class Phrases:
    """One language: call it with an English sentence and the values of its placeholders."""

    language: str
    singular: Mapping[str, str]
    plural: Mapping[tuple[str, str], tuple[str, ...]]
    form: Callable[[int], int]

    def __call__(self, sentence: str, /, **values: object) -> str:
        said = self.singular.get(sentence, sentence)
        return said.format_map(values) if values else said

    def n(self, one: str, many: str, n: int, **values: object) -> str:
        """The sentence for this number, which is its placeholder `{n}`."""
        forms = self.plural.get((one, many))
        said = forms[self.form(n)] if forms else (one if n == 1 else many)
        return said.format_map({"n": n, **values})

    @property
    def comma(self) -> str:
        return "، " if self.language == "ur" else ", "

    def nights(self, n: int) -> str:
        return _whole(self.n("{n} night", "{n} nights", n))

    def guests(self, n: int) -> str:
        return _whole(self.n("{n} guest", "{n} guests", n))

    def length(self, minutes: int) -> str:
        """ "2 hours", "45 minutes", "90 minutes": hours where they are whole."""
        hours, rest = divmod(minutes, 60)
        return _whole(
            self.n("{n} minute", "{n} minutes", minutes) if rest else self.n("{n} hour", "{n} hours", hours)
        )

    def units(self, n: int, category: str) -> str:
        """ "2 huts", "1 room": by the category's own word, where we know one."""
        match category:
            case "hotel_room":
                said = self.n("{n} room", "{n} rooms", n)
            case "hut":
                said = self.n("{n} hut", "{n} huts", n)
            case "camp":
                said = self.n("{n} tent", "{n} tents", n)
            case "farm":
                said = self.n("{n} house", "{n} houses", n)
            case "care":
                said = self.n("{n} caregiver", "{n} caregivers", n)
            case _:
                said = self.n("{n} unit", "{n} units", n)
        return _whole(said)

    def day(self, day: date) -> str:
        """A day as it is said in a chat: "Fri 14 Mar"; a stay is never so far away that it needs its year."""
        return f"{_DAYS[self.language][day.weekday()]}{NO_BREAK}{self.short(day)}"

    def short(self, day: date) -> str:
        return self.numbered(day.day, day.month)

    def numbered(self, day: int, month: int) -> str:
        """A day as it was said, even one that no calendar has: "30 Feb"."""
        return f"{day}{NO_BREAK}{_MONTHS[self.language][month - 1]}"

    def weekdays(self, days: Iterable[int]) -> str:
        """Days of the week, Monday is 0: "Fri, Sat"."""
        return self.comma.join(_DAYS[self.language][day] for day in sorted(days))

    def month(self, day: date) -> str:
        """ "Dec 2026"."""
        return f"{_MONTHS[self.language][day.month - 1]}{NO_BREAK}{day.year}"

    def dates(self, check_in: date, check_out: date) -> str:
        """Both days of a stay: "Fri 14 – Sun 16 Mar", each with its month where they differ."""
        first = self.day(check_in)
        if check_in.month == check_out.month:
            first = f"{_DAYS[self.language][check_in.weekday()]}{NO_BREAK}{check_in.day}"
        return f"{first}{NO_BREAK}– {self.day(check_out)}"

    def time(self, at: time) -> str:
        """ "2 pm", "11:30 am" in English; by the 24-hour clock elsewhere, where am and pm are not said."""
        if self.language != "en":
            return f"{at.hour}:{at.minute:02}"
        if not at.minute and not at.hour % 12:
            return f"12{NO_BREAK}noon" if at.hour else "midnight"  # "12 pm" is misread by many
        hour, half = at.hour % 12 or 12, "am" if at.hour < 12 else "pm"
        return f"{hour}:{at.minute:02}{NO_BREAK}{half}" if at.minute else f"{hour}{NO_BREAK}{half}"

    def money(self, amount: Money) -> str:
        return format_money(amount, self.language)

    def laid_out(self, text: str) -> str:
        """The text as a phone shows it in this language: each line of Urdu begins at the right.

        A phone decides by the first letter of a line; a name in Latin letters would pull it to the left.
        The mark stands behind the sign that makes a word bold, which has to begin the word. A phone number
        gets the opposite mark, which keeps its plus in front.
        """
        if self.language not in _RIGHT_TO_LEFT:
            return text
        lines = _PHONE.sub("\u200e+", text).split("\n")
        return "\n".join(
            line if line.startswith("http") else _LATIN_FIRST.sub("\\1\u200f", line) for line in lines
        )

    def duration(self, length: timedelta) -> str:
        minutes = max(1, round(length.total_seconds() / 60))
        return _whole(self.n("{n} minute", "{n} minutes", minutes))

    def distance(self, kilometres: float) -> str:
        """ "850 m", "3.5 km", "120 km": as precise as somebody who sets out needs it."""
        _ = self
        if kilometres < 0.95:
            return _whole(_("{n} m", n=max(50, round(kilometres * 20) * 50)))
        if kilometres < 9.95:
            return _whole(_("{n} km", n=f"{kilometres:.1f}".removesuffix(".0")))
        return _whole(_("{n} km", n=f"{round(kilometres):,}"))


def _whole(words: str) -> str:
    """A number and its word on one line, however narrow the phone."""
    return words.replace(" ", NO_BREAK)


def _load(language: str) -> Phrases:
    with (Path(__file__).parent / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    singular: dict[str, str] = {}
    plural: dict[tuple[str, str], tuple[str, ...]] = {}
    for message in catalogue:
        if not message.id or not message.string or message.fuzzy:
            continue
        if isinstance(message.id, str):
            singular[message.id] = str(message.string)
        elif all(message.string):
            plural[message.id[0], message.id[1]] = tuple(message.string)
    form: Callable[[int], int] = gettext.c2py(catalogue.plural_expr)
    return Phrases(language, singular, plural, form)


_PHRASES: Final = {language: _load(language) for language in LANGUAGES}


@lru_cache(maxsize=4096)
def phone(number: str) -> str:
    """A phone number as people read it, "+92 300 0000201", and as every phone knows it for one to call."""
    import phonenumbers  # a good part of the tables of the world: loaded with the first number that is told

    try:
        known = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return _whole(phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def of(language: str | None) -> Phrases:
    """The sentences of this language; English for one we do not speak."""
    return _PHRASES.get(language or DEFAULT, _PHRASES[DEFAULT])


ENGLISH: Final = of("en")  # admins are written to in one language


def language_of_country(phone: str | None, user_id: str | None) -> str | None:
    """The language of ours that is at home where this phone or user id is; None anywhere else.

    Args:
        phone: E.164 with its plus.
        user_id: WhatsApp's, which begins with two letters of the country and a point.
    """
    country = user_id[:2] if user_id and user_id[2:3] == "." else (phone or "")[:3]
    return _OF_COUNTRY.get(country)


def language_of_script(said: str) -> str | None:
    """The language that this way of writing tells, where it tells one of ours."""
    for letter in said:
        if "\u0600" <= letter <= "\u06ff":
            return "ur"
        if "\u0900" <= letter <= "\u097f":
            return "hi"
    return None
