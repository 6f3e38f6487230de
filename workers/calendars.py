"""The job that draws a month of a place for its owner and hands the picture over to WhatsApp."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

import structlog

from flows import notices
from models import occupancy
from models.chore import MOST_ATTEMPTS, Chore
from models.clock import Clock
from models.db import unit_of_work
from models.listing import Listing
from models.rules import Rules
from models.session import Session
from workers.errands import ChoreJob, ChoreRecord

if TYPE_CHECKING:
    from integrations.whatsapp import WhatsApp

log = structlog.get_logger()


class CalendarJobs:
    def __init__(self, whatsapp: WhatsApp, *, rules: Rules, clock: Clock) -> None:
        self._whatsapp = whatsapp
        self._rules = rules
        self._clock = clock

    def chores(self) -> Mapping[str, ChoreJob]:
        return {"draw_calendar": self.draw_calendar}

    def draw_calendar(self, chore: Chore) -> ChoreRecord:
        """Draw the month as it stands now and send it; if there is no picture at the last try, its words alone."""
        person_id, first = chore.args["person"], date.fromisoformat(chore.args["first"])
        with unit_of_work() as session:
            now = self._clock.now()
            listing = Listing.get(session, chore.args["listing"])
            month = occupancy.month(session, listing, first, now=now, grace=self._rules.hold_grace)
            view = notices.calendar_view(session, person_id, listing, month, now=now)
        media_id = self._hand_over(view, chore)

        def record(session: Session, now: datetime) -> None:
            notices.calendar(session, person_id, listing, month, media_id=media_id, now=now)

        return record

    def _hand_over(self, view: occupancy.CalendarView, chore: Chore) -> str | None:
        from integrations.calendar_picture import calendar_png  # the drawing library is this process's alone

        try:
            return self._whatsapp.upload(calendar_png(view), "image/png", "calendar.png")
        except Exception as error:
            if chore.attempts < MOST_ATTEMPTS - 1:
                raise
            log.exception("calendar.no_picture", chore_id=chore.id, exc_info=error)
            return None
