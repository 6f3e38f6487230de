"""What is free: for showing, never for deciding; the claim decides (`models/allocation.py`)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice, zip_longest
from zoneinfo import ZoneInfo

from sqlalchemy import text

from models.allocation import SAMPLE, SAMPLED
from models.hot import Hot
from models.hours import ShiftHours, SlotHours
from models.listing import Listing
from models.session import Session
from models.stay import Mode, Stay, clock_shows, moment, span


def stay_span(listing: Listing, stay: Stay) -> tuple[datetime, datetime]:
    """The stay as a half-open range of UTC times, by the listing's own hours."""
    if stay.shift is not None:
        assert isinstance(listing.hours, ShiftHours)
        period = listing.hours.period(stay.shift)
        return span(stay, period.begins, period.ends, listing.time_zone)
    if stay.start is not None:
        assert stay.minutes is not None
        starts_at = moment(stay.check_in, stay.start, listing.time_zone)
        return starts_at, starts_at + timedelta(minutes=stay.minutes)
    return span(stay, listing.check_in, listing.check_out, listing.time_zone)


def taken_span(listing: Listing, stay: Stay) -> tuple[datetime, datetime]:
    """What its units cannot be used for by others: the stay, and after a visit the buffer."""
    starts_at, ends_at = stay_span(listing, stay)
    if isinstance(listing.hours, SlotHours):
        ends_at += timedelta(minutes=listing.hours.buffer)
    return starts_at, ends_at


def today(listing: Listing, now: datetime) -> date:
    return now.astimezone(ZoneInfo(listing.time_zone)).date()


