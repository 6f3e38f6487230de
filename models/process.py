"""The processes there are: when each was last heard of, and what it has counted.

A process that is killed says nothing more, and nobody else can say it for it: so each says every few seconds
that it lives. A row belongs to a name on a machine, as the supervisor calls it ("turns.2"); who stops politely
takes it along. The table is unlogged, for after a crash of PostgreSQL all there was to know is out of date: its
rows cost no write to the disk.

Ages are told by PostgreSQL's own clock, which is one for all machines and is not moved by the sandbox: this is
about processes, not about anything that was promised to people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, text

KINDS = ("web", "turns", "sends", "providers", "slow", "clock")
BEAT_SECONDS = 2.5
SILENT_SECONDS = 8.0  # three beats and a little: missed within ten seconds, and never for one slow beat
FORGOTTEN_SECONDS = 3600.0  # a machine that does not return: whoever runs it knows by then
_MOST_OF_ONE_NAME = 100


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process speaks."""

    kind: str
    name: str
    machine: str
    pid: int


@dataclass(frozen=True, slots=True)
class Process:
    """A process as it was last heard of."""

    kind: str
    name: str
    machine: str
    since: datetime
    silent_seconds: float
    counts: dict[str, list[list[Any]]]

    @property
    def is_up(self) -> bool:
        return self.silent_seconds < SILENT_SECONDS


def claim(cursor: Any, who: Identity, *, lives: Callable[[int], bool]) -> Identity:
    """Take this name on this machine, or the next free one where another living process has it.

    Args:
        lives: whether the process with this number lives on this machine.
    """
    cursor.execute(
        "DELETE FROM processes WHERE beat_at < clock_timestamp() - %s * interval '1 s'", [FORGOTTEN_SECONDS]
    )
    names = [who.name, *(f"{who.name}.{number}" for number in range(2, _MOST_OF_ONE_NAME))]
    for name in names:
        cursor.execute(
            "SELECT pid, clock_timestamp() - beat_at > %s * interval '1 s' FROM processes "
            "WHERE machine = %s AND name = %s",
            [SILENT_SECONDS, who.machine, name],
        )
        found = cursor.fetchone()
        if found is not None and found[0] != who.pid and not found[1] and lives(found[0]):
            continue
        cursor.execute(
            "INSERT INTO processes (machine, name, kind, pid, since, beat_at) "
            "VALUES (%s, %s, %s, %s, clock_timestamp(), clock_timestamp()) ON CONFLICT (machine, name) DO UPDATE "
            "SET kind = excluded.kind, pid = excluded.pid, since = excluded.since, beat_at = excluded.beat_at, "
            "counts = '{}' WHERE processes.pid = %s RETURNING name",
            [who.machine, name, who.kind, who.pid, found[0] if found else who.pid],
        )
        if cursor.fetchone():
            return Identity(who.kind, name, who.machine, who.pid)
    raise RuntimeError(f"more than {_MOST_OF_ONE_NAME} processes are called {who.name}")


def beat(cursor: Any, who: Identity, counts: dict[str, list[list[Any]]]) -> bool:
    """Say that it lives; False where its row is gone, with a crash of PostgreSQL, or somebody else's."""
    cursor.execute(
        "UPDATE processes SET beat_at = clock_timestamp(), counts = %s "
        "WHERE machine = %s AND name = %s AND pid = %s",
        [orjson.dumps(counts).decode(), who.machine, who.name, who.pid],
    )
    return bool(cursor.rowcount)


def leave(cursor: Any, who: Identity) -> None:
    """Say that it stops, so that nobody misses it."""
    cursor.execute(
        "DELETE FROM processes WHERE machine = %s AND name = %s AND pid = %s",
        [who.machine, who.name, who.pid],
    )


def look(connection: Connection) -> list[Process]:
    """Every process that lives or is missed, by name."""
    rows = connection.execute(_LOOK, {"forgotten": FORGOTTEN_SECONDS})
    return [Process(**row._mapping) for row in rows]


_LOOK = text(
    "SELECT * FROM (SELECT kind, name, machine, since, "
    "extract(epoch FROM clock_timestamp() - beat_at)::double precision AS silent_seconds, counts "
    "FROM processes) p WHERE silent_seconds < :forgotten ORDER BY name, machine"
)


def missing(processes: Sequence[Process]) -> list[str]:
    """Who is missed, a sentence each: who fell silent, and of what there is nobody.

    Machines are not named: health is everybody's to ask.
    """
    said = [
        f"{each.name} has not been heard of for {each.silent_seconds:.0f} s."
        for each in processes
        if not each.is_up
    ]
    running = {each.kind for each in processes if each.is_up}
    named = {each.kind for each in processes}
    return said + [f"No {kind} process has been heard of." for kind in KINDS if kind not in running | named]
