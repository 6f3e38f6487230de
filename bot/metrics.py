"""/metrics for Prometheus: whichever web process is asked tells of all of them, on all machines.

What is now (who lives, what waits, bookings by status) is read from the rows; what was counted comes from the
processes' rows, into which each heartbeat writes it. Nothing is counted through files or locks that processes
share. Figures of a business are not everybody's: in production a token is asked for.

Source: docs/decisions/0009-figures-travel-with-the-heartbeat.md
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, request
from sqlalchemy import Connection, text
from werkzeug.exceptions import abort

import tally
from bot.health import Health
from models import db
from models.clock import Clock
from models.process import Process

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

LATE = timedelta(seconds=30)
STATUSES_EVERY = 30.0  # seconds; it reads every booking there is


def metrics(look: Health, clock: Clock, *, token: str, is_open: bool) -> Blueprint:
    """
    Args:
        token: what a caller must show; without one nobody is answered.
        is_open: everybody is answered: in the sandbox and in tests.
    """
    page = Blueprint("metrics", __name__)
    figures = Figures(look, clock)

    @page.get("/metrics")
    def answer() -> Response:
        # The library is loaded by the first call; many installations are never asked.
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        if not is_open:
            shown = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
            if not token:
                abort(404, "METRICS_TOKEN is not set.")
            if not hmac.compare_digest(shown, token.encode()):
                abort(401, "The token is missing or wrong.")
        return Response(generate_latest(figures), content_type=CONTENT_TYPE_LATEST)

    return page


def count_requests(app: Flask) -> None:
    """Count what Flask answers; an address is counted as its rule, for it may hold a ticket's key."""

    @app.after_request
    def count(response: Response) -> Response:
        rule = request.url_rule
        tally.REQUESTS.add(rule.rule if rule else "other", str(response.status_code))
        return response


class Figures:
    """All figures at this moment; one that cannot be read is left out, and said to be wrong."""

    def __init__(self, look: Health, clock: Clock) -> None:
        self._look, self._clock = look, clock
        self._statuses: tuple[float, list[tuple[str, int]]] = (-STATUSES_EVERY, [])
        self._lock = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        report = self._look.report()
        wrong = _gauge("wrong", "What is wrong, as /api/health says it.", "what")
        for what in report.wrong:
            wrong.add_metric([what], 1)
        yield wrong
        yield from _of_processes(report.processes)
        if "database" not in report.wrong:
            with db.process().engine.connect() as connection:
                yield from self._of_rows(connection, self._clock.now())

    def _of_rows(self, connection: Connection, now: datetime) -> Iterator[Metric]:
        for name, about, labels, statement in _OPEN:
            gauge = _gauge(name, about, *labels)
            for *values, figure in connection.execute(text(statement), {"now": now, "late": now - LATE}):
                gauge.add_metric([str(value) for value in values], float(figure or 0))
            yield gauge
        statuses = _gauge("bookings", "Bookings by status.", "status")
        for status, number in self._bookings(connection):
            statuses.add_metric([status], number)
        yield statuses

    def _bookings(self, connection: Connection) -> list[tuple[str, int]]:
        """Read anew now and then: no index serves this alone."""
        with self._lock:
            read_at, rows = self._statuses
            if time.monotonic() - read_at >= STATUSES_EVERY:
                found = connection.execute(text("SELECT status, count(*) FROM bookings GROUP BY status"))
                rows = [(status, number) for status, number in found]
                self._statuses = time.monotonic(), rows
            return rows


def _of_processes(processes: list[Process]) -> Iterator[Metric]:
    up = _gauge("process_up", "1 while a process is heard of.", "process", "machine")
    silent = _gauge("process_silent_seconds", "Since a process was last heard of.", "process", "machine")
    since = _gauge("process_start_time_seconds", "When a process began, in Unix time.", "process", "machine")
    for each in processes:
        who = [each.name, each.machine]
        up.add_metric(who, float(each.is_up))
        silent.add_metric(who, each.silent_seconds)
        since.add_metric(who, each.since.timestamp())
    yield from (up, silent, since)
    for name, count in tally.Count.every.items():
        yield _counted(count, processes, name)


def _counted(count: tally.Count, processes: list[Process], name: str) -> CounterMetricFamily:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(f"sarai_{name}", count.about, labels=["process", "machine", *count.labels])
    for each in processes:
        for *values, total in each.counts.get(name, []):
            if len(values) == len(count.labels):  # else of another release, which runs beside this one
                family.add_metric([each.name, each.machine, *values], total)
    return family


def _gauge(name: str, about: str, *labels: str) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(f"sarai_{name}", about, labels=labels)


# Each reads what is open by the index of what is open.
_OPEN: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    (
        "inbox_open",
        "What came in and is not worked off, by kind.",
        ("kind",),
        "SELECT kind, count(*) FROM inbound_events WHERE done_at IS NULL GROUP BY kind",
    ),
    (
        "inbox_oldest_seconds",
        "How long the oldest of it has waited, by kind.",
        ("kind",),
        "SELECT kind, greatest(0, extract(epoch FROM :now - min(received_at))) FROM inbound_events "
        "WHERE done_at IS NULL GROUP BY kind",
    ),
    (
        "outbox_open",
        "Messages that are not delivered to WhatsApp, by state.",
        ("state",),
        "SELECT state, count(*) FROM outbound_messages WHERE state IN ('QUEUED', 'SENDING', 'UNKNOWN') "
        "GROUP BY state",
    ),
    (
        "outbox_oldest_seconds",
        "How long the oldest message that is due has waited.",
        (),
        "SELECT greatest(0, extract(epoch FROM :now - min(due_at))) FROM outbound_messages "
        "WHERE state = 'QUEUED' AND due_at <= :now",
    ),
    (
        "follow_ups_open",
        "Follow-ups that are not done, by queue; most of them are timers.",
        ("queue",),
        "SELECT queue, count(*) FROM follow_ups WHERE done_at IS NULL GROUP BY queue",
    ),
    (
        "follow_ups_late",
        "Follow-ups that were due 30 s ago and are not done, by queue.",
        ("queue",),
        "SELECT queue, count(*) FILTER (WHERE due_at < :late) FROM follow_ups WHERE done_at IS NULL "
        "GROUP BY queue",
    ),
)
