"""A place is read once, however many sentences of one unit of work name it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from models import db
from models.listing import Listing
from tests import factories as make
from tests.conftest import Scratch


@pytest.fixture
def reads(scratch: Scratch) -> Iterator[list[str]]:
    """Every statement that reads listings."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM listings" in statement:
            found.append(statement)

    event.listen(db.process().engine, "before_cursor_execute", note)
    yield found
    event.remove(db.process().engine, "before_cursor_execute", note)


def test_a_place_is_read_once_in_a_unit_of_work(reads: list[str]) -> None:
    with db.unit_of_work() as unit:
        place = make.listing(unit).id
    for _ in range(2):
        reads.clear()
        with db.unit_of_work() as unit:
            names = {Listing.get(unit, place).name for _ in range(3)}
        assert len(names) == len(reads) == 1


def test_a_place_that_is_not_there_is_nobodys(reads: list[str]) -> None:
    with pytest.raises(LookupError), db.unit_of_work() as unit:
        Listing.get(unit, 999_999)
