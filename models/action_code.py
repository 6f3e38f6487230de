"""The single-use code behind an owner's button: says nothing by itself, works for one person and a while."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

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
    session.execute(
        text(
            "INSERT INTO action_codes (code, booking_id, person_id, action, made_at, expires_at) "
            "VALUES (:code, :booking_id, :person_id, :action, :now, :expires_at)"
        ),
        {
            "code": code,
            "booking_id": booking_id,
            "person_id": person_id,
            "action": action,
            "now": now,
            "expires_at": now + life,
        },
    )
    return code


def find(session: Session, code: str) -> ActionCode | None:
    row = session.execute(
        text(
            "SELECT code, booking_id, person_id, action, expires_at, spent_at FROM action_codes WHERE code = :code"
        ),
        {"code": code},
    ).first()
    return ActionCode(*row) if row else None


def spend_all(session: Session, booking_id: int, now: datetime) -> None:
    """The decision is made: no button of this booking works any more."""
    session.execute(
        text("UPDATE action_codes SET spent_at = :now WHERE booking_id = :id AND spent_at IS NULL"),
        {"id": booking_id, "now": now},
    )
