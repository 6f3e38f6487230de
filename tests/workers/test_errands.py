"""Errands run side by side for different bookings and one after the other for each, on all machines together."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from models import db
from models.booking_event import PROVIDERS, SLOW, demand
from models.session import Session
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, MovableClock
from workers.errands import ERRANDS_LOCK, Errands, Job, Record
from workers.follow_ups import Due, Later

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
PROJECT = Path(__file__).parent.parent.parent
Jobs = Mapping[str, Job]


def test_every_errand_is_run_once_and_those_of_a_booking_in_order(
    scratch: Scratch, clock: MovableClock
) -> None:
    """Two machines' worth of crews, and bookings with several errands each."""
    bookings = _bookings(6)
    for n in range(5):
        for booking_id in bookings:
            _due(booking_id, f"job_{n}")
    desk = Desk()
    crews = [_errands(desk.jobs(5), clock) for _ in range(2)]
    with _working(*crews):
        make.wait_for(lambda: _open(scratch) == 0)
    assert Counter(desk.done) == {(b, f"job_{n}"): 1 for b in bookings for n in range(5)}
    assert desk.side_by_side == []
    assert desk.most_at_once > 1
    for booking_id in bookings:
        assert [job for b, job in desk.done if b == booking_id] == [f"job_{n}" for n in range(5)]


class Desk:
    """Jobs that note what they meet; each takes a moment, and the first waits until it has company."""

    def __init__(self) -> None:
        self.done: list[tuple[int, str]] = []
        self.side_by_side: list[int] = []
        self.most_at_once = 0
        self._under_way: dict[int, int] = defaultdict(int)
        self._lock = threading.Lock()
        self._company = threading.Event()

    def jobs(self, number: int) -> Jobs:
        return {f"job_{n}": self.run for n in range(number)}

    def run(self, due: Due) -> None:
        with self._lock:
            if self._under_way[due.booking_id]:
                self.side_by_side.append(due.booking_id)
            self._under_way[due.booking_id] += 1
            self.most_at_once = max(self.most_at_once, sum(self._under_way.values()))
            if self.most_at_once > 1:
                self._company.set()
        self._company.wait(30)
        with db.unit_of_work() as unit:
            unit.execute(text("SELECT pg_sleep(0.003)"))
        with self._lock:
            self._under_way[due.booking_id] -= 1
            self.done.append((due.booking_id, due.job))


def test_a_slow_provider_stops_no_other_bookings_errands(scratch: Scratch, clock: MovableClock) -> None:
    slow, quick = _bookings(2)
    _due(slow, "slow")
    _due(slow, "next")
    _due(quick, "quick")
    answers, done = threading.Event(), []
    jobs = {
        "slow": lambda due: answers.wait(120) and None,
        "next": lambda due: done.append("next"),
        "quick": lambda due: done.append("quick"),
    }
    with _working(_errands(jobs, clock)):
        make.wait_for(lambda: done == ["quick"])
        answers.set()
        make.wait_for(lambda: done == ["quick", "next"])
        make.wait_for(lambda: _open(scratch) == 0)


def test_no_row_is_locked_while_a_provider_thinks(scratch: Scratch, clock: MovableClock) -> None:
    (booking_id,) = _bookings(1)
    _due(booking_id, "slow")
    answers = threading.Event()
    with _working(_errands({"slow": lambda due: answers.wait(120) and None}, clock)):
        make.wait_for(lambda: _lock_is_held(scratch, booking_id))
        make.wait_for(lambda: _transactions(scratch) == 0)  # that of the claim may just be ending
        scratch.run("SET LOCAL lock_timeout = '5s'; UPDATE bookings SET updated_at = now()")
        answers.set()


def test_an_errand_that_fails_is_tried_again_wider_each_time_and_told_at_the_fifth(
    scratch: Scratch, clock: MovableClock
) -> None:
    (booking_id,) = _bookings(1)
    with db.unit_of_work() as unit:
        admin = make.person(unit, role="admin")
    _due(booking_id, "fails")
    waits = []
    for attempt in range(1, 7):
        _work_off(_errands({"fails": _fails}, clock))
        row = scratch.row("SELECT * FROM follow_ups")
        assert (row.attempts, row.done_at) == (attempt, None)
        assert "a provider said no" in row.error
        waits.append(round((row.due_at - clock.now()).total_seconds(), 0))
        told = scratch.value("SELECT count(*) FROM outbound_messages WHERE person_id = :id", id=admin)
        assert told == (1 if attempt >= 5 else 0)
        clock.move(row.due_at - clock.now() + SECOND / 2)
    assert waits[2:] == pytest.approx([4, 13, 40, 121], abs=2)


