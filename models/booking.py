"""A booking and its verbs: each asks the lifecycle, does what belongs to the change, and records the event.

Every verb is called with the booking's row locked (`Booking.for_update`) and takes a cause, unique with the
booking and the action: called again for the same cause it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from models import action_code, allocation, booking_event, coupon, evidence, ticket
from models.availability import taken_span
from models.booking_event import SARAI, Actor, known
from models.booking_row import (
    HOLDS_OF_PERSON,
    PAY_IN_FULL,
    REJECTIONS,
    REWRITE,
    UNITS_HELD,
    BookingRow,
    answers_as_columns,
    insert,
)
from models.cancellation import Policy, refund_due
from models.errors import (
    AlreadyDecided,
    IllegalTransition,
    PlaceTaken,
    StayRefused,
    SummaryChanged,
    TooManyHolds,
    WayToPayClosed,
)
from models.lifecycle import AWAITING_OWNER, CONFIRMED, LIVE_HOLD, Action, Fact, Status, next_status
from models.listing import Listing
from models.money import Money
from models.payee import Payee
from models.payment import (
    HAS_MONEY,
    MANUAL_ADMIN,
    OPEN,
    TRANSFER,
    Payment,
    PaymentFacts,
    PaymentState,
    Standing,
    is_stuck_authorization,
)
from models.pricing import Quote
from models.rules import Rules
from models.seen import seen
from models.stay import Stay

YES, NO = "YES", "NO"

Stands = TypeVar("Stands", bound=Standing)


class Booking(BookingRow):
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

    # ---- asking for money ----------------------------------------------------------------------

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
        PAY_IN_FULL.run(session, id=self.id, quote=orjson.dumps(self.quote).decode())

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

    def retry_payment(self, session: Session, *, method: str, cause: str, now: datetime) -> Payment:
        """Another attempt to pay the same booking, or another way: a new payment, no transition, the same hold.

        The page of the attempt before is closed by a follow-up; should both be paid, one is given back.

        Raises:
            IllegalTransition, WayToPayClosed: nothing changed.
        """
        if not known(session, self.id, Fact.RETRY_PAYMENT, cause):
            if self.status != Status.PAYMENT_PENDING:
                raise IllegalTransition(status=self.status, action=Fact.RETRY_PAYMENT)
            self._check_open(session, method)
            self._begin_payment(session, method, Payment.of_booking(session, self.id)[-1].agreed, now)
            self._note(
                session, Fact.RETRY_PAYMENT, cause=cause, actor=Actor("guest", self.person_id), now=now
            )
        return Payment.of_booking(session, self.id)[-1]

    def renew_hold(self, session: Session, until: datetime, *, cause: str, now: datetime) -> None:
        """The provider cannot say yet: the hold moves forward."""
        if known(session, self.id, Fact.RENEW_HOLD, cause):
            return
        if self.status not in LIVE_HOLD:  # or a place that is paid for would become a rival's to take
            raise IllegalTransition(status=self.status, action=Fact.RENEW_HOLD)
        self.hold_until = until
        allocation.hold(session, self.id, until)
        self._note(
            session, Fact.RENEW_HOLD, cause=cause, actor=SARAI, now=now, data={"until": until.isoformat()}
        )

    def expire(
        self,
        session: Session,
        *,
        cause: str,
        now: datetime,
        actor: Actor = SARAI,
        reason: str | None = None,
    ) -> None:
        """The hold is over and nothing came: the place is free again, a remembered yes forgotten."""
        if known(session, self.id, Action.EXPIRE, cause):
            return
        next_status(Status(self.status), Action.EXPIRE)
        self.hold_until = None
        self._forget_decision()
        self._end_transfers(session, now)
        self._apply(session, Action.EXPIRE, cause=cause, actor=actor, now=now, reason=reason)
        allocation.release(session, self.id)
        action_code.spend_all(session, self.id, now)

    # ---- transfers -----------------------------------------------------------------------------

    def submit_evidence(
        self, session: Session, *, rules: Rules, cause: str, now: datetime, evidence_id: int | None = None
    ) -> None:
        """The guest says, or shows, that the transfer is made: somebody looks for it, and the place is kept.

        After the hold's end the place is claimed again if that can be; the money is looked for in any case.
        What is shown while somebody looks already is added to it.

        Raises:
            IllegalTransition: no transfer is awaited.
            TooManyHolds: the guest has as many other unpaid bookings as one may have.
        """
        if known(session, self.id, Action.SUBMIT_EVIDENCE, cause) or known(
            session, self.id, Fact.ADD_EVIDENCE, cause
        ):
            return
        payment = self.awaited_transfer(session)
        if payment is None:
            raise IllegalTransition(status=self.status, action=Action.SUBMIT_EVIDENCE)
        actor, data = Actor("guest", self.person_id), {"evidence_id": evidence_id}
        if evidence_id is not None:
            evidence.attach(session, evidence_id, booking_id=self.id, payment_id=payment.id)
        if self.status == Status.PAYMENT_REVIEW:
            if evidence_id is not None:
                self._note(session, Fact.ADD_EVIDENCE, cause=cause, actor=actor, now=now, data=data)
            return
        if self.status == Status.EXPIRED and self._live_holds(session) >= rules.most_holds:
            raise TooManyHolds(most=rules.most_holds)
        # Who was refused too often, or comes for a stay that has begun, blocks the place for nobody.
        may_claim = self.starts_at > now and self.rejections(session) < rules.most_rejections
        if may_claim and self._has_or_claims_place(session, rules=rules, now=now):
            allocation.keep(session, self.id)
        self.held_since, self.hold_until = self.held_since or now, now + rules.review
        self._apply(session, Action.SUBMIT_EVIDENCE, cause=cause, actor=actor, now=now, data=data)

    def record_transfer(
        self, session: Session, *, actor: Actor, rules: Rules, cause: str, now: datetime
    ) -> None:
        """An admin has seen the money on the account: it is ours, and the booking follows.

        Also long after the hold, or when the guest has given up: then it is owed back, unless the place is free.

        Raises:
            IllegalTransition: no transfer is awaited, or its money was seen before.
        """
        payment = self.newest_transfer(session)
        if payment is not None and known(session, self.id, Fact.VERIFY, cause):
            return
        if payment is None or payment.state in HAS_MONEY or self.status not in _TAKES_TRANSFER:
            raise IllegalTransition(status=self.status, action=Action.RECORD_PAYMENT)
        data = {"payment_id": payment.id, "amount_minor": payment.amount_minor}
        self._note(session, Fact.VERIFY, cause=cause, actor=actor, now=now, data=data)
        payment.note_verification(session, MANUAL_ADMIN, actor.person_id)
        evidence.verify(
            session,
            booking_id=self.id,
            payment_id=payment.id,
            amount=payment.amount,
            by=actor.person_id,
            now=now,
        )
        facts = PaymentFacts(PaymentState.CAPTURED, amount_minor=payment.amount_minor)
        self.record_facts(session, payment, facts, rules=rules, cause=cause, now=now, actor=actor)
        if any(p.state in OPEN for p in Payment.of_booking(session, self.id)):
            # They had turned to a card meanwhile: its page is not to take money for the same stay.
            booking_event.demand(
                session,
                self.id,
                "close_payments",
                booking_event.PROVIDERS,
                cause=f"payment:{payment.id}:verified",
                due_at=now,
                now=now,
            )

    def reject_payment(
        self, session: Session, *, reason: str, actor: Actor, rules: Rules, cause: str, now: datetime
    ) -> None:
        """The money is not there: the guest is told why and has a new hold to try again.

        The last time, without the place, or when the stay would have begun, the booking expires instead.

        Raises:
            IllegalTransition: no transfer is being looked for.
        """
        if known(session, self.id, Action.REJECT_PAYMENT, cause) or known(
            session, self.id, Action.EXPIRE, cause
        ):
            return
        if not self.is_in_review:
            raise IllegalTransition(status=self.status, action=Action.REJECT_PAYMENT)
        payment = Payment.of_booking(session, self.id, lock=True)[-1]
        evidence.reject(session, booking_id=self.id, reason=reason, by=actor.person_id, now=now)
        is_last = self.rejections(session) + 1 >= rules.most_rejections
        if is_last or self.starts_at <= now or not self.has_place(session):
            self.expire(session, cause=cause, now=now, actor=actor, reason=reason)
            return
        self.held_since, self.hold_until = now, now + rules.hold
        allocation.hold(session, self.id, self.hold_until)
        if payment.state not in OPEN:  # it had expired before it was looked for
            self._begin_payment(session, TRANSFER, payment.agreed, now)
        self._apply(session, Action.REJECT_PAYMENT, cause=cause, actor=actor, now=now, reason=reason)

    @property
    def is_in_review(self) -> bool:
        """Whether somebody looks for a transfer; a reversal is reviewed without an end."""
        return self.status == Status.PAYMENT_REVIEW and self.hold_until is not None

    def newest_transfer(self, session: Session) -> Payment | None:
        """The payment by which the guest was last asked to transfer, if they were."""
        payments = Payment.of_booking(session, self.id, lock=True)
        return next((p for p in reversed(payments) if p.method == TRANSFER), None)

    def awaited_transfer(self, session: Session) -> Payment | None:
        """The transfer that the guest may say is made: the last way they chose, unpaid, however late."""
        payment = self.newest_transfer(session)
        if payment is None or payment.state in HAS_MONEY:
            return None
        if self.status not in (Status.PAYMENT_PENDING, Status.EXPIRED) and not self.is_in_review:
            return None
        return payment if payment is Payment.of_booking(session, self.id)[-1] else None

    def rejections(self, session: Session) -> int:
        """How often a transfer that the guest said was made could not be found."""
        return int(session.execute(REJECTIONS, {"id": self.id}).scalar_one())

    def has_place(self, session: Session) -> bool:
        """Whether all its units are still the booking's own."""
        return bool(UNITS_HELD.run(session, id=self.id).scalar() == self.units)

    def _end_transfers(self, session: Session, now: datetime) -> None:
        """There is no provider to ask: what did not come by now has not come."""
        for payment in Payment.of_booking(session, self.id, lock=True):
            if payment.method == TRANSFER and payment.state in OPEN:
                payment.learn(PaymentFacts(PaymentState.EXPIRED), now)
                payment.write(session)

    # ---- what the provider says ----------------------------------------------------------------

    def record_facts(
        self,
        session: Session,
        payment: Payment,
        facts: PaymentFacts,
        *,
        rules: Rules,
        cause: str,
        now: datetime,
        actor: Actor = booking_event.PROVIDER,
    ) -> None:
        """Take over what the provider says of a payment, and let the booking follow.

        The one way in for a webhook, an answer to our own call, a hold's end, the reconciler and an admin's
        word alike.
        """
        before = payment.state
        is_news = payment.learn(facts, now)
        payment.write(session)
        if not is_news:
            return
        if facts.state is PaymentState.AUTHORIZED:
            self._place_authorization(session, payment, rules=rules, cause=cause, now=now)
        elif facts.state is PaymentState.CAPTURED:
            self._place_capture(session, payment, before, rules=rules, cause=cause, now=now, actor=actor)
        elif (
            before == PaymentState.AUTHORIZED
            and self.status in AWAITING_OWNER
            and not self._paid_otherwise(session, payment)
        ):
            self.fail_capture(session, payment, rules=rules, cause=cause, now=now)

    def _place_authorization(
        self, session: Session, payment: Payment, *, rules: Rules, cause: str, now: datetime
    ) -> None:
        """Money is authorized: the booking is paid if its place can still be had, else the money is let go."""
        cause = f"{cause}:payment:{payment.id}"
        if self.status in (Status.PAYMENT_PENDING, Status.PAYMENT_REVIEW, Status.EXPIRED) and not (
            self._paid_otherwise(session, payment)
        ):
            if self.starts_at > now and self._has_or_claims_place(session, rules=rules, now=now):
                self._record_payment(session, payment, cause=cause, now=now, actor=booking_event.PROVIDER)
                return
        elif self.status not in (Status.GUEST_CANCELLED, Status.OWNER_CANCELLED, Status.EXPIRED):
            self._note(
                session,
                Fact.LATE_AUTHORIZATION,
                cause=cause,
                actor=booking_event.PROVIDER,
                now=now,
                data={"payment_id": payment.id, "second": True},
            )
            return
        self._note(
            session,
            Fact.LATE_AUTHORIZATION,
            cause=cause,
            actor=booking_event.PROVIDER,
            now=now,
            data={"payment_id": payment.id, "second": False},
        )

    def _place_capture(
        self,
        session: Session,
        payment: Payment,
        before: str,
        *,
        rules: Rules,
        cause: str,
        now: datetime,
        actor: Actor,
    ) -> None:
        """Money is ours: it confirms what was decided, pays what waited, or is owed back."""
        cause = f"{cause}:payment:{payment.id}"
        if self.status in AWAITING_OWNER:
            # Also while a second payment is authorized and not let go yet: what was decided is paid.
            if self.decision == YES:
                self.confirm(session, cause=cause, actor=self._decider(session), now=now)
        elif self.status in (Status.PAYMENT_PENDING, Status.PAYMENT_REVIEW, Status.EXPIRED):
            if self.starts_at > now and self._has_or_claims_place(session, rules=rules, now=now):
                self._record_payment(session, payment, cause=cause, now=now, actor=actor)
                if self.decision == YES:
                    self.confirm(session, cause=cause, actor=self._decider(session), now=now)
            else:
                allocation.release(session, self.id)
                self._owe_back(
                    session, Action.RECORD_UNPLACEABLE_PAYMENT, payment, payment.captured_minor, cause, now
                )
        elif self.status == Status.GUEST_CANCELLED:
            if before == PaymentState.AUTHORIZED and self.decision_made_at is not None:
                # Our own capture landed after the guest's cancel: the owner had decided, the policy holds.
                self._owe_back(
                    session, Action.REQUIRE_REFUND, payment, self._refund_by_policy(payment, now), cause, now
                )
            else:
                self._owe_back(
                    session, Action.RECORD_UNPLACEABLE_PAYMENT, payment, payment.captured_minor, cause, now
                )
        elif self.status == Status.OWNER_CANCELLED:
            self._owe_back(session, Action.REQUIRE_REFUND, payment, payment.captured_minor, cause, now)

    def _record_payment(
        self, session: Session, payment: Payment, *, cause: str, now: datetime, actor: Actor
    ) -> None:
        allocation.keep(session, self.id)
        self.paid_at = now
        self.hold_until = None
        self.advance_minor = payment.amount_minor  # of several ways to pay it is this one that was taken
        self._apply(session, Action.RECORD_PAYMENT, cause=cause, actor=actor, now=now)

    def _has_or_claims_place(self, session: Session, *, rules: Rules, now: datetime) -> bool:
        has = UNITS_HELD.run(session, id=self.id).scalar()
        if has == self.units:
            return True
        if has:
            allocation.one_party_at_a_time(session, self.listing_id)
            allocation.release(session, self.id)
        return self._try_claim(session, hold_until=None, rules=rules, now=now)

    def _paid_otherwise(self, session: Session, payment: Payment) -> bool:
        return any(
            other.id != payment.id and other.state in HAS_MONEY
            for other in Payment.of_booking(session, self.id)
        )

    def _owe_back(
        self, session: Session, action: Action, payment: Payment, minor: int, cause: str, now: datetime
    ) -> None:
        if minor <= 0:
            return
        self._apply(
            session,
            action,
            cause=cause,
            actor=SARAI,
            now=now,
            data={"payment_id": payment.id, "refund_minor": minor},
        )

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

        Raises:
            IllegalTransition: it is not confirmed, or not any more.
        """
        if known(session, self.id, Action.DECLINE, cause):
            return
        if self.status not in CONFIRMED:
            raise IllegalTransition(status=self.status, action=Action.DECLINE)
        self.decision_reason = reason
        self._decline(session, actor=actor, cause=cause, now=now, reason=reason)

    def capture_due(self, session: Session) -> Payment | None:
        """The authorized payment that has to be captured now; None once captured, voided or declined."""
        return to_capture(self.status, self.decision, Payment.of_booking(session, self.id))

    def confirm(self, session: Session, *, cause: str, actor: Actor, now: datetime) -> None:
        if known(session, self.id, Action.CONFIRM, cause):
            return
        self._apply(session, Action.CONFIRM, cause=cause, actor=actor, now=now)

    def fail_capture(
        self, session: Session, payment: Payment, *, rules: Rules, cause: str, now: datetime
    ) -> None:
        """The money could not be taken: a new payment and a new hold; the owner's yes is remembered."""
        cause = f"{cause}:payment:{payment.id}"
        if known(session, self.id, Action.FAIL_CAPTURE, cause):
            return
        next_status(Status(self.status), Action.FAIL_CAPTURE)
        self.paid_at = None
        self.held_since, self.hold_until = now, now + rules.hold
        allocation.hold(session, self.id, self.hold_until)
        self._begin_payment(session, payment.method, payment.agreed, now)
        self._apply(
            session,
            Action.FAIL_CAPTURE,
            cause=cause,
            actor=booking_event.PROVIDER,
            now=now,
            data={"payment_id": payment.id, "failure": payment.failure},
        )

    def _decline(
        self, session: Session, *, actor: Actor, cause: str, now: datetime, reason: str | None
    ) -> None:
        self._apply(session, Action.DECLINE, cause=cause, actor=actor, now=now, reason=reason)
        allocation.release(session, self.id)
        ticket.void(session, self.id, now)
        captured = [p for p in Payment.of_booking(session, self.id) if p.state == PaymentState.CAPTURED]
        if captured:
            owed = sum(p.captured_minor for p in captured)
            self._owe_back(session, Action.REQUIRE_REFUND, captured[0], owed, cause, now)

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
        captured = sum(p.captured_minor for p in Payment.of_booking(session, self.id))
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
        captured = [p for p in Payment.of_booking(session, self.id) if p.state == PaymentState.CAPTURED]
        if captured and owed.minor:
            self._owe_back(session, Action.REQUIRE_REFUND, captured[0], owed.minor, cause, now)

    def complete(self, session: Session, *, cause: str, now: datetime) -> None:
        """The stay is over."""
        if known(session, self.id, Action.COMPLETE, cause):
            return
        self._apply(session, Action.COMPLETE, cause=cause, actor=SARAI, now=now)

    # ---- what all verbs share ------------------------------------------------------------------

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

    def _check_acceptable(
        self, session: Session, action: Action, revision: int, rules: Rules, now: datetime
    ) -> None:
        next_status(Status(self.status), action)
        if revision != self.revision:
            raise SummaryChanged(revision=self.revision)
        if self.starts_at <= now:
            raise StayRefused(why="PAST")
        if self._live_holds(session) >= rules.most_holds:
            raise TooManyHolds(most=rules.most_holds)

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

    def _check_open(self, session: Session, method: str) -> Payee | None:
        """Where a transfer for this place goes; None for what is paid on a provider's page.

        Raises:
            WayToPayClosed: no account of ours takes a transfer for this place.
        """
        if method != TRANSFER:
            return None
        payee = Payee.serving(session, self.listing_id)
        if payee is None:
            raise WayToPayClosed(method=method)
        return payee

    def _begin_payment(self, session: Session, method: str, agreed: Money, now: datetime) -> None:
        """One more attempt; by transfer a little less is asked for, which is due at the place then."""
        assert self.hold_until is not None
        until, self.paid_by = self.hold_until, method
        if method != TRANSFER:
            Payment.begin(session, self.id, method=method, amount=agreed, expires_at=until, now=now)
            self.advance_minor = agreed.minor
            return
        payee = self._check_open(session, method)
        assert payee is not None
        in_full = agreed.minor == self.total_minor
        payment = Payment.begin_transfer(
            session,
            self.id,
            payee_id=payee.id,
            agreed=agreed,
            in_full=in_full,
            expires_at=until,
            now=now,
        )
        self.advance_minor = payment.amount_minor

    def _refund_by_policy(self, payment: Payment, now: datetime) -> int:
        return refund_due(
            Policy.from_dict(self.policy),
            Money(payment.captured_minor, self.currency),
            Money(0, self.currency),
            self.starts_at,
            self.updated_at,
        ).minor

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


