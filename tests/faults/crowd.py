"""Many guests who ask about places, as load and as what is counted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from concurrent.futures import Future

from bench.driver import side_by_side
from tests.faults.house import WORKERS, House, words_for
from tests.faults.meta import PATIENCE, Guest


class Crowd:
    """Many guests who ask about places; each says something only after the last thing was accepted."""

    def __init__(self, house: House, count: int) -> None:
        self.house, self.meta = house, house.meta
        self.guests: list[Guest] = []
        self.words: dict[str, list[str]] = {}
        self._free: list[Guest] = []
        self._join(count)

    def _join(self, count: int) -> None:
        """More guests, for each has only so many places to ask about."""
        joined = self.house.guests(count)
        self.guests += joined
        self.words |= words_for(joined, self.house.dice)
        self._free += joined

    async def burst(self, messages: int, per_body: int = 12) -> None:
        """So many messages at once, of as many guests, several in each webhook."""
        if len(self._free) < messages:
            self._join(messages - len(self._free))
        talking, self._free = self._free[:messages], self._free[messages:]
        bodies = [talking[at : at + per_body] for at in range(0, len(talking), per_body)]
        await side_by_side(bodies, self._say, 8)

    async def _say(self, guests: list[Guest]) -> None:
        said = []
        for guest in guests:
            words = self.words[guest.phone].pop()
            said.append((guest, guest.text(words), words))
        await self.meta.deliver(said)
        self._free += [guest for guest in guests if self.words[guest.phone]]

    @contextlib.contextmanager
    def caught_at_work(self, least: int) -> Iterator[int]:
        """The turn workers stopped in mid-turn, with at least so many turns unfinished; how many these are.

        Stopped, so that it is certain: whoever only looks, and then strikes, may strike too late.
        """
        done = self.house.turns_done()
        burst = self.house.meta.spawn(self.burst(3 * least))
        self.house.stack.wait_for(lambda: self.house.turns_done() > done, "turns to be under way")
        with self.house.standing_still(*WORKERS):
            burst.result(PATIENCE)
            while self.house.unfinished() < least:
                self.house.meta.run(self.burst(least))
            yield self.house.unfinished()

    @contextlib.contextmanager
    def talking(self, per_second: float) -> Iterator[None]:
        """So many messages a second, each in a webhook of its own, whatever happens to the product."""
        loud = True

        async def go_on() -> None:
            talks = []
            while loud:
                talks.append(asyncio.create_task(self.burst(1)))
                await asyncio.sleep(1 / per_second)
            await asyncio.gather(*talks)

        task: Future[None] = self.meta.spawn(go_on())
        try:
            yield
        finally:
            loud = False
            task.result(PATIENCE)
