"""The HTTP client that the stripe library is given: the library's own extension point, our connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import stripe

from integrations.http_pool import HttpPool


class PoolHTTPClient(stripe.HTTPClient):
    """Answers the library's requests over an `HttpPool`; `NotSent` and `OutcomeUnknown` pass through it."""

    name = "sarai"

    def __init__(self, pool: HttpPool, base_url: str) -> None:
        super().__init__()
        self._pool = pool
        self._base_length = len(base_url)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        body = (post_data or "").encode()
        answer = self._pool.exchange(method.upper(), url[self._base_length :], headers or {}, body)
        return answer.body.decode("utf-8", "replace"), answer.status, answer.headers

    def close(self) -> None:
        self._pool.close()
