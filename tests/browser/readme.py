"""The pictures in docs/images, taken by the tests that show the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

IMAGES = Path(__file__).parents[2] / "docs" / "images"
MOST_BYTES = 400_000


def keep_for_the_readme(taken: Path, name: str) -> None:
    """Put a picture into docs/images if README_PICTURES is set; other runs leave the tree alone."""
    if not os.environ.get("README_PICTURES"):
        return
    IMAGES.mkdir(parents=True, exist_ok=True)
    kept = IMAGES / name
    shutil.copyfile(taken, kept)
    assert kept.stat().st_size < MOST_BYTES, f"{kept} has {kept.stat().st_size} bytes"
