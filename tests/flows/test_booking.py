"""From “hi” to the accepted summary: every answer by tap or by typing, and every way to stumble."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from flows import actions
from models.booking import Booking
from models.lifecycle import Status
from models.listing import Listing
from models.message import Buttons, ContactRequest, Menu, Text, Typing
from models.session import Session
from models.stay import Stay
from tests import factories
from tests.factories import NOW, STAY
from tests.flows.conversation import Chat, body, options, titles

CHRISTMAS = "24 Dec to 26 Dec"


def newest(session: Session, chat: Chat) -> Booking:
    last = text("SELECT max(id) FROM bookings WHERE person_id = :id")
    return Booking.get(session, session.execute(last, {"id": chat.person_id}).scalar_one())


# ---- the whole way ---------------------------------------------------------------------------------


def test_from_hi_to_the_payment_by_tapping(session: Session, chat: Chat, place: Listing) -> None:
    menu = chat.says("hi")
    assert titles(menu) == ["Book a stay", "My bookings", "Help"]
    card = chat.says(place.name)
    assert isinstance(card, Buttons)
    assert titles(card) == ["Book", "Other places"]
    assert "Rs. 9,000 a night" in body(card)
    dates = chat.taps("Book")
    assert isinstance(dates, Menu)
    assert titles(dates)[:2] == ["Sat 21 Nov", "Sun 22 Nov"]
    assert titles(dates)[-1] == "More dates"
    nights = chat.taps("Sun 22 Nov")
    assert titles(nights) == ["1 night", "2 nights", "More nights"]
    guests = chat.taps("2 nights")
    assert titles(guests) == ["1 guest", "2 guests", "3 guests", "4 guests"]
    name = chat.taps("2 guests")
    assert titles(name) == ["Ayesha Khan"]
    summary = chat.taps("Ayesha Khan")
    assert titles(summary) == ["Pay by card", "Change", "Cancel"]
    for words in (
        place.name,
        "Sun 22 Nov, 2 pm",
        "Tue 24 Nov, 11 am",
        "Guests: 2",
        "Name: Ayesha Khan",
        "2 nights: Rs. 18,000",
        "Total: Rs. 18,000",
        "*Pay now: Rs. 5,400*",
        "At the property: Rs. 12,600",
    ):
        assert words in body(summary)
    assert newest(session, chat).status == Status.INITIATED
    assert isinstance(chat.taps("Pay by card"), Typing)
    booking = newest(session, chat)
    assert booking.status == Status.PAYMENT_PENDING
    assert (booking.stay, booking.guests, booking.guest_name) == (
        Stay(date(2026, 11, 22), date(2026, 11, 24)),
        2,
        "Ayesha Khan",
    )
    assert factories.allocations(session, booking)
    assert "draft" not in chat.state


def test_from_hi_to_the_payment_by_typing(session: Session, chat: Chat, place: Listing) -> None:
    assert titles(chat.says("Hello"))[0] == "Book a stay"
    assert "What kind of place" in body(chat.says("book a stay"))
    chat.says(place.name.lower())
    assert "Which day" in body(chat.says("Book"))
    chat.says("24/12 for 2 nights")
    chat.says("we are two")
    assert "Name: Ali Khan" in body(chat.says("my name is ali khan"))
    assert isinstance(chat.says("pay by card"), Typing)
    assert newest(session, chat).status == Status.PAYMENT_PENDING


def test_one_typed_line_answers_dates_nights_and_guests(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    asked = chat.says("24 Dec for 2 nights, 2 adults")
    assert "Noted: Thu 24 – Sat 26 Dec · 2 nights, 2 guests." in body(asked)
    assert titles(asked) == ["Ayesha Khan"]


def test_nothing_to_pay_now_asks_for_the_booking(session: Session, chat: Chat) -> None:
    free = factories.listing(session, advance=0)
    summary = chat.comes_to_the_summary(free.name)
    assert titles(summary) == ["Request booking", "Change", "Cancel"]
    assert "Nothing to pay now" in body(summary)
    assert isinstance(chat.taps("Request booking"), Typing)
    assert newest(session, chat).status == Status.PAYMENT_SUCCESS


def test_yes_accepts_the_summary(session: Session, chat: Chat, place: Listing) -> None:
    chat.comes_to_the_summary(place.name)
    assert isinstance(chat.says("Yes please"), Typing)
    assert newest(session, chat).status == Status.PAYMENT_PENDING


def test_a_guest_without_a_profile_name_types_one(chat: Chat, place: Listing) -> None:
    chat.name = None
    chat.says(place.name)
    chat.taps("Book")
    chat.says(CHRISTMAS)
    assert isinstance(chat.says("2"), Text)
    assert "Name: Sara" in body(chat.says("sara"))


def test_a_hidden_phone_is_asked_for(session: Session, place: Listing) -> None:
    hidden = Chat(session, factories.person(session), phone=False)
    session.connection().exec_driver_sql(
        f"DELETE FROM person_identifiers WHERE kind = 'phone' AND person_id = {hidden.person_id}"
    )
    hidden.says(place.name)
    hidden.taps("Book")
    hidden.says(CHRISTMAS)
    hidden.says("2")
    assert isinstance(hidden.taps("Ayesha Khan"), ContactRequest)
    assert isinstance(hidden.says("0300 1234567"), ContactRequest)
    session.connection().exec_driver_sql(
        f"INSERT INTO person_identifiers VALUES ('phone', '+923009999999', {hidden.person_id}, now())"
    )
    assert "Total" in body(hidden.sends({"type": "contacts", "contacts": [{"origin": "contact_request"}]}))


# ---- dates, nights, guests -------------------------------------------------------------------------


def test_more_days_and_more_nights(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    first_page = chat.taps("Book")
    second_page = chat.taps("More dates")
    assert not set(titles(first_page)[:-1]) & set(titles(second_page)[:-1])
    chat.taps("Mon 30 Nov")
    more = chat.taps("More nights")
    assert titles(more)[0] == "1 night"
    assert len(titles(more)) == 10
    assert "How many guests" in body(chat.says("12"))


def test_only_free_days_and_nights_are_offered(session: Session, chat: Chat) -> None:
    room = factories.listing(session, units=1)
    factories.held(session, room, stay=Stay(date(2026, 11, 24), date(2026, 11, 26)))
    chat.says(room.name)
    offered = titles(chat.taps("Book"))
    assert offered[:4] == ["Sat 21 Nov", "Sun 22 Nov", "Mon 23 Nov", "Thu 26 Nov"]
    nights = chat.taps("Sun 22 Nov")
    assert titles(nights) == ["1 night", "2 nights"]
    assert "2 nights are free from that day" in body(nights)


def test_typed_dates_that_are_taken_bring_the_nearest_free_ones(session: Session, chat: Chat) -> None:
    room = factories.listing(session, units=1)
    factories.held(session, room, stay=STAY)
    chat.says(room.name)
    chat.taps("Book")
    sorry = chat.says(CHRISTMAS)
    assert "is full on these dates" in body(sorry)
    assert titles(sorry) == ["22 – 24 Dec", "26 – 28 Dec", "Other dates"]
    assert "How many guests" in body(chat.taps("26 – 28 Dec"))


def test_a_full_season_offers_other_places(session: Session, chat: Chat) -> None:
    room = factories.listing(session, units=1)
    factories.held(session, room, stay=Stay(date(2026, 11, 21), date(2027, 4, 1)))
    chat.says(room.name)
    full = chat.taps("Book")
    assert "no free day" in body(full)
    assert titles(full) == ["Other places"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("1 nov", "That day is over"),
        ("today", "too late for today: check-in was at 2 pm"),
        ("31 nov", "There is no 31 Nov: that month ends on Mon 30 Nov"),
        ("28 to 31 nov", "There is no 31 Nov"),
        ("24 dec 2027", "until Thu 18 Feb at the latest"),
        ("5-12", "not sure which day"),
        ("16 to 14 march", "has to be after"),
        ("december", "Which day exactly"),
        ("whenever", "did not find a date"),
    ],
)
def test_dates_that_do_not_work_are_explained(chat: Chat, place: Listing, said: str, told: str) -> None:
    chat.says(place.name)
    chat.taps("Book")
    asked = chat.says(said)
    assert told in body(asked)
    assert isinstance(asked, Menu)


def test_too_long_a_stay_is_explained(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    asked = chat.says("24 dec for 40 nights")
    assert "longest stay here is 30 nights" in body(asked)
    assert "1 night" in titles(asked)


def test_far_too_many_nights_are_a_number_all_the_same(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    chat.says("24 dec")
    assert "longest stay here is 30 nights" in body(chat.says("40"))


def test_a_yes_accepts_after_something_that_was_not_understood(chat: Chat, place: Listing) -> None:
    chat.comes_to_the_summary(place.name)
    assert "To accept, tap the first button" in body(chat.says("looks right to me"))
    assert isinstance(chat.says("yes"), Typing)


def test_a_party_takes_several_rooms_together(session: Session, chat: Chat, place: Listing) -> None:
    summary = chat.comes_to_the_summary(place.name, guests="5")
    assert "Guests: 5 (3 huts)" in body(summary)
    assert "2 nights × 3 huts: Rs. 54,000\n\nTotal:" in body(summary)
    chat.taps("Pay by card")
    assert len(factories.allocations(session, newest(session, chat))) == 3


def test_too_many_guests_hear_how_many_fit(session: Session, chat: Chat, place: Listing) -> None:
    factories.held(session, place, stay=STAY)
    chat.says(place.name)
    chat.taps("Book")
    chat.says(CHRISTMAS)
    asked = chat.says("6")
    assert "has room for 4 guests" in body(asked)
    assert titles(chat.says("4")) == ["Ayesha Khan"]


def test_more_guests_than_ever_fit_hear_the_most(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    chat.says(CHRISTMAS)
    for guests in ("7", "250"):
        asked = chat.says(guests)
        assert f"*{place.name}* takes at most 6 guests." in body(asked)
        assert isinstance(asked, Menu)
    assert titles(chat.says("6")) == ["Ayesha Khan"]


def test_a_day_that_no_calendar_has_brings_the_free_ones_around_it(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    asked = chat.says("31 nov")
    assert titles(asked)[:2] == ["Mon 30 Nov", "Tue 1 Dec"]
    asked = chat.says("30 feb")
    assert "There is no 30 Feb: that month ends on Sun 28 Feb" in body(asked)
    assert "You can book until Thu 18 Feb at the latest" in body(asked)
    assert titles(asked) == ["Earlier dates", "Other places"]


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (48, "Cancel free until Sat 21 Nov, 2 pm"),
        (12, "If you cancel until Sun 22 Nov, 12 noon: 75% of the advance back, later 50%"),
        (1, "If you cancel: 50% of the advance back"),
    ],
)
def test_the_summary_tells_the_terms_of_a_cancellation(
    chat: Chat, place: Listing, hours: int, told: str
) -> None:
    chat.now = NOW + timedelta(hours=47 - hours)
    assert told in body(chat.comes_to_the_summary(place.name, "22 nov for 1 night"))


def test_where_nobody_is_asked_nobody_is_waited_for(session: Session, chat: Chat) -> None:
    summary = chat.comes_to_the_summary(factories.listing(session, approval="INSTANT").name)
    assert "_Confirmed as soon as you have paid._" in body(summary)
    assert "owner says yes" not in body(summary)


def test_next_saturday_says_which_one_it_took(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    asked = chat.says("next saturday")
    assert "I took that as *Sat 28 Nov*. If you meant 21 Nov" in body(asked)
    assert "Arriving *Sat 21 Nov*" in body(chat.says("21 nov"))


# ---- answers to other questions, going back, changing ----------------------------------------------


def test_an_answer_to_another_question_is_taken_and_said(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    asked = chat.says("2 adults")
    assert "Noted: 2 guests." in body(asked)
    assert "Which day" in body(asked)
    chat.says("24 dec")
    assert titles(chat.says("2 nights")) == ["Ayesha Khan"]
    moved = chat.says("25 dec to 27 dec")
    assert "Noted: Fri 25 – Sun 27 Dec · 2 nights." in body(moved)
    assert titles(moved) == ["Ayesha Khan"]
    assert "Check-in: Fri 25 Dec" in body(chat.taps("Ayesha Khan"))


def test_back_goes_one_question_back_and_on_again(chat: Chat, place: Listing) -> None:
    chat.comes_to_the_summary(place.name)
    assert titles(chat.says("back")) == ["Ayesha Khan"]
    assert "How many guests" in body(chat.says("back"))
    assert "How many nights" in body(chat.says("BACK"))
    assert "Which day" in body(chat.says("wapas"))
    assert titles(chat.says("back")) == ["Book", "Other places"]
    assert "Total" in body(chat.taps("Book"))


@pytest.mark.parametrize(
    ("what", "answer", "told"),
    [
        ("Day of arrival", "28 dec", "Check-in: Mon 28 Dec"),
        ("Nights", "3", "Check-out: Sun 27 Dec"),
        ("Guests", "1", "Guests: 1"),
        ("Name", "Sara Khan", "Name: Sara Khan"),
    ],
)
def test_one_answer_is_changed_and_the_summary_comes_straight_back(
    session: Session, chat: Chat, place: Listing, what: str, answer: str, told: str
) -> None:
    chat.comes_to_the_summary(place.name)
    before = newest(session, chat).id
    chat.taps("Change")
    chat.taps(what)
    summary = chat.says(answer)
    if what == "Day of arrival":
        summary = chat.taps("2 nights")
    assert told in body(summary)
    assert "Total" in body(summary)
    booking = newest(session, chat)
    assert booking.id == before
    assert booking.revision == 2


def test_an_old_summary_is_not_accepted_but_shown_anew(session: Session, chat: Chat, place: Listing) -> None:
    old = chat.comes_to_the_summary(place.name)
    chat.taps("Change")
    chat.taps("Nights")
    chat.says("1")
    shown = chat.taps("Pay by card", old)
    assert "You changed something since then" in body(shown)
    assert newest(session, chat).status == Status.INITIATED
    assert isinstance(chat.taps("Pay by card", shown), Typing)


def test_the_summary_asked_for_again_is_not_written_again(
    session: Session, chat: Chat, place: Listing
) -> None:
    chat.comes_to_the_summary(place.name)
    chat.says("menu")
    chat.taps("Book a stay")
    chat.taps("Continue")
    assert newest(session, chat).revision == 1


# ---- leaving and coming back -----------------------------------------------------------------------


def test_a_half_finished_booking_is_remembered(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    chat.says(CHRISTMAS)
    assert "half-finished booking" in body(chat.says("menu"))
    offer = chat.taps("Book a stay")
    assert place.name in body(offer)
    assert "Thu 24 – Sat 26 Dec" in body(offer)
    assert "How many guests" in body(chat.says("yes"))


def test_help_leaves_the_question_open(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    chat.says(CHRISTMAS)
    assert titles(chat.says("help")) == ["Continue", "My bookings", "Talk to a person"]
    assert titles(chat.says("2")) == ["Ayesha Khan"]


def test_cancel_gives_the_draft_up(session: Session, chat: Chat, place: Listing) -> None:
    summary = chat.comes_to_the_summary(place.name)
    assert "is given up" in body(chat.says("cancel"))
    assert newest(session, chat).status == Status.GUEST_CANCELLED
    assert "draft" not in chat.state
    assert "Cancelled. Nothing was charged" in body(chat.taps("Pay by card", summary))
    assert titles(chat.says("my bookings")) == ["Book a stay", "Menu"]  # it never held a place


def test_another_place_keeps_the_row_and_rewrites_it(session: Session, chat: Chat, place: Listing) -> None:
    chat.comes_to_the_summary(place.name)
    before = newest(session, chat).id
    other = factories.listing(session)
    summary = chat.comes_to_the_summary(other.name)
    booking = newest(session, chat)
    assert (booking.id, booking.listing_id, booking.revision) == (before, other.id, 2)
    assert other.name in body(summary)


def test_another_place_for_the_same_stay_comes_straight_back(
    session: Session, chat: Chat, place: Listing
) -> None:
    chat.comes_to_the_summary(place.name)
    chat.taps("Change")
    assert "What kind of place" in body(chat.taps("Another place"))
    other = factories.listing(session)
    chat.says(other.name)
    summary = chat.taps("Book")
    assert other.name in body(summary)
    assert "Thu 24 Dec" in body(summary)
    assert newest(session, chat).revision == 2


def test_a_place_that_closed_is_not_booked_from_an_old_summary(
    session: Session, chat: Chat, place: Listing
) -> None:
    summary = chat.comes_to_the_summary(place.name)
    factories.change(session, place, active=False)
    chat.taps("Pay by card", summary)
    assert chat.bookings() == []
    held = session.execute(text("SELECT count(*) FROM allocations WHERE listing_id = :id"), {"id": place.id})
    assert held.scalar() == 0


def test_a_place_that_closed_ends_its_draft(session: Session, chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    factories.change(session, place, active=False)
    assert "What kind of place" in body(chat.says(CHRISTMAS))
    assert "draft" not in chat.state


def test_cancel_at_the_menu_gives_the_draft_up_too(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    chat.says(CHRISTMAS)
    chat.says("menu")
    assert "is given up" in body(chat.says("cancel"))


def test_what_another_release_remembered_is_no_reason_to_fail(chat: Chat, place: Listing) -> None:
    chat.state = {"at": "book.guests", "draft": {"listing": place.id, "pets": 2}, "mood": "sunny"}
    assert "Which day" in body(chat.says("4"))


def test_a_draft_that_lies_too_long_is_checked_again(session: Session, chat: Chat) -> None:
    room = factories.listing(session, units=1)
    chat.comes_to_the_summary(room.name, "24 Dec to 26 Dec")
    factories.held(session, room, stay=STAY)
    chat.says("menu")
    chat.taps("Book a stay")
    assert "is full on these dates" in body(chat.taps("Continue"))
    chat.passes(days=40)
    chat.says("menu")
    chat.says("book")
    assert "Which day" in body(chat.taps("Continue"))


# ---- what stands in the way of accepting -----------------------------------------------------------


def test_a_rival_was_quicker(session: Session, chat: Chat) -> None:
    room = factories.listing(session, units=1)
    chat.comes_to_the_summary(room.name)
    factories.held(session, room, stay=STAY)
    sorry = chat.taps("Pay by card")
    assert "is full on these dates" in body(sorry)
    assert newest(session, chat).status == Status.INITIATED
    summary = chat.taps(titles(sorry)[0])
    assert "Total" in body(summary)
    assert isinstance(chat.taps("Pay by card"), Typing)


def test_two_unpaid_places_are_enough(session: Session, chat: Chat) -> None:
    for _ in range(2):
        factories.held(session, guest_id=chat.person_id)
    third = factories.listing(session)
    chat.comes_to_the_summary(third.name)
    told = chat.taps("Pay by card")
    assert "already have 2 bookings" in body(told)
    assert titles(told) == ["Cancel one", "My bookings", "Menu"]


def test_check_in_time_passed_while_looking(session: Session, chat: Chat, place: Listing) -> None:
    chat.comes_to_the_summary(place.name, "21 nov for 1 night")
    chat.now = NOW + timedelta(days=1, minutes=1)
    told = chat.taps("Pay by card")
    assert "too late for today: check-in was at 2 pm" in body(told)
    assert isinstance(told, Menu)


# ---- double taps and old taps ----------------------------------------------------------------------


def test_the_second_half_of_a_double_tap_is_silent(session: Session, chat: Chat, place: Listing) -> None:
    summary = chat.comes_to_the_summary(place.name)
    chat.taps("Pay by card")
    assert chat.taps("Pay by card", summary, at_once=True) is None
    booking = newest(session, chat)
    assert factories.events(session, booking).count("REQUEST_PAYMENT") == 1


def test_an_accepted_summary_tapped_later_says_where_things_stand(
    session: Session, chat: Chat, place: Listing
) -> None:
    summary = chat.comes_to_the_summary(place.name)
    chat.taps("Pay by card")
    chat.passes(minutes=2)
    assert "link to pay" in body(chat.taps("Pay by card", summary))
    assert "Cancel this booking?" in body(chat.taps("Cancel", summary))
    assert "link to pay" in body(chat.taps("Keep it"))


def test_an_old_tap_keeps_the_open_question_open(session: Session, chat: Chat, place: Listing) -> None:
    summary = chat.comes_to_the_summary(place.name)
    chat.taps("Pay by card")
    other = factories.listing(session)
    chat.says(other.name)
    chat.taps("Book")
    chat.says(CHRISTMAS)
    assert "link to pay" in body(chat.taps("Pay by card", summary))
    assert titles(chat.says("2")) == ["Ayesha Khan"]


def test_another_day_tapped_later_changes_the_day(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    days = chat.taps("Book")
    nights = chat.taps("Sun 22 Nov")
    chat.taps("1 night")
    moved = chat.taps("Tue 24 Nov", days)
    assert "Tue 24 – Wed 25 Nov · 1 night" in body(moved)
    # And a row of nights for the day before it is stale.
    assert "How many guests" in body(chat.taps("2 nights", nights))
    assert "Tue 24 – Wed 25 Nov · 1 night" in body(chat.last)


def test_the_same_day_tapped_later_changes_nothing(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    days = chat.taps("Book")
    chat.taps("Sun 22 Nov")
    chat.taps("1 night")
    assert "How many guests" in body(chat.taps("Sun 22 Nov", days))


def test_taps_of_a_place_that_is_not_being_booked(session: Session, chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    days = chat.taps("Book")
    other = factories.listing(session)
    chat.says("menu")
    chat.says(other.name)
    chat.taps("Book")
    assert other.name in body(chat.taps("Sun 22 Nov", days))


def test_foreign_bookings_are_nobodys_business(session: Session, chat: Chat, place: Listing) -> None:
    summary = chat.comes_to_the_summary(place.name)
    stranger = Chat(session, factories.person(session, name="Mallory"), name="Mallory")
    stranger.taps("Pay by card", summary)
    assert titles(stranger.last) == ["Book a stay", "My bookings", "Help"]
    assert newest(session, chat).status == Status.INITIATED


# ---- not understood --------------------------------------------------------------------------------


def test_not_understood_is_asked_again_and_the_third_time_a_person_is_offered(
    session: Session, chat: Chat, admin: Chat, place: Listing
) -> None:
    chat.says(place.name)
    chat.taps("Book")
    chat.says(CHRISTMAS)
    for _ in range(2):
        asked = chat.says("lots")
        assert "I need one number, e.g. “4”" in body(asked)
        assert isinstance(asked, Menu)
    offer = chat.says("lots")
    assert titles(offer) == ["Talk to a person", "Menu"]
    told = chat.taps("Talk to a person")
    assert "told our team" in body(told)
    notice = next(out for out in chat.said if out.person_id == admin.person_id)
    assert "Ayesha Khan +92 300 " in body(notice.message)
    assert notice.template is not None
    # What is said now is for the person; back with the bot the answers are kept, the misses forgotten.
    assert chat.says("2") is None
    chat.taps_template(actions.ShowMenu())
    chat.taps("Book a stay")
    chat.taps("Continue")
    assert titles(chat.says("2")) == ["Ayesha Khan"]


def test_an_understood_answer_forgets_the_misses(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    chat.says("hm")
    chat.says("hmm")
    chat.says(CHRISTMAS)
    assert "I need one number" in body(chat.says("hmmm"))


def test_the_state_stays_small(chat: Chat, place: Listing) -> None:
    import orjson

    chat.comes_to_the_summary(place.name, name="Muhammad " + "x" * 40)
    assert len(orjson.dumps(chat.state)) < 1500
    assert options(chat.last)


# ---- dates at a place's card -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("dec 25-27", "How many guests"),
        ("Friday", "How many nights"),
        ("25 dec for 2 nights, 3 people", "What name"),
        ("from 25 to 27 dec please", "How many guests"),
        ("december", "Which day exactly?"),
        ("1 nov", "That day is over"),
    ],
)
def test_dates_typed_at_a_places_card_begin_its_booking(
    chat: Chat, place: Listing, words: str, asked: str
) -> None:
    chat.says(place.name)
    assert asked in body(chat.says(words))
    assert chat.state["draft"]["listing"] == place.id


def test_other_words_at_a_places_card_are_no_dates(session: Session, chat: Chat, place: Listing) -> None:
    other = factories.listing(session)
    chat.says(place.name)
    assert "did not understand" in body(chat.says("4"))
    chat.says(place.name)
    assert other.name in body(chat.says(other.name))
