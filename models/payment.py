"""What a booking pays by one method, and what its provider says about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from sqlalchemy import ForeignKey, Identity, select
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.db import Base


class PaymentState(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    UNKNOWN = "unknown"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    VOIDED = "voided"
    EXPIRED = "expired"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


OPEN: Final = frozenset({PaymentState.CREATED, PaymentState.PENDING, PaymentState.UNKNOWN})
HAS_MONEY: Final = frozenset({PaymentState.AUTHORIZED, PaymentState.CAPTURED, PaymentState.PART_REFUNDED})
ENDED: Final = frozenset(PaymentState) - OPEN - HAS_MONEY

_TIME = TIMESTAMP(timezone=True)


class Payment(Base):
    """A row from before the provider is called, so that a webhook that overtakes us finds it."""

    __tablename__ = "payments"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    method: Mapped[str]
    state: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    reference: Mapped[str | None]
    intent: Mapped[str | None]
    url: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(_TIME)
    expires_at: Mapped[datetime] = mapped_column(_TIME)
    link_sent_at: Mapped[datetime | None] = mapped_column(_TIME)
    asked_at: Mapped[datetime | None] = mapped_column(_TIME)
    authorized_at: Mapped[datetime | None] = mapped_column(_TIME)
    capture_before: Mapped[datetime | None] = mapped_column(_TIME)
    captured_at: Mapped[datetime | None] = mapped_column(_TIME)
    captured_minor: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(_TIME)
    receipt_url: Mapped[str | None]
    failure: Mapped[str | None]

    @classmethod
    def of_booking(cls, session: Session, booking_id: int, *, lock: bool = False) -> Sequence[Payment]:
        """The booking's payments, oldest first; locked after the booking, never before it."""
        query = select(cls).where(cls.booking_id == booking_id).order_by(cls.id)
        if lock:
            query = query.with_for_update(key_share=True)
        return session.scalars(query, execution_options={"populate_existing": lock}).all()

    def learn(self, facts: PaymentFacts, now: datetime) -> bool:
        """Take over what the provider says, only ever forward; True if the state changed by it.

        What is captured stays captured whatever older news says, and what has ended opens no more:
        except that money wins, for a provider that has it has it.
        """
        self.asked_at = now
        self.reference = facts.reference or self.reference
        self.intent = facts.intent or self.intent
        self.url = facts.url or self.url
        self.receipt_url = facts.receipt_url or self.receipt_url
        self.capture_before = facts.capture_before or self.capture_before
        self.failure = facts.failure or self.failure
        before, after = PaymentState(self.state), facts.state
        if before is PaymentState.AUTHORIZED and after in (PaymentState.EXPIRED, PaymentState.FAILED):
            after = PaymentState.VOIDED  # whatever the provider calls it, the authorization is gone
        if after == before or _RANK[after] < _RANK[before] or _was_refused(self, after):
            return False
        self.state = after
        if after is PaymentState.AUTHORIZED:
            self.authorized_at = now
        elif after is PaymentState.CAPTURED:
            self.captured_at = now
            self.captured_minor = facts.amount_minor if facts.amount_minor is not None else self.amount_minor
        elif after in ENDED:
            self.ended_at = now
        return True

    def refuse_capture(self, failure: str, now: datetime) -> None:
        """The provider keeps the authorization but refuses to pay it out; it is let go by a follow-up."""
        self.state = PaymentState.FAILED
        self.failure = failure
        self.ended_at = now


class Standing(Protocol):
    """How far a payment has come; a row of the table, or what a job read of one."""

    @property
    def state(self) -> str: ...

    @property
    def authorized_at(self) -> datetime | None: ...


def is_news(told: PaymentState, payment: Standing) -> bool:
    """True if the payment is not yet as far as it is told to be."""
    return _RANK[told] > _RANK[PaymentState(payment.state)] and not _was_refused(payment, told)


def old_news(state: PaymentState) -> list[PaymentState]:
    """What can be told of a payment that has come so far without telling anything new."""
    return [told for told in PaymentState if _RANK[told] <= _RANK[state]]


def further(told: PaymentState) -> list[PaymentState]:
    """The states of a payment in which it is no news to be told this."""
    return [state for state in PaymentState if _RANK[state] >= _RANK[told]]


def is_stuck_authorization(payment: Standing) -> bool:
    """A refused capture leaves the guest's money blocked until somebody lets go of it."""
    return payment.state == PaymentState.FAILED and payment.authorized_at is not None


def _was_refused(payment: Standing, told: PaymentState) -> bool:
    """An authorization that could not be captured is let go; that it stands so long is no news."""
    return told is PaymentState.AUTHORIZED and is_stuck_authorization(payment)


# How far a payment has come; news of a lower rank is old news.
_RANK: Final = {
    PaymentState.CREATED: 0,
    PaymentState.UNKNOWN: 1,
    PaymentState.PENDING: 1,
    PaymentState.EXPIRED: 2,
    PaymentState.FAILED: 2,
    PaymentState.AUTHORIZED: 3,
    PaymentState.VOIDED: 4,
    PaymentState.CAPTURED: 5,
    PaymentState.PART_REFUNDED: 6,
    PaymentState.REFUNDED: 7,
}


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """What a gateway is asked to collect.

    Attributes:
        payment_id: our own id; the idempotency key, and found again in the provider's metadata.
        amount_minor: whole minor units of `currency`.
        expires_at: when our hold ends; a provider with a longer minimum keeps its own minimum.
        reference: the provider's own id of the page, once known.
        intent: the provider's own id of the money, once known.
    """

    payment_id: int
    method: str
    booking_code: str
    description: str
    amount_minor: int
    currency: str
    created_at: datetime
    expires_at: datetime
    return_url: str
    reference: str | None = None
    intent: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """What the provider says now; every field as the provider knows it, never guessed.

    Attributes:
        state: PENDING while its page is open and unpaid; EXPIRED only when the provider can take
            no money on it any more and has taken none.
        capture_before: until when an authorization can be captured; None unless authorized.
    """

    state: PaymentState
    reference: str | None = None
    intent: str | None = None
    url: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    capture_before: datetime | None = None
    receipt_url: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentNotice:
    """A verified webhook: something happened to this payment; ask the provider what.

    Attributes:
        external_id: the provider's id of the event, the same on every repeat.
        payment_id: our own id from the metadata, where the event carries it.
        tells: how far the payment would have come by it, at most; None for what may tell anything.
    """

    external_id: str
    type: str
    tells: PaymentState | None
    payment_id: int | None
    reference: str | None
    intent: str | None
