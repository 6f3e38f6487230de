"""What one message costs, by market, day and category; and that WhatsApp's own word is believed first."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
import pytest

from flows import templates
from models import message_prices
from models.message_prices import PriceTable, Told, in_words

TABLE = PriceTable.from_toml(
    """
[[rules]]
valid_from = 2025-07-01
service = "free"

[[rules]]
valid_from = 2026-10-01
service = "utility"

[[prices]]
market = "IN"
valid_from = 2026-01-01
currency = "INR"
utility = "0.115"
marketing = "0.8631"

[[prices]]
market = "IN"
valid_from = 2026-11-01
currency = "INR"
utility = "0.2"
"""
)
REGULAR = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}
FREE = {
    "billable": False,
    "pricing_model": "PMP",
    "type": "free_customer_service",
    "category": "service",
}


@pytest.mark.parametrize(
    ("day", "as_template", "micros"),
    [
        (date(2026, 9, 30), False, 0),  # an answer within the window was free
        (date(2026, 10, 1), False, 115_000),  # and is billed as a utility message since
        (date(2026, 9, 30), True, 115_000),
        (date(2026, 10, 31), True, 115_000),
        (date(2026, 11, 1), True, 200_000),  # the new card, from its first day on
        (date(2025, 12, 31), True, None),  # before the first card that we know
        (date(2025, 1, 1), False, 0),
    ],
)
def test_the_table_by_day(day: date, as_template: bool, micros: int | None) -> None:
    charge = TABLE.charge(market="IN", as_template=as_template, day=day)
    assert charge.micros == micros
    assert not charge.is_told


@pytest.mark.parametrize("market", ["PK", None])
def test_a_price_that_is_not_known_is_not_made_up(market: str | None) -> None:
    assert TABLE.charge(market=market, as_template=True, day=date(2026, 11, 20)).micros is None


def charge(pricing: Any, *, as_template: bool, day: date = date(2026, 10, 20)) -> Any:
    told = Told.from_status(pricing)
    return TABLE.charge(market="IN", as_template=as_template, day=day, told=told)


def test_what_whatsapp_calls_free_is_free() -> None:
    found = charge(FREE, as_template=False)
    assert (found.micros, found.category, found.is_told) == (0, "service", True)
    assert charge(FREE | {"type": "free_entry_point", "category": "utility"}, as_template=True).micros == 0


def test_what_whatsapp_bills_is_billed_in_its_category() -> None:
    assert charge(REGULAR, as_template=False).category == "utility"
    assert charge(REGULAR | {"category": "MARKETING"}, as_template=True).micros == 863_100
    assert charge(REGULAR | {"category": "service"}, as_template=False).micros == 115_000


def test_a_service_message_that_is_billed_before_its_time_costs_as_a_utility_message() -> None:
    early = charge(REGULAR | {"category": "service"}, as_template=False, day=date(2026, 9, 1))
    assert early.micros == 115_000


def test_a_category_without_a_price_is_billed_at_a_price_not_known() -> None:
    found = charge(REGULAR | {"category": "referral_conversion"}, as_template=True)
    assert (found.micros, found.category) == (None, "referral_conversion")


@pytest.mark.parametrize(
    ("pricing", "told"),
    [
        ({"billable": True, "category": "utility"}, Told(False, "utility")),
        ({"billable": False}, Told(True, None)),
        # The type counts: `billable` is being retired.
        ({"billable": True, "type": "free_entry_point", "category": "utility"}, Told(True, "utility")),
        ({"category": "utility"}, None),
        ({"type": 1, "billable": "yes"}, None),
        ("regular", None),
        (None, None),
    ],
)
def test_only_what_is_documented_is_believed(pricing: Any, told: Told | None) -> None:
    assert Told.from_status(pricing) == told


@pytest.mark.parametrize(
    "wrong",
    [
        '[[rules]]\nvalid_from = 2026-10-01\nservice = "cheap"',
        '[[prices]]\nmarket = "IN"\nvalid_from = 2026-01-01\ncurrency = "INR"\nutility = 0.115',
        '[[prices]]\nmarket = "IN"\nvalid_from = 2026-01-01\ncurrency = "INR"\nutility = "-1"',
        '[[prices]]\nmarket = "IN"\nvalid_from = 2026-01-01\ncurrency = "INR"\nutility = "0.1234567"',
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PriceTable.from_toml(wrong)


def test_our_own_file_can_be_read() -> None:
    ours = message_prices.table()
    assert ours.charge(market="IN", as_template=True, day=date(2026, 11, 20)).micros == 115_000


def test_every_template_of_ours_is_a_utility_template() -> None:
    assert {orjson.loads(path.read_bytes())["category"] for path in templates.files()} == {"UTILITY"}


@pytest.mark.parametrize(
    ("micros", "words"),
    [(0, "INR 0.00"), (115_000, "INR 0.115"), (1_500_000, "INR 1.50"), (1_234_000_001, "INR 1,234.000001")],
)
def test_a_sum_is_written_with_its_digits(micros: int, words: str) -> None:
    assert in_words(micros, "INR") == words
