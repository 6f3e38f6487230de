"""Tokens are ours, unchanged and in time, or refused; nothing in them says how they are to be checked."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import token
from models.token import Token, TokenRefused, Use

KEY = "k" * 40
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ONE = Token(Use.ACCESS, uuid4(), 3, NOW + timedelta(minutes=10))


def part(what: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(what).encode()).rstrip(b"=").decode()


def test_the_signature_is_the_standards() -> None:
    """RFC 7515, appendix A.1."""
    key = base64.urlsafe_b64decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
    )
    signed = (
        b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6"
        b"Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    assert token.signature(signed, key) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def test_what_is_written_is_read() -> None:
    written = token.write(ONE, KEY, now=NOW)
    assert token.read(written, KEY, use=Use.ACCESS, now=NOW + timedelta(minutes=9)) == ONE


@pytest.mark.parametrize(
    ("key", "use", "minutes"),
    [("j" * 40, Use.ACCESS, 0), (KEY, Use.REFRESH, 0), (KEY, Use.ACCESS, 10)],
)
def test_another_key_another_use_and_its_end_are_refused(key: str, use: Use, minutes: int) -> None:
    with pytest.raises(TokenRefused):
        token.read(token.write(ONE, KEY, now=NOW), key, use=use, now=NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "RS256"])
def test_what_a_token_says_of_its_algorithm_is_not_followed(algorithm: str) -> None:
    _, payload, signature = token.write(ONE, KEY, now=NOW).split(".")
    signed = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{payload}"
    for end in ("", signature, token.signature(signed.encode(), KEY.encode())):
        with pytest.raises(TokenRefused):
            token.read(f"{signed}.{end}", KEY, use=Use.ACCESS, now=NOW)


@given(st.data())
def test_a_token_that_was_changed_anywhere_is_refused(data: st.DataObject) -> None:
    written = token.write(ONE, KEY, now=NOW)
    at = data.draw(st.integers(0, len(written) - 1))
    other = data.draw(st.characters().filter(lambda sign: sign != written[at]))
    with pytest.raises(TokenRefused):
        token.read(written[:at] + other + written[at + 1 :], KEY, use=Use.ACCESS, now=NOW)


@given(st.text())
def test_no_text_of_a_strangers_does_any_harm(words: str) -> None:
    with pytest.raises(TokenRefused):
        token.read(words, KEY, use=Use.ACCESS, now=NOW)
