"""The child process that decodes and reads one picture: `python -m integrations.receipts.child ENGINE < FILE`.

It ends itself before it can hurt the machine: memory and CPU time are limited before the first byte is decoded.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from dataclasses import replace

from integrations.receipts import RAPIDOCR
from integrations.receipts.receipt import Receipt

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
    from integrations.receipts import engines, fields, picture, signs

    opened = picture.open_picture(content)
    best, most = Receipt(), -1.0
    for upright in picture.readings(opened):
        page = engines.read(upright, engine)
        spans = [
            replace(span, glyphs=signs.look_at(upright, span)) if _may_be_amount(span.text) else span
            for span in page.spans
        ]
        weight = sum(len(span.text) * span.sure for span in spans)
        if weight > most:
            best, most = fields.read(replace(page, spans=spans)), weight
    return replace(best, engine=engine, look=picture.look(opened))


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
