"""Whole bookings, from the place's name to the ticket, that go on whatever is killed meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from bench.graph import Option, Reply
from bench.wire import Client
from tests.faults.house import CAMPS, House
from tests.faults.meta import PATIENCE, Guest

EVENTS = (
    "INITIATE", "REQUEST_PAYMENT", "RECORD_PAYMENT", "SEND_REQUEST", "DECIDE", "CONFIRM", "ISSUE_TICKET",
)  # fmt: skip


class Stays:
    """Guests who book, and owners who say yes: at once, or when they are told to.

    Attributes:
        patient: owners wait to be told.
        requests: what they have read and not answered yet.
    """

    def __init__(self, house: House) -> None:
        self.house, self.meta = house, house.meta
        self.guests: list[Guest] = []
        self._stripe = Client(int(house.stack.stripe_url.rsplit(":", 1)[1]), timeout=60.0)
        self.patient = False
        self.requests: list[tuple[Guest, Reply, Option]] = []
        self._confirmed: set[str | None] = set()
        for owner in house.owners.values():
            self.meta.listeners[owner.phone] = lambda reply, owner=owner: self._hear(owner, reply)  # type: ignore[misc]

    async def to_summary(self, guest: Guest) -> None:
        """Everything up to the tap that accepts."""
        self.guests.append(guest)
        camp = CAMPS[len(self.guests) % len(CAMPS)]
        day = self.house.world.clock.now.date() + timedelta(days=20)
        await self._says(guest, camp, "listing", lambda reply: "Book" in _titles(reply))
        await self._taps(guest, "Book", "days", lambda reply: reply.kind == "list")
        words = f"{day:%d %B %Y} for 1 night for 2 guests"
        await self._says(
            guest, words, "the question for a name", lambda reply: guest.who.name in _titles(reply)
        )
        await self._taps(guest, guest.who.name, "summary", lambda reply: "Pay by card" in _titles(reply))

    async def to_ticket(self, guest: Guest) -> None:
        """From accepting to the document in the chat; the owner confirms on the way."""
        link = await self._taps(guest, "Pay by card", "link", lambda reply: reply.kind == "cta_url")
        guest.seen = len(guest.inbox)
        await self.pays(link)
        # The owner may be told to wait for as long as a test goes on killing.
        await self.meta.reads(guest, lambda reply: reply.kind == "document", "ticket", within=3 * PATIENCE)

    async def whole(self, guest: Guest) -> None:
        await self.to_summary(guest)
        await self.to_ticket(guest)

    async def pays(self, link: Reply) -> None:
        for _ in range(20):
            answer = await self._stripe.post(urlsplit(link.url or "/").path, "", b'{"action": "pay"}')
            if answer.status == 200:
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"Stripe's page answered {answer.status}: {answer.body[:200]!r}")

    async def _says(self, guest: Guest, words: str, what: str, look) -> Reply:  # type: ignore[no-untyped-def]
        await self.meta.say(guest, guest.text(words), words)
        return await self.meta.reads(guest, look, what)

    async def _taps(self, guest: Guest, title: str, what: str, look) -> Reply:  # type: ignore[no-untyped-def]
        await self.meta.say(guest, guest.tap(title), title)
        return await self.meta.reads(guest, look, what)

    async def confirm(self, most: int = 1000) -> None:
        """The owners say yes to what has waited longest."""
        now, self.requests = self.requests[:most], self.requests[most:]
        for owner, reply, option in now:
            await self.meta.say(owner, owner.tap_option(reply, option), "Confirm")

    def _hear(self, owner: Guest, reply: Reply) -> None:
        option = next((o for o in reply.options if o.title == "Confirm" or o.kind == "quick_reply"), None)
        if option is None or reply.callback in self._confirmed:
            return
        self._confirmed.add(reply.callback)
        self.requests.append((owner, reply, option))
        if not self.patient:
            asyncio.ensure_future(self.confirm())  # noqa: RUF006  its end shows in the chat


def _titles(reply: Reply) -> list[str]:
    return [option.title for option in reply.options]


def look(house: House, guests: Sequence[Guest]) -> list[str]:
    """What is wrong with these guests' bookings: each has one capture, one ticket, each event once."""
    problems = []
    for guest in guests:
        rows = house.query(
            "SELECT b.id, b.code, b.status, b.advance_minor FROM bookings b JOIN person_identifiers i USING (person_id) "
            "WHERE i.value = %s",
            guest.phone,
        )
        if len(rows) != 1:
            problems.append(f"{guest.who.name} has {len(rows)} bookings")
            continue
        booking_id, code, status, advance = rows[0]
        told = [f"{code}: {what}" for what in _wrong_in_rows(house, booking_id, status, advance)]
        problems += told + [f"{code}: {what}" for what in _wrong_outside(house, guest, code, advance)]
    return problems


def _wrong_in_rows(house: House, booking_id: int, status: str, advance: int) -> list[str]:
    wrong = [] if status == "TICKET_GENERATED" else [f"is {status}"]
    events: Counter[str] = Counter(
        dict(
            house.query(
                "SELECT action, count(*) FROM booking_events WHERE booking_id = %s GROUP BY action",
                booking_id,
            )
        )
    )
    # The owner can be quicker than the news that the request reached them.
    for event in EVENTS:
        if events[event] != 1 and not (event == "SEND_REQUEST" and events[event] == 0):
            wrong.append(f"{events[event]} times {event}")
    if more := events.keys() - set(EVENTS):
        wrong.append(f"also {sorted(more)}")
    payments = house.query("SELECT state, captured_minor FROM payments WHERE booking_id = %s", booking_id)
    if payments != [("captured", advance)]:
        wrong.append(f"payments {payments}")
    for what, sql in (
        ("tickets", "SELECT count(*) FROM tickets WHERE booking_id = %s AND pdf IS NOT NULL"),
        ("units", "SELECT count(*) FROM allocations WHERE booking_id = %s AND state = 'KEPT'"),
        (
            "ticket messages",
            "SELECT count(*) FROM outbound_messages WHERE booking_id = %s AND kind = 'ticket'",
        ),
    ):
        if (count := house.query(sql, booking_id)[0][0]) != 1:
            wrong.append(f"{count} {what}")
    if late := house.query(
        "SELECT job FROM follow_ups WHERE booking_id = %s AND done_at IS NULL AND due_at <= %s",
        booking_id,
        house.world.clock.now,
    ):
        wrong.append(f"open: {late}")
    return wrong


def _wrong_outside(house: House, guest: Guest, code: str, advance: int) -> list[str]:
    """On the phone one document (twice only where that is explained), at the bank one capture."""
    wrong = []
    documents = Counter(
        sent.message_id
        for sent in house.graph.taken()
        if sent.reply.to == guest.phone and sent.reply.kind == "document"
    )
    logged = house.times_sent_once_more()
    if len(documents) != 1 or any(count - 1 > logged[id_] for id_, count in documents.items()):
        wrong.append(f"documents {dict(documents)}, of which logged as sent once more {dict(logged)}")
    intents = [session["intent"] for session in house.world.stripe.sessions(code)]
    if [(i["status"], i["amount_received"]) for i in intents if i] != [("succeeded", advance)]:
        wrong.append(f"at Stripe: {[(i['status'], i['amount_received']) for i in intents if i]}")
    return wrong
