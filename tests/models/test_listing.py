"""A place is read once, however many sentences of one unit of work name it."""

from __future__ import annotations

from typing import Any

import pytest

from models import db
from models.hot import Hot, Rows
from models.listing import Listing
from models.session import Session
from tests import factories as make
from tests.conftest import Scratch


@pytest.fixture
def reads(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every hot statement that reads listings."""
    found: list[str] = []
    run = Hot.run

    def note(statement: Hot, session: Session, **values: Any) -> Rows:
        if "FROM listings" in statement.prepare:
            found.append(statement.name)
        return run(statement, session, **values)

    monkeypatch.setattr(Hot, "run", note)
    return found


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
