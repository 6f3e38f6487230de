"""What happened to a booking, append-only, and what must follow from it: both in the same commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.lifecycle import Action, Fact, Status

if TYPE_CHECKING:
    from models.booking import Booking

Due = Callable[["Booking", datetime], datetime | None]

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

    def due_at(self, booking: Booking, now: datetime) -> datetime | None:
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
    found = session.execute(
        text("SELECT 1 FROM booking_events WHERE booking_id = :id AND action = :action AND cause = :cause"),
        {"id": booking_id, "action": action, "cause": cause},
    ).first()
    return found is not None


def record(
    session: Session,
    booking: Booking,
    action: Action | Fact,
    *,
    to: Status,
    cause: str,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> int:
    """Write the event, and a `follow_ups` row for each job that must follow it; returns the event's id."""
    import orjson

    event_id: int = session.execute(
        text(
            "INSERT INTO booking_events (booking_id, from_status, action, to_status, cause, actor, actor_id, "
            "reason, data, at) VALUES (:booking_id, :from_status, :action, :to_status, :cause, :actor, "
            ":actor_id, :reason, :data, :at) RETURNING id"
        ),
        {
            "booking_id": booking.id,
            "from_status": booking.status,
            "action": action,
            "to_status": to,
            "cause": cause,
            "actor": actor.kind,
            "actor_id": actor.person_id,
            "reason": reason,
            "data": orjson.dumps(data or {}).decode(),
            "at": now,
        },
    ).scalar_one()
    if to != booking.status:
        # Each step is an UPDATE of its own: the database checks every one of them against its event.
        booking.status = to
        session.flush()
    follow_ups: Mapping[str, tuple[FollowUp, ...]] = session.info["follow_ups"]
    rows = []
    for follow_up in follow_ups.get(action, ()):
        due_at = follow_up.due_at(booking, now)
        if due_at is not None:
            rows.append(_row(booking.id, follow_up.job, follow_up.queue, f"event:{event_id}", due_at))
            if due_at <= now:
                session.info["bells"].add((follow_up.queue, booking.id))
    if rows:
        session.execute(_INSERT_FOLLOW_UP, rows)
    return event_id


def demand(
    session: Session, booking: Booking, job: str, queue: str, *, cause: str, due_at: datetime, now: datetime
) -> None:
    """Make one more job follow, once per cause: for what hangs on a payment or a message, not on an event."""
    session.execute(_INSERT_FOLLOW_UP, [_row(booking.id, job, queue, cause, due_at)])
    if due_at <= now:
        session.info["bells"].add((queue, booking.id))


_INSERT_FOLLOW_UP = text(
    "INSERT INTO follow_ups (booking_id, job, queue, cause, due_at) "
    "VALUES (:booking_id, :job, :queue, :cause, :due_at) ON CONFLICT (cause, job) DO NOTHING"
)


def _row(booking_id: int, job: str, queue: str, cause: str, due_at: datetime) -> dict[str, Any]:
    return {"booking_id": booking_id, "job": job, "queue": queue, "cause": cause, "due_at": due_at}
