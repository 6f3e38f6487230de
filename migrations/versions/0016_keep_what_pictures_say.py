"""Keep what was read off a guest's picture of a payment, and how the picture looks."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

COLUMNS = """
ALTER TABLE payment_evidence
    ADD COLUMN reading jsonb,
    -- One bit for each small field of the picture: a copy of it differs in few of them.
    ADD COLUMN look    varbit,
    ADD COLUMN read_at timestamptz;
CREATE INDEX payment_evidence_by_look ON payment_evidence (created_at) WHERE look IS NOT NULL;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(COLUMNS)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP INDEX payment_evidence_by_look")
    op.execute("ALTER TABLE payment_evidence DROP COLUMN reading, DROP COLUMN look, DROP COLUMN read_at")
