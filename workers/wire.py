"""What Redis is asked with every message, at the least cost."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import redis

IDLE_SECONDS = 1.0  # for so long a connection that was good is taken to be good


class Wire:
    """Commands on connections that are kept, for any thread.

    The client counts, times and inspects its connections with every command, for twice what the rest costs; what
    runs with every message is asked here.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._pool = client.connection_pool
        self._kept: deque[tuple[Any, float]] = deque()

    def ask(self, *command: str | bytes | float) -> Any:
        """The answer to one command, as raw as it comes; it is never asked twice, for it may have had its effect.

        Raises:
            redis.RedisError: Redis is away, does not answer in the client's time, or refuses.
        """
        return self._ask_on(self._take(), command)

    def _take(self) -> Any:
        with contextlib.suppress(IndexError):
            connection, used_at = self._kept.pop()
            if time.monotonic() - used_at < IDLE_SECONDS:
                return connection
            # Redis may have closed it since: the client looks, and opens it again.
            self._pool.release(connection)
        return self._pool.get_connection()

    def _ask_on(self, connection: Any, command: Sequence[Any]) -> Any:
        try:
            connection.send_command(*command)
            answer = connection.read_response()
        except redis.ResponseError:
            self._keep(connection)
            raise
        except BaseException:
            self._forget(connection)  # its answer may still come, and would be taken for the next one's
            self._forget_all()  # Redis may have been away, and with it all that were made before
            raise
        self._keep(connection)
        return answer

    def _keep(self, connection: Any) -> None:
        self._kept.append((connection, time.monotonic()))

    def _forget_all(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._forget(self._kept.pop()[0])

    def _forget(self, connection: Any) -> None:
        connection.disconnect()
        self._pool.release(connection)
