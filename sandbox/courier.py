"""Carries webhooks to the product: signed, retried until they are accepted, kept over a restart.

All stand-ins use it. It can be told to misbehave as the real senders do now and then: the same item
again, in another order, several in one body, the same item in another envelope, late, or lost on the way.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp

from sandbox.calls import CallLog
from sandbox.store import Store

Item = dict[str, Any]  # {"id": external id, "kind": "message" | "status" | …, the rest is the renderer's}
Rendered = tuple[bytes, dict[str, str]]
FIRST_RETRY, LONGEST_RETRY, TIMEOUT = 0.5, 8.0, 10.0
BATCH_WAIT, REORDER_WAIT = 0.25, 0.4
dice = random.SystemRandom()
TRIES = 80_000  # Seven days at the longest distance.
AT_ONCE = 64


@dataclass(slots=True)
class Switches:
    """How the webhooks misbehave; the defaults are good manners."""

    duplicate: int = 1
    reorder: bool = False
    batch: int = 1
    rewrap: bool = False
    delay: float = 0.0
    drop: float = 0.0
    hold_statuses: bool = False
    paused: bool = False
    forge: bool = False
    # Of WhatsApp alone: quick replies of templates without `context`; refusals as a later `failed` status.
    bare_template_taps: bool = False
    late_refusals: bool = False


def forged_header(body: bytes, headers: dict[str, str]) -> Rendered:
    """The last digits of a signature by a key that nobody has."""
    told = {n: value[:-8] + "0badc0de" if "signature" in n.lower() else value for n, value in headers.items()}
    return body, told


class Courier:
    """Posts items to one address of the product.

    Args:
        forge: the same webhook as somebody would send it who does not have the key.
    """

    def __init__(
        self,
        *,
        name: str,
        url: str,
        store: Store,
        log: CallLog,
        render: Callable[[Sequence[Item]], Rendered],
        accepted: Callable[[int], bool],
        on_accepted: Callable[[Item], None] = lambda item: None,
        forge: Callable[[bytes, dict[str, str]], Rendered] = forged_header,
    ) -> None:
        self.url, self.switches, self._forge = url, Switches(), forge
        self._kind, self._store, self._log = f"webhook:{name}", store, log
        self._render, self._accepted, self._on_accepted = render, accepted, on_accepted
        self._held: list[Item] = []
        self._waiting: list[Item] = []
        self._before: Item | None = None
        self._first: dict[str, asyncio.Future[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._go = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._numbers = itertools.count(1)

    async def start(self) -> None:
        """Open the connection pool and take up what an earlier run left."""
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False)
        self._go.set()
        left = self._store.load(self._kind)
        self._numbers = itertools.count(max((int(key) for key in left), default=0) + 1)
        for key, item in left.items():
            self._take_up(item | {"key": key})

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    def post(self, item: Item) -> asyncio.Future[int]:
        """Send an item on its way; the future gives the product's first answer (0: none)."""
        key = f"{next(self._numbers):012d}"
        self._store.put(self._kind, key, item)
        future = self._first[key] = asyncio.get_running_loop().create_future()
        self._take_up(item | {"key": key})
        return future

    def switch(self, given: dict[str, Any]) -> dict[str, Any]:
        """Change switches by name; what was held goes out when its switch is off.

        Raises:
            ValueError: unknown name or a value of the wrong kind.
        """
        for name, value in given.items():
            if name not in Switches.__dataclass_fields__:
                raise ValueError(f"unknown switch {name!r}")
            try:
                setattr(self.switches, name, type(getattr(Switches(), name))(value or 0))
            except TypeError:
                raise ValueError(f"{name}: wrong value") from None
        self.switches.duplicate, self.switches.batch = (
            max(1, n) for n in (self.switches.duplicate, self.switches.batch)
        )
        (self._go.clear if self.switches.paused else self._go.set)()
        held, self._held = self._held, []
        for item in held:
            self._take_up(item)
        return asdict(self.switches)

    @property
    def pending(self) -> int:
        """Items on their way, held ones included."""
        return len(self._held) + len(self._waiting) + len(self._tasks)

    def _take_up(self, item: Item) -> None:
        if self.switches.paused or (self.switches.hold_statuses and item["kind"] == "status"):
            self._held.append(item)
            self._answer([item], 0)
        elif self.switches.batch > 1:
            self._waiting.append(item)
            if len(self._waiting) >= self.switches.batch:
                self._send_waiting()
            else:
                asyncio.get_running_loop().call_later(BATCH_WAIT, self._send_waiting)
        else:
            self._spawn([item])

    def _send_waiting(self) -> None:
        items, self._waiting = self._waiting, []
        if items:
            self._spawn(items)

    def _spawn(self, items: list[Item]) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(items))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, items: list[Item]) -> None:
        """One envelope, from the first try to the accepted one."""
        if self.switches.delay:
            await asyncio.sleep(self.switches.delay)
        if self.switches.reorder:
            dice.shuffle(items)
            await asyncio.sleep(dice.uniform(0, REORDER_WAIT))
        for tries in range(TRIES):
            await self._go.wait()
            status = await self._try(items)
            self._answer(items, status)
            if self._accepted(status):
                break
            if status < 0 and all(item["kind"] == "status" for item in items):
                break  # A status that is lost stays lost; a message comes back with the retry.
            await asyncio.sleep(min(FIRST_RETRY * 2 ** min(tries, 10), LONGEST_RETRY))
        for item in items:
            self._store.delete(self._kind, item["key"])
            if self._accepted(status):
                self._on_accepted(item)
        if self.switches.rewrap:
            await self._post([*([self._before] if self._before else []), items[-1]])
        self._before = items[-1]

    async def _try(self, items: list[Item]) -> int:
        """Post once (or `duplicate` times at once). -1: dropped, 0: no answer."""
        if self.switches.drop and dice.random() < self.switches.drop:
            self._log.note(webhook=[item["id"] for item in items], status="dropped")
            return -1
        if self.switches.forge:
            await self._post(items, forged=True)
        copies = [self._post(items) for _ in range(self.switches.duplicate)]
        return (await asyncio.gather(*copies))[0]

    async def _post(self, items: Sequence[Item], *, forged: bool = False) -> int:
        async with self._slots:
            body, headers = self._render(items)
            if forged:
                body, headers = self._forge(body, headers)
            try:
                async with self._session.post(
                    self.url, data=body, headers=headers, allow_redirects=False
                ) as answer:
                    await answer.read()
                    status = answer.status
            except (aiohttp.ClientError, TimeoutError, OSError):
                status = 0
        told = {"forged": True} if forged else {}
        self._log.note(webhook=[item["id"] for item in items], status=status, **told)
        return status

    def _answer(self, items: Sequence[Item], status: int) -> None:
        for item in items:
            future = self._first.pop(item["key"], None)
            if future and not future.done():
                future.set_result(max(status, 0))
