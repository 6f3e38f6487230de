"""Cards, by Stripe Checkout with manual capture: authorized when the guest pays, captured on the owner's yes.

Three objects at Stripe make one payment of ours: the Checkout Session (the page; our `reference`), its
PaymentIntent (the money; our `intent`) and that one's charge (receipt, and how long the hold lasts). Our own
payment id is in the metadata of session and intent, for Stripe does not copy it from one to the other.

The library is used by its `raw_request`: typed objects cost 0.2 to 0.5 ms each, and all we do with an
answer is to read a dozen fields of it.

Source: facts/payments.md section 4.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import tally
from integrations.gateway import GatewayError, PaymentLink, WebhookRefused
from integrations.http_pool import HttpPool, NotSent, OutcomeUnknown
from models.money import exponent
from models.payment import PaymentFacts, PaymentNotice, PaymentOrder, PaymentState

if TYPE_CHECKING:
    import stripe

Json = Mapping[str, Any]

# A session lives 30 minutes at least and 24 hours at most. Half an hour more than our hold, so that Stripe
# takes it at any moment while we still hold the place; at the hold's end it is closed through the API.
SHORTEST, LONGEST, MARGIN = timedelta(minutes=30), timedelta(hours=23, minutes=55), timedelta(minutes=2)
TOLERANCE = timedelta(minutes=5)  # how old a webhook's signature may be

# What the webhook endpoint at Stripe is to be subscribed to.
EVENTS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
)

# Decimals of an amount at Stripe: two, but for these. ISK and UGX are not here: they have two at Stripe.
_NO_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})  # the last one always 0

# How far each event says at most that a payment has come; an event that is not here may say anything. What
# is authorized is told by the intent and by its session; of the charge, Stripe tells besides.
_TELLS: Mapping[str, PaymentState] = {
    "payment_intent.created": PaymentState.CREATED,
    "payment_intent.requires_action": PaymentState.CREATED,
    "charge.succeeded": PaymentState.CREATED,
    "checkout.session.completed": PaymentState.AUTHORIZED,
    "payment_intent.amount_capturable_updated": PaymentState.AUTHORIZED,
    "checkout.session.expired": PaymentState.EXPIRED,
    "payment_intent.canceled": PaymentState.VOIDED,
    "payment_intent.succeeded": PaymentState.CAPTURED,
    "charge.captured": PaymentState.CAPTURED,
}


class StripeGateway:
    """Safe to use from many threads; the library is loaded by the first call to Stripe.

    Args:
        api_url: Stripe's, or a stand-in's; None for Stripe's.
        answer_timeout: seconds; Stripe's own calls to banks may take several.
    """

    name = "stripe"

    def __init__(
        self,
        *,
        secret_key: str,
        webhook_secret: str,
        api_url: str | None = None,
        connect_timeout: float = 4.0,
        answer_timeout: float = 25.0,
    ) -> None:
        self._secret_key = secret_key
        self._webhook_secret = webhook_secret
        self._api_url = (api_url or "https://api.stripe.com").rstrip("/")
        self._connect_timeout = connect_timeout
        self._answer_timeout = answer_timeout

    def create_link(self, order: PaymentOrder) -> PaymentLink:
        # The expiry is part of the key: a hold that moved asks for another page. The page of a lost answer
        # stays without a visitor, for nobody ever learned its address.
        expires_at = _expiry(order)
        session = self._ask(
            "post",
            "/v1/checkout/sessions",
            key=f"{_own_key(order)}:link:{int(expires_at.timestamp())}",
            **_session_of(order, expires_at),
        )
        return PaymentLink(
            reference=session["id"],
            url=session["url"],
            expires_at=datetime.fromtimestamp(session["expires_at"], UTC),
        )

    def look_up(self, order: PaymentOrder) -> PaymentFacts:
        if order.reference is None and order.intent is not None:
            return self._facts_of_intent(self._intent(order.intent), None)
        reference = self._reference(order)
        expand = ["payment_intent.latest_charge"]
        return self._facts(self._ask("get", f"/v1/checkout/sessions/{reference}", expand=expand))

    def expire(self, order: PaymentOrder) -> PaymentFacts:
        reference = self._reference(order)
        try:
            session = self._ask("post", f"/v1/checkout/sessions/{reference}/expire")
        except GatewayError as error:
            if error.retryable:
                raise
            # Stripe closes open pages only: this one was paid, or closed, just before.
            return self.look_up(replace(order, reference=reference))
        return self._facts(session)

    def capture(self, order: PaymentOrder, amount_minor: int) -> PaymentFacts:
        amount = _to_stripe(amount_minor, order.currency)
        return self._settle(order, "capture", f"capture:{amount}", amount_to_capture=amount)

    def void(self, order: PaymentOrder) -> PaymentFacts:
        return self._settle(order, "cancel", "void", cancellation_reason="requested_by_customer")

    def verify_webhook(self, body: bytes, signature: str | None, *, now: datetime) -> PaymentNotice:
        _check_signature(body, signature, self._webhook_secret, now)
        try:
            event = json.loads(body)
            return _notice(event)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise WebhookRefused("signed, but not an event of Stripe's") from None

    def close(self) -> None:
        self._pool.close()

    def _settle(self, order: PaymentOrder, verb: str, key: str, **params: Any) -> PaymentFacts:
        """Capture or cancel the intent; an intent that is past it answers with how it stands."""
        intent = order.intent
        if intent is None:
            found = self.look_up(order)
            if found.intent is None or found.state is not PaymentState.AUTHORIZED:
                return found
            intent = found.intent
        try:
            answer = self._ask(
                "post",
                f"/v1/payment_intents/{intent}/{verb}",
                key=f"{_own_key(order)}:{key}",
                expand=["latest_charge"],
                **params,
            )
        except GatewayError as error:
            if error.retryable:
                raise
            facts = self._facts_of_intent(self._intent(intent), order.reference)
            if facts.state is PaymentState.AUTHORIZED:
                raise
            return facts
        return self._facts_of_intent(answer, order.reference)

    def _reference(self, order: PaymentOrder) -> str:
        """The session's id; where the answer to its creation was lost, the creation is repeated."""
        return order.reference or self.create_link(order).reference

    def _intent(self, intent: str) -> Json:
        return self._ask("get", f"/v1/payment_intents/{intent}", expand=["latest_charge"])

    def _facts(self, session: Json) -> PaymentFacts:
        """What session and intent say together; the intent is nearer to the money and speaks first."""
        intent = session.get("payment_intent")
        if isinstance(intent, str):
            intent = self._intent(intent)
        paid = self._facts_of_intent(intent, session["id"]) if intent else None
        if paid is not None and paid.state in (
            PaymentState.AUTHORIZED,
            PaymentState.CAPTURED,
            PaymentState.PART_REFUNDED,
            PaymentState.REFUNDED,
            PaymentState.UNKNOWN,
        ):
            return paid
        status = session["status"]
        if status == "complete":
            return paid or PaymentFacts(PaymentState.UNKNOWN, reference=session["id"])
        currency = session["currency"].upper()
        return PaymentFacts(
            PaymentState.PENDING if status == "open" else PaymentState.EXPIRED,
            reference=session["id"],
            intent=paid.intent if paid else None,
            url=session.get("url"),
            amount_minor=_from_stripe(session["amount_total"], currency),
            currency=currency,
            failure=paid.failure if paid else None,
        )

    def _facts_of_intent(self, intent: Json, reference: str | None) -> PaymentFacts:
        charge = intent.get("latest_charge")
        charge = charge if isinstance(charge, Mapping) else {}
        state, amount = _state_of(intent, charge)
        currency = intent["currency"].upper()
        card = (charge.get("payment_method_details") or {}).get("card") or {}
        until = card.get("capture_before") if state is PaymentState.AUTHORIZED else None
        return PaymentFacts(
            state,
            reference=reference,
            intent=intent["id"],
            amount_minor=_from_stripe(amount, currency),
            currency=currency,
            capture_before=datetime.fromtimestamp(until, UTC) if until else None,
            receipt_url=charge.get("receipt_url"),
            failure=_failure(intent),
        )

    def _ask(self, method: str, path: str, *, key: str | None = None, **params: Any) -> Json:
        """One call to Stripe, counted.

        Raises:
            GatewayError: it was refused, or nothing came of it that we can read.
        """
        began, outcome = time.monotonic(), "ok"
        try:
            return self._call(method, path, key=key, **params)
        except GatewayError as error:
            outcome = error.code
            raise
        finally:
            tally.CALLS.add(self.name, outcome)
            tally.CALL_SECONDS.add(self.name, by=time.monotonic() - began)

    def _call(self, method: str, path: str, *, key: str | None, **params: Any) -> Json:
        """The call itself.

        Stripe also remembers a 5xx under an idempotency key and repeats it for a day. Such an echo is asked
        past with a new key: what it might do twice is harmless here, for a second page has no visitor and
        an intent is captured or cancelled once.
        """
        import stripe

        options = {"idempotency_key": key} if key else {}
        try:
            try:
                answer = self._client.raw_request(method, path, **params, **options)
            except stripe.StripeError as error:
                if not (key and _is_echo_of_a_crash(error)):
                    raise
                options = {"idempotency_key": f"{key}:{secrets.token_hex(8)}"}
                answer = self._client.raw_request(method, path, **params, **options)
        except NotSent as error:
            raise GatewayError("not_connected", retryable=True) from error
        except OutcomeUnknown as error:
            raise GatewayError("no_answer", retryable=True, unknown=True) from error
        except stripe.StripeError as error:
            raise _gateway_error(error) from error
        data = answer.data
        if not isinstance(data, Mapping):
            raise GatewayError("unreadable_answer", retryable=True, unknown=True)
        return data

    @cached_property
    def _pool(self) -> HttpPool:
        return HttpPool(
            self._api_url, connect_timeout=self._connect_timeout, answer_timeout=self._answer_timeout
        )

    @cached_property
    def _client(self) -> stripe.StripeClient:
        import stripe

        from integrations.stripe_session import PoolHTTPClient

        stripe.enable_telemetry = False
        logging.getLogger("stripe").setLevel(logging.WARNING)  # below it logs every request's details
        return stripe.StripeClient(
            self._secret_key,
            base_addresses={"api": self._api_url},
            http_client=PoolHTTPClient(self._pool, self._api_url),
            max_network_retries=0,  # the job retries, and knows how long it still makes sense
        )


