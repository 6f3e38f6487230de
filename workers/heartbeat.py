"""Every few seconds each process says that it lives, and what it has counted, from a thread of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import threading

import structlog

import tally
from models import db, process
from models.process import BEAT_SECONDS, Identity

log = structlog.get_logger()


class Heartbeat:
    """Beats from `start` until `stop`; while the database is away it keeps trying.

    Args:
        kind: web, turns, sends, providers, slow or clock; also the process's name, unless PROCESS_NAME is one.
    """

    def __init__(self, kind: str) -> None:
        name = os.environ.get("PROCESS_NAME") or kind
        self._wanted = self._who = Identity(kind, name, socket.gethostname(), os.getpid())
        self._is_known = False
        self._is_heard = True
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop beating, and let nobody miss us."""
        self._stopping.set()
        self._thread.join(BEAT_SECONDS)
        if self._is_known:
            with contextlib.suppress(Exception), db.one_statement(apart=True) as (cursor, _):
                process.leave(cursor, self._who)

    def _beat_on(self) -> None:
        while not self._stopping.is_set():
            try:
                self.beat()
                self._is_heard = True
            except Exception as error:
                if self._is_heard:
                    log.warning("heartbeat.silent", error=type(error).__name__)
                self._is_heard = False
            self._stopping.wait(BEAT_SECONDS)

    def beat(self) -> None:
        """Say it once; the first time, and whenever our row is not there, with a name that is free."""
        with db.one_statement(apart=True) as (cursor, _):
            if not (self._is_known and process.beat(cursor, self._who, tally.so_far())):
                self._who = process.claim(cursor, self._wanted, lives=_lives)
                self._is_known = True


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, but there
        pass
    return True
