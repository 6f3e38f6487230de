"""What a provider says of a payment leads forward only, in whatever order and however often it comes."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.payment import (
    ENDED,
    HAS_MONEY,
    OPEN,
    Payment,
    PaymentFacts,
    PaymentState,
    further,
    is_news,
    old_news,
)
from models.session import Session
from tests import factories as make

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
STATES = list(PaymentState)
PAIRS = list(itertools.product(STATES, STATES))

# What a payment in this state (first word) becomes by each news that is none of old; all other news is old.
TABLE = """
created       → pending unknown failed expired authorized voided captured part_refunded refunded
unknown       → pending failed expired authorized voided captured part_refunded refunded
pending       → unknown failed expired authorized voided captured part_refunded refunded
failed        → expired authorized voided captured part_refunded refunded
expired       → failed authorized voided captured part_refunded refunded
authorized    → voided failed=voided expired=voided captured part_refunded refunded
voided        → captured part_refunded refunded
captured      → part_refunded refunded
part_refunded → refunded
refunded      →
"""
BECOMES = {
    (before, news.partition("=")[0]): news.partition("=")[2] or news
    for before, _, all_news in (line.partition("→") for line in TABLE.strip().splitlines())
    for before, news in ((before.strip(), news) for news in all_news.split())
}


@pytest.mark.parametrize(("before", "told"), PAIRS)
def test_every_news_on_every_state(before: PaymentState, told: PaymentState) -> None:
    payment = _payment(before)
    after = BECOMES.get((before, told), before)
    assert payment.learn(PaymentFacts(told), NOW) is ((before, told) in BECOMES)
    assert payment.state == after
    assert not payment.learn(PaymentFacts(told), NOW)  # the same again is no news
    assert payment.asked_at == NOW


@pytest.mark.parametrize(("before", "told"), PAIRS)
def test_news_is_news_if_it_would_lead_forward(before: PaymentState, told: PaymentState) -> None:
    """Asked before the provider is, to spare a call; where in doubt, the provider is asked."""
    payment = _payment(before)
    if (before, told) in BECOMES and BECOMES[before, told] == told and not _as_far(before, told):
        assert is_news(told, payment)
    if (before, told) not in BECOMES:
        assert not is_news(told, payment)
    # The same question, as the door and a job's end put it.
    assert (before in further(told)) is (told in old_news(before)) is not is_news(told, payment)


def _as_far(before: PaymentState, told: PaymentState) -> bool:
    return (told, before) in BECOMES  # pending and unknown, failed and expired: one is as good as the other


def test_every_state_is_open_has_money_or_has_ended() -> None:
    assert set(PaymentState) == OPEN | HAS_MONEY | ENDED
    assert not OPEN & HAS_MONEY
    assert {"failed", "voided", "expired", "refunded"} == ENDED


@given(st.lists(st.sampled_from(STATES), max_size=12))
def test_money_that_was_taken_is_never_forgotten(news: list[PaymentState]) -> None:
    payment = _payment(PaymentState.CREATED)
    for at, told in enumerate(news):
        payment.learn(PaymentFacts(told), NOW + timedelta(minutes=at))
    if PaymentState.CAPTURED in news:
        assert payment.state in ("captured", "part_refunded", "refunded")
    if not set(news) & {"authorized", "captured", "part_refunded"}:
        assert payment.state not in HAS_MONEY


def test_each_step_keeps_its_time() -> None:
    payment = _payment(PaymentState.PENDING)
    payment.learn(PaymentFacts(PaymentState.AUTHORIZED), NOW)
    payment.learn(PaymentFacts(PaymentState.CAPTURED), NOW + timedelta(hours=1))
    payment.learn(PaymentFacts(PaymentState.AUTHORIZED), NOW + timedelta(hours=2))
    assert payment.authorized_at == NOW
    assert payment.captured_at == NOW + timedelta(hours=1)
    assert payment.asked_at == NOW + timedelta(hours=2)
    ended = _payment(PaymentState.PENDING)
    ended.learn(PaymentFacts(PaymentState.EXPIRED), NOW)
    assert ended.ended_at == NOW


def test_what_was_captured_is_what_the_provider_says() -> None:
    whole, part = _payment(PaymentState.AUTHORIZED), _payment(PaymentState.AUTHORIZED)
    whole.learn(PaymentFacts(PaymentState.CAPTURED), NOW)
    part.learn(PaymentFacts(PaymentState.CAPTURED, amount_minor=0), NOW)
    assert (whole.captured_minor, part.captured_minor) == (5400_00, 0)


def test_money_of_which_a_part_went_back_before_we_heard_of_it_is_money_that_came() -> None:
    payment = _payment(PaymentState.PENDING)
    payment.learn(PaymentFacts(PaymentState.PART_REFUNDED, amount_minor=5400_00), NOW)
    assert (payment.captured_minor, payment.captured_at) == (5400_00, NOW)
    later = NOW + timedelta(hours=1)
    known = _payment(PaymentState.PENDING)
    known.learn(PaymentFacts(PaymentState.CAPTURED, amount_minor=5000_00), NOW)
    known.learn(PaymentFacts(PaymentState.PART_REFUNDED, amount_minor=5400_00), later)
    assert (known.captured_minor, known.captured_at) == (5000_00, NOW)


def test_what_is_once_known_is_not_unlearned() -> None:
    payment = _payment(PaymentState.CREATED)
    ends = NOW + timedelta(days=6)
    told = PaymentFacts(
        PaymentState.AUTHORIZED,
        reference="cs_1",
        intent="pi_1",
        url="https://pay.example/1",
        capture_before=ends,
        receipt_url="https://pay.example/receipt",
        failure="card_declined",
    )
    payment.learn(told, NOW)
    payment.learn(PaymentFacts(PaymentState.UNKNOWN), NOW)
    assert (payment.reference, payment.intent, payment.url) == ("cs_1", "pi_1", "https://pay.example/1")
    assert (payment.capture_before, payment.receipt_url) == (ends, "https://pay.example/receipt")
    assert payment.failure == "card_declined"


def test_a_refused_capture_is_let_go_and_never_authorized_again() -> None:
    payment = _payment(PaymentState.PENDING)
    payment.learn(PaymentFacts(PaymentState.AUTHORIZED), NOW)
    payment.refuse_capture("card_declined", NOW)
    assert not is_news(PaymentState.AUTHORIZED, payment)
    assert not payment.learn(PaymentFacts(PaymentState.AUTHORIZED), NOW)
    assert payment.state == "failed"
    assert is_news(PaymentState.CAPTURED, payment)
    assert payment.learn(PaymentFacts(PaymentState.VOIDED), NOW)


def test_the_payments_of_a_booking_come_oldest_first(session: Session) -> None:
    booking = make.held(session)
    others = [
        booking.retry_payment(session, method="card", cause=f"inbound:{n}", now=NOW) for n in range(1, 4)
    ]
    assert list(Payment.of_booking(session, booking.id))[1:] == others
    assert [p.id for p in Payment.of_booking(session, booking.id, lock=True)] == sorted(
        p.id for p in Payment.of_booking(session, booking.id)
    )


def _payment(state: PaymentState) -> Payment:
    return Payment(
        id=1,
        booking_id=1,
        method="card",
        state=state,
        amount_minor=5400_00,
        currency="PKR",
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=15),
    )
