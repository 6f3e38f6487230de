"""Razorpay's payment links: the guest pays by UPI, card or netbanking, and the money is ours at once.

One payment of ours is one link, known at Razorpay by a reference of ours that serves once and for ever: where the
answer to a link's creation was lost, the same creation is refused and the link is found by that reference. A link
that is open is cancelled at the hold's end. Nothing is held or voided here: an owner's no is money owed back.

The library is not used: it loads 19 MB to post four kinds of JSON (docs/decisions/0015-razorpay-by-hand.md).

Source: facts/payments.md section 5.3; razorpay.com/docs, Payment Links and Webhooks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, TypeGuard
from urllib.parse import quote

import tally
from integrations.gateway import GatewayError, PaymentLink, TakesAtOnce, WebhookRefused
from integrations.http_pool import HttpPool, NotSent, OutcomeUnknown
from models.payment import PaymentFacts, PaymentNotice, PaymentOrder, PaymentState

CALLBACK_PATH: Final = "/api/payments/razorpay/callback"

# A link lives 15 minutes at least. A quarter of an hour more than our hold, so that Razorpay takes it at any moment
# while we still hold the place; at the hold's end it is cancelled.
SHORTEST, MARGIN = timedelta(minutes=15), timedelta(minutes=2)

# What the webhook at Razorpay is to be subscribed to, and how far each says at most that a payment has come.
EVENTS: Final[Mapping[str, PaymentState | None]] = {
    "payment_link.paid": PaymentState.CAPTURED,
    "payment_link.partially_paid": None,
    "payment_link.cancelled": PaymentState.EXPIRED,
    "payment_link.expired": PaymentState.EXPIRED,
    # Also of what was under way when its link was closed: the link itself then stays as it was.
    "payment.captured": PaymentState.CAPTURED,
}
_STATES: Final[Mapping[str, PaymentState]] = {
    "created": PaymentState.PENDING,
    "paid": PaymentState.CAPTURED,
    "cancelled": PaymentState.EXPIRED,
    "expired": PaymentState.EXPIRED,
}
# Also of a part payment, which we do not ask for: a person has to look.
_ELSE: Final = PaymentState.UNKNOWN

_LINKS: Final = "/v1/payment_links"
_DUPLICATE: Final = "duplicate_reference_id"
_OURS: Final = re.compile(r"BK-\d{8}-[A-Z0-9]{5}-(\d{1,18})", re.ASCII)

Json = Mapping[str, Any]


class RazorpayGateway(TakesAtOnce):
    """Safe to use from many threads.

    Args:
        callback_url: where the guest's browser is sent after paying (`CALLBACK_PATH`).
        api_url: Razorpay's, or a stand-in's.
        answer_timeout: seconds.
    """

    name = "razorpay"

    def __init__(
        self,
        *,
        key_id: str,
        key_secret: str,
        webhook_secret: str,
        callback_url: str,
        api_url: str,
        connect_timeout: float = 4.0,
        answer_timeout: float = 25.0,
    ) -> None:
        self._key_secret = key_secret
        self._webhook_secret = webhook_secret
        self._callback_url = callback_url
        self._api_url = api_url.rstrip("/")
        self._connect_timeout = connect_timeout
        self._answer_timeout = answer_timeout
        login = base64.b64encode(f"{key_id}:{key_secret}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {login}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "sarai",
        }

    def create_link(self, order: PaymentOrder) -> PaymentLink:
        link = self._created(order)
        try:
            return PaymentLink(
                reference=str(link["id"]),
                url=str(link["short_url"]),
                expires_at=datetime.fromtimestamp(link["expire_by"], UTC),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            raise _unreadable() from None

    def look_up(self, order: PaymentOrder) -> PaymentFacts:
        if order.reference is not None:
            return self._facts(self._ask("GET", _of(order.reference)))
        link = self._found(order)
        return self._facts(link) if link is not None else PaymentFacts(PaymentState.UNKNOWN)

    def expire(self, order: PaymentOrder) -> PaymentFacts:
        reference = order.reference
        if reference is None:
            # A creation that is still on its way finds its reference taken by this one.
            try:
                link = self._created(order)
            except GatewayError as error:
                if error.retryable:
                    raise
                return PaymentFacts(PaymentState.EXPIRED, failure=error.code)
            reference = _facts(link).reference
            assert reference is not None
        try:
            return self._facts(self._ask("POST", f"{_of(reference)}/cancel"))
        except GatewayError as error:
            if error.retryable:
                raise
            # Razorpay cancels open links only: this one was paid, or closed, just before.
            return self._facts(self._ask("GET", _of(reference)))

    def verify_webhook(self, body: bytes, signature: str | None, *, now: datetime) -> PaymentNotice:
        if not _is_signed(body, signature, self._webhook_secret):
            raise WebhookRefused("wrong signature")
        try:
            event = json.loads(body)
            kind, about = event["event"], event["payload"]
            link, paid = ((about.get(name) or {}).get("entity") or {} for name in ("payment_link", "payment"))
            return _notice(
                # The id that Razorpay gives an event is in a header, which nobody has signed.
                hashlib.sha256(body).hexdigest(),
                kind,
                EVENTS.get(kind),
                link=link.get("id"),
                ours=link.get("reference_id") or _noted(paid),
                payment=paid.get("id"),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise WebhookRefused("signed, but not an event of a payment link") from None

    def verify_callback(self, told: Mapping[str, str]) -> PaymentNotice:
        """Check the parameters with which a guest's browser comes back, and read whom they are about.

        Raises:
            WebhookRefused: missing or wrong signature, or not what Razorpay sends.
        """
        link, ours, status, payment = (told.get(f"razorpay_{name}", "") for name in _CALLBACK)
        message = f"{link}|{ours}|{status}|{payment}".encode(errors="replace")
        if not _is_signed(message, told.get("razorpay_signature"), self._key_secret):
            raise WebhookRefused("wrong signature")
        try:
            kind = f"callback.{status}"
            tells = PaymentState.CAPTURED if status == "paid" else None
            return _notice(
                hashlib.sha256(message).hexdigest(), kind, tells, link=link, ours=ours, payment=payment
            )
        except TypeError:
            raise WebhookRefused("signed, but not of a payment link") from None

    def close(self) -> None:
        self._pool.close()

    def _facts(self, link: Json) -> PaymentFacts:
        """What link and money say together: what was under way when the link was closed is on its order alone."""
        facts = _facts(link)
        order_id = link.get("order_id")
        if facts.state is not PaymentState.EXPIRED or not _is_word(order_id):
            return facts
        payments = self._ask("GET", f"/v1/orders/{quote(order_id, safe='')}/payments").get("items")
        if not isinstance(payments, list):
            raise _unreadable()
        try:
            return _with_money(facts, {p["status"]: p for p in payments})
        except (KeyError, TypeError, ValueError, OverflowError):
            raise _unreadable() from None

    def _created(self, order: PaymentOrder) -> Json:
        """The link for this order, which an earlier try may have created."""
        try:
            return self._ask("POST", _LINKS, _link_of(order, self._callback_url))
        except GatewayError as error:
            if error.code != _DUPLICATE:
                raise
            link = self._found(order)
            if link is None:
                raise  # it is there, and will be listed in a moment
            return link

    def _found(self, order: PaymentOrder) -> Json | None:
        """The link by our own reference; that all in the list have it is not relied on."""
        ours = _own_reference(order)
        listed = self._ask("GET", f"{_LINKS}?reference_id={quote(ours)}").get("payment_links")
        if not isinstance(listed, list):
            raise _unreadable()
        return next((x for x in listed if isinstance(x, Mapping) and x.get("reference_id") == ours), None)

    def _ask(self, method: str, path: str, what: Json | None = None) -> Json:
        """One call to Razorpay, counted.

        Raises:
            GatewayError: it was refused, or nothing came of it that we can read.
        """
        began, outcome = time.monotonic(), "ok"
        try:
            return self._call(method, path, what)
        except GatewayError as error:
            outcome = error.code
            raise
        finally:
            tally.CALLS.add(self.name, outcome)
            tally.CALL_SECONDS.add(self.name, by=time.monotonic() - began)

    def _call(self, method: str, path: str, what: Json | None) -> Json:
        body = json.dumps(what).encode() if what is not None else b""
        try:
            answer = self._pool.exchange(method, path, self._headers, body)
        except NotSent as error:
            raise GatewayError("not_connected", retryable=True) from error
        except OutcomeUnknown as error:
            raise GatewayError("no_answer", retryable=True, unknown=True) from error
        try:
            said = json.loads(answer.body)
        except (ValueError, RecursionError):
            said = None
        if answer.status != 200:
            raise _refusal(answer.status, said)
        if not isinstance(said, Mapping):
            raise _unreadable()
        return said

    @cached_property
    def _pool(self) -> HttpPool:
        return HttpPool(
            self._api_url, connect_timeout=self._connect_timeout, answer_timeout=self._answer_timeout
        )


# In the order in which they are signed.
_CALLBACK: Final = ("payment_link_id", "payment_link_reference_id", "payment_link_status", "payment_id")


def _own_reference(order: PaymentOrder) -> str:
    """At most 40 letters; unique beyond our database, whose payment ids start again with every new one."""
    return f"{order.booking_code}-{order.payment_id}"


def _link_of(order: PaymentOrder, callback_url: str) -> Json:
    return {
        "amount": order.amount_minor,
        "currency": order.currency,
        "accept_partial": False,
        "description": f"{order.booking_code} {order.description}"[:250],
        "reference_id": _own_reference(order),
        "expire_by": int((max(order.expires_at, order.created_at) + SHORTEST + MARGIN).timestamp()),
        # The guest has the link in the chat, and Razorpay need not know who they are.
        "notify": {"sms": False, "email": False},
        "reminder_enable": False,
        "notes": {"payment_id": str(order.payment_id), "booking_code": order.booking_code},
        "callback_url": callback_url,
        "callback_method": "get",
    }


def _of(reference: str) -> str:
    return f"{_LINKS}/{quote(reference, safe='')}"


def _facts(link: Json) -> PaymentFacts:
    try:
        state = _STATES.get(link["status"], _ELSE)
        amount = link["amount_paid"] if state is PaymentState.CAPTURED else link["amount"]
        return PaymentFacts(
            state,
            reference=str(link["id"]),
            intent=_payment_of(link),
            url=str(link["short_url"]) if link.get("short_url") else None,
            amount_minor=int(amount),
            currency=str(link["currency"]),
            failure=None if state is not _ELSE else f"link_{link['status']}"[:100],
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise _unreadable() from None


def _with_money(closed: PaymentFacts, by_status: Mapping[str, Json]) -> PaymentFacts:
    """A link that is closed, and the payments that were tried on it."""
    if (taken := by_status.get("captured")) is not None:
        amount = int(taken["amount"])
        return replace(closed, state=PaymentState.CAPTURED, intent=str(taken["id"]), amount_minor=amount)
    if "authorized" in by_status:  # Razorpay takes it in a moment, or gives it back after some days
        return replace(closed, state=PaymentState.UNKNOWN, failure="authorized_on_a_closed_link")
    return closed


def _payment_of(link: Json) -> str | None:
    """The money's own id; the list of payments may be missing, null or empty, also of a link that is paid."""
    taken = [
        p for p in link.get("payments") or [] if isinstance(p, Mapping) and p.get("status") == "captured"
    ]
    return str(taken[-1]["payment_id"]) if taken else None


