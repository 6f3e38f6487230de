"""Exact amounts: whole minor units with a currency, and how we write them.

No float comes near them, every rounding is half up, and two currencies never mix.

Source: facts/payments.md section 6; exponents from ISO 4217.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

# Digits after the point. A currency that is not here is looked up in babel's copy of ISO 4217.
EXPONENTS: Mapping[str, int] = {
    "AED": 2,
    "BHD": 3,
    "EUR": 2,
    "GBP": 2,
    "INR": 2,
    "ISK": 0,
    "JPY": 0,
    "KWD": 3,
    "OMR": 3,
    "PKR": 2,
    "QAR": 2,
    "SAR": 2,
    "UGX": 0,
    "USD": 2,
}

# Three decimals are written, but no card is charged one fils: every amount of these ends with a zero.
_STEPS: Mapping[str, int] = {"BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10}

NO_BREAK = "\u00a0"  # a space at which no phone begins a new line

# What stands before the number, the same in every language of ours; babel would write "Rs5,000.00".
SIGNS: Mapping[str, str] = {
    "AED": f"AED{NO_BREAK}",
    "BHD": f"BHD{NO_BREAK}",
    "EUR": "€",
    "GBP": "£",
    "INR": "₹",
    "JPY": "¥",
    "KWD": f"KWD{NO_BREAK}",
    "OMR": f"OMR{NO_BREAK}",
    "PKR": f"Rs.{NO_BREAK}",
    "QAR": f"QAR{NO_BREAK}",
    "SAR": f"SAR{NO_BREAK}",
    "USD": "$",
}

_LAKHS = frozenset({"INR"})  # 1,00,000 instead of 100,000, whoever reads it
_READ_LAKHS = frozenset({"hi"})  # and these read every amount so
_RIGHT_TO_LEFT = frozenset({"ur", "ar", "fa", "sd"})
_LEFT_TO_RIGHT_MARK = "\u200e"  # keeps sign and number together inside a sentence in Urdu
_DECIMAL = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,9}))?")


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were about to be added or compared."""


@dataclass(frozen=True, slots=True)
class Money:
    """Whole minor units of a currency: `Money(4_500_00, "INR")` is four thousand five hundred rupees."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"minor units are whole numbers, not {self.minor!r}")
        exponent(self.currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a decimal string such as "4500", "4500.5" or "-0.05", exactly.

        Raises:
            ValueError: not such a string, or finer than the currency's smallest unit.
        """
        digits = exponent(currency)
        found = _DECIMAL.fullmatch(text)
        if found is None:
            raise ValueError(f"not an amount: {text[:40]!r}")
        minus, whole, fraction = found[1], found[2], (found[3] or "").rstrip("0")
        if len(fraction) > digits:
            raise ValueError(f"{currency} has {digits} decimals, {text!r} has more")
        minor = int(whole + fraction.ljust(digits, "0"))
        return cls(-minor if minus else minor, currency)

    def to_decimal_string(self) -> str:
        """The amount as it goes over the wire, with all decimals of its currency: "4500.00"."""
        minus, whole, fraction = _parts(self)
        return f"{minus}{whole}.{fraction}" if fraction else f"{minus}{whole}"

    def percent(self, percent: int | Decimal, *, of: int | Decimal = 100) -> Money:
        """So many hundredths of the amount, half up to what can be paid; or parts of another whole than 100."""
        over, under = percent.as_integer_ratio()
        whole_over, whole_under = of.as_integer_ratio()
        return self.part(over * whole_under, under * whole_over)

    def part(self, over: int, under: int) -> Money:
        """`over`/`under` of the amount, half up to the currency's step; `under` is positive."""
        least = step(self.currency)
        return Money(_half_up(self.minor * over, under * least) * least, self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        """The amount times a number, half up (away from zero); a float is refused, for it is not exact."""
        if isinstance(factor, Decimal):
            over, under = factor.as_integer_ratio()
            return Money(_half_up(self.minor * over, under), self.currency)
        if type(factor) is not int:
            return NotImplemented
        return Money(self.minor * factor, self.currency)

    __rmul__ = __mul__

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def _same(self, other: Money) -> int:
        if not isinstance(other, Money):
            raise TypeError(f"{other!r} is no Money")
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.minor


def exponent(currency: str) -> int:
    """How many decimals the currency has.

    Raises:
        ValueError: ISO 4217 knows no such currency.
    """
    known = EXPONENTS.get(currency)
    return _exponent_from_babel(currency) if known is None else known


def step(currency: str) -> int:
    """The least that can be paid, in minor units: what every part of an amount is rounded to."""
    return _STEPS.get(currency, 1)


@lru_cache(maxsize=8192)
def format_money(money: Money, locale: str = "en") -> str:
    """The amount as people write it: "Rs. 5,000", "₹1,00,000", "$12.50"; decimals only where it is not whole.

    Its space is one that does not break, so that no line ends between sign and number.

    Args:
        locale: the reader's language; it decides how digits are grouped, about currencies that have no sign
            of ours, and about the mark that keeps sign and number together in languages written from the right.
    """
    sign = SIGNS.get(money.currency)
    if sign is None:
        return _format_with_babel(money, locale)
    minus, whole, fraction = _parts(money)
    has_lakhs = money.currency in _LAKHS or locale[:2] in _READ_LAKHS
    grouped = _group_lakhs(whole) if has_lakhs else f"{whole:,}"
    decimals = "." + fraction if fraction.strip("0") else ""
    mark = _LEFT_TO_RIGHT_MARK if locale[:2] in _RIGHT_TO_LEFT else ""
    return f"{mark}{minus}{sign}{grouped}{decimals}"


def _parts(money: Money) -> tuple[str, int, str]:
    digits = exponent(money.currency)
    whole, rest = divmod(abs(money.minor), 10**digits)
    return ("-" if money.minor < 0 else "", whole, f"{rest:0{digits}}" if digits else "")


def _group_lakhs(whole: int) -> str:
    above, last = divmod(whole, 1000)
    if not above:
        return str(last)
    pairs = f"{last:03}"
    while above:
        above, pair = divmod(above, 100)
        pairs = f"{pair:02},{pairs}" if above else f"{pair},{pairs}"
    return pairs


def _half_up(over: int, under: int) -> int:
    """over/under to the nearest whole number, a half away from zero; `under` is positive."""
    rounded = (2 * abs(over) + under) // (2 * under)
    return -rounded if over < 0 else rounded


@lru_cache
def _exponent_from_babel(currency: str) -> int:
    from babel.numbers import get_currency_precision, is_currency  # slow to import and rarely needed

    if not is_currency(currency):
        raise ValueError(f"no currency: {currency!r}")
    return get_currency_precision(currency)


def _format_with_babel(money: Money, locale: str) -> str:
    from babel.numbers import format_currency

    amount = Decimal(money.minor).scaleb(-exponent(money.currency))
    whole = amount == amount.to_integral_value()
    pattern = (
        f"¤{NO_BREAK}#,##0" if whole else f"¤{NO_BREAK}#,##0.00"
    )  # babel writes as many decimals as the currency has
    return format_currency(amount, money.currency, pattern, locale=locale, currency_digits=not whole)
