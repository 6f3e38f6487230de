"""The questions: each only renders, so that any of them can be asked again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flows import stays
from flows.actions import (
    LookAround,
    MoreNights,
    PickDate,
    PickGuests,
    PickNights,
    ShowDates,
    UseProfileName,
)
from flows.book.free import (
    MOST_NIGHTS_SHOWN,
    earliest_day,
    free_choices,
    free_days,
    free_nights,
    last_day,
    units_for,
)
from flows.book.summary import summary
from flows.engine import Turn, button, row
from flows.phrases import Phrases
from flows.state import Draft
from models import availability
from models.booking import Booking
from models.hours import ShiftHours, SlotHours
from models.listing import Listing
from models.message import (
    Buttons,
    ContactRequest,
    Menu,
    Message,
    Row,
    Section,
    Text,
)
from models.money import Money
from models.pricing import extra_guest_price, night_price, nights_of
from models.stay import Stay


def ask_dates(turn: Turn, draft: Draft, first: date | None = None) -> Message:
    """The days on which one can come, nine at a time."""
    _, listing = turn._, Listing.get(turn.session, draft.listing)
    earliest = earliest_day(turn, listing)
    rows, more = _day_rows(turn, listing, draft, max(first or earliest, earliest))
    if not rows:
        buttons = [button(LookAround(), _("Other places"))]
        if first is not None and first > earliest:
            buttons.insert(0, button(ShowDates(listing.id, earliest), _("Earlier dates")))
        last = last_day(turn, listing)
        if first is not None and first > last:
            body = _("You can book until {day} at the latest.", day=_.day(last))
        else:
            body = _("*{place}* has no free day from here on.", place=listing.name)
        return Buttons(body, tuple(buttons))
    if more is not None:
        rows.append(row(ShowDates(listing.id, more), _("More dates"), _("from {day}", day=_.day(more))))
    body = f"*{listing.name}*\n{_what_day(_, listing, earliest)}"
    return Menu(body, _("Free dates"), (Section(None, tuple(rows)),))


def _day_rows(turn: Turn, listing: Listing, draft: Draft, first: date) -> tuple[list[Row], date | None]:
    """A page of free days, each with what there is to know before it is chosen, and the next page's first."""
    _ = turn._
    if listing.hours is None:
        days, more = free_days(turn, listing, first, units_for(listing, draft))
        told = {day: _("{amount} a night", amount=_.money(night_price(listing.price, day))) for day in days}
    else:
        choices, more = free_choices(turn, listing, draft, first)
        told = {day: _what_is_free(_, listing, free) for day, free in choices.items()}
    return [row(PickDate(listing.id, day), _.day(day), words) for day, words in told.items()], more


def _what_is_free(_: Phrases, listing: Listing, free: Sequence[Stay]) -> str:
    """The shifts of a day by name, or how many times there are; the hours where there is one choice only."""
    if len(free) == 1:
        return stays.hours(_, listing, free[0])
    if isinstance(listing.hours, SlotHours):
        return _.n("{n} free time", "{n} free times", len(free))
    return _.comma.join(stays.shift_name(_, stay.shift) for stay in free if stay.shift is not None)


def _what_day(_: Phrases, listing: Listing, earliest: date) -> str:
    if isinstance(listing.hours, ShiftHours):
        return _("Which day?\n\nTap a free one, or type it, e.g. “Saturday night”.")
    if isinstance(listing.hours, SlotHours):
        return _("Which day?\n\nTap a free one, or type it, e.g. “tomorrow at 10:30”.")
    return _(
        "Which day do you arrive?\n\nTap a free day, or type your dates, e.g. “{example}”.",
        example=example_dates(_, listing, earliest),
    )


def ask_nights(turn: Turn, draft: Draft) -> Message:
    """How long: three buttons at most, only what is free.

    Raises:
        Taken: not even the shortest stay is free from that day on.
    """
    _, listing = turn._, Listing.get(turn.session, draft.listing)
    assert draft.check_in is not None
    options, limited = free_nights(turn, listing, draft)
    body = _("*{place}*\nArriving *{day}*. How many nights?", place=listing.name, day=_.day(draft.check_in))
    if limited:
        body += "\n\n" + _.n(
            "Only {n} night is free from that day.", "{n} nights are free from that day.", options[-1]
        )
    buttons = [
        button(PickNights(listing.id, draft.check_in, n), _.nights(n))
        for n in options[: 2 if len(options) > 3 else 3]
    ]
    if len(options) > 3:
        buttons.append(button(MoreNights(listing.id, draft.check_in), _("More nights")))
        body += "\n\n" + _("Tap, or type a number.")
    return Buttons(body, tuple(buttons))


