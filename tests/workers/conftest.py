from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis


@pytest.fixture
def memory(redis_url: str) -> Iterator[redis.Redis]:
    """An empty Redis."""
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    yield client
    client.close()
