"""A server on real sockets that answers as it is told, byte by byte, and keeps what it got."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Act = Callable[[socket.socket], bool]  # answers one request; False ends the connection


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Outside:
    """Behaves as `will` says, one entry per request; an empty list means `otherwise`."""

    url: str
    port: int
    otherwise: Act
    will: list[Act] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0


def answer(status: int, body: bytes | str, content_type: str = "application/json", **headers: str) -> Act:
    data = body.encode() if isinstance(body, str) else body
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())

    def act(connection: socket.socket) -> bool:
        length = f"Content-Length: {len(data)}"
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\n{length}\r\n{more}\r\n"
        connection.sendall(head.encode() + data)
        return True

    return act


def raw(data: bytes, *, then_close: bool = False) -> Act:
    def act(connection: socket.socket) -> bool:
        connection.sendall(data)
        return not then_close

    return act


def reset(connection: socket.socket) -> bool:
    """The connection is torn down after the request was read."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def hang(connection: socket.socket) -> bool:
    """No answer, until the other side gives up."""
    connection.settimeout(60)
    connection.recv(1)
    return False


@contextmanager
def outside(otherwise: Act) -> Iterator[Outside]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = Outside(f"http://127.0.0.1:{port}", port, otherwise)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            server.connections += 1
            threading.Thread(target=_serve, args=(server, connection), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _serve(server: Outside, connection: socket.socket) -> None:
    buffer = b""
    with connection:
        while True:
            try:
                while b"\r\n\r\n" not in buffer:
                    if not (data := connection.recv(65536)):
                        return
                    buffer += data
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                first, *lines = head.decode("latin-1").split("\r\n")
                headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
                length = int(headers.get("content-length", "0"))
                while len(buffer) < length:
                    buffer += connection.recv(65536)
                body, buffer = buffer[:length], buffer[length:]
                method, path, _ = first.split(" ")
                act = server.will.pop(0) if server.will else server.otherwise
                server.requests.append(Request(method, path, headers, body))
                if not act(connection):
                    return
            except OSError:
                return


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
