"""The whole life of a payment against the sandbox's Stripe, whose answers have the SDK's own shapes."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stripe.params.checkout import SessionCreateParams, SessionCreateParamsPaymentIntentData

from integrations.gateway import GatewayError, PaymentGateway
from integrations.stripe_gateway import StripeGateway, _from_stripe, _session_of, _to_stripe
from models.payment import PaymentOrder, PaymentState
from sandbox.driver import World
from tests.integrations.outside import answer, hang, outside, raw, reset, unused_port
from tests.sandbox.desk import Product

_ids = itertools.count(1)
SETTLED = (PaymentState.AUTHORIZED, PaymentState.CAPTURED)


def gateway_at(url: str, **what: Any) -> StripeGateway:
    given = {
        "secret_key": "sk_test_sandbox",
        "webhook_secret": "whsec_sandbox",
        "answer_timeout": 60.0,
        **what,
    }
    return StripeGateway(api_url=url, connect_timeout=60, **given)


@pytest.fixture
def gateway(world: World) -> StripeGateway:
    return gateway_at(world.stripe_url)


@pytest.fixture
def order(world: World) -> PaymentOrder:
    number = next(_ids)
    now = world.clock.now
    return PaymentOrder(
        payment_id=number,
        method="card",
        booking_code=f"BK-20261120-T{number:04}",
        description="Fairy Meadows Huts, 12 Dec 2026 – 14 Dec 2026",
        amount_minor=11_200_00,
        currency="PKR",
        created_at=now,
        expires_at=now + timedelta(minutes=15),
        return_url="http://localhost:8000/pay/done",
    )


def opened(gateway: PaymentGateway, order: PaymentOrder) -> tuple[PaymentOrder, str]:
    """The order with its page's reference, and the page's address."""
    link = gateway.create_link(order)
    return replace(order, reference=link.reference), link.url


# ---- the page --------------------------------------------------------------------------------------


def test_a_page_asks_for_the_amount_and_knows_the_payment_by_our_own_id(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    link = gateway.create_link(order)
    session = world.stripe.session(order.booking_code)
    own = {"payment_id": str(order.payment_id), "booking_code": order.booking_code}
    assert session["id"] == link.reference
    assert (session["amount_total"], session["currency"]) == (11_200_00, "pkr")
    assert session["client_reference_id"] == order.booking_code
    assert session["metadata"] == own
    assert session["success_url"] == "http://localhost:8000/pay/done?outcome=paid"
    assert link.expires_at - order.created_at >= timedelta(minutes=45)
    world.stripe.pays(link.url)
    intent = world.stripe.session(order.booking_code)["intent"]
    assert (intent["metadata"], intent["capture_method"]) == (own, "manual")


def test_our_parameters_are_those_of_the_librarys_version(order: PaymentOrder) -> None:
    given = _session_of(order, order.expires_at)
    assert given.keys() <= SessionCreateParams.__annotations__.keys()
    wishes = given["payment_intent_data"]
    assert wishes.keys() <= SessionCreateParamsPaymentIntentData.__annotations__.keys()


def test_asking_twice_opens_one_page(world: World, gateway: StripeGateway, order: PaymentOrder) -> None:
    first, second = gateway.create_link(order), gateway.create_link(order)
    assert first == second
    assert len(world.stripe.sessions(order.booking_code)) == 1


def test_a_hold_that_moved_gets_another_page(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    first = gateway.create_link(order)
    second = gateway.create_link(replace(order, expires_at=order.expires_at + timedelta(minutes=15)))
    assert first.reference != second.reference


@pytest.mark.parametrize(
    "hold", [timedelta(0), timedelta(minutes=15), timedelta(hours=2), timedelta(hours=48)]
)
def test_a_page_lives_as_long_as_stripe_allows_and_the_hold_needs(
    gateway: StripeGateway, order: PaymentOrder, hold: timedelta
) -> None:
    link = gateway.create_link(replace(order, expires_at=order.created_at + hold))
    assert timedelta(minutes=30) <= link.expires_at - order.created_at <= timedelta(hours=24)
    assert link.expires_at >= min(order.created_at + hold, order.created_at + timedelta(hours=23))


def test_a_page_can_be_opened_up_to_the_end_of_the_hold(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    world.clock.passes(minutes=15)
    assert gateway.create_link(order).url.startswith("http")


# ---- what is so ------------------------------------------------------------------------------------


def test_an_open_page_is_pending(gateway: StripeGateway, order: PaymentOrder) -> None:
    waiting, url = opened(gateway, order)
    facts = gateway.look_up(waiting)
    assert (facts.state, facts.url, facts.amount_minor, facts.currency) == (
        PaymentState.PENDING,
        url,
        11_200_00,
        "PKR",
    )


def test_a_refused_card_leaves_the_page_open_and_says_why(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.fails(url)
    facts = gateway.look_up(waiting)
    assert facts.state is PaymentState.PENDING
    assert facts.failure


def test_paid_means_authorized_until_a_time_that_stripe_names(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    facts = gateway.look_up(waiting)
    assert facts.state is PaymentState.AUTHORIZED
    assert facts.intent is not None
    assert facts.intent.startswith("pi_")
    assert (facts.amount_minor, facts.currency) == (11_200_00, "PKR")
    assert facts.capture_before is not None
    assert facts.capture_before > order.created_at + timedelta(days=6)
    assert facts.receipt_url


def test_money_is_captured_once_however_often_it_is_asked(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    paid = replace(waiting, intent=gateway.look_up(waiting).intent)
    first = gateway.capture(paid, order.amount_minor)
    assert (first.state, first.amount_minor) == (PaymentState.CAPTURED, order.amount_minor)
    assert first.receipt_url
    assert gateway.capture(paid, order.amount_minor) == first
    # The same by somebody who has lost the key: the intent itself says that it is done.
    other_key = replace(paid, payment_id=paid.payment_id + 100_000)
    assert gateway.capture(other_key, order.amount_minor).state is PaymentState.CAPTURED
    assert gateway.look_up(paid).state is PaymentState.CAPTURED


def test_a_capture_without_known_intent_finds_it(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    assert gateway.capture(waiting, order.amount_minor).state is PaymentState.CAPTURED


def test_nothing_paid_is_nothing_captured(gateway: StripeGateway, order: PaymentOrder) -> None:
    waiting, _ = opened(gateway, order)
    assert gateway.capture(waiting, order.amount_minor).state is PaymentState.PENDING
    assert gateway.void(waiting).state is PaymentState.PENDING


def test_a_part_can_be_captured(world: World, gateway: StripeGateway, order: PaymentOrder) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    facts = gateway.capture(waiting, 5_000_00)
    assert (facts.state, facts.amount_minor) == (PaymentState.CAPTURED, 5_000_00)


@pytest.mark.parametrize("fault", ["decline_capture", "expired_capture"])
def test_a_refused_capture_of_what_the_bank_let_go_is_voided(
    world: World, gateway: StripeGateway, order: PaymentOrder, fault: str
) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    paid = replace(waiting, intent=gateway.look_up(waiting).intent)
    world.stripe.fault(fault, path="/capture")
    facts = gateway.capture(paid, order.amount_minor)
    assert (facts.state, facts.failure) == (PaymentState.VOIDED, "automatic")


def test_a_refused_capture_of_what_still_stands_is_an_error_that_waiting_does_not_heal(
    order: PaymentOrder,
) -> None:
    refusal = answer(402, '{"error": {"type": "card_error", "code": "card_declined"}}')
    stands = answer(
        200,
        '{"id": "pi_1", "status": "requires_capture", "currency": "pkr", "amount": 1120000,'
        ' "amount_capturable": 1120000, "amount_received": 0, "latest_charge": null}',
    )
    with outside(stands) as stripe:
        stripe.will = [refusal]
        gateway = gateway_at(stripe.url)
        with pytest.raises(GatewayError) as raised:
            gateway.capture(replace(order, intent="pi_1"), order.amount_minor)
    assert raised.value.code == "card_declined"
    assert (raised.value.retryable, raised.value.unknown) == (False, False)


def test_an_authorization_that_ran_out_is_voided(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    paid = replace(waiting, intent=gateway.look_up(waiting).intent)
    world.clock.passes(days=8)
    assert gateway.look_up(paid).state is PaymentState.VOIDED
    assert gateway.capture(paid, order.amount_minor).state is PaymentState.VOIDED


def test_money_is_let_go_once(world: World, gateway: StripeGateway, order: PaymentOrder) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    first = gateway.void(waiting)
    assert first.state is PaymentState.VOIDED
    assert gateway.void(waiting).state is PaymentState.VOIDED
    assert gateway.void(replace(waiting, intent=first.intent)).state is PaymentState.VOIDED
    assert gateway.capture(replace(waiting, intent=first.intent), 1).state is PaymentState.VOIDED


def test_captured_money_is_not_let_go(world: World, gateway: StripeGateway, order: PaymentOrder) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    paid = replace(waiting, intent=gateway.capture(waiting, order.amount_minor).intent)
    assert gateway.void(paid).state is PaymentState.CAPTURED


def test_a_payment_is_found_by_its_intent_alone(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    intent = gateway.look_up(waiting).intent
    assert gateway.look_up(replace(order, intent=intent)).state is PaymentState.AUTHORIZED


# ---- closing a page --------------------------------------------------------------------------------


def test_closing_an_open_page_proves_that_nothing_was_paid(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    waiting, _ = opened(gateway, order)
    facts = gateway.expire(waiting)
    assert (facts.state, facts.reference) == (PaymentState.EXPIRED, waiting.reference)
    assert gateway.expire(waiting).state is PaymentState.EXPIRED
    assert gateway.look_up(waiting).state is PaymentState.EXPIRED


def test_closing_a_page_after_a_refused_card_is_expired_too(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.fails(url)
    assert gateway.expire(waiting).state is PaymentState.EXPIRED
    assert gateway.look_up(waiting).state is PaymentState.EXPIRED


def test_a_page_that_was_paid_just_before_is_authorized(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    assert gateway.expire(waiting).state is PaymentState.AUTHORIZED


def test_a_page_closes_by_itself(world: World, gateway: StripeGateway, order: PaymentOrder) -> None:
    waiting, _ = opened(gateway, order)
    world.clock.passes(hours=2)
    assert gateway.look_up(waiting).state is PaymentState.EXPIRED


# ---- when answers are lost -------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost_answer", "reset"])
def test_a_lost_answer_to_the_creation_is_found_again_under_our_own_id(
    world: World, gateway: StripeGateway, order: PaymentOrder, fault: str
) -> None:
    world.stripe.fault(fault, path="/v1/checkout/sessions")
    with pytest.raises(GatewayError) as raised:
        gateway.create_link(order)
    assert raised.value.unknown
    facts = gateway.look_up(order)
    assert facts.state is PaymentState.PENDING
    assert (facts.reference, facts.url) == (
        world.stripe.session(order.booking_code)["id"],
        world.stripe.session(order.booking_code)["url"],
    )
    assert len(world.stripe.sessions(order.booking_code)) == 1


def test_a_page_nobody_knows_of_can_be_closed(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    world.stripe.fault("lost_answer", path="/v1/checkout/sessions")
    with pytest.raises(GatewayError):
        gateway.create_link(order)
    assert gateway.expire(order).state is PaymentState.EXPIRED
    assert [s["status"] for s in world.stripe.sessions(order.booking_code)] == ["expired"]


def test_a_lost_answer_to_a_capture_is_made_up_for_by_asking_again(
    world: World, gateway: StripeGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    paid = replace(waiting, intent=gateway.look_up(waiting).intent)
    world.stripe.fault("lost_answer", path="/capture")
    with pytest.raises(GatewayError) as raised:
        gateway.capture(paid, order.amount_minor)
    assert raised.value.unknown
    assert gateway.capture(paid, order.amount_minor).state is PaymentState.CAPTURED
    assert world.stripe.session(order.booking_code)["intent"]["amount_received"] == order.amount_minor


@pytest.mark.parametrize(("fault", "unknown"), [("500", True), ("503", True), ("409", True), ("429", False)])
def test_what_waiting_heals_is_retryable(
    world: World, gateway: StripeGateway, order: PaymentOrder, fault: str, unknown: bool
) -> None:
    world.stripe.fault(fault)
    with pytest.raises(GatewayError) as raised:
        gateway.create_link(order)
    assert (raised.value.retryable, raised.value.unknown) == (True, unknown)
    assert gateway.create_link(order).url


def test_a_wrong_key_waits_for_a_person(world: World, order: PaymentOrder) -> None:
    with pytest.raises(GatewayError) as raised:
        gateway_at(world.stripe_url, secret_key="sk_test_other").create_link(order)
    assert (raised.value.retryable, raised.value.unknown) == (True, False)


def test_nobody_listening_is_retryable_and_certain(order: PaymentOrder) -> None:
    with pytest.raises(GatewayError) as raised:
        gateway_at(f"http://127.0.0.1:{unused_port()}").create_link(order)
    assert (raised.value.code, raised.value.retryable, raised.value.unknown) == ("not_connected", True, False)


@pytest.mark.parametrize(
    "misbehaves",
    [
        pytest.param(reset, id="reset"),
        pytest.param(hang, id="hang"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", then_close=True), id="cut off"),
        pytest.param(answer(200, "<html>login</html>", "text/html"), id="200 page"),
        pytest.param(answer(200, "[]"), id="200 list"),
        pytest.param(answer(502, "<html>Bad Gateway</html>", "text/html"), id="502 page"),
        pytest.param(answer(500, '{"error": {"type": "api_error"}}'), id="500"),
    ],
)
def test_an_unreadable_answer_leaves_the_outcome_unknown(order: PaymentOrder, misbehaves: Any) -> None:
    patience = 0.3 if misbehaves is hang else 60
    with outside(misbehaves) as stripe, pytest.raises(GatewayError) as raised:
        gateway_at(stripe.url, answer_timeout=patience).capture(
            replace(order, intent="pi_1"), order.amount_minor
        )
    assert (raised.value.retryable, raised.value.unknown) == (True, True)


def test_the_echo_of_a_crash_is_asked_past(order: PaymentOrder) -> None:
    """Stripe repeats a 500 for a day under its idempotency key; a second page has no visitor."""
    crash = answer(500, '{"error": {"type": "api_error"}}', idempotent_replayed="true")
    page = answer(200, '{"id": "cs_1", "url": "https://pay.example/cs_1", "expires_at": 1795170000}')
    with outside(page) as stripe:
        stripe.will = [crash]
        assert gateway_at(stripe.url).create_link(order).reference == "cs_1"
    first, second = (request.headers["idempotency-key"] for request in stripe.requests)
    assert first.startswith(f"{order.booking_code}:{order.payment_id}:link:")
    assert second.startswith(first + ":")


# ---- amounts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minor", "currency", "at_stripe"),
    [
        (11_200_00, "PKR", 11_200_00),
        (4_500_50, "INR", 4_500_50),
        (5000, "JPY", 5000),
        (5000, "ISK", 5000_00),  # no decimals in ISO 4217, two at Stripe, always 00
        (70000, "UGX", 70000_00),
        (1_230, "KWD", 1_230),
        (5_120, "BHD", 5_120),
    ],
)
def test_amounts_are_counted_as_stripe_counts_them(minor: int, currency: str, at_stripe: int) -> None:
    assert _to_stripe(minor, currency) == at_stripe
    assert _from_stripe(at_stripe, currency) == minor


def test_an_amount_that_stripe_cannot_take_is_refused_before_it_is_asked() -> None:
    with pytest.raises(GatewayError) as raised:
        _to_stripe(1_234, "KWD")
    assert not raised.value.retryable


@pytest.mark.parametrize(("currency", "minor"), [("ISK", 5000), ("KWD", 1_230), ("JPY", 5000)])
def test_odd_currencies_go_the_whole_way(
    world: World, gateway: StripeGateway, order: PaymentOrder, currency: str, minor: int
) -> None:
    waiting, url = opened(gateway, replace(order, currency=currency, amount_minor=minor))
    world.stripe.pays(url)
    assert gateway.look_up(waiting).amount_minor == minor
    facts = gateway.capture(waiting, minor)
    assert (facts.state, facts.amount_minor, facts.currency) == (PaymentState.CAPTURED, minor, currency)


# ---- webhooks, as they really come -----------------------------------------------------------------


def test_the_events_of_a_payment_name_it(
    world: World, product: Product, gateway: StripeGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.stripe.pays(url)
    gateway.capture(waiting, order.amount_minor)
    intent = world.stripe.session(order.booking_code)["intent"]["id"]
    wanted = {"checkout.session.completed", "payment_intent.succeeded"}
    world.eventually(
        lambda: wanted <= {e["type"] for e in product.events(order.booking_code)}, what="the events"
    )
    seen = {}
    for hook in product.hooks:
        if order.booking_code.encode() not in hook.body:
            continue
        signature = next(v for k, v in hook.headers.items() if k.lower() == "stripe-signature")
        notice = gateway.verify_webhook(hook.body, signature, now=world.clock.now)
        assert (notice.payment_id, notice.intent) == (order.payment_id, intent)
        seen[notice.type] = notice
    assert seen.keys() >= wanted
    assert seen["checkout.session.completed"].reference == waiting.reference
    assert len({notice.external_id for notice in seen.values()}) == len(seen)


def test_times_are_aware(gateway: StripeGateway, order: PaymentOrder) -> None:
    assert gateway.create_link(order).expires_at.tzinfo is UTC
    assert isinstance(order.created_at, datetime)
