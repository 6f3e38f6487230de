"""An owner's day: who comes, who leaves, who waits for an answer; and what the month has brought."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flows import stays
from flows.actions import ShowCalendar, ShowEarnings, ShowRequest, ShowStay, ShowToday
from flows.engine import Reply, Turn, button, row
from flows.owner.answers import places, told
from flows.paging import paged
from flows.phrases import Phrases
from flows.state import State
from models import agenda
from models.agenda import Earned, Movement, Visit
from models.booking import Booking
from models.listing import Listing
from models.message import BODY_LIST, Buttons, Menu, Row, Section, Text, clip


def show_today(turn: Turn, state: State, page: int = 0) -> Reply:
    """Requests first, then arrivals, departures and who is in house; each of them to tap."""
    _, lines, rows = turn._, list[str](), list[Row]()
    for listing in places(turn):
        waiting = Booking.awaiting_owner(turn.session, listing.id)
        visits = agenda.visits(turn.session, listing.id, *_day(turn, listing))
        lines += _of_place(_, listing, waiting_for=len(waiting), visits=list(visits))
        rows += [
            row(ShowRequest(b.id), _("Request: {name}", name=b.guest_name), _when(_, b, listing))
            for b in waiting
        ]
        rows += [row(ShowStay(v.booking_id), v.guest_name, _movement(_, v, listing)) for v in visits]
    if not lines:
        return told(state, Text(_("None of your places is listed just now.")), "today")
    body = "\n".join((_("*Today*"), *lines)).strip()
    if not rows:
        buttons = (
            button(_calendar(turn), _("Calendar")),
            button(ShowEarnings(), _("Earnings")),
        )
        return told(state, Buttons(clip(body, 1024), buttons), "today")
    # Requests come first whatever place they are for.
    rows.sort(key=lambda each: ":ask:" not in each.id)
    section = Section(None, paged(rows, page, ShowToday, _))
    return told(state, Menu(clip(body, BODY_LIST), _("Show"), (section,)), "today")


def _calendar(turn: Turn) -> ShowCalendar:
    listing = places(turn)[0]
    return ShowCalendar(listing.id, stays.day_of(turn.now, listing).replace(day=1))


def _day(turn: Turn, listing: Listing) -> tuple[datetime, datetime]:
    zone = ZoneInfo(listing.time_zone)
    since = datetime.combine(turn.now.astimezone(zone).date(), time(), zone)
    return since, since + timedelta(days=1)


def _of_place(_: Phrases, listing: Listing, *, waiting_for: int, visits: list[Visit]) -> list[str]:
    counted = [
        (_("Requests waiting: {n}"), waiting_for),
        (_("Arriving: {n}"), _count(visits, Movement.ARRIVES)),
        (_("Leaving: {n}"), _count(visits, Movement.LEAVES)),
        (_("Staying: {n}"), _count(visits, Movement.STAYS)),
    ]
    told_of = [sentence.format(n=n) for sentence, n in counted if n]
    return ["", f"*{clip(listing.name, 60)}*", " · ".join(told_of) or _("Nobody comes or leaves today.")]


def _count(visits: list[Visit], movement: Movement) -> int:
    return sum(visit.movement is movement for visit in visits)


def _when(_: Phrases, booking: Booking, listing: Listing) -> str:
    return f"{stays.of_booking(_, booking, listing)} · {_.guests(booking.guests)}"


def _movement(_: Phrases, visit: Visit, listing: Listing) -> str:
    """ "Arrives 2 pm · Room 3 · 2 guests"."""
    zone = ZoneInfo(listing.time_zone)
    match visit.movement:
        case Movement.ARRIVES if visit.arrived:
            what = _("Has arrived")
        case Movement.ARRIVES:
            what = _("Arrives {time}", time=_.time(visit.starts_at.astimezone(zone).time()))
        case Movement.LEAVES:
            what = _("Leaves {time}", time=_.time(visit.ends_at.astimezone(zone).time()))
        case Movement.STAYS:
            what = _("Stays until {day}", day=_.short(visit.ends_at.astimezone(zone).date()))
    return f"{what} · {', '.join(visit.units)} · {_.guests(visit.guests)}"


def show_earnings(turn: Turn, state: State) -> Reply:
    """Paid bookings of this month by place and currency, those that still stand."""
    _, lines = turn._, list[str]()
    for listing in places(turn):
        since, until = _month(turn, listing)
        earned = agenda.earned(turn.session, listing.id, since, until)
        lines += ["", f"*{clip(listing.name, 60)}*"]
        lines += [line for each in earned for line in _earned(_, each)] or [_("Nothing yet.")]
    if not lines:
        return told(state, Text(_("None of your places is listed just now.")), "earnings")
    first = _("*Paid this month and confirmed*")
    return told(state, Text(clip("\n".join((first, *lines)), BODY_LIST)), "earnings")


def _month(turn: Turn, listing: Listing) -> tuple[datetime, datetime]:
    zone = ZoneInfo(listing.time_zone)
    first = turn.now.astimezone(zone).date().replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return datetime.combine(first, time(), zone), datetime.combine(following, time(), zone)


def _earned(_: Phrases, earned: Earned) -> list[str]:
    return [
        f"{_.n('{n} booking', '{n} bookings', earned.bookings)}: *{_.money(earned.total)}*",
        _(
            "Paid in advance {advance}, at the property {due}",
            advance=_.money(earned.advance),
            due=_.money(earned.total - earned.advance),
        ),
    ]
