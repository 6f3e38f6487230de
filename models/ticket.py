"""The e-ticket: an unguessable key, what its page shows, and until when."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final

import orjson
from sqlalchemy import text

from models.hot import Hot
from models.lifecycle import Status
from models.money import Money
from models.session import Session
from models.stay import Mode, Shift, Stay

KEY_LETTERS: Final = string.ascii_letters + string.digits
# No 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V: a code can be said aloud and read from a small screen.
CODE_LETTERS: Final = "34679ACDEFGHJKMNPQRTWXY"


class TicketState(StrEnum):
    VALID = "valid"
    USED = "used"
    EXPIRED = "expired"
    VOID = "void"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class TicketView:
    """Everything a ticket shows, as words: page, PDF and chat show the same.

    Attributes:
        check_in, check_out: local time of the place, written out; a visit's beginning and end.
        mode, kind: how it was booked, and which shift or how long a visit; None by the night.
        advance_paid, amount_due: amounts with their currency, written out.
        url: the ticket's own page; what the QR code holds.
    """

    code: str
    state: TicketState
    property_name: str
    location: str
    guest_name: str
    check_in: str
    check_out: str
    guests: int
    units: str
    advance_paid: str
    amount_due: str
    host_name: str
    host_phone: str
    owner_name: str
    owner_phone: str
    map_link: str | None
    payment_reference: str | None
    instructions: tuple[str, ...]
    url: str
    # Tickets of an older release say neither.
    mode: Mode = Mode.NIGHTLY
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What a ticket is written from, as it stands at the booking and at its place.

    Attributes:
        units: the booking's own, by name.
        payment_reference: what the provider knows the money by that was taken.
    """

    status: str
    code: str
    guest_name: str
    guests: int
    check_in: date
    check_out: date
    starts_at: datetime
    ends_at: datetime
    shift: str | None
    slot_start: time | None
    slot_minutes: int | None
    total_minor: int
    advance_minor: int
    currency: str
    property_name: str
    location: str
    time_zone: str
    owner_name: str
    contact: str
    map_link: str | None
    units: Sequence[str]
    payment_reference: str | None

    @property
    def stay(self) -> Stay:
        shift = Shift(self.shift) if self.shift is not None else None
        return Stay(self.check_in, self.check_out, shift, self.slot_start, self.slot_minutes)

    @property
    def advance(self) -> Money:
        return Money(self.advance_minor, self.currency)

    @property
    def due(self) -> Money:
        return Money(self.total_minor - self.advance_minor, self.currency)

    @property
    def is_wanted(self) -> bool:
        """Whether the booking waits for its ticket."""
        return self.status == Status.OWNER_CONFIRMED


# In the order of the fields.
FACTS = Hot(
    "facts_of_ticket",
    "SELECT b.status, b.code, b.guest_name, b.guests, b.check_in, b.check_out, b.starts_at, b.ends_at,"
    " b.shift, b.slot_start, b.slot_minutes,"
    " b.total_minor, b.advance_minor, b.currency,"
    " l.name, l.location, l.time_zone, l.owner_name, l.contact, l.map_link,"
    " ARRAY(SELECT u.name FROM allocations a JOIN units u ON u.id = a.unit_id"
    "  WHERE a.booking_id = b.id AND a.state <> 'RELEASED' ORDER BY u.id),"
    " (SELECT coalesce(p.intent, p.reference) FROM payments p"
    "  WHERE p.booking_id = b.id AND p.state = 'captured' AND p.captured_minor > 0 ORDER BY p.id DESC LIMIT 1)"
    " FROM bookings b JOIN listings l ON l.id = b.listing_id WHERE b.id = :id",
    id="bigint",
)


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A ticket as its page shows it now; `pdf` is None where it could not be made."""

    view: TicketView
    pdf: bytes | None


def new_key() -> str:
    """130 bits of chance in letters and digits only: a phone does not take a dash at the end for the link's."""
    return "".join(secrets.choice(KEY_LETTERS) for _ in range(22))


def chat_code(key: str) -> str:
    """What the ticket's page gives the owner to send: proves that they saw the ticket, and tells nothing of its key."""
    number = int.from_bytes(hashlib.sha256(f"check in {key}".encode()).digest()[:8])
    letters = ""
    for _ in range(6):
        number, letter = divmod(number, len(CODE_LETTERS))
        letters += CODE_LETTERS[letter]
    return letters


