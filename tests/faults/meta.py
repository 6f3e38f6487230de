"""WhatsApp's other side: people who write, webhooks that are repeated until they are answered with 200.

What was accepted is counted here, from our own 200s; the product is not asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import random
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson

from bench.graph import Option, Reply
from bench.webhooks import APP_SECRET, BUSINESS_ACCOUNT_ID, DISPLAY_NUMBER, PATH, PHONE_NUMBER_ID, Identity
from bench.wire import Client
from tests.faults.graph import LATE, GraphApi, Sent

Json = dict[str, Any]
T = TypeVar("T")

_numbers = itertools.count(1)
_RUN = uuid.uuid4().hex[:8].upper()
FIRST_REPEAT, LONGEST_REPEAT = 0.05, 0.8  # Meta waits longer; a test need not
PATIENCE = 300.0  # only a broken product is waited for so long


@dataclass(frozen=True, slots=True)
class Item:
    """One message or status, as it lies in a webhook's body."""

    who: Identity
    kind: str  # messages, statuses
    node: Json

    @property
    def external_id(self) -> str:
        """As the product knows it."""
        return f"{self.node['id']}:{self.node['status']}" if self.kind == "statuses" else str(self.node["id"])


@dataclass(slots=True)
class Guest:
    """Somebody with a phone.

    Attributes:
        said: what was accepted from them: (wamid, words), in the order of acceptance.
        inbox: what reached their phone.
    """

    who: Identity
    said: list[tuple[str, str]] = field(default_factory=list)
    inbox: list[Reply] = field(default_factory=list)
    seen: int = 0  # so much of the inbox was there when they last did something

    @property
    def phone(self) -> str:
        return f"+{self.who.digits}"

    def text(self, words: str) -> Item:
        return self._item({"type": "text", "text": {"body": words}})

    def tap(self, title: str) -> Item:
        """On the newest message that offers it."""
        for reply in reversed(self.inbox):
            for option in reply.options:
                if option.title == title:
                    return self.tap_option(reply, option)
        offered = [option.title for reply in self.inbox[-3:] for option in reply.options]
        raise AssertionError(f"{self.who.name} cannot tap {title!r}; offered lately: {offered}")

    def tap_option(self, reply: Reply, option: Option) -> Item:
        if option.kind == "quick_reply":
            node: Json = {"type": "button", "button": {"text": option.title or "Yes", "payload": option.id}}
        else:
            kind = "list_reply" if option.kind == "row" else "button_reply"
            node = {
                "type": "interactive",
                "interactive": {"type": kind, kind: {"id": option.id, "title": option.title}},
            }
        return self._item({"context": {"from": DISPLAY_NUMBER, "id": reply.wamid}, **node})

    def _item(self, node: Json) -> Item:
        common = {
            "from": self.who.digits,
            "from_user_id": self.who.user_id,
            "id": f"wamid.IN{_RUN}{next(_numbers):09d}",
            "timestamp": str(int(time.time())),
        }
        return Item(self.who, "messages", common | node)


