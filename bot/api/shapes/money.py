"""Bookings and their payments, as whoever verifies them needs them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from bot.api.shapes.words import (
    Amount,
    Asked,
    BookingCode,
    Currency,
    Day,
    Next,
    Page,
    PaymentName,
    Reason,
    Shape,
)
from models.money import Money


def amount(money: Money) -> str:
    return money.to_decimal_string()


class PropertyFacts(Shape):
    name: str
    type: Annotated[str, Field(description="The listing's category.", examples=["hut"])]
    address: str


class CustomerFacts(Shape):
    name: str
    phone: Annotated[str | None, Field(description="Null where WhatsApp hides it.")]
    cnic: Annotated[str | None, Field(description="Its last four digits, where the place asks for one.")]


class BookingFacts(Shape):
    date: Day
    check_out: Day
    shift: str | None
    start_time: str | None
    guests: int
    total_cost: Amount
    advance: Annotated[Amount, Field(description="What is to be paid now.")]
    due: Annotated[Amount, Field(description="What is paid at the place.")]
    currency: Currency


class PaymentShown(Shape):
    """What was shown or found for the booking last."""

    screenshot_url: str | None
    transaction_id: str | None
    amount: Amount | None
    sender_name: str | None


class PendingVerification(Shape):
    booking_id: str
    property: PropertyFacts
    customer: CustomerFacts
    booking_details: BookingFacts
    payment: PaymentShown
    status: str
    review_until: datetime | None
    created_at: datetime


class PendingVerifications(Shape):
    bookings: list[PendingVerification]
    count: Annotated[int, Field(description="Of all that wait, on whatever page.")]
    next: Next


class PaymentAttempt(Shape):
    """One attempt to pay, by whatever way."""

    method: str
    state: str
    amount: Amount
    currency: Currency
    reference: str | None
    created_at: datetime
    captured_at: datetime | None


class CandidateFacts(Shape):
    """How well a transfer and a booking fit each other."""

    payment_id: str
    booking_id: str
    score: Annotated[int, Field(ge=0, le=100)]
    why: list[str]
    is_chosen: bool


class StepFacts(Shape):
    at: datetime
    action: str
    actor: Annotated[str, Field(examples=["guest", "admin"])]
    name: str | None
    reason: str | None


class PaymentFacts(Shape):
    """Something that says that money came: a mail, a picture, or an admin's word."""

    payment_id: Annotated[str, Field(examples=["P-7K3Q"])]
    booking_id: str | None
    source: Literal["gmail", "screenshot", "manual"]
    kind: Literal["credit", "reversal"]
    status: Literal["pending", "matched", "unmatched", "verified", "rejected"]
    transaction_id: str | None
    amount: Amount | None
    currency: Currency | None
    issuer: str | None
    sender_name: str | None
    sender_phone: str | None
    receiver_account: Annotated[str | None, Field(description="Its end, as far as it was told.")]
    occurred_at: datetime | None
    email_id: str | None
    screenshot_url: str | None
    is_trusted: Annotated[bool, Field(description="Whether the one who says so may be believed.")]
    is_counted: Annotated[bool, Field(description="Whether the money was counted by this.")]
    match_confidence: Annotated[int | None, Field(ge=0, le=100)]
    verdict: str | None
    rejection_reason: str | None
    duplicate_of: str | None
    created_at: datetime
    verified_at: datetime | None
    verified_by: str | None


class BookingDetails(PendingVerification):
    """All that is needed to decide."""

    payments: list[PaymentFacts]
    candidates: list[CandidateFacts]
    attempts: list[PaymentAttempt]
    history: list[StepFacts]


class BookingPath(Asked):
    booking_id: BookingCode


class BookingVerified(Shape):
    booking_id: str
    status: str
    verified_at: datetime
    verification_method: Literal["manual_admin"] = "manual_admin"


class Verified(Shape):
    success: Literal[True] = True
    message: str
    booking: BookingVerified


class RejectAsked(Shape):
    reason: Reason


class BookingRejected(Shape):
    booking_id: str
    status: str
    rejection_reason: str


class Rejected(Shape):
    success: Literal[True] = True
    message: str
    booking: BookingRejected


class UnmatchedPayment(PaymentFacts):
    email_subject: str | None
    candidates: list[CandidateFacts]


class UnmatchedPayments(Shape):
    payments: list[UnmatchedPayment]
    count: Annotated[int, Field(description="Of all that wait, on whatever page.")]
    next: Next


class PaymentsQuery(Page):
    status: Literal["pending", "matched", "unmatched", "verified", "rejected"] | None = None
    source: Literal["gmail", "screenshot", "manual"] | None = None
    booking_id: BookingCode | None = None


class Payments(Shape):
    payments: list[PaymentFacts]
    next: Next


class PaymentPath(Asked):
    payment_id: PaymentName


class LinkAsked(Shape):
    booking_id: BookingCode


class BookingLinked(Shape):
    booking_id: str
    status: str


class Linked(Shape):
    success: Literal[True] = True
    message: str
    outcome: Annotated[
        Literal["exact", "part", "over", "late", "second", "known"],
        Field(
            description="What the money did: `late` and `second` mean that it has to go back, `known` that it was "
            "counted for this booking before."
        ),
    ]
    payment: PaymentFacts
    booking: BookingLinked
