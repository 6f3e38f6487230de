"""What the matcher works on: transfers to be matched, and the payments that each of them can have been made for.

Candidates are looked up by what they have in common with a transfer (a code, an id, an amount), each by an index;
however many bookings wait, only those few are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from models.evidence import GMAIL, EvidenceStatus
from models.lifecycle import LIVE_HOLD
from models.likeness import codes_in, is_reference, keys_of, same_id
from models.matching import (
    DEFAULT,
    IN_VIEW,
    Account,
    Decision,
    InView,
    OpenTransfer,
    Settled,
    Transfer,
    accounts_of,
    is_clear,
)
from models.money import Money
from models.payment import HAS_MONEY, OPEN
from models.session import Session

MOST_AT_ONCE: Final = 100
# No hold and no review lasts so long that a payment in view began before this.
BEGAN_IN: Final = IN_VIEW + timedelta(days=4)
# An amount that so many payments share tells nothing of whose it is; the newest are the likeliest.
MOST_ALIKE: Final = 1500
# Of those whose amount is merely near; by a name or a phone besides, the best of them is but a proposal.
MOST_NEAR: Final = 400


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of evidence that is to be matched, as it was read.

    Attributes:
        match_at: when it was to be looked at; whoever writes a decision looks whether it still is.
        is_rejected: an admin said that this, or a repeat of it, is no money of ours.
        is_gone: a mail that can be believed says that the bank took it back.
        counted_for: (booking, payment) for which the same money was counted before.
        asked_until: how long guests who were asked have to answer.
    """

    id: int
    match_at: datetime
    kind: str
    transfer: Transfer
    known_form: bool
    is_rejected: bool
    is_gone: bool
    counted_for: tuple[int, int] | None
    repeats_id: int | None
    reverses: str | None
    verdict: str | None
    status: str
    asked_until: datetime | None
    round: int


def waiting(session: Session, now: datetime, *, only: int | None = None) -> Sequence[Waiting]:
    """Evidence that is due to be matched, the oldest first; with `only`, this row alone, locked, if it still is."""
    rows = session.execute(_LOCK_WAITING if only is not None else _WAITING, {"now": now, "id": only})
    return [_waiting(row) for row in rows]


def _waiting(row: Any) -> Waiting:
    transfer = Transfer(
        issuer=row.issuer,
        amount=Money(row.amount_minor, row.currency),
        transaction_id=row.transaction_id,
        text="\n".join(row.codes),
        sender_name=row.sender_name,
        sender_phone=row.sender_phone,
        payee_tail=row.payee_tail,
        occurred_at=row.occurred_at,
        told_at=row.told_at,
    )
    counted_for = (row.counted_booking, row.counted_payment) if row.counted_booking is not None else None
    return Waiting(
        id=row.id,
        match_at=row.match_at,
        kind=row.kind,
        transfer=transfer,
        known_form=row.known_form,
        is_rejected=row.is_rejected,
        is_gone=row.is_gone,
        counted_for=counted_for,
        repeats_id=row.repeats_id,
        reverses=row.reverses,
        verdict=row.verdict,
        status=row.status,
        asked_until=row.asked_until,
        round=row.match_round,
    )


def accounts(session: Session) -> Sequence[Account]:
    """Our accounts, those included that take no new transfers."""
    return [Account(*row) for row in session.execute(text("SELECT id, provider, account FROM payees"))]


def in_view(
    session: Session, transfers: Iterable[Transfer], ours: Sequence[Account], now: datetime
) -> Sequence[OpenTransfer]:
    """The payments in view that any of these transfers can have been made for, each once."""
    transfers = list(transfers)
    ids = set(session.scalars(_NAMED, _names(transfers)))
    everywhere = frozenset(account.id for account in ours)
    payees = {one: accounts_of(one, ours) or everywhere for one in transfers}
    amounts = {(payee_id, one.amount) for one in transfers for payee_id in payees[one]}
    if amounts:
        ids.update(session.scalars(_OF_AMOUNT, _as_arrays(amounts, now)))
    exact = details(session, ids)
    index = InView(exact)
    unclear = [
        one
        for one in transfers
        if (one.sender_name or one.sender_phone)
        and not is_clear(index.candidates(one, payees[one], DEFAULT.weights))
    ]
    near = _near(session, unclear, payees, now) - ids
    return [*exact, *details(session, near)]


