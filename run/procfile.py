"""The Procfile: a name and a shell command on each line."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from run.children import Command
from run.errors import StartError

ROOT = Path(__file__).parent.parent
# How many of a process there are; all others run once.
_COUNTS = {"turns": ("TURN_WORKERS", 2)}


def read(procfile: Path, environment: Mapping[str, str]) -> list[Command]:
    """The commands of a Procfile. Several of one kind are told apart by a number: turns.1, turns.2.

    Raises:
        StartError: a line is not `name: command`.
    """
    commands = []
    for line in procfile.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        found = re.fullmatch(r"([A-Za-z0-9_]+):\s*(\S.*)", line)
        if not found:
            raise StartError(f'{procfile.name}: "{line}" is not "name: command".')
        kind, shell = found.groups()
        for name in _names(kind, environment):
            commands.append(
                Command(
                    name,
                    ("/bin/sh", "-c", f"exec {shell}"),
                    ROOT,
                    {**environment, "PROCESS_NAME": name},
                )
            )
    return commands


def python(name: str, *arguments: str, environment: Mapping[str, str]) -> Command:
    """One of our own modules as a process: the same Python, from the project's folder."""
    return Command(name, (sys.executable, *arguments), ROOT, environment)


def _names(kind: str, environment: Mapping[str, str]) -> list[str]:
    variable, usual = _COUNTS.get(kind, ("", 1))
    given = environment.get(variable, "") or str(usual)
    if not given.isdigit() or int(given) < 1:
        raise StartError(f"{variable} is {given!r}; it must be a number from 1 up.")
    count = int(given)
    return [kind] if count == 1 else [f"{kind}.{number}" for number in range(1, count + 1)]
