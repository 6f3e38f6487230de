"""What staff ask for: what is stuck, what did not arrive, what happened today. All of it is only read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import text

from models.booking_event import Actor
from models.lifecycle import Action, Fact
from models.money import Money
from models.outbound import Role
from models.rules import Rules
from models.session import Session

MOST_LISTED: Final = 90
FAILED_SINCE: Final = timedelta(days=7)
_SOON: Final = timedelta(minutes=10)  # what follows by itself has followed by then


class Stuck(StrEnum):
    """Why a booking does not come on."""

    OWNER_SILENT = "OWNER_SILENT"
    NOT_CAPTURED = "NOT_CAPTURED"
    PAYMENT_UNKNOWN = "PAYMENT_UNKNOWN"
    REVIEW = "REVIEW"
    NO_TICKET = "NO_TICKET"
    REFUND = "REFUND"
    STEP_FAILS = "STEP_FAILS"


@dataclass(frozen=True, slots=True)
class StuckBooking:
    """A booking that should be further by now.

    Attributes:
        step: the job that fails, where that is what holds it up.
    """

    id: int
    code: str
    place: str
    why: Stuck
    since: datetime
    step: str | None


def stuck(session: Session, *, rules: Rules, now: datetime) -> Sequence[StuckBooking]:
    """Bookings that somebody should look at, those that wait longest first."""
    rows = session.execute(
        _STUCK,
        {
            "silent_since": now - rules.owner_alert,
            "unknown_since": now - rules.payment_alert,
            "review_since": now - rules.review,
            "soon": now - _SOON,
            "most": MOST_LISTED,
        },
    )
    return [StuckBooking(r.id, r.code, r.name, Stuck(r.why), r.since, r.step) for r in rows]


_STUCK = text(
    """
    SELECT b.id, b.code, l.name, s.why, s.since, s.step FROM (
        SELECT id, 'OWNER_SILENT' AS why, paid_at AS since, NULL AS step FROM bookings
        WHERE status IN ('PAYMENT_SUCCESS', 'BOOKING_REQUEST_SENT_TO_OWNER') AND decision IS NULL
          AND paid_at < :silent_since
        UNION ALL
        SELECT id, 'NOT_CAPTURED', decision_made_at, NULL FROM bookings
        WHERE status IN ('PAYMENT_SUCCESS', 'BOOKING_REQUEST_SENT_TO_OWNER') AND decision = 'YES'
          AND decision_made_at < :soon
        UNION ALL
        SELECT id, 'PAYMENT_UNKNOWN', held_since, NULL FROM bookings b
        WHERE status = 'PAYMENT_PENDING' AND held_since < :unknown_since
          AND EXISTS (SELECT 1 FROM payments p WHERE p.booking_id = b.id AND p.state IN ('pending', 'unknown'))
        UNION ALL
        SELECT id, 'REVIEW', updated_at, NULL FROM bookings
        WHERE status = 'PAYMENT_REVIEW' AND (updated_at < :review_since OR hold_until IS NULL)
        UNION ALL
        SELECT id, 'NO_TICKET', updated_at, NULL FROM bookings
        WHERE status = 'OWNER_CONFIRMED' AND updated_at < :soon
        UNION ALL
        SELECT id, 'REFUND', updated_at, NULL FROM bookings WHERE status = 'REFUND_REQUIRED'
        UNION ALL
        SELECT booking_id, 'STEP_FAILS', min(due_at), min(job) FROM follow_ups
        WHERE done_at IS NULL AND attempts >= 5 GROUP BY booking_id
    ) s JOIN bookings b ON b.id = s.id JOIN listings l ON l.id = b.listing_id
    ORDER BY s.since, b.id LIMIT :most
    """
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that its recipient never got.

    Attributes:
        message: as it was stored, with the template that was to reach a closed window.
    """

    id: int
    person_id: int
    name: str | None
    recipient: Role
    kind: str
    booking_id: int | None
    code: str | None
    message: dict[str, Any]
    template: dict[str, Any] | None
    failed_at: datetime
    error_code: int | None
    error: str | None


def failures(session: Session, now: datetime) -> Sequence[Failure]:
    """Messages of the last days that did not arrive and were not sent again, the newest first.

    An answer in a chat that nobody waits for any more is not among them.
    """
    rows = session.execute(_FAILURES, {"since": now - FAILED_SINCE, "most": MOST_LISTED})
    return [Failure(*row) for row in rows]


