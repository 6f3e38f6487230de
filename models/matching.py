"""Whose money it is: transfers that mails tell of, held against the payments that await one.

Nothing here guesses. Each pair has a score and the reasons for it; all transfers of a run are assigned together,
best total first; and a match confirms by itself only where it is good enough *and* clearly ahead of every other
reading. What is left goes to the guests concerned or to an admin, with all candidates.

Source: docs/decisions/0019-matching-transfers.md, facts/booking.md 3c; `make simulate-matching` measures it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from models.assignment import best_columns
from models.likeness import alike, codes_in, keys_of, same_id, same_phone
from models.money import Money

# How long a payment that ended stays in view, so that late money is not taken for somebody else's.
IN_VIEW: Final = timedelta(hours=72)
# Clocks of banks and phones differ; money from before that was never meant for the payment.
CLOCKS_DIFFER: Final = timedelta(minutes=5)
# Who pays so long after the end of their hold is rarer than somebody who pays in time.
LATE: Final = timedelta(minutes=20)
# So long after its payment's end an amount is nobody else's: money can be a day late.
AMOUNT_RESTS: Final = timedelta(hours=24)
# Of a transfer's candidates so many are weighed against those of others; more than a few are a tie in any case.
MOST_WEIGHED: Final = 40
TAIL: Final = 4  # characters of a transaction id that a guest is asked for


@dataclass(frozen=True, slots=True)
class Weights:
    """What each agreement is worth; at most 100 together.

    Attributes:
        reference, shown_id: the code in the remarks, or the transaction id that the guest's own picture shows;
            with the payable amount, and with an amount that no guest would send for it.
        unique_amount: the payable amount, which no other payment of the account has.
        amount_again: the same when its money has come before: twice by oversight, or somebody else's.
        amount: the exact amount where others have it too, or the agreed one, to which payers round.
        amount_given_on: the exact amount, which has rested and is somebody else's by now.
        near_amount: half of it, all of the price, or up to a tenth away.
        name, phone, typed_tail: what is added where they agree.
        late: what is taken off a mere amount that comes long after the hold.
    """

    reference: int = 95
    reference_and_amount: int = 100
    reference_odd_amount: int = 60
    unique_amount: int = 90
    amount_again: int = 60
    amount: int = 50
    amount_given_on: int = 60
    near_amount: int = 30
    name: int = 20
    phone: int = 30
    typed_tail: int = 40
    late: int = 20


class Tie(StrEnum):
    """What becomes of a transfer that several could have made."""

    ASK = "ask"
    LATEST = "latest"  # document 004: the most recent booking wins


@dataclass(frozen=True, slots=True)
class MatchRules:
    """What an installation sets.

    Attributes:
        confirm_at: from which score on a match confirms by itself.
        lead: how far ahead of every other reading it has to be.
    """

    confirm_at: int = 70
    lead: int = 20
    tie: Tie = Tie.ASK
    weights: Weights = Weights()


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a mail or a picture says of money that came; whether it may be believed is not said here.

    Attributes:
        issuer: who says so, as `integrations.payment_mail` calls it.
        transaction_id: as the issuer writes it; None where it gives none.
        text: all that was written, in which a reference may stand; a row keeps only the codes in it.
        sender_phone: with the digits that are shown, whatever stands for the others.
        payee_tail: the end of the account that it came to, as far as it is shown.
        occurred_at: to the minute; None where only a day is told.
        told_at: when we heard of it, which is never before it happened.
    """

    issuer: str | None
    amount: Money
    transaction_id: str | None = None
    text: str = ""
    sender_name: str | None = None
    sender_phone: str | None = None
    payee_tail: str | None = None
    occurred_at: datetime | None = None
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One of the business's own accounts, as people call and type it."""

    id: int
    provider: str
    account: str


class Settled(StrEnum):
    """Whether the money of a payment was found before."""

    NO = "no"
    BY_WORD = "by_word"  # an admin said so, and no mail told of it yet
    PROVEN = "proven"


@dataclass(frozen=True, slots=True)
class OpenTransfer:
    """A payment that awaits a transfer, ended not long ago, or was paid not long ago.

    Attributes:
        payable: what was asked for.
        agreed: what was agreed on, a little more; the same where no amount of its own was free.
        total: the whole price, the most that anybody would send.
        names: under which the guest books and chats.
        since: when the guest was first told where to transfer it.
        ended_at: when its hold was over; None while it is awaited.
        shown_ids, typed_tails: transaction ids that the guest's pictures show, and ends of ids that they typed.
    """

    payment_id: int
    booking_id: int
    booking_code: str
    payee_id: int
    payable: Money
    agreed: Money
    total: Money
    reference: str | None
    names: tuple[str, ...]
    guest_phone: str | None
    since: datetime
    ended_at: datetime | None = None
    settled: Settled = Settled.NO
    shown_ids: frozenset[str] = frozenset()
    typed_tails: frozenset[str] = frozenset()

    @property
    def is_unique(self) -> bool:
        return self.payable != self.agreed


