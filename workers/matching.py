"""The matcher's run: all evidence that waits, and the payments it can be for, assigned together; then what follows.

The rows are the truth: what is due stands in `payment_evidence.match_at`, and each decision is written in one unit
of work with what it does. A run that dies leaves the rest due; of two runs at once the second finds each row decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from models import awaited, evidence, verification
from models.awaited import Waiting
from models.booking import Booking
from models.booking_event import SARAI
from models.chore import Chore
from models.clock import Clock
from models.db import unit_of_work
from models.errors import BookingError
from models.evidence import CREDIT, MATCH, EvidenceStatus
from models.lifecycle import Status
from models.matching import Candidate, Decision, OpenTransfer, Settled, Verdict, Why, assign
from models.payment import AUTO_GMAIL, AUTO_SCREENSHOT, Found
from models.receipt import Receipt
from models.rules import Rules
from models.session import Session
from models.verification import Mode
from workers.errands import ChoreJob, ChoreRecord

log = structlog.get_logger()

# How long guests have to say whose transfer it is, before an admin is asked.
ANSWER_IN: Final = timedelta(minutes=15)
# More than so many are not asked: one of them would be bothered for each that pays.
MOST_ASKED: Final = 4
AGAIN: Final = timedelta(minutes=1)
MOST_RUNS: Final = 20  # of a hundred each, before others who wait for this process have their turn


class Tells(Protocol):
    """How people hear of what is not certain; `flows.notices`, or nobody in a simulation."""

    def propose_match(self, session: Session, evidence_id: int, *, rules: Rules, now: datetime) -> None:
        """An admin is shown all candidates, and decides."""

    def unmatched(self, session: Session, evidence_id: int, *, rules: Rules, now: datetime) -> None:
        """An admin hears of money that nothing fits."""

    def ask_whose_transfer(
        self, session: Session, booking: Booking, evidence_id: int, *, rules: Rules, now: datetime
    ) -> None:
        """A guest who could have made the transfer is asked for the end of its id (`evidence.note_typed_tail`)."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What one run goes by: the payments as they were read, the mode, and whose mails may confirm."""

    seen: Mapping[int, OpenTransfer]
    mode: Mode
    confirming: frozenset[str]

    def may_confirm(self, one: Waiting) -> bool:
        """Whether what is certain needs nobody's yes: by the mode, and for mails that are known to be read rightly."""
        return (
            self.mode is not Mode.MANUAL
            and one.known_form
            and not one.is_rejected
            and not one.is_gone
            and one.transfer.issuer in self.confirming
        )

    def to_ask(self, one: Waiting, decision: Decision) -> Sequence[Candidate]:
        """The guests who could say whose it is: each awaits a transfer of this amount, and there are few of them."""
        if one.transfer.transaction_id is None or one.is_rejected or one.is_gone or not one.known_form:
            return []
        them = [
            candidate
            for candidate in decision.tied
            if self.seen[candidate.payment_id].settled is Settled.NO
            and not _NOT_ASKED.intersection(candidate.why)
        ]
        return them if len(them) <= MOST_ASKED else []


