"""A conversation as data: what a guest sends in each turn, and the replies it waits for.

The same JSON as the outside yardstick's (see book.json):

    {"name": "book",
     "turns": [
       {"label": "menu",  "send": {"text": "hi"},       "expect": [{"kind": "button", "match": "Welcome"}]},
       {"label": "dates", "send": {"button": "^Book$"}, "expect": [{"kind": "list"}]}
     ]}

`send` is text, button or row; a button or row is an index or a regular expression on the title, looked up in
the newest reply that offers any. `{n}` is the guest's number and `{c}` the number of the conversation, in
texts and in patterns. `expect` lists the replies of the turn in their order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

BOOK = Path(__file__).with_name("book.json")


@dataclass(frozen=True, slots=True)
class Expect:
    """One reply that is waited for.

    Attributes:
        kind: text, button, list, cta_url, document, template, … or any.
    """

    match: str = ""
    kind: str = "any"

    def fits(self, kind: str, text: str, names: Mapping[str, str]) -> bool:
        if self.kind not in ("any", kind):
            return False
        return not self.match or pattern(fill(self.match, names, escape=True)).search(text) is not None


@dataclass(frozen=True, slots=True)
class Turn:
    label: str
    send: Mapping[str, Any]
    expect: tuple[Expect, ...]


@dataclass(frozen=True, slots=True)
class Script:
    name: str
    turns: tuple[Turn, ...]

    def part(self, start: int, end: int | None = None) -> Script:
        """Some of its turns; a conversation can be walked in parts."""
        return replace(self, turns=self.turns[start:end])

    def at(self, place: str) -> Script:
        """The same conversation about another place than the first one typed."""
        typed = next(turn for turn in self.turns[1:] if "text" in turn.send)
        turns = tuple(replace(t, send={"text": place}) if t is typed else t for t in self.turns)
        return replace(self, turns=turns)


def load(path: Path = BOOK) -> Script:
    raw = json.loads(path.read_text())
    turns = [
        Turn(
            label=turn.get("label", f"turn{number}"),
            send=turn["send"],
            expect=tuple(Expect(e.get("match", ""), e.get("kind", "any")) for e in turn.get("expect", [{}])),
        )
        for number, turn in enumerate(raw["turns"], 1)
    ]
    return Script(raw.get("name", path.stem), tuple(turns))


def fill(template: str, names: Mapping[str, str], *, escape: bool = False) -> str:
    if "{" in template:
        for key, value in names.items():
            template = template.replace("{" + key + "}", re.escape(value) if escape else value)
    return template


@lru_cache(maxsize=4096)
def pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)
