"""Every periodic job on one page: what the clock process does, and how often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import text

from models import person
from models.clock import Clock
from models.db import unit_of_work
from models.rules import Rules
from workers.queue import Doorbell
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
) -> list[Periodic]:
    sweeping = Sweeper(doorbell)
    jobs = [
        Periodic("appoint_admins", 60.0, lambda: appoint_admins(clock, admin_numbers)),
        Periodic("check_holds", hold_check_minutes * 60, lambda: check_holds(clock, rules)),
        Periodic("remind_of_drafts", 30.0, lambda: remind_of_drafts(clock)),
    ]
    if sweeper:
        jobs.append(Periodic("sweep", 1.0, lambda: sweeping.sweep(clock.now())))
    return jobs


def appoint_admins(clock: Clock, numbers: Sequence[str]) -> None:
    """Whom the settings name is an admin; done again and again, for at the start the database may be away."""
    with unit_of_work() as session:
        for number in numbers:
            admin = person.find_or_create(session, phone=number, user_id=None, name=None, now=clock.now())
            person.give_role(session, admin, person.ADMIN)


def check_holds(clock: Clock, rules: Rules) -> None:
    """A hold has its own timer; should one be missing all the same, it gets one here."""
    with unit_of_work() as session:
        now = clock.now()
        session.execute(
            text(
                "INSERT INTO follow_ups (booking_id, job, queue, cause, due_at) "
                "SELECT b.id, 'expire_hold', 'providers', 'sweep:' || b.id || ':' || b.hold_until, :now "
                "FROM bookings b WHERE b.status = 'PAYMENT_PENDING' AND b.hold_until < :overdue "
                "AND NOT EXISTS (SELECT 1 FROM follow_ups f WHERE f.booking_id = b.id "
                "AND f.job = 'expire_hold' AND f.done_at IS NULL) ON CONFLICT DO NOTHING"
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
