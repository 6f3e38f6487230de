"""What the logs keep to themselves: what people wrote, who they are, and how they are reached."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import logs
from models import db
from tests.conftest import PROJECT

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


TEXT = "Ali Raza, for six\nplease"


def _try(what: Callable[[], object]) -> BaseException:
    try:
        what()
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


@pytest.mark.parametrize(
    "fails",
    [
        lambda: int(TEXT),
        lambda: {}[TEXT],
        lambda: json.loads("{" + TEXT),
        lambda: TEXT.encode("ascii", "strict") and "ڑ".encode("ascii"),
        lambda: datetime.strptime(TEXT, "%d"),
        lambda: ast.literal_eval(f"int({TEXT!r})"),
    ],
)
def test_a_value_that_did_not_fit_is_not_said(fails: Callable[[], object], written: io.StringIO) -> None:
    error = _try(fails)
    log = structlog.get_logger().bind()
    try:
        raise RuntimeError("after it") from error
    except RuntimeError:
        log.exception("turn.failed")
    log.warning("turns.wait", error=repr(error)[:300])
    said = written.getvalue()
    assert "Ali" not in said and "please" not in said and "ڑ" not in said
    assert type(error).__name__ in said and "after it" in said and "test_logs.py" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no message to +923001234567 today", "no message to … today"),
        ("no message to +92 300 1234567.", "no message to …."),
        ("(0300) 123-4567 is no number", "(… is no number"),
        ("card 4242 4242 4242 4242", "card …"),
        ("booking BK-20261120-7K3QX of 15000", "booking BK-20261120-7K3QX of 15000"),
        ("pi_3PABC1234567890 and line 1234", "pi_3PABC1234567890 and line 1234"),
        ("131026 (HTTP 400): Message undeliverable", "131026 (HTTP 400): Message undeliverable"),
    ],
)
def test_numbers_of_people_are_not_said(text: str, said: str) -> None:
    assert logs.without_quotes(text) == said


# What a log line may hold beside its name: ids, codes, kinds and counts. `error` goes through the rules above.
FIELDS = {
    "attempt", "attempts", "booking_id", "chore_id", "code", "conversation_id", "crew", "error", "error_id",
    "event_id", "evidence_id", "exc_info", "failures", "follow_up_id", "found", "job", "kept", "kind", "lane", "left",
    "mail_id", "message_id", "payment_id", "queue", "reason", "results", "thread", "verb", "verdict", "why",
}  # fmt: skip
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


def _log_calls() -> Iterator[tuple[str, ast.Call]]:
    for folder in ("bot", "workers", "flows", "models", "integrations"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in LEVELS
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id in ("log", "logger", "logging")
                ):
                    yield f"{path.relative_to(PROJECT)}:{node.lineno}", node


def test_every_log_line_is_a_name_with_ids() -> None:
    calls = list(_log_calls())
    assert len(calls) > 20
    for where, call in calls:
        assert len(call.args) == 1 and isinstance(call.args[0], ast.Constant), f"{where}: a fixed name"
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", str(call.args[0].value)), where
        assert {keyword.arg for keyword in call.keywords} <= FIELDS, where
        for keyword in call.keywords:
            assert not isinstance(keyword.value, ast.JoinedStr), f"{where}: no sentence put together"


def test_nothing_of_the_product_prints() -> None:
    """But for commands, whose answer it is."""
    for folder in ("bot", "workers", "flows", "integrations"):
        for path in (PROJECT / folder).rglob("*.py"):
            if path.name == "__main__.py":
                continue
            assert not re.search(r"^\s*print\(", path.read_text(), re.MULTILINE), path
