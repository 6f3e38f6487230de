"""Tells everyone who listens (the page's event stream) what just happened."""

from __future__ import annotations

import asyncio
from typing import Any

Event = dict[str, Any] | None


class Hub:
    """Hands each event to every listener; a listener that stopped reading is let go."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Event]] = set()

    def listen(self) -> asyncio.Queue[Event]:
        queue: asyncio.Queue[Event] = asyncio.Queue(maxsize=2000)
        self._listeners.add(queue)
        return queue

    def leave(self, queue: asyncio.Queue[Event]) -> None:
        self._listeners.discard(queue)

    def tell(self, event: str, /, **what: Any) -> None:
        for queue in list(self._listeners):
            try:
                queue.put_nowait({"type": event, **what})
            except asyncio.QueueFull:
                self.leave(queue)

    def close(self) -> None:
        """End every stream: None is the last event."""
        for queue in list(self._listeners):
            if not queue.full():
                queue.put_nowait(None)
