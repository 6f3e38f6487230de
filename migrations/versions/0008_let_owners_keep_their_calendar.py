"""Let owners block days, set prices for days, check guests in, and be drawn a calendar."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
-- Days that an owner keeps for themselves; its allocations hold the units, and are let go when it is lifted.
CREATE TABLE blocks (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    listing_id bigint NOT NULL REFERENCES listings,
    unit_id    bigint REFERENCES units,
    first_day  date NOT NULL,
    last_day   date NOT NULL CHECK (last_day >= first_day),
    made_by    bigint NOT NULL REFERENCES persons,
    made_at    timestamptz NOT NULL,
    lifted_by  bigint REFERENCES persons,
    lifted_at  timestamptz
);
CREATE INDEX blocks_of_listing ON blocks (listing_id, last_day) WHERE lifted_at IS NULL;
ALTER TABLE allocations ADD COLUMN block_id bigint REFERENCES blocks;
CREATE INDEX allocations_of_block ON allocations (block_id) WHERE block_id IS NOT NULL;

-- What the owner says of prices from the chat; it goes before what the listings file says.
ALTER TABLE listings ADD COLUMN own_rates jsonb NOT NULL DEFAULT '{}';

ALTER TABLE tickets ADD COLUMN used_by bigint REFERENCES persons;

-- Work for later that belongs to no booking, and that nobody misses should it come to nothing.
CREATE TABLE chores (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job         text NOT NULL,
    args        jsonb NOT NULL,
    cause       text NOT NULL,
    due_at      timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    attempts    smallint NOT NULL DEFAULT 0,
    done_at     timestamptz,
    error       text,
    UNIQUE (cause, job)
);
CREATE INDEX chores_open ON chores (due_at) WHERE done_at IS NULL;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TABLE chores")
    op.execute("ALTER TABLE tickets DROP COLUMN used_by")
    op.execute("ALTER TABLE listings DROP COLUMN own_rates")
    op.execute("ALTER TABLE allocations DROP COLUMN block_id")
    op.execute("DROP TABLE blocks")
