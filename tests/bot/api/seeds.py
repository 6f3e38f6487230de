"""What a business has after a busy morning: something to list, to look at and to decide, by every operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from models import evidence
from models.booking import Booking
from models.evidence import Evidence
from models.matching import Transfer
from models.money import Money
from models.payment import Payment
from models.session import Session
from tests import factories as make
from tests.factories import RULES

PNG = b"\x89PNG\r\n\x1a\n" + b"the picture of a payment"


@dataclass(frozen=True)
class Seeds:
    review: Booking
    waiting: Booking
    picture: str
    unmatched: str


def sow(session: Session, *, now: Any) -> Seeds:
    review = make.by_transfer(session, now=now)
    picture = with_picture(session, review, now=now)
    waiting = make.by_transfer(session, now=now)
    return Seeds(review, waiting, str(picture), money_came(session, waiting, now=now))


def with_picture(session: Session, booking: Booking, *, now: Any) -> int:
    """The guest shows a picture of their transfer."""
    number = evidence.keep_picture(
        session, person_id=booking.person_id, media_id=make.unique("media-"), mime_type="image/png", now=now
    )
    evidence.store_picture(session, number, PNG + make.unique().encode(), mime_type="image/png")
    booking.submit_evidence(session, rules=RULES, cause=make.unique("inbound:"), now=now, evidence_id=number)
    return number


def money_came(session: Session, booking: Booking, *, now: Any, **more: Any) -> str:
    """A mail tells of money that may be this booking's; nobody knows yet. Its code."""
    payment = Payment.of_booking(session, booking.id)[-1]
    number = evidence.keep_transfer(
        session,
        source=evidence.GMAIL,
        transfer=Transfer(
            issuer="nayapay",
            amount=more.pop("amount", Money(payment.amount_minor, payment.currency)),
            transaction_id=make.unique("TXN"),
            sender_name="AYESHA K",
            occurred_at=now,
            told_at=now,
        ),
        trusted=True,
        known_form=True,
        message_id=make.unique("<mail-") + "@example.com>",
        now=now,
        **more,
    )
    assert number is not None
    session.execute(
        text(
            "UPDATE payment_evidence SET status = 'unmatched', verdict = 'weak', match_at = NULL WHERE id = :id"
        ),
        {"id": number},
    )
    session.execute(
        text(
            "INSERT INTO match_candidates (evidence_id, round, payment_id, score, why, chosen) "
            "VALUES (:id, 0, :payment_id, 50, ARRAY['amount'], true)"
        ),
        {"id": number, "payment_id": payment.id},
    )
    told = Evidence.find(session, number)
    assert told is not None and told.code is not None
    return told.code
