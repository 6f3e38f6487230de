"""Money that reached our account: a row for each sum, never changed, and what of it has to go back.

A booking's payments say what is counted for the stay; these rows say what really came. What is too much, or came
for a booking that was paid before, is in `back_minor`: a movement of its own that changes no status. Money that a
bank took back is a row of its own as well, with the sum below zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from sqlalchemy import text

from models.money import Money, exponent
from models.payment import Found
from models.session import Session


class Outcome(StrEnum):
    """What money that was found did to its booking."""

    EXACT = "exact"
    PART = "part"
    OVER = "over"
    LATE = "late"  # its place was gone or given up: owed back, or put to a newer booking
    SECOND = "second"  # the booking was paid before: all of it goes back
    REVERSED = "reversed"
    KNOWN = "known"  # counted before: nothing followed, and there is no row


@dataclass(frozen=True, slots=True)
class Receipt:
    """A sum that came, or that was taken back.

    Attributes:
        amount_minor: below zero where a bank took it back.
        back_minor: so much of it is owed back whatever becomes of the booking.
        reverses: the row whose money was taken back.
    """

    id: int
    booking_id: int
    payment_id: int
    evidence_id: int | None
    reverses: int | None
    outcome: str
    amount_minor: int
    back_minor: int
    currency: str
    recorded_at: datetime

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def back(self) -> Money:
        return Money(self.back_minor, self.currency)

    @property
    def counted_minor(self) -> int:
        """What of it pays for the stay."""
        return self.amount_minor - self.back_minor

    @classmethod
    def get(cls, session: Session, receipt_id: int) -> Receipt:
        return cls(*session.execute(_ONE, {"id": receipt_id}).one())

    @classmethod
    def find(cls, session: Session, receipt_id: int) -> Receipt | None:
        row = session.execute(_ONE, {"id": receipt_id}).first()
        return cls(*row) if row is not None else None

    @classmethod
    def of_booking(cls, session: Session, booking_id: int) -> Sequence[Receipt]:
        """All that came for the booking and was taken back, oldest first."""
        return [cls(*row) for row in session.execute(_OF_BOOKING, {"id": booking_id})]

    @classmethod
    def of_evidence(cls, session: Session, evidence_id: int) -> Receipt | None:
        """The money that this, or what told of the same before or after, was counted as."""
        row = session.execute(_OF_EVIDENCE, {"id": evidence_id}).first()
        return cls(*row) if row is not None else None

    def is_reversed(self, session: Session) -> bool:
        return session.execute(_REVERSAL, {"id": self.id}).first() is not None


def weigh(amount: Money, *, asked: Money, agreed: Money) -> tuple[Outcome, Money]:
    """Whether money is what was asked for; and how much of it is too much.

    A payer who rounds up to what was agreed on has paid, and so has one who leaves off the fraction of a whole
    unit: the difference is made up at the place.
    """
    if amount < asked and (asked - amount).minor >= 10 ** exponent(asked.currency):
        return Outcome.PART, Money(0, amount.currency)
    if amount > agreed:
        return Outcome.OVER, amount - agreed
    return Outcome.EXACT, Money(0, amount.currency)


def keep(
    session: Session,
    found: Found,
    outcome: Outcome,
    *,
    booking_id: int,
    payment_id: int,
    back_minor: int,
    by: int | None,
    now: datetime,
) -> Receipt:
    """The money came; `payment_id` is what it counts for."""
    what = {
        "booking_id": booking_id,
        "payment_id": payment_id,
        "evidence_id": found.evidence_id,
        "reverses": None,
        "outcome": outcome,
        "amount_minor": found.amount.minor,
        "back_minor": back_minor,
        "currency": found.amount.currency,
        "how": found.how,
        "by": by,
        "occurred_at": found.occurred_at,
        "now": now,
    }
    return Receipt(*session.execute(_KEEP, what).one())


def keep_reversal(
    session: Session,
    reversed_: Receipt,
    *,
    evidence_id: int | None,
    how: str,
    by: int | None,
    occurred_at: datetime | None,
    now: datetime,
) -> Receipt:
    """All of it was taken back. The database refuses a second time."""
    what = {
        "booking_id": reversed_.booking_id,
        "payment_id": reversed_.payment_id,
        "evidence_id": evidence_id,
        "reverses": reversed_.id,
        "outcome": Outcome.REVERSED,
        "amount_minor": -reversed_.amount_minor,
        "back_minor": 0,
        "currency": reversed_.currency,
        "how": how,
        "by": by,
        "occurred_at": occurred_at,
        "now": now,
    }
    return Receipt(*session.execute(_KEEP, what).one())


def prove(session: Session, *, payment_id: int, amount: Money, evidence_id: int) -> bool:
    """What an admin's word was taken for has told of itself: the same money, and not a second time.

    True where their word stood alone for this payment and this amount.
    """
    what = {"payment_id": payment_id, "amount_minor": amount.minor, "evidence_id": evidence_id}
    return session.execute(_PROVE, what).first() is not None


_COLUMNS = ", ".join(column.name for column in fields(Receipt))
_ONE = text(f"SELECT {_COLUMNS} FROM receipts WHERE id = :id")
_OF_BOOKING = text(f"SELECT {_COLUMNS} FROM receipts WHERE booking_id = :id ORDER BY id")
_OF_EVIDENCE = text(
    f"SELECT {', '.join(f'r.{column.name}' for column in fields(Receipt))} FROM payment_evidence e "
    "JOIN payment_evidence same ON coalesce(same.duplicate_of, same.id) = coalesce(e.duplicate_of, e.id) "
    "AND same.counted JOIN receipts r ON r.evidence_id = same.id AND r.reverses IS NULL "
    "WHERE e.id = :id ORDER BY r.id LIMIT 1"
)
_REVERSAL = text("SELECT id FROM receipts WHERE reverses = :id")
_KEEP = text(
    "INSERT INTO receipts (booking_id, payment_id, evidence_id, reverses, outcome, amount_minor, back_minor, "
    "currency, how, found_by, occurred_at, recorded_at) VALUES (:booking_id, :payment_id, :evidence_id, :reverses, "
    ":outcome, :amount_minor, :back_minor, :currency, :how, :by, :occurred_at, :now) "
    f"RETURNING {_COLUMNS}"
)
_PROVE = text(
    "UPDATE receipts SET evidence_id = :evidence_id WHERE id = (SELECT id FROM receipts "
    "WHERE payment_id = :payment_id AND amount_minor = :amount_minor AND evidence_id IS NULL "
    "AND reverses IS NULL AND how = 'manual_admin' ORDER BY id LIMIT 1) RETURNING id"
)
