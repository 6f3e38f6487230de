"""An owner's day and month: who comes, leaves and stays, and what was earned. All of it is only read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import text

from models.money import Money
from models.session import Session


class Movement(StrEnum):
    """What a booking means for a day."""

    ARRIVES = "ARRIVES"
    LEAVES = "LEAVES"
    STAYS = "STAYS"


@dataclass(frozen=True, slots=True)
class Visit:
    """A confirmed booking on some day.

    Attributes:
        arrived: the guest has been checked in.
    """

    booking_id: int
    guest_name: str
    guests: int
    units: Sequence[str]
    starts_at: datetime
    ends_at: datetime
    movement: Movement
    arrived: bool


def visits(session: Session, listing_id: int, since: datetime, until: datetime) -> Sequence[Visit]:
    """Who comes, leaves or stays at a place in this time, those who come first."""
    rows = session.execute(_VISITS, {"listing_id": listing_id, "since": since, "until": until})
    found = [
        Visit(
            row.id,
            row.guest_name,
            row.guests,
            row.units,
            row.starts_at,
            row.ends_at,
            _movement(row.starts_at, row.ends_at, since, until),
            row.arrived,
        )
        for row in rows
    ]
    order = list(Movement)
    return sorted(found, key=lambda visit: (order.index(visit.movement), visit.starts_at, visit.booking_id))


def _movement(starts_at: datetime, ends_at: datetime, since: datetime, until: datetime) -> Movement:
    if since <= starts_at < until:
        return Movement.ARRIVES
    return Movement.LEAVES if since <= ends_at < until else Movement.STAYS


_VISITS = text(
    """
    SELECT b.id, b.guest_name, b.guests, array_agg(u.name ORDER BY u.id) AS units, b.starts_at, b.ends_at,
           EXISTS (SELECT 1 FROM tickets t WHERE t.booking_id = b.id AND t.used_at IS NOT NULL) AS arrived
    FROM allocations a JOIN bookings b ON b.id = a.booking_id JOIN units u ON u.id = a.unit_id
    WHERE a.listing_id = :listing_id AND a.state <> 'RELEASED'
      AND upper(a.during) >= :since AND lower(a.during) < :until
      AND b.ends_at >= :since AND b.status IN ('OWNER_CONFIRMED', 'TICKET_GENERATED', 'COMPLETED')
    GROUP BY b.id
    """
)


@dataclass(frozen=True, slots=True)
class Earned:
    """What a place's confirmed bookings of some time come to.

    Attributes:
        total: with what is paid at the place.
        advance: what was paid through us.
    """

    bookings: int
    total: Money
    advance: Money


def earned(session: Session, listing_id: int, since: datetime, until: datetime) -> Sequence[Earned]:
    """The bookings that were paid in this time and still stand, by currency."""
    rows = session.execute(_EARNED, {"listing_id": listing_id, "since": since, "until": until})
    return [
        Earned(row.n, Money(int(row.total), row.currency), Money(int(row.advance), row.currency))
        for row in rows
    ]


# Nothing that was paid since then can have ended before: the place's own index leads to it.
_EARNED = text(
    """
    SELECT currency, count(*) AS n, sum(total_minor) AS total, sum(advance_minor) AS advance FROM bookings
    WHERE id IN (SELECT booking_id FROM allocations
                 WHERE listing_id = :listing_id AND state <> 'RELEASED' AND upper(during) > :since)
      AND paid_at >= :since AND paid_at < :until
      AND status IN ('OWNER_CONFIRMED', 'TICKET_GENERATED', 'COMPLETED')
    GROUP BY currency ORDER BY currency
    """
)
