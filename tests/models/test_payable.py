"""A transfer's amount tells whose it is: little under the price, in steps that people transfer, kinds apart."""

from __future__ import annotations

import pytest

from models import payable
from models.money import Money


@pytest.mark.parametrize(
    ("price", "in_full", "first", "last", "step"),
    [
        (Money(2_700_00, "PKR"), False, 1_00, 135_00, 1_00),
        (Money(2_700_00, "PKR"), True, 136_00, 270_00, 1_00),
        (Money(90_000_00, "PKR"), False, 1_00, 250_00, 1_00),
        (Money(4_000_00, "INR"), False, 1, 250, 1),
        (Money(4_000_00, "INR"), True, 251, 500, 1),
        (Money(3_000, "JPY"), False, 1, 150, 1),
        (Money(12_500, "KWD"), False, 1, 250, 1),
        (Money(80_00, "EUR"), True, 251, 500, 1),
    ],
)
def test_by_how_much_a_price_is_lowered(
    price: Money, *, in_full: bool, first: int, last: int, step: int
) -> None:
    lowered = payable.lowered(price, in_full=in_full)
    assert (lowered.start, lowered[-1], lowered.step) == (first, last, step)


@pytest.mark.parametrize("currency", ["PKR", "INR", "JPY", "KWD", "EUR"])
@pytest.mark.parametrize("minor", [1, 19, 20, 199, 1_999, 2_000, 10_000, 123_456, 10_000_000])
def test_advances_and_full_prices_never_meet_and_no_price_loses_more_than_a_tenth(
    currency: str, minor: int
) -> None:
    price = Money(minor, currency)
    advance, full = (set(payable.lowered(price, in_full=in_full)) for in_full in (False, True))
    assert not advance & full
    assert all(0 < short <= minor / 10 for short in advance | full)
    step = payable.STEPS.get(currency, 1)
    assert all(short % step == 0 for short in advance | full)


def test_a_reference_is_no_word_and_no_number_and_reads_one_way_only() -> None:
    for _ in range(2_000):
        code = payable.new_reference()
        assert len(code) == payable.REFERENCE_LENGTH
        assert not set(code) & set("0O1IL2Z5S8BUV")
        assert any(sign.isdigit() for sign in code)
        assert sum(sign.isalpha() for sign in code) >= 3


@pytest.mark.parametrize(
    ("minor", "currency", "is_round"),
    [
        (2_690_00, "PKR", True),
        (2_695_00, "PKR", False),
        (39_99, "INR", False),
        (39_90, "INR", True),
        (40, "JPY", True),
    ],
)
def test_what_people_type_instead_is_round(minor: int, currency: str, *, is_round: bool) -> None:
    assert payable.is_round(minor, currency) is is_round
