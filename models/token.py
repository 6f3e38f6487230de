"""Signed tokens (JWT by RFC 7519, HS256) for who has signed in.

Only the one header that we write ourselves is taken: what a token says of its own algorithm is never followed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import orjson

ISSUER: Final = "sarai"
LONGEST: Final = 2000  # ours have some three hundred characters


class Use(StrEnum):
    ACCESS = "access"
    REFRESH = "refresh"


class TokenRefused(Exception):
    """Not signed by us, of another kind, changed, or over."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says.

    Attributes:
        sign_in: which sign-in it belongs to.
        generation: the how manieth token of its sign-in; a refresh token is good once.
    """

    use: Use
    sign_in: UUID
    generation: int
    expires_at: datetime


def write(token: Token, key: str, *, now: datetime) -> str:
    """The token as it is handed out."""
    claims = {
        "iss": ISSUER,
        "use": token.use,
        "sid": str(token.sign_in),
        "gen": token.generation,
        "iat": int(now.timestamp()),
        "exp": int(token.expires_at.timestamp()),
    }
    signed = f"{_HEADER}.{_encoded(orjson.dumps(claims))}"
    return f"{signed}.{signature(signed.encode(), key.encode())}"


def read(text: str, key: str, *, use: Use, now: datetime) -> Token:
    """What one of our tokens says, while it lasts.

    Raises:
        TokenRefused: it is none, or none of this use, or its time is over.
    """
    claims = _claims(text, key)
    if claims.get("iss") != ISSUER or claims.get("use") != use:
        raise TokenRefused
    token = Token(use, UUID(claims["sid"]), claims["gen"], datetime.fromtimestamp(claims["exp"], UTC))
    if token.expires_at <= now:
        raise TokenRefused
    return token


def signature(signed: bytes, key: bytes) -> str:
    """HMAC with SHA-256, as a token's last part has it."""
    return _encoded(hmac.digest(key, signed, hashlib.sha256))


def _claims(text: str, key: str) -> Mapping[str, Any]:
    signed, _, given = text.rpartition(".")
    header, _, payload = signed.partition(".")
    if len(text) > LONGEST or not text.isascii() or header != _HEADER:
        raise TokenRefused
    if not hmac.compare_digest(given.encode(), signature(signed.encode(), key.encode()).encode()):
        raise TokenRefused
    try:
        claims: Mapping[str, Any] = orjson.loads(
            base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        )
    except (binascii.Error, ValueError):
        raise TokenRefused from None
    return claims


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_HEADER: Final = _encoded(b'{"alg":"HS256","typ":"JWT"}')
