"""What a place costs, as its owner writes it: prices by night, shift and slot, seasons, taxes and fees.

Kept with the listing and read with it. What a stay comes to is `models/pricing.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from models.money import Money, step
from models.stay import Shift

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKEND_NIGHTS = frozenset({4, 5})  # the nights that begin on Friday and on Saturday
EVERY_DAY = frozenset(range(7))

Key = TypeVar("Key")


class Per(StrEnum):
    """What an amount of a tax or fee is multiplied by; a shift or a slot is one night of it."""

    STAY = "stay"
    NIGHT = "night"
    GUEST = "guest"
    GUEST_NIGHT = "guest_night"
    UNIT = "unit"
    UNIT_NIGHT = "unit_night"


class Of(StrEnum):
    """What a percentage is taken of, after a coupon's discount."""

    STAY = "stay"  # nights, shifts or slots, and extra guests
    ALL = "all"  # and the fees


class Dated(NamedTuple):
    """A day, and what of it has a price of its own: its night, a shift, or a visit of so many minutes."""

    day: date
    what: Shift | int | None = None

    @classmethod
    def parse(cls, written: str) -> Dated:
        """ "2026-12-31", "2026-12-31 night", "2026-12-31 90".

        Raises:
            ValueError: it is none of these.
        """
        day, _, what = written.partition(" ")
        if not what:
            return cls(date.fromisoformat(day))
        return cls(date.fromisoformat(day), int(what) if what.isdecimal() else Shift(what.upper()))

    def __str__(self) -> str:
        said = self.what.lower() if isinstance(self.what, Shift) else self.what
        return f"{self.day}" if said is None else f"{self.day} {said}"


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a night, a shift or a slot in one unit costs, in minor units.

    Attributes:
        base: wherever nothing else here says otherwise; None in a season that keeps the usual prices.
        weekend: what begins on a day of the weekend.
        weekdays: what begins on this day (Monday is 0); goes before the weekend's price.
        shifts, weekend_shifts: a shift with a price of its own, on any day, or on a day of the weekend.
        durations: a slot of so many minutes with a price of its own, on any day.
        extra_guest: each guest above those included, per night, shift or slot.
    """

    base: int | None = None
    weekend: int | None = None
    weekdays: Mapping[int, int] = field(default_factory=dict)
    shifts: Mapping[Shift, int] = field(default_factory=dict)
    weekend_shifts: Mapping[Shift, int] = field(default_factory=dict)
    durations: Mapping[int, int] = field(default_factory=dict)
    extra_guest: int | None = None

    @property
    def amounts(self) -> list[int]:
        """Every price there is, without the extra guests'."""
        tables = (self.weekdays, self.shifts, self.weekend_shifts, self.durations)
        single = [price for price in (self.base, self.weekend) if price is not None]
        return [*single, *(price for table in tables for price in table.values())]


@dataclass(frozen=True, slots=True)
class Season:
    """Days with prices and rules of their own, from the first to the last, both included.

    Attributes:
        first, last: "2026-12-20", or "12-20" for every year; a season of every year may lie over New Year.
        min_nights, max_nights, check_in_days: for stays that begin in it; None: as usual.
    """

    name: str
    first: str
    last: str
    prices: Tariff = Tariff()
    min_nights: int | None = None
    max_nights: int | None = None
    check_in_days: frozenset[int] | None = None

    def __post_init__(self) -> None:
        for day in (self.first, self.last):
            # Every fourth year has all the days there are.
            try:
                date.fromisoformat(day if len(day) > 5 else f"2024-{day}")
            except ValueError as error:
                raise ValueError(f"{day!r} is no day such as 2026-12-20, or 12-20 for every year") from error
        if len(self.first) != len(self.last):
            raise ValueError("the first and the last day are both of one year, or both of every year")
        if len(self.first) > 5 and self.first > self.last:
            raise ValueError(f"it ends on {self.last}, before it begins")
        _check_nights(self.min_nights, self.max_nights)
        if self.check_in_days is not None and not self.check_in_days:
            raise ValueError("check_in_days are one day at least")

    def covers(self, day: date) -> bool:
        if len(self.first) > 5:
            return self.first <= day.isoformat() <= self.last
        this = f"{day:%m-%d}"
        if self.first <= self.last:
            return self.first <= this <= self.last
        return this >= self.first or this <= self.last


