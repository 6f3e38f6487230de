"""WhatsApp's side of the wire: takes what the product sends, as slowly as it is told, and passes it on.

A reply's time is that of its arrival here, on the same clock as the guests' sending: what lies between is the
product's. Meta's own slowness comes on top for the guest, and holds up the product's sender.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from bench.wire import Respond, Server

Json = dict[str, Any]
_OK = orjson.dumps({"success": True})


@dataclass(frozen=True, slots=True)
class Option:
    """Something to tap: a button, a row of a list, or a template's quick reply, whose title is not told."""

    id: str
    title: str
    kind: Literal["button", "row", "quick_reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One message that the product sent.

    Attributes:
        kind: text, button, list, cta_url, document, template, …
        at: seconds of `time.perf_counter` when its request was here.
        url: of a cta_url.
        callback: what every status of this message carries back.
    """

    to: str
    kind: str
    text: str
    wamid: str
    at: float
    options: tuple[Option, ...]
    url: str | None
    callback: str | None


class Graph:
    """The stand-in's server.

    Attributes:
        latency: seconds until an answer, for every call; may be changed while it runs.
        counts: calls by what they were; whatever we do not know is counted by its path.
    """

    def __init__(self, on_reply: Callable[[Reply], None], *, latency: float = 0.0) -> None:
        self.latency = latency
        self.counts: Counter[str] = Counter()
        self._on_reply = on_reply
        self._ids = itertools.count(1)
        self._server = Server(self._handle)

    async def start(self, port: int = 0) -> None:
        await self._server.start(port)

    async def stop(self) -> None:
        await self._server.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def _handle(self, method: str, path: str, body: bytes, respond: Respond) -> None:
        at = time.perf_counter()
        if method == "POST" and path.endswith("/messages"):
            self._message(orjson.loads(body), at, respond)
        elif method == "POST" and path.endswith("/media"):
            self.counts["media"] += 1
            self._later(respond, orjson.dumps({"id": f"{next(self._ids):015d}"}))
        else:
            self.counts[f"{method} {path.split('?')[0]}"] += 1
            self._later(respond, _OK)

    def _message(self, body: Json, at: float, respond: Respond) -> None:
        if body.get("status") == "read":
            self.counts["typing"] += 1
            self._later(respond, _OK)
            return
        self.counts["messages"] += 1
        reply = read(body, f"wamid.OUT{next(self._ids):09d}", at)
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": reply.to, "wa_id": reply.to.lstrip("+")}],
            "messages": [{"id": reply.wamid}],
        }
        self._later(respond, orjson.dumps(answer), reply)

    def _later(self, respond: Respond, answer: bytes, reply: Reply | None = None) -> None:
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self._finish, respond, answer, reply)
        else:
            self._finish(respond, answer, reply)

    def _finish(self, respond: Respond, answer: bytes, reply: Reply | None) -> None:
        respond(200, answer)
        if reply is not None:
            self._on_reply(reply)


def read(body: Json, wamid: str, at: float) -> Reply:
    """What a guest sees of a message."""
    kind = str(body.get("type", "text"))
    part: Json = body.get(kind) or {}
    options: tuple[Option, ...] = ()
    url = None
    if kind == "text":
        words = part.get("body", "")
    elif kind == "interactive":
        kind, words = str(part.get("type")), (part.get("body") or {}).get("text", "")
        action: Json = part.get("action") or {}
        options = tuple(_options(action))
        url = (action.get("parameters") or {}).get("url")
    elif kind == "template":
        words = f"template:{part.get('name')}"
        options = tuple(_quick_replies(part))
    else:
        words = part.get("caption", "")
    to = str(body.get("to") or body.get("recipient") or "")
    return Reply(to, kind, words, wamid, at, options, url, body.get("biz_opaque_callback_data"))


def _options(action: Json) -> list[Option]:
    buttons = [b["reply"] for b in action.get("buttons") or []]
    rows = [row for section in action.get("sections") or [] for row in section["rows"]]
    found = [Option(b["id"], b["title"], "button") for b in buttons]
    return found + [Option(row["id"], row["title"], "row") for row in rows]


def _quick_replies(template: Json) -> list[Option]:
    return [
        Option(parameter.get("payload", ""), "", "quick_reply")
        for component in template.get("components") or []
        if component.get("type") == "button" and str(component.get("sub_type")).upper() == "QUICK_REPLY"
        for parameter in component.get("parameters") or []
    ]