def _own_key(order: PaymentOrder) -> str:
    """Unique beyond our database: payment ids start again with every new one, a booking's code does not."""
    return f"{order.booking_code}:{order.payment_id}"


def _expiry(order: PaymentOrder) -> datetime:
    latest = order.created_at + LONGEST
    return min(max(order.expires_at, order.created_at) + SHORTEST + MARGIN, latest)


def _session_of(order: PaymentOrder, expires_at: datetime) -> dict[str, Any]:
    own = {"payment_id": str(order.payment_id), "booking_code": order.booking_code}
    mark = "&" if "?" in order.return_url else "?"
    return {
        "mode": "payment",
        # A method that can hold money; older versions of the API say `payment_method_types`.
        "allowed_payment_method_types": ["card"],
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": order.currency.lower(),
                    "unit_amount": _to_stripe(order.amount_minor, order.currency),
                    "product_data": {"name": order.description[:250]},
                },
            }
        ],
        "payment_intent_data": {
            "capture_method": "manual",
            "description": f"{order.booking_code} {order.description}"[:250],
            "metadata": own,
        },
        "metadata": own,
        "client_reference_id": order.booking_code,
        "success_url": f"{order.return_url}{mark}outcome=paid",
        "cancel_url": f"{order.return_url}{mark}outcome=left",
        "expires_at": int(expires_at.timestamp()),
    }


