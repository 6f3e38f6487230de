"""Stars after the stay: once, by tap or typed, with a word for who likes; and where they are shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from flows import find_a_place, notices, understand
from models import rating
from models.booking import Booking
from models.listing import Listing
from models.message import Buttons, Menu
from models.session import Session
from tests import factories
from tests.flows.conversation import RULES, Chat, body, titles

HOUR = timedelta(hours=1)


def stayed(session: Session, chat: Chat, place: Listing | None = None) -> Booking:
    """A booking whose stay ended an hour ago."""
    booking = factories.confirmed(session, place, guest_id=chat.person_id)
    booking.complete(session, cause=factories.unique("test:"), now=booking.ends_at)
    chat.now = booking.ends_at + HOUR
    return booking


def asked(session: Session, chat: Chat, booking: Booking) -> Menu:
    notices.stay_over(session, booking, rules=RULES, now=chat.now)
    message = session.info["outbox"][-1].message
    assert isinstance(message, Menu)
    return message


def rated(session: Session, booking: Booking) -> tuple[int, str | None] | None:
    row = session.execute(
        text("SELECT stars, comment FROM ratings WHERE booking_id = :id"), {"id": booking.id}
    ).first()
    return (row.stars, row.comment) if row else None


def test_five_rows_are_asked(session: Session, chat: Chat) -> None:
    question = asked(session, chat, stayed(session, chat))
    assert titles(question) == ["★★★★★", "★★★★", "★★★", "★★", "★"]


def test_who_never_opened_the_window_gets_the_template(session: Session, chat: Chat) -> None:
    booking = stayed(session, chat)
    asked(session, chat, booking)
    template = session.info["outbox"][-1].template
    assert template.name == "stay_over"
    assert template.button_payloads == (f"v1:askstars:{booking.id}",)


def test_stars_are_given_once_and_a_word_is_kept(session: Session, chat: Chat) -> None:
    booking = stayed(session, chat)
    question = asked(session, chat, booking)
    thanks = chat.taps("★★★★", question)
    assert "★★★★" in body(thanks)
    assert titles(thanks) == ["No, thank you"]
    assert "See you again" in body(chat.says("Warm rooms, kind people"))
    assert rated(session, booking) == (4, "Warm rooms, kind people")
    assert "You have given ★★★★." in body(chat.taps("★", question))
    assert rated(session, booking) == (4, "Warm rooms, kind people")
    place = Listing.get(session, booking.listing_id)
    session.read.clear()
    place = Listing.get(session, booking.listing_id)
    assert (place.ratings, place.stars) == (1, 4)


def test_a_word_may_be_a_word_of_thanks(session: Session, chat: Chat) -> None:
    booking = stayed(session, chat)
    chat.taps("★★★★★", asked(session, chat, booking))
    chat.says("excellent")
    assert rated(session, booking) == (5, "excellent")


def test_no_word_is_asked_for_twice(session: Session, chat: Chat) -> None:
    booking = stayed(session, chat)
    chat.taps("★★★★★", asked(session, chat, booking))
    assert "Welcome" in body(chat.taps("No, thank you"))
    chat.says("sea view")
    assert rated(session, booking) == (5, None)


@pytest.mark.parametrize("said", ["no", "menu"])
def test_a_word_that_means_something_else_is_no_comment(session: Session, chat: Chat, said: str) -> None:
    booking = stayed(session, chat)
    chat.taps("★★★★★", asked(session, chat, booking))
    chat.says(said)
    assert rated(session, booking) == (5, None)


@pytest.mark.parametrize(
    ("said", "stars"),
    [
        ("5", 5),
        ("five", 5),
        ("five stars", 5),
        ("4 stars please", 4),
        ("4/5", 4),
        ("3 out of 5", 3),
        ("⭐⭐", 2),
        ("★", 1),
        ("پانچ ستارے", 5),
        ("४ सितारे", 4),
        ("6", None),
        ("0", None),
        ("55", None),
        ("a star", None),
        ("2 nights", None),
        ("⭐⭐⭐⭐⭐⭐", None),
        ("great", None),
        ("", None),
    ],
)
def test_typed_stars(said: str, stars: int | None) -> None:
    assert understand.stars(said) == stars


def test_a_typed_number_is_the_stars(session: Session, chat: Chat) -> None:
    booking = stayed(session, chat)
    assert "add a word" in body(chat.says("five stars"))
    assert rated(session, booking) == (5, None)


def test_great_is_asked_how_many_stars_that_is(session: Session, chat: Chat) -> None:
    booking = stayed(session, chat)
    question = chat.says("great")
    assert isinstance(question, Menu)
    assert "How many stars" in body(question)
    assert rated(session, booking) is None
    chat.taps("★★★★★")
    assert rated(session, booking) == (5, None)


def test_long_after_the_stay_a_number_is_only_a_number(session: Session, chat: Chat) -> None:
    booking = stayed(session, chat)
    chat.passes(days=4)
    chat.says("hi")
    assert "did not understand" in body(chat.says("5"))
    assert "All right" in body(chat.says("great"))
    assert rated(session, booking) is None


def test_while_another_place_is_booked_a_number_answers_its_question(
    session: Session, chat: Chat, place: Listing
) -> None:
    booking = stayed(session, chat)
    chat.says(place.name)
    chat.taps("Book")
    chat.taps(titles(chat.last)[3])
    chat.taps("1 night")
    assert "What name" in body(chat.says("2"))
    assert rated(session, booking) is None


def test_a_stay_that_is_not_over_cannot_be_rated(session: Session, chat: Chat) -> None:
    booking = factories.confirmed(session, guest_id=chat.person_id)
    assert not rating.rate(session, booking, 5, now=chat.now)
    assert not rating.rate(session, stayed(session, chat), 6, now=chat.now)


def test_my_bookings_offers_it_until_it_is_done(session: Session, chat: Chat) -> None:
    stayed(session, chat)
    page = chat.says("my bookings")
    assert isinstance(page, Buttons)
    assert titles(page) == ["Give stars", "Book again", "Menu"]
    chat.taps("Give stars")
    chat.taps("★★★")
    assert titles(chat.says("my bookings")) == ["Book again", "Menu"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([5, 4], None),  # two say more about the guests than about the place
        ([5, 4, 5], "★ 4.7 (3)"),
        ([1, 1, 1], "★ 1.0 (3)"),
        ([4, 4, 5, 5], "★ 4.5 (4)"),
        ([4] * 19 + [5], "★ 4.1 (20)"),  # 4.05 is rounded up
    ],
)
def test_the_average_is_shown_once_there_are_enough(
    session: Session, chat: Chat, given: list[int], shown: str | None
) -> None:
    place = factories.listing(session, units=len(given))
    for stars in given:
        assert rating.rate(session, stayed(session, chat, place), stars, now=chat.now)
    session.read.clear()
    place = Listing.get(session, place.id)
    found = find_a_place.stars_in_words(place)
    assert (found.replace("\u00a0", " ") if found else None) == shown
    assert ("★" in body(chat.says(place.name))) is (shown is not None)


def test_an_admin_reads_it_with_the_booking(session: Session, chat: Chat, admin: Chat) -> None:
    booking = stayed(session, chat)
    chat.taps("★★★★", asked(session, chat, booking))
    chat.says("Warm rooms")
    assert "Rated: ★★★★ “Warm rooms”\nWhatsApp: 0 messages" in body(admin.says(f"booking {booking.code}"))


def test_what_is_typed_days_later_is_no_word_about_the_stay(session: Session, chat: Chat) -> None:
    place = factories.listing(session)
    booking = stayed(session, chat, place)
    chat.taps("★★★★", asked(session, chat, booking))
    chat.passes(days=2)
    assert place.name in body(chat.says(place.name))
    assert rated(session, booking) == (4, None)
