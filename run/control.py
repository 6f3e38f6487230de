"""A unix socket to ask a running supervisor things: one JSON line in, one JSON line out.

`{"do": "status"}`, or stop, start and restart with the name of a process: `{"do": "stop", "name": "valkey"}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Any

from run.supervisor import Supervisor


async def serve(path: Path, supervisor: Supervisor) -> asyncio.Server:
    """Answer requests until the server is closed. Only our own user may ask."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            reply = await _do(supervisor, str(request.get("do")), str(request.get("name", "")))
        except (ValueError, AttributeError):
            reply = {"error": "not a request"}
        writer.write(json.dumps(reply).encode() + b"\n")
        writer.close()

    path.unlink(missing_ok=True)
    before = os.umask(0o077)
    try:
        return await asyncio.start_unix_server(answer, path)
    finally:
        os.umask(before)


async def _do(supervisor: Supervisor, what: str, name: str) -> dict[str, Any]:
    if what != "status":
        if name not in supervisor.processes:
            return {"error": f"there is no process {name}; there are {', '.join(supervisor.processes)}"}
        if what in ("stop", "restart"):
            await supervisor.stop(name)
        if what in ("start", "restart"):
            supervisor.resume(name)
        if what not in ("stop", "start", "restart"):
            return {"error": f"cannot {what}"}
    return {
        "processes": {
            process.command.name: {"pid": process.pid, "deaths": process.deaths, "wanted": process.wanted}
            for process in supervisor.processes.values()
        }
    }


def ask(path: Path, **request: str) -> dict[str, Any]:
    """Send one request to the supervisor at this socket.

    Raises:
        OSError: nobody answers there.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(120)  # who stops a database waits until all of it is on the disk
        client.connect(str(path))
        client.sendall(json.dumps(request).encode() + b"\n")
        with client.makefile("r") as answer:
            reply: dict[str, Any] = json.loads(answer.readline())
    if "error" in reply:
        raise LookupError(reply["error"])
    return reply
