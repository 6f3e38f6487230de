"""The httpx client that pywa is given: same object, shorter way to the wire, any base address.

pywa sets Meta's Graph host as the base address of the client that it is handed. Only the path of what it
asks for is used here; the pool decides where it goes. That is how the sandbox and the tests are reached.
"""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from integrations.http_pool import HttpPool

_KEPT_HEADERS = ("content-type", "retry-after")


class Accepted:
    """What pywa reads of a good answer; httpx's own takes 40 µs to make, and pywa asks for its text each time."""

    __slots__ = ("_body", "status_code")

    text = "not kept: it is for pywa's log"

    def __init__(self, status_code: int, body: bytes) -> None:
        self.status_code = status_code
        self._body = body

    def json(self) -> Any:
        return orjson.loads(self._body)


class PoolClient(httpx.Client):
    """An httpx client over an `HttpPool`; JSON requests skip httpx's own request building (0.3 ms each)."""

    def __init__(self, pool: HttpPool) -> None:
        super().__init__(transport=_PoolTransport(pool), trust_env=False)
        self._pool = pool
        self._json_headers: dict[str, str] | None = None

    def request(self, method: str, url: httpx.URL | str, **kwargs: Any) -> Any:
        if kwargs.keys() != {"json"} or not isinstance(url, str):
            return super().request(method, url, **kwargs)
        if self._json_headers is None:  # pywa adds its token after the client is made
            self._json_headers = {
                "Authorization": self.headers["Authorization"],
                "User-Agent": self.headers["User-Agent"],
                "Content-Type": "application/json",
            }
            self._path = self.base_url.raw_path.decode().rstrip("/")
        answer = self._pool.exchange(
            method, self._path + url, self._json_headers, orjson.dumps(kwargs["json"])
        )
        if answer.status < 400:
            return Accepted(answer.status, answer.body)
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        return httpx.Response(answer.status, headers=headers, content=answer.body)


class _PoolTransport(httpx.BaseTransport):
    """Whatever is not JSON (uploads) goes through httpx as usual, and then the same way."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in ("host", "content-length", "connection", "transfer-encoding", "accept-encoding")
        }
        answer = self._pool.exchange(request.method, request.url.raw_path.decode(), headers, request.read())
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    def close(self) -> None:
        self._pool.close()
