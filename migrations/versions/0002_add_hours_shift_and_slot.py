"""Add the hours of a listing by shift or slot, and the shift or slot of a booking."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE listings ADD COLUMN hours jsonb")
    op.execute(
        "ALTER TABLE bookings ADD COLUMN shift text, ADD COLUMN slot_start time, ADD COLUMN slot_minutes smallint"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE bookings DROP COLUMN shift, DROP COLUMN slot_start, DROP COLUMN slot_minutes")
    op.execute("ALTER TABLE listings DROP COLUMN hours")
