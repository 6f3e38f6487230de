"""Follow-ups that ask the outside: side by side for different bookings, one after the other for each.

While a booking's errand is under way its crew holds PostgreSQL's advisory lock on the booking: no row is
locked while a provider thinks, provider calls for one booking run one at a time on all machines, and a killed
worker lets go at once. All locks of a crew are held by one connection, which takes them with the claim itself.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

import tally
from models import chore, db
from models.chore import Chore
from models.clock import Clock
from models.db import unit_of_work
from models.hot import Hot
from models.session import Session
from workers import follow_ups
from workers.crew import Crew
from workers.follow_ups import Due, Later, Outcome

log = structlog.get_logger()

ERRANDS_LOCK = 7_271_002  # first half of the advisory lock's key; the second is the booking's id

# What remains to be written once the outside has answered; it commits together with the errand's being done.
Record = Callable[[Session, datetime], Outcome]
# Asks the outside, with nothing locked and no unit of work open; Later or None where nothing is to be written.
Job = Callable[[Due], Record | Later | None]

# How long a booking whose errands another worker does is left to it before it is asked about again.
ELSEWHERE_SECONDS = 0.5
PACE = 0.02  # beside what a provider takes nobody notices it


# What remains to be written once a chore has asked the outside.
ChoreRecord = Callable[[Session, datetime], None]
ChoreJob = Callable[[Chore], ChoreRecord]


class Round(Protocol):
    """What belongs to no booking and comes again and again; a row of its own says when it is due."""

    name: str

    def claim(self) -> Callable[[], None] | None:
        """What is to be done now, with no unit of work open; None where it is not due, or somebody else does it."""


@dataclass(frozen=True)
class Going:
    """A round that is under way."""

    name: str
    go: Callable[[], None]


@dataclass(frozen=True)
class Done:
    task: Due | Chore | Going


class Errands(Crew[Due | Chore | Going, Done]):
    """Runs the follow-ups of one queue, whose jobs ask the outside; and chores, where it is given any.

    Args:
        chores: what belongs to no booking, by its name; done where no follow-up waits.
        rounds: what is looked for at a bell, whatever else waits.
    """

    pace = PACE

    def __init__(
        self,
        queue: str,
        jobs: Mapping[str, Job],
        *,
        clock: Clock,
        side_by_side: int,
        chores: Mapping[str, ChoreJob] | None = None,
        rounds: Sequence[Round] = (),
    ) -> None:
        super().__init__(queue, side_by_side)
        self._queue = queue
        self._jobs = jobs
        self._chores = chores or {}
        self._rounds = rounds
        self._clock = clock
        self._locks = _Locks()
        self._elsewhere: dict[int, float] = {}

    def exchange(self, results: Sequence[Done], most: int, *, rung: bool) -> Sequence[Due | Chore | Going]:
        moment = time.monotonic()
        self._elsewhere = {
            booking_id: until for booking_id, until in self._elsewhere.items() if until > moment
        }
        rows = self._locks.exchange(
            [done.task.booking_id for done in results if isinstance(done.task, Due)],
            queue=self._queue,
            now=self._clock.now(),
            elsewhere=[*self._elsewhere],
            most=most,
        )
        for *_, booking_id, _cause, _attempts, ours in rows:
            if not ours:
                self._elsewhere[booking_id] = moment + ELSEWHERE_SECONDS
                self.wake_in(ELSEWHERE_SECONDS)
        errands = [Due(*due) for *due, ours in rows if ours]
        rounds = [*self._claim_rounds(most - len(errands))] if rung and self._rounds else []
        return [*errands, *rounds, *self._claim_chores(most - len(errands) - len(rounds))]

    def _claim_rounds(self, most: int) -> Iterator[Going]:
        for each in self._rounds[: max(0, most)]:
            try:
                if (go := each.claim()) is not None:
                    yield Going(each.name, go)
            except Exception as error:  # the errands that were claimed are not to be forgotten for it
                log.warning("round.waits", job=each.name, error=repr(error)[:300])

    def _claim_chores(self, most: int) -> Sequence[Chore]:
        if not self._chores or most < 1:
            return []
        try:
            return chore.claim(most=most, now=self._clock.now())
        except Exception as error:  # the errands that were claimed are not to be forgotten for it
            log.warning("chores.wait", error=repr(error)[:300])
            return []

    def perform(self, task: Due | Chore | Going) -> Done:
        if isinstance(task, Chore):
            self._do_chore(task)
            return Done(task)
        if isinstance(task, Going):
            self._go(task)
            return Done(task)
        try:
            do(self._jobs[task.job], task, self._clock)
            tally.ERRANDS.add(task.job, "done")
        except Exception as error:
            tally.ERRANDS.add(task.job, "failed")
            self._fail(task, error)
        return Done(task)

    def _go(self, task: Going) -> None:
        """One round; what breaks off is taken up again when its claim ends."""
        try:
            task.go()
            tally.ERRANDS.add(task.name, "done")
        except Exception as error:
            tally.ERRANDS.add(task.name, "failed")
            log.exception("round.failed", job=task.name, exc_info=error)

    def _do_chore(self, task: Chore) -> None:
        """Ask, then write what was answered and that it is done, in one commit."""
        try:
            record = self._chores[task.job](task)
            with unit_of_work() as session:
                now = self._clock.now()
                if chore.finish(session, task.id, now):
                    record(session, now)
            tally.ERRANDS.add(task.job, "done")
        except Exception as error:
            tally.ERRANDS.add(task.job, "failed")
            log.exception("chore.failed", job=task.job, chore_id=task.id, exc_info=error)
            with contextlib.suppress(Exception), unit_of_work() as session:
                again_at = self._clock.now() + timedelta(seconds=2 * task.attempts)
                chore.fail(session, task.id, repr(error)[:500], again_at=again_at)

    def _fail(self, due: Due, error: Exception) -> None:
        try:
            follow_ups.fail(due, error, self._clock.now())
        except Exception as second:  # the database is away: the row is still open, the sweeper rings for it
            log.exception("errand.not_recorded", job=due.job, follow_up_id=due.id, exc_info=second)


def do(job: Job, due: Due, clock: Clock) -> Outcome:
    """Ask, then write what was answered and that the errand is done, in one commit."""
    answer = job(due)
    if answer is None or isinstance(answer, Later):
        with db.one_statement() as (cursor, info):
            follow_ups.finish_on(cursor, info, due, answer, clock.now())
        return answer
    with unit_of_work() as session:
        now = clock.now()
        outcome = answer(session, now)
        follow_ups.finish(session, due, outcome, now)
    return outcome


class _Locks:
    """The connection that holds a crew's advisory locks; should it be lost, another one takes them again."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._prepared: dict[Any, Any] = {}
        self._held: set[int] = set()

    def exchange(self, done: Sequence[int], **what: Any) -> Sequence[Any]:
        """Let go of the bookings that are done, and claim what is due and locked by nobody."""
        self._held.difference_update(done)
        try:
            if self._connection is None:
                self._open()
            with self._connection.cursor() as cursor:
                calls = [self._call(cursor, _CLAIM, busy=[*self._held], **what)]
                if done:
                    calls.insert(0, self._call(cursor, _LET_GO, bookings=[*done]))
                cursor.execute(b"; ".join(calls))
                rows: list[Any] = cursor.fetchall()
        except BaseException:
            self._forget()  # whatever it has locked that we do not know of is free again
            raise
        self._held |= {row[2] for row in rows if row[-1]}
        return rows

    def _call(self, cursor: Any, statement: Hot, **values: Any) -> bytes:
        return statement.call_on(cursor, self._prepared, lock=ERRANDS_LOCK, **values)

    def _open(self) -> None:
        pooled = db.process().engine.raw_connection()
        self._connection, self._prepared = pooled.dbapi_connection, {}
        pooled.detach()  # it never goes back to those who share the pool
        self._connection.autocommit = True
        if self._held:
            with self._connection.cursor() as cursor:
                cursor.execute(self._call(cursor, _LOCK, bookings=[*self._held]))

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


