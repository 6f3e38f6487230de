"""One installation that is about to suffer: real processes, its database, and the world around it."""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg2

from bench.product import dsn
from bench.webhooks import Identity
from models.outbox import PAIR_BURST, PAIR_PACE
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
WORKERS = ("turns.1", "turns.2")
# Only a broken product is waited for so long: a busy machine may need a minute for what takes a second here.
BACK_WITHIN, QUIET_WITHIN = 120.0, 300.0
# So long nothing may have moved before time is made to pass; longer where somebody may still be sending.
STILL, STILL_SENDING = 0.7, 10.0


class Unfinished(AssertionError):
    """Something that was accepted is not done, and nobody is doing it."""


class House:
    """Everything a test touches.

    Attributes:
        dice: a test's own, seeded; the seed is printed.
        kills: how often each process was killed.
    """

    def __init__(self, stack: Stack, meta: Meta) -> None:
        self.stack, self.meta = stack, meta
        self.graph = meta.graph
        self.dice = random.Random()
        self.world = World(stack.page_url)
        self.owners = {camp: meta.person(Identity.owner(n)) for n, camp in enumerate(CAMPS, 1)}
        meta.person(Identity(0, "923000000301", "PK.00000000000000000301", "Sana Malik"))
        self.kills: Counter[str] = Counter()
        self._read: Counter[str] = Counter()
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

    @contextlib.contextmanager
    def standing_still(self, *names: str) -> Iterator[None]:
        """These processes stop wherever they are, in mid-turn: what is counted now stays so until they go on."""
        for name in names:
            self.stack.pause(name)
        try:
            yield
        finally:
            for name in names:
                self.stack.go_on(name)

    def new_lines(self, name: str) -> str:
        """What a process has printed since this was last asked."""
        log = self.stack.log(name)
        new = log[self._read[name] : log.rfind("\n") + 1]
        self._read[name] += len(new)
        return new

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

    def turns_done(self) -> int:
        count: int = self.query(
            "SELECT count(*) FROM inbound_events WHERE kind = 'message' AND done_at IS NOT NULL"
        )[0][0]
        return count

    def open_errands(self, queue: str) -> int:
        sql = "SELECT count(*) FROM follow_ups WHERE queue = %s AND done_at IS NULL AND due_at <= %s"
        count: int = self.query(sql, queue, self.world.clock.now)[0][0]
        return count

    # Quiet.

    def settle(self, within: float = QUIET_WITHIN) -> None:
        """Wait until nothing is open; what only waits for a time to come is given that time.

        Raises:
            Unfinished: something stays open, and says what.
        """
        deadline = time.monotonic() + within
        still_since, before = time.monotonic(), None
        quiet = 0
        while quiet < 2:  # a single look can miss what moves on while it is being taken
            work, waits = self._open()
            quiet = 0 if work or waits else quiet + 1
            now = time.monotonic()
            if quiet == 0 and now > deadline:
                raise Unfinished(self._what_is_open(within, work, waits))
            if (work, waits) != before:
                still_since, before = now, (work, waits)
            elif waits and not work:
                sending = any(state == "SENDING" for _, state in waits)
                if now - still_since > (STILL_SENDING if sending else STILL):
                    # Whoever waits now waits for the clock: nobody is sending, nobody is working.
                    first = waits[0][0]
                    soon = max(at for at, _ in waits if at < first + 5)
                    self.world.clock.passes(seconds=max(0.0, soon - self.world.clock.now.timestamp()) + 0.1)
                    still_since = now
            time.sleep(0.1)

    def _what_is_open(self, within: float, work: Counter[str], waits: list[tuple[float, str]]) -> str:
        """The figures, and the rows themselves: somebody reads this who has only the log of a test run."""
        clock = self.world.clock.now
        rows = [repr(row) for sql in _OPEN_ROWS for row in self.query(sql)]
        processes = {name: self.stack.pid(name) for name in self.stack.names}
        return "\n".join(
            [
                f"open after {within:g} s: {dict(work)}, waiting for their time: {len(waits)}; "
                f"posting {self.meta.posting}; the clock says {clock:%H:%M:%S}; processes {processes}",
                *rows,
                *(f"{name}: …{self.stack.log(name)[-600:]}" for name in (*WORKERS, "sends", "clock")),
            ]
        )

    def _open(self) -> tuple[Counter[str], list[tuple[float, str]]]:
        """What is being worked on or should be; and the times that the rest waits for, in which state."""
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
                waits.append((at.timestamp(), state))
            else:
                work[f"messages {state}"] += 1
        return +work, sorted(waits)

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
_MESSAGES = f"""
SELECT m.state, greatest(m.due_at, CASE WHEN m.state = 'QUEUED'
    THEN c.paced_until - interval '{((PAIR_BURST - 1) * PAIR_PACE).total_seconds()} seconds' END)
FROM outbound_messages m JOIN recipient_counters c USING (person_id)
WHERE m.state IN ('QUEUED', 'SENDING', 'UNKNOWN') AND NOT EXISTS (
    SELECT 1 FROM outbound_messages p WHERE p.person_id = m.person_id AND p.seq < m.seq AND p.blocking
    AND p.state IN ('QUEUED', 'SENDING', 'UNKNOWN'))
"""
_OPEN_ROWS = (
    "SELECT 'event', id, kind, attempts, received_at::time(0), due_at::time(0), left(error, 200) "
    "FROM inbound_events WHERE done_at IS NULL ORDER BY id LIMIT 8",
    "SELECT 'errand', id, job, queue, attempts, due_at::time(0), left(error, 200) "
    "FROM follow_ups WHERE done_at IS NULL ORDER BY due_at LIMIT 8",
    "SELECT 'message', id, person_id, kind, state, attempts, due_at::time(0), left(error, 200) "
    "FROM outbound_messages WHERE state IN ('QUEUED', 'SENDING', 'UNKNOWN') ORDER BY id LIMIT 8",
)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[House]:
    """An installation with its own PostgreSQL and Redis, pointed at our Graph API and at the sandbox's Stripe."""
    meta = Meta()
    graph_url = meta.start()
    places = folder / "places.toml"
    places.write_text(_listings())
    given = {"WHATSAPP_API_URL": graph_url, "WHATSAPP_MESSAGES_PER_SECOND": "1000"}
    try:
        with Stack(folder / "data", settings=given, samples=[places]) as stack:
            meta.connect(stack.product_url)
            house = House(stack, meta)
            for owner in house.owners.values():
                meta.run(meta.say(owner, owner.text("hi"), "hi"))
            house.settle()
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
