"""Let admins and staff sign in: accounts, sign-ins, what they may ask how often, and where they did what."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = """
CREATE TABLE accounts (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id      bigint NOT NULL REFERENCES persons,
    login          text NOT NULL UNIQUE CHECK (login = lower(login)),
    name           text NOT NULL,
    role           text NOT NULL CHECK (role IN ('admin', 'staff')),
    grants         jsonb NOT NULL DEFAULT '[]',
    password_hash  text NOT NULL,
    -- Sealed. Codes are asked for once one was shown, and each is taken once.
    totp_secret    text,
    totp_since     timestamptz CHECK (totp_since IS NULL OR totp_secret IS NOT NULL),
    totp_last_step bigint NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL,
    disabled_at    timestamptz
);
CREATE INDEX accounts_of_person ON accounts (person_id);

CREATE TABLE sign_ins (
    id         uuid PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    generation integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    used_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_why  text,
    origin     text NOT NULL,
    agent      text NOT NULL,
    CHECK ((ended_at IS NULL) = (ended_why IS NULL))
);
CREATE INDEX sign_ins_open ON sign_ins (account_id, created_at) WHERE ended_at IS NULL;
CREATE INDEX sign_ins_by_end ON sign_ins (expires_at);

CREATE TABLE sign_in_tries (
    login        text PRIMARY KEY,
    failures     integer NOT NULL DEFAULT 0,
    last_at      timestamptz NOT NULL,
    closed_until timestamptz
);

-- What a crash may forget: everybody begins the minute anew.
CREATE UNLOGGED TABLE call_counts (
    who    text NOT NULL,
    minute timestamptz NOT NULL,
    calls  integer NOT NULL,
    PRIMARY KEY (who, minute)
);

CREATE TABLE idempotency_keys (
    account_id bigint NOT NULL REFERENCES accounts,
    key        text NOT NULL,
    asked      text NOT NULL,
    status     smallint,
    body       bytea,
    made_at    timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);

ALTER TABLE audit ADD COLUMN account_id bigint REFERENCES accounts, ADD COLUMN origin text;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE audit DROP COLUMN account_id, DROP COLUMN origin")
    for table in ("idempotency_keys", "call_counts", "sign_in_tries", "sign_ins", "accounts"):
        op.execute(f"DROP TABLE {table}")
