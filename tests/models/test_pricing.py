"""A quote's lines add up, whatever the stay; what is paid now and what is due are the total."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import Money
from models.pricing import LineKey, Quote, Rates, quote

MONDAY = date(2026, 11, 23)
HUT = Rates(
    "PKR",
    9_000_00,
    weekend_minor=12_000_00,
    extra_guest_minor=1_500_00,
    included_guests=2,
    advance_percent=30,
)


def _after(days: int) -> date:
    return MONDAY + timedelta(days=days)


def _told(priced: Quote) -> list[tuple[str, dict[str, int], int, int]]:
    return [(line.key, dict(line.params), line.each.minor, line.amount.minor) for line in priced.lines]


@pytest.mark.parametrize(
    ("first", "nights", "guests", "units", "lines"),
    [
        (0, 2, 2, 1, [("nights", {"nights": 2, "units": 1}, 9_000_00, 18_000_00)]),
        (3, 1, 2, 1, [("nights", {"nights": 1, "units": 1}, 9_000_00, 9_000_00)]),
        (4, 2, 2, 1, [("weekend_nights", {"nights": 2, "units": 1}, 12_000_00, 24_000_00)]),
        (6, 1, 2, 1, [("nights", {"nights": 1, "units": 1}, 9_000_00, 9_000_00)]),  # Sunday's night is not
        (
            3,
            4,
            5,
            2,
            [
                ("nights", {"nights": 2, "units": 2}, 9_000_00, 36_000_00),
                ("weekend_nights", {"nights": 2, "units": 2}, 12_000_00, 48_000_00),
                ("extra_guests", {"guests": 1, "nights": 4}, 1_500_00, 6_000_00),
            ],
        ),
        (
            0,
            14,
            1,
            1,
            [
                ("nights", {"nights": 10, "units": 1}, 9_000_00, 90_000_00),
                ("weekend_nights", {"nights": 4, "units": 1}, 12_000_00, 48_000_00),
            ],
        ),
        (
            0,
            1,
            3,
            1,
            [
                ("nights", {"nights": 1, "units": 1}, 9_000_00, 9_000_00),
                ("extra_guests", {"guests": 1, "nights": 1}, 1_500_00, 1_500_00),
            ],
        ),
        (0, 1, 4, 2, [("nights", {"nights": 1, "units": 2}, 9_000_00, 18_000_00)]),
    ],
)
def test_a_stay_is_priced_line_by_line(
    first: int, nights: int, guests: int, units: int, lines: list[tuple[str, dict[str, int], int, int]]
) -> None:
    priced = quote(HUT, _after(first), _after(first + nights), guests, units)
    assert _told(priced) == lines
    assert priced.total == Money(sum(amount for *_, amount in lines), "PKR")


def test_a_weekend_at_the_usual_price_is_no_line_of_its_own() -> None:
    for weekend in (None, 9_000_00):
        priced = quote(replace(HUT, weekend_minor=weekend), _after(3), _after(6), 1, 1)
        assert _told(priced) == [("nights", {"nights": 3, "units": 1}, 9_000_00, 27_000_00)]


def test_the_weekend_is_what_the_listing_says() -> None:
    priced = quote(replace(HUT, weekend_nights=frozenset({3})), _after(3), _after(6), 1, 1)
    assert [line.key for line in priced.lines] == [LineKey.NIGHTS, LineKey.WEEKEND_NIGHTS]
    assert priced.total == Money(30_000_00, "PKR")


@pytest.mark.parametrize(
    ("advance", "total", "paid_now"),
    [
        ({}, 9_000_00, 0),
        ({"advance_percent": 0}, 9_000_00, 0),
        ({"advance_percent": 30}, 9_000_00, 2_700_00),
        ({"advance_percent": 100}, 9_000_00, 9_000_00),
        ({"advance_percent": 50}, 33_25, 16_63),  # half up
        ({"advance_percent": 10}, 33_24, 3_32),
        ({"advance_percent": 30}, 0, 0),
        ({"advance_minor": 2_000_00}, 9_000_00, 2_000_00),
        ({"advance_minor": 9_000_01}, 9_000_00, 9_000_00),
        ({"advance_minor": 0}, 9_000_00, 0),
    ],
)
def test_the_advance_is_a_part_of_the_total(advance: dict[str, int], total: int, paid_now: int) -> None:
    priced = quote(Rates("PKR", total, **advance), MONDAY, _after(1), 1, 1)  # type: ignore[arg-type]
    assert (priced.advance.minor, priced.due.minor) == (paid_now, total - paid_now)


@pytest.mark.parametrize(("nights", "guests", "units"), [(0, 1, 1), (-1, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_there_is_no_price_for_nothing(nights: int, guests: int, units: int) -> None:
    with pytest.raises(ValueError, match="nights"):
        quote(HUT, MONDAY, _after(nights), guests, units)


PRICES = st.integers(0, 10**9)
ADVANCES: st.SearchStrategy[dict[str, int]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"advance_percent": st.integers(0, 100)}),
    st.fixed_dictionaries({"advance_minor": PRICES}),
)
RATES = st.builds(
    lambda currency, base, weekend, days, extra, included, advance: Rates(
        currency, base, weekend, days, extra, included, **advance
    ),
    st.sampled_from(["PKR", "INR", "JPY", "KWD"]),
    PRICES,
    st.none() | PRICES,
    st.frozensets(st.integers(0, 6)),
    PRICES,
    st.integers(1, 10),
    ADVANCES,
)
STAYS = st.tuples(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 120))


@given(RATES, STAYS, st.integers(1, 200), st.integers(1, 60))
def test_lines_add_up_and_what_is_paid_is_the_total(
    rates: Rates, stay: tuple[date, int], guests: int, units: int
) -> None:
    check_in, nights = stay
    priced = quote(rates, check_in, check_in + timedelta(days=nights), guests, units)
    nothing = Money(0, rates.currency)
    assert sum((line.amount for line in priced.lines), nothing) == priced.total
    assert priced.advance + priced.due == priced.total
    assert nothing <= priced.advance <= priced.total
    for line in priced.lines:
        product = line.each
        for number in line.params.values():
            assert number >= 1
            product *= number
        assert product == line.amount


@given(RATES, STAYS, st.integers(1, 200), st.integers(1, 60))
def test_the_total_is_what_counting_night_by_night_gives(
    rates: Rates, stay: tuple[date, int], guests: int, units: int
) -> None:
    check_in, nights = stay
    expected = 0
    for number in range(nights):
        night = check_in + timedelta(days=number)
        weekend = rates.weekend_minor is not None and night.weekday() in rates.weekend_nights
        each = rates.weekend_minor if weekend else rates.base_minor
        assert each is not None
        expected += each * units + rates.extra_guest_minor * max(0, guests - rates.included_guests * units)
    assert quote(rates, check_in, check_in + timedelta(days=nights), guests, units).total.minor == expected


@given(RATES, STAYS, st.integers(1, 20), st.integers(1, 5))
def test_a_quote_is_kept_as_json_and_comes_back(
    rates: Rates, stay: tuple[date, int], guests: int, units: int
) -> None:
    check_in, nights = stay
    priced = quote(rates, check_in, check_in + timedelta(days=nights), guests, units)
    assert Quote.from_dict(json.loads(json.dumps(priced.to_dict()))) == priced


def test_a_stored_quote_that_does_not_add_up_is_refused() -> None:
    stored = quote(HUT, MONDAY, _after(1), 1, 1).to_dict()
    with pytest.raises(ValueError, match="add up"):
        Quote.from_dict({**stored, "total_minor": stored["total_minor"] + 1})
    with pytest.raises(ValueError, match="advance"):
        Quote.from_dict({**stored, "advance_minor": stored["total_minor"] + 1})


@given(RATES)
def test_rates_are_kept_as_json_and_come_back(rates: Rates) -> None:
    assert Rates.from_dict(json.loads(json.dumps(rates.to_dict()))) == rates


@pytest.mark.parametrize(
    ("written", "rates"),
    [
        ({"base": 9000}, Rates("PKR", 9_000_00)),
        ({"base": "9000.50"}, Rates("PKR", 9_000_50)),
        ({"base": 9000, "weekend": 12000}, Rates("PKR", 9_000_00, 12_000_00)),
        (
            {"base": 9000, "weekend": 12000, "weekend_nights": ["sat", "sun"]},
            Rates("PKR", 9_000_00, 12_000_00, frozenset({5, 6})),
        ),
        (
            {"base": 9000, "extra_guest": 1500, "included_guests": 2},
            Rates("PKR", 9_000_00, extra_guest_minor=1_500_00, included_guests=2),
        ),
        ({"base": 9000, "advance": "30%"}, Rates("PKR", 9_000_00, advance_percent=30)),
        ({"base": 9000, "advance_percent": 30}, Rates("PKR", 9_000_00, advance_percent=30)),
        ({"base": 9000, "advance": 3000}, Rates("PKR", 9_000_00, advance_minor=3_000_00)),
    ],
)
def test_prices_are_read_as_a_person_writes_them(written: dict[str, Any], rates: Rates) -> None:
    assert Rates.from_dict({"currency": "PKR", **written}) == rates


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({}, "base"),
        ({"base": 9000, "weeknd": 12000}, "weeknd"),
        ({"base": 99.5}, "base"),
        ({"base": True}, "base"),
        ({"base": "nine"}, "amount"),
        ({"base": "-1"}, "below zero"),
        ({"base": 9000, "base_minor": 9_000_00}, "twice"),
        ({"base_minor": "900"}, "base_minor"),
        ({"base": 9000, "extra_guest": 1500}, "included_guests"),
        ({"base": 9000, "advance": "30%", "advance_percent": 30}, "twice"),
        ({"base": 9000, "advance": 3000, "advance_percent": 30}, "not both"),
        ({"base": 9000, "advance": "130%"}, "130"),
        ({"base": 9000, "advance_percent": 12.5}, "advance_percent"),
        ({"base": 9000, "weekend_nights": "fri"}, "weekend_nights"),
        ({"base": 9000, "weekend_nights": ["friday"]}, "weekend_nights"),
    ],
)
def test_prices_nobody_can_mean_are_refused(written: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Rates.from_dict({"currency": "PKR", **written})


def test_a_weekend_night_is_zero_to_six() -> None:
    with pytest.raises(ValueError, match="weekend_nights"):
        Rates("PKR", 1, 2, frozenset({7}))
