"""The money of a booking: asking for it, finding it, believing that it came, and owing it back.

As all verbs these are called with the booking's row locked and take a cause, unique with the booking and the
action; the rest of them is in `models/booking.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

from models import action_code, allocation, booking_event, evidence, receipt, ticket
from models.booking_event import SARAI, Actor, known
from models.booking_row import COLUMNS, KEPT_FOR, LOCK, NEWER_OF_SAME_STAY, PUT_TO, REJECTIONS, YES
from models.booking_steps import BookingSteps
from models.cancellation import Policy, refund_due
from models.errors import IllegalTransition, TooManyHolds, WayToPayClosed
from models.hot import Hot, run_together
from models.lifecycle import AWAITING_OWNER, CONFIRMED, LIVE_HOLD, Action, Fact, Status, next_status
from models.money import Money
from models.payee import Payee
from models.payment import COLUMNS as OF_PAYMENT
from models.payment import (
    HAS_MONEY,
    OPEN,
    TAKEN,
    TRANSFER,
    Found,
    Payment,
    PaymentFacts,
    PaymentState,
    Standing,
    is_stuck_authorization,
)
from models.receipt import Outcome
from models.rules import Rules
from models.session import Session

Stands = TypeVar("Stands", bound=Standing)

PART = "part"  # the reason of what happens because only a part of the money came
OTHERS = "others"  # the reason of a search that ends because what was found is somebody else's


class BookingMoney(BookingSteps):
    """What is paid, by whichever way, and what the booking does about it."""

    @classmethod
    def with_payments(cls, session: Session, booking_id: int) -> tuple[Self, Mapping[int, Payment]]:
        """The booking and its payments by their ids, locked in this order and read anew; it has at least one."""
        # What has waited for a lock sees other rows as they were before: the second looks when the lock is ours.
        rows = run_together(session, [(LOCK, {"id": booking_id}), (_WITH_PAYMENTS, {"id": booking_id})])
        if not rows:
            raise LookupError(f"no booking {booking_id}, or nothing to be paid for it")
        booking = cls.from_row(session, rows[0][: len(COLUMNS)])
        of_payments = (row[len(COLUMNS) :] for row in rows)
        payments = Payment.from_rows(session, booking_id, of_payments, lock=True)
        return booking, {payment.id: payment for payment in payments}

    # ---- asking for money ----------------------------------------------------------------------

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
            before = Payment.of_booking(session, self.id)
            self._begin_payment(session, method, before[-1].agreed, now, received=received(before))
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
        """The hold is over and not all came: the place is free again, a remembered yes forgotten.

        A part that came is owed back.
        """
        if known(session, self.id, Action.EXPIRE, cause):
            return
        next_status(Status(self.status), Action.EXPIRE)
        self.hold_until = None
        self._forget_decision()
        payments = self._end_transfers(session, now)
        self._apply(session, Action.EXPIRE, cause=cause, actor=actor, now=now, reason=reason)
        allocation.release(session, self.id)
        action_code.spend_all(session, self.id, now)
        parts = with_money(payments)
        if parts:
            action = Action.RECORD_UNPLACEABLE_PAYMENT
            self._owe_back(session, action, parts[0], received(parts), cause, now, reason=PART)

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

    def _begin_payment(
        self, session: Session, method: str, agreed: Money, now: datetime, *, received: int = 0
    ) -> None:
        """One more attempt; by transfer a little less is asked for, which is due at the place then.

        Args:
            received: what came of the advance before, in minor units.
        """
        assert self.hold_until is not None
        until, self.paid_by = self.hold_until, method
        if method != TRANSFER:
            Payment.begin(session, self.id, method=method, amount=agreed, expires_at=until, now=now)
            self.advance_minor = received + agreed.minor
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
        self.advance_minor = received + payment.amount_minor

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
            if evidence_id is not None or self.kept_for(session) is not None:
                self._note(session, Fact.ADD_EVIDENCE, cause=cause, actor=actor, now=now, data=data)
            return
        self._begin_review(session, rules=rules, cause=cause, actor=actor, data=data, now=now)

    def keep_for_found(
        self, session: Session, evidence_id: int, *, rules: Rules, cause: str, now: datetime
    ) -> None:
        """Money came that is most likely this booking's: the place is kept until somebody has looked.

        A booking that is looked at already, or paid, stays as it is.

        Raises:
            IllegalTransition, TooManyHolds: no transfer is awaited; as of `submit_evidence`.
        """
        if known(session, self.id, Action.SUBMIT_EVIDENCE, cause) or self.status == Status.PAYMENT_REVIEW:
            return
        if self.awaited_transfer(session) is None:
            raise IllegalTransition(status=self.status, action=Action.SUBMIT_EVIDENCE)
        data = {"found": evidence_id}
        self._begin_review(session, rules=rules, cause=cause, actor=SARAI, data=data, now=now)

    def kept_for(self, session: Session) -> int | None:
        """The found money for which the place is kept, while its guest has neither shown nor said anything."""
        if not self.is_in_review:
            return None
        evidence_id: int | None = session.execute(KEPT_FOR, {"id": self.id}).scalar_one()
        return evidence_id

    def end_search(self, session: Session, *, rules: Rules, actor: Actor, cause: str, now: datetime) -> None:
        """What the place was kept for is not this booking's money: its guest goes on where they were."""
        if self.kept_for(session) is not None:
            self.reject_payment(session, reason=OTHERS, actor=actor, rules=rules, cause=cause, now=now)

    def _begin_review(
        self,
        session: Session,
        *,
        rules: Rules,
        cause: str,
        actor: Actor,
        data: dict[str, Any],
        now: datetime,
    ) -> None:
        if self.status == Status.EXPIRED and self._live_holds(session) >= rules.most_holds:
            raise TooManyHolds(most=rules.most_holds)
        # Who was refused too often, or comes for a stay that has begun, blocks the place for nobody.
        may_claim = self.starts_at > now and self.rejections(session) < rules.most_rejections
        if may_claim and self._has_or_claims_place(session, rules=rules, now=now):
            allocation.keep(session, self.id)
        self.held_since, self.hold_until = self.held_since or now, now + rules.review
        self._apply(session, Action.SUBMIT_EVIDENCE, cause=cause, actor=actor, now=now, data=data)

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
        payments = Payment.of_booking(session, self.id, lock=True)
        payment = payments[-1]
        evidence.reject(session, booking_id=self.id, reason=reason, by=actor.person_id, now=now)
        is_last = reason != OTHERS and self.rejections(session) + 1 >= rules.most_rejections
        if is_last or self.starts_at <= now or not self.has_place(session):
            why = None if reason == OTHERS else reason
            self.expire(session, cause=cause, now=now, actor=actor, reason=why)
            return
        self.held_since, self.hold_until = now, now + rules.hold
        allocation.hold(session, self.id, self.hold_until)
        if payment.state not in OPEN:  # it had expired before it was looked for
            self._begin_payment(session, TRANSFER, payment.agreed, now, received=received(payments))
        self._apply(session, Action.REJECT_PAYMENT, cause=cause, actor=actor, now=now, reason=reason)

    @property
    def is_in_review(self) -> bool:
        """Whether somebody looks for a transfer; a reversal is reviewed without an end."""
        return self.status == Status.PAYMENT_REVIEW and self.hold_until is not None

    @property
    def is_reversed(self) -> bool:
        """Whether a bank took the money back of what was paid: reviewed without an end, the place kept."""
        return self.status == Status.PAYMENT_REVIEW and self.hold_until is None

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

    def _end_transfers(self, session: Session, now: datetime) -> Sequence[Payment]:
        """There is no provider to ask: what did not come by now has not come. Returns all payments."""
        payments = Payment.of_booking(session, self.id, lock=True)
        for payment in payments:
            if payment.method == TRANSFER and payment.state in OPEN:
                payment.learn(PaymentFacts(PaymentState.EXPIRED), now)
                payment.write(session)
        return payments

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
        elif payment.state in TAKEN and before not in TAKEN:  # a part of it may be gone before we hear of it
            self._place_capture(session, payment, before, rules=rules, cause=cause, now=now, actor=actor)
        elif (
            before == PaymentState.AUTHORIZED
            and self.status in AWAITING_OWNER
            and not _have_money(self._others(session, payment))
        ):
            self.fail_capture(session, payment, rules=rules, cause=cause, now=now)

    def _place_authorization(
        self, session: Session, payment: Payment, *, rules: Rules, cause: str, now: datetime
    ) -> None:
        """Money is authorized: the booking is paid if its place can still be had, else the money is let go."""
        cause = f"{cause}:payment:{payment.id}"
        others = self._others(session, payment)
        if self.status in _UNPAID and not self.is_reversed and not _have_money(others):
            if self.starts_at > now and self._has_or_claims_place(session, rules=rules, now=now):
                self._record_payment(
                    session, payment, others, cause=cause, now=now, actor=booking_event.PROVIDER
                )
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
        if self.status in _OWES or (self.status in _PAID and self._is_second(session, payment)):
            self._give_second_back(session, payment, cause=cause, now=now)
        elif self.status in AWAITING_OWNER:
            # Also while a second payment is authorized and not let go yet: what was decided is paid.
            if before != PaymentState.AUTHORIZED:  # by another way than was authorized: that one is let go
                self._close_payments(session, cause=cause, now=now)
            if self.decision == YES:
                self.confirm(session, cause=cause, actor=self._decider(session), now=now)
        elif self.is_reversed:
            self._revive(session, payment, cause=cause, now=now, actor=actor)
        elif self.status in _UNPAID:
            self._pay_or_use(session, payment, rules=rules, cause=cause, now=now, actor=actor)
        elif self.status == Status.GUEST_CANCELLED:
            if before == PaymentState.AUTHORIZED and self.decision_made_at is not None:
                # Our own capture landed after the guest's cancel: the owner had decided, the policy holds.
                self._owe_back(
                    session, Action.REQUIRE_REFUND, payment, self._refund_by_policy(payment, now), cause, now
                )
            else:
                newer = self._newer_of_same_stay(session)
                self._use_or_owe_back(session, payment, newer, rules=rules, cause=cause, now=now, actor=actor)
        elif self.status == Status.OWNER_CANCELLED:
            self._owe_back(session, Action.REQUIRE_REFUND, payment, payment.captured_minor, cause, now)

    def _pay_or_use(
        self, session: Session, payment: Payment, *, rules: Rules, cause: str, now: datetime, actor: Actor
    ) -> None:
        """What waited for the money is paid, if its place can still be had."""
        # Bookings are locked before allocations, this one before the newer.
        newer, others = self._newer_of_same_stay(session), self._others(session, payment)
        if self.starts_at > now and self._has_or_claims_place(session, rules=rules, now=now):
            self._record_payment(session, payment, others, cause=cause, now=now, actor=actor)
            if self.decision == YES:
                self.confirm(session, cause=cause, actor=self._decider(session), now=now)
        else:
            allocation.release(session, self.id)
            self._use_or_owe_back(session, payment, newer, rules=rules, cause=cause, now=now, actor=actor)
            self._close_others(session, others, cause=cause, now=now)

    def _record_payment(
        self,
        session: Session,
        payment: Payment,
        others: Sequence[Payment],
        *,
        cause: str,
        now: datetime,
        actor: Actor,
    ) -> None:
        allocation.keep(session, self.id)
        self.paid_at = now
        self.hold_until = None
        # Of several ways to pay it is this one that was taken, besides what came in part before.
        self.advance_minor = received(others) + (payment.captured_minor or payment.amount_minor)
        self._apply(session, Action.RECORD_PAYMENT, cause=cause, actor=actor, now=now)
        self._close_others(session, others, cause=cause, now=now)

    def _close_others(
        self, session: Session, others: Sequence[Payment], *, cause: str, now: datetime
    ) -> None:
        """They had turned to another way meanwhile: its page is not to take money for the same stay."""
        if any(other.state in OPEN for other in others):
            self._close_payments(session, cause=cause, now=now)

    def _revive(self, session: Session, payment: Payment, *, cause: str, now: datetime, actor: Actor) -> None:
        """Money that a bank had taken back is there after all: the booking goes on from where it was.

        The place was kept, whatever the time; yes, commission and ticket are as they were, and are not made again.
        """
        others = self._others(session, payment)
        self._record_payment(session, payment, others, cause=cause, now=now, actor=actor)
        if self.decision != YES:
            return
        self.is_revived = True
        self.confirm(session, cause=cause, actor=self._decider(session), now=now)
        if ticket.resume(session, self.id):
            self._apply(session, Action.ISSUE_TICKET, cause=cause, actor=SARAI, now=now)
            booking_event.demand(
                session, self.id, "tell_revived", booking_event.TURNS, cause=cause, due_at=now, now=now
            )

    def _is_second(self, session: Session, payment: Payment) -> bool:
        return any(other.state in TAKEN for other in self._others(session, payment))

    def _give_second_back(self, session: Session, payment: Payment, *, cause: str, now: datetime) -> None:
        """A provider took money for what was paid before: it counts for nothing, and goes back by a row of its own."""
        found = Found(None, payment.id, payment.captured, None)
        payment.count_nothing()
        payment.write(session)
        data = {"payment_id": payment.id, "amount_minor": found.amount.minor}
        self._note(session, Fact.RECORD_SECOND, cause=cause, actor=booking_event.PROVIDER, now=now, data=data)
        self._keep_receipt(session, found, Outcome.SECOND, payment, found.amount.minor, by=None, now=now)

    def _keep_receipt(
        self,
        session: Session,
        found: Found,
        outcome: Outcome,
        payment: Payment,
        back_minor: int,
        *,
        by: int | None,
        now: datetime,
    ) -> None:
        """The sum that came becomes a row; what of it has to go back is said to the guest and to the admins."""
        row = receipt.keep(
            session,
            found,
            outcome,
            booking_id=self.id,
            payment_id=payment.id,
            back_minor=back_minor,
            by=by,
            now=now,
        )
        if back_minor:
            booking_event.demand(
                session,
                self.id,
                "tell_money_left",
                booking_event.TURNS,
                cause=f"receipt:{row.id}",
                due_at=now,
                now=now,
            )

    def capture_due(self, session: Session) -> Payment | None:
        """The authorized payment that has to be captured now; None once captured, voided or declined."""
        return to_capture(self.status, self.decision, Payment.of_booking(session, self.id))

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
        parts = received(self._others(session, payment))
        self._begin_payment(session, payment.method, payment.agreed, now, received=parts)
        self._apply(
            session,
            Action.FAIL_CAPTURE,
            cause=cause,
            actor=booking_event.PROVIDER,
            now=now,
            data={"payment_id": payment.id, "failure": payment.failure},
        )

    # ---- money without a place -----------------------------------------------------------------

    def _newer_of_same_stay(self, session: Session) -> BookingMoney | None:
        """The guest's newest unpaid booking of the same units at the same time, locked; None where there is none."""
        what = {
            name: getattr(self, name)
            for name in ("id", "person_id", "listing_id", "starts_at", "ends_at", "units", "currency")
        }
        row = session.execute(NEWER_OF_SAME_STAY, what).first()
        return type(self).from_row(session, row) if row is not None else None

    def _use_or_owe_back(
        self,
        session: Session,
        payment: Payment,
        newer: BookingMoney | None,
        *,
        rules: Rules,
        cause: str,
        now: datetime,
        actor: Actor,
    ) -> None:
        """Money whose place is gone or given up: it pays the newer booking of the same stay, or goes back in full."""
        came = received(Payment.of_booking(session, self.id))
        is_whole = came == payment.captured_minor
        if newer is None or not is_whole or not newer._takes_instead(session, payment, rules=rules, now=now):
            self._owe_back(session, Action.RECORD_UNPLACEABLE_PAYMENT, payment, came, cause, now)
            return
        data = {"payment_id": payment.id, "refund_minor": 0, "put_to": newer.id}
        self._apply(session, Action.RECORD_UNPLACEABLE_PAYMENT, cause=cause, actor=SARAI, now=now, data=data)
        # Nothing of it is owed: what a refund would do is done by putting it there.
        for action in (Action.START_REFUND, Action.FINISH_REFUND):
            self._apply(session, action, cause=cause, actor=SARAI, now=now, data=data)
        newer._record_put(session, payment, now=now, actor=actor)

    def _takes_instead(self, session: Session, payment: Payment, *, rules: Rules, now: datetime) -> bool:
        """Whether money that another booking of the stay was paid with is enough for this one, and its place there.

        Enough is what was agreed on: the odd rupees that a transfer is lowered by are due at the place here as
        well. More than the whole stay costs is somebody's mistake, and goes back.
        """
        asked = Payment.of_booking(session, self.id, lock=True)[-1]
        enough = payment.captured_minor + payment.short_minor >= asked.agreed.minor
        if not enough or payment.captured_minor > self.total_minor or self.starts_at <= now:
            return False
        return self._has_or_claims_place(session, rules=rules, now=now)

    def _record_put(self, session: Session, payment: Payment, *, now: datetime, actor: Actor) -> None:
        """Paid by what came for an older booking of the same stay; pages that are open for this one are closed."""
        cause = f"payment:{payment.id}:put"
        put = payment.put_to(session, self.id, now)
        self._record_payment(session, put, self._others(session, put), cause=cause, now=now, actor=actor)
        if self.decision == YES:
            self.confirm(session, cause=cause, actor=self._decider(session), now=now)
        self._close_payments(session, cause=cause, now=now)

    def money_put_to(self, session: Session) -> str | None:
        """The code of the newer booking that this one's money pays, if it does."""
        code: str | None = session.execute(PUT_TO, {"id": self.id}).scalar()
        return code

    # ---- what is owed back ---------------------------------------------------------------------

    def _close_payments(self, session: Session, *, cause: str, now: datetime) -> None:
        """Let a follow-up shut every page that is not what the booking is paid by."""
        booking_event.demand(
            session, self.id, "close_payments", booking_event.PROVIDERS, cause=cause, due_at=now, now=now
        )

    def _others(self, session: Session, payment: Payment) -> list[Payment]:
        return [other for other in Payment.of_booking(session, self.id) if other.id != payment.id]

    def _owe_back(
        self,
        session: Session,
        action: Action,
        payment: Payment,
        minor: int,
        cause: str,
        now: datetime,
        *,
        reason: str | None = None,
    ) -> None:
        if minor <= 0:
            return
        self._apply(
            session,
            action,
            cause=cause,
            actor=SARAI,
            now=now,
            reason=reason,
            data={"payment_id": payment.id, "refund_minor": minor},
        )

    def _refund_by_policy(self, payment: Payment, now: datetime) -> int:
        return refund_due(
            Policy.from_dict(self.policy),
            Money(payment.captured_minor, self.currency),
            Money(0, self.currency),
            self.starts_at,
            self.updated_at,
        ).minor


