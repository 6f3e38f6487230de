"""Two guests, an owner and an admin with the whole product in one process: its door's rows, turns, jobs and sender.

PostgreSQL is real and every unit of work commits; WhatsApp and the payment provider are the strict small
stand-ins beside this file; time stands still until it is moved.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from flows import actions
from integrations.gateway import GatewayError
from integrations.receipts import PaymentStatus, Receipt
from integrations.whatsapp import WhatsAppUnknown
from models import db, inbound, outbox, receipt, ticket
from models import person as people
from models.booking import Booking
from models.booking_event import SARAI
from models.inbound import Incoming
from models.listing import Listing
from models.message import Buttons, ContactRequest, Document, Menu, Message
from models.money import Money
from models.outbox import Outcome
from models.payment import AUTO_GMAIL, Found, PaymentState
from models.rules import Rules
from models.stay import Stay
from models.ticket import TicketView
from tests import factories
from tests.factories import NOW
from tests.properties.bank import Bank
from tests.properties.clock import StoppedClock
from tests.properties.graph import Graph, Shown
from workers import bookings as bookings  # registers the light jobs
from workers import follow_ups
from workers import transfers as transfers  # and those of transfers
from workers.errands import Job, do
from workers.evidence import EvidenceJobs
from workers.follow_ups import Due
from workers.outbox import Sender
from workers.payments import PaymentJobs
from workers.tickets import TicketJobs
from workers.turns import Turns

QUESTIONS = [
    {"key": "cnic", "text": "What is the number of your CNIC?", "label": "CNIC", "kind": "cnic"},
    {"key": "arrival", "text": "When do you arrive?", "kind": "choice", "choices": ["Noon", "Evening"]},
    {"key": "wishes", "text": "Any wishes?", "label": "Wishes", "required": False},
]
RULES = Rules(public_url="https://sarai.example", business_phone="+923000000301")
MOST_STEPS = 400


class Stage(StrEnum):
    """How far a booking has come when a sequence begins."""

    HELD = "HELD"
    TRANSFERS = "TRANSFERS"
    IN_REVIEW = "IN_REVIEW"
    PAID = "PAID"
    CONFIRMED = "CONFIRMED"


@dataclass(frozen=True)
class Person:
    """Somebody with a phone in their hand.

    Attributes:
        phone: as their messages tell it; None where WhatsApp hides it from us.
    """

    name: str
    user_id: str
    phone: str | None
    number: str


class World:
    """All of it at one moment.

    Attributes:
        broken: what went against a promise of the product, in words; empty as long as all is well.
    """

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.clock = StoppedClock(NOW)
        self.bank = Bank(self.clock, chance)
        self.graph = Graph(self.clock)
        self.broken: list[str] = []
        self._numbers = itertools.count(1)
        self._turns = Turns(rules=RULES, clock=self.clock, lanes=1)
        payments = PaymentJobs({"card": self.bank}, rules=RULES, clock=self.clock).jobs()
        tickets = _QuickTickets(self.graph, rules=RULES).jobs()  # type: ignore[arg-type]
        evidence = EvidenceJobs(self.graph, rules=RULES, read=self._read_picture).jobs()  # type: ignore[arg-type]
        self._jobs: Mapping[str, Job] = {**payments, **tickets, **evidence}
        self._sender = Sender(self.graph, clock=self.clock, rate=None, in_flight=1)  # type: ignore[arg-type]
        with db.unit_of_work() as session:
            self.guests = (
                _newcomer(session, "Ayesha Khan"),
                _newcomer(session, "Bilal Ahmed", has_phone=False),
            )
            self.owner = _newcomer(session, "Omar Shah", role=people.OWNER)
            self.admin = _newcomer(session, "Sana Malik", role="admin")
            self.places = self._make_places(session)

    def _read_picture(self, _picture: bytes) -> Receipt:
        """An engine that sees whatever it likes, or nothing."""
        seen = (
            Receipt(failure="too_slow"),
            Receipt(is_receipt=False, engine="tesseract"),
            Receipt(is_receipt=True, status=PaymentStatus.PENDING, engine="tesseract"),
            Receipt(
                is_receipt=True,
                status=PaymentStatus.SUCCESS,
                transaction_id="721344000002",
                engine="tesseract",
            ),
        )
        return self.chance.choice(seen)

    @property
    def people(self) -> tuple[Person, ...]:
        return (*self.guests, self.owner, self.admin)

    def _make_places(self, session: Any) -> list[Listing]:
        """A place of each kind, so few units that people meet in them."""
        owner_id = _person_id(session, self.owner)
        instant = factories.listing(
            session, owner_id=owner_id, approval="INSTANT", prices={"full_payment": True}
        )
        return [
            _two_rooms(session, owner_id),
            instant,
            factories.listing(session, owner_id=owner_id, advance=0),
            self._by_shift(session, owner_id),
            self._by_slot(session, owner_id),
            self._curious(session, owner_id),
            self._by_season(session, owner_id),
        ]

    def _by_shift(self, session: Any, owner_id: int) -> Listing:
        place = factories.listing(session, owner_id=owner_id, capacity=40)
        factories.change(session, place, mode="SHIFT", hours="{}")
        return Listing.get(session, place.id)

    def _by_slot(self, session: Any, owner_id: int) -> Listing:
        place = factories.listing(session, owner_id=owner_id, capacity=2)
        hours = {"durations": [60, 120], "buffer": 30, "step": 30}
        factories.change(session, place, mode="SLOT", hours=factories.json_bytes(hours).decode())
        return Listing.get(session, place.id)

    def _curious(self, session: Any, owner_id: int) -> Listing:
        place = factories.listing(session, owner_id=owner_id, advance="100%")
        factories.change(session, place, questions=factories.json_bytes(QUESTIONS).decode())
        return Listing.get(session, place.id)

    def _by_season(self, session: Any, owner_id: int) -> Listing:
        """Longer stays over New Year, a tax, and a code that runs out."""
        prices = {
            "weekend": 12000,
            "full_payment": True,
            "seasons": [
                {"name": "New Year", "from": "12-20", "to": "01-05", "base": 15000, "min_nights": 2},
                {"name": "Winter", "from": "01-06", "to": "02-20", "check_in_days": ["fri", "sat"]},
            ],
            "taxes": [{"name": "GST", "percent": "12.5"}],
        }
        place = factories.listing(session, owner_id=owner_id, prices=prices)
        factories.coupon(session, "SUMMER10", listings=[place.slug], uses=2)
        return Listing.get(session, place.id)

    # ---- what people and the outside do

    def hears(self, who: Person, node: Mapping[str, Any], *, wamid: str | None = None) -> None:
        """One message of this person comes in and is answered; what follows from it waits for `settle`."""
        wamid = wamid or f"wamid.in.{next(self._numbers)}"
        sender = {"from": who.phone.lstrip("+")} if who.phone else {}
        payload = {
            **node,
            "id": wamid,
            **sender,
            "from_user_id": who.user_id,
            "_contact": {"profile": {"name": who.name}},
        }
        phone, user_id, name = inbound.sender(payload)
        with db.unit_of_work() as session:
            item = Incoming("whatsapp", wamid, "message", payload, phone, user_id, name)
            is_new = bool(inbound.keep(session, [item], self.clock.now()))
        self.graph.heard_at[who.user_id] = self.clock.now()
        ((before,),) = ask("SELECT coalesce(max(id), 0) FROM outbound_messages")
        while self._turns.take_turn(0) == (True, True):
            pass
        said = [kind for (kind,) in ask(_SAID, before=before, who=who.user_id)]
        bubbles = [kind for kind in said if kind != "typing"]
        if len(bubbles) > 1:
            self.broken.append(f"{len(bubbles)} bubbles in one turn: {bubbles}")
        if is_new and not said and node.get("type") == "text" and not self._hears_a_person(who):
            self.broken.append(f"no answer to {node}")

    def _hears_a_person(self, who: Person) -> bool:
        """The bot is silent for them: an admin answers in its place."""
        return bool(ask(_PAUSED, who=who.user_id, now=self.clock.now()))

    def says(self, who: Person, words: str) -> None:
        self.hears(who, {"type": "text", "text": {"body": words}})

    def taps(self, who: Person, what: Shown) -> None:
        context = {"id": what.wamid}
        if what.kind == "button":
            button = {"text": what.title, "payload": what.payload}
            self.hears(who, {"type": "button", "context": context, "button": button})
        else:
            reply = {"type": what.kind, what.kind: {"id": what.payload, "title": what.title}}
            self.hears(who, {"type": "interactive", "context": context, "interactive": reply})

    def hears_of_payment(self, payment_id: int, tells: PaymentState | None, *, number: str) -> None:
        """The provider says that something happened to this payment."""
        news = Incoming("stripe", number, "payment", {"type": "x"}, payment_id=payment_id, tells=tells)
        with db.one_statement() as (cursor, info):
            inbound.keep_payment_news(cursor, info, news, self.clock.now())

    def finds_money(self) -> None:
        """A mail tells of a transfer: all that was asked for, or not; of somebody's, or of the same once more."""
        asked = ask(
            "SELECT id, booking_id, amount_minor, short_minor, currency FROM payments WHERE payee_id IS NOT NULL"
        )
        if not asked:
            return
        payment_id, booking_id, amount, short, currency = self.chance.choice([*asked, asked[-1]])
        minor = self.chance.choice((amount, amount, amount + short, amount // 2, amount + 123_45, 1_00))
        number = self.chance.choice(("", "", "", f"TX{self.chance.randrange(4)}"))
        now = self.clock.now()
        with db.unit_of_work() as session:
            booking = Booking.for_update(session, booking_id)
            mail = factories.mail(session, Money(minor, currency), number or None)
            found = Found(mail, payment_id, Money(minor, currency), AUTO_GMAIL)
            booking.record_found(session, found, actor=SARAI, rules=RULES, cause=f"evidence:{mail}", now=now)

    def takes_money_back(self) -> None:
        """A bank takes back what it had credited, perhaps once more."""
        came = ask("SELECT id, booking_id FROM receipts WHERE reverses IS NULL AND how IS NOT NULL")
        if not came:
            return
        receipt_id, booking_id = self.chance.choice(came)
        cause, now = f"mail:{next(self._numbers)}", self.clock.now()
        with db.unit_of_work() as session:
            booking, taken = Booking.for_update(session, booking_id), receipt.Receipt.get(session, receipt_id)
            booking.reverse(
                session, taken, evidence_id=None, how=AUTO_GMAIL, actor=SARAI, cause=cause, now=now
            )

    def passes(self, by: timedelta) -> None:
        self.clock.move(by)

    # ---- what follows

    def settle(self) -> None:
        """Everything that is due now is done, and everything that is to be said is sent."""
        outcomes: list[Outcome] = []
        for _ in range(MOST_STEPS):
            ((light, errand, queued),) = ask(_WAITING, now=self.clock.now())
            if light:
                follow_ups.run_light(0, 1, rules=RULES, clock=self.clock)
            if errand:
                self._run_errand()
            if queued or outcomes:
                claimed = outbox.exchange(outcomes, most=50, look=True, now=self.clock.now())
                outcomes = [self._sender.perform(sendable) for sendable in claimed]
                queued = bool(outcomes)  # what waits for its pace waits on
            if not (light or errand or queued):
                return
        self.broken.append("it never comes to rest")

    def _run_errand(self) -> None:
        due = Due(*ask(_ERRAND, now=self.clock.now())[0])
        try:
            do(self._jobs[due.job], due, self.clock)
        except Exception as error:
            if not isinstance(error, GatewayError | WhatsAppUnknown):
                self.broken.append(f"{due.job} failed: {error!r}")
            follow_ups.fail(due, error, self.clock.now())

    # ---- what can be seen

    def last_bubble(self, who: Person) -> Message | None:
        bubbles = self.graph.bubbles.get(who.user_id)
        return bubbles[-1] if bubbles else None

    def last_shown(self, who: Person) -> Sequence[Shown]:
        """What can be tapped in the last bubble that has anything to tap."""
        shown = self.graph.shown.get(who.user_id, [])
        return [what for what in shown if what.wamid == shown[-1].wamid]

    def codes(self) -> list[str]:
        return [code for (code,) in ask("SELECT code FROM bookings ORDER BY id")]

    def check_ins(self) -> list[str]:
        """What each ticket's button "Check in" types into a chat."""
        issued = ask(
            "SELECT b.code, t.key FROM tickets t JOIN bookings b ON b.id = t.booking_id ORDER BY b.id"
        )
        return [f"Check in {code}-{ticket.chat_code(key)}" for code, key in issued]

    # ---- beginnings and the end

    def prepare(self, who: Person, stage: Stage) -> None:
        """A booking of theirs that has come some way."""
        later = timedelta(days=5 * self.guests.index(who))
        stay = Stay(factories.STAY.check_in + later, factories.STAY.check_out + later)
        make = {Stage.TRANSFERS: factories.by_transfer, Stage.IN_REVIEW: factories.in_review}.get(
            stage, factories.held
        )
        with db.unit_of_work() as session:
            place = self.places[0] if make is not factories.held else self.chance.choice(self.places[:2])
            place = Listing.get(session, place.id)
            guest_id = _person_id(session, who)
            booking = make(session, place, stay=stay, guest_id=guest_id, now=self.clock.now())
        self.settle()
        if stage in (Stage.PAID, Stage.CONFIRMED):
            self._is_paid()
        if stage is Stage.CONFIRMED:
            with db.unit_of_work() as session:
                booking = Booking.for_update(session, booking.id)
                if booking.decision is None:
                    factories.decide(session, booking, yes=True, now=self.clock.now())
            self.settle()

    def _is_paid(self) -> None:
        """The newest page is paid, and we hear of it."""
        payment_id = max(self.bank.pages)
        state = self.bank.pay(payment_id)
        self.hears_of_payment(payment_id, state, number=f"evt.our.{next(self._numbers)}")
        self.settle()

    def goes_on(self, who: Person) -> None:
        """One message of somebody who wants to come to the end."""
        if isinstance(self.last_bubble(who), ContactRequest):
            self.hears(who, shared_contact(who))
            return
        for action in (*_ENDS, *_ANSWERS, *_BEGINNINGS):
            what = self._find(who, action, now=True)
            if what is not None:
                self.taps(who, what)
                return
        asks_name = self.graph.said(who.user_id, "name")
        self.says(who, "Ali Khan" if asks_name else self.chance.choice(self.places).name)

    def prepare_rivals(self) -> None:
        """Both guests look at the summary of the same stay, in a place that has room for one of them."""
        for who in self.guests:
            self._come_to_the_summary(who, self.places[1], "24 to 26 dec")

    def reach_a_ticket(self, who: Person) -> None:
        """Whatever was before: `menu`, a place that is free, its questions, the payment, the owner's yes."""
        self.bank.unreliable = 0.0
        for hours in (1, 3, 72):  # holds end, silent owners are decided for, what failed is tried again
            self.passes(timedelta(hours=hours))
            self.settle()
        with db.unit_of_work() as session:
            make = self.chance.choice((_two_rooms, self._by_shift, self._by_slot, self._curious))
            place = make(session, _person_id(session, self.owner))
        before = len(self.graph.bubbles.get(who.user_id, []))
        self._say_and_settle(who, "menu")
        self._come_to_the_summary(who, place)
        self._pay(who)
        self._tap(self.owner, actions.ConfirmBooking)
        said = self.graph.bubbles[who.user_id][before:]
        if not any(isinstance(bubble, Document) for bubble in said):
            self.broken.append(f"no ticket: {self.last_bubble(who)}")

    def _pay(self, who: Person) -> None:
        """By any of the ways that are offered; the money is there at once."""
        pages = len(self.bank.pages)
        ways = [what for what in self.last_shown(who) if _accepts(what)]
        if not ways:
            self.broken.append(f"no way to pay: {self.last_bubble(who)}")
            return
        self.passes(timedelta(seconds=20))
        self.taps(who, self.chance.choice(ways))
        self.settle()
        if len(self.bank.pages) > pages:
            self._is_paid()
        elif self._find(who, actions.SayPaid, now=True):
            self._tap(who, actions.SayPaid)
            self._tap(self.admin, actions.VerifyPayment)

    def _come_to_the_summary(self, who: Person, place: Listing, dates: str | None = None) -> None:
        self._say_and_settle(who, place.name)
        self._tap(who, actions.BookPlace)
        if dates is not None:
            self._say_and_settle(who, dates)
        for _ in range(12):
            if self._find(who, actions.RequestPayment, now=True):
                return
            self._answer(who)

    def _say_and_settle(self, who: Person, words: str) -> None:
        self.passes(timedelta(seconds=20))
        self.says(who, words)
        self.settle()

    def _find(self, who: Person, action: type[actions.Action], *, now: bool = False) -> Shown | None:
        """What means this in the last bubble with anything to tap; `now`: in the last bubble of all."""
        if now and not isinstance(self.last_bubble(who), Buttons | Menu):
            return None
        return next((s for s in self.last_shown(who) if isinstance(actions.decode(s.payload), action)), None)

    def _tap(self, who: Person, action: type[actions.Action]) -> None:
        self.passes(timedelta(seconds=20))
        what = self._find(who, action)
        if what is None:
            self.broken.append(f"nothing to tap for {action.__name__}: {self.last_bubble(who)}")
            return
        self.taps(who, what)
        self.settle()

    def _answer(self, who: Person) -> None:
        """Whatever is asked is answered as somebody would who wants to come to the end."""
        if isinstance(self.last_bubble(who), ContactRequest):
            self.passes(timedelta(seconds=20))
            self.hears(who, shared_contact(who))
            self.settle()
            return
        for action in _ANSWERS:
            if self._find(who, action, now=True):
                self._tap(who, action)
                return
        self._say_and_settle(who, "42101-1234567-3" if self.graph.said(who.user_id, "CNIC") else "Ali Khan")


def _two_rooms(session: Any, owner_id: int) -> Listing:
    """By card or by transfer."""
    place = factories.listing(session, owner_id=owner_id, units=2)
    factories.payee_for(session, place)
    return Listing.get(session, place.id)


def _accepts(what: Shown) -> bool:
    return isinstance(actions.decode(what.payload), actions.RequestPayment)


_ENDS = (actions.RequestPayment, actions.RequestStay, actions.SayPaid)
_BEGINNINGS = (actions.BookPlace, actions.ContinueBooking)
_ANSWERS = (
    actions.PickShift,
    actions.PickMinutes,
    actions.PickStart,
    actions.PickNights,
    actions.PickGuests,
    actions.PickDate,
    actions.PickStay,
    actions.ChooseFurther,
    actions.PassOver,
    actions.UseProfileName,
)


class _QuickTickets(TicketJobs):
    """Tickets without their PDF, which has tests of its own and takes longer than all the rest."""

    def _make_document(self, view: TicketView, filename: str) -> tuple[bytes | None, str | None]:
        return b"%PDF-", "media.1"


def shared_contact(who: Person) -> dict[str, Any]:
    """The answer to our request for a phone number."""
    phones = [{"wa_id": who.number.lstrip("+"), "phone": who.number}]
    return {"type": "contacts", "contacts": [{"origin": "contact_request", "phones": phones}]}


def _newcomer(session: Any, name: str, *, role: str | None = None, has_phone: bool = True) -> Person:
    number, user_id = factories.phone(), factories.user_id()
    if role is not None:
        person_id = people.find_or_create(session, phone=number, user_id=user_id, name=name, now=NOW)
        people.give_role(session, person_id, role)
        people.speak_at_first(session, person_id, "en")
    else:
        people.find_or_create(
            session, phone=number if has_phone else None, user_id=user_id, name=name, now=NOW
        )
    return Person(name, user_id, number if has_phone else None, number)


def _person_id(session: Any, who: Person) -> int:
    found = people.identify(session, phone=None, user_id=who.user_id)
    return found["user_id"]


def ask(sql: str, **values: Any) -> list[Any]:
    """The rows, in one round trip; nothing of ours is asked through the product's own session."""
    with db.one_statement() as (cursor, _):
        cursor.execute(sql, values)
        return list(cursor.fetchall())


_SAID = (
    "SELECT o.kind FROM outbound_messages o JOIN person_identifiers i ON i.person_id = o.person_id "
    "WHERE i.kind = 'user_id' AND i.value = %(who)s AND o.id > %(before)s"
)
_PAUSED = (
    "SELECT 1 FROM conversations c JOIN person_identifiers i ON i.person_id = c.id "
    "WHERE i.kind = 'user_id' AND i.value = %(who)s AND c.paused_until > %(now)s"
)
_WAITING = (
    "SELECT EXISTS (SELECT 1 FROM follow_ups WHERE queue = 'turns' AND done_at IS NULL AND due_at <= %(now)s), "
    "EXISTS (SELECT 1 FROM follow_ups WHERE queue IN ('providers', 'slow') AND done_at IS NULL AND due_at <= %(now)s), "
    "EXISTS (SELECT 1 FROM outbound_messages WHERE state = 'QUEUED' AND due_at <= %(now)s)"
)
_ERRAND = (
    "SELECT id, job, booking_id, cause, attempts FROM follow_ups WHERE queue IN ('providers', 'slow') "
    "AND done_at IS NULL AND due_at <= %(now)s ORDER BY due_at, id LIMIT 1"
)
