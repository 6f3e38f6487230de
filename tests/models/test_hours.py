"""Shifts and visits: when each begins and ends, what is offered, and what cannot be."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from models import hours
from models.hours import Period, ShiftHours, SlotHours
from models.stay import Mode, Shift, Stay

SATURDAY = date(2026, 12, 26)
SUNDAY = date(2026, 12, 27)


@pytest.mark.parametrize(
    ("day", "night", "shift", "said", "ends_on"),
    [
        ("08:00-18:00", "20:00-06:00", Shift.DAY, "08:00-18:00", SATURDAY),
        ("08:00-18:00", "20:00-06:00", Shift.NIGHT, "20:00-06:00", SUNDAY),
        ("08:00-18:00", "20:00-06:00", Shift.FULL_DAY, "08:00-06:00", SUNDAY),
        ("08:00-18:00", "20:00-06:00", Shift.FULL_NIGHT, "20:00-18:00", SUNDAY),
        # A night that is over before midnight, and one that ends with it.
        ("09:00-17:00", "18:00-23:30", Shift.NIGHT, "18:00-23:30", SATURDAY),
        ("09:00-17:00", "18:00-23:30", Shift.FULL_DAY, "09:00-23:30", SATURDAY),
        ("09:00-17:00", "18:00-00:00", Shift.NIGHT, "18:00-00:00", SUNDAY),
        ("09:00-17:00", "18:00-23:30", Shift.FULL_NIGHT, "18:00-17:00", SUNDAY),
    ],
)
def test_a_shift_has_the_hours_of_its_listing(
    day: str, night: str, shift: Shift, said: str, ends_on: date
) -> None:
    of_listing = ShiftHours(Period.parse(day), Period.parse(night))
    assert str(of_listing.period(shift)) == said
    assert of_listing.stay(SATURDAY, shift) == Stay(SATURDAY, ends_on, shift=shift)


@pytest.mark.parametrize(
    ("given", "minutes", "first", "last", "number"),
    [
        ({}, 60, "09:00", "17:00", 9),
        ({"durations": [60, 120], "step": 30}, 120, "09:00", "16:00", 15),
        ({"duration": 45, "step": 45}, 45, "09:00", "17:15", 12),
        ({"open": "18:00-00:00", "duration": 120}, 120, "18:00", "22:00", 5),
        ({"open": "10:30-11:30"}, 60, "10:30", "10:30", 1),
    ],
)
def test_a_visit_begins_and_ends_within_business_hours(
    given: dict[str, Any], minutes: int, first: str, last: str, number: int
) -> None:
    of_listing = hours.read(Mode.SLOT, given)
    assert isinstance(of_listing, SlotHours)
    starts = of_listing.starts(minutes)
    assert (f"{starts[0]:%H:%M}", f"{starts[-1]:%H:%M}", len(starts)) == (first, last, number)
    assert all(of_listing.takes(start, minutes) for start in starts)


@pytest.mark.parametrize(
    ("start", "minutes", "taken"),
    [
        (time(9), 60, True),
        (time(10, 10), 60, True),
        (time(17), 60, True),
        (time(17, 1), 60, False),
        (time(8, 59), 60, False),
    ],
)
def test_a_typed_time_need_not_be_one_of_those_offered(start: time, minutes: int, taken: bool) -> None:
    assert SlotHours().takes(start, minutes) is taken


def test_a_visit_ends_on_the_day_on_which_it_ends_there() -> None:
    late = SlotHours(Period.parse("18:00-00:00"), (120,))
    assert late.stay(SATURDAY, time(21), 120, "Asia/Karachi").check_out == SATURDAY
    assert late.stay(SATURDAY, time(22), 120, "Asia/Karachi").check_out == SUNDAY


@pytest.mark.parametrize(
    ("mode", "given", "said"),
    [
        ("NIGHTLY", {"day": "08:00-18:00"}, "has check_in and check_out"),
        ("SHIFT", {"dusk": "18:00-20:00"}, "know no dusk"),
        ("SHIFT", {"day": "8-18"}, 'written as "08:00-18:00"'),
        ("SHIFT", {"day": "08:00-25:00"}, "must be in"),
        ("SHIFT", {"shifts": []}, "one of them at least"),
        ("SHIFT", {"shifts": ["day", "day"]}, "once each"),
        ("SHIFT", {"shifts": ["evening"]}, "not a valid Shift"),
        ("SLOT", {"open": "18:00-02:00"}, "within one day"),
        ("SLOT", {"duration": 60, "durations": [60]}, "given twice"),
        ("SLOT", {"durations": [120, 60]}, "shortest first"),
        ("SLOT", {"durations": []}, "shortest first"),
        ("SLOT", {"duration": 600}, "do not fit"),
        ("SLOT", {"duration": "60"}, "whole minutes"),
        ("SLOT", {"buffer": -5}, "not below 0"),
        ("SLOT", {"step": 0}, "1 at least"),
    ],
)
def test_hours_that_cannot_be_are_refused(mode: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        hours.read(mode, given)


@pytest.mark.parametrize(
    ("mode", "given"),
    [
        ("SHIFT", {}),
        ("SHIFT", {"day": "07:00-19:00", "shifts": ["full_day", "night"]}),
        ("SLOT", {}),
        ("SLOT", {"open": "10:00-20:00", "durations": [30, 60, 90], "buffer": 15}),
    ],
)
def test_hours_are_read_as_they_were_written(mode: str, given: dict[str, Any]) -> None:
    of_listing = hours.read(mode, given)
    assert of_listing is not None
    assert hours.read(mode, of_listing.to_dict()) == of_listing


def test_by_the_night_there_are_none() -> None:
    assert hours.read("NIGHTLY", None) is None
