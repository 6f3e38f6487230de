"""Add the further questions of a listing, a booking's answers to them, and what guests thought of their stay."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "ALTER TABLE listings ADD COLUMN questions jsonb NOT NULL DEFAULT '[]', "
        # How many ratings and their sum, so that a list of places is read without them.
        "ADD COLUMN ratings integer NOT NULL DEFAULT 0, ADD COLUMN stars integer NOT NULL DEFAULT 0"
    )
    op.execute("ALTER TABLE bookings ADD COLUMN answers jsonb")
    op.execute(
        """
        CREATE TABLE ratings (
            booking_id bigint PRIMARY KEY REFERENCES bookings,
            listing_id bigint NOT NULL REFERENCES listings,
            stars      smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
            comment    text,
            rated_at   timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX ratings_of_listing ON ratings (listing_id, rated_at DESC)")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TABLE ratings")
    op.execute("ALTER TABLE bookings DROP COLUMN answers")
    op.execute("ALTER TABLE listings DROP COLUMN questions, DROP COLUMN ratings, DROP COLUMN stars")
