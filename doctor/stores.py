"""PostgreSQL, Redis and the disk under them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import redis
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from config import Settings
from doctor.report import Finding, fail, ok, warn
from models.migrate import MIGRATIONS
from models.payment import takes

OLDEST_POSTGRES, OLDEST_REDIS, OLDEST_VALKEY = 14, 6, 8
CONNECTIONS = 60  # web, two turns, sends, providers, slow and clock, each with what it may open at most
GIB = 2**30
BILLING = (131042, 130497, 131031)


def database(settings: Settings) -> Iterator[Finding]:
    about = "database"
    if not settings.database_url:
        yield fail(about, "DATABASE_URL is not set, so there is nothing to look at.")
        return
    url = make_url(settings.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
    except psycopg2.OperationalError as error:
        yield fail(about, f"PostgreSQL cannot be reached: {_first_line(error, url)}")
        return
    try:
        with connection, connection.cursor() as cursor:
            yield from _server(cursor)
            yield from _migrations(cursor)
            yield from _refusals(cursor)
            yield from _ways_to_pay(cursor, settings)
    finally:
        connection.close()


def _server(cursor: Any) -> Iterator[Finding]:
    about, version = "database", cursor.connection.server_version // 10000
    if version < OLDEST_POSTGRES:
        yield fail(about, f"PostgreSQL is version {version}; {OLDEST_POSTGRES} or newer is needed.")
    else:
        yield ok(about, f"PostgreSQL {version} answers; no extension is needed.")
    shown = {
        name: _show(cursor, name)
        for name in ("server_encoding", "fsync", "synchronous_commit", "max_connections")
    }
    if shown["server_encoding"] != "UTF8":
        yield fail(about, f"The database is encoded as {shown['server_encoding']}; make it anew as UTF8.")
    for name in ("fsync", "synchronous_commit"):
        if shown[name] == "off":
            yield fail(about, f"{name} is off: what was accepted is lost when the power fails. Switch it on.")
    if int(shown["max_connections"]) < CONNECTIONS:
        yield warn(
            about,
            f"max_connections is {shown['max_connections']}; {CONNECTIONS} leave room for every process.",
        )
    cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
    off = abs(float(cursor.fetchone()[0]) - time.time())
    if off > 5:
        yield warn(
            "clock",
            f"PostgreSQL's clock and this machine's are {off:.0f} s apart; let both keep time by NTP.",
        )


def _show(cursor: Any, name: str) -> str:
    cursor.execute("SELECT current_setting(%s)", [name])
    return str(cursor.fetchone()[0])


def _migrations(cursor: Any) -> Iterator[Finding]:
    about, mend = "database", "run python -m models.migrate (make start does it by itself)."
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    cursor.execute("SELECT to_regclass('alembic_version') IS NOT NULL")
    if not cursor.fetchone()[0]:
        yield fail(about, f"There are no tables yet: {mend}")
        return
    cursor.execute("SELECT version_num FROM alembic_version")
    (row,) = cursor.fetchall() or [(None,)]
    known = {script.revision for script in scripts.walk_revisions()}
    if row[0] == head:
        yield ok(about, f"The tables are up to date (migration {head}).")
    elif row[0] in known:
        yield fail(about, f"The tables are at migration {row[0]} and the code is at {head}: {mend}")
    else:
        yield warn(
            about, f"The tables are at migration {row[0]}, which this code does not know: it is older."
        )


def _refusals(cursor: Any) -> Iterator[Finding]:
    """What WhatsApp said of our account when we last wrote to somebody: no page of the API tells it as plainly."""
    cursor.execute("SELECT to_regclass('outbound_attempts') IS NOT NULL")
    if not cursor.fetchone()[0]:
        return
    cursor.execute(
        "SELECT error_code, count(*) FROM outbound_attempts WHERE error_code = ANY(%s) "
        "AND started_at > now() - interval '3 days' GROUP BY error_code ORDER BY error_code",
        [list(BILLING)],
    )
    for code, number in cursor.fetchall():
        why = {
            131042: "for the payment method: add or mend it in WhatsApp Manager, Payment settings",
            130497: "for the recipients' country: see WhatsApp Manager",
            131031: "for the account is locked: see Business Support Home",
        }[code]
        yield fail("payment", f"WhatsApp refused {number} messages of the last three days ({code}) {why}.")


def _ways_to_pay(cursor: Any, settings: Settings) -> Iterator[Finding]:
    """Places whose guests are asked for money and have no way to pay it."""
    cursor.execute("SELECT to_regclass('listings') IS NOT NULL")
    if not cursor.fetchone()[0]:
        return
    cursor.execute("SELECT slug, currency, methods FROM listings WHERE active ORDER BY slug")
    for slug, currency, methods in cursor.fetchall():
        if not any(way in settings.ways and takes(way, currency) for way in methods):
            named = ", ".join(map(str, methods)) or "nothing"
            yield fail(
                "ways",
                f"Nobody can pay for {slug}: it names {named}, none of which is switched on for {currency}.",
            )


def queue(settings: Settings) -> Iterator[Finding]:
    about = "redis"
    if not settings.redis_url:
        yield fail(about, "REDIS_URL is not set, so there is nothing to look at.")
        return
    try:
        client = redis.Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5)
        facts: dict[str, Any] = client.info()
    except (redis.RedisError, ValueError) as error:
        yield fail(about, f"Redis cannot be reached: {_first_line(error, settings.redis_url)}")
        return
    name, oldest = ("Valkey", OLDEST_VALKEY) if "valkey_version" in facts else ("Redis", OLDEST_REDIS)
    version = str(facts.get("valkey_version") or facts.get("redis_version"))
    if int(version.partition(".")[0]) < oldest:
        yield fail(about, f"{name} is version {version}; {oldest} or newer is needed.")
    else:
        yield ok(about, f"{name} {version} answers.")
    policy = str(facts.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        yield warn(
            about,
            f"maxmemory-policy is {policy}: doorbells may vanish, and work waits for the sweep. Set noeviction.",
        )


def disk(settings: Settings) -> Iterator[Finding]:
    about = "disk"
    usage = shutil.disk_usage(Path.cwd())
    free = f"{usage.free / GIB:.1f} GB are free here"
    if usage.free < GIB:
        yield fail(about, f"Only {free}: make room before the database cannot write.")
    elif usage.free < 5 * GIB:
        yield warn(about, f"{free}; that is soon little.")
    else:
        yield ok(about, f"{free}.")


def _first_line(error: Exception, url: str) -> str:
    """What the library says, without the address, which may hold a password."""
    said = (str(error).strip().splitlines() or [type(error).__name__])[0].replace(url, "…")
    password = make_url(url).password if "://" in url else None
    return said.replace(str(password), "…") if password else said
