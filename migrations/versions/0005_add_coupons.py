"""Add coupons, until when a listing takes any, and the one that a booking was made with."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

COUPONS = """
CREATE TABLE coupons (
    code            text PRIMARY KEY,
    percent         numeric CHECK (percent > 0 AND percent <= 100),
    amount_minor    bigint CHECK (amount_minor > 0),
    currency        text,
    valid_from      date,
    valid_until     date,
    min_nights      smallint,
    min_total_minor bigint,
    listings        jsonb,
    categories      jsonb,
    most_uses       int,
    most_per_person int,
    active          boolean NOT NULL DEFAULT true,
    updated_at      timestamptz NOT NULL,
    CHECK ((percent IS NULL) <> (amount_minor IS NULL)),
    CHECK (currency IS NOT NULL OR (amount_minor IS NULL AND min_total_minor IS NULL))
)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(COUPONS)
    op.execute("ALTER TABLE listings ADD COLUMN coupons_until date")
    op.execute("ALTER TABLE bookings ADD COLUMN coupon_code text REFERENCES coupons")
    op.execute("CREATE INDEX bookings_with_coupon ON bookings (coupon_code) WHERE coupon_code IS NOT NULL")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE bookings DROP COLUMN coupon_code")
    op.execute("ALTER TABLE listings DROP COLUMN coupons_until")
    op.execute("DROP TABLE coupons")
