"""A session: one connection's transaction, and what is gathered for its end.

No row of ours is mapped to an object that the library keeps, so all that a session of SQLAlchemy's ORM would
add is its own work, which costs more than most of our statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
from sqlalchemy import Connection, CursorResult, Executable, NestedTransaction, ScalarResult
from sqlalchemy.exc import DBAPIError

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Session:
    """Statements of one transaction, which begins with the first of them.

    Attributes:
        info: what belongs to this transaction alone; it goes with it.
        read: what need not be read again, by what it is and its id; forgotten with a savepoint that is undone.
        bare: the connection, for who begins by `send`; anything else on it would commit by itself.
    """

    __slots__ = ("_driver", "_has_begun", "_owed", "bare", "info", "read")

    def __init__(self, connection: Connection) -> None:
        self.bare = connection
        self._driver: Any = connection.connection.dbapi_connection
        self._has_begun = False
        self._owed: list[bytes] = []
        self.info: dict[Any, Any] = {}
        self.read: defaultdict[str, dict[int, Any]] = defaultdict(dict)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_error: object) -> None:
        """What was not committed is rolled back."""
        self.bare.close()

    def connection(self) -> Connection:
        self._catch_up()
        return self.bare

    def owe(self, statement: bytes) -> None:
        """Have this executed before the next statement, in its round trip; before the commit at the latest.

        For what returns nothing that anybody waits for. What goes wrong with it is the next statement's error.
        """
        self._owed.append(statement)

    def send(self, cursor: Any, statements: bytes, *, ends: bool = False) -> None:
        """Execute on the driver's cursor, beginning before the first statement and, if this `ends` it, committing.

        All in the same round trip, where the connection leaves it to us; the driver takes one for each.
        """
        commits = ends and self._driver.autocommit
        cursor.execute(b";".join([*self._before(), statements, *([b"COMMIT"] if commits else [])]))
        if commits:
            self._has_begun = False

    def execute(self, statement: Executable, values: Values | None = None) -> CursorResult[*tuple[Any, ...]]:
        self._catch_up()
        return self.bare.execute(statement, values)

    def scalar(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Any:
        self._catch_up()
        return self.bare.scalar(statement, values)

    def scalars(self, statement: Executable, values: Mapping[str, Any] | None = None) -> ScalarResult[Any]:
        self._catch_up()
        return self.bare.scalars(statement, values)

    @contextmanager
    def begin_nested(self) -> Iterator[NestedTransaction]:
        """What fails in here takes nothing with it that was done before."""
        self._catch_up()
        is_kept = False
        try:
            with self.bare.begin_nested() as nested:
                yield nested
                if nested.is_active:
                    self._catch_up()
                    is_kept = True
        finally:
            if not is_kept:
                self._owed.clear()
                self.read.clear()

    def commit(self) -> None:
        """
        Raises:
            DBAPIError: it is not committed, or nobody knows: the connection was lost.
        """
        if self._owed and not self._has_begun:
            self._catch_up()
        if self.bare.in_transaction():
            self.bare.commit()
        try:
            self._end("COMMIT")
        except psycopg2.Error as error:
            raise of_the_driver("commit", error, self.bare) from error

    def rollback(self) -> None:
        self._owed.clear()
        self.bare.rollback()  # what the library has begun; a lost connection has nothing more
        if not self.bare.invalidated:
            self._end("ROLLBACK")

    def _before(self) -> list[bytes]:
        """What has to go before the next statement."""
        begins = self._driver.autocommit and not self._has_begun
        self._has_begun = self._has_begun or begins
        owed, self._owed = self._owed, []
        return [b"BEGIN", *owed] if begins else owed

    def _catch_up(self) -> None:
        """The library knows nothing of what we begin and owe."""
        if before := self._before():
            try:
                self._say(*before)
            except psycopg2.Error as error:
                raise of_the_driver("begin, or what was owed", error, self.bare) from error

    def _end(self, how: str) -> None:
        """Of hot statements the library knows nothing, and of what we began the driver knows nothing."""
        if self._has_begun:
            self._say(*self._before(), how.encode())
            self._has_begun = False  # not before: what failed here is still to be rolled back
        elif how == "COMMIT":
            self._driver.commit()
        else:
            self._driver.rollback()

    def _say(self, *commands: bytes) -> None:
        with self._driver.cursor() as cursor:
            cursor.execute(b";".join(commands))


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