def to_capture(status: str, decision: str | None, payments: Sequence[Stands]) -> Stands | None:
    """The authorized payment that has to be captured now; None once captured, voided or declined."""
    if status not in AWAITING_OWNER or decision != YES:
        return None
    return next((p for p in payments if p.state == PaymentState.AUTHORIZED), None)


def to_close(status: str, payments: Sequence[Stands]) -> list[Stands]:
    """Pages to shut and authorizations to let go: all that is not what the booking is paid by."""
    kept: Stands | None = None
    if status in AWAITING_OWNER | CONFIRMED | {Status.COMPLETED}:
        kept = next((p for p in payments if p.state in HAS_MONEY), None)
    elif status in LIVE_HOLD and payments and payments[-1].state in OPEN:
        kept = payments[-1]
    return [
        p
        for p in payments
        if p is not kept
        and (p.state in OPEN or p.state == PaymentState.AUTHORIZED or is_stuck_authorization(p))
    ]


_TAKES_TRANSFER = frozenset(
    {Status.PAYMENT_PENDING, Status.PAYMENT_REVIEW, Status.EXPIRED, Status.GUEST_CANCELLED}
)
_COMMISSION_ENDS = frozenset(
    {Status.EXPIRED, Status.OWNER_CANCELLED, Status.GUEST_CANCELLED, Status.REFUND_REQUIRED}
)
