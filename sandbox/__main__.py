"""`python -m sandbox --data DIR`: all stand-ins and the page, in one process on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import signal
import sys

from aiohttp import web

from sandbox.clock import Clock
from sandbox.control import Control, Provider
from sandbox.gmail import Gmail
from sandbox.hub import Hub
from sandbox.line import Line
from sandbox.paytm import Paytm
from sandbox.razorpay import Razorpay
from sandbox.settings import Settings, parse
from sandbox.store import Store
from sandbox.stripe import Stripe
from sandbox.whatsapp import CloudApi

HOST = "127.0.0.1"


class Sandbox:
    """Everything that runs, and where."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ports = {
            "page": settings.page_port,
            "whatsapp": settings.whatsapp_port,
            "stripe": settings.stripe_port,
            "paytm": settings.paytm_port,
            "razorpay": settings.razorpay_port,
            "gmail": settings.gmail_port,
        }
        self.hub = Hub()
        self.store = Store(settings.data / "sandbox.sqlite")
        clock = Clock(settings.clock_file)
        self.line = Line(settings, clock, self.store, self.hub)
        self.stripe = Stripe(settings, clock, self.store, self.hub, lambda: self.url("stripe"))
        self.paytm = Paytm(settings, clock, self.store, self.hub)
        self.razorpay = Razorpay(settings, clock, self.store, self.hub, lambda: self.url("razorpay"))
        self.providers: dict[str, Provider] = {
            "stripe": self.stripe,
            "paytm": self.paytm,
            "razorpay": self.razorpay,
        }
        self.gmail = Gmail(settings, clock, self.store, self.hub, lambda: self.url("gmail"))
        self.control = Control(self.line, self.providers, self.gmail, self.addresses)
        self._runners: list[web.AppRunner] = []

    def url(self, name: str) -> str:
        return f"http://{HOST}:{self.ports[name]}"

    def addresses(self) -> dict[str, str]:
        return {f"{name}_url": self.url(name) for name in self.ports}

    async def start(self) -> None:
        """Open the ports (0: a free one), then the couriers, for links need the ports.

        Raises:
            OSError: a port is taken.
        """
        await self._serve("whatsapp", CloudApi(self.line, lambda: self.url("whatsapp")).app())
        for name, provider in self.providers.items():
            await self._serve(name, provider.app())
        await self._serve("gmail", self.gmail.app())
        await self._serve("page", self.control.app())
        self._writer = asyncio.create_task(self.store.run())
        await self.line.start()
        for provider in self.providers.values():
            await provider.start()
        self.gmail.start()
        # Written whole before it is renamed: whoever waits for this file reads all of it.
        fresh = self.settings.data / ".addresses.json"
        fresh.write_text(json.dumps(self.addresses()))
        fresh.rename(self.settings.data / "addresses.json")

    async def stop(self) -> None:
        self.hub.close()
        for runner in self._runners:
            await runner.cleanup()
        await self.line.stop()
        for provider in self.providers.values():
            await provider.stop()
        self._writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._writer
        self.store.close()

    async def _serve(self, name: str, app: web.Application) -> None:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, HOST, self.ports[name], backlog=1024)
        await site.start()
        self._runners.append(runner)
        self.ports[name] = runner.addresses[0][1]


async def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    sandbox = Sandbox(settings)
    try:
        await sandbox.start()
    except OSError as taken:
        sys.exit(f"sandbox: {taken.strerror or taken}")
    for name in ("whatsapp", *sandbox.providers, "gmail", "page"):
        print(f"sandbox: {name} ready at {sandbox.url(name)}", flush=True)
    done = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, done.set)
    gc.freeze()
    await done.wait()
    await sandbox.stop()


if __name__ == "__main__":
    asyncio.run(run(parse()))
