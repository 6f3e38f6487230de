"""What is taken: one row per unit and time range, and the one way to claim one.

PostgreSQL refuses an overlap on the same unit, whatever code path tries (`no_double_booking`). A claim is
`INSERT … ON CONFLICT DO NOTHING RETURNING`: no row means taken, and racing claims cannot deadlock, which a
bare insert does under contention.

Source: docs/decisions/0003-one-constraint-against-double-booking.md
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import text

from models.hot import Hot
from models.session import Session

# A large place is not looked through for every guest: so many units, from a random one on, are compared.
SAMPLE = 32


def claim(
    session: Session,
    *,
    listing_id: int,
    starts_at: datetime,
    ends_at: datetime,
    units: int,
    booking_id: int,
    hold_until: datetime | None,
    grace: timedelta,
    now: datetime,
) -> bool:
    """Take so many units of the listing for this time, all or none; True if they are the booking's now.

    Units are tried in the order that leaves the smallest gap to their neighbours. Only where too few are
    free are rivals' holds that are `grace` overdue let go, as many as are missing, the most overdue first;
    and none where that would not be enough.

    Args:
        hold_until: until when the claim is a hold; None where nothing has to be paid first.
    """
    what = {
        "listing_id": listing_id,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "booking_id": booking_id,
        "state": "HELD" if hold_until else "KEPT",
        "hold_until": hold_until,
        "now": now,
    }
    if units > 1:
        one_party_at_a_time(session, listing_id)
    missing = _claim_free(session, units, what)
    if not missing:
        return True
    what |= {"overdue_since": now - grace, "missing": missing}
    if len(session.scalars(_OVERDUE_UNITS, what).all()) < missing:
        return False  # most who come too late end here, without lining up
    one_party_at_a_time(session, listing_id)
    overdue = session.scalars(_OVERDUE_UNITS, what).all()
    if len(overdue) < missing:
        return False
    session.execute(_LET_GO, {**what, "overdue": overdue})
    return not _claim_free(session, units, what)


def one_party_at_a_time(session: Session, listing_id: int) -> None:
    """Until the commit, nobody else holds units of this place while trying for more.

    A party that has one unit and waits for another's fate, and falls back on a third, would sooner or later
    wait for somebody who waits for it. Who wants one unit has nothing while waiting, and need not line up.
    """
    key = {"lock": _PARTIES_LOCK, "listing": listing_id & 0x7FFFFFFF}
    session.execute(text("SELECT pg_advisory_xact_lock(:lock, :listing)"), key)


_PARTIES_LOCK = 7_271_003  # first half of the advisory lock's key; the second is the listing's id


def _claim_free(session: Session, units: int, what: dict[str, object]) -> int:
    """Claim all of them, or none; how many were missing."""
    taken: list[int] = []
    for unit_id in _free_units(session, units, what):
        if session.execute(_CLAIM, {**what, "unit_id": unit_id}).first() is not None:
            taken.append(unit_id)
        if len(taken) == units:
            return 0
    if taken:
        session.execute(
            text(
                "DELETE FROM allocations WHERE booking_id = :booking_id AND unit_id = ANY(:taken) AND state <> 'RELEASED'"
            ),
            {**what, "taken": taken},
        )
    return units - len(taken)


def _free_units(session: Session, units: int, what: dict[str, object]) -> Iterator[int]:
    """Some that are near each other, then the best of all; rivals take them meanwhile, so until none is left."""
    look = {**what, "fraction": random.random(), "sample": SAMPLE, "most": units + SAMPLE}
    yield from session.scalars(_CANDIDATES_FROM_SAMPLE, look).all()
    while found := session.scalars(_CANDIDATES, look).all():
        yield from found


# On one unit nothing overlaps, so the row that ends first after the start decides whether the unit is free, and
# it and the row before it are the neighbours. A unit with no neighbour within a fortnight comes last.
_FREE_UNITS = """
    SELECT u.id FROM {units} u
    LEFT JOIN LATERAL (
        SELECT lower(a.during) AS starts FROM allocations a
        WHERE a.unit_id = u.id AND a.state <> 'RELEASED' AND upper(a.during) > :starts_at
        ORDER BY upper(a.during) LIMIT 1
    ) next ON true
    LEFT JOIN LATERAL (
        SELECT upper(a.during) AS ends FROM allocations a
        WHERE a.unit_id = u.id AND a.state <> 'RELEASED' AND upper(a.during) <= :starts_at
        ORDER BY upper(a.during) DESC LIMIT 1
    ) last ON true
    WHERE next.starts IS NULL OR next.starts >= :ends_at
    ORDER BY least(coalesce(:starts_at - last.ends, interval '14 days'), interval '14 days')
             + least(coalesce(next.starts - :ends_at, interval '14 days'), interval '14 days'), random()
    LIMIT :most
