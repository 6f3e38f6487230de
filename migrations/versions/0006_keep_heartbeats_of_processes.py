"""Keep the heartbeats of processes, and what each has counted."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # Unlogged: beats come every few seconds, and after a crash none of them is true any more.
    op.execute("""
        CREATE UNLOGGED TABLE processes (
            machine text NOT NULL,
            name    text NOT NULL,
            kind    text NOT NULL CHECK (kind IN ('web', 'turns', 'sends', 'providers', 'slow', 'clock')),
            pid     integer NOT NULL,
            since   timestamptz NOT NULL,
            beat_at timestamptz NOT NULL,
            counts  jsonb NOT NULL DEFAULT '{}',
            PRIMARY KEY (machine, name)
        ) WITH (fillfactor = 50)
    """)


def downgrade() -> None:
    op.execute("DROP TABLE processes")
