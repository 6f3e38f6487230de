"""Bring the database up to the newest migration: `python -m models.migrate`, safe to run at any time."""

from __future__ import annotations

import os
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

MIGRATIONS = Path(__file__).parent.parent / "migrations"
_ONE_AT_A_TIME = 7_271_001  # advisory lock number; any, as long as it stays the same


def migrate(database_url: str, revision: str = "head") -> None:
    """Upgrade under an advisory lock, so that processes that start together do not collide."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": _ONE_AT_A_TIME})
        connection.commit()
        try:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": _ONE_AT_A_TIME})
            connection.commit()
    engine.dispose()


if __name__ == "__main__":
    migrate(os.environ["DATABASE_URL"])
