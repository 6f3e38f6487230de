"""What a booking pays by one method, and what its provider says about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from random import sample
from typing import Any, Final, Protocol

from sqlalchemy import text

from models import payable
from models.hot import Hot
from models.matching import AMOUNT_RESTS, IN_VIEW
from models.money import Money
from models.seen import seen
from models.session import Session

CARD: Final = "card"
PAYTM: Final = "paytm"
RAZORPAY: Final = "razorpay"
TRANSFER: Final = "transfer"

METHODS: Final = (CARD, PAYTM, RAZORPAY, TRANSFER)
# What a method can be paid in, where it is not every currency.
_CURRENCIES: Final[Mapping[str, frozenset[str]]] = {
    PAYTM: frozenset({"INR"}),
    RAZORPAY: frozenset({"INR"}),
}

# Nobody who was asked before that can still pay in view; should one be open all the same, the database refuses it.
LONG_AGO: Final = timedelta(days=10)
# Guests who accept at the same moment draw from so many amounts, so that few draw the same.
AMOUNTS_DRAWN: Final = 20

# What made us believe that money came (`payments.verification_method`).
AUTO_GMAIL: Final = "auto_gmail"
AUTO_SCREENSHOT: Final = "auto_screenshot"
MANUAL_ADMIN: Final = "manual_admin"

REVERSED: Final = "reversed"  # the failure of a payment whose money a bank took back


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
TAKEN: Final = HAS_MONEY - {PaymentState.AUTHORIZED}  # what is ours, and not merely held for us
ENDED: Final = frozenset(PaymentState) - OPEN - HAS_MONEY


def takes(method: str, currency: str) -> bool:
    """Whether an amount of this currency can be paid so."""
    return method in METHODS and currency in _CURRENCIES.get(method, (currency,))


@dataclass(eq=False)
class Payment:
    """A row from before the provider is called, so that a webhook that overtakes us finds it.

    What `learn` and its like change is the row's once it is written (`write`).

    Attributes:
        payee_id: the account that a transfer goes to; None for what a provider collects.
        short_minor: by how much less a transfer is asked for than what was agreed on, to be told from others.
    """

    id: int
    booking_id: int
    method: str
    state: str
    amount_minor: int
    currency: str
    created_at: datetime
    expires_at: datetime
    reference: str | None = None
    intent: str | None = None
    url: str | None = None
    link_sent_at: datetime | None = None
    asked_at: datetime | None = None
    authorized_at: datetime | None = None
    capture_before: datetime | None = None
    captured_at: datetime | None = None
    captured_minor: int = 0
    ended_at: datetime | None = None
    receipt_url: str | None = None
    failure: str | None = None
    payee_id: int | None = None
    short_minor: int = 0

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def captured(self) -> Money:
        return Money(self.captured_minor, self.currency)

    @property
    def missing(self) -> Money:
        """What of the amount that was asked for has not come."""
        return Money(self.amount_minor - self.captured_minor, self.currency)

    @property
    def is_reversed(self) -> bool:
        return self.state == PaymentState.FAILED and self.failure == REVERSED

    @property
    def agreed(self) -> Money:
        """What the guest accepted to pay; the same whichever way it is paid."""
        return Money(self.amount_minor + self.short_minor, self.currency)

    @classmethod
    def of_booking(cls, session: Session, booking_id: int, *, lock: bool = False) -> Sequence[Payment]:
        """The booking's payments, oldest first; locked after the booking, never before it.

        What this unit of work has locked nobody else changes or adds to: it is not read again.
        """
        locked = _locked(session)
        if booking_id in locked and not lock:
            return locked[booking_id]
        rows = (_LOCK_OF_BOOKING if lock else _OF_BOOKING).run(session, booking_id=booking_id)
        return cls.from_rows(session, booking_id, rows, lock=lock)

    @classmethod
    def from_rows(
        cls, session: Session, booking_id: int, rows: Iterable[Iterable[Any]], *, lock: bool
    ) -> Sequence[Payment]:
        """All payments of the booking, with the columns as in `COLUMNS`, as they were read or locked just now."""
        payments = [seen(session, cls(*row)) for row in rows]
        if lock:
            _locked(session)[booking_id] = payments
        return payments

    @classmethod
    def begin(
        cls,
        session: Session,
        booking_id: int,
        *,
        method: str,
        amount: Money,
        expires_at: datetime,
        now: datetime,
    ) -> None:
        """One more attempt to pay; its page is made by a follow-up."""
        _locked(session).pop(booking_id, None)
        _BEGIN.write(
            session,
            booking_id=booking_id,
            method=method,
            state=PaymentState.CREATED,
            amount_minor=amount.minor,
            currency=amount.currency,
            created_at=now,
            expires_at=expires_at,
        )

    @classmethod
    def begin_transfer(
        cls,
        session: Session,
        booking_id: int,
        *,
        payee_id: int,
        agreed: Money,
        in_full: bool,
        expires_at: datetime,
        now: datetime,
    ) -> Payment:
        """One more attempt to pay, by an amount that no other payment of the account has or had in the last day.

        The database refuses an amount that somebody else drew in the same moment; then the next one is tried.
        Where all are taken the amount is the agreed one, and its reference alone tells whose it is.
        """
        lowered = payable.lowered(agreed, in_full=in_full)
        what = {"payee_id": payee_id, "agreed": agreed.minor, "now": now}
        drawn: list[int] = []
        if lowered:
            steps = {
                "first": lowered.start,
                "last": lowered[-1],
                "step": lowered.step,
                "forgotten": now - (IN_VIEW - AMOUNT_RESTS),
                "since": now - LONG_AGO,
            }
            rows = session.execute(_FREE_AMOUNTS, {**what, **steps}).all()
            free = [row for row in rows if not payable.is_round(agreed.minor - row.short, agreed.currency)]
            fresh = [row.short for row in free if row.had_until is None]
            drawn = sample(fresh[:AMOUNTS_DRAWN], min(AMOUNTS_DRAWN, len(fresh))) + fresh[AMOUNTS_DRAWN:]
            drawn += [row.short for row in free if row.had_until is not None]
        while True:
            short = drawn.pop(0) if drawn else 0
            row = _BEGIN_TRANSFER.run(
                session,
                booking_id=booking_id,
                state=PaymentState.CREATED,
                amount_minor=agreed.minor - short,
                currency=agreed.currency,
                created_at=now,
                expires_at=expires_at,
                reference=payable.new_reference(),
                payee_id=payee_id,
                short_minor=short,
            ).first()
            if row is not None:
                _locked(session).pop(booking_id, None)
                return seen(session, cls(*row))

    def put_to(self, session: Session, booking_id: int, now: datetime) -> Payment:
        """What was captured here pays another booking from now on: a payment of its own, and nothing is left here.

        The database refuses to put the same money twice.
        """
        self.state, self.ended_at = PaymentState.REFUNDED, now
        self.write(session)
        _locked(session).pop(booking_id, None)
        what = {"id": self.id, "booking_id": booking_id, "now": now}
        return seen(session, Payment(*session.execute(_PUT, what).one()))

    def write(self, session: Session) -> None:
        """Make what was learned the row's, in this unit of work."""
        _WRITE.write(session, id=self.id, **{name: getattr(self, name) for name in _LEARNED})
        if self.payee_id is not None and self.state not in OPEN:
            ended_at = self.captured_at or self.ended_at
            assert ended_at is not None
            session.execute(_LET_AMOUNT_REST, {"id": self.id, "until": ended_at + AMOUNT_RESTS})

    def note_verification(self, session: Session, how: str, by: int | None) -> None:
        """Remember what made us believe that the money came, and whose word it was."""
        session.execute(_VERIFIED, {"id": self.id, "how": how, "by": by})

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
        elif after is PaymentState.CAPTURED or (after in TAKEN and self.captured_at is None):
            # Also where the first thing we hear of it is that a part went back: that is a row of its own.
            self.captured_at = now
            self.captured_minor = facts.amount_minor if facts.amount_minor is not None else self.amount_minor
        elif after in ENDED:
            self.ended_at = now
        return True

    def take_part(self, minor: int) -> None:
        """Not all of it has come; what is missing is waited for."""
        self.captured_minor += minor

    def count_nothing(self) -> None:
        """What was captured pays for nothing here, and is given back by a row of its own."""
        self.captured_minor = 0

    def reverse(self, minor: int, now: datetime) -> None:
        """The bank took so much of it back."""
        self.captured_minor -= minor
        self.state, self.failure, self.ended_at = PaymentState.FAILED, REVERSED, now

    def refuse_capture(self, failure: str, now: datetime) -> None:
        """The provider keeps the authorization but refuses to pay it out; it is let go by a follow-up."""
        self.state = PaymentState.FAILED
        self.failure = failure
        self.ended_at = now


