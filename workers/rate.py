"""How fast we may write: one bucket per WhatsApp number, shared by all senders through Redis."""

from __future__ import annotations

import time

import redis

from workers.queue import connect

# A bucket that fills with ARGV[1] tokens a second up to one second's worth; takes at most ARGV[2].
_TAKE = """
local now = redis.call('TIME')
local t = now[1] + now[2] / 1000000
local rate = tonumber(ARGV[1])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local passed = math.max(0, t - (tonumber(bucket[2]) or t)) -- a clock that was set back gives nothing, and takes nothing
local tokens = math.min(rate, (tonumber(bucket[1]) or rate) + passed * rate)
local taken = math.max(0, math.min(math.floor(tokens), tonumber(ARGV[2])))
redis.call('HSET', KEYS[1], 'tokens', tokens - taken, 'at', t)
redis.call('EXPIRE', KEYS[1], 10)
return taken
"""
PORTION = 0.1  # of a second's messages are fetched at once: a round trip serves many messages
STALE_SECONDS = 1.0


class RateLimit:
    """Says how many messages may go now. With Redis away each sender keeps the rate by itself."""

    def __init__(self, redis_url: str, *, number: str, per_second: int) -> None:
        self._redis = connect(redis_url, patient=False)
        self._take = self._redis.register_script(_TAKE)
        self._key = f"sarai:rate:{number}"
        self._per_second = per_second
        self._have = 0
        self._have_since = 0.0
        self._own_tokens = float(per_second)
        self._own_at = time.monotonic()

    def allow(self, most: int) -> int:
        """Take up to `most` permissions; 0 means wait."""
        now = time.monotonic()
        if now - self._have_since > STALE_SECONDS:
            self._have = 0
        if self._have == 0:
            portion = max(1, int(self._per_second * PORTION))
            try:
                self._have = int(self._take(keys=[self._key], args=[self._per_second, portion]))
            except redis.RedisError:
                self._have = self._take_own(portion, now)
            self._have_since = now
        allowed = min(most, self._have)
        self._have -= allowed
        return allowed

    def give_back(self, unused: int) -> None:
        self._have += unused

    def wait_seconds(self) -> float:
        """How long until the bucket has something again."""
        return max(1.0 / self._per_second, 0.01)

    def _take_own(self, most: int, now: float) -> int:
        self._own_tokens = min(
            float(self._per_second), self._own_tokens + (now - self._own_at) * self._per_second
        )
        self._own_at = now
        taken = min(int(self._own_tokens), most)
        self._own_tokens -= taken
        return taken
