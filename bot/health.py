"""Am I well? Asked by load balancers and people; answers the same whichever process is asked.

What is wrong is read from the rows that all processes share, not from the one that answers: a process that was
killed or hangs is missed within ten seconds, and everything is well again by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime

import redis
from flask import Blueprint, Response, jsonify
from sqlalchemy import Connection, text

from models import db, outbound, process
from models.clock import Clock
from models.process import Process
from models.session import Session

REDIS_SECONDS = 0.5  # for an answer; who asks about us does not wait long either
DATABASE_SECONDS = 3.0  # a server that hangs keeps a connection waiting for ever
FIGURES_EVERY = 10.0
MESSAGE_WAITS, ERRAND_WAITS = 30.0, 120.0


@dataclass
class Report:
    """What there is to say.

    Attributes:
        wrong: a sentence for each thing that is not as it should be, by a stable word.
        oldest_waiting_seconds: how long a person has waited for their turn; None where nobody waits.
    """

    wrong: dict[str, str] = field(default_factory=dict)
    oldest_waiting_seconds: float | None = None
    processes: list[Process] = field(default_factory=list)


class Health:
    """Looks into database and Redis; one look at a time, which all who ask meanwhile share."""

    def __init__(self, redis_url: str, clock: Clock) -> None:
        self._clock = clock
        self._redis = redis.Redis.from_url(
            redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
        )
        self._lock = threading.Lock()
        self._looking: Future[Report] | None = None
        self._warned: Mapping[str, str] | None = None
        self._warned_at = 0.0

    def report(self) -> Report:
        report = self._look_at_database()
        try:
            self._redis.ping()
        except redis.RedisError:
            report.wrong["redis"] = (
                "Redis does not answer: what comes in is kept, and is answered once it is back."
            )
        return report

    def payment_warnings(self, session: Session) -> Mapping[str, str]:
        """What is not as it should be with payments as a whole; read anew now and then, for anybody may ask."""
        from models import payment_figures

        with self._lock:
            if self._warned is None or time.monotonic() - self._warned_at >= FIGURES_EVERY:
                figures = payment_figures.read(session, self._clock.now())
                self._warned = payment_figures.warnings(figures)
                self._warned_at = time.monotonic()
            return self._warned

    def _look_at_database(self) -> Report:
        """In a thread of its own, for who asks is to hear of a database that hangs."""
        with self._lock:
            looking = self._looking
            if looking is None or looking.done():
                looking = self._looking = Future()
                threading.Thread(target=self._look, args=(looking,), name="health", daemon=True).start()
        try:
            found = looking.result(DATABASE_SECONDS)
            return Report(dict(found.wrong), found.oldest_waiting_seconds, found.processes)
        except Exception:
            return Report({"database": "PostgreSQL does not answer: nothing works until it does."})

    def _look(self, answer: Future[Report]) -> None:
        try:
            with db.process().engine.connect() as connection:
                answer.set_result(_read(connection, self._clock.now()))
        except Exception as error:
            answer.set_exception(error)


def _read(connection: Connection, now: datetime) -> Report:
    report = Report(processes=process.look(connection))
    if missed := process.missing(report.processes):
        report.wrong["processes"] = " ".join(missed)
    oldest, errand = connection.execute(_OLDEST).one()
    if oldest is not None:
        report.oldest_waiting_seconds = max(0.0, (now - oldest).total_seconds())
        if report.oldest_waiting_seconds > MESSAGE_WAITS:
            report.wrong["turns"] = f"A message has waited for {report.oldest_waiting_seconds:.0f} s."
    if errand is not None and (late := (now - errand).total_seconds()) > ERRAND_WAITS:
        report.wrong["errands"] = f"Work on a booking has been due for {late:.0f} s."
    if outbound.waits(connection, outbound.SENDER_STOPPED):
        report.wrong["sending"] = "WhatsApp takes no messages from us; the admins will be told why."
    return report


# Each by its index of what is open; what is due later is not in the way of what is due.
_OLDEST = text(
    "SELECT (SELECT min(received_at) FROM inbound_events WHERE kind = 'message' AND done_at IS NULL), "
    "(SELECT min(due_at) FROM follow_ups WHERE done_at IS NULL)"
)


def health(look: Health) -> Blueprint:
    page = Blueprint("health", __name__)

    @page.get("/api/health")
    def answer() -> Response:
        """200 while all is well; else 503, what is wrong, and since when somebody waits."""
        report = look.report()
        response = jsonify(
            status="unwell" if report.wrong else "ok",
            wrong=list(report.wrong),
            details=report.wrong,
            oldest_waiting_seconds=report.oldest_waiting_seconds,
        )
        response.status_code = 503 if report.wrong else 200
        response.headers["Cache-Control"] = "no-store"
        return response

    return page