def keep(
    session: Session,
    booking_id: int,
    key: str,
    view: TicketView,
    pdf: bytes | None,
    *,
    expires_at: datetime,
    now: datetime,
) -> None:
    """The booking's one ticket, and what it shows, as it was issued."""
    _KEEP.run(
        session,
        id=booking_id,
        key=key,
        view=orjson.dumps(asdict(view)).decode(),
        pdf=pdf,
        now=now,
        expires_at=expires_at,
    )


_KEEP = Hot(
    "keep_ticket",
    "INSERT INTO tickets (booking_id, key, issued_at, expires_at, view, pdf) "
    "VALUES (:id, :key, :now, :expires_at, :view, :pdf)",
    id="bigint",
    key="text",
    view="jsonb",
    pdf="bytea",
    now="timestamptz",
    expires_at="timestamptz",
)


def key_of(session: Session, booking_id: int) -> str | None:
    key: str | None = session.execute(
        text("SELECT key FROM tickets WHERE booking_id = :id"), {"id": booking_id}
    ).scalar()
    return key


def find(session: Session, key: str, now: datetime) -> TicketPage | None:
    """The ticket with this key as it stands now; None for a key that nobody was given."""
    if not set(key) <= set(KEY_LETTERS):
        return None  # anything can stand in an address, also what PostgreSQL takes for no text at all
    row = session.execute(
        text("SELECT view, pdf, expires_at, voided_at, suspended_at, used_at FROM tickets WHERE key = :key"),
        {"key": key},
    ).first()
    if row is None:
        return None
    view: dict[str, Any] = {**row.view, "instructions": tuple(row.view["instructions"])}
    state = TicketState.VALID
    if row.voided_at is not None:
        state = TicketState.VOID
    elif row.suspended_at is not None:
        state = TicketState.SUSPENDED
    elif now >= row.expires_at:
        state = TicketState.EXPIRED
    elif row.used_at is not None:
        state = TicketState.USED
    return TicketPage(
        replace(TicketView(**view), state=state), bytes(row.pdf) if row.pdf is not None else None
    )


def void(session: Session, booking_id: int, now: datetime) -> None:
    """The booking is cancelled: the page says so from now on."""
    session.execute(
        text("UPDATE tickets SET voided_at = :now WHERE booking_id = :id AND voided_at IS NULL"),
        {"id": booking_id, "now": now},
    )


def suspend(session: Session, booking_id: int, now: datetime) -> None:
    """The money was taken back: until that is settled nobody gets in with it."""
    session.execute(
        text("UPDATE tickets SET suspended_at = :now WHERE booking_id = :id AND suspended_at IS NULL"),
        {"id": booking_id, "now": now},
    )


def resume(session: Session, booking_id: int) -> bool:
    """The ticket that was suspended holds again; False where none was ever issued."""
    resumed = session.execute(
        text("UPDATE tickets SET suspended_at = NULL WHERE booking_id = :id RETURNING booking_id"),
        {"id": booking_id},
    )
    return resumed.first() is not None


@dataclass(frozen=True, slots=True)
class Use:
    """When the guest was marked as arrived, and who did it."""

    at: datetime
    person_id: int | None
    name: str | None


def use_of(session: Session, booking_id: int) -> Use | None:
    """The one time that the ticket was used; None as long as it was not."""
    row = session.execute(
        text(
            "SELECT t.used_at, t.used_by, p.name FROM tickets t LEFT JOIN persons p ON p.id = t.used_by "
            "WHERE t.booking_id = :id AND t.used_at IS NOT NULL"
        ),
        {"id": booking_id},
    ).first()
    return Use(*row) if row is not None else None


def use(session: Session, booking_id: int, person_id: int | None, now: datetime) -> bool:
    """The guest has arrived with it; False where it was used before, or is none any more."""
    used = session.execute(
        text(
            "UPDATE tickets SET used_at = :now, used_by = :person_id WHERE booking_id = :id "
            "AND used_at IS NULL AND voided_at IS NULL AND suspended_at IS NULL RETURNING booking_id"
        ),
        {"id": booking_id, "person_id": person_id, "now": now},
    )
    return used.first() is not None
