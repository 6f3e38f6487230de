"""From a stay to its price: lines that add up, what is paid now, and what is left for the place itself.

The same function prices the summary and the tests. A quote is stored with its booking and never computed
again, so that a later change of prices touches no one who has already been told an amount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from models.money import Money

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKEND_NIGHTS = frozenset({4, 5})  # the nights that begin on Friday and on Saturday


class LineKey(StrEnum):
    NIGHTS = "nights"
    WEEKEND_NIGHTS = "weekend_nights"
    EXTRA_GUESTS = "extra_guests"


@dataclass(frozen=True, slots=True)
class Rates:
    """What a listing costs: per night and unit, and what of it is paid in advance.

    Attributes:
        base_minor: a night in one unit, in minor units of `currency`.
        weekend_minor: a night that begins on one of `weekend_nights` (Monday is 0); None: like any other.
        extra_guest_minor: each guest above `included_guests` per unit, per night.
        advance_percent, advance_minor: at most one of them; neither: nothing to pay now.
    """

    currency: str
    base_minor: int
    weekend_minor: int | None = None
    weekend_nights: frozenset[int] = WEEKEND_NIGHTS
    extra_guest_minor: int = 0
    included_guests: int = 0
    advance_percent: int | None = None
    advance_minor: int | None = None

    def __post_init__(self) -> None:
        amounts = (self.base_minor, self.weekend_minor, self.extra_guest_minor, self.advance_minor)
        if any(amount is not None and Money(amount, self.currency).minor < 0 for amount in amounts):
            raise ValueError("a price is below zero")
        if self.extra_guest_minor and self.included_guests < 1:
            raise ValueError(
                "a price for extra guests needs included_guests, the number from which they are extra"
            )
        if self.advance_percent is not None and self.advance_minor is not None:
            raise ValueError("the advance is a percentage or an amount, not both")
        if self.advance_percent is not None and not 0 <= self.advance_percent <= 100:
            raise ValueError(f"an advance of {self.advance_percent} percent")
        if not all(0 <= day <= 6 for day in self.weekend_nights):
            raise ValueError("weekend_nights are days from 0, Monday, to 6, Sunday")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rates:
        """Read what `to_dict` wrote, or the prices of a listings file as a person writes them.

        A person writes whole amounts: `base = 9000`, `weekend = 12000`, `extra_guest = "1500.50"`,
        `advance = 3000` or `advance = "30%"` or `advance_percent = 30`, `weekend_nights = ["fri", "sat"]`.

        Raises:
            ValueError: a word nobody knows (a misspelt price would cost money), or no sensible price.
        """
        currency = data["currency"]
        given: dict[str, Any] = {}
        for key, value in data.items():
            if value is None:
                continue
            name, read = _read(key, value, currency)
            if name in given:
                raise ValueError(f"{key} is given twice")
            given[name] = read
        if "base_minor" not in given:
            raise ValueError("prices need a base")
        return cls(**given)

    def to_dict(self) -> dict[str, Any]:
        return {
            "currency": self.currency,
            "base_minor": self.base_minor,
            "weekend_minor": self.weekend_minor,
            "weekend_nights": [WEEKDAYS[day] for day in sorted(self.weekend_nights)],
            "extra_guest_minor": self.extra_guest_minor,
            "included_guests": self.included_guests,
            "advance_percent": self.advance_percent,
            "advance_minor": self.advance_minor,
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a quote: `each` times every number in `params` is `amount`.

    Attributes:
        key: which sentence to say it with.
        params: nights, units, guests: only those that are multiplied.
    """

    key: LineKey
    params: Mapping[str, int]
    each: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines that add up to `total`, of which `advance` is paid now and `due` at the place."""

    lines: tuple[Line, ...]
    total: Money
    advance: Money

    def __post_init__(self) -> None:
        nothing = Money(0, self.total.currency)
        if sum((line.amount for line in self.lines), nothing) != self.total:
            raise ValueError("the lines of the quote do not add up to its total")
        if not nothing <= self.advance <= self.total:
            raise ValueError("the advance is not between nothing and the total")

    @property
    def due(self) -> Money:
        return self.total - self.advance

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Quote:
        currency = data["currency"]
        lines = tuple(
            Line(
                LineKey(line["key"]),
                dict(line["params"]),
                Money(line["each_minor"], currency),
                Money(line["amount_minor"], currency),
            )
            for line in data["lines"]
        )
        return cls(lines, Money(data["total_minor"], currency), Money(data["advance_minor"], currency))

    def to_dict(self) -> dict[str, Any]:
        return {
            "currency": self.total.currency,
            "lines": [
                {
                    "key": line.key.value,
                    "params": dict(line.params),
                    "each_minor": line.each.minor,
                    "amount_minor": line.amount.minor,
                }
                for line in self.lines
            ],
            "total_minor": self.total.minor,
            "advance_minor": self.advance.minor,
        }


def quote(rates: Rates, check_in: date, check_out: date, guests: int, units: int) -> Quote:
    """Price a stay: every night in every unit, weekend nights apart, and guests beyond those included.

    Args:
        check_out: the day of leaving; its night is not paid for.
        guests: all of them together; what the units include is counted together as well.

    Raises:
        ValueError: no night, no guest or no unit.
    """
    nights = (check_out - check_in).days
    if min(nights, guests, units) < 1:
        raise ValueError(f"{nights} nights, {guests} guests, {units} units")
    lines: list[Line] = []
    weekend = _weekend_nights(rates, check_in, nights)
    if weekend < nights:
        lines.append(_line(rates, LineKey.NIGHTS, rates.base_minor, nights=nights - weekend, units=units))
    if weekend:
        assert rates.weekend_minor is not None  # else no night was counted as one
        lines.append(_line(rates, LineKey.WEEKEND_NIGHTS, rates.weekend_minor, nights=weekend, units=units))
    extra = guests - rates.included_guests * units
    if rates.extra_guest_minor and extra > 0:
        lines.append(_line(rates, LineKey.EXTRA_GUESTS, rates.extra_guest_minor, guests=extra, nights=nights))
    total = sum((line.amount for line in lines), Money(0, rates.currency))
    return Quote(tuple(lines), total, _advance(rates, total))


def _weekend_nights(rates: Rates, check_in: date, nights: int) -> int:
    """How many of the nights cost the weekend's price; none where that is the usual one."""
    if rates.weekend_minor is None or rates.weekend_minor == rates.base_minor:
        return 0
    weeks, rest = divmod(nights, 7)
    first = check_in.weekday()
    odd = sum((first + night) % 7 in rates.weekend_nights for night in range(rest))
    return weeks * len(rates.weekend_nights) + odd


