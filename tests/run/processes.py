"""Find what is left of a start: every process carries the mark that its supervisor was given."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from run.places import is_zombie

MARK = "SARAI_TEST_MARK"


def marked(mark: str) -> list[str]:
    """The living processes with this mark in their environment, with their command lines."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with contextlib.suppress(OSError):
                has_mark = f"{MARK}={mark}".encode() in (folder / "environ").read_bytes()
                if has_mark and not is_zombie(int(folder.name)):
                    words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found.append(f"{folder.name} {words[:120]}")
    return found


def wait_until_none(mark: str, within: float = 120.0) -> list[str]:
    """Wait for all of them to end; whoever is still there at the end is returned."""
    deadline = time.monotonic() + within
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
