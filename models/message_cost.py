"""What the messages of a booking cost, read from their rows: nothing is counted while messages are sent.

To a booking belongs what was said about it to guest, owner and admins, and the guest's part of the
conversation that led to it: the questions and answers of the day before they accepted, back to the booking
they made before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text

from models import message_prices
from models.message_prices import Charge, PriceTable, Told, in_words
from models.session import Session


@dataclass(frozen=True)
class MessageCost:
    """One message that WhatsApp accepted."""

    kind: str
    recipient: str
    market: str | None
    as_template: bool
    at: datetime
    charge: Charge


@dataclass(frozen=True)
class Costs:
    """All messages of a booking, in the order in which they were accepted."""

    messages: tuple[MessageCost, ...]

    @property
    def totals(self) -> Mapping[str, int]:
        """Millionths of each currency in which anything was paid."""
        totals: dict[str, int] = {}
        for message in self.messages:
            if message.charge.currency is not None and message.charge.micros:
                currency = message.charge.currency
                totals[currency] = totals.get(currency, 0) + message.charge.micros
        return totals

    @property
    def free(self) -> int:
        return sum(message.charge.micros == 0 for message in self.messages)

    @property
    def without_price(self) -> int:
        """How many are billed at a price that we do not know."""
        return sum(message.charge.micros is None for message in self.messages)

    def __str__(self) -> str:
        """ "14 messages, 12 of them free: INR 0.23": for an admin's eyes, in English."""
        number = len(self.messages)
        words = f"{number} message{'' if number == 1 else 's'}"
        if self.free:
            words += ", all free" if self.free == number else f", {self.free} of them free"
        if self.totals:
            words += ": " + " + ".join(in_words(micros, code) for code, micros in sorted(self.totals.items()))
        if self.without_price:
            words += f"; {self.without_price} without a known price"
        return words


def message_costs(session: Session, booking_id: int, table: PriceTable | None = None) -> Costs:
    """What was accepted of this booking's messages, each with its price."""
    prices = table or message_prices.table()
    messages = []
    for row in session.execute(_OF_BOOKING, {"id": booking_id}):
        charge = prices.charge(
            market=row.country,
            as_template=row.as_template,
            day=row.accepted_at.astimezone(UTC).date(),
            told=Told.from_status(row.pricing),
        )
        messages.append(
            MessageCost(row.kind, row.recipient, row.country, row.as_template, row.accepted_at, charge)
        )
    return Costs(tuple(messages))


# The try that WhatsApp took says how it went out; its statuses are known by its id, and kept as they came.
_OF_BOOKING = text(
    r"""
WITH booking AS (
    SELECT b.id, b.person_id, coalesce(b.held_since, b.created_at) AS accepted_at,
        greatest(b.created_at - interval '1 day', (
            SELECT max(coalesce(o.held_since, o.created_at)) FROM bookings o
            WHERE o.person_id = b.person_id AND o.id < b.id)) AS since
    FROM bookings b WHERE b.id = :id
), said AS (
    SELECT m.id FROM outbound_messages m WHERE m.booking_id = :id
    UNION ALL
    SELECT m.id FROM outbound_messages m JOIN booking b ON m.person_id = b.person_id
    WHERE m.booking_id IS NULL AND m.recipient = 'guest' AND m.created_at > b.since AND m.created_at <= b.accepted_at
)
SELECT m.kind, m.recipient, m.accepted_at, p.country, coalesce(tried.as_template, m.as_template) AS as_template,
    told.pricing
FROM said JOIN outbound_messages m ON m.id = said.id JOIN persons p ON p.id = m.person_id
LEFT JOIN LATERAL (
    SELECT a.as_template FROM outbound_attempts a WHERE a.message_id = m.id
    ORDER BY a.wamid IS NOT DISTINCT FROM m.wamid DESC, a.number DESC LIMIT 1
) AS tried ON true
LEFT JOIN LATERAL (
    SELECT e.payload -> 'pricing' AS pricing FROM inbound_events e
    WHERE e.source = 'whatsapp' AND e.external_id IN (m.wamid || '\:sent', m.wamid || '\:delivered', m.wamid || '\:read')
        AND e.payload -> 'pricing' IS NOT NULL ORDER BY e.id DESC LIMIT 1
) AS told ON true
WHERE m.state = 'ACCEPTED' AND m.kind <> 'typing'
ORDER BY m.accepted_at, m.id
    """
)
