"""Ports: the one that was asked for, or the next that is free."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Iterable

# Below what systems hand out for outgoing connections: nobody takes one between our look and our use.
_FREE_FROM, _FREE_TO = 15_000, 32_000


def next_free(port: int, taken: Iterable[int] = ()) -> int:
    """The port itself if nobody has it, else the next higher one that is free. 0 asks for any free one."""
    avoid = set(taken)
    candidates = range(port, min(port + 200, 65_536)) if port else _anywhere()
    for candidate in candidates:
        if candidate not in avoid and is_free(candidate):
            return candidate
    raise OSError(f"no free port from {port} on")


def is_free(port: int) -> bool:
    """Nobody listens on this port, neither on all addresses nor on the loopback of IPv4 or IPv6."""
    return all(_can_bind(family, host, port) for family, host in _ADDRESSES)


_ADDRESSES = (
    (socket.AF_INET, "0.0.0.0"),  # noqa: S104  only to see whether we could
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET6, "::1"),
)


def _can_bind(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # Old connections in TIME_WAIT do not count as busy; a listener still does.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        # A machine without IPv6 has no listener there either.
        return family == socket.AF_INET6 and error.errno != errno.EADDRINUSE
    return True


def _anywhere() -> Iterable[int]:
    while True:
        yield random.randrange(_FREE_FROM, _FREE_TO)
