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
from models import db, mail, payment_figures
from models.clock import Clock
from models.mail import Standing
from models.payment_figures import PaymentFigures
from models.process import Process

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

LATE = timedelta(seconds=30)
READ_EVERY = 30.0  # seconds


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
        self._read: tuple[list[tuple[str, int]], PaymentFigures] | None = None
        self._read_at = 0.0
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
        bookings, payments = self._of_a_while_ago(connection, now)
        for status, number in bookings:
            statuses.add_metric([status], number)
        yield statuses
        yield from _of_payments(payments)
        yield from _of_mailbox(mail.standing(connection))

    def _of_a_while_ago(
        self, connection: Connection, now: datetime
    ) -> tuple[list[tuple[str, int]], PaymentFigures]:
        """Read anew now and then, for each reads many rows."""
        with self._lock:
            if self._read is None or time.monotonic() - self._read_at >= READ_EVERY:
                found = connection.execute(text("SELECT status, count(*) FROM bookings GROUP BY status"))
                statuses = [(status, number) for status, number in found]
                self._read = statuses, payment_figures.read(connection, now)
                self._read_at = time.monotonic()
            return self._read


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


def _of_payments(figures: PaymentFigures) -> Iterator[GaugeMetricFamily]:
    """The last day's; a rate of nothing is left out."""
    told = _gauge(
        "payments_told", "Transfers that mails told of in the last 24 h, by what became of them.", "how"
    )
    told.add_metric(["automatic"], figures.automatic)
    told.add_metric(["by_admin"], figures.by_admin)
    told.add_metric(["unmatched"], figures.unmatched)
    yield told
    for name, about, figure in (
        ("payment_match_rate", "The part of these transfers whose booking was found.", figures.match_rate),
        ("payment_automatic_rate", "The part of them that needed nobody.", figures.automatic_rate),
        ("payment_unmatched_rate", "The part of them that is nobody's.", figures.unmatched_rate),
        ("payment_expiry_rate", "The part of bookings of 24 h that expired unpaid.", figures.expiry_rate),
        ("payment_processing_seconds", "From mail to paid booking, the middle one.", figures.seconds),
        ("payment_processing_seconds_95", "As many as nearly all take at most.", figures.seconds_95),
        ("payment_by_admin_seconds", "The same with a person, on average.", figures.seconds_by_admin),
    ):
        gauge = _gauge(name, about)
        if figure is not None:
            gauge.add_metric([], figure)
        yield gauge


def _of_mailbox(standing: Standing | None) -> Iterator[GaugeMetricFamily]:
    connected = _gauge("gmail_connected", "1 while the mailbox can be read.")
    polled = _gauge("gmail_last_successful_poll_seconds", "When it was read last, in Unix time.")
    if standing is not None:
        connected.add_metric([], float(standing.is_connected))
        if standing.looked_at is not None:
            polled.add_metric([], standing.looked_at.timestamp())
    yield from (connected, polled)


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
        "payments_waiting",
        "Payments that wait for a person, by why.",
        ("why",),
        "SELECT 'review', count(*) FROM bookings WHERE status = 'PAYMENT_REVIEW' AND hold_until IS NOT NULL "
        "UNION ALL SELECT 'unmatched', count(*) FROM payment_evidence WHERE source = 'gmail' AND kind = 'credit' "
        "AND trusted AND status IN ('pending', 'matched', 'unmatched')",
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
