"""Paytm: the merchant id and key, whether it is the staging, and where its callbacks lead."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from config import Settings
from doctor.nobody import nobodys_order
from doctor.report import Finding, fail, ok, same_place, warn
from integrations.clients import build
from integrations.gateway import GatewayError
from integrations.paytm_gateway import CALLBACK_ALIAS, CALLBACK_PATH
from models.payment import PAYTM

ABOUT = "paytm"

_MEANS = {
    "not_connected": "Paytm cannot be reached; look whether PAYTM_API_URL is right.",
    "no_answer": "Paytm does not answer.",
    "key_not_usable": "PAYTM_MERCHANT_KEY cannot be one: it has 16 or 32 characters. A shell may have cut it at its #.",
    "paytm_330": "PAYTM_MERCHANT_KEY is not taken: it belongs to another merchant or to the other environment (staging, "
    "production), or a shell has cut it at its # or &. Copy it from Paytm's dashboard.",
    "paytm_335": "PAYTM_MID is not known at PAYTM_API_URL: staging and production have merchant ids of their own.",
}
_MEANS["signature_differs"] = _MEANS["paytm_330"]


def check(settings: Settings) -> Iterator[Finding]:
    if PAYTM not in settings.ways:
        yield ok(ABOUT, "PAYTM_MID and PAYTM_MERCHANT_KEY are not set: nothing is paid by Paytm.")
        return
    try:
        build(settings).gateways[PAYTM].expire(nobodys_order(PAYTM))
    except GatewayError as error:
        yield fail(ABOUT, _MEANS.get(error.code, f"Paytm does not answer as it should ({error.code})."))
        return
    if "stag" in (urlsplit(settings.paytm_api_url).hostname or ""):
        judged = warn if settings.environment == "production" else ok
        yield judged(ABOUT, "The key is taken by Paytm's staging: no real money moves.")
    else:
        yield ok(ABOUT, "The key is taken.")
    yield from _callback(settings)


def _callback(settings: Settings) -> Iterator[Finding]:
    here = settings.public_url.rstrip("/")
    given = settings.paytm_callback_url
    if given and not any(same_place(given, here + path) for path in (CALLBACK_PATH, CALLBACK_ALIAS)):
        yield fail(
            ABOUT, f"PAYTM_CALLBACK_URL leads elsewhere: leave it out, or set it to {here}{CALLBACK_PATH}."
        )
