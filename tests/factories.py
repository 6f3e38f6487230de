"""Valid people, places and bookings; a test says only what it is about.

A booking comes to its status by the verbs themselves, so that what hangs on it (allocation, payments, events,
follow-ups) is what the product would have made.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import text

from flows import notices
from models import coupon as coupons
from models import evidence, inbound, outbound, ticket
from models import payee as payees
from models import person as people
from models.booking import Booking
from models.booking_event import SARAI, Actor
from models.clock import Clock
from models.inbound import Incoming
from models.listing import Listing
from models.matching import Transfer
from models.message import Message, Template, Text
from models.money import Money
from models.payment import Found, Payment, PaymentFacts, PaymentState
from models.pricing import quote
from models.rates import Rates
from models.receipt import Outcome
from models.rules import Rules
from models.session import Session
from models.stay import Stay

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
RULES = Rules()
STAY = Stay(date(2026, 12, 24), date(2026, 12, 26))

_numbers = itertools.count(1)


def unique(prefix: str = "") -> str:
    return f"{prefix}{next(_numbers)}"


# ---- people ----------------------------------------------------------------------------------------


def phone() -> str:
    return f"+92300{next(_numbers):07}"


def user_id() -> str:
    return f"PK.{next(_numbers):020}"


def person(
    session: Session,
    *,
    name: str | None = "Ayesha Khan",
    heard_at: datetime | None = NOW,
    role: str | None = None,
    now: datetime = NOW,
) -> int:
    """A person with phone and user id, who wrote just now, so that their window is open."""
    person_id = people.find_or_create(session, phone=phone(), user_id=user_id(), name=name, now=now)
    session.execute(
        text("UPDATE conversations SET last_inbound_at = :at WHERE id = :id"),
        {"at": heard_at, "id": person_id},
    )
    if role is not None:
        people.give_role(session, person_id, role)
    return person_id


# ---- places ----------------------------------------------------------------------------------------


def listing(
    session: Session,
    *,
    units: int | Sequence[str] = 1,
    capacity: int = 2,
    advance: str | int = "30%",
    time_zone: str = "Asia/Karachi",
    approval: str = "OWNER",
    owner_id: int | None = None,
    check_in: str = "14:00",
    check_out: str = "11:00",
    policy: Mapping[str, Any] | None = None,
    prices: Mapping[str, Any] | None = None,
    mode: str = "NIGHTLY",
    hours: Mapping[str, Any] | None = None,
    currency: str = "PKR",
) -> Listing:
    session.execute(text("INSERT INTO categories VALUES ('hut', 'Huts', 0) ON CONFLICT DO NOTHING"))
    rates = Rates.from_dict({"currency": currency, "base": 9000, "advance": advance, **(prices or {})})
    slug = unique("place-")
    if owner_id is None:
        owner_id = person(session, name="Bilal Ahmed", role=people.OWNER)
        people.speak_at_first(session, owner_id, "en")
    listing_id = session.execute(
        text(
            "INSERT INTO listings (slug, name, category, owner_id, approval, description, location, contact, owner_name, "
            "time_zone, capacity, check_in, check_out, rates, currency, policy, mode, hours, updated_at) "
            "VALUES (:slug, :name, 'hut', "
            ":owner_id, :approval, 'By the sea.', 'Gwadar, Pakistan', '+923000000201', 'Bilal Ahmed', :time_zone, "
            ":capacity, :check_in, :check_out, :rates, :currency, :policy, :mode, :hours, :now) RETURNING id"
        ),
        {
            "slug": slug,
            "name": f"Sea View {slug}",
            "owner_id": owner_id,
            "approval": approval,
            "time_zone": time_zone,
            "capacity": capacity,
            "check_in": _time(check_in),
            "check_out": _time(check_out),
            "rates": orjson.dumps(rates.to_dict()).decode(),
            "currency": currency,
            "policy": orjson.dumps(dict(policy or {})).decode(),
            "mode": mode,
            "hours": orjson.dumps(dict(hours)).decode() if hours is not None else None,
            "now": NOW,
        },
    ).scalar_one()
    names = [f"Room {n}" for n in range(1, units + 1)] if isinstance(units, int) else list(units)
    session.execute(
        text("INSERT INTO units (listing_id, name) SELECT :id, unnest(CAST(:names AS text[]))"),
        {"id": listing_id, "names": names},
    )
    return Listing.get(session, listing_id)


def coupon(session: Session, code: str, **entry: Any) -> str:
    """A code as the listings file would have it; a tenth off where nothing else is said."""
    if "amount" not in entry:
        entry.setdefault("percent", 10)
    coupons.load(session, [{"code": code, **entry}], NOW)
    session.read.clear()
    return code


def change(session: Session, what: Listing | Booking, **columns: Any) -> None:
    """What has changed since, by nobody's verb; a place as it was stays in the caller's hand."""
    table = "listings" if isinstance(what, Listing) else "bookings"
    changes = ", ".join(f"{name} = :{name}" for name in columns)
    session.execute(text(f"UPDATE {table} SET {changes} WHERE id = :id"), {**columns, "id": what.id})
    if isinstance(what, Listing):
        session.read.clear()
    else:
        Booking.get(session, what.id)


def _time(clock: str) -> Any:
    return datetime.strptime(clock, "%H:%M").time()


def unit_ids(session: Session, place: Listing) -> list[int]:
    return list(
        session.scalars(text("SELECT id FROM units WHERE listing_id = :id ORDER BY id"), {"id": place.id})
    )


# ---- bookings --------------------------------------------------------------------------------------


def draft(
    session: Session,
    place: Listing | None = None,
    *,
    stay: Stay = STAY,
    guests: int = 2,
    guest_id: int | None = None,
    referral_code: str | None = None,
    now: datetime = NOW,
) -> Booking:
    """INITIATED: the guest looks at the summary."""
    place = place or listing(session)
    booking = Booking.initiate(
        session,
        person_id=guest_id if guest_id is not None else person(session),
        listing=place,
        stay=stay,
        guests=guests,
        guest_name="Ayesha Khan",
        quote=price(place, stay, guests),
        cause=unique("inbound:"),
        now=now,
    )
    change(session, booking, referral_code=referral_code)
    return booking


def price(place: Listing, stay: Stay = STAY, guests: int = 2) -> Any:
    return quote(place.price, stay, guests=guests, units=-(-guests // place.capacity))


def held(
    session: Session,
    place: Listing | None = None,
    *,
    method: str = "card",
    now: datetime = NOW,
    **what: Any,
) -> Booking:
    """PAYMENT_PENDING: accepted, the place held, a payment begun."""
    booking = draft(session, place, now=now, **what)
    booking.request_payment(
        session, method=method, revision=booking.revision, rules=RULES, cause=unique("inbound:"), now=now
    )
    return booking


def by_transfer(
    session: Session, place: Listing | None = None, *, now: datetime = NOW, **what: Any
) -> Booking:
    """PAYMENT_PENDING: the guest was told where to transfer the advance."""
    place = place or listing(session)
    payee_for(session, place)
    booking = held(session, place, method="transfer", now=now, **what)
    (payment,) = Payment.of_booking(session, booking.id)
    payment.learn(PaymentFacts(PaymentState.PENDING), now)
    payment.link_sent_at = now
    payment.write(session)
    return booking


def in_review(session: Session, place: Listing | None = None, *, now: datetime = NOW, **what: Any) -> Booking:
    """PAYMENT_REVIEW: the guest says that the transfer is made."""
    booking = by_transfer(session, place, now=now, **what)
    booking.submit_evidence(session, rules=RULES, cause=unique("inbound:"), now=now)
    return booking


def payee_for(session: Session, place: Listing) -> None:
    """An account of the place's own, by card or by transfer."""
    payees.write(
        session,
        slug=f"of-{place.slug}",
        provider="NayaPay",
        title="Sarai Stays",
        account="03000000900",
        listings=[place.slug],
        now=NOW,
    )
    change(session, place, methods='["card", "transfer"]')


