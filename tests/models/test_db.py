"""Connections are kept, and the warm one is taken first."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from typing import Any

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from models import db
from models.hot import Hot
from models.session import Session
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


def test_who_comes_now_and_then_stays_off_the_connections_that_work(scratch: Scratch) -> None:
    working = _backend()
    with db.one_statement(apart=True) as (cursor, _):
        apart = _asked(cursor)
        assert _backend() == working != apart
    with db.one_statement():
        assert _backend_apart() == apart
    assert _backend() == _backend_of_a_unit() == working


def test_a_connection_apart_that_died_is_replaced(scratch: Scratch) -> None:
    before = _backend_apart()
    scratch.run("SELECT pg_terminate_backend(:pid, 10000)", pid=before)
    with pytest.raises(psycopg2.OperationalError):
        _backend_apart()
    assert _backend_apart() == _backend_apart() != before


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


def test_what_a_rule_refuses_leaves_nothing_and_the_connection_is_used_again(scratch: Scratch) -> None:
    before = _backend_of_a_unit()
    for fails in ("SELECT 1 / 0", None):
        with pytest.raises((DBAPIError, ValueError)):
            _add_and_fail(fails)
    assert scratch.value("SELECT count(*) FROM categories WHERE slug = 'refused'") == 0
    assert _backend_of_a_unit() == before


def test_a_unit_and_a_single_statement_share_their_connection(scratch: Scratch) -> None:
    assert _backend_of_a_unit() == _backend() == _backend_of_a_unit()
    with db.unit_of_work() as unit, db.one_statement() as (cursor, _):
        assert unit.scalar(text("SELECT pg_backend_pid()")) != _asked(cursor)


@pytest.mark.parametrize("then", ["SELECT 1", None], ids=["at a statement", "at the commit"])
def test_a_connection_that_died_under_a_unit_is_an_error_that_says_so(
    scratch: Scratch, then: str | None
) -> None:
    before = _backend_of_a_unit()
    with pytest.raises(DBAPIError) as lost:
        _die(scratch, then)
    assert lost.value.connection_invalidated
    assert _backend_of_a_unit() != before


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


def _backend_apart() -> int:
    with db.one_statement(apart=True) as (cursor, _):
        return _asked(cursor)


def _backend_of_a_unit() -> int:
    with db.unit_of_work() as unit:
        return int(unit.scalars(text("SELECT pg_backend_pid()")).one())


def _add_and_fail(fails: str | None) -> None:
    with db.unit_of_work() as unit:
        unit.execute(text("INSERT INTO categories VALUES ('refused', 'Refused', 1)"))
        if fails is None:
            raise ValueError
        unit.execute(text(fails))


def _die(scratch: Scratch, then: str | None) -> None:
    with db.unit_of_work() as unit:
        mine = unit.scalar(text("SELECT pg_backend_pid()"))
        scratch.run("SELECT pg_terminate_backend(:pid, 10000)", pid=mine)
        if then is not None:
            unit.execute(text(then))


def _asked(cursor: Any) -> int:
    cursor.execute("SELECT pg_backend_pid()")
    return int(cursor.fetchone()[0])


def test_a_server_that_says_nothing_is_not_waited_for_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(db._NETWORK, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = db.make_engine(f"postgresql+psycopg2://sarai@127.0.0.1:{silent.getsockname()[1]}/sarai")
        began = time.monotonic()
        with pytest.raises(OperationalError):
            engine.connect()
    assert time.monotonic() - began < 20


def test_one_that_vanished_is_noticed_unless_its_address_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, Any]] = []

    def connect(*_: Any, **how: Any) -> Any:
        asked.append(how)
        raise psycopg2.OperationalError("nobody there")

    monkeypatch.setattr(psycopg2, "connect", connect)
    for address in ("postgresql+psycopg2://h/d", "postgresql+psycopg2://h/d?connect_timeout=9"):
        with pytest.raises(OperationalError):
            db.make_engine(address).connect()
    assert [int(each["connect_timeout"]) for each in asked] == [5, 9]
    assert all(each["tcp_user_timeout"] and each["keepalives_idle"] for each in asked)


def _begin_with_a_savepoint(unit: Session) -> None:
    with unit.begin_nested():
        pass


BEGINNINGS = {
    "the library": lambda unit: unit.execute(text("INSERT INTO categories VALUES ('a', 'One', 1)")),
    "its connection": lambda unit: unit.connection().exec_driver_sql(
        "INSERT INTO categories VALUES ('b', 'One', 1)"
    ),
    "a hot statement": lambda unit: ADD.run(unit),
    "a write": lambda unit: ADD.write(unit),
    "a savepoint": _begin_with_a_savepoint,
}
ADD = Hot("test_add_category", "INSERT INTO categories VALUES ('c', 'One', 1)")


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_all_of_a_unit_is_undone_whatever_it_began_with(scratch: Scratch, beginning: str) -> None:
    with db.unit_of_work() as unit:
        BEGINNINGS[beginning](unit)
        unit.execute(text("INSERT INTO categories VALUES ('d', 'One', 1)"))
        unit.rollback()
    assert scratch.rows("SELECT slug FROM categories") == []
    with db.unit_of_work() as unit:
        BEGINNINGS[beginning](unit)
        unit.execute(text("INSERT INTO categories VALUES ('d', 'One', 1)"))
    assert scratch.value("SELECT max(slug) FROM categories") == "d"
