"""Watch over payments: what the admins were told of them when, and an index for a day's figures."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

TABLES = """
CREATE TABLE payment_warnings (
    name    text PRIMARY KEY,
    told_at timestamptz NOT NULL
);
CREATE INDEX payment_evidence_at ON payment_evidence (created_at);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP INDEX payment_evidence_at")
    op.execute("DROP TABLE payment_warnings")
