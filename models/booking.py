"""A booking and its verbs: each asks the lifecycle, does what belongs to the change, and records the event.

Every verb is called with the booking's row locked (`Booking.for_update`) and takes a cause, unique with the
booking and the action: called again for the same cause it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import orjson

from models import action_code, allocation, ticket
from models.booking_event import SARAI, Actor, known
from models.booking_found import BookingFound
from models.booking_money import received, with_money
from models.booking_row import NO, PAY_IN_FULL, REWRITE, YES, answers_as_columns, insert
from models.cancellation import Policy, refund_due
from models.errors import AlreadyDecided, IllegalTransition, StayRefused, SummaryChanged, TooManyHolds
from models.lifecycle import AWAITING_OWNER, CONFIRMED, Action, Fact, Status, next_status
from models.listing import Listing
from models.money import Money
from models.payment import Payment, PaymentState
from models.pricing import Quote
from models.rules import Rules
from models.seen import seen
from models.session import Session
from models.stay import Stay


class Booking(BookingFound):
    """A row and its verbs; what a verb changes is written with the event it records."""

    # ---- the draft -----------------------------------------------------------------------------

    @classmethod
    def initiate(
        cls,
        session: Session,
        *,
        person_id: int,
        listing: Listing,
        stay: Stay,
        guests: int,
        guest_name: str,
        quote: Quote,
        answers: Mapping[str, str | None] | None = None,
        cause: str,
        now: datetime,
    ) -> Booking:
        """Make the row when the guest is shown the summary; nothing is taken by it.

        Args:
            answers: to the listing's further questions, what is secret among them sealed.
        """
        row = insert(
            session,
            now.astimezone(ZoneInfo(listing.time_zone)).date(),
            person_id=person_id,
            now=now,
            **answers_as_columns(listing, stay, guests, guest_name, quote, answers),
        )
        booking = seen(session, cls(*row))
        booking._note(session, Fact.INITIATE, cause=cause, actor=Actor("guest", person_id), now=now)
        return booking

    def rewrite(
        self,
        session: Session,
        *,
        listing: Listing,
        stay: Stay,
        guests: int,
        guest_name: str,
        quote: Quote,
        answers: Mapping[str, str | None] | None = None,
        cause: str,
        now: datetime,
    ) -> None:
        """A changed answer: row and quote are written anew in place, until the guest accepts."""
        if known(session, self.id, Fact.REWRITE, cause):
            return
        if self.status != Status.INITIATED:
            raise IllegalTransition(status=self.status, action=Fact.REWRITE)
        changed = answers_as_columns(listing, stay, guests, guest_name, quote, answers)
        self._from_rows(
            session, REWRITE.run(session, id=self.id, now=now, **changed)
        )  # and so is this object
        self._note(session, Fact.REWRITE, cause=cause, actor=Actor("guest", self.person_id), now=now)

    def abandon(self, session: Session, *, cause: str, now: datetime) -> None:
        """The draft is a day old and nobody accepted it."""
        if known(session, self.id, Action.ABANDON, cause):
            return
        self._apply(session, Action.ABANDON, cause=cause, actor=SARAI, now=now)

    # ---- accepting -----------------------------------------------------------------------------

    def request_payment(
        self,
        session: Session,
        *,
        method: str,
        revision: int,
        rules: Rules,
        cause: str,
        now: datetime,
        in_full: bool = False,
    ) -> None:
        """The guest accepts by tapping a way to pay: the place is claimed and a payment begun.

        Args:
            in_full: all of it is paid now, where the summary gave that choice.

        Raises:
            IllegalTransition, SummaryChanged, StayRefused (PAST), TooManyHolds, CouponRefused, PlaceTaken,
                WayToPayClosed: nothing changed.
        """
        if known(session, self.id, Action.REQUEST_PAYMENT, cause):
            return
        self._check_acceptable(session, Action.REQUEST_PAYMENT, revision, rules, now)
        if in_full and not self.priced.full_payment:
            raise IllegalTransition(status=self.status, action=Action.REQUEST_PAYMENT)
        self._check_open(session, method)
        until = now + rules.hold
        self._claim(session, hold_until=until, rules=rules, now=now)
        self.held_since, self.hold_until = now, until
        if in_full:
            self._choose_full_payment(session)
        self._begin_payment(session, method, self.advance, now)
        self._apply(
            session, Action.REQUEST_PAYMENT, cause=cause, actor=Actor("guest", self.person_id), now=now
        )

    def _choose_full_payment(self, session: Session) -> None:
        """From now on the advance is all of it, and nothing is due at the place."""
        self.quote = self.priced.in_full().to_dict()
        self.advance_minor = self.total_minor
        PAY_IN_FULL.write(session, id=self.id, quote=orjson.dumps(self.quote).decode())

    def waive_payment(
        self, session: Session, *, revision: int, rules: Rules, cause: str, now: datetime
    ) -> None:
        """The guest accepts and nothing has to be paid now: the place is claimed and the owner asked.

        Raises:
            As `request_payment`.
        """
        if known(session, self.id, Action.WAIVE_PAYMENT, cause):
            return
        self._check_acceptable(session, Action.WAIVE_PAYMENT, revision, rules, now)
        self._claim(session, hold_until=None, rules=rules, now=now)
        self.held_since = self.paid_at = now
        self._apply(session, Action.WAIVE_PAYMENT, cause=cause, actor=Actor("guest", self.person_id), now=now)

    def _check_acceptable(
        self, session: Session, action: Action, revision: int, rules: Rules, now: datetime
    ) -> None:
        next_status(Status(self.status), action)
        if revision != self.revision:
            raise SummaryChanged(revision=self.revision)
        if self.starts_at <= now:
            raise StayRefused(why="PAST")
        if not Listing.get(session, self.listing_id).active:
            raise StayRefused(why="CLOSED")
        if self._live_holds(session) >= rules.most_holds:
            raise TooManyHolds(most=rules.most_holds)

    # ---- the owner's decision ------------------------------------------------------------------

    def send_request(self, session: Session, *, cause: str, now: datetime) -> None:
        """WhatsApp accepted the owner's request; overtaken by a decision it does nothing."""
        if self.status == Status.PAYMENT_SUCCESS and not known(session, self.id, Action.SEND_REQUEST, cause):
            self._apply(session, Action.SEND_REQUEST, cause=cause, actor=SARAI, now=now)

    def decide(
        self,
        session: Session,
        *,
        yes: bool,
        actor: Actor,
        cause: str,
        now: datetime,
        reason: str | None = None,
    ) -> None:
        """The owner's yes or no, or an admin's in their place: the first decision wins.

        A yes on money that is only authorized is captured by a follow-up, whose result confirms or fails;
        else it confirms at once. A no declines at once.

        Raises:
            AlreadyDecided: says who decided what, and when.
            IllegalTransition: there is nothing to decide (not paid, expired, cancelled).
        """
        if known(session, self.id, Fact.DECIDE, cause):
            return
        if self.decision is not None:
            raise AlreadyDecided(
                decision=self.decision, at=self.decision_made_at, by=self.decision_made_by, status=self.status
            )
        next_status(Status(self.status), Action.CONFIRM if yes else Action.DECLINE)
        if self.status not in AWAITING_OWNER:
            raise IllegalTransition(status=self.status, action=Fact.DECIDE)
        action_code.spend_all(session, self.id, now)
        self.decision = YES if yes else NO
        self.decision_made_at, self.decision_made_by = now, actor.person_id
        self.decision_reason = reason
        self._note(session, Fact.DECIDE, cause=cause, actor=actor, now=now, reason=reason, data={"yes": yes})
        if not yes:
            self._decline(session, actor=actor, cause=cause, now=now, reason=reason)
        elif not self.capture_due(session):
            self.confirm(session, cause=cause, actor=actor, now=now)

    def withdraw(
        self, session: Session, *, actor: Actor, cause: str, now: datetime, reason: str | None = None
    ) -> None:
        """An admin cancels what was confirmed, whatever the owner said: money that was taken is owed in full.

        Or what was paid, and whose money a bank took back.

        Raises:
            IllegalTransition: it is not confirmed, or not any more.
        """
        if known(session, self.id, Action.DECLINE, cause):
            return
        if self.status not in CONFIRMED and not self.is_reversed:
            raise IllegalTransition(status=self.status, action=Action.DECLINE)
        self.decision_reason = reason
        self._decline(session, actor=actor, cause=cause, now=now, reason=reason)

    def _decline(
        self, session: Session, *, actor: Actor, cause: str, now: datetime, reason: str | None
    ) -> None:
        self._apply(session, Action.DECLINE, cause=cause, actor=actor, now=now, reason=reason)
        allocation.release(session, self.id)
        ticket.void(session, self.id, now)
        captured = with_money(Payment.of_booking(session, self.id))
        if captured:
            self._owe_back(session, Action.REQUIRE_REFUND, captured[0], received(captured), cause, now)

    def owner_deadline(self, payments: Sequence[Payment], rules: Rules) -> datetime:
        """When an unanswered request declines by itself.

        The earliest of the owner's deadline, one hour before the start (but not before half an hour has
        passed), and one hour before the authorization's own end.
        """
        assert self.paid_at is not None
        ends = [
            self.paid_at + rules.owner_deadline,
            max(self.starts_at - timedelta(hours=1), self.paid_at + timedelta(minutes=30)),
        ]
        ends += [
            p.capture_before - timedelta(hours=1)
            for p in payments
            if p.capture_before is not None and p.state == PaymentState.AUTHORIZED
        ]
        return min(ends)

    # ---- the stay ------------------------------------------------------------------------------

    def issue_ticket(self, session: Session, *, cause: str, now: datetime) -> bool:
        """True if this call issued it; a booking that is past that or cancelled is left as it is."""
        if self.status != Status.OWNER_CONFIRMED:
            return False
        self._apply(session, Action.ISSUE_TICKET, cause=cause, actor=SARAI, now=now)
        return True

    def check_in_guest(self, session: Session, *, actor: Actor, cause: str, now: datetime) -> bool:
        """The guest has arrived; True if this call says so first."""
        if self.status != Status.TICKET_GENERATED or not ticket.use(session, self.id, actor.person_id, now):
            return False
        self._note(session, Fact.CHECK_IN, cause=cause, actor=actor, now=now)
        return True

    def refund_if_cancelled(self, session: Session, now: datetime) -> Money:
        """What the guest would get back by cancelling now; authorized money is let go, not refunded."""
        captured = received(Payment.of_booking(session, self.id))
        if captured == 0:
            return Money(0, self.currency)
        if self.decision_made_at is None:
            return Money(captured, self.currency)
        return refund_due(
            Policy.from_dict(self.policy),
            Money(captured, self.currency),
            Money(0, self.currency),
            self.starts_at,
            now,
        )

    def cancel_by_guest(self, session: Session, *, cause: str, now: datetime) -> None:
        """The guest gives it up: the place is free, authorized money let go, captured money owed by the policy."""
        if known(session, self.id, Action.CANCEL_BY_GUEST, cause):
            return
        owed = self.refund_if_cancelled(session, now)
        actor = Actor("guest", self.person_id)
        self._apply(
            session,
            Action.CANCEL_BY_GUEST,
            cause=cause,
            actor=actor,
            now=now,
            data={"refund_minor": owed.minor},
        )
        allocation.release(session, self.id)
        action_code.spend_all(session, self.id, now)
        ticket.void(session, self.id, now)
        captured = with_money(Payment.of_booking(session, self.id))
        if captured and owed.minor:
            self._owe_back(session, Action.REQUIRE_REFUND, captured[0], owed.minor, cause, now)

    def complete(self, session: Session, *, cause: str, now: datetime) -> None:
        """The stay is over."""
        if known(session, self.id, Action.COMPLETE, cause):
            return
        self._apply(session, Action.COMPLETE, cause=cause, actor=SARAI, now=now)
