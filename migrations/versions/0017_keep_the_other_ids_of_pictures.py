"""Keep every id that a picture of a payment shows: the mail may name the second."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

COLUMNS = """
ALTER TABLE payment_evidence ADD COLUMN other_ids text[] NOT NULL DEFAULT '{}';
CREATE INDEX payment_evidence_by_other_ids ON payment_evidence USING gin (other_ids) WHERE other_ids <> '{}';
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(COLUMNS)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP INDEX payment_evidence_by_other_ids")
    op.execute("ALTER TABLE payment_evidence DROP COLUMN other_ids")
