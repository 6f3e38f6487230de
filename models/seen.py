"""Rows as plain objects, one for each row in a unit of work."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from models.session import Session


class Read(Protocol):
    """An object made of a row."""

    id: int


Row = TypeVar("Row", bound=Read)


def seen(session: Session, read: Row) -> Row:
    """The one object of this row, as the row was just read: nobody in the unit of work holds an older copy."""
    known: dict[tuple[type, int], Any] = session.info.setdefault("seen", {})
    one: Row = known.setdefault((type(read), read.id), read)
    if one is not read:
        vars(one).update(vars(read))
    return one
