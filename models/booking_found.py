"""Money that is found: by the matcher or by an admin, all of it, a part, too much, too late, twice, or taken back.

As all verbs these are called with the booking's row locked and take a cause; the same money counts once, whoever
tells of it and how often.
"""

from __future__ import annotations

from datetime import datetime

from models import action_code, allocation, evidence, receipt, ticket
from models.booking_event import Actor, known
from models.booking_money import PART, BookingMoney, received
from models.errors import IllegalTransition
from models.lifecycle import AWAITING_OWNER, CONFIRMED, Action, Fact, Status
from models.money import CurrencyMismatch, Money
from models.payment import (
    HAS_MONEY,
    MANUAL_ADMIN,
    Found,
    Payment,
    PaymentFacts,
    PaymentState,
)
from models.receipt import Outcome, Receipt
from models.rules import Rules
from models.session import Session


class BookingFound(BookingMoney):
    """What found money does."""

    def record_found(
        self, session: Session, found: Found, *, actor: Actor, rules: Rules, cause: str, now: datetime
    ) -> Outcome:
        """Count a transfer that came; says what it did.

        - All that was asked for, or rounded up to what was agreed on: the booking is paid.
        - Less: what is missing is asked for, once with an amount and a hold of its own.
        - More: the booking is paid, and the rest goes back by a row of its own.
        - The place is gone or given up: as `RECORD_UNPLACEABLE_PAYMENT` has it.
        - Paid before: all of it goes back by a row of its own, unless an admin's word was about this very money.

        Raises:
            LookupError: the payment is not the booking's.
            CurrencyMismatch: it came in another currency than was asked for.
        """
        payments = Payment.of_booking(session, self.id, lock=True)
        payment = next((p for p in payments if p.id == found.payment_id), None)
        if payment is None:
            raise LookupError(f"booking {self.id} has no payment {found.payment_id}")
        if found.amount.currency != self.currency:
            raise CurrencyMismatch(f"{found.amount.currency} for {self.currency}")
        if known(session, self.id, Fact.VERIFY, cause):
            return Outcome.KNOWN
        if found.evidence_id is not None:
            if not evidence.count(
                session,
                found.evidence_id,
                booking_id=self.id,
                payment_id=payment.id,
                by=actor.person_id,
                now=now,
            ):
                return Outcome.KNOWN
            # An admin's word was for what was asked for, also where the payer has rounded it up or left off paisa.
            weighed, _ = receipt.weigh(found.amount, asked=payment.amount, agreed=payment.agreed)
            said = payment.amount if weighed is Outcome.EXACT else found.amount
            if receipt.prove(session, payment_id=payment.id, amount=said, evidence_id=found.evidence_id):
                return Outcome.KNOWN
        return self._take(session, found, payment, actor=actor, rules=rules, cause=cause, now=now)

    def record_transfer(
        self, session: Session, *, actor: Actor, rules: Rules, cause: str, now: datetime
    ) -> None:
        """An admin has seen the money on the account, all that was asked for: it is ours, and the booking follows.

        Also long after the hold, or when the guest has given up: then it is owed back, unless the place is free.
        Of what a bank had taken back it says that it is there after all.

        Raises:
            IllegalTransition: no transfer is awaited, or its money was seen before.
        """
        payment = self._taken_back(session) or self.newest_transfer(session)
        if payment is not None and known(session, self.id, Fact.VERIFY, cause):
            return
        if payment is None or payment.state in HAS_MONEY or self.status not in _TAKES_TRANSFER:
            raise IllegalTransition(status=self.status, action=Action.RECORD_PAYMENT)
        missing = self._lost(session) if self.is_reversed else payment.missing
        evidence.verify(
            session,
            booking_id=self.id,
            payment_id=payment.id,
            amount=missing,
            by=actor.person_id,
            now=now,
        )
        found = Found(None, payment.id, missing, MANUAL_ADMIN)
        self._take(session, found, payment, actor=actor, rules=rules, cause=cause, now=now)

    def _taken_back(self, session: Session) -> Payment | None:
        """The payment whose money a bank took back, by whichever way it was paid."""
        if not self.is_reversed:
            return None
        payments = Payment.of_booking(session, self.id, lock=True)
        return next((p for p in payments if p.is_reversed), None)

    def _lost(self, session: Session) -> Money:
        """What of the money that was counted is not there any more: a part of the advance may be."""
        there = received(Payment.of_booking(session, self.id))
        return Money(max(0, self.advance_minor - there), self.currency)

    def _take(
        self,
        session: Session,
        found: Found,
        payment: Payment,
        *,
        actor: Actor,
        rules: Rules,
        cause: str,
        now: datetime,
    ) -> Outcome:
        """What came is noted, weighed, and counted for the payment that is waited for now."""
        payments = Payment.of_booking(session, self.id)
        if self.is_reversed:
            payment = self._taken_back(session) or payment  # another one has its money still
        elif received(payments):
            # Of what is missing it is, by whichever of the amounts that were asked for it is known.
            payment = self.newest_transfer(session) or payment
        is_open = self.status in _TAKES_TRANSFER and (
            self.is_reversed or not any(p.state in HAS_MONEY for p in payments)
        )
        asked, agreed = payment.missing, Money(payment.agreed.minor - payment.captured_minor, self.currency)
        if self.is_reversed:
            asked = self._lost(session)
            rounded = min(agreed.minor, asked.minor + payment.short_minor)
            agreed = Money(max(asked.minor, rounded), self.currency)
        outcome, back = receipt.weigh(found.amount, asked=asked, agreed=agreed)
        if not is_open:
            outcome, back = Outcome.SECOND, found.amount
        data = {
            "payment_id": payment.id,
            "amount_minor": found.amount.minor,
            "how": found.how,
            "outcome": outcome,
        }
        self._note(session, Fact.VERIFY, cause=cause, actor=actor, now=now, data=data)
        if is_open:
            payment.note_verification(session, str(found.how), actor.person_id)
            counted = (found.amount - back).minor
            if outcome is Outcome.PART:
                self._take_part(session, payment, counted, actor=actor, rules=rules, cause=cause, now=now)
            else:
                whole = payment.captured_minor + counted
                facts = PaymentFacts(PaymentState.CAPTURED, amount_minor=whole)
                self.record_facts(session, payment, facts, rules=rules, cause=cause, now=now, actor=actor)
            if self.status in _OWES or self.status == Status.REFUND_COMPLETED:
                outcome = Outcome.LATE
        self._keep_receipt(session, found, outcome, payment, back.minor, by=actor.person_id, now=now)
        return outcome

    # ---- a part --------------------------------------------------------------------------------

    def _take_part(
        self,
        session: Session,
        payment: Payment,
        minor: int,
        *,
        actor: Actor,
        rules: Rules,
        cause: str,
        now: datetime,
    ) -> None:
        """Not enough came: what is missing is asked for while there is a place to pay for, else all of it goes back.

        The first time with a new amount and a new hold. After that the code and the amount stay as they are.
        """
        payments = Payment.of_booking(session, self.id)
        is_first = not received(payments)
        missing = payment.agreed.minor - payment.captured_minor - minor
        payment.take_part(minor)
        if self.is_reversed:
            payment.write(session)
            return  # an admin looks at it already
        waits = self.status == Status.PAYMENT_PENDING or self.is_in_review
        if not waits or self.starts_at <= now or not self._has_or_claims_place(session, rules=rules, now=now):
            payment.learn(PaymentFacts(PaymentState.EXPIRED), now)
            payment.write(session)
            allocation.release(session, self.id)
            cause = f"{cause}:payment:{payment.id}"
            is_declined = self.status == Status.OWNER_CANCELLED
            action = Action.REQUIRE_REFUND if is_declined else Action.RECORD_UNPLACEABLE_PAYMENT
            self._owe_back(session, action, payment, received(payments), cause, now)
            return
        in_review = self.is_in_review
        if is_first or in_review:
            assert self.hold_until is not None
            longer = now + rules.hold
            self.held_since = now
            self.hold_until = longer if in_review else max(self.hold_until, longer)
        assert self.hold_until is not None
        allocation.hold(session, self.id, self.hold_until)
        if is_first:
            payment.learn(PaymentFacts(PaymentState.EXPIRED), now)
        payment.write(session)
        if is_first:
            self._ask_for_rest(session, payment, Money(missing, self.currency), received(payments), now)
            # What is missing may be paid by card as well, but not on a page for all of it.
            self._close_others(session, payments, cause=f"payment:{payment.id}:part", now=now)
        data = {"payment_id": payment.id, "amount_minor": minor, "first": is_first}
        if in_review:
            self._apply(
                session, Action.REJECT_PAYMENT, cause=cause, actor=actor, now=now, reason=PART, data=data
            )
        else:
            self._note(session, Fact.RECORD_PART, cause=cause, actor=actor, now=now, data=data)

    def _ask_for_rest(
        self, session: Session, payment: Payment, missing: Money, received: int, now: datetime
    ) -> None:
        """One more transfer to the same account, with an amount and a code of its own."""
        assert payment.payee_id is not None
        assert self.hold_until is not None
        rest = Payment.begin_transfer(
            session,
            self.id,
            payee_id=payment.payee_id,
            agreed=missing,
            in_full=False,
            expires_at=self.hold_until,
            now=now,
        )
        self.advance_minor = received + rest.amount_minor

    # ---- taken back ----------------------------------------------------------------------------

    def reverse(
        self,
        session: Session,
        taken: Receipt,
        *,
        evidence_id: int | None,
        how: str,
        actor: Actor,
        cause: str,
        now: datetime,
        occurred_at: datetime | None = None,
    ) -> bool:
        """A bank took back what it had credited: what was paid by it is under review, its ticket suspended.

        The place is kept and nothing ends by itself: `record_transfer` says that the money is there after all,
        `withdraw` that it is not. Where the booking was not paid by it, the row and the alert are all there is.

        Returns:
            False where this money was taken back before.
        """
        if known(session, self.id, Action.REVERSE_PAYMENT, cause) or taken.is_reversed(session):
            return False
        payments = Payment.of_booking(session, self.id, lock=True)
        payment = next(p for p in payments if p.id == taken.payment_id)
        row = receipt.keep_reversal(
            session,
            taken,
            evidence_id=evidence_id,
            how=how,
            by=actor.person_id,
            occurred_at=occurred_at,
            now=now,
        )
        counted = min(taken.counted_minor, payment.captured_minor)
        data = {"payment_id": payment.id, "amount_minor": taken.amount_minor, "receipt_id": row.id}
        if counted and payment.state != PaymentState.REFUNDED:
            payment.reverse(counted, now)
            payment.write(session)
        if counted and self.status in AWAITING_OWNER | CONFIRMED:
            action_code.spend_all(session, self.id, now)
            ticket.suspend(session, self.id, now)
            self._apply(session, Action.REVERSE_PAYMENT, cause=cause, actor=actor, now=now, data=data)
        else:
            self._note(session, Fact.RECORD_REVERSAL, cause=cause, actor=actor, now=now, data=data)
        return True


_TAKES_TRANSFER = frozenset(
    {
        Status.PAYMENT_PENDING,
        Status.PAYMENT_REVIEW,
        Status.EXPIRED,
        Status.GUEST_CANCELLED,
        Status.OWNER_CANCELLED,
    }
)
_OWES = frozenset({Status.REFUND_REQUIRED, Status.REFUND_INITIATED})
