"""What an owner types and taps: the day, days kept, prices, calendar, earnings, and guests who arrive."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from flows import actions, notices
from models import block, occupancy, ticket
from models.errors import PlaceTaken
from models.listing import Listing
from models.message import Buttons, ContactRequest, Menu, Text, Typing
from models.occupancy import Taken
from models.pricing import quote, shift_price, slot_price
from models.rates import Dated
from models.session import Session
from models.stay import Shift, Stay
from tests import factories
from tests.factories import NOW, STAY
from tests.flows.conversation import RULES, Chat, as_read, body, titles

TODAY = Stay(date(2026, 11, 20), date(2026, 11, 22))


@pytest.fixture
def owner(session: Session, place: Listing) -> Chat:
    return Chat(session, place.owner_id, name="Bilal Ahmed")


def said(chat: Chat, words: str) -> str:
    return body(chat.says(words))


def issued(session: Session, place: Listing, stay: Stay = TODAY, **what: object) -> tuple[object, str]:
    """A booking with its ticket, and the ticket's key."""
    booking = factories.confirmed(session, place, stay=stay, now=NOW - timedelta(days=5), **what)
    booking.issue_ticket(session, cause=factories.unique(), now=NOW)
    key = ticket.new_key()
    view = factories.ticket_view(session, booking, key)
    ticket.keep(session, booking.id, key, view, None, expires_at=booking.ends_at, now=NOW)
    return booking, key


def second_place(session: Session, place: Listing) -> Listing:
    return factories.listing(session, owner_id=place.owner_id)


# ---- today -----------------------------------------------------------------------------------------


def test_the_day(session: Session, place: Listing, owner: Chat) -> None:
    assert "Nobody comes or leaves today." in said(owner, "today")
    arriving, _ = issued(session, place)
    waiting = factories.paid(session, place)
    leaving, _ = issued(session, place, Stay(date(2026, 11, 18), date(2026, 11, 20)))
    shown = owner.says("Today")
    assert "Requests waiting: 1 · Arriving: 1 · Leaving: 1" in body(shown)
    assert isinstance(shown, Menu)
    told = [(r.title, str(r.description)) for r in shown.sections[0].rows]
    assert told[0][0] == "Request: Ayesha Khan"
    rows = [as_read(t[1]) for t in told[1:]]
    assert [re.sub(r"Room \d", "Room n", words) for words in rows] == [
        "Arrives 2 pm · Room n · 2 guests",
        "Leaves 11 am · Room n · 2 guests",
    ]
    stay = owner.taps_template(actions.ShowStay(arriving.id))
    assert titles(stay) == ["Guest has arrived", "Today"]
    assert "*Ayesha Khan* +92 300" in body(stay)
    assert titles(owner.taps_template(actions.ShowRequest(waiting.id))) == ["Confirm", "Cancel"]
    assert leaving.code in body(owner.taps_template(actions.ShowStay(leaving.id)))


def test_the_day_of_somebody_else_is_not_shown(session: Session, place: Listing, chat: Chat) -> None:
    booking, _ = issued(session, place)
    shown = chat.taps_template(actions.ShowStay(booking.id))
    assert titles(shown) == ["Book a stay", "My bookings", "Help"]
    assert "None of your places" in body(chat.taps_template(actions.ShowToday(0)))


def test_commands_are_nothing_from_a_guest(session: Session, place: Listing, chat: Chat) -> None:
    for words in ("calendar", "block 24-26 dec", "unblock", "price sat 12000", "earnings"):
        assert not isinstance(chat.says(words), Typing)
        assert "Block" not in body(chat.last)
    assert session.execute(text("SELECT count(*) FROM blocks")).scalar() == 0


# ---- blocks ----------------------------------------------------------------------------------------


