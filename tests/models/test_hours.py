"""Shifts and visits: when each begins and ends, what is offered, and what cannot be."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models import hours
from models.hours import Period, ShiftHours, SlotHours
from models.stay import Mode, Shift, Stay, clock_shows, moment, span

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


# ---- clocks that go forward and back, and midnight -------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "shift", "starts_at", "ends_at"),
    [
        ("Asia/Karachi", "2026-12-26", Shift.NIGHT, "2026-12-26 15:00", "2026-12-27 01:00"),
        ("Asia/Kolkata", "2026-12-26", Shift.FULL_NIGHT, "2026-12-26 14:30", "2026-12-27 12:30"),
        ("Asia/Karachi", "2026-12-31", Shift.FULL_DAY, "2026-12-31 03:00", "2027-01-01 01:00"),
        # 28 March 2027 has 23 hours in Berlin, 31 October 25.
        ("Europe/Berlin", "2027-03-27", Shift.NIGHT, "2027-03-27 19:00", "2027-03-28 04:00"),
        ("Europe/Berlin", "2027-03-28", Shift.DAY, "2027-03-28 06:00", "2027-03-28 16:00"),
        ("Europe/Berlin", "2027-10-30", Shift.NIGHT, "2027-10-30 18:00", "2027-10-31 05:00"),
        ("Europe/Berlin", "2027-10-30", Shift.FULL_NIGHT, "2027-10-30 18:00", "2027-10-31 17:00"),
        # 1 November 2026 has 25 hours in New York, 14 March 2027 has 23.
        ("America/New_York", "2026-10-31", Shift.FULL_DAY, "2026-10-31 12:00", "2026-11-01 11:00"),
        ("America/New_York", "2027-03-13", Shift.NIGHT, "2027-03-14 01:00", "2027-03-14 10:00"),
    ],
)
def test_a_shift_is_a_range_of_utc(zone: str, day: str, shift: Shift, starts_at: str, ends_at: str) -> None:
    usual = ShiftHours()
    period = usual.period(shift)
    stay = usual.stay(date.fromisoformat(day), shift)
    assert span(stay, period.begins, period.ends, zone) == (_utc(starts_at), _utc(ends_at))


@pytest.mark.parametrize("zone", ["Asia/Karachi", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(
    "day", ["2027-03-13", "2027-03-14", "2027-03-27", "2027-03-28", "2027-10-30", "2026-10-31"]
)
def test_full_day_and_full_night_are_their_parts_whatever_the_clocks_do(zone: str, day: str) -> None:
    usual, first = ShiftHours(), date.fromisoformat(day)

    def range_of(shift: Shift, later: int = 0) -> tuple[datetime, datetime]:
        period = usual.period(shift)
        return span(usual.stay(first + timedelta(days=later), shift), period.begins, period.ends, zone)

    assert range_of(Shift.FULL_DAY) == (range_of(Shift.DAY)[0], range_of(Shift.NIGHT)[1])
    assert range_of(Shift.FULL_NIGHT) == (range_of(Shift.NIGHT)[0], range_of(Shift.DAY, later=1)[1])
    assert range_of(Shift.DAY)[1] <= range_of(Shift.NIGHT)[0]
    assert range_of(Shift.NIGHT)[1] <= range_of(Shift.DAY, later=1)[0]


@pytest.mark.parametrize(
    ("day", "at", "shown"),
    [
        ("2027-03-28", time(1, 59), True),
        ("2027-03-28", time(2, 30), False),
        ("2027-03-28", time(3), True),
        ("2027-10-31", time(2, 30), True),  # twice, even
    ],
)
def test_a_time_that_is_jumped_over_is_none(day: str, at: time, shown: bool) -> None:
    assert clock_shows(date.fromisoformat(day), at, "Europe/Berlin") is shown


def test_a_visit_lasts_as_long_as_it_lasts_though_the_clock_is_put_back() -> None:
    """From half past one for three hours: at half past three by the clock that went from three to two."""
    night = SlotHours(Period.parse("00:00-06:00"), (180,))
    stay = night.stay(date(2027, 10, 31), time(1, 30), 180, "Europe/Berlin")
    assert stay.check_out == date(2027, 10, 31)
    starts_at = moment(stay.check_in, time(1, 30), "Europe/Berlin")
    assert starts_at == _utc("2027-10-30 23:30")
    assert (starts_at + timedelta(minutes=180)).astimezone(ZoneInfo("Europe/Berlin")).time() == time(3, 30)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
