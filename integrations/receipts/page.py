"""What an engine read off a picture: pieces of text and where they stand, as rows that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What can be seen of a piece without reading it; a sign that is left out, or misread, counts all the same.

    Attributes:
        words: how many high signs each word has.
        low: how many points and commas there are in all.
        rupee: the first sign has the shape of ₹.
    """

    words: tuple[int, ...]
    low: int
    rupee: bool

    @property
    def high(self) -> int:
        return sum(self.words)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text that stands together.

    Attributes:
        left, top, right, bottom: in pixels of the picture that was read.
        sure: how sure the engine is, 0 to 1.
        glyphs: None where signs were not counted, or touch each other.
    """

    text: str
    left: int
    top: int
    right: int
    bottom: int
    sure: float = 1.0
    glyphs: Glyphs | None = None

    @property
    def height(self) -> int:
        return max(self.bottom - self.top, 1)

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


UNSURE, HARD = 0.6, 0.35


@dataclass(frozen=True)
class Page:
    """All that was read, and how large the picture was."""

    width: int
    height: int
    spans: Sequence[Span] = field(default=())

    @cached_property
    def rows(self) -> list[list[Span]]:
        """The pieces that stand side by side, from top to bottom, each row from left to right."""
        rows: list[list[Span]] = []
        slope = _slope(self.spans)
        for span in sorted(self.spans, key=lambda s: s.middle - slope * s.left):
            if rows and _side_by_side(rows[-1], span, slope):
                rows[-1].append(span)
            else:
                rows.append([span])
        return [sorted(row, key=lambda s: s.left) for row in rows]

    @property
    def text(self) -> str:
        return "\n".join("  ".join(span.text for span in row) for row in self.rows)

    @property
    def weight(self) -> float:
        """How much was read, and how surely."""
        return sum(len(span.text) * span.sure for span in self.spans)

    @property
    def is_hard(self) -> bool:
        """Whether much of it was guessed: it may be in another script, or upside down."""
        unsure = sum(span.sure < UNSURE for span in self.spans)
        return len(self.spans) >= 4 and unsure >= HARD * len(self.spans)

    def to_dict(self) -> dict[str, Any]:
        spans = [
            [
                s.text,
                s.left,
                s.top,
                s.right,
                s.bottom,
                round(s.sure, 3),
                None if s.glyphs is None else [s.glyphs.words, s.glyphs.low, s.glyphs.rupee],
            ]
            for s in self.spans
        ]
        return {"width": self.width, "height": self.height, "spans": spans}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Page:
        spans = [
            Span(text, left, top, right, bottom, sure, Glyphs(tuple(seen[0]), *seen[1:]) if seen else None)
            for text, left, top, right, bottom, sure, seen in kept["spans"]
        ]
        return cls(kept["width"], kept["height"], spans)


def _side_by_side(row: Sequence[Span], span: Span, slope: float) -> bool:
    last = row[-1]
    apart = abs(last.middle - span.middle - slope * (last.left - span.left))
    return apart < 0.5 * min(max(last.height, 8), max(span.height, 8)) and not any(
        span.left < other.right and other.left < span.right for other in row
    )


def _slope(spans: Sequence[Span]) -> float:
    """By how much rows still fall to the right; level where that explains as much."""
    if len(spans) > MOST_SLOPED:
        return 0.0
    pairs = [
        (other.left - span.left, other.middle - span.middle, 0.3 * min(span.height, other.height))
        for span in spans
        for other in spans
        if other.left >= span.right and abs(other.middle - span.middle) < 3 * span.height
    ]

    def rows_at(slope: float) -> int:
        return sum(abs(down - slope * along) < most for along, down, most in pairs)

    best = max(_SLOPES, key=rows_at)
    return best if rows_at(best) >= rows_at(0.0) + 2 else 0.0


MOST_SLOPED = 120
_SLOPES = sorted((step / 200 for step in range(-10, 11)), key=abs)
