"""How far transfers verify themselves: the mode, and whose mails may; rows that an admin changes while we run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import text

from models.matching import MatchRules, Tie
from models.rules import Rules
from models.session import Session

MODE: Final = "VERIFICATION_MODE"


class Mode(StrEnum):
    MANUAL = "manual"  # everything is proposed to an admin
    AUTOMATED = "automated"  # a safe match confirms itself, the rest waits in the unmatched list
    HYBRID = "hybrid"  # a safe match confirms itself, the rest is proposed to an admin


class NothingApproved(Exception):
    """No mail of this issuer was ever approved by an admin, so that nobody knows that its mails are read rightly."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        super().__init__(issuer)


def match_rules(rules: Rules) -> MatchRules:
    """How sure the matcher has to be."""
    return MatchRules(confirm_at=rules.auto_confirm_confidence, tie=Tie(rules.match_tie))


def mode(session: Session, default: Mode) -> Mode:
    """The mode that holds now."""
    value = session.execute(_VALUE, {"name": MODE}).scalar()
    return Mode(value) if value in set(Mode) else default


def switch_mode(session: Session, to: Mode, *, by: int | None, now: datetime) -> None:
    session.execute(_SWITCH, {"name": MODE, "value": to, "by": by, "now": now})


def confirming(session: Session) -> frozenset[str]:
    """The issuers whose mails may confirm by themselves."""
    return frozenset(session.scalars(text("SELECT issuer FROM issuers WHERE confirms")))


def issuers(session: Session) -> Mapping[str, bool]:
    """Every issuer with an approved mail, and whether its mails confirm by themselves."""
    return {row.issuer: row.confirms for row in session.execute(_ISSUERS)}


def switch_issuer(session: Session, issuer: str, *, on: bool, by: int | None, now: datetime) -> None:
    """Let this issuer's mails confirm by themselves from now on, or no more.

    Raises:
        NothingApproved: it is to be switched on, and no mail of its was approved by an admin before.
    """
    if on and not is_approved(session, issuer):
        raise NothingApproved(issuer)
    session.execute(_SWITCH_ISSUER, {"issuer": issuer, "on": on, "by": by, "now": now})


def is_approved(session: Session, issuer: str) -> bool:
    """Whether an admin has approved a real mail of this issuer: believed, read by its own form, and counted."""
    return bool(session.execute(_APPROVED, {"issuer": issuer}).scalar())


_VALUE = text("SELECT value FROM switches WHERE name = :name")
_SWITCH = text(
    "INSERT INTO switches (name, value, switched_by, switched_at) VALUES (:name, :value, :by, :now) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value, switched_by = excluded.switched_by, "
    "switched_at = excluded.switched_at"
)
_SWITCH_ISSUER = text(
    "INSERT INTO issuers (issuer, confirms, switched_by, switched_at) VALUES (:issuer, :on, :by, :now) "
    "ON CONFLICT (issuer) DO UPDATE SET confirms = excluded.confirms, switched_by = excluded.switched_by, "
    "switched_at = excluded.switched_at"
)
_REAL = "source = 'gmail' AND trusted AND known_form AND counted AND verified_by IS NOT NULL"
_APPROVED = text(f"SELECT EXISTS (SELECT 1 FROM payment_evidence WHERE issuer = :issuer AND {_REAL})")
_ISSUERS = text(
    "SELECT issuer, bool_or(confirms) AS confirms FROM ("
    f"SELECT issuer, false AS confirms FROM payment_evidence WHERE {_REAL} AND issuer IS NOT NULL "
    "UNION ALL SELECT issuer, confirms FROM issuers) known GROUP BY issuer ORDER BY issuer"
)