def _near(
    session: Session, transfers: Sequence[Transfer], payees: Mapping[Transfer, frozenset[int]], now: datetime
) -> set[int]:
    """Payments whose amount is near, and whose guest may be the payer."""
    told: dict[tuple[int, Money], set[str]] = defaultdict(set)
    for one in transfers:
        for payee_id in payees[one]:
            told[payee_id, one.amount] |= keys_of((one.sender_name or "",), one.sender_phone)
    if not told:
        return set()
    rows = session.execute(_NEAR_AMOUNT, _as_arrays(told, now) | {"most": MOST_NEAR})
    return {
        row.id
        for row in rows
        if told[row.payee_id, Money(row.minor, row.currency)]
        & keys_of([name for name in (row.guest_name, row.profile_name) if name], row.phone)
    }


def details(session: Session, payment_ids: Iterable[int]) -> Sequence[OpenTransfer]:
    """These payments as the rule sees them."""
    ids = sorted(payment_ids)
    if not ids:
        return []
    return [_open_transfer(row) for row in session.execute(_DETAILS, {"ids": ids})]


def _names(transfers: Sequence[Transfer]) -> dict[str, Any]:
    codes = {code for one in transfers for code in codes_in(one.text, besides=one.transaction_id)}
    return {
        "references": sorted(code for code in codes if is_reference(code)),
        "bookings": sorted(code for code in codes if not is_reference(code)),
        "ids": sorted({same_id(one.transaction_id) for one in transfers if one.transaction_id}),
    }


def _as_arrays(amounts: Iterable[tuple[int, Money]], now: datetime) -> dict[str, Any]:
    ordered = sorted((payee_id, amount.currency, amount.minor) for payee_id, amount in amounts)
    return {
        "payees": [payee_id for payee_id, _, _ in ordered],
        "currencies": [currency for _, currency, _ in ordered],
        "minors": [minor for _, _, minor in ordered],
        "since": now - BEGAN_IN,
        "ended_since": now - IN_VIEW,
        "most": MOST_ALIKE,
    }


def _open_transfer(row: Any) -> OpenTransfer:
    has_money, is_open = row.state in HAS_MONEY, row.state in OPEN
    ended_at = row.captured_at or row.ended_at
    if ended_at is None and not (is_open and row.status in LIVE_HOLD):
        ended_at = row.updated_at
    settled = Settled.NO
    if has_money:
        settled = Settled.PROVEN if row.is_proven else Settled.BY_WORD
    return OpenTransfer(
        payment_id=row.id,
        booking_id=row.booking_id,
        booking_code=row.code,
        payee_id=row.payee_id,
        payable=Money(row.amount_minor, row.currency),
        agreed=Money(row.amount_minor + row.short_minor, row.currency),
        total=Money(row.total_minor, row.currency),
        reference=row.reference,
        names=tuple(name for name in (row.guest_name, row.profile_name) if name),
        guest_phone=row.phone,
        since=row.created_at,
        ended_at=None if settled is Settled.NO and is_open and row.status in LIVE_HOLD else ended_at,
        settled=settled,
        shown_ids=frozenset(row.shown_ids or ()),
        typed_tails=frozenset(row.typed_tails or ()),
    )


def write(
    session: Session,
    one: Waiting,
    decision: Decision,
    *,
    status: EvidenceStatus | None,
    match_at: datetime | None,
    asked_until: datetime | None = None,
) -> None:
    """Keep what was thought of it, with every candidate and its score.

    Args:
        status: None for what was counted by this decision, and says so already.
        match_at: when it is to be looked at again by itself; None for not at all.
    """
    best = decision.chosen
    session.execute(
        _WRITE,
        {
            "id": one.id,
            "round": one.round + 1,
            "verdict": decision.verdict,
            "confidence": best.score if best is not None else None,
            "status": status,
            "match_at": match_at,
            "asked_until": asked_until,
        },
    )
    kept = decision.candidates[:MOST_KEPT]
    if kept:
        candidates = {
            "id": one.id,
            "round": one.round + 1,
            "payments": [candidate.payment_id for candidate in kept],
            "scores": [candidate.score for candidate in kept],
            "whys": [" ".join(candidate.why) for candidate in kept],
            "chosen": best.payment_id if best is not None else None,
        }
        session.execute(_WRITE_CANDIDATES, candidates)


