"""What every reader of a form gets and gives: a mail's words with what is known of it, and the facts read from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from integrations.payment_mail.issuers import Issuer
from integrations.payment_mail.shape import Direction, Event, Precision

_CURRENCIES: Final = {"PK": "PKR", "IN": "INR", "BD": "BDT", "NP": "NPR", "LK": "LKR", "AE": "AED"}


@dataclass(frozen=True, slots=True)
class Page:
    """One text of a mail, normalised.

    Attributes:
        body: the sender's own words, without what they quote.
        written: the Date header.
        issuer: who it is from or claims to be from.
        country: of the issuer, else of the sender's domain (ISO 3166).
    """

    subject: str
    body: str
    written: datetime | None
    issuer: Issuer | None
    country: str | None = None

    @property
    def text(self) -> str:
        return f"{self.subject}\n{self.body}"

    @property
    def home(self) -> str | None:
        """The currency of the country."""
        return _CURRENCIES.get(self.country or "")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words say. Nothing but the event where no money moved."""

    event: Event
    direction: Direction | None = None
    amount: Decimal | None = None
    currency: str | None = None
    transaction_id: str | None = None
    sender_name: str | None = None
    sender_phone: str | None = None
    occurred_at: datetime | None = None
    occurred_precision: Precision | None = None
    account_tail: str | None = None
    reverses: str | None = None


Reader = Callable[[Page], Reading | None]