# The first of each booking; the rest of its errands wait for it. It may have been done by another machine
# between the reading and the lock: each job looks whether it is still open.
_CLAIM = Hot(
    "claim_errands",
    "WITH due AS MATERIALIZED ("
    " SELECT * FROM ("
    "  SELECT DISTINCT ON (booking_id) id, job, booking_id, cause, attempts, due_at FROM follow_ups"
    "  WHERE queue = :queue AND done_at IS NULL AND due_at <= :now"
    "  AND NOT booking_id = ANY(:busy) AND NOT booking_id = ANY(:elsewhere)"
    "  ORDER BY booking_id, due_at, id) f ORDER BY due_at, id LIMIT :most)"
    " SELECT id, job, booking_id, cause, attempts,"
    " pg_try_advisory_lock(:lock, (booking_id & 2147483647)::int) AS ours FROM due",
    queue="text",
    now="timestamptz",
    busy="bigint[]",
    elsewhere="bigint[]",
    most="int",
    lock="int",
)
_LET_GO = Hot(
    "let_go_of_bookings",
    "SELECT pg_advisory_unlock(:lock, (id & 2147483647)::int) FROM unnest(:bookings) AS id",
    lock="int",
    bookings="bigint[]",
)
_LOCK = Hot(
    "lock_bookings",
    "SELECT pg_try_advisory_lock(:lock, (id & 2147483647)::int) FROM unnest(:bookings) AS id",
    lock="int",
    bookings="bigint[]",
)
