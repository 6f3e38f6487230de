"""The single-use code behind an owner's button: says nothing by itself, works for one person and a while."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.hot import Hot
from models.session import Session

CONFIRM, DECLINE = "CONFIRM", "DECLINE"


@dataclass(frozen=True, slots=True)
class ActionCode:
    code: str
    booking_id: int
    person_id: int
    action: str
    expires_at: datetime
    spent_at: datetime | None

    def is_usable(self, now: datetime) -> bool:
        return self.spent_at is None and now < self.expires_at


def make(
    session: Session, *, booking_id: int, person_id: int, action: str, life: timedelta, now: datetime
) -> str:
    """A new code for this button; older ones of the same booking go on working until they expire."""
    code = secrets.token_urlsafe(12)
    _MAKE.write(
        session,
        code=code,
        booking_id=booking_id,
        person_id=person_id,
        action=action,
        now=now,
        expires_at=now + life,
    )
    return code


_MAKE = Hot(
    "make_action_code",
    "INSERT INTO action_codes (code, booking_id, person_id, action, made_at, expires_at) "
    "VALUES (:code, :booking_id, :person_id, :action, :now, :expires_at)",
    code="text",
    booking_id="bigint",
    person_id="bigint",
    action="text",
    now="timestamptz",
    expires_at="timestamptz",
)


def find(session: Session, code: str) -> ActionCode | None:
    row = _FIND.run(session, code=code).first()
    return ActionCode(*row) if row else None


_FIND = Hot(
    "find_action_code",
    "SELECT code, booking_id, person_id, action, expires_at, spent_at FROM action_codes WHERE code = :code",
    code="text",
)


def spend_all(session: Session, booking_id: int, now: datetime) -> None:
    """The decision is made: no button of this booking works any more."""
    _SPEND.write(session, id=booking_id, now=now)


_SPEND = Hot(
    "spend_action_codes",
    "UPDATE action_codes SET spent_at = :now WHERE booking_id = :id AND spent_at IS NULL",
    id="bigint",
    now="timestamptz",
)
