"""Many sequences one after the other on a database of their own."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field

import structlog
from sqlalchemy import create_engine, make_url

from models import db, sealed
from models.migrate import migrate
from models.rules import Rules
from tests.conftest import Scratch
from tests.properties.wanderer import Broken, Sequence
from workers import follow_ups

# A provider that does not answer is part of the game; what goes wrong for other reasons is asked of the rows.
PROVIDERS_FAIL_QUIETLY = structlog.make_filtering_bound_logger(logging.CRITICAL)


@dataclass
class Walked:
    """What became of some sequences.

    Attributes:
        stories: of those that broke a promise.
        steps: how often a booking went which way, "PAYMENT_PENDING EXPIRE EXPIRED".
        said: how often people and the product said something.
    """

    stories: list[str] = field(default_factory=list)
    steps: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)

    def add(self, other: Walked) -> None:
        self.stories += other.stories
        self.steps += other.steps
        self.said += other.said


def wander(server_url: str, name: str, seed: int, numbers: list[int], most: int = 5) -> Walked:
    """These sequences on a database of this name, until a few of them broke a promise."""
    structlog.configure(wrapper_class=PROVIDERS_FAIL_QUIETLY)
    scratch = _database(server_url, name)
    walked = Walked()
    for number in numbers:
        try:
            Sequence(seed, number).run()
        except Broken as broken:
            walked.stories.append(str(broken))
        walked.steps.update(dict(scratch.rows(_STEPS)))
        walked.said.update(dict(scratch.rows(_SAID)))
        if len(walked.stories) == most:
            break
        scratch.empty()
    scratch.engine.dispose()
    return walked


_STEPS = (
    "SELECT from_status || ' ' || action || ' ' || to_status, count(*) FROM booking_events "
    "WHERE from_status <> to_status GROUP BY 1"
)
_SAID = (
    "SELECT 'messages in', count(*) FROM inbound_events WHERE kind = 'message' UNION ALL "
    "SELECT 'messages out', count(*) FROM outbound_messages UNION ALL "
    "SELECT 'bookings', count(*) FROM bookings UNION ALL "
    "SELECT 'payments', count(*) FROM payments"
)


def _database(server_url: str, name: str) -> Scratch:
    server = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    server.dispose()
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    migrate(url)
    sealed.start(sealed.new_key())
    engine = db.make_engine(url)
    db.start(engine, follow_ups=follow_ups.table(Rules()), ring=lambda bells: None)
    return Scratch(url, engine)
