"""A session: one connection's transaction, and what is gathered for its end.

No row of ours is mapped to an object that the library keeps, so all that a session of SQLAlchemy's ORM would
add is its own work, which costs more than most of our statements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg2
from sqlalchemy import Connection, CursorResult, Executable, NestedTransaction, ScalarResult
from sqlalchemy.exc import DBAPIError

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Session:
    """Statements of one transaction, which begins with the first of them.

    Attributes:
        info: what belongs to this transaction alone; it goes with it.
        bare: the connection, for who begins by `send`; anything else on it would commit by itself.
    """

    __slots__ = ("_driver", "_has_begun", "bare", "info")

    def __init__(self, connection: Connection) -> None:
        self.bare = connection
        self._driver: Any = connection.connection.dbapi_connection
        self._has_begun = False
        self.info: dict[Any, Any] = {}

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_error: object) -> None:
        """What was not committed is rolled back."""
        self.bare.close()

    def connection(self) -> Connection:
        self._begin()
        return self.bare

    def send(self, cursor: Any, statements: bytes, *, ends: bool = False) -> None:
        """Execute on the driver's cursor, beginning before the first statement and, if this `ends` it, committing.

        Both in the same round trip, where the connection leaves them to us; the driver takes one for each.
        """
        if not self._has_begun and self._driver.autocommit:
            statements = b"BEGIN;" + statements
            self._has_begun = True
        ends = ends and self._has_begun
        cursor.execute(statements + b";COMMIT" if ends else statements)
        if ends:
            self._has_begun = False

    def execute(self, statement: Executable, values: Values | None = None) -> CursorResult[*tuple[Any, ...]]:
        self._begin()
        return self.bare.execute(statement, values)

    def scalar(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Any:
        self._begin()
        return self.bare.scalar(statement, values)

    def scalars(self, statement: Executable, values: Mapping[str, Any] | None = None) -> ScalarResult[Any]:
        self._begin()
        return self.bare.scalars(statement, values)

    def begin_nested(self) -> NestedTransaction:
        """What fails in here takes nothing with it that was done before."""
        self._begin()
        return self.bare.begin_nested()

    def commit(self) -> None:
        """
        Raises:
            DBAPIError: it is not committed, or nobody knows: the connection was lost.
        """
        if self.bare.in_transaction():
            self.bare.commit()
        try:
            self._end("COMMIT")
        except psycopg2.Error as error:
            raise of_the_driver("commit", error, self.bare) from error

    def rollback(self) -> None:
        self.bare.rollback()  # what the library has begun; a lost connection has nothing more
        if not self.bare.invalidated:
            self._end("ROLLBACK")

    def _begin(self) -> None:
        if self._has_begun or not self._driver.autocommit:
            return
        self._has_begun = True
        try:
            self._say("BEGIN")
        except psycopg2.Error as error:
            raise of_the_driver("begin", error, self.bare) from error

    def _end(self, how: str) -> None:
        """Of hot statements the library knows nothing, and of what we began the driver knows nothing."""
        if self._has_begun:
            self._say(how)
            self._has_begun = False  # not before: what failed here is still to be rolled back
        elif how == "COMMIT":
            self._driver.commit()
        else:
            self._driver.rollback()

    def _say(self, command: str) -> None:
        with self._driver.cursor() as cursor:
            cursor.execute(command)


def of_the_driver(what: str, error: psycopg2.Error, connection: Connection) -> DBAPIError:
    """The error that the library would have made of it; a lost connection is one that nobody uses again."""
    driver: Any = connection.connection.dbapi_connection
    lost = bool(driver.closed)
    if lost:
        connection.invalidate(error)
        connection.engine.dispose()  # whatever took this one took those that nobody uses as well
    made: Any = DBAPIError.instance(
        what, None, error, psycopg2.Error, hide_parameters=True, connection_invalidated=lost
    )
    return made  # type: ignore[no-any-return]