class MatchJobs:
    def __init__(self, tells: Tells, *, rules: Rules, clock: Clock) -> None:
        self._tells = tells
        self._rules = rules
        self._mode = Mode(rules.verification_mode)
        self._clock = clock

    def chores(self) -> Mapping[str, ChoreJob]:
        return {MATCH: self.match_transfers}

    def match_transfers(self, chore: Chore) -> ChoreRecord:
        """Match whatever waits; nothing is left to be written, for each decision was written by itself."""
        for _ in range(MOST_RUNS):
            if not self.run():
                break
        return lambda session, now: None

    def run(self) -> int:
        """Look once at all that is due, together; how many there were."""
        now = self._clock.now()
        with unit_of_work() as session:
            due = awaited.waiting(session, now)
            fresh = [one for one in due if one.kind == CREDIT and not _repeats(one)]
            mode, confirming = verification.mode(session, self._mode), verification.confirming(session)
            ours = awaited.accounts(session) if fresh else []
            payments = awaited.in_view(session, [one.transfer for one in fresh], ours, now)
        decisions = assign(
            {one.id: one.transfer for one in fresh},
            payments,
            accounts=ours,
            rules=verification.match_rules(self._rules),
        )
        look = _Look({one.payment_id: one for one in payments}, mode, confirming)
        for one in due:
            try:
                self._conclude(one, decisions.get(one.id), look)
            except Exception as error:
                log.exception("match.failed", evidence_id=one.id, exc_info=error)
                with unit_of_work() as session:
                    awaited.put_off(session, one, self._clock.now() + AGAIN)
        return len(due)

    def _conclude(self, one: Waiting, decision: Decision | None, look: _Look) -> None:
        """Write what was decided, and do it, in one commit; a row that somebody else decided meanwhile is left."""
        with unit_of_work() as session:
            now = self._clock.now()
            if one.kind != CREDIT:
                self._reverse(session, one)
            elif decision is None:
                if awaited.still_waits(session, one, now):
                    awaited.set_aside_repeat(session, one)
            elif decision.confirms and look.may_confirm(one):
                self._confirm(session, one, decision, look)
            else:
                if decision.chosen is not None and decision.is_ahead:
                    Booking.for_update(session, decision.chosen.booking_id)  # before the evidence, as always
                if awaited.still_waits(session, one, now):
                    self._leave_to_people(session, one, decision, look)

    def _confirm(self, session: Session, one: Waiting, decision: Decision, look: _Look) -> None:
        """The money is this booking's; what follows of it is the booking's own affair."""
        chosen, now = decision.chosen, self._clock.now()
        assert chosen is not None
        booking = Booking.for_update(session, chosen.booking_id)
        if not awaited.still_waits(session, one, now):
            return
        if awaited.details(session, [chosen.payment_id]) != [look.seen[chosen.payment_id]]:
            # An admin, the guest or a timer was quicker: it is thought over again at once.
            awaited.put_off(session, one, now)
            return
        try:
            with session.begin_nested():
                booking.record_found(
                    session,
                    Found(
                        one.id, chosen.payment_id, one.transfer.amount, _how(chosen), one.transfer.occurred_at
                    ),
                    actor=SARAI,
                    rules=self._rules,
                    cause=f"evidence:{one.id}",
                    now=now,
                )
        except BookingError as refused:
            log.warning("match.refused", evidence_id=one.id, booking_id=booking.id, code=refused.code)
            self._leave_to_people(session, one, decision, look)
            return
        awaited.write(session, one, decision, status=None, match_at=None, asked_until=one.asked_until)
        awaited.look_again(session, chosen.payment_id, now)

    def _leave_to_people(self, session: Session, one: Waiting, decision: Decision, look: _Look) -> None:
        """Nothing is certain, or nothing may be done by itself: guests are asked, or an admin, or nobody."""
        now = self._clock.now()
        asked = look.to_ask(one, decision) if look.mode is Mode.HYBRID else []
        if asked and one.asked_until is None:
            until = now + ANSWER_IN
            # Who has still to answer for another transfer is not asked twice: what they type is held against both.
            waiting = awaited.asked_already(session, [candidate.payment_id for candidate in asked], now)
            booking_ids = [c.booking_id for c in asked if c.payment_id not in waiting]
            self._keep_place(session, one, decision)
            awaited.write(
                session, one, decision, status=EvidenceStatus.PENDING, match_at=until, asked_until=until
            )
            for booking_id in booking_ids:
                booking = Booking.get(session, booking_id)
                self._tells.ask_whose_transfer(session, booking, one.id, rules=self._rules, now=now)
            return
        if asked and one.asked_until is not None and now < one.asked_until:
            status, match_at = EvidenceStatus.PENDING, one.asked_until  # somebody has yet to answer
            awaited.write(session, one, decision, status=status, match_at=match_at, asked_until=match_at)
            return
        is_first = one.status == EvidenceStatus.PENDING
        has_match = decision.chosen is not None and look.mode is not Mode.AUTOMATED
        awaited.write(
            session,
            one,
            decision,
            status=EvidenceStatus.MATCHED if has_match else EvidenceStatus.UNMATCHED,
            match_at=None,
            asked_until=one.asked_until,
        )
        # Who was told before is told again only when it has become certain: rivals come and go all day.
        is_better = one.status == EvidenceStatus.UNMATCHED or (
            decision.confirms and one.verdict != Verdict.SURE
        )
        if has_match and (is_first or is_better):
            self._keep_place(session, one, decision)
            self._tells.propose_match(session, one.id, rules=self._rules, now=now)
        elif decision.chosen is None and is_first:
            self._tells.unmatched(session, one.id, rules=self._rules, now=now)

    def _keep_place(self, session: Session, one: Waiting, decision: Decision) -> None:
        """Money is here that is most likely this booking's: it does not run out while somebody has yet to say so.

        Where several bookings explain it as well, none is kept; and what is not even certain claims nothing back.
        """
        if decision.chosen is None or not decision.is_ahead:
            return
        booking = Booking.for_update(session, decision.chosen.booking_id)
        if not decision.confirms and booking.status != Status.PAYMENT_PENDING:
            return
        try:
            with session.begin_nested():
                booking.keep_for_found(
                    session, one.id, rules=self._rules, cause=f"evidence:{one.id}", now=self._clock.now()
                )
        except BookingError as refused:
            log.info("match.keeps_no_place", evidence_id=one.id, booking_id=booking.id, code=refused.code)

    def _reverse(self, session: Session, one: Waiting) -> None:
        """A bank took money back: its booking is looked at again, or an admin where nobody knows whose it was."""
        now = self._clock.now()
        taken = _taken_back(session, one) if one.known_form else None
        if taken is not None:
            booking = Booking.for_update(session, taken.booking_id)
            if awaited.still_waits(session, one, now):
                booking.reverse(
                    session,
                    taken,
                    evidence_id=one.id,
                    how=AUTO_GMAIL,
                    actor=SARAI,
                    cause=f"evidence:{one.id}",
                    now=now,
                    occurred_at=one.transfer.occurred_at,
                )
                awaited.end_reversal(session, one, taken.booking_id, taken.payment_id, now)
        elif awaited.still_waits(session, one, now):
            awaited.write(
                session, one, Decision(Verdict.NOTHING), status=EvidenceStatus.UNMATCHED, match_at=None
            )
            self._tells.unmatched(session, one.id, rules=self._rules, now=now)


# Who wrote a code or typed an id has said what they can; who would be hours late is rarely the one.
_NOT_ASKED: Final = frozenset({Why.REFERENCE, Why.TYPED_TAIL, Why.LATE})


def _taken_back(session: Session, one: Waiting) -> Receipt | None:
    """The money that this mail says was taken back; None where its id names none that was counted."""
    counted_id = awaited.counted_as(session, one)
    return Receipt.of_evidence(session, counted_id) if counted_id is not None else None


def _repeats(one: Waiting) -> bool:
    """Whether the same money was counted already, or is matched by an earlier mail of it."""
    return one.counted_for is not None or one.repeats_id is not None


def _how(chosen: Candidate) -> str:
    """By a picture where it was the picture's id that a mail has proven; else by the mail."""
    by_picture = Why.SHOWN_ID in chosen.why and Why.REFERENCE not in chosen.why
    return AUTO_SCREENSHOT if by_picture else AUTO_GMAIL


def match_what_waits(clock: Clock) -> None:
    """The sweep: whatever is due and nobody rang for, or whose run has died, is matched all the same."""
    with unit_of_work() as session:
        now = clock.now()
        if awaited.anything_waits(session, now):
            evidence.ring_matcher(session, now)
