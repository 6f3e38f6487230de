"""What all verbs of a booking share: recording what they do, and claiming the place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text

from models import allocation, booking_event, coupon
from models.availability import taken_span
from models.booking_event import SARAI, Actor, known
from models.booking_row import HOLDS_OF_PERSON, LOCK_UNITS_HELD, UNITS_HELD, BookingRow
from models.errors import PlaceTaken
from models.lifecycle import Action, Fact, Status, next_status
from models.listing import Listing
from models.rules import Rules
from models.session import Session


class BookingSteps(BookingRow):
    """A row whose every change is written with the event that it records."""

    def note(
        self, session: Session, fact: Fact, *, cause: str, now: datetime, data: dict[str, Any] | None = None
    ) -> bool:
        """Record what changes no status, once per cause; True if this call recorded it."""
        if known(session, self.id, fact, cause):
            return False
        self._note(session, fact, cause=cause, actor=SARAI, now=now, data=data)
        return True

    def _note(
        self,
        session: Session,
        fact: Fact,
        *,
        cause: str,
        actor: Actor,
        now: datetime,
        reason: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        booking_event.record(
            session,
            self,
            fact,
            to=Status(self.status),
            cause=cause,
            actor=actor,
            now=now,
            reason=reason,
            data=data,
        )

    def _apply(
        self,
        session: Session,
        action: Action,
        *,
        cause: str,
        actor: Actor,
        now: datetime,
        reason: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        to = next_status(Status(self.status), action)
        self.updated_at = now
        if to is Status.PAYMENT_SUCCESS and self.referral_code and self.commission_status != "CONFIRMED":
            self.commission_status = "PENDING"
        elif to is Status.OWNER_CONFIRMED and self.commission_status == "PENDING":
            self.commission_status = "CONFIRMED"
        elif to in _COMMISSION_ENDS and self.commission_status in ("PENDING", "CONFIRMED"):
            self.commission_status = "CANCELLED"
        booking_event.record(
            session, self, action, to=to, cause=cause, actor=actor, now=now, reason=reason, data=data
        )

    def _live_holds(self, session: Session) -> int:
        return int(HOLDS_OF_PERSON.run(session, person_id=self.person_id).scalar())

    def _claim(self, session: Session, *, hold_until: datetime | None, rules: Rules, now: datetime) -> None:
        if self.coupon_code is not None:
            coupon.claim(session, self.coupon_code, self.person_id)
        if not self._try_claim(session, hold_until=hold_until, rules=rules, now=now):
            raise PlaceTaken(stay=self.stay, units=self.units)

    def _try_claim(
        self, session: Session, *, hold_until: datetime | None, rules: Rules, now: datetime
    ) -> bool:
        starts_at, ends_at = self.starts_at, self.ends_at
        if self.slot_start is not None:
            starts_at, ends_at = taken_span(Listing.get(session, self.listing_id), self.stay)
        return allocation.claim(
            session,
            listing_id=self.listing_id,
            starts_at=starts_at,
            ends_at=ends_at,
            units=self.units,
            booking_id=self.id,
            hold_until=hold_until,
            grace=rules.hold_grace,
            now=now,
        )

    def has_place(self, session: Session) -> bool:
        """Whether all its units are still the booking's own."""
        return bool(UNITS_HELD.run(session, id=self.id).scalar() == self.units)

    def _has_or_claims_place(self, session: Session, *, rules: Rules, now: datetime) -> bool:
        if self.units > 1:  # before its rows are locked: whoever lines up waits for them
            allocation.one_party_at_a_time(session, self.listing_id)
        has = LOCK_UNITS_HELD.run(session, id=self.id).scalar()
        if has == self.units:
            return True
        if has:
            allocation.release(session, self.id)
        return self._try_claim(session, hold_until=None, rules=rules, now=now)

    def confirm(self, session: Session, *, cause: str, actor: Actor, now: datetime) -> None:
        if known(session, self.id, Action.CONFIRM, cause):
            return
        self._apply(session, Action.CONFIRM, cause=cause, actor=actor, now=now)

    def _decider(self, session: Session) -> Actor:
        """Who made the decision that holds: the last one, where an expiry made an earlier one forgotten."""
        row = session.execute(
            text(
                "SELECT actor, actor_id FROM booking_events WHERE booking_id = :id AND action = 'DECIDE' "
                "ORDER BY id DESC LIMIT 1"
            ),
            {"id": self.id},
        ).one()
        return Actor(row.actor, row.actor_id)

    def _forget_decision(self) -> None:
        self.decision = self.decision_made_at = self.decision_made_by = self.decision_reason = None


_COMMISSION_ENDS = frozenset(
    {Status.EXPIRED, Status.OWNER_CANCELLED, Status.GUEST_CANCELLED, Status.REFUND_REQUIRED}
)
