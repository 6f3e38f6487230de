"""What one message costs: by the recipient's market, its category and the day, or as WhatsApp itself says.

Amounts are millionths of a currency's unit: a message costs a fraction of the smallest coin.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_suffix(".toml")
MICROS: Final = 1_000_000
SERVICE, UTILITY = "service", "utility"
CATEGORIES: Final = (UTILITY, "marketing", "authentication")


@dataclass(frozen=True)
class Told:
    """What a status says of a message's price: free or not, and in which category."""

    is_free: bool
    category: str | None

    @classmethod
    def from_status(cls, pricing: object) -> Told | None:
        """Read a status's `pricing`; None where it tells nothing.

        `type` counts; `billable`, which Meta retires, only where there is no type.
        """
        if not isinstance(pricing, Mapping):
            return None
        kind, billable, category = (pricing.get(key) for key in ("type", "billable", "category"))
        if isinstance(kind, str):
            is_free = kind.startswith("free_")
        elif isinstance(billable, bool):
            is_free = not billable
        else:
            return None
        return cls(is_free, category.lower() if isinstance(category, str) else None)


@dataclass(frozen=True)
class Charge:
    """What a message costs.

    Attributes:
        micros: None where it is billed and no price is known.
        is_told: whether WhatsApp said so, or the table alone.
    """

    category: str
    currency: str | None
    micros: int | None
    is_told: bool


@dataclass(frozen=True)
class _Price:
    valid_from: date
    currency: str
    micros: Mapping[str, int]


@dataclass(frozen=True)
class PriceTable:
    """The file, read once; the newest line that is not in the future counts."""

    service: tuple[tuple[date, str], ...]
    markets: Mapping[str, tuple[_Price, ...]]

    @classmethod
    def from_toml(cls, text: str) -> PriceTable:
        """Read a file of prices.

        Raises:
            ValueError: a category or a price that is none.
        """
        data = tomllib.loads(text)
        rules = sorted((rule["valid_from"], rule["service"]) for rule in data.get("rules", ()))
        if unknown := {service for _day, service in rules} - {"free", *CATEGORIES}:
            raise ValueError(f"service messages cannot cost as {', '.join(sorted(unknown))}")
        markets: dict[str, list[_Price]] = {}
        for entry in data.get("prices", ()):
            micros = {name: _micros(entry[name]) for name in CATEGORIES if name in entry}
            price = _Price(entry["valid_from"], entry["currency"], micros)
            markets.setdefault(entry["market"], []).append(price)
        by_market = {
            market: tuple(sorted(prices, key=lambda price: price.valid_from))
            for market, prices in markets.items()
        }
        return cls(tuple(rules), by_market)

    def charge(self, *, market: str | None, as_template: bool, day: date, told: Told | None = None) -> Charge:
        """What a message to this market costs on this day.

        Args:
            market: two letters of the recipient's country; None where it is not known.
            as_template: it went to a closed window; else it was an answer within the window.
            told: what WhatsApp says of it, believed over the table.
        """
        category = UTILITY if as_template else SERVICE
        if told is not None and told.category is not None:
            category = told.category
        price_of = category
        if category == SERVICE:
            price_of = self._service_on(day)
        if (told is not None and told.is_free) or (told is None and price_of == "free"):
            return Charge(category, None, 0, told is not None)
        if price_of == "free":
            price_of = UTILITY  # billed all the same, WhatsApp says: as every service message that is
        price = self._price_on(market, day)
        if price is None or price_of not in price.micros:
            return Charge(category, None, None, told is not None)
        return Charge(category, price.currency, price.micros[price_of], told is not None)

    def _service_on(self, day: date) -> str:
        return next((service for since, service in reversed(self.service) if since <= day), "free")

    def _price_on(self, market: str | None, day: date) -> _Price | None:
        prices = self.markets.get(market or "", ())
        return next((price for price in reversed(prices) if price.valid_from <= day), None)


def _micros(amount: Any) -> int:
    micros = Decimal(amount) * MICROS
    if not isinstance(amount, str) or micros < 0 or micros != int(micros):
        raise ValueError(f"{amount!r} is no price; write it as text, with at most six digits after the point")
    return int(micros)


@cache
def table() -> PriceTable:
    return PriceTable.from_toml(FILE.read_text())


def in_words(micros: int, currency: str) -> str:
    """ "INR 0.345": a sum with as many digits as it has, two at least."""
    whole, rest = divmod(micros, MICROS)
    digits = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"{currency} {whole:,}.{digits}"
