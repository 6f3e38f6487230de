"""What `make run` has started on this machine, for commands that are to look at it or change it."""

from __future__ import annotations

import os
from pathlib import Path

from run import environment, places
from run.environment import Ports


def become_sandbox() -> bool:
    """Take on the settings of what `make run` started; False where nothing runs."""
    state = places.read_state(Path(os.environ.get("DATA_DIR") or "data"))
    if not state.get("clock_file"):
        return False
    numbers = {
        name: int(state[f"{name}_url"].rpartition(":")[2])
        for name in ("product", "page", "whatsapp", "stripe", "paytm", "razorpay", "gmail")
    }
    told = environment.sandboxed({}, Ports(**numbers), Path(state["clock_file"]))
    stores_at = {"DATABASE_URL": state["database_url"], "REDIS_URL": state["redis_url"]}
    os.environ.update(told | {name: url for name, url in stores_at.items() if url})
    return True
