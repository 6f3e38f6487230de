"""The shapes of what is asked and answered, as document 004 has them; amounts are decimal strings with a currency.

Strict: what does not fit is refused, with where and why.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from models import password
from models.account import Account, Grant, Role, SignIn
from models.money import Money
from models.verification import Mode


def _whole(given: object) -> object:
    """Only digits are a number: no blanks, signs, points or underscores."""
    if isinstance(given, str) and not (given.isascii() and given.isdigit()):
        raise ValueError("not a whole number")
    return given


MOST_ID = 2**63 - 1
Day = date  # a shape has a field of that name

Words = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$"),
    Field(examples=["Amount mismatch - Expected Rs. 5000, received Rs. 4500"]),
]
BookingCode = Annotated[
    str,
    StringConstraints(pattern=r"^[Bb][Kk]-[0-9]{8}-[0-9A-Za-z]{5}$"),
    Field(examples=["BK-20251017-7K3QX"]),
]
PaymentName = Annotated[
    str,
    StringConstraints(pattern=r"^([Pp]-[0-9A-Za-z]{4,10}|[1-9][0-9]{0,17})$"),
    Field(examples=["P-7K3Q"]),
]
Login = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9@._+-]{1,99}$"),
    Field(description="In small letters; an address of a mailbox will do.", examples=["bilal@example.com"]),
]
NewPassword = Annotated[
    str, StringConstraints(min_length=password.LEAST, max_length=password.MOST, pattern=r"^[^\x00]*$")
]
Typed = Annotated[str, StringConstraints(min_length=1, max_length=password.MOST, pattern=r"^[^\x00]*$")]
TotpCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$"), Field(examples=["123456"])]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$"), Field(examples=["+923000000201"])]
Limit = Annotated[int, Field(ge=1, le=200), BeforeValidator(_whole)]
Number = Annotated[int, Field(ge=0, le=MOST_ID), BeforeValidator(_whole)]
Amount = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["5000.00"])]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["PKR"])]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Asked(BaseModel):
    """What stands in an address: always text, so that numbers are read from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# ---- errors ------------------------------------------------------------------------------------------


class ErrorFacts(Shape):
    code: str
    message: str
    details: dict[str, Any]
    timestamp: datetime


class ErrorAnswer(Shape):
    """The one error shape."""

    success: Literal[False]
    error: ErrorFacts


# ---- pages -------------------------------------------------------------------------------------------


class Page(Asked):
    limit: Annotated[Limit, Field(description="So many at most.")] = 50
    after: Annotated[Number | None, Field(description="The `next` of the page before this one.")] = None


Next = Annotated[
    int | None, Field(description="What to ask for as `after` to see more; null where this is the end.")
]


# ---- signing in --------------------------------------------------------------------------------------


class SignInAsked(Shape):
    login: Typed
    password: Typed
    code: Annotated[TotpCode | None, Field(description="Of the authenticator app, where one is set up.")] = (
        None
    )


class RefreshAsked(Shape):
    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


class Tokens(Shape):
    access_token: str
    refresh_token: Annotated[str, Field(description="Good once; the answer to it holds the next one.")]
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: Annotated[int, Field(description="Seconds that the access token lasts.")]


class SignInFacts(Shape):
    session_id: UUID
    created_at: datetime
    used_at: Annotated[datetime, Field(description="When its tokens were last renewed.")]
    expires_at: datetime
    origin: Annotated[str, Field(description="The address that it was begun from.")]
    agent: str
    is_this_one: bool

    @classmethod
    def of(cls, sign_in: SignIn, this_one: UUID) -> Self:
        return cls(
            session_id=sign_in.id,
            created_at=sign_in.created_at,
            used_at=sign_in.used_at,
            expires_at=sign_in.expires_at,
            origin=sign_in.origin,
            agent=sign_in.agent,
            is_this_one=sign_in.id == this_one,
        )


class SignIns(Shape):
    sessions: list[SignInFacts]
    count: int


class SessionPath(Asked):
    session_id: UUID


class AccountFacts(Shape):
    account_id: int
    login: str
    name: str
    role: Role
    grants: list[Grant]
    has_totp: bool
    is_disabled: bool
    created_at: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(
            account_id=account.id,
            login=account.login,
            name=account.name,
            role=Role(account.role),
            grants=[Grant(grant) for grant in account.grants],
            has_totp=account.has_totp,
            is_disabled=account.disabled_at is not None,
            created_at=account.created_at,
        )


class PasswordAsked(Shape):
    current_password: Typed
    new_password: NewPassword


class PasswordShown(Shape):
    password: Typed


class TotpSetUp(Shape):
    secret: Annotated[str, Field(description="For an app that cannot read the picture.")]
    address: Annotated[str, Field(description="What the app's QR code holds; shown once.")]


class CodeShown(Shape):
    code: TotpCode


class Done(Shape):
    success: Literal[True] = True
    message: str


# ---- accounts ----------------------------------------------------------------------------------------


class AccountAsked(Shape):
    login: Login
    name: Words
    role: Role = Role.STAFF
    grants: Annotated[list[Grant], Field(max_length=len(Grant))] = []
    password: NewPassword
    phone: Annotated[
        Phone | None, Field(description="Who writes from this number in WhatsApp is the same person.")
    ] = None


class AccountChange(Shape):
    name: Words | None = None
    role: Role | None = None
    grants: Annotated[list[Grant] | None, Field(max_length=len(Grant))] = None
    is_disabled: bool | None = None
    forget_totp: Annotated[bool, Field(description="Their phone is lost: they set up a new app.")] = False


class AccountPath(Asked):
    account_id: Number


class Accounts(Shape):
    accounts: list[AccountFacts]
    next: Next


# ---- the audit ---------------------------------------------------------------------------------------


class AuditFacts(Shape):
    audit_id: int
    at: datetime
    who: str | None
    account_id: Annotated[int | None, Field(description="Null for what was done in a chat.")]
    origin: Annotated[str | None, Field(description="The address it was done from.")]
    action: str
    about: str
    details: dict[str, Any]


class AuditPage(Shape):
    entries: list[AuditFacts]
    next: Next


# ---- money -------------------------------------------------------------------------------------------


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


# ---- the payment system ------------------------------------------------------------------------------

Rate = Annotated[float, Field(ge=0, le=1)]


class GmailFacts(Shape):
    state: Literal["off", "connected", "disconnected", "unknown"]
    since: datetime | None
    last_successful_poll: datetime | None


class PaymentSystem(Shape):
    status: Literal["ok", "unwell"]
    gmail_integration: GmailFacts
    database: Literal["ok", "unwell"]
    scheduler: Literal["ok", "unwell", "unknown"]
    verification_mode: Mode | None
    wrong: Annotated[dict[str, str], Field(description="A sentence for each thing that is wrong.")]


class PaymentFiguresShown(Shape):
    """Of the last 24 hours; a rate is null where there was nothing."""

    transfers: Annotated[int, Field(description="That mails told of, and that may be believed.")]
    matched_automatically: int
    matched_by_admin: int
    unmatched: int
    match_rate: Rate | None
    automatic_match_rate: Rate | None
    unmatched_rate: Rate | None
    bookings: Annotated[int, Field(description="That began to wait for money.")]
    expired: int
    expiry_rate: Rate | None
    processing_seconds: Annotated[float | None, Field(description="The middle one, without a person.")]
    processing_seconds_95: Annotated[float | None, Field(description="As many as nearly all take at most.")]
    manual_verification_seconds: Annotated[float | None, Field(description="On average.")]
    last_successful_poll: datetime | None
