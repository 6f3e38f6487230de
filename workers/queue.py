"""Doorbells: rows wait in PostgreSQL, Redis only says that they do.

RQ runs *drains*, never one job per message. Whoever commits work rings its lane. A drain that has nothing left
to do lingers a while and is woken through a list, in which a lane stands once, so that a quiet hour does not
pay for an RQ job (1.5 ms of CPU) with every message. Where nobody lingers RQ is asked for a drain, once: a
flag says that one is on its way. Redis lost or flushed costs seconds: the sweeper rings again.

Source: docs/decisions/0002-drains-behind-doorbells.md
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from models.db import Bell
from workers.crew import Crew
from workers.wire import Wire

log = structlog.get_logger()

TURNS, SENDS, PROVIDERS, SLOW = "turns", "sends", "providers", "slow"
FLAG_SECONDS = 5
LINGER_SECONDS = 20.0
ANNOUNCED_SECONDS = 3  # for so long a worker counts as waiting, should it die meanwhile
REST_AFTER_FAILURE = 0.5
HELD_SECONDS = 0.02
MOST_JOBS = 4  # for each lane, in hours when nobody works and the sweeper rings each second

# Wake a lingering drain, unless this lane is in its list and still to be looked at; or ask for a job, unless a
# flag says that one is on its way.
_RING = """
local now = redis.call('TIME')
if redis.call('ZCOUNT', KEYS[2], now[1], '+inf') > 0 then
    if not redis.call('LPOS', KEYS[3], ARGV[1]) then redis.call('RPUSH', KEYS[3], ARGV[1]) end
    return 0
end
if redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then return 1 end
return 0
"""


class Left(IntEnum):
    """What a drain leaves in its lane."""

    NOTHING = 0
    HELD = 1  # somebody else works on all that waits, and may not look again
    MORE = 2


@dataclass(frozen=True)
class Lanes:
    """How many lanes each queue has: twice its workers, or one where the worker itself runs many at once."""

    of: Mapping[str, int]

    def lane(self, bell: Bell) -> tuple[str, int]:
        queue, number = bell
        return queue, number % self.of[queue]


def lanes(turn_workers: int) -> Lanes:
    return Lanes({TURNS: 2 * turn_workers, SENDS: 1, PROVIDERS: 1, SLOW: 1})


def connect(redis_url: str, *, patient: bool) -> redis.Redis:
    """A client that gives up within 50 ms (to ring from a request), or a patient one (to wait on)."""
    limit = 30.0 if patient else 0.05
    return redis.Redis.from_url(
        redis_url,
        socket_timeout=limit,
        socket_connect_timeout=1.0 if patient else 0.05,
        retry=Retry(NoBackoff(), 0),
    )


class Doorbell:
    """Rings lanes; never raises and never takes longer than a Redis that does not answer is given."""

    def __init__(self, redis_url: str, lanes: Lanes) -> None:
        self.lanes = lanes
        self._redis = connect(redis_url, patient=False)
        self._wire = Wire(self._redis)
        self._script = self._redis.register_script(_RING)
        self._queues = {
            name: Queue(name, connection=self._redis, serializer=JSONSerializer) for name in lanes.of
        }
        self._rest_until = 0.0
        self._owed: set[tuple[str, int]] = set()

    def ring(self, bells: Iterable[Bell], *, force: bool = False) -> None:
        """Let somebody look at these lanes.

        Args:
            force: also where a flag says that somebody is on the way (the sweeper knows better).
        """
        lanes = {self.lanes.lane(bell) for bell in bells}
        if time.monotonic() < self._rest_until:
            self._owed |= lanes
            return
        try:
            for queue, lane in lanes:
                self._ring_one(queue, lane, force=force)
        except redis.RedisError as error:
            # A dead Redis is not asked again at once; should it stay dead, the sweeper finds the rows.
            self._owed |= lanes
            self._rest_until = time.monotonic() + REST_AFTER_FAILURE
            again = threading.Timer(REST_AFTER_FAILURE, self._ring_owed)
            again.daemon = True
            again.start()
            log.warning("doorbell.silent", error=type(error).__name__)

    def _ring_one(self, queue: str, lane: int, *, force: bool) -> None:
        if force:
            self._redis.delete(_flag(queue, lane))
        nobody_waits = self._run_script(
            [_flag(queue, lane), _waiting(queue), _bell(queue)], [lane, FLAG_SECONDS]
        )
        if nobody_waits:
            _ask_for_drain(self._queues[queue], lane, self.lanes.of[queue])

    def _run_script(self, keys: list[str], args: list[int]) -> Any:
        try:
            return self._wire.ask("EVALSHA", self._script.sha, len(keys), *keys, *args)
        except redis.exceptions.NoScriptError:
            return self._script(keys=keys, args=args)  # Redis was restarted: the client loads it

    def _ring_owed(self) -> None:
        """What could not be rung for a moment, because a busy machine answered late, say.

        By force: a ring that was not answered may have left its flag and asked for nothing.
        """
        owed, self._owed = self._owed, set()
        self._rest_until = 0.0
        self.ring(owed, force=True)


class Runner(ABC):
    """What a worker process runs when one of its lanes is rung; one per process."""

    def __init__(self, redis_url: str, queue: str, stopping: threading.Event) -> None:
        self.queue = queue
        self.stopping = stopping
        self._redis = connect(redis_url, patient=True)
        self._wire = Wire(self._redis)
        self._rq = Queue(queue, connection=self._redis, serializer=JSONSerializer)
        self._name = uuid.uuid4().hex
        self._announced_until = 0.0

    @abstractmethod
    def run(self, lane: int) -> None:
        """Work off what waits, then linger for more, until it is time to give the worker back to RQ."""

    def begin(self, lanes: int) -> None:
        """Have every lane looked at once: whoever worked here before may have died with bells that were meant for us."""
        for lane in range(lanes):
            self.line_up(lane)
        _ask_for_drain(self._rq, 0, lanes)

    def lower_flag(self, lane: int) -> None:
        """First of all: a row committed before this is seen by the look that follows, a later one rings again."""
        with contextlib.suppress(redis.RedisError):
            self._redis.delete(_flag(self.queue, lane))

    def listen(self, seconds: float) -> int | None:
        """Say that somebody is waiting here, and wait for a bell; taken from the list, the lane may be rung anew."""
        if time.monotonic() > self._announced_until - seconds:
            expires = int(self._wire.ask("TIME")[0]) + ANNOUNCED_SECONDS
            self._wire.ask("ZADD", _waiting(self.queue), expires, self._name)
            self._announced_until = time.monotonic() + ANNOUNCED_SECONDS - 1
        found = self._wire.ask("BLPOP", _bell(self.queue), seconds)
        return int(found[1]) if found else None

    def leave(self) -> None:
        """Say that nobody waits here any more."""
        self._announced_until = 0.0
        self._redis.zrem(_waiting(self.queue), self._name)

    def last_look(self) -> int | None:
        """Stop being waited for; a bell that was rung meanwhile is still ours."""
        self.leave()
        return self.next_bell()

    def next_bell(self) -> int | None:
        """The lane that was rung first, if any was."""
        found = self._wire.ask("LPOP", _bell(self.queue))
        return None if found is None else int(found)

    def line_up(self, lane: int) -> None:
        """Ring this lane for whoever is free next, ourselves included."""
        self._redis.rpush(_bell(self.queue), lane)

    def job_waits(self) -> bool:
        """True if RQ has a job for us: Redis was flushed and the sweeper rang, so lingering must end."""
        return bool(self._rq.count)


class LaneRunner(Runner):
    """Works lanes off one after the other, in the worker's own thread."""

    def __init__(
        self, redis_url: str, queue: str, stopping: threading.Event, drain: Callable[[int], Left]
    ) -> None:
        super().__init__(redis_url, queue, stopping)
        self._drain = drain

    def run(self, lane: int) -> None:
        until = time.monotonic() + LINGER_SECONDS
        self.lower_flag(lane)
        next_lane: int | None = lane
        while next_lane is not None:
            left = self._drain(next_lane)
            next_lane = self._next(next_lane, until, left)

    def _next(self, lane: int, until: float, left: Left) -> int | None:
        """The lane that has waited longest; a lane with more in it goes to the end of the line."""
        try:
            if left is Left.HELD and not self.stopping.wait(HELD_SECONDS):
                return self._after_others(lane)
            if left is Left.MORE:
                self.line_up(lane)
            while not self.stopping.is_set() and time.monotonic() < until:
                rung = self.listen(1.0)
                if rung is not None:
                    return rung
                if self.job_waits():
                    break
            if not self.stopping.is_set():
                return self.last_look()
            self.leave()
            return None
        except redis.RedisError:
            return lane if left and not self.stopping.is_set() else None

    def _after_others(self, lane: int) -> int:
        """A lane that was rung meanwhile, and then this one again; this one where none was."""
        rung = self.next_bell()
        if rung is None:
            return lane
        self.line_up(lane)
        return rung


