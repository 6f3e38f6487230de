"""Let transfers that mails tell of find the payments they were made for."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = """
ALTER TABLE payment_evidence
    -- by which people name it: P-7K3Q
    ADD COLUMN code        text UNIQUE,
    ADD COLUMN kind        text NOT NULL DEFAULT 'credit' CHECK (kind IN ('credit', 'reversal')),
    ADD COLUMN known_form  boolean NOT NULL DEFAULT true,
    ADD COLUMN message_id  text,
    ADD COLUMN mail_id     bigint,
    ADD COLUMN codes       text[] NOT NULL DEFAULT '{}',
    ADD COLUMN reverses    text,
    ADD COLUMN told_at     timestamptz,
    ADD COLUMN match_at    timestamptz,
    ADD COLUMN match_round smallint NOT NULL DEFAULT 0,
    ADD COLUMN verdict     text,
    ADD COLUMN counted     boolean NOT NULL DEFAULT false;
-- One money pays once, however many mails and pictures tell of it.
CREATE UNIQUE INDEX money_counts_once ON payment_evidence (coalesce(duplicate_of, id)) WHERE counted;
CREATE INDEX payment_evidence_to_match ON payment_evidence (match_at) WHERE match_at IS NOT NULL;
CREATE INDEX payment_evidence_by_id ON payment_evidence (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX payment_evidence_of_payment ON payment_evidence (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX payment_evidence_repeats ON payment_evidence (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX payment_evidence_undecided ON payment_evidence (id)
    WHERE status IN ('pending', 'matched', 'unmatched') AND source = 'gmail';

CREATE TABLE match_candidates (
    evidence_id bigint NOT NULL REFERENCES payment_evidence,
    round       smallint NOT NULL,
    payment_id  bigint NOT NULL REFERENCES payments,
    score       smallint NOT NULL CHECK (score BETWEEN 0 AND 100),
    why         text[] NOT NULL,
    chosen      boolean NOT NULL,
    PRIMARY KEY (evidence_id, round, payment_id)
);
CREATE INDEX match_candidates_of_payment ON match_candidates (payment_id);

-- The last characters of a transaction id, as a guest typed them.
CREATE TABLE typed_tails (
    payment_id bigint NOT NULL REFERENCES payments,
    tail       text NOT NULL,
    typed_at   timestamptz NOT NULL,
    PRIMARY KEY (payment_id, tail)
);

-- Whose mails may confirm by themselves.
CREATE TABLE issuers (
    issuer      text PRIMARY KEY,
    confirms    boolean NOT NULL,
    switched_by bigint REFERENCES persons,
    switched_at timestamptz NOT NULL
);

-- What an admin changed while we run; the settings of the environment hold for what is not here.
CREATE TABLE switches (
    name        text PRIMARY KEY,
    value       text NOT NULL,
    switched_by bigint REFERENCES persons,
    switched_at timestamptz NOT NULL
);

CREATE INDEX transfers_by_amount ON payments (payee_id, amount_minor, created_at) WHERE payee_id IS NOT NULL;
CREATE INDEX transfers_by_agreed ON payments (payee_id, (amount_minor + short_minor), created_at)
    WHERE payee_id IS NOT NULL;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.get_bind().exec_driver_sql(TABLES)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP INDEX transfers_by_agreed")
    op.execute("DROP INDEX transfers_by_amount")
    for table in ("switches", "issuers", "typed_tails", "match_candidates"):
        op.execute(f"DROP TABLE {table}")
    for index in (
        "payment_evidence_undecided",
        "payment_evidence_repeats",
        "payment_evidence_of_payment",
        "payment_evidence_by_id",
        "payment_evidence_to_match",
        "money_counts_once",
    ):
        op.execute(f"DROP INDEX {index}")
    op.execute(
        "ALTER TABLE payment_evidence DROP COLUMN code, DROP COLUMN kind, DROP COLUMN known_form, DROP COLUMN message_id, "
        "DROP COLUMN mail_id, DROP COLUMN codes, DROP COLUMN reverses, DROP COLUMN told_at, DROP COLUMN match_at, "
        "DROP COLUMN match_round, DROP COLUMN verdict, DROP COLUMN counted"
    )
