"""What says that money came: a mail, a picture, an admin's word. Only an admin or the matcher makes it a payment.

What tells of one money (issuer and transaction id, or a fingerprint where there is none) is one, whatever the
source: a repeat is kept as well, and names the first. Money counts once (`count`), which PostgreSQL sees to.

A picture is kept sealed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import text

from models import chore, sealed
from models.booking_event import TURNS, demand
from models.likeness import codes_in, same_id
from models.matching import TAIL, Transfer
from models.money import Money
from models.session import Session
from models.ticket import CODE_LETTERS

GMAIL, SCREENSHOT, MANUAL = "gmail", "screenshot", "manual"
CREDIT, REVERSAL = "credit", "reversal"

MATCH: Final = "match_transfers"  # the chore that looks whose money it is
SETTLE: Final = timedelta(seconds=1)  # what one look at the mailbox brings is matched together

# What a phone's picture of a payment can be; WhatsApp makes every picture a JPEG, a file may be anything.
MIME_TYPES: Final = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
MOST_BYTES: Final = 5 * 1024 * 1024
MOST_PIXELS: Final = 120_000_000
CODE_LENGTH: Final = 4
# That one guest may send in an hour: each is fetched, kept, read, and shown to the admins.
MOST_PICTURES: Final = 10
# That one picture may show beside its own: a page full of ids is somebody's guessing.
MOST_OTHER_IDS: Final = 4
MOST_TAILS: Final = 5  # of ids that a guest may type for one payment: nobody gets there by guessing


class EvidenceStatus(StrEnum):
    PENDING = "pending"
    MATCHED = "matched"
    UNMATCHED = "unmatched"
    VERIFIED = "verified"
    REJECTED = "rejected"


class NotAPicture(Exception):
    """What was sent can be no picture of a payment; says in a word why."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A row without its picture.

    Attributes:
        code: by which people name it, `P-7K3Q`; None for a picture.
        kind: whether money came, or went back.
        booking_id: None while nobody knows which booking it is for.
        duplicate_of: the row that the same money or picture was told of by first.
        trusted: whether the one who tells of it may be believed.
        known_form: whether it was read by those who know its issuer's mails; what is guessed confirms nothing.
        verdict: what the matcher thought of it last (`models.matching.Verdict`).
        counted: whether it is this row by which the money was counted.
        media_id: by which WhatsApp hands out what was sent, for some days.
        shown_as: by which WhatsApp shows our own copy.
        failure: why there is no picture after all.
    """

    id: int
    source: str
    status: str
    booking_id: int | None
    payment_id: int | None
    person_id: int | None
    duplicate_of: int | None
    media_id: str | None
    mime_type: str | None
    shown_as: str | None
    failure: str | None
    created_at: datetime
    code: str | None
    kind: str
    issuer: str | None
    transaction_id: str | None
    amount_minor: int | None
    currency: str | None
    sender_name: str | None
    sender_phone: str | None
    payee_tail: str | None
    occurred_at: datetime | None
    told_at: datetime | None
    confidence: int | None
    trusted: bool
    known_form: bool
    reverses: str | None
    mail_id: int | None
    verdict: str | None
    counted: bool
    reason: str | None

    @property
    def amount(self) -> Money | None:
        if self.amount_minor is None or self.currency is None:
            return None
        return Money(self.amount_minor, self.currency)

    @classmethod
    def find(cls, session: Session, evidence_id: int) -> Evidence | None:
        row = session.execute(_ONE, {"id": evidence_id}).first()
        return cls(*row) if row is not None else None

    @classmethod
    def with_code(cls, session: Session, code: str) -> Evidence | None:
        """By the code that people write, however they write it."""
        row = session.execute(_WITH_CODE, {"code": code.strip().upper()}).first()
        return cls(*row) if row is not None else None

    @classmethod
    def unmatched(cls, session: Session, *, most: int, trusted: bool = True) -> Sequence[Evidence]:
        """Money that came and is nobody's yet, the newest first: nothing fitted, or nobody has decided; each once."""
        return [cls(*row) for row in session.execute(_UNMATCHED, {"most": most, "trusted": trusted})]

    @classmethod
    def of_booking(cls, session: Session, booking_id: int) -> Sequence[Evidence]:
        """All that was shown for the booking, oldest first."""
        return [cls(*row) for row in session.execute(_OF_BOOKING, {"booking_id": booking_id})]

    @classmethod
    def being_checked(cls, session: Session, booking_id: int) -> Evidence | None:
        """What was shown last and nobody has judged yet."""
        pending = [e for e in cls.of_booking(session, booking_id) if e.status == EvidenceStatus.PENDING]
        return pending[-1] if pending else None


