"""The child process that decodes and reads one picture: `python -m integrations.receipts.child ENGINE < FILE`.

It ends itself before it can hurt the machine: memory and CPU time are limited before the first byte is decoded.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from integrations.receipts import RAPIDOCR
from integrations.receipts.receipt import Receipt

if TYPE_CHECKING:
    from PIL import Image

    from integrations.receipts.page import Page

MB = 1024 * 1024
# Address space, not memory in use: ONNX Runtime reserves about four times what it touches.
MOST_MEMORY = {RAPIDOCR: 3072 * MB}
MOST_MEMORY_OF_OTHERS = 1024 * MB
MOST_CPU_SECONDS = 25


def main(engine: str) -> None:
    _limit(engine)
    from integrations.receipts import picture

    content = sys.stdin.buffer.read(picture.MOST_BYTES + 1)
    try:
        answer = look_and_read(content, engine)
    except picture.Unreadable as unreadable:
        answer = Receipt(failure=unreadable.why)
    except MemoryError:
        answer = Receipt(failure="no_memory")
    sys.stdout.write(json.dumps(answer.to_dict()))


def look_and_read(content: bytes, engine: str) -> Receipt:
    """What the engine reads off the picture.

    Raises:
        Unreadable: it is none that we open.
    """
    from integrations.receipts import engines, fields, picture

    opened = picture.open_picture(content)
    readings = [(upright, _page(upright, engine)) for upright in picture.readings(opened)]
    upright, page = max(readings, key=lambda reading: reading[1].weight)
    told = fields.read(page)
    if page.is_hard:
        if engines.reads_other_scripts(engine):
            told = _filled(told, fields.read(_page(upright, engine, all_scripts=True)))
        if not told.is_receipt:
            told = _filled(told, fields.read(_page(upright.rotate(180), engine)))
    return replace(told, engine=engine, look=picture.look(opened))


def _page(upright: Image.Image, engine: str, *, all_scripts: bool = False) -> Page:
    """What was read, with the signs counted where an amount may stand."""
    from integrations.receipts import engines, signs

    page = engines.read(upright, engine, all_scripts=all_scripts)
    spans = [
        replace(span, glyphs=signs.look_at(upright, span)) if _may_be_amount(span.text) else span
        for span in page.spans
    ]
    return replace(page, spans=spans)


def _filled(first: Receipt, second: Receipt) -> Receipt:
    """The first reading, with what only the second one has; an amount on which they do not agree is none."""
    if not (first.is_receipt and second.is_receipt):
        return first if first.is_receipt else second
    given = {name: value for name in FILLED if (value := getattr(first, name) or getattr(second, name))}
    told = replace(first, **given)
    if first.amount is not None and second.amount is not None and first.amount != second.amount:
        told = replace(told, amount=None, currency=None)
    return told


FILLED = (
    "amount",
    "currency",
    "transaction_id",
    "sender_name",
    "receiver_name",
    "receiver_account_tail",
    "occurred_at",
)


def _may_be_amount(text: str) -> bool:
    return len(text) <= 24 and re.search(r"\d", text) is not None


def _limit(engine: str) -> None:
    memory = MOST_MEMORY.get(engine, MOST_MEMORY_OF_OTHERS)
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, MOST_CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 16 * MB),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main(sys.argv[1])
