"""Razorpay's books: payment links, the payments made on them, what is refused, and what events they raise.

Shapes and rules are those of razorpay.com/docs (Payment Links: entity, create, fetch, cancel; Webhooks: payloads) and
of what people have seen of the test mode: a refused attempt leaves the link as it was, the error has no reason of its
own, a reference serves once and for ever.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.store import Store

Json = dict[str, Any]

SHORTEST, LONGEST = 15 * 60, 183 * 86400
LEAST = 100  # paise
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"
_PARAMETERS = (
    "amount currency accept_partial first_min_partial_amount expire_by reference_id description customer notify "
    "reminder_enable notes callback_url callback_method options upi_link"
)
PARAMETERS = frozenset(_PARAMETERS.split())
CONTAINS = {
    "payment_link.paid": ("payment_link", "order", "payment"),
    "payment.captured": ("payment",),
}


class Refused(Exception):
    """Razorpay's refusal: the status and what it says; the code is nearly always the same."""

    def __init__(self, description: str, *, status: int = 400, code: str = "BAD_REQUEST_ERROR") -> None:
        super().__init__(description)
        self.status = status
        self.error: Json = {
            "code": code,
            "description": description,
            "field": None,
            "metadata": {},
            "reason": None,
            "source": "NA",
            "step": "NA",
        }


