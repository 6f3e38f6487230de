"""The Graph API as the product sees it, with everything that can go wrong on a wire.

What reached a phone is known here and nowhere else: a message counts as *taken* when WhatsApp would have
delivered it, whether or not the product ever saw an answer.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
import struct
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from bench.graph import Reply, read

Json = dict[str, Any]

OK: Final = "ok"
RESET, HANG = "reset", "hang"  # not taken: the connection breaks off, or nobody ever answers
LOST_ANSWER, SILENCE = "lost answer", "silence"  # taken, and the product is never told
PLAIN_500, PLAIN_429 = "500", "429"  # from a machine in front of Graph: no error object in the answer
LATE: Final = "late "  # "late 131047": accepted, and refused by a `failed` status a moment later
TAKEN: Final = frozenset({OK, LOST_ANSWER, SILENCE})

_HTTP_STATUS = {131000: 500, 130429: 429, 131056: 429, 131047: 400, 190: 401}
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests", 500: "Server Error"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One call that wanted to send a message.

    Attributes:
        at: seconds of `time.monotonic`.
        outcome: one of the above, or Graph's error code.
    """

    reply: Reply
    outcome: str
    at: float

    @property
    def taken(self) -> bool:
        return self.outcome in TAKEN

    @property
    def accepted(self) -> bool:
        """Whether the product was told, or would have been, that WhatsApp has it."""
        return self.taken or self.outcome.startswith(LATE)

    @property
    def message_id(self) -> int:
        """Our row's id, as `biz_opaque_callback_data` brings it back."""
        assert self.reply.callback is not None, "a message without callback data"
        return int(self.reply.callback.removeprefix("m:"))


class GraphApi:
    """A server on loopback; all of it runs in one event loop.

    Attributes:
        log: every call that wanted to send a message, oldest first.
        faults: by phone number, what happens to the next messages to it.
        everyone: what happens to all others meanwhile.
        latency: seconds until an answer. A message is taken when it arrives or, every second time, when it
            is answered; so a sender that is killed meanwhile leaves both kinds of unknown outcomes.
        upload_seconds: how long WhatsApp chews on a file.
        in_flight: messages that are being answered.
    """

    def __init__(self, on_taken: Callable[[Sent], None], on_late: Callable[[Sent], None]) -> None:
        self.log: list[Sent] = []
        self.faults: defaultdict[str, deque[str]] = defaultdict(deque)
        self.everyone: str | None = None
        self.latency = 0.0
        self.upload_seconds = 0.0
        self.in_flight = 0
        self.uploads = 0
        self._on_taken, self._on_late = on_taken, on_late
        self._numbers = itertools.count(1)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def taken(self) -> list[Sent]:
        """What reached phones, in this order."""
        return [sent for sent in self.log if sent.taken]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, path, _ = head.split("\r\n", 1)[0].split(" ", 2)
                body = await reader.readexactly(_length(head))
                await self._answer(method, path, body, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, _Broken):
            pass
        finally:
            writer.transport.abort()

    async def _answer(
        self, method: str, path: str, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if path.endswith("/media"):
            self.uploads += 1
            await asyncio.sleep(self.upload_seconds)
            _write(writer, 200, {"id": f"{next(self._numbers):015d}"})
        elif (
            method == "POST"
            and path.endswith("/messages")
            and b'"status":"read"' not in body.replace(b" ", b"")
        ):
            self.in_flight += 1
            try:
                await self._message(orjson.loads(body), reader, writer)
            finally:
                self.in_flight -= 1
        else:
            _write(writer, 200, {"success": True})

    async def _message(self, body: Json, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(self._numbers)
        reply = read(body, f"wamid.OUT{number:09d}", time.perf_counter())
        waiting = self.faults.get(reply.to)
        outcome = waiting.popleft() if waiting else self.everyone or OK
        late_taker = bool(self.latency) and number % 2 == 0
        if not late_taker:
            self._note(reply, outcome)
        await asyncio.sleep(self.latency * random.uniform(0.5, 1.5))
        if late_taker:
            if reader.at_eof():
                return  # who asked is dead, and the request went down with the connection
            self._note(reply, outcome)
        await _carry_out(outcome, reply, reader, writer)

    def _note(self, reply: Reply, outcome: str) -> None:
        sent = Sent(reply, outcome, time.monotonic())
        self.log.append(sent)
        if sent.taken:
            self._on_taken(sent)
        elif outcome.startswith(LATE):
            self._on_late(sent)


class _Broken(Exception):
    """This connection is over."""


async def _carry_out(
    outcome: str, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    if outcome in (RESET, LOST_ANSWER):
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST, not FIN
        raise _Broken
    if outcome in (HANG, SILENCE):
        await reader.read()  # until the product gives up
        raise _Broken
    if outcome in (PLAIN_500, PLAIN_429):
        _write(writer, int(outcome), None)
    elif outcome == OK or outcome.startswith(LATE):
        contacts = [{"input": reply.to, "wa_id": reply.to.lstrip("+")}]
        _write(
            writer,
            200,
            {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": reply.wamid}]},
        )
    else:
        code = int(outcome)
        error = {"message": f"(#{code}) refused", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
        _write(writer, _HTTP_STATUS[code], {"error": error})


def _write(writer: asyncio.StreamWriter, status: int, answer: Json | None) -> None:
    body = b"<html>not Graph's answer</html>" if answer is None else orjson.dumps(answer)
    kind = "text/html" if answer is None else "application/json"
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)


def _length(head: str) -> int:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0
