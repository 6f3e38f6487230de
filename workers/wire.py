"""Redis, asked with every message."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Any

import redis


class Wire:
    """Commands on connections that are kept, for any thread.

    The client counts, times and inspects its connections with every command, for twice what the rest costs; what
    runs with every message is asked here.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._pool = client.connection_pool
        self._kept: deque[Any] = deque()

    def ask(self, *command: str | bytes | float) -> Any:
        """The answer to one command, as raw as it comes.

        Raises:
            redis.RedisError: Redis is away, does not answer in the client's time, or refuses.
        """
        with contextlib.suppress(IndexError):
            try:
                return self._ask_on(self._kept.pop(), command)
            except redis.ConnectionError:
                self._forget_all()  # Redis has been away since, and with it all that were made before
        return self._ask_on(self._pool.get_connection(), command)

    def _ask_on(self, connection: Any, command: Sequence[Any]) -> Any:
        try:
            connection.send_command(*command)
            answer = connection.read_response()
        except redis.ResponseError:
            self._kept.append(connection)
            raise
        except BaseException:
            self._forget(connection)  # its answer may still come, and would be taken for the next one's
            raise
        self._kept.append(connection)
        return answer

    def _forget_all(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._forget(self._kept.pop())

    def _forget(self, connection: Any) -> None:
        connection.disconnect()
        self._pool.release(connection)
