"""A month of a place, as its owner sees it: the words in the picture, and the bubble it comes with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from flows import stays
from flows.actions import ShowCalendar, ShowToday
from flows.engine import button, laid_out
from flows.notices.telling import speak_to
from flows.phrases import Phrases
from models import outbound
from models.listing import Listing
from models.message import Buttons, clip
from models.occupancy import CalendarView, Month, Taken
from models.session import Session

PARTS = 2


def calendar_view(
    session: Session, person_id: int, listing: Listing, month: Month, *, now: datetime
) -> CalendarView:
    """The month with its words, in the language of who asked."""
    _ = speak_to(session, person_id)
    legend = {
        Taken.FREE: _("Free"),
        Taken.HELD: _("Held, not paid yet"),
        Taken.BOOKED: _("Booked"),
        Taken.BLOCKED: _("Blocked by you"),
    }
    halves = len(month.days[0].parts) == PARTS
    return CalendarView(
        title=listing.name,
        month=_.month(month.first),
        weekdays=tuple(_.weekdays([day]) for day in range(7)),
        legend=legend,
        free=_("The number: how many are free"),
        parts=(_("Day"), _("Night")) if halves else (),
        today=stays.day_of(now, listing),
        shown=month,
    )


def calendar(
    session: Session, person_id: int, listing: Listing, month: Month, *, media_id: str | None, now: datetime
) -> None:
    """The picture with the months before and after to tap; its words alone tell what is full."""
    _ = speak_to(session, person_id)
    body = [f"*{clip(listing.name, 60)}*", f"*{_.month(month.first)}*", "", _what_is_full(_, month)]
    body += ["", _("To keep days for yourself, type e.g.: block 24-26 dec")]
    before = (month.first - timedelta(days=1)).replace(day=1)
    after = (month.first + timedelta(days=32)).replace(day=1)
    buttons = (
        button(ShowCalendar(listing.id, before), f"◀ {_.month(before)}"),
        button(ShowCalendar(listing.id, after), f"{_.month(after)} ▶"),
        button(ShowToday(0), _("Today")),
    )
    message = laid_out(Buttons("\n".join(body), buttons, image_id=media_id), _)
    outbound.say(session, person_id, message, kind="calendar", now=now, recipient="owner")


def _what_is_full(_: Phrases, month: Month) -> str:
    full = [day.day for day in month.days if not day.free]
    if not full:
        return _("Something is free every day.")
    days = _.comma.join(_stretch(_, first, last) for first, last in _stretches(full))
    return _("Nothing free: {days}", days=clip(days, 600))


def _stretches(days: Sequence[date]) -> list[tuple[date, date]]:
    """Days that follow each other, as the first and the last of them."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _stretch(_: Phrases, first: date, last: date) -> str:
    return _.short(first) if first == last else f"{first.day}–{_.short(last)}"
