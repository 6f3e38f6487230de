"""Connections are kept, and the warm one is taken first."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

import psycopg2
import pytest
from sqlalchemy import text

from models import db
from tests.conftest import Scratch


def test_who_works_alone_works_on_one_connection_however_many_there_are(scratch: Scratch) -> None:
    with ExitStack() as together:
        for _ in range(3):
            together.enter_context(db.one_statement())
            together.enter_context(db.unit_of_work()).connection()
    assert len({_backend() for _ in range(6)}) == 1
    assert len({_backend_of_a_unit() for _ in range(6)}) == 1


def test_those_who_work_together_have_one_each_and_nobody_gets_anothers(scratch: Scratch) -> None:
    for _ in range(2):
        with ExitStack() as together:
            cursors = [together.enter_context(db.one_statement())[0] for _ in range(3)]
            assert len({_asked(cursor) for cursor in cursors}) == 3


def test_a_connection_that_died_takes_with_it_those_that_nobody_uses(scratch: Scratch) -> None:
    with ExitStack() as together:
        backends = [_asked(together.enter_context(db.one_statement())[0]) for _ in range(4)]
    assert _backend() in backends
    scratch.run("SELECT pg_terminate_backend(pid, 10000) FROM unnest(:all) AS of (pid)", all=backends)
    with pytest.raises(psycopg2.OperationalError):
        _backend()
    assert _backend() not in backends


def test_a_connection_on_which_something_failed_is_not_used_again(scratch: Scratch) -> None:
    before = _backend()
    with pytest.raises(psycopg2.DataError), db.one_statement() as (cursor, _):
        cursor.execute("SELECT 1 / 0")
    assert _backend() != before


def test_a_connection_is_not_kept_for_ever(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _backend()
    assert _backend() == before
    later = time.monotonic() + db.RECYCLE_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert _backend() != before


def test_each_statement_commits_by_itself_on_a_connection_with_our_limits(scratch: Scratch) -> None:
    with db.one_statement() as (cursor, _):
        cursor.execute("INSERT INTO categories VALUES ('kept', 'Kept', 1)")
        assert scratch.value("SELECT count(*) FROM categories WHERE slug = 'kept'") == 1
        cursor.execute("SHOW enable_seqscan")
        assert cursor.fetchone() == ("off",)


def _backend() -> int:
    with db.one_statement() as (cursor, _):
        return _asked(cursor)


def _backend_of_a_unit() -> int:
    with db.unit_of_work() as unit:
        return int(unit.scalars(text("SELECT pg_backend_pid()")).one())


def _asked(cursor: Any) -> int:
    cursor.execute("SELECT pg_backend_pid()")
    return int(cursor.fetchone()[0])
