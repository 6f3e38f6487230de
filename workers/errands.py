"""Follow-ups that ask the outside: side by side for different bookings, one after the other for each.

While a booking's errand is under way its worker holds PostgreSQL's advisory lock on the booking, on a
connection of its own: no row is locked while a provider thinks, provider calls for one booking run one at a
time on all machines, and a killed worker lets go at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import text

from models import db
from models.clock import Clock
from models.db import unit_of_work
from workers import follow_ups
from workers.crew import Crew
from workers.follow_ups import Due, Later

log = structlog.get_logger()

ERRANDS_LOCK = 7_271_002  # first half of the advisory lock's key; the second is the booking's id

Job = Callable[[Due], Later | None]


# How long a booking whose errands another worker does is left to it before it is asked about again.
ELSEWHERE_SECONDS = 0.5


@dataclass(frozen=True)
class Done:
    due: Due
    elsewhere: bool = False


class Errands(Crew[Due, Done]):
    """Runs the follow-ups of one queue with jobs that open their own units of work."""

    def __init__(self, queue: str, jobs: Mapping[str, Job], *, clock: Clock, side_by_side: int) -> None:
        super().__init__(queue, side_by_side)
        self._queue = queue
        self._jobs = jobs
        self._clock = clock
        self._busy: set[int] = set()
        self._elsewhere: dict[int, float] = {}

    def exchange(self, results: Sequence[Done], most: int, *, rung: bool) -> Sequence[Due]:
        self._busy -= {done.due.booking_id for done in results}
        self._leave_to_others(results)
        with unit_of_work() as session:
            rows = session.execute(
                _DUE,
                {
                    "queue": self._queue,
                    "now": self._clock.now(),
                    "busy": [*self._busy, *self._elsewhere],
                    "most": most,
                },
            ).all()
        tasks = [Due(*row) for row in rows]
        self._busy |= {due.booking_id for due in tasks}
        return tasks

    def _leave_to_others(self, results: Sequence[Done]) -> None:
        now = time.monotonic()
        self._elsewhere = {booking_id: until for booking_id, until in self._elsewhere.items() if until > now}
        for done in results:
            if done.elsewhere:
                self._elsewhere[done.due.booking_id] = now + ELSEWHERE_SECONDS
                self.wake_in(ELSEWHERE_SECONDS)

    def perform(self, due: Due) -> Done:
        try:
            return Done(due, elsewhere=not self._run(due))
        except Exception as error:
            self._fail(due, error)
        return Done(due)

    def _run(self, due: Due) -> bool:
        """True if the booking's errands were ours to do."""
        engine = db.process().engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            key = {"lock": ERRANDS_LOCK, "booking": due.booking_id & 0x7FFFFFFF}
            ours, still_open = connection.execute(_LOCK, {**key, "id": due.id}).one()
            if not ours:
                return False
            try:
                if still_open:
                    later = self._jobs[due.job](due)
                    follow_ups.finish(connection, due, later, self._clock.now())
            finally:
                connection.execute(_UNLOCK, key)
        return True

    def _fail(self, due: Due, error: Exception) -> None:
        try:
            follow_ups.fail(due, error, self._clock.now())
        except Exception as second:  # the database is away: the row is still open, the sweeper rings for it
            log.exception("errand.not_recorded", job=due.job, follow_up_id=due.id, exc_info=second)


_LOCK = text(
    "SELECT pg_try_advisory_lock(:lock, :booking), "
    "EXISTS (SELECT 1 FROM follow_ups WHERE id = :id AND done_at IS NULL)"
)
_UNLOCK = text("SELECT pg_advisory_unlock(:lock, :booking)")
# The first of each booking; the rest of its errands wait for it.
_DUE = text(
    "SELECT id, job, booking_id, cause, attempts FROM ("
    "SELECT DISTINCT ON (booking_id) id, job, booking_id, cause, attempts, due_at FROM follow_ups "
    "WHERE queue = :queue AND done_at IS NULL AND due_at <= :now AND NOT booking_id = ANY(:busy) "
    "ORDER BY booking_id, due_at, id) f ORDER BY due_at, id LIMIT :most"
)