_WITH_PAYMENTS = Hot(
    "booking_with_payments",
    f"SELECT {', '.join(f'b.{name}' for name in COLUMNS)}, {', '.join(f'p.{name}' for name in OF_PAYMENT)} "
    "FROM bookings b JOIN payments p ON p.booking_id = b.id WHERE b.id = :id ORDER BY p.id FOR NO KEY UPDATE",
    id="bigint",
)


def to_capture(status: str, decision: str | None, payments: Sequence[Stands]) -> Stands | None:
    """The authorized payment that has to be captured now; None once captured, voided, declined or paid otherwise."""
    if status not in AWAITING_OWNER or decision != YES or any(p.state in TAKEN for p in payments):
        return None
    return next((p for p in payments if p.state == PaymentState.AUTHORIZED), None)


def to_close(status: str, payments: Sequence[Stands]) -> list[Stands]:
    """Pages to shut and authorizations to let go: all that is not what the booking is paid by."""
    kept: Stands | None = None
    if status in AWAITING_OWNER | CONFIRMED | {Status.COMPLETED}:
        paid = [p for p in payments if p.state in HAS_MONEY]
        kept = next((p for p in paid if p.state in TAKEN), paid[0] if paid else None)
    elif status in LIVE_HOLD and payments and payments[-1].state in OPEN:
        kept = payments[-1]
    return [
        p
        for p in payments
        if p is not kept
        and (p.state in OPEN or p.state == PaymentState.AUTHORIZED or is_stuck_authorization(p))
    ]


def with_money(payments: Sequence[Payment]) -> Sequence[Payment]:
    """Those by which something came that was not given away since."""
    return [p for p in payments if p.captured_minor and p.state != PaymentState.REFUNDED]


def received(payments: Sequence[Payment]) -> int:
    """What came and was not given away since, in minor units."""
    return sum(p.captured_minor for p in with_money(payments))


def _have_money(payments: Sequence[Payment]) -> bool:
    return any(p.state in HAS_MONEY for p in payments)


_UNPAID = frozenset({Status.PAYMENT_PENDING, Status.PAYMENT_REVIEW, Status.EXPIRED})
_OWES = frozenset({Status.REFUND_REQUIRED, Status.REFUND_INITIATED, Status.REFUND_COMPLETED})
_PAID = AWAITING_OWNER | CONFIRMED | {Status.COMPLETED}
