"""One process of the Procfile: `python -m workers turns|sends|providers|slow|clock`."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import redis
import structlog
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

import config
import logs
import memory
from flows import notices
from integrations import clients
from models import db, sealed
from models.clock import Clock
from workers import bookings as bookings  # registers the light jobs
from workers import follow_ups, queue
from workers import transfers as transfers  # and those of transfers
from workers.calendars import CalendarJobs
from workers.errands import Errands, Round
from workers.evidence import EvidenceJobs
from workers.heartbeat import Heartbeat
from workers.matching import MatchJobs
from workers.outbox import Sender
from workers.payments import PaymentJobs
from workers.queue import CrewRunner, Doorbell, LaneRunner, Runner
from workers.rate import RateLimit
from workers.schedule import keep_time, periodic_jobs
from workers.tickets import TicketJobs
from workers.turns import Turns

log = structlog.get_logger()

PROVIDERS_SIDE_BY_SIDE = 8
SLOW_SIDE_BY_SIDE = 4  # one picture is read at a time, and tickets are not to wait for it


class Worker(SimpleWorker):
    """RQ's worker, which also tells a lingering drain that it is time to stop."""

    stopping: threading.Event
    max_connection_wait_time = 1

    def handle_warm_shutdown_request(self) -> None:
        self.stopping.set()
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]


def main(name: str) -> None:
    settings = config.load()
    logs.configure(settings.log_level, process=name)
    clock = Clock(settings.clock_file)
    lanes = queue.lanes(settings.turn_workers)
    doorbell = Doorbell(settings.redis_url, lanes)
    side_by_side = {"providers": PROVIDERS_SIDE_BY_SIDE, "slow": SLOW_SIDE_BY_SIDE}.get(name, 2)
    engine = db.make_engine(settings.database_url, pool_size=2 * side_by_side)
    db.start(engine, follow_ups=follow_ups.table(settings.rules), ring=doorbell.ring)
    sealed.start(settings.encryption_key)
    stopping = threading.Event()
    heartbeat = Heartbeat(name)
    heartbeat.start()
    memory.settle()
    try:
        if name == "clock":
            _be_the_clock(settings, clock, doorbell, stopping)
        else:
            _work(settings.redis_url, _RUNNERS[name](settings, clock, stopping), lanes, stopping)
    finally:
        heartbeat.stop()


def _turns(settings: config.Settings, clock: Clock, stopping: threading.Event) -> Runner:
    lanes = queue.lanes(settings.turn_workers).of[queue.TURNS]
    turns = Turns(rules=settings.rules, clock=clock, lanes=lanes)
    return LaneRunner(settings.redis_url, queue.TURNS, stopping, turns.drain)


def _sends(settings: config.Settings, clock: Clock, stopping: threading.Event) -> Runner:
    rate = RateLimit(
        settings.redis_url,
        number=settings.whatsapp_phone_number_id,
        per_second=settings.whatsapp_messages_per_second,
    )
    sender = Sender(
        clients.build(settings).whatsapp, clock=clock, rate=rate, in_flight=settings.sends_in_flight
    )
    return CrewRunner(settings.redis_url, queue.SENDS, stopping, sender)


def _providers(settings: config.Settings, clock: Clock, stopping: threading.Event) -> Runner:
    jobs = PaymentJobs(
        clients.build(settings).gateways,
        rules=settings.rules,
        clock=clock,
        has_mailbox=settings.gmail_enabled,
    ).jobs()
    rounds = [_mailbox(settings, clock)] if settings.gmail_enabled else []
    crew = Errands(queue.PROVIDERS, jobs, clock=clock, side_by_side=PROVIDERS_SIDE_BY_SIDE, rounds=rounds)
    return CrewRunner(settings.redis_url, queue.PROVIDERS, stopping, crew)


def _mailbox(settings: config.Settings, clock: Clock) -> Round:
    # Google's client and all that reads mails: 16 MB and a tenth of a second, for this process alone.
    from integrations import payment_mail
    from integrations.gmail_mailbox import GmailMailbox
    from workers.mailbox import MailboxRound

    mailbox = GmailMailbox(
        token_path=Path(settings.gmail_token_path),
        api_url=settings.gmail_api_url,
        query=settings.gmail_query,
        marks=settings.gmail_mark_as_read,
    )
    every = timedelta(minutes=settings.gmail_check_interval_minutes)
    return MailboxRound(mailbox, read=payment_mail.read, every=every, clock=clock)


def _slow(settings: config.Settings, clock: Clock, stopping: threading.Event) -> Runner:
    whatsapp = clients.build(settings).whatsapp
    jobs = {
        **TicketJobs(whatsapp, rules=settings.rules).jobs(),
        **EvidenceJobs(whatsapp, rules=settings.rules).jobs(),
    }
    chores = {
        **CalendarJobs(whatsapp, rules=settings.rules, clock=clock).chores(),
        **MatchJobs(notices, rules=settings.rules, clock=clock).chores(),
    }
    crew = Errands(queue.SLOW, jobs, clock=clock, side_by_side=SLOW_SIDE_BY_SIDE, chores=chores)
    return CrewRunner(settings.redis_url, queue.SLOW, stopping, crew)


_RUNNERS: dict[str, Callable[[config.Settings, Clock, threading.Event], Runner]] = {
    queue.TURNS: _turns,
    queue.SENDS: _sends,
    queue.PROVIDERS: _providers,
    queue.SLOW: _slow,
}


def _work(redis_url: str, runner: Runner, lanes: queue.Lanes, stopping: threading.Event) -> None:
    """Let RQ hand over lanes until told to stop; a Redis that is away is waited for, however long."""
    queue.runner = runner
    log.info("worker.ready", queue=runner.queue)
    while not stopping.is_set():
        try:
            connection = queue.connect(redis_url, patient=True)
            queues = [Queue(runner.queue, connection=connection, serializer=JSONSerializer)]
            worker = Worker(queues, connection=connection, serializer=JSONSerializer)
            worker.stopping = stopping
            runner.begin(lanes.of[runner.queue])
            worker.work(logging_level="WARNING", with_scheduler=False)
            return
        except redis.RedisError as error:
            log.warning("worker.no_redis", error=type(error).__name__)
            time.sleep(0.3)


def _be_the_clock(
    settings: config.Settings, clock: Clock, doorbell: Doorbell, stopping: threading.Event
) -> None:
    def stop(*_: Any) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    jobs = periodic_jobs(
        doorbell=doorbell,
        clock=clock,
        rules=settings.rules,
        sweeper=settings.sweeper == "on",
        hold_check_minutes=settings.booking_expiration_check_interval_minutes,
        admin_numbers=settings.admin_numbers,
        first_payee=(settings.payment_provider_name, settings.payment_provider_email),
        has_mailbox=settings.gmail_enabled,
    )
    log.info("worker.ready", queue="clock")
    keep_time(jobs, stopping)


if __name__ == "__main__":
    main(sys.argv[1])