def keep_transfer(
    session: Session,
    *,
    source: str,
    transfer: Transfer,
    trusted: bool,
    known_form: bool,
    now: datetime,
    kind: str = CREDIT,
    message_id: str | None = None,
    mail_id: int | None = None,
    reverses: str | None = None,
    person_id: int | None = None,
) -> int | None:
    """What was read of a mail becomes a row, and the matcher is asked to look whose money it is.

    Inserted first and looked for after, so that of two who keep the same mail one finds the other's. What cannot
    be believed is kept as well, and lies in the unmatched list without anybody being told.

    Args:
        message_id: of the mail; the identity of what has no transaction id.
        mail_id: the row of `mails` that it was read of.
        reverses: the transaction id that a reversal names.

    Returns:
        Its number; None for the very same mail once more, of which nothing is kept.
    """
    matters = trusted and source == GMAIL
    what = {
        "source": source,
        "status": EvidenceStatus.PENDING if matters else EvidenceStatus.UNMATCHED,
        "kind": kind,
        **_as_columns(transfer),
        "fingerprint": _fingerprint(source, transfer, kind, message_id, trusted=trusted),
        "known_form": known_form,
        "trusted": trusted,
        "message_id": message_id,
        "mail_id": mail_id,
        "reverses": same_id(reverses) if reverses else None,
        "person_id": person_id,
        "match_at": now if matters else None,
        "now": now,
    }
    while True:
        what["code"] = new_code()
        evidence_id: int | None = session.execute(_KEEP_TRANSFER, {**what, "duplicate_of": None}).scalar()
        if evidence_id is None:
            repeats = session.execute(_SAME, what).one()
            if repeats.same_mail:
                return None
            if repeats.first is None:
                continue  # it was the code that somebody else has
            evidence_id = session.execute(_KEEP_TRANSFER, {**what, "duplicate_of": repeats.first}).scalar()
            if evidence_id is None:
                continue
        if matters:
            ring_matcher(session, now)
        return evidence_id


def _fingerprint(
    source: str, transfer: Transfer, kind: str, message_id: str | None, *, trusted: bool
) -> str | None:
    """The very same mail; one that cannot be believed never stands in for one that can."""
    if message_id is None:
        return None
    parts = (source, transfer.issuer or "", kind, message_id, str(trusted))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _as_columns(transfer: Transfer) -> dict[str, Any]:
    given = transfer.transaction_id
    return {
        "issuer": transfer.issuer,
        "transaction_id": (same_id(given) or None) if given else None,
        "amount_minor": transfer.amount.minor,
        "currency": transfer.amount.currency,
        "codes": sorted(codes_in(transfer.text, besides=given)),
        "sender_name": transfer.sender_name,
        "sender_phone": transfer.sender_phone,
        "payee_tail": transfer.payee_tail,
        "occurred_at": transfer.occurred_at,
        "told_at": transfer.told_at,
    }


def new_code() -> str:
    """By which people name a payment nobody knows the booking of: `P-7K3Q`."""
    return "P-" + "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def note_read(
    session: Session,
    evidence_id: int,
    *,
    issuer: str | None,
    amount: Money | None,
    transaction_id: str | None,
    other_ids: Sequence[str] = (),
    sender_name: str | None,
    payee_tail: str | None,
    occurred_at: datetime | None,
    now: datetime,
) -> None:
    """What was read of a picture becomes its row's; a mail that tells of the same transaction is looked at again.

    A transaction id that came before is flagged: the row names the first that told of it.

    Args:
        other_ids: what stands beside it; an app shows its own id, and the bank's, which the mail names.
    """
    first = same_id(transaction_id) if transaction_id else ""
    others = [same for same in map(same_id, other_ids) if same]
    what = {
        "id": evidence_id,
        "issuer": issuer,
        "transaction_id": first or None,
        "amount_minor": amount.minor if amount is not None else None,
        "currency": amount.currency if amount is not None else None,
        "other_ids": others,
        "sender_name": sender_name,
        "payee_tail": payee_tail,
        "occurred_at": occurred_at,
        "now": now,
    }
    session.execute(_NOTE_READ, what)
    shown = [first, *others] if first else others
    if shown and session.execute(_LOOK_AGAIN_AT_ID, {"ids": shown, "now": now}).rowcount:
        ring_matcher(session, now)