class Meta:
    """Everything between phones and the product, in an event loop and a thread of its own.

    Attributes:
        accepted: external ids of everything the product answered with 200, and how often it was posted.
        refused: what else was answered, by HTTP status; 0 is no answer.
        acks: (when answered, seconds it took) of each post of messages that was answered with 200.
        mute: phone numbers whose statuses get lost on the way.
        posting: webhooks that are not accepted yet, those included that were refused and will be repeated.
        late: refusals that follow a moment after the acceptance.
        statuses: whether there are any.
        copies, copies_of_statuses: so often each webhook comes, at once; at least one of them is accepted.
    """

    def __init__(self) -> None:
        self.graph = GraphApi(self._deliver, self._refuse_late)
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[int] = Counter()
        self.acks: list[tuple[float, float]] = []
        self.mute: set[str] = set()
        self.statuses = True
        self.copies = self.copies_of_statuses = 1
        self.people: dict[str, Guest] = {}
        self.listeners: dict[str, Callable[[Reply], None]] = {}
        self._client: Client | None = None
        self.posting = self.late = 0
        self._news: list[Item] = []
        self._arrived: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="meta", daemon=True)
        self._tasks: set[Future[Any]] = set()

    def start(self) -> str:
        """The address of the Graph API."""
        self._thread.start()
        self.run(self.graph.start())
        self.spawn(self._tell())
        return self.graph.url

    def connect(self, product_url: str) -> None:
        self._client = Client(int(product_url.rsplit(":", 1)[1]), most=32, timeout=60.0)

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T], within: float = PATIENCE) -> T:
        """Do this over there, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within)

    def spawn(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        task = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._tasks.add(task)
        return task

    def guest(self, number: int) -> Guest:
        return self.person(Identity.guest(number))

    def person(self, who: Identity) -> Guest:
        made = Guest(who)
        self.people[made.phone] = made
        return made

    # What people do.

    async def say(self, guest: Guest, item: Item, words: str) -> None:
        await self.deliver([(guest, item, words)])

    async def deliver(self, said: Sequence[tuple[Guest, Item, str]]) -> None:
        """One webhook, repeated until it is accepted; only then is it said."""
        for guest, _, _ in said:
            guest.seen = len(guest.inbox)
        await self.post([item for _, item, _ in said])
        for guest, item, words in said:
            guest.said.append((item.external_id, words))

    async def post(self, items: Sequence[Item], *, body: bytes | None = None) -> None:
        """Post one body until it is answered with 200."""
        body = body or envelope(items)
        copies = self.copies if items[0].kind == "messages" else self.copies_of_statuses
        await asyncio.gather(*(self._post_until_accepted(items, body) for _ in range(copies)))

    async def _post_until_accepted(self, items: Sequence[Item], body: bytes) -> None:
        self.posting += 1
        try:
            for tries in itertools.count():
                if await self._post_once(items, body) == 200:
                    return
                await asyncio.sleep(min(FIRST_REPEAT * 2 ** min(tries, 6), LONGEST_REPEAT))
        finally:
            self.posting -= 1

    async def _post_once(self, items: Sequence[Item], body: bytes) -> int:
        assert self._client is not None
        begin = time.monotonic()
        answer = await self._client.post(PATH, signature(body), body)
        if answer.status == 200:
            self.accepted.update(item.external_id for item in items)
            if items[0].kind == "messages":
                self.acks.append((time.monotonic(), time.monotonic() - begin))
        else:
            self.refused[answer.status] += 1
        return answer.status

    async def reads(
        self, guest: Guest, look: Callable[[Reply], bool], what: str, within: float = PATIENCE
    ) -> Reply:
        """Wait for a message that came since they last did something."""
        deadline = self._loop.time() + within
        while True:
            for reply in guest.inbox[guest.seen :]:
                if look(reply):
                    return reply
            event = self._arrived[guest.phone]
            event.clear()
            try:
                await asyncio.wait_for(event.wait(), deadline - self._loop.time())
            except TimeoutError:
                last = [(reply.kind, reply.text[:70]) for reply in guest.inbox[-3:]]
                raise AssertionError(
                    f"{guest.who.name} waited {within:g} s for {what}; read last: {last}"
                ) from None

    # What reaches phones, and the news of it.

    def _deliver(self, sent: Sent) -> None:
        guest = self.people.get(sent.reply.to)
        if guest is None:
            return
        guest.inbox.append(sent.reply)
        self._arrived[guest.phone].set()
        if (listener := self.listeners.get(guest.phone)) is not None:
            listener(sent.reply)
        if self.statuses and guest.phone not in self.mute:
            self._news += [_status(guest, sent.reply, name) for name in ("delivered", "sent")]

    def _refuse_late(self, sent: Sent) -> None:
        guest = self.people[sent.reply.to]
        code = int(sent.outcome.removeprefix(LATE))
        failed = _status(guest, sent.reply, "failed", code)

        def tell() -> None:
            self.late -= 1
            self._news.append(failed)

        self.late += 1
        self._loop.call_later(0.1, tell)

    async def _tell(self) -> None:
        """Statuses go out in batches, `delivered` before `sent` as it happens."""
        while True:
            await asyncio.sleep(0.1)
            news, self._news = self._news[:100], self._news[100:]
            if news:
                await self.post(news)

    def refused_since(self, before: Counter[int]) -> Counter[int]:
        return self.refused.copy() - before  # a copy, for it may grow meanwhile

    @property
    def under_way(self) -> int:
        """Webhooks that are not accepted yet, and news that will be posted."""
        return self.posting + len(self._news) + self.late

    def behaves(self) -> None:
        """As it should be: no faults, no repeats, every status told."""
        self.graph.faults.clear()
        self.graph.everyone, self.graph.latency, self.graph.upload_seconds = None, 0.0, 0.0
        self.statuses, self.copies, self.copies_of_statuses = True, 1, 1
        self.listeners.clear()


def _status(guest: Guest, reply: Reply, name: str, code: int | None = None) -> Item:
    node: Json = {
        "id": reply.wamid,
        "status": name,
        "timestamp": str(int(time.time())),
        "recipient_id": guest.who.digits,
    }
    if reply.callback is not None:
        node["biz_opaque_callback_data"] = reply.callback
    if code is not None:
        error = {"code": code, "title": "Refused", "message": "Refused", "error_data": {"details": "late"}}
        node["errors"] = [error]
    return Item(guest.who, "statuses", node)


def envelope(items: Iterable[Item], *, dice: random.Random | None = None) -> bytes:
    """A body with all these items: one change for each kind, or with dice in any shape that means the same."""
    items = list(items)
    if dice is None:
        changes = [
            _change(kind, of_kind) for kind in ("messages", "statuses") if (of_kind := _of(items, kind))
        ]
        return orjson.dumps(_wrap([{"id": BUSINESS_ACCOUNT_ID, "changes": changes}]))
    entries = []
    for item in items:
        change = _shuffled(_change(item.kind, [item]), dice)
        entry = {
            "id": BUSINESS_ACCOUNT_ID,
            "time": dice.randrange(1_700_000_000, 1_800_000_000),
            "changes": [change],
        }
        entries.append(_shuffled(entry, dice))
    option = dice.choice((orjson.OPT_INDENT_2, orjson.OPT_APPEND_NEWLINE, None))
    return b" " * dice.randrange(3) + orjson.dumps(_shuffled(_wrap(entries), dice), option=option)


def _of(items: Sequence[Item], kind: str) -> list[Item]:
    return [item for item in items if item.kind == kind]


def _wrap(entries: list[Json]) -> Json:
    return {"object": "whatsapp_business_account", "entry": entries}


def _change(kind: str, items: Sequence[Item]) -> Json:
    contacts = {item.who.user_id: item.who.contact for item in items if not item.node.get("errors")}
    value: Json = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": PHONE_NUMBER_ID},
        "contacts": list(contacts.values()),
        kind: [item.node for item in items],
    }
    return {"value": value, "field": "messages"}


def _shuffled(node: Any, dice: random.Random) -> Any:
    """The same JSON with its keys in another order."""
    if isinstance(node, dict):
        keys = list(node)
        dice.shuffle(keys)
        return {key: _shuffled(node[key], dice) for key in keys}
    if isinstance(node, list):
        return [_shuffled(each, dice) for each in node]
    return node


def signature(body: bytes) -> str:
    return (
        f"X-Hub-Signature-256: sha256={hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()}\r\n"
    )
