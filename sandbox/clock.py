"""The sandbox's clock: the system's, moved by an offset in a file that the product reads too."""

from __future__ import annotations

import os
import time
from pathlib import Path


class Clock:
    """Tells the time that product and stand-ins agree on, and moves it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._offset = 0.0

    @property
    def offset(self) -> float:
        """Seconds added to the system's clock; the file is read again when it changed."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._seen, self._offset = None, 0.0
            return self._offset
        if (stamp := (found.st_mtime_ns, found.st_size)) != self._seen:
            self._offset = _number(self.path.read_text())
            self._seen = stamp
        return self._offset

    def now(self) -> float:
        """Seconds since the epoch, as everybody here believes them to be."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> float:
        """Let time pass at once; returns the new offset."""
        return self._write(self.offset + seconds)

    def reset(self) -> float:
        """Back to the system's own time."""
        return self._write(0.0)

    def _write(self, offset: float) -> float:
        # Readers see the old number or the new one, never half of it.
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        fresh.write_text(f"{offset:.3f}\n")
        fresh.replace(self.path)
        return self.offset


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
