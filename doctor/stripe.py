"""Stripe: the key, its mode, the account, and the webhook endpoint with its events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from bot.payment_webhooks import STRIPE_PATH
from config import Settings
from doctor.report import Finding, fail, ok, same_place, warn
from integrations.http_pool import Answer, HttpPool, NotSent, OutcomeUnknown
from integrations.stripe_gateway import EVENTS

ABOUT = "stripe"


def check(settings: Settings) -> Iterator[Finding]:
    if not settings.stripe_secret_key:
        yield ok(ABOUT, "STRIPE_SECRET_KEY is not set: nothing is paid by card.")
        return
    pool = HttpPool(settings.stripe_api_url)
    try:
        yield from _key(settings, pool)
    except (NotSent, OutcomeUnknown) as error:
        yield fail(ABOUT, f"Stripe cannot be reached: {error}.")
    finally:
        pool.close()


def _key(settings: Settings, pool: HttpPool) -> Iterator[Finding]:
    status, balance = _get(settings, pool, "/v1/balance")
    if status == 401:
        yield fail(
            ABOUT,
            "STRIPE_SECRET_KEY is not taken: it was rolled or mistyped. Copy it from Stripe's dashboard.",
        )
        return
    is_live = bool(balance.get("livemode")) if status == 200 else "_live_" in settings.stripe_secret_key
    if is_live:
        yield ok(ABOUT, "The key is taken and is live: cards are charged.")
    else:
        judged = warn if settings.environment == "production" else ok
        yield judged(ABOUT, "The key is taken and is of the test mode: no real card is charged.")
    yield from _account(*_get(settings, pool, "/v1/account"))
    yield from _endpoint(settings, *_get(settings, pool, "/v1/webhook_endpoints?limit=100"))


def _account(status: int, account: Mapping[str, Any]) -> Iterator[Finding]:
    if status != 200:  # a restricted key need not be allowed to look
        return
    if account.get("charges_enabled") is False:
        yield fail(ABOUT, "The account may not take payments yet: complete it in Stripe's dashboard.")
    elif account.get("payouts_enabled") is False:
        yield warn(
            ABOUT, "Stripe takes payments and cannot pay them out yet: add a bank account in its dashboard."
        )


def _endpoint(settings: Settings, status: int, found: Mapping[str, Any]) -> Iterator[Finding]:
    wanted = settings.public_url.rstrip("/") + STRIPE_PATH
    if status != 200:
        yield warn(
            ABOUT, f"The key may not list webhooks: look in Stripe's dashboard whether {wanted} is one."
        )
        return
    ours = [each for each in found.get("data") or [] if same_place(str(each.get("url", "")), wanted)]
    enabled = [each for each in ours if each.get("status") == "enabled"]
    if not enabled:
        how = "is switched off" if ours else "is missing"
        yield fail(ABOUT, f"The webhook endpoint {wanted} {how}: set it up in Stripe's dashboard, Webhooks.")
        return
    events = set(enabled[0].get("enabled_events") or [])
    if missing := [] if "*" in events else sorted(set(EVENTS) - events):
        yield fail(
            ABOUT, f"The webhook endpoint does not send {', '.join(missing)}: add them in Stripe's dashboard."
        )
    else:
        yield ok(ABOUT, "The webhook endpoint leads here and sends every event that is needed.")
    if len(enabled) > 1:
        yield warn(
            ABOUT, f"{len(enabled)} webhook endpoints lead here; all but one are refused for their signature."
        )


def _get(settings: Settings, pool: HttpPool, path: str) -> tuple[int, Mapping[str, Any]]:
    answer: Answer = pool.exchange("GET", path, {"Authorization": f"Bearer {settings.stripe_secret_key}"})
    try:
        found = orjson.loads(answer.body)
    except ValueError:
        found = {}
    return answer.status, found if isinstance(found, dict) else {}
