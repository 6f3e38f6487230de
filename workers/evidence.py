"""The job that shows admins what a guest says is paid: with the picture, once it is fetched, sealed and read.

Reading takes some seconds at most, and nothing waits for it that could be lost: whatever happens to it, the admins
get the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text

from flows import notices
from models import evidence, reading
from models.booking import Booking
from models.db import unit_of_work
from models.evidence import MOST_BYTES, Evidence, NotAPicture
from models.money import Money
from models.rules import Rules
from models.screenshot import Reading
from models.session import Session
from workers.errands import Job, Record
from workers.follow_ups import Due

if TYPE_CHECKING:
    from integrations.receipts import Receipt
    from integrations.whatsapp import WhatsApp

log = structlog.get_logger()

# After so many failures the admins are asked without the picture: the guest's time runs.
PICTURE_TRIES = 4
# So long the admins wait for a picture to be read; most are read in one to three.
READING_SECONDS = 10.0
# Whoever sends more is shown to the admins all the same, but keeps no processor busy.


Read = Callable[[bytes], "Receipt"]


class EvidenceJobs:
    """
    Args:
        read: says what stands on a picture, and never raises; the engines of this machine, unless given.
    """

    def __init__(self, whatsapp: WhatsApp, *, rules: Rules, read: Read | None = None) -> None:
        self._whatsapp = whatsapp
        self._rules = rules
        self._read = read or _read_here

    def jobs(self) -> Mapping[str, Job]:
        return {"show_evidence": self.show_evidence}

    def show_evidence(self, due: Due) -> Record | None:
        """Ask the admins to look for the money, with the picture that the guest sent, if there is one.

        Of money that was found they are asked by whoever found it.
        """
        if _is_of_found_money(due):
            return lambda session, now: None
        shown = _named_by(due)
        if shown is not None and shown.shown_as is None and shown.failure is None:
            try:
                self._prepare(shown)
            except Exception as error:
                if due.attempts + 1 < PICTURE_TRIES:
                    raise
                log.warning("evidence.no_picture", evidence_id=shown.id, error=type(error).__name__)
                _give_up(shown.id, "not_fetched")
        read = self._read_picture(shown.id) if shown is not None else None

        def record(session: Session, now: datetime) -> None:
            booking = Booking.for_update(session, due.booking_id)
            if shown is not None and read is not None:
                reading.keep(session, shown.id, read[0], look=read[1], now=now)
            if booking.is_in_review:
                one = Evidence.find(session, shown.id) if shown is not None else None
                notices.payment_to_check(session, booking, one, rules=self._rules, now=now)
                if one is not None:
                    notices.picture_read(session, booking, one, rules=self._rules, now=now)

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

    def _read_picture(self, evidence_id: int) -> tuple[Reading, str | None] | None:
        """What stands on the picture, and how it looks; None where there is no picture, or it was read before."""
        try:
            with unit_of_work() as session:
                if reading.of(session, evidence_id) is not None:
                    return None
                kept = evidence.picture(session, evidence_id)
            if kept is None:
                return None
            told = self._read(kept[0])
            if told.failure is not None:
                log.info("evidence.not_read", evidence_id=evidence_id, why=told.failure)
            return _as_reading(told), told.look
        except Exception as error:  # the picture is what the admins wait for
            log.warning("evidence.not_read", evidence_id=evidence_id, why=type(error).__name__)
            return None


def _read_here(picture: bytes) -> Receipt:
    from integrations import receipts  # this process's alone, and its engines are its child's

    return receipts.read(picture, most_seconds=READING_SECONDS)


def _as_reading(told: Receipt) -> Reading:
    amount = None
    if told.amount is not None and told.currency is not None:
        amount = Money.parse(str(told.amount), told.currency)
    return Reading(
        is_receipt=told.is_receipt,
        status=told.status,
        amount=amount,
        issuer=told.provider,
        transaction_id=told.transaction_id,
        other_ids=told.other_ids[: evidence.MOST_OTHER_IDS],
        sender_name=told.sender_name,
        receiver_name=told.receiver_name,
        receiver_tail=told.receiver_account_tail,
        occurred_at=told.occurred_at,
        failure=told.failure,
    )


def _is_of_found_money(due: Due) -> bool:
    with unit_of_work() as session:
        return bool(session.scalar(_FOUND, {"id": int(due.cause.removeprefix("event:"))}))


_FOUND = text("SELECT data ? 'found' FROM booking_events WHERE id = :id")


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