class Links:
    """All links by id, newest last; kept over a restart.

    Args:
        tell: gets each event's name, the link and the payment that belongs to it.
    """

    def __init__(
        self,
        store: Store,
        now: Callable[[], float],
        base_url: Callable[[], str],
        key_secret: str,
        tell: Callable[[str, Json, Json | None], None],
    ) -> None:
        self._store, self._now, self._base_url, self._tell = store, now, base_url, tell
        self._key_secret = key_secret
        self._links: dict[str, Json] = store.load("razorpay-link")
        self._payments: dict[str, list[Json]] = store.load("razorpay-payments")

    def create(self, given: Json) -> Json:
        """POST /v1/payment_links.

        Raises:
            Refused: as Razorpay refuses it.
        """
        now = int(self._now())
        if unknown := sorted(set(given) - PARAMETERS):
            raise Refused(f"{', '.join(unknown)} is/are not required and should not be sent")
        amount = given.get("amount")
        if not amount:
            raise Refused("amount: cannot be blank.")
        if not isinstance(amount, int) or isinstance(amount, bool):
            raise Refused("amount: must be an integer.")
        if amount < LEAST:
            raise Refused("amount: amount should be minimum 1.00 for INR.")
        if given.get("currency", "INR") != "INR":
            raise Refused("currency: wrong input field.")
        for name in ("accept_partial", "reminder_enable", "upi_link"):
            if not isinstance(given.get(name, False), bool):
                raise Refused(f"{name}: must be a boolean.")
        link = {
            "accept_partial": given.get("accept_partial", False),
            "amount": amount,
            "amount_paid": 0,
            "callback_method": given.get("callback_method", ""),
            "callback_url": _callback(given),
            "cancelled_at": 0,
            "created_at": now,
            "currency": "INR",
            "customer": given.get("customer") or {},
            "description": _text(given, "description", 2048),
            "expire_by": _expiry(given, now),
            "expired_at": 0,
            "first_min_partial_amount": 0,
            "id": new_id("plink"),
            "notes": _notes(given),
            "notify": given.get("notify") or {"email": False, "sms": False, "whatsapp": False},
            "payments": None,
            "reference_id": self._reference(given),
            "reminder_enable": given.get("reminder_enable", False),
            "reminders": [],
            "short_url": f"{self._base_url()}/rzp/{''.join(secrets.choice(LETTERS) for _ in range(8))}",
            "status": "created",
            "updated_at": now,
            "upi_link": given.get("upi_link", False),
            "user_id": "",
            "whatsapp_link": False,
        }
        self._keep(link)
        return link

    def _reference(self, given: Json) -> str:
        reference = _text(given, "reference_id", 40)
        if reference and any(link["reference_id"] == reference for link in self._links.values()):
            why = f"payment link with given reference_id: {reference} already exists. Please create a payment link "
            raise Refused(why + "with a different reference_id")
        return reference

    def find(self, number: str) -> Json:
        """GET /v1/payment_links/{id}."""
        if (link := self._links.get(number)) is not None:
            return link
        raise Refused("The id provided does not exist", status=404)

    def listed(self, reference: str | None, *, count: int, skip: int) -> Json:
        """GET /v1/payment_links: newest first, in an envelope of its own, the payments of each left out."""
        found = [x for x in reversed(self._links.values()) if reference in (None, x["reference_id"])]
        return {"payment_links": [link | {"payments": []} for link in found[skip : skip + count]]}

    def cancel(self, link: Json) -> Json:
        """POST …/cancel: an open link only."""
        if link["status"] != "created":
            raise Refused(f"Payment link cannot be cancelled as it is in {link['status']} state.")
        self._end(link, "cancelled")
        return link

    def tick(self) -> None:
        """Links close by themselves."""
        now = int(self._now())
        for link in list(self._links.values()):
            if link["status"] == "created" and link["expire_by"] and link["expire_by"] <= now:
                self._end(link, "expired")

    def _end(self, link: Json, status: str) -> None:
        link |= {"status": status, f"{status}_at": int(self._now())}
        self._keep(link)
        self._tell(f"payment_link.{status}", link, None)

    # What the guest does on the page.

    def at(self, code: str) -> Json:
        """The link behind a short address."""
        for link in self._links.values():
            if link["short_url"].endswith(f"/{code}"):
                return link
        raise Refused("The id provided does not exist", status=404)

    def pay(self, link: Json) -> str:
        """The money is there and taken; returns where the browser is sent."""
        payment = self._attempt(link, "captured")
        entry = {key: payment[key] for key in ("amount", "created_at", "method", "status")}
        link |= {
            "amount_paid": link["amount"],
            "payments": [entry | {"payment_id": payment["id"], "plink_id": link["id"]}],
            "status": "paid",
        }
        self._keep(link)
        self._tell("payment.captured", link, payment)
        self._tell("payment_link.paid", link, payment)
        return self._way_back(link, payment)

    def fail(self, link: Json) -> None:
        """The bank refuses: the link stays as it was, for another try."""
        self._attempt(link, "failed")

    def begin(self, link: Json) -> None:
        """The guest is at their bank; `finish` says what came of it."""
        self._attempt(link, "created")

    def finish(self, link: Json) -> None:
        """The bank has paid what was begun, whatever became of the link meanwhile: a closed one stays closed."""
        payment = next((p for p in self._payments.get(link["id"], []) if p["status"] == "created"), None)
        if payment is None:
            raise ValueError("nothing was begun on this link")
        payment |= {"status": "captured", "captured": True}
        self._store.put("razorpay-payments", link["id"], self._payments[link["id"]])
        self._tell("payment.captured", link, payment)

    def of_order(self, order_id: str) -> Json:
        """GET /v1/orders/{id}/payments."""
        for tried in self._payments.values():
            if tried[0]["order_id"] == order_id:
                return {"entity": "collection", "count": len(tried), "items": tried}
        raise Refused("The id provided does not exist")

    def _attempt(self, link: Json, status: str) -> Json:
        if link["status"] != "created":
            raise Refused(f"This link is {link['status']}.")
        tried = self._payments.setdefault(link["id"], [])
        payment = {
            "amount": link["amount"],
            "amount_refunded": 0,
            "captured": status == "captured",
            "created_at": int(self._now()),
            "currency": link["currency"],
            "description": f"#{link['id'].removeprefix('plink_')}",
            "entity": "payment",
            "error_code": "BAD_REQUEST_ERROR" if status == "failed" else None,
            "error_reason": "payment_failed" if status == "failed" else None,
            "id": new_id("pay"),
            "international": False,
            "method": "upi",
            "notes": link["notes"],
            "order_id": tried[0]["order_id"] if tried else new_id("order"),
            "refund_status": None,
            "status": status,
            "vpa": "guest@upi",
        }
        link["order_id"] = payment["order_id"]
        self._keep(link)
        tried.append(payment)
        self._store.put("razorpay-payments", link["id"], tried)
        return payment

    def _way_back(self, link: Json, payment: Json) -> str:
        told = {
            "razorpay_payment_id": payment["id"],
            "razorpay_payment_link_id": link["id"],
            "razorpay_payment_link_reference_id": link["reference_id"],
            "razorpay_payment_link_status": link["status"],
        }
        message = f"{link['id']}|{link['reference_id']}|{link['status']}|{payment['id']}".encode()
        signed = hmac.new(self._key_secret.encode(), message, hashlib.sha256).hexdigest()
        return f"{link['callback_url']}?{urlencode(told | {'razorpay_signature': signed})}"

    # Events and the books.

    def event(self, name: str, link: Json, payment: Json | None) -> Json:
        """An event's body, with the link as it stands now."""
        contains = CONTAINS.get(name, ("payment_link",))
        whole = {key: value for key, value in link.items() if key != "payments"}
        payload: Json = {"payment_link": {"entity": whole}} if "payment_link" in contains else {}
        if payment is not None:
            payload["payment"] = {"entity": dict(payment)}
        if payment is not None and "order" in contains:
            order = {
                "amount": link["amount"],
                "amount_due": link["amount"] - link["amount_paid"],
                "amount_paid": link["amount_paid"],
                "attempts": len(self._payments[link["id"]]),
                "created_at": link["created_at"],
                "currency": link["currency"],
                "entity": "order",
                "id": payment["order_id"],
                "notes": link["notes"],
                "receipt": link["reference_id"],
                "status": "paid",
            }
            payload["order"] = {"entity": order}
        return {
            "account_id": "acc_SandboxSarai00",
            "contains": list(contains),
            "created_at": int(self._now()),
            "entity": "event",
            "event": name,
            "payload": payload,
        }

    def about(self, wanted: str) -> list[Json]:
        """Links that mention this text, newest first, each with every attempt to pay it."""
        found = [x for x in reversed(self._links.values()) if wanted in f"{x['id']} {x['reference_id']}"]
        return [link | {"attempts": self._payments.get(link["id"], [])} for link in found[:100]]

    def _keep(self, link: Json) -> None:
        link["updated_at"] = int(self._now())
        self._links[link["id"]] = link
        self._store.put("razorpay-link", link["id"], link)


