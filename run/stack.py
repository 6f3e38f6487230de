"""The whole product as a test or the bench starts it: real processes, free ports, a data folder of its own.

    with Stack(tmp_path, settings={"SWEEPER": "off"}) as stack:
        World(stack.page_url).guest.says("hi")
        stack.kill("turns.1")
        stack.stop("valkey"); ...; stack.start("valkey")

It runs `python -m run`, so what is tested is what people start; requests go through the supervisor's socket.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from run import control, places
from run.children import die_with_parent
from run.procfile import ROOT

# Seconds; only what is broken takes so long, for a busy machine may need a minute for what takes a second here.
UP_WITHIN, WITHIN = 300.0, 120.0
DOWN_WITHIN = 120.0
Found = TypeVar("Found")


class Stack:
    """Started on entry, stopped on exit; the data stays in the folder."""

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        samples: Iterable[Path] = (),
        procfile: Path | None = None,
        without: Iterable[str] = (),
        around: Mapping[str, str] | None = None,
    ) -> None:
        """
        Args:
            settings: environment variables for every process, over all defaults.
            samples: listings to load in place of the usual ones.
            without: parts to leave out: sandbox, migrations, samples.
            around: environment of the supervisor, over our own; of ours, the stores' addresses are left out.
        """
        self.data_dir = data_dir
        self.arguments = ["run", "--free-ports", "--with-parent", "--data-dir", str(data_dir)]
        for name, value in (settings or {}).items():
            self.arguments += ["--set", f"{name}={value}"]
        for path in samples:
            self.arguments += ["--samples", str(path)]
        for part in without:
            self.arguments += ["--without", part]
        if procfile is not None:
            self.arguments += ["--procfile", str(procfile)]
        self._environment = _plain_environment() | dict(around or {})
        self._state: dict[str, Any] = {}
        self._supervisor: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Stack:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        """Start, and wait until the product and the sandbox answer.

        Raises:
            RuntimeError: it does not come up; the message holds what it said.
        """
        ready = self.begin()
        try:
            heard = select.select([ready], [], [], UP_WITHIN)[0] and os.read(ready, 16)
        finally:
            os.close(ready)
        if not heard:
            self.down()
            raise RuntimeError(f"The product did not start:\n{self.said()[-4000:]}")
        self._state = places.read_state(self.data_dir)

    def begin(self) -> int:
        """Start without waiting; the returned descriptor can be read when all is up, or has failed."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        ready, told = os.pipe()
        with self._said.open("ab") as said:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "run", *self.arguments, "--ready-fd", str(told)],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                pass_fds=(told,),
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        os.close(told)
        return ready

    def down(self) -> None:
        """Stop everything cleanly."""
        if self._supervisor is not None:
            self._supervisor.terminate()
            try:
                self._supervisor.wait(DOWN_WITHIN)
            finally:
                self._supervisor.kill()
                self._supervisor.wait()

    def exit_code(self) -> int:
        """Wait for the supervisor to end by itself."""
        assert self._supervisor is not None
        return self._supervisor.wait(DOWN_WITHIN)

    # Addresses

    @property
    def product_url(self) -> str:
        return str(self._state["product_url"])

    @property
    def page_url(self) -> str:
        return str(self._state["page_url"])

    @property
    def whatsapp_url(self) -> str:
        return str(self._state["whatsapp_url"])

    @property
    def stripe_url(self) -> str:
        return str(self._state["stripe_url"])

    @property
    def paytm_url(self) -> str:
        return str(self._state["paytm_url"])

    @property
    def razorpay_url(self) -> str:
        return str(self._state["razorpay_url"])

    @property
    def gmail_url(self) -> str:
        return str(self._state["gmail_url"])

    @property
    def database_url(self) -> str:
        return str(self._state["database_url"])

    @property
    def redis_url(self) -> str:
        return str(self._state["redis_url"])

    # Processes

    @property
    def names(self) -> list[str]:
        """Every process by name: postgres, valkey, sandbox, web, turns.1, turns.2, sends, …"""
        return list(self._processes())

    @property
    def supervisor_pid(self) -> int:
        assert self._supervisor is not None
        return self._supervisor.pid

    def pid(self, name: str) -> int | None:
        """The process's number; None while it is not running."""
        pid: int | None = self._processes()[name]["pid"]
        return pid

    def pids(self, name: str) -> list[int]:
        """The process and all below it: granian's worker, PostgreSQL's backends."""
        main = self.pid(name)
        return [] if main is None else [main, *_descendants(main)]

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send a signal to a process, as a crash would; returns which process it was."""
        pid = self.wait_for(lambda: self.pid(name), f"{name} to run")
        os.kill(pid, number)
        return pid

    def wait_until_back(self, name: str, *, after: int, within: float = WITHIN) -> int:
        """Wait for the process that follows the one with this number."""

        def another() -> int | None:
            pid = self.pid(name)
            return None if pid == after else pid

        return self.wait_for(another, f"{name} to be back", within)

    def pause(self, name: str) -> None:
        """Make a process hang: it keeps its connections and answers nothing."""
        self._signal(name, signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        self._signal(name, signal.SIGCONT)

    def stop(self, name: str) -> None:
        """Stop a process and leave it stopped."""
        self._ask(do="stop", name=name)

    def start(self, name: str) -> None:
        self._ask(do="start", name=name)

    def restart(self, name: str) -> None:
        self._ask(do="restart", name=name)

    def restart_postgres(self) -> None:
        """A clean restart, as an upgrade of a managed database does it: every connection breaks."""
        self.restart("postgres")

    def stop_valkey(self) -> None:
        self.stop("valkey")

    def start_valkey(self) -> None:
        self.start("valkey")

    def log(self, name: str) -> str:
        """Everything a process has printed."""
        return (self.data_dir / "log" / f"{name}.log").read_text(errors="replace")

    def said(self) -> str:
        """Everything the supervisor has printed: what a person at the terminal reads."""
        return self._said.read_text()

    @staticmethod
    def wait_for(look: Callable[[], Found | None], what: str, within: float = WITHIN) -> Found:
        """Look until there is something, and return it."""
        deadline = time.monotonic() + within
        while not (found := look()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {within:g} s for {what}")
            time.sleep(0.01)
        return found

    @property
    def _said(self) -> Path:
        return self.data_dir / "said.log"

    def _signal(self, name: str, number: signal.Signals) -> None:
        for pid in self.pids(name):
            with contextlib.suppress(ProcessLookupError):  # it may have ended meanwhile
                os.kill(pid, number)

    def _processes(self) -> dict[str, dict[str, Any]]:
        processes: dict[str, dict[str, Any]] = self._ask(do="status")["processes"]
        return processes

    def _ask(self, **request: str) -> dict[str, Any]:
        return control.ask(Path(self._state["control"]), **request)


def _plain_environment() -> dict[str, str]:
    stores = ("DATABASE_URL", "REDIS_URL", "REDIS_HOST")
    return {name: value for name, value in os.environ.items() if name not in stores}


def _descendants(pid: int) -> list[int]:
    """Children of children; Linux's own lists."""
    found: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            for child in map(int, listing.read_text().split()):
                found += [child, *_descendants(child)]
    return found
