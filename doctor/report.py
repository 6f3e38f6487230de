"""What a check found: whether it is well, and if not, in one sentence, what is wrong and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"  # it works, and somebody should look at it
    FAIL = "FAIL"  # something will not work


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    about: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.about:<9}  {self.sentence}"


def ok(about: str, sentence: str) -> Finding:
    return Finding(Level.OK, about, sentence)


def warn(about: str, sentence: str) -> Finding:
    return Finding(Level.WARN, about, sentence)


def fail(about: str, sentence: str) -> Finding:
    return Finding(Level.FAIL, about, sentence)


def same_place(one: str, other: str) -> bool:
    """Whether two addresses are one, however this machine is called in them."""
    return _plain(one) == _plain(other)


def _plain(address: str) -> str:
    return address.rstrip("/").replace("//127.0.0.1", "//localhost")
