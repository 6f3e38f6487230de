"""An owner's button works for one person, one booking and a while, and no more once the decision is made."""

from __future__ import annotations

from datetime import timedelta

from models import action_code
from models.booking import Booking
from models.session import Session
from tests import factories as make
from tests.factories import NOW, RULES

SECOND = timedelta(seconds=1)


def test_a_code_knows_what_it_is_for(session: Session) -> None:
    booking = make.paid(session)
    code = _button(session, booking)
    found = action_code.find(session, code)
    assert found is not None
    assert (found.booking_id, found.person_id) == (booking.id, booking.person_id)
    assert (found.action, found.expires_at) == ("CONFIRM", NOW + RULES.code_life)


def test_a_code_fits_a_template_button_and_cannot_be_guessed(session: Session) -> None:
    booking = make.paid(session)
    codes = {_button(session, booking) for _ in range(20)}
    assert len(codes) == 20
    assert all(16 <= len(code) <= 64 and code.isascii() for code in codes)


def test_a_code_that_nobody_was_given_is_none(session: Session) -> None:
    assert action_code.find(session, "AAAAAAAAAAAAAAAA") is None
    assert action_code.find(session, "") is None


def test_a_code_works_until_its_time_is_over(session: Session) -> None:
    found = action_code.find(session, _button(session, make.paid(session)))
    assert found is not None
    ends = NOW + RULES.code_life
    assert found.is_usable(ends - SECOND)
    assert not found.is_usable(ends)


def test_a_fresh_request_leaves_the_older_buttons_as_they_are(session: Session) -> None:
    booking = make.paid(session)
    older, newer = _button(session, booking), _button(session, booking)
    assert all(_usable(session, code) for code in (older, newer))


def test_all_codes_of_a_booking_are_spent_at_once_and_no_others(session: Session) -> None:
    booking, other = make.paid(session), make.paid(session)
    codes, others = [_button(session, booking) for _ in range(2)], _button(session, other)
    action_code.spend_all(session, booking.id, NOW)
    action_code.spend_all(session, booking.id, NOW + SECOND)
    assert not any(_usable(session, code) for code in codes)
    assert _usable(session, others)
    found = action_code.find(session, codes[0])
    assert found is not None
    assert found.spent_at == NOW


def _button(session: Session, booking: Booking) -> str:
    return action_code.make(
        session,
        booking_id=booking.id,
        person_id=booking.person_id,
        action=action_code.CONFIRM,
        life=RULES.code_life,
        now=NOW,
    )


def _usable(session: Session, code: str) -> bool:
    found = action_code.find(session, code)
    return found is not None and found.is_usable(NOW)
