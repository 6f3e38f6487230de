"""A command on a kept connection is answered as the client would have it answered, whatever became of the last one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from workers.wire import Wire

MOST = 2


@pytest.fixture
def client(redis_url: str, memory: redis.Redis) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(redis_url, max_connections=MOST)
    yield client
    client.close()


def test_what_is_asked_again_is_asked_on_the_same_connection(client: redis.Redis) -> None:
    wire = Wire(client)
    assert len({wire.ask("CLIENT", "ID") for _ in range(5)}) == 1


def test_a_refusal_is_an_error_and_the_connection_as_good_as_before(client: redis.Redis) -> None:
    wire = Wire(client)
    before = wire.ask("CLIENT", "ID")
    with pytest.raises(redis.ResponseError):
        wire.ask("INCR")
    assert wire.ask("CLIENT", "ID") == before


def test_a_connection_that_redis_has_closed_is_noticed_by_nobody(
    client: redis.Redis, memory: redis.Redis
) -> None:
    wire = Wire(client)
    for _ in range(3 * MOST):
        memory.client_kill_filter(_id=wire.ask("CLIENT", "ID"))
        assert wire.ask("ECHO", "here") == b"here"


def test_an_answer_that_comes_too_late_is_nobodys(redis_url: str, memory: redis.Redis) -> None:
    client = redis.Redis.from_url(redis_url, max_connections=MOST, socket_timeout=0.2)
    wire = Wire(client)
    for _ in range(3 * MOST):  # and none of the pool's places is lost with it
        with pytest.raises(redis.TimeoutError):
            wire.ask("BLPOP", "nobody-rings-here", 1)
    client.connection_pool.connection_kwargs["socket_timeout"] = 30.0
    assert wire.ask("ECHO", "mine") == b"mine"
    client.close()