class CrewRunner(Runner):
    """Lets a crew work, and tells it of every bell at once from a thread that listens."""

    def __init__(self, redis_url: str, queue: str, stopping: threading.Event, crew: Crew[Any, Any]) -> None:
        super().__init__(redis_url, queue, stopping)
        self._crew = crew

    def run(self, lane: int) -> None:
        self.lower_flag(lane)
        over = threading.Event()
        listener = threading.Thread(target=self._listen, args=(over,), daemon=True)
        listener.start()
        try:
            self._crew.work(may_stop=over.is_set)
        finally:
            over.set()
            listener.join()
        with contextlib.suppress(redis.RedisError):
            if self.last_look() is not None:
                self._crew.work(may_stop=lambda: True)

    def _listen(self, over: threading.Event) -> None:
        until = time.monotonic() + LINGER_SECONDS
        try:
            while not over.is_set() and not self.stopping.is_set() and time.monotonic() < until:
                if self.listen(1.0) is not None:
                    self._crew.wake()
                elif self.job_waits():
                    break
        except redis.RedisError as error:
            log.warning("doorbell.deaf", error=type(error).__name__)
        over.set()
        self._crew.wake()


runner: Runner | None = None


def drain(queue: str, lane: int) -> None:
    """The RQ job: hand the lane to this process's runner."""
    if runner is None or runner.queue != queue:
        raise RuntimeError(f"this process does not drain {queue}")
    runner.run(lane)


def _ask_for_drain(queue: Queue, lane: int, lanes: int) -> None:
    if queue.count < MOST_JOBS * lanes:
        queue.enqueue("workers.queue.drain", queue.name, lane, result_ttl=0, failure_ttl=60, job_timeout=-1)


def _flag(queue: str, lane: int) -> str:
    return f"sarai:wake:{queue}:{lane}"


def _waiting(queue: str) -> str:
    return f"sarai:waiting:{queue}"


def _bell(queue: str) -> str:
    return f"sarai:bell:{queue}"
