"""WhatsApp calls: check the signature over the raw bytes, split the batch, keep every item, ring, answer 200.

Nothing is understood here. An item that was kept before is not kept again; an answer other than 200 makes
WhatsApp send the whole batch again, and is given only when a row could not be stored.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import abort

from bot.door import body_of, until_stored
from bot.gathering import Gathering
from models import db, inbound
from models.clock import Clock
from models.inbound import Incoming

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = structlog.get_logger()

PATH = "/api/whatsapp/webhook"
SOURCE = "whatsapp"


class WhatsAppCalls:
    """What the door does with a call of WhatsApp's."""

    def __init__(self, *, app_secret: str, phone_number_id: str, clock: Clock) -> None:
        self._secret = app_secret.encode()
        self._phone_number_id = phone_number_id
        self._clock = clock
        self._gathering = Gathering(self._keep)

    def receive(self, environ: WSGIEnvironment) -> None:
        body = body_of(environ)
        check_signature(environ.get("HTTP_X_HUB_SIGNATURE_256"), body, self._secret)
        try:
            items = list(split(_envelope(body), self._phone_number_id))
            if items:
                self._gathering.keep(items, can_wait=all(item.kind != "message" for item in items))
        except orjson.JSONEncodeError:
            abort(400, "The body is nested too deeply.")

    def _keep(self, items: Sequence[Incoming]) -> None:
        keep(items, self._clock)


def whatsapp_subscription(*, verify_token: str) -> Blueprint:
    page = Blueprint("whatsapp_subscription", __name__)

    @page.get(PATH)
    def confirm() -> Response:
        """Answer Meta's question whether this address is ours."""
        token = request.args.get("hub.verify_token", "").encode()
        if request.args.get("hub.mode") != "subscribe" or not hmac.compare_digest(
            token, verify_token.encode()
        ):
            abort(403, "The verify token is wrong.")
        return Response(request.args.get("hub.challenge", ""), mimetype="text/plain")

    return page


def check_signature(header: str | None, body: bytes, secret: bytes) -> None:
    """Let through only what carries our secret's HMAC; 401 without a signature, 403 with a wrong one."""
    if not header:
        abort(401, "The signature is missing.")
    wanted = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    # As bytes: a header may hold anything, and comparing text refuses what is not ASCII with an error.
    if not hmac.compare_digest(header.encode("utf-8", "replace"), wanted.encode()):
        abort(403, "The signature is wrong.")


# An escaped NUL; two backslashes before it are a backslash that somebody typed.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        envelope = orjson.loads(_without_nul(body))
    except orjson.JSONDecodeError:
        envelope = _read_leniently(body)
    if not isinstance(envelope, dict) or not isinstance(envelope.get("entry"), list):
        abort(400, "The body is not a webhook of WhatsApp.")
    return envelope


def _without_nul(body: bytes) -> bytes:
    """PostgreSQL's JSON holds no NUL; a person's text with one is still a person's text."""
    return _NUL.sub(rb"\1 ", body) if b"\\u0000" in body else body


def _read_leniently(body: bytes) -> Any:
    """Half an emoji is no valid text, and no reason to lose the messages around it."""
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace")
        return orjson.loads(_without_nul(text))
    except (ValueError, RecursionError):
        abort(400, "The body is not JSON.")


def split(envelope: dict[str, Any], phone_number_id: str) -> Iterator[Incoming]:
    """Every message, status and notice of a batch by itself; what is not of its documented shape is kept as notice."""
    for entry in envelope["entry"]:
        for change in _list(_dict(entry).get("changes")):
            change = _dict(change)
            value = _dict(change.get("value"))
            other = _dict(value.get("metadata")).get("phone_number_id")
            if other is not None and other != phone_number_id:
                log.warning("webhook.not_our_number")
                continue
            contacts = [_dict(contact) for contact in _list(value.get("contacts"))]
            found = False
            for message in _list(value.get("messages")):
                found = True
                yield _message(_dict(message), contacts)
            for status in _list(value.get("statuses")):
                found = True
                yield _status(_dict(status))
            if not found:
                yield _notice(change)


def _message(message: dict[str, Any], contacts: list[dict[str, Any]]) -> Incoming:
    wamid = message.get("id")
    contact = _contact_of(message, contacts)
    message = {**message, "_contact": contact}
    phone, user_id, name = inbound.sender(message)
    if not isinstance(wamid, str) or not wamid or not (phone or user_id):
        return _notice(message)
    return Incoming(SOURCE, wamid[:300], "message", message, phone=phone, user_id=user_id, name=name)


def _contact_of(message: dict[str, Any], contacts: list[dict[str, Any]]) -> dict[str, Any]:
    """The contact that wrote this message: by user id, by number, or the only one there is."""
    for key, mine in (("user_id", "from_user_id"), ("wa_id", "from")):
        for contact in contacts:
            if message.get(mine) is not None and contact.get(key) == message[mine]:
                return contact
    told = message.get("from") or message.get("from_user_id")
    return contacts[0] if len(contacts) == 1 and not told else {}


def _status(status: dict[str, Any]) -> Incoming:
    """Known by wamid and status: the same news a second time is the same news."""
    wamid, name = status.get("id"), status.get("status")
    if not isinstance(wamid, str) or not isinstance(name, str):
        return _notice(status)
    return Incoming(SOURCE, f"{wamid}:{name}"[:300], "status", status)


def _notice(item: dict[str, Any]) -> Incoming:
    """Anything else (template news, account news, a shape nobody documents): kept, known by its own hash."""
    digest = hashlib.sha256(orjson.dumps(item, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Incoming(SOURCE, f"hash:{digest}", "notice", item)


def keep(items: Sequence[Incoming], clock: Clock) -> None:
    """Store what is new and ring.

    Part of a batch may be stored when the rest fails: its repeat finds that part known.
    """
    until_stored(lambda: _keep(items, clock))


def _keep(items: Sequence[Incoming], clock: Clock) -> None:
    with db.one_statement() as (cursor, info):
        bells, rest = inbound.keep_known(cursor, info, items, clock.now())
    if bells:
        db.process().ring(bells)
    if rest:
        with db.unit_of_work() as session:
            session.info["bells"].update(inbound.keep(session, rest, clock.now()))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
