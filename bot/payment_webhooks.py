"""Payment providers call back: verify, keep, ring. What they say is never believed, only asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import abort

from bot.door import body_of, until_stored
from integrations.gateway import PaymentGateway, WebhookRefused
from models import db, inbound
from models.clock import Clock
from models.inbound import Incoming

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

STRIPE_PATH = "/api/payments/stripe/webhook"


class StripeCalls:
    """What the door does with a call of Stripe's."""

    def __init__(self, gateway: PaymentGateway, clock: Clock) -> None:
        self._gateway = gateway
        self._clock = clock

    def receive(self, environ: WSGIEnvironment) -> None:
        body = body_of(environ)
        signature = environ.get("HTTP_STRIPE_SIGNATURE")
        if not signature:
            abort(401, "The signature is missing.")
        try:
            notice = self._gateway.verify_webhook(body, signature, now=self._clock.now())
        except WebhookRefused as error:
            abort(403, f"The webhook was refused: {error}")
        payload = {
            "type": notice.type,
            "payment_id": notice.payment_id,
            "reference": notice.reference,
            "intent": notice.intent,
        }
        news = Incoming(
            "stripe",
            notice.external_id,
            "payment",
            payload,
            payment_id=notice.payment_id,
            tells=notice.tells,
        )
        until_stored(lambda: _keep(news, self._clock))


def payment_pages() -> Blueprint:
    pages = Blueprint("payment_pages", __name__)

    @pages.get("/pay/done")
    def done() -> Response:
        """Where a provider's page leads back to; the chat says the rest."""
        return Response(render_template("pay_done.html", paid=request.args.get("outcome") == "paid"))

    return pages


def _keep(news: Incoming, clock: Clock) -> None:
    with db.one_statement() as (cursor, info):
        bells = inbound.keep_payment_news(cursor, info, news, clock.now())
    if bells:
        db.process().ring(bells)
