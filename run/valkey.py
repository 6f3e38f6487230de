"""Valkey (or Redis) as a child of ours: a unix socket, an append-only file, nothing ever evicted."""

from __future__ import annotations

import socket

from run import binaries
from run.children import Command
from run.places import Places


class Valkey:
    """One server on one data folder."""

    name = "valkey"
    label = "Valkey"

    def __init__(self, where: Places) -> None:
        self.folder = where.valkey
        self.socket = where.sockets / "valkey.sock"
        self.program = binaries.find_valkey()

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def prepare(self) -> None:
        """A socket that a killed server left would look like a living one until it is asked."""
        self.socket.unlink(missing_ok=True)

    def command(self) -> Command:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
            "daemonize": "no",
        }
        argv = [str(self.program)]
        for name, value in settings.items():
            argv += [f"--{name}", value]
        # Its log goes to the disk before it ends.
        return Command(self.name, tuple(argv), self.folder, stops_within=60.0)

    def is_ready(self) -> bool:
        """Whether it answers: while it still reads its file it accepts connections, but says LOADING."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.settimeout(1)
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
