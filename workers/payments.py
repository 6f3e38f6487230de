"""Jobs that ask a payment provider: open a page, settle what it says, close, capture.

Each asks outside any lock, between two units of work, and hands the answer to the booking
(`Booking.record_facts`), which checks again under its lock what it still means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

import structlog

from flows import notices
from integrations.gateway import GatewayError, PaymentGateway, PaymentLink
from models import db, evidence, mail
from models.booking import Booking
from models.booking_event import PROVIDERS, TURNS, demand
from models.booking_money import to_capture, to_close
from models.clock import Clock
from models.db import unit_of_work
from models.hot import Hot
from models.lifecycle import AWAITING_OWNER, Status
from models.payment import (
    HAS_MONEY,
    OPEN,
    TRANSFER,
    Payment,
    PaymentFacts,
    PaymentOrder,
    PaymentState,
    is_news,
    old_news,
)
from models.rules import Rules
from models.session import Session
from workers.errands import Job, Record
from workers.follow_ups import Answered, Due, Later, Outcome

log = structlog.get_logger()

# A guest who waits for a link is told after so many failures, and can try again by a tap.
LINK_TRIES = 4
RECONCILE_AFTER, RECONCILE_FOR = timedelta(minutes=5), timedelta(days=7)

# How a question of our own, about what could not be closed or settled, is told apart from news of the provider's.
AFTERWARDS = "after_expiry"
AFTER_ITS_END = timedelta(seconds=30)
LOOK_AGAIN = timedelta(seconds=1)  # while the mailbox is being read for a hold that has ended
_STATES = frozenset(PaymentState)


class PaymentJobs:
    """
    Args:
        has_mailbox: wallets tell of transfers in a mailbox that we read, so that it is asked before a hold ends.
    """

    def __init__(
        self,
        gateways: Mapping[str, PaymentGateway],
        *,
        rules: Rules,
        clock: Clock,
        has_mailbox: bool = False,
    ) -> None:
        self._gateways = gateways
        self._has_mailbox = has_mailbox
        self._rules = rules
        self._clock = clock

    def jobs(self) -> Mapping[str, Job]:
        return {
            "open_payment": self.open_payment,
            "settle_payment": self.settle_payment,
            "expire_hold": self.expire_hold,
            "close_payments": self.close_payments,
            "capture_payment": self.capture_payment,
        }

    def open_payment(self, due: Due) -> Record | None:
        """Make the page for the newest attempt to pay and send its link as the one bubble."""
        case = self._case(due)
        if case is None or not case.lacks_a_page():
            return None
        if any(p.link_sent_at is not None for p in to_close(case.status, case.payments)):
            # A page whose address nobody was given can wait: its provider may be the one that is away.
            try:
                self.close_payments(due)
            except GatewayError:
                # After some tries the guest may pay all the same; should both be paid, one is given back.
                if due.attempts + 1 < LINK_TRIES:
                    raise
        order = case.payments[-1].order
        if order.method not in self._gateways:
            return self._no_link(due, order.payment_id, GatewayError("switched_off", retryable=False))
        try:
            link = self._gateway(order).create_link(order)
        except GatewayError as error:
            if error.retryable and due.attempts + 1 < LINK_TRIES:
                raise
            log.warning("payment.no_link", payment_id=order.payment_id, code=error.code)
            return self._no_link(due, order.payment_id, error)
        return self._link(due, order.payment_id, link)

    def _link(self, due: Due, payment_id: int, link: PaymentLink) -> Record:
        facts = PaymentFacts(PaymentState.PENDING, reference=link.reference, url=link.url)

        def record(session: Session, now: datetime) -> None:
            booking, payment = _locked(session, due.booking_id, payment_id)
            is_awaited = booking.status == Status.PAYMENT_PENDING
            payment.learn(facts, now)
            if is_awaited:
                payment.link_sent_at = now
            payment.write(session)
            if is_awaited:
                notices.payment_link(session, booking, payment, rules=self._rules, now=now)
            if booking.hold_until is not None and link.expires_at < booking.hold_until:
                # Once it is known to be over, the guest is given another page by a tap.
                _ask_at(session, payment, link.expires_at + AFTER_ITS_END, now)

        return record

    def _no_link(self, due: Due, payment_id: int, error: GatewayError) -> Record:
        def record(session: Session, now: datetime) -> None:
            booking, payment = _locked(session, due.booking_id, payment_id)
            # A page that may exist stays unknown until the provider is asked; one that was refused has failed.
            state = PaymentState.UNKNOWN if error.unknown else PaymentState.FAILED
            payment.learn(PaymentFacts(state, failure=error.code), now)
            payment.write(session)
            if booking.status == Status.PAYMENT_PENDING:
                notices.payment_unavailable(session, booking, rules=self._rules, now=now)

        return record

    def settle_payment(self, due: Due) -> Record | None:
        """Something happened to a payment: ask its provider what, and let the booking follow.

        One answer is the answer to all that was told of the payment before the question.
        """
        payment_id, told = _named_by(due.cause)
        case = self._case(due)
        payment = case.payment(payment_id) if case else None
        if payment is None or (told in _STATES and not is_news(PaymentState(told), payment)):
            return None
        order = payment.order
        try:
            facts, answered = _about(order, self._gateway(order).look_up(order)), payment.told
        except GatewayError as error:
            if told != AFTERWARDS:
                raise
            facts, answered = PaymentFacts(PaymentState.UNKNOWN, failure=error.code), ()

        def record(session: Session, now: datetime) -> Outcome:
            booking, payments = self._record(session, due, {payment_id: facts}, now)
            settled = payments[payment_id]
            is_newest = payment_id == max(payments)
            has_failed = settled.state == PaymentState.FAILED and payment.state in OPEN
            if has_failed and is_newest and booking.status == Status.PAYMENT_PENDING:
                notices.payment_failed(session, booking, rules=self._rules, now=now)
            age = now - settled.created_at
            if told == AFTERWARDS and settled.state in OPEN and age < RECONCILE_FOR:
                return Later(now + max(RECONCILE_AFTER, min(age / 4, timedelta(hours=1))))
            return _answered(settled, also=answered)

        return record

    def expire_hold(self, due: Due) -> Record | Later | None:
        """At a hold's end settle the provider first; then, if nothing changed, free the place.

        While the provider cannot say, the hold moves forward, to the longest that one may be.
        """
        case = self._case(due)
        if case is None or case.status != Status.PAYMENT_PENDING or case.hold_until is None:
            return None
        now = self._clock.now()
        if case.hold_until > now:
            return Later(case.hold_until)
        mails = self._look_for_mail(case, now)
        # Nobody may be there to look; no hold waits for that longer than for a provider.
        if mails is Mails.SOON and now < case.hold_until + self._rules.longest_hold:
            return Later(now + LOOK_AGAIN)
        asked = case.open_orders(besides=TRANSFER if mails is Mails.NOT_NOW else None)
        answers = {order.payment_id: self._ask(order, "expire") for order in asked}

        def record(session: Session, now: datetime) -> Later | None:
            booking, payments = self._record(session, due, answers, now)
            if booking.status != Status.PAYMENT_PENDING or booking.hold_until is None:
                return None
            if booking.hold_until > now:
                return Later(booking.hold_until)
            unsettled = [payment for payment in payments.values() if payment.state in OPEN]
            longest = (booking.held_since or now) + self._rules.longest_hold
            cause = f"follow_up:{due.id}:{now.isoformat()}"
            if unsettled and now < longest:
                until = min(_worth_a_look(unsettled, answers, now, now + self._rules.hold_step), longest)
                booking.renew_hold(session, until, cause=cause, now=now)
                if any(p.id in answers and answers[p.id].open_until is None for p in unsettled):
                    self._alert(session, booking, unsettled[-1], now)
                return Later(until)
            booking.expire(session, cause=cause, now=now)
            for payment in unsettled:
                self._leave_unsettled(session, booking, payment, cause=cause, now=now)
            return None

        return record

    def _alert(self, session: Session, booking: Booking, payment: Payment, now: datetime) -> None:
        """The provider cannot say: an admin hears of it, some time after the guest was sent there."""
        since = payment.link_sent_at or payment.created_at
        due_at = max(now, since + self._rules.payment_alert)
        cause = f"booking:{booking.id}:pending"
        demand(session, booking.id, "alert_pending_payment", TURNS, cause=cause, due_at=due_at, now=now)

    def _leave_unsettled(
        self, session: Session, booking: Booking, payment: Payment, *, cause: str, now: datetime
    ) -> None:
        """Its booking has ended before anybody could say: asked again for days; a transfer is found once it is told of."""
        if payment.method == TRANSFER:
            over = PaymentFacts(PaymentState.EXPIRED)
            booking.record_facts(session, payment, over, rules=self._rules, cause=cause, now=now)
        else:
            _ask_at(session, payment, now + RECONCILE_AFTER, now)

    def _look_for_mail(self, case: _Case, now: datetime) -> Mails:
        """Have the mailbox read up to the hold's end, and see whether it is: a mail may tell of this money.

        One that nobody lets us into is not waited for; while one fails the hold moves forward.
        """
        is_by_transfer = any(order.method == TRANSFER for order in case.open_orders())
        if not self._has_mailbox or not is_by_transfer or case.hold_until is None:
            return Mails.READ
        with unit_of_work() as session:
            stands = mail.standing(session)
            if stands is None or not stands.is_connected:
                return Mails.READ
            if mail.is_read(session, until=case.hold_until):
                return Mails.SOON if evidence.waits_for_matcher(session, now) else Mails.READ
            mail.want(session, now)
        return Mails.NOT_NOW if stands.failures else Mails.SOON

    def close_payments(self, due: Due) -> None:
        """Shut every page and let go of every authorization that is not what the booking is paid by."""
        case = self._case(due)
        closing = to_close(case.status, case.payments) if case else []
        if not closing:
            return
        answers = {
            p.order.payment_id: self._ask(p.order, "expire" if p.state in OPEN else "void") for p in closing
        }
        with unit_of_work() as session:
            now = self._clock.now()
            _, payments = self._record(session, due, answers, now)
            for payment_id, facts in answers.items():
                # It closes by itself alone, or somebody is just paying on it.
                if facts.state is PaymentState.PENDING and payments[payment_id].state in OPEN:
                    _ask_at(session, payments[payment_id], facts.open_until or now + RECONCILE_AFTER, now)
        # What is known is kept; for the rest the job fails and is tried again.
        if any(facts.state is PaymentState.UNKNOWN for facts in answers.values()):
            raise GatewayError("close_unknown", retryable=True, unknown=True)

    def capture_payment(self, due: Due) -> Record | None:
        """Take the authorized money after the owner's yes, then confirm. Done before: nothing happens."""
        case = self._case(due)
        payment = to_capture(case.status, case.decision, case.payments) if case else None
        if payment is None:
            return None
        order = payment.order
        try:
            facts = _about(order, self._gateway(order).capture(order, order.amount_minor))
        except GatewayError as error:
            if error.retryable:
                raise  # asked again with the same key; what is not known is never taken for a failure
            return self._refused(due, order.payment_id, error)

        def record(session: Session, now: datetime) -> Answered:
            _, payments = self._record(session, due, {order.payment_id: facts}, now)
            return _answered(payments[order.payment_id])

        return record

    def _refused(self, due: Due, payment_id: int, error: GatewayError) -> Record:
        def record(session: Session, now: datetime) -> None:
            booking, payment = _locked(session, due.booking_id, payment_id)
            payment.refuse_capture(error.code, now)
            payment.write(session)
            if booking.status in AWAITING_OWNER:
                cause = f"follow_up:{due.id}"
                booking.fail_capture(session, payment, rules=self._rules, cause=cause, now=now)

        return record

    def _ask(self, order: PaymentOrder, verb: str) -> PaymentFacts:
        """What the provider says; no answer is an answer too: unknown."""
        if order.method == TRANSFER:
            return PaymentFacts(PaymentState.EXPIRED)  # nobody can be asked: it is open as long as we say
        try:
            gateway = self._gateway(order)
            return _about(order, gateway.expire(order) if verb == "expire" else gateway.void(order))
        except GatewayError as error:
            log.warning("payment.unknown", payment_id=order.payment_id, verb=verb, code=error.code)
            return PaymentFacts(PaymentState.UNKNOWN, failure=error.code)

    def _gateway(self, order: PaymentOrder) -> PaymentGateway:
        """Whoever collects it.

        Raises:
            GatewayError: the business has taken the keys away since; what becomes of the payment is not known.
        """
        try:
            return self._gateways[order.method]
        except KeyError:
            raise GatewayError("switched_off", retryable=True, unknown=True) from None

    def _record(
        self, session: Session, due: Due, answers: Mapping[int, PaymentFacts], now: datetime
    ) -> tuple[Booking, Mapping[int, Payment]]:
        booking, payments = Booking.with_payments(session, due.booking_id)
        for payment_id, facts in answers.items():
            booking.record_facts(
                session,
                payments[payment_id],
                facts,
                rules=self._rules,
                cause=f"follow_up:{due.id}",
                now=now,
            )
        return booking, payments

    def _case(self, due: Due) -> _Case | None:
        """The booking and its payments as they stand now, unlocked; None if the errand is done already."""
        with db.one_statement() as (cursor, info):
            rows = _CASE.run_on(cursor, info, id=due.id, booking_id=due.booking_id)
        if not rows:
            return None
        status, decision, hold_until, code, check_in, check_out, place = rows[0][:7]
        last = f" – {check_out:%d %b %Y}" if check_out != check_in else ""
        description = f"{place}, {check_in:%d %b %Y}{last}"
        payments = [
            _Attempt(
                PaymentOrder(
                    payment_id=payment_id,
                    method=method,
                    booking_code=code,
                    description=description,
                    amount_minor=amount_minor,
                    currency=currency,
                    created_at=created_at,
                    expires_at=expires_at,
                    return_url=f"{self._rules.public_url}/pay/done",
                    reference=reference,
                    intent=intent,
                ),
                *standing,
            )
            for (
                payment_id,
                method,
                amount_minor,
                currency,
                created_at,
                expires_at,
                reference,
                intent,
                *standing,
            ) in (row[7:] for row in rows if row[7] is not None)
        ]
        return _Case(status, decision, hold_until, payments)


