"""A command on a kept connection is answered as the client would have it answered, whatever became of the last one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from workers import wire
from workers.wire import Wire

MOST = 2


@pytest.fixture
def client(redis_url: str, memory: redis.Redis) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(redis_url, max_connections=MOST)
    yield client
    client.close()


def test_what_is_asked_again_is_asked_on_the_same_connection(client: redis.Redis) -> None:
    line = Wire(client)
    assert len({line.ask("CLIENT", "ID") for _ in range(5)}) == 1


def test_a_refusal_is_an_error_and_the_connection_as_good_as_before(client: redis.Redis) -> None:
    line = Wire(client)
    before = line.ask("CLIENT", "ID")
    with pytest.raises(redis.ResponseError):
        line.ask("INCR")
    assert line.ask("CLIENT", "ID") == before


def test_a_connection_that_redis_closed_while_nobody_asked_is_noticed_by_nobody(
    client: redis.Redis, memory: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "IDLE_SECONDS", 0.0)
    line = Wire(client)
    for _ in range(3 * MOST):
        memory.client_kill_filter(_id=line.ask("CLIENT", "ID"))
        assert line.ask("ECHO", "here") == b"here"


def test_what_may_have_been_done_is_not_asked_twice(
    client: redis.Redis, memory: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked knows what to make of it: a ring that was not answered is rung again, and then by force."""
    monkeypatch.setattr(wire, "IDLE_SECONDS", 600.0)
    line = Wire(client)
    for n in range(3 * MOST):
        memory.client_kill_filter(_id=line.ask("CLIENT", "ID"))
        with pytest.raises(redis.ConnectionError):
            line.ask("INCR", "asked")
        assert line.ask("INCR", "asked") == n + 1


def test_an_answer_that_comes_too_late_is_nobodys(redis_url: str, memory: redis.Redis) -> None:
    client = redis.Redis.from_url(redis_url, max_connections=MOST, socket_timeout=0.2)
    line = Wire(client)
    for _ in range(3 * MOST):  # and none of the pool's places is lost with it
        with pytest.raises(redis.TimeoutError):
            line.ask("BLPOP", "nobody-rings-here", 1)
    client.connection_pool.connection_kwargs["socket_timeout"] = 30.0
    assert line.ask("ECHO", "mine") == b"mine"
    client.close()
