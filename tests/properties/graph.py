"""WhatsApp in this process: takes what the real one takes, remembers what was shown, complains of the rest."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from flows import templates
from integrations.whatsapp import MediaRefused, Sent, WhatsAppRefused, WhatsAppUnknown, wire
from models.message import Buttons, Menu, Message, Recipient, Template, Typing
from sandbox.graph import Refused
from sandbox.limits import check
from sandbox.templates import fill
from tests.properties.clock import StoppedClock

WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class Shown:
    """Something that can be tapped, in the bubble in which it was shown."""

    kind: str  # button_reply, list_reply, or button for a template's
    payload: str
    title: str
    wamid: str


class Graph:
    """Stands for `integrations.whatsapp.WhatsApp`.

    Attributes:
        shown: by user id, everything that was ever shown to be tapped, the oldest first.
        bubbles: by user id, every message in its order, typing apart.
        heard_at: by user id, when they last wrote; free words are taken for a day after it.
        complaints: what the real one would refuse, and what should not have been tried.
    """

    def __init__(self, clock: StoppedClock) -> None:
        self.shown: dict[str, list[Shown]] = {}
        self.bubbles: dict[str, list[Message]] = {}
        self.heard_at: dict[str, datetime] = {}
        self.complaints: list[str] = []
        self._clock = clock
        self._numbers = itertools.count(1)

    def send(self, to: Recipient, message: Message, callback_data: str) -> Sent:
        if isinstance(message, Typing):
            return Sent(None)
        body = wire(to, message, callback_data)
        who = str(to.user_id)
        try:
            check(body)
            if isinstance(message, Template):
                fill(_TEMPLATES[message.name, message.language], body["template"])
            elif self._clock.now() - self.heard_at.get(who, _LONG_AGO) > WINDOW:
                raise Refused(131047, "free words outside the window")
        except (Refused, KeyError) as refused:
            self.complaints.append(f"{refused!r}: {message}")
            raise WhatsAppRefused(100, 400, repr(refused)) from refused
        wamid = f"wamid.out.{next(self._numbers)}"
        self.bubbles.setdefault(who, []).append(message)
        self.shown.setdefault(who, []).extend(_shown_in(message, wamid))
        return Sent(wamid)

    def said(self, user_id: str, words: str) -> bool:
        """Whether the last bubble to them has these words."""
        bubbles = self.bubbles.get(user_id, [])
        return bool(bubbles) and words in str(getattr(bubbles[-1], "body", ""))

    def upload(self, content: bytes, mime_type: str, filename: str) -> str:
        return f"media.{next(self._numbers)}"

    def download(self, media_id: str, *, most: int) -> tuple[bytes, str]:
        """What `corpus.NODES` send: a picture, something that only says so, a file that is too large."""
        match media_id:
            case "1":
                return b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "image/png"
            case "2":
                return b"MZ" + b"\0" * 64, "image/jpeg"
            case "3":
                raise MediaRefused("too_large")
        raise WhatsAppUnknown("nobody knows this file")


def _shown_in(message: Message, wamid: str) -> list[Shown]:
    if isinstance(message, Buttons):
        return [Shown("button_reply", b.id, b.title, wamid) for b in message.buttons]
    if isinstance(message, Menu):
        return [
            Shown("list_reply", row.id, row.title, wamid) for part in message.sections for row in part.rows
        ]
    if isinstance(message, Template):
        return [Shown("button", payload, "?", wamid) for payload in message.button_payloads]
    return []


def _load() -> dict[tuple[str, str], dict[str, Any]]:
    loaded = [orjson.loads(path.read_bytes()) for path in templates.files()]
    return {(template["name"], template["language"]): template for template in loaded}


_TEMPLATES: Final = _load()
_LONG_AGO: Final = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
