"""Draw the pictures of the sample listings: `python -m samples.pictures [SLUG…]`."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from samples.pictures.scenes import SCENES

PHOTOS = Path(__file__).parent.parent / "photos"
MOST_BYTES = 118_000  # quick to load on a phone in the mountains


def save(image: Image.Image, path: Path) -> int:
    """As good as the size allows; the size it became."""
    for quality in range(88, 40, -3):
        image.save(path, "JPEG", quality=quality, optimize=True, progressive=True)
        if path.stat().st_size <= MOST_BYTES:
            break
    return path.stat().st_size


def main(slugs: list[str]) -> None:
    PHOTOS.mkdir(exist_ok=True)
    for slug in slugs or SCENES:
        size = save(SCENES[slug](), PHOTOS / f"{slug}.jpg")
        print(f"{slug}.jpg {size // 1000} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