def _locked(session: Session) -> dict[int, Sequence[Payment]]:
    """The payments of bookings that this unit of work has locked."""
    return session.read["locked payments"]


COLUMNS: Final = tuple(column.name for column in fields(Payment))
_COLUMNS = ", ".join(COLUMNS)
_OF = f"SELECT {_COLUMNS} FROM payments WHERE booking_id = :booking_id ORDER BY id"
_OF_BOOKING = Hot("payments_of_booking", _OF, booking_id="bigint")
_LOCK_OF_BOOKING = Hot("lock_payments_of_booking", f"{_OF} FOR NO KEY UPDATE", booking_id="bigint")
_BEGIN = Hot(
    "begin_payment",
    "INSERT INTO payments (booking_id, method, state, amount_minor, currency, created_at, expires_at) "
    "VALUES (:booking_id, :method, :state, :amount_minor, :currency, :created_at, :expires_at)",
    booking_id="bigint",
    method="text",
    state="text",
    amount_minor="bigint",
    currency="text",
    created_at="timestamptz",
    expires_at="timestamptz",
)
_HAVING = (
    "FROM payments p WHERE p.payee_id = :payee_id AND p.amount_minor = :agreed - short AND p.short_minor > 0 "
    "AND p.created_at > :since"
)
# The smallest first; what somebody had who may still pay late only after those, the longest unused before the rest.
_FREE_AMOUNTS = text(
    f"SELECT short, (SELECT max(p.amount_until) {_HAVING} AND p.amount_until > :forgotten) AS had_until "
    "FROM generate_series(:first, :last, :step) AS short "
    f"WHERE NOT EXISTS (SELECT 1 {_HAVING} AND (p.amount_until IS NULL OR p.amount_until > :now)) "
    "ORDER BY had_until NULLS FIRST, short"
)
_BEGIN_TRANSFER = Hot(
    "begin_transfer",
    "INSERT INTO payments (booking_id, method, state, amount_minor, currency, created_at, expires_at, reference, "
    f"payee_id, short_minor) VALUES (:booking_id, '{TRANSFER}', :state, :amount_minor, :currency, :created_at, "
    f":expires_at, :reference, :payee_id, :short_minor) ON CONFLICT DO NOTHING RETURNING {_COLUMNS}",
    booking_id="bigint",
    state="text",
    amount_minor="bigint",
    currency="text",
    created_at="timestamptz",
    expires_at="timestamptz",
    reference="text",
    payee_id="bigint",
    short_minor="bigint",
)
_PUT = text(
    "INSERT INTO payments (booking_id, method, state, amount_minor, currency, intent, created_at, expires_at, "
    "captured_at, captured_minor, receipt_url, payee_id, verification_method, verified_by, put_from) "
    f"SELECT :booking_id, method, '{PaymentState.CAPTURED}', captured_minor, currency, "
    "coalesce(intent, reference), :now, :now, captured_at, captured_minor, receipt_url, payee_id, "
    f"verification_method, verified_by, id FROM payments WHERE id = :id RETURNING {_COLUMNS}"
)
_LET_AMOUNT_REST = text("UPDATE payments SET amount_until = :until WHERE id = :id AND amount_until IS NULL")
_VERIFIED = text("UPDATE payments SET verification_method = :how, verified_by = :by WHERE id = :id")
_LEARNED: Final = {
    "state": "text",
    "reference": "text",
    "intent": "text",
    "url": "text",
    "link_sent_at": "timestamptz",
    "asked_at": "timestamptz",
    "authorized_at": "timestamptz",
    "capture_before": "timestamptz",
    "captured_at": "timestamptz",
    "captured_minor": "bigint",
    "ended_at": "timestamptz",
    "receipt_url": "text",
    "failure": "text",
}
_WRITE = Hot(
    "write_payment",
    f"UPDATE payments SET {', '.join(f'{name} = :{name}' for name in _LEARNED)} WHERE id = :id",
    id="bigint",
    **_LEARNED,
)