MOST_KEPT: Final = 50


def asked_already(session: Session, payment_ids: Sequence[int], now: datetime) -> frozenset[int]:
    """Those of the payments whose guests were asked for the end of an id, and have time to answer."""
    return frozenset(session.scalars(_ASKED_ALREADY, {"ids": list(payment_ids), "now": now}))


def set_aside_repeat(session: Session, one: Waiting) -> None:
    """The same money was told of before: this row has nothing to add."""
    booking_id, payment_id = one.counted_for or (None, None)
    session.execute(
        _SET_ASIDE,
        {
            "id": one.id,
            "status": EvidenceStatus.VERIFIED if one.counted_for else EvidenceStatus.MATCHED,
            "booking_id": booking_id,
            "payment_id": payment_id,
        },
    )


def still_waits(session: Session, one: Waiting, now: datetime) -> bool:
    """Whether the row is as it was read, and nobody has decided meanwhile; it is locked, after its booking."""
    rows = waiting(session, now, only=one.id)
    return len(rows) == 1 and rows[0] == one


def put_off(session: Session, one: Waiting, until: datetime) -> None:
    """Look at it again then, unless it is decided."""
    session.execute(_PUT_OFF, {"id": one.id, "match_at": one.match_at, "until": until})


def counted_as(session: Session, reversal: Waiting) -> int | None:
    """The evidence whose money was counted and is taken back by this; None where its id names none of this amount."""
    ids = [one for one in (reversal.reverses, reversal.transfer.transaction_id) if one]
    amount = reversal.transfer.amount
    what = {
        "ids": ids,
        "issuer": reversal.transfer.issuer,
        "minor": amount.minor,
        "currency": amount.currency,
    }
    found: int | None = session.execute(_COUNTED_AS, what).scalar()
    return found


def end_reversal(session: Session, one: Waiting, booking_id: int, payment_id: int, now: datetime) -> None:
    """What was taken back is on record."""
    session.execute(
        _END_REVERSAL, {"id": one.id, "booking_id": booking_id, "payment_id": payment_id, "now": now}
    )


def look_again(session: Session, payment_id: int, now: datetime) -> None:
    """What was good enough for this payment and for another is looked at again: it has one rival less.

    What is not good enough becomes no better by it.
    """
    session.execute(_LOOK_AGAIN, {"payment_id": payment_id, "now": now})


def anything_waits(session: Session, now: datetime) -> bool:
    return bool(session.execute(_ANYTHING, {"now": now}).scalar())


