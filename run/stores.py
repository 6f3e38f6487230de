"""Embedded PostgreSQL and Valkey by themselves, for tests and the bench.

with Stores(tmp_path) as stores:
    engine = create_engine(stores.database_url)
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Protocol

from run import places
from run.children import Command, Keeper, kill_group
from run.errors import StartError
from run.postgres import Postgres
from run.valkey import Valkey

READY_WITHIN = 60.0  # seconds; a database that was killed under load replays its log first


class Store(Protocol):
    """What the supervisor needs to know of a server."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def url(self) -> str: ...
    def prepare(self) -> None: ...
    def command(self) -> Command: ...
    def is_ready(self) -> bool: ...


class Stores:
    """Both servers, started on entry and stopped on exit; the data stays in the folder.

    Use it from a thread that outlives it: the servers end with the thread that started them.
    """

    def __init__(self, data_dir: Path) -> None:
        self._lock = places.lock(data_dir)
        self._where = places.prepare(data_dir)
        self._keeper = Keeper(holds=(self._lock,))
        self._keeper.remove_at_end(self._where.sockets)
        self.postgres = Server(Postgres(self._where), self._where.logs, self._keeper)
        self.valkey = Server(Valkey(self._where), self._where.logs, self._keeper)

    @property
    def database_url(self) -> str:
        return self.postgres.store.url

    @property
    def redis_url(self) -> str:
        return self.valkey.store.url

    def __enter__(self) -> Stores:
        try:
            for server in (self.valkey, self.postgres):
                server.launch()
            for server in (self.valkey, self.postgres):
                server.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.postgres.stop()
        self.valkey.stop()
        places.remove_sockets(self._where)
        self._keeper.release()
        os.close(self._lock)


class Server:
    """One server: start, stop, and start again."""

    def __init__(self, store: Store, logs: Path, keeper: Keeper) -> None:
        self.store = store
        self._log = logs / f"{store.name}.log"
        self._keeper = keeper
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The server's process, for signals: SIGSTOP to make it hang, SIGKILL to crash it."""
        assert self._process is not None, f"{self.store.name} is not running"
        return self._process.pid

    def start(self) -> None:
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        self._forget()
        self.store.prepare()
        command = self.store.command()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command.argv, stdout=log, stderr=subprocess.STDOUT, **command.popen_options()
            )
        self._keeper.watch(self._process.pid, command.stop_signal)

    def wait_until_ready(self) -> None:
        """Wait until it answers.

        Raises:
            StartError: it ended or took too long; the sentence holds the end of its log.
        """
        assert self._process is not None
        deadline = time.monotonic() + READY_WITHIN
        while not self.store.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"{self.store.label} does not start: {last_words(self._log)}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop it cleanly, the hard way if it does not listen."""
        if self._process is not None and self._process.poll() is None:
            command = self.store.command()
            self._process.send_signal(command.stop_signal)
            try:
                self._process.wait(command.stops_within)
            except subprocess.TimeoutExpired:
                kill_group(self._process.pid)
                self._process.wait()
        self._forget()

    def kill(self) -> None:
        """As a crash does it: SIGKILL, nothing flushed."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._forget()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _forget(self) -> None:
        if self._process is not None:
            self._keeper.forget(self._process.pid)
            self._process = None


def last_words(log: Path, lines: int = 5) -> str:
    """The end of a log, for the sentence that says why something did not start."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) or f"nothing in {log}"
    except OSError:
        return f"no {log}"