def test_days_are_blocked_after_being_shown(session: Session, place: Listing, owner: Chat) -> None:
    which = owner.says("block 24-26 dec")
    assert titles(which) == ["All of it", "Room 1", "Room 2", "Room 3"]
    asked = owner.taps("Room 2")
    assert f"Block *{place.name}, Room 2*, Thu 24 – Sat 26 Dec?" in body(asked)
    assert block.of_owner(session, place.owner_id, NOW.date()) == []
    assert "🔒 Blocked" in body(owner.says("yes"))
    (made,) = block.of_owner(session, place.owner_id, NOW.date())
    assert (made.unit, made.first, made.last) == ("Room 2", date(2026, 12, 24), date(2026, 12, 26))
    # Both days are included: the night of the 26th too.
    rows = session.execute(
        text("SELECT state, upper(during) AS ends FROM allocations WHERE block_id = :id"), {"id": made.id}
    ).all()
    assert [(r.state, r.ends.date()) for r in rows] == [("BLOCKED", date(2026, 12, 27))]


def test_all_units_are_blocked_and_nobody_can_book(session: Session, place: Listing, owner: Chat) -> None:
    owner.says("block 24 to 26 december")
    owner.taps("All of it")
    owner.taps("Yes, block")
    booking = factories.draft(session, place)
    with pytest.raises(PlaceTaken):
        booking.request_payment(
            session, method="card", revision=booking.revision, rules=factories.RULES, cause="x", now=NOW
        )


def test_one_place_with_one_unit_is_asked_nothing_more(session: Session) -> None:
    place = factories.listing(session)
    owner = Chat(session, place.owner_id)
    asked = owner.says("block sat")
    assert titles(asked) == ["Yes, block", "No, leave it"]
    assert "Sat 21 Nov" in body(asked)
    assert "nothing was changed" in body(owner.says("no"))
    assert block.of_owner(session, place.owner_id, NOW.date()) == []


def test_of_several_places_one_is_chosen(session: Session, place: Listing, owner: Chat) -> None:
    other = second_place(session, place)
    which = owner.says("block 24 dec")
    assert sorted(titles(which)) == sorted([place.name, other.name])
    assert f"Block *{other.name}*" in body(owner.taps(other.name))


def test_many_places_have_pages(session: Session, place: Listing, owner: Chat) -> None:
    for _ in range(11):
        second_place(session, place)
    first = owner.says("block 24 dec")
    assert len(titles(first)) == 10
    second = owner.taps("More")
    assert len(titles(second)) == 4
    name = titles(second)[0]
    owner.taps(name)
    assert name in body(owner.last)


def test_bookings_in_the_way_are_named(session: Session, place: Listing, owner: Chat) -> None:
    booking = factories.paid(session, place)
    owner.says("block 25 dec")
    refused = owner.taps("All of it")
    assert "I cannot block" in body(refused)
    assert f"Thu 24 – Sat 26 Dec · Ayesha Khan · {booking.code}" in body(refused)
    assert titles(refused) == ["My blocks"]
    which = owner.says("block 25 dec")
    free = [title for title in titles(which)[1:] if "Yes, block" in titles(owner.taps(title, which))]
    assert len(free) == 2, "the other units are free"


def test_a_guest_who_was_quicker_than_the_tap(session: Session) -> None:
    place = factories.listing(session)
    owner = Chat(session, place.owner_id)
    owner.says("block 24 dec")
    booking = factories.held(session, place)
    refused = owner.taps("Yes, block")
    assert booking.code in body(refused)
    assert session.execute(text("SELECT count(*) FROM blocks")).scalar() == 0


def test_a_block_is_lifted_by_one_tap(session: Session, place: Listing, owner: Chat) -> None:
    assert "Nothing is blocked" in said(owner, "unblock")
    for days in ("24-26 dec", "30 dec"):
        owner.says(f"block {days}")
        owner.taps("All of it")
        owner.taps("Yes, block")
    shown = owner.says("unblock")
    assert [t.replace("\u00a0", " ") for t in titles(shown)] == ["24 Dec – 26 Dec", "30 Dec"]
    told = owner.taps(titles(shown)[0])
    assert "🔓 Open again" in body(told)
    factories.held(session, place)
    row = session.execute(text("SELECT lifted_by, lifted_at FROM blocks ORDER BY id LIMIT 1")).one()
    assert (row.lifted_by, row.lifted_at is not None) == (place.owner_id, True)
    assert len(titles(owner.says("unblock"))) == 1


