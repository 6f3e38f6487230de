"""Paytm's pages: the guest's link, which leads on to Paytm, and the callback, by browser and by server.

What a browser brings proves nothing: it is kept as any other callback is, and makes us ask.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import abort

from bot.payment_webhooks import PAID, Outcome, keep_notice, outcome_page
from integrations.gateway import WebhookRefused
from integrations.paytm_gateway import (
    CALLBACK_ALIAS,
    CALLBACK_PATH,
    PAGE_PATH,
    PaymentForm,
    PaytmGateway,
    payment_of,
    token_of,
)
from models.clock import Clock
from models.db import unit_of_work
from models.payment import HAS_MONEY, OPEN, PAYTM, PageStanding, PaymentState, page_standing

WAITING: Final = Outcome(
    "Not certain yet",
    "Your bank has not answered. You can close this page: we will write to you in WhatsApp.",
)
FAILED: Final = Outcome(
    "Not paid",
    "You can close this page and go back to WhatsApp. There you can try again, or pay another way.",
)
OVER: Final = Outcome(
    "This link is over",
    "Go back to WhatsApp and write “my bookings”: there you see how things stand, and can pay if it is still open.",
)
UNKNOWN: Final = Outcome(
    "No payment here", "The link may have lost its end on the way. Open it from your WhatsApp chat again."
)
_BROUGHT: Final[Mapping[PaymentState | None, Outcome]] = {
    PaymentState.CAPTURED: PAID,
    PaymentState.FAILED: FAILED,
}

_TEMPLATES: Final = Path(__file__).parent / "templates"
CSS: Final = (_TEMPLATES / "paytm.css").read_text()
SCRIPT: Final = "document.forms[0].submit()"


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# Where the form leads is not restricted: browsers hold the addresses that Paytm forwards to against that too.
HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_source(CSS)}; script-src {_source(SCRIPT)}; img-src data:; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
}


def paytm_pages(gateway: PaytmGateway, clock: Clock, *, whatsapp_number: str = "") -> Blueprint:
    pages = Blueprint("paytm_pages", __name__)

    @pages.post(CALLBACK_PATH)
    @pages.post(CALLBACK_ALIAS)
    def callback() -> Response:
        """Keep what Paytm says; a browser gets a page that leads back to the chat."""
        try:
            notice = gateway.verify_webhook(request.get_data(), None, now=clock.now())
        except WebhookRefused as error:
            abort(403, f"The callback was refused: {error}")
        keep_notice(gateway.name, notice, clock)
        if notice.type.startswith("webhook."):
            return Response("ok", mimetype="text/plain")
        return outcome_page(_BROUGHT.get(notice.tells, WAITING), whatsapp_number)

    @pages.get(f"{PAGE_PATH}/<order_id>")
    def page(order_id: str) -> Response:
        """Lead on to Paytm's page while the booking waits for this payment; opening it has no effect here."""
        payment_id = payment_of(order_id)
        found = None
        if payment_id is not None:
            with unit_of_work() as session:
                found = page_standing(session, payment_id, method=PAYTM)
        if found is None or not _is_link(found):
            return outcome_page(UNKNOWN, whatsapp_number, status=404)
        if found.state in HAS_MONEY:
            return outcome_page(PAID, whatsapp_number)
        form = _form(gateway, found, clock.now())
        if form is None:
            return outcome_page(OVER, whatsapp_number, status=410)
        html = render_template("paytm.html", form=form, css=CSS, script=SCRIPT)
        return Response(html, headers=HEADERS)

    return pages


def _is_link(found: PageStanding) -> bool:
    """Whether it was opened by the link that we sent: the token in it is nobody else's business."""
    sent, opened = token_of(found.url or ""), request.args.get("token", "")
    return bool(sent) and hmac.compare_digest(sent.encode(), opened.encode("utf-8", "replace"))


def _form(gateway: PaytmGateway, found: PageStanding, now: datetime) -> PaymentForm | None:
    if not found.is_awaited or found.state not in OPEN or not found.reference or not found.url:
        return None
    return gateway.form(found.reference, found.url, now=now)
