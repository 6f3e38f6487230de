"""Days that an owner keeps for themselves: on one unit or on all, refused where somebody has booked.

A block holds its units by allocations as a booking does, so that nothing can be booked over it, and it cannot
be made over what is booked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import text

from models import allocation
from models.availability import stay_span
from models.hours import ShiftHours
from models.listing import Listing
from models.session import Session
from models.stay import Shift, Stay, span


@dataclass(frozen=True, slots=True)
class Unit:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Block:
    """Both days are blocked, and all between them.

    Attributes:
        unit: the name of the only unit that is blocked; None for all of the place.
    """

    id: int
    listing_id: int
    unit_id: int | None
    unit: str | None
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A booking or a block that has one of the units in this time.

    Attributes:
        booking_id: None for a block, and then `block_id` is not.
    """

    booking_id: int | None
    block_id: int | None
    code: str | None
    guest_name: str | None
    first: date
    last: date


def blocked_span(listing: Listing, first: date, last: date) -> tuple[datetime, datetime]:
    """From when to when these days are: nights that begin on them, shifts from Day to Night, or whole days."""
    if isinstance(listing.hours, ShiftHours):
        begins, _ = stay_span(listing, listing.hours.stay(first, Shift.FULL_DAY))
        _, ends = stay_span(listing, listing.hours.stay(last, Shift.FULL_DAY))
        return begins, ends
    following = last + timedelta(days=1)
    if listing.hours is not None:
        return span(Stay(first, following), time(), time(), listing.time_zone)
    return stay_span(listing, Stay(first, following))


def units(session: Session, listing: Listing) -> Sequence[Unit]:
    """The units that are in service."""
    rows = session.execute(
        text("SELECT id, name FROM units WHERE listing_id = :id AND active ORDER BY id"), {"id": listing.id}
    )
    return [Unit(*row) for row in rows]


def obstacles(
    session: Session, listing: Listing, first: date, last: date, unit_id: int | None
) -> Sequence[Obstacle]:
    """What stands in the way of blocking these days, in the order of time; a booking of many units once."""
    starts_at, ends_at = blocked_span(listing, first, last)
    rows = session.execute(
        _OBSTACLES,
        {"listing_id": listing.id, "unit_id": unit_id, "starts_at": starts_at, "ends_at": ends_at},
    )
    return [Obstacle(*row) for row in rows]


_OBSTACLES = text(
    """
    SELECT a.booking_id, a.block_id, b.code, b.guest_name,
           coalesce(b.check_in, k.first_day), coalesce(b.check_out, k.last_day)
    FROM allocations a LEFT JOIN bookings b ON b.id = a.booking_id LEFT JOIN blocks k ON k.id = a.block_id
    WHERE a.listing_id = :listing_id AND a.state <> 'RELEASED'
      AND upper(a.during) > :starts_at AND lower(a.during) < :ends_at
      AND (CAST(:unit_id AS bigint) IS NULL OR a.unit_id = :unit_id)
      AND EXISTS (SELECT 1 FROM units u WHERE u.id = a.unit_id AND u.active)
    GROUP BY a.booking_id, a.block_id, b.id, k.id ORDER BY min(lower(a.during)), b.id, k.id
    """
)


def make(
    session: Session,
    listing: Listing,
    first: date,
    last: date,
    *,
    unit_id: int | None,
    made_by: int,
    now: datetime,
) -> bool:
    """Keep these days of one unit, or of all of them; False, and nothing done, where one is not free."""
    wanted = [unit.id for unit in units(session, listing) if unit_id in (None, unit.id)]
    starts_at, ends_at = blocked_span(listing, first, last)
    allocation.one_party_at_a_time(session, listing.id)
    block_id: int = session.execute(
        text(
            "INSERT INTO blocks (listing_id, unit_id, first_day, last_day, made_by, made_at) "
            "VALUES (:listing_id, :unit_id, :first, :last, :made_by, :now) RETURNING id"
        ),
        {
            "listing_id": listing.id,
            "unit_id": unit_id,
            "first": first,
            "last": last,
            "made_by": made_by,
            "now": now,
        },
    ).scalar_one()
    taken = allocation.block(
        session,
        block_id,
        listing_id=listing.id,
        unit_ids=wanted,
        starts_at=starts_at,
        ends_at=ends_at,
        now=now,
    )
    if wanted and taken == len(wanted):
        return True
    session.execute(text("DELETE FROM allocations WHERE block_id = :id"), {"id": block_id})
    session.execute(text("DELETE FROM blocks WHERE id = :id"), {"id": block_id})
    return False


def of_owner(session: Session, owner_id: int, since: date) -> Sequence[Block]:
    """The owner's blocks that are not over, the next ones first."""
    rows = session.execute(
        text(f"{_BLOCKS} AND l.owner_id = :owner_id AND k.last_day >= :since ORDER BY k.first_day, k.id"),
        {"owner_id": owner_id, "since": since},
    )
    return [Block(*row) for row in rows]


def find(session: Session, block_id: int) -> Block | None:
    """The block, unless it is lifted."""
    row = session.execute(text(f"{_BLOCKS} AND k.id = :id"), {"id": block_id}).first()
    return Block(*row) if row is not None else None


_BLOCKS = (
    "SELECT k.id, k.listing_id, k.unit_id, u.name, k.first_day, k.last_day FROM blocks k "
    "JOIN listings l ON l.id = k.listing_id LEFT JOIN units u ON u.id = k.unit_id WHERE k.lifted_at IS NULL"
)


def lift(session: Session, block_id: int, *, lifted_by: int, now: datetime) -> bool:
    """The days can be booked again; False where they already could."""
    lifted = session.execute(
        text(
            "UPDATE blocks SET lifted_by = :by, lifted_at = :now WHERE id = :id AND lifted_at IS NULL RETURNING id"
        ),
        {"id": block_id, "by": lifted_by, "now": now},
    ).first()
    if lifted is None:
        return False
    allocation.unblock(session, block_id)
    return True
