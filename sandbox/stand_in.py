"""What the stand-ins of payment providers have in common: time that passes, and switches of the sandbox's own."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from sandbox.calls import CallLog
from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.faults import Faults
from sandbox.hub import Hub
from sandbox.misbehaviour import known_fault

TICK = 1.0


class Dropped(Exception):
    """The connection was broken on purpose."""


class StandIn:
    """Whoever inherits sets `courier`, and says in `time_moved` what time does by itself."""

    name: str
    courier: Courier

    def __init__(self, clock: Clock, hub: Hub) -> None:
        self._hub = hub
        self.faults, self.log = Faults(lambda: hub.tell("misbehaviour")), CallLog(clock.now)

    async def start(self) -> None:
        await self.courier.start()
        self._ticker = asyncio.create_task(self._tick_on())

    async def stop(self) -> None:
        self._ticker.cancel()
        await self.courier.stop()

    def time_moved(self) -> None:
        """Time went by, perhaps hours at once."""
        raise NotImplementedError

    async def _tick_on(self) -> None:
        while True:
            self.time_moved()
            await asyncio.sleep(TICK)

    def add_switches(self, router: web.UrlDispatcher) -> None:
        """The sandbox's own addresses, which the real one does not have."""
        router.add_post("/_sandbox/faults", self.add_fault)
        router.add_delete("/_sandbox/faults", self.clear_faults)
        router.add_post("/_sandbox/webhooks", self.webhooks)
        router.add_get("/_sandbox/log", self.show_log)

    async def add_fault(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.misbehave(await read_object(request)))

    def misbehave(self, given: dict[str, Any]) -> dict[str, Any]:
        """Order a fault.

        Raises:
            ValueError: nobody knows this kind of fault.
        """
        if not known_fault(self.name, str(given.get("kind"))):
            raise ValueError(f"unknown kind of fault {given.get('kind')!r}")
        return self.faults.add(given).shown()

    async def clear_faults(self, request: web.Request) -> web.StreamResponse:
        self.faults.clear()
        return web.json_response({"faults": []})

    async def webhooks(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.switch(await read_object(request)))

    def switch(self, given: dict[str, Any]) -> dict[str, Any]:
        """Change how webhooks reach the product; see `Courier.switch`. No provider tells two things in a body."""
        switches = self.courier.switch(given | {"batch": 1, "rewrap": False})
        self._hub.tell("misbehaviour")
        return switches

    async def show_log(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.log.after(int(request.query.get("after") or 0)))


def broken(request: web.Request) -> Dropped:
    """Tear the connection down; what is to be raised then."""
    if request.transport:
        request.transport.abort()
    return Dropped()


async def read_object(request: web.Request) -> dict[str, Any]:
    """The JSON object that was posted.

    Raises:
        ValueError: something else.
    """
    try:
        given = await request.json()
    except ValueError:
        raise ValueError("the request body is not valid JSON") from None
    if not isinstance(given, dict):
        raise ValueError("the request body must be an object")
    return given
