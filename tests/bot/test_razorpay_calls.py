"""Razorpay calls back, and so does the guest's browser: each is checked, kept once, and makes us ask."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from models import db
from models.booking import Booking
from models.payment import Payment
from tests import factories as make
from tests.bot.conftest import RAZORPAY_KEY_SECRET, RAZORPAY_SECRET, Door
from tests.conftest import Scratch

WEBHOOK, CALLBACK = "/api/payments/razorpay/webhook", "/api/payments/razorpay/callback"


def test_a_webhook_is_kept_once_and_makes_us_ask(scratch: Scratch, door: Door) -> None:
    booking, payment = _held(scratch)
    for _ in range(3):
        assert _post(door, _event(booking, payment)).status_code == 200
    event = scratch.row("SELECT * FROM inbound_events")
    assert (event.source, event.kind, event.outcome) == ("razorpay", "payment", "ASKED")
    assert event.payload == {
        "type": "payment_link.paid",
        "payment_id": payment.id,
        "reference": "plink_1",
        "intent": "pay_1",
    }
    job = scratch.row("SELECT * FROM follow_ups")
    assert (job.job, job.booking_id) == ("settle_payment", booking.id)
    assert scratch.rung == [{("providers", booking.id)}]
    assert scratch.value("SELECT status FROM bookings") == "PAYMENT_PENDING"  # nothing is believed yet


@pytest.mark.parametrize(("header", "status"), [(None, 401), ("", 401), ("x", 403), ("0" * 64, 403)])
def test_what_somebody_else_signed_is_refused_and_not_kept(
    scratch: Scratch, door: Door, header: str | None, status: int
) -> None:
    headers = {} if header is None else {"X-Razorpay-Signature": header}
    answer = door.client.post(WEBHOOK, data=b"{}", headers=headers)
    assert answer.status_code == status
    assert scratch.rows("SELECT 1 FROM inbound_events") == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_signed_but_no_event_is_refused(scratch: Scratch, door: Door, body: bytes) -> None:
    assert _post(door, body).status_code == 403
    assert scratch.rows("SELECT 1 FROM inbound_events") == []


def test_a_browser_that_comes_back_makes_us_ask(scratch: Scratch, door: Door) -> None:
    booking, payment = _held(scratch)
    told = _told(booking, payment)
    for _ in range(2):  # who comes back may well reload the page
        answer = door.get(CALLBACK, **told)
        assert answer.status_code == 200
        assert b"Thank you" in answer.data
    assert scratch.value("SELECT count(*) FROM follow_ups") == 1
    assert scratch.value("SELECT status FROM bookings") == "PAYMENT_PENDING"


@pytest.mark.parametrize("name", ["payment_id", "payment_link_id", "payment_link_reference_id", "signature"])
def test_a_browser_with_a_forged_word_changes_nothing(scratch: Scratch, door: Door, name: str) -> None:
    booking, payment = _held(scratch)
    for told in (
        _told(booking, payment) | {f"razorpay_{name}": "plink_2"},
        {key: value for key, value in _told(booking, payment).items() if key != f"razorpay_{name}"},
        {},
    ):
        answer = door.get(CALLBACK, **told)
        assert answer.status_code == 403
        assert b"Thank you" not in answer.data
    assert scratch.rows("SELECT 1 FROM inbound_events") == []


def _held(scratch: Scratch) -> tuple[Booking, Payment]:
    with db.unit_of_work() as unit:
        booking = make.held(unit, method="razorpay")
        (payment,) = Payment.of_booking(unit, booking.id)
    scratch.run("DELETE FROM follow_ups")
    scratch.rung.clear()
    return booking, payment


def _event(booking: Booking, payment: Payment) -> dict[str, Any]:
    link = {"id": "plink_1", "status": "paid", "reference_id": f"{booking.code}-{payment.id}"}
    return {
        "entity": "event",
        "event": "payment_link.paid",
        "payload": {"payment_link": {"entity": link}, "payment": {"entity": {"id": "pay_1"}}},
    }


def _post(door: Door, event: Any) -> TestResponse:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    signed = hmac.new(RAZORPAY_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return door.client.post(WEBHOOK, data=body, headers={"X-Razorpay-Signature": signed})


def _told(booking: Booking, payment: Payment) -> dict[str, str]:
    parts = ("plink_1", f"{booking.code}-{payment.id}", "paid", "pay_1")
    signed = hmac.new(RAZORPAY_KEY_SECRET.encode(), "|".join(parts).encode(), hashlib.sha256)
    names = ("payment_link_id", "payment_link_reference_id", "payment_link_status", "payment_id")
    told = {f"razorpay_{name}": part for name, part in zip(names, parts, strict=True)}
    return told | {"razorpay_signature": signed.hexdigest()}
