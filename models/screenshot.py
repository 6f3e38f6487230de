"""What a guest's picture of a payment says, held against what was asked for. It proves nothing either way.

What is not certain counts neither for nor against: a name in another script, the end of an account that was read
with one sign wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from models.likeness import alike
from models.money import Money

# Copies of a picture differ in so few of the bits of how it looks (`integrations.receipts.picture`).
ALIKE_BITS: Final = 21
LOOK_BITS: Final = 1056
# A transfer may have been made a little before it was asked for, by the clocks of two phones.
CLOCKS_DIFFER: Final = timedelta(minutes=10)


class Finding(StrEnum):
    """What speaks against a picture; the first of them is what the guest is told."""

    NOT_A_RECEIPT = "not_a_receipt"
    FAILED = "failed"
    PENDING = "pending"
    SOMEBODY_ELSE = "somebody_else"
    OTHER_AMOUNT = "other_amount"
    TOO_OLD = "too_old"


# The guest can do something about these, and hears of them at once; the rest is for the admins to judge.
FOR_THE_GUEST: Final = (Finding.NOT_A_RECEIPT, Finding.FAILED, Finding.PENDING, Finding.SOMEBODY_ELSE)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read; nothing is known where `is_receipt` is None, and `failure` says why in a word.

    Attributes:
        status: success, pending or failed, as the picture says.
        receiver_tail: the last four signs of the account that it went to.
    """

    is_receipt: bool | None = None
    status: str | None = None
    amount: Money | None = None
    issuer: str | None = None
    transaction_id: str | None = None
    other_ids: tuple[str, ...] = ()
    sender_name: str | None = None
    receiver_name: str | None = None
    receiver_tail: str | None = None
    occurred_at: datetime | None = None
    failure: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the row."""
        return {
            "is_receipt": self.is_receipt,
            "status": self.status,
            "amount": [self.amount.minor, self.amount.currency] if self.amount is not None else None,
            "issuer": self.issuer,
            "transaction_id": self.transaction_id,
            "other_ids": list(self.other_ids),
            "sender_name": self.sender_name,
            "receiver_name": self.receiver_name,
            "receiver_tail": self.receiver_tail,
            "occurred_at": self.occurred_at.isoformat() if self.occurred_at is not None else None,
            "failure": self.failure,
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Reading:
        known = dict(kept)
        known["amount"] = Money(*kept["amount"]) if kept["amount"] is not None else None
        known["other_ids"] = tuple(kept["other_ids"])
        known["occurred_at"] = datetime.fromisoformat(kept["occurred_at"]) if kept["occurred_at"] else None
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the guest was asked for.

    Attributes:
        amounts: what settles it: the exact amount, and what was agreed on, to which payers round.
        title, account: of our account, as the payer's app shows and takes them.
        since: when the booking began to wait for money.
    """

    amounts: tuple[Money, ...]
    title: str
    account: str
    since: datetime


def findings(reading: Reading, expected: Expected) -> list[Finding]:
    """All that speaks against the picture, what matters most first; nothing where it was not read."""
    if reading.is_receipt is None:
        return []
    if not reading.is_receipt:
        return [Finding.NOT_A_RECEIPT]
    found = []
    if reading.status in (Finding.FAILED, Finding.PENDING):
        found.append(Finding(reading.status))
    if went_elsewhere(reading, expected):
        found.append(Finding.SOMEBODY_ELSE)
    if reading.amount is not None and reading.amount not in expected.amounts:
        found.append(Finding.OTHER_AMOUNT)
    if reading.occurred_at is not None and reading.occurred_at < expected.since - CLOCKS_DIFFER:
        found.append(Finding.TOO_OLD)
    return found


def went_elsewhere(reading: Reading, expected: Expected) -> bool:
    """Whether the picture names another account than ours, beyond a sign that may be misread."""
    told, ours = _digits(reading.receiver_tail), _digits(expected.account)
    apart = (
        sum(one != other for one, other in zip(told, ours[-4:], strict=False))
        if told and len(ours) >= 4
        else None
    )
    if apart is not None and apart <= 1:
        return False
    name = reading.receiver_name
    if name is None or not _is_comparable(name, expected.title):
        return apart is not None
    return not (alike(name, expected.title) or _letters(name) == _letters(expected.title))


def _digits(text: str | None) -> str:
    return re.sub(r"\D", "", text or "")


def _letters(text: str) -> str:
    """Engines lose the gap between two words."""
    return re.sub(r"\W", "", text).casefold()


def _is_comparable(name: str, title: str) -> bool:
    """Written with the same letters; who holds an account is shown in one script and known in another."""
    return bool(re.search(r"[A-Za-z]", name)) == bool(re.search(r"[A-Za-z]", title))
