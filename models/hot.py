"""Statements that run with every message, planned once per connection instead of every time.

The driver sends text, so PostgreSQL would parse and plan each statement anew: for the outbox's claim that
costs more than running it. A hot statement is prepared on a connection when it is first used there.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import psycopg2

from models.session import Session, of_the_driver

_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")


class Rows(list[Any]):
    """What a statement returned, read as a result of SQLAlchemy is; `rowcount` as the driver counts."""

    rowcount = 0

    def first(self) -> Any:
        return self[0] if self else None

    def scalar(self) -> Any:
        return self[0][0] if self else None


class Hot:
    """A prepared statement with named parameters.

    Args:
        name: of the prepared statement, unique among ours.
        sql: with parameters as `:name`.
        types: the PostgreSQL type of each parameter.

    Attributes:
        every: all there are, by name.
    """

    every: ClassVar[dict[str, Hot]] = {}

    def __init__(self, name: str, sql: str, /, **types: str) -> None:
        if name in Hot.every:
            raise ValueError(f"two hot statements are called {name}")
        Hot.every[name] = self
        order = list(types)
        numbered = _PARAMETER.sub(lambda found: f"${order.index(found[1]) + 1}", sql)
        self.name = name
        parameters = f"({', '.join(types.values())})" if order else ""
        self.prepare = f"PREPARE {name} {parameters} AS {numbered}"
        self._execute = (
            f"EXECUTE {name} ({', '.join(f'%({key})s' for key in order)})" if order else f"EXECUTE {name}"
        )
        self._row: Callable[[Iterable[Any]], Any] | None = None  # known once it has returned something

    def run(self, session: Session, **values: Any) -> Rows:
        """Execute within the session's transaction, straight on its driver: the ORM has nothing to add here.

        Raises:
            DBAPIError: the kind that SQLAlchemy makes of it, telling whether the connection is lost.
        """
        return run_together(session, [(self, values)])

    def write(self, session: Session, **values: Any) -> None:
        """Execute before the session's next statement, or its commit, without a round trip of its own.

        Raises:
            DBAPIError: as of `run`; what is wrong with the values is an error of the next statement.
        """
        connection = session.bare
        driver: Any = connection.connection.dbapi_connection
        try:
            with driver.cursor() as cursor:
                session.owe(self.call_on(cursor, connection.info, **values))
        except psycopg2.Error as error:
            raise of_the_driver(self.name, error, connection) from error

    def run_on(self, cursor: Any, info: dict[Any, Any], **values: Any) -> list[Any]:
        """Execute on the driver's cursor; `info` belongs to its connection."""
        self._prepare_on(cursor, info)
        cursor.execute(self._execute, values)
        return cursor.fetchall() if cursor.description else []

    def call_on(self, cursor: Any, info: dict[Any, Any], **values: Any) -> bytes:
        """The call as text: several in one go are one round trip, and one transaction where each commits itself."""
        self._prepare_on(cursor, info)
        call: bytes = cursor.mogrify(self._execute, values)
        return call

    def read(self, cursor: Any) -> Rows:
        """What it returned, each row with its columns by name."""
        columns = cursor.description
        if columns:
            if self._row is None:
                names = [column.name for column in columns]
                row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
                self._row = row._make
            rows = Rows(map(self._row, cursor.fetchall()))
        else:
            rows = Rows()
        rows.rowcount = cursor.rowcount
        return rows

    def _prepare_on(self, cursor: Any, info: dict[Any, Any]) -> None:
        prepared = info.setdefault("prepared", set())
        if self.name not in prepared:
            cursor.execute(self.prepare)
            prepared.add(self.name)


Call = tuple[Hot, Mapping[str, Any]]


def run_together(session: Session, calls: Sequence[Call], *, ends: bool = False) -> Rows:
    """Execute these one after the other in one round trip; what the last one returned.

    Args:
        ends: commit with them, and return nothing.

    Raises:
        DBAPIError: as of `Hot.run`.
    """
    connection = session.bare
    driver: Any = connection.connection.dbapi_connection
    last, _ = calls[-1]
    try:
        with driver.cursor() as cursor:
            info = connection.info
            text = b";".join([hot.call_on(cursor, info, **values) for hot, values in calls])
            session.send(cursor, text, ends=ends)
            return Rows() if ends else last.read(cursor)
    except psycopg2.Error as error:
        raise of_the_driver("; ".join(hot.name for hot, _ in calls), error, connection) from error
