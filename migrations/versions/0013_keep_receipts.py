"""Keep each sum that reached our account, what of it goes back, and what a bank took back."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"

TABLES = """
CREATE TABLE receipts (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    booking_id   bigint NOT NULL REFERENCES bookings,
    payment_id   bigint NOT NULL REFERENCES payments,
    -- One money, one row, and taken back once, whoever tells of it and how often.
    evidence_id  bigint UNIQUE REFERENCES payment_evidence,
    reverses     bigint UNIQUE REFERENCES receipts,
    outcome      text NOT NULL CHECK (outcome IN ('exact', 'part', 'over', 'late', 'second', 'reversed')),
    amount_minor bigint NOT NULL CHECK (CASE WHEN reverses IS NULL THEN amount_minor > 0 ELSE amount_minor < 0 END),
    back_minor   bigint NOT NULL DEFAULT 0 CHECK (back_minor BETWEEN 0 AND greatest(amount_minor, 0)),
    currency     text NOT NULL,
    how          verification,
    found_by     bigint REFERENCES persons,
    occurred_at  timestamptz,
    recorded_at  timestamptz NOT NULL
);
CREATE INDEX receipts_of_booking ON receipts (booking_id, id);
CREATE INDEX receipts_of_payment ON receipts (payment_id);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TABLE receipts")
