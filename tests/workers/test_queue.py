"""A bell brings somebody to the rows that wait, once, whatever becomes of Redis and of who was on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from run.stores import Stores
from tests import factories as make
from workers import queue
from workers.crew import Crew
from workers.queue import TURNS, CrewRunner, Doorbell, LaneRunner, Left

PROJECT = Path(__file__).parent.parent.parent
LANES = queue.lanes(turn_workers=2)
AWAKE = 99  # a lane for waking somebody up


pytestmark = pytest.mark.usefixtures("patient_redis")
IMPATIENT = queue.connect


@pytest.fixture
def doorbell(redis_url: str, memory: redis.Redis) -> Doorbell:
    return Doorbell(redis_url, LANES)


@pytest.fixture(autouse=True)
def _nothing_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what ends in a test ended for the reason that the test is about, however slow the machine."""
    for name in ("FLAG_SECONDS", "LINGER_SECONDS", "ANNOUNCED_SECONDS", "REST_AFTER_FAILURE"):
        monkeypatch.setattr(queue, name, 600)


# ---- the doorbell ----------------------------------------------------------------------------------


def test_a_bell_asks_for_a_drain_of_its_lane(doorbell: Doorbell, memory: redis.Redis) -> None:
    doorbell.ring({(TURNS, 6), ("sends", 6), ("providers", 6)})
    assert _jobs(memory) == [("providers", 0), ("sends", 0), (TURNS, 2)]


def test_a_lane_that_was_rung_is_not_rung_again(doorbell: Doorbell, memory: redis.Redis) -> None:
    for person_id in (2, 2, 6, 10):
        doorbell.ring({(TURNS, person_id)})
    doorbell.ring({(TURNS, 14), (TURNS, 18), (TURNS, 3)})
    assert _jobs(memory) == [(TURNS, 2), (TURNS, 3)]


