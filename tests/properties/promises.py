"""What holds after every single input, asked of the rows themselves."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from models.lifecycle import Fact
from tests.properties.world import World, ask

# The specification's table, not ours: a change of the code's is to be seen here.
with (Path(__file__).parent.parent / "data" / "lifecycle.csv").open(newline="", encoding="utf-8") as _file:
    _STEPS: Final = [(row["from"], row["action"], row["to"]) for row in csv.DictReader(_file)]

# A place is kept for whoever paid until the stay is over, and for nobody whose booking has ended.
_KEEPS = ("PAYMENT_SUCCESS", "BOOKING_REQUEST_SENT_TO_OWNER", "OWNER_CONFIRMED", "TICKET_GENERATED")
_KEEPS_NOTHING = ("INITIATED", "EXPIRED", "OWNER_CANCELLED", "GUEST_CANCELLED", "REFUND_REQUIRED")


def broken(world: World) -> list[str]:
    """The promises that do not hold at this moment, in words."""
    said = [f"{what}: {which}" for what, which in ask(_BROKEN, **_VALUES)]
    return [*world.broken, *world.graph.complaints, *world.bank.complaints, *said]


_BROKEN: Final = """
    SELECT 'two have one unit at once', 'allocations ' || a.id || ' and ' || b.id
    FROM allocations a JOIN allocations b ON b.unit_id = a.unit_id AND b.id > a.id AND b.during && a.during
    WHERE a.state <> 'RELEASED' AND b.state <> 'RELEASED'
    UNION ALL
    SELECT 'a status that the table does not know', code || ' ' || status FROM bookings
    WHERE NOT status = ANY(%(statuses)s)
    UNION ALL
    SELECT 'a step that the table does not know', from_status || ' by ' || action || ' to ' || to_status
    FROM booking_events WHERE NOT (from_status || ' ' || action || ' ' || to_status) = ANY(%(steps)s)
    AND NOT (from_status = to_status AND action = ANY(%(facts)s))
    UNION ALL
    SELECT 'a status that no step led to', b.code FROM bookings b WHERE b.status <> (
        SELECT e.to_status FROM booking_events e WHERE e.booking_id = b.id ORDER BY e.id DESC LIMIT 1)
    UNION ALL
    SELECT 'paid for and not kept', code FROM bookings b WHERE status = ANY(%(keeps)s) AND NOT EXISTS (
        SELECT 1 FROM allocations a WHERE a.booking_id = b.id AND a.state <> 'RELEASED')
    UNION ALL
    SELECT 'ended and still kept', code || ' ' || status FROM bookings b WHERE status = ANY(%(keeps_nothing)s) AND EXISTS (
        SELECT 1 FROM allocations a WHERE a.booking_id = b.id AND a.state <> 'RELEASED')
    UNION ALL
    SELECT 'a transfer that does not add up', 'payment ' || p.id || ' ' || p.captured_minor FROM payments p
    WHERE p.payee_id IS NOT NULL AND p.put_from IS NULL AND p.state <> 'refunded' AND p.captured_minor <> (
        SELECT coalesce(sum(CASE WHEN r.reverses IS NULL THEN r.amount_minor - r.back_minor
            ELSE -(SELECT t.amount_minor - t.back_minor FROM receipts t WHERE t.id = r.reverses) END), 0)
        FROM receipts r WHERE r.payment_id = p.id)
    UNION ALL
    SELECT 'an advance that is not what came', b.code FROM bookings b WHERE b.status = ANY(%(keeps)s)
    AND EXISTS (SELECT 1 FROM receipts r WHERE r.booking_id = b.id AND r.reverses IS NULL)
    AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.booking_id = b.id AND p.state = 'authorized')
    AND b.advance_minor <> (
        SELECT sum(p.captured_minor) FROM payments p WHERE p.booking_id = b.id AND p.state <> 'refunded')
    UNION ALL
    SELECT 'one money counted twice', 'transaction ' || e.transaction_id FROM receipts r
    JOIN payment_evidence e ON e.id = r.evidence_id WHERE e.transaction_id IS NOT NULL
    GROUP BY e.transaction_id HAVING count(*) > 1
    UNION ALL
    SELECT 'a message that made a turn fail', coalesce(error, outcome, 'open') FROM inbound_events
    WHERE kind = 'message' AND (done_at IS NULL OR error IS NOT NULL OR outcome <> 'DONE')
    UNION ALL
    SELECT 'a job that failed', job || ' ' || error FROM follow_ups WHERE error !~ '^(GatewayError|WhatsAppUnknown)'
    UNION ALL
    SELECT 'a message that WhatsApp refused', kind || ' ' || coalesce(error, '') FROM outbound_messages
    WHERE state = 'FAILED' OR error_code IS NOT NULL
"""
_VALUES: Final[dict[str, list[str]]] = {
    "statuses": [*{word for start, _, end in _STEPS for word in (start, end)}],
    "steps": [" ".join(step) for step in _STEPS],
    "facts": [str(fact) for fact in Fact],
    "keeps": [*_KEEPS],
    "keeps_nothing": [*_KEEPS_NOTHING],
}
