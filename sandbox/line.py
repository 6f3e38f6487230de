"""The line between the business number and its people: what may be sent, what arrives, who hears of it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

from sandbox import limits, wire
from sandbox.calls import CallLog
from sandbox.chats import Bubble, Chats, new_wamid
from sandbox.clock import Clock
from sandbox.courier import Courier, Item, Rendered
from sandbox.faults import Faults
from sandbox.graph import Refused
from sandbox.hub import Hub
from sandbox.media import KINDS, Media, kind_of, shown
from sandbox.people import People, Person
from sandbox.rates import Rates
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.templates import Filled, Templates

WINDOW = 24 * 3600.0
SENT_AFTER, DELIVERED_AFTER, APPROVED_AFTER = 0.03, 0.12, 0.3
TYPING_SECONDS = 25.0
FREE_A_MONTH = 1000
dice = random.SystemRandom()
LATE = (131026, 131047, 131053)  # What the platform often says only in a later `failed` status.


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a message names: by phone or by user id, and the person behind it, if there is one."""

    by: str
    value: str
    person: Person | None
    swallowed: bool = False


class Line:
    """One business number. Everything here happens on one event loop."""

    def __init__(self, settings: Settings, clock: Clock, store: Store, hub: Hub) -> None:
        self.settings, self.clock, self.store, self.hub = settings, clock, store, hub
        self.people, self.chats = People(store, hub), Chats(store, hub)
        self.media = Media(store, settings.data / "media", clock.now)
        self.templates = Templates(store, settings.templates, clock.now)
        self.faults, self.log = Faults(lambda: hub.tell("misbehaviour")), CallLog(clock.now)
        self.rates = Rates(
            clock.now,
            per_second=settings.messages_per_second,
            pair_seconds=settings.pair_seconds,
            pair_burst=settings.pair_burst,
        )
        self.courier = Courier(
            name="whatsapp",
            url=settings.product_url + "/api/whatsapp/webhook",
            store=store,
            log=self.log,
            render=self._render,
            accepted=lambda status: status == 200,
            on_accepted=self._on_accepted,
        )
        self._sent: dict[str, dict[str, Any]] = store.load("sent")
        self._service_messages: dict[str, int] = store.load("service-messages")
        self._typing: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._bare_failures = False

    async def start(self) -> None:
        self._fetcher = aiohttp.ClientSession()
        await self.courier.start()
        for _, bubble in self.chats.all():
            if (
                bubble["from"] == "business"
                and bubble["status"] in ("pending", "sent")
                and bubble["id"] in self._sent
            ):
                self._climb(bubble["id"])

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await self.courier.stop()
        await self._fetcher.close()

    # Out: from the product to a person.

    def send(self, body: dict[str, Any], *, failing: Refused | None = None) -> dict[str, Any]:
        """Take a message in and answer as the Cloud API does; `failing` comes as a later status.

        Raises:
            Refused: a limit, a rate, the closed window, a template that does not fit.
        """
        limits.check(body)
        if not self.rates.number():
            raise Refused(
                130429, "Message failed to send because too many messages were sent from this number"
            )
        addressee = self.addressee(body)
        filled = self.templates.fill(body["template"]) if body.get("type") == "template" else None
        try:
            self._may_reach(addressee, filled)
            self._check_file(body, filled)
        except Refused as refused:
            late = self.courier.switches.late_refusals or refused.code == 131026
            if not (late and refused.code in LATE):
                raise
            failing = failing or refused
        wamid = self._note_sent(body, addressee, filled)
        if body.get("type") == "reaction" and not failing:
            self.chats.react(body["reaction"]["message_id"], "business", body["reaction"]["emoji"])
        elif not addressee.swallowed:
            self._show(wamid, wire.bubble_of(body, filled), wire.file_of(body, filled), failing)
        echoed = {"user_id": addressee.value} if addressee.by == "user_id" else {"wa_id": addressee.value}
        given = body.get("to") or body.get("recipient")
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": given, **echoed}],
            "messages": [{"id": wamid}],
        }

    def addressee(self, body: dict[str, Any]) -> Addressee:
        """Who is meant. `to` wins over `recipient`.

        A user id in `to` is accepted and swallowed, and a number without its plus gets the business's
        country code in front: both are traps of the real platform (facts/whatsapp.md 2.2, 2.6).
        """
        to, recipient = str(body.get("to") or ""), str(body.get("recipient") or "")
        if to and limits.USER_ID.match(to):
            return Addressee("phone", to, None, swallowed=True)
        if to:
            digits = "".join(char for char in to if char.isdigit())
            if not 5 <= len(digits) <= 16:
                raise Refused(131009, "to is not a valid phone number")
            if not to.startswith("+"):
                digits = self.settings.display_number[:1] + digits
            return Addressee("phone", digits, self.people.by_digits(digits))
        if not limits.USER_ID.match(recipient):
            raise Refused(131009, "recipient is not a valid business-scoped user id")
        return Addressee("user_id", recipient, self.people.by_user_id(recipient))

    def _may_reach(self, addressee: Addressee, filled: Filled | None) -> None:
        person = addressee.person
        if addressee.swallowed:
            return
        if addressee.by == "phone" and addressee.value == self.settings.display_number:
            raise Refused(131021, "Sender and recipient phone number is the same")
        if filled and filled.category == "authentication" and addressee.by == "user_id":
            raise Refused(131062, "Authentication templates can be sent to phone numbers only")
        if person is None:
            raise Refused(131026, "Message undeliverable: the recipient is not on WhatsApp")
        if not self.rates.pair(person.id):
            raise Refused(131056, "Too many messages sent from this phone number to the same recipient")
        if filled is None and (person.wrote_at is None or self.clock.now() - person.wrote_at >= WINDOW):
            raise Refused(
                131047, "More than 24 hours have passed since the recipient last replied to this number"
            )

    def _check_file(self, body: dict[str, Any], filled: Filled | None) -> None:
        found = wire.file_of(body, filled)
        if found is None or not (number := found[1].get("id")):
            return
        meta = self.media.get(str(number))
        if meta is None:
            raise Refused(131009, f"{found[0]}.id: no media with the ID {number}")
        if meta["mime"] not in KINDS[found[0]][1]:
            raise Refused(131053, f"{found[0]}: a file of type {meta['mime']} cannot be sent as {found[0]}")

    def _note_sent(self, body: dict[str, Any], addressee: Addressee, filled: Filled | None) -> str:
        wamid = new_wamid()
        self._sent[wamid] = sent = {
            "by": addressee.by,
            "value": addressee.value,
            "person": addressee.person.id if addressee.person else None,
            "callback": body.get("biz_opaque_callback_data"),
            "pricing": self._price(filled),
        }
        self.store.put("sent", wamid, sent)
        return wamid

    def _price(self, filled: Filled | None) -> dict[str, Any]:
        """Since 2026-10 only the first thousand service messages of a month are free; templates never are."""
        if filled:
            return _pricing("regular", filled.category)
        month = datetime.fromtimestamp(self.clock.now(), UTC).strftime("%Y-%m")
        used = self._service_messages[month] = self._service_messages.get(month, 0) + 1
        self.store.put("service-messages", month, used)
        return _pricing("free_customer_service" if used <= FREE_A_MONTH else "regular", "service")

    def _show(
        self, wamid: str, bubble: Bubble, file: tuple[str, Any] | None, failing: Refused | None
    ) -> None:
        sent = self._sent[wamid]
        bubble |= {"id": wamid, "billable": sent["pricing"]["billable"]}
        if failing:
            asyncio.get_running_loop().call_later(SENT_AFTER, self._fail, wamid, bubble, failing)
        elif file and file[1].get("link"):
            task = asyncio.get_running_loop().create_task(self._fetch_and_show(wamid, bubble, *file))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            meta = self.media.get(str(file[1].get("id"))) if file else None
            if file and meta:
                wire.put_file(bubble, file[0], shown(meta, file[1].get("filename")))
            self._put(wamid, bubble)

    async def _fetch_and_show(self, wamid: str, bubble: Bubble, kind: str, node: Any) -> None:
        try:
            meta = await self.media.from_link(self._fetcher, node["link"])
            if kind_of(meta["mime"]) != kind:
                raise Refused(
                    131053, f"Downloading media from weblink failed: {meta['mime']} is not a kind of {kind}"
                )
        except Refused as refused:
            self._fail(wamid, bubble, refused)
            return
        wire.put_file(bubble, kind, shown(meta, node.get("filename")))
        self._put(wamid, bubble)

    def _put(self, wamid: str, bubble: Bubble) -> None:
        """The bubble appears on the phone, and its ticks begin to climb."""
        person = self._sent[wamid]["person"]
        self._stop_typing(person)
        self._answered(person)
        self.chats.add(person, bubble | {"at": self.clock.now()})
        self._climb(wamid)

    def _climb(self, wamid: str) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(SENT_AFTER, self._tick, wamid, "sent")
        loop.call_later(DELIVERED_AFTER, self._tick, wamid, "delivered")

    def _tick(self, wamid: str, status: str) -> None:
        # `sent` is always told, even when the open chat made it `read` before: order is never promised.
        if self.chats.set_status(wamid, status) or status == "sent":
            self._post_status(wamid, status)

    def _fail(self, wamid: str, bubble: Bubble, refused: Refused) -> None:
        if person := self._sent[wamid]["person"]:
            why = {"code": refused.code, "title": refused.title}
            failed = {"at": self.clock.now(), "status": "failed", "billable": False, "error": why}
            self.chats.add(person, bubble | failed)
        self._post_status(wamid, "failed", refused)

    def _post_status(self, wamid: str, status: str, refused: Refused | None = None) -> None:
        sent = self._sent[wamid]
        person = self.people.get(sent["person"] or "")
        node: dict[str, Any] = {"id": wamid, "status": status, "timestamp": str(int(self.clock.now()))}
        if sent["by"] == "phone":
            node["recipient_id"] = sent["value"]
        if person and (sent["by"] == "user_id" or not refused):
            node["recipient_user_id"] = person.user_id
        if sent["callback"]:
            node["biz_opaque_callback_data"] = sent["callback"]
        contact = person.contact() if person else None
        if refused:
            node["errors"] = [refused.in_status()]
            # Documented without contacts, seen in production with a bare number: both, in turn.
            self._bare_failures = not self._bare_failures
            bare = self._bare_failures or sent["by"] != "phone"
            contact = None if bare else {"wa_id": sent["value"]}
        elif not sent.get("priced") or status == "sent":
            node["pricing"] = sent["pricing"]
            sent["priced"] = status != "sent"
        self.courier.post({"kind": "status", "id": f"{wamid}:{status}", "contact": contact, "node": node})

    # In: from a person to the product.

    def receive(
        self, person: Person, node: dict[str, Any], extra: Bubble | None = None
    ) -> tuple[str, asyncio.Future[int]]:
        """A person sends something: it stands in their chat and is posted to the product."""
        now = self.clock.now()
        self.rates.number()
        shown_from = {"from": person.digits} if person.shows_phone else {}
        wamid = str(node.get("id") or new_wamid())
        head = {**shown_from, "from_user_id": person.user_id, "id": wamid, "timestamp": str(int(now))}
        node = {**head, **node}
        self.people.wrote(person, now)
        # A reaction and a deletion stand at the message that they are about.
        if node["type"] == "reaction":
            about = node["reaction"]
            self.chats.react(str(about.get("message_id")), "person", str(about.get("emoji") or ""))
        elif node["type"] == "revoke":
            self.chats.delete(str(node["revoke"].get("original_message_id")))
        else:
            bubble = wire.own_bubble(node) | (extra or {})
            self.chats.add(person.id, bubble | {"id": wamid, "at": now})
        item = {"kind": "message", "id": wamid, "contact": person.contact(), "node": node}
        return wamid, self.courier.post(item)

    def change_number(self, person: Person, phone: str | None, user_id: str) -> asyncio.Future[int]:
        """The person got another number: a system message without contacts tells it."""
        old = {"from": person.digits} if person.shows_phone else {}
        head = {
            **old,
            "from_user_id": person.user_id,
            "id": new_wamid(),
            "timestamp": str(int(self.clock.now())),
        }
        changed = self.people.add({"id": person.id, "phone": phone, "user_id": user_id})
        kind = "user_changed_user_id" if person.phone_hidden else "user_changed_number"
        system: dict[str, Any] = {"body": f"{person.name} changed", "user_id": changed.user_id, "type": kind}
        if changed.shows_phone:
            system["wa_id"] = changed.digits
        node = {**head, "type": "system", "system": system}
        return self.courier.post({"kind": "message", "id": head["id"], "contact": None, "node": node})

    def open_chat(self, person: Person) -> int:
        """The person looks at the chat: every message of the business is read. Says how many were new."""
        new = [
            b
            for b in self.chats.of(person.id)
            if b["from"] == "business" and b["status"] not in ("read", "failed")
        ]
        for bubble in new:
            self._tick(bubble["id"], "read")
        return len(new)

    # What the product tells about a person's message.

    def mark_read(self, wamid: str, *, typing: bool) -> None:
        """Blue ticks up to this message, and perhaps “typing…”.

        Raises:
            Refused: no such message from a person.
        """
        found = self.chats.find(wamid)
        if found is None or found[1]["from"] != "person":
            raise Refused(100, "message_id: no message of a user with this ID")
        person, read = found
        for bubble in self.chats.of(person):
            if bubble["from"] == "person" and bubble["n"] <= read["n"]:
                self.chats.set_status(bubble["id"], "read")
        if typing:
            self._stop_typing(person, quiet=True)
            loop = asyncio.get_running_loop()
            self._typing[person] = loop.call_later(TYPING_SECONDS, self._stop_typing, person)
            self.hub.tell("typing", person=person, typing=True)

    def is_typing(self, person: str) -> bool:
        return person in self._typing

    def _stop_typing(self, person: str, *, quiet: bool = False) -> None:
        if timer := self._typing.pop(person, None):
            timer.cancel()
            if not quiet:
                self.hub.tell("typing", person=person, typing=False)

    def _answered(self, person: str) -> None:
        for bubble in reversed(self.chats.of(person)):
            if bubble["from"] == "person":
                if bubble["status"] == "delivered":
                    self.chats.set_status(bubble["id"], "read")
                break

    # Templates.

    def create_template(self, given: dict[str, Any]) -> dict[str, Any]:
        """Take a template in; its approval comes a moment later by webhook."""
        template = self.templates.create(given)
        asyncio.get_running_loop().call_later(APPROVED_AFTER, self.decide_template, template, "APPROVED")
        return {key: template[key] for key in ("id", "status", "category")}

    def decide_template(self, template: dict[str, Any], status: str) -> None:
        self.templates.set_status(template, status)
        value = {
            "event": status,
            "message_template_id": int(template["id"]),
            "message_template_name": template["name"],
            "message_template_language": template["language"],
            "message_template_category": template["category"],
            "reason": "NONE",
        }
        wanted = f"template:{template['id']}:{status}"
        field = "message_template_status_update"
        self.courier.post({"kind": "template", "id": wanted, "field": field, "value": value})

    # The envelope.

    def _on_accepted(self, item: Item) -> None:
        if item["kind"] == "message":
            self.chats.set_status(item["id"], "delivered")

    def _render(self, items: Sequence[Item]) -> Rendered:
        body = json.dumps(self.envelope(items), separators=(",", ":")).encode()
        digest = hmac.new(self.settings.app_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": "sha256=" + digest,
        }
        return body, headers

    def envelope(self, items: Sequence[Item]) -> dict[str, Any]:
        """One body for these items: neighbours that fit share a `value`, the rest get changes and entries."""
        groups: list[tuple[str, list[Item]]] = []
        for item in items:
            key = f"{item['kind']}:{item.get('contact') is None}:{item.get('field')}"
            if not groups or groups[-1][0] != key:
                groups.append((key, []))
            groups[-1][1].append(item)
        entries: list[dict[str, Any]] = []
        for _, group in groups:
            change = self._change(group)
            if entries and dice.random() < 0.5:
                entries[-1]["changes"].append(change)
            else:
                entries.append(
                    {"id": self.settings.waba_id, "time": int(self.clock.now()), "changes": [change]}
                )
        return {"object": "whatsapp_business_account", "entry": entries}

    def _change(self, group: list[Item]) -> dict[str, Any]:
        if "field" in group[0]:
            return {"field": group[0]["field"], "value": group[0]["value"]}
        value: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": self.settings.display_number,
                "phone_number_id": self.settings.phone_number_id,
            },
        }
        contacts = {json.dumps(item["contact"]): item["contact"] for item in group if item["contact"]}
        if contacts:
            value["contacts"] = list(contacts.values())
        value["messages" if group[0]["kind"] == "message" else "statuses"] = [item["node"] for item in group]
        return {"field": "messages", "value": value}


def _pricing(kind: str, category: str) -> dict[str, Any]:
    return {"billable": kind == "regular", "pricing_model": "PMP", "type": kind, "category": category}
