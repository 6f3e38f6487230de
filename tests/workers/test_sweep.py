"""Whatever waits is rung for: at its time, and again when nobody came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import text

from models import db, inbound, outbox
from models.booking_event import demand
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW
from workers import queue
from workers.queue import Doorbell
from workers.sweep import Sweeper

pytestmark = pytest.mark.usefixtures("patient_redis")

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LATE = NOW + 5 * SECOND


def test_nothing_waits_and_nobody_is_rung(scratch: Scratch, redis_url: str, memory: redis.Redis) -> None:
    _sweep(redis_url, NOW)
    assert _rung(memory) == []


def _message() -> int:
    with db.unit_of_work() as unit:
        someone = make.person(unit)
        phone = make.people.phone_of(unit, someone)
        assert phone is not None
        make.keep(unit, make.inbound_text(phone))
    return someone


def _status() -> int:
    with db.unit_of_work() as unit:
        make.keep(unit, make.status("wamid.1", "sent"))
    return 0


def _answer() -> int:
    with db.unit_of_work() as unit:
        make.say(unit, make.person(unit))
    return 0


def _follow_up(name: str) -> Callable[[], int]:
    def make_one() -> int:
        with db.unit_of_work() as unit:
            booking = make.draft(unit)
            unit.execute(text("DELETE FROM follow_ups"))
            demand(unit, booking.id, "job", name, cause="test", due_at=NOW, now=NOW)
        return booking.id

    return make_one


WAITING = {
    "message": ("turns", _message),
    "status": ("sends", _status),
    "answer": ("sends", _answer),
    "light": ("turns", _follow_up("turns")),
    "errand": ("providers", _follow_up("providers")),
    "slow": ("slow", _follow_up("slow")),
}


@pytest.mark.parametrize("kind", WAITING)
@pytest.mark.parametrize("turn_workers", [1, 2, 3, 5])
def test_whoever_waits_too_long_has_their_lane_rung(
    scratch: Scratch, redis_url: str, memory: redis.Redis, kind: str, turn_workers: int
) -> None:
    """Whatever the number of lanes, and however many people and bookings there are."""
    for table in ("persons", "bookings"):
        highest = scratch.value(f"SELECT coalesce(max(id), 0) FROM {table}")
        start = max(highest, 5_000_000) + 7
        scratch.run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {start})")
    name, wait = WAITING[kind]
    number = wait()
    lanes = queue.lanes(turn_workers)
    Sweeper(Doorbell(redis_url, lanes)).sweep(LATE)
    assert _rung(memory) == [lanes.lane((name, number))]


@pytest.mark.parametrize("kind", WAITING)
def test_the_sweeper_insists_only_where_somebody_should_have_come(
    scratch: Scratch, redis_url: str, memory: redis.Redis, kind: str
) -> None:
    """A flag says that somebody is on the way: believed for two seconds, then rung over."""
    _, wait = WAITING[kind]
    wait()
    _sweep(redis_url, LATE)
    assert len(_rung(memory)) == 1
    _lose_jobs(memory)
    _sweep(redis_url, NOW + SECOND)
    assert _rung(memory) == []
    _sweep(redis_url, LATE)
    assert len(_rung(memory)) == 1


@pytest.mark.parametrize("kind", ["status", "answer", "light", "errand", "slow"])
def test_what_falls_due_is_rung_for_at_its_second(
    scratch: Scratch, redis_url: str, memory: redis.Redis, kind: str
) -> None:
    _, wait = WAITING[kind]
    wait()
    for table in ("follow_ups", "outbound_messages"):
        scratch.run(f"UPDATE {table} SET due_at = due_at + interval '1 minute'")
    scratch.run("UPDATE outbound_messages SET valid_until = valid_until + interval '1 hour'")
    _sweep(redis_url, NOW + 59 * SECOND)
    assert _rung(memory) == ([] if kind != "status" else [("sends", 0)])
    memory.flushall()
    _sweep(redis_url, NOW + 60 * SECOND)
    assert len(_rung(memory)) == 1


def test_what_is_done_or_waits_for_its_own_time_is_left_alone(
    scratch: Scratch, redis_url: str, memory: redis.Redis
) -> None:
    for _, wait in WAITING.values():
        wait()
    scratch.run("UPDATE follow_ups SET done_at = :now", now=NOW)
    scratch.run("UPDATE inbound_events SET done_at = :now WHERE kind = 'status'", now=NOW)
    scratch.run("UPDATE outbound_messages SET state = 'ACCEPTED'")
    scratch.run("UPDATE conversations SET retry_at = :at", at=LATE + MINUTE)
    _sweep(redis_url, LATE)
    assert _rung(memory) == []
    _sweep(redis_url, LATE + MINUTE)
    assert [name for name, _ in _rung(memory)] == ["turns"]


def test_a_turn_that_failed_is_rung_for_when_its_wait_is_over(
    scratch: Scratch, redis_url: str, memory: redis.Redis
) -> None:
    _message()
    with db.unit_of_work() as unit:
        event, _more = inbound.claim(unit, lane=0, lanes=1, now=NOW)
        assert event is not None
        inbound.fail(unit, event.id, error="it failed", now=NOW)
    _sweep(redis_url, NOW + SECOND)
    assert _rung(memory) == []
    _sweep(redis_url, LATE)
    assert [name for name, _ in _rung(memory)] == ["turns"]


def test_what_a_killed_sender_was_sending_is_queued_and_rung_for(
    scratch: Scratch, redis_url: str, memory: redis.Redis
) -> None:
    _answer()
    with db.unit_of_work() as unit:
        assert len(outbox.claim(unit, most=9, now=NOW)) == 1
    scratch.rung.clear()
    _sweep(redis_url, NOW + 29 * SECOND)
    assert scratch.value("SELECT state FROM outbound_messages") == "SENDING"
    _sweep(redis_url, NOW + 30 * SECOND)
    assert scratch.value("SELECT state FROM outbound_messages") == "QUEUED"
    assert [queue for bells in scratch.rung for queue, _ in bells] == ["sends"]


def test_what_is_worth_nothing_any_more_lapses(scratch: Scratch, redis_url: str, memory: redis.Redis) -> None:
    _answer()
    _sweep(redis_url, NOW + 10 * MINUTE)
    assert scratch.value("SELECT state FROM outbound_messages") == "LAPSED"


def _sweep(redis_url: str, now: datetime) -> None:
    Sweeper(Doorbell(redis_url, queue.lanes(2))).sweep(now)


def _rung(memory: redis.Redis) -> list[tuple[str, int]]:
    found = []
    for name in queue.lanes(1).of:
        jobs = Queue(name, connection=memory, serializer=JSONSerializer)
        found += [tuple(job.args) for job in jobs.get_jobs()]
    return sorted(found)


def _lose_jobs(memory: redis.Redis) -> None:
    """The workers took them and died; the flags still stand."""
    for name in queue.lanes(1).of:
        memory.delete(f"rq:queue:{name}")