def note_typed_tail(session: Session, *, payment_id: int, tail: str, now: datetime) -> bool:
    """The guest typed the end of their transaction's id: what could be theirs is looked at again.

    Returns:
        Whether it was long enough to mean anything.
    """
    end = same_id(tail)[-TAIL:]
    if len(end) < TAIL:
        return False
    session.execute(_NOTE_TAIL, {"payment_id": payment_id, "tail": end, "now": now})
    session.execute(_LOOK_AGAIN_AT_CANDIDATES, {"payment_id": payment_id, "now": now})
    ring_matcher(session, now)
    return True


def ring_matcher(session: Session, now: datetime) -> None:
    """Have whatever waits matched, together, a moment from now; the sweep sees to it where nobody rang."""
    chore.demand(session, MATCH, {}, cause=f"match:{now.timestamp():.0f}", due_at=now + SETTLE, now=now)


def waits_for_matcher(session: Session, now: datetime) -> bool:
    """Whether anything has come of which nobody has said yet whose it is."""
    return session.execute(_WAITS_FOR_MATCHER, {"now": now}).first() is not None


def count(
    session: Session,
    evidence_id: int,
    *,
    booking_id: int,
    payment_id: int,
    by: int | None,
    now: datetime,
) -> bool:
    """This money is this payment's, once: False where it, or a repeat of it, was counted or is being counted.

    Called with the booking locked, before anything else follows of it.
    """
    row = session.execute(
        _COUNT,
        {"id": evidence_id, "booking_id": booking_id, "payment_id": payment_id, "by": by, "now": now},
    ).first()
    if row is not None:
        _end_other_searches(session, evidence_id, now)
    return row is not None


def reject_one(session: Session, evidence_id: int, *, reason: str, by: int | None, now: datetime) -> bool:
    """An admin says that this is no money of ours; it never confirms by itself again. False where it was counted."""
    row = session.execute(
        text(
            "UPDATE payment_evidence SET status = 'rejected', reason = :reason, verified_by = :by, "
            "verified_at = :now, match_at = NULL WHERE id = :id AND NOT counted RETURNING id"
        ),
        {"id": evidence_id, "reason": reason, "by": by, "now": now},
    ).first()
    if row is not None:
        _end_other_searches(session, evidence_id, now)
    return row is not None


def _end_other_searches(session: Session, evidence_id: int, now: datetime) -> None:
    """It is known whose money this is: whoever else's place was kept for it goes on as before.

    By a job of each booking, for only one is locked here.
    """
    for booking_id in session.scalars(_SEARCHED_FOR, {"id": evidence_id}):
        cause = f"evidence:{evidence_id}:booking:{booking_id}"
        demand(session, booking_id, "end_search", TURNS, cause=cause, due_at=now, now=now)


def end_reversal(
    session: Session, evidence_id: int, *, booking_id: int, payment_id: int, by: int | None, now: datetime
) -> None:
    """What was taken back is on record, by the word of whoever knows which money it was."""
    session.execute(
        text(
            "UPDATE payment_evidence SET match_at = NULL, status = 'verified', booking_id = :booking_id, "
            "payment_id = :payment_id, verified_by = :by, verified_at = :now WHERE id = :id"
        ),
        {"id": evidence_id, "booking_id": booking_id, "payment_id": payment_id, "by": by, "now": now},
    )


def keep_picture(session: Session, *, person_id: int, media_id: str, mime_type: str, now: datetime) -> int:
    """A picture has come; its bytes are fetched by a job. Returns its number."""
    evidence_id: int = session.execute(
        _KEEP_PICTURE, {"person_id": person_id, "media_id": media_id, "mime_type": mime_type, "now": now}
    ).scalar_one()
    return evidence_id


def has_sent_enough(session: Session, person_id: int, now: datetime) -> bool:
    """Whether so many pictures of theirs came within the hour that no more are kept."""
    sent = session.execute(_PICTURES_OF, {"person_id": person_id, "since": now - timedelta(hours=1)})
    return int(sent.scalar_one()) >= MOST_PICTURES


def attach(session: Session, evidence_id: int, *, booking_id: int, payment_id: int) -> None:
    """It is shown for this payment; what was for a payment before stays for that one."""
    session.execute(
        text(
            "UPDATE payment_evidence SET booking_id = :booking_id, payment_id = :payment_id "
            "WHERE id = :id AND booking_id IS NULL"
        ),
        {"id": evidence_id, "booking_id": booking_id, "payment_id": payment_id},
    )


def check_picture(content: bytes, mime_type: str) -> str:
    """The type that it really is.

    Raises:
        NotAPicture: of another kind than it says, too large, or with more pixels than any phone takes.
    """
    if len(content) > MOST_BYTES:
        raise NotAPicture("too_large")
    kind = next((kind for kind, begins in MIME_TYPES.items() if content.startswith(begins)), None)
    if kind is None or mime_type.split(";")[0].strip().lower() not in MIME_TYPES:
        raise NotAPicture("not_a_picture")
    if _pixels(content) > MOST_PIXELS:
        raise NotAPicture("too_many_pixels")
    return kind


