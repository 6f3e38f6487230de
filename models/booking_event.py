"""What happened to a booking, append-only, and what must follow from it: both in the same commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from models.hot import Hot
from models.lifecycle import Action, Fact, Status
from models.session import Session

if TYPE_CHECKING:
    from models.booking_row import BookingRow

Due = Callable[["BookingRow", datetime], datetime | None]

TURNS, PROVIDERS, SLOW = "turns", "providers", "slow"


@dataclass(frozen=True)
class FollowUp:
    """A job that an event makes necessary.

    Attributes:
        due: when; `None` means at once, a callable is asked with the booking and now (None: not at all).
    """

    job: str
    queue: str
    due: timedelta | Due | None = None

    def due_at(self, booking: BookingRow, now: datetime) -> datetime | None:
        if self.due is None:
            return now
        if isinstance(self.due, timedelta):
            return now + self.due
        return self.due(booking, now)


@dataclass(frozen=True)
class Actor:
    """Who did it: a guest, an owner, an admin, a provider, or Sarai itself."""

    kind: str
    person_id: int | None = None


SARAI = Actor("sarai")
PROVIDER = Actor("provider")


def known(session: Session, booking_id: int, action: Action | Fact, cause: str) -> bool:
    """True if this cause has had this effect on this booking before."""
    return _KNOWN.run(session, id=booking_id, action=action, cause=cause).first() is not None


_KNOWN = Hot(
    "known_booking_event",
    "SELECT 1 FROM booking_events WHERE booking_id = :id AND action = :action AND cause = :cause",
    id="bigint",
    action="text",
    cause="text",
)


def record(
    session: Session,
    booking: BookingRow,
    action: Action | Fact,
    *,
    to: Status,
    cause: str,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write the event, and a `follow_ups` row for each job that must follow it.

    What a verb changed besides is written with it, as one statement; and each step is an UPDATE of its own,
    for the database checks every one of them against its event.
    """
    before, booking.status = booking.status, to
    standing = booking.standing()
    statement = _RECORD if standing == booking.written else _CHANGE
    follow_ups: Mapping[str, tuple[FollowUp, ...]] = session.info["follow_ups"]
    due = [
        (follow_up.job, follow_up.queue, due_at)
        for follow_up in follow_ups.get(action, ())
        if (due_at := follow_up.due_at(booking, now)) is not None
    ]
    statement.write(
        session,
        **standing,
        booking_id=booking.id,
        from_status=before,
        action=action,
        cause=cause,
        actor=actor.kind,
        actor_id=actor.person_id,
        reason=reason,
        data=orjson.dumps(data or {}).decode(),
        now=now,
        jobs=[job for job, _, _ in due],
        queues=[queue for _, queue, _ in due],
        due_ats=[due_at for _, _, due_at in due],
    )
    booking.written = standing
    session.info["bells"].update((queue, booking.id) for _, queue, due_at in due if due_at <= now)


# What the verbs change of a booking after its summary: all of it is written where any of it has changed.
STANDING: Final = {
    "status": "text",
    "advance_minor": "bigint",
    "held_since": "timestamptz",
    "hold_until": "timestamptz",
    "paid_at": "timestamptz",
    "decision": "text",
    "decision_made_at": "timestamptz",
    "decision_made_by": "bigint",
    "decision_reason": "text",
    "commission_status": "text",
    "alerted_admin_at": "timestamptz",
    "updated_at": "timestamptz",
}
_EVENT = (
    "event AS ("
    " INSERT INTO booking_events"
    " (booking_id, from_status, action, to_status, cause, actor, actor_id, reason, data, at)"
    " VALUES (:booking_id, :from_status, :action, :status, :cause, :actor, :actor_id, :reason, :data, :now)"
    " RETURNING id)"
    " INSERT INTO follow_ups (booking_id, job, queue, cause, due_at)"
    " SELECT :booking_id, job, queue, 'event:' || event.id, due_at"
    " FROM event, unnest(:jobs, :queues, :due_ats) AS following (job, queue, due_at)"
)
_PARAMETERS: Final = {
    "booking_id": "bigint",
    "from_status": "text",
    "action": "text",
    "cause": "text",
    "actor": "text",
    "actor_id": "bigint",
    "reason": "text",
    "data": "jsonb",
    "now": "timestamptz",
    "jobs": "text[]",
    "queues": "text[]",
    "due_ats": "timestamptz[]",
}
_RECORD = Hot("record_booking_event", f"WITH {_EVENT}", **_PARAMETERS, status="text")
_CHANGE = Hot(
    "change_booking",
    f"WITH changed AS (UPDATE bookings SET {', '.join(f'{name} = :{name}' for name in STANDING)}"
    f" WHERE id = :booking_id), {_EVENT}",
    **_PARAMETERS,
    **STANDING,
)


def demand(
    session: Session, booking_id: int, job: str, queue: str, *, cause: str, due_at: datetime, now: datetime
) -> None:
    """Make one more job follow, once per cause: for what hangs on a payment or a message, not on an event."""
    _DEMAND.write(session, booking_id=booking_id, job=job, queue=queue, cause=cause, due_at=due_at)
    if due_at <= now:
        session.info["bells"].add((queue, booking_id))


_DEMAND = Hot(
    "demand_follow_up",
    "INSERT INTO follow_ups (booking_id, job, queue, cause, due_at) "
    "VALUES (:booking_id, :job, :queue, :cause, :due_at) ON CONFLICT (cause, job) DO NOTHING",
    booking_id="bigint",
    job="text",
    queue="text",
    cause="text",
    due_at="timestamptz",
)
