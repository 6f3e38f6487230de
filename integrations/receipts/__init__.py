"""Pictures of payments: read(picture) says what stands on one, as far as it is certain.

The picture is decoded and read in a child process with limits on time and memory and without our secrets; a crash,
a hang or a bomb costs the reading alone. Importing this loads no engine.

    python -m integrations.receipts FILE…
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from integrations.receipts.receipt import PaymentStatus, Receipt

__all__ = ["RAPIDOCR", "TESSERACT", "PaymentStatus", "Receipt", "installed", "read"]

RAPIDOCR: Final = "rapidocr"
TESSERACT: Final = "tesseract"

# For all engines together: the admin waits for the picture meanwhile.
MOST_SECONDS: Final = 12.0
# What the first engine leaves to the second, should it hang.
SECONDS_LEFT: Final = 4.0
MOST_ANSWER: Final = 200_000

_ROOT: Final = Path(__file__).parent.parent.parent
_ONE_AT_A_TIME: Final = threading.Lock()  # each takes a core or two, and up to 600 MB


def installed() -> list[str]:
    """The engines of this machine, the better one first; looks, and imports nothing."""
    found = [RAPIDOCR] if importlib.util.find_spec("rapidocr") is not None else []
    return [*found, TESSERACT] if shutil.which("tesseract") else found


def read(picture: bytes, *, most_seconds: float = MOST_SECONDS, engine: str | None = None) -> Receipt:
    """What stands on the picture; with no engine, or in vain, a `Receipt` that says nothing but why. Never raises.

    Args:
        most_seconds: for all of it, waiting for another picture included.
        engine: this one alone; else the best that is there, and the next one if it fails.
    """
    engines = [engine] if engine is not None else installed()
    if not engines:
        return Receipt(failure="no_engine")
    until = time.monotonic() + most_seconds
    if not _ONE_AT_A_TIME.acquire(timeout=most_seconds):
        return Receipt(failure="busy")
    try:
        answer = Receipt(failure="too_slow")
        for number, name in enumerate(engines):
            left = until - time.monotonic() - (SECONDS_LEFT if number + 1 < len(engines) else 0)
            if left < 0.5:
                continue
            answer = _ask_child(picture, name, left)
            if answer.engine is not None or answer.failure in _NOTHING_TO_READ:
                break
        return answer
    except Exception as error:  # whatever happens to a child: no process to be had, no memory, a broken pipe
        return Receipt(failure=type(error).__name__)
    finally:
        _ONE_AT_A_TIME.release()


# What no other engine would make better.
_NOTHING_TO_READ: Final = frozenset({"too_large", "too_many_pixels", "no_room_for_text", "broken"})


def _ask_child(picture: bytes, engine: str, seconds: float) -> Receipt:
    child = subprocess.Popen(
        [sys.executable, "-m", "integrations.receipts.child", engine],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1"},
        start_new_session=True,
    )
    try:
        told, _ = child.communicate(picture, timeout=seconds)
    except subprocess.TimeoutExpired:
        return Receipt(failure="too_slow")
    finally:
        _end(child)
    if child.returncode != 0 or len(told) > MOST_ANSWER:
        return Receipt(failure="crashed")
    return Receipt.from_dict(json.loads(told))


def _end(child: subprocess.Popen[bytes]) -> None:
    """The child and what it started; nothing is left of either."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    child.wait()
