"""How the verification of payments stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from bot.api.shapes.words import (
    Shape,
)
from models.verification import Mode

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