class Why(StrEnum):
    """A reason for a score, as it is kept and shown."""

    REFERENCE = "reference"
    SHOWN_ID = "shown_id"
    AMOUNT = "amount"
    UNIQUE = "unique"
    ROUNDED = "rounded"
    NEAR = "near"
    ODD_AMOUNT = "odd_amount"
    NAME = "name"
    PHONE = "phone"
    TYPED_TAIL = "typed_tail"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Candidate:
    payment_id: int
    booking_id: int
    score: int
    why: tuple[Why, ...]

    @property
    def is_named(self) -> bool:
        """Whether the payer said themselves what they pay for, so that it may be more than one transfer."""
        return Why.REFERENCE in self.why or Why.SHOWN_ID in self.why


class Verdict(StrEnum):
    SURE = "sure"
    WEAK = "weak"  # the best is not good enough
    TIE = "tie"  # good enough, but another reading is nearly as good
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is thought of one transfer.

    Attributes:
        candidates: all of them, one for each booking, the best first; equal ones by the newest payment.
        chosen: the one it is given to, or would be proposed for; None where nothing fits.
    """

    verdict: Verdict
    candidates: tuple[Candidate, ...] = ()
    chosen: Candidate | None = None

    @property
    def confirms(self) -> bool:
        """Whether it is safe without a person, if the one who tells of it may be believed."""
        return self.verdict is Verdict.SURE

    @property
    def is_ahead(self) -> bool:
        """Whether nothing else explains the transfer nearly as well, be it good enough or not."""
        return self.confirms or (self.chosen is not None and self.tied == (self.chosen,))

    @property
    def tied(self) -> tuple[Candidate, ...]:
        """Those whose guests could tell: as good as the best, or nearly."""
        if self.verdict not in (Verdict.TIE, Verdict.WEAK):
            return ()
        return tuple(c for c in self.candidates if c.score > self.candidates[0].score - DEFAULT.lead)


DEFAULT: Final = MatchRules()


# ---- the assignment ----------------------------------------------------------------------------


def assign(
    transfers: Mapping[int, Transfer],
    awaited: Iterable[OpenTransfer],
    *,
    accounts: Sequence[Account] = (),
    rules: MatchRules = DEFAULT,
) -> Mapping[int, Decision]:
    """Give each transfer to the booking that it was made for, where that is certain.

    Whoever writes a code, or shows the transaction's id, may pay in several parts: that is taken as said. All
    other transfers and bookings are assigned to each other, one to one, so that the total is best.

    Args:
        transfers: by number of their evidence, in any order.
        awaited: the payments in view, in any order.
        accounts: ours, from which follows which payments a transfer can be for.

    Returns:
        A decision for each transfer; the same in whatever order they were given.
    """
    index = InView(awaited)
    found = {
        number: index.candidates(transfer, accounts_of(transfer, accounts), rules.weights)
        for number, transfer in sorted(transfers.items())
    }
    if rules.tie is Tie.LATEST:
        found = {number: _latest_first(them, index) for number, them in found.items()}
    decisions = {number: _by_itself(them, rules) for number, them in found.items()}
    named = {n for n, one in decisions.items() if one.confirms and one.chosen and one.chosen.is_named}
    for group in _connected({n: them for n, them in found.items() if n not in named and them}):
        decisions |= _together({n: found[n] for n in group}, named, decisions, rules)
    return decisions


def is_clear(them: Sequence[Candidate]) -> bool:
    """Whether the best is the one that the payer names, or has both the amount and something of their person.

    Then nobody is looked for whose amount is merely near.
    """
    if not them:
        return False
    best = them[0]
    return best.is_named or (Why.UNIQUE in best.why and bool(_PERSONAL.intersection(best.why)))


def _candidates(
    transfer: Transfer, awaited: Iterable[OpenTransfer], weights: Weights
) -> tuple[Candidate, ...]:
    """All bookings that the transfer can have been made for, the best first, equal ones by the newest payment.

    Of several payments of a booking the best one stands for it: they are no rivals of each other.
    """
    codes = codes_in(transfer.text, besides=transfer.transaction_id)
    awaited = list(awaited)
    given_on = _given_on(transfer, awaited)
    them = [
        found
        for one in awaited
        if (found := _score(transfer, codes, one, weights, given_on=one.payment_id in given_on)) is not None
    ]
    best: dict[int, Candidate] = {}
    for one in sorted(them, key=lambda c: (-c.score, -c.payment_id)):
        best.setdefault(one.booking_id, one)
    return tuple(best.values())


def _given_on(transfer: Transfer, awaited: Sequence[OpenTransfer]) -> frozenset[int]:
    """Payments whose amount has rested, and is somebody else's by now: theirs it is no more than any other."""
    moment = transfer.occurred_at or transfer.told_at
    having = [one for one in awaited if one.is_unique and one.payable == transfer.amount]
    rested = {
        one.payment_id
        for one in having
        if moment is not None and one.ended_at is not None and moment > one.ended_at + AMOUNT_RESTS
    }
    return frozenset(rested) if len(rested) < len(having) else frozenset()


