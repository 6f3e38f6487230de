"""The job that shows admins what a guest says is paid: with the picture, once it is fetched and sealed away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text

from flows import notices
from models import evidence
from models.booking import Booking
from models.db import unit_of_work
from models.evidence import MOST_BYTES, Evidence, NotAPicture
from models.rules import Rules
from models.session import Session
from workers.errands import Job, Record
from workers.follow_ups import Due

if TYPE_CHECKING:
    from integrations.whatsapp import WhatsApp

log = structlog.get_logger()

# After so many failures the admins are asked without the picture: the guest's time runs.
PICTURE_TRIES = 4


class EvidenceJobs:
    def __init__(self, whatsapp: WhatsApp, *, rules: Rules) -> None:
        self._whatsapp = whatsapp
        self._rules = rules

    def jobs(self) -> Mapping[str, Job]:
        return {"show_evidence": self.show_evidence}

    def show_evidence(self, due: Due) -> Record | None:
        """Ask the admins to look for the money, with the picture that the guest sent, if there is one."""
        shown = _named_by(due)
        if shown is not None and shown.shown_as is None and shown.failure is None:
            try:
                self._prepare(shown)
            except Exception as error:
                if due.attempts + 1 < PICTURE_TRIES:
                    raise
                log.warning("evidence.no_picture", evidence_id=shown.id, error=type(error).__name__)
                _give_up(shown.id, "not_fetched")

        def record(session: Session, now: datetime) -> None:
            booking = Booking.for_update(session, due.booking_id)
            if booking.is_in_review:
                one = Evidence.find(session, shown.id) if shown is not None else None
                notices.payment_to_check(session, booking, one, rules=self._rules, now=now)

        return record

    def _prepare(self, shown: Evidence) -> None:
        """Fetch the picture and seal it; then hand WhatsApp a copy that it may show to the admins.

        Each half is kept when the other fails: what is sealed already is not fetched again.
        """
        from integrations.whatsapp import MediaRefused  # pywa is this process's alone

        assert shown.media_id is not None
        with unit_of_work() as session:
            kept = evidence.picture(session, shown.id)
        if kept is None:
            try:
                content, told = self._whatsapp.download(shown.media_id, most=MOST_BYTES)
                kept = content, evidence.check_picture(content, told)
            except (MediaRefused, NotAPicture) as refused:
                _give_up(shown.id, refused.why)
                return
            with unit_of_work() as session:
                evidence.store_picture(session, shown.id, kept[0], mime_type=kept[1])
        content, mime_type = kept
        name = "payment.png" if mime_type == "image/png" else "payment.jpg"
        media_id = self._whatsapp.upload(content, mime_type, name)
        with unit_of_work() as session:
            evidence.note_shown(session, shown.id, media_id)


def _named_by(due: Due) -> Evidence | None:
    """What the guest has shown; None where they only said so."""
    with unit_of_work() as session:
        evidence_id = session.execute(
            text("SELECT (data->>'evidence_id')::bigint FROM booking_events WHERE id = :id"),
            {"id": int(due.cause.removeprefix("event:"))},
        ).scalar_one()
        return Evidence.find(session, evidence_id) if evidence_id is not None else None


def _give_up(evidence_id: int, why: str) -> None:
    with unit_of_work() as session:
        evidence.note_failure(session, evidence_id, why)
