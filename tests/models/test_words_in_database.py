"""Columns that hold one of a few words hold nothing else, whoever writes them."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models.session import Session


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("inbound_events", "kind", "message status payment notice"),
        ("bookings", "decision", "YES NO"),
        ("bookings", "commission_status", "NONE PENDING CONFIRMED CANCELLED"),
        ("allocations", "state", "HELD KEPT BLOCKED RELEASED"),
        ("outbound_messages", "recipient", "guest owner admin"),
        ("outbound_messages", "state", "QUEUED SENDING UNKNOWN ACCEPTED FAILED LAPSED"),
        ("outbound_attempts", "outcome", "ACCEPTED REFUSED UNKNOWN NOT_SENT"),
    ],
)
def test_a_column_of_words_takes_only_these(session: Session, table: str, column: str, words: str) -> None:
    found = text(
        "SELECT domain_name FROM information_schema.columns WHERE table_name = :table AND column_name = :column"
    )
    domain = session.scalar(found, {"table": table, "column": column})
    for word in words.split():
        assert session.scalar(text(f"SELECT CAST(:word AS {domain})"), {"word": word}) == word
    for word in ("", "OTHER", words.split()[0].swapcase()):
        with pytest.raises(IntegrityError, match="value for domain"), session.begin_nested():
            session.execute(text(f"SELECT CAST(:word AS {domain})"), {"word": word})
