"""Time is kept, whatever a job does; and a hold without its timer gets one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from models import db
from models.rules import Rules
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES, MovableClock
from workers import queue
from workers.queue import Doorbell
from workers.schedule import (
    Periodic,
    appoint_admins,
    check_holds,
    keep_time,
    open_first_account,
    periodic_jobs,
)

MINUTE = timedelta(minutes=1)


def test_a_job_that_fails_is_run_again_and_keeps_nobody_from_running() -> None:
    runs: list[str] = []

    def fails() -> None:
        runs.append("fails")
        raise RuntimeError("the database is away")

    jobs = [Periodic("fails", 0.01, fails), Periodic("works", 0.01, lambda: runs.append("works"))]
    with _keeping(jobs):
        make.wait_for(lambda: runs.count("fails") > 2 and runs.count("works") > 2)


def test_each_job_has_its_own_interval() -> None:
    runs: list[str] = []
    jobs = [
        Periodic("often", 0.06, lambda: runs.append("often")),
        Periodic("rarely", 600, lambda: runs.append("rarely")),
    ]
    with _keeping(jobs):
        make.wait_for(lambda: runs.count("often") > 3)
    assert runs.count("rarely") == 1
    assert runs[:2] == ["often", "rarely"]  # both at once at the start


def test_time_keeping_ends_at_once_when_told() -> None:
    with _keeping([Periodic("rarely", 600, lambda: None)]):
        pass


@pytest.mark.parametrize("sweeper", [True, False])
def test_the_sweeper_can_be_switched_off_and_the_holds_are_checked_all_the_same(
    redis_url: str, clock: MovableClock, *, sweeper: bool
) -> None:
    jobs = periodic_jobs(
        doorbell=Doorbell(redis_url, queue.lanes(1)),
        clock=clock,
        rules=Rules(),
        sweeper=sweeper,
        hold_check_minutes=5,
        admin_numbers=[],
        first_payee=("", ""),
        has_mailbox=sweeper,
    )
    every = {job.name: job.every for job in jobs}
    assert every["check_holds"] == 300
    assert every.get("sweep") == (1.0 if sweeper else None)
    assert ("look_for_mail" in every) == sweeper  # only where there is a mailbox


def test_whom_the_settings_name_is_an_admin_and_stays_one(scratch: Scratch, clock: MovableClock) -> None:
    for _ in range(2):
        appoint_admins(clock, ["+923000000901", "+923000000902"])
    found = scratch.rows(
        "SELECT value, role FROM person_identifiers JOIN person_roles USING (person_id) ORDER BY value"
    )
    assert found == [("+923000000901", "admin"), ("+923000000902", "admin")]


def test_the_account_of_the_settings_takes_transfers(scratch: Scratch, clock: MovableClock) -> None:
    open_first_account(clock, RULES, "", "")
    assert scratch.rows("SELECT 1 FROM payees") == []
    for account in ("old@nayapay", "sarai@nayapay"):
        open_first_account(clock, RULES, "NayaPay", account)
    found = scratch.row("SELECT provider, title, account, currencies, listings FROM payees")
    assert tuple(found) == ("NayaPay", "Sarai", "sarai@nayapay", [], [])


def test_a_review_that_lost_its_timer_is_ended_all_the_same(scratch: Scratch, clock: MovableClock) -> None:
    with db.unit_of_work() as unit:
        booking = make.in_review(unit)
    scratch.run("UPDATE follow_ups SET done_at = now() WHERE job = 'expire_review'")
    clock.move(RULES.review + RULES.hold_grace + MINUTE)
    for _ in range(2):
        check_holds(clock, RULES)
    open_ = "SELECT booking_id, queue FROM follow_ups WHERE job = 'expire_review' AND done_at IS NULL"
    assert scratch.rows(open_) == [(booking.id, "turns")]


def test_a_hold_that_lost_its_timer_is_ended_all_the_same(scratch: Scratch, clock: MovableClock) -> None:
    with db.unit_of_work() as unit:
        place = make.listing(unit, units=9)
        lost, timed, running, paid = (make.held(unit, place) for _ in range(4))
        make.tell(unit, paid, make.PaymentFacts(make.PaymentState.AUTHORIZED))
        running.renew_hold(unit, NOW + timedelta(hours=1), cause="follow_up:1", now=NOW)
    scratch.run(
        "UPDATE follow_ups SET done_at = now() WHERE job = 'expire_hold' AND booking_id <> :id", id=timed.id
    )
    clock.move(RULES.hold + RULES.hold_grace - MINUTE)
    check_holds(clock, RULES)
    assert _timers(scratch) == [timed.id]
    clock.move(2 * MINUTE)
    for _ in range(2):
        check_holds(clock, RULES)
    assert _timers(scratch) == [lost.id, timed.id]


def _timers(scratch: Scratch) -> list[int]:
    rows = scratch.rows(
        "SELECT booking_id FROM follow_ups WHERE job = 'expire_hold' AND done_at IS NULL ORDER BY booking_id"
    )
    return [row.booking_id for row in rows]


@contextmanager
def _keeping(jobs: list[Periodic]) -> Iterator[Any]:
    stopping = threading.Event()
    keeping = threading.Thread(target=keep_time, args=(jobs, stopping))
    keeping.start()
    try:
        yield
    finally:
        stopping.set()
        keeping.join(60)
    assert not keeping.is_alive()
