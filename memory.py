"""How a process keeps its memory, once it has begun."""

from __future__ import annotations

import gc

# Few of our objects are in cycles. Looked for after every 700 new ones, as is usual, they cost a part of each turn.
NEW_OBJECTS = 10_000


def settle() -> None:
    """What was made at the start stays for good, and is never looked through again for what nobody needs."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 10, 10)
