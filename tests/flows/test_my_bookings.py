"""What people see of their bookings, and what they can do about them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from flows import notices
from flows.actions import CancelStay, MoreBookings, ShowContact, ShowDirections
from models import outbound, ticket
from models.booking import Booking
from models.lifecycle import Status
from models.listing import Listing
from models.message import Buttons, ContactCard, Document, Link, LocationPin, Menu, Text, Typing
from models.payment import Payment, PaymentFacts, PaymentState
from models.session import Session
from models.stay import Stay
from tests import factories
from tests.factories import NOW, STAY
from tests.flows.conversation import RULES, Chat, body, titles


def give_link(session: Session, booking: Booking) -> Payment:
    payment = Payment.of_booking(session, booking.id)[-1]
    payment.learn(
        PaymentFacts(PaymentState.PENDING, reference=f"cs_{payment.id}", url="https://pay.example/1"), NOW
    )
    payment.write(session)
    return payment


def give_ticket(session: Session, booking: Booking, *, pdf: bytes | None = b"%PDF") -> str:
    key = ticket.new_key()
    view = factories.ticket_view(session, booking, key, rules=RULES)
    booking.issue_ticket(session, cause="test", now=NOW)
    ticket.keep(session, booking.id, key, view, pdf, expires_at=booking.ends_at, now=NOW)
    return key


# ---- seeing ----------------------------------------------------------------------------------------


def test_without_bookings_one_is_offered(chat: Chat) -> None:
    assert titles(chat.says("my bookings")) == ["Book a stay", "Menu"]


def test_a_single_booking_is_shown_at_once(session: Session, chat: Chat) -> None:
    booking = factories.paid(session, guest_id=chat.person_id)
    shown = chat.says("my bookings")
    assert booking.code in body(shown)
    assert "Waiting for Bilal Ahmed to confirm" in body(shown)
    assert titles(shown) == ["Cancel booking", "Menu"]


def test_several_bookings_are_a_list(session: Session, chat: Chat) -> None:
    factories.paid(session, guest_id=chat.person_id)
    factories.held(session, guest_id=chat.person_id)
    listed = chat.says("my bookings")
    assert isinstance(listed, Menu)
    assert len(titles(listed)) == 2
    assert "Waiting for payment" in str(listed)
    opened = chat.taps(titles(listed)[0])
    assert "link to pay" in body(opened)
    assert isinstance(chat.says("back"), Menu)


def test_what_is_still_to_come_stands_first(session: Session, chat: Chat) -> None:
    place = factories.listing(session, units=3)
    later = factories.paid(session, place, guest_id=chat.person_id)
    gone = factories.paid(session, place, guest_id=chat.person_id)
    factories.decide(session, gone, yes=False)
    soon = factories.paid(
        session, place, guest_id=chat.person_id, stay=Stay(date(2026, 12, 1), date(2026, 12, 2))
    )
    rows = [row.id for row in _menu(chat.says("my bookings")).sections[0].rows]
    assert rows == [f"v1:booking:{b.id}" for b in (soon, later, gone)]


@pytest.mark.parametrize(("number", "pages"), [(10, [10]), (11, [9, 2]), (25, [9, 9, 7])])
def test_more_than_ten_bookings_have_pages(
    session: Session, chat: Chat, number: int, pages: list[int]
) -> None:
    place = factories.listing(session, units=number)
    made = {factories.paid(session, place, guest_id=chat.person_id).id for _ in range(number)}
    seen: list[int] = []
    shown: list[int] = []
    listed = chat.says("my bookings")
    while True:
        rows = [row for section in _menu(listed).sections for row in section.rows]
        assert len(rows) <= 10
        of_bookings = [int(row.id.split(":")[2]) for row in rows if row.id.startswith("v1:booking:")]
        seen += of_bookings
        shown.append(len(of_bookings))
        more = next((row for row in rows if row.id.startswith("v1:more:")), None)
        if more is None:
            break
        assert more.description == f"{number - len(seen)} more"
        listed = chat.taps("More bookings")
    assert shown == pages
    assert len(seen) == number
    assert set(seen) == made


def _menu(message: Any) -> Menu:
    assert isinstance(message, Menu)
    return message


def test_a_page_that_is_gone_is_the_first_one(session: Session, chat: Chat) -> None:
    for _ in range(2):
        factories.paid(session, guest_id=chat.person_id)
    assert len(titles(chat.taps_template(MoreBookings(7)))) == 2


# ---- finding the place -----------------------------------------------------------------------------


@pytest.fixture
def on_the_map(session: Session) -> Listing:
    place = factories.listing(session)
    link = "https://maps.google.com/?q=25.1,62.3"
    factories.change(session, place, latitude=25.1, longitude=62.3, map_link=link)
    return Listing.get(session, place.id)


def test_directions_are_a_pin_on_the_phones_map(session: Session, chat: Chat, on_the_map: Listing) -> None:
    give_ticket(session, factories.confirmed(session, on_the_map, guest_id=chat.person_id))
    page = chat.says("my bookings")
    assert isinstance(page, Menu)
    assert titles(page) == ["Ticket", "Directions", "Contact", "Cancel booking", "Menu"]
    pin = chat.taps("Directions")
    assert isinstance(pin, LocationPin)
    assert (pin.latitude, pin.longitude, pin.name) == (25.1, 62.3, on_the_map.name)
    assert pin.address == "Gwadar, Pakistan · https://maps.google.com/?q=25.1,62.3"


def test_a_place_known_by_its_link_only_is_shown_by_it(session: Session, chat: Chat) -> None:
    place = factories.listing(session)
    factories.change(session, place, map_link="https://maps.example/1")
    booking = factories.confirmed(session, place, guest_id=chat.person_id)
    assert "https://maps.example/1" in body(chat.taps_template(ShowDirections(booking.id)))


def test_the_contact_is_a_card(session: Session, chat: Chat, on_the_map: Listing) -> None:
    factories.confirmed(session, on_the_map, guest_id=chat.person_id)
    chat.says("my bookings")
    card = chat.taps("Contact")
    assert card == ContactCard("Bilal Ahmed", "+923000000201", on_the_map.name)


@pytest.mark.parametrize("action", [ShowContact, ShowDirections])
def test_where_and_who_is_told_once_it_is_confirmed(
    session: Session, chat: Chat, on_the_map: Listing, action: Any
) -> None:
    booking = factories.paid(session, on_the_map, guest_id=chat.person_id)
    assert "Waiting for Bilal Ahmed" in body(chat.taps_template(action(booking.id)))


def test_another_ones_booking_tells_nothing(session: Session, chat: Chat, on_the_map: Listing) -> None:
    booking = factories.confirmed(session, on_the_map)
    assert not isinstance(chat.taps_template(ShowContact(booking.id)), ContactCard)


# ---- paying ----------------------------------------------------------------------------------------


def test_an_unpaid_booking_shows_its_page(session: Session, chat: Chat) -> None:
    booking = factories.held(session, guest_id=chat.person_id)
    give_link(session, booking)
    chat.now = NOW + timedelta(minutes=5)
    shown = chat.says("my bookings")
    assert isinstance(shown, Link)
    assert shown.url == "https://pay.example/1"
    assert shown.label == "Pay Rs. 5,400"
    assert "until *2:15 pm* (10 minutes)" in body(shown)


def test_a_guest_of_another_time_zone_is_told_how_long_only(session: Session, chat: Chat) -> None:
    camp = factories.listing(session, time_zone="Asia/Kolkata")
    give_link(session, factories.held(session, camp, guest_id=chat.person_id))
    chat.now = NOW + timedelta(minutes=5)
    shown = body(chat.says("my bookings"))
    assert "We keep the place for you for *10 minutes*." in shown
    assert "until" not in shown


@pytest.mark.parametrize(
    ("make", "told", "offered"),
    [
        (factories.confirmed, "*Confirmed.* See you on Thu 24 Dec", ["Contact", "Cancel booking", "Menu"]),
        (factories.decided, "The owner said yes", ["Cancel booking", "Menu"]),
    ],
)
def test_each_status_is_told_in_words(
    session: Session, chat: Chat, make: Any, told: str, offered: list[str]
) -> None:
    make(session, guest_id=chat.person_id)
    shown = chat.says("my bookings")
    assert told in body(shown)
    assert titles(shown) == offered


def test_the_words_of_what_has_ended(session: Session, chat: Chat) -> None:
    booking = factories.held(session, guest_id=chat.person_id)
    booking.expire(session, cause="x", now=NOW)
    shown = chat.says("my bookings")
    assert "time to pay ran out" in body(shown)
    assert titles(shown) == ["Book again", "Menu"]


def test_declined_without_a_charge(session: Session, chat: Chat) -> None:
    booking = factories.paid(session, guest_id=chat.person_id)
    factories.decide(session, booking, yes=False)
    assert "reserved on your card is released" in body(chat.says("my bookings"))


# ---- ticket again ----------------------------------------------------------------------------------


def test_the_ticket_comes_again_as_a_document(session: Session, chat: Chat) -> None:
    booking = factories.confirmed(session, guest_id=chat.person_id)
    key = give_ticket(session, booking)
    assert titles(chat.says("my bookings")) == ["Ticket", "Contact", "Cancel booking", "Menu"]
    sent = chat.taps("Ticket")
    assert isinstance(sent, Document)
    assert sent.link == f"https://sarai.example/eticket/{key}.pdf"
    assert f"https://sarai.example/eticket/{key}" in sent.caption
    assert isinstance(chat.says("ticket"), Document)


def test_without_a_pdf_the_ticket_is_its_link(session: Session, chat: Chat) -> None:
    booking = factories.confirmed(session, guest_id=chat.person_id)
    key = give_ticket(session, booking, pdf=None)
    sent = chat.says("ticket")
    assert isinstance(sent, Text)
    assert key in sent.body


def test_no_ticket_yet_shows_how_things_stand(session: Session, chat: Chat) -> None:
    factories.paid(session, guest_id=chat.person_id)
    assert "Waiting for Bilal Ahmed" in body(chat.says("ticket"))


# ---- giving it up ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (factories.held, "Nothing was paid"),
        (factories.paid, "Your card is *not charged*"),
        (factories.confirmed, "You get back all of it, *Rs. 5,400*"),
    ],
)
def test_the_refund_is_shown_before_it_is_agreed(session: Session, chat: Chat, make: Any, told: str) -> None:
    booking = make(session, guest_id=chat.person_id)
    asked = chat.says("cancel")
    assert told in body(asked)
    assert titles(asked) == ["Yes, cancel it", "Keep it"]
    assert booking.status != Status.GUEST_CANCELLED
    done = chat.taps("Yes, cancel it")
    assert f"{booking.code} is cancelled" in body(done)
    assert told in body(done)
    assert "GUEST_CANCELLED" in _to(session, booking)
    assert factories.allocations(session, booking) == []


def _to(session: Session, booking: Booking) -> list[str]:
    return list(
        session.scalars(
            text("SELECT to_status FROM booking_events WHERE booking_id = :id"), {"id": booking.id}
        )
    )


def test_a_refund_that_changed_is_shown_again(session: Session, chat: Chat) -> None:
    booking = factories.confirmed(session, guest_id=chat.person_id)
    asked = chat.says("cancel")
    chat.now = booking.starts_at - timedelta(hours=3)
    again = chat.taps("Yes, cancel it", asked)
    assert "refund has changed" in body(again)
    assert "You get back *Rs. 4,050* of Rs. 5,400" in body(again)
    assert booking.status == Status.OWNER_CONFIRMED
    assert "cancelled" in body(chat.says("yes"))
    assert booking.status == Status.REFUND_REQUIRED


def test_keeping_it_changes_nothing(session: Session, chat: Chat) -> None:
    booking = factories.paid(session, guest_id=chat.person_id)
    chat.says("my bookings")
    chat.taps("Cancel booking")
    assert booking.code in body(chat.says("no"))
    assert booking.status == Status.PAYMENT_SUCCESS


def test_cancel_asks_which_of_several(session: Session, chat: Chat) -> None:
    factories.paid(session, guest_id=chat.person_id)
    factories.paid(session, guest_id=chat.person_id)
    which = chat.says("cancel")
    assert isinstance(which, Menu)
    assert titles(chat.taps(titles(which)[1])) == ["Yes, cancel it", "Keep it"]


def test_with_nothing_to_cancel_cancel_says_so(chat: Chat) -> None:
    assert "no booking to cancel" in body(chat.says("cancel"))


def test_a_second_yes_is_told_that_it_is_done(session: Session, chat: Chat) -> None:
    booking = factories.paid(session, guest_id=chat.person_id)
    asked = chat.says("cancel")
    chat.taps("Yes, cancel it")
    chat.passes(minutes=1)
    assert "Cancelled" in body(chat.taps("Yes, cancel it", asked))
    assert factories.events(session, booking).count("CANCEL_BY_GUEST") == 1


# ---- paying, and booking again ---------------------------------------------------------------------


def test_try_again_begins_another_payment_in_the_same_hold(session: Session, chat: Chat) -> None:
    booking = factories.held(session, guest_id=chat.person_id)
    factories.tell(session, booking, PaymentFacts(PaymentState.FAILED))
    shown = chat.says("my bookings")
    assert "did not go through" in body(shown)
    assert isinstance(chat.taps("Try again", shown), Typing)
    assert len(Payment.of_booking(session, booking.id)) == 2
    chat.passes(minutes=1)
    assert "link to pay" in body(chat.taps("Try again", shown))  # it is open already
    assert len(Payment.of_booking(session, booking.id)) == 2


def test_a_page_that_may_not_exist_is_not_waited_for(session: Session, chat: Chat) -> None:
    """The provider did not answer when the page was to be made: another try is another payment."""
    booking = factories.held(session, guest_id=chat.person_id)
    factories.tell(session, booking, PaymentFacts(PaymentState.UNKNOWN))
    assert isinstance(chat.taps("Try again", chat.says("my bookings")), Typing)
    assert len(Payment.of_booking(session, booking.id)) == 2


def test_a_code_that_is_typed_shows_its_booking_to_its_guest(session: Session, chat: Chat) -> None:
    booking = factories.paid(session, guest_id=chat.person_id)
    assert booking.code in body(chat.says(f" {booking.code.lower()} "))
    stranger = Chat(session, factories.person(session))
    assert "did not understand" in body(stranger.says(booking.code))


def test_book_again_goes_straight_to_the_summary(session: Session, chat: Chat) -> None:
    booking = factories.held(session, guest_id=chat.person_id)
    booking.expire(session, cause="x", now=NOW)
    chat.says("my bookings")
    summary = chat.taps("Book again")
    assert titles(summary) == ["Pay by card", "Change", "Cancel"]
    assert "Thu 24 Dec" in body(summary)
    assert isinstance(chat.taps("Pay by card"), Typing)
    codes = session.scalars(
        text("SELECT code FROM bookings WHERE person_id = :id"), {"id": chat.person_id}
    ).all()
    assert len(set(codes)) == 2
    assert booking.status == Status.EXPIRED


def test_book_again_for_days_that_are_over_asks_for_others(session: Session, chat: Chat) -> None:
    booking = factories.held(session, guest_id=chat.person_id)
    booking.expire(session, cause="x", now=NOW)
    chat.now = NOW + timedelta(days=60)
    chat.says("my bookings")
    asked = chat.taps("Book again")
    assert "too late for Thu 24 Dec" in body(asked)
    chat.taps(titles(asked)[0])
    assert "Total" in body(chat.last)  # nights, guests and name are known


def test_book_again_where_it_is_full_now(session: Session, chat: Chat) -> None:
    room = factories.listing(session, units=1)
    booking = factories.held(session, room, guest_id=chat.person_id)
    booking.expire(session, cause="x", now=NOW)
    factories.held(session, room, stay=STAY)
    chat.says("my bookings")
    assert "is full on these dates" in body(chat.taps("Book again"))


def test_after_the_stay_nothing_can_be_cancelled(session: Session, chat: Chat, place: Listing) -> None:

    booking = factories.confirmed(
        session, place, guest_id=chat.person_id, stay=Stay(date(2026, 11, 21), date(2026, 11, 22))
    )
    chat.now = booking.ends_at + timedelta(hours=1)
    assert "no booking to cancel" in body(chat.says("cancel"))
    assert isinstance(chat.last, Buttons)


# ---- a way out of paying ---------------------------------------------------------------------------


def waits_for_money(session: Session, chat: Chat, place: Listing) -> tuple[Buttons, Booking]:
    """A booking whose link to pay is out, and the summary it was accepted from."""
    summary = chat.comes_to_the_summary(place.name)
    assert isinstance(summary, Buttons)
    chat.taps("Pay by card")
    booking = chat.bookings()[0]
    give_link(session, booking)
    return summary, booking


@pytest.mark.parametrize("said", ["👍", "ok", "yes", "theek hai"])
def test_a_yes_to_what_came_since_cancels_nothing(session: Session, chat: Chat, said: str) -> None:
    """“Cancel this booking?” is left unanswered, something is told unasked, and the guest is content with that."""
    booking = factories.confirmed(session, guest_id=chat.person_id)
    chat.says("cancel")
    assert "Cancel this booking?" in body(chat.last)
    chat.passes(minutes=5)
    notices.stay_begins(session, booking, rules=RULES, now=chat.now)
    outbound.number_and_write(session)
    chat.says(said)
    assert Booking.get(session, booking.id).status == Status.OWNER_CONFIRMED


def test_a_typed_title_is_not_taken_for_an_older_bubbles(session: Session, place: Listing) -> None:
    """The owner looks at one request, another one comes unasked: “Confirm” is not the first one's for sure."""
    owner = Chat(session, place.owner_id, name="Bilal Ahmed")
    first, second = factories.paid(session, place), factories.paid(session, place)
    assert first.code in body(owner.says("requests"))
    notices.owner_request(session, second, rules=RULES, now=owner.now)
    outbound.number_and_write(session)
    shown = owner.says("Confirm")
    assert Booking.get(session, first.id).decision is None
    assert Booking.get(session, second.id).decision is None
    assert "Confirm" in titles(shown)
    owner.says("Confirm")
    assert Booking.get(session, first.id).decision == "YES"