"""
_CANDIDATES = text(
    _FREE_UNITS.format(units="(SELECT id FROM units WHERE listing_id = :listing_id AND active)")
)
# So many neighbours, by their numbers, from `:fraction` of the way through the place on.
SAMPLED = """(
    SELECT id FROM units WHERE listing_id = :listing_id AND active AND id >= (
        SELECT min(id) + floor(:fraction * (max(id) - min(id) + 1 - least(:sample, max(id) - min(id) + 1)))::bigint
        FROM units WHERE listing_id = :listing_id AND active)
    ORDER BY id LIMIT :sample)"""
_CANDIDATES_FROM_SAMPLE = text(_FREE_UNITS.format(units=SAMPLED))
_CLAIM = text(
    "INSERT INTO allocations (unit_id, listing_id, during, state, hold_until, booking_id, made_at) "
    "VALUES (:unit_id, :listing_id, tstzrange(:starts_at, :ends_at), :state, :hold_until, :booking_id, :now) "
    "ON CONFLICT DO NOTHING RETURNING id"
)
# Units that nothing but overdue holds stands in the way of.
_OVERDUE_UNITS = text(
    "SELECT a.unit_id FROM allocations a JOIN units u ON u.id = a.unit_id AND u.active "
    "WHERE a.listing_id = :listing_id AND a.state <> 'RELEASED' AND a.during && tstzrange(:starts_at, :ends_at) "
    "GROUP BY a.unit_id HAVING bool_and(a.state = 'HELD' AND a.hold_until < :overdue_since) "
    "ORDER BY min(a.hold_until), a.unit_id LIMIT :missing"
)
_LET_GO = text(
    "UPDATE allocations SET state = 'RELEASED', hold_until = NULL WHERE id IN ("
    "SELECT id FROM allocations WHERE unit_id = ANY(:overdue) AND state = 'HELD' AND state <> 'RELEASED' "
    "AND hold_until < :overdue_since AND during && tstzrange(:starts_at, :ends_at) "
    "ORDER BY id FOR NO KEY UPDATE)"
)


# Said so, only the index by booking can serve: of “state = 'HELD'” PostgreSQL may read the index of all holds instead.
_KEEP = Hot(
    "keep_place",
    "UPDATE allocations SET state = 'KEPT', hold_until = NULL "
    "WHERE booking_id = :id AND state <> 'RELEASED' AND state <> 'KEPT'",
    id="bigint",
)
_HOLD = Hot(
    "hold_place",
    "UPDATE allocations SET state = 'HELD', hold_until = :until "
    "WHERE booking_id = :id AND state <> 'RELEASED'",
    id="bigint",
    until="timestamptz",
)


def keep(session: Session, booking_id: int) -> None:
    """The claim is no hold any more: it stays until it is released."""
    _KEEP.write(session, id=booking_id)


def hold(session: Session, booking_id: int, hold_until: datetime) -> None:
    """The claim is a hold until then, whatever it was."""
    _HOLD.write(session, id=booking_id, until=hold_until)


def release(session: Session, booking_id: int) -> None:
    """Whoever comes next may have it."""
    session.execute(
        text(
            "UPDATE allocations SET state = 'RELEASED', hold_until = NULL "
            "WHERE booking_id = :id AND state <> 'RELEASED'"
        ),
        {"id": booking_id},
    )


def block(
    session: Session,
    block_id: int,
    *,
    listing_id: int,
    unit_ids: Sequence[int],
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> int:
    """Take these units for an owner's block, each that is free; how many those were."""
    taken = session.execute(
        text(
            "INSERT INTO allocations (unit_id, listing_id, during, state, block_id, made_at) "
            "SELECT unit_id, :listing_id, tstzrange(:starts_at, :ends_at), 'BLOCKED', :block_id, :now "
            "FROM unnest(CAST(:unit_ids AS bigint[])) AS unit_id ORDER BY unit_id "
            "ON CONFLICT DO NOTHING RETURNING id"
        ),
        {
            "listing_id": listing_id,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "block_id": block_id,
            "unit_ids": list(unit_ids),
            "now": now,
        },
    )
    return len(taken.all())


def unblock(session: Session, block_id: int) -> None:
    """What an owner's block took may be booked again."""
    session.execute(
        text("UPDATE allocations SET state = 'RELEASED' WHERE block_id = :id AND state = 'BLOCKED'"),
        {"id": block_id},
    )
