"""Passwords: argon2id hashes and nothing else; the library is loaded by the first who signs in.

A hash costs 9 MiB and some 40 ms of CPU on purpose, so that only one is made at a time: whoever floods the
sign-in waits for themselves, and the webhooks' threads stay free.

Source: OWASP's password storage cheat sheet: of its equally strong parameters for argon2id those with little memory,
for the allocator keeps it.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST: Final = 12
MOST: Final = 200
WAITS: Final = 2.0  # seconds for those before one

_one_at_a_time = threading.Lock()


class TooBusy(Exception):
    """Others sign in just now; try again in a moment."""


def hashed(password: str) -> str:
    """The password as it may be stored."""
    with _Turn():
        return _hasher().hash(password)


def fits(password: str, stored: str | None) -> bool:
    """Whether it is the password that was stored; takes as long where none is, and tells nobody that none is."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with _Turn():
        try:
            return _hasher().verify(stored or _nobodys(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


class _Turn:
    def __enter__(self) -> None:
        if not _one_at_a_time.acquire(timeout=WAITS):
            raise TooBusy

    def __exit__(self, *_: object) -> None:
        _one_at_a_time.release()


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=4, memory_cost=9 * 1024, parallelism=1)


@cache
def _nobodys() -> str:
    """A hash of no password; made once."""
    return _hasher().hash("")
