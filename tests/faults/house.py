"""One installation that is about to suffer: real processes, its database, and the world around it."""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg2

from bench.product import dsn
from bench.webhooks import Identity
from run.stack import Stack
from sandbox.driver import World
from tests.faults.meta import Guest, Meta

# What a guest types names the place that the answer is about: each answer tells which message it answers.
# fmt: off
PLACES = tuple(f"{word} House" for word in [
    "Amber", "Birch", "Cedar", "Dove", "Ember", "Fern", "Garnet", "Hazel", "Indigo", "Jasmine", "Kestrel", "Linden",
    "Maple", "Nectar", "Olive", "Pearl", "Quartz", "Rowan", "Saffron", "Thistle", "Umber", "Violet", "Willow", "Yarrow",
])
# fmt: on
CAMPS = ("North Camp", "South Camp", "East Camp", "West Camp")  # fifty tents each, four owners
TOWER = "Lonely Tower"  # one room
BACK_WITHIN = 20.0


class Unfinished(AssertionError):
    """Something that was accepted is not done, and nobody is doing it."""


class House:
    """Everything a test touches.

    Attributes:
        dice: seeded; the seed is printed.
        kills: how often each process was killed.
        forgiven: some test made turns fail on purpose; the logs are not taken for it.
    """

    def __init__(self, stack: Stack, meta: Meta, dice: random.Random) -> None:
        self.stack, self.meta, self.dice = stack, meta, dice
        self.graph = meta.graph
        self.world = World(stack.page_url)
        self.owners = {camp: meta.person(Identity.owner(n)) for n, camp in enumerate(CAMPS, 1)}
        meta.person(Identity(0, "923000000301", "PK.00000000000000000301", "Sana Malik"))
        self.kills: Counter[str] = Counter()
        self.forgiven = False
        self._connection: Any = None
        self._next_guest = 1

    def guests(self, count: int) -> list[Guest]:
        """People who have never written before."""
        first, self._next_guest = self._next_guest, self._next_guest + count
        return [self.meta.guest(number) for number in range(first, first + count)]

    def kill(self, name: str) -> int:
        """Kill -9; returns which process it was."""
        self.kills[name] += 1
        return self.stack.kill(name)

    # The database, asked from outside.

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows; a PostgreSQL that is away is waited for."""
        deadline = time.monotonic() + BACK_WITHIN
        while True:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = psycopg2.connect(dsn(self.stack.database_url))
                    self._connection.autocommit = True
                with self._connection.cursor() as cursor:
                    cursor.execute(sql, values)
                    return list(cursor.fetchall()) if cursor.description else []
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self._connection = None
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def unfinished(self) -> int:
        """Turns that wait or are under way."""
        count: int = self.query(
            "SELECT count(*) FROM inbound_events WHERE kind = 'message' AND done_at IS NULL"
        )[0][0]
        return count

    def open_errands(self, queue: str) -> int:
        sql = "SELECT count(*) FROM follow_ups WHERE queue = %s AND done_at IS NULL AND due_at <= %s"
        count: int = self.query(sql, queue, self.world.clock.now)[0][0]
        return count

    # Quiet.

    def settle(self, within: float = 60.0) -> None:
        """Wait until nothing is open; what only waits for a time to come is given that time.

        Raises:
            Unfinished: something stays open, and says what.
        """
        deadline = time.monotonic() + within
        still_since, before = time.monotonic(), None
        while True:
            work, waits = self._open()
            if not work and not waits:
                return
            now = time.monotonic()
            if now > deadline:
                raise Unfinished(
                    f"open after {within:g} s: {dict(work)}, waiting for their time: {len(waits)}"
                )
            if (work, waits) != before:
                still_since, before = now, (work, waits)
            elif waits and not work and now - still_since > 0.7:
                # Whoever waits now waits for the clock: nobody is sending, nobody is working.
                soon = max(at for at in waits if at < min(waits) + 5)
                self.world.clock.passes(seconds=max(0.0, soon - self.world.clock.now.timestamp()) + 0.1)
                still_since = now
            time.sleep(0.1)

    def _open(self) -> tuple[Counter[str], list[float]]:
        """What is being worked on or should be, and the times that the rest waits for."""
        under_way = self.meta.under_way  # asked first: what is accepted after this shows in the rows
        now = self.world.clock.now
        work: Counter[str] = Counter(
            dict(self.query("SELECT kind, count(*) FROM inbound_events WHERE done_at IS NULL GROUP BY kind"))
        )
        work["follow_ups"] = self.query(
            "SELECT count(*) FROM follow_ups WHERE done_at IS NULL AND due_at <= %s", now
        )[0][0]
        work["webhooks"], work["sending"] = under_way, self.graph.in_flight
        waits = []
        for state, at in self.query(_MESSAGES):
            if at > now:
                waits.append(at.timestamp())
            else:
                work[f"messages {state}"] += 1
        return +work, waits

    @contextlib.contextmanager
    def locked(self, table: str, mode: str) -> Iterator[None]:
        """Somebody else's transaction holds this table, as a careless migration would."""
        with contextlib.closing(psycopg2.connect(dsn(self.stack.database_url))) as connection, connection:
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {table} IN {mode} MODE")
            yield

    def times_sent_once_more(self) -> Counter[int]:
        """How often each message's id is in the log as sent once more."""
        found: Counter[int] = Counter()
        for line in self.stack.log("clock").splitlines():
            if "message.sent_once_more" in line:
                found[json.loads(line)["message_id"]] += 1
        return found


