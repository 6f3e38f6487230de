"""What the processes print: all of it into a file each, and to the terminal only what a person should see."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections import deque
from pathlib import Path

_BIGGEST_LOG = 20_000_000  # bytes; then the file moves aside once, and the one before it goes
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LOUD = re.compile(r"\b(warn|warning|error|critical|fatal|panic)\b", re.IGNORECASE)
_UNSAID = ("event", "level", "timestamp", "process", "exception")


class Screen:
    """The terminal, or whatever standard output is."""

    def __init__(self, *, everything: bool) -> None:
        self.everything = everything

    def say(self, sentence: str) -> None:
        """Print a line of our own. A reader that went away (`make run | head`), or a full disk, is no reason to stop."""
        try:
            print(sentence, flush=True)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError:  # it is lost; whoever says it has processes to start again
            pass

    def repeat(self, name: str, line: str) -> None:
        """Print a process's line if it is worth a look: a warning or worse, unless all were asked for."""
        if self.everything or is_loud(line):
            self.say(f"{name:<10}| {short(line)}")


class Log:
    """One process's file, and its last lines in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last: deque[str] = deque(maxlen=6)
        self._file = path.open("ab", buffering=0)
        self._rest = b""

    def write(self, chunk: bytes) -> list[str]:
        """Keep what came, as far as the disk takes it, and return the lines that are complete."""
        with contextlib.suppress(OSError):
            self._file.write(chunk)
            if self._file.tell() > _BIGGEST_LOG:
                self.path.replace(self.path.with_suffix(".old.log"))
                aside, self._file = self._file, self.path.open("ab", buffering=0)
                aside.close()
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        lines = [text for line in whole if (text := line.decode(errors="replace").rstrip())]
        self.last.extend(lines)
        return lines

    def last_words(self) -> str:
        """The last line that says something: of a traceback, the error itself."""
        return short(self.last[-1]) if self.last else f"nothing; see {self.path}"

    def close(self) -> None:
        self._file.close()


def is_loud(line: str) -> bool:
    """Whether a log line is a warning or worse, in JSON or in words."""
    entry = _as_json(line)
    if entry is not None:
        return bool(_LOUD.search(str(entry.get("level", ""))))
    return bool(_LOUD.search(_COLOURS.sub("", line)))


def short(line: str) -> str:
    """A log line as a person reads it: JSON becomes `event key=value`, colours go, long lines are cut."""
    entry = _as_json(line)
    if entry is None:
        return _COLOURS.sub("", line)[:300]
    level, event = str(entry.get("level", "")), str(entry.get("event", ""))
    facts = [f"{name}={value}" for name, value in entry.items() if name not in _UNSAID]
    if "exception" in entry:
        facts.append(str(entry["exception"]).strip().splitlines()[-1])
    said = [event, *facts] if level in ("", "info", "debug") else [level, event, *facts]
    return " ".join(said)[:300]


def _as_json(line: str) -> dict[str, object] | None:
    if not line.startswith("{"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