def test_of_two_bookings_with_one_title_none_is_guessed(session: Session, chat: Chat, place: Listing) -> None:
    two = [factories.paid(session, place, guest_id=chat.person_id) for _ in range(2)]
    assert isinstance(chat.says("my bookings"), Menu)
    shown = body(chat.says(place.name[:24]))
    assert not any(booking.code in shown for booking in two)


def test_a_yes_to_the_question_itself_cancels(session: Session, chat: Chat) -> None:
    booking = factories.confirmed(session, guest_id=chat.person_id)
    notices.stay_begins(session, booking, rules=RULES, now=chat.now)
    outbound.number_and_write(session)
    chat.passes(minutes=5)
    chat.says("cancel")
    chat.says("yes")
    assert Booking.get(session, booking.id).status != Status.OWNER_CONFIRMED


@pytest.mark.parametrize("title", ["Cancel", "Change"])
def test_the_old_summary_leads_out_of_a_payment(
    session: Session, chat: Chat, place: Listing, title: str
) -> None:
    summary, booking = waits_for_money(session, chat, place)
    asked = chat.taps(title, summary)
    assert "Cancel this booking?" in body(asked)
    assert "Nothing was paid" in body(asked)
    assert ("To change it, cancel it first" in body(asked)) == (title == "Change")
    assert booking.code in body(chat.taps("Yes, cancel it"))
    assert factories.allocations(session, booking) == []
    if title == "Change":
        assert titles(chat.last) == ["Book again", "Menu"]
        assert "Total" in body(chat.taps("Book again"))


