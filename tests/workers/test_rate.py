"""No sender writes faster than the number may, nor do all of them together."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import redis

from tests import factories as make
from workers.rate import RateLimit

pytestmark = pytest.mark.usefixtures("patient_redis")


def test_a_second_gives_as_many_as_the_number_may_write(redis_url: str, memory: redis.Redis) -> None:
    limit, began = _limit(redis_url, per_second=50), time.monotonic()
    given = sum(limit.allow(1) for _ in range(200))
    assert 50 <= given <= 50 + 50 * (time.monotonic() - began) + 1
    make.wait_for(lambda: limit.allow(1) == 1)
    while time.monotonic() - began < 0.4:
        given += limit.allow(5)
    assert given <= 50 + 50 * (time.monotonic() - began) + 1


def test_all_senders_share_one_bucket_and_each_number_has_its_own(
    redis_url: str, memory: redis.Redis
) -> None:
    one, two, other = (_limit(redis_url, number=number) for number in ("1", "1", "2"))
    began = time.monotonic()
    given = sum(one.allow(1) + two.allow(1) for _ in range(100))
    assert given <= 20 + 20 * (time.monotonic() - began) + 1
    assert other.allow(1) == 1


def test_what_was_not_used_is_there_for_the_next(redis_url: str, memory: redis.Redis) -> None:
    limit, began = _limit(redis_url, per_second=10), time.monotonic()
    limit.give_back(limit.allow(1))
    given = sum(limit.allow(1) for _ in range(30))
    assert 10 <= given <= 10 + 10 * (time.monotonic() - began) + 1


def test_no_more_is_given_than_was_asked_for(redis_url: str, memory: redis.Redis) -> None:
    limit = _limit(redis_url, per_second=80)
    assert [limit.allow(0), limit.allow(3)] == [0, 3]
    assert 0 < limit.allow(999) <= 8  # a round trip serves many messages, and leaves some for the others
    assert 0 < limit.wait_seconds() < 0.1


@pytest.mark.parametrize("where", ["nobody", "flushed"])
def test_without_redis_each_sender_keeps_the_rate_by_itself(
    where: str, tmp_path: Path, redis_url: str, memory: redis.Redis
) -> None:
    url = redis_url if where == "flushed" else f"unix://{tmp_path}/nobody"
    limit, began = _limit(url), time.monotonic()
    if where == "flushed":
        memory.flushall()
        memory.script_flush()
    given = sum(limit.allow(1) for _ in range(60))
    assert 20 <= given <= 20 + 20 * (time.monotonic() - began) + 1
    make.wait_for(lambda: limit.allow(1) == 1)


def test_a_clock_that_is_set_back_takes_nothing_that_was_not_there(
    redis_url: str, memory: redis.Redis
) -> None:
    limit = _limit(redis_url)
    seconds, _ = memory.time()
    memory.hset("sarai:rate:1", mapping={"tokens": 1, "at": seconds + 60})
    assert [limit.allow(5), limit.allow(5)] == [1, 0]
    make.wait_for(lambda: limit.allow(1) == 1)


def _limit(redis_url: str, *, number: str = "1", per_second: int = 20) -> RateLimit:
    return RateLimit(redis_url, number=number, per_second=per_second)
