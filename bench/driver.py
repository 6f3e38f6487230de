"""The load: thousands of guests who write over WhatsApp, and wait for what they should read.

The driver is WhatsApp and all its people in one: it posts signed webhooks, takes the replies as the Graph
API, and matches them against the script. It runs in one thread, on the same clock at both ends.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar

from bench import webhooks
from bench.graph import Graph, Option, Reply
from bench.script import Script, Turn, fill, pattern
from bench.webhooks import Identity
from bench.wire import Client

REPLY_WITHIN = 20.0
# When the news of a message come after it was accepted, in seconds; the guest has the chat open.
STATUSES = (("sent", 0.05), ("delivered", 0.15), ("read", 0.4))

Statuses = Literal["off", "live", "held"]
T = TypeVar("T")


@dataclass(slots=True)
class Tally:
    """What happened, for the report.

    Attributes:
        replies: seconds from sending to the last expected reply, per good turn.
        acks: seconds until the product had answered a message's webhook.
        failures: why turns failed.
        refused: webhooks answered with anything but 200, by status.
        unexpected: replies that nobody waited for.
    """

    turns: int = 0
    failed: int = 0
    conversations: int = 0
    replies: list[float] = field(default_factory=list)
    by_turn: dict[str, list[float]] = field(default_factory=dict)
    acks: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    unexpected: int = 0
    strangers: int = 0
    statuses: int = 0

    @property
    def troubles(self) -> list[str]:
        """What went wrong, most frequent first; empty if nothing did."""
        found = [f"{count} × {why}" for why, count in self.failures.most_common(5)]
        return found + [f"{count} webhooks answered {status}" for status, count in self.refused.items()]


class Line:
    """The wire between the people and the product.

    Args:
        statuses: "live": every message gets its sent, delivered and read a moment later, each in a webhook
            of its own; "held": they wait for `release_statuses`.
    """

    def __init__(self, *, latency: float = 0.0, statuses: Statuses = "off") -> None:
        self.graph = Graph(self._route, latency=latency)
        self.statuses = statuses
        self.tally = Tally()
        self.on_turn: Callable[[int], None] = lambda turns: None
        self._people: dict[str, Person] = {}
        self._held: list[tuple[Person, Reply]] = []
        self._posts: set[asyncio.Task[None]] = set()
        self._client: Client | None = None

    async def __aenter__(self) -> Self:
        await self.graph.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()
        await self.graph.stop()

    def connect(self, product_port: int) -> None:
        self._client = Client(product_port)

    def join(self, person: Person) -> None:
        self._people[f"+{person.who.digits}"] = self._people[person.who.user_id] = person
        self._people[person.who.digits] = person

    def reset(self) -> None:
        """Forget what was counted: the warm-up is over."""
        self.tally = Tally()

    def send(self, body: bytes, *, is_status: bool = False) -> None:
        """Post a webhook without waiting for its answer."""
        task = asyncio.get_running_loop().create_task(self._post(body, is_status))
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)

    async def quiet(self) -> None:
        """Wait until every webhook on its way is answered, statuses that are due soon included."""
        if self.statuses == "live":
            await asyncio.sleep(STATUSES[-1][1] + 0.2)
        while self._posts:
            await asyncio.wait(set(self._posts))

    async def release_statuses(self, at_once: int = 8) -> int:
        """Post what was held, as much side by side as WhatsApp would; how many webhooks that were."""
        held, self._held = self._held, []

        async def tell(one: tuple[Person, Reply]) -> None:
            person, reply = one
            for name, _ in STATUSES:
                await self._post(webhooks.status(person.who, reply.wamid, name, reply.callback), True)

        await side_by_side(held, tell, at_once)
        return len(held) * len(STATUSES)

    async def _post(self, body: bytes, is_status: bool) -> None:
        assert self._client is not None
        begin = time.perf_counter()
        answer = await self._client.post(webhooks.PATH, webhooks.signature(body), body)
        if answer.status != 200:
            self.tally.refused[answer.status] += 1
        elif is_status:
            self.tally.statuses += 1
        else:
            self.tally.acks.append(time.perf_counter() - begin)

    def _route(self, reply: Reply) -> None:
        person = self._people.get(reply.to)
        if person is None:
            self.tally.strangers += 1
            return
        if self.statuses == "held":
            self._held.append((person, reply))
        elif self.statuses == "live":
            loop = asyncio.get_running_loop()
            for name, after in STATUSES:
                loop.call_later(after, self._tell, person, reply, name)
        person.take(reply)

    def _tell(self, person: Person, reply: Reply, name: str) -> None:
        self.send(webhooks.status(person.who, reply.wamid, name, reply.callback), is_status=True)


class Person:
    """Somebody with WhatsApp. `seen` holds the newest replies."""

    def __init__(self, line: Line, who: Identity) -> None:
        self.line, self.who = line, who
        self.inbox: deque[Reply] = deque()
        self.seen: deque[Reply] = deque(maxlen=6)
        self._waiter: asyncio.Future[None] | None = None
        line.join(self)

    def take(self, reply: Reply) -> None:
        self.inbox.append(reply)
        self.seen.append(reply)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def says(self, words: str) -> None:
        self.line.send(webhooks.text(self.who, words))

    def taps(self, reply: Reply, option: Option) -> None:
        self.line.send(webhooks.tap(self.who, reply.wamid, option))

    async def reply_until(self, deadline: float) -> Reply | None:
        """The next reply, or None when the time (of the event loop) is over."""
        loop = asyncio.get_running_loop()
        while not self.inbox:
            self._waiter = waiter = loop.create_future()
            alarm = loop.call_at(deadline, _wake, waiter)
            await waiter
            alarm.cancel()
            if not self.inbox and loop.time() >= deadline:
                return None
        return self.inbox.popleft()

    async def reply_of(self, kind: str, match: str = "", within: float = REPLY_WITHIN) -> Reply | None:
        """The next reply of this kind; others are passed over."""
        deadline = asyncio.get_running_loop().time() + within
        while (reply := await self.reply_until(deadline)) is not None:
            if reply.kind == kind and pattern(match).search(reply.text):
                return reply
        return None


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class Guest(Person):
    """Walks a script, as often as it is asked to."""

    def __init__(self, line: Line, number: int) -> None:
        super().__init__(line, Identity.guest(number))
        self._conversation = 0
        self.last: Reply | None = None

    @property
    def names(self) -> dict[str, str]:
        return {"n": str(self.who.number), "c": str(self._conversation)}

    async def converse(self, script: Script) -> bool:
        """All turns of the script; a failed one ends it. True if all went well."""
        self._conversation += 1
        tally = self.line.tally
        for turn in script.turns:
            why = await self._turn(turn)
            if why:
                tally.failed += 1
                tally.failures[f"{turn.label}: {why}"] += 1
                return False
            tally.turns += 1
            self.line.on_turn(tally.turns)
        tally.conversations += 1
        return True

    async def _turn(self, turn: Turn) -> str | None:
        """Say or tap, and wait for every expected reply; why it failed, or None."""
        tally = self.line.tally
        tally.unexpected += len(self.inbox)
        self.inbox.clear()
        try:
            body = self._message(turn.send)
        except LookupError as error:
            return str(error)
        begin = time.perf_counter()
        self.line.send(body)
        deadline = asyncio.get_running_loop().time() + REPLY_WITHIN
        strange = ""
        for expected in turn.expect:
            while True:
                reply = await self.reply_until(deadline)
                if reply is None:
                    return f"no reply in time{strange}"
                if expected.fits(reply.kind, reply.text, self.names):
                    break
                tally.unexpected += 1
                strange = f", but {reply.kind} {reply.text[:60]!r}"
            self.last = reply
        took = self.last.at - begin if self.last else 0.0
        tally.replies.append(took)
        tally.by_turn.setdefault(turn.label, []).append(took)
        return None

    def _message(self, send: Any) -> bytes:
        if "text" in send:
            return webhooks.text(self.who, fill(send["text"], self.names))
        kind = "button" if "button" in send else "row"
        return webhooks.tap(self.who, *self._find(kind, send[kind]))

    def _find(self, kind: str, wanted: int | str) -> tuple[str, Option]:
        newest = next((reply for reply in reversed(self.seen) if reply.options), None)
        options = [option for option in newest.options if option.kind == kind] if newest else []
        if newest is not None and isinstance(wanted, int) and wanted < len(options):
            return newest.wamid, options[wanted]
        if newest is not None and isinstance(wanted, str):
            title = pattern(fill(wanted, self.names, escape=True))
            for option in options:
                if title.search(option.title):
                    return newest.wamid, option
        offered = ", ".join(option.title for option in options) or "nothing"
        raise LookupError(f"no {kind} {wanted!r}, offered: {offered}")


async def side_by_side(items: Iterable[T], work: Callable[[T], Awaitable[Any]], at_once: int) -> None:
    """Do this with each item, so many at any time; items may be made while it runs."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)

    await asyncio.gather(*(worker() for _ in range(at_once)))


async def closed_loop(guests: Sequence[Guest], script: Script, at_once: int) -> None:
    """Every guest walks the script once; so many are in a conversation at any time."""
    await side_by_side(guests, lambda guest: guest.converse(script), at_once)


async def open_loop(guests: Sequence[Guest], script: Script, per_second: float) -> None:
    """So many conversations begin each second, however slow the product is."""
    tasks = []
    begin = time.perf_counter()
    for number, guest in enumerate(guests):
        await asyncio.sleep(max(0.0, begin + number / per_second - time.perf_counter()))
        tasks.append(asyncio.create_task(guest.converse(script)))
    await asyncio.gather(*tasks)
