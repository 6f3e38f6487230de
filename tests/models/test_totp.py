"""The vectors of RFC 6238, appendix B, for SHA-1."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models import totp

SECRET = b"12345678901234567890"
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


@pytest.mark.parametrize(("seconds", "shown"), VECTORS)
def test_an_app_shows_what_the_standard_says(seconds: int, shown: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert totp.code(SECRET, totp.step_of(now), digits=8) == shown
    assert totp.matching_step(SECRET, shown[-6:], now) == totp.step_of(now)


@pytest.mark.parametrize(("off", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_a_little_off(off: int, is_taken: bool) -> None:
    now = datetime(2026, 11, 20, 9, 0, 10, tzinfo=UTC)
    shown = totp.code(SECRET, totp.step_of(now + timedelta(seconds=off * totp.STEP)))
    assert (totp.matching_step(SECRET, shown, now) is not None) is is_taken


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "٩٤٢٨٧٠", "abcdef"])
def test_what_is_no_code_is_wrong(typed: str) -> None:
    assert totp.matching_step(SECRET, typed, datetime.fromtimestamp(59, UTC)) is None


def test_the_secret_can_be_typed() -> None:
    secret = totp.new_secret()
    assert totp.from_typed(totp.as_typed(secret)) == secret
    shown = totp.address(SECRET, login="bilal@example.com", issuer="Sarai Stays")
    assert shown == (
        "otpauth://totp/Sarai%20Stays:bilal%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=Sarai%20Stays"
    )
