"""Turns: one event in, one transaction, through the router; and what follows that only writes messages.

A turn claims the conversation that has waited longest, takes its oldest message, works it off and commits,
again and again until nothing waits in its lane. A message that fails is tried again while the person's
other messages wait behind it; at the fifth failure it is parked, the admins are told, and the next goes on.
"""

from __future__ import annotations

import time
from datetime import datetime

import structlog
from sqlalchemy.exc import DBAPIError

import tally
from flows import notices, router
from models import conversation, inbound, person
from models.clock import Clock
from models.db import unit_of_work
from models.rules import Rules
from models.session import Session
from workers import follow_ups
from workers.queue import Left

log = structlog.get_logger()

# Then the lane goes to the end of the line, for the others wait too.
TURNS_IN_A_ROW = 20


class Turns:
    def __init__(self, *, rules: Rules, clock: Clock, lanes: int) -> None:
        self.rules, self.clock, self.lanes = rules, clock, lanes

    def drain(self, lane: int) -> Left:
        """Work off what waits in this lane, for a while; what is left of it."""
        try:
            return self._work_off(lane)
        except DBAPIError as error:
            # The database is away, and the rows are safe there: the sweeper rings for them once it is back.
            log.warning("turns.wait", lane=lane, error=repr(error)[:300])
            return Left.NOTHING

    def _work_off(self, lane: int) -> Left:
        for _ in range(TURNS_IN_A_ROW):
            took, more = self.take_turn(lane)
            if more and not took:
                took, more = self.follow_up(lane)
            if not more:
                return Left.NOTHING
            if not took:
                return Left.HELD
        # In hours when turns never end, what follows them must not wait for the end.
        for _ in range(TURNS_IN_A_ROW):
            took, _more = self.follow_up(lane)
            if not took:
                break
        return Left.MORE

    def take_turn(self, lane: int) -> tuple[bool, bool]:
        """One message of one person; (whether there was one, whether anything else is due in this lane)."""
        event: inbound.Claimed | None = None
        more, began = True, time.monotonic()
        try:
            with unit_of_work() as session:
                now = self.clock.now()
                event, more = inbound.claim(session, lane=lane, lanes=self.lanes, now=now)
                if event is None:
                    return False, more
                if event.meets:
                    event = _introduce(session, event, now)
                if event.payload.get("type") == "system":
                    _take_system_news(session, event, now)
                    inbound.finish(session, event.id, outcome="DONE", now=now)
                else:
                    state = router.take_turn(session, event, rules=self.rules, now=now)
                    inbound.finish_turn(session, event, state, now=now)
        except DBAPIError as error:
            if error.connection_invalidated or event is None:
                raise  # the database is away: nothing was done, nothing is counted
            self._fail(event, error)
        except Exception as error:
            if event is None:
                raise
            self._fail(event, error)
        else:
            tally.TURNS.add("done")
        tally.TURN_SECONDS.add(by=time.monotonic() - began)
        return True, more

    def follow_up(self, lane: int) -> tuple[bool, bool]:
        return follow_ups.run_light(lane, self.lanes, rules=self.rules, clock=self.clock)

    def _fail(self, event: inbound.Claimed, error: Exception) -> None:
        log.exception("turn.failed", event_id=event.id, attempts=event.attempts + 1, exc_info=error)
        try:
            self._count(event, error, tell=True)
        except Exception as second:
            # Counted all the same: a message that is neither done nor put off would hold up its lane for ever.
            log.exception("turn.nobody_told", event_id=event.id, exc_info=second)
            self._count(event, error, tell=False)

    def _count(self, event: inbound.Claimed, error: Exception, *, tell: bool) -> None:
        with unit_of_work() as session:
            now = self.clock.now()
            conversation.lock(session, event.conversation_id)
            parked = inbound.fail(session, event.id, error=repr(error), now=now)
            tally.TURNS.add("parked" if parked else "failed")
            if parked and tell:
                notices.event_parked(session, event.id, rules=self.rules, now=now)


def _introduce(session: Session, event: inbound.Claimed, now: datetime) -> inbound.Claimed:
    """Attach what the message tells about who wrote it; the turn goes on as the person this makes."""
    phone, user_id, name = inbound.sender(event.payload)
    person_id = person.meet(session, event.conversation_id, phone=phone, user_id=user_id, name=name, now=now)
    return inbound.claimed_as(session, event, person_id)


def _take_system_news(session: Session, event: inbound.Claimed, now: datetime) -> None:
    """WhatsApp tells that this person has another number or user id: they stay who they are."""
    system = event.payload.get("system")
    if not isinstance(system, dict):
        return
    phone, user_id, _ = inbound.sender({"from": system.get("wa_id"), "from_user_id": system.get("user_id")})
    person.change_identifier(session, event.conversation_id, phone=phone, user_id=user_id, now=now)
