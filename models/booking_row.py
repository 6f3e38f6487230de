"""The rows of bookings: how they are found and written; what may be done with one is `models/booking.py`'s."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any, Final, Self

import orjson
from sqlalchemy import text

from models import booking_event, ticket
from models.availability import stay_span, units_needed
from models.hot import Hot
from models.lifecycle import AWAITING_OWNER, LIVE_HOLD, Status
from models.listing import Listing
from models.money import Money
from models.pricing import Quote
from models.seen import seen
from models.session import Session
from models.stay import Shift, Stay

CODE_LETTERS: Final = ticket.CODE_LETTERS
YES, NO = "YES", "NO"  # what an owner decides


@dataclass(eq=False)
class BookingRow:
    """One object for each row in a unit of work, as it was read."""

    id: int
    code: str
    person_id: int
    listing_id: int
    status: str
    revision: int
    check_in: date
    check_out: date
    starts_at: datetime
    ends_at: datetime
    units: int
    guests: int
    guest_name: str
    quote: dict[str, Any]
    policy: dict[str, Any]
    currency: str
    total_minor: int
    advance_minor: int
    held_since: datetime | None
    hold_until: datetime | None
    paid_at: datetime | None
    decision: str | None
    decision_made_at: datetime | None
    decision_made_by: int | None
    decision_reason: str | None
    commission_status: str
    referral_code: str | None
    alerted_admin_at: datetime | None
    created_at: datetime
    updated_at: datetime
    shift: str | None
    slot_start: time | None
    slot_minutes: int | None
    answers: dict[str, str | None] | None
    coupon_code: str | None

    def __post_init__(self) -> None:
        self.written = self.standing()
        self.paid_by: str | None = None  # the method of a payment that was begun in this unit of work
        self.is_revived = False  # in this unit of work it is confirmed for the second time

    def standing(self) -> dict[str, Any]:
        """What the verbs change; as `written` has it where nothing has changed since the row was read."""
        return {name: getattr(self, name) for name in booking_event.STANDING}

    @classmethod
    def from_row(cls, session: Session, row: Iterable[Any]) -> Self:
        """The booking of a row that was read and locked in this unit of work, with the columns as in `COLUMNS`."""
        return seen(session, cls(*row))

    @classmethod
    def find(cls, session: Session, booking_id: int) -> Self | None:
        return cls._first(session, _ONE.run(session, id=booking_id))

    @classmethod
    def get(cls, session: Session, booking_id: int) -> Self:
        found = cls.find(session, booking_id)
        if found is None:
            raise LookupError(f"no booking {booking_id}")
        return found

    @classmethod
    def for_update(cls, session: Session, booking_id: int) -> Self:
        """The booking with its row locked and read anew; after the conversation, before payments.

        No key changes: rows that refer to it (news of a payment at the door, say) need not wait.
        """
        found = cls._first(session, LOCK.run(session, id=booking_id))
        if found is None:
            raise LookupError(f"no booking {booking_id}")
        return found

    @classmethod
    def with_code(cls, session: Session, code: str) -> Self | None:
        return cls._first(session, _WITH_CODE.run(session, code=code.upper()))

    @classmethod
    def of_person(cls, session: Session, person_id: int, *, most: int = 10) -> Sequence[Self]:
        """The person's bookings, newest first, without mere drafts."""
        return cls._from_rows(session, _OF_PERSON.run(session, person_id=person_id, most=most))

    @classmethod
    def in_review(cls, session: Session) -> Sequence[Self]:
        """Those whose transfer somebody has to look for, what ends first before the rest."""
        return cls._from_rows(session, session.execute(_IN_REVIEW))

    @classmethod
    def awaiting_owner(cls, session: Session, listing_id: int) -> Sequence[Self]:
        """Requests for this listing that nobody has decided on, the oldest first."""
        return cls._from_rows(session, session.execute(_AWAITING_OWNER, {"listing_id": listing_id}))

    @classmethod
    def undecided(cls, session: Session, *, most: int) -> Sequence[Self]:
        """Requests that nobody has decided on, at whatever place, the oldest first."""
        return cls._from_rows(session, session.execute(_UNDECIDED, {"most": most}))

    @classmethod
    def _first(cls, session: Session, rows: Sequence[Any]) -> Self | None:
        return cls._from_rows(session, rows)[0] if rows else None

    @classmethod
    def _from_rows(cls, session: Session, rows: Iterable[Any]) -> list[Self]:
        return [cls.from_row(session, row) for row in rows]

    @property
    def stay(self) -> Stay:
        shift = Shift(self.shift) if self.shift is not None else None
        return Stay(self.check_in, self.check_out, shift, self.slot_start, self.slot_minutes)

    @property
    def priced(self) -> Quote:
        return Quote.from_dict(self.quote)

    @property
    def advance(self) -> Money:
        return Money(self.advance_minor, self.currency)

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def due(self) -> Money:
        return Money(self.total_minor - self.advance_minor, self.currency)

    def owed_back(self, session: Session) -> Money | None:
        """What the guest is to get of what was counted for the stay; None where nothing was ever owed."""
        minor = session.execute(_OWED_BACK, {"id": self.id}).scalar()
        return Money(minor, self.currency) if minor is not None else None


