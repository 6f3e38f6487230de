"""What people type: dates, times, shifts, numbers of guests, names, yes and no, words that work everywhere.

English, Urdu and Hindi, in their own letters or in English ones.
"""

from __future__ import annotations

from flows.understand.answers import (
    command,
    courtesy,
    has_none,
    is_nothing,
    is_praise,
    name,
    stars,
    whole_number,
    yes_or_no,
)
from flows.understand.codes import booking_code, end_of_id
from flows.understand.days import Dates, Misread, Why, dates, nights
from flows.understand.paying import ANOTHER_WAY, PAID, about_paying
from flows.understand.people import count, mentioned
from flows.understand.phones import phone_number
from flows.understand.shifts import shift
from flows.understand.stretches import Stretch, stretch
from flows.understand.times import minutes, time_of_day, without_times
from flows.understand.vocabulary import is_common, is_urdu_or_hindi, plain, same
from flows.understand.vocabulary import words_of as words

__all__ = [
    "ANOTHER_WAY",
    "PAID",
    "Dates",
    "Misread",
    "Stretch",
    "Why",
    "about_paying",
    "booking_code",
    "command",
    "count",
    "courtesy",
    "dates",
    "end_of_id",
    "has_none",
    "is_common",
    "is_nothing",
    "is_praise",
    "is_urdu_or_hindi",
    "mentioned",
    "minutes",
    "name",
    "nights",
    "phone_number",
    "plain",
    "same",
    "shift",
    "stars",
    "stretch",
    "time_of_day",
    "whole_number",
    "without_times",
    "words",
    "yes_or_no",
]
