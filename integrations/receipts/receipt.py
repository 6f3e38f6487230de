"""What was read off a picture of a payment, under the names that `python -m integrations.receipts` prints."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class PaymentStatus(StrEnum):
    SUCCESS = "success"
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A picture as it was read; of a picture that is no receipt nothing else is said.

    Attributes:
        transaction_id: the one to match on; `other_ids` stand beside it.
        receiver_account_tail: the last four signs of where it went.
        occurred_at: with the offset of the money's country; None where day or time of day is missing.
        engine: what read it; None where nothing could, and `is_receipt` is None then too.
        failure: why it was not read, in a word.
        look: how the picture looks, as bits; see `picture.look`.
    """

    is_receipt: bool | None = None
    status: PaymentStatus | None = None
    amount: Decimal | None = None
    currency: str | None = None
    transaction_id: str | None = None
    other_ids: tuple[str, ...] = ()
    sender_name: str | None = None
    receiver_name: str | None = None
    receiver_account_tail: str | None = None
    occurred_at: datetime | None = None
    provider: str | None = None
    engine: str | None = None
    failure: str | None = None
    look: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, under the names of the fields."""
        told = {f.name: getattr(self, f.name) for f in fields(self)}
        told["amount"] = None if self.amount is None else str(self.amount)
        told["other_ids"] = list(self.other_ids)
        told["occurred_at"] = None if self.occurred_at is None else self.occurred_at.isoformat()
        return told

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Receipt:
        """The other way round.

        Raises:
            KeyError, TypeError, ValueError, ArithmeticError: it is not what `to_dict` makes.
        """
        known = {f.name: told[f.name] for f in fields(cls)}
        known["status"] = PaymentStatus(told["status"]) if told["status"] else None
        known["amount"] = Decimal(told["amount"]) if told["amount"] else None
        known["other_ids"] = tuple(told["other_ids"])
        known["occurred_at"] = datetime.fromisoformat(told["occurred_at"]) if told["occurred_at"] else None
        return cls(**known)
