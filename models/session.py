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
    """

    __slots__ = ("_connection", "info")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.info: dict[Any, Any] = {}

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_error: object) -> None:
        """What was not committed is rolled back."""
        self._connection.close()

    def connection(self) -> Connection:
        return self._connection

    def execute(self, statement: Executable, values: Values | None = None) -> CursorResult[*tuple[Any, ...]]:
        return self._connection.execute(statement, values)

    def scalar(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Any:
        return self._connection.scalar(statement, values)

    def scalars(self, statement: Executable, values: Mapping[str, Any] | None = None) -> ScalarResult[Any]:
        return self._connection.scalars(statement, values)

    def begin_nested(self) -> NestedTransaction:
        """What fails in here takes nothing with it that was done before."""
        return self._connection.begin_nested()

    def commit(self) -> None:
        """
        Raises:
            DBAPIError: it is not committed, or nobody knows: the connection was lost.
        """
        if self._connection.in_transaction():
            self._connection.commit()
            return
        # Only hot statements were executed, of which the library knows nothing.
        driver: Any = self._connection.connection.dbapi_connection
        try:
            driver.commit()
        except psycopg2.Error as error:
            raise of_the_driver("commit", error, self._connection) from error

    def rollback(self) -> None:
        self._connection.rollback()  # what the library has begun; a lost connection has nothing more
        if not self._connection.invalidated:
            driver: Any = self._connection.connection.dbapi_connection
            driver.rollback()


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