def ask_more_nights(turn: Turn, draft: Draft) -> Message:
    """The same question as a list, with the day of leaving beside each answer."""
    _, listing = turn._, Listing.get(turn.session, draft.listing)
    assert draft.check_in is not None
    options, _limited = free_nights(turn, listing, draft)
    rows = tuple(
        row(
            PickNights(listing.id, draft.check_in, n),
            _.nights(n),
            _("until {day}", day=_.day(draft.check_in + timedelta(days=n))),
        )
        for n in options[:MOST_NIGHTS_SHOWN]
    )
    body = _("*{place}*\nArriving *{day}*. How many nights?", place=listing.name, day=_.day(draft.check_in))
    most = listing.rules_on(draft.check_in).max_nights
    if most > MOST_NIGHTS_SHOWN:
        body += "\n\n" + _("Longer? Just type the number, up to {n}.", n=most)
    return Menu(body, _("Nights"), (Section(None, rows),))


def ask_guests(turn: Turn, draft: Draft) -> Message:
    _, listing = turn._, Listing.get(turn.session, draft.listing)
    most = min(10, listing.capacity * (2 if listing.has_several_units else 1))
    rows = tuple(
        row(PickGuests(listing.id, n), _.guests(n), extra_in_words(_, listing, draft, n))
        for n in range(1, most + 1)
    )
    body = _("How many guests?\n\nTap, or type it: “4”, or “2 adults and 1 child”.")
    stay = draft.stay_at(listing)
    if stay is not None:
        body = f"*{listing.name}*\n{stays.in_words(_, stay, listing)}\n{body}"
    return Menu(body, _("Guests"), (Section(None, rows),))


def ask_name(turn: Turn, draft: Draft) -> Message:
    _, profile = turn._, profile_name(turn)
    if profile is None:
        return Text(_("What name shall the booking be under? Please type it."))
    body = _("What name shall the booking be under?\n\nTap yours, or type another.")
    return Buttons(body, (button(UseProfileName(draft.listing), profile),))


def profile_name(turn: Turn) -> str | None:
    """The name of their profile, as they wrote it; None where there is nothing to read in it."""
    name = " ".join((turn.name or "").split())[:60]
    return name if any(c.isalnum() for c in name) else None


def ask_phone(turn: Turn, draft: Draft) -> Message:
    return ContactRequest(
        turn._("The owner needs a phone number for your arrival. Please tap below to share yours.")
    )


def ask_review(turn: Turn, draft: Draft) -> Message:
    """The summary, from the booking's own row: what is shown is what is accepted."""
    assert draft.booking is not None
    booking = Booking.get(turn.session, draft.booking)
    return summary(turn, booking, Listing.get(turn.session, booking.listing_id))


def extra_in_words(_: Phrases, listing: Listing, draft: Draft, guests: int) -> str | None:
    """What so many guests cost or take more than usual, to be seen before it is chosen."""
    units, rates = availability.units_needed(listing, guests), listing.price
    if units > 1:
        return _("{units} together", units=_.units(units, listing.category))
    extra, stay = guests - rates.included_guests, draft.stay_at(listing)
    if extra <= 0 or not rates.counts_guests:
        return None
    usual = Money(rates.extra_guest_minor, rates.currency)
    nights = nights_of(stay) if stay is not None else ()
    prices = [extra_guest_price(rates, night) * extra for night in nights] or [usual * extra]
    total = sum(prices, Money(0, rates.currency))
    if not total:
        return None
    if listing.hours is not None or min(prices) != max(prices):
        return f"+ {_.money(total)}"
    return _("+ {amount} a night", amount=_.money(prices[0]))


def example_dates(_: Phrases, listing: Listing, first: date) -> str:
    """Dates as they can be typed: a weekend from the week after next on, or the day after it that will do."""
    friday = first + timedelta(days=(4 - first.weekday()) % 7 + 7)
    days = [friday + timedelta(days=n) for n in range(7)]
    day = next((day for day in days if listing.rules_on(day).takes(day)), friday)
    stay = Stay.of_nights(day, max(2, listing.rules_on(day).min_nights))
    is_one_month = stay.check_in.month == stay.check_out.month
    first_day = str(stay.check_in.day) if is_one_month else _.short(stay.check_in)
    return _("{first} to {last}", first=first_day, last=_.short(stay.check_out))
