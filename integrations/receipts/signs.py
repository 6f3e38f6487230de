"""Look at the signs of a piece without reading them: ₹500 has four, whatever an engine makes of the first.

An engine that takes ₹ for a 2, or loses the point of 1500.00, is found out by it.
"""

from __future__ import annotations

from PIL import Image, ImageOps

from integrations.receipts.page import Glyphs, Span

MARGIN, ENLARGED = 4, 96
# Of the height of the highest sign: what is lower is a point or a comma; what is wider apart are two words.
HIGH, SPECK, APART = 0.55, 0.05, 0.36


def look_at(picture: Image.Image, span: Span) -> Glyphs | None:
    """The signs between the empty columns; None where nothing stands apart.

    Args:
        picture: the one that the span was read from.
    """
    box = (
        max(span.left - MARGIN, 0),
        max(span.top - MARGIN, 0),
        min(span.right + MARGIN, picture.width),
        min(span.bottom + MARGIN, picture.height),
    )
    if box[2] - box[0] < 8 or box[3] - box[1] < 8:
        return None
    ink = _ink(picture.crop(box).convert("L"))
    signs = _signs(ink)
    if not signs:
        return None
    heights = sorted(bottom - top for _left, top, _right, bottom in signs)
    tallest = heights[-2] if len(heights) > 2 else heights[-1]
    high = [sign for sign in signs if sign[3] - sign[1] >= HIGH * tallest]
    low = [sign for sign in signs if SPECK * tallest <= sign[3] - sign[1] < HIGH * tallest]
    words, right = [0], None
    for sign in signs:
        if right is not None and sign[0] - right > APART * tallest:
            words.append(0)
        words[-1] += sign in high
        right = sign[2]
    return Glyphs(tuple(filter(None, words)), len(low), bool(high) and _is_rupee(ink.crop(high[0])))


def _ink(grey: Image.Image) -> Image.Image:
    """White where something is written, on black; the background is whatever there is more of."""
    scale = ENLARGED / grey.height
    large = grey.resize((max(round(grey.width * scale), 1), ENLARGED), Image.Resampling.LANCZOS)
    even = ImageOps.autocontrast(large)
    histogram = even.histogram()
    if sum(histogram[:128]) < sum(histogram[128:]):
        even = ImageOps.invert(even)
    return even.point([255 if shade > 128 else 0 for shade in range(256)])


def _signs(ink: Image.Image) -> list[tuple[int, int, int, int]]:
    """The box of each sign, from left to right."""
    found: list[tuple[int, int, int, int]] = []
    start: int | None = None
    for at, written in enumerate([*ink.getprojection()[0], 0]):
        if written and start is None:
            start = at
        elif not written and start is not None:
            box = ink.crop((start, 0, at, ink.height)).getbbox()
            if box is not None and at - start >= 3:
                found.append((start, box[1], at, box[3]))
            start = None
    return found


def _is_rupee(sign: Image.Image) -> bool:
    """Two bars near the top, one above the other: neither a digit nor an R has that."""
    bars, is_bar, last = 0, False, -1
    width = sign.width
    for row in range(int(sign.height * 0.4)):
        line = sign.crop((0, row, width, row + 1)).tobytes()
        covered = line.count(b"\xff") >= 0.78 * width
        if covered and not is_bar and (last < 0 or row - last > 2):
            bars += 1
        if covered:
            last = row
        is_bar = covered
    return bars >= 2
