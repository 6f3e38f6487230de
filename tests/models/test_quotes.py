"""240 quotes in five currencies: a table to read, worked out a second time in Decimal (`by_hand`), that adds up."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.money import Money, step
from models.pricing import Discount, Line, LineKey, Quote, quote
from models.rates import Rates
from models.stay import Shift, Stay
from tests.models import by_hand

TABLE = Path(__file__).parents[1] / "data" / "quotes.csv"
with TABLE.open(encoding="utf-8", newline="") as file:
    CASES = list(csv.DictReader(file))


def _stay(case: Mapping[str, str]) -> Stay:
    first, what = case["stay"].split()
    day = date.fromisoformat(first)
    if case["prices"] == "visits":
        return Stay(day, day, start=time(9), minutes=int(what))
    return Stay.of_nights(day, int(what)) if what.isdigit() else Stay(day, day, shift=Shift(what))


def _discount(case: Mapping[str, str]) -> Discount | None:
    coupon, currency = by_hand.coupon_of(case["prices"], case["currency"]), case["currency"]
    if coupon is None:
        return None
    if "percent" in coupon:
        return Discount(coupon["code"], percent=Decimal(coupon["percent"]))
    return Discount(coupon["code"], amount=Money.parse(coupon["amount"], currency))


def _quote(case: Mapping[str, str]) -> Quote:
    rates = Rates.from_dict(
        {**by_hand.prices(case["prices"], case["currency"]), "currency": case["currency"]}
    )
    return quote(
        rates, _stay(case), guests=int(case["guests"]), units=int(case["units"]), coupon=_discount(case)
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['case']}-{case['currency']}")
def test_a_quote_is_what_the_table_says(case: Mapping[str, str]) -> None:
    priced = _quote(case)
    lines: dict[str, Money] = {}
    for line in priced.lines:
        lines[_name(line)] = lines.get(_name(line), Money(0, case["currency"])) + line.amount
    assert _told(lines) == case["lines"]
    assert _told({_name(line): line.amount for line in priced.included}) == case["included"]
    assert priced.total.to_decimal_string() == case["total"]
    assert priced.advance.to_decimal_string() == case["advance"]
    assert priced.due.to_decimal_string() == case["due"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['case']}-{case['currency']}")
def test_a_quote_adds_up_in_what_can_be_paid(case: Mapping[str, str]) -> None:
    priced, nothing = _quote(case), Money(0, case["currency"])
    assert sum((line.amount for line in priced.lines), nothing) == priced.total
    assert priced.advance + priced.due == priced.total
    for line in (*priced.lines, *priced.included):
        product = line.each
        for number in line.params.values():
            product *= number
        assert product == line.amount
        assert line.amount.minor % step(case["currency"]) == 0
    assert priced.advance.minor % step(case["currency"]) == 0
    assert priced.in_full().due == nothing
    assert Quote.from_dict(priced.to_dict()) == priced


def test_the_table_is_what_counting_by_hand_gives() -> None:
    assert [{**case, "case": ""} for case in CASES] == list(by_hand.cases())


def test_the_table_is_broad() -> None:
    assert len(CASES) >= 200
    for currency in ("PKR", "INR", "EUR", "JPY", "KWD"):
        assert sum(case["currency"] == currency for case in CASES) >= 40


# ---- any prices at all -----------------------------------------------------------------------------

AMOUNT = st.integers(0, 500_000).map(str)
DAY_OF_YEAR = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: f"{day:%m-%d}")
PERCENT = st.sampled_from(["0.25", "5", "7.5", "12", "16", "18", "33.3", "100"])
PRICES = {
    "weekend": AMOUNT,
    "weekdays": st.dictionaries(st.sampled_from(by_hand.DAYS), AMOUNT, max_size=3),
}
SEASON = st.fixed_dictionaries(
    {"name": st.sampled_from(["Spring", "Winter"]), "from": DAY_OF_YEAR, "to": DAY_OF_YEAR},
    optional={"base": AMOUNT, "extra_guest": AMOUNT, **PRICES},
)
PER = st.sampled_from(["stay", "night", "guest", "guest_night", "unit", "unit_night"])
OF = st.sampled_from(["stay", "all"])


def _charges(names: list[str], **of_percent: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Taxes or fees; no two of one name, for that is what they are told apart by in the reckoning by hand."""
    named, more = {"name": st.sampled_from(names)}, {"included": st.just(True)}
    flat = st.fixed_dictionaries({**named, "amount": AMOUNT, "per": PER}, optional=more)
    return flat | st.fixed_dictionaries({**named, "percent": PERCENT}, optional={**more, **of_percent})


def _different(charge: Any) -> str:
    return str(charge["name"])


SHEET = st.fixed_dictionaries(
    {"base": AMOUNT, "included_guests": st.integers(1, 4)},
    optional={
        **PRICES,
        "extra_guest": AMOUNT,
        "seasons": st.lists(SEASON, max_size=3),
        "fees": st.lists(_charges(["Cleaning", "Linen"]), max_size=2, unique_by=_different),
        "taxes": st.lists(_charges(["GST", "Bed tax"], of=OF), max_size=2, unique_by=_different),
        "advance": AMOUNT | st.integers(0, 100).map(lambda percent: f"{percent}%"),
    },
)
COUPON = st.none() | st.fixed_dictionaries({"percent": PERCENT}) | st.fixed_dictionaries({"amount": AMOUNT})


@given(
    st.sampled_from(sorted(by_hand.AMOUNTS)),
    SHEET,
    COUPON,
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    st.integers(1, 21),
    st.integers(1, 12),
    st.integers(1, 4),
)
@settings(max_examples=250)
def test_any_prices_come_to_what_counting_by_hand_gives(
    currency: str,
    sheet: dict[str, Any],
    coupon: dict[str, str] | None,
    first: date,
    nights: int,
    guests: int,
    units: int,
) -> None:
    off = None
    if coupon is not None:
        amount = Money.parse(coupon["amount"], currency) if "amount" in coupon else None
        off = Discount("GIFT", Decimal(coupon["percent"]) if "percent" in coupon else None, amount)
    rates = Rates.from_dict({**sheet, "currency": currency})
    assert Rates.from_dict(json.loads(json.dumps(rates.to_dict()))) == rates
    priced = quote(rates, Stay.of_nights(first, nights), guests=guests, units=units, coupon=off)
    expected = by_hand.worked_out(sheet, currency, f"{first} {nights}", guests, units, coupon)
    assert priced.total.to_decimal_string() == expected["total"]
    assert priced.advance.to_decimal_string() == expected["advance"]
    assert priced.due.to_decimal_string() == expected["due"]
    assert Quote.from_dict(json.loads(json.dumps(priced.to_dict()))) == priced


def _name(line: Line) -> str:
    match line.key:
        case LineKey.EXTRA_GUESTS:
            return "extra guests"
        case LineKey.COUPON:
            return "coupon"
        case LineKey.FEE | LineKey.TAX:
            return line.about["name"]
    return "stay"


def _told(lines: Mapping[str, Money]) -> str:
    return " + ".join(f"{name} {amount.to_decimal_string()}" for name, amount in lines.items())
