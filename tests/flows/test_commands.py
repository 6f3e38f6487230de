"""Commands are heard from those who may give them, and never in place of an answer."""

from __future__ import annotations

import pytest

from flows import understand
from models.listing import Listing
from models.session import Session
from tests import factories
from tests.flows.conversation import Chat, body, titles


@pytest.mark.parametrize(
    ("said", "code", "rest"),
    [
        ("BK-20261224-7K3QX", "BK-20261224-7K3QX", ""),
        ("bk-20261224-7k3qx, double booking", "BK-20261224-7K3QX", "double booking"),
        ("BK 20261224 7K3QX", "BK-20261224-7K3QX", ""),
        ("flooded BK-20261224-7K3QX: sorry", "BK-20261224-7K3QX", "flooded sorry"),
    ],
)
def test_a_booking_is_named(said: str, code: str, rest: str) -> None:
    assert understand.booking_code(said) == (code, rest)


@pytest.mark.parametrize("said", ["", "BK-2026-7K3QX", "BK-20261224-7K3QX9", "XBK-20261224-7K3QX", "BK"])
def test_what_names_no_booking(said: str) -> None:
    assert understand.booking_code(said) is None


def test_a_command_is_nothing_from_a_guest(session: Session, place: Listing, chat: Chat) -> None:
    booking = factories.paid(session, place)
    shown = chat.says(f"approve {booking.code}")
    assert titles(shown) == ["Book a stay", "My bookings", "Help"]
    assert booking.decision is None


def test_an_admin_approves_by_words(session: Session, place: Listing, admin: Chat) -> None:
    booking = factories.paid(session, place)
    assert "*Approved*" in body(admin.says(f"Approve {booking.code.lower()}"))
    assert (booking.decision, booking.decision_made_by) == ("YES", admin.person_id)


def test_a_code_that_nobody_has_is_told(admin: Chat) -> None:
    assert "no booking BK-20261224-77777" in body(admin.says("approve BK-20261224-77777"))


def test_a_command_in_the_middle_of_a_question_needs_a_booking(
    session: Session, place: Listing, admin: Chat
) -> None:
    booking = factories.paid(session, place)
    admin.says(factories.listing(session).name)
    admin.taps("Book")
    assert "approve" not in body(admin.says("approve")).lower()
    assert "*Approved*" in body(admin.says(f"approve {booking.code}"))
    assert "How many guests" in body(admin.says("24 Dec to 26 Dec")), "the question stayed open"


def test_an_owner_who_names_a_booking_sees_its_request(session: Session, place: Listing) -> None:
    older, newer = factories.paid(session, place), factories.paid(session, place)
    owner = Chat(session, place.owner_id)
    assert older.code in body(owner.says("confirm"))
    shown = owner.says(f"confirm {newer.code}")
    assert newer.code in body(shown)
    assert titles(shown) == ["Confirm", "Cancel"]
    assert newer.decision is None
