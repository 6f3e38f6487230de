"""Words in our guests' scripts, as outlines for a PDF: Urdu joins, Hindi reorders, ₹ is a sign of its own.

A PDF's built-in fonts know Latin-1 only, and embedding a font costs 25 to 50 ms a document. A ticket has a
word or two beyond Latin-1, so those are drawn as shapes instead, which costs microseconds: HarfBuzz shapes
them, and each glyph's outline is kept as ready PDF operators. What no font here has (emoji, say) is left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

FONTS = Path(__file__).parent / "fonts"
LATIN1 = "latin-1"  # drawn with the PDF's built-in font, needs no outlines
NEUTRAL = "neutral"  # spaces and signs of Latin-1, before it is known where they belong
_FILES = {
    ("latin", False): "NotoSans-Regular.ttf",
    ("latin", True): "NotoSans-Bold.ttf",
    ("arabic", False): "NotoSansArabic-Regular.ttf",
    ("devanagari", False): "NotoSansDevanagari-Regular.ttf",
}
_MIRRORED = str.maketrans("()[]{}<>", ")(][}{><")
# Digits of the Arabic script are written from left to right inside it; Latin ones spare us that.
_DIGITS = {base + value: str(value) for base in (0x0660, 0x06F0) for value in range(10)}
# Marks that steer the direction of text; a line here is laid out by the scripts in it alone.
_MARKS = dict.fromkeys([0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
# Typographic signs that Latin-1 writes more plainly; keeps whole lines in one font.
_PLAIN = (
    str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u202f": " "})
    | _MARKS
    | _DIGITS
)


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line in one font, as it stands from left to right."""

    text: str
    font: str


@dataclass(frozen=True, slots=True)
class Outline:
    """A shaped run: PDF path operators with their offsets, all in thousandths of the font size."""

    paths: tuple[tuple[str, float, float], ...]
    width: float


def clean(text: str, *, otherwise: str = "-") -> str:
    """The text in characters that can be drawn, in their plain forms; `otherwise` where nothing is left."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split()) or otherwise
    kept = [c for c in unicodedata.normalize("NFKC", text.translate(_PLAIN)) if _font_of(c) is not None]
    return " ".join("".join(kept).split()) or otherwise


def runs(text: str) -> list[Run]:
    """Cut a cleaned line into runs of one font each, in the order in which they stand from left to right.

    A line whose first word is of a right-to-left script runs from the right as a whole, with Latin words,
    amounts and phone numbers whole and readable inside it.
    """
    if text.isascii():
        return [Run(text, LATIN1)]
    pieces = _join(_cut(text))
    first = next((font for font, words in pieces if any(c.isalpha() for c in words)), LATIN1)
    if first != "arabic":
        return [Run(words, LATIN1 if font == NEUTRAL else font) for font, words in pieces]
    return [
        Run(words[::-1].translate(_MIRRORED), LATIN1) if font == NEUTRAL else Run(words, font)
        for font, words in reversed(pieces)
    ]


def _cut(text: str) -> list[tuple[str, str]]:
    """Pieces of one font; spaces and signs, which belong to no direction of their own, are pieces too."""
    found: list[tuple[str, str]] = []
    for character in text:
        font = _font_of(character) or LATIN1
        if font == LATIN1 and not character.isalnum():
            font = NEUTRAL
        if found and found[-1][0] == font:
            found[-1] = (font, found[-1][1] + character)
        else:
            found.append((font, character))
    return found


def _join(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put together what reads as one: words of one script, "+92 300 0000201", "(Bilal)"."""
    found: list[tuple[str, str]] = []
    for index, (font, words) in enumerate(pieces):
        before = found[-1] if found else (NEUTRAL, "")
        after = pieces[index + 1][0] if index + 1 < len(pieces) else NEUTRAL
        if font != NEUTRAL:
            if before[0] == font:  # a neutral piece was joined to it and is followed by more of the same
                found[-1] = (font, before[1] + words)
            else:
                found.append((font, words))
        elif before[0] == after and (after == LATIN1 or (after != NEUTRAL and words.isspace())):
            found[-1] = (after, before[1] + words)
        else:
            head, middle, tail = "", words, ""
            if before[0] == LATIN1:
                head = middle[: len(middle) - len(middle.lstrip(")%"))]
                middle = middle[len(head) :]
                found[-1] = (LATIN1, before[1] + head)
            if after == LATIN1:
                tail = middle[len(middle.rstrip("+-(#")) :]
                middle = middle[: len(middle) - len(tail)]
            found += [piece for piece in ((NEUTRAL, middle), (LATIN1, tail)) if piece[1]]
    return found


@lru_cache(maxsize=512)
def outline(text: str, font: str, *, bold: bool = False) -> Outline:
    """Shape a run; bold where the font has it."""
    import uharfbuzz  # type: ignore[import-untyped]

    face = _font(font, bold=bold and (font, True) in _FILES)
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(face.font, buffer)
    paths: list[tuple[str, float, float]] = []
    x = 0.0
    for glyph, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        path = face.path(glyph.codepoint)
        if path:
            paths.append((path, x + position.x_offset * face.scale, position.y_offset * face.scale))
        x += position.x_advance * face.scale
    return Outline(tuple(paths), x)


@dataclass(frozen=True)
class _Face:
    font: Any
    path: Callable[[int], str]
    scale: float
    characters: frozenset[int]


@cache
def _font(name: str, *, bold: bool = False) -> _Face:
    import uharfbuzz

    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(FONTS / _FILES[name, bold])))
    font = uharfbuzz.Font(face)
    scale = 1000 / face.upem

    @cache
    def path(glyph: int) -> str:
        pen = _Pen(scale)
        font.draw_glyph_with_pen(glyph, pen)
        return " ".join(pen.operators)

    return _Face(font, path, scale, frozenset(face.unicodes))


@lru_cache(maxsize=4096)
def _font_of(character: str) -> str | None:
    """The font that has this character; None for one that is left out."""
    code = ord(character)
    if 0x20 <= code < 0x7F or (0xA1 <= code <= 0xFF and code != 0xAD):
        return LATIN1
    if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp"):
        return LATIN1 if character.isspace() else None
    for name in ("latin", "arabic", "devanagari"):
        if code in _font(name).characters:
            return name
    return LATIN1 if character.isspace() else None


class _Pen:
    """Writes an outline as PDF path operators, which know cubic curves only; a pen as fontTools has them."""

    def __init__(self, scale: float) -> None:
        self.operators: list[str] = []
        self._scale = scale
        self._at = (0.0, 0.0)

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self._write("m", point)

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self._write("l", point)

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self._write("c", *points)

    def qCurveTo(self, control: tuple[float, float], end: tuple[float, float]) -> None:  # noqa: N802
        (x0, y0), (cx, cy), (x1, y1) = self._at, control, end
        first = (x0 + (cx - x0) * 2 / 3, y0 + (cy - y0) * 2 / 3)
        second = (x1 + (cx - x1) * 2 / 3, y1 + (cy - y1) * 2 / 3)
        self._write("c", first, second, end)

    def closePath(self) -> None:  # noqa: N802
        self.operators.append("h")

    def _write(self, operator: str, *points: tuple[float, float]) -> None:
        numbers = [f"{value * self._scale:.0f}" for point in points for value in point]
        self.operators.append(" ".join([*numbers, operator]))
        self._at = points[-1]