def test_an_errand_that_fails_for_days_waits_ten_minutes_each_time(
    scratch: Scratch, clock: MovableClock
) -> None:
    (booking_id,) = _bookings(1)
    _due(booking_id, "fails")
    for attempts in (30, 700, 30_000):
        scratch.run("UPDATE follow_ups SET attempts = :n, due_at = :now", n=attempts, now=clock.now())
        _work_off(_errands({"fails": _fails}, clock))
        row = scratch.row("SELECT * FROM follow_ups")
        assert row.attempts == attempts + 1
        assert row.due_at - clock.now() == pytest.approx(10 * MINUTE, abs=10 * SECOND)


def test_a_failure_is_counted_also_when_nobody_can_be_told_of_it(
    scratch: Scratch, clock: MovableClock
) -> None:
    """Else the errand would be tried again at once, for ever."""
    (booking_id,) = _bookings(1)
    with db.unit_of_work() as unit:
        make.person(unit, role="admin")
    _due(booking_id, "fails")
    scratch.run("UPDATE follow_ups SET attempts = 4")
    with _nothing_can_be_said(scratch):
        _work_off(_errands({"fails": _fails}, clock))
    row = scratch.row("SELECT * FROM follow_ups")
    assert row.attempts == 5
    assert row.due_at > clock.now()


def _fails(due: Due) -> None:
    raise RuntimeError("a provider said no")


def test_an_errand_that_is_not_due_yet_is_looked_at_again_then(scratch: Scratch, clock: MovableClock) -> None:
    (booking_id,) = _bookings(1)
    _due(booking_id, "waits")
    later = NOW + 10 * MINUTE
    runs = []

    def waits(due: Due) -> Later | None:
        runs.append(due.attempts)
        return Later(later) if len(runs) == 1 else None

    _work_off(_errands({"waits": waits}, clock))
    _work_off(_errands({"waits": waits}, clock))
    assert runs == [0]
    assert scratch.value("SELECT due_at FROM follow_ups") == later
    clock.move(11 * MINUTE)
    _work_off(_errands({"waits": waits}, clock))
    assert runs == [0, 0]  # looking again is no failure
    assert _open(scratch) == 0


def test_a_crew_does_the_errands_of_its_own_queue(scratch: Scratch, clock: MovableClock) -> None:
    (booking_id,) = _bookings(1)
    _due(booking_id, "pdf", queue=SLOW)
    _due(booking_id, "ask")
    done = []
    _work_off(
        _errands({"ask": lambda due: done.append(due.job), "pdf": lambda due: done.append(due.job)}, clock)
    )
    assert done == ["ask"]


def test_what_is_answered_is_written_together_with_its_being_done(
    scratch: Scratch, clock: MovableClock
) -> None:
    """Killed in between, the errand would else be done and never have happened, or happen twice."""
    (booking_id,) = _bookings(1)
    _due(booking_id, "ask")
    fails = [True]

    def ask(due: Due) -> Record:
        assert not _in_transaction(scratch)

        def record(session: Session, now: datetime) -> None:
            session.execute(text("UPDATE bookings SET guest_name = guest_name || '!'"))
            if fails.pop():
                fails.append(False)
                raise RuntimeError("it could not be written")

        return record

    before = scratch.value("SELECT guest_name FROM bookings")
    _work_off(_errands({"ask": ask}, clock))
    assert scratch.value("SELECT guest_name FROM bookings") == before
    assert _open(scratch) == 1
    clock.move(MINUTE)
    _work_off(_errands({"ask": ask}, clock))
    assert scratch.value("SELECT guest_name FROM bookings") == before + "!"
    assert _open(scratch) == 0


def test_a_lost_connection_loses_no_errand_and_what_is_under_way_stays_locked(
    scratch: Scratch, clock: MovableClock
) -> None:
    slow, quick = _bookings(2)
    _due(slow, "slow")
    answers, done = threading.Event(), []
    jobs = {
        "slow": lambda due: answers.wait(20) and done.append("slow"),
        "quick": lambda due: done.append("quick"),
    }
    crew = _errands(jobs, clock)
    with _working(crew):
        make.wait_for(lambda: _lock_is_held(scratch, slow))
        scratch.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = :lock",
            lock=ERRANDS_LOCK,
        )
        make.wait_for(lambda: not _lock_is_held(scratch, slow))
        _due(quick, "quick")
        make.wait_for(lambda: crew.wake() or done == ["quick"])
        assert _lock_is_held(scratch, slow)
        answers.set()
        make.wait_for(lambda: done == ["quick", "slow"])
        make.wait_for(lambda: _open(scratch) == 0)
        make.wait_for(lambda: not _lock_is_held(scratch, slow))