def answers_as_columns(
    listing: Listing,
    stay: Stay,
    guests: int,
    guest_name: str,
    quote: Quote,
    further: Mapping[str, str | None] | None,
) -> dict[str, Any]:
    """All that a guest's answers say, as columns."""
    starts_at, ends_at = stay_span(listing, stay)
    return {
        "listing_id": listing.id,
        "check_in": stay.check_in,
        "check_out": stay.check_out,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "units": units_needed(listing, guests),
        "guests": guests,
        "guest_name": guest_name,
        "quote": orjson.dumps(quote.to_dict()).decode(),
        "policy": orjson.dumps(listing.policy).decode(),
        "currency": listing.currency,
        "total_minor": quote.total.minor,
        "advance_minor": quote.advance.minor,
        "shift": stay.shift,
        "slot_start": stay.start,
        "slot_minutes": stay.minutes,
        "answers": orjson.dumps(dict(further)).decode() if further else None,
        "coupon_code": quote.coupon_code,
    }


def insert(session: Session, day: date, **values: Any) -> Any:
    """The new row; its code, `BK-20251017-7K3QX`, is date and random letters, drawn again where it is taken."""
    while True:
        code = f"BK-{day:%Y%m%d}-" + "".join(secrets.choice(CODE_LETTERS) for _ in range(5))
        row = _INSERT.run(session, code=code, **values).first()
        if row is not None:
            return row


def _one_of(statuses: Iterable[Status]) -> str:
    return "('" + "', '".join(sorted(statuses)) + "')"