@dataclass(frozen=True, slots=True)
class Charge:
    """A tax or a fee: a percentage of something, or an amount for each of something.

    Attributes:
        included: it is in the prices already, and only told.
    """

    name: str
    percent: Decimal | None = None
    of: Of = Of.STAY
    amount: int | None = None
    per: Per = Per.STAY
    included: bool = False

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("it is a percent or an amount, one of them")
        if self.percent is not None and not 0 < self.percent <= 100:
            raise ValueError(f"{self.percent} percent")
        if self.percent is not None and self.per is not Per.STAY:
            raise ValueError("a percent is of something, an amount is per something")
        if self.amount is not None and self.of is not Of.STAY:
            raise ValueError("a percent is of something, an amount is per something")

    @property
    def percent_in_words(self) -> str | None:
        """ "16", "7.5": without zeros that say nothing."""
        return None if self.percent is None else f"{self.percent.normalize():f}"


@dataclass(frozen=True, slots=True)
class Rates:
    """What a listing costs, and what of it is paid in advance.

    Attributes:
        seasons: where two cover a day, the first of them counts.
        included_guests: how many in each unit the price is for.
        slot_minutes: the length of slot that a price is for: others cost in proportion; None: any length.
        check_in_days: the days of the week on which a stay may begin.
        advance_percent, advance_minor: at most one of them; neither: nothing to pay now.
        full_payment: the guest may also pay all of it now.
        dated: what the night, the shift or the visit of a length costs that begins on a day, whatever else is
            said of it.
    """

    currency: str
    usual: Tariff
    seasons: tuple[Season, ...] = ()
    weekend_nights: frozenset[int] = WEEKEND_NIGHTS
    included_guests: int = 0
    slot_minutes: int | None = None
    check_in_days: frozenset[int] = EVERY_DAY
    fees: tuple[Charge, ...] = ()
    taxes: tuple[Charge, ...] = ()
    advance_percent: int | None = None
    advance_minor: int | None = None
    full_payment: bool = False
    dated: Mapping[Dated, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.usual.base is None:
            raise ValueError("prices need a base")
        for amount in self._amounts():
            _check_amount(amount, self.currency)
        if self.counts_guests and self.included_guests < 1:
            raise ValueError(
                "a price for extra guests needs included_guests, the number from which they are extra"
            )
        _check_advance(self.advance_percent, self.advance_minor)
        if not self.weekend_nights | self.check_in_days <= EVERY_DAY or not self.check_in_days:
            raise ValueError("weekend_nights and check_in_days are days from 0, Monday, to 6, Sunday")
        if any(charge.of is not Of.STAY for charge in self.fees):
            raise ValueError("a fee's percent is of the stay; only a tax is of all")

    def _tariffs(self) -> tuple[Tariff, ...]:
        return (self.usual, *(season.prices for season in self.seasons))

    def _amounts(self) -> list[int]:
        amounts = [
            price for tariff in self._tariffs() for price in (*tariff.amounts, tariff.extra_guest or 0)
        ]
        amounts += [charge.amount or 0 for charge in (*self.fees, *self.taxes)]
        return [*amounts, self.advance_minor or 0, *self.dated.values()]

    @property
    def base_minor(self) -> int:
        assert self.usual.base is not None
        return self.usual.base

    @property
    def weekend_minor(self) -> int | None:
        return self.usual.weekend

    @property
    def extra_guest_minor(self) -> int:
        return self.usual.extra_guest or 0

    @property
    def counts_guests(self) -> bool:
        """Whether a guest beyond those included costs anything on any day."""
        return bool(self.usual.extra_guest) or any(season.prices.extra_guest for season in self.seasons)

    def season_on(self, day: date) -> Season | None:
        return next((season for season in self.seasons if season.covers(day)), None)

    def tariffs_on(self, day: date) -> tuple[tuple[str, Tariff], ...]:
        """The prices of a day, each with the name of its season or "", the first that says something counts.

        A season with a base of its own stands alone; what another one does not name is as usual.
        """
        season = self.season_on(day) if self.seasons else None
        if season is None:
            return (("", self.usual),)
        if season.prices.base is not None:
            return ((season.name, season.prices),)
        return ((season.name, season.prices), ("", self.usual))

    # ---- written and read -----------------------------------------------------------------------

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rates:
        """Read what `to_dict` wrote, or the prices of a listings file as a person writes them.

        A person writes whole amounts, `base = 9000`, or decimals as text, `extra_guest = "1500.50"`; every
        other key is explained at the top of `samples/listings.toml`.

        Raises:
            ValueError: a word nobody knows (a misspelt price would cost money), or no sensible price.
        """
        words = Words(data, "prices", data["currency"])
        words.take("currency")
        percent, amount = words.advance()
        rates = cls(
            words.currency,
            words.tariff(),
            tuple(words.each("seasons", "season", _season)),
            words.days("weekend_nights", WEEKEND_NIGHTS),
            words.number("included_guests") or 0,
            words.number("slot_minutes"),
            words.days("check_in_days", EVERY_DAY),
            tuple(words.each("fees", "fee", _charge)),
            tuple(words.each("taxes", "tax", _charge)),
            percent,
            amount,
            words.yes_or_no("full_payment"),
            words.amounts("dated", Dated.parse),
        )
        words.end()
        return rates

    def to_dict(self) -> dict[str, Any]:
        """All that is said, in minor units; what is as usual is left out, so that older releases read it too."""
        said = _said(
            currency=self.currency,
            **_tariff_to_dict(self.usual),
            seasons=[_season_to_dict(season) for season in self.seasons],
            included_guests=self.included_guests,
            slot_minutes=self.slot_minutes,
            check_in_days=None if self.check_in_days == EVERY_DAY else _names(self.check_in_days),
            fees=[_charge_to_dict(charge) for charge in self.fees],
            taxes=[_charge_to_dict(charge) for charge in self.taxes],
            advance_percent=self.advance_percent,
            advance_minor=self.advance_minor,
            full_payment=self.full_payment or None,
            dated_minor={str(dated): self.dated[dated] for dated in sorted(self.dated, key=str)},
        )
        return {**said, "weekend_nights": _names(self.weekend_nights)}


def _check_amount(amount: int, currency: str) -> None:
    if amount < 0:
        raise ValueError("a price is below zero")
    if amount % step(currency):
        least = Money(step(currency), currency).to_decimal_string()
        raise ValueError(f"{currency} is paid in steps of {least}")


def _check_advance(percent: int | None, amount: int | None) -> None:
    if percent is not None and amount is not None:
        raise ValueError("the advance is a percentage or an amount, not both")
    if percent is not None and not 0 <= percent <= 100:
        raise ValueError(f"an advance of {percent} percent")


def _check_nights(least: int | None, most: int | None) -> None:
    if least is not None and least < 1:
        raise ValueError("min_nights is 1 at least")
    if least is not None and most is not None and most < least:
        raise ValueError("max_nights is less than min_nights")


class Words:
    """A table of a listings file, or what was stored of it: each key is taken once, what is left nobody knows.

    Args:
        where: what the table is about, for the person who wrote it.
    """

    def __init__(self, data: Mapping[str, Any], where: str, currency: str) -> None:
        self.where = where
        self.currency = currency
        self._left = {key: value for key, value in data.items() if value is not None}

    def take(self, key: str) -> Any:
        return self._left.pop(key, None)

    def end(self) -> None:
        if self._left:
            raise ValueError(f"{self.where}: nobody knows {', '.join(map(repr, sorted(self._left)))}")

    def text(self, key: str) -> str:
        value = self.take(key)
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{self.where}: {key} is missing")
        return value.strip()

    def number(self, key: str) -> int | None:
        value = self.take(key)
        if value is not None and (type(value) is not int or value < 0):
            raise ValueError(f"{self.where}: {key} is a whole number, not {value!r}")
        return value

    def yes_or_no(self, key: str) -> bool:
        value = self.take(key)
        if value not in (None, True, False):
            raise ValueError(f"{self.where}: {key} is true or false, not {value!r}")
        return bool(value)

    def percent(self, key: str) -> Decimal | None:
        value = self.take(key)
        if value is None:
            return None
        try:
            if type(value) not in (int, str):
                raise InvalidOperation
            return Decimal(value.removesuffix("%") if isinstance(value, str) else value)
        except InvalidOperation as error:
            raise ValueError(f'{self.where}: {key} is written as 16 or as "7.5", not as {value!r}') from error

    def amount(self, key: str) -> int | None:
        """`key` in whole units or as decimal text, or `key_minor` as it is stored."""
        written, stored = self.take(key), self.number(f"{key}_minor")
        if written is None:
            return stored
        if stored is not None:
            raise ValueError(f"{self.where}: {key} is given twice")
        return self._minor(key, written)

    def amounts(self, key: str, read: Callable[[str], Key]) -> dict[Key, int]:
        """Amounts by what they are for, written or stored as `amount` has them."""
        written, stored = self.take(key) or {}, self.take(f"{key}_minor") or {}
        if not isinstance(written, Mapping) or not isinstance(stored, Mapping):
            raise ValueError(f"{self.where}: {key} is a table of prices")
        try:
            found = {read(name): self._minor(f"{key}.{name}", value) for name, value in written.items()}
            return found | {read(name): int(value) for name, value in stored.items()}
        except (KeyError, ValueError) as error:
            raise ValueError(f"{self.where}: {key}: {error}") from error

    def _minor(self, key: str, value: Any) -> int:
        if type(value) not in (int, str):
            raise ValueError(f'{self.where}: {key} is written as 1500 or as "1500.50", not as {value!r}')
        return Money.parse(str(value), self.currency).minor

    def advance(self) -> tuple[int | None, int | None]:
        """`advance = "30%"`, `advance = 3000` or `advance_percent = 30`: as percent, or in minor units."""
        percent, written = self.number("advance_percent"), self._left.get("advance")
        if isinstance(written, str) and written.endswith("%"):
            self.take("advance")
            if percent is not None:
                raise ValueError(f"{self.where}: advance is given twice")
            return int(written.removesuffix("%")), self.amount("advance")
        return percent, self.amount("advance")

    def day(self, key: str) -> date | None:
        value = self.take(key)
        try:
            return date.fromisoformat(str(value)) if value is not None else None
        except ValueError as error:
            raise ValueError(f"{self.where}: {key} is a day such as 2026-12-20, not {value!r}") from error

    def days(self, key: str, otherwise: frozenset[int]) -> frozenset[int]:
        days = self.maybe_days(key)
        return otherwise if days is None else days

    def maybe_days(self, key: str) -> frozenset[int] | None:
        names = self.take(key)
        if names is None:
            return None
        if not isinstance(names, list | tuple) or any(name not in WEEKDAYS for name in names):
            raise ValueError(f"{self.where}: {key} are some of {', '.join(WEEKDAYS)}, not {names!r}")
        return frozenset(WEEKDAYS.index(name) for name in names)

    def tariff(self) -> Tariff:
        return Tariff(
            self.amount("base"),
            self.amount("weekend"),
            self.amounts("weekdays", _weekday),
            self.amounts("shifts", _shift),
            self.amounts("weekend_shifts", _shift),
            self.amounts("durations", _minutes),
            self.amount("extra_guest"),
        )

    def each(self, key: str, one: str, read: Callable[[Words], Any]) -> list[Any]:
        """Each table of a list of tables; an error names the one it is in."""
        tables = self.take(key) or []
        if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
            raise ValueError(f"{self.where}: {key} is a list of tables")
        found = []
        for table in tables:
            words = Words(table, f"{one} {table.get('name', '?')}", self.currency)
            try:
                found.append(read(words))
            except ValueError as error:
                told = str(error)
                raise ValueError(
                    told if told.startswith(words.where) else f"{words.where}: {told}"
                ) from error
            words.end()
        return found


def _season(words: Words) -> Season:
    return Season(
        words.text("name"),
        _day(words, "from"),
        _day(words, "to"),
        words.tariff(),
        words.number("min_nights"),
        words.number("max_nights"),
        words.maybe_days("check_in_days"),
    )


def _day(words: Words, key: str) -> str:
    value = words.take(key)
    if not isinstance(value, date | str):
        raise ValueError(f"{key} is missing")
    return str(value)


def _charge(words: Words) -> Charge:
    return Charge(
        words.text("name"),
        words.percent("percent"),
        _one_of(Of, words, "of", Of.STAY),
        words.amount("amount"),
        _one_of(Per, words, "per", Per.STAY),
        words.yes_or_no("included"),
    )


Choice = TypeVar("Choice", bound=StrEnum)


def _one_of(kind: type[Choice], words: Words, key: str, otherwise: Choice) -> Choice:
    value = words.take(key)
    try:
        return otherwise if value is None else kind(value)
    except ValueError as error:
        raise ValueError(f"{key} is one of {', '.join(kind)}, not {value!r}") from error


def _weekday(name: str) -> int:
    if name not in WEEKDAYS:
        raise ValueError(f"days are {', '.join(WEEKDAYS)}, not {name!r}")
    return WEEKDAYS.index(name)


def _shift(name: str) -> Shift:
    try:
        return Shift(name.upper())
    except ValueError as error:
        raise ValueError(f"shifts are {', '.join(Shift).lower()}, not {name!r}") from error


def _minutes(name: str) -> int:
    if not name.isascii() or not name.isdigit() or not int(name):
        raise ValueError(f"durations are minutes, not {name!r}")
    return int(name)


def _names(days: frozenset[int]) -> list[str]:
    return [WEEKDAYS[day] for day in sorted(days)]


def _said(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None and value not in ([], {})}


def _tariff_to_dict(tariff: Tariff) -> dict[str, Any]:
    return _said(
        base_minor=tariff.base,
        weekend_minor=tariff.weekend,
        weekdays_minor={WEEKDAYS[day]: price for day, price in tariff.weekdays.items()},
        shifts_minor=_by_name(tariff.shifts),
        weekend_shifts_minor=_by_name(tariff.weekend_shifts),
        durations_minor={str(minutes): price for minutes, price in tariff.durations.items()},
        extra_guest_minor=tariff.extra_guest,
    )


def _by_name(shifts: Mapping[Shift, int]) -> dict[str, int]:
    return {shift.lower(): price for shift, price in shifts.items()}


def _season_to_dict(season: Season) -> dict[str, Any]:
    return {
        "name": season.name,
        "from": season.first,
        "to": season.last,
        **_tariff_to_dict(season.prices),
        **_said(
            min_nights=season.min_nights,
            max_nights=season.max_nights,
            check_in_days=None if season.check_in_days is None else _names(season.check_in_days),
        ),
    }


def _charge_to_dict(charge: Charge) -> dict[str, Any]:
    return _said(
        name=charge.name,
        percent=None if charge.percent is None else str(charge.percent),
        of=None if charge.percent is None else charge.of.value,
        amount_minor=charge.amount,
        per=None if charge.amount is None else charge.per.value,
        included=charge.included or None,
    )
