"""Every statement is planned once per connection instead of every time.

The driver sends text, which PostgreSQL would parse and plan anew at each use: for most of ours that costs more
than running them. A statement that comes again is prepared on its connection; what it is asked with is typed
as the driver's own literals would be, so it means the same either way.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg2
import psycopg2.errors
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Engine, event

_PARAMETER = re.compile(r"%\((\w+)\)s|%%")
_PREPARABLE = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_WORTH_IT = 3  # uses; who starts up and asks once gains nothing
_MOST = 400  # on one connection: lists of varying length would else make ever new ones
_INT4 = range(-(2**31), 2**31)
_TYPES: dict[type, str] = {
    type(None): "unknown",
    str: "unknown",
    bool: "boolean",
    Decimal: "numeric",
    float: "numeric",
    date: "date",
    timedelta: "interval",
}

_uses: Counter[str] = Counter()
_names: dict[
    tuple[str, tuple[str, ...]], str | None
] = {}  # None: PostgreSQL cannot tell its parameters' types
_orders: dict[str, list[str]] = {}
_next = itertools.count(1)


def install(engine: Engine) -> None:
    """Prepare the statements of this engine's connections."""

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _prepared(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> tuple[str, Any]:
        if executemany or not isinstance(parameters, dict):
            return statement, parameters
        return _execute(cursor, connection.connection.info, statement, parameters), parameters

    @event.listens_for(engine, "handle_error")
    def _let_go(context: Any) -> None:
        """A table was changed by a migration: what was prepared here is of the old one, on this connection for ever."""
        error = context.original_exception
        if isinstance(error, psycopg2.errors.FeatureNotSupported) and "cached plan" in str(error):
            context.is_disconnect = True


def _execute(cursor: Any, info: dict[Any, Any], statement: str, values: dict[str, Any]) -> str:
    """What to send for this statement: itself, or a call of it prepared."""
    uses = _uses[statement] = _uses[statement] + 1
    if uses < _WORTH_IT:
        return statement
    order = _orders.get(statement)
    if order is None:
        found = _PARAMETER.finditer(statement) if _PREPARABLE.match(statement) else ()
        order = _orders[statement] = list(dict.fromkeys(match[1] for match in found if match[1]))
    if not order:
        return statement
    types = tuple(_type_of(values[name]) for name in order)
    if "" in types:
        return statement
    name = _names.get((statement, types), "")
    if name is None:
        return statement
    prepared = info.setdefault("prepared", set())
    if not name:
        name = _names[statement, types] = f"s{next(_next)}"
    if name not in prepared:
        if len(prepared) >= _MOST:
            return statement
        if not _prepare(cursor, name, statement, order, types):
            _names[statement, types] = None
            return statement
        prepared.add(name)
    return f"EXECUTE {name} ({', '.join([f'%({each})s' for each in order])})"


def _prepare(cursor: Any, name: str, statement: str, order: list[str], types: tuple[str, ...]) -> bool:
    """False if PostgreSQL cannot; the transaction around it stays whole."""
    sql = _PARAMETER.sub(lambda found: f"${order.index(found[1]) + 1}" if found[1] else "%", statement)
    driver = cursor.connection
    in_transaction = not driver.autocommit or driver.get_transaction_status() != TRANSACTION_STATUS_IDLE
    if in_transaction:
        cursor.execute("SAVEPOINT prepare")
    try:
        cursor.execute(f"PREPARE {name} ({', '.join(types)}) AS {sql}")
    except (psycopg2.ProgrammingError, psycopg2.NotSupportedError, psycopg2.DataError):
        if in_transaction:
            cursor.execute("ROLLBACK TO SAVEPOINT prepare; RELEASE SAVEPOINT prepare")
        return False
    if in_transaction:
        cursor.execute("RELEASE SAVEPOINT prepare")
    return True


def _type_of(value: Any) -> str:
    """The type of the literal that the driver writes for this value; empty where that is not for us to say."""
    kind = type(value)
    if kind is int:
        return "int" if value in _INT4 else "bigint"
    if kind is datetime:
        return "timestamp" if value.tzinfo is None else "timestamptz"
    if kind is list and value:
        if all(type(each) is str for each in value):
            return "text[]"
        if all(type(each) is int for each in value):
            return "int[]" if all(each in _INT4 for each in value) else "bigint[]"
    return _TYPES.get(kind, "")
