"""Whose transfer it is: what agrees, how sure that makes us, and what is never done."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.assignment import best_columns
from models.likeness import alike, codes_in, same_phone
from models.matching import (
    AMOUNT_RESTS,
    DEFAULT,
    Account,
    Decision,
    MatchRules,
    OpenTransfer,
    Settled,
    Tie,
    Transfer,
    Verdict,
    accounts_of,
    assign,
)
from models.money import Money
from tests.factories import NOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def _rupees(amount: int) -> Money:
    return Money(amount * 100, "PKR")


def _open(number: int = 1, payable: int = 2695, **what: Any) -> OpenTransfer:
    """A payment for which Ayesha was asked for a little less than 2,700 rupees."""
    given: dict[str, Any] = {
        "payment_id": number,
        "booking_id": number,
        "booking_code": f"BK-20261120-7K3Q{number}",
        "payee_id": 1,
        "payable": _rupees(payable),
        "agreed": _rupees(2700),
        "total": _rupees(9000),
        "reference": f"QMK{'ACDEFGHJ'[number % 8]}4",
        "names": ("Ayesha Khan",),
        "guest_phone": "+923001234567",
        "since": NOW,
    }
    return OpenTransfer(**{**given, **what})


def _sent(amount: int = 2695, **what: Any) -> Transfer:
    given: dict[str, Any] = {
        "issuer": "nayapay",
        "amount": _rupees(amount),
        "transaction_id": "6565F0A1C2B3",
        "occurred_at": NOW + 5 * MINUTE,
        "told_at": NOW + 6 * MINUTE,
    }
    return Transfer(**{**given, **what})


def _decide(transfer: Transfer, *awaited: OpenTransfer, rules: MatchRules = DEFAULT) -> Decision:
    return assign({1: transfer}, awaited, rules=rules)[1]


ODD = _open(payable=2700)  # the amounts were used up: it is asked for the round one


@pytest.mark.parametrize(
    ("sent", "awaited", "score", "why"),
    [
        (_sent(text="for QMKC4"), _open(), 100, "reference unique"),
        (_sent(text="BK-20261120-7K3Q1"), _open(), 100, "reference unique"),
        (_sent(text="qmkc4, thanks"), _open(), 100, "reference unique"),
        (_sent(2700, text="QMKC4"), ODD, 100, "reference amount"),
        (_sent(2700, text="QMKC4"), _open(), 95, "reference rounded"),
        (_sent(1350, text="QMKC4"), _open(), 95, "reference near"),
        (_sent(1000, text="QMKC4"), _open(), 95, "reference"),
        (_sent(9000, text="QMKC4"), _open(), 95, "reference near"),
        (_sent(5, text="QMKC4"), _open(), 60, "reference odd_amount"),
        (_sent(500_000, text="QMKC4"), _open(), 60, "reference odd_amount"),
        (_sent(), _open(shown_ids=frozenset({"6565F0A1C2B3"})), 100, "shown_id unique"),
        (
            _sent(transaction_id="6565-f0a1 c2b3"),
            _open(shown_ids=frozenset({"6565F0A1C2B3"})),
            100,
            "shown_id unique",
        ),
        (_sent(1000), _open(shown_ids=frozenset({"6565F0A1C2B3"})), 95, "shown_id"),
        (_sent(), _open(), 90, "unique"),
        (_sent(sender_name="AYESHA KHAN"), _open(), 100, "unique name"),
        (_sent(2700), _open(), 50, "rounded"),
        (_sent(2700), ODD, 50, "amount"),
        (_sent(2700, sender_name="A. KHAN"), _open(), 70, "rounded name"),
        (_sent(2700, sender_phone="0300****567"), _open(), 80, "rounded phone"),
        (
            _sent(2700, sender_name="AYESHA KHAN", sender_phone="03001234567"),
            _open(),
            100,
            "rounded name phone",
        ),
        (_sent(2700), _open(typed_tails=frozenset({"C2B3"})), 90, "rounded typed_tail"),
        (_sent(2600, sender_name="AYESHA KHAN"), _open(), 50, "near name"),
        (_sent(1350, sender_name="AYESHA KHAN", sender_phone="03001234567"), _open(), 80, "near name phone"),
        (_sent(2700, occurred_at=NOW + 9 * HOUR), _open(ended_at=NOW + HOUR), 30, "rounded late"),
        (_sent(occurred_at=NOW + 40 * HOUR), _open(ended_at=NOW + HOUR), 90, "unique"),
        (
            _sent(text="QMKC4", occurred_at=NOW + 40 * HOUR),
            _open(ended_at=NOW + HOUR),
            100,
            "reference unique",
        ),
        (_sent(), _open(settled=Settled.PROVEN), 60, "unique"),
        (_sent(2700, sender_name="AYESHA KHAN"), _open(settled=Settled.BY_WORD), 70, "rounded name"),
        (_sent(text="QMKC4", occurred_at=NOW - HOUR), _open(), 100, "reference unique"),
    ],
)
def test_what_agrees_makes_the_score(sent: Transfer, awaited: OpenTransfer, score: int, why: str) -> None:
    (found,) = _decide(sent, awaited).candidates
    assert (found.score, " ".join(found.why)) == (score, why)


@pytest.mark.parametrize(
    ("sent", "awaited"),
    [
        (_sent(3000), _open()),
        (_sent(2600), _open()),  # near, and nothing else
        (_sent(2600, sender_name="Bilal Ahmed"), _open()),
        (_sent(occurred_at=NOW - HOUR), _open()),  # made before anybody asked for it
        (_sent(occurred_at=None, told_at=NOW - HOUR), _open()),
        (_sent(2700, sender_name="AYESHA KHAN"), _open(settled=Settled.PROVEN)),
        (replace(_sent(), amount=Money(2695_00, "INR"), text="QMKC4"), _open()),
        (_sent(2000, transaction_id="QMKC4"), _open()),  # no part of an id is a code
    ],
)
def test_what_does_not_fit_is_no_candidate(sent: Transfer, awaited: OpenTransfer) -> None:
    assert _decide(sent, awaited) == Decision(Verdict.NOTHING)


def test_it_confirms_from_the_set_score_on_and_clearly_ahead() -> None:
    sent = _sent(2700, sender_name="AYESHA KHAN")
    assert _decide(sent, _open()).verdict is Verdict.SURE
    assert _decide(sent, _open(), rules=replace(DEFAULT, confirm_at=71)).verdict is Verdict.WEAK
    stranger = _open(2, 2694, names=("Omar Butt",))
    assert _decide(sent, _open(), stranger).verdict is Verdict.SURE  # 70 and 50
    namesake = _open(2, 2694)
    tied = _decide(sent, _open(), namesake)
    assert (tied.verdict, tied.confirms) == (Verdict.TIE, False)
    assert [one.booking_id for one in tied.tied] == [2, 1]


def test_who_is_known_by_nothing_but_the_round_amount_is_asked() -> None:
    decision = _decide(_sent(2700), _open(1, 2695), _open(2, 2694), _open(3, 2693, ended_at=NOW - 3 * HOUR))
    assert decision.verdict is Verdict.WEAK
    assert [one.booking_id for one in decision.tied] == [2, 1]  # and not the one whose hold ended hours ago


def test_the_latest_wins_only_where_that_is_wished() -> None:
    pair = (_open(1, since=NOW + MINUTE), _open(2, 2694, since=NOW))
    decision = _decide(_sent(2700, sender_name="AYESHA KHAN"), *pair, rules=MatchRules(tie=Tie.LATEST))
    assert decision.chosen is not None
    assert (decision.verdict, decision.chosen.booking_id) == (Verdict.SURE, 1)


def test_two_attempts_of_one_booking_are_no_rivals() -> None:
    decision = _decide(_sent(text="QMKC4"), _open(), _open(9, booking_id=1))
    assert (decision.verdict, len(decision.candidates)) == (Verdict.SURE, 1)


def test_a_code_and_an_amount_that_disagree_are_for_a_person() -> None:
    assert _decide(_sent(2694, text="QMKC4"), _open(1, 2695), _open(2, 2694)).verdict is Verdict.TIE


def test_an_amount_that_rested_belongs_to_whom_it_was_given_next() -> None:
    before = _open(1, ended_at=NOW - AMOUNT_RESTS - HOUR, since=NOW - 26 * HOUR)
    now = _open(2, names=("Bilal Ahmed",), guest_phone="+923330000002")
    decision = _decide(_sent(), before, now)
    assert decision.chosen is not None
    assert (decision.chosen.booking_id, decision.confirms) == (2, True)
    late = _decide(_sent(sender_name="AYESHA KHAN", sender_phone="0300****567"), before, now)
    assert late.verdict is Verdict.TIE  # the payer looks like the one who had it before
    assert _decide(_sent(), before).confirms  # nobody else has it


# ---- together --------------------------------------------------------------------------------------


def test_parts_that_are_named_go_to_one_booking() -> None:
    halves = {1: _sent(1350, text="QMKC4"), 2: _sent(1345, text="QMKC4")}
    assert all(one.confirms for one in assign(halves, [_open()]).values())


def test_one_amount_for_two_transfers_is_certain_of_neither() -> None:
    both = {1: _sent(), 2: _sent(transaction_id="77")}
    assert {one.verdict for one in assign(both, [_open()]).values()} == {Verdict.TIE}


def test_who_names_it_has_it_before_who_only_has_the_amount() -> None:
    both = assign({1: _sent(text="QMKC4"), 2: _sent(transaction_id="77")}, [_open()])
    assert (both[1].verdict, both[2].verdict) == (Verdict.SURE, Verdict.TIE)


def test_what_other_money_explains_better_is_no_rival() -> None:
    """Both are called Khan and rounded; but one of them typed the end of her id."""
    pair = [_open(1, typed_tails=frozenset({"0001"})), _open(2, 2694)]
    one, other = (
        _sent(2700, sender_name="A. KHAN", transaction_id="AA0001"),
        _sent(2700, sender_name="A. KHAN"),
    )
    decisions = assign({1: one, 2: other}, pair)
    assert [(d.verdict, d.chosen and d.chosen.booking_id) for d in decisions.values()] == [
        (Verdict.SURE, 1),
        (Verdict.SURE, 2),
    ]


def test_it_is_looked_for_at_the_account_it_came_to() -> None:
    accounts = (Account(1, "NayaPay", "0300 0000900"), Account(2, "Meezan Bank", "PK36MEZN0001103"))
    assert accounts_of(_sent(), accounts) == {1}
    assert accounts_of(_sent(issuer="meezan"), accounts) == {2}
    assert accounts_of(_sent(issuer="meezan", payee_tail="xxx0900"), accounts) == {1}
    assert accounts_of(_sent(issuer="ubl"), accounts) is None
    elsewhere = _open(payee_id=2)
    assert assign({1: _sent()}, [elsewhere], accounts=accounts)[1].verdict is Verdict.NOTHING
    assert assign({1: _sent(text="QMKC4")}, [elsewhere], accounts=accounts)[1].confirms


_transfers = st.builds(
    _sent,
    st.sampled_from([2695, 2694, 2693, 2700, 2700, 1350, 2600]),
    text=st.sampled_from(["", "", "QMKC4", "QMKD4", "QMKE4 QMKC4"]),
    sender_name=st.sampled_from([None, "AYESHA KHAN", "Bilal Ahmed", "A. KHAN"]),
    sender_phone=st.sampled_from([None, None, "0300****567"]),
    transaction_id=st.sampled_from([None, "AA0001", "AA0002"]),
    occurred_at=st.sampled_from([None, NOW - HOUR, NOW + MINUTE, NOW + 30 * HOUR]),
)
_payments = st.builds(
    lambda payable, **what: {"payable": payable, **what},
    st.sampled_from([2695, 2694, 2693, 2700]),
    names=st.sampled_from([("Ayesha Khan",), ("Bilal Ahmed", "B A")]),
    settled=st.sampled_from([Settled.NO, Settled.NO, Settled.PROVEN, Settled.BY_WORD]),
    typed_tails=st.sampled_from([frozenset(), frozenset({"0001"})]),
    shown_ids=st.sampled_from([frozenset(), frozenset({"AA0002"})]),
    ended_at=st.sampled_from([None, NOW + HOUR, NOW - 30 * HOUR]),
)
_runs = st.tuples(
    st.lists(_transfers, min_size=1, max_size=6),
    st.lists(_payments, max_size=6),
    st.randoms(use_true_random=False),
)


@given(_runs)
@settings(max_examples=150)
def test_the_order_in_which_they_are_given_changes_nothing(run: tuple[Any, Any, Any]) -> None:
    sent, payments, dice = run
    transfers = dict(enumerate(sent))
    awaited = [_open(number, **what) for number, what in enumerate(payments, 1)]
    decided = assign(transfers, awaited)
    shuffled = list(transfers.items())
    dice.shuffle(shuffled)
    dice.shuffle(awaited)
    assert assign(dict(shuffled), awaited) == decided


@given(_runs)
@settings(max_examples=150)
def test_nothing_that_is_not_named_is_certain_for_two_or_by_two(run: tuple[Any, Any, Any]) -> None:
    sent, payments, _ = run
    awaited = [_open(number, **what) for number, what in enumerate(payments, 1)]
    decided = assign(dict(enumerate(sent)), awaited)
    assert decided.keys() == set(range(len(sent)))  # each money has one decision, and so one booking at most
    sure = [one.chosen for one in decided.values() if one.confirms]
    unnamed = [one.booking_id for one in sure if one is not None and not one.is_named]
    assert len(unnamed) == len(set(unnamed))
    for one in decided.values():
        assert (one.chosen is None) == (one.verdict is Verdict.NOTHING)
        if one.confirms:
            assert one.chosen is not None and one.chosen.score >= DEFAULT.confirm_at


@given(_runs)
@settings(max_examples=100)
def test_more_that_waits_never_makes_a_lone_reading_of_a_transfer_another(run: tuple[Any, Any, Any]) -> None:
    """Whoever is certain alone is, together with others, certain of the same booking or not certain."""
    sent, payments, _ = run
    awaited = [_open(number, **what) for number, what in enumerate(payments, 1)]
    together = assign(dict(enumerate(sent)), awaited)
    for number, one in enumerate(sent):
        alone = _decide(one, *awaited)
        if alone.confirms and together[number].confirms:
            assert together[number].chosen == alone.chosen


@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(
            st.lists(st.sampled_from([0, 30, 50, 70, 90, 100]), min_size=3, max_size=3),
            min_size=n,
            max_size=n,
        )
    )
)
@settings(max_examples=100)
def test_the_total_is_the_best_there_is(rows: list[list[int]]) -> None:
    worth = [row + [0] * len(rows) for row in rows]
    columns = best_columns(worth)
    assert len(set(columns)) == len(columns)
    total = sum(worth[row][column] for row, column in enumerate(columns))
    every = itertools.permutations(range(len(worth[0])), len(worth))
    assert total == max(sum(worth[row][column] for row, column in enumerate(way)) for way in every)


# ---- what is the same ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Remarks: QMKC4", {"QMKC4"}),
        ("remarks:qmkc4.", {"QMKC4"}),
        ("UPI/P2A/123456789012/QMKC4/Axis", {"QMKC4"}),
        ("ref ＱＭＫＣ４", {"QMKC4"}),
        ("BK-20261120-7K3QX", {"BK-20261120-7K3QX"}),
        ("bk 20261120 7k3qx", {"BK-20261120-7K3QX"}),
        ("You got Rs. 2,695 from SANA TARIQ on 20 Nov 2026", set()),
        ("6565f0a1c2b3d4e5f6a7b8c9 PK94FAYS34307 ABCDE 34679 QMK44C", set()),
        ("", set()),
    ],
)
def test_codes_are_found_however_they_are_written(text: str, codes: set[str]) -> None:
    found = codes_in(text)
    assert found == codes
    assert codes_in("\n".join(sorted(found))) == found  # as a row keeps them


@given(st.text(max_size=400))
def test_any_text_is_looked_through(text: str) -> None:
    assert all(isinstance(code, str) for code in codes_in(text))


@pytest.mark.parametrize(
    ("payer", "guest", "same"),
    [
        ("AYESHA KHAN", "Ayesha Khan", True),
        ("S.TARIQ", "Sana Tariq", True),
        ("AHMED K*", "Ahmed Khan", True),
        ("Aisha Siddiqua", "Ayesha Sidiqa", True),
        ("MOHD USMAN", "Osman", True),
        ("MUHAMMAD BILAL", "Bilal Ahmed", True),
        ("Hussein Ali Shah", "Husain Ali", True),
        ("KHAN AYESHA", "Ayesha Khan", True),
        ("आयशा खान", "आयशा खान", True),
        ("AYESHA SIDDIQA", "Ayesha Khan", False),
        ("AYESHA", "Bilal", False),
        ("MUHAMMAD", "Mohammad Ali", False),
        ("A K", "Ayesha Khan", False),
        ("", "Ayesha Khan", False),
        ("Bank Alfalah-0388", "Ayesha Khan", False),
    ],
)
def test_names_are_alike_however_they_are_spelled(payer: str, guest: str, same: bool) -> None:
    assert alike(payer, guest) is same


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        ("+923001234567", True),
        ("03001234567", True),
        ("0300 123-4567", True),
        ("0300****567", True),
        ("***4567", True),
        ("923001***567", True),
        ("0300****568", False),
        ("0301****567", False),
        ("***567", False),
        ("03001234568", False),
        ("", False),
        ("masked", False),
    ],
)
def test_phones_agree_as_far_as_they_are_shown(shown: str, same: bool) -> None:
    assert same_phone(shown, "+923001234567") is same


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_stands_for_a_name_or_a_phone_is_compared(one: str, other: str) -> None:
    assert alike(one, other) in (True, False)
    assert same_phone(one, other) in (True, False)
