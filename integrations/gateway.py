"""The shape that all payment gateways share: a page to pay on, and the facts about what was paid.

A gateway never tells what a webhook or an answer out of order may have suggested: `look_up` and every
verb that changes something return what the provider itself says afterwards.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.payment import PaymentFacts, PaymentNotice, PaymentOrder


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """A page where the order can be paid.

    Attributes:
        reference: the provider's id of the page; stored with the payment, needed to look it up.
        expires_at: when the provider closes the page by itself.
    """

    reference: str
    url: str
    expires_at: datetime


class GatewayError(Exception):
    """The provider did not do what it was asked.

    Attributes:
        retryable: asking again later may help.
        unknown: it may have been done all the same (time-out, reset, a broken answer): look up before
            anything that depends on it. Implies `retryable`.
        code: the provider's word for it, stable and free of personal data.
    """

    def __init__(self, code: str, *, retryable: bool, unknown: bool = False) -> None:
        self.code = code
        self.retryable = retryable or unknown
        self.unknown = unknown
        super().__init__(code)


class WebhookRefused(Exception):
    """The webhook is not from the provider, or too old to be believed; says which."""


class PaymentGateway(Protocol):
    """One way to pay. Every call is safe to repeat; none of them raises anything but `GatewayError`."""

    name: str

    def create_link(self, order: PaymentOrder) -> PaymentLink:
        """Open the page for this order, or return the page that an earlier, interrupted try opened.

        The order's own times decide when the page closes, not the moment of the call: a repeat must ask
        for exactly the same.
        """

    def look_up(self, order: PaymentOrder) -> PaymentFacts:
        """What the provider says about this payment now.

        Without a `reference` (the outcome of `create_link` is unknown) the page is first opened, or found
        again, under our own id; the facts then carry its reference and url.
        """

    def expire(self, order: PaymentOrder) -> PaymentFacts:
        """Close the page, then say how things stand.

        EXPIRED proves that nothing was paid and nothing can be any more; a page that was paid just before
        comes back as AUTHORIZED or CAPTURED.
        """

    def capture(self, order: PaymentOrder, amount_minor: int) -> PaymentFacts:
        """Take the authorized money, once however often asked; the rest of a smaller amount is released.

        Returns:
            CAPTURED, or VOIDED / EXPIRED if the authorization is gone.

        Raises:
            GatewayError: not `retryable` if the capture was refused although the authorization stands.
        """

    def void(self, order: PaymentOrder) -> PaymentFacts:
        """Release the authorized money; VOIDED, or CAPTURED if it was taken before and needs a refund."""

    def verify_webhook(self, body: bytes, signature: str | None, *, now: datetime) -> PaymentNotice:
        """Check the signature over the raw bytes and read whom the event is about.

        Raises:
            WebhookRefused: missing, wrong or stale signature, or not an event.
        """


class TakesAtOnce(ABC):
    """The part of a gateway whose money is taken when it is paid: nothing is authorized, captured or let go.

    An owner's no is money that is owed back.
    """

    @abstractmethod
    def look_up(self, order: PaymentOrder) -> PaymentFacts: ...

    def capture(self, order: PaymentOrder, amount_minor: int) -> PaymentFacts:
        return self.look_up(order)

    def void(self, order: PaymentOrder) -> PaymentFacts:
        return self.look_up(order)
