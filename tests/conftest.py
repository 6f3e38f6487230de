"""What all tests share: real PostgreSQL and Redis of their own, migrated, with the sample listings."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, Row, create_engine, event, make_url, text

from models import db, sealed
from models.db import Bell
from models.listing import load_file
from models.migrate import migrate
from models.rules import Rules
from models.session import Session
from run.stores import Stores
from tests.factories import MovableClock
from workers import follow_ups

# How long an example takes says nothing on a busy machine; and each run tries the same ones and keeps nothing, so
# that a change fails for what it changed.
settings.register_profile(
    "rules",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("rules")

# Our own errors are shown with the test that made them; as plain lines, for drawing them takes seconds.
structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])

PROJECT = Path(__file__).parent.parent
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def sealing_key() -> None:
    sealed.start(sealed.new_key())


@pytest.fixture(scope="session")
def stores() -> Iterator[Stores]:
    """Embedded PostgreSQL and Valkey in a folder of this test run's own."""
    with (
        tempfile.TemporaryDirectory(prefix="sarai-test-", ignore_cleanup_errors=True) as folder,
        Stores(Path(folder) / "data") as running,
    ):
        yield running


@pytest.fixture(scope="session")
def database_url(stores: Stores) -> str:
    """A migrated database with the sample listings in it."""
    migrate(stores.database_url)
    db.start(
        db.make_engine(stores.database_url, pool_size=10),
        follow_ups=follow_ups.table(Rules()),
        ring=lambda bells: None,
    )
    with db.unit_of_work() as session:
        load_file(session, PROJECT / "samples" / "listings.toml", NOW)
    return stores.database_url


@pytest.fixture(scope="session")
def redis_url(stores: Stores) -> str:
    return stores.redis_url


@pytest.fixture(scope="session")
def _engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(_engine: Engine) -> Iterator[Session]:
    """A unit of work that is rolled back at the end of the test.

    What was said is in `session.info["outbox"]` until `outbound.number_and_write(session)` writes it.
    """
    with _engine.connect() as connection:
        transaction = connection.begin()
        unit = Session(connection)
        unit.info.update(follow_ups=follow_ups.table(Rules()), bells=set(), outbox=[])
        yield unit
        unit.connection()  # what is owed last is as right as the rest
        transaction.rollback()


@dataclass
class Scratch:
    """A database in which units of work really commit.

    Attributes:
        rung: the bells of each commit, in their order; clear it to forget what a test prepared.
    """

    url: str
    engine: Engine
    rung: list[set[Bell]] = field(default_factory=list)
    _tables: list[str] = field(default_factory=list)

    def rows(self, sql: str, **values: Any) -> Sequence[Row[Any]]:
        with self.engine.begin() as connection:
            return connection.execute(text(sql), values).all()

    def row(self, sql: str, **values: Any) -> Row[Any]:
        (only,) = self.rows(sql, **values)
        return only

    def value(self, sql: str, **values: Any) -> Any:
        return self.row(sql, **values)[0]

    def run(self, sql: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(sql), values)

    def waiting_for_locks(self) -> int:
        """How many connections wait for another one at this moment."""
        return int(self.value("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"))

    def ring(self, bells: Iterable[Bell]) -> None:
        self.rung.append(set(bells))

    def empty(self) -> None:
        """Forget everything, the append-only events included."""
        with self.engine.begin() as connection:
            if not self._tables:
                self._tables += connection.exec_driver_sql(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                    "AND tablename NOT IN ('alembic_version', 'booking_transitions')"
                ).scalars()
            deletes = (f"DELETE FROM {table}" for table in self._tables)
            connection.exec_driver_sql("; ".join(["SET LOCAL session_replication_role = replica", *deletes]))
        self.rung.clear()


@pytest.fixture(scope="session")
def _scratch(stores: Stores) -> Iterator[Scratch]:
    server = create_engine(stores.database_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE scratch")
        # Nobody pulls the plug in most tests, and those that do have their own; a deadlock shows at once.
        connection.exec_driver_sql("ALTER DATABASE scratch SET synchronous_commit = off")
        connection.exec_driver_sql("ALTER DATABASE scratch SET deadlock_timeout = '100ms'")
    server.dispose()
    url = make_url(stores.database_url).set(database="scratch").render_as_string(hide_password=False)
    migrate(url)
    engine = db.make_engine(url, pool_size=20)
    event.listen(engine, "connect", _has_patience)
    yield Scratch(url, engine)
    engine.dispose()


def _has_patience(connection: Any, _record: Any) -> None:
    """Threads that wait for each other on a busy machine are not to meet the product's own limits."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2min'; SET statement_timeout = '2min'")
    connection.commit()


@pytest.fixture
def scratch(_scratch: Scratch, database_url: str) -> Iterator[Scratch]:
    """An empty migrated database that this process's units of work commit to, as long as the test runs."""
    before = db.process()
    db.start(_scratch.engine, follow_ups=follow_ups.table(Rules()), ring=_scratch.ring)
    try:
        yield _scratch
    finally:
        db.start(before.engine, follow_ups=before.follow_ups, ring=before.ring)
        _scratch.empty()


@pytest.fixture
def clock(tmp_path: Path) -> MovableClock:
    """The product's clock, at nine in the morning of the tests' day; it goes on, and can be moved."""
    return MovableClock(tmp_path, NOW)
