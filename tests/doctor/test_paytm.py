"""What the doctor says of Paytm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config import Settings
from doctor import paytm
from integrations.paytm_checksum import sign
from tests.integrations.outside import Act, answer, outside, unused_port

KEY = "k#y&with'odd\"one"


def said(status: str, code: str, key: str = KEY) -> Act:
    body = json.dumps({"resultInfo": {"resultStatus": status, "resultCode": code, "resultMsg": "…"}})
    return answer(200, f'{{"head": {{"signature": "{sign(body, key)}"}}, "body": {body}}}')


def given(url: str, **more: Any) -> Settings:
    keys = {"paytm_mid": "SARAIX00000000000001", "paytm_merchant_key": KEY}
    return Settings(
        environment="test", public_url="https://sarai.example/", paytm_api_url=url, **{**keys, **more}
    )


def findings(settings: Settings) -> list[str]:
    return [str(finding) for finding in paytm.check(settings)]


@pytest.mark.parametrize(
    ("says", "finding"),
    [
        (said("TXN_FAILURE", "334"), "ok"),
        (said("NO_RECORD_FOUND", "331"), "ok"),
        (said("TXN_FAILURE", "330"), "PAYTM_MERCHANT_KEY is not taken"),
        (said("TXN_FAILURE", "330", "0badc0de0badc0de"), "PAYTM_MERCHANT_KEY is not taken"),
        (said("TXN_FAILURE", "335"), "PAYTM_MID is not known"),
        (answer(503, ""), "does not answer as it should (http_503)"),
    ],
)
def test_an_order_that_nobody_made_shows_whether_the_key_is_taken(says: Act, finding: str) -> None:
    with outside(says) as server:
        (told,) = findings(given(server.url))
    assert finding in told
    assert KEY not in told


def test_without_keys_there_is_nothing_to_look_at() -> None:
    (told,) = findings(given("https://x.example", paytm_mid="", paytm_merchant_key=""))
    assert "nothing is paid by Paytm" in told


def test_a_key_that_was_cut() -> None:
    (told,) = findings(given("http://127.0.0.1:1", paytm_merchant_key=KEY[:2]))
    assert "16 or 32 characters" in told


def test_nobody_there() -> None:
    (told,) = findings(given(f"http://127.0.0.1:{unused_port()}"))
    assert "cannot be reached" in told


@pytest.mark.parametrize(
    ("address", "leads_here"),
    [
        ("", True),
        ("https://sarai.example/api/payments/paytm/callback", True),
        ("https://sarai.example/api/payments/callback", True),
        ("https://other.example/api/payments/paytm/callback", False),
        ("https://sarai.example/elsewhere", False),
    ],
)
def test_the_callback_leads_here(address: str, leads_here: bool) -> None:
    with outside(said("TXN_FAILURE", "334")) as server:
        told = findings(given(server.url, paytm_callback_url=address))
    assert any("leads elsewhere" in each for each in told) is not leads_here
