"""Redis emptied and away, PostgreSQL restarted and killed: nothing that was accepted is lost."""

from __future__ import annotations

import time

import pytest
import redis

from tests.faults import checks
from tests.faults.crowd import Crowd
from tests.faults.house import House

pytestmark = pytest.mark.faults

AWAY_SECONDS = 30.0
BACK_WITHIN = 15.0  # on a busy machine; a free one needs two or three


def test_redis_flushed_under_load(house: House) -> None:
    """Bells, flags and jobs are gone three times, each time with turns unfinished."""
    house.graph.latency = 0.05
    crowd = Crowd(house, 360)
    client = redis.Redis.from_url(house.stack.redis_url)
    unfinished = []
    for _ in range(3):
        burst = house.meta.spawn(crowd.burst(150))
        house.stack.wait_for(lambda: house.unfinished() >= 50, "50 unfinished turns")
        client.flushall()
        unfinished.append(house.unfinished())
        burst.result(30)
    house.settle(60)
    house.graph.latency = 0.0
    found = checks.look(house, crowd.guests)
    print(f"\nflushed with {unfinished} turns unfinished: {found}")
    assert min(unfinished) >= 50
    found.must_be_good()


def test_redis_away_for_thirty_seconds(house: House) -> None:
    """Webhooks go on being answered with 200, quickly; the people are answered seconds after its return."""
    meta = house.meta
    crowd = Crowd(house, 420)
    refused_before = meta.refused.total()
    with crowd.talking(per_second=14):
        time.sleep(0.5)
        house.stack.stop("valkey")
        gone_at = time.monotonic()
        house.stack.wait_for(
            lambda: time.monotonic() - gone_at >= AWAY_SECONDS, "the half minute", AWAY_SECONDS + 5
        )
        waiting = house.unfinished()
        house.stack.start("valkey")
        back_at = time.monotonic()
    house.stack.wait_for(
        lambda: house.unfinished() == 0 and not house.graph.in_flight, "everybody to be answered"
    )
    answered_after = time.monotonic() - back_at
    house.settle(60)
    acks = sorted(took for at, took in meta.acks if gone_at < at < back_at)
    found = checks.look(house, crowd.guests)
    print(
        f"\nRedis away for {back_at - gone_at:.1f} s: {len(acks)} webhooks answered with 200 meanwhile, "
        f"median {acks[len(acks) // 2] * 1000:.0f} ms, slowest {acks[-1] * 1000:.0f} ms; {waiting} turns waited; "
        f"all answered {answered_after:.1f} s after its return; {found}"
    )
    assert meta.refused.total() == refused_before
    assert len(acks) >= 200
    assert answered_after < BACK_WITHIN
    found.must_be_good()


@pytest.mark.parametrize("how", ["restarted", "killed"])
def test_postgres_under_load(house: House, how: str) -> None:
    """What could not be stored is refused and comes again; what was accepted is there and done."""
    meta = house.meta
    house.graph.latency = 0.05
    crowd = Crowd(house, 300)
    refused_before = meta.refused.copy()
    with crowd.talking(per_second=40):
        burst = meta.spawn(crowd.burst(150))
        house.stack.wait_for(lambda: house.unfinished() >= 50, "50 unfinished turns")
        unfinished = house.unfinished()
        if how == "killed":
            house.stack.wait_until_back("postgres", after=house.kill("postgres"))
        else:
            house.stack.restart_postgres()
        burst.result(60)
    house.settle(60)
    house.graph.latency = 0.0
    refused = meta.refused - refused_before
    found = checks.look(house, crowd.guests)
    print(f"\nPostgreSQL {how} with {unfinished} turns unfinished: refused {dict(refused)}; {found}")
    assert refused
    found.must_be_good()


def test_a_table_that_somebody_locks(house: House) -> None:
    """Statements give up after three seconds and are tried again; no error tells anything about people."""
    meta = house.meta
    crowd = Crowd(house, 200)
    refused_before = meta.refused.copy()
    with crowd.talking(per_second=20):
        burst = meta.spawn(crowd.burst(100))
        with house.locked("persons", "EXCLUSIVE"):
            house.stack.wait_for(lambda: (meta.refused - refused_before)[500] >= 5, "webhooks to be refused")
        burst.result(60)
    house.settle(60)
    refused = meta.refused - refused_before
    found = checks.look(house, crowd.guests, turns_may_fail=True)
    print(f"\npersons locked: refused {dict(refused)}; {found}")
    found.must_be_good()
