"""A stay in words, whatever it is booked by: the one place that says dates, shifts and times of a booking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from flows.phrases import Phrases
from models.availability import stay_span
from models.booking import Booking
from models.listing import Listing
from models.money import NO_BREAK
from models.stay import Mode, Shift, Stay

SHIFTS: Final[Mapping[Shift, str]] = {
    Shift.DAY: "Day",
    Shift.NIGHT: "Night",
    Shift.FULL_DAY: "Full Day",
    Shift.FULL_NIGHT: "Full Night",
}


def shift_name(_: Phrases, shift: Shift) -> str:
    return _(SHIFTS[shift])


def of_booking(_: Phrases, booking: Booking, listing: Listing) -> str:
    """When a booking is, on one line: "Fri 27 – Sun 29 Nov", "Sat 28 Nov · Night, 8 pm – 6 am"."""
    return _said(_, booking.stay, *_clock(booking.starts_at, booking.ends_at, listing))


def with_guests(_: Phrases, booking: Booking, listing: Listing) -> str:
    """The same with how many come: behind it where it is short, below it where hours were said."""
    between = " · " if booking.stay.mode is Mode.NIGHTLY else "\n"
    return f"{of_booking(_, booking, listing)}{between}{_.guests(booking.guests)}"


def in_words(_: Phrases, stay: Stay, listing: Listing) -> str:
    """The same of a stay that is no booking yet; by the night with how many they are."""
    said = _said(_, stay, *_clock(*stay_span(listing, stay), listing))
    return f"{said} · {_.nights(stay.nights)}" if stay.mode is Mode.NIGHTLY else said


def short(_: Phrases, stay: Stay) -> str:
    """A stay on a button: "27 – 29 Nov", "28 Nov, Night", "28 Nov, 10:30 am"."""
    if stay.shift is not None:
        return f"{_.short(stay.check_in)}{_.comma}{shift_name(_, stay.shift)}"
    if stay.start is not None:
        return f"{_.short(stay.check_in)}{_.comma}{_.time(stay.start)}"
    if stay.check_in.month == stay.check_out.month:
        return f"{stay.check_in.day} – {_.short(stay.check_out)}"
    return f"{_.short(stay.check_in)} – {_.short(stay.check_out)}"


def hours(_: Phrases, listing: Listing, stay: Stay) -> str:
    """From when to when: "8 pm – 6 am"."""
    return _hours(_, stay, *_clock(*stay_span(listing, stay), listing))


def lines(_: Phrases, booking: Booking, listing: Listing) -> list[str]:
    """Coming and going, a line each; before them the shift; a visit on one line, with how long it is."""
    stay = booking.stay
    begins, ends = _clock(booking.starts_at, booking.ends_at, listing)
    if stay.minutes is not None:
        return [_("When: {when}", when=f"{_said(_, stay, begins, ends)} ({_.length(stay.minutes)})")]
    coming_and_going = [
        _("Check-in: {day}, {time}", day=_.day(stay.check_in), time=_.time(begins)),
        _("Check-out: {day}, {time}", day=_.day(stay.check_out), time=_.time(ends)),
    ]
    if stay.shift is None:
        return coming_and_going
    return [_("Shift: {shift}", shift=shift_name(_, stay.shift)), *coming_and_going]


def kind(_: Phrases, stay: Stay) -> str | None:
    """What the dates of a ticket alone do not tell: which shift, how long a visit."""
    if stay.shift is not None:
        return _("Shift: {shift}", shift=shift_name(_, stay.shift))
    return _("Duration: {length}", length=_.length(stay.minutes)) if stay.minutes is not None else None


def moment(_: Phrases, at: datetime, time_zone: str) -> str:
    """A day with its year, and the time, as it is at the place: "Thu 24 Dec 2026, 2 pm"."""
    local = at.astimezone(ZoneInfo(time_zone))
    return f"{_.day(local.date())}{NO_BREAK}{local.year}{_.comma}{_.time(local.time())}"


def day_of(at: datetime, listing: Listing) -> date:
    return at.astimezone(ZoneInfo(listing.time_zone)).date()


def _said(_: Phrases, stay: Stay, begins: time, ends: time) -> str:
    if stay.shift is not None:
        name = shift_name(_, stay.shift)
        return f"{_.day(stay.check_in)} · {name}{_.comma}{_hours(_, stay, begins, ends)}"
    if stay.start is not None:
        return f"{_.day(stay.check_in)} · {_hours(_, stay, begins, ends)}"
    return _.dates(stay.check_in, stay.check_out)


def _hours(_: Phrases, stay: Stay, begins: time, ends: time) -> str:
    """That a night ends in the morning is plain; that two shifts end the day after is not."""
    first, last = _.time(begins), _.time(ends)
    if stay.shift in (Shift.FULL_DAY, Shift.FULL_NIGHT) and stay.check_out > stay.check_in:
        return _("{begins} – {ends} next day", begins=first, ends=last)
    return f"{first}{NO_BREAK}– {last}"


def _clock(starts_at: datetime, ends_at: datetime, listing: Listing) -> tuple[time, time]:
    """What a clock at the place shows then."""
    zone = ZoneInfo(listing.time_zone)
    return starts_at.astimezone(zone).time(), ends_at.astimezone(zone).time()