@pytest.mark.parametrize("words", ["block", "block the road", "block 30 feb", "block 1 nov"])
def test_days_that_cannot_be_read_are_asked_for(place: Listing, owner: Chat, words: str) -> None:
    told = owner.says(words)
    assert isinstance(told, Text)
    assert "block 24-26 dec" in body(told)


def test_a_farmhouse_is_blocked_from_day_to_night(session: Session) -> None:
    place = factories.listing(session)
    factories.change(session, place, mode="SHIFT", hours='{"day": "08:00-18:00", "night": "20:00-06:00"}')
    place = Listing.get(session, place.id)
    starts, ends = block.blocked_span(place, date(2026, 12, 24), date(2026, 12, 25))
    assert (starts.isoformat(), ends.isoformat()) == (
        "2026-12-24T03:00:00+00:00",
        "2026-12-26T01:00:00+00:00",
    )


# ---- prices ----------------------------------------------------------------------------------------


def price(session: Session, place: Listing, stay: Stay) -> int:
    rates = Listing.get(session, place.id).price
    return quote(rates, stay, guests=2, units=1).total.minor


def test_a_price_for_some_nights_holds_for_new_quotes(session: Session, place: Listing, owner: Chat) -> None:
    before = factories.paid(session, place)
    asked = owner.says("price 24-26 dec 15,000")
    assert "Thu 24 Dec: Rs. 9,000 → *Rs. 15,000*" in body(asked)
    assert price(session, place, STAY) == 18_000_00, "not before the yes"
    assert "*Rs. 15,000*. For one night." in body(owner.taps("Yes, change it"))
    assert price(session, place, STAY) == 30_000_00
    assert price(session, place, Stay(date(2026, 12, 26), date(2026, 12, 28))) == 24_000_00
    assert before.total_minor == 18_000_00
    audited = session.execute(text("SELECT person_id, data FROM audit WHERE action = 'SET_PRICE'")).one()
    assert audited.person_id == place.owner_id
    assert audited.data["minor"] == 15_000_00
    owner.says("price 24-26 dec usual")
    owner.taps("Yes, change it")
    assert price(session, place, STAY) == 18_000_00


def test_the_next_saturday(session: Session, place: Listing, owner: Chat) -> None:
    asked = owner.says("price sat Rs 12000")
    assert "Sat 21 Nov: Rs. 9,000 → *Rs. 12,000*" in body(asked)


@pytest.mark.parametrize(
    ("amount", "is_far"), [("1200000", True), ("12", True), ("4500", False), ("45000", False)]
)
def test_a_price_that_is_far_off_is_pointed_out(
    place: Listing, owner: Chat, amount: str, is_far: bool
) -> None:
    assert ("far from your usual price" in said(owner, f"price sat {amount}")) == is_far


def test_a_price_is_in_the_places_own_currency(session: Session, place: Listing, owner: Chat) -> None:
    other = second_place(session, place)
    rates = '{"currency": "JPY", "base_minor": 9000}'
    factories.change(session, other, currency="JPY", rates=rates)
    owner.says("price 24 dec 12000")
    owner.taps(other.name)
    owner.taps("Yes, change it")
    assert Listing.get(session, other.id).price.dated == {Dated(date(2026, 12, 24)): 12000}
    owner.says("price 24 dec 12000.50")
    assert "cannot read" in body(owner.taps(other.name))


