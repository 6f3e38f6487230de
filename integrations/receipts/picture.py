"""Open a stranger's picture without harm, as one upright RGB image of a size that can be read.

Only the child process decodes: what a hostile file does to a decoder, it does there.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from PIL import Image, ImageFilter, ImageOps

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_PIXELS: Final = 24_000_000  # a phone's camera at its usual setting; decoded, 72 MB
LONGEST: Final = 2000
SHORTEST_READ: Final = 700
FORMATS: Final = ("JPEG", "PNG", "WEBP")

# How far a hand tilts a phone, in degrees; less than the least is as good as level.
MOST_TILT: Final = 12
LEAST_TILT: Final = 1.0

# How many bits of how a picture looks are kept: receipts of one app look alike from afar.
LOOK_WIDTH: Final = 24
LOOK_HEIGHT: Final = 44
# Copies were at most 21 bits apart (one of 144: 29), different receipts of one app at least 32.
ALIKE: Final = 21


class Unreadable(Exception):
    """The file is no picture that we open; says in a word why."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def open_picture(content: bytes) -> Image.Image:
    """The first frame, turned as it was taken, on white, not larger than is good for reading.

    Raises:
        Unreadable: too large, no JPEG, PNG or WebP, broken, or with more pixels than a phone takes.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable("too_large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            Image.MAX_IMAGE_PIXELS = MOST_PIXELS
            with Image.open(io.BytesIO(content), formats=FORMATS) as probe:
                if probe.width * probe.height > MOST_PIXELS:
                    raise Unreadable("too_many_pixels")
                if min(probe.size) < 40 or max(probe.size) > 40 * min(probe.size):
                    raise Unreadable("no_room_for_text")
                probe.verify()
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                picture.draft("RGB", (LONGEST, LONGEST))  # a JPEG of a camera is decoded at half its size
                return _fitted(_upright(picture))
    except Unreadable:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Unreadable("too_many_pixels") from None
    except Exception:  # decoders raise whatever they like on broken input
        raise Unreadable("broken") from None


def _upright(picture: Image.Image) -> Image.Image:
    picture.seek(0)
    if picture.mode.startswith("I"):  # 16 bits a channel: Pillow would cut them off instead of scaling
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    turned = ImageOps.exif_transpose(picture)
    if turned.mode in ("RGBA", "LA", "PA", "P") or "transparency" in turned.info:
        turned = turned.convert("RGBA")
        paper = Image.new("RGBA", turned.size, "white")
        turned = Image.alpha_composite(paper, turned)
    return turned.convert("RGB")


def _fitted(picture: Image.Image) -> Image.Image:
    """Within what engines read well: thumbnails are enlarged, pictures of a camera made smaller."""
    longest = max(picture.size)
    if longest > LONGEST:
        scale = LONGEST / longest
    elif longest < SHORTEST_READ or min(picture.size) < SHORTEST_READ:
        scale = min(2.0, LONGEST / longest)
    else:
        return picture
    size = max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)
    return picture.resize(size, Image.Resampling.LANCZOS)


def readings(picture: Image.Image) -> Iterator[Image.Image]:
    """The picture as it is to be read; two ways round where its lines run from top to bottom."""
    level = straight(picture)
    if not is_sideways(level):
        yield level
        return
    for angle in (90, 270):
        yield straight(picture.rotate(angle, expand=True))


def straight(picture: Image.Image) -> Image.Image:
    """The picture with its lines level: photos of a screen hang to one side."""
    edges = _edges(picture)
    angles = [tilt / 2 for tilt in range(-MOST_TILT * 2, MOST_TILT * 2 + 1)]
    best = max(angles, key=lambda angle: _evenness(edges.rotate(angle, Image.Resampling.BILINEAR)))
    if abs(best) < LEAST_TILT or _evenness(edges.rotate(best)) < 1.15 * _evenness(edges):
        return picture
    return picture.rotate(best, Image.Resampling.BICUBIC, expand=True, fillcolor="white")


def is_sideways(picture: Image.Image) -> bool:
    """Whether its lines run from top to bottom."""
    edges = _edges(picture)
    return _evenness(edges.rotate(90, expand=True)) > 1.3 * _evenness(edges)


def _edges(picture: Image.Image) -> Image.Image:
    """Where something is written, small: alike for dark on light and light on dark."""
    small = picture.convert("L")
    small.thumbnail((480, 480), Image.Resampling.BOX)
    edges = small.filter(ImageFilter.FIND_EDGES)
    return edges.crop((2, 2, edges.width - 2, edges.height - 2)).point(lambda shade: 255 if shade > 60 else 0)


def _evenness(edges: Image.Image) -> float:
    """How sharply written rows and empty ones alternate; the highest where lines are level."""
    rows = edges.resize((1, edges.height), Image.Resampling.BOX).tobytes()
    return sum((one - other) ** 2 for one, other in pairwise(rows)) / max(len(rows), 1)


def look(picture: Image.Image) -> str:
    """How the picture looks, as bits: those of a copy, smaller or packed anew, are nearly the same.

    Each bit says whether a small field is darker than the one to its right.
    """
    small = picture.convert("L").resize((LOOK_WIDTH + 1, LOOK_HEIGHT), Image.Resampling.BOX)
    shades = small.tobytes()
    bits = []
    for row in range(LOOK_HEIGHT):
        start = row * (LOOK_WIDTH + 1)
        for column in range(LOOK_WIDTH):
            left, right = shades[start + column], shades[start + column + 1]
            bits.append("1" if left > right + 1 else "0")
    return "".join(bits)
