"""Guests who left a booking half-finished are reminded: once, while it costs nothing, and by day."""

from __future__ import annotations

from datetime import timedelta

import orjson
import structlog
from sqlalchemy import text

from flows import notices
from flows.state import State
from models.clock import Clock
from models.conversation import MARGIN, WINDOW
from models.db import unit_of_work
from models.listing import Listing
from workers.bookings import end_of_night

log = structlog.get_logger()

SILENCE = timedelta(hours=3)  # somebody who asks at home first has had the time for it
AT_ONCE = 50


def remind_of_drafts(clock: Clock) -> None:
    """Remind everybody whose draft has been left alone for hours and whose window is still open."""
    with unit_of_work() as session:
        now = clock.now()
        rows = session.execute(
            _LEFT, {"after": now - WINDOW + MARGIN, "before": now - SILENCE, "now": now, "most": AT_ONCE}
        ).all()
    for row in rows:
        try:
            _remind(row.id, clock)
        except Exception as error:
            # The next one's reminder does not depend on this one's.
            log.warning("reminder.failed", conversation_id=row.id, error=repr(error)[:300])


def _remind(conversation_id: int, clock: Clock) -> None:
    """Remind one person, with their conversation locked; whoever writes at this moment needs no reminder."""
    with unit_of_work() as session:
        now = clock.now()
        row = session.execute(
            _LOCK, {"id": conversation_id, "after": now - WINDOW + MARGIN, "before": now - SILENCE}
        ).first()
        if row is None:
            return
        state = State.from_json(row.state)
        listing = Listing.find(session, state.draft.listing) if state.draft is not None else None
        if listing is not None and end_of_night(listing.time_zone, now) is not None:
            return
        after = notices.draft_left(session, conversation_id, state, now=now)
        session.execute(
            text("UPDATE conversations SET state = :state WHERE id = :id"),
            {"id": conversation_id, "state": orjson.dumps(after.to_json()).decode()},
        )


# All conversations are read for it, twice a minute and off everybody's way: an index on when people wrote last
# would be paid with each of their messages.
_LEFT = text(
    """
    SELECT c.id FROM conversations c JOIN persons p ON p.id = c.id
    WHERE c.last_inbound_at BETWEEN :after AND :before AND (c.paused_until IS NULL OR c.paused_until <= :now)
      AND c.state -> 'draft' IS NOT NULL AND NOT (c.state -> 'draft') ?| ARRAY['is_reminded']
      AND (c.state -> 'draft') ?| ARRAY['check_in', 'guests']
      AND p.merged_into IS NULL
      AND NOT EXISTS (SELECT 1 FROM inbound_events e WHERE e.conversation_id = c.id AND e.done_at IS NULL)
    ORDER BY c.last_inbound_at LIMIT :most
    """
)
_LOCK = text(
    "SELECT state FROM conversations WHERE id = :id AND last_inbound_at BETWEEN :after AND :before "
    "FOR NO KEY UPDATE SKIP LOCKED"
)
