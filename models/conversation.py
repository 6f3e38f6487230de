"""Where each person is in which conversation, and until when WhatsApp lets us write to them freely."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

WINDOW = timedelta(hours=24)


def lock(session: Session, conversation_id: int) -> dict[str, Any]:
    """Take the conversation's lock, first of all locks, and return its state."""
    state: dict[str, Any] = session.execute(
        text("SELECT state FROM conversations WHERE id = :id FOR NO KEY UPDATE"), {"id": conversation_id}
    ).scalar_one()
    return state
