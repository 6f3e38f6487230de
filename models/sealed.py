"""What nobody but us may read, even with a copy of the database: sealed with the key of `ENCRYPTION_KEY`.

A process calls `start` once, as it calls `db.start`. Several keys may be given, the newest first: what was
sealed with an older one can still be opened.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

SHOWN: Final = 4  # characters of a number that stay readable, so that its owner knows which one it is

_keys: tuple[str, ...] = ()
_box: MultiFernet | None = None


class CannotOpen(Exception):
    """Sealed with a key that we do not have, or changed since."""


def start(keys: str) -> None:
    """Tell this process the keys: each as `new_key` makes it, with commas between several, the newest first."""
    global _keys, _box
    _keys, _box = tuple(keys_in(keys)), None


def keys_in(setting: str) -> list[str]:
    return [key.strip() for key in setting.split(",") if key.strip()]


def is_key(text: str) -> bool:
    """Whether this can be a key: 32 bytes in the alphabet of addresses."""
    try:
        return len(base64.b64decode(text.encode(), altchars=b"-_", validate=True)) == 32
    except ValueError:
        return False


def new_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def seal(secret: bytes) -> bytes:
    """The secret as it may be stored; twice the same secret is never twice the same."""
    return _opener().encrypt(secret)


def open_(sealed: bytes) -> bytes:
    """What was sealed.

    Raises:
        CannotOpen: with another key, or not as it was.
    """
    from cryptography.fernet import InvalidToken

    try:
        return _opener().decrypt(sealed)
    except InvalidToken:
        raise CannotOpen from None


def seal_text(secret: str) -> str:
    """The same for words, which are stored as words."""
    return seal(secret.encode()).decode()


def open_text(sealed: str) -> str:
    """What was sealed as words.

    Raises:
        CannotOpen: as of `open_`.
    """
    return open_(sealed.encode()).decode()


def masked(number: str) -> str:
    """The number as it may be shown: its last letters and digits, and dots for those before them."""
    hidden = sum(sign.isalnum() for sign in number) - SHOWN
    shown = []
    for sign in number:
        if sign.isalnum():
            hidden -= 1
            shown.append("•" if hidden >= 0 else sign)
        else:
            shown.append(sign)
    return "".join(shown)


def _opener() -> MultiFernet:
    """Made with the first secret: the library's import costs 30 ms, and most processes never seal anything."""
    global _box
    if _box is None:
        from cryptography.fernet import Fernet, MultiFernet

        if not _keys:
            raise RuntimeError("models.sealed.start() was not called in this process")
        _box = MultiFernet([Fernet(key) for key in _keys])
    return _box


if __name__ == "__main__":
    print(new_key())