class Mails(Enum):
    """How far the mails are read that came before a hold's end, and are known to be somebody's or nobody's."""

    READ = auto()
    SOON = auto()
    NOT_NOW = auto()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A payment as a job reads it.

    Attributes:
        told: follow-ups, open now, that ask what news of it mean.
    """

    order: PaymentOrder
    state: str
    authorized_at: datetime | None
    link_sent_at: datetime | None
    told: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Case:
    status: str
    decision: str | None
    hold_until: datetime | None
    payments: Sequence[_Attempt]

    def payment(self, payment_id: int) -> _Attempt | None:
        return next((p for p in self.payments if p.order.payment_id == payment_id), None)

    def open_orders(self, *, besides: str | None = None) -> list[PaymentOrder]:
        """What is not settled, but for what is paid in this way."""
        return [p.order for p in self.payments if p.state in OPEN and p.order.method != besides]

    def lacks_a_page(self) -> bool:
        """Whether the booking waits for the newest payment, and its link was not sent yet."""
        if self.status != Status.PAYMENT_PENDING:
            return False
        newest = self.payments[-1]
        return newest.order.method != TRANSFER and newest.state in OPEN and newest.link_sent_at is None


_CASE = Hot(
    "case_of_errand",
    "SELECT b.status, b.decision, b.hold_until, b.code, b.check_in, b.check_out, l.name,"
    " p.id, p.method, p.amount_minor, p.currency, p.created_at, p.expires_at, p.reference, p.intent,"
    " p.state, p.authorized_at, p.link_sent_at,"
    " ARRAY(SELECT t.id FROM follow_ups t WHERE t.booking_id = b.id AND t.done_at IS NULL"
    "  AND t.job = 'settle_payment' AND t.cause LIKE 'payment:' || p.id || ':%:%')"
    " FROM follow_ups f JOIN bookings b ON b.id = f.booking_id JOIN listings l ON l.id = b.listing_id"
    " LEFT JOIN payments p ON p.booking_id = b.id "
    "WHERE f.id = :id AND f.booking_id = :booking_id AND f.done_at IS NULL ORDER BY p.id",
    id="bigint",
    booking_id="bigint",
)


def _about(order: PaymentOrder, facts: PaymentFacts) -> PaymentFacts:
    """The facts, where they are about the money that was asked for.

    A provider collects just that. If it speaks of another amount or currency, something is wrong that a booking
    must not follow; it is asked again, and what does not change by that comes before an admin.

    Raises:
        GatewayError: there is money, and it is not this order's.
    """
    if facts.state in HAS_MONEY:
        if facts.amount_minor not in (None, order.amount_minor):
            raise GatewayError("amount_differs", retryable=True, unknown=True)
        if facts.currency not in (None, order.currency):
            raise GatewayError("currency_differs", retryable=True, unknown=True)
    return facts


def _ask_at(session: Session, payment: Payment, at: datetime, now: datetime) -> None:
    """Ask the provider then what became of a payment, and again until it is over."""
    cause = f"payment:{payment.id}:{AFTERWARDS}"
    demand(session, payment.booking_id, "settle_payment", PROVIDERS, cause=cause, due_at=at, now=now)


def _worth_a_look(
    unsettled: Sequence[Payment], answers: Mapping[int, PaymentFacts], now: datetime, otherwise: datetime
) -> datetime:
    """Until when the place is kept for what is not settled: pages that nobody pays on are over when they say so."""
    ends = [answers[payment.id].open_until if payment.id in answers else None for payment in unsettled]
    known = [end for end in ends if end is not None]
    return max(*known, now + AFTER_ITS_END) if len(known) == len(ends) else otherwise


def _locked(session: Session, booking_id: int, payment_id: int) -> tuple[Booking, Payment]:
    booking, payments = Booking.with_payments(session, booking_id)
    return booking, payments[payment_id]


def _named_by(cause: str) -> tuple[int, str]:
    """The payment, and what is told of it: a state, anything, or that its booking has expired."""
    _, payment_id, told, *_ = cause.split(":")
    return int(payment_id), told


def _answered(payment: Payment, *, also: Sequence[int] = ()) -> Answered:
    """What was told of a payment that has come so far is old news now, whenever it was told."""
    told = old_news(PaymentState(payment.state))
    return Answered(also, [f"payment:{payment.id}:{state}:%" for state in told])
