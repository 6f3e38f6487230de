"""Pictures as nobody should send them: made here, byte by byte where no library would."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image


def encoded(picture: Image.Image, kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **how)  # type: ignore[arg-type]
    return file.getvalue()


def png(width: int, height: int, *, depth: int = 8, colour: int = 0, data: bytes | None = None) -> bytes:
    """A PNG that claims a size, with hardly any data: a bomb where the size is large."""
    rows = data if data is not None else zlib.compress(b"\0" * 2_000)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(n, d) for n, d in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def plain(mode: str = "RGB", size: tuple[int, int] = (300, 500)) -> Image.Image:
    paper = {"L": 200, "I;16": 51_200, "CMYK": (0, 0, 0, 0)}
    return Image.new(mode, size, paper.get(mode, "white"))  # type: ignore[arg-type]


JPEG = encoded(plain(), "JPEG")

REFUSED = {
    "nothing": (b"", "broken"),
    "text": (b"Rs. 2,500 sent", "broken"),
    "pdf": (b"%PDF-1.7\n" + b"0" * 500, "broken"),
    "gif": (encoded(plain("P"), "GIF"), "broken"),
    "tiff": (encoded(plain(), "TIFF"), "broken"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "broken"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "broken"),
    "cut in half": (JPEG[: len(JPEG) // 2], "broken"),
    "only a head": (JPEG[:20], "broken"),
    "a bomb": (png(30_000, 30_000), "too_many_pixels"),
    "a larger bomb": (png(2_000_000, 2_000_000), "too_many_pixels"),
    "a thread": (encoded(plain(size=(10_000, 41)), "PNG"), "no_room_for_text"),
    "a dot": (encoded(plain(size=(8, 8)), "PNG"), "no_room_for_text"),
    "rows that do not come": (png(1000, 1000), "broken"),
    "no rows at all": (png(1000, 1000, data=b""), "broken"),
    "too many bytes": (JPEG + b"\0" * (5 * 1024 * 1024), "too_large"),
}

_animated = [Image.new("RGB", (300, 500), colour) for colour in ("white", "black", "red")]

OPENED = {
    "jpeg": JPEG,
    "progressive": encoded(plain(), "JPEG", progressive=True),
    "cmyk": encoded(plain("CMYK"), "JPEG"),
    "grey": encoded(plain("L"), "JPEG"),
    "16 bit": encoded(plain("I;16"), "PNG"),
    "palette": encoded(plain("P"), "PNG"),
    "one bit": encoded(plain("1"), "PNG"),
    "with transparency": encoded(plain("RGBA"), "PNG"),
    "grey with transparency": encoded(plain("LA"), "PNG"),
    "webp": encoded(plain(), "WEBP"),
    "animated webp": encoded(_animated[0], "WEBP", save_all=True, append_images=_animated[1:]),
    "animated png": encoded(_animated[0], "PNG", save_all=True, append_images=_animated[1:]),
    "a picture and an archive": JPEG + b"PK\x03\x04" + b"\0" * 1000,
    "a picture and a page": JPEG + b"<script>alert(1)</script>",
}
