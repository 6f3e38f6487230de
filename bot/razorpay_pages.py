"""Where Razorpay's page leads back to: what a browser brings is kept as any webhook is, and makes us ask."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from bot.payment_webhooks import PAID, Outcome, keep_notice, outcome_page
from integrations.gateway import WebhookRefused
from integrations.razorpay_gateway import CALLBACK_PATH, RazorpayGateway
from models.clock import Clock
from models.payment import PaymentState

OPEN: Final = Outcome(
    "Not certain yet", "You can close this page and go back to WhatsApp. There you see how things stand."
)


def razorpay_pages(gateway: RazorpayGateway, clock: Clock, *, whatsapp_number: str = "") -> Blueprint:
    pages = Blueprint("razorpay_pages", __name__)

    @pages.get(CALLBACK_PATH)
    def come_back() -> Response:
        """The guest's browser is back, often before the webhook; one with forged words is told nothing."""
        try:
            notice = gateway.verify_callback(request.args)
        except WebhookRefused:
            return outcome_page(OPEN, whatsapp_number, status=403)
        keep_notice(gateway.name, notice, clock)
        return outcome_page(PAID if notice.tells is PaymentState.CAPTURED else OPEN, whatsapp_number)

    return pages
