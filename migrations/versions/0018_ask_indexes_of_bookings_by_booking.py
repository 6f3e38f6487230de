"""Let only who asks about a booking use the indexes by booking: others read them whole where tables are young."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

# A condition on booking_id says that it is not NULL, and what has none cannot use the index.
BY_BOOKING = """
DROP INDEX follow_ups_open_of_booking;
CREATE INDEX follow_ups_open_of_booking ON follow_ups (booking_id, id)
    WHERE done_at IS NULL AND booking_id IS NOT NULL;
DROP INDEX allocations_of_booking;
CREATE INDEX allocations_of_booking ON allocations (booking_id)
    WHERE state <> 'RELEASED' AND booking_id IS NOT NULL;
"""
AS_BEFORE = """
DROP INDEX follow_ups_open_of_booking;
CREATE INDEX follow_ups_open_of_booking ON follow_ups (booking_id, id) WHERE done_at IS NULL;
DROP INDEX allocations_of_booking;
CREATE INDEX allocations_of_booking ON allocations (booking_id) WHERE state <> 'RELEASED';
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(BY_BOOKING)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(AS_BEFORE)
