"""What people type: dates, numbers of guests, names, yes and no, and the few words that work everywhere.

English, Urdu and Hindi, in their own letters or in English ones.
"""

from __future__ import annotations

from flows.understand.answers import command, courtesy, name, yes_or_no
from flows.understand.codes import booking_code
from flows.understand.days import Dates, Misread, Why, dates, nights
from flows.understand.people import count, mentioned
from flows.understand.vocabulary import is_common, is_urdu_or_hindi, plain
from flows.understand.vocabulary import words_of as words

__all__ = [
    "Dates",
    "Misread",
    "Why",
    "booking_code",
    "command",
    "count",
    "courtesy",
    "dates",
    "is_common",
    "is_urdu_or_hindi",
    "mentioned",
    "name",
    "nights",
    "plain",
    "words",
    "yes_or_no",
]
