"""Dates become the time they mean at the place, and only stays that a listing allows pass."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import StayRefused
from models.rates import EVERY_DAY
from models.stay import NightRules, Stay, check_stay, span

NOON, TWO, ELEVEN = time(12), time(14), time(11)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("check_in", "check_out", "come", "leave", "zone", "starts_at", "ends_at"),
    [
        ("2026-12-24", "2026-12-26", TWO, ELEVEN, "Asia/Karachi", "2026-12-24 09:00", "2026-12-26 06:00"),
        ("2026-12-24", "2026-12-25", TWO, ELEVEN, "Asia/Kolkata", "2026-12-24 08:30", "2026-12-25 05:30"),
        ("2026-12-31", "2027-01-01", TWO, TWO, "UTC", "2026-12-31 14:00", "2027-01-01 14:00"),
        # 28 March 2027, 02:00 to 03:00 does not exist in Berlin; 31 October 2027, it comes twice.
        ("2027-03-27", "2027-03-28", TWO, ELEVEN, "Europe/Berlin", "2027-03-27 13:00", "2027-03-28 09:00"),
        (
            "2027-03-28",
            "2027-03-29",
            time(2, 30),
            NOON,
            "Europe/Berlin",
            "2027-03-28 01:30",
            "2027-03-29 10:00",
        ),
        (
            "2027-10-31",
            "2027-11-01",
            time(2, 30),
            NOON,
            "Europe/Berlin",
            "2027-10-31 01:30",
            "2027-11-01 11:00",
        ),
        (
            "2027-10-30",
            "2027-10-31",
            NOON,
            time(2, 30),
            "Europe/Berlin",
            "2027-10-30 10:00",
            "2027-10-31 01:30",
        ),
    ],
)
def test_a_stay_is_a_range_of_utc(
    check_in: str, check_out: str, come: time, leave: time, zone: str, starts_at: str, ends_at: str
) -> None:
    stay = Stay(date.fromisoformat(check_in), date.fromisoformat(check_out))
    found = span(stay, come, leave, zone)
    assert found == (_utc(starts_at), _utc(ends_at))
    assert [moment.tzinfo for moment in found] == [UTC, UTC]


@given(
    st.dates(date(2020, 1, 1), date(2045, 1, 1)),
    st.integers(1, 30),
    st.sampled_from(
        ["Asia/Karachi", "Asia/Kolkata", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"]
    ),
    st.times(),
)
def test_who_comes_when_the_other_leaves_does_not_overlap(
    day: date, nights: int, zone: str, hour: time
) -> None:
    hour = hour.replace(microsecond=0, fold=0)
    first, then = Stay.of_nights(day, nights), Stay.of_nights(day + timedelta(days=nights), 1)
    starts_at, ends_at = span(first, hour, hour, zone)
    assert starts_at < ends_at == span(then, hour, hour, zone)[0]


@pytest.mark.parametrize("nights", [0, -1])
def test_no_time_is_no_range(nights: int) -> None:
    with pytest.raises(ValueError, match="cannot begin"):
        span(Stay.of_nights(date(2026, 12, 24), nights), TWO, ELEVEN, "Asia/Karachi")


@pytest.mark.parametrize("zone", ["Asia/Karachy", "", "Asia", "../etc/passwd", "/etc/passwd", "Asia\0"])
def test_a_time_zone_nobody_knows_is_refused(zone: str) -> None:
    with pytest.raises(ValueError):
        span(Stay.of_nights(date(2026, 12, 24), 1), TWO, ELEVEN, zone)


NOW = _utc("2026-11-20 08:00")  # one o'clock in Karachi, an hour before check-in
TODAY = date(2026, 11, 20)


def _check(check_in: date, nights: int, **changes: Any) -> None:
    nights_rules = NightRules(2, 5, changes.pop("check_in_days", EVERY_DAY))
    rules: dict[str, Any] = {
        "rules_on": lambda day: nights_rules,
        "max_days_ahead": 90,
        "check_in_time": TWO,
        "time_zone": "Asia/Karachi",
        "now": NOW,
    }
    check_stay(Stay.of_nights(check_in, nights), **(rules | changes))


@pytest.mark.parametrize(("days_ahead", "nights"), [(0, 2), (0, 5), (1, 3), (90, 2), (90, 5)])
def test_a_stay_within_the_rules_passes(days_ahead: int, nights: int) -> None:
    _check(TODAY + timedelta(days=days_ahead), nights)


@pytest.mark.parametrize(
    ("days_ahead", "nights", "why", "limit", "nearest"),
    [
        (-1, 2, "PAST", TODAY, (0, 2)),
        (-400, 9, "PAST", TODAY, (0, 5)),
        (91, 2, "TOO_FAR", TODAY + timedelta(days=90), (90, 2)),
        (5, 1, "TOO_SHORT", 2, (5, 2)),
        (5, 0, "TOO_SHORT", 2, (5, 2)),
        (5, -3, "TOO_SHORT", 2, (5, 2)),
        (5, 6, "TOO_LONG", 5, (5, 5)),
        (91, 1, "TOO_FAR", TODAY + timedelta(days=90), (90, 2)),
    ],
)
def test_a_stay_beyond_the_rules_is_refused_with_the_nearest_one(
    days_ahead: int, nights: int, why: str, limit: object, nearest: tuple[int, int]
) -> None:
    with pytest.raises(StayRefused) as refused:
        _check(TODAY + timedelta(days=days_ahead), nights)
    day, length = nearest
    assert refused.value.code == "STAY_REFUSED"
    assert refused.value.data == {
        "why": why,
        "limit": limit,
        "nearest": Stay.of_nights(TODAY + timedelta(days=day), length),
    }
    _check(refused.value.data["nearest"].check_in, refused.value.data["nearest"].nights)


SATURDAYS = frozenset({5})  # the 21st is one; the 20th is a Friday


@pytest.mark.parametrize(
    ("days_ahead", "nights", "days", "nearest"),
    [
        (0, 2, SATURDAYS, (1, 2)),
        (4, 9, SATURDAYS, (1, 5)),  # Tuesday: three days after one, four before the next
        (5, 1, SATURDAYS, (8, 2)),
        (4, 2, frozenset({0, 2}), (5, 2)),  # as near on both sides: the later one
        (90, 2, SATURDAYS, (85, 2)),
    ],
)
def test_a_day_on_which_no_stay_begins_is_refused_with_the_nearest_one_that_does(
    days_ahead: int, nights: int, days: frozenset[int], nearest: tuple[int, int]
) -> None:
    with pytest.raises(StayRefused) as refused:
        _check(TODAY + timedelta(days=days_ahead), nights, check_in_days=days)
    day, length = nearest
    assert refused.value.data == {
        "why": "CHECK_IN_DAY",
        "limit": days,
        "nearest": Stay.of_nights(TODAY + timedelta(days=day), length),
    }


def test_where_no_day_will_do_none_is_near() -> None:
    with pytest.raises(StayRefused) as refused:
        _check(TODAY, 2, check_in_days=SATURDAYS, max_days_ahead=0)
    assert refused.value.data["nearest"] is None


@pytest.mark.parametrize("minutes", [0, 1, 599])
def test_today_is_past_once_check_in_is_over(minutes: int) -> None:
    now = _utc("2026-11-20 09:00") + timedelta(minutes=minutes)
    _check(TODAY, 2, now=_utc("2026-11-20 08:59:59"))
    with pytest.raises(StayRefused) as refused:
        _check(TODAY, 2, now=now)
    assert refused.value.data["why"] == "PAST"
    assert refused.value.data["nearest"] == Stay.of_nights(TODAY + timedelta(days=1), 2)


def test_today_is_the_date_at_the_place() -> None:
    night = _utc("2026-11-21 02:00")  # still the 20th in Lima, long the 21st in Karachi
    late = time(23)
    _check(TODAY, 2, now=night, time_zone="America/Lima", check_in_time=late)
    with pytest.raises(StayRefused) as refused:
        _check(TODAY, 2, now=night, check_in_time=late)
    assert refused.value.data["limit"] == TODAY + timedelta(days=1)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_time_are_refused_in_words(day: date) -> None:
    with pytest.raises(StayRefused):
        check_stay(
            Stay(day, day),
            rules_on=lambda day: NightRules(1, 5, EVERY_DAY),
            max_days_ahead=90,
            check_in_time=TWO,
            time_zone="Asia/Karachi",
            now=NOW,
        )
