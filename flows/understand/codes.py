"""A booking's code among other words: "approve bk-20251017-7k3qx", as it is typed, pasted or said aloud."""

from __future__ import annotations

import re
from typing import Final

# A digit tells it from a word; four letters, as many as are asked for, may be either.
_END_OF_ID: Final = re.compile(r"[\s:.…*#]*((?=[A-Za-z]*[0-9])[A-Za-z0-9]{4,40}|[A-Za-z]{4})[\s.]*")
_CODE: Final = re.compile(r"(?<![A-Z0-9])BK[ -]?([0-9]{8})[ -]?([A-Z0-9]{5})(?![A-Z0-9])", re.IGNORECASE)


def booking_code(said: str) -> tuple[str, str] | None:
    """(code, all the other words) of the first booking named; None where none is.

    The code is written as it is stored, whatever the letters and hyphens it was typed with.
    """
    found = _CODE.search(said)
    if found is None:
        return None
    around = (said[: found.start()], said[found.end() :])
    rest = " ".join(words for part in around if (words := part.strip(" \n,.:;-–—")))
    return f"BK-{found[1]}-{found[2].upper()}", rest


def end_of_id(said: str) -> str | None:
    """A transaction's id or the end of one, if that is all that is said; without a digit it may be a word as well."""
    found = _END_OF_ID.fullmatch(said.strip())
    return found[1] if found is not None else None
