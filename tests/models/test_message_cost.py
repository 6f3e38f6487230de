"""Which messages belong to a booking, and what they cost together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from models import outbound
from models.message import Text, Typing
from models.message_cost import message_costs
from models.message_prices import PriceTable
from models.session import Session
from tests import factories as make
from tests.factories import NOW

MINUTE = timedelta(minutes=1)
TABLE = PriceTable.from_toml(
    """
[[rules]]
valid_from = 2026-10-01
service = "utility"

[[prices]]
market = "IN"
valid_from = 2026-01-01
currency = "INR"
utility = "0.115"
"""
)
FREE = {"type": "free_customer_service", "category": "service"}


def say(
    session: Session,
    person_id: int,
    *,
    kind: str = "question",
    booking_id: int | None = None,
    at: datetime = NOW,
    as_template: bool = False,
    pricing: dict[str, Any] | None = None,
    state: str = "ACCEPTED",
    country: str = "IN",
) -> None:
    """A message that was sent, and what WhatsApp said of its price."""
    message = Typing("wamid.1") if kind == "typing" else Text("Hello")
    outbound.say(session, person_id, message, kind=kind, now=at, booking_id=booking_id)
    outbound.number_and_write(session)
    wamid = make.unique("wamid.")
    message_id = session.execute(text("SELECT max(id) FROM outbound_messages")).scalar_one()
    session.execute(
        text(
            "UPDATE outbound_messages SET state = :state, wamid = :wamid, accepted_at = :at, attempts = 1 "
            "WHERE id = :id"
        ),
        {"id": message_id, "state": state, "wamid": wamid, "at": at},
    )
    session.execute(
        text(
            "INSERT INTO outbound_attempts (message_id, number, as_template, started_at, wamid, outcome) "
            "VALUES (:id, 1, :as_template, :at, :wamid, 'ACCEPTED')"
        ),
        {"id": message_id, "as_template": as_template, "at": at, "wamid": wamid},
    )
    session.execute(
        text("UPDATE persons SET country = :country WHERE id = :id"), {"id": person_id, "country": country}
    )
    if pricing is not None:
        session.execute(
            text(
                "INSERT INTO inbound_events (source, external_id, kind, payload, received_at, due_at) "
                "VALUES ('whatsapp', :external_id, 'status', :payload, :at, :at)"
            ),
            {
                "external_id": f"{wamid}:sent",
                "payload": orjson.dumps({"id": wamid, "pricing": pricing}).decode(),
                "at": at,
            },
        )


@pytest.fixture
def guest_id(session: Session) -> int:
    return make.person(session)


def test_what_was_said_of_a_booking_is_added_up(session: Session, guest_id: int) -> None:
    booking = make.held(session, guest_id=guest_id)
    say(session, guest_id, booking_id=booking.id, kind="summary", pricing=FREE)
    say(session, guest_id, booking_id=booking.id, kind="payment_received", as_template=True)
    say(session, make.person(session), booking_id=booking.id, kind="booking_request")
    costs = message_costs(session, booking.id, TABLE)
    assert [m.kind for m in costs.messages] == ["summary", "payment_received", "booking_request"]
    assert [m.as_template for m in costs.messages] == [False, True, False]
    assert costs.totals == {"INR": 230_000}
    assert str(costs) == "3 messages, 1 of them free: INR 0.23"


def test_the_questions_before_it_are_its_own(session: Session, guest_id: int) -> None:
    say(session, guest_id, at=NOW - 25 * 60 * MINUTE)  # another day's talk
    say(session, guest_id, at=NOW - 5 * MINUTE)
    booking = make.draft(session, guest_id=guest_id)
    say(session, guest_id, at=NOW + MINUTE)  # the summary was shown, then an answer changed
    booking.request_payment(
        session,
        method="card",
        revision=booking.revision,
        rules=make.RULES,
        cause="test",
        now=NOW + 2 * MINUTE,
    )
    say(session, guest_id, at=NOW + 3 * MINUTE)  # what they talk about afterwards
    assert len(message_costs(session, booking.id, TABLE).messages) == 2


def test_a_second_booking_does_not_pay_for_the_first(session: Session, guest_id: int) -> None:
    say(session, guest_id, at=NOW - MINUTE)
    first = make.held(session, guest_id=guest_id)
    say(session, guest_id, at=NOW + MINUTE)
    second = make.held(session, guest_id=guest_id, now=NOW + 2 * MINUTE)
    assert len(message_costs(session, first.id, TABLE).messages) == 1
    assert len(message_costs(session, second.id, TABLE).messages) == 1


def test_what_never_left_and_what_is_no_message_cost_nothing(session: Session, guest_id: int) -> None:
    booking = make.held(session, guest_id=guest_id)
    say(session, guest_id, booking_id=booking.id, kind="typing")
    say(session, guest_id, booking_id=booking.id, state="FAILED")
    assert str(message_costs(session, booking.id, TABLE)) == "0 messages"


def test_a_market_without_a_price_is_said(session: Session, guest_id: int) -> None:
    booking = make.held(session, guest_id=guest_id)
    say(session, guest_id, booking_id=booking.id, as_template=True, country="PK")
    costs = message_costs(session, booking.id, TABLE)
    assert costs.without_price == 1
    assert str(costs) == "1 message; 1 without a known price"


def test_all_of_it_can_be_free(session: Session, guest_id: int) -> None:
    booking = make.held(session, guest_id=guest_id)
    say(session, guest_id, booking_id=booking.id, pricing=FREE, country="PK")
    assert str(message_costs(session, booking.id, TABLE)) == "1 message, all free"
