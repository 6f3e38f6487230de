"""What the logs keep to themselves when the database quotes a statement or a row in its error."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import logs
from models import db

NAME = "Sana\n\nMalik"


def _raised(database_url: str, statement: str) -> DBAPIError:
    """PostgreSQL's own error, in whose text the statement or the row stands."""
    engine = db.make_engine(database_url)
    with engine.connect() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE guests (name text UNIQUE)"))
        connection.execute(text("INSERT INTO guests VALUES (:name)"), {"name": NAME})
        with pytest.raises(DBAPIError) as caught:
            connection.execute(text(statement), {"name": NAME})
    engine.dispose()
    assert "Sana" in str(caught.value.orig)  # else this would prove nothing
    return caught.value


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What our logs write."""
    before = structlog.get_config()
    here = io.StringIO()
    for place in ("sys.stderr", "sys.excepthook", "threading.excepthook"):
        monkeypatch.setattr(place, here)  # and put back afterwards
    logs.configure("INFO", process="tests")
    yield here
    structlog.configure(**before)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO guests VALUES (:name)",  # quoted as the row that is there already
        "SELECT nothing, (:name)",  # quoted as the line of the statement
    ],
)
def test_an_error_says_what_went_wrong_and_not_to_whom(
    database_url: str, statement: str, written: io.StringIO
) -> None:
    error = _raised(database_url, statement)
    log = structlog.get_logger().bind()
    try:
        raise RuntimeError("after it") from error
    except RuntimeError:
        log.exception("turn.failed")
    log.warning("turns.wait", error=repr(error))
    record = logging.LogRecord("x", 30, "", 0, "%s", (error,), (type(error), error, error.__traceback__))
    lines = [*written.getvalue().splitlines(), logs.OneLine("tests").format(record)]
    assert len(lines) == 3
    for line in lines:
        assert "Sana" not in line and "Malik" not in line
        assert type(error.orig).__name__ in line
    assert "after it" in json.loads(lines[0])["exception"]


def test_a_process_that_dies_says_so_in_one_line(written: io.StringIO) -> None:
    try:
        raise RuntimeError("no more")
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=lambda: 1 / 0, name="crew")
    thread.start()
    thread.join()
    died, ended = (json.loads(line) for line in written.getvalue().splitlines())
    assert died["event"] == "process.died" and "RuntimeError: no more" in died["exception"]
    assert (
        ended["event"] == "thread.died"
        and ended["thread"] == "crew"
        and "ZeroDivisionError" in ended["exception"]
    )
