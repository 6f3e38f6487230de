"""An order that nobody made: who asks a provider about it changes nothing, and shows that they have the key."""

from __future__ import annotations

from datetime import UTC, datetime

from models.payment import PaymentOrder


def nobodys_order(method: str) -> PaymentOrder:
    now = datetime.now(UTC)
    return PaymentOrder(
        payment_id=0,
        method=method,
        booking_code="DOCTOR",
        description="",
        amount_minor=100,
        currency="INR",
        created_at=now,
        expires_at=now,
        return_url="",
    )
