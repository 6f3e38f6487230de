from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from workers import queue, rate


@pytest.fixture
def memory(redis_url: str) -> Iterator[redis.Redis]:
    """An empty Redis."""
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def patient_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody does without Redis because a busy machine let it wait for fifty milliseconds."""
    connect = queue.connect
    for module in (queue, rate):
        monkeypatch.setattr(module, "connect", lambda url, *, patient: connect(url, patient=True))
