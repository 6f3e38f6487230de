"""What guests thought of their stay: one to five stars, once for each booking, and a word if they like."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text

from models.booking import Booking
from models.lifecycle import Status
from models.session import Session

ENOUGH: Final = 3  # fewer say more about the guest than about the place, and are not shown
COMMENT: Final = 500


def rate(session: Session, booking: Booking, stars: int, *, now: datetime) -> bool:
    """Keep the stars of a stay that is over; False where it was rated before, or is not over.

    The place's sum and count are written with it; the booking comes locked.
    """
    if booking.status != Status.COMPLETED or not 1 <= stars <= 5:
        return False
    rated = {"booking_id": booking.id, "listing_id": booking.listing_id, "stars": stars, "now": now}
    return session.execute(_RATE, rated).first() is not None


_RATE = text(
    "WITH rated AS (INSERT INTO ratings (booking_id, listing_id, stars, rated_at) "
    "VALUES (:booking_id, :listing_id, :stars, :now) ON CONFLICT DO NOTHING RETURNING listing_id, stars) "
    "UPDATE listings l SET ratings = l.ratings + 1, stars = l.stars + rated.stars "
    "FROM rated WHERE l.id = rated.listing_id RETURNING l.id"
)


def comment(session: Session, booking_id: int, said: str) -> None:
    """Keep a word with the stars that were given; the last one counts."""
    session.execute(
        text("UPDATE ratings SET comment = :comment WHERE booking_id = :id"),
        {"id": booking_id, "comment": said[:COMMENT]},
    )


def of_booking(session: Session, booking_id: int) -> tuple[int, str | None] | None:
    """How this booking was rated, and the word that came with it; None while it is not."""
    row = session.execute(
        text("SELECT stars, comment FROM ratings WHERE booking_id = :id"), {"id": booking_id}
    ).first()
    return (row.stars, row.comment) if row is not None else None


def stars_of(session: Session, booking_id: int) -> int | None:
    found = of_booking(session, booking_id)
    return found[0] if found is not None else None


def newest_unrated(session: Session, person_id: int, *, since: datetime) -> int | None:
    """The person's last stay, if it ended after this and has no stars yet."""
    found: int | None = session.execute(
        text(
            "SELECT b.id FROM bookings b LEFT JOIN ratings r ON r.booking_id = b.id "
            f"WHERE b.person_id = :person_id AND b.status = '{Status.COMPLETED}' AND b.ends_at > :since "
            "AND r.booking_id IS NULL ORDER BY b.ends_at DESC LIMIT 1"
        ),
        {"person_id": person_id, "since": since},
    ).scalar()
    return found
