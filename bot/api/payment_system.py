"""How the verification of payments stands: health for whoever watches, figures for admins and staff."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from sqlalchemy.exc import SQLAlchemyError

from bot.access import Needs
from bot.api.operation import Call, Topic
from bot.api.shapes.payment_system import GmailFacts, PaymentFiguresShown, PaymentSystem
from models import mail, payment_figures, verification
from models.db import unit_of_work
from models.mail import Standing
from models.session import Session
from models.verification import Mode

topic = Topic("Payment system")

# A mailbox that was not read for so long is not being read, whatever its state says.
SILENT_AFTER: Final = timedelta(minutes=15)

Word = Literal["ok", "unwell"]


@topic.operation("GET", "/api/health/payment-system", needs=Needs.NOTHING)
def payment_system_health(call: Call) -> PaymentSystem:
    """Whether payments are being verified, and by whom: mailbox, database, scheduler and mode.

    Answers 200 whatever it has to say; `status` says whether all is well.
    """
    report = call.world.health.report()
    wrong = dict(report.wrong)
    database: Word = "unwell" if "database" in wrong else "ok"
    scheduler: Word = "ok" if any(p.kind == "clock" and p.is_up for p in report.processes) else "unwell"
    gmail = GmailFacts(state="unknown", since=None, last_successful_poll=None)
    mode = None
    if database == "ok":
        try:
            with unit_of_work() as session:
                gmail = _gmail(mail.standing(session))
                mode = verification.mode(session, Mode(call.world.rules.verification_mode))
                wrong |= call.world.health.payment_warnings(session)
        except SQLAlchemyError:
            database = "unwell"
    if gmail.state == "disconnected":
        wrong["gmail"] = "Gmail is disconnected: transfers are verified by hand until it is connected again."
    elif gmail.state == "connected" and not _is_read(gmail, call):
        wrong["gmail"] = "The mailbox has not been read for a while."
    return PaymentSystem(
        status="unwell" if wrong or scheduler != "ok" or database != "ok" else "ok",
        gmail_integration=gmail,
        database=database,
        scheduler=scheduler if database == "ok" else "unknown",
        verification_mode=mode,
        wrong=wrong,
    )


@topic.operation("GET", "/api/admin/payment-figures", needs=Needs.READ)
def payment_system_figures(call: Call, session: Session) -> PaymentFiguresShown:
    """Rates and times of the last 24 hours: what was matched, by whom and how quickly, and what was not."""
    figures = payment_figures.read(session, call.now)
    standing = mail.standing(session)
    return PaymentFiguresShown(
        transfers=figures.told,
        matched_automatically=figures.automatic,
        matched_by_admin=figures.by_admin,
        unmatched=figures.unmatched,
        match_rate=figures.match_rate,
        automatic_match_rate=figures.automatic_rate,
        unmatched_rate=figures.unmatched_rate,
        bookings=figures.held,
        expired=figures.expired,
        expiry_rate=figures.expiry_rate,
        processing_seconds=figures.seconds,
        processing_seconds_95=figures.seconds_95,
        manual_verification_seconds=figures.seconds_by_admin,
        last_successful_poll=standing.looked_at if standing is not None else None,
    )


def _gmail(standing: Standing | None) -> GmailFacts:
    if standing is None:
        return GmailFacts(state="off", since=None, last_successful_poll=None)
    return GmailFacts(
        state="connected" if standing.is_connected else "disconnected",
        since=standing.since,
        last_successful_poll=standing.looked_at,
    )


def _is_read(gmail: GmailFacts, call: Call) -> bool:
    heard = gmail.last_successful_poll or gmail.since
    return heard is not None and call.now - heard <= SILENT_AFTER
