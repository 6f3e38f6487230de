"""From a stay to its price: lines that add up, what is paid now, and what is left for the place itself.

The same function prices the summary and the tests. A quote is stored with its booking and never computed
again, so that a later change of prices touches no one who has already been told an amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from models.money import Money
from models.rates import WEEKDAYS, Charge, Dated, Of, Per, Rates, Season, Tariff
from models.stay import Mode, NightRules, Shift, Stay


class LineKey(StrEnum):
    NIGHTS = "nights"
    WEEKDAY_NIGHTS = "weekday_nights"
    WEEKEND_NIGHTS = "weekend_nights"
    SHIFT = "shift"
    SLOT = "slot"
    EXTRA_GUESTS = "extra_guests"
    COUPON = "coupon"
    FEE = "fee"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a quote: `each` times every number in `params` is `amount`.

    Attributes:
        key: which sentence to say it with.
        params: nights, units, guests: only those that are multiplied.
        about: what else the sentence needs: season, days, shift, minutes, name, code, percent.
    """

    key: LineKey
    params: Mapping[str, int]
    each: Money
    amount: Money
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def days(self) -> tuple[int, ...]:
        """The days of the week that this price is for, Monday is 0; none where it is for any."""
        return tuple(WEEKDAYS.index(name) for name in self.about.get("days", "").split())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], currency: str) -> Line:
        return cls(
            LineKey(data["key"]),
            dict(data["params"]),
            Money(data["each_minor"], currency),
            Money(data["amount_minor"], currency),
            dict(data.get("about", {})),
        )

    def to_dict(self) -> dict[str, Any]:
        about = {"about": dict(self.about)} if self.about else {}
        return {
            "key": self.key.value,
            "params": dict(self.params),
            "each_minor": self.each.minor,
            "amount_minor": self.amount.minor,
            **about,
        }


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines that add up to `total`, of which `advance` is paid now and `due` at the place.

    Attributes:
        included: taxes and fees that the lines hold already, only to be told.
        full_payment: the guest may also pay all of it now.
    """

    lines: tuple[Line, ...]
    total: Money
    advance: Money
    included: tuple[Line, ...] = ()
    full_payment: bool = False

    def __post_init__(self) -> None:
        nothing = Money(0, self.total.currency)
        if sum((line.amount for line in self.lines), nothing) != self.total:
            raise ValueError("the lines of the quote do not add up to its total")
        if not nothing <= self.advance <= self.total:
            raise ValueError("the advance is not between nothing and the total")

    @property
    def due(self) -> Money:
        return self.total - self.advance

    @property
    def is_choice(self) -> bool:
        """True where the guest may pay the advance now, or all of it."""
        return self.full_payment and bool(self.due)

    @property
    def coupon_code(self) -> str | None:
        return next((line.about["code"] for line in self.lines if line.key is LineKey.COUPON), None)

    def in_full(self) -> Quote:
        """The same, all of it paid now, as the guest chose."""
        return replace(self, advance=self.total)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Quote:
        """Read what `to_dict` wrote, in this release or before there was anything included or to choose."""
        currency = data["currency"]
        return cls(
            tuple(Line.from_dict(line, currency) for line in data["lines"]),
            Money(data["total_minor"], currency),
            Money(data["advance_minor"], currency),
            tuple(Line.from_dict(line, currency) for line in data.get("included", ())),
            data.get("full_payment", False),
        )

    def to_dict(self) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if self.included:
            more["included"] = [line.to_dict() for line in self.included]
        if self.full_payment:
            more["full_payment"] = True
        return {
            "currency": self.total.currency,
            "lines": [line.to_dict() for line in self.lines],
            "total_minor": self.total.minor,
            "advance_minor": self.advance.minor,
            **more,
        }


@dataclass(frozen=True, slots=True)
class Discount:
    """What a coupon takes off the stay: a percentage, or an amount of one currency."""

    code: str
    percent: Decimal | None = None
    amount: Money | None = None

    def of(self, price: Money) -> Money:
        """What comes off this price, never more than all of it."""
        if self.percent is not None:
            return min(price.percent(self.percent), price)
        assert self.amount is not None
        return min(self.amount, price)


def quote(rates: Rates, stay: Stay, *, guests: int, units: int, coupon: Discount | None = None) -> Quote:
    """Price a stay: every night in every unit, or the shift or slot; extra guests, discount, fees and taxes.

    A coupon is taken off the stay itself. Fees come after it, and taxes last: each percentage is of the
    discounted stay, or of that with the fees, never of another tax. Every percentage is rounded half up to
    the currency's step, once, on its own line.

    Args:
        guests: all of them together; what the units include is counted together as well.

    Raises:
        ValueError: no night, no guest or no unit.
    """
    nights = max(stay.nights, 1) if stay.mode is not Mode.NIGHTLY else stay.nights
    if min(nights, guests, units) < 1:
        raise ValueError(f"{nights} nights, {guests} guests, {units} units")
    party = _Party(rates.currency, _length(stay), guests, units)
    lines = [*_stay_lines(rates, stay, party), *_extra_guests(rates, stay, party)]
    price = _sum(lines, rates.currency)
    if coupon is not None:
        off = coupon.of(price)
        about = {"code": coupon.code}
        if coupon.percent is not None:
            about["percent"] = f"{coupon.percent.normalize():f}"
        lines.append(Line(LineKey.COUPON, {}, -off, -off, about))
        price -= off
    fees, included = _charges(LineKey.FEE, rates.fees, {Of.STAY: price}, party)
    bases = {Of.STAY: price, Of.ALL: price + _sum(fees, rates.currency)}
    taxes, also_included = _charges(LineKey.TAX, rates.taxes, bases, party)
    lines += [*fees, *taxes]
    total = _sum(lines, rates.currency)
    return Quote(
        tuple(lines),
        total,
        _advance(rates, total),
        (*included, *also_included),
        rates.full_payment,
    )


@dataclass(frozen=True, slots=True)
class _Party:
    """How much of everything is to be paid for; a shift or a slot is one night."""

    currency: str
    nights: int
    guests: int
    units: int

    def line(self, key: LineKey, each: int, *about: tuple[str, str], **params: int) -> Line:
        amount = Money(each, self.currency)
        for number in params.values():
            amount *= number
        return Line(key, params, Money(each, self.currency), amount, {k: v for k, v in about if v})


def _length(stay: Stay) -> int:
    return stay.nights if stay.mode is Mode.NIGHTLY else 1


def _sum(lines: Iterable[Line], currency: str) -> Money:
    return sum((line.amount for line in lines), Money(0, currency))


# ---- nights, shifts and slots ----------------------------------------------------------------------


def _stay_lines(rates: Rates, stay: Stay, party: _Party) -> list[Line]:
    match stay.mode:
        case Mode.SHIFT:
            assert stay.shift is not None
            season, each = _shift(rates, stay.check_in, stay.shift)
            about = (("shift", stay.shift.value), ("season", season))
            return [party.line(LineKey.SHIFT, each.minor, *about, units=party.units)]
        case Mode.SLOT:
            assert stay.minutes is not None
            season, each = _slot(rates, stay.check_in, stay.minutes)
            about = (("minutes", str(stay.minutes)), ("season", season))
            return [party.line(LineKey.SLOT, each.minor, *about, units=party.units)]
    return _night_lines(rates, stay, party)


def _night_lines(rates: Rates, stay: Stay, party: _Party) -> list[Line]:
    """A line for all nights of one kind at one price: usual ones first, then by the day, then the weekend's.

    Seasons come in the order in which the stay meets them, the usual prices where it meets them.
    """
    found: dict[tuple[int, LineKey, int], list[date]] = {}
    seasons: list[str] = []
    for night in nights_of(stay):
        season, key, each = _night(rates, night)
        if season not in seasons:
            seasons.append(season)
        found.setdefault((seasons.index(season), key, each), []).append(night)
    lines = []
    for at, key, each in sorted(found, key=lambda group: (group[0], _ORDER.index(group[1]))):
        nights = found[at, key, each]
        days = " ".join(WEEKDAYS[day] for day in sorted({night.weekday() for night in nights}))
        about = (("season", seasons[at]), ("days", days if key is LineKey.WEEKDAY_NIGHTS else ""))
        lines.append(party.line(key, each, *about, nights=len(nights), units=party.units))
    return lines


_ORDER = (LineKey.NIGHTS, LineKey.WEEKDAY_NIGHTS, LineKey.WEEKEND_NIGHTS)


def nights_of(stay: Stay) -> Sequence[date]:
    """The days on which each night of a stay begins; of a shift or a slot the day of it."""
    return [stay.check_in + timedelta(days=n) for n in range(_length(stay))]


def _night(rates: Rates, night: date) -> tuple[str, LineKey, int]:
    """The season whose price a night has ("" for none), what kind of night it is, and what it costs."""
    if rates.dated and (own := rates.dated.get(Dated(night))) is not None:
        return "", LineKey.NIGHTS, own
    for season, tariff in rates.tariffs_on(night):
        found = _own_price(tariff, night.weekday(), night.weekday() in rates.weekend_nights)
        if found is not None:
            # One that costs what most do is of no kind of its own.
            return (season, LineKey.NIGHTS, found[1]) if found[1] == tariff.base else (season, *found)
    raise AssertionError("the usual prices have a base")


def _own_price(tariff: Tariff, weekday: int, is_weekend: bool) -> tuple[LineKey, int] | None:
    if weekday in tariff.weekdays:
        return LineKey.WEEKDAY_NIGHTS, tariff.weekdays[weekday]
    if is_weekend and tariff.weekend is not None:
        return LineKey.WEEKEND_NIGHTS, tariff.weekend
    return (LineKey.NIGHTS, tariff.base) if tariff.base is not None else None


def night_price(rates: Rates, day: date) -> Money:
    """What the night that begins on this day costs in one unit."""
    return Money(_night(rates, day)[2], rates.currency)


def shift_price(rates: Rates, day: date, shift: Shift) -> Money:
    """What a shift that begins on this day costs in one unit.

    A price of its own goes first. Without one, Full Day and Full Night are the two shifts they consist of,
    each at the price of the day on which it begins, and any other costs what a night would.
    """
    return _shift(rates, day, shift)[1]


def _shift(rates: Rates, day: date, shift: Shift) -> tuple[str, Money]:
    """The season whose price a shift has, and the price."""
    if (dated := rates.dated.get(Dated(day, shift))) is not None:
        return "", Money(dated, rates.currency)
    for season, tariff in rates.tariffs_on(day):
        own = tariff.shifts.get(shift)
        if day.weekday() in rates.weekend_nights:
            own = tariff.weekend_shifts.get(shift, own)
        if own is not None:
            return season, Money(own, rates.currency)
    match shift:
        case Shift.FULL_DAY:
            season, first = _shift(rates, day, Shift.DAY)
            return season, first + shift_price(rates, day, Shift.NIGHT)
        case Shift.FULL_NIGHT:
            season, first = _shift(rates, day, Shift.NIGHT)
            return season, first + shift_price(rates, day + timedelta(days=1), Shift.DAY)
    season, _key, each = _night(rates, day)
    return season, Money(each, rates.currency)


def slot_price(rates: Rates, day: date, minutes: int) -> Money:
    """What a slot of this length on this day costs in one unit: its own price, else in proportion."""
    return _slot(rates, day, minutes)[1]


def _slot(rates: Rates, day: date, minutes: int) -> tuple[str, Money]:
    """The season whose price a slot has, and the price."""
    if (dated := rates.dated.get(Dated(day, minutes))) is not None:
        return "", Money(dated, rates.currency)
    for season, tariff in rates.tariffs_on(day):
        if minutes in tariff.durations:
            return season, Money(tariff.durations[minutes], rates.currency)
    season, _key, each = _night(rates, day)
    price = Money(each, rates.currency)
    return season, price if rates.slot_minutes is None else price.part(minutes, rates.slot_minutes)


def dated_price(rates: Rates, dated: Dated) -> Money:
    """What this night, shift or visit costs in one unit."""
    match dated.what:
        case None:
            return night_price(rates, dated.day)
        case Shift() as shift:
            return shift_price(rates, dated.day, shift)
        case minutes:
            return slot_price(rates, dated.day, minutes)


def lowest_and_highest(rates: Rates, first: date, last: date) -> tuple[Money, Money]:
    """What a night costs at least and at most that begins on one of these days."""
    # A week has every price there is, where no season and no single day changes them.
    number = (last - first).days + 1 if rates.seasons or rates.dated else 7
    prices = [night_price(rates, first + timedelta(days=n)) for n in range(number)]
    return min(prices), max(prices)


def _extra_guests(rates: Rates, stay: Stay, party: _Party) -> list[Line]:
    """The guests beyond those included: a line for the nights of each price."""
    extra = party.guests - rates.included_guests * party.units
    if extra <= 0 or not rates.counts_guests:
        return []
    nights: dict[tuple[str, int], int] = {}
    for night in nights_of(stay):
        season, each = _extra_guest(rates, night)
        if each:
            nights[season, each] = nights.get((season, each), 0) + 1
    return [
        party.line(LineKey.EXTRA_GUESTS, each, ("season", name), guests=extra, nights=number)
        for (name, each), number in nights.items()
    ]


def extra_guest_price(rates: Rates, day: date) -> Money:
    """What each guest beyond those included costs in the night, shift or slot that begins on this day."""
    return Money(_extra_guest(rates, day)[1], rates.currency)


def _extra_guest(rates: Rates, day: date) -> tuple[str, int]:
    """The season whose price that is, and the price."""
    season = rates.season_on(day)
    if season is not None and season.prices.extra_guest is not None:
        return season.name, season.prices.extra_guest
    return "", rates.usual.extra_guest or 0


# ---- fees, taxes and what is paid now --------------------------------------------------------------


def _charges(
    key: LineKey, charges: Sequence[Charge], bases: Mapping[Of, Money], party: _Party
) -> tuple[list[Line], list[Line]]:
    """The lines of taxes or fees that are added, and of those that the prices hold already."""
    added: list[Line] = []
    included: list[Line] = []
    for charge in charges:
        if charge.percent is None:
            assert charge.amount is not None
            line = party.line(key, charge.amount, ("name", charge.name), **_params(charge.per, party))
        else:
            base = bases[charge.of]
            held = sum((c.percent or 0 for c in charges if c.included and c.of is charge.of), Decimal(0))
            amount = base.percent(charge.percent, of=100 + held if charge.included else 100)
            about = {"name": charge.name, "percent": charge.percent_in_words or ""}
            line = Line(key, {}, amount, amount, about)
        (included if charge.included else added).append(line)
    return [line for line in added if line.amount], [line for line in included if line.amount]


def _params(per: Per, party: _Party) -> dict[str, int]:
    match per:
        case Per.NIGHT:
            return {"nights": party.nights}
        case Per.GUEST:
            return {"guests": party.guests}
        case Per.GUEST_NIGHT:
            return {"guests": party.guests, "nights": party.nights}
        case Per.UNIT:
            return {"units": party.units}
        case Per.UNIT_NIGHT:
            return {"units": party.units, "nights": party.nights}
    return {}


def _advance(rates: Rates, total: Money) -> Money:
    if rates.advance_percent is not None:
        return min(total.percent(rates.advance_percent), total)
    return min(Money(rates.advance_minor or 0, rates.currency), total)


# ---- which stays are taken -------------------------------------------------------------------------


def stay_rules(rates: Rates, day: date, *, min_nights: int, max_nights: int) -> NightRules:
    """What holds for a stay that begins on this day: its season's rules, else the listing's.

    Args:
        min_nights, max_nights: the listing's own.
    """
    least, most, days = max(min_nights, 1), max_nights, rates.check_in_days
    season: Season | None = rates.season_on(day) if rates.seasons else None
    if season is not None:
        least = season.min_nights if season.min_nights is not None else least
        # A season that only asks for longer stays is not to make every stay too long.
        most = season.max_nights if season.max_nights is not None else max(most, least)
        days = season.check_in_days if season.check_in_days is not None else days
        least = min(least, most)
    return NightRules(least, most, days)
