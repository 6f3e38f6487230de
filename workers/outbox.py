"""Deliver what is to be said: many people at once, one message at a time to each, within WhatsApp's rates.

One thread reads and writes rows, a pool of threads only waits for WhatsApp, so that a slow answer stops
neither a neighbour nor the database. The attempt is on record before WhatsApp is called: a sender that is
killed leaves a message whose outcome is unknown, and that is what the sweeper takes it for.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

import tally
from flows import notices
from flows.templates import answer_ready
from integrations.whatsapp import NotSent, WhatsApp, WhatsAppRefused, WhatsAppUnknown
from models import delivery, outbound, outbox
from models.clock import Clock
from models.db import unit_of_work
from models.message import Message, Template, from_json
from models.outbox import Outcome, Sendable
from workers.crew import Crew
from workers.rate import RateLimit

log = structlog.get_logger()

STATUSES_AT_ONCE = 500
STATUSES_EVERY = 1.0  # seconds; they come three to a message, and what they tell can wait that long
# A sender that is killed meanwhile leaves a message unknown, as one does that is killed while WhatsApp thinks.
RESULTS_WAIT = 0.02
PACE = 0.02
OUR_BUG = 100
STOPS: Mapping[delivery.Reason, str] = {
    delivery.Reason.TOKEN: "the access token or a permission is not valid",
    delivery.Reason.RESTRICTED: "our number is restricted for a while",
    delivery.Reason.ACCOUNT: "the account, its payment method or a policy does not allow it",
    delivery.Reason.OUR_BUG: "a message was not made as WhatsApp wants it",
    delivery.Reason.TEMPLATE_WRONG: "a template is missing or does not fit",
    delivery.Reason.TEMPLATE_PAUSED: "a template is paused or disabled",
    delivery.Reason.MEDIA: "a file was not taken",
    delivery.Reason.UNLISTED: "for a reason that we do not know",
}
RESTRICTION_TOLD = timedelta(hours=1)
# How long nobody is written to after a refusal that meant all of us.
PAUSES: Mapping[delivery.Scope, float] = {delivery.Scope.NUMBER: 1.0, delivery.Scope.EVERYTHING: 5.0}


class Sender(Crew[Sendable, Outcome]):
    results_wait = RESULTS_WAIT
    pace = PACE

    def __init__(self, whatsapp: WhatsApp, *, clock: Clock, rate: RateLimit, in_flight: int) -> None:
        super().__init__("send", in_flight)
        self._whatsapp = whatsapp
        self._clock = clock
        self._rate = rate
        self._pause_until = 0.0
        self._stopped = False
        self._statuses_at = 0.0

    def exchange(self, results: Sequence[Outcome], most: int, *, rung: bool) -> Sequence[Sendable]:
        """Record what became of messages and claim those whose turn it is, as many as the rates allow."""
        self._heed(results)  # before anything is claimed, or each refusal would be followed by one more
        self._tell_of_stop(results)
        if rung and time.monotonic() >= self._statuses_at:
            while self._take_statuses():
                pass
            self._statuses_at = time.monotonic() + STATUSES_EVERY
        # After a stop one message asks whether it is over; the others wait for its answer.
        most = min(most, 1 - self._under_way + len(results)) if self._stopped else most
        allowed = 0 if time.monotonic() < self._pause_until else self._rate.allow(max(0, most))
        look = rung or not results
        sendables = outbox.exchange(results, most=allowed, look=look, now=self._clock.now())
        self._rate.give_back(allowed - len(sendables))
        if len(sendables) == allowed < most:
            # The rates, not the rows, were what ended the claim.
            self.wake_in(max(self._rate.wait_seconds(), self._pause_until - time.monotonic()))
        self._note(results)
        return sendables

    def perform(self, sendable: Sendable) -> Outcome:
        try:
            return self._try(sendable)
        except Exception as error:
            log.exception("message.failed", message_id=sendable.id, exc_info=error)
            return Outcome(sendable, verdict=delivery.classify(OUR_BUG, 400), code=OUR_BUG, error=repr(error))

    def _heed(self, outcomes: Sequence[Outcome]) -> None:
        """What these mean for all others: a pause, a stop, or the end of one."""
        for outcome in outcomes:
            if outcome.verdict is None:
                self._stopped = False
                continue
            if outcome.verdict.scope in PAUSES:
                self._pause(PAUSES[outcome.verdict.scope])
            if outcome.verdict.kind is delivery.Kind.STOP_SENDER and not self._stopped:
                self._stopped = outcome.verdict.scope is delivery.Scope.EVERYTHING
                log.error("sender.stopped", reason=outcome.verdict.reason, code=outcome.code)

    def _note(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            became = outcome.verdict.reason.lower() if outcome.verdict else "accepted"
            tally.MESSAGES.add(outcome.message.kind, became)
            if outcome.verdict is None:
                continue
            log.warning(
                "message.not_accepted",
                message_id=outcome.message.id,
                kind=outcome.message.kind,
                attempt=outcome.message.attempt,
                verdict=outcome.verdict.kind,
                reason=outcome.verdict.reason,
                code=outcome.code,
                error=outcome.error,
            )

    def _tell_of_stop(self, outcomes: Sequence[Outcome]) -> None:
        """The admins read it when sending works again; with every refusal anew, for it is said but once per stop."""
        stops = [o for o in outcomes if o.verdict is not None and o.verdict.kind is delivery.Kind.STOP_SENDER]
        # Of a message that is about a booking its own job tells.
        lost = [
            o
            for o in outcomes
            if o.verdict is not None
            and o.verdict.kind is delivery.Kind.GIVE_UP_ALERT
            and o.message.booking_id is None
            and o.message.kind != outbound.SENDER_STOPPED
        ]
        for outcome in [*stops, *lost][:1]:
            assert outcome.verdict is not None
            now = self._clock.now()
            # A restriction lets some messages pass, and with them what tells of it: not of each one that it stops.
            all_stop = outcome.verdict.scope is delivery.Scope.EVERYTHING
            since = now if all_stop else now - RESTRICTION_TOLD
            why = STOPS[outcome.verdict.reason]
            with unit_of_work() as session:
                notices.sender_stopped(session, why=why, code=outcome.code, since=since, now=now)

    def _take_statuses(self) -> bool:
        """One batch of statuses; True if it was a full one."""
        with unit_of_work() as session:
            now = self._clock.now()
            taken = outbox.take_statuses(session, most=STATUSES_AT_ONCE, now=now)
            for reason, code in session.info.get("alarms", ())[:1]:
                since = now - RESTRICTION_TOLD
                notices.sender_stopped(session, why=STOPS[reason], code=code, since=since, now=now)
        return taken == STATUSES_AT_ONCE

    def _pause(self, seconds: float) -> None:
        """All wait: the number is too fast, or WhatsApp wants nothing from us."""
        self._pause_until = time.monotonic() + seconds
        self.wake_in(seconds)

    def _try(self, sendable: Sendable) -> Outcome:
        try:
            sent = self._whatsapp.send(sendable.to, _wording(sendable), outbox.callback_data(sendable))
            return Outcome(sendable, wamid=sent.wamid)
        except WhatsAppRefused as error:
            verdict = delivery.classify(error.code, error.http_status)
            return Outcome(sendable, verdict=verdict, code=error.code, error=str(error))
        except NotSent as error:
            return Outcome(sendable, verdict=delivery.NOT_REACHED, error=str(error))
        except WhatsAppUnknown as error:
            return Outcome(sendable, verdict=delivery.classify(None, None), error=str(error))


def _wording(sendable: Sendable) -> Message:
    """The message itself while the person's window is open, else its template, or the general one."""
    if not sendable.as_template:
        return from_json(sendable.message)
    if sendable.template is not None:
        template = from_json(sendable.template)
        assert isinstance(template, Template)
        return template
    return answer_ready()
