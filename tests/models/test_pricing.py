"""A quote's lines add up, whatever the stay; what is paid now and what is due are the total."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import Money
from models.pricing import LineKey, Quote, quote
from models.rates import Charge, Of, Per, Rates, Season, Tariff
from models.stay import Shift, Stay

MONDAY = date(2026, 11, 23)
HUT = Rates(
    "PKR",
    Tariff(9_000_00, weekend=12_000_00, extra_guest=1_500_00),
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
    priced = quote(HUT, Stay(_after(first), _after(first + nights)), guests=guests, units=units)
    assert _told(priced) == lines
    assert priced.total == Money(sum(amount for *_, amount in lines), "PKR")


def test_a_weekend_at_the_usual_price_is_no_line_of_its_own() -> None:
    for weekend in (None, 9_000_00):
        rates = replace(HUT, usual=replace(HUT.usual, weekend=weekend))
        priced = quote(rates, Stay(_after(3), _after(6)), guests=1, units=1)
        assert _told(priced) == [("nights", {"nights": 3, "units": 1}, 9_000_00, 27_000_00)]


def test_the_weekend_is_what_the_listing_says() -> None:
    priced = quote(replace(HUT, weekend_nights=frozenset({3})), Stay(_after(3), _after(6)), guests=1, units=1)
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
    rates = Rates("PKR", Tariff(total), **advance)  # type: ignore[arg-type]
    priced = quote(rates, Stay(MONDAY, _after(1)), guests=1, units=1)
    assert (priced.advance.minor, priced.due.minor) == (paid_now, total - paid_now)


@pytest.mark.parametrize(("nights", "guests", "units"), [(0, 1, 1), (-1, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_there_is_no_price_for_nothing(nights: int, guests: int, units: int) -> None:
    with pytest.raises(ValueError, match="nights"):
        quote(HUT, Stay(MONDAY, _after(nights)), guests=guests, units=units)


PRICES = st.integers(0, 10**9)
ADVANCES: st.SearchStrategy[dict[str, int]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"advance_percent": st.integers(0, 100)}),
    st.fixed_dictionaries({"advance_minor": PRICES}),
)
RATES = st.builds(
    lambda currency, base, weekend, days, extra, included, advance: Rates(
        currency,
        Tariff(base, weekend, extra_guest=extra),
        weekend_nights=days,
        included_guests=included,
        **advance,
    ),
    st.sampled_from(["PKR", "INR", "EUR", "JPY"]),
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
    priced = quote(rates, Stay.of_nights(check_in, nights), guests=guests, units=units)
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
        weekend = rates.usual.weekend is not None and night.weekday() in rates.weekend_nights
        each = rates.usual.weekend if weekend else rates.usual.base
        assert each is not None
        expected += each * units + (rates.usual.extra_guest or 0) * max(
            0, guests - rates.included_guests * units
        )
    assert quote(rates, Stay.of_nights(check_in, nights), guests=guests, units=units).total.minor == expected


@given(RATES, STAYS, st.integers(1, 20), st.integers(1, 5))
def test_a_quote_is_kept_as_json_and_comes_back(
    rates: Rates, stay: tuple[date, int], guests: int, units: int
) -> None:
    check_in, nights = stay
    priced = quote(rates, Stay.of_nights(check_in, nights), guests=guests, units=units)
    assert Quote.from_dict(json.loads(json.dumps(priced.to_dict()))) == priced


def test_a_stored_quote_that_does_not_add_up_is_refused() -> None:
    stored = quote(HUT, Stay(MONDAY, _after(1)), guests=1, units=1).to_dict()
    with pytest.raises(ValueError, match="add up"):
        Quote.from_dict({**stored, "total_minor": stored["total_minor"] + 1})
    with pytest.raises(ValueError, match="advance"):
        Quote.from_dict({**stored, "advance_minor": stored["total_minor"] + 1})


def test_what_was_stored_before_there_were_seasons_is_read() -> None:
    stored = {
        "currency": "PKR",
        "lines": [
            {
                "key": "weekend_nights",
                "params": {"nights": 2, "units": 1},
                "each_minor": 12_000_00,
                "amount_minor": 24_000_00,
            }
        ],
        "total_minor": 24_000_00,
        "advance_minor": 7_200_00,
    }
    priced = Quote.from_dict(stored)
    assert priced.to_dict() == stored
    assert (priced.is_choice, priced.included, priced.coupon_code) == (False, (), None)
    rates = {
        "currency": "PKR",
        "base_minor": 9_000_00,
        "weekend_minor": None,
        "weekend_nights": ["fri", "sat"],
        "extra_guest_minor": 0,
        "included_guests": 0,
        "advance_percent": 30,
        "advance_minor": None,
    }
    assert Rates.from_dict(rates) == Rates("PKR", Tariff(9_000_00, extra_guest=0), advance_percent=30)
    assert Rates.from_dict(rates).to_dict().keys() <= rates.keys()  # which the release before reads as well


@given(RATES)
def test_rates_are_kept_as_json_and_come_back(rates: Rates) -> None:
    assert Rates.from_dict(json.loads(json.dumps(rates.to_dict()))) == rates


@pytest.mark.parametrize(
    ("written", "fields"),
    [
        ({"base": 9000}, {}),
        ({"base": "9000.50"}, {"usual": Tariff(9_000_50)}),
        ({"base": 9000, "weekend": 12000}, {"usual": Tariff(9_000_00, 12_000_00)}),
        (
            {"base": 9000, "weekend": 12000, "weekend_nights": ["sat", "sun"]},
            {"usual": Tariff(9_000_00, 12_000_00), "weekend_nights": frozenset({5, 6})},
        ),
        (
            {"base": 9000, "extra_guest": 1500, "included_guests": 2},
            {"usual": Tariff(9_000_00, extra_guest=1_500_00), "included_guests": 2},
        ),
        ({"base": 9000, "advance": "30%"}, {"advance_percent": 30}),
        ({"base": 9000, "advance_percent": 30}, {"advance_percent": 30}),
        ({"base": 9000, "advance": 3000}, {"advance_minor": 3_000_00}),
        ({"base": 9000, "full_payment": True}, {"full_payment": True}),
        ({"base": 9000, "check_in_days": ["fri"]}, {"check_in_days": frozenset({4})}),
        (
            {"base": 9000, "weekdays": {"sun": 8000, "mon": "7500.50"}},
            {"usual": Tariff(9_000_00, weekdays={6: 8_000_00, 0: 7_500_50})},
        ),
        (
            {"base": 9000, "shifts": {"day": 20000, "full_night": 45000}, "weekend_shifts": {"day": 30000}},
            {
                "usual": Tariff(
                    9_000_00,
                    shifts={Shift.DAY: 20_000_00, Shift.FULL_NIGHT: 45_000_00},
                    weekend_shifts={Shift.DAY: 30_000_00},
                )
            },
        ),
        (
            {"base": 2000, "durations": {"120": 3500}, "slot_minutes": 60},
            {"usual": Tariff(2_000_00, durations={120: 3_500_00}), "slot_minutes": 60},
        ),
        (
            {
                "base": 9000,
                "seasons": [{"name": "Eid", "from": date(2027, 3, 9), "to": "2027-03-14", "base": 15000}],
            },
            {"seasons": (Season("Eid", "2027-03-09", "2027-03-14", Tariff(15_000_00)),)},
        ),
        (
            {
                "base": 9000,
                "seasons": [
                    {
                        "name": "Winter",
                        "from": "12-20",
                        "to": "01-10",
                        "min_nights": 3,
                        "max_nights": 9,
                        "check_in_days": ["sat", "wed"],
                    }
                ],
            },
            {"seasons": (Season("Winter", "12-20", "01-10", Tariff(), 3, 9, frozenset({2, 5})),)},
        ),
        (
            {
                "base": 9000,
                "fees": [{"name": "Cleaning", "amount": 1500, "per": "unit"}],
                "taxes": [
                    {"name": "Sales tax", "percent": "7.5", "of": "all"},
                    {"name": "Bed tax", "amount": "99.50", "per": "guest_night", "included": True},
                ],
            },
            {
                "fees": (Charge("Cleaning", amount=1_500_00, per=Per.UNIT),),
                "taxes": (
                    Charge("Sales tax", Decimal("7.5"), Of.ALL),
                    Charge("Bed tax", amount=99_50, per=Per.GUEST_NIGHT, included=True),
                ),
            },
        ),
    ],
)
def test_prices_are_read_as_a_person_writes_them(written: dict[str, Any], fields: dict[str, Any]) -> None:
    rates = Rates("PKR", **({"usual": Tariff(9_000_00)} | fields))
    assert Rates.from_dict({"currency": "PKR", **written}) == rates
    assert Rates.from_dict(json.loads(json.dumps(rates.to_dict()))) == rates


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
        ({"base": 9000, "check_in_days": []}, "check_in_days"),
        ({"base": 9000, "full_payment": "yes"}, "full_payment"),
        ({"base": 9000, "weekdays": {"sunday": 1}}, "sunday"),
        ({"base": 9000, "weekdays": 8000}, "weekdays"),
        ({"base": 9000, "shifts": {"evening": 1}}, "evening"),
        ({"base": 9000, "durations": {"one hour": 1}}, "one hour"),
        ({"base": 9000, "seasons": {"name": "Eid"}}, "list of tables"),
        ({"base": 9000, "seasons": [{"from": "12-20", "to": "12-25"}]}, "name is missing"),
        ({"base": 9000, "seasons": [{"name": "Eid", "to": "12-25"}]}, "season Eid: from is missing"),
        ({"base": 9000, "seasons": [{"name": "Eid", "from": "12-32", "to": "12-25"}]}, "season Eid: '12-32'"),
        (
            {"base": 9000, "seasons": [{"name": "Eid", "from": "2026-12-20", "to": "12-25"}]},
            "both of one year",
        ),
        (
            {"base": 9000, "seasons": [{"name": "Eid", "from": "2026-12-20", "to": "2026-12-19"}]},
            "before it begins",
        ),
        (
            {"base": 9000, "seasons": [{"name": "Eid", "from": "12-20", "to": "12-25", "bse": 1}]},
            "season Eid: nobody knows 'bse'",
        ),
        (
            {"base": 9000, "seasons": [{"name": "Eid", "from": "12-20", "to": "12-25", "base": -5}]},
            "below zero",
        ),
        (
            {"base": 9000, "seasons": [{"name": "Eid", "from": "12-20", "to": "12-25", "min_nights": 0}]},
            "min_nights",
        ),
        (
            {
                "base": 9000,
                "seasons": [{"name": "E", "from": "12-20", "to": "12-25", "min_nights": 5, "max_nights": 4}],
            },
            "max_nights is less",
        ),
        ({"base": 9000, "taxes": [{"name": "GST"}]}, "tax GST: it is a percent or an amount"),
        ({"base": 9000, "taxes": [{"name": "GST", "percent": 7.5}]}, "percent is written as"),
        ({"base": 9000, "taxes": [{"name": "GST", "percent": 0}]}, "0 percent"),
        (
            {"base": 9000, "taxes": [{"name": "GST", "percent": 16, "per": "night"}]},
            "percent is of something",
        ),
        ({"base": 9000, "taxes": [{"name": "GST", "amount": 16, "of": "all"}]}, "amount is per something"),
        ({"base": 9000, "fees": [{"name": "Service", "percent": 5, "of": "all"}]}, "only a tax is of all"),
        ({"base": 9000, "fees": [{"name": "Linen", "amount": 5, "per": "bed"}]}, "fee Linen: per is one of"),
        ({"base": 9000, "fees": [{"name": "Linen", "amnt": 5}]}, "fee Linen"),
    ],
)
def test_prices_nobody_can_mean_are_refused(written: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Rates.from_dict({"currency": "PKR", **written})


def test_a_weekend_night_is_zero_to_six() -> None:
    with pytest.raises(ValueError, match="weekend_nights"):
        Rates("PKR", Tariff(1, 2), weekend_nights=frozenset({7}))


@pytest.mark.parametrize(("base", "fine"), [("12.350", True), ("12.345", False)])
def test_a_price_is_one_that_can_be_paid(base: str, fine: bool) -> None:
    written = {"currency": "KWD", "base": base}
    if fine:
        assert Rates.from_dict(written).base_minor == 12_350
    else:
        with pytest.raises(ValueError, match=r"steps of 0\.010"):
            Rates.from_dict(written)
