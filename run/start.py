"""One start, from nothing to an address to open: stores, migrations, samples, sandbox, processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from run import control, environment, places, ports, procfile
from run.children import Keeper
from run.environment import Ports
from run.errors import StartError
from run.output import Screen
from run.postgres import Postgres
from run.stores import READY_WITHIN, Store
from run.supervisor import Process, Supervisor
from run.valkey import Valkey

PARTS = ("sandbox", "migrations", "samples")
STORES = ("postgres", "valkey")
_LOOK_EVERY = 0.02  # seconds, while something is starting; afterwards nothing looks


@dataclass(frozen=True)
class Options:
    """What to start and where. In the sandbox everything is pointed at the stand-ins."""

    sandbox: bool
    data_dir: Path
    procfile: Path
    samples: tuple[Path, ...]
    ports: Ports
    settings: Mapping[str, str] = field(default_factory=dict)  # over everything else
    without: frozenset[str] = frozenset()
    verbose: bool = False
    ready_fd: int | None = None  # written to when all is up: for a program that started us


class Start:
    """Everything of one start. `run` returns when all of it has stopped again."""

    def __init__(self, options: Options, given: Mapping[str, str]) -> None:
        self.options = options
        self.screen = Screen(everything=options.verbose)
        self._lock = places.lock(options.data_dir)
        self.places = places.prepare(options.data_dir)
        self._given = {**given, **options.settings}
        self._began = time.monotonic()

    @property
    def _is_production(self) -> bool:
        return not self.options.sandbox and self._given.get("ENVIRONMENT", "production") == "production"

    async def run(self) -> None:
        """Bring everything up, then sleep until a signal, then bring everything down.

        Raises:
            StartError: something cannot start; what had started is stopped again.
        """
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        self.keeper = Keeper(holds=(self._lock,))
        self.keeper.remove_at_end(self.places.sockets)
        self.supervisor = Supervisor(self.places.logs, self.keeper, self.screen)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop, stopped)
        server = await control.serve(self.places.control, self.supervisor)
        coming_up = asyncio.create_task(self._bring_up())
        told = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait({coming_up, told}, return_when=asyncio.FIRST_COMPLETED)
            if coming_up.done():
                coming_up.result()
                await told
        finally:
            coming_up.cancel()
            told.cancel()
            await asyncio.wait({coming_up, told})
            server.close()
            await self._bring_down()

    def _asked_to_stop(self, stopped: asyncio.Event) -> None:
        if stopped.is_set():
            self.supervisor.kill_all()
        else:
            self.screen.say("\nStopping …")
        stopped.set()

    # Up

    async def _bring_up(self) -> None:
        if not self.options.without >= set(PARTS):  # a start of nothing but somebody's Procfile is neither's
            places.claim_for(self.places, production=self._is_production)
        self.screen.say(f"Sarai starts, with its data in {_near(self.places.data)}")
        if self.places.is_sheltered:
            self.screen.say(
                f"  PostgreSQL may not run as root and its user may not enter {self.places.data}: "
                f"the database is in {self.places.postgres}"
            )
        self.ports = self._choose_ports()
        variables = environment.common(self._given, self.places.data, self.ports.product)
        clock_file = self.places.data / "clock"
        if self.options.sandbox:
            variables = environment.sandboxed(variables, self.ports, clock_file)
        variables |= self.options.settings
        if self.options.sandbox and "sandbox" not in self.options.without:
            self._start_sandbox(variables, clock_file)
        variables |= await self._start_stores(production=self._is_production)
        await self._prepare_product(variables)
        for command in procfile.read(self.options.procfile, variables):
            self.supervisor.start(command)
        await self._wait_for_doors()
        self._tell_where(variables)

    def _choose_ports(self) -> Ports:
        """The ports as asked for, or the next free ones; production gets what it asked for or an error."""
        wanted, taken = self.options.ports, set[int]()
        if not self.options.sandbox:
            if not ports.is_free(wanted.product):
                raise StartError(f"Port {wanted.product} is taken; set PORT to another one.")
            return wanted
        chosen: dict[str, int] = {}
        for name, what in _DOORS.items():
            port = getattr(wanted, name)
            chosen[name] = ports.next_free(port, taken)
            taken.add(chosen[name])
            if port and chosen[name] != port:
                self.screen.say(f"  Port {port} is taken: {what} is at {chosen[name]}")
        return Ports(**chosen)

    def _start_sandbox(self, variables: Mapping[str, str], clock_file: Path) -> None:
        folder = self.places.data / "sandbox"
        folder.mkdir(exist_ok=True)
        arguments = {
            "--data": folder,
            "--page-port": self.ports.page,
            "--whatsapp-port": self.ports.whatsapp,
            "--stripe-port": self.ports.stripe,
            "--paytm-port": self.ports.paytm,
            "--razorpay-port": self.ports.razorpay,
            "--gmail-port": self.ports.gmail,
            "--product-url": f"http://127.0.0.1:{self.ports.product}",
            "--clock-file": clock_file,
        }
        flat = [str(part) for pair in arguments.items() for part in pair]
        self.supervisor.start(procfile.python("sandbox", "-m", "sandbox", *flat, environment=variables))

    async def _start_stores(self, *, production: bool) -> dict[str, str]:
        """Start the embedded stores that no address was given for; the addresses of both."""
        database_url, redis_url = environment.store_urls(self._given)
        starting: list[tuple[Store, Process]] = []
        if redis_url is None:
            valkey = Valkey(self.places)
            redis_url = valkey.url
            starting.append((valkey, self._start_store(valkey)))
        if database_url is None:
            postgres = Postgres(self.places)
            database_url = postgres.url
            starting.append((postgres, self._start_store(postgres)))
        for store, process in starting:
            await self._wait_for_store(store, process)
        if starting:
            names = " and ".join(store.label for store, _ in reversed(starting))
            self.screen.say(f"  {names} started here ({self._seconds()})")
            if production:
                self.screen.say("  Where others rely on it, set DATABASE_URL and REDIS_URL to real servers.")
        return {"DATABASE_URL": database_url, "REDIS_URL": redis_url}

    def _start_store(self, store: Store) -> Process:
        store.prepare()  # here as well as before each start: at the first one, what it says ends everything
        return self.supervisor.start(store.command(), prepare=store.prepare)

    async def _wait_for_store(self, store: Store, process: Process) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not store.is_ready():
            if process.deaths or time.monotonic() > deadline:
                raise StartError(f"{store.label} does not start: {process.log.last_words()}")
            await asyncio.sleep(_LOOK_EVERY)

    async def _prepare_product(self, variables: Mapping[str, str]) -> None:
        """Settings that are complete, tables that are up to date, and in the sandbox places to book."""
        without = self.options.without
        if not self.options.sandbox and "migrations" not in without:
            check = ("-c", "import config; config.load()")
            await self.supervisor.run(procfile.python("settings", *check, environment=variables))
        if "migrations" not in without:
            await self.supervisor.run(
                procfile.python("migrations", "-m", "models.migrate", environment=variables)
            )
        if self.options.sandbox and "samples" not in without:
            files = [_near(path.resolve(), procfile.ROOT) for path in self.options.samples]
            said = await self.supervisor.run(
                procfile.python("samples", "-m", "models.samples", *files, environment=variables)
            )
            self.screen.say(f"  {said} ({self._seconds()})")

    async def _wait_for_doors(self) -> None:
        """Wait until everything that listens answers."""
        doors = {"web": (self.ports.product, "/api/health"), "sandbox": (self.ports.page, "/api/state")}
        for name, (port, path) in doors.items():
            process = self.supervisor.processes.get(name)
            deadline = time.monotonic() + READY_WITHIN
            while process is not None and not await _answers(port, path):
                if time.monotonic() > deadline:
                    raise StartError(f"{name} does not answer: {process.log.last_words()}")
                await asyncio.sleep(_LOOK_EVERY)

    def _tell_where(self, variables: Mapping[str, str]) -> None:
        product = f"http://localhost:{self.ports.product}"
        page = f"http://localhost:{self.ports.page}"
        processes = self.supervisor.processes
        shows_page = "sandbox" in processes
        places.write_state(
            self.places,
            {
                "pid": os.getpid(),
                "open": page if shows_page else product,
                "product_url": product,
                "page_url": page,
                "whatsapp_url": f"http://localhost:{self.ports.whatsapp}",
                "stripe_url": f"http://localhost:{self.ports.stripe}",
                "paytm_url": f"http://localhost:{self.ports.paytm}",
                "razorpay_url": f"http://localhost:{self.ports.razorpay}",
                "gmail_url": f"http://localhost:{self.ports.gmail}",
                # A given address may hold a password, and this is a file.
                "database_url": variables["DATABASE_URL"] if "postgres" in processes else None,
                "redis_url": variables["REDIS_URL"] if "valkey" in processes else None,
                "clock_file": variables.get("CLOCK_FILE"),
                "control": str(self.places.control),
                "logs": str(self.places.logs),
            },
        )
        logs = _near(self.places.logs)
        self.screen.say(f"  All is up ({self._seconds()}). Ctrl-C stops it; logs are in {logs}")
        if shows_page:
            self.screen.say(f"\n  Open {page}\n")
        else:
            self.screen.say(f"\n  It answers at {product}\n")
        if self.options.ready_fd is not None:
            with contextlib.suppress(OSError):
                os.write(self.options.ready_fd, b"ready\n")
            os.close(self.options.ready_fd)

    # Down

    async def _bring_down(self) -> None:
        """First those who use the others, then the world outside and the stores, then the traces."""
        names = set(self.supervisor.processes)
        used = {"sandbox", *STORES}
        await self.supervisor.stop_all(names - used)
        await self.supervisor.stop_all(names & used)
        self.places.state.unlink(missing_ok=True)
        places.remove_sockets(self.places)
        self.keeper.release()
        os.close(self._lock)

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._began:.1f} s"


_DOORS = {
    "product": "the product",
    "page": "the sandbox's page",
    "whatsapp": "its WhatsApp",
    "stripe": "its Stripe",
    "paytm": "its Paytm",
    "razorpay": "its Razorpay",
    "gmail": "its Gmail",
}


async def _answers(port: int, path: str) -> bool:
    """Whether something speaks HTTP there, whatever it says."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return (await asyncio.wait_for(reader.read(5), 5)).startswith(b"HTTP")
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


def _near(path: Path, here: Path | None = None) -> str:
    """A path as one would type it from here."""
    here = here or Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