def _state_of(intent: Json, charge: Json) -> tuple[PaymentState, int]:
    """Our state for an intent's, and the amount that goes with it."""
    match intent["status"]:
        case "requires_capture":
            return PaymentState.AUTHORIZED, intent.get("amount_capturable", intent["amount"])
        case "succeeded":
            refunded, received = charge.get("amount_refunded") or 0, intent["amount_received"]
            if refunded <= 0:
                return PaymentState.CAPTURED, received
            return (PaymentState.REFUNDED if refunded >= received else PaymentState.PART_REFUNDED), received
        case "canceled":
            return PaymentState.VOIDED, intent["amount"]
        case "processing":
            return PaymentState.UNKNOWN, intent["amount"]
        case _:  # requires_payment_method, requires_confirmation, requires_action
            return PaymentState.FAILED, intent["amount"]


def _failure(intent: Json) -> str | None:
    error = intent.get("last_payment_error") or {}
    word = error.get("decline_code") or error.get("code") or intent.get("cancellation_reason")
    return str(word) if word else None


def _to_stripe(minor: int, currency: str) -> int:
    """Our minor units (ISO 4217) as Stripe counts them.

    Raises:
        GatewayError: Stripe cannot take this amount exactly, such as 1.234 KWD.
    """
    amount = _rescale(minor, _stripe_exponent(currency) - exponent(currency))
    if amount is None or (currency in _THREE_DECIMALS and amount % 10):
        raise GatewayError("amount_not_payable", retryable=False)
    return amount


