"""A month as a picture that can be read on a phone of 360 points: each day, and how it stands.

Colours alone tell nothing to some: what is held is hatched, what is booked is dark with a light number, what is
blocked is crossed. A place of several units has the number of those that are free in each day, and, where they
are not many, a line of the month for each of them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from integrations.glyphs import FONTS, LATIN1, clean, runs
from models.occupancy import CalendarView, Day, Taken

if TYPE_CHECKING:
    from PIL import ImageDraw

# Three dots for each point of a small phone.
WIDTH, MARGIN, CELL_HEIGHT, GAP = 1080, 36, 120, 6
MOST_LINES: Final = 8
PAPER, INK, FAINT, TODAY = "#FFFFFF", "#1F2A33", "#6B7883", "#0B6E4F"
FILL: Final = {
    Taken.FREE: "#DDF3E4",
    Taken.HELD: "#FFE08A",
    Taken.BOOKED: "#B23A48",
    Taken.BLOCKED: "#C4CAD0",
}
_FILES: Final = {
    "arabic": "NotoSansArabic-Regular.ttf",
    "devanagari": "NotoSansDevanagari-Regular.ttf",
}
_PARTS: Final = 2


def calendar_png(view: CalendarView) -> bytes:
    """The picture as a PNG file."""
    from PIL import Image, ImageDraw

    lines = view.shown.units if 1 < len(view.shown.units) <= MOST_LINES else ()
    weeks = -(-(view.shown.first.weekday() + len(view.shown.days)) // 7)
    top, strips = 236, len(lines) * 92 + (60 if lines else 0)
    height = top + weeks * (CELL_HEIGHT + GAP) + strips + 2 * 64 + (56 if _notes(view) else 0) + MARGIN
    picture = Image.new("RGB", (WIDTH, height), PAPER)
    draw = ImageDraw.Draw(picture)
    _heading(draw, view)
    bottom = _days(draw, view, top)
    if lines:
        bottom = _lines(draw, view, bottom + 36)
    _legend(draw, view, bottom + 24)
    file = io.BytesIO()
    picture.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()


def _heading(draw: ImageDraw.ImageDraw, view: CalendarView) -> None:
    title = clean(view.title)
    size = 54
    while size > 34 and _width(title, size, bold=True) > WIDTH - 2 * MARGIN:
        size -= 2
    _write(draw, (MARGIN, 24), title, size, INK, bold=True)
    _write(draw, (MARGIN, 98), clean(view.month), 46, INK)
    for column, name in enumerate(view.weekdays):
        left, right = _column(column)
        _write_centred(draw, (left + right) / 2, 174, clean(name), 34, FAINT)


def _column(column: int) -> tuple[int, int]:
    width = (WIDTH - 2 * MARGIN + GAP) / 7
    left = MARGIN + column * width
    return round(left), round(left + width - GAP)


def _days(draw: ImageDraw.ImageDraw, view: CalendarView, top: int) -> int:
    """The grid; where it ends."""
    offset, bottom = view.shown.first.weekday(), top
    for number, day in enumerate(view.shown.days, offset):
        row, column = divmod(number, 7)
        left, right = _column(column)
        above = top + row * (CELL_HEIGHT + GAP)
        bottom = above + CELL_HEIGHT
        box = (left, above, right, bottom)
        if len(view.shown.units) == 1:
            _one_unit(draw, box, day)
        else:
            _many_units(draw, box, day)
        if day.day == view.today:
            draw.rounded_rectangle(box, 12, outline=TODAY, width=6)
    return bottom


def _one_unit(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], day: Day) -> None:
    left, above, right, bottom = box
    states = [part[0] for part in day.parts]
    edges = [left + (right - left) * n // len(states) for n in range(len(states) + 1)]
    for state, start, end in zip(states, edges, edges[1:], strict=False):
        _fill(draw, (start, above, end, bottom), state)
    # On two halves that differ the number gets paper of its own.
    dark = set(states) == {Taken.BOOKED}
    if len(set(states)) > 1:
        middle = (left + right) / 2
        draw.rounded_rectangle((middle - 38, above + 28, middle + 38, above + 92), 16, fill=PAPER)
    _write_centred(
        draw, (left + right) / 2, above + 30, str(day.day.day), 46, PAPER if dark else INK, bold=True
    )


def _many_units(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], day: Day) -> None:
    left, above, right, bottom = box
    full = day.free == 0
    draw.rectangle(box, fill="#F4F6F7" if full else "#F2FAF5")
    _write(draw, (left + 10, above + 2), str(day.day.day), 34, FAINT)
    _write_centred(
        draw,
        (left + right) / 2,
        above + 34,
        str(day.free),
        46,
        FILL[Taken.BOOKED] if full else TODAY,
        bold=True,
    )
    parts = list(day.parts)
    height = 26 // len(parts)
    for n, part in enumerate(parts):
        _share(draw, (left, bottom - 26 + n * height, right, bottom - 26 + (n + 1) * height), part)


def _share(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], units: Sequence[Taken]) -> None:
    """How the units stand, as parts of one bar: taken ones from the left."""
    left, above, right, bottom = box
    start = 0
    for state in (Taken.BOOKED, Taken.HELD, Taken.BLOCKED, Taken.FREE):
        end = start + sum(unit is state for unit in units)
        if end > start:
            edges = [left + (right - left) * n // len(units) for n in (start, end)]
            _fill(draw, (edges[0], above, edges[1], bottom), state)
        start = end


def _lines(draw: ImageDraw.ImageDraw, view: CalendarView, top: int) -> int:
    """The month of each unit on a line of its own, with every fifth day named above."""
    days = view.shown.days
    edges = [MARGIN + (WIDTH - 2 * MARGIN) * n // len(days) for n in range(len(days) + 1)]
    for number, day in enumerate(days):
        if day.day.day == 1 or day.day.day % 5 == 0:
            _write_centred(
                draw, (edges[number] + edges[number + 1]) / 2, top - 8, str(day.day.day), 26, FAINT
            )
    for index, name in enumerate(view.shown.units):
        above = top + 32 + index * 92
        _write(draw, (MARGIN, above), clean(name), 32, INK)
        for number, day in enumerate(days):
            parts = day.parts
            for n, part in enumerate(parts):
                height = 36 // len(parts)
                start = above + 46 + n * height
                _fill(draw, (edges[number], start, edges[number + 1] - 2, start + height - 2), part[index])
    return top + 32 + len(view.shown.units) * 92


def _notes(view: CalendarView) -> str:
    said = [view.free] if len(view.shown.units) > 1 else []
    if len(view.parts) == _PARTS:
        said.append(" | ".join(view.parts))
    return " · ".join(said)


def _legend(draw: ImageDraw.ImageDraw, view: CalendarView, top: int) -> None:
    for number, (state, words) in enumerate(view.legend.items()):
        row, column = divmod(number, 2)
        left, above = MARGIN + column * (WIDTH - 2 * MARGIN) // 2, top + row * 64
        _fill(draw, (left, above, left + 64, above + 46), state)
        draw.rectangle((left, above, left + 64, above + 46), outline=FAINT, width=2)
        _write(draw, (left + 82, above - 4), clean(words), 36, INK)
    notes = _notes(view)
    if notes:
        _write(draw, (MARGIN, top + 2 * 64), clean(notes), 32, FAINT)


def _fill(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], state: Taken) -> None:
    """A field in the colour of its state, and with its pattern, for those who do not see the colour."""
    left, above, right, bottom = (int(edge) for edge in box)
    draw.rectangle((left, above, right - 1, bottom - 1), fill=FILL[state])
    if state in (Taken.HELD, Taken.BLOCKED):
        colour, step = ("#E0A800", 22) if state is Taken.HELD else ("#8C959E", 22)
        width, height = right - left, bottom - above
        for shift in range(-height, width, step):
            start, end = max(shift, 0), min(shift + height, width - 1)
            if end > start:
                _stroke(
                    draw, (left, above), height, shift, start, end, colour, falling=state is Taken.BLOCKED
                )


def _stroke(
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    height: int,
    shift: int,
    start: int,
    end: int,
    colour: str,
    *,
    falling: bool,
) -> None:
    left, above = corner
    first, last = start - shift, end - shift
    if falling:
        points = ((left + start, above + first), (left + end, above + min(last, height - 1)))
    else:
        points = ((left + start, above + height - 1 - first), (left + end, above + max(height - 1 - last, 0)))
    draw.line(points, fill=colour, width=3)


# ---- words -----------------------------------------------------------------------------------------


def _write(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    words: str,
    size: int,
    colour: str,
    *,
    bold: bool = False,
) -> None:
    x, y = at
    for run in runs(words):
        font = _font(run.font, size, bold)
        # All scripts stand on one line, wherever their fonts begin.
        draw.text((x, y + size * 1.07), run.text, font=font, fill=colour, anchor="ls")
        x += font.getlength(run.text)


def _write_centred(
    draw: ImageDraw.ImageDraw,
    middle: float,
    y: float,
    words: str,
    size: int,
    colour: str,
    *,
    bold: bool = False,
) -> None:
    _write(draw, (middle - _width(words, size, bold=bold) / 2, y), words, size, colour, bold=bold)


def _width(words: str, size: int, *, bold: bool = False) -> float:
    return float(sum(_font(run.font, size, bold).getlength(run.text) for run in runs(words)))


@cache
def _font(script: str, size: int, bold: bool) -> Any:
    from PIL import ImageFont

    latin = "NotoSans-Bold.ttf" if bold else "NotoSans-Regular.ttf"
    name = latin if script in (LATIN1, "latin") else _FILES[script]
    return ImageFont.truetype(str(FONTS / name), size)
