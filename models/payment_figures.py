"""How well payments verify themselves: rates and times of the last day, and which of them call for a person.

Only mails count that may be believed and tell of money for the first time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from models.session import Session

STRETCH: Final = timedelta(hours=24)
SETTLES: Final = timedelta(minutes=1)  # what came just now is being matched

# Beyond these the admins are told, where there were enough to speak of a rate.
MOST_UNMATCHED: Final = 0.20
MOST_EXPIRED: Final = 0.30
SLOW_SECONDS: Final = 5.0
ENOUGH_TOLD: Final = 5
ENOUGH_HELD: Final = 10

TOLD_EVERY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PaymentFigures:
    """Of the last day.

    Attributes:
        told: transfers that mails told of.
        automatic, by_admin: of those, whose booking was found by itself, or by a person.
        unmatched: of those, which are nobody's yet.
        held: bookings that began to wait for money.
        expired: of those, which ended without.
        seconds: from a mail's coming to its booking's being paid, by itself: the middle one; None without any.
        seconds_95: as many as nearly all take at most.
        seconds_by_admin: the same with a person's help, on average.
    """

    told: int
    automatic: int
    by_admin: int
    unmatched: int
    held: int
    expired: int
    seconds: float | None
    seconds_95: float | None
    seconds_by_admin: float | None

    @property
    def match_rate(self) -> float | None:
        return _rate(self.automatic + self.by_admin, self.told)

    @property
    def automatic_rate(self) -> float | None:
        return _rate(self.automatic, self.told)

    @property
    def unmatched_rate(self) -> float | None:
        return _rate(self.unmatched, self.told)

    @property
    def expiry_rate(self) -> float | None:
        return _rate(self.expired, self.held)


def read(session: Session | Connection, now: datetime) -> PaymentFigures:
    """The figures of the day that ends now."""
    when = {"since": now - STRETCH, "now": now, "settled": now - SETTLES}
    told = session.execute(_TOLD, when).one()
    # The day's events are found by their summary index, which is read as a bitmap; else every booking would be.
    session.execute(text("SET LOCAL enable_bitmapscan = on"))
    held = session.execute(_HELD, when).one()
    session.execute(text("SET LOCAL enable_bitmapscan = off"))
    return PaymentFigures(
        told.told,
        told.automatic,
        told.by_admin,
        told.unmatched,
        held.held,
        held.expired,
        told.seconds,
        told.seconds_95,
        told.seconds_by_admin,
    )


def warnings(figures: PaymentFigures) -> Mapping[str, str]:
    """What is not as it should be, a sentence each, by a stable word."""
    found: dict[str, str] = {}
    if figures.told >= ENOUGH_TOLD and (figures.unmatched_rate or 0) > MOST_UNMATCHED:
        found["unmatched"] = (
            f"{figures.unmatched} of {figures.told} transfers of the last 24 hours have found no booking."
        )
    if figures.automatic >= ENOUGH_TOLD and (figures.seconds_95 or 0) > SLOW_SECONDS:
        found["slow"] = f"Transfers take up to {figures.seconds_95:.0f} s from their mail to their booking."
    if figures.held >= ENOUGH_HELD and (figures.expiry_rate or 0) > MOST_EXPIRED:
        found["expired"] = (
            f"{figures.expired} of {figures.held} bookings of the last 24 hours expired without being paid."
        )
    return found


def to_tell(session: Session, warning: str, now: datetime) -> bool:
    """Whether the admins are to be told of this now: once a day, however often it comes and goes."""
    what = {"name": warning, "now": now, "before": now - TOLD_EVERY}
    return session.execute(_TO_TELL, what).first() is not None


def _rate(part: int, whole: int) -> float | None:
    return min(1.0, part / whole) if whole else None


_TOLD = text(
    "SELECT count(*) AS told, count(*) FILTER (WHERE counted AND verified_by IS NULL) AS automatic, "
    "count(*) FILTER (WHERE counted AND verified_by IS NOT NULL) AS by_admin, "
    "count(*) FILTER (WHERE NOT counted AND status <> 'rejected' AND created_at <= :settled) AS unmatched, "
    "percentile_cont(0.5) WITHIN GROUP (ORDER BY took) FILTER (WHERE verified_by IS NULL) AS seconds, "
    "percentile_cont(0.95) WITHIN GROUP (ORDER BY took) FILTER (WHERE verified_by IS NULL) AS seconds_95, "
    "CAST(avg(took) FILTER (WHERE verified_by IS NOT NULL) AS float) AS seconds_by_admin "
    "FROM (SELECT *, CASE WHEN counted THEN CAST(extract(epoch FROM verified_at - created_at) AS float) END AS took "
    "FROM payment_evidence WHERE created_at > :since AND created_at <= :now AND source = 'gmail' "
    "AND kind = 'credit' AND trusted AND duplicate_of IS NULL) e"
)
_HELD = text(
    "SELECT count(*) AS held, count(*) FILTER (WHERE b.status = 'EXPIRED') AS expired FROM booking_events e "
    "JOIN bookings b ON b.id = e.booking_id WHERE e.at > :since AND e.at <= :now AND e.action = 'REQUEST_PAYMENT'"
)
_TO_TELL = text(
    "INSERT INTO payment_warnings (name, told_at) VALUES (:name, :now) "
    "ON CONFLICT (name) DO UPDATE SET told_at = excluded.told_at WHERE payment_warnings.told_at <= :before "
    "RETURNING name"
)
