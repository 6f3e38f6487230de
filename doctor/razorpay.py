"""Razorpay: whether its key is taken, and of which mode it is."""

from __future__ import annotations

from collections.abc import Iterator

from bot.payment_webhooks import RAZORPAY_PATH
from config import Settings
from doctor.nobody import nobodys_order
from doctor.report import Finding, fail, ok, warn
from integrations.clients import build
from integrations.gateway import GatewayError
from models.payment import RAZORPAY

ABOUT = "razorpay"

_MEANS = {
    "not_connected": "Razorpay cannot be reached; look whether RAZORPAY_API_URL is right.",
    "no_answer": "Razorpay does not answer.",
    "http_401": "RAZORPAY_KEY_ID and RAZORPAY_KEY_SECRET are not taken: they belong to different keys, or the key was "
    "made anew. Razorpay shows a secret once: make a key in its dashboard and copy both.",
}


def check(settings: Settings) -> Iterator[Finding]:
    if RAZORPAY not in settings.ways:
        yield ok(ABOUT, "RAZORPAY_KEY_ID and its secrets are not set: nothing is paid by Razorpay.")
        return
    try:
        build(settings).gateways[RAZORPAY].look_up(nobodys_order(RAZORPAY))
    except GatewayError as error:
        yield fail(ABOUT, _MEANS.get(error.code, f"Razorpay does not answer as it should ({error.code})."))
        return
    if settings.razorpay_key_id.startswith("rzp_live_"):
        yield ok(ABOUT, "The key is taken and is live: real money moves.")
    else:
        judged = warn if settings.environment == "production" else ok
        yield judged(ABOUT, "The key is taken and is of the test mode: no real money moves.")
    address = settings.public_url.rstrip("/") + RAZORPAY_PATH
    yield ok(ABOUT, f"Razorpay does not tell where its webhooks lead; one has to lead to {address}.")
