"""The permission to read the mailbox, as a file: sealed, for whoever holds it reads the business's mail.

A plain file, as Google's own tools and the sandbox write it, is taken as well and sealed when it is first read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from models import sealed

NEEDED = ("refresh_token", "client_id", "client_secret", "token_uri")


class NoToken(Exception):
    """There is no permission in the file; says in a word why."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def load(path: Path, *, seals: bool = True) -> tuple[Mapping[str, Any], str]:
    """What Google gave us, and a mark by which the same permission is known again.

    Args:
        seals: a plain file is sealed on the way; not by who only looks, perhaps as another user.

    Raises:
        NoToken: `no_token` where there is no file, `token_unreadable` where it holds something else or was sealed
            with a key that we do not have.
    """
    try:
        content = path.read_bytes()
    except OSError:
        raise NoToken("no_token") from None
    if content.lstrip().startswith(b"{"):
        found = _checked(content)
        with contextlib.suppress(OSError):  # a folder that we may not write to: it is read all the same
            if seals:
                save(path, found)
    else:
        try:
            found = _checked(sealed.open_(content.strip()))
        except sealed.CannotOpen:
            raise NoToken("token_unreadable") from None
    return found, hashlib.sha256(str(found["refresh_token"]).encode()).hexdigest()[:16]


def save(path: Path, token: Mapping[str, Any]) -> None:
    """Write it sealed, for our own user alone, in one step: whoever reads meanwhile reads the old one or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 600
    with os.fdopen(handle, "wb") as file:
        file.write(sealed.seal(orjson.dumps(dict(token))))
    Path(fresh).replace(path)


def _checked(content: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(content)
    except ValueError:
        raise NoToken("token_unreadable") from None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in NEEDED):
        raise NoToken("token_unreadable")
    return found
