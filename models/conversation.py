"""Where each person is in which conversation, and until when WhatsApp lets us write to them freely."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from models.session import Session

WINDOW = timedelta(hours=24)
MARGIN = timedelta(minutes=30)  # what is said at the end of the window has to be sent before it closes
PAUSE = timedelta(hours=24)  # after so long without a word of either side the bot answers again


def lock(session: Session, conversation_id: int) -> dict[str, Any]:
    """Take the conversation's lock, first of all locks, and return its state."""
    state: dict[str, Any] = session.execute(
        text("SELECT state FROM conversations WHERE id = :id FOR NO KEY UPDATE"), {"id": conversation_id}
    ).scalar_one()
    return state


def pause(session: Session, conversation_id: int, now: datetime) -> None:
    """A person answers from now on, until both sides have been silent for `PAUSE`."""
    _set_pause(session, conversation_id, now + PAUSE)


def resume(session: Session, conversation_id: int) -> None:
    """The bot answers again."""
    _set_pause(session, conversation_id, None)


def _set_pause(session: Session, conversation_id: int, until: datetime | None) -> None:
    session.execute(
        text("UPDATE conversations SET paused_until = :until WHERE id = :id"),
        {"id": conversation_id, "until": until},
    )


def is_paused(session: Session, conversation_id: int, now: datetime) -> bool:
    """Whether a person answers there in place of the bot."""
    return bool(
        session.execute(
            text("SELECT paused_until > :now FROM conversations WHERE id = :id"),
            {"id": conversation_id, "now": now},
        ).scalar()
    )


def is_open(session: Session, conversation_id: int, now: datetime) -> bool:
    """Whether WhatsApp lets us write anything to this person now, or templates only."""
    return bool(
        session.execute(
            text("SELECT last_inbound_at > :since FROM conversations WHERE id = :id"),
            {"id": conversation_id, "since": now - WINDOW},
        ).scalar()
    )


def greet(session: Session, conversation_id: int, role: str) -> None:
    """Have the person be told what they can do in this role when they write next."""
    session.execute(
        text(
            "UPDATE conversations SET state = jsonb_set(state, '{welcome}', "
            "coalesce(state -> 'welcome', '[]') || to_jsonb(CAST(:role AS text))) WHERE id = :id"
        ),
        {"id": conversation_id, "role": role},
    )


def may_write_freely(session: Session, conversation_id: int, now: datetime) -> bool:
    """Whether what is said now reaches the person without a template, and nobody of us is talking to them."""
    return is_open(session, conversation_id, now + MARGIN) and not is_paused(session, conversation_id, now)
