"""A ticket is found by its key alone, and always says how things stand now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models import ticket
from models.booking import Booking
from models.session import Session
from models.ticket import TicketState, TicketView
from tests import factories as make
from tests.factories import NOW

SECOND = timedelta(seconds=1)


def test_a_booking_has_one_ticket_with_one_key(session: Session) -> None:
    booking = make.confirmed(session)
    assert ticket.key_of(session, booking.id) is None
    key = _issue(session, booking)
    assert ticket.key_of(session, booking.id) == key
    assert _issue(session, make.confirmed(session)) != key
    with pytest.raises(IntegrityError), session.begin_nested():
        _issue(session, booking)
    assert ticket.key_of(session, booking.id) == key


def test_a_key_is_long_and_survives_being_a_link(session: Session) -> None:
    keys = {_issue(session, make.confirmed(session)) for _ in range(5)}
    assert len(keys) == 5
    assert all(len(key) >= 20 and key.isascii() and key.isalnum() for key in keys)


@pytest.mark.parametrize("key", ["", "nobody", "x" * 5000, "a\0b", "\ud800", "%"])
def test_a_key_that_nobody_was_given_finds_nothing(session: Session, key: str) -> None:
    _issue(session, make.confirmed(session))
    assert ticket.find(session, key, NOW) is None


def test_a_ticket_shows_what_was_issued(session: Session) -> None:
    booking = make.confirmed(session)
    page = ticket.find(session, _issue(session, booking, pdf=b"%PDF-1.7 \0\xff"), NOW)
    assert page is not None
    assert page.view == _view(booking)
    assert page.pdf == b"%PDF-1.7 \0\xff"


def test_a_ticket_without_its_pdf_is_a_ticket(session: Session) -> None:
    page = ticket.find(session, _issue(session, make.confirmed(session), pdf=None), NOW)
    assert page is not None
    assert page.pdf is None


def test_a_ticket_expires_with_the_stay(session: Session) -> None:
    booking = make.confirmed(session)
    key = _issue(session, booking)
    assert _state(session, key, booking.ends_at - SECOND) is TicketState.VALID
    assert _state(session, key, booking.ends_at) is TicketState.EXPIRED


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        (["used_at"], TicketState.USED),
        (["suspended_at"], TicketState.SUSPENDED),
        (["voided_at"], TicketState.VOID),
        (["used_at", "suspended_at"], TicketState.SUSPENDED),
        (["used_at", "suspended_at", "voided_at"], TicketState.VOID),
    ],
)
def test_what_matters_most_at_the_door_is_said(
    session: Session, columns: list[str], state: TicketState
) -> None:
    booking = make.confirmed(session)
    key = _issue(session, booking)
    for column in columns:
        session.execute(
            text(f"UPDATE tickets SET {column} = :now WHERE booking_id = :id"), {"now": NOW, "id": booking.id}
        )
    assert _state(session, key, NOW) is state


def test_a_ticket_is_void_from_the_first_cancel_on(session: Session) -> None:
    booking, other = make.confirmed(session), make.confirmed(session)
    key, others = _issue(session, booking), _issue(session, other)
    for n in range(2):
        ticket.void(session, booking.id, NOW + n * SECOND)
    assert _state(session, key, NOW) is TicketState.VOID
    assert _state(session, others, NOW) is TicketState.VALID
    voided_at = session.execute(text("SELECT voided_at FROM tickets WHERE key = :key"), {"key": key})
    assert voided_at.scalar() == NOW


def _issue(session: Session, booking: Booking, *, pdf: bytes | None = b"%PDF") -> str:
    key = ticket.new_key()
    ticket.keep(session, booking.id, key, _view(booking), pdf, expires_at=booking.ends_at, now=NOW)
    return key


def _state(session: Session, key: str, now: object) -> TicketState:
    page = ticket.find(session, key, now)  # type: ignore[arg-type]
    assert page is not None
    return page.view.state


def _view(booking: Booking) -> TicketView:
    words = {name: name for name in TicketView.__dataclass_fields__}
    return replace(
        TicketView(**words),  # type: ignore[arg-type]
        code=booking.code,
        state=TicketState.VALID,
        guests=2,
        map_link=None,
        instructions=("Show this ticket", "Carry an ID"),
    )
