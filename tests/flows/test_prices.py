"""What a stay costs, as its guest reads it; and the ways to accept it, however many there are."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from flows.book import summary
from models.booking import Booking
from models.listing import Listing
from models.message import Buttons, Menu, Typing
from models.money import Money
from models.payment import Payment
from tests import factories
from tests.flows.conversation import Chat, body, titles


def newest(session: Session, chat: Chat) -> Booking:
    last = text("SELECT max(id) FROM bookings WHERE person_id = :id")
    return Booking.get(session, session.execute(last, {"id": chat.person_id}).scalar_one())


# ---- advance, or all of it -------------------------------------------------------------------------


@pytest.fixture
def generous(session: Session) -> Listing:
    return factories.listing(session, prices={"full_payment": True})


def test_a_guest_may_choose_to_pay_all_of_it(session: Session, chat: Chat, generous: Listing) -> None:
    shown = chat.comes_to_the_summary(generous.name)
    assert titles(shown) == ["Pay advance", "Pay in full", "Change"]
    assert "*Pay now: Rs. 5,400*\nAt the property: Rs. 12,600\nOr pay all of it now" in body(shown)
    assert isinstance(chat.taps("Pay in full"), Typing)
    booking = newest(session, chat)
    (payment,) = Payment.of_booking(session, booking.id)
    assert (payment.amount_minor, booking.advance, booking.due) == (
        18_000_00,
        Money(18_000_00, "PKR"),
        Money(0, "PKR"),
    )
    assert booking.priced.advance == booking.priced.total


def test_or_the_advance_alone(session: Session, chat: Chat, generous: Listing) -> None:
    chat.comes_to_the_summary(generous.name)
    assert isinstance(chat.says("pay advance"), Typing)
    booking = newest(session, chat)
    (payment,) = Payment.of_booking(session, booking.id)
    assert payment.amount_minor == booking.advance_minor == 5_400_00


def test_a_yes_pays_what_has_to_be_paid(session: Session, chat: Chat, generous: Listing) -> None:
    chat.comes_to_the_summary(generous.name)
    assert isinstance(chat.says("yes"), Typing)
    assert newest(session, chat).advance_minor == 5_400_00


def test_where_nothing_has_to_be_paid_now_all_of_it_may_be(session: Session, chat: Chat) -> None:
    place = factories.listing(session, prices={"advance": None, "full_payment": True})
    shown = chat.comes_to_the_summary(place.name)
    assert titles(shown) == ["Request booking", "Pay in full", "Change"]
    assert "*Nothing to pay now*, all of it at the property\nOr pay all of it now" in body(shown)
    assert isinstance(chat.taps("Pay in full"), Typing)
    assert newest(session, chat).status == "PAYMENT_PENDING"


def test_where_all_of_it_is_the_advance_there_is_no_choice(session: Session, chat: Chat) -> None:
    place = factories.listing(session, prices={"advance": "100%", "full_payment": True})
    shown = chat.comes_to_the_summary(place.name)
    assert titles(shown) == ["Pay by card", "Change", "Cancel"]
    assert "Or pay" not in body(shown)


def test_a_choice_that_was_not_given_is_none(session: Session, chat: Chat, place: Listing) -> None:
    shown = chat.comes_to_the_summary(place.name)
    assert isinstance(shown, Buttons)
    booking = newest(session, chat)
    payload = f"v1:pay:{booking.id}:{booking.revision}:card:full"
    node = {"type": "button_reply", "button_reply": {"id": payload, "title": "?"}}
    chat.sends({"type": "interactive", "interactive": node})
    assert newest(session, chat).status == "INITIATED"


def test_more_ways_than_three_buttons_are_a_list(
    session: Session, chat: Chat, generous: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "METHODS", {"card": "Pay by card", "till": "Pay at the till"})
    monkeypatch.setattr(summary, "ALL_AT_ONCE", {"card": "All by card", "till": "All at the till"})
    factories.change(session, generous, methods='["card", "till"]')
    shown = chat.comes_to_the_summary(generous.name)
    assert isinstance(shown, Menu)
    assert titles(shown) == [
        "Pay by card",
        "Pay at the till",
        "All by card",
        "All at the till",
        "Change",
        "Cancel",
    ]
    (section,) = shown.sections
    assert [row.description for row in section.rows[:3]] == [
        "Rs. 5,400 now".replace("Rs. ", "Rs.\u00a0"),
        "Rs. 5,400 now".replace("Rs. ", "Rs.\u00a0"),
        "Rs. 18,000 now, nothing later".replace("Rs. ", "Rs.\u00a0"),
    ]
    assert "What would you like to change" in body(chat.taps("Change"))
    chat.says("back")
    assert isinstance(chat.says("all by card"), Typing)
    assert newest(session, chat).due == Money(0, "PKR")


def test_two_ways_to_pay_leave_room_for_change(
    session: Session, chat: Chat, place: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "METHODS", {"card": "Pay by card", "till": "Pay at the till"})
    factories.change(session, place, methods='["card", "till"]')
    assert titles(chat.comes_to_the_summary(place.name)) == ["Pay by card", "Pay at the till", "Change"]
