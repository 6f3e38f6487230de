"""Let a person answer in place of the bot, greet who has a role, and keep who did what."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
-- Until then what the person types goes to the admins, and the bot keeps silent.
ALTER TABLE conversations ADD COLUMN paused_until timestamptz;

-- What somebody changed that is no step of a booking; those are in booking_events.
CREATE TABLE audit (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id bigint NOT NULL REFERENCES persons,
    action    text NOT NULL,
    about     text NOT NULL,
    data      jsonb NOT NULL DEFAULT '{}',
    cause     text NOT NULL,
    at        timestamptz NOT NULL,
    UNIQUE (about, action, cause)
);

-- What an admin looks through when asked what did not arrive.
CREATE INDEX outbound_messages_failed ON outbound_messages (failed_at, id) WHERE state IN ('FAILED', 'LAPSED');
-- Events come in the order of their time: a summary of each stretch of pages is enough, and costs a step nothing.
CREATE INDEX booking_events_at ON booking_events USING brin (at);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("DROP INDEX booking_events_at")
    op.execute("DROP INDEX outbound_messages_failed")
    op.execute("DROP TABLE audit")
    op.execute("ALTER TABLE conversations DROP COLUMN paused_until")