COLUMNS: Final = tuple(column.name for column in fields(BookingRow))
_COLUMNS = ", ".join(COLUMNS)
_ONE = Hot("one_booking", f"SELECT {_COLUMNS} FROM bookings WHERE id = :id", id="bigint")
LOCK = Hot(
    "booking_for_update",
    f"SELECT {_COLUMNS} FROM bookings WHERE id = :id FOR NO KEY UPDATE",
    id="bigint",
)
_WITH_CODE = Hot("booking_with_code", f"SELECT {_COLUMNS} FROM bookings WHERE code = :code", code="text")
_OF_PERSON = Hot(
    "bookings_of_person",
    f"SELECT {_COLUMNS} FROM bookings WHERE person_id = :person_id AND status <> '{Status.INITIATED}' "
    # An abandoned draft was never more than a question.
    f"AND (status <> '{Status.EXPIRED}' OR held_since IS NOT NULL) ORDER BY id DESC LIMIT :most",
    person_id="bigint",
    most="int",
)
_IN_REVIEW = text(
    f"SELECT {_COLUMNS} FROM bookings WHERE status = '{Status.PAYMENT_REVIEW}' AND hold_until IS NOT NULL "
    "ORDER BY hold_until, id LIMIT 200"
)
_AWAITING_OWNER = text(
    f"SELECT {_COLUMNS} FROM bookings WHERE listing_id = :listing_id AND status IN {_one_of(AWAITING_OWNER)} "
    "AND decision IS NULL ORDER BY id"
)
_UNDECIDED = text(
    f"SELECT {_COLUMNS} FROM bookings WHERE status IN {_one_of(AWAITING_OWNER)} AND decision IS NULL "
    "ORDER BY id LIMIT :most"
)
HOLDS_OF_PERSON = Hot(
    "holds_of_person",
    "SELECT count(*) FROM bookings WHERE person_id = :person_id "
    f"AND (status IN {_one_of(LIVE_HOLD)} OR (advance_minor = 0 AND status IN {_one_of(AWAITING_OWNER)}))",
    person_id="bigint",
)
REJECTIONS = text(
    "SELECT count(*) FROM booking_events WHERE booking_id = :id AND "
    "((action = 'REJECT_PAYMENT' AND reason NOT IN ('part', 'others')) "
    # The last refusal ends the booking.
    "OR (action = 'EXPIRE' AND from_status = 'PAYMENT_REVIEW' AND actor = 'admin'))"
)
# What a review began with, or what the guest has shown or said since.
KEPT_FOR = text(
    "SELECT CAST(data->>'found' AS bigint) FROM booking_events WHERE booking_id = :id "
    "AND action IN ('SUBMIT_EVIDENCE', 'ADD_EVIDENCE') ORDER BY id DESC LIMIT 1"
)
# Newer, unpaid, and for the same units at the same time: not one whose money a bank took back.
NEWER_OF_SAME_STAY = text(
    f"SELECT {_COLUMNS} FROM bookings WHERE person_id = :person_id AND id > :id AND listing_id = :listing_id "
    "AND starts_at = :starts_at AND ends_at = :ends_at AND units = :units AND currency = :currency "
    f"AND status IN {_one_of(LIVE_HOLD)} AND hold_until IS NOT NULL ORDER BY id DESC LIMIT 1 FOR NO KEY UPDATE"
)
_OWED_BACK = text(
    "SELECT CAST(data->>'refund_minor' AS bigint) FROM booking_events WHERE booking_id = :id "
    f"AND to_status = '{Status.REFUND_REQUIRED}' AND data ? 'refund_minor' ORDER BY id DESC LIMIT 1"
)
PUT_TO = text(
    "SELECT b.code FROM payments p JOIN payments n ON n.put_from = p.id JOIN bookings b ON b.id = n.booking_id "
    "WHERE p.booking_id = :id"
)
_UNITS_HELD: Final = "FROM allocations WHERE booking_id = :id AND state <> 'RELEASED'"
UNITS_HELD = Hot("units_held", f"SELECT count(*) {_UNITS_HELD}", id="bigint")
# A rival may be letting go of an overdue hold at this moment: one of the two waits for the other.
LOCK_UNITS_HELD = Hot(
    "lock_units_held",
    f"SELECT count(*) FROM (SELECT id {_UNITS_HELD} ORDER BY id FOR NO KEY UPDATE) AS held",
    id="bigint",
)
_ANSWERS: Final = {
    "listing_id": "bigint",
    "check_in": "date",
    "check_out": "date",
    "starts_at": "timestamptz",
    "ends_at": "timestamptz",
    "units": "smallint",
    "guests": "smallint",
    "guest_name": "text",
    "quote": "jsonb",
    "policy": "jsonb",
    "currency": "text",
    "total_minor": "bigint",
    "advance_minor": "bigint",
    "shift": "text",
    "slot_start": "time",
    "slot_minutes": "smallint",
    "answers": "jsonb",
    "coupon_code": "text",
}
_INSERT = Hot(
    "initiate_booking",
    f"INSERT INTO bookings (code, person_id, status, {', '.join(_ANSWERS)}, created_at, updated_at) "
    f"VALUES (:code, :person_id, '{Status.INITIATED}', :{', :'.join(_ANSWERS)}, :now, :now) "
    f"ON CONFLICT (code) DO NOTHING RETURNING {_COLUMNS}",
    code="text",
    person_id="bigint",
    now="timestamptz",
    **_ANSWERS,
)
PAY_IN_FULL = Hot(
    "pay_in_full",
    "UPDATE bookings SET quote = :quote, advance_minor = total_minor WHERE id = :id",
    id="bigint",
    quote="jsonb",
)
REWRITE = Hot(
    "rewrite_booking",
    f"UPDATE bookings SET revision = revision + 1, {', '.join(f'{name} = :{name}' for name in _ANSWERS)}, "
    f"updated_at = :now WHERE id = :id RETURNING {_COLUMNS}",
    id="bigint",
    now="timestamptz",
    **_ANSWERS,
)
