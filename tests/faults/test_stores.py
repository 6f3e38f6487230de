"""Redis emptied and away, PostgreSQL restarted and killed: nothing that was accepted is lost."""

from __future__ import annotations

import time

import pytest
import redis

from tests.faults import checks
from tests.faults.crowd import Crowd
from tests.faults.house import House
from tests.faults.meta import PATIENCE

pytestmark = pytest.mark.faults

AWAY_SECONDS, ACKNOWLEDGED_MEANWHILE = 30.0, 200
LEAST = 50


def test_redis_flushed_under_load(house: House) -> None:
    """Bells, flags and jobs are gone three times, each time with turns unfinished."""
    house.graph.latency = 0.05
    crowd = Crowd(house, 360)
    client = redis.Redis.from_url(house.stack.redis_url)
    unfinished = []
    for _ in range(3):
        with crowd.caught_at_work(LEAST) as turns:
            client.flushall()
            unfinished.append(turns)
    house.settle()
    found = checks.look(house, crowd.guests)
    print(f"\nflushed with {unfinished} turns unfinished: {found}")
    found.must_be_good()


def test_redis_away_for_thirty_seconds(house: House) -> None:
    """Webhooks go on being answered with 200, quickly; the people are answered after its return, by nobody's help."""
    meta = house.meta
    crowd = Crowd(house, 420)
    refused_before, acks_before = meta.refused.total(), len(meta.acks)
    with crowd.talking(per_second=14):
        house.stack.wait_for(lambda: len(meta.acks) > acks_before, "people to talk")
        house.stack.stop("valkey")
        gone_at = time.monotonic()

        def long_enough() -> bool:
            acks = sum(1 for at, _ in list(meta.acks) if at > gone_at)
            return time.monotonic() - gone_at >= AWAY_SECONDS and acks >= ACKNOWLEDGED_MEANWHILE

        house.stack.wait_for(long_enough, "the half minute and enough answers to webhooks", PATIENCE)
        waiting = house.unfinished()
        house.stack.start("valkey")
        back_at = time.monotonic()
    house.stack.wait_for(
        lambda: house.unfinished() == 0 and not house.graph.in_flight, "everybody to be answered", PATIENCE
    )
    answered_after = time.monotonic() - back_at
    house.settle()
    acks = sorted(took for at, took in meta.acks if gone_at < at < back_at)
    found = checks.look(house, crowd.guests)
    print(
        f"\nRedis away for {back_at - gone_at:.1f} s: {len(acks)} webhooks answered with 200 meanwhile, "
        f"median {acks[len(acks) // 2] * 1000:.0f} ms, slowest {acks[-1] * 1000:.0f} ms; {waiting} turns waited; "
        f"all answered {answered_after:.1f} s after its return; {found}"
    )
    assert meta.refused.total() == refused_before
    found.must_be_good()


@pytest.mark.parametrize("how", ["restarted", "killed"])
def test_postgres_under_load(house: House, how: str) -> None:
    """What could not be stored is refused and comes again; what was accepted is there and done."""
    meta = house.meta
    house.graph.latency = 0.05
    crowd = Crowd(house, 300)
    refused_before = meta.refused.copy()
    with crowd.talking(per_second=40):
        with crowd.caught_at_work(LEAST) as unfinished:
            if how == "killed":
                pid = house.kill("postgres")
            else:
                house.stack.stop("postgres")  # cleanly, as for an upgrade
        if how == "killed":
            house.stack.wait_until_back("postgres", after=pid)
        else:
            house.stack.wait_for(lambda: meta.refused_since(refused_before), "a webhook to be refused")
            house.stack.start("postgres")
    house.settle()
    refused = meta.refused_since(refused_before)
    found = checks.look(house, crowd.guests)
    print(f"\nPostgreSQL {how} with {unfinished} turns unfinished: refused {dict(refused)}; {found}")
    found.must_be_good()


def test_a_table_that_somebody_locks(house: House) -> None:
    """Statements give up after three seconds and are tried again; no error tells anything about people."""
    meta = house.meta
    crowd = Crowd(house, 200)
    refused_before = meta.refused.copy()
    with crowd.talking(per_second=20):
        burst = meta.spawn(crowd.burst(100))
        with house.locked("persons", "EXCLUSIVE"):
            house.stack.wait_for(
                lambda: meta.refused_since(refused_before)[500] >= 5, "webhooks to be refused"
            )
        burst.result(PATIENCE)
    house.settle()
    refused = meta.refused_since(refused_before)
    found = checks.look(house, crowd.guests, turns_may_fail=True)
    print(f"\npersons locked: refused {dict(refused)}; {found}")
    found.must_be_good()