def test_the_old_summary_of_a_paid_booking_shows_how_it_stands(
    session: Session, chat: Chat, place: Listing
) -> None:
    summary = chat.comes_to_the_summary(place.name)
    chat.taps("Pay by card")
    factories.tell(session, chat.bookings()[0], PaymentFacts(PaymentState.AUTHORIZED))
    assert "Waiting for Bilal Ahmed" in body(chat.taps("Cancel", summary))


def test_the_link_names_the_word_that_gives_it_up(session: Session, chat: Chat, place: Listing) -> None:
    waits_for_money(session, chat, place)
    shown = chat.says("my bookings")
    assert isinstance(shown, Link)
    assert shown.footer == "To give it up, type: cancel"
    assert "Cancel this booking?" in body(chat.says("cancel"))


def test_who_holds_too_many_may_cancel_from_the_list(session: Session, chat: Chat, place: Listing) -> None:
    for _ in range(2):
        give_link(session, factories.held(session, guest_id=chat.person_id))
    chat.comes_to_the_summary(place.name)
    told = chat.taps("Pay by card")
    assert titles(told) == ["Cancel one", "My bookings", "Menu"]
    which = chat.taps("Cancel one")
    assert "Which booking would you like to cancel?" in body(which)
    assert titles(chat.taps(titles(which)[0])) == ["Yes, cancel it", "Keep it"]


