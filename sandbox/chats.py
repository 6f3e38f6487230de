"""Every chat as its phone shows it: numbered bubbles with ticks."""

from __future__ import annotations

import base64
import os
from collections import defaultdict
from typing import Any

from sandbox.hub import Hub
from sandbox.store import Store

Bubble = dict[str, Any]
RANK = {"pending": 0, "sent": 1, "delivered": 2, "read": 3, "failed": 4}


def new_wamid() -> str:
    """A message id that looks like WhatsApp's own."""
    return "wamid.HBgM" + base64.b64encode(os.urandom(30)).decode()


class Chats:
    """The bubbles of every person, oldest first; kept over a restart."""

    def __init__(self, store: Store, hub: Hub) -> None:
        self._store, self._hub = store, hub
        self._of: dict[str, list[Bubble]] = defaultdict(list)
        self._found: dict[str, tuple[str, Bubble]] = {}
        self._last = 0
        for row in store.load("bubble").values():
            self._place(row.pop("person"), empty_bubble() | row)

    def add(self, person: str, bubble: Bubble) -> Bubble:
        """Append a bubble: gives it the next number and tells the page."""
        whole = empty_bubble() | bubble | {"n": self._last + 1}
        self._place(person, whole)
        self._keep(person, whole)
        self._hub.tell("bubble", person=person, **whole)
        return whole

    def of(self, person: str, after: int = 0) -> list[Bubble]:
        """This person's bubbles with a number above `after`."""
        chat = self._of[person]
        if not after:
            return list(chat)
        start = len(chat)
        while start and chat[start - 1]["n"] > after:
            start -= 1
        return chat[start:]

    @property
    def last(self) -> int:
        """The number of the newest bubble of all chats."""
        return self._last

    def last_of(self, person: str) -> int:
        """The number of this person's newest bubble."""
        return self._of[person][-1]["n"] if self._of[person] else 0

    def find(self, wamid: str) -> tuple[str, Bubble] | None:
        """The person and bubble of a message id."""
        return self._found.get(wamid)

    def set_status(self, wamid: str, status: str) -> bool:
        """Move the ticks forward; never back. True if they moved."""
        if not (found := self._found.get(wamid)):
            return False
        person, bubble = found
        if RANK[bubble["status"]] >= RANK[status]:
            return False
        bubble["status"] = status
        self._keep(person, bubble)
        self._hub.tell("status", person=person, id=bubble["id"], n=bubble["n"], status=bubble["status"])
        return True

    def react(self, wamid: str, by: str, emoji: str) -> None:
        """Put somebody's emoji on a message, or take it off if there is none; an unknown message has none."""
        if found := self._found.get(wamid):
            kept = {who: each for who, each in found[1]["reactions"].items() if who != by}
            found[1]["reactions"] = kept | ({by: emoji} if emoji else {})
            self._changed(*found)

    def delete(self, wamid: str) -> None:
        """Leave only the mark that something was deleted here."""
        if found := self._found.get(wamid):
            person, bubble = found
            kept = {key: bubble[key] for key in ("n", "id", "from", "at", "status")}
            bubble.update(empty_bubble() | kept | {"kind": "deleted"})
            self._changed(person, bubble)

    def _changed(self, person: str, bubble: Bubble) -> None:
        self._keep(person, bubble)
        self._hub.tell("changed", person=person, **bubble)

    def all(self) -> list[tuple[str, Bubble]]:
        """Every bubble with its person, in no particular order."""
        return list(self._found.values())

    def _place(self, person: str, bubble: Bubble) -> None:
        self._of[person].append(bubble)
        self._found[bubble["id"]] = (person, bubble)
        self._last = max(self._last, bubble["n"])

    def _keep(self, person: str, bubble: Bubble) -> None:
        self._store.put("bubble", f"{bubble['n']:09d}", bubble | {"person": person})


def empty_bubble() -> Bubble:
    """A bubble with every field that the control API promises."""
    return {
        "n": 0,
        "id": "",
        "from": "business",
        "at": 0.0,
        "kind": "text",
        "body": "",
        "header": None,
        "footer": None,
        "options": [],
        "list_button": None,
        "sections": [],
        "media": None,
        "status": "pending",
        "reply_to": None,
        "template": None,
        "billable": False,
        "location": None,
        "contact": None,
        "voice": False,
        "forwarded": False,
        "reactions": {},
        "error": None,
    }
