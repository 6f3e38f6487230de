"""What the doctor says of Razorpay."""

from __future__ import annotations

from typing import Any

import pytest

from config import Settings
from doctor import razorpay
from tests.integrations.outside import Act, answer, outside, unused_port

SECRET = "secret-of-the-key"


def given(url: str, **more: Any) -> Settings:
    keys = {
        "razorpay_key_id": "rzp_live_1",
        "razorpay_key_secret": SECRET,
        "razorpay_webhook_secret": "of-the-webhook",
    }
    return Settings(
        environment="test", public_url="https://sarai.example/", razorpay_api_url=url, **{**keys, **more}
    )


def findings(settings: Settings) -> list[str]:
    return [str(finding) for finding in razorpay.check(settings)]


@pytest.mark.parametrize(
    ("says", "finding"),
    [
        (answer(401, '{"error": {"code": "BAD_REQUEST_ERROR"}}'), "are not taken"),
        (answer(503, ""), "does not answer as it should (http_503)"),
        (answer(200, "<html>"), "does not answer as it should (unreadable_answer)"),
    ],
)
def test_a_link_that_nobody_made_shows_whether_the_key_is_taken(says: Act, finding: str) -> None:
    with outside(says) as server:
        (told,) = findings(given(server.url))
        (asked,) = server.requests
    assert told.startswith("FAIL")
    assert finding in told
    assert SECRET not in told
    assert (asked.method, asked.path) == ("GET", "/v1/payment_links?reference_id=DOCTOR-0")


@pytest.mark.parametrize(
    ("key", "environment", "said"),
    [
        ("rzp_live_1", "production", "ok"),
        ("rzp_test_1", "sandbox", "ok"),
        ("rzp_test_1", "production", "warn"),
    ],
)
def test_the_test_mode_is_said_and_where_webhooks_have_to_lead(key: str, environment: Any, said: str) -> None:
    with outside(answer(200, '{"payment_links": []}')) as server:
        settings = given(server.url, razorpay_key_id=key)
        settings.environment = environment
        mode, webhook = findings(settings)
    assert mode.startswith(said)
    assert "https://sarai.example/api/payments/razorpay/webhook" in webhook


def test_without_keys_there_is_nothing_to_look_at() -> None:
    (told,) = findings(given("https://x.example", razorpay_key_id=""))
    assert "nothing is paid by Razorpay" in told


def test_nobody_there() -> None:
    (told,) = findings(given(f"http://127.0.0.1:{unused_port()}"))
    assert "cannot be reached" in told
