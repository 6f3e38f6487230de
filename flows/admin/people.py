"""Who somebody is, as an admin finds them: by number or by name, with what they have booked."""

from __future__ import annotations

from flows import my_bookings, phrases, understand
from flows.actions import PauseBot, ReplyTo, ResumeBot, ShowPerson, ShowWhole
from flows.admin.answers import told
from flows.admin.talking import whom
from flows.engine import Reply, Turn, row
from flows.phrases import ENGLISH
from flows.state import State
from models import conversation, person, reports
from models.booking import Booking
from models.listing import Listing
from models.message import MOST_ROWS, Menu, Section, Text, clip
from models.reports import Found

BOOKINGS_SHOWN = MOST_ROWS - 2


def find(turn: Turn, state: State, words: str) -> Reply | None:
    """ "find 0300 1234567", "find ayesha": straight to the person where there is one only."""
    if not words:
        return told(state, Text("Whom? Type: find, and a phone number or a name."), "find")
    number = understand.phone_number(words, region=person.country_of(turn.session, turn.person_id))
    by = {"phone": number[0]} if number is not None else {"name": words}
    found = reports.people(turn.session, **by)
    if not found:
        return told(state, Text(f"Nobody was found by “{clip(words, 60)}”."), "find")
    if len(found) == 1:
        return show(turn, state, found[0])
    rows = tuple(
        row(ShowPerson(each.id), each.name or "No name", _in_short(each)) for each in found[:MOST_ROWS]
    )
    body = f"{len(found)} people are called like that."
    if len(found) > MOST_ROWS:
        body += f" These are the newest {MOST_ROWS}; type more of the name, or the number, to see others."
    return told(state, Menu(body, "Show", (Section(None, rows),)), "find")


def _in_short(found: Found) -> str:
    phone = phrases.phone(found.phone) if found.phone else "number hidden"
    return " · ".join([phone, *found.roles])


def show_person(turn: Turn, state: State, action: ShowPerson) -> Reply:
    found = reports.person(turn.session, action.person)
    if found is None:
        return told(state, Text("There is nobody by that number any more."), "not_found")
    return show(turn, state, found)


def show(turn: Turn, state: State, found: Found) -> Reply:
    """Name, number, roles, and their bookings to tap."""
    bookings = Booking.of_person(turn.session, found.id, most=BOOKINGS_SHOWN)
    paused = conversation.is_paused(turn.session, found.id, turn.now)
    lines = [f"*{whom(found)}*"]
    if found.roles:
        lines.append(" and ".join(found.roles).capitalize())
    if paused:
        lines.append("⏸ The bot is silent: a person answers them.")
    lines.append("")
    lines.append(f"Bookings: {len(bookings)}" if bookings else "No bookings yet.")
    choice = (
        row(ResumeBot(found.id), "Resume bot", "It answers them again")
        if paused
        else row(PauseBot(found.id), "Pause bot", "What they write comes to the admins on duty")
    )
    rows = [row(ReplyTo(found.id), "Write to them"), choice]
    rows += [row(ShowWhole(b.id), b.code, _told(turn, b)) for b in bookings]
    return told(state, Menu("\n".join(lines), "What now?", (Section(None, tuple(rows)),)), "person_details")


def _told(turn: Turn, booking: Booking) -> str:
    place = clip(Listing.get(turn.session, booking.listing_id).name, 28)
    return f"{my_bookings.short_status(ENGLISH, booking)} · {ENGLISH.short(booking.check_in)} · {place}"
