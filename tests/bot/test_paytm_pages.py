"""Paytm's pages: the link leads on while it is worth it, and a callback is believed only that something happened."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import create_app
from integrations import clients
from integrations.paytm_checksum import FIELD, joined, sign
from models import db
from models.booking import Booking
from models.payment import Payment, PaymentFacts, PaymentState
from tests import factories as make
from tests.bot.conftest import Door, make_settings
from tests.conftest import Scratch
from tests.factories import NOW, RULES, MovableClock

CALLBACK, ALIAS = "/api/payments/paytm/callback", "/api/payments/callback"
MID, KEY = "SARAIX00000000000001", "k#y&with'odd\"one"


@pytest.fixture
def door(scratch: Scratch, redis_url: str, clock: MovableClock) -> Door:
    given = make_settings(
        redis_url=redis_url, paytm_mid=MID, paytm_merchant_key=KEY, whatsapp_number="+1 555 000 1111"
    )
    return Door(create_app(given, clients.build(given), clock))


def held(scratch: Scratch) -> tuple[int, Payment, str]:
    """A booking whose guest was given a link to Paytm: its id, the payment, and where the link leads."""
    with db.unit_of_work() as unit:
        booking = make.held(unit, method="paytm")
        payment = Payment.of_booking(unit, booking.id)[0]
        order_id = f"{booking.code}-{payment.id}"
        url = f"http://localhost:8000/pay/paytm/{order_id}?token=t%26%3D%2F1"
        reference = f"{order_id}~{int(NOW.timestamp())}"
        payment.learn(PaymentFacts(PaymentState.PENDING, reference=reference, url=url), NOW)
        payment.write(unit)
    scratch.run("DELETE FROM follow_ups")
    scratch.rung.clear()
    return booking.id, payment, url.removeprefix("http://localhost:8000")


def form(payment_id: Any, key: str = KEY, **other: str) -> bytes:
    fields = {
        "MID": MID,
        "ORDERID": f"BK-20261120-7K3QX-{payment_id}",
        "TXNID": "20261120111212800110",
        "TXNAMOUNT": "2500.00",
        "STATUS": "TXN_SUCCESS",
        **other,
    }
    return urlencode({**fields, FIELD: sign(joined(fields), key)}).encode()


def server_says(payment_id: Any, key: str = KEY, **other: Any) -> bytes:
    told = {"mid": MID, "orderId": f"BK-20261120-7K3QX-{payment_id}", "status": "TXN_SUCCESS", **other}
    body = json.dumps(told, ensure_ascii=False)
    return f'{{"head": {{"signature": "{sign(body, key)}"}}, "body": {body}}}'.encode()


# ---- callbacks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [CALLBACK, ALIAS])
@pytest.mark.parametrize("said", [form, server_says], ids=["browser", "server"])
def test_a_callback_is_kept_once_and_makes_us_ask(scratch: Scratch, door: Door, path: str, said: Any) -> None:
    booking_id, payment, _ = held(scratch)
    body = said(payment.id)
    for _ in range(3):
        assert door.client.post(path, data=body).status_code == 200
    event = scratch.row("SELECT * FROM inbound_events")
    assert (event.source, event.kind, event.outcome) == ("paytm", "payment", "ASKED")
    job = scratch.row("SELECT * FROM follow_ups")
    assert (job.job, job.booking_id) == ("settle_payment", booking_id)
    assert scratch.rung == [{("providers", booking_id)}]
    assert scratch.value("SELECT status FROM bookings") == "PAYMENT_PENDING"  # nothing is believed yet
    assert scratch.value("SELECT state FROM payments") == "pending"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("TXN_SUCCESS", "Thank you"),
        ("TXN_FAILURE", "Not paid"),
        ("PENDING", "Not certain"),
        ("X", "Not certain"),
    ],
)
def test_a_browser_is_led_back_to_the_chat(scratch: Scratch, door: Door, status: str, words: str) -> None:
    _, payment, _ = held(scratch)
    page = door.client.post(CALLBACK, data=form(payment.id, STATUS=status))
    assert words in page.text
    assert 'href="https://wa.me/15550001111"' in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_a_server_needs_no_page(scratch: Scratch, door: Door) -> None:
    _, payment, _ = held(scratch)
    assert door.client.post(CALLBACK, data=server_says(payment.id)).data == b"ok"


def test_pending_tells_nothing_new_and_asks_nothing(scratch: Scratch, door: Door) -> None:
    _, payment, _ = held(scratch)
    door.client.post(CALLBACK, data=server_says(payment.id, status="PENDING"))
    assert scratch.value("SELECT outcome FROM inbound_events") == "KNOWN"
    assert scratch.rows("SELECT 1 FROM follow_ups") == []


@pytest.mark.parametrize("payment_id", ["", "x", 999_999_999, "9" * 30, "²"])
def test_what_is_about_nobodys_payment_is_acknowledged(scratch: Scratch, door: Door, payment_id: Any) -> None:
    for body in (form(payment_id), server_says(payment_id)):
        assert door.client.post(CALLBACK, data=body).status_code == 200
    assert scratch.rows("SELECT DISTINCT outcome FROM inbound_events") == [("NOT_OURS",)]


def test_what_is_not_signed_by_paytm_is_refused_and_not_kept(scratch: Scratch, door: Door) -> None:
    _, payment, _ = held(scratch)
    genuine = form(payment.id)
    refused = [
        b"",
        b"{}",
        form(payment.id, key="0badc0de0badc0de"),
        server_says(payment.id, key="0badc0de0badc0de"),
        form(payment.id, MID="SOMEBODYELSE00000001"),
        server_says(payment.id, mid="SOMEBODYELSE00000001"),
        genuine.replace(b"2500.00", b"1.00"),
        genuine.replace(f"-{payment.id}&".encode(), f"-{payment.id + 1}&".encode()),
        genuine.partition(b"&CHECKSUMHASH")[0],
    ]
    for body in refused:
        answer = door.client.post(CALLBACK, data=body)
        assert (answer.status_code, answer.get_json()["success"]) == (403, False)
    assert scratch.rows("SELECT 1 FROM inbound_events") == []
    assert door.client.post(CALLBACK, data=b"x" * 5 * 1024 * 1024).status_code == 413
    assert door.client.get(CALLBACK).status_code == 405


def test_without_its_keys_there_is_no_such_address(
    scratch: Scratch, redis_url: str, clock: MovableClock
) -> None:
    given = make_settings(redis_url=redis_url)
    bare = Door(create_app(given, clients.build(given), clock))
    assert bare.client.post(CALLBACK, data=form(1)).status_code == 404
    assert bare.client.get("/pay/paytm/BK-1-1?token=x").status_code == 404


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    status=st.text(max_size=9) | st.sampled_from(["\0", "TXN_SUCCESS"]),
    order=st.text(max_size=9) | st.sampled_from(["a\0-1", "-1", "x" * 400 + "-1"]),
    txn=st.none() | st.integers() | st.text(max_size=9) | st.sampled_from(["\0", "x" * 400]),
)
def test_whatever_paytm_signs_is_answered(door: Door, status: str, order: str, txn: Any) -> None:
    by_server = server_says(1, status=status, orderId=order, txnId=txn)
    assert door.client.post(CALLBACK, data=by_server).status_code in (200, 403)
    by_browser = form(1, STATUS=status, ORDERID=order, TXNID=str(txn))
    assert door.client.post(CALLBACK, data=by_browser).status_code in (200, 403)


# ---- the guest's link ------------------------------------------------------------------------------


def test_the_link_leads_on_to_paytms_page(scratch: Scratch, door: Door) -> None:
    _, payment, link = held(scratch)
    page = door.client.get(link)
    assert page.status_code == 200
    order_id = str(payment.reference).partition("~")[0]
    address = (
        f"https://secure.paytmpayments.com/theia/api/v1/showPaymentPage?mid={MID}&amp;orderId={order_id}"
    )
    assert f'action="{address}"' in page.text
    for field in (("mid", MID), ("orderId", order_id), ("txnToken", "t&amp;=/1")):
        assert 'name="{}" value="{}"'.format(*field) in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert scratch.rows("SELECT 1 FROM follow_ups UNION SELECT 1 FROM inbound_events") == []


@pytest.mark.parametrize("other", ["?token=guess", "?token=", "", "?token=t", "?token=%ff%00", "?token=é"])
def test_a_link_without_its_token_shows_nothing(scratch: Scratch, door: Door, other: str) -> None:
    _, _, link = held(scratch)
    page = door.client.get(link.partition("?")[0] + other)
    assert page.status_code == 404
    assert "txnToken" not in page.text


@pytest.mark.parametrize("order_id", ["x", "-", "BK-1-999999999", "BK-1-" + "9" * 40, "%00-1", "%ff-1"])
def test_any_other_address_is_nothing(scratch: Scratch, door: Door, order_id: str) -> None:
    assert door.client.get(f"/pay/paytm/{order_id}?token=t").status_code == 404


def test_a_page_of_another_method_is_not_paytms(scratch: Scratch, door: Door) -> None:
    _, _, link = held(scratch)
    scratch.run("UPDATE payments SET method = 'card'")
    assert door.client.get(link).status_code == 404


@pytest.mark.parametrize("state", ["failed", "expired", "voided", "refunded"])
def test_what_has_ended_is_not_paid_any_more(scratch: Scratch, door: Door, state: str) -> None:
    _, _, link = held(scratch)
    scratch.run("UPDATE payments SET state = :state", state=state)
    page = door.client.get(link)
    assert (page.status_code, "over" in page.text, "txnToken" in page.text) == (410, True, False)


def test_what_is_paid_says_so(scratch: Scratch, door: Door) -> None:
    _, _, link = held(scratch)
    scratch.run("UPDATE payments SET state = 'captured'")
    assert "Thank you" in door.client.get(link).text


def test_an_attempt_that_was_given_up_leads_nowhere(scratch: Scratch, door: Door) -> None:
    booking_id, _, link = held(scratch)
    with db.unit_of_work() as unit:
        booking = Booking.for_update(unit, booking_id)
        booking.retry_payment(unit, method="card", cause="event:2", now=NOW)
    assert door.client.get(link).status_code == 410


def test_a_booking_that_has_ended_leads_nowhere(scratch: Scratch, door: Door) -> None:
    booking_id, _, link = held(scratch)
    with db.unit_of_work() as unit:
        Booking.for_update(unit, booking_id).expire(unit, cause="event:2", now=NOW + RULES.hold)
    assert door.client.get(link).status_code == 410


def test_a_token_that_has_run_out_leads_nowhere(scratch: Scratch, door: Door, clock: MovableClock) -> None:
    _, _, link = held(scratch)
    clock.move(timedelta(minutes=15))
    assert door.client.get(link).status_code == 410
