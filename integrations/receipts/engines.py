"""The engines that read text off a picture, behind one small shape; each is imported only where it reads.

RapidOCR is the better one and large (400 MB installed, 600 MB while it reads); Tesseract is small (25 MB). Neither
has to be there.

Source: docs/decisions/0020-reading-pictures.md
"""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from PIL import Image, ImageOps, ImageStat

from integrations.receipts import RAPIDOCR, TESSERACT
from integrations.receipts.page import Page, Span

# Fields further apart than this many letter heights are two pieces.
GAP: Final = 1.6
ENGLISH: Final = "eng"
_TURNS: Final = dict.fromkeys((0x200E, 0x200F, *range(0x202A, 0x202F)))  # marks of direction


# Half the work for the same text: pictures come upright here, and receipts have no small print that is wanted.
_PARAMETERS: Final = {
    "EngineConfig.onnxruntime.intra_op_num_threads": 2,
    "Global.use_cls": False,
    "Det.limit_type": "max",
    "Det.limit_side_len": 960,
}


def read(picture: Image.Image, engine: str, *, all_scripts: bool = False) -> Page:
    """All text of the picture, as this engine reads it.

    Args:
        all_scripts: of all languages that Tesseract has here, and not of English alone, which it reads best by itself.

    Raises:
        ValueError: there is no such engine.
    """
    if engine == RAPIDOCR:
        return _rapidocr(picture)
    if engine != TESSERACT:
        raise ValueError(f"no engine is called {engine[:40]}")
    return _tesseract(picture, _languages() if all_scripts else ENGLISH)


def reads_other_scripts(engine: str) -> bool:
    return engine == TESSERACT and _languages() != ENGLISH


def _rapidocr(picture: Image.Image) -> Page:
    import logging

    import numpy  # comes with RapidOCR
    from rapidocr import RapidOCR

    logging.disable(logging.CRITICAL)
    ocr = RapidOCR(params=_PARAMETERS)
    result = ocr(numpy.asarray(picture)[:, :, ::-1])
    spans = []
    for box, text, score in zip(
        () if result.boxes is None else result.boxes, result.txts or (), result.scores or (), strict=False
    ):
        xs, ys = [float(x) for x, _ in box], [float(y) for _, y in box]
        spans.append(Span(str(text), int(min(xs)), int(min(ys)), int(max(xs)), int(max(ys)), float(score)))
    return Page(*picture.size, spans)


@cache
def _languages() -> str:
    """English and those of Urdu and Hindi that are installed, as Tesseract wants them named."""
    told = (
        subprocess.run(["tesseract", "--list-langs"], capture_output=True, check=True).stdout.decode().split()
    )
    return "+".join([ENGLISH, *(language for language in ("urd", "hin") if language in told)])


def _tesseract(picture: Image.Image, languages: str) -> Page:
    rows = _run_tesseract(_dark_on_light(picture), languages)
    words: dict[tuple[int, ...], list[Span]] = {}
    for row in rows:
        if row["text"].strip() and float(row["conf"]) >= 0:
            left, top = int(row["left"]), int(row["top"])
            line = int(row["block_num"]), int(row["par_num"]), int(row["line_num"])
            word = Span(
                row["text"].translate(_TURNS).strip(),
                left,
                top,
                left + int(row["width"]),
                top + int(row["height"]),
                float(row["conf"]) / 100,
            )
            words.setdefault(line, []).append(word)
    return Page(*picture.size, [span for line in words.values() for span in _pieces(line)])


def _run_tesseract(picture: Image.Image, languages: str) -> Iterator[Mapping[str, str]]:
    file = io.BytesIO()
    picture.save(file, "PNG")
    told = subprocess.run(
        ["tesseract", "stdin", "stdout", "--psm", "3", "--dpi", "200", "-l", languages, "tsv"],
        input=file.getvalue(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
    )
    lines = told.stdout.decode("utf-8", "replace").splitlines()
    names = lines[0].split("\t") if lines else []
    for line in lines[1:]:
        cells = line.split("\t")
        if len(cells) == len(names):
            yield dict(zip(names, cells, strict=True))


def _dark_on_light(picture: Image.Image) -> Image.Image:
    grey = picture.convert("L")
    if ImageStat.Stat(grey).median[0] < 110:
        grey = ImageOps.invert(grey)
    return grey


def _pieces(words: list[Span]) -> Iterator[Span]:
    """A line of words, cut where the gap is wider than between words."""
    piece: list[Span] = []
    for word in sorted(words, key=lambda w: w.left):
        if piece and word.left - piece[-1].right > GAP * max(word.height, piece[-1].height):
            yield _joined(piece)
            piece = []
        piece.append(word)
    if piece:
        yield _joined(piece)


def _joined(words: list[Span]) -> Span:
    return Span(
        " ".join(w.text for w in words),
        min(w.left for w in words),
        min(w.top for w in words),
        max(w.right for w in words),
        max(w.bottom for w in words),
        min(w.sure for w in words),
    )
