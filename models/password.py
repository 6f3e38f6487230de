"""Passwords: argon2id hashes and nothing else; the library is loaded by the first who signs in.

A hash costs 9 MiB and some 40 ms of CPU on purpose, so that only one is made at a time, and only a few wait in
line: whoever floods the sign-in is sent away, and the webhooks' threads stay free.

Source: OWASP's password storage cheat sheet: of its equally strong parameters for argon2id those with little memory,
for the allocator keeps it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST: Final = 12
MOST: Final = 200
IN_LINE: Final = 4

_line = threading.BoundedSemaphore(IN_LINE)
_one_at_a_time = threading.Lock()


class TooBusy(Exception):
    """Others sign in just now; try again in a moment."""


def check_line() -> None:
    """Asked before a try is counted, for one that nobody looks at is none.

    Raises:
        TooBusy: too many wait already.
    """
    if not _line.acquire(blocking=False):
        raise TooBusy
    _line.release()


def hashed(password: str) -> str:
    """The password as it may be stored.

    Raises:
        TooBusy: too many wait already.
    """
    with _turn():
        return _hasher().hash(password)


def fits(password: str, stored: str | None) -> bool:
    """Whether it is the password that was stored; takes as long where none is, and tells nobody that none is.

    Raises:
        TooBusy: too many wait already.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    with _turn():
        try:
            return _hasher().verify(stored or _nobodys(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


@contextmanager
def _turn() -> Iterator[None]:
    if not _line.acquire(blocking=False):
        raise TooBusy
    try:
        with _one_at_a_time:
            yield
    finally:
        _line.release()


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=4, memory_cost=9 * 1024, parallelism=1)


@cache
def _nobodys() -> str:
    """A hash of no password; made once."""
    return _hasher().hash("")