def failure(session: Session, message_id: int) -> Failure | None:
    row = session.execute(_FAILURE, {"id": message_id}).first()
    return Failure(*row) if row is not None else None


_FAILURE_COLUMNS = """
    SELECT m.id, m.person_id, p.name, m.recipient, m.kind, m.booking_id, b.code, m.message, m.template, m.failed_at,
           m.error_code, m.error
    FROM outbound_messages m JOIN persons p ON p.id = m.person_id LEFT JOIN bookings b ON b.id = m.booking_id
    WHERE m.state IN ('FAILED', 'LAPSED') AND m.kind <> 'typing'
      AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.about = 'message:' || m.id AND a.action = 'SEND_AGAIN')
"""
_FAILURES = text(
    f"{_FAILURE_COLUMNS} AND m.failed_at > :since AND (m.state = 'FAILED' OR m.template IS NOT NULL) "
    "ORDER BY m.failed_at DESC, m.id DESC LIMIT :most"
)
_FAILURE = text(f"{_FAILURE_COLUMNS} AND m.id = :id")


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened in a stretch of time.

    Attributes:
        steps: how many bookings took each step.
        money: what was paid in advance, by currency.
    """

    steps: Mapping[str, int]
    money: Sequence[Money]


def figures(session: Session, since: datetime, until: datetime) -> Figures:
    between = {"since": since, "until": until}
    # Elsewhere a plan that collects pages is never the better one; here it is the point of the index.
    session.execute(text("SET LOCAL enable_bitmapscan = on"))
    steps = session.execute(_STEPS, between).all()
    money = session.execute(_MONEY, {**between, "paid": Action.RECORD_PAYMENT}).all()
    session.execute(text("SET LOCAL enable_bitmapscan = off"))
    return Figures(
        {row.action: row.n for row in steps}, [Money(int(row.minor), row.currency) for row in money]
    )


_STEPS = text(
    "SELECT action, count(DISTINCT booking_id) AS n FROM booking_events "
    "WHERE at >= :since AND at < :until GROUP BY action"
)
_MONEY = text(
    "SELECT b.currency, sum(b.advance_minor) AS minor FROM booking_events e JOIN bookings b ON b.id = e.booking_id "
    "WHERE e.at >= :since AND e.at < :until AND e.action = :paid GROUP BY b.currency ORDER BY b.currency"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a booking's history."""

    action: Action | Fact | str
    actor: Actor
    name: str | None
    reason: str | None
    at: datetime


def history(session: Session, booking_id: int) -> Sequence[Step]:
    """All that happened to a booking, the oldest first."""
    rows = session.execute(
        text(
            "SELECT e.action, e.actor, e.actor_id, p.name, e.reason, e.at FROM booking_events e "
            "LEFT JOIN persons p ON p.id = e.actor_id WHERE e.booking_id = :id ORDER BY e.id"
        ),
        {"id": booking_id},
    )
    return [Step(r.action, Actor(r.actor, r.actor_id), r.name, r.reason, r.at) for r in rows]


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who was looked for."""

    id: int
    name: str | None
    phone: str | None
    roles: Sequence[str]


def people(session: Session, *, phone: str | None = None, name: str | None = None) -> Sequence[Found]:
    """Who has this phone, or who is called so or has booked under such a name; the newest first."""
    rows = session.execute(
        _BY_PHONE if phone is not None else _BY_NAME,
        {"phone": phone, "name": (name or "").casefold(), "most": MOST_LISTED},
    )
    return [Found(*row) for row in rows]


_FOUND = """
    SELECT p.id, p.name,
        (SELECT value FROM person_identifiers i WHERE i.person_id = p.id AND i.kind = 'phone'
         ORDER BY since DESC LIMIT 1),
        ARRAY(SELECT role FROM person_roles r WHERE r.person_id = p.id ORDER BY role)
    FROM persons p WHERE p.merged_into IS NULL AND
"""
_BY_PHONE = text(
    f"{_FOUND} p.id = (SELECT person_id FROM person_identifiers WHERE kind = 'phone' AND value = :phone)"
)
_BY_NAME = text(
    f"{_FOUND} (strpos(lower(p.name), :name) > 0 OR p.id IN ("
    "SELECT person_id FROM bookings WHERE strpos(lower(guest_name), :name) > 0)) ORDER BY p.id DESC LIMIT :most"
)


def person(session: Session, person_id: int) -> Found | None:
    row = session.execute(text(f"{_FOUND} p.id = :id"), {"id": person_id}).first()
    return Found(*row) if row is not None else None
