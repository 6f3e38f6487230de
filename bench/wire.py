"""Just enough HTTP/1.1 for a load driver that shares two cores with what it measures.

A request costs about a fifth of what it costs in a full library. Bodies have a Content-Length or come in
chunks; connections are kept; nothing is pipelined. For loopback only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

HOST = "127.0.0.1"
_HEAD_END = b"\r\n\r\n"
_REASONS = {200: b"OK", 400: b"Bad Request", 404: b"Not Found", 429: b"Too Many Requests", 500: b"Error"}

Respond = Callable[[int, bytes], None]
Handler = Callable[[str, str, bytes, Respond], None]


def _header(head: bytes, name: bytes) -> bytes | None:
    """A header's value; `head` is lower case."""
    at = head.find(b"\r\n" + name + b":")
    if at < 0:
        return None
    start = at + len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].strip()


def _take_body(buffer: bytearray, head: bytes, start: int) -> tuple[bytes, int] | None:
    """The whole body and where it ends in the buffer; None while some of it is missing."""
    if _header(head, b"transfer-encoding") == b"chunked":
        return _take_chunks(buffer, start)
    end = start + int(_header(head, b"content-length") or 0)
    return (bytes(buffer[start:end]), end) if len(buffer) >= end else None


def _take_chunks(buffer: bytearray, at: int) -> tuple[bytes, int] | None:
    parts: list[bytes] = []
    while True:
        line_end = buffer.find(b"\r\n", at)
        if line_end < 0:
            return None
        size = int(bytes(buffer[at:line_end]).split(b";")[0], 16)
        after = line_end + 2 + size + 2
        if len(buffer) < after:
            return None
        if size == 0:
            return b"".join(parts), after
        parts.append(bytes(buffer[line_end + 2 : line_end + 2 + size]))
        at = after


class Connection(asyncio.Protocol):
    """One client of our server; a request is handled when its answer to the one before is out."""

    def __init__(self, handle: Handler, open_ones: set[Connection]) -> None:
        self._handle = handle
        self._open_ones = open_ones
        self._buffer = bytearray()
        self._busy = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._open_ones.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._open_ones.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy:
            self._next()

    def _next(self) -> None:
        head_end = self._buffer.find(_HEAD_END)
        if head_end < 0:
            return
        head = bytes(self._buffer[:head_end])
        lowered = head.lower()
        body = _take_body(self._buffer, lowered, head_end + 4)
        if body is None:
            if b"100-continue" in lowered and self.transport is not None:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        del self._buffer[: body[1]]
        method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        self._busy = True
        self._handle(method, path, body[0], self._respond)

    def _respond(self, status: int, body: bytes) -> None:
        self._busy = False
        if self.transport is None:
            return
        self.transport.write(
            b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (status, _REASONS.get(status, b"Status"), len(body), body)
        )
        if self._buffer:
            self._next()


class Server:
    """Serves one handler: it answers by calling `respond`, at once or later."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._open: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        make = lambda: Connection(self._handle, self._open)  # noqa: E731
        self._server = await loop.create_server(make, HOST, port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for connection in list(self._open):
                if connection.transport is not None:
                    connection.transport.abort()
            await self._server.wait_closed()


@dataclass(frozen=True, slots=True)
class Answer:
    """Status 0 means that no answer came."""

    status: int
    body: bytes


class _Call(asyncio.Protocol):
    """A kept connection to the product; carries one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.future: asyncio.Future[Answer] | None = None
        self._buffer = bytearray()
        self.reusable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport, self.reusable = None, False
        self._end(Answer(0, b"the connection was closed"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(_HEAD_END)
        if head_end < 0:
            return
        head = bytes(self._buffer[:head_end]).lower()
        body = _take_body(self._buffer, head, head_end + 4)
        if body is None:
            return
        del self._buffer[: body[1]]
        if _header(head, b"connection") == b"close":
            self.reusable = False
        self._end(Answer(int(head[9:12]), body[0]))

    def _end(self, answer: Answer) -> None:
        future, self.future = self.future, None
        if future is not None and not future.done():
            future.set_result(answer)


class Client:
    """Posts to one address over kept connections, as many as are needed up to `most`."""

    def __init__(self, port: int, *, most: int = 128, timeout: float = 30.0) -> None:
        self._port = port
        self._idle: deque[_Call] = deque()
        self._slots = asyncio.Semaphore(most)
        self._timeout = timeout

    async def post(self, path: str, headers: str, body: bytes) -> Answer:
        """Post; never raises.

        Args:
            headers: further header lines, each with its line end.
        """
        request = (
            f"POST {path} HTTP/1.1\r\nHost: {HOST}:{self._port}\r\nContent-Type: application/json\r\n"
            f"{headers}Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        async with self._slots:
            while True:
                kept = self._take_idle()
                try:
                    call = kept or await self._connect()
                except OSError as error:
                    return Answer(0, repr(error).encode())
                answer = await self._exchange(call, request)
                if answer.status or kept is None:
                    return answer
                # A kept connection that the server had just closed: the request was not read, ask anew.

    async def _exchange(self, call: _Call, request: bytes) -> Answer:
        loop = asyncio.get_running_loop()
        assert call.transport is not None
        call.future = future = loop.create_future()
        call.transport.write(request)
        late = loop.call_later(self._timeout, call.transport.abort)
        try:
            answer: Answer = await future
        finally:
            late.cancel()
        if call.reusable:
            self._idle.append(call)
        elif call.transport is not None:
            call.transport.close()
        return answer

    def _take_idle(self) -> _Call | None:
        while self._idle:
            call = self._idle.pop()
            if call.transport is not None and not call.transport.is_closing():
                return call
        return None

    async def _connect(self) -> _Call:
        loop = asyncio.get_running_loop()
        _, call = await loop.create_connection(_Call, HOST, self._port)
        return call

    def close(self) -> None:
        for call in self._idle:
            if call.transport is not None:
                call.transport.close()
        self._idle.clear()