def _by_itself(them: Sequence[Candidate], rules: MatchRules) -> Decision:
    """What would be thought of the transfer if it were the only one."""
    if not them:
        return Decision(Verdict.NOTHING)
    best, second = them[0], them[1].score if len(them) > 1 else 0
    if best.score < rules.confirm_at:
        verdict = Verdict.WEAK
    elif best.score - second < rules.lead and rules.tie is Tie.ASK:
        verdict = Verdict.TIE
    else:
        verdict = Verdict.SURE
    return Decision(verdict, tuple(them), best)


def _together(
    group: Mapping[int, Sequence[Candidate]],
    named: set[int],
    alone: Mapping[int, Decision],
    rules: MatchRules,
) -> dict[int, Decision]:
    """The best assignment of transfers that could be for the same bookings, and how certain each part of it is."""
    taken = {alone[n].candidates[0].booking_id: alone[n].candidates[0].score for n in named}
    rivals: dict[int, list[tuple[int, int]]] = defaultdict(list)
    pairs: dict[tuple[int, int], int] = {}
    for number, them in group.items():
        for one in them[:MOST_WEIGHED]:
            rivals[one.booking_id].append((one.score, number))
            pairs[number, one.booking_id] = one.score
    best, total = _best_total(group, pairs)
    decided: dict[int, Decision] = {}
    for number, them in group.items():
        chosen = next((c for c in them if c.booking_id == best.get(number)), them[0])
        verdict = alone[number].verdict
        if chosen.score < rules.confirm_at:
            verdict = Verdict.WEAK
        elif rules.tie is Tie.LATEST:
            verdict = Verdict.SURE if best.get(number) == chosen.booking_id else Verdict.TIE
        elif number not in best or not (
            _leads_its_row(chosen, them, number, rivals, taken, rules.lead)
            and _leads_its_column(chosen, number, group, rivals, taken, rules.lead)
            and total - _best_total(group, pairs, without=(number, chosen.booking_id))[1] >= rules.lead
        ):
            verdict = Verdict.TIE
        else:
            verdict = Verdict.SURE
        decided[number] = Decision(verdict, tuple(them), chosen)
    return decided


def _leads_its_row(
    chosen: Candidate,
    them: Sequence[Candidate],
    number: int,
    rivals: Mapping[int, Sequence[tuple[int, int]]],
    taken: Mapping[int, int],
    lead: int,
) -> bool:
    """No other payment explains the transfer nearly as well, but those which other money explains better still."""
    for other in them:
        if other is chosen or other.score <= chosen.score - lead:
            continue
        explained = max(
            [taken.get(other.booking_id, 0), *(s for s, n in rivals[other.booking_id] if n != number)]
        )
        if explained < other.score + lead:
            return False
    return True


def _leads_its_column(
    chosen: Candidate,
    number: int,
    group: Mapping[int, Sequence[Candidate]],
    rivals: Mapping[int, Sequence[tuple[int, int]]],
    taken: Mapping[int, int],
    lead: int,
) -> bool:
    """No other transfer explains the booking nearly as well, but those which are explained better still elsewhere."""
    others = [taken.get(chosen.booking_id, 0)]
    for score, rival in rivals[chosen.booking_id]:
        elsewhere = max((c.score for c in group[rival] if c.booking_id != chosen.booking_id), default=0)
        if rival != number and elsewhere < score + lead:
            others.append(score)
    return chosen.score - max(others) >= lead


def _latest_first(them: Sequence[Candidate], index: InView) -> tuple[Candidate, ...]:
    return tuple(sorted(them, key=lambda c: (-c.score, -index.since[c.payment_id], -c.payment_id)))


