"""Amounts are exact, round half up, never mix currencies, and read as people write them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from babel.numbers import format_decimal, get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from models.money import EXPONENTS, NO_BREAK, CurrencyMismatch, Money, exponent, format_money

CURRENCIES = st.sampled_from(sorted(EXPONENTS))
MINOR = st.integers(-(10**14), 10**14)
MONEY = st.builds(Money, MINOR, CURRENCIES)


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (5_000_00, "PKR", "Rs. 5,000"),
        (5_000_50, "PKR", "Rs. 5,000.50"),
        (5_000_05, "PKR", "Rs. 5,000.05"),
        (0, "PKR", "Rs. 0"),
        (-1_500_00, "PKR", "-Rs. 1,500"),
        (999_00, "INR", "₹999"),
        (1_000_00, "INR", "₹1,000"),
        (10_010_00, "INR", "₹10,010"),
        (1_00_000_00, "INR", "₹1,00,000"),
        (12_34_567_89, "INR", "₹12,34,567.89"),
        (10_00_00_000_00, "INR", "₹10,00,00,000"),
        (12_50, "USD", "$12.50"),
        (1_234_00, "EUR", "€1,234"),
        (500_00, "AED", "AED 500"),
        (5_000, "JPY", "¥5,000"),
        (1_500, "KWD", "KWD 1.500"),
        (5, "BHD", "BHD 0.005"),
        (2_000, "BHD", "BHD 2"),
    ],
)
@pytest.mark.parametrize("locale", ["en", "hi"])
def test_an_amount_is_written_the_way_its_readers_write_it(
    minor: int, currency: str, written: str, locale: str
) -> None:
    assert format_money(Money(minor, currency), locale).replace(NO_BREAK, " ") == written


@pytest.mark.parametrize("currency", ["PKR", "AED", "CHF"])
def test_no_line_ends_between_sign_and_number(currency: str) -> None:
    shown = format_money(Money(5_000_00, currency))
    assert NO_BREAK in shown
    assert " " not in shown


def test_in_urdu_the_sign_stays_before_its_number() -> None:
    assert format_money(Money(1_00_000_00, "INR"), "ur") == "\u200e₹1,00,000"


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [(5_000_00, "CHF", "CHF 5,000"), (5_000_50, "CHF", "CHF 5,000.50"), (5_000, "UGX", "UGX 5,000")],
)
def test_a_currency_without_a_sign_of_ours_is_written_too(minor: int, currency: str, written: str) -> None:
    assert format_money(Money(minor, currency)).replace(NO_BREAK, " ") == written


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_our_exponents_are_those_of_iso_4217(currency: str) -> None:
    assert EXPONENTS[currency] == get_currency_precision(currency)


def test_other_exponents_come_from_babel() -> None:
    assert (exponent("CHF"), exponent("KRW"), exponent("TND")) == (2, 0, 3)


@pytest.mark.parametrize("currency", ["", "rs", "pkr", "XQQ", "PKR ", "₹"])
def test_there_is_no_money_in_a_currency_nobody_has(currency: str) -> None:
    with pytest.raises(ValueError, match="no currency"):
        Money(1, currency)


@pytest.mark.parametrize("minor", [1.0, True, "1", Decimal(1), None])
def test_minor_units_are_whole(minor: object) -> None:
    with pytest.raises(TypeError):
        Money(minor, "PKR")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("4500", "INR", 4_500_00),
        ("4500.5", "INR", 4_500_50),
        ("4500.50", "INR", 4_500_50),
        ("0.05", "INR", 5),
        ("-0.05", "INR", -5),
        ("007", "INR", 7_00),
        ("12.000", "INR", 12_00),
        ("500", "JPY", 500),
        ("500.0", "JPY", 500),
        ("1.5", "KWD", 1_500),
        ("1.234", "KWD", 1_234),
    ],
)
def test_a_decimal_string_is_read_exactly(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.005", "INR"),
        ("0.5", "JPY"),
        ("1.2345", "KWD"),
        *(
            (text, "INR")
            for text in ("", " 1", "1 ", "+1", "1,000", "1.", ".5", "1e3", "NaN", "٤", "--1", "1\n")
        ),
        ("9" * 16, "INR"),
    ],
)
def test_what_is_no_exact_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        Money.parse(text, currency)


@given(MONEY)
def test_what_goes_over_the_wire_comes_back(money: Money) -> None:
    assert Money.parse(money.to_decimal_string(), money.currency) == money


@given(MONEY)
def test_on_the_wire_all_decimals_are_written(money: Money) -> None:
    assert Decimal(money.to_decimal_string()) == Decimal(money.minor).scaleb(-EXPONENTS[money.currency])
    assert len(money.to_decimal_string().partition(".")[2]) == EXPONENTS[money.currency]


@given(MONEY)
def test_what_is_shown_is_the_amount(money: Money) -> None:
    shown = format_money(money)
    digits = "".join(c for c in shown.removeprefix("-").removeprefix("Rs.") if c.isdigit() or c == ".")
    assert Decimal(digits) == abs(Decimal(money.to_decimal_string()))
    assert shown.startswith("-") == (money.minor < 0)


@pytest.mark.parametrize(
    ("locale", "written"), [("en", "Rs. 100,000"), ("ur", "\u200eRs. 100,000"), ("hi", "Rs. 1,00,000")]
)
def test_in_hindi_every_amount_is_counted_in_lakhs(locale: str, written: str) -> None:
    assert format_money(Money(1_00_000_00, "PKR"), locale).replace(NO_BREAK, " ") == written


@pytest.mark.parametrize("locale", ["en", "ur", "hi"])
@pytest.mark.parametrize("currency", ["PKR", "INR", "EUR", "JPY", "KWD"])
@pytest.mark.parametrize("minor", [0, 7, 990, 186_990, 1_234_567_890, -45_000_010])
def test_digits_are_grouped_as_the_language_groups_them(locale: str, currency: str, minor: int) -> None:
    """Babel's own figures; rupees of India are counted in lakhs in every language."""
    money = Money(minor, currency)
    shown = format_money(money, locale)
    amount = Decimal(minor).scaleb(-EXPONENTS[currency])
    is_whole = amount == amount.to_integral_value()
    pattern = "#,##,##0" if currency == "INR" else {"hi": "#,##,##0"}.get(locale, "#,##0")
    if not is_whole:
        pattern += "." + "0" * EXPONENTS[currency]
    figures = "".join(c for c in shown.replace("Rs.", "") if c.isdigit() or c in ",.")
    assert figures == format_decimal(abs(amount), format=pattern, locale="en")
    if currency != "INR" and is_whole:
        assert figures == format_decimal(abs(amount), locale=locale)


