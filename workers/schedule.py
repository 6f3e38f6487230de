"""Every periodic job on one page: what the clock process does, and how often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import text

from models import mail, payee, person
from models.clock import Clock
from models.db import unit_of_work
from models.rules import Rules
from workers.matching import match_what_waits
from workers.monitor import forget_old, watch_payments
from workers.queue import PROVIDERS, Doorbell
from workers.reminders import remind_of_drafts
from workers.sweep import Sweeper

log = structlog.get_logger()


@dataclass
class Periodic:
    """A job and its interval in seconds of the machine's own time, however the product's clock is moved."""

    name: str
    every: float
    run: Callable[[], None]
    next_at: float = 0.0


def periodic_jobs(
    *,
    doorbell: Doorbell,
    clock: Clock,
    rules: Rules,
    sweeper: bool,
    hold_check_minutes: float,
    admin_numbers: Sequence[str],
    first_payee: tuple[str, str],
    has_mailbox: bool,
) -> list[Periodic]:
    sweeping = Sweeper(doorbell)
    jobs = [
        Periodic("appoint_admins", 60.0, lambda: appoint_admins(clock, admin_numbers)),
        Periodic("open_first_account", 60.0, lambda: open_first_account(clock, rules, *first_payee)),
        Periodic("check_holds", hold_check_minutes * 60, lambda: check_holds(clock, rules)),
        Periodic("remind_of_drafts", 30.0, lambda: remind_of_drafts(clock)),
        Periodic("watch_payments", 60.0, lambda: watch_payments(clock)),
        Periodic("forget_old", 600.0, lambda: forget_old(clock)),
        Periodic("match_what_waits", 5.0, lambda: match_what_waits(clock)),
    ]
    if has_mailbox:
        jobs.append(Periodic("open_mailbox", 60.0, lambda: open_mailbox(clock)))
        jobs.append(Periodic("look_for_mail", 1.0, lambda: look_for_mail(clock, doorbell)))
    if sweeper:
        jobs.append(Periodic("sweep", 1.0, lambda: sweeping.sweep(clock.now())))
    return jobs


def appoint_admins(clock: Clock, numbers: Sequence[str]) -> None:
    """Whom the settings name is an admin; done again and again, for at the start the database may be away."""
    with unit_of_work() as session:
        for number in numbers:
            admin = person.find_or_create(session, phone=number, user_id=None, name=None, now=clock.now())
            person.give_role(session, admin, person.ADMIN)


def open_first_account(clock: Clock, rules: Rules, provider: str, account: str) -> None:
    """The account that the settings name takes transfers; done again and again, as the admins are appointed."""
    if not provider or not account:
        return
    with unit_of_work() as session:
        payee.write(
            session,
            slug=payee.FROM_SETTINGS,
            provider=provider,
            title=rules.business_name,
            account=account,
            position=payee.BEFORE_ALL,
            now=clock.now(),
        )


def open_mailbox(clock: Clock) -> None:
    """The mailbox that the settings name is looked at; done again and again, as the admins are appointed."""
    with unit_of_work() as session:
        mail.open_mailbox(session, clock.now())


def look_for_mail(clock: Clock, doorbell: Doorbell) -> None:
    """Ring for the mailbox when its own row says that it is time, every few minutes or at the end of a hold."""
    with unit_of_work() as session:
        is_due = mail.is_due(session, clock.now())
    if is_due:
        doorbell.ring([(PROVIDERS, 0)])


def check_holds(clock: Clock, rules: Rules) -> None:
    """A hold has its own timer; should one be missing all the same, it gets one here."""
    with unit_of_work() as session:
        now = clock.now()
        session.execute(
            text(
                "INSERT INTO follow_ups (booking_id, job, queue, cause, due_at) "
                "SELECT b.id, e.job, e.queue, 'sweep:' || b.id || ':' || b.hold_until, :now FROM bookings b "
                "JOIN (VALUES ('PAYMENT_PENDING', 'expire_hold', 'providers'), "
                "('PAYMENT_REVIEW', 'expire_review', 'turns')) AS e (status, job, queue) ON e.status = b.status "
                "WHERE b.status IN ('PAYMENT_PENDING', 'PAYMENT_REVIEW') AND b.hold_until < :overdue "
                "AND NOT EXISTS (SELECT 1 FROM follow_ups f WHERE f.booking_id = b.id "
                "AND f.job = e.job AND f.done_at IS NULL) ON CONFLICT DO NOTHING"
            ),
            {"now": now, "overdue": now - rules.hold_grace},
        )


def keep_time(jobs: list[Periodic], stopping: threading.Event) -> None:
    """Run each job when it is due until told to stop; one that fails is run again the next time."""
    while not stopping.is_set():
        for job in jobs:
            if time.monotonic() < job.next_at:
                continue
            job.next_at = time.monotonic() + job.every
            try:
                job.run()
            except Exception as error:
                log.warning("periodic.failed", job=job.name, error=repr(error)[:300])
        stopping.wait(max(0.05, min(job.next_at for job in jobs) - time.monotonic()))