def test_a_price_of_a_shift(session: Session, place: Listing, owner: Chat) -> None:
    factories.change(session, place, mode="SHIFT", hours="{}")
    asked = owner.says("price 24 dec night 45000")
    assert "Thu 24 Dec: Rs. 9,000 → *Rs. 45,000*" in body(asked)
    assert "For the shift “Night”." in body(asked)
    assert "For the shift “Night”." in body(owner.taps("Yes, change it"))
    day = date(2026, 12, 24)
    changed = Listing.get(session, place.id).price
    assert changed.dated == {Dated(day, Shift.NIGHT): 45_000_00}
    assert shift_price(changed, day, Shift.DAY).minor == 9_000_00
    assert shift_price(changed, day, Shift.FULL_DAY).minor == 54_000_00
    owner.says("price 24 dec night usual")
    owner.taps("Yes, change it")
    assert Listing.get(session, place.id).price.dated == {}


def test_a_shift_that_was_not_said_is_asked_for(session: Session, place: Listing, owner: Chat) -> None:
    factories.change(session, place, mode="SHIFT", hours="{}")
    assert titles(owner.says("price 24 dec 45000")) == ["Day", "Night", "Full Day", "Full Night"]
    assert "For the shift “Full Day”." in body(owner.taps("Full Day"))
    owner.taps("Yes, change it")
    assert list(Listing.get(session, place.id).price.dated) == [Dated(date(2026, 12, 24), Shift.FULL_DAY)]


def test_a_price_of_a_visit(session: Session, place: Listing, owner: Chat) -> None:
    factories.change(session, place, mode="SLOT", hours='{"durations": [60, 120]}')
    assert titles(owner.says("price 24 dec 3000")) == ["1 hour", "2 hours"]
    assert "For a visit of 2 hours." in body(owner.taps("2 hours"))
    owner.taps("Yes, change it")
    changed = Listing.get(session, place.id).price
    assert slot_price(changed, date(2026, 12, 24), 120).minor == 3_000_00
    assert slot_price(changed, date(2026, 12, 24), 60).minor == 9_000_00


def test_where_visits_have_one_length_nothing_is_asked(session: Session, place: Listing, owner: Chat) -> None:
    factories.change(session, place, mode="SLOT", hours='{"durations": [60]}')
    assert "For a visit of 1 hour." in said(owner, "price 24 dec 3000")


@pytest.mark.parametrize(
    "words", ["price", "price 12000", "price sat", "price sat 0", "price sat 12.345", "price x y"]
)
def test_a_price_that_cannot_be_read(place: Listing, owner: Chat, words: str) -> None:
    told = owner.says(words)
    assert isinstance(told, Text)
    assert "price sat 12000" in body(told) or "cannot read" in body(told)


def test_the_listings_file_does_not_undo_a_price(session: Session, place: Listing, owner: Chat) -> None:
    owner.says("price 24 dec 15000")
    owner.taps("Yes, change it")
    factories.change(session, place, rates='{"currency": "PKR", "base_minor": 800000}')
    assert price(session, place, STAY) == 15_000_00 + 8_000_00


def test_only_the_owner_sets_a_price(session: Session, place: Listing, chat: Chat) -> None:
    day = date(2026, 12, 24)
    chat.taps_template(actions.SetPrice(place.id, day, day, 1))
    chat.taps_template(actions.MakeBlock(place.id, 0, day, day))
    assert price(session, place, STAY) == 18_000_00
    assert session.execute(text("SELECT count(*) FROM blocks")).scalar() == 0


# ---- calendar and earnings -------------------------------------------------------------------------


def test_the_calendar_is_drawn_by_a_job(session: Session, place: Listing, owner: Chat) -> None:
    assert isinstance(owner.says("calendar"), Typing)
    row = session.execute(text("SELECT job, args FROM chores")).one()
    assert row.job == "draw_calendar"
    assert row.args == {"person": place.owner_id, "listing": place.id, "first": "2026-11-01"}
    assert isinstance(owner.says("calendar december"), Typing)
    assert session.execute(text("SELECT max(args ->> 'first') FROM chores")).scalar() == "2026-12-01"


