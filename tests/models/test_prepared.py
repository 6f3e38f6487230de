"""A statement that comes again is prepared, and means what it meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import db

BIG = 2**40
VALUES: list[tuple[str, Any]] = [
    ("7", 7),
    ("bigger than an int", BIG),
    ("words, quoted: %s %(x)s 'it''s' :colon", "it's 100 % \\ :colon"),
    ("yes", True),
    ("a date", date(2026, 11, 20)),
    ("a moment", datetime(2026, 11, 20, 9, 0, tzinfo=UTC)),
    ("a while", timedelta(hours=3)),
    ("money", Decimal("12.50")),
    ("words in a list", ["a", "b's"]),
    ("numbers in a list", [1, BIG]),
    ("nothing", None),
]


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = db.make_engine(database_url)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def _prepared(connection: Connection) -> list[str]:
    found = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time")
    return list(found.scalars())


def test_only_what_comes_again_is_prepared_and_once(connection: Connection) -> None:
    seldom, often = text("SELECT :x + 1 AS seldom"), text("SELECT :x + 1 AS often")
    for _ in range(2):
        connection.execute(seldom, {"x": 1})
    assert [connection.execute(often, {"x": x}).scalar() for x in range(5)] == [1, 2, 3, 4, 5]
    assert [each for each in _prepared(connection) if "seldom" in each] == []
    assert len([each for each in _prepared(connection) if "often" in each]) == 1


@pytest.mark.parametrize("value", [value for _, value in VALUES], ids=[name for name, _ in VALUES])
def test_a_value_is_the_same_prepared_or_not(connection: Connection, value: Any) -> None:
    statement = text("SELECT :x AS x, '%' AS percent, cast(pg_typeof(:x) AS text) AS type")
    if value is None or isinstance(value, str):
        statement = text("SELECT cast(:x AS text) AS x, '%' AS percent, 'text' AS type")
    rows = [tuple(connection.execute(statement, {"x": value}).one()) for _ in range(5)]
    assert len(set(map(repr, rows))) == 1, rows
    assert rows[0][:2] == (value, "%")


def test_a_statement_that_changes_rows_says_how_many_and_what(connection: Connection) -> None:
    connection.execute(text("CREATE TEMPORARY TABLE places (id int PRIMARY KEY, name text) ON COMMIT DROP"))
    insert = text("INSERT INTO places VALUES (:id, :name) RETURNING id, name")
    for number in range(5):
        assert connection.execute(insert, {"id": number, "name": "hut"}).one() == (number, "hut")
    change = text("UPDATE places SET name = :name WHERE id < :below")
    assert [connection.execute(change, {"name": "room", "below": n}).rowcount for n in range(5)] == [
        *range(5)
    ]


def test_what_cannot_be_prepared_runs_all_the_same_and_leaves_the_transaction_whole(
    connection: Connection,
) -> None:
    connection.execute(text("CREATE TEMPORARY TABLE kept (id int) ON COMMIT DROP"))
    vague = text("SELECT :x IS NULL")  # of which type, it does not say
    assert [connection.execute(vague, {"x": None}).scalar() for _ in range(6)] == [True] * 6
    assert connection.execute(text("SELECT count(*) FROM kept")).scalar() == 0
    assert [each for each in _prepared(connection) if "IS NULL" in each] == []


def test_an_error_of_a_prepared_statement_is_the_error_it_was(connection: Connection) -> None:
    connection.execute(text("CREATE TEMPORARY TABLE huts (id int PRIMARY KEY)"))
    insert = text("INSERT INTO huts VALUES (:id)")
    for number in range(4):
        connection.execute(insert, {"id": number})
    with pytest.raises(IntegrityError):
        connection.execute(insert, {"id": 3})


def test_lists_of_every_length_do_not_fill_the_connection(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.prepared._MOST", len(_prepared(connection)) + 10)
    for length in range(1, 30):
        statement = text(f"SELECT {' + '.join(f':x{n}' for n in range(length))} AS crowd")
        for _ in range(4):
            assert connection.execute(statement, {f"x{n}": 1 for n in range(length)}).scalar() == length
    assert len(_prepared(connection)) <= 10


def test_a_table_that_changes_under_a_prepared_statement_costs_one_connection(database_url: str) -> None:
    """A migration beside running processes: the statement fails once, on a connection that is then let go."""
    engine = db.make_engine(database_url)
    ask = text("SELECT * FROM doors WHERE id = :id")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE doors (id int, name varchar(5))"))
    try:
        with engine.connect() as connection:
            for _ in range(5):
                connection.execute(ask, {"id": 1})
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE doors ALTER name TYPE text"))
        with pytest.raises(DBAPIError) as caught, engine.connect() as connection:
            connection.execute(ask, {"id": 1})
        assert caught.value.connection_invalidated
        with engine.connect() as connection:
            assert connection.execute(ask, {"id": 1}).all() == []
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE doors"))
        engine.dispose()
