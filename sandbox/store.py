"""What must outlive a restart: one small SQLite file, written in batches off the hot path."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

FLUSH_SECONDS = 0.15
Change = tuple[str, str, str | None]


class Store:
    """Keeps JSON documents by kind and key. A change is on disk after 0.15 s, or at `close`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key))"
        )
        self._hand = ThreadPoolExecutor(1, "store")  # what is taken first is written first
        self._dirty: dict[tuple[str, str], Any] = {}
        self._saved: set[tuple[str, str]] = set()

    def load(self, kind: str) -> dict[str, Any]:
        """Every document of this kind, oldest first."""
        rows = self._db.execute("SELECT key, value FROM documents WHERE kind = ? ORDER BY rowid", (kind,))
        found = {key: json.loads(value) for key, value in rows}
        self._saved.update((kind, key) for key in found)
        return found

    def put(self, kind: str, key: str, value: Any) -> None:
        """Remember this document; it is turned into JSON when the batch is written."""
        self._dirty[kind, key] = value

    def delete(self, kind: str, key: str) -> None:
        """Forget it. What lived for less than a batch never touches the disk."""
        if (kind, key) in self._saved:
            self._dirty[kind, key] = None
        else:
            self._dirty.pop((kind, key), None)

    async def run(self) -> None:
        """Write batches until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            if self._dirty:
                # Shielded: who stops us must not take a batch away that waits to be written.
                await asyncio.shield(asyncio.wrap_future(self._hand.submit(self._write, self._take())))

    def close(self) -> None:
        """Write what is left and close the file."""
        self._hand.submit(self._write, self._take()).result()
        self._hand.shutdown()
        self._db.close()

    def _take(self) -> list[Change]:
        changes = [(kind, key, _json(value)) for (kind, key), value in self._dirty.items()]
        self._saved.update((kind, key) for kind, key, value in changes if value is not None)
        self._saved.difference_update((kind, key) for kind, key, value in changes if value is None)
        self._dirty = {}
        return changes

    def _write(self, changes: list[Change]) -> None:
        kept = [change for change in changes if change[2] is not None]
        gone = [change[:2] for change in changes if change[2] is None]
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", kept
        )
        self._db.executemany("DELETE FROM documents WHERE kind = ? AND key = ?", gone)
        self._db.execute("COMMIT")


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, separators=(",", ":"))