def _pixels(content: bytes) -> int:
    """As many as a picture says it has, without decoding it; 0 where it does not say."""
    if content.startswith(MIME_TYPES["image/png"]):
        return int.from_bytes(content[16:20], "big") * int.from_bytes(content[20:24], "big")
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        kind, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):  # a frame: tables look alike
            height, width = content[at + 5 : at + 7], content[at + 7 : at + 9]
            return int.from_bytes(height, "big") * int.from_bytes(width, "big")
        at += 2 + max(length, 2)
    return 0


def store_picture(session: Session, evidence_id: int, content: bytes, *, mime_type: str) -> None:
    """Seal the picture into its row; one that came before is known by its bytes, and named.

    Two rows that store the same picture at the same moment: one of them is tried again, and finds the other.
    """
    what = {
        "id": evidence_id,
        "fingerprint": hashlib.sha256(content).hexdigest(),
        "content": sealed.seal(content),
        "mime_type": mime_type,
    }
    session.execute(_STORE_PICTURE, what)


def picture(session: Session, evidence_id: int) -> tuple[bytes, str] | None:
    """The picture and its type; None where there is none (yet).

    Raises:
        CannotOpen: it was sealed with a key that we do not have any more.
    """
    row = session.execute(
        text("SELECT content, mime_type FROM payment_evidence WHERE id = :id AND content IS NOT NULL"),
        {"id": evidence_id},
    ).first()
    return (sealed.open_(bytes(row.content)), row.mime_type) if row is not None else None


def note_shown(session: Session, evidence_id: int, shown_as: str) -> None:
    session.execute(
        text("UPDATE payment_evidence SET shown_as = :shown_as WHERE id = :id"),
        {"id": evidence_id, "shown_as": shown_as},
    )


def note_failure(session: Session, evidence_id: int, why: str) -> None:
    session.execute(
        text("UPDATE payment_evidence SET failure = :why WHERE id = :id"), {"id": evidence_id, "why": why}
    )


def verify(
    session: Session, *, booking_id: int, payment_id: int, amount: Money, by: int | None, now: datetime
) -> None:
    """An admin has seen the money: what was shown for it holds, and where nothing was their word is the evidence."""
    what = {
        "booking_id": booking_id,
        "payment_id": payment_id,
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "by": by,
        "now": now,
    }
    if not session.execute(_VERIFY, what).all():
        session.execute(_ADD_WORD, what)


def reject(session: Session, *, booking_id: int, reason: str, by: int | None, now: datetime) -> None:
    """An admin has not found the money that this was to show."""
    session.execute(
        text(
            "UPDATE payment_evidence SET status = 'rejected', reason = :reason, verified_by = :by, "
            "verified_at = :now WHERE booking_id = :booking_id AND status = 'pending'"
        ),
        {"booking_id": booking_id, "reason": reason, "by": by, "now": now},
    )


