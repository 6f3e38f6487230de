"""Let money that lost its place pay its guest's newer booking of the same stay."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # Unique: the same money pays one booking, whoever tries.
    op.execute("ALTER TABLE payments ADD COLUMN put_from bigint UNIQUE REFERENCES payments")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE payments DROP COLUMN put_from")