_EARLIER = "o.id < e.id AND o.source = e.source AND o.kind = e.kind AND o.trusted"
# What of a mail the rule needs; what is told of a second time by a mail waits for the first.
_ROW = (
    "SELECT e.id, e.match_at, e.kind, e.issuer, e.transaction_id, e.amount_minor, e.currency, e.codes, "
    "e.sender_name, e.sender_phone, e.payee_tail, e.occurred_at, e.told_at, e.known_form, e.reverses, e.verdict, "
    "e.status, e.asked_until, e.match_round, "
    "EXISTS (SELECT 1 FROM payment_evidence o WHERE o.id = coalesce(e.duplicate_of, e.id) AND o.status = 'rejected') "
    "OR EXISTS (SELECT 1 FROM payment_evidence o WHERE o.duplicate_of = coalesce(e.duplicate_of, e.id) "
    "AND o.status = 'rejected') OR EXISTS (SELECT 1 FROM payment_evidence o "
    "WHERE o.transaction_id = e.transaction_id AND o.status = 'rejected') OR EXISTS (SELECT 1 FROM payment_evidence o "
    "WHERE o.other_ids <> '{}' AND o.other_ids @> ARRAY[e.transaction_id] AND o.status = 'rejected') AS is_rejected, "
    # What is said to be gone again before it was counted: a person has to look at both.
    f"EXISTS (SELECT 1 FROM payment_evidence o WHERE o.source = '{GMAIL}' AND o.kind = 'reversal' "
    "AND o.status IN ('pending', 'matched', 'unmatched') AND o.trusted "
    "AND o.reverses = e.transaction_id AND o.issuer IS NOT DISTINCT FROM e.issuer) AS is_gone, "
    "counted.booking_id AS counted_booking, counted.payment_id AS counted_payment, "
    f"least((SELECT o.id FROM payment_evidence o WHERE o.id = e.duplicate_of AND {_EARLIER}), "
    f"(SELECT min(o.id) FROM payment_evidence o WHERE o.duplicate_of = e.duplicate_of AND {_EARLIER})) AS repeats_id "
    "FROM payment_evidence e LEFT JOIN LATERAL ("
    "SELECT o.booking_id, o.payment_id FROM payment_evidence o WHERE o.counted "
    "AND coalesce(o.duplicate_of, o.id) = coalesce(e.duplicate_of, e.id)) counted ON true "
    f"WHERE e.match_at <= :now AND e.source = '{GMAIL}' AND e.trusted AND NOT e.counted "
)
_WAITING = text(f"{_ROW} ORDER BY e.match_at, e.id LIMIT {MOST_AT_ONCE}")
_LOCK_WAITING = text(f"{_ROW} AND e.id = :id FOR NO KEY UPDATE OF e")
_ANYTHING = text("SELECT EXISTS (SELECT 1 FROM payment_evidence e WHERE e.match_at <= :now)")
_NAMED = text(
    "SELECT id FROM payments WHERE method = 'transfer' AND reference = ANY(:references) "
    "UNION SELECT p.id FROM bookings b JOIN payments p ON p.booking_id = b.id "
    "WHERE b.code = ANY(:bookings) AND p.payee_id IS NOT NULL "
    "UNION SELECT e.payment_id FROM payment_evidence e WHERE e.transaction_id = ANY(:ids) "
    "AND e.source = 'screenshot' AND e.payment_id IS NOT NULL "
    # An app shows its own id first, and the bank's, which the mail names, beside it.
    "UNION SELECT e.payment_id FROM payment_evidence e WHERE e.other_ids && :ids AND e.other_ids <> '{}' "
    "AND e.source = 'screenshot' AND e.payment_id IS NOT NULL"
)
_IN_VIEW = (
    "p.created_at > :since AND p.currency = told.currency "
    "AND (coalesce(p.captured_at, p.ended_at) IS NULL OR coalesce(p.captured_at, p.ended_at) > :ended_since)"
)
_AMOUNTS = "unnest(:payees, :currencies, :minors) AS told (payee_id, currency, minor)"
_PAID = "p.amount_minor + p.short_minor"
_OF_AMOUNT = text(
    f"SELECT found.id FROM {_AMOUNTS} CROSS JOIN LATERAL ("
    f"(SELECT p.id FROM payments p WHERE p.payee_id = told.payee_id AND p.amount_minor = told.minor AND {_IN_VIEW} "
    "ORDER BY p.created_at DESC LIMIT :most) "
    f"UNION ALL (SELECT p.id FROM payments p WHERE p.payee_id = told.payee_id AND {_PAID} = told.minor AND {_IN_VIEW} "
    "ORDER BY p.created_at DESC LIMIT :most)"
    ") AS found"
)
_PHONE = (
    "(SELECT i.value FROM person_identifiers i WHERE i.person_id = b.person_id AND i.kind = 'phone' "
    "ORDER BY i.since DESC LIMIT 1) AS phone"
)
# The range is what `matching.is_near` takes for near, where an amount is at most a tenth under what was agreed on.
_NEAR_AMOUNT = text(
    f"SELECT found.id, told.payee_id, told.minor, told.currency, b.guest_name, person.name AS profile_name, {_PHONE} "
    f"FROM {_AMOUNTS} CROSS JOIN LATERAL ("
    f"(SELECT p.id, p.booking_id FROM payments p WHERE p.payee_id = told.payee_id AND {_PAID} = 2 * told.minor "
    f"AND {_IN_VIEW} ORDER BY p.created_at DESC LIMIT :most) "
    "UNION ALL (SELECT p.id, p.booking_id FROM payments p WHERE p.payee_id = told.payee_id "
    f"AND p.amount_minor = 2 * told.minor AND {_IN_VIEW} ORDER BY p.created_at DESC LIMIT :most) "
    "UNION ALL (SELECT p.id, p.booking_id FROM payments p WHERE p.payee_id = told.payee_id "
    f"AND p.amount_minor BETWEEN told.minor * 81 / 100 AND told.minor * 100 / 90 AND {_IN_VIEW} "
    "ORDER BY p.created_at DESC LIMIT :most)"
    ") AS found JOIN bookings b ON b.id = found.booking_id JOIN persons person ON person.id = b.person_id"
)
_DETAILS = text(
    "SELECT p.id, p.booking_id, b.code, p.payee_id, p.amount_minor, p.short_minor, b.total_minor, p.currency, "
    "p.reference, b.guest_name, person.name AS profile_name, p.created_at, p.state, p.captured_at, p.ended_at, "
    "b.status, b.updated_at, "
    f"{_PHONE}, "
    "EXISTS (SELECT 1 FROM payment_evidence e WHERE e.payment_id = p.id AND e.counted) AS is_proven, "
    "(SELECT array_agg(shown.id) FROM payment_evidence e, unnest(e.other_ids || e.transaction_id) AS shown (id) "
    "WHERE e.payment_id = p.id AND e.source = 'screenshot' AND shown.id IS NOT NULL) AS shown_ids, "
    "(SELECT array_agg(t.tail) FROM typed_tails t WHERE t.payment_id = p.id) AS typed_tails "
    "FROM payments p JOIN bookings b ON b.id = p.booking_id JOIN persons person ON person.id = b.person_id "
    "WHERE p.id = ANY(:ids) AND p.payee_id IS NOT NULL ORDER BY p.id"
)
_WRITE = text(
    "UPDATE payment_evidence SET match_round = :round, verdict = :verdict, confidence = :confidence, "
    "status = coalesce(:status, status), match_at = :match_at, asked_until = :asked_until WHERE id = :id"
)
_WRITE_CANDIDATES = text(
    "INSERT INTO match_candidates (evidence_id, round, payment_id, score, why, chosen) "
    "SELECT :id, :round, payment_id, score, string_to_array(why, ' '), payment_id IS NOT DISTINCT FROM :chosen "
    "FROM unnest(:payments, :scores, :whys) AS kept (payment_id, score, why)"
)
_PUT_OFF = text(
    "UPDATE payment_evidence SET match_at = :until WHERE id = :id AND match_at = :match_at AND NOT counted"
)
_COUNTED_AS = text(
    "SELECT e.id FROM payment_evidence e WHERE e.counted "
    "AND e.transaction_id = ANY(:ids) AND e.issuer IS NOT DISTINCT FROM :issuer AND e.kind = 'credit' "
    "AND e.amount_minor = :minor AND e.currency = :currency ORDER BY e.id LIMIT 1"
)
_END_REVERSAL = text(
    "UPDATE payment_evidence SET match_at = NULL, status = 'verified', verified_at = :now, "
    "booking_id = :booking_id, payment_id = :payment_id WHERE id = :id"
)
_ASKED_ALREADY = text(
    "SELECT c.payment_id FROM match_candidates c JOIN payment_evidence e ON e.id = c.evidence_id "
    "AND e.match_round = c.round WHERE c.payment_id = ANY(:ids) AND e.asked_until > :now AND e.status = 'pending' "
    f"AND c.score > e.confidence - {DEFAULT.lead}"
)
_SET_ASIDE = text(
    "UPDATE payment_evidence SET match_at = NULL, status = :status, verdict = 'repeat', "
    "booking_id = :booking_id, payment_id = :payment_id WHERE id = :id"
)
_LOOK_AGAIN = text(
    "UPDATE payment_evidence e SET match_at = :now FROM match_candidates c WHERE c.payment_id = :payment_id "
    "AND e.id = c.evidence_id AND e.match_round = c.round AND NOT e.counted AND e.match_at IS NULL "
    "AND e.status IN ('matched', 'unmatched') AND e.verdict = 'tie' AND e.trusted"
)