# A message may go when it is due, when nothing before it blocks, and when its person's pace allows it.
_MESSAGES = """
SELECT m.state, greatest(m.due_at, CASE WHEN m.state = 'QUEUED' THEN c.paced_until - interval '240 seconds' END)
FROM outbound_messages m JOIN recipient_counters c USING (person_id)
WHERE m.state IN ('QUEUED', 'SENDING', 'UNKNOWN') AND NOT EXISTS (
    SELECT 1 FROM outbound_messages p WHERE p.person_id = m.person_id AND p.seq < m.seq AND p.blocking
    AND p.state IN ('QUEUED', 'SENDING', 'UNKNOWN'))
"""


@contextlib.contextmanager
def running(folder: Path, seed: int, *, settings: Mapping[str, str] | None = None) -> Iterator[House]:
    """An installation with its own PostgreSQL and Redis, pointed at our Graph API and at the sandbox's Stripe."""
    meta = Meta()
    graph_url = meta.start()
    places = folder / "places.toml"
    places.write_text(_listings())
    given = {"WHATSAPP_API_URL": graph_url, "WHATSAPP_MESSAGES_PER_SECOND": "1000", **(settings or {})}
    try:
        with Stack(folder / "data", settings=given, samples=[places]) as stack:
            meta.connect(stack.product_url)
            house = House(stack, meta, random.Random(seed))
            meta.statuses = False  # which only a sweeper collects, and there may be none
            for owner in house.owners.values():
                meta.run(meta.say(owner, owner.text("hi"), "hi"))
            house.settle()
            meta.statuses = True
            yield house
            house.world.close()
    finally:
        meta.stop()


def _listings() -> str:
    blocks = ['[categories]\nhut = "Huts"\n']
    for number, name in enumerate((*PLACES, TOWER, *CAMPS)):
        owner = Identity.owner(CAMPS.index(name) + 1 if name in CAMPS else 1)
        blocks.append(
            f'[[listings]]\nslug = "{name.lower().replace(" ", "-")}"\nname = "{name}"\ncategory = "hut"\n'
            f'owner = {{ phone = "+{owner.digits}", name = "{owner.name}" }}\nlocation = "Valley {number}"\n'
            'time_zone = "Asia/Karachi"\ncurrency = "PKR"\ndescription = "A place for a test."\ncapacity = 4\n'
            f'units_count = {50 if name in CAMPS else 1}\n[listings.prices]\nbase = 9000\nadvance = "30%"\n'
        )
    return "\n".join(blocks)


def words_for(guests: Sequence[Guest], dice: random.Random) -> dict[str, list[str]]:
    """For each guest all places in an order of their own: nobody asks for the same place twice."""
    return {guest.phone: dice.sample(PLACES, len(PLACES)) for guest in guests}
