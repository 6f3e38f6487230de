"""Times, shifts and lengths of time are read rightly, or not at all."""

from __future__ import annotations

from datetime import date, time

import pytest

from flows import understand
from flows.understand import Dates, Misread
from models.stay import Shift

OPENS, CLOSES = time(9), time(18)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("10am", time(10)),
        ("10 a.m.", time(10)),
        ("10:30 pm", time(22, 30)),
        ("12am", time(0)),
        ("12pm", time(12)),
        ("16:30", time(16, 30)),
        ("04:30", time(4, 30)),
        ("19", time(19)),
        ("noon", time(12)),
        ("12 noon", time(12)),
        ("midnight", time(0)),
        ("10 at night", time(22)),
        ("half past ten in the morning", time(10, 30)),
        ("ten thirty in the evening", time(22, 30)),
        ("subah 10 baje", time(10)),
        ("kal subah 10 baje", time(10)),
        ("shaam 6", time(18)),
        ("raat 10 baje", time(22)),
        ("raat 2 baje", time(2)),
        ("saadhe das baje subah", time(10, 30)),
        ("صبح 10 بجے", time(10)),
        ("شام ۵ بجے", time(17)),
        ("सुबह १० बजे", time(10)),
        ("25 dec at 10am for 2 hours", time(10)),
        ("I'd like to come at 3pm with my kid", time(15)),
        ("day after tomorrow at 10am", time(10)),
    ],
)
def test_a_time_is_read_whatever_the_hours(said: str, found: time) -> None:
    assert understand.time_of_day(said) == found
    assert understand.time_of_day(said, opens=OPENS, closes=CLOSES) == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("10", time(10)),
        ("10:30", time(10, 30)),
        ("4:30", time(16, 30)),
        ("10.30", time(10, 30)),
        ("five", time(17)),
        ("3 o'clock", time(15)),
        ("half past ten", time(10, 30)),
        ("quarter to 11", time(10, 45)),
        ("quarter past four", time(16, 15)),
        ("saadhe das", time(10, 30)),
        ("sawa 4", time(16, 15)),
        ("paune 4 baje", time(15, 45)),
        ("dedh baje", time(13, 30)),
        ("साढ़े दस बजे", time(10, 30)),
        ("12", time(12)),
        ("tomorrow at 10", time(10)),
        ("25/12 10:30", time(10, 30)),
        ("at 2 for 2 hours", time(14)),
        ("7", None),
        ("8 o'clock", None),
    ],
)
def test_half_of_a_day_is_told_by_the_hours(said: str, found: time | None) -> None:
    assert understand.time_of_day(said) is None
    assert understand.time_of_day(said, opens=OPENS, closes=CLOSES) == found


def test_hours_past_midnight_tell_it_too() -> None:
    assert understand.time_of_day("1", opens=time(18), closes=time(2)) == time(1)
    assert understand.time_of_day("11", opens=time(18), closes=time(2)) == time(23)
    assert understand.time_of_day("1", opens=time(0), closes=time(23, 59)) is None


