"""A message as its phone shows it, and how the sandbox is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

PATIENCE = 180.0  # seconds; only what does not come at all takes so long
POLL = 0.03


class NotSeen(AssertionError):
    """Something that should have come did not come, or came and should not have."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message in a chat, as its phone shows it."""

    raw: dict[str, Any] = field(repr=False)

    @property
    def n(self) -> int:
        return int(self.raw["n"])

    @property
    def id(self) -> str:
        return str(self.raw["id"])

    @property
    def kind(self) -> str:
        return str(self.raw["kind"])

    @property
    def body(self) -> str:
        return _as_read(str(self.raw["body"] or ""))

    @property
    def status(self) -> str:
        return str(self.raw["status"])

    @property
    def by_business(self) -> bool:
        return bool(self.raw["from"] == "business")

    @property
    def media(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.raw["media"]
        return found

    @property
    def reactions(self) -> dict[str, str]:
        """The emoji on it, by who put it there: `person` or `business`."""
        return dict(self.raw["reactions"])

    @property
    def template(self) -> str | None:
        name: str | None = self.raw["template"]
        return name

    @property
    def options(self) -> list[str]:
        """The titles of everything that can be tapped."""
        return [_as_read(option["title"]) for option in self.raw["options"]]

    @property
    def link(self) -> str | None:
        """Where its button leads, else the first address in its text."""
        for option in self.raw["options"]:
            if option.get("url"):
                return str(option["url"])
        found = re.search(r"https?://[^\s<>*]+[^\s<>*_~.,)]", self.body)
        return found.group() if found else None

    @property
    def text(self) -> str:
        """Everything that can be read in it, line by line."""
        header = (self.raw["header"] or {}).get("text")
        rows = [option.get("description") for option in self.raw["options"]]
        file = (self.media or {}).get("filename")
        lines = [header, file, self.body, self.raw["footer"], self.raw["list_button"], *self.options, *rows]
        return _as_read("\n".join(str(line) for line in lines if line))

    def says(self, wanted: str | re.Pattern[str]) -> bool:
        """Is this text, or a match of this pattern, in it?"""
        if isinstance(wanted, re.Pattern):
            return bool(wanted.search(self.text))
        if wanted in self.text:
            return True
        try:
            return bool(re.search(wanted, self.text, re.DOTALL))
        except re.error:
            return False

    def __str__(self) -> str:
        who = "business" if self.by_business else "person"
        at = datetime.fromtimestamp(self.raw["at"], UTC).strftime("%H:%M:%S")
        lines = [f"{at} {who} ({self.kind}, {self.status}) {self.body}".replace("\n", "\n    ")]
        if self.media:
            lines.append(f"    [{self.media['mime']} {self.media['filename']}]")
        lines += [
            f"    [{option['title']}]{' → ' + option['url'] if option.get('url') else ''}"
            for option in self.raw["options"]
        ]
        return "\n".join(lines)


def _as_read(text: str) -> str:
    """As a person reads it: a space at which a phone may not begin a new line is a space."""
    return text.replace("\u00a0", " ")


class Http:
    """JSON over HTTP with errors that say what was refused."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._client = httpx.Client(base_url=self.base_url, timeout=PATIENCE)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self._read(self._client.get(path, params=params))

    def post(self, path: str, given: dict[str, Any]) -> dict[str, Any]:
        return self._read(self._client.post(path, json=given))

    def delete(self, path: str) -> dict[str, Any]:
        return self._read(self._client.delete(path))

    def bytes(self, path: str) -> bytes:
        answer = self._client.get(path)
        answer.raise_for_status()
        return answer.content

    def close(self) -> None:
        self._client.close()

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            found = answer.json()
        except ValueError:
            found = {"error": answer.text[:300]}
        if answer.status_code >= 400:
            call = f"{answer.request.method} {answer.request.url}"
            raise NotSeen(f"{call}: {answer.status_code} {found.get('error', found)}")
        return dict(found)
