"""A price for some days, from the chat: shown next to what it is now, and asked before it holds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from flows import my_bookings, stays, understand
from flows.actions import AskPrice, KeepAsItIs, SetPrice
from flows.engine import Reply, Turn, button
from flows.owner.answers import own, places, told, which_place
from flows.owner.blocks import read_days
from flows.phrases import Phrases
from flows.state import State
from flows.understand import Stretch
from models import audit
from models.audit import Deed
from models.listing import Listing, set_dated_prices
from models.message import Buttons, Text, clip
from models.money import Money
from models.pricing import night_price
from models.rates import Rates
from models.stay import Mode

MOST_SHOWN: Final = 7
MOST_DAYS: Final = 92
MOST_TIMES: Final = (
    20  # a price that is so many times the usual one, or so small a part, is a slip of the finger
)
MOST: Final = 10**13
_AMOUNT: Final = re.compile(
    r"^(.*\S)\s+(?:(?:rs|inr|pkr|eur|jpy|kwd|usd)\.?\s*)?([0-9][0-9.,]*)(?:/-)?$", re.IGNORECASE
)
_USUAL: Final = frozenset({"usual", "normal", "standard"})


def ask_by_words(turn: Turn, state: State, words: str) -> Reply:
    """ "price sat 12000", "price 24-26 dec 15000"; "price sat usual" takes it back."""
    if not any(listing.mode == Mode.NIGHTLY for listing in places(turn)):
        hint = turn._("Prices by shift and by visit are set by our team: type *agent*.")
        return told(state, Text(hint), "price")
    read = _read(words)
    if read is None:
        hint = turn._("Please type days and a price for one night, e.g. “price sat 12000”.")
        return told(state, Text(hint), "price")
    days = read_days(turn, read[0])
    if not isinstance(days, Stretch) or len(days.days) > MOST_DAYS:
        hint = turn._("Please type days and a price for one night, e.g. “price sat 12000”.")
        return told(state, Text(hint), "price")
    thousandths = 0 if read[1] is None else _thousandths(read[1])
    if read[1] is not None and not thousandths:
        return told(state, Text(turn._("I cannot read this price.")), "price")
    return which_place(turn, state, AskPrice(0, days.first, days.last, thousandths), ask)


def _thousandths(amount: str) -> int:
    """The amount as it travels; 0 for none, or for one that no currency has."""
    try:
        value = Decimal(amount) * 1000
    except InvalidOperation:
        return 0
    return int(value) if value == value.to_integral_value() and 0 < value < MOST else 0


def _read(words: str) -> tuple[str, str | None] | None:
    """(days, amount) as they were typed; None for the amount where it is to be the usual one."""
    days, _, last = words.strip().rpartition(" ")
    if days and understand.plain(last) in _USUAL:
        return days, None
    found = _AMOUNT.match(words.strip())
    return (found[1], found[2].replace(",", "")) if found is not None else None


def ask(turn: Turn, state: State, action: AskPrice) -> Reply:
    """Each night from what it costs to what it would; bookings keep what they were told."""
    listing = own(turn, action.listing)
    if listing is None or action.last < action.first:
        return my_bookings.stand(turn, state)
    _ = turn._
    if listing.mode != Mode.NIGHTLY:
        hint = _("Prices by shift and by visit are set by our team: type *agent*.")
        return told(state, Text(hint), "price")
    days, minor = _days(turn, listing, action.first, action.last), _minor(action, listing)
    new = _with(listing.price, days, minor) if minor is not None else None
    if not days or minor is None or new is None:
        return told(state, Text(_("I cannot read this price.")), "price")
    lines = [f"*{clip(listing.name, 60)}*", ""]
    lines += [
        f"{_.day(day)}: {_.money(night_price(listing.price, day))} → *{_.money(night_price(new, day))}*"
        for day in days[:MOST_SHOWN]
    ]
    if len(days) > MOST_SHOWN:
        lines.append(_("… and {n} more", n=len(days) - MOST_SHOWN))
    usual = listing.price.base_minor
    if minor and not usual <= minor * MOST_TIMES <= usual * MOST_TIMES * MOST_TIMES:
        lines += ["", _("⚠️ That is far from your usual price. Please look at it again.")]
    lines += ["", _("For one night. It holds for new bookings only. Shall I change it?")]
    yes = SetPrice(action.listing, action.first, action.last, minor)
    buttons = (button(yes, _("Yes, change it")), button(KeepAsItIs(), _("No, leave it")))
    return told(state, Buttons("\n".join(lines), buttons), "price", yes=yes, no=KeepAsItIs())


def set_price(turn: Turn, state: State, action: SetPrice) -> Reply:
    """From now on new quotes have it."""
    listing = own(turn, action.listing)
    if listing is None or action.last < action.first or listing.mode != Mode.NIGHTLY:
        return my_bookings.stand(turn, state)
    _, days = turn._, _days(turn, listing, action.first, action.last)
    if not days or _with(listing.price, days, action.minor) is None:
        return my_bookings.stand(turn, state)
    prices = dict.fromkeys(days, action.minor or None)
    set_dated_prices(turn.session, listing.id, prices, today=stays.day_of(turn.now, listing))
    audit.record(
        turn.session,
        turn.person_id,
        Deed.SET_PRICE,
        f"listing:{listing.id}",
        cause=turn.cause,
        now=turn.now,
        first=action.first.isoformat(),
        last=action.last.isoformat(),
        minor=action.minor,
    )
    price = _.money(Money(action.minor, listing.currency)) if action.minor else _("the usual price")
    body = _(
        "✅ *{place}*, {days}: {price} for a night.",
        place=clip(listing.name, 60),
        days=_in_words(_, days[0], days[-1]),
        price=f"*{price}*",
    )
    return told(state, Text(body), "price")


def _minor(action: AskPrice, listing: Listing) -> int | None:
    """In minor units of the place's currency; None where it has no such amount."""
    try:
        return Money.parse(f"{Decimal(action.thousandths) / 1000:f}", listing.currency).minor
    except ValueError:
        return None


def _days(turn: Turn, listing: Listing, first: date, last: date) -> list[date]:
    """The nights that are not over, a few months at most."""
    today = stays.day_of(turn.now, listing)
    number = min((last - first).days + 1, MOST_DAYS)
    return [day for n in range(number) if (day := first + timedelta(days=n)) >= today]


def _with(rates: Rates, days: list[date], minor: int) -> Rates | None:
    """The rates as they would be; None where the currency has no such amount."""
    dated = {**rates.dated, **dict.fromkeys(days, minor)}
    if not minor:
        dated = {day: price for day, price in rates.dated.items() if day not in days}
    try:
        return replace(rates, dated=dated)
    except ValueError:
        return None


def _in_words(_: Phrases, first: date, last: date) -> str:
    return _.day(first) if first == last else _.dates(first, last)