def paid(
    session: Session,
    place: Listing | None = None,
    *,
    now: datetime = NOW,
    capture_before: datetime | None = None,
    captured: bool = False,
    **what: Any,
) -> Booking:
    """PAYMENT_SUCCESS: the money is authorized, or captured already."""
    booking = held(session, place, now=now, **what)
    state = PaymentState.CAPTURED if captured else PaymentState.AUTHORIZED
    tell(session, booking, PaymentFacts(state, intent=unique("pi_"), capture_before=capture_before), now=now)
    return booking


def waived(session: Session, place: Listing | None = None, *, now: datetime = NOW, **what: Any) -> Booking:
    """PAYMENT_SUCCESS with nothing to pay now."""
    booking = draft(session, place or listing(session, advance=0), now=now, **what)
    booking.waive_payment(session, revision=booking.revision, rules=RULES, cause=unique("inbound:"), now=now)
    return booking


def decided(session: Session, place: Listing | None = None, *, now: datetime = NOW, **what: Any) -> Booking:
    """The owner has said yes to authorized money, which is to be captured now."""
    booking = paid(session, place, now=now, **what)
    decide(session, booking, yes=True, now=now)
    return booking


def confirmed(session: Session, place: Listing | None = None, *, now: datetime = NOW, **what: Any) -> Booking:
    """OWNER_CONFIRMED, money captured."""
    booking = decided(session, place, now=now, **what)
    tell(session, booking, PaymentFacts(PaymentState.CAPTURED), now=now)
    return booking