def test_a_booking_that_another_machine_works_on_is_asked_about_now_and_then(
    scratch: Scratch, clock: MovableClock
) -> None:
    busy, free = _bookings(2)
    _due(busy, "ask")
    done: list[int] = []
    crew = Counting({"ask": lambda due: done.append(due.booking_id)}, clock)
    key = {"lock": ERRANDS_LOCK, "id": busy}
    with scratch.engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(:lock, :id)"), key)
        other.commit()
        began = time.monotonic()
        with _working(crew):
            for _ in range(20):  # each of them makes the crew look for more
                _due(free, "ask")
            crew.wake()
            make.wait_for(lambda: done == [free] * 20)
            assert 1 <= crew.met_elsewhere <= 2 + 2 * (time.monotonic() - began)
            other.execute(text("SELECT pg_advisory_unlock(:lock, :id)"), key)
            other.commit()
            make.wait_for(lambda: done[20:] == [busy])


class Counting(Errands):
    """Counts how often it meets a booking that is another's."""

    def __init__(self, jobs: Jobs, clock: MovableClock) -> None:
        super().__init__(PROVIDERS, jobs, clock=clock, side_by_side=8)
        self.met_elsewhere = 0

    def wake_in(self, seconds: float) -> None:
        self.met_elsewhere += 1
        super().wake_in(seconds)


OTHER_MACHINE = """
import sys, time
from models import db
from models.clock import Clock
from workers.errands import Errands
db.start(db.make_engine(sys.argv[1]), follow_ups={}, ring=lambda bells: None)
def ask(due):
    print("asking", flush=True)
    time.sleep(600)
Errands("providers", {"ask": ask}, clock=Clock(sys.argv[2]), side_by_side=1).work(lambda: True)
"""


def test_the_errand_of_a_killed_worker_is_free_at_once(
    scratch: Scratch, clock: MovableClock, tmp_path: Path
) -> None:
    (booking_id,) = _bookings(1)
    _due(booking_id, "ask")
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER_MACHINE, scratch.url, str(tmp_path / "clock")],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "asking\n"
        assert _lock_is_held(scratch, booking_id)
        done: list[str] = []
        with _working(_errands({"ask": lambda due: done.append(due.job)}, clock)):
            other.kill()
            make.wait_for(lambda: done == ["ask"])
            make.wait_for(lambda: _open(scratch) == 0)
    finally:
        other.kill()
        other.wait()
        other.stdout.close()


# ---- helpers ---------------------------------------------------------------------------------------


def _bookings(number: int) -> list[int]:
    with db.unit_of_work() as unit:
        place = make.listing(unit, units=number)
        ids = [make.draft(unit, place).id for _ in range(number)]
        unit.execute(text("DELETE FROM follow_ups"))
    return ids


def _due(booking_id: int, job: str, *, queue: str = PROVIDERS, at: datetime = NOW) -> None:
    with db.unit_of_work() as unit:
        demand(unit, booking_id, job, queue, cause=make.unique("test:"), due_at=at, now=NOW)


def _errands(jobs: Jobs, clock: MovableClock) -> Errands:
    return Errands(PROVIDERS, jobs, clock=clock, side_by_side=4)


def _work_off(crew: Errands) -> None:
    crew.work(may_stop=lambda: True)


@contextmanager
def _working(*crews: Errands) -> Iterator[None]:
    over = threading.Event()
    threads = [threading.Thread(target=crew.work, args=(over.is_set,)) for crew in crews]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for crew in crews:
            crew.wake()
        for thread in threads:
            thread.join(120)
    assert not any(thread.is_alive() for thread in threads)


@contextmanager
def _nothing_can_be_said(scratch: Scratch) -> Iterator[None]:
    scratch.run("ALTER TABLE outbound_messages ADD CONSTRAINT nothing CHECK (false) NOT VALID")
    try:
        yield
    finally:
        scratch.run("ALTER TABLE outbound_messages DROP CONSTRAINT nothing")


def _open(scratch: Scratch) -> int:
    return int(scratch.value("SELECT count(*) FROM follow_ups WHERE done_at IS NULL"))


def _transactions(scratch: Scratch) -> int:
    """Those that somebody left open to do something else."""
    return int(scratch.value("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"))


def _in_transaction(scratch: Scratch) -> bool:
    return bool(scratch.value("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"))


def _lock_is_held(scratch: Scratch, booking_id: int) -> bool:
    return bool(
        scratch.value(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :lock AND objid = :id "
            "AND granted",
            lock=ERRANDS_LOCK,
            id=booking_id,
        )
    )
