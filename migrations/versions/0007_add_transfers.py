"""Transfers: the accounts they go to, amounts that tell who paid, and what says that money came."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
CREATE DOMAIN verification AS text CHECK (VALUE IN ('auto_gmail', 'auto_screenshot', 'manual_admin'));

CREATE TABLE payees (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug       text NOT NULL UNIQUE,
    provider   text NOT NULL,
    title      text NOT NULL,
    account    text NOT NULL,
    currencies jsonb NOT NULL DEFAULT '[]',
    listings   jsonb NOT NULL DEFAULT '[]',
    position   smallint NOT NULL DEFAULT 0,
    active     boolean NOT NULL DEFAULT true,
    updated_at timestamptz NOT NULL
);

ALTER TABLE payments
    ADD COLUMN payee_id            bigint REFERENCES payees,
    ADD COLUMN short_minor         bigint NOT NULL DEFAULT 0,
    ADD COLUMN amount_until        timestamptz,
    ADD COLUMN verification_method verification,
    ADD COLUMN verified_by         bigint REFERENCES persons,
    -- At any moment an amount belongs to one payment of an account; a day longer than the payment is open.
    ADD CONSTRAINT one_amount_one_payer EXCLUDE USING gist (
        int8range(payee_id, payee_id, '[]') WITH &&,
        int8range(amount_minor, amount_minor, '[]') WITH &&,
        tstzrange(created_at, amount_until) WITH &&
    ) WHERE (short_minor > 0);
CREATE INDEX payments_by_amount ON payments (payee_id, amount_minor) WHERE short_minor > 0;

CREATE TABLE payment_evidence (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source         text NOT NULL CHECK (source IN ('gmail', 'screenshot', 'manual')),
    status         text NOT NULL CHECK (status IN ('pending', 'matched', 'unmatched', 'verified', 'rejected')),
    booking_id     bigint REFERENCES bookings,
    payment_id     bigint REFERENCES payments,
    person_id      bigint REFERENCES persons,
    issuer         text,
    transaction_id text,
    fingerprint    text,
    duplicate_of   bigint REFERENCES payment_evidence,
    amount_minor   bigint,
    currency       text,
    sender_name    text,
    sender_phone   text,
    payee_tail     text,
    occurred_at    timestamptz,
    confidence     smallint CHECK (confidence BETWEEN 0 AND 100),
    trusted        boolean NOT NULL DEFAULT false,
    media_id       text,
    mime_type      text,
    content        bytea,
    shown_as       text,
    failure        text,
    reason         text,
    verified_by    bigint REFERENCES persons,
    verified_at    timestamptz,
    created_at     timestamptz NOT NULL
);
-- What came once counts once, whatever the source; a repeat is kept and names the first.
CREATE UNIQUE INDEX payment_evidence_by_transaction ON payment_evidence (coalesce(issuer, ''), transaction_id)
    WHERE transaction_id IS NOT NULL AND duplicate_of IS NULL;
CREATE UNIQUE INDEX payment_evidence_by_fingerprint ON payment_evidence (fingerprint)
    WHERE fingerprint IS NOT NULL AND duplicate_of IS NULL;
CREATE INDEX payment_evidence_of_booking ON payment_evidence (booking_id, id) WHERE booking_id IS NOT NULL;
CREATE INDEX bookings_in_review ON bookings (hold_until) WHERE status = 'PAYMENT_REVIEW';
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.get_bind().exec_driver_sql(TABLES)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP INDEX bookings_in_review")
    op.execute("DROP TABLE payment_evidence")
    op.execute(
        "ALTER TABLE payments DROP CONSTRAINT one_amount_one_payer, DROP COLUMN payee_id, DROP COLUMN short_minor, DROP COLUMN amount_until, "
        "DROP COLUMN verification_method, DROP COLUMN verified_by"
    )
    op.execute("DROP TABLE payees")
    op.execute("DROP DOMAIN verification")