def ticket_facts(session: Session, booking: Booking) -> ticket.TicketFacts:
    (row,) = ticket.FACTS.run(session, id=booking.id)
    return ticket.TicketFacts(*row)


def ticket_view(session: Session, booking: Booking, key: str, *, rules: Rules = RULES) -> ticket.TicketView:
    """What the booking's ticket shows, written as the job writes it."""
    return notices.ticket_view(ticket_facts(session, booking), rules=rules, key=key)


def decide(
    session: Session, booking: Booking, *, yes: bool, now: datetime = NOW, cause: str | None = None
) -> None:
    owner_id = Listing.get(session, booking.listing_id).owner_id
    actor = Actor("owner", owner_id)
    booking.decide(session, yes=yes, actor=actor, cause=cause or unique("inbound:"), now=now)


def tell(
    session: Session,
    booking: Booking,
    facts: PaymentFacts,
    *,
    payment: Payment | None = None,
    cause: str | None = None,
    now: datetime = NOW,
) -> None:
    """The provider says this of the booking's newest payment, or of the one named."""
    payment = payment or Payment.of_booking(session, booking.id)[-1]
    booking.record_facts(session, payment, facts, rules=RULES, cause=cause or unique("follow_up:"), now=now)


def mail(session: Session, amount: Money, transaction_id: str | None = None) -> int:
    """A mail that can be believed tells of this money; its number."""
    kept = evidence.keep_transfer(
        session,
        source="gmail",
        transfer=Transfer("nayapay", amount, transaction_id or unique("TX")),
        trusted=True,
        known_form=True,
        message_id=unique("mail-"),
        now=NOW,
    )
    assert kept is not None
    return kept


def finds(
    session: Session,
    booking: Booking,
    payment: Payment,
    evidence_id: int | None,
    amount: Money,
    *,
    how: str,
    now: datetime = NOW,
) -> Outcome:
    """The matcher has found this money for this payment."""
    found = Found(evidence_id, payment.id, amount, how)
    return booking.record_found(session, found, actor=SARAI, rules=RULES, cause=unique("evidence:"), now=now)


def another_payment(
    session: Session, booking: Booking, state: PaymentState, *, now: datetime = NOW
) -> Payment:
    """One more attempt to pay, in this state whatever the provider said."""
    Payment.begin(session, booking.id, method="card", amount=booking.advance, expires_at=now, now=now)
    payment = Payment.of_booking(session, booking.id)[-1]
    payment.state = state
    if state is PaymentState.CAPTURED:
        payment.captured_minor = payment.amount_minor
    payment.write(session)
    return payment


