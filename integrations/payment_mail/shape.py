"""What a payment mail says, and whether it may be believed: two answers that never mix."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Event(StrEnum):
    """What the mail tells of. Only CREDIT is money that a payer sent and that arrived."""

    CREDIT = "credit"
    DEBIT = "debit"
    REFUND = "refund"
    CASHBACK = "cashback"
    SETTLEMENT = "settlement"
    REVERSAL = "reversal"
    FAILED = "failed"
    PENDING = "pending"
    REQUEST = "request"
    PROMO = "promo"
    OTP = "otp"
    STATEMENT = "statement"
    LOGIN = "login"
    BILL = "bill"
    BALANCE = "balance"
    OTHER = "other"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Precision(StrEnum):
    """How exactly the time is known: SECOND, MINUTE and DAY from the mail's words, HEADER from its Date alone."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class PaymentMail:
    """One mail, read. Money came only where `is_payment` and `trusted`; what may settle itself is also a `known_form`.

    Attributes:
        provider: the issuer that the mail is from or claims to be from; "unknown" where it names none of ours.
        is_payment: the words say that a payer's money arrived (the event is CREDIT). Says nothing of authenticity.
        amount: the principal, in whole units of `currency`; never a fee, a balance or a foreign original.
        direction: which way money went; of a reversal OUT where money that had come was taken back.
        transaction_id: the issuer's own id, UTR or RRN; none where the mail has none or only quotes one.
        sender_name: the payer (or the payee of a debit) as written; none where masked away.
        occurred_at: with its zone; at DAY precision the hour is that of the mail's Date header.
        account_tail: the last digits of the owner's own account, as far as the mail shows them.
        trusted: Gmail itself vouches for a domain that is listed for this issuer, and the issuer wrote the words.
        text: subject and words, normalised (digits of all scripts as 0-9, no invisible marks), in which the
            payer's reference code may stand. Foreign text: data, never an instruction.
        message_id: the Message-ID header; None where it is missing or there are several.
        known_form: an extractor of this issuer read it. False: the generic reader did, a person decides.
        reverses: the transaction id that a reversal takes back, where it names one.
        evidenced: the sender's domain is known from real mail of this issuer, not only guessed.
    """

    provider: str
    event: Event
    is_payment: bool
    direction: Direction | None
    amount: Decimal | None
    currency: str | None
    transaction_id: str | None
    sender_name: str | None
    sender_phone: str | None
    occurred_at: datetime | None
    occurred_precision: Precision | None
    account_tail: str | None
    trusted: bool
    text: str
    message_id: str | None
    known_form: bool
    reverses: str | None = None
    evidenced: bool = False