_COLUMNS = ", ".join(column.name for column in fields(Evidence))
_WITH_CODE = text(f"SELECT {_COLUMNS} FROM payment_evidence WHERE code = :code")
_UNMATCHED = text(
    f"SELECT {_COLUMNS} FROM payment_evidence WHERE status IN ('pending', 'matched', 'unmatched') "
    "AND source = 'gmail' AND kind = 'credit' AND verdict IS DISTINCT FROM 'repeat' AND trusted = :trusted "
    "ORDER BY id DESC LIMIT :most"
)
_TOLD = (
    "issuer, transaction_id, amount_minor, currency, codes, sender_name, sender_phone, payee_tail, occurred_at, "
    "told_at, fingerprint, known_form, trusted, message_id, mail_id, reverses, person_id, match_at, source, status, "
    "kind, code, duplicate_of"
)
_KEEP_TRANSFER = text(
    f"INSERT INTO payment_evidence ({_TOLD}, created_at) "
    f"VALUES ({', '.join(f':{name}' for name in _TOLD.split(', '))}, :now) "
    "ON CONFLICT DO NOTHING RETURNING id"
)
_SAME = text(
    "SELECT EXISTS (SELECT 1 FROM payment_evidence WHERE fingerprint = :fingerprint) AS same_mail, "
    "(SELECT id FROM payment_evidence WHERE coalesce(issuer, '') = coalesce(:issuer, '') "
    "AND transaction_id = :transaction_id AND duplicate_of IS NULL) AS first"
)
_NOTE_READ = text(
    "UPDATE payment_evidence SET issuer = :issuer, transaction_id = :transaction_id, other_ids = :other_ids, "
    "amount_minor = :amount_minor, currency = :currency, sender_name = :sender_name, payee_tail = :payee_tail, "
    "occurred_at = :occurred_at, duplicate_of = coalesce(duplicate_of, (SELECT first.id FROM payment_evidence first "
    "WHERE coalesce(first.issuer, '') = coalesce(:issuer, '') AND first.transaction_id = :transaction_id "
    "AND first.duplicate_of IS NULL AND first.id <> :id)) WHERE id = :id"
)
_LOOK_AGAIN_AT_ID = text(
    "UPDATE payment_evidence SET match_at = :now WHERE transaction_id = ANY(:ids) AND source = 'gmail' "
    "AND trusted AND NOT counted AND status IN ('pending', 'matched', 'unmatched')"
)
_NOTE_TAIL = text(
    "INSERT INTO typed_tails (payment_id, tail, typed_at) SELECT :payment_id, :tail, :now "
    f"WHERE (SELECT count(*) FROM typed_tails WHERE payment_id = :payment_id) < {MOST_TAILS} ON CONFLICT DO NOTHING"
)
_LOOK_AGAIN_AT_CANDIDATES = text(
    "UPDATE payment_evidence e SET match_at = :now FROM match_candidates c WHERE c.payment_id = :payment_id "
    "AND e.id = c.evidence_id AND e.match_round = c.round AND e.source = 'gmail' AND e.trusted AND NOT e.counted "
    "AND e.status IN ('pending', 'matched', 'unmatched')"
)
_PICTURES_OF = text(
    "SELECT count(*) FROM payment_evidence WHERE created_at > :since AND person_id = :person_id "
    "AND source = 'screenshot'"
)
_SEARCHED_FOR = text(
    "SELECT DISTINCT b.id FROM match_candidates c JOIN payments p ON p.id = c.payment_id "
    "JOIN bookings b ON b.id = p.booking_id JOIN payment_evidence e ON e.id = c.evidence_id "
    "WHERE c.evidence_id = :id AND b.status = 'PAYMENT_REVIEW' AND b.id IS DISTINCT FROM e.booking_id ORDER BY b.id"
)
# The unique index over money that counts makes one of two wait for the other; who was second finds it counted.
_COUNT = text(
    "UPDATE payment_evidence e SET counted = true, status = 'verified', booking_id = :booking_id, "
    "payment_id = :payment_id, verified_by = :by, verified_at = :now, match_at = NULL "
    "WHERE e.id = :id AND e.kind = 'credit' AND NOT e.counted AND NOT EXISTS (SELECT 1 FROM payment_evidence other "
    "WHERE other.counted AND coalesce(other.duplicate_of, other.id) = coalesce(e.duplicate_of, e.id)) "
    "RETURNING e.id"
)
_WAITS_FOR_MATCHER = text("SELECT 1 FROM payment_evidence WHERE match_at <= :now LIMIT 1")
_ONE = text(f"SELECT {_COLUMNS} FROM payment_evidence WHERE id = :id")
_OF_BOOKING = text(f"SELECT {_COLUMNS} FROM payment_evidence WHERE booking_id = :booking_id ORDER BY id")
_KEEP_PICTURE = text(
    "INSERT INTO payment_evidence (source, status, person_id, media_id, mime_type, created_at) "
    f"VALUES ('{SCREENSHOT}', 'pending', :person_id, :media_id, :mime_type, :now) RETURNING id"
)
_STORE_PICTURE = text(
    "UPDATE payment_evidence SET content = :content, fingerprint = :fingerprint, mime_type = :mime_type, "
    "duplicate_of = (SELECT first.id FROM payment_evidence first WHERE first.fingerprint = :fingerprint "
    "AND first.duplicate_of IS NULL AND first.id <> :id) WHERE id = :id AND content IS NULL"
)
_VERIFY = text(
    "UPDATE payment_evidence SET status = 'verified', payment_id = :payment_id, verified_by = :by, "
    "verified_at = :now WHERE booking_id = :booking_id AND status = 'pending' RETURNING id"
)
_ADD_WORD = text(
    "INSERT INTO payment_evidence (source, status, booking_id, payment_id, amount_minor, currency, confidence, "
    f"verified_by, verified_at, created_at) VALUES ('{MANUAL}', 'verified', :booking_id, :payment_id, "
    ":amount_minor, :currency, 100, :by, :now, :now)"
)