def test_the_bubble_of_the_calendar(session: Session, place: Listing, owner: Chat) -> None:
    owner.says("block 24-26 dec")
    owner.taps("All of it")
    owner.taps("Yes, block")
    factories.held(session, place, stay=Stay(date(2026, 12, 1), date(2026, 12, 2)))
    factories.paid(session, place, stay=Stay(date(2026, 12, 1), date(2026, 12, 3)))
    month = occupancy.month(session, place, date(2026, 12, 1), now=NOW, grace=RULES.hold_grace)
    first, second = month.days[0].parts[0], month.days[1].parts[0]
    assert sorted(first) == sorted([Taken.HELD, Taken.BOOKED, Taken.FREE])
    assert sorted(second) == sorted([Taken.BOOKED, Taken.FREE, Taken.FREE])
    assert [day.free for day in month.days[22:27]] == [3, 0, 0, 0, 3]
    late = NOW + timedelta(hours=1)
    overdue = occupancy.month(session, place, date(2026, 12, 1), now=late, grace=RULES.hold_grace)
    assert Taken.HELD not in overdue.days[0].parts[0]
    session.info["outbox"].clear()
    notices.calendar(session, place.owner_id, place, month, media_id="42", now=NOW)
    (out,) = session.info["outbox"]
    assert isinstance(out.message, Buttons)
    assert out.message.image_id == "42"
    assert "Nothing free: 24–26 Dec" in body(out.message)
    assert [t.replace("\u00a0", " ") for t in titles(out.message)] == ["◀ Nov 2026", "Jan 2027 ▶", "Today"]


def test_a_month_out_of_reach(session: Session, place: Listing, owner: Chat) -> None:
    shown = owner.taps_template(actions.ShowCalendar(place.id, date(2036, 1, 1)))
    assert "so far away" in body(shown)
    assert session.execute(text("SELECT count(*) FROM chores")).scalar() == 0


def test_what_the_month_has_brought(session: Session, place: Listing, owner: Chat) -> None:
    assert "Nothing yet." in said(owner, "earnings")
    issued(session, place)
    factories.confirmed(session, place, now=NOW - timedelta(days=40))
    cancelled = factories.paid(session, place)
    cancelled.cancel_by_guest(session, cause="x", now=NOW)
    told = said(owner, "earnings")
    assert "1 booking: *Rs. 18,000*" in told
    assert "Paid in advance Rs. 5,400, at the property Rs. 12,600" in told


# ---- a guest arrives -------------------------------------------------------------------------------


def test_a_guest_is_checked_in_once(session: Session, place: Listing, owner: Chat) -> None:
    booking, key = issued(session, place)
    code = f"Check in {booking.code}-{ticket.chat_code(key)}"
    told = said(owner, code)
    assert "✅ *Checked in.*" in told
    assert "To collect now: *Rs. 12,600*" in told
    assert factories.last_event(session, booking).action == "CHECK_IN"
    assert factories.last_event(session, booking).actor_id == place.owner_id
    page = ticket.find(session, key, NOW)
    assert page is not None
    assert page.view.state == "used"
    again = said(owner, code)
    assert "*This ticket was used already.*" in again
    assert "Checked in on Fri 20 Nov, 2 pm by Bilal Ahmed." in again
    assert factories.events(session, booking).count("CHECK_IN") == 1
    assert "Has arrived" in str(owner.says("today"))


def test_an_admin_checks_in_too(session: Session, place: Listing, admin: Chat) -> None:
    booking, key = issued(session, place)
    assert "*Checked in.*" in said(admin, f"check in {booking.code} {ticket.chat_code(key).lower()}")


def test_a_guest_is_told_to_show_it(session: Session, place: Listing, chat: Chat) -> None:
    booking, key = issued(session, place, guest_id=chat.person_id)
    code = f"Check in {booking.code}-{ticket.chat_code(key)}"
    assert "Please show this ticket at" in said(chat, code)
    stranger = Chat(session, factories.person(session))
    told = said(stranger, code)
    assert "the owner of the place" in told
    assert place.name not in told
    other_owner = Chat(session, factories.person(session, role="owner"))
    assert "the owner of the place" in said(other_owner, code)
    assert ticket.use_of(session, booking.id) is None


