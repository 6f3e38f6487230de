"""Many sequences one after the other on a database of their own."""

from __future__ import annotations

import logging

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


def wander(server_url: str, name: str, seed: int, numbers: list[int], most: int = 5) -> list[str]:
    """These sequences on a database of this name; the stories of those that broke a promise, a few at most."""
    structlog.configure(wrapper_class=PROVIDERS_FAIL_QUIETLY)
    scratch = _database(server_url, name)
    stories: list[str] = []
    for number in numbers:
        try:
            Sequence(seed, number).run()
        except Broken as broken:
            stories.append(str(broken))
            if len(stories) == most:
                break
        scratch.empty()
    scratch.engine.dispose()
    return stories


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
