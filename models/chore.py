"""Work for later that belongs to no booking: rows as well, but worth doing for a while only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from models import db
from models.booking_event import SLOW
from models.hot import Hot
from models.session import Session

VALID = timedelta(minutes=10)  # as long as an answer in a chat is worth giving
LEASE = timedelta(seconds=60)  # so long one worker has it before another may
MOST_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Chore:
    id: int
    job: str
    args: Mapping[str, Any]
    attempts: int


def demand(
    session: Session,
    job: str,
    args: Mapping[str, Any],
    *,
    cause: str,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    """Have this done soon, or when it is due, once per cause."""
    _DEMAND.write(
        session,
        job=job,
        args=orjson.dumps(args).decode(),
        cause=cause,
        due_at=due_at or now,
        valid_until=now + VALID,
    )
    session.info["bells"].add((SLOW, 0))


_DEMAND = Hot(
    "demand_chore",
    "INSERT INTO chores (job, args, cause, due_at, valid_until) VALUES (:job, :args, :cause, :due_at, :valid_until) "
    "ON CONFLICT (cause, job) DO NOTHING",
    job="text",
    args="jsonb",
    cause="text",
    due_at="timestamptz",
    valid_until="timestamptz",
)


def claim(*, most: int, now: datetime) -> Sequence[Chore]:
    """What is due and nobody does, committed; who does not finish in time loses it to the next who asks."""
    with db.one_statement() as (cursor, info):
        until = now + LEASE
        rows = _CLAIM.run_on(cursor, info, most=most, now=now, until=until, most_attempts=MOST_ATTEMPTS)
    return [Chore(*row) for row in rows]


# What is asked for too late, or has failed too often, is given up with the same look.
_CLAIM = Hot(
    "claim_chores",
    """
WITH given_up AS (
    UPDATE chores SET done_at = :now, error = coalesce(error, 'too late')
    WHERE done_at IS NULL AND due_at <= :now AND (valid_until <= :now OR attempts >= :most_attempts)
), due AS (
    SELECT id FROM chores
    WHERE done_at IS NULL AND due_at <= :now AND valid_until > :now AND attempts < :most_attempts
    ORDER BY due_at, id LIMIT :most FOR UPDATE SKIP LOCKED
)
UPDATE chores SET due_at = :until, attempts = attempts + 1 FROM due WHERE chores.id = due.id
RETURNING chores.id, chores.job, chores.args, chores.attempts
    """,
    most="int",
    now="timestamptz",
    until="timestamptz",
    most_attempts="int",
)


def finish(session: Session, chore_id: int, now: datetime) -> bool:
    """It has had its effect; False where another worker was quicker."""
    return bool(_FINISH.run(session, id=chore_id, now=now).rowcount)


_FINISH = Hot(
    "finish_chore",
    "UPDATE chores SET done_at = :now, error = NULL WHERE id = :id AND done_at IS NULL",
    id="bigint",
    now="timestamptz",
)


def fail(session: Session, chore_id: int, error: str, *, again_at: datetime) -> None:
    _FAIL.run(session, id=chore_id, error=error, again_at=again_at)


_FAIL = Hot(
    "fail_chore",
    "UPDATE chores SET due_at = :again_at, error = :error WHERE id = :id AND done_at IS NULL",
    id="bigint",
    error="text",
    again_at="timestamptz",
)
