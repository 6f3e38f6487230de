"""What says that money came: a picture, an admin's word, later a mail. Only an admin or the matcher makes it a payment.

A picture is kept sealed. The same one a second time is kept as well, and names the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from models import sealed
from models.money import Money

SCREENSHOT, MANUAL = "screenshot", "manual"

# What a phone's picture of a payment can be; WhatsApp makes every picture a JPEG, a file may be anything.
MIME_TYPES: Final = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
MOST_BYTES: Final = 5 * 1024 * 1024


class EvidenceStatus(StrEnum):
    PENDING = "pending"
    MATCHED = "matched"
    UNMATCHED = "unmatched"
    VERIFIED = "verified"
    REJECTED = "rejected"


class NotAPicture(Exception):
    """What was sent can be no picture of a payment; says in a word why."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A row without its picture.

    Attributes:
        booking_id: None while its sender has not said which booking it is for.
        media_id: by which WhatsApp hands out what was sent, for some days.
        shown_as: by which WhatsApp shows our own copy.
        failure: why there is no picture after all.
        duplicate_of: the row that the same picture came with first.
    """

    id: int
    source: str
    status: str
    booking_id: int | None
    payment_id: int | None
    person_id: int | None
    duplicate_of: int | None
    media_id: str | None
    mime_type: str | None
    shown_as: str | None
    failure: str | None
    created_at: datetime

    @classmethod
    def find(cls, session: Session, evidence_id: int) -> Evidence | None:
        row = session.execute(_ONE, {"id": evidence_id}).first()
        return cls(*row) if row is not None else None

    @classmethod
    def of_booking(cls, session: Session, booking_id: int) -> Sequence[Evidence]:
        """All that was shown for the booking, oldest first."""
        return [cls(*row) for row in session.execute(_OF_BOOKING, {"booking_id": booking_id})]

    @classmethod
    def being_checked(cls, session: Session, booking_id: int) -> Evidence | None:
        """What was shown last and nobody has judged yet."""
        pending = [e for e in cls.of_booking(session, booking_id) if e.status == EvidenceStatus.PENDING]
        return pending[-1] if pending else None


def keep_picture(session: Session, *, person_id: int, media_id: str, mime_type: str, now: datetime) -> int:
    """A picture has come; its bytes are fetched by a job. Returns its number."""
    evidence_id: int = session.execute(
        _KEEP_PICTURE, {"person_id": person_id, "media_id": media_id, "mime_type": mime_type, "now": now}
    ).scalar_one()
    return evidence_id


def attach(session: Session, evidence_id: int, *, booking_id: int, payment_id: int) -> None:
    """It is shown for this payment; what was for a payment before stays for that one."""
    session.execute(
        text(
            "UPDATE payment_evidence SET booking_id = :booking_id, payment_id = :payment_id "
            "WHERE id = :id AND booking_id IS NULL"
        ),
        {"id": evidence_id, "booking_id": booking_id, "payment_id": payment_id},
    )


def check_picture(content: bytes, mime_type: str) -> str:
    """The type that it really is.

    Raises:
        NotAPicture: of another kind than it says, or too large.
    """
    if len(content) > MOST_BYTES:
        raise NotAPicture("too_large")
    kind = next((kind for kind, begins in MIME_TYPES.items() if content.startswith(begins)), None)
    if kind is None or mime_type.split(";")[0].strip().lower() not in MIME_TYPES:
        raise NotAPicture("not_a_picture")
    return kind


def store_picture(session: Session, evidence_id: int, content: bytes, *, mime_type: str) -> None:
    """Seal the picture into its row; one that came before is known by its bytes, and named.

    Two rows that store the same picture at the same moment: one of them is tried again, and finds the other.
    """
    what = {
        "id": evidence_id,
        "fingerprint": hashlib.sha256(content).hexdigest(),
        "content": sealed.seal(content),
        "mime_type": mime_type,
    }
    session.execute(_STORE_PICTURE, what)


def picture(session: Session, evidence_id: int) -> tuple[bytes, str] | None:
    """The picture and its type; None where there is none (yet).

    Raises:
        CannotOpen: it was sealed with a key that we do not have any more.
    """
    row = session.execute(
        text("SELECT content, mime_type FROM payment_evidence WHERE id = :id AND content IS NOT NULL"),
        {"id": evidence_id},
    ).first()
    return (sealed.open_(bytes(row.content)), row.mime_type) if row is not None else None


def note_shown(session: Session, evidence_id: int, shown_as: str) -> None:
    session.execute(
        text("UPDATE payment_evidence SET shown_as = :shown_as WHERE id = :id"),
        {"id": evidence_id, "shown_as": shown_as},
    )


def note_failure(session: Session, evidence_id: int, why: str) -> None:
    session.execute(
        text("UPDATE payment_evidence SET failure = :why WHERE id = :id"), {"id": evidence_id, "why": why}
    )


def first_shown_for(session: Session, evidence_id: int) -> str | None:
    """The code of the booking for which the same picture came before, if it did and was for one."""
    code: str | None = session.execute(_FIRST_SHOWN_FOR, {"id": evidence_id}).scalar()
    return code


def verify(
    session: Session, *, booking_id: int, payment_id: int, amount: Money, by: int | None, now: datetime
) -> None:
    """An admin has seen the money: what was shown for it holds, and where nothing was their word is the evidence."""
    what = {
        "booking_id": booking_id,
        "payment_id": payment_id,
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "by": by,
        "now": now,
    }
    if not session.execute(_VERIFY, what).all():
        session.execute(_ADD_WORD, what)


def reject(session: Session, *, booking_id: int, reason: str, by: int | None, now: datetime) -> None:
    """An admin has not found the money that this was to show."""
    session.execute(
        text(
            "UPDATE payment_evidence SET status = 'rejected', reason = :reason, verified_by = :by, "
            "verified_at = :now WHERE booking_id = :booking_id AND status = 'pending'"
        ),
        {"booking_id": booking_id, "reason": reason, "by": by, "now": now},
    )


_COLUMNS = ", ".join(column.name for column in fields(Evidence))
_ONE = text(f"SELECT {_COLUMNS} FROM payment_evidence WHERE id = :id")
_OF_BOOKING = text(f"SELECT {_COLUMNS} FROM payment_evidence WHERE booking_id = :booking_id ORDER BY id")
_KEEP_PICTURE = text(
    "INSERT INTO payment_evidence (source, status, person_id, media_id, mime_type, created_at) "
    f"VALUES ('{SCREENSHOT}', 'pending', :person_id, :media_id, :mime_type, :now) RETURNING id"
)
_STORE_PICTURE = text(
    "UPDATE payment_evidence SET content = :content, fingerprint = :fingerprint, mime_type = :mime_type, "
    "duplicate_of = (SELECT first.id FROM payment_evidence first WHERE first.fingerprint = :fingerprint "
    "AND first.duplicate_of IS NULL AND first.id <> :id) WHERE id = :id AND content IS NULL"
)
_FIRST_SHOWN_FOR = text(
    "SELECT b.code FROM payment_evidence e JOIN payment_evidence first ON first.id = e.duplicate_of "
    "JOIN bookings b ON b.id = first.booking_id WHERE e.id = :id"
)
_VERIFY = text(
    "UPDATE payment_evidence SET status = 'verified', payment_id = :payment_id, verified_by = :by, "
    "verified_at = :now WHERE booking_id = :booking_id AND status = 'pending' RETURNING id"
)
_ADD_WORD = text(
    "INSERT INTO payment_evidence (source, status, booking_id, payment_id, amount_minor, currency, confidence, "
    f"verified_by, verified_at, created_at) VALUES ('{MANUAL}', 'verified', :booking_id, :payment_id, "
    ":amount_minor, :currency, 100, :by, :now, :now)"
)