def _unreadable() -> GatewayError:
    return GatewayError("unreadable_answer", retryable=True, unknown=True)


def _refusal(status: int, said: Any) -> GatewayError:
    """Whether waiting helps, by the answer's status: the error's own code is the same for nearly all of them."""
    error = said.get("error") if isinstance(said, Mapping) else None
    error = error if isinstance(error, Mapping) else {}
    if status == 400 and _is_duplicate(str(error.get("description"))):
        return GatewayError(_DUPLICATE, retryable=True, unknown=True)
    code = f"http_{status}"
    if status >= 500 or status < 400:
        return GatewayError(code, retryable=True, unknown=True)
    # A wrong key (401) is put right by a person; until then the work waits and is not lost.
    return GatewayError(code, retryable=status in (401, 403, 408, 429))


def _is_duplicate(description: str) -> bool:
    said = re.sub(r"[^a-z]+", " ", description.lower())
    return "reference id" in said and "already exists" in said


def _is_signed(message: bytes, signature: str | None, secret: str) -> bool:
    expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(expected.encode(), (signature or "").encode(errors="replace"))


def _notice(
    external_id: str, kind: Any, tells: PaymentState | None, *, link: Any, ours: Any, payment: Any
) -> PaymentNotice:
    if not _is_word(kind) or not (_is_word(link) or _is_word(payment)):
        raise TypeError
    own = _OURS.fullmatch(ours) if isinstance(ours, str) else None
    return PaymentNotice(
        external_id=external_id,
        type=kind,
        tells=tells,
        payment_id=int(own[1]) if own else None,
        reference=link if _is_word(link) else None,
        intent=payment if _is_word(payment) else None,
    )


def _noted(payment: Json) -> str | None:
    """Our own reference as a payment carries it: Razorpay copies a link's notes onto what is paid on it."""
    notes = payment.get("notes")
    if not isinstance(notes, Mapping):
        return None
    return f"{notes.get('booking_code')}-{notes.get('payment_id')}"


def _is_word(told: Any) -> TypeGuard[str]:
    """Whether it is an id or a name such as Razorpay gives, which a row can hold."""
    return isinstance(told, str) and 0 < len(told) <= 300 and told.isprintable()