def _connected(found: Mapping[int, Sequence[Candidate]]) -> Iterator[list[int]]:
    """Transfers that share a candidate, or a chain of them: only these can be in each other's way."""
    of_payment: dict[int, list[int]] = defaultdict(list)
    for number, them in found.items():
        for one in them:
            of_payment[one.booking_id].append(number)
    seen: set[int] = set()
    for first in found:
        if first in seen:
            continue
        seen.add(first)
        group, edge = [first], [first]
        while edge:
            for one in found[edge.pop()]:
                for number in of_payment.pop(one.booking_id, ()):
                    if number not in seen:
                        seen.add(number)
                        group.append(number)
                        edge.append(number)
        yield sorted(group)


def _best_total(
    group: Mapping[int, Sequence[Candidate]],
    pairs: Mapping[tuple[int, int], int],
    *,
    without: tuple[int, int] | None = None,
) -> tuple[dict[int, int], int]:
    """The one-to-one assignment with the greatest total, where a transfer may also be for nothing at all.

    Each transfer has a column of its own that stands for nothing.
    """
    rows, columns = list(group), sorted({booking_id for _, booking_id in pairs})
    worth = [
        [0 if (row, column) == without else pairs.get((row, column), 0) for column in columns]
        + [0] * len(rows)
        for row in rows
    ]
    best = {
        rows[row]: columns[column]
        for row, column in enumerate(best_columns(worth))
        if column < len(columns) and worth[row][column]
    }
    return best, sum(pairs[pair] for pair in best.items())


# ---- one transfer and one payment ----------------------------------------------------------------


def _score(
    transfer: Transfer, codes: frozenset[str], one: OpenTransfer, weights: Weights, *, given_on: bool
) -> Candidate | None:
    """How well the payment explains the transfer; None where it does not."""
    if transfer.amount.currency != one.payable.currency:
        return None
    why = _named(transfer, codes, one)
    amount = _amount(transfer.amount, one)
    if given_on and not why:
        amount = Why.AMOUNT
    if why:
        score = _named_score(amount, transfer.amount, one, weights)
        if score == weights.reference_odd_amount:
            why.append(Why.ODD_AMOUNT)
    else:
        score = _score_of_amount(transfer, amount, one, weights, given_on=given_on)
    if not score:
        return None
    if amount is not None:
        why.append(amount)
    if _is_late(transfer, one) and not given_on and not _CERTAIN.intersection(why):
        score -= weights.late
        why.append(Why.LATE)
    for reason, worth in _agreements(transfer, one, weights):
        score += worth
        why.append(reason)
    if score <= 0 or (amount is Why.NEAR and not _PERSONAL.intersection(why)):
        return None
    return Candidate(one.payment_id, one.booking_id, min(100, score), tuple(why))


def _named(transfer: Transfer, codes: frozenset[str], one: OpenTransfer) -> list[Why]:
    """By what the payer said what they pay for."""
    why: list[Why] = []
    if one.reference in codes or one.booking_code in codes:
        why.append(Why.REFERENCE)
    if transfer.transaction_id is not None and same_id(transfer.transaction_id) in one.shown_ids:
        why.append(Why.SHOWN_ID)
    return why


def _agreements(transfer: Transfer, one: OpenTransfer, weights: Weights) -> Iterator[tuple[Why, int]]:
    """What agrees besides, and what each is worth."""
    if transfer.sender_name and any(alike(transfer.sender_name, name) for name in one.names):
        yield Why.NAME, weights.name
    if transfer.sender_phone and one.guest_phone and same_phone(transfer.sender_phone, one.guest_phone):
        yield Why.PHONE, weights.phone
    if transfer.transaction_id is not None and same_id(transfer.transaction_id)[-TAIL:] in one.typed_tails:
        yield Why.TYPED_TAIL, weights.typed_tail


_CERTAIN: Final = frozenset({Why.REFERENCE, Why.SHOWN_ID, Why.UNIQUE})
# An amount that is merely near says nothing of anybody without one of these.
_PERSONAL: Final = frozenset({Why.REFERENCE, Why.SHOWN_ID, Why.NAME, Why.PHONE, Why.TYPED_TAIL})


def _amount(amount: Money, one: OpenTransfer) -> Why | None:
    """How the amount fits the payment."""
    if amount == one.payable:
        return Why.UNIQUE if one.is_unique else Why.AMOUNT
    if amount == one.agreed:
        return Why.ROUNDED
    return Why.NEAR if is_near(amount.minor, one) else None


