"""Keep processes running: start, restart with patience, stop in order. One thread that sleeps until told.

Everything it waits for (a child's end or output, a timer, a request) wakes the event loop; nothing is polled.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from run.children import Command, Keeper, adopt_orphans, kill_group, reap_strays
from run.errors import StartError
from run.output import Log, Screen

# A process that had run for a while is started again at once; one that keeps dying young waits ever longer.
GROWN_UP = 5.0  # seconds
PATIENCE = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


class Process:
    """One process that should be running, and what has happened to it."""

    def __init__(self, command: Command, log: Log, prepare: Callable[[], None] | None) -> None:
        self.command = command
        self.log = log
        self.prepare = prepare
        self.child: Child | None = None
        self.wanted = True
        self.deaths = 0
        self.keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self.child.pid if self.child and not self.child.ended.done() else None


class Child:
    """A running process: its output goes to the log, its end resolves `ended` with the exit code."""

    def __init__(self, command: Command, heard: Callable[[bytes], object]) -> None:
        self._heard = heard
        self._popen = subprocess.Popen(
            command.argv,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            **command.popen_options(),
        )
        self.pid = self._popen.pid
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        assert self._popen.stdout is not None
        self._pipe: int | None = self._popen.stdout.fileno()
        os.set_blocking(self._pipe, False)
        asyncio.get_running_loop().add_reader(self._pipe, self._read)

    def look(self) -> None:
        """Notice the end, if it has come, and kill what is left of its group: a port must be free again."""
        code = self._popen.poll()
        if code is None or self.ended.done():
            return
        kill_group(self.pid)
        self._read()
        self._close()
        self.ended.set_result(code)

    def send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._popen.send_signal(number)
            self._popen.send_signal(signal.SIGCONT)  # if somebody stopped it, it must wake to end

    def _read(self) -> None:
        while self._pipe is not None:
            try:
                chunk = os.read(self._pipe, 65_536)
            except BlockingIOError:
                return
            if not chunk:
                self._close()
                return
            self._heard(chunk)

    def _close(self) -> None:
        if self._pipe is not None:
            asyncio.get_running_loop().remove_reader(self._pipe)
            assert self._popen.stdout is not None
            self._popen.stdout.close()
            self._pipe = None


class Supervisor:
    """All processes of one start."""

    def __init__(self, logs: Path, keeper: Keeper, screen: Screen) -> None:
        self.processes: dict[str, Process] = {}
        self._logs = logs
        self._keeper = keeper
        self._screen = screen
        self._children: set[Child] = set()
        self._stopping = False
        adopt_orphans()
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._look)

    def start(self, command: Command, prepare: Callable[[], None] | None = None) -> Process:
        """Start a process and keep it running; `prepare` comes before each start."""
        process = Process(command, Log(self._logs / f"{command.name}.log"), prepare)
        self.processes[command.name] = process
        self._resume(process)
        return process

    async def run(self, command: Command) -> str:
        """Run something once, to its end, and return what it printed last.

        Raises:
            StartError: it failed; the sentence is the last thing it said.
        """
        log = Log(self._logs / f"{command.name}.log")
        child = self._spawn(command, log.write)
        try:
            await asyncio.wait({child.ended})
        finally:
            if not child.ended.done():
                kill_group(child.pid)
            self._forget(child)
            log.close()
        if child.ended.result() != 0:
            raise StartError(f"{command.name} failed: {log.last_words()}")
        return log.last_words()

    def resume(self, name: str) -> None:
        """Start a process that was stopped."""
        process = self.processes[name]
        if process.keeping is None or process.keeping.done():
            process.wanted = True
            self._resume(process)

    async def stop(self, name: str) -> None:
        """Stop a process and leave it stopped: politely, then by force."""
        process = self.processes[name]
        process.wanted = False
        child = process.child
        if child is not None and not child.ended.done():
            child.send(process.command.stop_signal)
            patience = process.command.stops_within
            await asyncio.wait({child.ended}, timeout=patience)
            if not child.ended.done():
                self._screen.say(f"{name} did not stop within {patience:.0f} s; it is killed.")
                kill_group(child.pid)
                await asyncio.wait({child.ended})
        if process.keeping is not None:
            process.keeping.cancel()
            await asyncio.wait({process.keeping})

    async def stop_all(self, names: Iterable[str]) -> None:
        self._stopping = True
        await asyncio.gather(*(self.stop(name) for name in names))

    def kill_all(self) -> None:
        """No more waiting: somebody pressed Ctrl-C a second time."""
        for child in self._children:
            kill_group(child.pid)

    def _resume(self, process: Process) -> None:
        process.keeping = asyncio.create_task(self._keep(process), name=process.command.name)

    async def _keep(self, process: Process) -> None:
        young_deaths = 0
        while process.wanted:
            began = time.monotonic()
            reason = await self._live(process)
            if not process.wanted:
                return
            process.deaths += 1
            young_deaths = 0 if time.monotonic() - began >= GROWN_UP else young_deaths + 1
            wait = PATIENCE[min(young_deaths, len(PATIENCE)) - 1] if young_deaths else 0.0
            if not self._stopping:
                again = f"in {wait:g} s" if wait >= 0.5 else "now"
                self._screen.say(f"{process.command.name} {reason}; it is started again {again}.")
            await asyncio.sleep(wait)

    async def _live(self, process: Process) -> str:
        """One life of a process; returns how it ended."""
        try:
            if process.prepare is not None:
                process.prepare()
            child = self._spawn(process.command, lambda chunk: self._hear(process, chunk))
        except (StartError, OSError) as error:
            return f"cannot start ({error})"
        process.child = child
        try:
            await asyncio.wait(
                {child.ended}
            )  # not `await child.ended`: cancelled, that would cancel the future
        finally:
            self._forget(child)
        code = child.ended.result()
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code} ({process.log.last_words()})"

    def _spawn(self, command: Command, heard: Callable[[bytes], object]) -> Child:
        child = Child(command, heard)
        self._keeper.watch(child.pid, command.stop_signal)
        self._children.add(child)
        return child

    def _forget(self, child: Child) -> None:
        self._children.discard(child)
        self._keeper.forget(child.pid)

    def _hear(self, process: Process, chunk: bytes) -> None:
        for line in process.log.write(chunk):
            if process.prepare is None:  # a server's own log is for its file; what matters is said elsewhere
                self._screen.repeat(process.command.name, line)

    def _look(self) -> None:
        for child in tuple(self._children):
            child.look()
        reap_strays({child.pid for child in self._children} | {self._keeper.pid})
