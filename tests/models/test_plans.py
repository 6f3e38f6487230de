"""The statements that run with every message find their rows by an index, whatever the tables hold."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import models
import workers
from models import db
from models.hot import Hot

for package in (models, workers):
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


@pytest.fixture(scope="module")
def cursor(database_url: str) -> Iterator[Any]:
    engine = db.make_engine(database_url)
    with engine.connect() as connection, connection.connection.cursor() as cursor:
        # As on the first day. Tables that other tests have filled and undone may just have been looked through and found
        # empty: then all indexes cost the same, until there are rows and PostgreSQL looks again.
        cursor.execute(
            "UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE relnamespace = 'public'::regnamespace"
        )
        yield cursor
    engine.dispose()


def _plan(cursor: Any, statement: Hot) -> str:
    cursor.execute("DEALLOCATE ALL")
    cursor.execute(statement.prepare)
    cursor.execute(
        "SELECT parameter_types::text[] FROM pg_prepared_statements WHERE name = %s", [statement.name]
    )
    ((types,),) = cursor.fetchall()
    values = f"({', '.join(f'NULL::{type_}' for type_ in types)})" if types else ""
    cursor.execute(f"EXPLAIN EXECUTE {statement.name} {values}")
    return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.parametrize("name", sorted(Hot.every))
def test_no_hot_statement_reads_a_whole_table(cursor: Any, name: str) -> None:
    plan = _plan(cursor, Hot.every[name])
    assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize("name", sorted(Hot.every))
def test_no_hot_statement_reads_a_whole_index(cursor: Any, name: str) -> None:
    """Each index is asked for a part of it, and for each row anew: a plan outlives the day on which all was little."""
    plan = _plan(cursor, Hot.every[name])
    assert "Materialize" not in plan, plan
    assert not _read_whole(cursor, plan), plan


def _read_whole(cursor: Any, plan: str) -> list[str]:
    """The indexes of a plan that are asked for nothing that their first column says."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid, 1, false) FROM pg_index WHERE indisvalid"
    )
    first_columns = dict(cursor.fetchall())
    lines = plan.splitlines()
    found = []
    for line, following in itertools.pairwise([*lines, ""]):
        if "person_roles_pkey" in line:
            continue  # a row for each owner and admin, and no more
        if scan := re.search(r"Index (?:Only )?Scan .*?using (\w+) on", line):
            column = rf"(?<!\w){re.escape(first_columns[scan[1]])}(?!\w)"
            if not re.search(column, following.partition("Index Cond: ")[2]):
                found.append(scan[1])
    return found


def test_what_became_of_a_message_is_not_looked_for_among_all_that_are_under_way(cursor: Any) -> None:
    plan = _plan(cursor, Hot.every["end_attempts"])
    assert "outbound_messages_pkey" in plan
    assert "outbound_messages_under_way" not in plan, plan


@pytest.mark.parametrize("name", ["keep_place", "hold_place"])
def test_a_bookings_place_is_not_looked_for_among_all_holds(cursor: Any, name: str) -> None:
    plan = _plan(cursor, Hot.every[name])
    assert "allocations_of_booking" in plan, plan


def test_one_that_reads_a_whole_table_is_noticed(cursor: Any) -> None:
    try:
        reads_all = Hot("reads_all", "SELECT id FROM outbound_messages WHERE kind = :kind", kind="text")
        assert "Seq Scan" in _plan(cursor, reads_all)
    finally:
        Hot.every.pop("reads_all")


def test_one_that_reads_a_whole_index_is_noticed(cursor: Any) -> None:
    try:
        reads_all = Hot("reads_all", "SELECT id FROM follow_ups WHERE done_at IS NULL ORDER BY queue, due_at")
        assert _read_whole(cursor, _plan(cursor, reads_all)) == ["follow_ups_open"]
    finally:
        Hot.every.pop("reads_all")


def test_two_statements_of_one_name_would_run_as_each_other() -> None:
    with pytest.raises(ValueError, match="claim_messages"):
        Hot("claim_messages", "SELECT 1")
