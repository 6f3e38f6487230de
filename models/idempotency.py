"""Idempotency keys: a call that is made again with the same key has the effect it had, and gets the answer it got.

The key is written in the unit of work of what it protects: two calls at once wait for each other, and what
failed has left no key behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from models.session import Session

KEPT: Final = timedelta(hours=24)


class KeyReused(Exception):
    """The key was used for another call, or for this one with something else in it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    body: bytes


def fingerprint(parts: Iterable[bytes]) -> str:
    """What a call asked for, in short; equal only for equal calls."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def begin(session: Session, account_id: int, key: str, asked: str, now: datetime) -> Answer | None:
    """Take the key for this call; what was answered where it was made before.

    Raises:
        KeyReused: for another call.
    """
    what = {"account_id": account_id, "key": key, "asked": asked, "now": now}
    if session.execute(_TAKE, what).first() is not None:
        return None
    before = session.execute(_BEFORE, what).one()
    if before.asked != asked:
        raise KeyReused
    return Answer(before.status, bytes(before.body))


def keep(session: Session, account_id: int, key: str, answer: Answer) -> None:
    """The call is done: whoever makes it again is answered so."""
    session.execute(
        _KEEP, {"account_id": account_id, "key": key, "status": answer.status, "body": answer.body}
    )


def forget_old(session: Session, now: datetime) -> None:
    session.execute(text("DELETE FROM idempotency_keys WHERE made_at < :then"), {"then": now - KEPT})


_TAKE = text(
    "INSERT INTO idempotency_keys (account_id, key, asked, made_at) VALUES (:account_id, :key, :asked, :now) "
    "ON CONFLICT (account_id, key) DO NOTHING RETURNING key"
)
_BEFORE = text(
    "SELECT asked, status, body FROM idempotency_keys WHERE account_id = :account_id AND key = :key"
)
_KEEP = text(
    "UPDATE idempotency_keys SET status = :status, body = :body WHERE account_id = :account_id AND key = :key"
)
