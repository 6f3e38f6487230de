"""Stripe's side of the money: sessions, intents, charges, refunds, how they move and what events they raise.

Source of states, names and order: facts/payments.md section 4.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from sandbox import form, stripe_shapes
from sandbox.form import BadRequest, Params
from sandbox.store import Store
from sandbox.stripe_shapes import Object

DAY = 86400
SHORTEST, LONGEST, AUTHORIZED_FOR = 30 * 60, DAY, 7 * DAY
LARGEST_AMOUNT = 99_999_999
CANCEL_REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
REFUND_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
_SESSION_PARAMS = (
    "adaptive_pricing after_expiration allow_promotion_codes allowed_payment_method_types automatic_tax "
    "billing_address_collection branding_settings cancel_url client_reference_id consent_collection currency "
    "custom_fields custom_text customer customer_account customer_creation customer_email customer_update "
    "discounts excluded_payment_method_types expires_at integration_identifier invoice_creation line_items "
    "locale managed_payments metadata mode name_collection optional_items origin_context payment_intent_data "
    "payment_method_collection payment_method_configuration payment_method_data payment_method_options "
    "permissions phone_number_collection redirect_on_completion return_url "
    "saved_payment_method_options setup_intent_data shipping_address_collection shipping_options submit_type "
    "subscription_data success_url tax_id_collection ui_mode wallet_options"
)
_INTENT_DATA = (
    "application_fee_amount capture_method description metadata on_behalf_of receipt_email "
    "setup_future_usage shipping statement_descriptor statement_descriptor_suffix transfer_data "
    "transfer_group"
)
SESSION_PARAMS, INTENT_DATA = _SESSION_PARAMS.split(), _INTENT_DATA.split()
# Since this version a session's methods are a filter (`allowed_…`) and no longer a list of its own.
METHODS_RENAMED = "2026-09-30"
ECHOED = ("success_url", "cancel_url", "client_reference_id", "customer_email", "locale", "submit_type")
# Amounts whose last digits must be nought at Stripe, though the currency has them, or has none.
STEPS = {"kwd": 10, "bhd": 10, "jod": 10, "omr": 10, "tnd": 10, "isk": 100, "ugx": 100}
KINDS = ("session", "intent", "charge", "refund", "dispute", "event")
Emit = Callable[[Object], None]


class Bank:
    """All objects by kind and id, newest last; kept over a restart.

    Args:
        emit: gets each new event, in the order in which they happen.
        base_url: where this Stripe is reached, for the links in its objects.
    """

    def __init__(
        self, store: Store, now: Callable[[], float], base_url: Callable[[], str], emit: Emit
    ) -> None:
        self._store, self._now, self._base_url, self._emit = store, now, base_url, emit
        self._all: dict[str, dict[str, Object]] = {kind: store.load(f"stripe-{kind}") for kind in KINDS}
        self.items: dict[str, list[Object]] = store.load("stripe-items")
        self._wishes: dict[str, Params] = store.load("stripe-intent-data")
        self._pages = {each["payment_intent"]: number for number, each in self._all["session"].items()}
        self._open: set[str] = set()
        self._held: set[str] = set()
        for kind in ("session", "intent"):
            for each in self._all[kind].values():
                self._watch(kind, each)
        self.request: tuple[str | None, str | None] = (None, None)

    def now(self) -> int:
        return int(self._now())

    def all(self, kind: str) -> list[Object]:
        """Newest first, as Stripe lists."""
        return list(reversed(self._all[kind].values()))

    def find(self, kind: str, number: str, *, param: str | None = None) -> Object:
        """By id.

        Raises:
            BadRequest: 404, resource_missing.
        """
        if (found := self._all[kind].get(number)) is not None:
            return found
        name = {"session": "checkout.session", "intent": "payment_intent"}.get(kind, kind)
        param = param or {"session": "session", "intent": "intent"}.get(kind, "id")
        why = f"No such {name}: '{number}'"
        raise BadRequest(why, param=param, code="resource_missing", status=404)

    def any(self, number: str) -> Object | None:
        """Whatever has this id."""
        return next((self._all[kind][number] for kind in KINDS if number in self._all[kind]), None)

    def intent_wishes(self, session: Object) -> Params:
        """`payment_intent_data` of the session's creation."""
        return self._wishes.get(session["id"], {})

    # Sessions.

    def create_session(self, params: Params, version: str) -> Object:
        """POST /v1/checkout/sessions, hosted page, payment mode, as this API version knows it."""
        methods = "allowed_payment_method_types" if version >= METHODS_RENAMED else "payment_method_types"
        known = [name for name in SESSION_PARAMS if name != "allowed_payment_method_types"]
        form.allow(params, *known, methods)
        if form.one_of(params, "mode", "payment", "setup", "subscription") != "payment":
            raise BadRequest("This sandbox knows mode=payment only.", param="mode")
        if form.one_of(params, "ui_mode", "hosted_page", default="hosted_page") != "hosted_page":
            raise BadRequest("This sandbox knows hosted pages only.", param="ui_mode")
        _url(form.need(params, "success_url"), "success_url")
        if "cancel_url" in params:
            _url(params["cancel_url"], "cancel_url")
        if len(str(params.get("client_reference_id") or "")) > 200:
            raise BadRequest("Invalid string: at most 200 characters", param="client_reference_id")
        items = _line_items(params)
        wishes = form.group(params, "payment_intent_data")
        for name in wishes:
            if name not in INTENT_DATA:
                path = f"payment_intent_data[{name}]"
                raise BadRequest(f"Received unknown parameter: {path}", param=path, code="parameter_unknown")
        form.one_of(wishes, "capture_method", "automatic", "automatic_async", "manual")
        form.metadata(wishes, "payment_intent_data[metadata]")
        session = stripe_shapes.session(
            now=self.now(),
            currency=items[0]["currency"],
            total=sum(item["amount_total"] for item in items),
            metadata=form.metadata(params),
            expires_at=self._expiry(params),
            payment_method_types=params.get(methods) or ["card"],
            **{key: params.get(key) for key in ECHOED},
        )
        session["url"] = f"{self._base_url()}/c/pay/{session['id']}"
        self.items[session["id"]], self._wishes[session["id"]] = items, wishes
        self._store.put("stripe-items", session["id"], items)
        self._store.put("stripe-intent-data", session["id"], wishes)
        self._keep("session", session)
        return session

    def _expiry(self, params: Params) -> int:
        now, given = self.now(), form.whole(params, "expires_at")
        if given is None:
            return now + LONGEST
        if now + SHORTEST <= given <= now + LONGEST:
            return given
        bound = "at least 30 minutes" if given < now + SHORTEST else "less than 24 hours"
        why = f"The `expires_at` timestamp must be {bound} from Checkout Session creation."
        raise BadRequest(why, param="expires_at")

    def expire_session(self, session: Object) -> Object:
        """POST …/expire: only an open page can be closed."""
        if session["status"] != "open":
            why = 'Only Checkout Sessions with a status in ["open"] can be expired.'
            raise BadRequest(f"{why} This Checkout Session has a status of {session['status']}.")
        session |= {"status": "expired", "url": None}
        self._keep("session", session)
        if session["payment_intent"]:
            self._cancel(self.find("intent", session["payment_intent"]), "expired")
        self._tell("checkout.session.expired", session)
        return session

    def pay(self, session: Object) -> Object:
        """The guest's card is good: authorized where capture is manual, else paid."""
        self._must_be_open(session)
        intent = self._intent_of(session)
        manual = intent["capture_method"] == "manual"
        until = self.now() + AUTHORIZED_FOR
        charge = stripe_shapes.charge(
            now=self.now(), paid_by=intent, receipt_base=self._base_url(), manual=manual, capture_before=until
        )
        intent |= {
            "status": "requires_capture" if manual else "succeeded",
            "amount_capturable": intent["amount"] if manual else 0,
            "amount_received": 0 if manual else intent["amount"],
            "latest_charge": charge["id"],
            "payment_method": charge["payment_method"],
            "last_payment_error": None,
        }
        session |= {
            "status": "complete",
            "payment_status": "unpaid" if manual else "paid",
            "payment_intent": intent["id"],
            "customer_details": stripe_shapes.customer_details(),
            "url": None,
        }
        self._keep("charge", charge)
        self._keep("intent", intent)
        self._keep("session", session)
        self._tell("charge.succeeded", charge)
        self._tell(
            "payment_intent.amount_capturable_updated" if manual else "payment_intent.succeeded", intent
        )
        self._tell("checkout.session.completed", session)
        return session

    def decline(self, session: Object) -> Object:
        """The card is refused; the page stays open for another try."""
        self._must_be_open(session)
        intent = self._intent_of(session)
        charge = stripe_shapes.charge(
            now=self.now(), paid_by=intent, receipt_base=self._base_url(), manual=True, capture_before=0
        )
        charge |= {
            "status": "failed",
            "paid": False,
            "failure_code": "card_declined",
            "failure_message": "Your card was declined.",
            "receipt_url": None,
        }
        charge["outcome"] |= {
            "network_status": "declined_by_network",
            "reason": "generic_decline",
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        }
        intent |= {"latest_charge": charge["id"], "last_payment_error": stripe_shapes.declined(charge["id"])}
        self._keep("charge", charge)
        self._keep("intent", intent)
        self._keep("session", session)
        self._tell("charge.failed", charge)
        self._tell("payment_intent.payment_failed", intent)
        return session

    def _must_be_open(self, session: Object) -> None:
        if session["status"] != "open":
            raise BadRequest(f"This Checkout Session is {session['status']}.")

    def _intent_of(self, session: Object) -> Object:
        """The session's intent: made at the first try to pay, with metadata of its own, not the session's."""
        if session["payment_intent"]:
            return self.find("intent", session["payment_intent"])
        wishes = self.intent_wishes(session)
        chosen = {key: wishes[key] for key in INTENT_DATA if key in wishes and key != "metadata"}
        intent = stripe_shapes.intent(
            now=self.now(),
            currency=session["currency"],
            amount=session["amount_total"],
            metadata=form.metadata(wishes),
            **chosen,
        )
        session["payment_intent"] = intent["id"]
        self._pages[intent["id"]] = session["id"]
        self._keep("intent", intent)
        self._tell("payment_intent.created", intent)
        return intent

    # Intents.

    def capture(self, intent: Object, params: Params) -> Object:
        """POST …/capture: all of it or a part; the rest is released."""
        form.allow(params, "amount_to_capture", "final_capture", "metadata", "statement_descriptor_suffix")
        if intent["status"] != "requires_capture":
            raise self._unexpected(intent, "captured", "requires_capture")
        amount = form.whole(params, "amount_to_capture", least=1) or intent["amount_capturable"]
        if amount > intent["amount_capturable"]:
            why = "The amount to capture cannot be greater than the amount that can be captured."
            raise BadRequest(why, param="amount_to_capture", code="amount_too_large")
        intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
        intent["metadata"] = intent["metadata"] | form.metadata(params)
        charge = self.find("charge", intent["latest_charge"])
        charge |= {
            "captured": True,
            "amount_captured": amount,
            "balance_transaction": stripe_shapes.new_id("txn_3", 23),
        }
        charge["payment_method_details"]["card"].pop("capture_before", None)
        self._keep("charge", charge)
        self._keep("intent", intent)
        if session := self._session_of(intent):
            session["payment_status"] = "paid"
            self._keep("session", session)
        self._tell("charge.captured", charge)
        self._tell("payment_intent.succeeded", intent)
        return intent

    def cancel(self, intent: Object, params: Params) -> Object:
        """POST …/cancel: before capture; an open page must be expired instead."""
        form.allow(params, "cancellation_reason")
        reason = form.one_of(params, "cancellation_reason", *CANCEL_REASONS)
        session = self._session_of(intent)
        if session and session["status"] == "open":
            raise BadRequest(
                "You cannot cancel a PaymentIntent created by Checkout while its session is open."
            )
        if intent["status"] in ("succeeded", "canceled"):
            raise self._unexpected(intent, "canceled", "requires_payment_method, requires_capture")
        return self._cancel(intent, reason)

    def refuse_capture(self, intent: Object, *, expired: bool) -> BadRequest:
        """The bank takes its word back: the hold is gone, and capture says so."""
        charge = intent["latest_charge"]
        self._cancel(intent, "automatic")
        if expired:
            why = "The charge cannot be captured: its authorization has expired."
            return BadRequest(
                why, code="charge_expired_for_capture", charge=charge, payment_intent=dict(intent)
            )
        return BadRequest(
            "Your card was declined.",
            code="card_declined",
            status=402,
            kind="card_error",
            decline_code="generic_decline",
            charge=charge,
            payment_intent=dict(intent),
        )

    def _cancel(self, intent: Object, reason: str | None) -> Object:
        held = intent["status"] == "requires_capture"
        intent |= {
            "status": "canceled",
            "amount_capturable": 0,
            "canceled_at": self.now(),
            "cancellation_reason": reason,
        }
        self._keep("intent", intent)
        if held:
            charge = self.find("charge", intent["latest_charge"])
            charge |= {"refunded": True, "amount_refunded": charge["amount"]}
            charge["payment_method_details"]["card"].pop("capture_before", None)
            self._keep("charge", charge)
            self._tell("charge.expired" if reason == "automatic" else "charge.refunded", charge)
        self._tell("payment_intent.canceled", intent)
        return intent

    def _unexpected(self, intent: Object, verb: str, allowed: str) -> BadRequest:
        why = f"This PaymentIntent could not be {verb} because it has a status of {intent['status']}."
        why += f" Only a PaymentIntent with one of the following statuses may be {verb}: {allowed}."
        return BadRequest(why, code="payment_intent_unexpected_state", payment_intent=dict(intent))

    def _session_of(self, intent: Object) -> Object | None:
        return self._all["session"].get(self._pages.get(intent["id"], ""))

    # Refunds and disputes.

    def create_refund(self, params: Params, *, status: str = "succeeded") -> Object:
        """POST /v1/refunds: all that is left, or a part of it."""
        form.allow(
            params,
            "amount",
            "charge",
            "payment_intent",
            "reason",
            "metadata",
            "currency",
            "instructions_email",
        )
        reason = form.one_of(params, "reason", *REFUND_REASONS)
        charge = self._charge_to_refund(params)
        left = charge["amount_captured"] - charge["amount_refunded"]
        if left <= 0:
            why = f"Charge {charge['id']} has already been refunded."
            raise BadRequest(why, code="charge_already_refunded")
        if charge["disputed"]:
            raise BadRequest(f"Charge {charge['id']} has been charged back.", code="charge_disputed")
        amount = form.whole(params, "amount", least=1) or left
        if amount > left:
            why = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            raise BadRequest(why, param="amount")
        refund = stripe_shapes.refund(
            now=self.now(),
            of=charge,
            amount=amount,
            reason=reason,
            status=status,
            metadata=form.metadata(params),
        )
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] >= charge["amount_captured"]
        self._keep("refund", refund)
        self._keep("charge", charge)
        self._tell("refund.created", refund)
        self._tell("charge.refunded", charge)
        return refund

    def _charge_to_refund(self, params: Params) -> Object:
        if "charge" in params:
            return self.find("charge", str(params["charge"]), param="charge")
        wanted = form.need(params, "payment_intent")
        intent = self.find("intent", str(wanted), param="payment_intent")
        if intent["status"] != "succeeded":
            why = f"This PaymentIntent ({wanted}) does not have a successful charge to refund."
            raise BadRequest(why, param="payment_intent")
        return self.find("charge", intent["latest_charge"])

    def settle_refund(self, refund: Object, status: str) -> Object:
        """A refund comes through, or fails days later and gives the money back to us."""
        refund["status"] = status
        if status == "failed":
            refund |= {
                "failure_reason": "expired_or_canceled_card",
                "failure_balance_transaction": stripe_shapes.new_id("txn_3", 23),
            }
            charge = self.find("charge", refund["charge"])
            charge["amount_refunded"] -= refund["amount"]
            charge["refunded"] = False
            self._keep("charge", charge)
        self._keep("refund", refund)
        self._tell("refund.failed" if status == "failed" else "refund.updated", refund)
        return refund

    def open_dispute(self, intent: Object) -> Object:
        """The cardholder takes a captured payment back through the bank."""
        if intent["status"] != "succeeded":
            raise BadRequest("Only a captured payment can be disputed.")
        charge = self.find("charge", intent["latest_charge"])
        dispute = stripe_shapes.dispute(now=self.now(), of=charge)
        charge["disputed"] = True
        self._keep("charge", charge)
        self._keep("dispute", dispute)
        self._tell("charge.dispute.created", dispute)
        return dispute

    # Time.

    def tick(self) -> None:
        """What time does by itself: pages close, holds lapse after seven days."""
        now = self.now()
        for session in [self._all["session"][number] for number in self._open]:
            if session["expires_at"] <= now:
                self.expire_session(session)
        for intent in [self._all["intent"][number] for number in self._held]:
            card = self.find("charge", intent["latest_charge"])["payment_method_details"]["card"]
            if card["capture_before"] <= now:
                self._cancel(intent, "automatic")

    def move_in(self) -> None:
        """Open pages of an earlier run are reached at this run's address."""
        for number in self._open:
            self._all["session"][number]["url"] = f"{self._base_url()}/c/pay/{number}"

    # Changes.

    def update_metadata(self, kind: str, found: Object, params: Params) -> Object:
        form.allow(params, "metadata", "description")
        kept = {
            key: value
            for key, value in found["metadata"].items()
            if key not in (params.get("metadata") or {})
        }
        found["metadata"] = kept | form.metadata(params)
        self._keep(kind, found)
        return found

    def _keep(self, kind: str, found: Object) -> None:
        self._all[kind][found["id"]] = found
        self._watch(kind, found)
        self._store.put(f"stripe-{kind}", found["id"], found)

    def _watch(self, kind: str, found: Object) -> None:
        """Keep in sight what time may change."""
        watched = {"session": (self._open, "open"), "intent": (self._held, "requires_capture")}.get(kind)
        if watched:
            (watched[0].add if found["status"] == watched[1] else watched[0].discard)(found["id"])

    def _tell(self, kind: str, about: Object) -> None:
        request, key = self.request
        told = copy.deepcopy(about)
        event = stripe_shapes.event(
            now=self.now(), kind=kind, about=told, request=request, idempotency_key=key
        )
        self._keep("event", event)
        self._emit(event)