@pytest.mark.parametrize(
    ("minor", "parts", "whole", "currency", "part"),
    [
        (12_350, 30, 100, "KWD", 3_710),  # 3.705, and no card is charged five fils
        (12_340, 30, 100, "KWD", 3_700),
        (12_350, 1, 2, "KWD", 6_180),
        (-12_350, 30, 100, "KWD", -3_710),
        (101, 1, 2, "JPY", 51),
        (99_95, 45, 60, "EUR", 74_96),
        (1, 1, 2, "INR", 1),
        (3, 16, 100, "PKR", 0),
    ],
)
def test_a_part_is_rounded_half_up_to_what_can_be_paid(
    minor: int, parts: int, whole: int, currency: str, part: int
) -> None:
    assert Money(minor, currency).part(parts, whole) == Money(part, currency)


@pytest.mark.parametrize(
    ("minor", "factor", "product"),
    [
        (3325, Decimal("0.10"), 333),  # half even would say 332
        (5, Decimal("0.5"), 3),
        (15, Decimal("0.1"), 2),
        (14, Decimal("0.1"), 1),
        (-5, Decimal("0.5"), -3),
        (-14, Decimal("0.1"), -1),
        (7, 3, 21),
        (7, 0, 0),
        (10**17 + 5, Decimal("0.1"), 10**16 + 1),  # beyond what a float, or 17 digits, can hold
    ],
)
def test_times_a_number_rounds_half_up(minor: int, factor: int | Decimal, product: int) -> None:
    assert Money(minor, "PKR") * factor == factor * Money(minor, "PKR") == Money(product, "PKR")


@given(MINOR, st.decimals(-1000, 1000, allow_nan=False, places=4))
def test_rounding_is_off_by_half_a_unit_at_most(minor: int, factor: Decimal) -> None:
    exact = Fraction(minor) * Fraction(factor)
    rounded = (Money(minor, "PKR") * factor).minor
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


@given(MINOR, st.integers(0, 100))
def test_percent_is_the_product(minor: int, percent: int) -> None:
    assert Money(minor, "INR").percent(percent) == Money(minor, "INR") * (Decimal(percent) / 100)


@pytest.mark.parametrize("factor", [0.1, True, "2"])
def test_a_factor_is_exact_or_refused(factor: object) -> None:
    with pytest.raises(TypeError):
        Money(1, "PKR") * factor  # type: ignore[operator]


@pytest.mark.parametrize("factor", [Decimal("NaN"), Decimal("Infinity")])
def test_a_factor_is_a_number(factor: Decimal) -> None:
    with pytest.raises((ValueError, OverflowError)):
        Money(1, "PKR") * factor


def test_sums_and_comparisons_of_one_currency() -> None:
    small, large = Money(1, "PKR"), Money(2, "PKR")
    assert small + large == Money(3, "PKR")
    assert small - large == -small == Money(-1, "PKR")
    assert small < large <= large
    assert large > small >= small
    assert max(small, large) == large
    assert sum([small, large], Money(0, "PKR")) == Money(3, "PKR")
    assert not Money(0, "PKR")
    assert small


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_two_currencies_never_mix(operation: str) -> None:
    with pytest.raises(CurrencyMismatch):
        getattr(Money(1, "PKR"), operation)(Money(1, "INR"))
    with pytest.raises(TypeError):
        getattr(Money(1, "PKR"), operation)(1)


def test_equal_numbers_of_two_currencies_are_not_equal() -> None:
    assert Money(1, "PKR") != Money(1, "INR")
