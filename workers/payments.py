"""Jobs that ask a payment provider: open a page, settle what it says, close, capture.

Each asks outside any lock, between two units of work, and hands the answer to the booking
(`Booking.record_facts`), which checks again under its lock what it still means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from flows import notices
from integrations.gateway import GatewayError, PaymentGateway
from models import inbound
from models.booking import Booking
from models.booking_event import PROVIDERS, demand
from models.clock import Clock
from models.db import unit_of_work
from models.lifecycle import AWAITING_OWNER, Status
from models.listing import Listing
from models.payment import OPEN, Payment, PaymentFacts, PaymentOrder, PaymentState
from models.rules import Rules
from workers.follow_ups import Due, Later

log = structlog.get_logger()

# A guest who waits for a link is told after so many failures, and can try again by a tap.
LINK_TRIES = 4
RECONCILE_AFTER, RECONCILE_FOR = timedelta(minutes=5), timedelta(days=7)

# What an event would tell at most; a payment that is further needs no look-up for it.
TELLS: Final[Mapping[str, PaymentState]] = {
    "checkout.session.completed": PaymentState.AUTHORIZED,
    "payment_intent.amount_capturable_updated": PaymentState.AUTHORIZED,
    "checkout.session.expired": PaymentState.EXPIRED,
    "payment_intent.canceled": PaymentState.VOIDED,
    "payment_intent.succeeded": PaymentState.CAPTURED,
    "charge.captured": PaymentState.CAPTURED,
}


class PaymentJobs:
    def __init__(self, gateways: Mapping[str, PaymentGateway], *, rules: Rules, clock: Clock) -> None:
        self._gateways = gateways
        self._rules = rules
        self._clock = clock

    def jobs(self) -> Mapping[str, Callable[[Due], Later | None]]:
        return {
            "open_payment": self.open_payment,
            "settle_payment": self.settle_payment,
            "expire_hold": self.expire_hold,
            "close_payments": self.close_payments,
            "capture_payment": self.capture_payment,
        }

    def open_payment(self, due: Due) -> Later | None:
        """Make the page for the newest attempt to pay and send its link as the one bubble."""
        with unit_of_work() as session:
            booking = Booking.get(session, due.booking_id)
            order = self._order_of_newest(session, booking)
            has_others = bool(booking.payments_to_close(session))
        if order is None:
            return None
        if has_others:
            try:
                self.close_payments(due)
            except GatewayError:
                # After some tries the guest may pay all the same; should both be paid, one is given back.
                if due.attempts + 1 < LINK_TRIES:
                    raise
        try:
            link = self._gateways[order.method].create_link(order)
        except GatewayError as error:
            if error.retryable and due.attempts + 1 < LINK_TRIES:
                raise
            log.warning("payment.no_link", payment_id=order.payment_id, code=error.code)
            self._give_up_link(due, order.payment_id, error)
            return None
        facts = PaymentFacts(PaymentState.PENDING, reference=link.reference, url=link.url)
        with unit_of_work() as session:
            now = self._clock.now()
            booking, payment = _locked(session, due.booking_id, order.payment_id)
            payment.learn(facts, now)
            if booking.status == Status.PAYMENT_PENDING:
                payment.link_sent_at = now
                notices.payment_link(session, booking, payment, rules=self._rules, now=now)
        return None

    def _order_of_newest(self, session: Session, booking: Booking) -> PaymentOrder | None:
        """The attempt that still lacks its page; None where the booking waits for no payment any more."""
        if booking.status != Status.PAYMENT_PENDING:
            return None
        payment = Payment.of_booking(session, booking.id)[-1]
        if payment.state not in OPEN or payment.link_sent_at is not None:
            return None
        return self._order(session, booking, payment)

    def _give_up_link(self, due: Due, payment_id: int, error: GatewayError) -> None:
        with unit_of_work() as session:
            now = self._clock.now()
            booking, payment = _locked(session, due.booking_id, payment_id)
            # A page that may exist stays unknown until the provider is asked; one that was refused has failed.
            state = PaymentState.UNKNOWN if error.unknown else PaymentState.FAILED
            payment.learn(PaymentFacts(state, failure=error.code), now)
            if booking.status == Status.PAYMENT_PENDING:
                notices.payment_unavailable(session, booking, rules=self._rules, now=now)

    def settle_payment(self, due: Due) -> Later | None:
        """Something happened to a payment: ask its provider what, and let the booking follow."""
        with unit_of_work() as session:
            payment_id, event_id, type_ = _named_by(session, due.cause)
            payment = session.get_one(Payment, payment_id)
            tells = TELLS.get(type_ or "")
            if event_id is not None and tells is not None and not payment.is_news(tells):
                inbound.finish(session, event_id, outcome="KNOWN", now=self._clock.now())
                return None
            order = self._order(session, Booking.get(session, due.booking_id), payment)
        try:
            facts = self._gateways[order.method].look_up(order)
        except GatewayError as error:
            if event_id is not None:
                raise
            facts = PaymentFacts(PaymentState.UNKNOWN, failure=error.code)
        with unit_of_work() as session:
            now = self._clock.now()
            self._record(session, due, {payment_id: facts}, now)
            if event_id is not None:
                inbound.finish(session, event_id, outcome="DONE", now=now)
                return None
            payment = session.get_one(Payment, payment_id)
            age = now - payment.created_at
            if payment.state in OPEN and age < RECONCILE_FOR:
                return Later(now + max(RECONCILE_AFTER, min(age / 4, timedelta(hours=1))))
        return None

    def expire_hold(self, due: Due) -> Later | None:
        """At a hold's end settle the provider first; then, if nothing changed, free the place.

        While the provider cannot say, the hold moves forward, to the longest that one may be.
        """
        with unit_of_work() as session:
            booking = Booking.get(session, due.booking_id)
            if booking.status != Status.PAYMENT_PENDING or booking.hold_until is None:
                return None
            if booking.hold_until > self._clock.now():
                return Later(booking.hold_until)
            orders = [self._order(session, booking, p) for p in booking.open_payments(session)]
        answers = {order.payment_id: self._ask(order, "expire") for order in orders}
        with unit_of_work() as session:
            now = self._clock.now()
            booking = self._record(session, due, answers, now)
            if booking.status != Status.PAYMENT_PENDING or booking.hold_until is None:
                return None
            if booking.hold_until > now:
                return Later(booking.hold_until)
            unsettled = booking.open_payments(session)
            longest = (booking.held_since or now) + self._rules.longest_hold
            cause = f"follow_up:{due.id}:{now.isoformat()}"
            if unsettled and now < longest:
                until = min(now + self._rules.hold_step, longest)
                booking.renew_hold(session, until, cause=cause, now=now)
                return Later(until)
            booking.expire(session, cause=cause, now=now)
            for payment in unsettled:
                demand(
                    session,
                    booking,
                    "settle_payment",
                    PROVIDERS,
                    cause=f"payment:{payment.id}:after_expiry",
                    due_at=now + RECONCILE_AFTER,
                    now=now,
                )
        return None

    def close_payments(self, due: Due) -> Later | None:
        """Shut every page and let go of every authorization that is not what the booking is paid by."""
        with unit_of_work() as session:
            booking = Booking.get(session, due.booking_id)
            orders = [
                (self._order(session, booking, p), "expire" if p.state in OPEN else "void")
                for p in booking.payments_to_close(session)
            ]
        answers = {order.payment_id: self._ask(order, verb) for order, verb in orders}
        if not answers:
            return None
        with unit_of_work() as session:
            now = self._clock.now()
            self._record(session, due, answers, now)
        unknown = [payment_id for payment_id, facts in answers.items() if facts.state is PaymentState.UNKNOWN]
        if unknown:
            raise GatewayError("close_unknown", retryable=True, unknown=True)
        return None

    def capture_payment(self, due: Due) -> Later | None:
        """Take the authorized money after the owner's yes, then confirm. Done before: nothing happens."""
        with unit_of_work() as session:
            booking = Booking.get(session, due.booking_id)
            payment = booking.capture_due(session)
            if payment is None:
                return None
            order = self._order(session, booking, payment)
        refused: GatewayError | None = None
        facts = PaymentFacts(PaymentState.FAILED)
        try:
            facts = self._gateways[order.method].capture(order, order.amount_minor)
        except GatewayError as error:
            if error.retryable:
                raise  # asked again with the same key; what is not known is never taken for a failure
            refused = error
        with unit_of_work() as session:
            now = self._clock.now()
            cause = f"follow_up:{due.id}"
            if refused is None:
                self._record(session, due, {order.payment_id: facts}, now)
                return None
            booking, payment = _locked(session, due.booking_id, order.payment_id)
            payment.refuse_capture(refused.code, now)
            if booking.status in AWAITING_OWNER:
                booking.fail_capture(session, payment, rules=self._rules, cause=cause, now=now)
        return None

    def _ask(self, order: PaymentOrder, verb: str) -> PaymentFacts:
        """What the provider says; no answer is an answer too: unknown."""
        gateway = self._gateways[order.method]
        try:
            return gateway.expire(order) if verb == "expire" else gateway.void(order)
        except GatewayError as error:
            log.warning("payment.unknown", payment_id=order.payment_id, verb=verb, code=error.code)
            return PaymentFacts(PaymentState.UNKNOWN, failure=error.code)

    def _record(
        self, session: Session, due: Due, answers: Mapping[int, PaymentFacts], now: datetime
    ) -> Booking:
        booking = Booking.for_update(session, due.booking_id)
        for payment in Payment.of_booking(session, booking.id, lock=True):
            if payment.id in answers:
                booking.record_facts(
                    session,
                    payment,
                    answers[payment.id],
                    rules=self._rules,
                    cause=f"follow_up:{due.id}",
                    now=now,
                )
        return booking

    def _order(self, session: Session, booking: Booking, payment: Payment) -> PaymentOrder:
        listing = Listing.get(session, booking.listing_id)
        return PaymentOrder(
            payment_id=payment.id,
            method=payment.method,
            booking_code=booking.code,
            description=f"{listing.name}, {booking.check_in:%d %b %Y} – {booking.check_out:%d %b %Y}",
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            created_at=payment.created_at,
            expires_at=payment.expires_at,
            return_url=f"{self._rules.public_url}/pay/done",
            reference=payment.reference,
            intent=payment.intent,
        )


def _locked(session: Session, booking_id: int, payment_id: int) -> tuple[Booking, Payment]:
    booking = Booking.for_update(session, booking_id)
    payments = Payment.of_booking(session, booking_id, lock=True)
    return booking, next(p for p in payments if p.id == payment_id)


def _named_by(session: Session, cause: str) -> tuple[int, int | None, str | None]:
    """(payment, inbound event, type of event) that a cause names."""
    kind, number, *_ = cause.split(":")
    if kind == "payment":
        return int(number), None, None
    row = session.execute(
        text(
            "SELECT (payload->>'payment_id')::bigint AS payment_id, payload->>'type' AS type "
            "FROM inbound_events WHERE id = :id"
        ),
        {"id": int(number)},
    ).one()
    return row.payment_id, int(number), row.type
