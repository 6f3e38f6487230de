"""What reads guests' screenshots on this machine; nothing has to."""

from __future__ import annotations

from collections.abc import Iterator

from config import Settings
from doctor.report import Finding, ok
from integrations import receipts

NAMES = {receipts.RAPIDOCR: "RapidOCR", receipts.TESSERACT: "Tesseract"}


def check(_settings: Settings) -> Iterator[Finding]:
    engines = [NAMES[engine] for engine in receipts.installed()]
    if engines:
        yield ok("pictures", f"Guests' screenshots are read here, by {' and '.join(engines)}.")
    else:
        yield ok(
            "pictures",
            "Nothing reads guests' screenshots here, so admins do: apt install tesseract-ocr (small), or make "
            "install-ocr (better, 400 MB).",
        )
