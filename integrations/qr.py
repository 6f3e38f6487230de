"""QR codes: the modules themselves, as a path for a web page, and as a picture."""

from __future__ import annotations

import io
from functools import lru_cache

BORDER = 4  # the quiet zone that scanners need, in modules


def qr_matrix(text: str) -> list[list[bool]]:
    """Dark and light modules, without border.

    The mask is fixed: finding the prettiest of eight costs six times the rest, and scanners read them all.
    """
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    code = QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=2)
    code.add_data(text, optimize=0)
    code.make()
    return [[bool(dark) for dark in row] for row in code.get_matrix()]


def dark_runs(matrix: list[list[bool]]) -> list[tuple[int, int, int]]:
    """(column, row, length) of each horizontal run of dark modules: a third of the rectangles."""
    found: list[tuple[int, int, int]] = []
    for row, modules in enumerate(matrix):
        column = 0
        while column < len(modules):
            start = column
            while column < len(modules) and modules[column]:
                column += 1
            if column > start:
                found.append((start, row, column - start))
            column += 1
    return found


@lru_cache(maxsize=64)
def qr_svg_path(text: str) -> tuple[int, str]:
    """(side of the square with its border, path data), in units of one module."""
    matrix = qr_matrix(text)
    path = "".join([f"M{x + BORDER} {y + BORDER}h{n}v1h-{n}z" for x, y, n in dark_runs(matrix)])
    return len(matrix) + 2 * BORDER, path


@lru_cache(maxsize=64)
def qr_png(text: str) -> bytes:
    """The code as a black and white picture, large enough for a screen or a print."""
    from PIL import Image, ImageDraw

    matrix, scale = qr_matrix(text), 12
    side = (len(matrix) + 2 * BORDER) * scale
    picture = Image.new("1", (side, side), 1)
    draw = ImageDraw.Draw(picture)
    for x, y, n in dark_runs(matrix):
        left, top = (x + BORDER) * scale, (y + BORDER) * scale
        draw.rectangle((left, top, left + n * scale - 1, top + scale - 1), fill=0)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=3)
    return file.getvalue()
