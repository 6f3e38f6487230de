"""Find and ring for what waits: due times that came, and whatever a crash, a flushed Redis or a lost worker left.

The rows are the truth and the doorbell is only quick; this is what makes it certain.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import text

from models import outbox
from models.db import unit_of_work
from workers.queue import TURNS, Doorbell

log = structlog.get_logger()

# Younger work is on its way by its own bell.
OVERDUE = timedelta(seconds=2)


class Sweeper:
    def __init__(self, doorbell: Doorbell) -> None:
        self._doorbell = doorbell

    def sweep(self, now: datetime) -> None:
        """Ring every lane in which something is due; called each second, harmless at any time."""
        with unit_of_work() as session:
            lanes = self._doorbell.lanes.of
            asked = {"now": now, "overdue": now - OVERDUE, "lanes": lanes[TURNS], "queues": [*lanes]}
            rows = session.execute(_WAITING, asked).all()
            if any(row.queue == "lost" for row in rows):
                for message_id in outbox.recover_lost(session, now):
                    log.warning(
                        "message.sent_once_more", message_id=message_id, why="its outcome is not known"
                    )
            if any(row.queue == "lapsed" for row in rows):
                outbox.lapse(session, now)
        late = [(row.queue, row.number) for row in rows if row.overdue and row.queue not in _OWN]
        due = [(row.queue, row.number) for row in rows if not row.overdue and row.queue not in _OWN]
        if late:
            self._doorbell.ring(late, force=True)
        if due:
            self._doorbell.ring(due)


_OWN = ("lost", "lapsed")

# Numbers stand for people and bookings, from which their lanes follow; few lanes, so few rows.
# The turns have the most lanes; the remainder by their number has the same lane as the number itself.
_WAITING = text(
    """
    SELECT DISTINCT 'turns' AS queue, e.conversation_id % :lanes AS number, true AS overdue
    FROM inbound_events e JOIN conversations c ON c.id = e.conversation_id
    WHERE e.kind = 'message' AND e.done_at IS NULL AND e.due_at < :overdue
      AND (c.retry_at IS NULL OR c.retry_at <= :now)
    UNION ALL
    SELECT 'sends', 0, min(due_at) < :overdue FROM inbound_events
    WHERE kind = 'status' AND done_at IS NULL HAVING count(*) > 0
    UNION ALL
    SELECT each.queue, due.number, due.since < :overdue FROM unnest(:queues) AS each (queue) CROSS JOIN LATERAL (
        SELECT f.booking_id % :lanes AS number, min(f.due_at) AS since FROM follow_ups f
        WHERE f.queue = each.queue AND f.done_at IS NULL AND f.due_at <= :now GROUP BY 1) AS due
    UNION ALL
    SELECT 'slow', 0, min(due_at) < :overdue FROM chores
    WHERE done_at IS NULL AND due_at <= :now HAVING count(*) > 0
    UNION ALL
    SELECT 'sends', 0, min(due_at) < :overdue FROM outbound_messages
    WHERE state = 'QUEUED' AND due_at <= :now AND valid_until > :now HAVING count(*) > 0
    UNION ALL
    SELECT 'lost', 0, false FROM outbound_messages
    WHERE state IN ('SENDING', 'UNKNOWN') AND due_at <= :now HAVING count(*) > 0
    UNION ALL
    SELECT 'lapsed', 0, false FROM outbound_messages
    WHERE state = 'QUEUED' AND valid_until <= :now HAVING count(*) > 0
    """
)