def units_needed(listing: Listing, guests: int) -> int:
    """How many units a party of so many takes together."""
    return -(-guests // listing.capacity)


def most_guests(session: Session, listing: Listing) -> int:
    """How many guests the place takes when all of it is free."""
    units: int = session.execute(_UNITS, {"listing_id": listing.id}).scalar_one()
    return units * listing.capacity


def is_plainly_free(
    session: Session, listing: Listing, stay: Stay, units: int, *, now: datetime, grace: timedelta
) -> bool:
    """True if so many units are free for the whole stay, seen at a glance; if not, only counting tells.

    A few units are looked at wherever chance leads: in a place that is far from full that is enough, however
    large it is.
    """
    if units > SAMPLE:
        return False
    starts_at, ends_at = taken_span(listing, stay)
    found: int = _PLAINLY_FREE.run(
        session,
        listing_id=listing.id,
        starts_at=starts_at,
        ends_at=ends_at,
        overdue_since=now - grace,
        fraction=random.random(),
        sample=SAMPLE,
        units=units,
    ).scalar()
    return found == units


_PLAINLY_FREE = Hot(
    "plainly_free",
    f"""
SELECT count(*) FROM (
    SELECT 1 FROM {SAMPLED} AS u WHERE NOT EXISTS (
        SELECT 1 FROM allocations a WHERE a.unit_id = u.id AND a.state <> 'RELEASED'
          AND upper(a.during) > :starts_at AND lower(a.during) < :ends_at
          AND NOT (a.state = 'HELD' AND a.hold_until < :overdue_since))
    LIMIT :units) AS free
    """,
    listing_id="bigint",
    starts_at="timestamptz",
    ends_at="timestamptz",
    overdue_since="timestamptz",
    fraction="double precision",
    sample="int",
    units="int",
)


def free_units(session: Session, listing: Listing, stay: Stay, *, now: datetime, grace: timedelta) -> int:
    """How many units are free for the whole stay; overdue holds count as free."""
    starts_at, ends_at = taken_span(listing, stay)
    free: int = session.execute(
        _FREE_UNITS,
        {
            "listing_id": listing.id,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "overdue_since": now - grace,
        },
    ).scalar_one()
    return free


def full_nights(
    session: Session,
    listing: Listing,
    first: date,
    last: date,
    *,
    units: int,
    now: datetime,
    grace: timedelta,
) -> frozenset[date]:
    """The nights from `first` to `last` on which fewer than `units` units are free.

    Cheap while the place is far from full: the nights are only counted one by one where they could be full.
    """
    whole = Stay(first, last + timedelta(days=1))
    if is_plainly_free(session, listing, whole, units, now=now, grace=grace):
        return frozenset()
    starts_at, ends_at = stay_span(listing, whole)
    what = {
        "listing_id": listing.id,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "overdue_since": now - grace,
    }
    capacity, taken = session.execute(_COUNTS, what).one()
    if capacity - taken >= units:
        return frozenset()
    if capacity < units:
        return frozenset(first + timedelta(days=n) for n in range((last - first).days + 1))
    rows = session.execute(
        _PER_NIGHT,
        {
            **what,
            "first": first,
            "last": last,
            "time_zone": listing.time_zone,
            "check_in": listing.check_in,
            "check_out": listing.check_out,
            "enough": capacity - units,
        },
    )
    return frozenset(row.night for row in rows)


_LIVE = (
    "listing_id = :listing_id AND state <> 'RELEASED' AND upper(during) > :starts_at "
    "AND NOT (state = 'HELD' AND hold_until < :overdue_since) "
    # What stands on a unit that is out of service takes nothing from the others.
    "AND NOT unit_id = ANY(ARRAY(SELECT id FROM units WHERE listing_id = :listing_id AND NOT active)) "
)
_UNITS = text("SELECT count(*) FROM units WHERE listing_id = :listing_id AND active")
_FREE_UNITS = text(
    "SELECT (SELECT count(*) FROM units WHERE listing_id = :listing_id AND active) - count(DISTINCT unit_id) "
    f"FROM allocations WHERE {_LIVE} AND during && tstzrange(:starts_at, :ends_at)"
)
_COUNTS = text(
    "SELECT (SELECT count(*) FROM units WHERE listing_id = :listing_id AND active), "
    f"(SELECT count(*) FROM allocations WHERE {_LIVE} AND during && tstzrange(:starts_at, :ends_at))"
)
_PER_NIGHT = text(
    "SELECT night::date AS night FROM generate_series(CAST(:first AS timestamp), CAST(:last AS timestamp), "
    "interval '1 day') AS night JOIN allocations ON "
    f"{_LIVE} AND during && tstzrange((night + CAST(:check_in AS time)) AT TIME ZONE :time_zone, "
    "(night + interval '1 day' + CAST(:check_out AS time)) AT TIME ZONE :time_zone) "
    "GROUP BY night HAVING count(DISTINCT unit_id) > :enough"
)


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What stands on a listing's units for some while: read once, and asked about many stays.

    Attributes:
        taken: for each unit in service, the ranges in which it is not free.
    """

    taken: Sequence[Sequence[tuple[datetime, datetime]]]

    def free(self, starts_at: datetime, ends_at: datetime) -> int:
        """How many units are free for all of this time."""
        return sum(
            not any(begins < ends_at and ends > starts_at for begins, ends in ranges) for ranges in self.taken
        )


def occupancy(
    session: Session,
    listing: Listing,
    first: date,
    last: date,
    *,
    now: datetime,
    grace: timedelta,
) -> Occupancy:
    """What is taken of the stays that begin from `first` to `last`; overdue holds take nothing."""
    rows = session.execute(
        _OCCUPANCY,
        {
            "listing_id": listing.id,
            "starts_at": moment(first, time(0), listing.time_zone),
            # A stay that begins on the last day may end two days later.
            "ends_at": moment(last + timedelta(days=3), time(0), listing.time_zone),
            "overdue_since": now - grace,
        },
    )
    taken: dict[int, list[tuple[datetime, datetime]]] = {}
    for row in rows:
        ranges = taken.setdefault(row.id, [])
        if row.begins is not None:
            ranges.append((row.begins, row.ends))
    return Occupancy(list(taken.values()))


_OCCUPANCY = text(
    "SELECT u.id, lower(a.during) AS begins, upper(a.during) AS ends FROM units u LEFT JOIN allocations a "
    "ON a.unit_id = u.id AND a.state <> 'RELEASED' AND upper(a.during) > :starts_at "
    "AND lower(a.during) < :ends_at AND NOT (a.state = 'HELD' AND a.hold_until < :overdue_since) "
    "WHERE u.listing_id = :listing_id AND u.active"
)


def stays_on(listing: Listing, day: date, minutes: int | None = None) -> list[Stay]:
    """The shifts of a day, or the visits of this length (else of the shortest), whether free or not."""
    if isinstance(listing.hours, ShiftHours):
        return [listing.hours.stay(day, shift) for shift in listing.hours.offered]
    assert isinstance(listing.hours, SlotHours)
    length, zone = minutes or listing.hours.durations[0], listing.time_zone
    starts = (start for start in listing.hours.starts(length) if clock_shows(day, start, zone))
    return [listing.hours.stay(day, start, length, zone) for start in starts]


def free_on(
    listing: Listing,
    taken: Occupancy,
    day: date,
    *,
    units: int,
    now: datetime,
    minutes: int | None = None,
) -> list[Stay]:
    """Those of `stays_on` that have not begun and for which so many units are free."""
    return [stay for stay in stays_on(listing, day, minutes) if _is_free(listing, taken, stay, units, now)]


def _is_free(listing: Listing, taken: Occupancy, stay: Stay, units: int, now: datetime) -> bool:
    """Whether so many units are free for a shift or a slot that has not begun, on a day that takes any."""
    if not listing.rules_on(stay.check_in).takes(stay.check_in):
        return False
    return stay_span(listing, stay)[0] > now and taken.free(*taken_span(listing, stay)) >= units


def nearest_free_stays(
    session: Session,
    listing: Listing,
    stay: Stay,
    *,
    units: int,
    now: datetime,
    grace: timedelta,
    max_days_ahead: int,
    most: int = 3,
) -> Sequence[Stay]:
    """Free stays nearest to the one wished for, earliest first: as long by the night, else of the same mode.

    By shift the same day's others and the same shift of other days take turns; by slot the same day's other
    times come before other days.
    """
    earliest = today(listing, now)
    latest = earliest + timedelta(days=max_days_ahead)
    if stay.mode is not Mode.NIGHTLY:
        taken = occupancy(
            session,
            listing,
            max(earliest, stay.check_in - timedelta(days=14)),
            min(latest, stay.check_in + timedelta(days=30)),
            now=now,
            grace=grace,
        )
        nearest = (
            other
            for other in _by_nearness(listing, stay)
            if earliest <= other.check_in <= latest and _is_free(listing, taken, other, units, now)
        )
        return sorted(islice(nearest, most), key=lambda other: stay_span(listing, other))
    found: list[Stay] = []
    for days in _DAYS_AROUND:
        other = Stay(stay.check_in + timedelta(days=days), stay.check_out + timedelta(days=days))
        if not earliest <= other.check_in <= latest or not listing.rules_on(other.check_in).take(other):
            continue
        if stay_span(listing, other)[0] <= now:
            continue
        if free_units(session, listing, other, now=now, grace=grace) >= units:
            found.append(other)
        if len(found) == most:
            break
    return sorted(found, key=lambda s: s.check_in)


_DAYS_AROUND = sorted((n for n in range(-14, 31) if n), key=lambda days: (abs(days), days < 0))


def _by_nearness(listing: Listing, stay: Stay) -> Iterator[Stay]:
    wished = stay_span(listing, stay)[0]
    same_day = sorted(
        (other for other in stays_on(listing, stay.check_in, stay.minutes) if other != stay),
        key=lambda other: abs(stay_span(listing, other)[0] - wished),
    )
    other_days = [_on(listing, stay, stay.check_in + timedelta(days=days)) for days in _DAYS_AROUND]
    if stay.mode is Mode.SLOT:
        yield from same_day
        yield from other_days
        return
    for pair in zip_longest(same_day, other_days):
        yield from (other for other in pair if other is not None)


def _on(listing: Listing, stay: Stay, day: date) -> Stay:
    """The same shift, or the same time, on another day."""
    if isinstance(listing.hours, ShiftHours):
        assert stay.shift is not None
        return listing.hours.stay(day, stay.shift)
    assert isinstance(listing.hours, SlotHours)
    assert stay.start is not None
    assert stay.minutes is not None
    return listing.hours.stay(day, stay.start, stay.minutes, listing.time_zone)
