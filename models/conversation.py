"""Where each person is in which conversation, and until when WhatsApp lets us write to them freely."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from models.hot import Hot

WINDOW = timedelta(hours=24)


def save(session: Session, conversation_id: int, state: dict[str, Any], *, heard_at: datetime) -> None:
    """Keep the conversation's state and move its 24-hour window; the row is locked by this turn."""
    _SAVE.run(session, id=conversation_id, state=orjson.dumps(state).decode(), heard_at=heard_at)


_SAVE = Hot(
    "save_conversation",
    "UPDATE conversations SET state = :state, retry_at = NULL, "
    "last_inbound_at = greatest(last_inbound_at, :heard_at) WHERE id = :id",
    id="bigint",
    state="jsonb",
    heard_at="timestamptz",
)


def lock(session: Session, conversation_id: int) -> dict[str, Any]:
    """Take the conversation's lock, first of all locks, and return its state."""
    state: dict[str, Any] = session.execute(
        text("SELECT state FROM conversations WHERE id = :id FOR NO KEY UPDATE"), {"id": conversation_id}
    ).scalar_one()
    return state
