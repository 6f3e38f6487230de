"""The six digits of an authenticator app: TOTP by RFC 6238, with SHA-1 and steps of 30 seconds, as all apps have it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import quote

STEP: Final = 30
DIGITS: Final = 6
SKEW: Final = 1  # steps that a phone's clock may be off, either way
SECRET_BYTES: Final = 20  # as RFC 4226 recommends


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def step_of(now: datetime) -> int:
    return int(now.timestamp()) // STEP


def code(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """What an app shows during this step."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"


def matching_step(secret: bytes, typed: str, now: datetime) -> int | None:
    """The step whose code was typed, the clock of the phone being a little off; None for a wrong one."""
    current = step_of(now)
    matching = [
        step
        for step in range(current - SKEW, current + SKEW + 1)
        if hmac.compare_digest(code(secret, step).encode(), typed.encode())
    ]
    return matching[0] if matching else None


def as_typed(secret: bytes) -> str:
    """The secret in letters, for an app that cannot read a picture."""
    return base64.b32encode(secret).decode().rstrip("=")


def from_typed(letters: str) -> bytes:
    return base64.b32decode(letters + "=" * (-len(letters) % 8))


def address(secret: bytes, *, login: str, issuer: str) -> str:
    """What the QR code holds that an app is shown."""
    label = f"{quote(issuer, safe='')}:{quote(login, safe='')}"
    return f"otpauth://totp/{label}?secret={as_typed(secret)}&issuer={quote(issuer, safe='')}"
