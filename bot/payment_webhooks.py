"""Payment providers call back: verify, keep, ring. What they say is never believed, only asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import abort

from bot.door import body_of, until_stored
from integrations.gateway import PaymentGateway, WebhookRefused
from models import db, inbound
from models.clock import Clock
from models.inbound import Incoming
from models.payment import CARD, RAZORPAY, PaymentNotice

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

STRIPE_PATH = "/api/payments/stripe/webhook"
RAZORPAY_PATH = "/api/payments/razorpay/webhook"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a provider calls, and the header (as WSGI has it) in which it signs."""

    path: str
    header: str


# By way to pay; what the business has not switched on has no address. Paytm's is in `paytm_pages`: a browser comes
# there too, and is answered with a page.
WEBHOOKS: Mapping[str, Webhook] = {
    CARD: Webhook(STRIPE_PATH, "HTTP_STRIPE_SIGNATURE"),
    RAZORPAY: Webhook(RAZORPAY_PATH, "HTTP_X_RAZORPAY_SIGNATURE"),
}


class ProviderCalls:
    """What the door does with a call of a provider's."""

    def __init__(self, gateway: PaymentGateway, header: str, clock: Clock) -> None:
        self._gateway = gateway
        self._header = header
        self._clock = clock

    def receive(self, environ: WSGIEnvironment) -> None:
        body = body_of(environ)
        signature = environ.get(self._header)
        if not signature:
            abort(401, "The signature is missing.")
        try:
            notice = self._gateway.verify_webhook(body, signature, now=self._clock.now())
        except WebhookRefused as error:
            abort(403, f"The webhook was refused: {error}")
        keep_notice(self._gateway.name, notice, self._clock)


def keep_notice(source: str, notice: PaymentNotice, clock: Clock) -> None:
    """Store what was verified to come from a provider, and ring for the question that it makes us ask."""
    payload = {
        "type": notice.type,
        "payment_id": notice.payment_id,
        "reference": notice.reference,
        "intent": notice.intent,
    }
    news = Incoming(
        source,
        notice.external_id,
        "payment",
        payload,
        payment_id=notice.payment_id,
        tells=notice.tells,
    )
    until_stored(lambda: _keep(news, clock))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What somebody reads who comes back from a provider's page; the chat says the rest."""

    heading: str
    sentence: str
    is_good: bool = False


PAID = Outcome(
    "Thank you",
    "You can close this page and go back to WhatsApp. The answer is there in a moment.",
    is_good=True,
)
LEFT = Outcome(
    "Not paid",
    "You can close this page. The link in your WhatsApp chat still works, as long as the place is kept for you.",
)


def payment_pages(*, whatsapp_number: str = "") -> Blueprint:
    pages = Blueprint("payment_pages", __name__)

    @pages.get("/pay/done")
    def done() -> Response:
        """Where a provider's page leads back to."""
        return outcome_page(PAID if request.args.get("outcome") == "paid" else LEFT, whatsapp_number)

    return pages


def outcome_page(outcome: Outcome, whatsapp_number: str, *, status: int = 200) -> Response:
    """A page that leads back to the chat, by a button where our number is known."""
    digits = "".join(filter(str.isdecimal, whatsapp_number))
    chat = f"https://wa.me/{digits}" if digits else None
    page = render_template("pay_done.html", outcome=outcome, chat=chat)
    return Response(page, status=status, headers={"Cache-Control": "no-store"})


def _keep(news: Incoming, clock: Clock) -> None:
    with db.one_statement() as (cursor, info):
        bells = inbound.keep_payment_news(cursor, info, news, clock.now())
    if bells:
        db.process().ring(bells)
