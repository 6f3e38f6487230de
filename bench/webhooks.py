"""Webhook bodies as WhatsApp sends them, with both ids of a person, signed."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import time
import uuid
from dataclasses import dataclass
from typing import Any

import orjson

from bench.graph import Option

Json = dict[str, Any]

# As `run` gives them to the product with its sandbox; worth nothing anywhere else.
APP_SECRET = "sandbox-app-secret"
PHONE_NUMBER_ID, BUSINESS_ACCOUNT_ID, DISPLAY_NUMBER = "200000000000001", "100000000000001", "15550001111"
PATH = "/api/whatsapp/webhook"

_numbers = itertools.count(1)
_RUN = uuid.uuid4().hex[:8].upper()  # two runs on one database are two days' messages


@dataclass(frozen=True, slots=True)
class Identity:
    """Who writes. The numbers are made up, and nothing here ever leaves the loopback.

    Attributes:
        digits: the phone number without its plus.
        user_id: the business-scoped id.
    """

    number: int
    digits: str
    user_id: str
    name: str

    @classmethod
    def guest(cls, number: int) -> Identity:
        return cls(number, f"92300{number + 1000:07d}", f"PK.{number + 1000:020d}", f"Guest {number}")

    @classmethod
    def owner(cls, number: int) -> Identity:
        return cls(number, f"92300{number + 400:07d}", f"PK.{number + 400:020d}", f"Owner {number}")

    @classmethod
    def admin(cls) -> Identity:
        """As `run` names the admin to the product."""
        return cls(301, "923000000301", f"PK.{301:020d}", "Admin")

    @property
    def contact(self) -> Json:
        return {"profile": {"name": self.name}, "wa_id": self.digits, "user_id": self.user_id}


def text(who: Identity, words: str) -> bytes:
    return _message(who, {"type": "text", "text": {"body": words}})


def tap(who: Identity, wamid: str, option: Option) -> bytes:
    """A tap on what a message offered, in the shape of each kind."""
    if option.kind == "quick_reply":
        node: Json = {"type": "button", "button": {"text": option.title or "Yes", "payload": option.id}}
    else:
        kind = "list_reply" if option.kind == "row" else "button_reply"
        chosen = {"id": option.id, "title": option.title}
        node = {"type": "interactive", "interactive": {"type": kind, kind: chosen}}
    return _message(who, {"context": {"from": DISPLAY_NUMBER, "id": wamid}, **node})


def status(who: Identity, wamid: str, name: str, callback: str | None) -> bytes:
    news: Json = {
        "id": wamid,
        "status": name,
        "timestamp": str(int(time.time())),
        "recipient_id": who.digits,
        "recipient_user_id": who.user_id,
    }
    if callback is not None:
        news["biz_opaque_callback_data"] = callback
    if name != "read":
        news["pricing"] = {
            "billable": False, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"
        }  # fmt: skip
    return _envelope(who, {"statuses": [news]})


def _message(who: Identity, node: Json) -> bytes:
    message = {
        "from": who.digits,
        "from_user_id": who.user_id,
        "id": f"wamid.IN{_RUN}{next(_numbers):09d}",
        "timestamp": str(int(time.time())),
        **node,
    }
    return _envelope(who, {"messages": [message]})


def _envelope(who: Identity, items: Json) -> bytes:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": PHONE_NUMBER_ID},
        "contacts": [who.contact],
        **items,
    }
    change = {"value": value, "field": "messages"}
    entry = {"id": BUSINESS_ACCOUNT_ID, "changes": [change]}
    return orjson.dumps({"object": "whatsapp_business_account", "entry": [entry]})


def signature(body: bytes) -> str:
    """The header line that proves where a body comes from."""
    digest = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return f"X-Hub-Signature-256: sha256={digest}\r\n"
