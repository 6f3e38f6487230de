"""What Meta and Stripe tell of the business's own account: token, app, number, webhook, health.

Shapes are those of Graph's debug_token, subscriptions, subscribed_apps, phone number and account nodes with
`health_status` (developers.facebook.com, pages “Permissions”, “Subscriptions edge”, “Health status”, “Messaging
limits”, copies of 2026), and of Stripe's balance, account and webhook endpoints (stripe-python 16.1.0).
"""

from __future__ import annotations

from typing import Any

from sandbox.settings import Settings
from sandbox.stripe_shapes import API_VERSION

APP_ID, BUSINESS_ID = "300000000000001", "400000000000001"
SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")

Object = dict[str, Any]


def app_token(settings: Settings) -> str:
    """The token of the app itself, which may ask for its subscriptions."""
    return f"{APP_ID}|{settings.app_secret}"


def token(settings: Settings, asked: str) -> Object:
    """debug_token's answer: who may do what with this token."""
    if asked != settings.access_token:
        error = {"code": 190, "message": "Invalid OAuth access token.", "subcode": 463}
        return {"data": {"error": error, "is_valid": False, "scopes": []}}
    data = {
        "app_id": APP_ID,
        "type": "SYSTEM_USER",
        "application": settings.business_name,
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": True,
        "issued_at": 1760000000,
        "scopes": [*SCOPES, "public_profile"],
        "granular_scopes": [{"scope": scope, "target_ids": [settings.waba_id]} for scope in SCOPES],
        "user_id": "500000000000001",
    }
    return {"data": data}


def subscriptions(settings: Settings) -> Object:
    """Where the app has its webhooks sent."""
    fields = ("messages", "message_template_status_update")
    subscription = {
        "object": "whatsapp_business_account",
        "callback_url": settings.product_url + "/api/whatsapp/webhook",
        "active": True,
        "fields": [{"name": name, "version": "v26.0"} for name in fields],
    }
    return {"data": [subscription]}


def subscribed_apps(settings: Settings) -> Object:
    """The apps that hear of what happens in the business account."""
    app = {
        "link": "https://www.facebook.com/games/?app_id=" + APP_ID,
        "name": settings.business_name,
        "id": APP_ID,
    }
    return {"data": [{"whatsapp_business_api_data": app}]}


def number(settings: Settings) -> Object:
    """Every field of the phone number's node."""
    return {
        "id": settings.phone_number_id,
        "display_phone_number": "+" + settings.display_number,
        "verified_name": settings.business_name,
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "status": "CONNECTED",
        "quality_rating": "GREEN",
        "platform_type": "CLOUD_API",
        "account_mode": "LIVE",
        "throughput": {"level": "STANDARD"},
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "health_status": _health(settings, ("PHONE_NUMBER", settings.phone_number_id)),
    }


def waba(settings: Settings) -> Object:
    """Every field of the business account's node."""
    return {
        "id": settings.waba_id,
        "name": settings.business_name,
        "currency": "USD",
        "timezone_id": "1",
        "country": "US",
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "health_status": _health(settings),
    }


def _health(settings: Settings, *more: tuple[str, str]) -> Object:
    entities = (*more, ("WABA", settings.waba_id), ("BUSINESS", BUSINESS_ID), ("APP", APP_ID))
    return {
        "can_send_message": "AVAILABLE",
        "entities": [
            {"entity_type": kind, "id": id_, "can_send_message": "AVAILABLE"} for kind, id_ in entities
        ],
    }


def chosen(node: Object, fields: str | None, usual: tuple[str, ...]) -> Object:
    """A node as Graph answers: the fields that were asked for, or the usual ones, and its id."""
    names = [name.strip() for name in fields.split(",")] if fields else list(usual)
    return {name: node[name] for name in names if name in node} | {"id": node["id"]}


def stripe_balance() -> Object:
    amount = {"amount": 0, "currency": "usd", "source_types": {"card": 0}}
    return {"object": "balance", "available": [amount], "livemode": False, "pending": [amount]}


def stripe_account(settings: Settings) -> Object:
    return {
        "id": "acct_1Sandbox",
        "object": "account",
        "business_profile": {"name": settings.business_name},
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "payouts_enabled": True,
        "type": "standard",
    }


def stripe_endpoints(settings: Settings) -> Object:
    """The one endpoint there is, with the events that it is subscribed to."""
    endpoint: Object = {
        "id": "we_1Sandbox",
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": 1760000000,
        "description": None,
        "enabled_events": settings.stripe_events.split(","),
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": settings.product_url + "/api/payments/stripe/webhook",
    }
    return {"object": "list", "data": [endpoint], "has_more": False, "url": "/v1/webhook_endpoints"}
