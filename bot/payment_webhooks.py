"""Payment providers call back: verify, keep, ring. What they say is never believed, only asked about."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from bot.whatsapp_webhook import MOST_BYTES, until_stored
from integrations.clients import Clients
from integrations.gateway import WebhookRefused
from models import db, inbound
from models.clock import Clock
from models.inbound import Incoming


def payment_webhooks(clients: Clients, clock: Clock) -> Blueprint:
    door = Blueprint("payment_webhooks", __name__)

    @door.post("/api/payments/stripe/webhook")
    def stripe() -> Response:
        return _receive("stripe", clients.gateways["card"], request.headers.get("Stripe-Signature"), clock)

    @door.get("/pay/done")
    def done() -> Response:
        """Where a provider's page leads back to; the chat says the rest."""
        return Response(render_template("pay_done.html", paid=request.args.get("outcome") == "paid"))

    return door


def _receive(source: str, gateway: Any, signature: str | None, clock: Clock) -> Response:
    if (request.content_length or 0) > MOST_BYTES:
        abort(413, "The body is too large.")
    body = request.get_data(cache=False)
    if not signature:
        abort(401, "The signature is missing.")
    try:
        notice = gateway.verify_webhook(body, signature, now=clock.now())
    except WebhookRefused as error:
        abort(403, f"The webhook was refused: {error}")
    payload = {
        "type": notice.type,
        "payment_id": notice.payment_id,
        "reference": notice.reference,
        "intent": notice.intent,
    }
    news = Incoming(
        source, notice.external_id, "payment", payload, payment_id=notice.payment_id, tells=notice.tells
    )
    until_stored(lambda: _keep(news, clock))
    return Response("ok", mimetype="text/plain")


def _keep(news: Incoming, clock: Clock) -> None:
    with db.one_statement() as (cursor, info):
        bells = inbound.keep_payment_news(cursor, info, news, clock.now())
    if bells:
        db.process().ring(bells)
