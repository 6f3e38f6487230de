"""The mailbox that payments are announced to: how it stands, and every mail that was taken over from it."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"

TABLES = """
CREATE TABLE mailboxes (
    name          text PRIMARY KEY,
    state         text NOT NULL CHECK (state IN ('connected', 'disconnected')),
    since         timestamptz NOT NULL,
    why           text,
    refused_token text,
    failures      integer NOT NULL DEFAULT 0,
    read_until    timestamptz,
    looked_at     timestamptz,
    due_at        timestamptz,
    began_at      timestamptz,
    claimed_until timestamptz
);

CREATE TABLE mails (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mailbox     text NOT NULL REFERENCES mailboxes,
    external_id text NOT NULL,
    raw         bytea,
    received_at timestamptz,
    kept_at     timestamptz NOT NULL,
    attempts    smallint NOT NULL DEFAULT 0,
    read_at     timestamptz,
    failure     text,
    UNIQUE (mailbox, external_id)
);
CREATE INDEX mails_to_read ON mails (id) WHERE read_at IS NULL;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.get_bind().exec_driver_sql(TABLES)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TABLE mails")
    op.execute("DROP TABLE mailboxes")