def _from_stripe(amount: int, currency: str) -> int:
    minor = _rescale(amount, exponent(currency) - _stripe_exponent(currency))
    if minor is None:
        raise GatewayError("amount_not_ours", retryable=False)
    return minor


def _stripe_exponent(currency: str) -> int:
    return 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2


def _rescale(amount: int, digits: int) -> int | None:
    if digits >= 0:
        return int(amount * 10**digits)
    whole, rest = divmod(amount, 10**-digits)
    return None if rest else whole


def _is_echo_of_a_crash(error: stripe.StripeError) -> bool:
    replayed = (error.headers or {}).get("idempotent-replayed") == "true"
    return replayed and (error.http_status or 0) >= 500


def _gateway_error(error: stripe.StripeError) -> GatewayError:
    """Whether waiting helps, by the answer's status: Stripe's error types follow it."""
    status = error.http_status or 0
    code = error.code or getattr(error.error, "type", None) or f"http_{status}"
    if status >= 500 or status == 409 or status < 400:  # 409: a call with the same key is still running
        return GatewayError(code, retryable=True, unknown=True)
    # A wrong key (401, 403) is put right by a person; until then the work waits and is not lost.
    return GatewayError(code, retryable=status in (401, 403, 429))


def _check_signature(body: bytes, header: str | None, secret: str, now: datetime) -> None:
    """HMAC-SHA256 over "time.body"; several v1 are sent while a secret is being replaced."""
    if not secret:
        raise WebhookRefused("no webhook secret is set")
    items = [item.strip().partition("=") for item in (header or "").split(",")]
    times = [value for name, _, value in items if name == "t"]
    signatures = [value.encode() for name, _, value in items if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdecimal() and len(times[0]) < 16):
        raise WebhookRefused("no signature header, or one without a time")
    expected = hmac.new(secret.encode(), f"{times[0]}.".encode() + body, hashlib.sha256).hexdigest().encode()
    if not any(hmac.compare_digest(expected, signature) for signature in signatures):
        raise WebhookRefused("wrong signature")
    if int(times[0]) < (now - TOLERANCE).timestamp():
        raise WebhookRefused("signed too long ago")


def _notice(event: Json) -> PaymentNotice:
    subject = event["data"]["object"]
    kind = subject.get("object")
    intent = subject["id"] if kind == "payment_intent" else subject.get("payment_intent")
    if isinstance(intent, Mapping):
        intent = intent["id"]
    own = str((subject.get("metadata") or {}).get("payment_id", ""))
    if not _is_word(event["id"]) or not _is_word(event["type"]):
        raise TypeError
    return PaymentNotice(
        external_id=event["id"],
        type=event["type"],
        tells=_TELLS.get(event["type"]),
        payment_id=int(own) if own.isascii() and own.isdecimal() and len(own) < 19 else None,
        reference=subject["id"] if kind == "checkout.session" and _is_word(subject["id"]) else None,
        intent=intent if _is_word(intent) else None,
    )


def _is_word(told: Any) -> bool:
    """Whether it is an id or a name such as Stripe gives, which a row can hold."""
    return isinstance(told, str) and 0 < len(told) <= 300 and told.isprintable()