def is_near(minor: int, one: OpenTransfer) -> bool:
    """Half of it, the whole price, or up to a tenth away: what people do send."""
    agreed, payable = one.agreed.minor, one.payable.minor
    if minor * 2 in (agreed, payable) or minor == one.total.minor:
        return True
    return payable * 90 <= minor * 100 <= agreed * 110


def _named_score(amount: Why | None, given: Money, one: OpenTransfer, weights: Weights) -> int:
    """The payer says what it is for; parts and more are real, but an amount that no one would send is looked at."""
    if amount in (Why.UNIQUE, Why.AMOUNT):
        return weights.reference_and_amount
    is_odd = given.minor * 4 < one.payable.minor or given > max(one.total, one.agreed)
    return weights.reference_odd_amount if is_odd and amount is None else weights.reference


def _score_of_amount(
    transfer: Transfer, amount: Why | None, one: OpenTransfer, weights: Weights, *, given_on: bool
) -> int:
    moment = transfer.occurred_at or transfer.told_at
    if amount is None or (moment is not None and moment < one.since - CLOCKS_DIFFER):
        return 0
    is_again = one.settled is Settled.PROVEN
    if amount is Why.UNIQUE:
        return weights.amount_again if is_again else weights.unique_amount
    if is_again:
        return 0  # nobody is thought to have sent a rounded amount once more
    if given_on:
        return weights.amount_given_on
    return weights.near_amount if amount is Why.NEAR else weights.amount


def _is_late(transfer: Transfer, one: OpenTransfer) -> bool:
    moment = transfer.occurred_at or transfer.told_at
    return one.ended_at is not None and moment is not None and moment > one.ended_at + LATE


class InView:
    """Payments in view, by what a transfer may have in common with them."""

    def __init__(self, awaited: Iterable[OpenTransfer]) -> None:
        self.since: dict[int, float] = {}
        self._all = {one.payment_id: one for one in awaited}
        self._by_code: dict[str, list[int]] = defaultdict(list)
        self._by_amount: dict[tuple[int, Money], list[int]] = defaultdict(list)
        self._by_person: dict[tuple[int, str], list[int]] = defaultdict(list)
        for number, one in self._all.items():
            self.since[number] = one.since.timestamp()
            for code in (one.reference, one.booking_code, *one.shown_ids):
                if code is not None:
                    self._by_code[code].append(number)
            for amount in {one.payable, one.agreed}:
                self._by_amount[one.payee_id, amount].append(number)
            for key in keys_of(one.names, one.guest_phone):
                self._by_person[one.payee_id, key].append(number)
        self._payees = sorted({one.payee_id for one in self._all.values()})

    def candidates(
        self, transfer: Transfer, payee_ids: frozenset[int] | None, weights: Weights
    ) -> tuple[Candidate, ...]:
        """Those that a code names, and those of the accounts it can have come to with this amount.

        Where none of these is clear, those are looked at besides whose amount is near and who may be the payer.
        """
        payees = [payee_id for payee_id in self._payees if payee_ids is None or payee_id in payee_ids]
        codes = codes_in(transfer.text, besides=transfer.transaction_id)
        if transfer.transaction_id is not None:
            codes |= {same_id(transfer.transaction_id)}
        numbers = {number for code in codes for number in self._by_code.get(code, ())}
        for payee_id in payees:
            numbers.update(self._by_amount.get((payee_id, transfer.amount), ()))
        them = _candidates(transfer, self._in_order(numbers), weights)
        if is_clear(them):
            return them
        keys = keys_of((transfer.sender_name or "",), transfer.sender_phone)
        near = {
            number
            for payee_id in payees
            for key in keys
            for number in self._by_person.get((payee_id, key), ())
            if _amount(transfer.amount, self._all[number]) is Why.NEAR
        }
        return _candidates(transfer, self._in_order(numbers | near), weights) if near - numbers else them

    def _in_order(self, numbers: Iterable[int]) -> list[OpenTransfer]:
        return [self._all[number] for number in sorted(numbers)]


def accounts_of(transfer: Transfer, accounts: Sequence[Account]) -> frozenset[int] | None:
    """Our accounts that the transfer can have come to; None where nothing tells them apart."""
    tail = re.sub(r"\D", "", transfer.payee_tail or "")
    if len(tail) >= 3 and (
        ours := [a.id for a in accounts if re.sub(r"\D", "", a.account).endswith(tail[-4:])]
    ):
        return frozenset(ours)
    issuer = _plain(transfer.issuer or "")
    if issuer and (ours := [a.id for a in accounts if issuer in _plain(a.provider)]):
        return frozenset(ours)
    return None


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