def _line_items(params: Params) -> list[Object]:
    given = form.need(params, "line_items")
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise BadRequest("Invalid array", param="line_items")
    items = [_line_item(item, f"line_items[{index}]") for index, item in enumerate(given)]
    if len({item["currency"] for item in items}) > 1:
        raise BadRequest("All prices on a Checkout session must have the same currency.", param="line_items")
    total = sum(item["amount_total"] for item in items)
    if total <= 0:
        why = "The Checkout Session's total amount due must add up to at least $0.50 usd"
        raise BadRequest(why, code="amount_too_small")
    if total > LARGEST_AMOUNT:
        raise BadRequest("The total amount due must be no more than 999,999.99", code="amount_too_large")
    return items


def _line_item(item: Params, path: str) -> Object:
    if "price" in item:
        why = f"No such price: '{item['price']}'"
        raise BadRequest(why, param=f"{path}[price]", code="resource_missing")
    price_path = f"{path}[price_data]"
    price = form.need(item, "price_data", price_path)
    if not isinstance(price, dict):
        raise BadRequest("Invalid object", param=price_path)
    currency = str(form.need(price, "currency", f"{price_path}[currency]")).lower()
    if not re.fullmatch(r"[a-z]{3}", currency):
        raise BadRequest(f"Invalid currency: {currency}", param=f"{price_path}[currency]")
    amount = form.whole(price, "unit_amount", f"{price_path}[unit_amount]")
    if amount is None:
        form.need(price, "unit_amount", f"{price_path}[unit_amount]")
    if amount is None or amount % STEPS.get(currency, 1):
        why = f"Invalid {currency.upper()} amount: must be a multiple of {STEPS.get(currency, 1)}"
        raise BadRequest(why, param=f"{price_path}[unit_amount]")
    product = form.group(price, "product_data", f"{price_path}[product_data]")
    name = str(form.need(product, "name", f"{price_path}[product_data][name]"))
    quantity = form.whole(item, "quantity", f"{path}[quantity]", least=1)
    if quantity is None:
        raise BadRequest("Quantity is required.", param=f"{path}[quantity]", code="parameter_missing")
    return stripe_shapes.line_item(name=name, currency=currency, unit_amount=amount, quantity=quantity)


def _url(value: object, param: str) -> None:
    parts = urlsplit(str(value))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadRequest("Not a valid URL", param=param, code="url_invalid")
