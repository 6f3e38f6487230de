"""WhatsApp's side of the wire, as small as it can be: takes messages, and misbehaves for whom it is told to."""

from __future__ import annotations

import itertools
import json
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Graph:
    """Accepts every message, except to people for whom `will` says otherwise, one entry per request.

    An entry is an error code, or "hang", "reset", or a whole answer.

    Attributes:
        taken: (to, words) of every message that was read, in order, whatever was answered.
        uploaded: sizes of the files that were handed over; `will["media"]` is for them.
        code: refuses everybody with this code, while it is set.
    """

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.uploaded: list[int] = []
        self.will: dict[str, list[int | str | dict[str, Any]]] = defaultdict(list)
        self.code: int | None = None
        self.release = threading.Event()
        self._numbers = itertools.count(1)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def words_to(self, phone: str) -> list[str]:
        return [words for to, words in self.taken if to == phone]

    def take(self, body: dict[str, Any]) -> int | str | dict[str, Any]:
        to = body.get("to") or body.get("recipient") or "typing"
        kind = body.get("type", "typing")
        words = body["text"]["body"] if kind == "text" else kind
        self.taken.append((to, words))
        self.bodies.append(body)
        if self.code is not None:
            return self.code
        if self.will[to]:
            return self.will[to].pop(0)
        return {"messaging_product": "whatsapp", "messages": [{"id": f"wamid.out.{next(self._numbers)}"}]}

    def take_file(self, content: bytes) -> int | str | dict[str, Any]:
        self.uploaded.append(len(content))
        return self.will["media"].pop(0) if self.will["media"] else {"id": "1234567890"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        graph = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_file = self.path.endswith("/media")
                answer = graph.take_file(body) if is_file else graph.take(json.loads(body))
                if answer == "hang":
                    graph.release.wait(120)
                    self.close_connection = True
                elif answer == "reset":
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()
                    self.close_connection = True
                else:
                    self._say(answer)

            def _say(self, answer: int | str | dict[str, Any]) -> None:
                status = 200
                if isinstance(answer, int):
                    status = 401 if answer == 190 else 400
                    answer = {
                        "error": {"message": f"(#{answer}) no", "type": "OAuthException", "code": answer}
                    }
                data = json.dumps(answer).encode()
                head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
                self.connection.sendall(head.encode() + data)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    @contextmanager
    def running(self) -> Iterator[Graph]:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield self
        finally:
            self.release.set()
            self._server.shutdown()
            self._server.server_close()