def _line(rates: Rates, key: LineKey, each_minor: int, **params: int) -> Line:
    each = Money(each_minor, rates.currency)
    amount = each
    for number in params.values():
        amount *= number
    return Line(key, params, each, amount)


def _advance(rates: Rates, total: Money) -> Money:
    if rates.advance_percent is not None:
        return total.percent(rates.advance_percent)
    return min(Money(rates.advance_minor or 0, rates.currency), total)


_AMOUNTS = ("base", "weekend", "extra_guest", "advance")
_COUNTS = ("included_guests", "advance_percent")


def _read(key: str, value: Any, currency: str) -> tuple[str, Any]:
    """The field that a key of a listings file or of `to_dict` stands for, and its value."""
    if key == "advance" and isinstance(value, str) and value.endswith("%"):
        return "advance_percent", int(value.removesuffix("%"))
    if key in _AMOUNTS:
        if type(value) not in (int, str):
            raise ValueError(f'{key} is written as 1500 or as "1500.50", not as {value!r}')
        return f"{key}_minor", Money.parse(str(value), currency).minor
    if key in _COUNTS or key.removesuffix("_minor") in _AMOUNTS:
        if type(value) is not int:
            raise ValueError(f"{key} is a whole number, not {value!r}")
        return key, value
    if key == "weekend_nights":
        return key, _weekdays(value)
    if key == "currency":
        return key, value
    raise ValueError(f"prices know no {key!r}")


def _weekdays(names: Sequence[str]) -> frozenset[int]:
    unknown = [name for name in names if name not in WEEKDAYS]
    if isinstance(names, str) or unknown:
        raise ValueError(f"weekend_nights are some of {', '.join(WEEKDAYS)}, not {names!r}")
    return frozenset(WEEKDAYS.index(name) for name in names)
