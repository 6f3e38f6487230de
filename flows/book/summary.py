"""What a stay is and costs, in words: the summary that a guest accepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flows import stays, ways
from flows.actions import (
    Action,
    ChangeAnswers,
    DropBooking,
    Part,
    RequestPayment,
    RequestStay,
)
from flows.book import further
from flows.book.prices import price_lines
from flows.engine import Turn, button, row
from flows.phrases import Phrases
from models.booking import Booking
from models.cancellation import Policy
from models.listing import Listing
from models.message import (
    BODY_BUTTONS,
    MOST_BUTTONS,
    Buttons,
    Menu,
    Message,
    Section,
    clip,
)
from models.pricing import Quote

PREFACE: Final = 200  # room for what is said before a summary


def summary(turn: Turn, booking: Booking, listing: Listing) -> Message:
    _, methods = turn._, ways.open_for(listing, turn.rules)
    priced = booking.priced
    lines = [
        f"*{clip(listing.name, 60)}*",
        clip(listing.location, 80),
        "",
        *stays.lines(_, booking, listing),
        _("Guests: {guests}", guests=guests_and_units(_, booking, listing)),
        _("Name: {name}", name=clip(booking.guest_name, 60)),
        *further.lines(listing, booking.answers, _.language),
        "",
        *price_lines(_, priced, listing),
    ]
    if priced.advance or priced.is_choice:
        lines += ["", ways.when_charged(_, listing, methods) if methods else _none_open(_, priced)]
        lines.append(_cancel_terms(_, booking, listing, turn.now))
    return _with_ways_to_accept(_, "\n".join(lines), _ways(_, booking, listing, methods), booking)


def _none_open(_: Phrases, priced: Quote) -> str:
    """The business has switched on no way to pay that the place names."""
    if priced.advance:
        return _("_It cannot be paid just now, sorry. Please try again later, or type: person_")
    return _("_All of it cannot be paid now, sorry._")


def guests_and_units(_: Phrases, booking: Booking, listing: Listing) -> str:
    """ "10 (4 huts)"; the units only where there are several."""
    if booking.units == 1:
        return str(booking.guests)
    return f"{booking.guests} ({_.units(booking.units, listing.category)})"


def _cancel_terms(_: Phrases, booking: Booking, listing: Listing, now: datetime) -> str:
    """What a cancellation gives back, and until when: the terms as they stand now."""
    policy, is_advance = Policy.from_dict(booking.policy), booking.due and not booking.priced.is_choice
    percent, until = policy.stands(booking.starts_at, now)
    if until is None:
        if not percent:
            return _("If you cancel: no money back")
        if not is_advance:
            return _("If you cancel: {percent}% of your payment back", percent=percent)
        return _("If you cancel: {percent}% of the advance back", percent=percent)
    local = until.astimezone(ZoneInfo(listing.time_zone))
    day, time = _.day(local.date()), _.time(local.time())
    if percent == 100:
        return _("Cancel free until {day}, {time}", day=day, time=time)
    later = policy.percent(booking.starts_at, until + timedelta(minutes=1))
    if not is_advance:
        return _(
            "If you cancel until {day}, {time}: {percent}% of your payment back, later {later}%",
            day=day,
            time=time,
            percent=percent,
            later=later,
        )
    return _(
        "If you cancel until {day}, {time}: {percent}% of the advance back, later {later}%",
        day=day,
        time=time,
        percent=percent,
        later=later,
    )


@dataclass(frozen=True)
class _Way:
    """A way to accept: the tap, what its button says, and what a row of a list adds to that."""

    action: Action
    title: str
    more: str


def _with_ways_to_accept(
    _: Phrases, body: str, open_ways: Sequence[_Way], booking: Booking
) -> Buttons | Menu:
    """The ways to accept first; as a list where they and [Change] are more than WhatsApp's three buttons.

    Also where there is so much to say that it, and a word before it, would not fit above buttons.
    """
    others = (
        (ChangeAnswers(booking.id), _("Change")),
        (DropBooking(booking.id), _("Cancel")),
    )
    if len(open_ways) < MOST_BUTTONS and len(body) <= BODY_BUTTONS - PREFACE:
        buttons = [button(way.action, way.title) for way in open_ways]
        buttons += [button(action, title) for action, title in others]
        return Buttons(body, tuple(buttons[:MOST_BUTTONS]))
    rows = [row(way.action, way.title, way.more) for way in open_ways]
    rows += [row(action, title) for action, title in others]
    return Menu(body, _("Pay or change"), (Section(None, tuple(rows)),))


def _ways(_: Phrases, booking: Booking, listing: Listing, methods: Sequence[str]) -> list[_Way]:
    """Each method to pay the advance by, or the request without one, and each to pay all of it by."""
    priced = booking.priced
    found = []
    if priced.advance:
        more = _("{amount} now", amount=_.money(priced.advance))
        one = _("Pay advance") if len(methods) == 1 and priced.is_choice else None
        found += [
            _Way(
                RequestPayment(booking.id, booking.revision, method),
                one or ways.title(_, method),
                ways.described(_, method, more),
            )
            for method in methods
        ]
    else:
        more = _("All of it at the property")
        title = _("Book now") if listing.approval == "INSTANT" else _("Request booking")
        found.append(_Way(RequestStay(booking.id, booking.revision), title, more))
    if priced.is_choice:
        more = _("{amount} now, nothing later", amount=_.money(priced.total))
        one = _("Pay in full") if len(methods) == 1 else None
        found += [
            _Way(
                RequestPayment(booking.id, booking.revision, method, Part.FULL),
                one or _(ways.ALL_AT_ONCE[method]),
                ways.described(_, method, more),
            )
            for method in methods
        ]
    return found
