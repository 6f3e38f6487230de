"""A payment provider in this process: small, and strict about what it is asked."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from integrations.gateway import GatewayError, PaymentLink
from models.payment import PaymentFacts, PaymentNotice, PaymentOrder, PaymentState
from tests.properties.clock import StoppedClock

AUTHORIZATION_LASTS = timedelta(days=6)


@dataclass
class Page:
    """One page to pay on, and the money on it.

    Attributes:
        order: as it was first asked for; every repeat has to ask for the same.
    """

    order: PaymentOrder
    closes_at: datetime
    state: PaymentState = PaymentState.PENDING
    capture_before: datetime | None = None
    tries: int = 0


class Bank:
    """Opens pages, takes money on them when a test says so, and answers by its own books alone.

    Attributes:
        pages: by our payment id, in the order in which they were opened.
        complaints: what no caller of the real one should ask for.
        unreliable: how often it does not answer, or refuses a capture, from 0 to 1.
    """

    name = "card"

    def __init__(self, clock: StoppedClock, chance: random.Random) -> None:
        self.pages: dict[int, Page] = {}
        self.complaints: list[str] = []
        self.unreliable = 0.0
        self._clock = clock
        self._chance = chance

    # ---- what the product asks

    def create_link(self, order: PaymentOrder) -> PaymentLink:
        page = self._page(order)
        self._may_not_answer()
        return PaymentLink(_reference(order), f"https://pay.example/{order.payment_id}", page.closes_at)

    def look_up(self, order: PaymentOrder) -> PaymentFacts:
        page = self._page(order)
        self._may_not_answer()
        return self._facts(page)

    def expire(self, order: PaymentOrder) -> PaymentFacts:
        page = self._page(order)
        self._may_not_answer()
        if page.state is PaymentState.PENDING:
            page.state = PaymentState.EXPIRED
        return self._facts(page)

    def capture(self, order: PaymentOrder, amount_minor: int) -> PaymentFacts:
        page = self._page(order)
        if amount_minor != page.order.amount_minor:
            self.complaints.append(f"{amount_minor} is captured of {page.order.amount_minor}")
        self._may_not_answer()
        if page.state is PaymentState.AUTHORIZED and self._chance.random() < self.unreliable / 2:
            raise GatewayError("card_declined", retryable=False)
        if page.state is PaymentState.AUTHORIZED:
            page.state = PaymentState.CAPTURED
        return self._facts(page)

    def void(self, order: PaymentOrder) -> PaymentFacts:
        page = self._page(order)
        self._may_not_answer()
        if page.state in (PaymentState.AUTHORIZED, PaymentState.PENDING):
            page.state = PaymentState.VOIDED
        return self._facts(page)

    def verify_webhook(self, body: bytes, signature: str | None, *, now: Any) -> PaymentNotice:
        raise NotImplementedError

    # ---- what people do on its pages

    def pay(self, payment_id: int) -> PaymentState:
        """Somebody pays, where the page still takes it."""
        page = self.pages[payment_id]
        self._let_time_work(page)
        if page.state is PaymentState.PENDING:
            page.state = PaymentState.AUTHORIZED
            page.capture_before = self._clock.now() + AUTHORIZATION_LASTS
        return page.state

    def fail(self, payment_id: int) -> PaymentState:
        """A card is refused; the page stays open for another."""
        self.pages[payment_id].tries += 1
        return PaymentState.FAILED

    def close(self, payment_id: int) -> PaymentState:
        """The page closes by itself."""
        page = self.pages[payment_id]
        if page.state is PaymentState.PENDING:
            page.state = PaymentState.EXPIRED
        return page.state

    # ---- its books

    def _page(self, order: PaymentOrder) -> Page:
        page = self.pages.get(order.payment_id)
        if page is None:
            closes_at = max(order.expires_at, order.created_at + timedelta(minutes=30))
            page = self.pages[order.payment_id] = Page(order, closes_at)
        asked = (order.amount_minor, order.currency, order.booking_code, order.expires_at, order.created_at)
        known = page.order
        if asked != (
            known.amount_minor,
            known.currency,
            known.booking_code,
            known.expires_at,
            known.created_at,
        ):
            self.complaints.append(f"payment {order.payment_id} is asked for again as another: {order}")
        if order.amount_minor <= 0:
            self.complaints.append(f"a page for nothing: {order}")
        self._let_time_work(page)
        return page

    def _let_time_work(self, page: Page) -> None:
        now = self._clock.now()
        if page.state is PaymentState.PENDING and now >= page.closes_at:
            page.state = PaymentState.EXPIRED
        if page.state is PaymentState.AUTHORIZED and page.capture_before and now >= page.capture_before:
            page.state = PaymentState.VOIDED

    def _facts(self, page: Page) -> PaymentFacts:
        number = page.order.payment_id
        has_money = page.state in (PaymentState.AUTHORIZED, PaymentState.CAPTURED, PaymentState.VOIDED)
        return PaymentFacts(
            page.state,
            reference=_reference(page.order),
            url=f"https://pay.example/{number}",
            intent=f"pi_{number}" if has_money else None,
            amount_minor=page.order.amount_minor,
            currency=page.order.currency,
            capture_before=page.capture_before if page.state is PaymentState.AUTHORIZED else None,
        )

    def _may_not_answer(self) -> None:
        """Whatever was asked may have been done all the same."""
        if self._chance.random() < self.unreliable:
            raise GatewayError("connection_lost", retryable=True, unknown=self._chance.random() < 0.5)


def _reference(order: PaymentOrder) -> str:
    return f"cs_{order.payment_id}"
