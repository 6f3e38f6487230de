"""The way in: the public address as Meta and Stripe will find it, asked from here; and the machine's clock."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import orjson

from bot.whatsapp_webhook import PATH
from config import Settings
from doctor.report import Finding, fail, ok, warn
from integrations.http_pool import Answer, HttpPool, NotSent, OutcomeUnknown

ABOUT = "way in"
UNEASY_SECONDS, WRONG_SECONDS = 5, 60  # Stripe's signatures are refused at five minutes


def check(settings: Settings) -> Iterator[Finding]:
    """Shakes hands as Meta does when the webhook is set up, knocks with a signed and an unsigned call, asks for health."""
    try:
        pool = HttpPool(settings.public_url.rstrip("/"))
    except ValueError:
        yield fail(ABOUT, "PUBLIC_URL is not an address: it begins with https:// and names a host.")
        return
    try:
        yield from _handshake(settings, pool)
        yield from _knock(settings, pool)
        yield from _health(pool)
    except (NotSent, OutcomeUnknown) as error:
        yield fail(
            ABOUT, f"PUBLIC_URL cannot be reached from here ({error}): is the product running, and the proxy?"
        )
    finally:
        pool.close()


def _handshake(settings: Settings, pool: HttpPool) -> Iterator[Finding]:
    challenge = secrets.token_hex(8)
    query = {
        "hub.mode": "subscribe",
        "hub.verify_token": settings.whatsapp_verify_token,
        "hub.challenge": challenge,
    }
    answer = pool.exchange("GET", f"{PATH}?{urlencode(query)}", {})
    if answer.status == 200 and answer.body.decode(errors="replace").strip() == challenge:
        yield ok(ABOUT, "The webhook answers at its public address, with this verify token.")
    elif answer.status == 403 and _is_ours(answer):
        yield fail(
            ABOUT,
            "What runs there has another WHATSAPP_VERIFY_TOKEN than this: start it anew with these settings.",
        )
    else:
        yield fail(
            ABOUT,
            f"Something else answers at PUBLIC_URL (HTTP {answer.status}): let the proxy lead to the web process.",
        )


def _knock(settings: Settings, pool: HttpPool) -> Iterator[Finding]:
    """A delivery with nothing in it: kept by nobody, and refused where the secrets differ."""
    body = orjson.dumps({"object": "whatsapp_business_account", "entry": []})
    signature = hmac.new(settings.whatsapp_app_secret.encode(), body, hashlib.sha256).hexdigest()
    signed = {"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}
    if pool.exchange("POST", PATH, {"Content-Type": "application/json"}, body).status == 200:
        yield fail(ABOUT, "A call without a signature was taken: what answers there is not our web process.")
        return
    answer = pool.exchange("POST", PATH, signed, body)
    if answer.status != 200:
        yield fail(
            ABOUT,
            f"A signed call is refused (HTTP {answer.status}): what runs there has another WHATSAPP_APP_SECRET.",
        )


def _health(pool: HttpPool) -> Iterator[Finding]:
    answer = pool.exchange("GET", "/api/health", {})
    try:
        found = orjson.loads(answer.body)
        details = dict(found["details"])
    except (ValueError, KeyError, TypeError):
        return  # said above: something else answers
    if answer.status == 200:
        yield ok("health", "All processes run, and nobody waits.")
    for sentence in details.values():
        yield fail("health", str(sentence))


def _is_ours(answer: Answer) -> bool:
    return b'"success":false' in answer.body


def clock(told: str | None, by: str) -> Iterator[Finding]:
    """This machine's clock against somebody's `date` header."""
    if not told:
        return
    off = abs(parsedate_to_datetime(told).timestamp() - time.time())
    sentence = f"This machine's clock and {by}'s are {off:.0f} s apart"
    if off > WRONG_SECONDS:
        yield fail("clock", f"{sentence}: signatures will be refused. Let it keep time by NTP.")
    elif off > UNEASY_SECONDS:
        yield warn("clock", f"{sentence}; let it keep time by NTP.")
    else:
        yield ok("clock", "This machine's clock is right.")