def test_four_doors_that_ring_at_once_ask_once(redis_url: str, memory: redis.Redis) -> None:
    doors = [Doorbell(redis_url, LANES) for _ in range(4)]
    everybody = threading.Barrier(4, timeout=120)

    def ring(door: Doorbell) -> None:
        everybody.wait()
        for _ in range(20):
            door.ring({(TURNS, 1)})

    threads = [threading.Thread(target=ring, args=(door,)) for door in doors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _jobs(memory) == [(TURNS, 1)]


def test_the_sweeper_is_heard_where_somebody_should_have_come(
    doorbell: Doorbell, memory: redis.Redis
) -> None:
    doorbell.ring({(TURNS, 1)})
    memory.delete("rq:queue:turns")  # the job was lost with its worker
    doorbell.ring({(TURNS, 1)})
    assert _jobs(memory) == []
    doorbell.ring({(TURNS, 1)}, force=True)
    assert _jobs(memory) == [(TURNS, 1)]


def test_bells_that_nobody_answers_do_not_pile_up(doorbell: Doorbell, memory: redis.Redis) -> None:
    """The sweeper rings each second for every lane, through the hours in which no worker runs."""
    for _ in range(60):
        doorbell.ring([(TURNS, lane) for lane in range(4)], force=True)
    jobs = _jobs(memory)
    assert len(jobs) <= 16
    assert {lane for _, lane in jobs} == {0, 1, 2, 3}


def test_a_flushed_redis_is_rung_as_before(doorbell: Doorbell, memory: redis.Redis) -> None:
    doorbell.ring({(TURNS, 1)})
    memory.flushall()
    memory.script_flush()
    doorbell.ring({(TURNS, 1)})
    assert _jobs(memory) == [(TURNS, 1)]


def test_a_redis_that_hangs_is_given_up_within_a_moment_and_left_alone_for_a_while(
    redis_url: str, memory: redis.Redis, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "connect", IMPATIENT)
    monkeypatch.setattr(queue, "REST_AFTER_FAILURE", 2.0)
    doorbell = Doorbell(redis_url, LANES)
    doorbell.ring({(TURNS, 1)})
    with _stopped(stores.valkey.pid), capture_logs() as said:
        # Each comes back, though nobody answers as long as this lasts; and most do not even ask.
        make.wait_for(lambda: doorbell.ring({(TURNS, 2)}) or bool(said))
        for n in range(20):
            doorbell.ring({(TURNS, n), ("sends", 1)})
    silent = [line for line in said if line["event"] == "doorbell.silent"]
    assert 1 <= len(silent) <= 5
    # Whatever could not be rung is rung once it answers: a busy machine is no reason to wait for the sweeper.
    make.wait_for(lambda: {("sends", 0), *((TURNS, lane) for lane in range(4))} <= {*_jobs(memory)})


def test_a_redis_that_is_away_is_no_error(tmp_path: Path) -> None:
    doorbell = Doorbell(f"unix://{tmp_path}/nobody", LANES)
    with capture_logs() as said:
        doorbell.ring({(TURNS, 1)})
        doorbell.ring({(TURNS, 1)}, force=True)
    assert [line["event"] for line in said] == ["doorbell.silent"]


# ---- who answers it --------------------------------------------------------------------------------


def test_a_row_that_is_kept_while_its_lane_is_drained_rings_again(
    doorbell: Doorbell, redis_url: str, memory: redis.Redis
) -> None:
    """The flag is lowered before the look, so that a row the look did not see is rung for."""
    stopping = threading.Event()
    drained: list[int] = []

    def drain(lane: int) -> Left:
        drained.append(lane)
        doorbell.ring({(TURNS, lane)})
        stopping.set()
        return Left.NOTHING

    doorbell.ring({(TURNS, 1)})
    memory.delete("rq:queue:turns")  # RQ has handed the job over
    LaneRunner(redis_url, TURNS, stopping, drain).run(1)
    assert drained == [1]
    assert _jobs(memory) == [(TURNS, 1)]


def test_a_lingering_drain_is_woken_without_a_job(
    doorbell: Doorbell, redis_url: str, memory: redis.Redis
) -> None:
    with _lingering(redis_url, memory) as drained:
        for lane in (3, 1, 3):
            doorbell.ring({(TURNS, lane)})
            make.wait_for(lambda lane=lane: drained and drained[-1] == lane)
            drained.append(-1)
        assert _jobs(memory) == []
    assert [lane for lane in drained if 0 <= lane < AWAKE] == [0, 3, 1, 3]


def test_a_lane_that_a_busy_drain_has_not_heard_of_yet_is_told_it_once(
    doorbell: Doorbell, memory: redis.Redis
) -> None:
    memory.zadd("sarai:waiting:turns", {"busy": int(memory.time()[0]) + 60})
    for lane in (1, 2, 1, 1):
        doorbell.ring({(TURNS, lane)}, force=lane == 2)
    assert memory.lrange("sarai:bell:turns", 0, -1) == [b"1", b"2"]
    memory.lpop("sarai:bell:turns")  # heard: what is committed from now on rings again
    doorbell.ring({(TURNS, 1)})
    assert memory.lrange("sarai:bell:turns", 0, -1) == [b"2", b"1"]
    assert _jobs(memory) == []


def test_a_lane_in_which_all_is_held_by_others_is_looked_at_again(
    redis_url: str, memory: redis.Redis
) -> None:
    """Nobody rings when they let go; and what others wait for goes first."""
    stopping = threading.Event()
    drained: list[int] = []

    def drain(lane: int) -> Left:
        drained.append(lane)
        if len(drained) == 2:
            memory.rpush("sarai:bell:turns", 3)
        if len(drained) == 5:
            stopping.set()
        return Left.HELD if lane == 0 and len(drained) < 5 else Left.NOTHING

    LaneRunner(redis_url, TURNS, stopping, drain).run(0)
    assert drained == [0, 0, 3, 0, 0]


def test_a_drain_that_died_while_it_was_waited_for_is_not_waited_for(
    doorbell: Doorbell, memory: redis.Redis
) -> None:
    now = int(memory.time()[0])
    memory.zadd("sarai:waiting:turns", {"died": now - 1})
    doorbell.ring({(TURNS, 1)})
    assert _jobs(memory) == [(TURNS, 1)]


def test_a_drain_that_is_to_stop_stops_and_is_not_waited_for(redis_url: str, memory: redis.Redis) -> None:
    stopping = threading.Event()
    with _lingering(redis_url, memory, stopping):
        stopping.set()
    Doorbell(redis_url, LANES).ring({(TURNS, 1)})
    assert _jobs(memory) == [(TURNS, 1)]


def test_who_begins_looks_at_every_lane(redis_url: str, memory: redis.Redis) -> None:
    """Whoever worked here before may have died while it was waited for, and bells went to nobody."""
    stopping = threading.Event()
    drained: list[int] = []

    def drain(lane: int) -> Left:
        drained.append(lane)
        if len(drained) > LANES.of[TURNS]:
            stopping.set()
        return Left.NOTHING

    runner = LaneRunner(redis_url, TURNS, stopping, drain)
    runner.begin(LANES.of[TURNS])
    (job,) = _jobs(memory)
    runner.run(job[1])
    assert set(drained) == set(range(LANES.of[TURNS]))


def test_a_lane_with_more_in_it_lets_the_others_go_first(redis_url: str, memory: redis.Redis) -> None:
    stopping = threading.Event()
    drained: list[int] = []

    def drain(lane: int) -> Left:
        drained.append(lane)
        if drained == [0]:
            for other in (1, 2):
                memory.rpush("sarai:bell:turns", other)
        if len(drained) == 5:
            stopping.set()
        return Left.NOTHING if lane else Left.MORE

    LaneRunner(redis_url, TURNS, stopping, drain).run(0)
    assert drained == [0, 1, 2, 0, 0]


def test_a_drain_hands_the_worker_back_when_rq_has_a_job_for_it(
    doorbell: Doorbell, redis_url: str, memory: redis.Redis
) -> None:
    with _lingering(redis_url, memory) as drained:
        memory.flushall()  # nobody is waited for any more, as far as the doorbell can see
        doorbell.ring({(TURNS, 2)})
    assert drained == [0]
    assert _jobs(memory) == [(TURNS, 2)]


class Eager(Crew[int, int]):
    """Looks at nothing; counts how often it was told to."""

    def __init__(self) -> None:
        super().__init__("eager", 1)
        self.looks = 0

    def exchange(self, results: object, most: int, *, rung: bool) -> list[int]:
        self.looks += rung
        return []

    def perform(self, task: int) -> int:
        raise NotImplementedError


def test_a_lingering_crew_hears_every_bell(doorbell: Doorbell, redis_url: str, memory: redis.Redis) -> None:
    crew, stopping = Eager(), threading.Event()
    runner = CrewRunner(redis_url, "sends", stopping, crew)
    working = threading.Thread(target=runner.run, args=(0,))
    working.start()
    for rung in range(1, 4):
        make.wait_for(lambda: memory.zcard("sarai:waiting:sends") == 1)
        looks = crew.looks
        doorbell.ring({("sends", rung)})
        make.wait_for(lambda looks=looks: crew.looks > looks)
    assert _jobs(memory) == []
    stopping.set()
    memory.rpush("sarai:bell:sends", AWAKE)
    working.join(60)
    assert not working.is_alive()


def test_a_process_drains_its_own_queue_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "runner", None)
    with pytest.raises(RuntimeError, match="does not drain turns"):
        queue.drain(TURNS, 0)


