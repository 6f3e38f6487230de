"""What the tests of the truth share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from models.booking import Booking
from models.booking_event import STANDING
from models.session import Session


@pytest.fixture
def as_the_database_wants_it(session: Session) -> Iterator[None]:
    """What a commit would check is checked at the end of each test, though nothing is committed.

    And nothing that was changed of a booking or its payments is left unwritten.
    """
    yield
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for (kind, number), held in session.info.get("seen", {}).items():
        table, columns = ("bookings", STANDING) if kind is Booking else ("payments", vars(held))
        row = session.execute(text(f"SELECT * FROM {table} WHERE id = :id"), {"id": number}).one()
        assert {name: getattr(held, name) for name in columns} == {
            name: getattr(row, name) for name in columns
        }
