"""The rows of what was read off a guest's picture, and where the same picture or payment was shown before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import orjson
from sqlalchemy import text

from models import evidence
from models.likeness import same_id
from models.payment import Payment
from models.screenshot import ALIKE_BITS, LOOK_BITS, Reading
from models.session import Session

# For so long a picture is remembered by how it looks.
REMEMBERED: Final = timedelta(days=90)


class Repeat(StrEnum):
    SAME_PICTURE = "same_picture"
    SAME_ID = "same_id"
    LOOKS_ALIKE = "looks_alike"


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier picture that this one repeats.

    Attributes:
        booking_code: what it was shown for; None where nobody said.
        counted: money of that transaction has paid for it.
    """

    how: Repeat
    booking_code: str | None
    counted: bool


def keep(session: Session, evidence_id: int, reading: Reading, *, look: str | None, now: datetime) -> None:
    """What was read becomes the row's, once; a mail that tells of the same transaction is looked at again."""
    kept = session.execute(
        _KEEP,
        {
            "id": evidence_id,
            "reading": orjson.dumps(reading.to_dict()).decode(),
            "look": look if look is not None and len(look) == LOOK_BITS else None,
            "now": now,
        },
    ).first()
    if kept is None or not reading.is_receipt:
        return
    evidence.note_read(
        session,
        evidence_id,
        issuer=reading.issuer,
        amount=reading.amount,
        transaction_id=reading.transaction_id,
        other_ids=reading.other_ids,
        sender_name=reading.sender_name,
        payee_tail=reading.receiver_tail,
        occurred_at=reading.occurred_at,
        now=now,
    )


def of(session: Session, evidence_id: int) -> Reading | None:
    """What was read; None where nobody has tried yet."""
    kept = session.scalar(_READING, {"id": evidence_id})
    return Reading.from_dict(kept) if kept is not None else None


def before(session: Session, evidence_id: int, now: datetime) -> Sequence[Before]:
    """Earlier pictures that this one repeats, whoever sent them, the surest repeat of each booking first.

    A picture that only looks alike is none where both show an id and the ids differ: receipts of one app for one
    amount look much the same.
    """
    values = {"id": evidence_id, "since": now - REMEMBERED, "most": ALIKE_BITS}
    return [Before(Repeat(how), code, counted) for how, code, counted in session.execute(_BEFORE, values)]


def others_asked(session: Session, payment: Payment, minor: int) -> Sequence[str]:
    """Codes of other bookings that await exactly this amount on the same account: whose picture it may be."""
    values = {"payee_id": payment.payee_id, "minor": minor, "booking_id": payment.booking_id}
    return list(session.scalars(_OTHERS_ASKED, values))


def proven_by(session: Session, reading: Reading) -> bool:
    """Whether a mail that may be believed tells of the same transaction."""
    ids = [same_id(one) for one in (reading.transaction_id, *reading.other_ids) if one]
    return bool(ids) and bool(session.scalar(_PROVEN, {"ids": ids}))


_KEEP = text(
    "UPDATE payment_evidence SET reading = CAST(:reading AS jsonb), look = CAST(CAST(:look AS text) AS varbit), "
    "read_at = :now WHERE id = :id AND reading IS NULL RETURNING id"
)
_READING = text("SELECT reading FROM payment_evidence WHERE id = :id")
_BEFORE = text(
    "SELECT DISTINCT ON (first.booking_id) how.name, b.code, EXISTS (SELECT 1 FROM payment_evidence money "
    "WHERE money.counted AND money.transaction_id = first.transaction_id) AS counted "
    "FROM payment_evidence e JOIN payment_evidence first ON first.id < e.id AND first.source = 'screenshot' "
    "CROSS JOIN LATERAL (SELECT CASE "
    f"WHEN first.fingerprint = e.fingerprint THEN '{Repeat.SAME_PICTURE}' "
    f"WHEN first.transaction_id = e.transaction_id THEN '{Repeat.SAME_ID}' "
    f"ELSE '{Repeat.LOOKS_ALIKE}' END AS name) how "
    "LEFT JOIN bookings b ON b.id = first.booking_id "
    "WHERE e.id = :id AND (first.fingerprint = e.fingerprint OR first.transaction_id = e.transaction_id "
    "OR (first.created_at >= :since AND first.look IS NOT NULL AND length(first.look) = length(e.look) "
    "AND bit_count(first.look # e.look) <= :most "
    "AND coalesce(first.transaction_id = e.transaction_id, true))) "
    "ORDER BY first.booking_id, first.fingerprint = e.fingerprint DESC NULLS LAST, "
    "first.transaction_id = e.transaction_id DESC NULLS LAST, first.id LIMIT 5"
)
_OTHERS_ASKED = text(
    "SELECT b.code FROM payments p JOIN bookings b ON b.id = p.booking_id WHERE p.payee_id = :payee_id "
    "AND p.amount_minor = :minor AND p.booking_id <> :booking_id AND b.status IN ('PAYMENT_PENDING', 'PAYMENT_REVIEW') "
    "ORDER BY p.id DESC LIMIT 3"
)
_PROVEN = text(
    "SELECT EXISTS (SELECT 1 FROM payment_evidence WHERE transaction_id = ANY(:ids) AND source = 'gmail' "
    "AND trusted AND kind = 'credit')"
)
