"""A hot statement does what the plain one does, and is prepared once on each connection, come what may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from models import db
from models.hot import Hot, run_together
from models.session import Session
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW

ADD = Hot(
    "test_add",
    "SELECT :a + :b + :a AS sum, '100%' AS percent, :at::timestamptz AS at",
    a="bigint",
    b="int",
    at="timestamptz",
)
DIVIDE = Hot("test_divide", "SELECT 1 / :by", by="int")
NOTHING = Hot("test_nothing", "SELECT 7")
KEEP = Hot("test_keep_named", "INSERT INTO categories VALUES (:slug, :name, 1)", slug="text", name="text")
RENAME = Hot("test_rename", "UPDATE categories SET name = 'Renamed' WHERE slug = :slug", slug="text")
_SLUGS = "SELECT array_agg(slug || ': ' || name ORDER BY slug) AS slugs FROM categories WHERE slug < 'z'"
SLUGS = Hot("test_slugs", _SLUGS)


def test_it_does_what_the_statement_says(session: Session) -> None:
    row = ADD.run(session, a=2**40, b=1, at=NOW)[0]
    assert (row.sum, row.percent, row.at) == (2**41 + 1, "100%", NOW)
    assert NOTHING.run(session).scalar() == 7


def test_parameters_are_values_whatever_they_hold(session: Session) -> None:
    echo = Hot("test_echo", "SELECT :words AS words, :none::text IS NULL AS empty", words="text", none="text")
    for words in ("'; DROP TABLE persons; --", "%s %(a)s %%", ":a $1", 'نمستے \\ "', ""):
        row = echo.run(session, words=words, none=None)[0]
        assert (row.words, row.empty) == (words, True)


def test_of_several_in_one_round_trip_all_are_done_and_the_last_one_answers(session: Session) -> None:
    keep = Hot("test_keep", "INSERT INTO categories VALUES (:slug, '', 1)", slug="text")
    rows = run_together(session, [(keep, {"slug": "a;b"}), (ADD, {"a": 1, "b": 2, "at": NOW})])
    assert (rows.rowcount, rows[0].sum) == (1, 4)
    assert run_together(session, [(ADD, {"a": 1, "b": 2, "at": NOW}), (keep, {"slug": "c"})]).rowcount == 1
    kept = session.scalars(text("SELECT slug FROM categories WHERE slug IN ('a;b', 'c') ORDER BY 1"))
    assert kept.all() == ["a;b", "c"]
    with pytest.raises(DataError, match="test_keep; test_divide"), session.begin_nested():
        run_together(session, [(keep, {"slug": "d"}), (DIVIDE, {"by": 0})])
    assert session.scalar(text("SELECT 1 FROM categories WHERE slug = 'd'")) is None


def test_a_write_is_done_before_whatever_comes_next(scratch: Scratch) -> None:
    after = {
        "a hot statement": lambda unit: SLUGS.run(unit)[0].slugs,
        "the library": lambda unit: unit.scalar(text(_SLUGS)),
        "its connection": lambda unit: unit.connection().exec_driver_sql(_SLUGS).scalar(),
    }
    for come_next in after.values():
        with db.unit_of_work() as unit:
            KEEP.write(unit, slug="a;b", name="First")
            KEEP.write(unit, slug="c", name="100%")
            RENAME.write(unit, slug="a;b")
            assert come_next(unit) == ["a;b: Renamed", "c: 100%"]
            unit.rollback()
        assert scratch.rows("SELECT slug FROM categories") == []
    with db.unit_of_work() as unit:
        KEEP.write(unit, slug="d", name="Last")
        driver: Any = unit.bare.connection.dbapi_connection
        with driver.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM categories")
            assert cursor.fetchone() == (0,)  # nothing was sent yet
        assert scratch.rows("SELECT slug FROM categories") == []
    assert scratch.value("SELECT name FROM categories") == "Last"


@pytest.mark.parametrize(
    "come_next", [NOTHING.run, lambda unit: unit.scalar(text("SELECT 7")), lambda unit: None]
)
def test_what_is_wrong_with_a_write_undoes_all(scratch: Scratch, come_next: Callable[[Session], Any]) -> None:
    def write(*slugs: str) -> None:
        with db.unit_of_work() as unit:
            for slug in slugs:
                KEEP.write(unit, slug=slug, name="")
            come_next(unit)

    with pytest.raises(IntegrityError):
        write("a", "a")
    assert scratch.rows("SELECT slug FROM categories") == []
    write("a")  # on the same connection
    assert scratch.value("SELECT slug FROM categories") == "a"


def test_a_write_belongs_to_the_savepoint_that_it_was_made_in(scratch: Scratch) -> None:
    def attempt(slug: str, *, undo: bool = False, fails: bool = False) -> None:
        with unit.begin_nested() as nested:
            KEEP.write(unit, slug=slug, name="")
            if undo:
                nested.rollback()
            if fails:
                raise ZeroDivisionError

    with db.unit_of_work() as unit:
        KEEP.write(unit, slug="before", name="")
        with pytest.raises(IntegrityError):
            attempt("before")
        with pytest.raises(ZeroDivisionError):
            attempt("failed", fails=True)
        attempt("undone", undo=True)
        attempt("within")
        KEEP.write(unit, slug="after", name="")
    kept = scratch.rows("SELECT slug FROM categories ORDER BY slug")
    assert [slug for (slug,) in kept] == ["after", "before", "within"]


def test_it_is_prepared_once_on_each_connection(scratch: Scratch) -> None:
    engine = create_engine(scratch.url, pool_size=1)
    for _ in range(3):
        with Session(engine.connect()) as unit:
            ADD.run(unit, a=1, b=1, at=NOW)
            names = unit.scalars(text("SELECT name FROM pg_prepared_statements")).all()
            assert names == ["test_add"]
    engine.dispose()
    with Session(engine.connect()) as unit:
        assert ADD.run(unit, a=1, b=1, at=NOW)[0].sum == 3
    engine.dispose()


def test_a_transaction_that_is_rolled_back_takes_nothing_with_it(scratch: Scratch) -> None:
    engine = create_engine(scratch.url, pool_size=1)
    with Session(engine.connect()) as unit:
        DIVIDE.run(unit, by=1)
        unit.rollback()
        assert DIVIDE.run(unit, by=1).scalar() == 1
        with pytest.raises(DataError) as refused:
            DIVIDE.run(unit, by=0)
        assert not refused.value.connection_invalidated
        unit.rollback()
        assert DIVIDE.run(unit, by=1).scalar() == 1
    engine.dispose()


def test_what_could_not_be_prepared_is_prepared_the_next_time(scratch: Scratch) -> None:
    engine = create_engine(scratch.url, pool_size=1)
    look = Hot("test_look", "SELECT count(*) FROM not_there_yet")
    with Session(engine.connect()) as unit:
        with pytest.raises(DBAPIError):
            look.run(unit)
        unit.rollback()
        unit.execute(text("CREATE TEMPORARY TABLE not_there_yet ()"))
        unit.commit()
        assert look.run(unit).scalar() == 0
    engine.dispose()


def test_a_connection_that_died_is_forgotten_with_all_that_nobody_uses(scratch: Scratch) -> None:
    connections = [scratch.engine.connect() for _ in range(4)]
    for connection in connections:
        connection.close()
    with db.unit_of_work() as unit:
        NOTHING.run(unit)
    other = create_engine(scratch.url)
    with other.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    other.dispose()
    with pytest.raises(DBAPIError) as lost, db.unit_of_work() as unit:
        NOTHING.run(unit)
    assert lost.value.connection_invalidated
    with db.unit_of_work() as unit:
        assert NOTHING.run(unit).scalar() == 7


def test_the_drivers_cursor_runs_it_too(scratch: Scratch) -> None:
    for _ in range(2):
        with db.one_statement() as (cursor, info):
            assert ADD.run_on(cursor, info, a=1, b=2, at=NOW)[0][:2] == (4, "100%")
    with db.one_statement() as (cursor, _):
        cursor.execute("INSERT INTO categories VALUES ('kept', 'Kept', 1)")
    assert scratch.value("SELECT slug FROM categories") == "kept"  # each statement commits by itself
    with db.unit_of_work() as unit:
        make.listing(unit)
        unit.rollback()  # and what comes after on that connection does not
    assert scratch.rows("SELECT 1 FROM listings") == []
