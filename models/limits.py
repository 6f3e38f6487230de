"""How often somebody may ask: calls are counted by minute, in rows, so that all web processes count together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from models import db
from models.session import Session

WINDOW: Final = timedelta(minutes=1)


class TooManyCalls(Exception):
    """Says in how many seconds the next call is heard."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"{seconds} s")


def count_call(who: str, *, most: int, now: datetime) -> None:
    """One more call of this one's in this minute, committed at once.

    Args:
        who: an address or an account, such as `from:203.0.113.7`.

    Raises:
        TooManyCalls: there were `most` already.
    """
    minute = now.replace(second=0, microsecond=0)
    with db.one_statement() as (cursor, _info):
        cursor.execute(_COUNT, {"who": who, "minute": minute})
        ((calls,),) = cursor.fetchall()
    if calls > most:
        raise TooManyCalls(max(1, round((minute + WINDOW - now).total_seconds())))


def forget_old(session: Session, now: datetime) -> None:
    session.execute(text("DELETE FROM call_counts WHERE minute < :then"), {"then": now - 2 * WINDOW})


_COUNT: Final = (
    "INSERT INTO call_counts AS c (who, minute, calls) VALUES (%(who)s, %(minute)s, 1) "
    "ON CONFLICT (who, minute) DO UPDATE SET calls = c.calls + 1 RETURNING calls"
)