@pytest.mark.parametrize(
    "said",
    [
        "", "morning", "10 or 11", "10-12", "10 to 12", "10am to 12", "10am-12pm", "till 5pm", "after 5", "around 10",
        "not 10", "before 10am", "25", "25:00", "10:75", "24:00", "0300 1234567", "1030", "2026", "2 raat", "10 people",
        "2 hours", "call me at 5", "10 12", "half ten", "10pm or 11pm", "13am", "raat 5 baje", "25 dec",
        "as early as possible",
    ],
)  # fmt: skip
def test_what_is_no_time_or_more_than_one_is_none(said: str) -> None:
    assert understand.time_of_day(said, opens=OPENS, closes=CLOSES) is None


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("2 hours", 120),
        ("90 min", 90),
        ("1.5 h", 90),
        ("1h30", 90),
        ("1h 30m", 90),
        ("1 hour 30 minutes", 90),
        ("half an hour", 30),
        ("an hour", 60),
        ("an hour and a half", 90),
        ("one and a half hours", 90),
        ("1½ hours", 90),
        ("½ hour", 30),
        ("three quarters of an hour", 45),
        ("dedh ghanta", 90),
        ("dhai ghante", 150),
        ("adha ghanta", 30),
        ("sadhe teen ghante", 210),
        ("sawa ghanta", 75),
        ("paune do ghante", 105),
        ("2 ghante 30 minute", 150),
        ("ڈیڑھ گھنٹہ", 90),
        ("۴۵ منٹ", 45),
        ("डेढ़ घंटा", 90),
        ("२ घंटे", 120),
        ("25 dec at 10am for 2 hours, 3 people", 120),
        ("2", None),
        ("hour", None),
        ("2-3 hours", None),
        ("2 or 3 hours", None),
        ("2 to 3 hours", None),
        ("about 2 hours", None),
        ("in 2 hours", None),
        ("2 hours later", None),
        ("2 people", None),
        ("a few hours", None),
        ("0 hours", None),
        ("all day", None),
    ],
)
def test_lengths_of_time_are_read(said: str, minutes: int | None) -> None:
    assert understand.minutes(said) == minutes


@pytest.mark.parametrize(
    ("said", "minutes"), [("2", 120), ("90", 90), ("1", 60), ("3", None), ("2 people", None)]
)
def test_a_bare_number_is_a_length_that_was_offered(said: str, minutes: int | None) -> None:
    assert understand.minutes(said, offered=(60, 90, 120)) == minutes


@pytest.mark.parametrize(
    ("said", "shift"),
    [
        ("day", Shift.DAY),
        ("Night!", Shift.NIGHT),
        ("full day", Shift.FULL_DAY),
        ("Full Night", Shift.FULL_NIGHT),
        ("night shift please", Shift.NIGHT),
        ("during the day", Shift.DAY),
        ("tonight", Shift.NIGHT),
        ("saturday night", Shift.NIGHT),
        ("25/12 full day", Shift.FULL_DAY),
        ("night for 20 people", Shift.NIGHT),
        ("farmhouse for 20 on saturday night, ali", Shift.NIGHT),
        ("day and night", Shift.FULL_DAY),
        ("kal raat", Shift.NIGHT),
        ("din", Shift.DAY),
        ("poora din", Shift.FULL_DAY),
        ("puri raat", Shift.FULL_NIGHT),
        ("دن", Shift.DAY),
        ("پوری رات", Shift.FULL_NIGHT),
        ("रात", Shift.NIGHT),
        ("पूरा दिन", Shift.FULL_DAY),
        ("2 nights", None),
        ("one night", None),
        ("3 days", None),
        ("good night", None),
        ("last night", None),
        ("any day", None),
        ("per day", None),
        ("1st day", None),
        ("day after tomorrow", None),
        ("all day", None),
        ("all night", None),
        ("night and day", None),
        ("day or night", None),
        ("not night", None),
        ("evening", None),
        ("24 hours", None),
        ("friday", None),
        ("it is a nice day", None),
    ],
)
def test_shifts_are_named(said: str, shift: Shift | None) -> None:
    assert understand.shift(said) is shift


@pytest.mark.parametrize(
    ("said", "nights"),
    [
        ("25/12 10:30", None),
        ("25 dec at 10am for 2 hours", None),
        ("25 dec 10am to 12", None),
        ("25 dec, 2-3 hours", None),
        ("subah 10 baje 25 dec", None),
        ("25 dec at 5pm for 2 nights", 2),
    ],
)
def test_times_are_no_part_of_a_date(said: str, nights: int | None) -> None:
    assert understand.dates(said, today=date(2026, 11, 20)) == Dates(date(2026, 12, 25), nights)


def test_a_time_is_no_date() -> None:
    for said in ("10:30", "10am", "2 hours", "subah 10 baje"):
        found = understand.dates(said, today=date(2026, 11, 20))
        assert found is None or isinstance(found, Misread)
