"""Connections are kept, and the warm one is taken first."""

from __future__ import annotations

from models import db
from tests.conftest import Scratch


def test_who_works_alone_works_on_one_connection_however_many_there_are(scratch: Scratch) -> None:
    together = [scratch.engine.raw_connection() for _ in range(3)]
    for connection in together:
        connection.close()
    assert len({_backend() for _ in range(6)}) == 1


def _backend() -> int:
    with db.one_statement() as (cursor, _):
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
