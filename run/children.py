"""Children that cannot outlive us, however we end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GUARDIAN = Path(__file__).with_name("guardian.py")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None  # loaded before any fork


@dataclass(frozen=True)
class User:
    """Whom a server runs as when we are root: PostgreSQL refuses to be root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Command:
    """What to start, as whom, the signal that asks it to stop, and for how long it may take its time then."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] | None = None
    user: User | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stops_within: float = 10.0  # seconds

    def popen_options(self) -> dict[str, Any]:
        """Keywords for Popen: it dies with us, and has its own session: the terminal's Ctrl-C is for us.

        The kernel sends the death signal when the *thread* that started the child ends: start children from a
        thread that lives as long as they should.
        """
        options: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "cwd": self.cwd,
            "env": self.env,
            "start_new_session": True,
            "preexec_fn": die_with_parent(self.stop_signal),
        }
        if self.user is not None:
            options |= {"user": self.user.uid, "group": self.user.gid, "extra_groups": []}
        return options


def die_with_parent(number: int) -> Callable[[], None]:
    """A preexec_fn: the kernel sends this signal to the child when its parent ends (Linux only)."""
    parent = os.getpid()

    def promise() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
            if os.getppid() != parent:  # it ended between our fork and this line
                os._exit(1)

    return promise


def end_with_parent() -> None:
    """Ask the kernel for a SIGTERM to this process when its parent ends: no supervisor without its `make`."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose own parent died: without an init nobody would reap them."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_strays(known: Iterable[int]) -> None:
    """Take the exit status of dead children that we did not start ourselves (orphans that came to us)."""
    ours = set(known)
    for listing in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for pid in map(int, listing.read_text().split()):
                if pid not in ours:
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(pid, os.WNOHANG)


def kill_group(pid: int) -> None:
    """SIGKILL for whatever is left of a child's process group: a granian whose main process died, say."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


class Keeper:
    """Our end of the guardian: tells it what to end if we are killed."""

    def __init__(self, holds: tuple[int, ...] = ()) -> None:
        """Start the guardian; it keeps the descriptors `holds` (the data's lock) open until all has ended."""
        self._holds = holds
        self._known: dict[str, str] = {}
        self._guardian = self._start()

    @property
    def pid(self) -> int:
        return self._guardian.pid

    def watch(self, pid: int, stop_signal: int) -> None:
        self._tell(str(pid), f"group {pid} {int(stop_signal)}")

    def forget(self, pid: int) -> None:
        self._known.pop(str(pid), None)
        self._tell(None, f"gone {pid}")

    def remove_at_end(self, folder: Path) -> None:
        self._tell(str(folder), f"folder {folder}")

    def release(self) -> None:
        """Everything is stopped: the guardian may go."""
        self._known.clear()
        self._tell(None, "bye")
        assert self._guardian.stdin is not None
        self._guardian.stdin.close()
        self._guardian.wait()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARDIAN)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            pass_fds=self._holds,
            start_new_session=True,
            text=True,
        )

    def _tell(self, key: str | None, line: str) -> None:
        if key is not None:
            self._known[key] = line
        try:
            self._write(line)
        except OSError:  # somebody killed the guardian: a new one learns all of it again
            self._guardian.wait()
            self._guardian = self._start()
            for known in self._known.values():
                self._write(known)
            if line == "bye":
                self._write(line)

    def _write(self, line: str) -> None:
        assert self._guardian.stdin is not None
        self._guardian.stdin.write(line + "\n")
        self._guardian.stdin.flush()
