"""WhatsApp's templates: the only thing that reaches a person who has not written for 24 hours.

Each file next to this one is a template in the shape in which it is created at WhatsApp; its name and
language are the file's name. What is not there in somebody's language is sent in English; what is written
for admins is there in English only (docs/decisions/0007-which-language.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from flows.actions import Action, ShowAnswer, encode
from models.message import Template, clip

FOLDER: Final = Path(__file__).parent
PARAMETER: Final = 200  # longer values would crowd out the words around them
_BLANKS: Final = re.compile(r"[^\S\u00a0]+")  # a line break is refused; what holds an amount together stays


@dataclass(frozen=True)
class Known:
    """What a template takes."""

    body: str
    params: int
    quick_replies: int


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.json"))


def _load() -> dict[tuple[str, str], Known]:
    known: dict[tuple[str, str], Known] = {}
    for path in files():
        data: Mapping[str, Any] = orjson.loads(path.read_bytes())
        body, buttons = "", []
        for component in data["components"]:
            if component["type"] == "BODY":
                body = component["text"]
            elif component["type"] == "BUTTONS":
                buttons = component["buttons"]
        replies = sum(button["type"] == "QUICK_REPLY" for button in buttons)
        known[data["name"], data["language"]] = Known(body, body.count("{{"), replies)
    return known


KNOWN: Final = _load()


def make(
    name: str, language: str, *params: str, taps: Sequence[Action] = (), most: int = PARAMETER
) -> Template:
    """The template with these values, in this language if there is one.

    Args:
        most: characters of a value that are said.

    Raises:
        ValueError: it takes another number of values or buttons; a bug of ours, found by the first test.
    """
    if (name, language) not in KNOWN:
        language = "en"
    known = KNOWN[name, language]
    if len(params) != known.params or len(taps) != known.quick_replies:
        raise ValueError(f"template {name} takes {known.params} values and {known.quick_replies} taps")
    values = tuple(clip(_BLANKS.sub(" ", param).strip() or "-", most) for param in params)
    return Template(name, language, values, tuple(encode(tap) for tap in taps))


def answer_ready(language: str = "en") -> Template:
    """For an answer that met a closed window: its button asks for where things stand."""
    return make("answer_ready", language, taps=(ShowAnswer(),))
