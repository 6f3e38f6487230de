"""Everything outside, on one address: Graph, Stripe and our own public address, answering what a test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from config import Settings
from doctor import templates
from integrations.stripe_gateway import EVENTS

NUMBER, WABA, APP = "200000000000009", "100000000000009", "300000000000009"
WEBHOOK, STRIPE_WEBHOOK = "/api/whatsapp/webhook", "/api/payments/stripe/webhook"


class Outside:
    """Answers by path, without the API's version; a test changes what it is about.

    Attributes:
        answers: what is answered: a document, or a status and a document.
        asked: every request: method, path, query, headers, body.
        late: seconds that the `Date` header lies in the past.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, str, dict[str, str], dict[str, str], bytes]] = []
        outside = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["Content-Length"])))

            def _answer(self, body: bytes) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                path = parts.path.removeprefix("/v26.0")
                outside.asked.append((self.command, path, query, dict(self.headers), body))
                found = outside.answers.get(f"{self.command} {path}", outside.answers.get(path, (404, {})))
                if callable(found):
                    found = found(query, dict(self.headers), body)
                status, document = found if isinstance(found, tuple) else (200, found)
                data = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *ignored: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.is_well()

    def is_well(self) -> None:
        """Everything as it should be, in the shapes that Meta and Stripe document."""
        available = {"can_send_message": "AVAILABLE", "entities": []}
        scopes = ["whatsapp_business_management", "whatsapp_business_messaging"]
        app = {"whatsapp_business_api_data": {"id": APP, "name": "Sarai", "link": ""}}
        self.answers = {
            "/debug_token": {
                "data": {
                    "app_id": APP,
                    "type": "SYSTEM_USER",
                    "is_valid": True,
                    "expires_at": 0,
                    "scopes": scopes,
                }
            },
            f"/{APP}/subscriptions": {
                "data": [
                    {
                        "object": "whatsapp_business_account",
                        "active": True,
                        "callback_url": self.url + WEBHOOK,
                        "fields": [{"name": "messages", "version": "v26.0"}],
                    }
                ]
            },
            f"/{NUMBER}": {
                "id": NUMBER,
                "display_phone_number": "+1 555-000-1111",
                "name_status": "APPROVED",
                "status": "CONNECTED",
                "quality_rating": "GREEN",
                "platform_type": "CLOUD_API",
                "account_mode": "LIVE",
                "whatsapp_business_manager_messaging_limit": "TIER_2K",
                "health_status": available,
            },
            f"/{WABA}": {
                "id": WABA,
                "currency": "USD",
                "country": "US",
                "account_review_status": "APPROVED",
                "health_status": available,
            },
            f"/{WABA}/phone_numbers": {"data": [{"id": NUMBER}]},
            f"/{WABA}/subscribed_apps": {"data": [app]},
            f"/{WABA}/message_templates": {
                "data": [
                    {**each, "status": "APPROVED", "rejected_reason": "NONE"} for each in templates.ours()
                ]
            },
            "/v1/balance": {"object": "balance", "livemode": True},
            "/v1/account": {"object": "account", "charges_enabled": True, "payouts_enabled": True},
            "/v1/webhook_endpoints": {
                "data": [
                    {"url": self.url + STRIPE_WEBHOOK, "status": "enabled", "enabled_events": list(EVENTS)}
                ]
            },
            f"GET {WEBHOOK}": lambda query, headers, body: (200, query["hub.challenge"].encode()),
            f"POST {WEBHOOK}": lambda query, headers, body: (
                (200, b"ok") if "X-Hub-Signature-256" in headers else (401, {"success": False})
            ),
            "/api/health": {"status": "ok", "wrong": [], "details": {}},
        }

    def changes(self, path: str, **values: Any) -> None:
        """One node with other values."""
        self.answers[path] = {**self.answers[path], **values}

    def refuses(self, path: str, code: int, message: str = "no", *, subcode: int = 0) -> None:
        error = {"code": code, "message": message, "error_subcode": subcode}
        self.answers[path] = 400, {"error": error}


@pytest.fixture(scope="session")
def _outside() -> Iterator[Outside]:
    outside = Outside()
    yield outside
    outside.server.shutdown()


@pytest.fixture
def outside(_outside: Outside) -> Outside:
    _outside.is_well()
    _outside.asked.clear()
    return _outside


@pytest.fixture
def settings(outside: Outside) -> Settings:
    return Settings(
        environment="test",
        public_url=outside.url,
        admin_whatsapp_number="+15550100100",
        whatsapp_phone_number_id=NUMBER,
        whatsapp_business_account_id=WABA,
        whatsapp_access_token="token-of-the-tests",
        whatsapp_app_secret="secret-of-the-tests",
        whatsapp_verify_token="verify-of-the-tests",
        whatsapp_api_url=outside.url,
        stripe_secret_key="sk_live_of_the_tests",
        stripe_webhook_secret="whsec_of_the_tests",
        stripe_api_url=outside.url,
    )
