"""Ways to pay in the chat: what the place names, the business has switched on, and the currency allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows import understand, ways
from flows.actions import PayBy
from models.booking import Booking
from models.listing import Listing
from models.message import Link, Menu, Typing
from models.payment import METHODS, Payment, PaymentFacts, PaymentState
from models.session import Session
from tests import factories as make
from tests.factories import NOW
from tests.flows.conversation import RULES, Chat, body, titles

EVERY_WAY = replace(RULES, ways=frozenset(METHODS))
NAMES_ALL = '["card", "paytm", "razorpay", "transfer"]'


@pytest.fixture
def chat(session: Session) -> Chat:
    chat = Chat(session, make.person(session))
    chat.rules = EVERY_WAY
    return chat


def test_what_the_business_has_not_switched_on_is_not_offered(session: Session, chat: Chat) -> None:
    place = _place(session)
    chat.rules = replace(RULES, ways=frozenset({"card", "razorpay"}))
    assert titles(chat.comes_to_the_summary(place.name)) == ["Pay by card", "Pay by Razorpay", "Change"]


@pytest.mark.parametrize("currency", ["PKR", "USD", "AED"])
def test_the_indian_ways_take_rupees_of_india_alone(session: Session, chat: Chat, currency: str) -> None:
    place = _place(session, currency=currency)
    assert titles(chat.comes_to_the_summary(place.name)) == ["Pay by card", "Pay by transfer", "Change"]


def test_more_ways_than_buttons_are_a_list(session: Session, chat: Chat) -> None:
    shown = chat.comes_to_the_summary(_place(session).name)
    assert isinstance(shown, Menu)
    assert titles(shown)[:4] == ["Pay by card", "Pay by Paytm", "Pay by Razorpay", "Pay by transfer"]
    assert [row.description for row in shown.sections[0].rows[:4]] == [
        "₹5,400 now",
        "₹5,400 now: wallet, UPI, card",
        "₹5,400 now: UPI, card, netbanking",
        "₹5,400 now",
    ]
    assert "Paid any other way, you get all of it back" in body(shown)
    assert isinstance(chat.taps("Pay by Razorpay"), Typing)
    (payment,) = Payment.of_booking(session, chat.bookings()[0].id)
    assert (payment.method, payment.amount_minor) == ("razorpay", chat.bookings()[0].advance_minor)


def test_where_nothing_is_open_it_is_said(session: Session, chat: Chat) -> None:
    place = _place(session)
    chat.rules = replace(RULES, ways=frozenset())
    shown = chat.comes_to_the_summary(place.name)
    assert "cannot be paid just now" in body(shown)
    assert titles(shown) == ["Change", "Cancel"]


def test_a_way_that_was_closed_since_leads_to_the_others(session: Session, chat: Chat) -> None:
    chat.comes_to_the_summary(_place(session).name)
    chat.rules = replace(RULES, ways=frozenset({"paytm", "razorpay", "transfer"}))
    sorry = chat.taps("Pay by card")
    assert titles(sorry) == ["Pay by Paytm", "Pay by Razorpay", "Pay by transfer", "Menu"]
    chat.taps("Pay by Paytm")
    assert chat.bookings()[0].status == "PAYMENT_PENDING"


def test_the_bubble_with_a_link_says_what_it_is_paid_by_and_how_to_turn_elsewhere(
    session: Session, chat: Chat
) -> None:
    _linked(chat, "Pay by Razorpay")
    shown = chat.says("my bookings")
    assert isinstance(shown, Link)
    assert "by Razorpay to book it: UPI, card or netbanking." in body(shown)
    assert "you get all of it back" in body(shown)
    assert shown.footer == "Or type: card, paytm, transfer, or: cancel"


@pytest.mark.parametrize("words", ["another way", "Other way to pay", "kisi aur tarah"])
def test_another_way_is_chosen_by_words(session: Session, chat: Chat, words: str) -> None:
    _linked(chat, "Pay by Razorpay")
    shown = chat.says(words)
    assert titles(shown) == ["Pay by card", "Pay by Paytm", "Pay by Razorpay", "Pay by transfer", "Menu"]
    assert isinstance(chat.taps("Pay by Razorpay"), Link)  # what was begun is shown again
    assert isinstance(chat.says("paytm"), Typing)
    booking = chat.bookings()[0]
    assert [p.method for p in Payment.of_booking(session, booking.id)] == ["razorpay", "paytm"]


def test_a_page_that_failed_is_tried_again_or_left_for_another_way(session: Session, chat: Chat) -> None:
    booking = _linked(chat, "Pay by Paytm")
    (payment,) = Payment.of_booking(session, booking.id)
    payment.learn(PaymentFacts(PaymentState.FAILED), NOW)
    payment.write(session)
    shown = chat.says("my bookings")
    assert titles(shown) == ["Try again", "Another way to pay", "Cancel booking"]
    chat.taps("Another way to pay")
    assert isinstance(chat.taps("Pay by card"), Typing)


def test_who_has_sent_nothing_may_pay_otherwise_while_somebody_looks_at_money_that_was_found(
    session: Session, chat: Chat
) -> None:
    booking = _linked(chat, "Pay by transfer")
    booking.keep_for_found(session, 1, rules=RULES, cause="evidence:1", now=NOW)
    assert isinstance(chat.says("card"), Typing)
    booking = chat.bookings()[0]
    assert (booking.status, booking.rejections(session)) == ("PAYMENT_PENDING", 0)
    assert [p.method for p in Payment.of_booking(session, booking.id)] == ["transfer", "card"]


def test_who_says_that_they_have_paid_pays_by_no_other_way_until_somebody_has_looked(
    session: Session, chat: Chat
) -> None:
    booking = _linked(chat, "Pay by transfer")
    booking.keep_for_found(session, 1, rules=RULES, cause="evidence:1", now=NOW)
    chat.says("paid")
    chat.says("card")
    assert chat.bookings()[0].status == "PAYMENT_REVIEW"
    assert len(Payment.of_booking(session, booking.id)) == 1


def test_with_one_other_way_there_is_no_need_to_choose(session: Session, chat: Chat) -> None:
    chat.rules = replace(RULES, ways=frozenset({"razorpay", "transfer"}))
    _linked(chat, "Pay by transfer")
    assert titles(chat.says("my bookings")) == ["I have paid", "Pay by Razorpay", "Cancel booking"]


@pytest.mark.parametrize("way", METHODS)
def test_what_is_to_be_typed_is_understood(way: str) -> None:
    assert understand.about_paying(ways.TYPED[way]) == way


def test_an_old_tap_on_a_way_that_nobody_knows_changes_nothing(session: Session, chat: Chat) -> None:
    booking = _linked(chat, "Pay by card")
    chat.taps_template(PayBy(booking.id, "cowries"))
    assert len(Payment.of_booking(session, booking.id)) == 1


def _place(session: Session, *, currency: str = "INR") -> Listing:
    place = make.listing(session, units=3, currency=currency, time_zone="Asia/Kolkata")
    make.payee_for(session, place)
    make.change(session, place, methods=NAMES_ALL)
    return Listing.get(session, place.id)


def _linked(chat: Chat, way: str) -> Booking:
    """Accepted, and the page to pay on is open."""
    chat.comes_to_the_summary(_place(chat.session).name)
    chat.taps(way)
    booking = Booking.for_update(chat.session, chat.bookings()[0].id)
    (payment,) = Payment.of_booking(chat.session, booking.id)
    payment.learn(PaymentFacts(PaymentState.PENDING, url="https://pay.example/1"), NOW)
    payment.write(chat.session)
    return booking