def _expiry(given: Json, now: int) -> int:
    wanted = given.get("expire_by", 0)
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        raise Refused("expire_by: must be an integer.")
    if wanted and wanted < now + SHORTEST:
        raise Refused("expire_by should be at least 15 minutes after current time.")
    if wanted > now + LONGEST:
        raise Refused("expire_by cannot be more than 6 months after current time.")
    return wanted


def _callback(given: Json) -> str:
    """Raises Refused where the address or the method that belongs to it is not as it should be."""
    url = given.get("callback_url", "")
    if not url:
        return ""
    parts = urlsplit(str(url))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refused("callback_url: must be a valid URL.")
    if given.get("callback_method") != "get":
        raise Refused("callback_method: must be a valid value.")
    return str(url)


def _text(given: Json, name: str, most: int) -> str:
    text = given.get(name) or ""
    if not isinstance(text, str):
        raise Refused(f"{name}: must be a string.")
    if len(text) > most:
        raise Refused(f"{name}: the length must be no more than {most}.")
    return text


def _notes(given: Json) -> Json:
    notes = given.get("notes") or {}
    if not isinstance(notes, dict) or len(notes) > 15:
        raise Refused("notes: number of fields in notes should be less than or equal to 15")
    if any(not isinstance(value, str) or len(value) > 256 for value in notes.values()):
        raise Refused("notes: each value must be a string of at most 256 characters.")
    return notes


def new_id(kind: str) -> str:
    return f"{kind}_{''.join(secrets.choice(LETTERS) for _ in range(14))}"


def whole_number(text: str | None, *, usual: int, most: int) -> int:
    """A number of the query.

    Raises:
        Refused: it is none, or too large.
    """
    if text is None:
        return usual
    if not re.fullmatch(r"\d{1,6}", text) or int(text) > most:
        raise Refused("count: must be no greater than 100.")
    return int(text)
