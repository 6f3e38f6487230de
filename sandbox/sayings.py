"""What a person does in a chat, as the message node that WhatsApp makes of it."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from sandbox import wire
from sandbox.chats import Bubble
from sandbox.line import Line
from sandbox.media import kind_of, shown
from sandbox.people import Person

Node = dict[str, Any]
# What is sent if the kind of file is not named.
USUAL_MIME = {
    "image": "image/jpeg",
    "document": "application/pdf",
    "video": "video/mp4",
    "audio": "audio/ogg; codecs=opus",
    "sticker": "image/webp",
}
WORDS = ("text", "contact", "card", "location", "reaction", "delete", "unsupported", "raw", *wire.FILES)


class NotOffered(Exception):
    """Nobody offered this tap, or it sends nothing by itself."""


class Sayings:
    """Turns the control API's `say` into nodes; the chats tell what can be tapped, answered and deleted."""

    def __init__(self, line: Line) -> None:
        self.line = line

    async def node(self, person: Person, given: Node) -> tuple[Node, Bubble]:
        """The node of one thing said, and what its bubble shows besides.

        Raises:
            ValueError: nothing that can be said, or a part of it makes no sense.
            KeyError: a part is missing.
            Refused: WhatsApp takes no such file.
        """
        word = next((each for each in WORDS if each in given), None)
        if word is None:
            raise ValueError(f"say one of tap, {', '.join(WORDS)}")
        extra: Bubble = {}
        if word in wire.FILES:
            node, extra = await self._file(word, _object(given, word))
        else:
            node = self._spoken(word, person, given)
        if given.get("reply_to") and "context" not in node:
            node["context"] = self._context(person, self._bubble(person, given["reply_to"]))
        return node, extra

    def tap(self, person: Person, tap: Node) -> tuple[Node, Node | None, Bubble]:
        """The option that is tapped, and what it sends: None for a link.

        Raises:
            NotOffered: see there.
        """
        found = self._offered(person, tap)
        if found is None:
            raise NotOffered(f"{person.name} was not offered {tap.get('title') or tap.get('id')!r}")
        bubble, option = found
        if option["kind"] == "url":
            return option, None, {}
        if option["kind"] not in ("reply", "row", "contact"):
            raise NotOffered(f"{option['title']}: nothing is sent by this tap alone")
        asked = option["kind"] == "contact"
        node = self._share_contact(person) if asked else wire.reply_node(bubble, option)
        # WhatsApp leaves the context out of a template's quick reply now and then.
        if not (bubble["template"] and self.line.courier.switches.bare_template_taps):
            node["context"] = self._context(person, bubble)
        return option, node, {"reply_to": bubble["id"]}

    def _offered(self, person: Person, tap: Node) -> tuple[Bubble, Node] | None:
        """The option in the named message, or in the newest one that offers it."""
        for bubble in reversed(self.line.chats.of(person.id)):
            if bubble["from"] != "business" or bubble["status"] == "failed":
                continue
            if tap.get("wamid") not in (None, bubble["id"]):
                continue
            for option in bubble["options"]:
                by_title = "id" not in tap and option["title"].strip() == str(tap["title"]).strip()
                if by_title or ("id" in tap and option["id"] == tap["id"]):
                    return bubble, option
        return None

    def _spoken(self, word: str, person: Person, given: Node) -> Node:
        match word:
            case "text":
                return {"type": "text", "text": {"body": _filled(given["text"])}}
            case "contact":
                return self._share_contact(person)
            case "card":
                card = _object(given, "card")
                return wire.contact_node(_filled(card["name"]), _filled(card["phone"]))
            case "location":
                place = _object(given, "location")
                spot = {"latitude": float(place["latitude"]), "longitude": float(place["longitude"])}
                return {"type": "location", "location": {**place, **spot}}
            case "reaction":
                about = _object(given, "reaction")
                reaction = {"message_id": self._bubble(person, about["message_id"])["id"]}
                emoji = {"emoji": str(about["emoji"])} if about.get("emoji") else {}
                return {"type": "reaction", "reaction": reaction | emoji}
            case "delete":
                bubble = self._bubble(person, given["delete"], by="person")
                return {"type": "revoke", "revoke": {"original_message_id": bubble["id"]}}
            case "unsupported":
                return wire.unsupported_node()
            case _:
                return _raw(given["raw"])

    def _bubble(self, person: Person, wamid: object, *, by: str | None = None) -> Bubble:
        """A message of this chat, written by this side.

        Raises:
            ValueError: there is none.
        """
        found = self.line.chats.find(str(wamid))
        if found is None or found[0] != person.id or by not in (None, found[1]["from"]):
            raise ValueError("no such message in this chat")
        return found[1]

    def _context(self, person: Person, about: Bubble) -> Node:
        """What an answer says of the message it answers: who wrote it, and its id."""
        if about["from"] == "business":
            return {"from": self.line.settings.display_number, "id": about["id"]}
        return {"from": person.digits, "id": about["id"]} if person.shows_phone else {"id": about["id"]}

    def _share_contact(self, person: Person) -> Node:
        person.phone_shared = True
        self.line.people.keep(person)
        return wire.shared_contact_node(person.name, person.phone)

    async def _file(self, kind: str, part: Node) -> tuple[Node, Bubble]:
        try:
            data = base64.b64decode(part["base64"], validate=True)
        except binascii.Error:
            raise ValueError("base64 is broken") from None
        mime = str(part.get("mime") or USUAL_MIME[kind])
        if kind_of(mime.split(";")[0].strip()) != kind:
            raise ValueError(f"{mime} is not a kind of {kind}")
        meta = await self.line.media.save(data, mime, part.get("filename"), ours=False)
        file = {"id": meta["id"], "mime_type": mime, "sha256": meta["sha256_base64"]}
        if kind in ("image", "video", "document") and part.get("caption"):
            file["caption"] = str(part["caption"])
        if kind == "document":
            file["filename"] = part.get("filename") or "file"
        if kind == "audio":
            file["voice"] = part.get("voice") is True
        if kind == "sticker":
            file["animated"] = False
        return {"type": kind, kind: file}, {"media": shown(meta)}


def _filled(text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ValueError("say something")
    return text


def _object(given: Node, key: str) -> Node:
    if not isinstance(found := given[key], dict):
        raise ValueError(f"{key} must be an object")
    return found


def _raw(node: object) -> Node:
    """A message node as the test wants it; only what every node has is asked for."""
    if not isinstance(node, dict) or not isinstance(kind := node.get("type"), str):
        raise ValueError("raw must be a message node with a type")
    shaped = kind in (*wire.SHOWN, "reaction", "revoke")
    if shaped and not isinstance(node.get(kind), list if kind == "contacts" else dict):
        raise ValueError(f"raw.{kind} must be there")
    return dict(node)
