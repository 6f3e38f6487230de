from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from bot.app import create_app
from config import Settings
from integrations import clients
from tests.conftest import Scratch
from tests.factories import MovableClock

SECRET, TOKEN, NUMBER = "app-secret", "verify-token", "200000000000001"
STRIPE_SECRET = "whsec_test"
RAZORPAY_SECRET, RAZORPAY_KEY_SECRET = "razorpay-webhook", "razorpay-key"
JWT_SECRET = "jwt-secret-of-the-tests-jwt-secret"
WEBHOOK = "/api/whatsapp/webhook"


class Door:
    """The web application, as Meta and Stripe see it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()

    def post(self, body: Any, **how: Any) -> TestResponse:
        """A signed delivery; bytes as they are, anything else as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = how.pop("headers", {"X-Hub-Signature-256": sign(raw)})
        return self.client.post(WEBHOOK, data=raw, headers=headers, **how)

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(path, query_string=query)


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def make_settings(**more: Any) -> Settings:
    return Settings(
        whatsapp_app_secret=SECRET,
        whatsapp_verify_token=TOKEN,
        whatsapp_phone_number_id=NUMBER,
        stripe_secret_key="sk_test_1",
        stripe_webhook_secret=STRIPE_SECRET,
        razorpay_key_id="rzp_test_1",
        razorpay_key_secret=RAZORPAY_KEY_SECRET,
        razorpay_webhook_secret=RAZORPAY_SECRET,
        **{"environment": "test", "jwt_secret": JWT_SECRET, **more},
    )


def beats(
    scratch: Scratch, name: str, *, silent: float = 0, kind: str | None = None, **counts: list[Any]
) -> None:
    """A process that was last heard of so many seconds ago."""
    scratch.run(
        "INSERT INTO processes (machine, name, kind, pid, since, beat_at, counts) VALUES ('box', :name, :kind, 1, "
        "now(), clock_timestamp() - :silent * interval '1 s', :counts) ON CONFLICT (machine, name) "
        "DO UPDATE SET beat_at = excluded.beat_at, counts = excluded.counts",
        name=name,
        kind=kind or name,
        silent=silent,
        counts=json.dumps(counts),
    )


@pytest.fixture
def door(scratch: Scratch, redis_url: str, clock: MovableClock) -> Door:
    settings = make_settings(redis_url=redis_url)
    return Door(create_app(settings, clients.build(settings), clock))


def envelope(*values: Any) -> dict[str, Any]:
    """One entry with a change for each of these values."""
    changes = [{"field": "messages", "value": value} for value in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": "100000000000001", "changes": changes}]}


def value(**what: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "15550001111", "phone_number_id": NUMBER}
    return {"messaging_product": "whatsapp", "metadata": metadata, **what}


def message(wamid: str, phone: str = "923000000999", words: str = "hi", **more: Any) -> dict[str, Any]:
    return {
        "from": phone,
        "id": wamid,
        "timestamp": "1795165520",
        "type": "text",
        "text": {"body": words},
        **more,
    }
