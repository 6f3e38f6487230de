"""A price for some days, from the chat: shown next to what it is now, and asked before it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from flows import my_bookings, stays, understand
from flows.actions import NIGHT, AskPrice, KeepAsItIs, SetPrice
from flows.engine import Reply, Turn, button, row
from flows.owner.answers import own, told, which_place
from flows.owner.blocks import read_days
from flows.phrases import Phrases
from flows.state import State
from flows.understand import Stretch
from models import audit
from models.audit import Deed
from models.hours import ShiftHours, SlotHours
from models.listing import Listing, set_dated_prices
from models.message import Buttons, Menu, Section, Text, clip
from models.money import Money
from models.pricing import dated_price
from models.rates import Dated, Rates
from models.stay import Shift

What = Shift | int | None  # of a day: a shift, a visit's length in minutes, or its night

MOST_SHOWN: Final = 7
MOST_DAYS: Final = 92
MOST_ROWS: Final = 10
MOST_TIMES: Final = (
    20  # a price that is so many times the usual one, or so small a part, is a slip of the finger
)
MOST: Final = 10**13
_AMOUNT: Final = re.compile(
    r"^(.*\S)\s+(?:(?:rs|inr|pkr|eur|jpy|kwd|usd)\.?\s*)?([0-9][0-9.,]*)(?:/-)?$", re.IGNORECASE
)
_USUAL: Final = frozenset({"usual", "normal", "standard"})


def ask_by_words(turn: Turn, state: State, words: str) -> Reply:
    """ "price sat 12000", "price 24-26 dec 15000", "price sat night 45000"; "price sat usual" takes it back."""
    read = _read(words)
    days = read_days(turn, read[0]) if read is not None else None
    if read is None or not isinstance(days, Stretch) or len(days.days) > MOST_DAYS:
        hint = turn._("Please type days and a price, e.g. “price sat 12000”.")
        return told(state, Text(hint), "price")
    thousandths = 0 if read[1] is None else _thousandths(read[1])
    if read[1] is not None and not thousandths:
        return told(state, Text(turn._("I cannot read this price.")), "price")
    shift = understand.shift(read[0])
    action = AskPrice(0, days.first, days.last, thousandths, NIGHT if shift is None else shift.value)
    return which_place(turn, state, action, ask)


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
    """Each day from what it costs to what it would; bookings keep what they were told."""
    listing = own(turn, action.listing)
    if listing is None or action.last < action.first:
        return my_bookings.stand(turn, state)
    _ = turn._
    what, *others = _meant(listing, action.of)
    if others:
        return _ask_of_what(turn, state, listing, action)
    days, minor = _days(turn, listing, action, what), _minor(action, listing)
    new = _with(listing.price, days, minor) if minor is not None else None
    if not days or minor is None or new is None:
        return told(state, Text(_("I cannot read this price.")), "price")
    lines = [f"*{clip(listing.name, 60)}*", ""]
    lines += [
        f"{_.day(dated.day)}: {_.money(dated_price(listing.price, dated))} → *{_.money(dated_price(new, dated))}*"
        for dated in days[:MOST_SHOWN]
    ]
    if len(days) > MOST_SHOWN:
        lines.append(_("… and {n} more", n=len(days) - MOST_SHOWN))
    usual = dated_price(_with(listing.price, days, 0) or listing.price, days[0]).minor
    if minor and not usual <= minor * MOST_TIMES <= usual * MOST_TIMES * MOST_TIMES:
        lines += ["", _("⚠️ That is far from your usual price. Please look at it again.")]
    lines += ["", f"{_for(_, what)} " + _("It holds for new bookings only. Shall I change it?")]
    yes = SetPrice(action.listing, action.first, action.last, minor, action.of)
    buttons = (button(yes, _("Yes, change it")), button(KeepAsItIs(), _("No, leave it")))
    return told(state, Buttons("\n".join(lines), buttons), "price", yes=yes, no=KeepAsItIs())


def _ask_of_what(turn: Turn, state: State, listing: Listing, action: AskPrice) -> Reply:
    """For which of its shifts, or a visit of which length."""
    _, hours = turn._, listing.hours
    if isinstance(hours, ShiftHours):
        question, choose = _("For which shift is this price?"), _("Shifts")
        rows = [
            row(
                replace(action, of=shift.value),
                stays.shift_name(_, shift),
                stays.hours(_, listing, hours.stay(action.first, shift)),
            )
            for shift in hours.offered
        ]
    else:
        assert isinstance(hours, SlotHours)
        question, choose = _("For a visit of which length is this price?"), _("Duration")
        rows = [row(replace(action, of=str(each)), _.length(each)) for each in hours.durations[:MOST_ROWS]]
    return told(state, Menu(question, choose, (Section(None, tuple(rows)),)), "price")


def set_price(turn: Turn, state: State, action: SetPrice) -> Reply:
    """From now on new quotes have it."""
    listing = own(turn, action.listing)
    if listing is None or action.last < action.first:
        return my_bookings.stand(turn, state)
    what, *others = _meant(listing, action.of)
    if others:
        return my_bookings.stand(turn, state)
    _, days = turn._, _days(turn, listing, action, what)
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
        of=action.of,
    )
    price = _.money(Money(action.minor, listing.currency)) if action.minor else _("the usual price")
    body = _(
        "✅ *{place}*, {days}: {price}.",
        place=clip(listing.name, 60),
        days=_in_words(_, days[0].day, days[-1].day),
        price=f"*{price}*" if action.minor else price,
    )
    body = f"{body} {_for(_, what)}"
    return told(state, Text(body), "price")


def _meant(listing: Listing, of: str) -> Sequence[What]:
    """What of a day the price is of: all that the place has, where none of it was said."""
    every: Sequence[What]
    match listing.hours:
        case ShiftHours(offered=shifts):
            every = shifts
        case SlotHours(durations=durations):
            every = durations
        case _:
            every = [None]
    return [what for what in every if str(what) == of] or every


def _for(_: Phrases, what: What) -> str:
    match what:
        case Shift() as shift:
            return _("For the shift “{shift}”.", shift=stays.shift_name(_, shift))
        case int() as minutes:
            return _("For a visit of {length}.", length=_.length(minutes))
    return _("For one night.")


def _minor(action: AskPrice, listing: Listing) -> int | None:
    """In minor units of the place's currency; None where it has no such amount."""
    try:
        return Money.parse(f"{Decimal(action.thousandths) / 1000:f}", listing.currency).minor
    except ValueError:
        return None


def _days(turn: Turn, listing: Listing, action: AskPrice | SetPrice, what: What) -> list[Dated]:
    """What is not over, a few months at most."""
    today = stays.day_of(turn.now, listing)
    number = min((action.last - action.first).days + 1, MOST_DAYS)
    days = (action.first + timedelta(days=n) for n in range(number))
    return [Dated(day, what) for day in days if day >= today]


def _with(rates: Rates, days: list[Dated], minor: int) -> Rates | None:
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