@dataclass(frozen=True, slots=True)
class PageStanding:
    """A page that somebody opens: what its payment's row says.

    Attributes:
        is_awaited: the booking waits for this very payment; a page that is not has nothing to ask for.
    """

    state: str
    reference: str | None
    url: str | None
    is_awaited: bool


def page_standing(session: Session, payment_id: int, *, method: str) -> PageStanding | None:
    """How the page of this payment stands; None where there is no such payment."""
    row = session.execute(_PAGE, {"id": payment_id, "method": method}).first()
    return PageStanding(*row) if row is not None else None


_PAGE = text(
    "SELECT p.state, p.reference, p.url, b.status = 'PAYMENT_PENDING' AND NOT EXISTS ("
    "SELECT 1 FROM payments later WHERE later.booking_id = p.booking_id AND later.id > p.id) "
    "FROM payments p JOIN bookings b ON b.id = p.booking_id WHERE p.id = :id AND p.method = :method"
)


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
        open_until: of a page that nobody pays on yet and that cannot be closed: when it closes by itself.
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
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A transfer that was found on an account of ours, and the payment that it is taken to be for.

    Attributes:
        evidence_id: what told of it; None for an admin's mere word.
        how: `auto_gmail`, `auto_screenshot` or `manual_admin`; None for what a provider collected.
        occurred_at: when it was made, as far as that is known.
    """

    evidence_id: int | None
    payment_id: int
    amount: Money
    how: str | None
    occurred_at: datetime | None = None


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