# ---- with RQ ---------------------------------------------------------------------------------------

WORKER = """
import sys, threading
import logs
from workers import queue
from workers.__main__ import _work
queue.LINGER_SECONDS = 600  # so that only a job that waits brings the worker back to RQ
logs.configure("ERROR", process="turns")
def drain(lane):
    print(lane, flush=True)
    return queue.Left.NOTHING
stopping = threading.Event()
_work(sys.argv[1], queue.LaneRunner(sys.argv[1], "turns", stopping, drain), queue.Lanes({"turns": 1}), stopping)
print("ended", flush=True)
"""


def test_a_real_worker_survives_a_flush_and_stops_when_told(
    doorbell: Doorbell, redis_url: str, memory: redis.Redis
) -> None:
    """It looks by itself at first; is rung while it lingers, and just after Redis forgot everything; is told to end."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, redis_url],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        said = _lines_of(worker)
        make.wait_for(lambda: said == ["0", "0"])  # for the job, and for the bell
        make.wait_for(lambda: memory.zcard("sarai:waiting:turns") == 1)
        doorbell.ring({(TURNS, 2)})
        make.wait_for(lambda: said[2:] == ["2"])
        memory.flushall()
        doorbell.ring({(TURNS, 3)})
        make.wait_for(lambda: said[2:] == ["2", "3"])
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
        make.wait_for(lambda: said[-1] == "ended")
    finally:
        worker.kill()
        worker.wait()


# ---- helpers ---------------------------------------------------------------------------------------


def _jobs(memory: redis.Redis) -> list[tuple[str, int]]:
    """(queue, lane) of every drain that RQ has been asked for."""
    found = []
    for name in LANES.of:
        for job in Queue(name, connection=memory, serializer=JSONSerializer).get_jobs():
            assert job.func_name == "workers.queue.drain"
            found.append(tuple(job.args))
    return sorted(found)


@contextmanager
def _lingering(
    redis_url: str, memory: redis.Redis, stopping: threading.Event | None = None
) -> Iterator[list[int]]:
    """A drain that has drained lane 0 and waits for bells; the lanes that it drains."""
    drained: list[int] = []
    stopping = stopping or threading.Event()

    def drain(lane: int) -> Left:
        drained.append(lane)
        return Left.NOTHING

    working = threading.Thread(target=LaneRunner(redis_url, TURNS, stopping, drain).run, args=(0,))
    working.start()
    make.wait_for(lambda: memory.zcard("sarai:waiting:turns") == 1)
    try:
        yield drained
        if not stopping.is_set() and not memory.llen("rq:queue:turns"):
            stopping.set()
            memory.rpush("sarai:bell:turns", AWAKE)  # it would notice by itself, within a second
        working.join(60)
        assert not working.is_alive()
    finally:
        stopping.set()


@contextmanager
def _stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _lines_of(process: subprocess.Popen[str]) -> list[str]:
    """What the process says, line by line, as it says it."""
    lines: list[str] = []
    assert process.stdout is not None
    out = process.stdout
    threading.Thread(target=lambda: lines.extend(line.strip() for line in out), daemon=True).start()
    return lines
