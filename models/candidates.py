"""The payments that a found transfer could be for, as people who decide see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from models.evidence import Evidence
from models.likeness import same_id
from models.matching import IN_VIEW
from models.money import Money
from models.session import Session


@dataclass(frozen=True, slots=True)
class Shown:
    """A payment, and how well it fits.

    Attributes:
        score: 0 to 100; None for one that the matcher did not think of.
        why: the reasons for the score (`models.matching.Why`).
        chosen: whether it is the one that the matcher would take.
    """

    payment_id: int
    booking_id: int
    booking_code: str
    guest_name: str
    listing_id: int
    amount_minor: int
    currency: str
    reference: str | None
    score: int | None
    why: Sequence[str]
    chosen: bool

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


def of_evidence(session: Session, evidence_id: int) -> Sequence[Shown]:
    """What the matcher thought of last, the chosen one first, then by score."""
    return [Shown(*row) for row in session.execute(_CANDIDATES, {"id": evidence_id})]


def one(session: Session, payment_id: int) -> Shown | None:
    row = session.execute(_ONE, {"id": payment_id}).first()
    return Shown(*row) if row is not None else None


def nearest(session: Session, money: Evidence, now: datetime, *, most: int) -> Sequence[Shown]:
    """Payments that still wait for a transfer, or did until not long ago, the one of the nearest amount first."""
    what = {
        "currency": money.currency,
        "amount": money.amount_minor,
        "since": now - IN_VIEW - _LONGEST,
        "most": most,
    }
    return [Shown(*row) for row in session.execute(_NEAREST, what)]


@dataclass(frozen=True, slots=True)
class Counted:
    """Money that was counted for a booking, and that a bank may have taken back."""

    receipt_id: int
    booking_code: str
    guest_name: str
    recorded_at: datetime


def of_reversal(session: Session, money: Evidence, *, most: int) -> Sequence[Counted]:
    """What was counted of just this amount and not taken back yet, the newest first."""
    what = {"amount": money.amount_minor, "currency": money.currency, "most": most}
    return [Counted(*row) for row in session.execute(_OF_REVERSAL, what)]


def asked_of(session: Session, person_id: int, *, ending: str | None = None) -> Sequence[int]:
    """Payments of this person for one of which money has come that nobody can tell apart yet.

    Args:
        ending: only where the transaction's id of that money ends like this.
    """
    rows = session.execute(_ASKED_OF, {"person_id": person_id})
    end = same_id(ending or "")
    return list({row.id: None for row in rows if same_id(row.transaction_id or "").endswith(end)})


_LONGEST: Final = timedelta(hours=2)  # that a payment is waited for
_SHOWN = "p.id, b.id, b.code, b.guest_name, b.listing_id, p.amount_minor - p.captured_minor, p.currency, p.reference"
_FROM = "FROM payments p JOIN bookings b ON b.id = p.booking_id"
_CANDIDATES = text(
    f"SELECT {_SHOWN}, c.score, c.why, c.chosen {_FROM} JOIN match_candidates c ON c.payment_id = p.id "
    "JOIN payment_evidence e ON e.id = c.evidence_id AND e.match_round = c.round WHERE e.id = :id "
    "ORDER BY c.chosen DESC, c.score DESC, p.id DESC LIMIT 20"
)
_ONE = text(f"SELECT {_SHOWN}, NULL, ARRAY[]::text[], false {_FROM} WHERE p.id = :id")
_NEAREST = text(
    f"SELECT {_SHOWN}, NULL, ARRAY[]::text[], false {_FROM} WHERE p.payee_id IS NOT NULL AND p.captured_minor = 0 "
    "AND p.currency = :currency AND p.created_at > :since AND p.amount_minor > 0 "
    "AND b.status IN ('PAYMENT_PENDING', 'PAYMENT_REVIEW', 'EXPIRED', 'GUEST_CANCELLED') "
    "ORDER BY abs(p.amount_minor - :amount), p.id DESC LIMIT :most"
)
_OF_REVERSAL = text(
    "SELECT r.id, b.code, b.guest_name, r.recorded_at FROM receipts r JOIN bookings b ON b.id = r.booking_id "
    "WHERE r.reverses IS NULL AND r.how IS NOT NULL AND r.amount_minor = :amount AND r.currency = :currency "
    "AND NOT EXISTS (SELECT 1 FROM receipts back WHERE back.reverses = r.id) ORDER BY r.id DESC LIMIT :most"
)
_ASKED_OF = text(
    "SELECT p.id, e.transaction_id FROM bookings b JOIN payments p ON p.booking_id = b.id "
    "JOIN match_candidates c ON c.payment_id = p.id "
    "JOIN payment_evidence e ON e.id = c.evidence_id AND e.match_round = c.round "
    "WHERE b.person_id = :person_id AND NOT e.counted AND e.status IN ('pending', 'matched', 'unmatched') "
    "AND e.verdict IN ('tie', 'weak')"
)