# ---- what comes back ------------------------------------------------------------------------------


@pytest.mark.parametrize("time_zone", ["Asia/Karachi", "Asia/Kolkata", "America/New_York"])
@pytest.mark.parametrize(
    ("left", "told", "refund_minor"),
    [
        (timedelta(hours=24), "You get back all of it, *Rs. 5,400*", 5_400_00),
        (timedelta(hours=24) - timedelta(minutes=1), "You get back *Rs. 4,050* of Rs. 5,400", 4_050_00),
        (timedelta(hours=2), "You get back *Rs. 4,050* of Rs. 5,400", 4_050_00),
        (timedelta(hours=2) - timedelta(minutes=1), "You get back *Rs. 2,700* of Rs. 5,400", 2_700_00),
        (timedelta(hours=-1), "You get back *Rs. 2,700* of Rs. 5,400", 2_700_00),
    ],
)
def test_captured_money_comes_back_by_the_tiers(
    session: Session, chat: Chat, left: timedelta, told: str, refund_minor: int, time_zone: str
) -> None:
    place = factories.listing(session, time_zone=time_zone)
    booking = factories.confirmed(session, place, guest_id=chat.person_id)
    chat.now = booking.starts_at - left
    assert told in body(chat.taps_template(CancelStay(booking.id)))
    chat.now = booking.starts_at - left
    assert told in body(chat.taps("Yes, cancel it"))
    assert Booking.get(session, booking.id).status == Status.REFUND_REQUIRED
    owed = session.execute(
        text("SELECT data FROM booking_events WHERE booking_id = :id AND action = 'REQUIRE_REFUND'"),
        {"id": booking.id},
    ).scalar_one()
    assert owed["refund_minor"] == refund_minor
    jobs = session.scalars(text("SELECT job FROM follow_ups WHERE booking_id = :id"), {"id": booking.id})
    assert "tell_refund_required" in set(jobs)  # the admins hear of it


def test_terms_that_give_nothing_back_say_so_and_owe_nothing(session: Session, chat: Chat) -> None:
    place = factories.listing(session, policy={"tiers": [{"hours": 48, "percent": 100}], "otherwise": 0})
    booking = factories.confirmed(session, place, guest_id=chat.person_id)
    chat.now = booking.starts_at - timedelta(hours=3)
    assert "*no refund* is due" in body(chat.taps_template(CancelStay(booking.id)))
    chat.taps("Yes, cancel it")
    assert Booking.get(session, booking.id).status == Status.GUEST_CANCELLED