def test_without_the_tickets_code_the_owner_is_asked(session: Session, place: Listing, owner: Chat) -> None:
    booking, _ = issued(session, place)
    shown = owner.says(f"check in {booking.code}")
    assert titles(shown) == ["Guest has arrived", "Today"]
    owner.says(f"check in {booking.code}-AAAAAA")
    assert ticket.use_of(session, booking.id) is None
    assert "*Checked in.*" in body(owner.taps("Guest has arrived", shown))


def test_too_early_cancelled_and_unknown(session: Session, place: Listing, owner: Chat, admin: Chat) -> None:
    booking, key = issued(session, place, STAY)
    code = f"check in {booking.code} {ticket.chat_code(key)}"
    assert "*Too early:* this ticket is for Thu 24 Dec" in said(owner, code)
    assert ticket.use_of(session, booking.id) is None
    booking.withdraw(session, actor=factories.Actor("admin"), cause="x", now=NOW)
    assert "*This ticket is not valid.*" in said(owner, code)
    assert owner.says("check in BK-20261224-77777") is not None


def test_a_code_tells_nothing_of_its_key() -> None:
    keys = [ticket.new_key() for _ in range(50)]
    codes = {ticket.chat_code(key) for key in keys}
    assert len(codes) == 50
    assert all(len(code) == 6 and set(code) <= set(ticket.CODE_LETTERS) for code in codes)


# ---- who is an owner -------------------------------------------------------------------------------


def test_an_owner_is_welcomed_once(session: Session, place: Listing, owner: Chat) -> None:
    owner.state = session.execute(
        text("SELECT state FROM conversations WHERE id = :id"), {"id": place.owner_id}
    ).scalar_one()
    assert said(owner, "salam").startswith("Welcome to *Sarai*! When a guest wants your place")
    assert "*block 24-26 dec*" in body(owner.last)
    assert titles(owner.last) == ["Today", "My blocks", "Earnings"]
    assert titles(owner.says("hi")) == ["Book a stay", "My bookings", "Help"]


def test_a_welcome_waits_for_a_request_and_for_a_command(
    session: Session, place: Listing, owner: Chat
) -> None:
    owner.state = {"welcome": ["owner"]}
    assert "*Today*" in said(owner, "today")
    booking = factories.paid(session, place)
    assert titles(owner.says("hi")) == ["Confirm", "Cancel"]
    factories.decide(session, booking, yes=True)
    assert "Welcome to" in said(owner, "hi")


def test_help_for_an_owner(place: Listing, owner: Chat) -> None:
    shown = owner.says("help")
    assert "*unblock*" in body(shown)
    for title in titles(shown):
        assert owner.taps(title, shown) is not None
        owner.passes(minutes=1)


def test_an_owner_whose_number_is_hidden_is_asked_for_it(session: Session, place: Listing) -> None:
    booking = factories.paid(session, place)
    session.info["outbox"].clear()
    notices.owner_request(session, booking, rules=RULES, now=NOW)
    (out,) = session.info["outbox"]
    stranger = Chat(session, factories.person(session, name="Bilal"), phone=False)
    asked = stranger.taps("Confirm", out.message)
    assert isinstance(asked, ContactRequest)
    assert booking.decision is None
    assert isinstance(stranger.says("I am the owner"), ContactRequest)
    known = Chat(session, factories.person(session))
    assert not isinstance(known.says("I am the owner"), ContactRequest)


def test_somebody_who_becomes_an_owner_by_their_number(session: Session, place: Listing, owner: Chat) -> None:
    owner.state = {"welcome": ["owner"]}
    shared = {"type": "contacts", "contacts": [{"origin": "contact_request", "phones": [{"wa_id": "923"}]}]}
    assert "Welcome to" in body(owner.sends(shared))


def test_answers_stay_answers(session: Session, place: Listing, owner: Chat) -> None:
    other = factories.listing(session)
    owner.says(other.name)
    owner.taps("Book")
    assert "*Today*" not in said(owner, "today"), "the answer to a question"
