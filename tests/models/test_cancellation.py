"""What comes back: by the hours left, the boundary for the guest, half up, never more than there is."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.cancellation import Policy, Tier, refund_due
from models.money import Money
from models.stay import Stay, span

START = datetime(2026, 12, 24, 9, tzinfo=UTC)
DEFAULT = Policy()
NOTHING = Money(0, "PKR")

# Read as a person would check it: when, how long before, which tier, what comes back, and why.
with (Path(__file__).parents[1] / "data" / "refund_tiers.csv").open(encoding="utf-8", newline="") as file:
    TIERS = list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("left", "percent"),
    [
        (timedelta(days=30), 100),
        (timedelta(hours=24, microseconds=1), 100),
        (timedelta(hours=24), 100),
        (timedelta(hours=24) - timedelta(microseconds=1), 75),
        (timedelta(hours=2), 75),
        (timedelta(hours=2) - timedelta(microseconds=1), 50),
        (timedelta(0), 50),
        (timedelta(hours=-5), 50),
    ],
)
def test_the_hours_left_decide_and_the_boundary_is_the_guests(left: timedelta, percent: int) -> None:
    assert DEFAULT.percent(START, START - left) == percent
    assert refund_due(DEFAULT, Money(1_000_00, "PKR"), NOTHING, START, START - left).minor == 10_00 * percent


@pytest.mark.parametrize(
    ("captured", "already", "hours", "refund"),
    [
        (1_000_00, 0, 48, 1_000_00),
        (1_000_00, 300_00, 48, 700_00),  # never more than is left
        (1_000_00, 300_00, 3, 700_00),
        (1_000_00, 100_00, 3, 750_00),
        (1_000_00, 1_000_00, 48, 0),
        (1_000_00, 1_200_00, 48, 0),
        (0, 0, 48, 0),  # a hold is voided, not refunded
        (33_33, 0, 1, 16_67),  # half up
        (3, 0, 3, 2),
        (1, 0, 1, 1),
    ],
)
def test_the_refund_is_the_policys_part_of_what_is_left(
    captured: int, already: int, hours: int, refund: int
) -> None:
    now = START - timedelta(hours=hours)
    due = refund_due(DEFAULT, Money(captured, "PKR"), Money(already, "PKR"), START, now)
    assert due == Money(refund, "PKR")


def test_hours_are_hours_even_when_the_clocks_change() -> None:
    """On the wall it is 24 hours to the start; an hour of them does not exist."""
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2027, 3, 28, 14, tzinfo=zone)
    assert DEFAULT.percent(start, datetime(2027, 3, 27, 14, tzinfo=zone)) == 75
    assert DEFAULT.percent(start, datetime(2027, 3, 27, 13, tzinfo=zone)) == 100


@pytest.mark.parametrize(
    "row", TIERS, ids=lambda row: f"{row['zone']} {row['cancelled']} for {row['begins']}"
)
def test_what_comes_back_at_the_boundaries_in_three_time_zones(row: dict[str, str]) -> None:
    day, clock = row["begins"].split()
    stay, at = Stay.of_nights(date.fromisoformat(day), 1), time.fromisoformat(clock)
    start, _leaving = span(stay, at, time(11), row["zone"])
    now = datetime.fromisoformat(row["cancelled"])
    hours, _, otherwise = row["policy"].partition(" else ")
    tiers = tuple(Tier(*map(int, tier.split(":"))) for tier in hours.split())
    policy = Policy(tiers, int(otherwise))
    currency, captured = row["captured"].split()
    due = refund_due(policy, Money.parse(captured, currency), Money(0, currency), start, now)
    assert policy.percent(start, now) == int(row["percent"])
    assert due.to_decimal_string() == row["refund"]
    assert _left(start - now) == row["left"]


def _left(time_left: timedelta) -> str:
    if time_left.days < 0:
        return "begun"
    minutes, seconds = divmod(round(time_left.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes < 6000 else f"{time_left.days} days"


def test_the_guest_is_told_the_last_moment_by_the_clock_on_the_wall() -> None:
    """Free until 24 hours before a start behind the change of clocks: an hour earlier on the wall."""
    zone = ZoneInfo("Europe/Berlin")
    start, _leaving = span(Stay(date(2027, 3, 28), date(2027, 3, 29)), time(15), time(11), "Europe/Berlin")
    _percent, until = DEFAULT.stands(start, start - timedelta(days=5))
    assert until is not None
    assert f"{until.astimezone(zone):%F %R}" == "2027-03-27 14:00"


@pytest.mark.parametrize(
    ("policy", "hours", "percent", "until"),
    [
        (DEFAULT, 30, 100, 24),
        (DEFAULT, 24, 100, 24),
        (DEFAULT, 12, 75, 2),
        (DEFAULT, 1, 50, None),
        (Policy((Tier(48, 100), Tier(24, 100)), 0), 50, 100, 24),
        (Policy((Tier(48, 100), Tier(24, 50)), 50), 30, 50, None),
        (Policy((), 100), 30, 100, None),
    ],
)
def test_what_stands_stands_until_it_gets_less(
    policy: Policy, hours: int, percent: int, until: int | None
) -> None:
    last = None if until is None else START - timedelta(hours=until)
    assert policy.stands(START, START - timedelta(hours=hours)) == (percent, last)


POLICIES = st.builds(
    lambda tiers, otherwise: Policy(
        tuple(
            Tier(hours, percent)
            for hours, percent in zip(
                sorted({hours for hours, _ in tiers}, reverse=True),
                sorted((max(percent, otherwise) for _, percent in tiers), reverse=True),
                strict=False,
            )
        ),
        otherwise,
    ),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 100)), max_size=5),
    st.integers(0, 100),
)


@given(POLICIES, st.integers(0, 10**12), st.integers(0, 10**12), st.integers(-100, 2000), st.integers(0, 500))
def test_who_cancels_later_never_gets_more(
    policy: Policy, captured: int, already: int, hours: int, later: int
) -> None:
    money, before = Money(captured, "INR"), Money(already, "INR")
    early = refund_due(policy, money, before, START, START - timedelta(hours=hours))
    late = refund_due(policy, money, before, START, START - timedelta(hours=hours - later))
    assert Money(0, "INR") <= late <= early <= money


@given(POLICIES)
def test_a_policy_is_kept_as_json_and_comes_back(policy: Policy) -> None:
    assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy


@pytest.mark.parametrize(
    ("written", "policy"),
    [
        ({}, DEFAULT),
        ({"otherwise": 0}, Policy(DEFAULT.tiers, 0)),
        ({"tiers": []}, Policy((), 0)),
        ({"tiers": [], "otherwise": 100}, Policy((), 100)),
        (
            {"tiers": [{"hours": 6, "percent": 50}, {"hours": 72, "percent": 100}]},
            Policy((Tier(72, 100), Tier(6, 50)), 0),
        ),
    ],
)
def test_a_policy_is_read_as_a_person_writes_it(written: dict[str, Any], policy: Policy) -> None:
    assert Policy.from_dict(written) == policy


@pytest.mark.parametrize(
    "written",
    [
        {"tier": []},
        {"tiers": [{"hours": 24, "percent": 101}]},
        {"tiers": [{"hours": -1, "percent": 50}]},
        {"tiers": [{"hours": 24, "percent": 50}, {"hours": 2, "percent": 75}]},
        {"tiers": [{"hours": 24, "percent": 50}, {"hours": 24, "percent": 25}]},
        {"tiers": [{"hours": 24, "percent": 50}], "otherwise": 60},
        {"tiers": [{"hours": 1.5, "percent": 50}]},
        {"otherwise": -1},
        {"otherwise": "50"},
    ],
)
def test_a_policy_nobody_can_mean_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cancel"):
        Policy.from_dict(written)
