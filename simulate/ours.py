"""The same season on real rows: guests book by the product's own verbs, mails are kept, the real matcher runs.

What is not real is the clock, which jumps from one event to the next, and the mails, which are written as already
read. Holds end, guests who are asked in the chat answer, and nobody else ever decides anything.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import text

from models import evidence, person, verification
from models.booking import Booking
from models.clock import Clock
from models.db import unit_of_work
from models.evidence import GMAIL
from models.lifecycle import LIVE_HOLD
from models.listing import Listing
from models.matching import Transfer
from models.money import Money
from models.payment import TRANSFER, Payment
from models.pricing import quote
from models.rules import Rules
from models.session import Session
from models.stay import Stay
from models.verification import Mode
from simulate.assumptions import POLL_MINUTES, PRICE_POINTS
from simulate.outcome import Result
from simulate.people import BEGINS, Guest, Pays, Stranger
from simulate.places import open_places
from workers.matching import MatchJobs

RULES: Final = Rules(verification_mode=Mode.HYBRID)
ISSUER: Final = "nayapay"
DAYS: Final = 80  # stays are spread over so many days, and units are plenty: nobody is refused here
UNITS: Final = 60
AFTER: Final = timedelta(hours=3)  # the last mails and answers


class Silence:
    """Nobody reads what they are told in a simulation; those who are asked are found in the rows."""

    def propose_match(self, session: Session, evidence_id: int, *, rules: Rules, now: datetime) -> None: ...

    def unmatched(self, session: Session, evidence_id: int, *, rules: Rules, now: datetime) -> None: ...

    def ask_whose_transfer(
        self, session: Session, booking: Booking, evidence_id: int, *, rules: Rules, now: datetime
    ) -> None: ...


class JumpingClock(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.moment = BEGINS

    def timestamp(self) -> float:
        return self.moment.timestamp()

    def now(self) -> datetime:
        return self.moment


@dataclass
class Season:
    """One season as it happens; `play` it once, in a database that is migrated and empty."""

    guests: list[Guest]
    strangers: list[Stranger]
    clock: JumpingClock = field(default_factory=JumpingClock)
    _events: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)
    _bookings: dict[int, int] = field(default_factory=dict)
    _payer_of: dict[int, Guest | None] = field(default_factory=dict)
    _asked: set[tuple[int, int]] = field(default_factory=set)
    _guest_of: dict[int, Guest] = field(default_factory=dict)
    _listings: list[int] = field(default_factory=list)

    def play(self) -> Result:
        """Let it all happen, and count what became of each transfer."""
        began = time.monotonic()
        self._open()
        self._matcher = MatchJobs(Silence(), rules=RULES, clock=self.clock)
        for guest in self.guests:
            self._at(guest.books_at, partial(self._book, guest))
        for stranger in self.strangers:
            self._at(stranger.pays_at, partial(self._mail_of_stranger, stranger))
        self._at(BEGINS, self._poll)
        self._mails: list[Callable[[Session], None]] = []
        last = max(guest.books_at for guest in self.guests)
        ends = max([last, *(g.books_at + g.delay for g in self.guests if g.delay)]) + AFTER
        while self._events and self._events[0][0] <= ends:
            self.clock.moment, _, happen = heapq.heappop(self._events)
            happen()
        result = self._count()
        result.seconds = time.monotonic() - began
        return result

    def _at(self, moment: datetime, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._numbers), happen))

    def _open(self) -> None:
        with unit_of_work() as session:
            open_places(session, PRICE_POINTS, units=UNITS, now=BEGINS)
            admin = person.find_or_create(
                session, phone="+923000000100", user_id=None, name="Admin", now=BEGINS
            )
            person.give_role(session, admin, person.ADMIN)
            in_order = text("SELECT id FROM listings ORDER BY length(slug), slug")
            self._listings = list(session.scalars(in_order))
            session.execute(
                text("INSERT INTO issuers (issuer, confirms, switched_at) VALUES (:issuer, true, :now)"),
                {"issuer": ISSUER, "now": BEGINS},
            )
            assert verification.confirming(session) == {ISSUER}

    # ---- guests ----------------------------------------------------------------------------------

    def _book(self, guest: Guest) -> None:
        now = self.clock.moment
        with unit_of_work() as session:
            person_id = person.find_or_create(
                session, phone=guest.phone, user_id=None, name=guest.name, now=now
            )
            listing = Listing.get(session, self._listings[guest.price_point])
            day = now.date() + timedelta(days=2 + guest.number % DAYS)
            stay = Stay(day, _next(day))
            booking = Booking.initiate(
                session,
                person_id=person_id,
                listing=listing,
                stay=stay,
                guests=2,
                guest_name=guest.name,
                quote=quote(listing.price, stay, guests=2, units=1),
                cause=f"simulated:{guest.number}",
                now=now,
            )
            booking.request_payment(
                session,
                method=TRANSFER,
                revision=booking.revision,
                rules=RULES,
                cause=f"accepted:{guest.number}",
                now=now,
            )
            (payment,) = Payment.of_booking(session, booking.id)
        self._bookings[guest.number] = booking.id
        self._guest_of[booking.id] = guest
        self._at(now + RULES.hold, partial(self._end_hold, booking.id))
        if guest.delay is not None:
            told = now + guest.delay
            mail = Transfer(
                issuer=ISSUER,
                amount=Money(
                    guest.rupees(payment.amount_minor // 100) * 100
                    if guest.pays is not Pays.AS_ASKED
                    else payment.amount_minor,
                    "PKR",
                ),
                transaction_id=guest.transaction_id,
                text=f"You got money from {guest.payer_name}\n{guest.remarks(payment.reference)}",
                sender_name=guest.payer_name,
                sender_phone=guest.payer_phone,
                occurred_at=told.replace(second=0, microsecond=0),
                told_at=told + guest.mail_after,
            )
            self._at(told + guest.mail_after, partial(self._send, mail, guest))
            if guest.again_after is not None:
                self._at(told + guest.mail_after + guest.again_after, partial(self._send, mail, guest))

    def _end_hold(self, booking_id: int) -> None:
        """The hold's own job reads the mailbox once more, and then ends it."""
        self._read_mailbox()
        with unit_of_work() as session:
            booking = Booking.for_update(session, booking_id)
            if booking.status not in LIVE_HOLD or booking.hold_until is None:
                return
            if booking.hold_until > self.clock.moment:
                self._at(booking.hold_until, partial(self._end_hold, booking_id))
                return
            booking.expire(session, cause=f"ended:{booking_id}", now=self.clock.moment)

    # ---- mails -----------------------------------------------------------------------------------

    def _mail_of_stranger(self, one: Stranger) -> None:
        mail = Transfer(
            issuer=ISSUER,
            amount=Money(one.rupees * 100, "PKR"),
            transaction_id=one.transaction_id,
            sender_name=one.name.upper(),
            sender_phone=one.phone,
            occurred_at=one.pays_at.replace(second=0, microsecond=0),
            told_at=one.pays_at,
        )
        self._send(mail, None)

    def _send(self, mail: Transfer, payer: Guest | None) -> None:
        """It lies in the mailbox until somebody looks."""
        message_id = f"<{next(self._numbers)}@{ISSUER}.com>"

        def keep(session: Session) -> None:
            evidence_id = evidence.keep_transfer(
                session,
                source=GMAIL,
                transfer=mail,
                trusted=True,
                known_form=True,
                message_id=message_id,
                now=self.clock.moment,
            )
            assert evidence_id is not None
            self._payer_of[evidence_id] = payer

        self._mails.append(keep)

    def _poll(self) -> None:
        self._read_mailbox()
        self._at(self.clock.moment + timedelta(minutes=POLL_MINUTES), self._poll)

    def _read_mailbox(self) -> None:
        for keep in self._mails:
            with unit_of_work() as session:
                keep(session)
        came, self._mails = bool(self._mails), []
        with unit_of_work() as session:
            waits = session.scalar(
                text("SELECT EXISTS (SELECT 1 FROM payment_evidence WHERE match_at <= :now)"),
                {"now": self.clock.moment},
            )
        if came or waits:
            while self._matcher.run():
                pass
            self._hear_questions()

    def _hear_questions(self) -> None:
        """Guests who are asked for the end of their transaction's id answer it, or do not."""
        with unit_of_work() as session:
            rows = session.execute(
                text(
                    "SELECT e.id, c.payment_id, p.booking_id FROM payment_evidence e JOIN match_candidates c "
                    "ON c.evidence_id = e.id AND c.round = e.match_round JOIN payments p ON p.id = c.payment_id "
                    "WHERE e.asked_until > :now AND e.status = 'pending' AND c.score > e.confidence - 20"
                ),
                {"now": self.clock.moment},
            ).all()
        for evidence_id, payment_id, booking_id in rows:
            if (evidence_id, payment_id) in self._asked:
                continue
            self._asked.add((evidence_id, payment_id))
            guest = self._guest_of[booking_id]
            has_paid = guest.delay is not None and guest.books_at + guest.delay <= self.clock.moment
            tail = guest.transaction_id[-4:] if has_paid else guest.makes_up
            if tail is not None and guest.answers_after is not None:
                self._at(
                    self.clock.moment + guest.answers_after,
                    partial(self._answer, payment_id, tail),
                )

    def _answer(self, payment_id: int, tail: str) -> None:
        with unit_of_work() as session:
            evidence.note_typed_tail(session, payment_id=payment_id, tail=tail, now=self.clock.moment)
        self._read_mailbox()

    # ---- the end ---------------------------------------------------------------------------------

    def _count(self) -> Result:
        result = Result(questions=len(self._asked))
        with unit_of_work() as session:
            rows = session.execute(
                text(
                    "SELECT id, booking_id, counted, verdict, asked_until FROM payment_evidence "
                    "WHERE verdict IS DISTINCT FROM 'repeat' ORDER BY id"
                )
            ).all()
        for row in rows:
            payer = self._payer_of[row.id]
            whose = self._guest_of[row.booking_id] if row.counted else None
            if payer is None and whose is None:
                result.strangers += 1
            elif payer is None:
                result.wrong["stranger"] += 1
            elif whose is None:
                result.to_a_person[payer.pays] += 1
            elif whose is payer:
                result.right += 1
                result.asked += row.asked_until is not None
            else:
                result.wrong["guest"] += 1
        return result


def _next(day: date) -> date:
    return day + timedelta(days=1)
