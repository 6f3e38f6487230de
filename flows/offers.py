"""What a place by shift or by slot costs before a day is chosen: the next seven days tell."""

from __future__ import annotations

from datetime import timedelta

from flows import stays
from flows.engine import Turn
from models.availability import stays_on, today
from models.hours import SlotHours
from models.listing import Listing
from models.money import Money
from models.pricing import shift_price, slot_price
from models.stay import Stay


def in_short(turn: Turn, place: Listing) -> str:
    """ "from Rs. 15,000", by the cheapest."""
    lowest = min(price for _stay, price in _offers(turn, place))
    return turn._("from {amount}", amount=turn._.money(lowest))


def in_lines(turn: Turn, place: Listing) -> list[str]:
    """A line for each shift with its hours, or for each length of a visit."""
    _ = turn._
    prices: dict[str, list[Money]] = {}
    for stay, price in _offers(turn, place):
        prices.setdefault(_what(turn, place, stay), []).append(price)
    lines = []
    for what, amounts in prices.items():
        lowest = _.money(min(amounts))
        amount = lowest if min(amounts) == max(amounts) else _("from {amount}", amount=lowest)
        lines.append(f"{what}: *{amount}*")
    if isinstance(place.hours, SlotHours):
        open_ = place.hours.open
        lines.append(_("Daily {begins} – {ends}", begins=_.time(open_.begins), ends=_.time(open_.ends)))
    return lines


def _what(turn: Turn, place: Listing, stay: Stay) -> str:
    if stay.shift is not None:
        return f"{stays.shift_name(turn._, stay.shift)}{turn._.comma}{stays.hours(turn._, place, stay)}"
    return turn._.length(stay.minutes or 0)


def _offers(turn: Turn, place: Listing) -> list[tuple[Stay, Money]]:
    """Each shift or length with its price on each of seven days."""
    first = today(place, turn.now) + timedelta(days=1)
    lengths = place.hours.durations if isinstance(place.hours, SlotHours) else (None,)
    return [
        (stay, _price(place, stay))
        for minutes in lengths
        for day in range(7)
        for stay in stays_on(place, first + timedelta(days=day), minutes)[: 1 if minutes else None]
    ]


def _price(place: Listing, stay: Stay) -> Money:
    if stay.shift is not None:
        return shift_price(place.price, stay.check_in, stay.shift)
    assert stay.minutes is not None
    return slot_price(place.price, stay.check_in, stay.minutes)
