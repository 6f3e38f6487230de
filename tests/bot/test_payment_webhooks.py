"""A provider that calls back is believed only that something happened: checked, kept once, rung for."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from models import db
from models.payment import Payment
from tests import factories as make
from tests.bot.conftest import STRIPE_SECRET, Door
from tests.conftest import Scratch
from tests.factories import NOW

WEBHOOK = "/api/payments/stripe/webhook"


def test_a_webhook_is_kept_once_and_makes_us_ask(scratch: Scratch, door: Door) -> None:
    booking_id, payment_id = _held(scratch)
    for _ in range(3):
        assert _post(door, _event("evt_1", payment_id)).status_code == 200
    event = scratch.row("SELECT * FROM inbound_events")
    assert (event.source, event.external_id, event.kind) == ("stripe", "evt_1", "payment")
    assert event.payload["type"] == "checkout.session.completed"
    assert (event.payload["payment_id"], event.payload["reference"]) == (payment_id, "cs_1")
    job = scratch.row("SELECT * FROM follow_ups")
    assert (job.job, job.booking_id) == ("settle_payment", booking_id)
    assert scratch.rung == [{("providers", booking_id)}]
    assert scratch.value("SELECT status FROM bookings") == "PAYMENT_PENDING"  # nothing is believed yet


def test_two_events_are_two_questions(scratch: Scratch, door: Door) -> None:
    _, payment_id = _held(scratch)
    for event_id in ("evt_1", "evt_2"):
        assert _post(door, _event(event_id, payment_id)).status_code == 200
    assert scratch.value("SELECT count(*) FROM follow_ups") == 2


@pytest.mark.parametrize(
    ("kind", "questions"),
    [
        ("payment_intent.created", 0),
        ("charge.succeeded", 0),
        ("payment_intent.amount_capturable_updated", 1),
        ("charge.dispute.created", 1),
        ("something.new", 1),
    ],
)
def test_an_event_that_can_tell_nothing_is_kept_and_asks_nothing(
    scratch: Scratch, door: Door, kind: str, questions: int
) -> None:
    _, payment_id = _held(scratch)
    assert _post(door, _event("evt_1", payment_id) | {"type": kind}).status_code == 200
    assert scratch.value("SELECT count(*) FROM follow_ups") == questions
    assert scratch.value("SELECT outcome FROM inbound_events") == ("ASKED" if questions else "KNOWN")


@pytest.mark.parametrize("payment_id", [None, "", "somebody else's", 999_999_999, "9" * 30])
def test_what_is_about_nobodys_payment_is_acknowledged(scratch: Scratch, door: Door, payment_id: Any) -> None:
    assert _post(door, _event("evt_1", payment_id)).status_code == 200
    assert scratch.value("SELECT outcome FROM inbound_events") == "NOT_OURS"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("", 401),
        ("nonsense", 403),
        ("t=1,v1=" + "0" * 64, 403),
        ("t=²,v1=é", 403),
        ("another secret", 403),
        ("too old", 403),
    ],
)
def test_what_is_not_signed_by_the_provider_is_refused_and_not_kept(
    scratch: Scratch, door: Door, header: str | None, status: int
) -> None:
    body = json.dumps(_event("evt_1", 1)).encode()
    if header == "another secret":
        header = _sign(body, secret="whsec_other")
    elif header == "too old":
        header = _sign(body, at=int(NOW.timestamp()) - 3600)
    answer = door.client.post(
        WEBHOOK, data=body, headers={} if header is None else {"Stripe-Signature": header}
    )
    assert answer.status_code == status
    assert answer.get_json()["success"] is False
    assert scratch.rows("SELECT 1 FROM inbound_events") == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b'{"id": 5}', b"\xff", b"[" * 100_000])
def test_what_is_signed_but_no_event_is_refused(scratch: Scratch, door: Door, body: bytes) -> None:
    assert _post(door, body).status_code == 403


def test_a_body_that_is_too_large_is_refused(door: Door) -> None:
    assert _post(door, b"x" * 5 * 1024 * 1024).status_code == 413


odd = st.text(st.characters(), max_size=5) | st.sampled_from(["\0", "a\0b", "\ud800", "x" * 400])
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | odd,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def _some(**fields: Any) -> Any:
    return st.fixed_dictionaries({name: usual | anything for name, usual in fields.items()})


events = _some(
    id=st.just("evt_1") | odd,
    type=st.just("checkout.session.completed") | odd,
    data=_some(
        object=_some(
            object=st.sampled_from(["checkout.session", "payment_intent", "charge"]),
            id=st.just("cs_1") | odd,
            payment_intent=st.just("pi_1") | _some(id=st.just("pi_1")) | odd,
            metadata=_some(payment_id=st.sampled_from(["1", "99999999999999999999", "-1", "²"])),
        )
    ),
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(event=events | anything)
def test_a_signed_event_of_any_shape_is_kept_or_refused(scratch: Scratch, door: Door, event: Any) -> None:
    assert _post(door, json.dumps(event).encode()).status_code in (200, 403)


@pytest.mark.parametrize("outcome", ["paid", "left", "<script>", None])
def test_the_page_to_come_back_to_shows_nothing_of_its_address(door: Door, outcome: str | None) -> None:
    answer = door.get("/pay/done", **({"outcome": outcome} if outcome else {}))
    assert answer.status_code == 200
    assert b"<script>" not in answer.data
    assert b"WhatsApp" in answer.data


def _held(scratch: Scratch) -> tuple[int, int]:
    with db.unit_of_work() as unit:
        booking = make.held(unit)
        payment = Payment.of_booking(unit, booking.id)[0]
    scratch.run("DELETE FROM follow_ups")
    scratch.rung.clear()
    return booking.id, payment.id


def _event(event_id: str, payment_id: Any) -> dict[str, Any]:
    session = {"id": "cs_1", "object": "checkout.session", "payment_intent": "pi_1"}
    metadata = {} if payment_id is None else {"payment_id": str(payment_id)}
    return {
        "id": event_id,
        "object": "event",
        "type": "checkout.session.completed",
        "data": {"object": {**session, "metadata": metadata}},
    }


def _post(door: Door, event: Any) -> TestResponse:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return door.client.post(WEBHOOK, data=body, headers={"Stripe-Signature": _sign(body)})


def _sign(body: bytes, *, at: int | None = None, secret: str = STRIPE_SECRET) -> str:
    time = int(NOW.timestamp()) if at is None else at
    return f"t={time},v1=" + hmac.new(secret.encode(), f"{time}.".encode() + body, hashlib.sha256).hexdigest()
