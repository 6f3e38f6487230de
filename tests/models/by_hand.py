"""What a stay comes to, worked out a second time: in Decimal, night by night, from the words of a listings file.

Written apart from `models/pricing.py` and using nothing of it, so that the two can only agree by being right.
`python -m tests.models.by_hand` prints the table that the test reads, `tests/data/quotes.csv`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

D = Decimal
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# The least that is paid: a yen, a paisa, a cent; ten fils, for no card is charged one.
STEP = {"PKR": D("0.01"), "INR": D("0.01"), "EUR": D("0.01"), "JPY": D("1"), "KWD": D("0.01")}
DECIMALS = {"PKR": 2, "INR": 2, "EUR": 2, "JPY": 0, "KWD": 3}
COLUMNS = ("case", "currency", "prices", "stay", "guests", "units", "coupon", "lines")
COLUMNS += ("included", "total", "advance", "due")

# A price in each currency; the same word is the same price everywhere.
AMOUNTS: dict[str, dict[str, str]] = {
    "PKR": {
        "base": "9000",
        "weekend": "11500",
        "sunday": "8250",
        "high": "15999",
        "higher": "18499.50",
        "extra": "1500",
        "more": "2250.75",
        "fee": "750",
        "small": "99.50",
        "gift": "2500",
        "advance": "5000",
    },
    "INR": {
        "base": "4499",
        "weekend": "5999",
        "sunday": "3999.50",
        "high": "7499",
        "higher": "8999",
        "extra": "799",
        "more": "1249.25",
        "fee": "350",
        "small": "49",
        "gift": "1000",
        "advance": "2000",
    },
    "EUR": {
        "base": "89.95",
        "weekend": "119.90",
        "sunday": "79",
        "high": "149.99",
        "higher": "179.95",
        "extra": "15.50",
        "more": "22.45",
        "fee": "35",
        "small": "2.35",
        "gift": "25",
        "advance": "50",
    },
    "JPY": {
        "base": "14300",
        "weekend": "17600",
        "sunday": "12100",
        "high": "23333",
        "higher": "27777",
        "extra": "3300",
        "more": "4111",
        "fee": "1100",
        "small": "201",
        "gift": "3000",
        "advance": "8000",
    },
    "KWD": {
        "base": "28.350",
        "weekend": "35.250",
        "sunday": "24.990",
        "high": "45.670",
        "higher": "52.330",
        "extra": "4.750",
        "more": "6.110",
        "fee": "3",
        "small": "0.510",
        "gift": "7.500",
        "advance": "15",
    },
}

_NEW_YEAR = {"name": "New Year", "from": "12-20", "to": "01-05", "base": "high", "weekend": "higher"}
_EID = {"name": "Eid", "from": "2027-03-09", "to": "2027-03-14", "base": "higher", "extra_guest": "more"}
_NIGHTS = ("2026-11-23 1", "2026-11-26 4", "2026-12-17 7", "2027-02-28 14")
_ACROSS = ("2026-12-18 3", "2026-12-30 10", "2027-03-07 5", "2027-03-13 4")
_SHIFTS = ("2026-11-24 DAY", "2026-11-27 NIGHT", "2026-11-26 FULL_DAY", "2026-12-19 FULL_NIGHT")
_SLOTS = ("2026-11-24 30", "2026-11-27 60", "2026-11-24 90", "2026-12-25 45")

# The prices as an owner writes them, with words of AMOUNTS for amounts; the stays; the coupon.
SHEETS: dict[str, tuple[dict[str, Any], tuple[str, ...], dict[str, str] | None]] = {
    "plain": ({"base": "base", "advance": "30%"}, _NIGHTS, None),
    "weekend and extra guests": (
        {
            "base": "base",
            "weekend": "weekend",
            "included_guests": 2,
            "extra_guest": "extra",
            "advance": "advance",
        },
        _NIGHTS,
        None,
    ),
    "single weekdays": (
        {
            "base": "base",
            "weekend": "weekend",
            "weekdays": {"sun": "sunday", "mon": "sunday", "sat": "high"},
            "advance": "33%",
        },
        _NIGHTS,
        None,
    ),
    "seasons": (
        {
            "base": "base",
            "weekend": "weekend",
            "included_guests": 1,
            "extra_guest": "extra",
            "seasons": [_NEW_YEAR, _EID],
            "advance": "50%",
            "full_payment": True,
        },
        _ACROSS,
        None,
    ),
    "a season's weekends": (
        {
            "base": "base",
            "weekend": "weekend",
            "seasons": [{"name": "Spring", "from": "03-01", "to": "04-30", "weekend": "high"}],
            "advance": "15%",
        },
        ("2027-02-26 4", "2027-03-05 3", "2027-04-29 5", "2027-03-01 7"),
        None,
    ),
    "taxes and fees": (
        {
            "base": "base",
            "weekend": "weekend",
            "fees": [
                {"name": "Cleaning", "amount": "fee", "per": "unit"},
                {"name": "Service", "percent": "7.5"},
            ],
            "taxes": [
                {"name": "GST", "percent": "16", "of": "all"},
                {"name": "Tourism", "percent": "1.25"},
                {"name": "Bed tax", "amount": "small", "per": "guest_night"},
            ],
            "advance": "30%",
        },
        _NIGHTS,
        None,
    ),
    "included taxes": (
        {
            "base": "base",
            "fees": [{"name": "Linen", "amount": "small", "per": "guest", "included": True}],
            "taxes": [
                {"name": "CGST", "percent": 9, "included": True},
                {"name": "SGST", "percent": 9, "included": True},
                {"name": "Green fee", "amount": "small", "per": "night"},
            ],
            "advance": "25%",
        },
        _NIGHTS,
        None,
    ),
    "a percentage off": (
        {
            "base": "base",
            "weekend": "weekend",
            "taxes": [{"name": "GST", "percent": "12"}],
            "advance": "30%",
        },
        _NIGHTS,
        {"code": "EIGHTH", "percent": "12.5"},
    ),
    "an amount off": (
        {
            "base": "base",
            "included_guests": 2,
            "extra_guest": "extra",
            "fees": [{"name": "Firewood", "amount": "small", "per": "unit_night"}],
            "taxes": [{"name": "GST", "percent": "5", "of": "all"}],
            "advance": "advance",
        },
        _NIGHTS,
        {"code": "GIFT", "amount": "gift"},
    ),
    "shifts with prices": (
        {
            "base": "base",
            "shifts": {"day": "sunday", "night": "high", "full_day": "higher"},
            "weekend_shifts": {"night": "higher"},
            "included_guests": 2,
            "extra_guest": "extra",
            "advance": "40%",
        },
        _SHIFTS,
        None,
    ),
    "shifts by day": (
        {
            "base": "base",
            "weekend": "weekend",
            "weekdays": {"sun": "sunday"},
            "seasons": [_NEW_YEAR],
            "taxes": [{"name": "GST", "percent": "17"}],
            "full_payment": True,
        },
        _SHIFTS,
        {"code": "EIGHTH", "percent": "12.5"},
    ),
    "visits": (
        {
            "base": "base",
            "weekend": "weekend",
            "slot_minutes": 60,
            "durations": {"90": "weekend"},
            "fees": [{"name": "Travel", "amount": "small"}],
            "advance": "30%",
        },
        _SLOTS,
        {"code": "GIFT", "amount": "gift"},
    ),
}
PARTIES = ((1, 1), (3, 1), (5, 2), (12, 4))


def cases() -> Iterator[dict[str, str]]:
    """Every case with what it comes to: a currency, a sheet of prices, and a stay of a party."""
    for name, (_template, stays, coupon) in SHEETS.items():
        for currency in AMOUNTS:
            sheet = prices(name, currency)
            for stay, (guests, units) in zip(stays, PARTIES, strict=True):
                yield {
                    "case": "",
                    "currency": currency,
                    "prices": name,
                    "stay": stay,
                    "guests": str(guests),
                    "units": str(units),
                    "coupon": coupon["code"] if coupon else "",
                    **worked_out(sheet, currency, stay, guests, units, coupon_of(name, currency)),
                }


def prices(name: str, currency: str) -> dict[str, Any]:
    """The sheet in this currency, as the listings file would have it."""
    return _in(SHEETS[name][0], AMOUNTS[currency])


def coupon_of(name: str, currency: str) -> dict[str, str] | None:
    coupon = SHEETS[name][2]
    return None if coupon is None else _in(coupon, AMOUNTS[currency])


def _in(value: Any, amounts: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: value if key in ("name", "code") else _in(value, amounts) for key, value in value.items()
        }
    if isinstance(value, list):
        return [_in(entry, amounts) for entry in value]
    return amounts.get(value, value) if isinstance(value, str) else value


def worked_out(
    sheet: dict[str, Any], currency: str, stay: str, guests: int, units: int, coupon: dict[str, str] | None
) -> dict[str, str]:
    """Lines, total, advance and due of a stay, as strings."""
    first, what = stay.split()
    arrival = date.fromisoformat(first)
    nights = [arrival + timedelta(days=n) for n in range(int(what))] if what.isdigit() else [arrival]
    if "slot_minutes" in sheet:
        nights = [arrival]
        room = _visit(sheet, arrival, int(what), currency) * units
    elif what.isdigit():
        room = sum((_night(sheet, night) for night in nights), D(0)) * units
    else:
        room = _shift(sheet, arrival, what) * units
    lines = {"stay": room}
    more = max(0, guests - units * int(sheet.get("included_guests", guests)))
    lines["extra guests"] = sum((_extra(sheet, night) for night in nights), D(0)) * more
    price = lines["stay"] + lines["extra guests"]
    if coupon is not None:
        off = (
            _round(price * D(coupon["percent"]) / 100, currency)
            if "percent" in coupon
            else D(coupon["amount"])
        )
        lines["coupon"] = -min(off, price)
        price += lines["coupon"]
    included: dict[str, Decimal] = {}
    fees = D(0)
    for kind in ("fees", "taxes"):
        base = {"stay": price, "all": price + fees}
        for charge in sheet.get(kind, ()):
            amount = _charge(charge, sheet.get(kind, ()), base, currency, guests, units, len(nights))
            (included if charge.get("included") else lines)[charge["name"]] = amount
            if kind == "fees" and not charge.get("included"):
                fees += amount
    total = sum(lines.values(), D(0))
    advance = _advance(sheet.get("advance"), total, currency)
    return {
        "lines": _told(lines, currency),
        "included": _told(included, currency),
        "total": _plain(total, currency),
        "advance": _plain(advance, currency),
        "due": _plain(total - advance, currency),
    }


def _season(sheet: dict[str, Any], night: date) -> dict[str, Any]:
    for season in sheet.get("seasons", ()):
        start, end = season["from"], season["to"]
        if len(start) == 10:
            inside = date.fromisoformat(start) <= night <= date.fromisoformat(end)
        else:
            today = night.strftime("%m-%d")
            inside = start <= today <= end if start <= end else today >= start or today <= end
        if inside:
            return dict(season)
    return {}


def _night(sheet: dict[str, Any], night: date) -> Decimal:
    """A season that has a base stands alone; one that has none changes what it names."""
    season, day = _season(sheet, night), DAYS[night.weekday()]
    for prices in (season,) if "base" in season else (season, sheet):
        if day in prices.get("weekdays", {}):
            return D(prices["weekdays"][day])
        if day in ("fri", "sat") and "weekend" in prices:
            return D(prices["weekend"])
        if "base" in prices:
            return D(prices["base"])
    raise AssertionError("there is a base")


def _shift(sheet: dict[str, Any], day: date, shift: str) -> Decimal:
    name = shift.lower()
    if not _season(sheet, day):
        if day.weekday() in (4, 5) and name in sheet.get("weekend_shifts", {}):
            return D(sheet["weekend_shifts"][name])
        if name in sheet.get("shifts", {}):
            return D(sheet["shifts"][name])
    if shift == "FULL_DAY":
        return _shift(sheet, day, "DAY") + _shift(sheet, day, "NIGHT")
    if shift == "FULL_NIGHT":
        return _shift(sheet, day, "NIGHT") + _shift(sheet, day + timedelta(days=1), "DAY")
    return _night(sheet, day)


def _visit(sheet: dict[str, Any], day: date, minutes: int, currency: str) -> Decimal:
    if str(minutes) in sheet.get("durations", {}):
        return D(sheet["durations"][str(minutes)])
    return _round(_night(sheet, day) * minutes / sheet["slot_minutes"], currency)


def _extra(sheet: dict[str, Any], night: date) -> Decimal:
    return D(_season(sheet, night).get("extra_guest", sheet.get("extra_guest", "0")))


def _charge(
    charge: dict[str, Any],
    all_of_them: list[dict[str, Any]],
    base: dict[str, Decimal],
    currency: str,
    guests: int,
    units: int,
    nights: int,
) -> Decimal:
    if "amount" in charge:
        times = {"stay": 1, "night": nights, "guest": guests, "unit": units}
        times |= {"guest_night": guests * nights, "unit_night": units * nights}
        return D(charge["amount"]) * times[charge.get("per", "stay")]
    of, percent = charge.get("of", "stay"), D(str(charge["percent"]))
    whole = D(100)
    if charge.get("included"):
        same = [c for c in all_of_them if c.get("included") and "percent" in c and c.get("of", "stay") == of]
        whole += sum((D(str(c["percent"])) for c in same), D(0))
    return _round(base[of] * percent / whole, currency)


def _advance(written: str | None, total: Decimal, currency: str) -> Decimal:
    if written is None:
        return D(0)
    if written.endswith("%"):
        return _round(total * D(written[:-1]) / 100, currency)
    return min(D(written), total)


def _round(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(STEP[currency], rounding=ROUND_HALF_UP)


def _plain(amount: Decimal, currency: str) -> str:
    return f"{amount:.{DECIMALS[currency]}f}"


def _told(lines: dict[str, Decimal], currency: str) -> str:
    return " + ".join(f"{name} {_plain(amount, currency)}" for name, amount in lines.items() if amount)


if __name__ == "__main__":
    table = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    table.writeheader()
    for number, case in enumerate(cases(), 1):
        table.writerow({**case, "case": number})
