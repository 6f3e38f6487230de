"""What a listing asks besides: its further questions, as the listings file has them, and what is an answer to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from models.message import ROW_TITLE, clip, unturned
from models.sealed import CannotOpen, masked, open_text

MOST: Final = 5  # of a listing: each is a bubble that a guest reads before they can pay
TEXT: Final = 200


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    CNIC = "cnic"  # Pakistan's identity card
    PASSPORT = "passport"


SECRET: Final = frozenset({Kind.CNIC, Kind.PASSPORT})


@dataclass(frozen=True, slots=True)
class Question:
    """One further question.

    Attributes:
        key: what its answer is kept under; it never changes.
        texts: the question, by language.
        labels: what stands before the answer in a summary, by language.
        choices: what a choice is made of.
    """

    key: str
    texts: Mapping[str, str]
    labels: Mapping[str, str]
    kind: Kind = Kind.TEXT
    required: bool = True
    choices: tuple[str, ...] = ()

    @property
    def is_secret(self) -> bool:
        """Its answers are stored sealed, and shown by their end only."""
        return self.kind in SECRET

    def text(self, language: str) -> str:
        return _in(self.texts, language)

    def label(self, language: str) -> str:
        return _in(self.labels, language)

    def shown(self, stored: str | None) -> str:
        """An answer, as it is kept, as it may be read in a chat."""
        if stored is None:
            return "–"
        if not self.is_secret:
            return stored
        try:
            return masked(open_text(stored))
        except CannotOpen:
            return "••••"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Question:
        """Read a question as the listings file has it, or as `to_dict` wrote it.

        Raises:
            ValueError: another word, or a question that cannot be asked.
        """
        if unknown := set(data) - {"key", "text", "label", "kind", "required", "choices"}:
            raise ValueError(f"a further question knows no {', '.join(sorted(unknown))}")
        key = str(data.get("key", ""))
        if not _KEY.fullmatch(key):
            raise ValueError(f"the key of a question is a short word in small letters, not {key!r}")
        texts = _by_language(data.get("text", ""))
        labels = _by_language(data.get("label", key.replace("_", " ").capitalize()))
        if not all(0 < len(text) <= 500 for text in texts.values()):
            raise ValueError(f"question {key}: the text has 1 to 500 characters")
        if not all(0 < len(label) <= ROW_TITLE for label in labels.values()):
            raise ValueError(f"question {key}: a label has 1 to {ROW_TITLE} characters")
        kind, choices = Kind(data.get("kind", Kind.TEXT)), tuple(data.get("choices", ()))
        if (kind is Kind.CHOICE) != bool(choices):
            raise ValueError(f"question {key}: a choice, and nothing else, has choices")
        if choices and not (2 <= len(choices) <= 9 and all(0 < len(c) <= ROW_TITLE for c in choices)):
            raise ValueError(f"question {key}: 2 to 9 choices of at most {ROW_TITLE} characters")
        if len({choice.casefold() for choice in choices}) < len(choices):
            raise ValueError(f"question {key}: two choices are the same")
        return cls(key, texts, labels, kind, bool(data.get("required", True)), choices)

    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"key": self.key, "text": dict(self.texts), "label": dict(self.labels)}
        data |= {"kind": self.kind, "required": self.required}
        return data | ({"choices": list(self.choices)} if self.choices else {})


_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,23}")


def read_all(entries: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """The further questions of a listing.

    Raises:
        ValueError: one cannot be asked, two have the same key, or there are too many.
    """
    questions = tuple(map(Question.from_dict, entries))
    if len({question.key for question in questions}) < len(questions):
        raise ValueError("two questions of a listing have the same key")
    if len(questions) > MOST:
        raise ValueError(f"a listing has at most {MOST} further questions")
    return questions


def identity(kind: Kind, said: str) -> str | None:
    """The number of an identity card or passport as it is written on it; None where it has not its shape.

    Only the shape tells: neither of them has a check digit that is published.
    """
    letters = "".join(sign for sign in said.upper() if sign.isalnum())
    if not letters.isascii() or not all(sign.isalnum() or sign in " -.:#/" for sign in said):
        return None
    if kind is Kind.CNIC:
        # The first digit is the province; none begins with 0, 8 or 9.
        found = re.fullmatch(r"(?:CNIC|NIC|ID)?(?:NO)?([1-7][0-9]{4})([0-9]{7})([0-9])", letters)
        return "-".join(found.groups()) if found else None
    found = re.fullmatch(r"(?:PASSPORT)?(?:NO|NUMBER)?([A-Z]{1,3}[0-9]{6,8}|[0-9]{9})", letters)
    return found[1] if found else None


def _by_language(said: Any) -> dict[str, str]:
    """One text for everybody, or one for each language, English among them."""
    texts = {"en": said} if isinstance(said, str) else dict(said)
    if "en" not in texts or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("a question is asked in English, and in other languages besides")
    return {language: " ".join(text.split()) for language, text in texts.items()}


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts["en"]


def kept_text(said: str) -> str | None:
    """An answer in words, on one line; None for nothing."""
    return clip(" ".join(unturned(said).split()), TEXT) or None
