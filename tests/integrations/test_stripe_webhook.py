"""Who may tell us something about a payment: only Stripe, only lately."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from integrations.gateway import WebhookRefused
from integrations.stripe_gateway import StripeGateway

VECTOR = json.loads((Path(__file__).parents[1] / "data" / "stripe_signature.json").read_text())
SIGNED_AT = datetime.fromtimestamp(VECTOR["timestamp"], UTC)
BODY = VECTOR["body"].encode()
GOOD = VECTOR["header"].partition("v1=")[2]


def gateway(secret: str = VECTOR["secret"]) -> StripeGateway:
    return StripeGateway(secret_key="sk_test_x", webhook_secret=secret)


def sign(body: bytes, at: datetime = SIGNED_AT, secret: str = VECTOR["secret"]) -> str:
    time = str(int(at.timestamp()))
    return f"t={time},v1={hmac.new(secret.encode(), f'{time}.'.encode() + body, hashlib.sha256).hexdigest()}"


def event(subject: dict[str, Any], type_: str = "x.y") -> bytes:
    return json.dumps({"id": "evt_1", "object": "event", "type": type_, "data": {"object": subject}}).encode()


def test_the_published_scheme_is_understood() -> None:
    notice = gateway().verify_webhook(BODY, VECTOR["header"], now=SIGNED_AT)
    assert (notice.external_id, notice.type) == ("evt_demo", "checkout.session.completed")


@pytest.mark.parametrize(
    "header",
    [
        f"t={VECTOR['timestamp']},v1={'0' * 64},v1={GOOD}",  # two secrets while they are changed
        f"t={VECTOR['timestamp']},v1={GOOD},v1={'0' * 64},v0=abc",
        f"v1={GOOD}, t={VECTOR['timestamp']}",
    ],
)
def test_one_right_signature_of_several_is_enough(header: str) -> None:
    assert gateway().verify_webhook(BODY, header, now=SIGNED_AT).external_id == "evt_demo"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=",
        f"t={VECTOR['timestamp']}",
        f"v1={GOOD}",
        f"t={VECTOR['timestamp']},v0={GOOD}",
        f"t={VECTOR['timestamp']},v1=",
        f"t={VECTOR['timestamp']},v1={GOOD[:-1]}",
        f"t={VECTOR['timestamp']},v1={GOOD.upper()}",
        f"t={VECTOR['timestamp']},v1={GOOD[:-1]}é",
        f"t={VECTOR['timestamp'] + 1},v1={GOOD}",
        f"t={VECTOR['timestamp']},t={VECTOR['timestamp'] + 1},v1={GOOD}",
        f"t=１７９５１６５５２０,v1={GOOD}",
        f"t={'9' * 40},v1={GOOD}",
        "t=-1,v1=x",
        "\x00",
    ],
)
def test_every_other_header_is_refused(header: str | None) -> None:
    with pytest.raises(WebhookRefused):
        gateway().verify_webhook(BODY, header, now=SIGNED_AT)


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(WebhookRefused, match="wrong signature"):
        gateway().verify_webhook(BODY + b" ", VECTOR["header"], now=SIGNED_AT)


def test_the_raw_bytes_count_not_what_they_mean() -> None:
    same = json.dumps(json.loads(BODY)).encode()
    with pytest.raises(WebhookRefused):
        gateway().verify_webhook(same, VECTOR["header"], now=SIGNED_AT)


def test_another_secret_is_refused_and_no_secret_accepts_nothing() -> None:
    with pytest.raises(WebhookRefused):
        gateway("whsec_other").verify_webhook(BODY, VECTOR["header"], now=SIGNED_AT)
    with pytest.raises(WebhookRefused):
        gateway("").verify_webhook(BODY, sign(BODY, secret=""), now=SIGNED_AT)


@pytest.mark.parametrize(
    ("age", "believed"), [(0, True), (300, True), (301, False), (86400, False), (-60, True)]
)
def test_five_minutes_are_the_limit(age: int, believed: bool) -> None:
    now = SIGNED_AT + timedelta(seconds=age)
    if believed:
        gateway().verify_webhook(BODY, VECTOR["header"], now=now)
    else:
        with pytest.raises(WebhookRefused, match="too long ago"):
            gateway().verify_webhook(BODY, VECTOR["header"], now=now)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"id": 1, "type": "a", "data": {"object": {}}}',
        b'{"id": "e", "type": "a", "data": {"object": []}}',
        b'{"id": "e", "type": "a", "data": null}',
    ],
)
def test_signed_nonsense_is_refused_without_a_crash(body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        gateway().verify_webhook(body, sign(body), now=SIGNED_AT)


@pytest.mark.parametrize(
    ("subject", "payment_id", "reference", "intent"),
    [
        (
            {
                "object": "checkout.session",
                "id": "cs_1",
                "payment_intent": "pi_1",
                "metadata": {"payment_id": "7"},
            },
            7,
            "cs_1",
            "pi_1",
        ),
        (
            {"object": "checkout.session", "id": "cs_1", "payment_intent": None, "metadata": None},
            None,
            "cs_1",
            None,
        ),
        ({"object": "payment_intent", "id": "pi_2", "metadata": {"payment_id": "12"}}, 12, None, "pi_2"),
        ({"object": "charge", "id": "ch_1", "payment_intent": "pi_3", "metadata": {}}, None, None, "pi_3"),
        ({"object": "charge", "id": "ch_1", "payment_intent": {"id": "pi_4"}}, None, None, "pi_4"),
        ({"object": "dispute", "id": "du_1", "payment_intent": "pi_5"}, None, None, "pi_5"),
        ({"object": "customer", "id": "cus_1"}, None, None, None),
        (
            {"object": "payment_intent", "id": "pi_6", "metadata": {"payment_id": "1; drop"}},
            None,
            None,
            "pi_6",
        ),
        (
            {"object": "payment_intent", "id": "pi_6", "metadata": {"payment_id": "9" * 30}},
            None,
            None,
            "pi_6",
        ),
    ],
)
def test_whom_an_event_is_about(
    subject: dict[str, Any], payment_id: int | None, reference: str | None, intent: str | None
) -> None:
    body = event(subject)
    notice = gateway().verify_webhook(body, sign(body), now=SIGNED_AT)
    assert (notice.payment_id, notice.reference, notice.intent) == (payment_id, reference, intent)


@given(st.text(), st.integers(0, 10**10))
def test_the_librarys_own_signatures_are_believed(text: str, at: int) -> None:
    body = event({"object": "charge", "note": text})
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), VECTOR["secret"], timestamp=at)
    notice = gateway().verify_webhook(body, header, now=datetime.fromtimestamp(at, UTC))
    assert notice.external_id == "evt_1"


@given(st.binary(), st.text())
def test_noise_is_refused_and_never_more(body: bytes, header: str) -> None:
    with pytest.raises(WebhookRefused):
        gateway().verify_webhook(body, header, now=SIGNED_AT)
