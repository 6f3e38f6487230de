"""What came in and what waits, page by page, as the API shows it to admins and staff. All of it is only read.

A page begins behind the last row of the one before, by its number: what comes in between shifts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from models.money import Money
from models.session import Session


@dataclass(frozen=True, slots=True)
class Told:
    """One row of evidence: something that says that money came.

    Attributes:
        name: by which people and programs name it: its code, or its number where it has none.
        has_picture: whether there is a picture to look at.
        mail_id: the mail it was read of.
        trusted: whether the one who tells of it may be believed.
        counted: whether the money was counted by this row.
        duplicate_of: the name of the row that told of the same money first.
    """

    id: int
    name: str
    source: str
    kind: str
    status: str
    booking_code: str | None
    transaction_id: str | None
    amount: Money | None
    issuer: str | None
    sender_name: str | None
    sender_phone: str | None
    payee_tail: str | None
    occurred_at: datetime | None
    has_picture: bool
    mail_id: int | None
    trusted: bool
    counted: bool
    confidence: int | None
    verdict: str | None
    reason: str | None
    duplicate_of: str | None
    created_at: datetime
    verified_at: datetime | None
    verified_by: str | None


@dataclass(frozen=True, slots=True)
class Scored:
    """A booking that a transfer may have been made for, as the matcher saw it last."""

    told: str
    booking_code: str
    score: int
    why: Sequence[str]
    is_chosen: bool


def in_review(session: Session, *, after: int, most: int) -> Sequence[int]:
    """Numbers of the bookings whose transfer somebody has to look for, in the order in which they were made."""
    return list(session.scalars(_IN_REVIEW, {"after": after, "most": most}))


def count_in_review(session: Session) -> int:
    return int(session.execute(_COUNT_IN_REVIEW).scalar_one())


def unmatched(session: Session, *, before: int | None, most: int) -> Sequence[Told]:
    """Money that came and is nobody's yet, the newest first; what cannot be believed is in the history alone."""
    return _told(session, f"{_IS_UNMATCHED} AND e.trusted", {}, before, most)


def count_unmatched(session: Session) -> int:
    found = session.execute(
        text(f"SELECT count(*) FROM payment_evidence e WHERE {_IS_UNMATCHED} AND e.trusted")
    )
    return int(found.scalar_one())


def history(
    session: Session,
    *,
    before: int | None,
    most: int,
    status: str | None = None,
    source: str | None = None,
    booking_code: str | None = None,
) -> Sequence[Told]:
    """All that was told of money, the newest first."""
    given = {"status": status, "source": source, "booking_code": booking_code}
    wheres = {
        "status": "e.status = :status",
        "source": "e.source = :source",
        "booking_code": "b.code = :booking_code",
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    where = " AND ".join(["true", *(wheres[name] for name in chosen)])
    return _told(session, where, chosen, before, most)


def of_booking(session: Session, booking_id: int) -> Sequence[Told]:
    """What was told of one booking's money, the newest first."""
    return _told(session, "e.booking_id = :booking_id", {"booking_id": booking_id}, None, 200)


def one(session: Session, name: str) -> Told | None:
    """By its code, however it is written, or its number."""
    if name.isdecimal():
        found = _told(session, "e.id = :id", {"id": int(name)}, None, 1)
    else:
        found = _told(session, "e.code = :code", {"code": name.upper()}, None, 1)
    return found[0] if found else None


def candidates_of_booking(session: Session, booking_id: int) -> Sequence[Scored]:
    """How well the transfers that came fit this booking, the best first."""
    return [Scored(*row) for row in session.execute(_OF_BOOKING, {"booking_id": booking_id})]


def candidates_of(session: Session, told: Sequence[int]) -> Sequence[Scored]:
    """The bookings that these transfers may have been made for, the best first."""
    return [Scored(*row) for row in session.execute(_OF_EVIDENCE, {"ids": list(told)})]


def _told(
    session: Session, where: str, given: Mapping[str, object], before: int | None, most: int
) -> Sequence[Told]:
    statement = text(f"{_SELECT} WHERE {where} AND e.id < :before ORDER BY e.id DESC LIMIT :most")
    rows = session.execute(statement, {**given, "before": _LAST if before is None else before, "most": most})
    return [
        Told(
            **{
                **{name: value for name, value in row._mapping.items() if name in _FIELDS},
                "amount": Money(row.amount_minor, row.currency) if row.amount_minor is not None else None,
            }
        )
        for row in rows
    ]


_LAST: Final = 2**63 - 1
_FIELDS: Final = frozenset(Told.__dataclass_fields__)
_NAME: Final = "coalesce(e.code, e.id::text)"
_IS_UNMATCHED: Final = (
    "e.status IN ('pending', 'matched', 'unmatched') AND e.source = 'gmail' AND e.kind = 'credit' "
    "AND e.verdict IS DISTINCT FROM 'repeat'"
)
_SELECT: Final = (
    f"SELECT e.id, {_NAME} AS name, e.source, e.kind, e.status, b.code AS booking_code, e.transaction_id, "
    "e.amount_minor, e.currency, e.issuer, e.sender_name, e.sender_phone, e.payee_tail, e.occurred_at, "
    "e.content IS NOT NULL AS has_picture, e.mail_id, e.trusted, e.counted, e.confidence, e.verdict, e.reason, "
    "(SELECT coalesce(f.code, f.id::text) FROM payment_evidence f WHERE f.id = e.duplicate_of) AS duplicate_of, "
    "e.created_at, e.verified_at, v.name AS verified_by FROM payment_evidence e "
    "LEFT JOIN bookings b ON b.id = e.booking_id LEFT JOIN persons v ON v.id = e.verified_by"
)
_WAITS: Final = "FROM bookings WHERE status = 'PAYMENT_REVIEW' AND hold_until IS NOT NULL"
_IN_REVIEW = text(f"SELECT id {_WAITS} AND id > :after ORDER BY id LIMIT :most")
_COUNT_IN_REVIEW = text(f"SELECT count(*) {_WAITS}")
_SCORED: Final = (
    f"SELECT {_NAME}, b.code, c.score, c.why, c.chosen FROM match_candidates c "
    "JOIN payment_evidence e ON e.id = c.evidence_id AND e.match_round = c.round "
    "JOIN payments p ON p.id = c.payment_id JOIN bookings b ON b.id = p.booking_id"
)
_OF_BOOKING = text(f"{_SCORED} WHERE p.booking_id = :booking_id ORDER BY c.score DESC, e.id LIMIT 200")
_OF_EVIDENCE = text(f"{_SCORED} WHERE c.evidence_id = ANY(:ids) ORDER BY c.score DESC, p.id DESC LIMIT 2000")
