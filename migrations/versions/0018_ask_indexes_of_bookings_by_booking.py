"""Let only who asks about a booking use the indexes by booking: others read them whole where tables are young."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

# A condition on booking_id says that it is not NULL, and what has none cannot use the index. Built beside the old ones,
# whose end alone keeps readers out, for a moment.
BY_BOOKING = """
CREATE INDEX allocations_by_booking ON allocations (booking_id) WHERE state <> 'RELEASED' AND booking_id IS NOT NULL;
CREATE INDEX follow_ups_by_booking ON follow_ups (booking_id, id) WHERE done_at IS NULL AND booking_id IS NOT NULL;
"""
AS_BEFORE = """
CREATE INDEX allocations_by_booking ON allocations (booking_id) WHERE state <> 'RELEASED';
CREATE INDEX follow_ups_by_booking ON follow_ups (booking_id, id) WHERE done_at IS NULL;
"""
INSTEAD = """
DROP INDEX allocations_of_booking;
ALTER INDEX allocations_by_booking RENAME TO allocations_of_booking;
DROP INDEX follow_ups_open_of_booking;
ALTER INDEX follow_ups_by_booking RENAME TO follow_ups_open_of_booking;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(BY_BOOKING + INSTEAD)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(AS_BEFORE + INSTEAD)
