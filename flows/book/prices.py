"""A quote in words: each of its lines short enough for a small phone, and the sum apart from them."""

from __future__ import annotations

from flows import stays
from flows.phrases import Phrases
from models.listing import Listing
from models.message import clip
from models.pricing import Line, LineKey, Quote
from models.stay import Mode, Shift

NAME = 30  # of a season, a tax or a fee


def price_lines(_: Phrases, priced: Quote, listing: Listing) -> list[str]:
    """Each line of the quote, and apart from them the total and what is paid now and at the place."""
    lines = [_line(_, line, listing) for line in priced.lines]
    lines += ["", _("Total: {amount}", amount=_.money(priced.total))]
    lines += [_("Included: {line}", line=_line(_, line, listing)) for line in priced.included]
    if not priced.advance:
        lines.append(_nothing_now(_, listing))
    else:
        lines.append(_("*Pay now: {amount}*", amount=_.money(priced.advance)))
        if priced.due:
            lines.append(_due(_, priced, listing))
    if priced.is_choice:
        lines.append(_("Or pay all of it now"))
    return lines


def _nothing_now(_: Phrases, listing: Listing) -> str:
    if listing.mode == Mode.SLOT:
        return _("*Nothing to pay now*, all of it at the visit")
    return _("*Nothing to pay now*, all of it at the property")


def _due(_: Phrases, priced: Quote, listing: Listing) -> str:
    if listing.mode == Mode.SLOT:
        return _("At the visit: {amount}", amount=_.money(priced.due))
    return _("At the property: {amount}", amount=_.money(priced.due))


def _line(_: Phrases, line: Line, listing: Listing) -> str:
    return f"{_what(_, line, listing)}: {_.money(line.amount)}"


def _what(_: Phrases, line: Line, listing: Listing) -> str:
    match line.key:
        case LineKey.COUPON:
            return _with(_("Code {code}", code=line.about["code"]), _percent(line))
        case LineKey.FEE | LineKey.TAX:
            name, percent = clip(line.about["name"], NAME), _percent(line)
            return f"{name} {percent}" if percent else _with(name, _times(_, line, listing))
        case LineKey.EXTRA_GUESTS:
            guests = _.n("{n} extra guest", "{n} extra guests", line.params["guests"])
            nights = line.params["nights"]
            return _with(f"{guests} × {_.nights(nights)}" if nights > 1 else guests, _season(line))
    what = _with(_booked(_, line), _season(line), _days(_, line))
    units = line.params["units"]
    return f"{what} × {_.units(units, listing.category)}" if units > 1 else what


def _booked(_: Phrases, line: Line) -> str:
    """The nights, the shift or the visit of a line."""
    match line.key:
        case LineKey.SHIFT:
            return stays.shift_name(_, Shift(line.about["shift"]))
        case LineKey.SLOT:
            return _.length(int(line.about["minutes"]))
        case LineKey.WEEKEND_NIGHTS:
            return _.n("{n} weekend night", "{n} weekend nights", line.params["nights"])
    return _.nights(line.params["nights"])


def _times(_: Phrases, line: Line, listing: Listing) -> str:
    """What an amount is multiplied by: "2 guests × 3 nights"."""
    said = {
        "units": lambda n: _.units(n, listing.category),
        "guests": _.guests,
        "nights": _.nights,
    }
    return " × ".join(said[name](number) for name, number in line.params.items() if number > 1)


def _season(line: Line) -> str:
    return clip(line.about.get("season", ""), NAME)


def _days(_: Phrases, line: Line) -> str:
    return _.weekdays(line.days)


def _percent(line: Line) -> str:
    percent = line.about.get("percent")
    return f"{percent}%" if percent is not None else ""


def _with(what: str, *more: str) -> str:
    """With what is told besides in brackets, where there is anything."""
    said = ", ".join(words for words in more if words)
    return f"{what} ({said})" if said else what