# ---- what is asked of the database afterwards ------------------------------------------------------


def events(session: Session, booking: Booking) -> list[str]:
    """What happened to the booking, in its order."""
    return list(
        session.scalars(
            text("SELECT action FROM booking_events WHERE booking_id = :id ORDER BY id"), {"id": booking.id}
        )
    )


def last_event(session: Session, booking: Booking) -> Any:
    return session.execute(
        text("SELECT * FROM booking_events WHERE booking_id = :id ORDER BY id DESC LIMIT 1"),
        {"id": booking.id},
    ).one()


def follow_ups(session: Session, booking: Booking) -> dict[str, datetime]:
    """When each open job of this booking is due; of several with one name the latest."""
    rows = session.execute(
        text("SELECT job, due_at FROM follow_ups WHERE booking_id = :id AND done_at IS NULL ORDER BY id"),
        {"id": booking.id},
    )
    return {row.job: row.due_at for row in rows}


def allocations(session: Session, booking: Booking) -> list[tuple[str, datetime | None]]:
    """(state, hold_until) of each unit that the booking has."""
    rows = session.execute(
        text(
            "SELECT state, hold_until FROM allocations "
            "WHERE booking_id = :id AND state <> 'RELEASED' ORDER BY unit_id"
        ),
        {"id": booking.id},
    )
    return [(row.state, row.hold_until) for row in rows]


# ---- messages and events ---------------------------------------------------------------------------


def say(
    session: Session,
    person_id: int,
    words: str | Message = "Hello",
    *,
    kind: str = "answer",
    template: bool = False,
    now: datetime = NOW,
    **what: Any,
) -> None:
    """Put a message into the outbox; it is numbered when the unit of work commits."""
    message = Text(words) if isinstance(words, str) else words
    written = Template("booking_update", "en", ("Sea View",)) if template else None
    outbound.say(session, person_id, message, kind=kind, now=now, template=written, **what)


def inbound_text(
    person_phone: str, words: str = "hi", *, user: str | None = None, wamid: str | None = None
) -> Incoming:
    """A text message as the door keeps it."""
    wamid = wamid or unique("wamid.")
    node = {"id": wamid, "from": person_phone.lstrip("+"), "type": "text", "text": {"body": words}}
    if user is not None:
        node["from_user_id"] = user
    return Incoming("whatsapp", wamid, "message", node, phone=person_phone, user_id=user, name=None)


def status(wamid: str, name: str, *, at: datetime = NOW, **more: Any) -> Incoming:
    """A status as the door keeps it."""
    node = {"id": wamid, "status": name, "timestamp": str(int(at.timestamp())), **more}
    return Incoming("whatsapp", f"{wamid}:{name}", "status", node)


def failed(wamid: str, code: Any, **more: Any) -> Incoming:
    return status(wamid, "failed", errors=[{"code": code, "title": "It failed"}], **more)


def keep(session: Session, *items: Incoming, now: datetime = NOW) -> list[tuple[str, int]]:
    return inbound.keep(session, items, now)


# ---- waiting -----------------------------------------------------------------------------------------


def wait_for(condition: Callable[[], bool], seconds: float = 180.0) -> None:
    """Return as soon as it is so; fail if it does not come about."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.002)


# ---- time ------------------------------------------------------------------------------------------


class MovableClock(Clock):
    """The product's own clock with its own file; `move` writes it as the sandbox does."""

    def __init__(self, folder: Path, starts_at: datetime | None = None) -> None:
        self._file = folder / "clock"
        self._seconds = starts_at.timestamp() - time.time() if starts_at else 0.0
        self._write()
        super().__init__(str(self._file))

    def move(self, by: timedelta) -> None:
        self._seconds += by.total_seconds()
        self._write()

    def _write(self) -> None:
        half = self._file.with_suffix(".new")
        half.write_text(repr(self._seconds))
        half.replace(self._file)


def json_bytes(value: Any) -> bytes:
    return orjson.dumps(value)
