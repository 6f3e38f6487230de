"""The session and the unit of work: everything one step changes commits together, then the bell rings.

A process calls `start` once with what it learned from its settings. Each `unit_of_work` is one database
transaction. What must follow a change is a row written in the same commit (`booking_event`); what is to be
said is numbered just before it (`outbound`); after the commit only doorbells are rung, and a bell that
stays silent costs seconds, never a message: the sweepers find the rows.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url

from models import prepared
from models.session import Session

if TYPE_CHECKING:
    from models.booking_event import FollowUp

Bell = tuple[str, int]  # (queue, number from which its lane follows)


@dataclass(frozen=True, slots=True)
class Kept:
    """A connection that is ours until we close it.

    Attributes:
        driver: the driver's own, under that of the library.
        info: its notebook, which hot statements need.
        since: when it was made.
    """

    connection: Connection
    driver: Any
    info: dict[Any, Any]
    since: float


@dataclass(frozen=True)
class Process:
    """What this process was started with."""

    engine: Engine
    follow_ups: Mapping[str, tuple[FollowUp, ...]]
    ring: Callable[[Iterable[Bell]], None]
    kept: deque[Kept] = field(default_factory=deque)  # the one that worked last is the last, and taken first
    apart: deque[Kept] = field(default_factory=deque)  # those of who asks little, now and then


_process: Process | None = None


RECYCLE_SECONDS = 1800
_LIMITS = (
    "SET lock_timeout = '3s'; SET statement_timeout = '15s';"
    "SET idle_in_transaction_session_timeout = '30s'; SET timezone = 'UTC';"
)
# A server that vanished (its machine died, a firewall forgot us) says nothing: without these a thread would wait for
# it for up to two hours. Longer than any statement may take; what the address itself says counts more.
_NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
# Everything we ask is a few rows by an index. A plan is made once, on a database that may be an hour old and
# empty; reading a whole table, or all dead entries of an index, or all rows once to look through them for each that is
# asked about (“Materialize”) looks cheap then, and is kept when it is not.
_PLANS = (
    "SET plan_cache_mode = force_generic_plan; SET jit = off;"
    "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_material = off;"
    "SET enable_hashjoin = off; SET enable_mergejoin = off"
)


def make_engine(database_url: str, *, pool_size: int = 5) -> Engine:
    """An engine whose every connection gives up on a lock or a statement instead of hanging a worker."""
    given = make_url(database_url).query
    engine = create_engine(
        database_url,
        connect_args={name: value for name, value in _NETWORK.items() if name not in given},
        pool_size=pool_size,
        max_overflow=5,
        pool_use_lifo=True,  # the one that worked last has its caches warm; taking turns costs half as much again
        pool_recycle=RECYCLE_SECONDS,
        query_cache_size=500,
        json_deserializer=orjson.loads,
        hide_parameters=True,  # an error ends in the logs, and its values are what people wrote
    )

    @event.listens_for(engine, "connect")
    def _set_limits(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_LIMITS + _PLANS)
        connection.commit()

    prepared.install(engine)
    return engine


def start(
    engine: Engine,
    *,
    follow_ups: Mapping[str, tuple[FollowUp, ...]],
    ring: Callable[[Iterable[Bell]], None],
) -> None:
    """Tell this process once which database it works on, what follows which event, and how to ring."""
    global _process
    _process = Process(engine, follow_ups, ring)


def process() -> Process:
    if _process is None:
        raise RuntimeError("models.db.start() was not called in this process")
    return _process


@contextmanager
def one_statement(*, apart: bool = False) -> Iterator[tuple[Any, dict[Any, Any]]]:
    """A driver's cursor whose every statement commits by itself, for the door, where a round trip counts.

    With it comes the connection's own notebook, which hot statements need.

    Args:
        apart: on none of the connections that do the work. Who comes now and then would else need a second of them
            while one is at work, and could leave it in the other's place: PostgreSQL then keeps all plans twice.
    """
    started = process()
    kept = started.apart if apart else started.kept
    one = _take(started, kept)
    try:
        with one.driver.cursor() as cursor:
            yield cursor, one.info
    except BaseException:
        # What the driver raises tells no one whether the connection is still good: a new one is cheap.
        _let_go(started, one)
        raise
    kept.append(one)


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """One transaction: commits when the block ends, rolls back when it raises, then rings.

    Bells are collected in `session.info["bells"]`, messages to be numbered in `session.info["outbox"]`.
    """
    from models import outbound  # which needs the session, and so this module

    started = process()
    one = _take(started, started.kept)
    session = Session(one.connection)
    bells: set[Bell] = set()
    session.info.update(follow_ups=started.follow_ups, bells=bells, outbox=[])
    try:
        yield session
        outbound.number_and_write(session)
        session.commit()
    except BaseException:
        _roll_back(started, one, session)
        raise
    started.kept.append(one)
    if bells:
        started.ring(bells)


def _take(started: Process, kept: deque[Kept]) -> Kept:
    """A connection that nobody else has until it is given back.

    They are kept apart from the engine's pool, whose care costs more than most of our statements' Python.
    """
    with suppress(IndexError):  # none is left
        while True:
            one = kept.pop()
            if time.monotonic() - one.since < RECYCLE_SECONDS:
                return one
            one.connection.close()
    connection = started.engine.connect()
    connection.detach()
    driver: Any = connection.connection.dbapi_connection
    driver.autocommit = True  # a transaction is begun by its first statement (`Session.send`)
    return Kept(connection, driver, connection.info, time.monotonic())


def _roll_back(started: Process, one: Kept, session: Session) -> None:
    """Most of what ends here was refused by a rule of ours: the connection is as good as before."""
    with suppress(Exception):  # what made us roll back is what counts
        session.rollback()
        if not one.connection.invalidated and not one.driver.closed:
            started.kept.append(one)
            return
    _let_go(started, one)


def _let_go(started: Process, one: Kept) -> None:
    """Something failed on this connection: it is closed. One that was lost takes all with it that nobody uses."""
    if one.driver.closed:
        started.kept.clear()
        started.apart.clear()
        started.engine.dispose()
    with suppress(Exception):
        one.connection.close()
