"""The product as `make run` starts it, in a folder of its own, with our Graph API in place of the sandbox's.

The sandbox runs beside it for its Stripe; it is a stand-in, so its CPU is measured and left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from bench.procs import Watch
from bench.webhooks import Identity
from run.stack import Stack

LISTINGS = Path(__file__).with_name("listings.toml")
FAILED_LOGS = Path(__file__).with_name("results") / "failed-logs"
# What the product is; everything else that runs is a stand-in, the supervisor, or us.
PRODUCT = ("web", "turns", "sends", "providers", "slow", "clock", "postgres", "valkey")
OTHERS = ("supervisor", "sandbox")


@dataclass(frozen=True)
class Place:
    """A place of one owner's. One person may only be written to so often: 200 bookings need many owners."""

    name: str
    owner: Identity


class Product:
    def __init__(self, stack: Stack, places: Sequence[Place]) -> None:
        self.stack = stack
        self.places = places
        self._connection: Any = None
        self.watch = Watch(_roots(stack), {"supervisor": stack.supervisor_pid})

    @property
    def port(self) -> int:
        return int(self.stack.product_url.rsplit(":", 1)[1])

    @property
    def stripe_port(self) -> int:
        return int(self.stack.stripe_url.rsplit(":", 1)[1])

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database over a connection that is kept; for what the wire does not tell."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg2.connect(dsn(self.stack.database_url))
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    async def settled(self, within: float = 60.0) -> None:
        """Wait until nothing is due any more: no message, status, follow-up or bubble.

        Raises:
            TimeoutError: something stays open.
        """
        until = time.perf_counter() + within
        while left := self.query(_OPEN):
            if time.perf_counter() > until:
                raise TimeoutError(f"after {within:.0f} s there is still open: {left}")
            await asyncio.sleep(0.25)


_OPEN = """
    SELECT 'inbound ' || kind, coalesce(error, ''), count(*) FROM inbound_events
    WHERE done_at IS NULL GROUP BY 1, 2
    UNION ALL
    SELECT 'follow-up ' || job, coalesce(error, ''), count(*) FROM follow_ups
    WHERE done_at IS NULL AND due_at <= now() GROUP BY 1, 2
    UNION ALL
    SELECT 'bubble ' || kind || ' ' || state, coalesce(error, ''), count(*) FROM outbound_messages
    WHERE state IN ('QUEUED', 'SENDING', 'UNKNOWN') GROUP BY 1, 2
"""


def dsn(url: str) -> str:
    """SQLAlchemy's address as libpq reads it."""
    return re.sub(r"^postgresql\+\w+://", "postgresql://", url)


@contextlib.contextmanager
def running(
    graph_url: str,
    *,
    settings: Mapping[str, str] | None = None,
    owners: int = 0,
    procfile: Path | None = None,
) -> Iterator[Product]:
    """The product on free ports, with the bench's listings; gone with all its data afterwards.

    Args:
        settings: environment variables over the usual ones.
        owners: so many further places, each with an owner of its own.
    """
    with tempfile.TemporaryDirectory(prefix="sarai-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)
        places = [Place(f"Bench Place {n:02d}", Identity.owner(n)) for n in range(1, owners + 1)]
        listings = home / "places.toml"
        listings.write_text(_toml(places))
        stack = Stack(
            home / "data",
            # What is measured has no mailbox, which would be looked at every few seconds here.
            settings={"WHATSAPP_API_URL": graph_url, "GMAIL_ENABLED": "false", **(settings or {})},
            samples=[LISTINGS, listings] if places else [LISTINGS],
            procfile=procfile,
        )
        with stack:
            product = Product(stack, places)
            try:
                yield product
            except BaseException:
                shutil.copytree(home / "data" / "log", FAILED_LOGS, dirs_exist_ok=True)
                print(f"the product's logs of this failure are in {FAILED_LOGS.name}", file=sys.stderr)
                raise
            finally:
                product.close()


def _roots(stack: Stack) -> dict[str, list[int]]:
    """Process ids by name; turns.1 and turns.2 are one name."""
    roots: dict[str, list[int]] = {name: [] for name in (*PRODUCT, "sandbox")}
    for name in stack.names:
        pid = stack.pid(name)
        if pid is not None:
            roots.setdefault(name.split(".")[0], []).append(pid)
    return roots


def _toml(places: Sequence[Place]) -> str:
    """The bench's listing once for each owner."""
    meadow = tomllib.loads(LISTINGS.read_text())["listings"][0]
    prices = meadow.pop("prices")
    blocks = []
    for number, place in enumerate(places, 1):
        phone = f"+{place.owner.digits}"
        changed = {
            "slug": f"bench-place-{number:02d}",
            "name": place.name,
            "owner": {"phone": phone, "name": place.owner.name},
            "contact": phone,
            "units_count": 50,
        }
        lines = [f"{key} = {_value(value)}" for key, value in {**meadow, **changed}.items()]
        own = [f"{key} = {_value(value)}" for key, value in prices.items()]
        blocks.append("\n".join(["[[listings]]", *lines, "[listings.prices]", *own]))
    return '[categories]\ncamp = "Camps"\n\n' + "\n\n".join(blocks) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    return str(value)
