"""The job that turns a confirmed booking into a ticket: page, PDF, and one message with both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from flows import notices
from models import db, ticket
from models.booking import Booking
from models.rules import Rules
from models.session import Session
from workers.errands import Job, Record
from workers.follow_ups import Due

if TYPE_CHECKING:
    from integrations.whatsapp import WhatsApp

log = structlog.get_logger()


class TicketJobs:
    def __init__(self, whatsapp: WhatsApp, *, rules: Rules) -> None:
        self._whatsapp = whatsapp
        self._rules = rules

    def jobs(self) -> Mapping[str, Job]:
        return {"issue_ticket": self.issue_ticket}

    def issue_ticket(self, due: Due) -> Record | None:
        """Make the ticket and send it as one document; if the PDF fails, the link goes alone and at once."""
        with db.one_statement() as (cursor, info):
            (row,) = ticket.FACTS.run_on(cursor, info, id=due.booking_id)
        facts = ticket.TicketFacts(*row)
        if not facts.is_wanted:
            return None
        key = ticket.new_key()
        view = notices.ticket_view(facts, rules=self._rules, key=key)
        filename = f"{view.code}.pdf"
        pdf, media_id = self._make_document(view, filename)

        def record(session: Session, now: datetime) -> None:
            booking = Booking.for_update(session, due.booking_id)
            if booking.issue_ticket(session, cause=due.cause, now=now):
                ticket.keep(session, booking.id, key, view, pdf, expires_at=booking.ends_at, now=now)
                notices.ticket_issued(
                    session,
                    booking,
                    view=view,
                    media_id=media_id,
                    filename=filename,
                    rules=self._rules,
                    now=now,
                )

        return record

    def _make_document(self, view: ticket.TicketView, filename: str) -> tuple[bytes | None, str | None]:
        from integrations.ticket_pdf import ticket_pdf  # the PDF library is this process's alone

        try:
            pdf = ticket_pdf(view)
        except Exception as error:
            log.exception("ticket.no_pdf", code=view.code, exc_info=error)
            return None, None
        try:
            return pdf, self._whatsapp.upload(pdf, "application/pdf", filename)
        except Exception as error:
            log.warning("ticket.no_upload", code=view.code, error=repr(error))
            return pdf, None
