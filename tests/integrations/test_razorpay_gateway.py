"""The whole life of a payment against the sandbox's Razorpay; what is signed against vectors made elsewhere."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.gateway import GatewayError, WebhookRefused
from integrations.razorpay_gateway import EVENTS, RazorpayGateway
from models.payment import PaymentOrder, PaymentState
from sandbox.driver import World
from tests.integrations.outside import Act, answer, hang, outside, raw, reset, unused_port

_ids = itertools.count(1)
SECRET = "sandbox-razorpay-webhook"
NOW = datetime(2026, 11, 21, tzinfo=UTC)

# ../shared/payment-vectors/signatures.json: accepted by Razorpay's own helpers.
BODY = (
    b'{"event":"payment_link.paid","payload":{"payment_link":{"entity":{"id":"plink_demo","amount":250000,'
    b'"amount_paid":250000,"status":"paid","reference_id":"BK-2026-000123"}}}}'
)
BODY_SIGNED = "24a56f9aefa5d6633fe9b4f1ae58bb256ed2e5fd7904c094cc9527ec14a2c210"
CALLBACK = {
    "razorpay_payment_link_id": "plink_demo",
    "razorpay_payment_link_reference_id": "BK-2026-000123",
    "razorpay_payment_link_status": "paid",
    "razorpay_payment_id": "pay_demo",
    "razorpay_signature": "5ddf2cac5160004258fd6dd765a5a11dc83b20dcf21c6cd196c8d8ddbfc706cd",
}


def gateway_at(url: str, **what: Any) -> RazorpayGateway:
    given = {
        "key_id": "rzp_test_sandbox",
        "key_secret": "sandbox-razorpay-key-secret",
        "webhook_secret": SECRET,
        "callback_url": "http://localhost:8000/api/payments/razorpay/callback",
        "answer_timeout": 60.0,
        **what,
    }
    return RazorpayGateway(api_url=url, connect_timeout=60, **given)


@pytest.fixture
def gateway(world: World) -> RazorpayGateway:
    return gateway_at(world.razorpay_url)


@pytest.fixture
def order(world: World) -> PaymentOrder:
    return _order(world.clock.now)


def _order(now: datetime = NOW) -> PaymentOrder:
    number = next(_ids)
    return PaymentOrder(
        payment_id=number,
        method="razorpay",
        booking_code=f"BK-20261120-T{number:04}",
        description="Thar Dune Camp, 12 Dec 2026 – 14 Dec 2026",
        amount_minor=4_500_00,
        currency="INR",
        created_at=now,
        expires_at=now + timedelta(minutes=15),
        return_url="http://localhost:8000/pay/done",
    )


def opened(gateway: RazorpayGateway, order: PaymentOrder) -> tuple[PaymentOrder, str]:
    link = gateway.create_link(order)
    return replace(order, reference=link.reference), link.url


# ---- the link --------------------------------------------------------------------------------------


def test_a_link_asks_for_all_of_the_amount_at_once_and_tells_nobody(
    world: World, gateway: RazorpayGateway, order: PaymentOrder
) -> None:
    link = gateway.create_link(order)
    made = world.razorpay.link(order.booking_code)
    assert (made["id"], made["short_url"]) == (link.reference, link.url)
    assert (made["amount"], made["currency"], made["accept_partial"]) == (4_500_00, "INR", False)
    assert made["reference_id"] == f"{order.booking_code}-{order.payment_id}"
    assert made["notify"] == {"sms": False, "email": False}
    assert made["customer"] == {}
    assert timedelta(minutes=30) < link.expires_at - order.created_at < timedelta(minutes=33)


def test_asking_twice_gives_one_link(world: World, gateway: RazorpayGateway, order: PaymentOrder) -> None:
    first, second = gateway.create_link(order), gateway.create_link(order)
    assert first == second
    assert len(world.razorpay.links(order.booking_code)) == 1


def test_a_link_whose_answer_was_lost_is_found(
    world: World, gateway: RazorpayGateway, order: PaymentOrder
) -> None:
    world.razorpay.fault("lost_answer", path="POST /v1/payment_links")
    with pytest.raises(GatewayError) as lost:
        gateway.create_link(order)
    assert lost.value.unknown
    assert gateway.look_up(order).state is PaymentState.PENDING
    assert gateway.look_up(order).reference == gateway.create_link(order).reference


def test_a_link_can_be_made_up_to_the_end_of_the_hold(
    world: World, gateway: RazorpayGateway, order: PaymentOrder
) -> None:
    world.clock.passes(minutes=15)
    assert gateway.create_link(order).url.startswith("http")


# ---- what is so ------------------------------------------------------------------------------------


def test_an_open_link_is_pending_also_after_a_refused_try(
    world: World, gateway: RazorpayGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.razorpay.fails(url)
    facts = gateway.look_up(waiting)
    assert (facts.state, facts.url, facts.amount_minor) == (PaymentState.PENDING, url, 4_500_00)


def test_a_paid_link_is_captured_at_once(world: World, gateway: RazorpayGateway, order: PaymentOrder) -> None:
    waiting, url = opened(gateway, order)
    world.razorpay.pays(url, comes_back=False)
    facts = gateway.look_up(waiting)
    assert (facts.state, facts.amount_minor, facts.currency) == (PaymentState.CAPTURED, 4_500_00, "INR")
    assert facts.intent is not None
    assert facts.intent.startswith("pay_")
    for told in (gateway.expire(waiting), gateway.capture(waiting, 4_500_00), gateway.void(waiting)):
        assert told == facts
    found = gateway.look_up(order)  # in a list the payments of a link are left out
    assert (found.state, found.intent) == (PaymentState.CAPTURED, None)


def test_a_cancelled_link_can_never_be_paid(
    world: World, gateway: RazorpayGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    assert gateway.expire(waiting).state is PaymentState.EXPIRED
    assert gateway.expire(waiting).state is PaymentState.EXPIRED
    with pytest.raises(AssertionError, match="cancelled"):
        world.razorpay.pays(url)


def test_money_that_was_under_way_when_its_link_was_closed_is_found(
    world: World, product: Any, gateway: RazorpayGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    world.razorpay.fails(url)
    world.razorpay.begins(url)
    assert gateway.expire(waiting).state is PaymentState.EXPIRED
    world.razorpay.finishes(order.booking_code)
    facts = gateway.look_up(waiting)
    assert (facts.state, facts.amount_minor, facts.reference) == (
        PaymentState.CAPTURED,
        4_500_00,
        waiting.reference,
    )
    assert (facts.intent or "").startswith("pay_")

    def hook() -> Any:
        return next((h for h in list(product.hooks) if (facts.intent or "?").encode() in h.body), None)

    came = world.eventually(hook, what="the event")
    told = gateway.verify_webhook(came.body, came.headers["X-Razorpay-Signature"], now=world.clock.now)
    assert (told.type, told.payment_id, told.reference) == ("payment.captured", order.payment_id, None)
    assert told.tells is PaymentState.CAPTURED


@pytest.mark.parametrize(
    ("payments", "state"),
    [
        ([], PaymentState.EXPIRED),
        ([{"id": "pay_1", "status": "failed"}, {"id": "pay_2", "status": "created"}], PaymentState.EXPIRED),
        ([{"id": "pay_1", "status": "authorized"}], PaymentState.UNKNOWN),
        ([{"id": "p", "status": "captured", "amount": 1}, {"status": "failed"}], PaymentState.CAPTURED),
        ("x", None),
        ([None], None),
        ([{"status": "captured"}], None),
        ([{"status": []}], None),
    ],
)
def test_what_is_on_a_closed_links_order(payments: Any, state: PaymentState | None) -> None:
    with outside(answer(200, json.dumps({"items": payments}))) as server:
        server.will.append(_of(status="cancelled", order_id="order_1"))
        gateway, waiting = gateway_at(server.url), replace(_order(), reference="plink_1")
        if state is None:
            with pytest.raises(GatewayError) as error:
                gateway.look_up(waiting)
            assert error.value.unknown
        else:
            assert gateway.look_up(waiting).state is state
        assert server.requests[-1].path == "/v1/orders/order_1/payments"


def test_a_link_whose_creation_got_lost_is_closed_before_it_is_seen(
    world: World, gateway: RazorpayGateway, order: PaymentOrder
) -> None:
    world.razorpay.fault("reset", path="POST /v1/payment_links")
    with pytest.raises(GatewayError):
        gateway.create_link(order)
    assert gateway.look_up(order).state is PaymentState.UNKNOWN
    assert gateway.expire(order).state is PaymentState.EXPIRED
    # Should the lost request arrive now, its reference is taken, and what it finds is cancelled.
    assert world.razorpay.link(order.booking_code)["status"] == "cancelled"


def test_what_cannot_be_made_any_more_has_ended(
    world: World, gateway: RazorpayGateway, order: PaymentOrder
) -> None:
    world.clock.passes(minutes=40)
    assert gateway.expire(order).state is PaymentState.EXPIRED
    assert world.razorpay.links(order.booking_code) == []


def test_a_link_closes_by_itself(world: World, gateway: RazorpayGateway, order: PaymentOrder) -> None:
    waiting, _ = opened(gateway, order)
    world.clock.passes(minutes=40)
    assert gateway.look_up(waiting).state is PaymentState.EXPIRED


# ---- what may go wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "code", "retryable", "unknown"),
    [
        ("503", "http_503", True, True),
        ("500", "http_500", True, True),
        ("429", "http_429", True, False),
        ("401", "http_401", True, False),
        ("400", "http_400", False, False),
        ("reset", "no_answer", True, True),
        ("lost_answer", "no_answer", True, True),
    ],
)
def test_errors_say_whether_waiting_helps(
    world: World,
    gateway: RazorpayGateway,
    order: PaymentOrder,
    kind: str,
    code: str,
    retryable: bool,
    unknown: bool,
) -> None:
    waiting, _ = opened(gateway, order)
    world.razorpay.fault(kind, path="GET /v1/payment_links/")
    with pytest.raises(GatewayError) as error:
        gateway.look_up(waiting)
    assert (error.value.code, error.value.retryable, error.value.unknown) == (code, retryable, unknown)


def test_a_wrong_key_waits_for_a_person(world: World, order: PaymentOrder) -> None:
    with pytest.raises(GatewayError) as error:
        gateway_at(world.razorpay_url, key_secret="another").create_link(order)
    assert (error.value.code, error.value.retryable, error.value.unknown) == ("http_401", True, False)


def test_what_razorpay_cannot_take_is_refused_for_good(gateway: RazorpayGateway, order: PaymentOrder) -> None:
    for wrong in (replace(order, amount_minor=99), replace(order, currency="PKR")):
        with pytest.raises(GatewayError) as error:
            gateway.create_link(wrong)
        assert not error.value.retryable
        assert gateway.expire(wrong).state is PaymentState.EXPIRED


def test_nothing_listens() -> None:
    with pytest.raises(GatewayError) as error:
        gateway_at(f"http://127.0.0.1:{unused_port()}").create_link(_order())
    assert (error.value.code, error.value.unknown) == ("not_connected", False)


LINK = {"id": "plink_1", "status": "created", "amount": 450000, "amount_paid": 0, "currency": "INR"}


def _of(**changed: Any) -> Act:
    return answer(200, json.dumps({**LINK, **changed}))


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (_of(), PaymentState.PENDING),
        (_of(status="paid", amount_paid="450000", payments=[]), PaymentState.CAPTURED),
        (_of(status="paid", amount_paid=450000), PaymentState.CAPTURED),
        (_of(status="partially_paid", amount_paid=1000), PaymentState.UNKNOWN),
        (_of(status="something_new"), PaymentState.UNKNOWN),
    ],
)
def test_only_what_is_paid_counts(said: Act, state: PaymentState) -> None:
    with outside(said) as server:
        assert gateway_at(server.url).look_up(replace(_order(), reference="plink_1")).state is state


@pytest.mark.parametrize(
    "said",
    [
        answer(200, b""), answer(200, b"<html>"), answer(200, b"[]"), answer(200, b"null"), answer(200, b"{}"),
        answer(200, b"\xff"), answer(200, b"[" * 100_000), _of(status=None, amount=None), _of(amount="much"),
        _of(amount=1e400), _of(status="paid", amount_paid={}), _of(status=[], payments=[]), answer(302, b""),
        answer(502, b"<html>"), raw(b"SSH-2.0\r\n\r\n", then_close=True), reset,
    ],
)  # fmt: skip
def test_an_answer_that_nobody_can_read_is_unknown(said: Act) -> None:
    with outside(said) as server:
        for verb in (gateway_at(server.url).look_up, gateway_at(server.url).expire):
            with pytest.raises(GatewayError) as error:
                verb(replace(_order(), reference="plink_1"))
            assert error.value.unknown


def test_a_silent_razorpay_is_given_up_in_time() -> None:
    with outside(hang) as server, pytest.raises(GatewayError) as error:
        gateway_at(server.url, answer_timeout=0.2).look_up(replace(_order(), reference="plink_1"))
    assert (error.value.code, error.value.unknown) == ("no_answer", True)


def test_anothers_link_in_the_list_is_not_ours() -> None:
    listed = {"payment_links": [{**LINK, "reference_id": "INV-1", "status": "paid"}, None, "x"]}
    with outside(answer(200, json.dumps(listed))) as server:
        assert gateway_at(server.url).look_up(_order()).state is PaymentState.UNKNOWN


def test_a_duplicate_that_is_not_listed_yet_is_asked_for_again() -> None:
    why = "payment link with given reference_id: x already exists. Please create a payment link with a different"
    refused = answer(400, json.dumps({"error": {"code": "BAD_REQUEST_ERROR", "description": why}}))
    with outside(answer(200, b'{"payment_links": []}')) as server:
        server.will.append(refused)
        with pytest.raises(GatewayError) as error:
            gateway_at(server.url).create_link(_order())
    assert (error.value.code, error.value.unknown) == ("duplicate_reference_id", True)


# ---- what calls back -------------------------------------------------------------------------------


def test_the_vectors_of_others_are_accepted() -> None:
    gateway = gateway_at("https://x.example", webhook_secret="hook_secret", key_secret="key_secret_demo")
    told = gateway.verify_webhook(BODY, BODY_SIGNED, now=NOW)
    assert (told.type, told.tells, told.reference) == (
        "payment_link.paid",
        PaymentState.CAPTURED,
        "plink_demo",
    )
    assert told.payment_id is None  # a reference of another form than ours
    back = gateway.verify_callback(CALLBACK)
    assert (back.tells, back.reference, back.intent) == (PaymentState.CAPTURED, "plink_demo", "pay_demo")


@pytest.mark.parametrize("name", CALLBACK)
def test_a_callback_that_somebody_changed_is_refused(name: str) -> None:
    gateway = gateway_at("https://x.example", key_secret="key_secret_demo")
    for wrong in ({**CALLBACK, name: "x"}, {k: v for k, v in CALLBACK.items() if k != name}):
        with pytest.raises(WebhookRefused):
            gateway.verify_callback(wrong)


@pytest.mark.parametrize("signature", [None, "", "x", "é", BODY_SIGNED.upper(), BODY_SIGNED[:-1], "\ud800"])
def test_a_body_that_somebody_else_signed_is_refused(signature: str | None) -> None:
    with pytest.raises(WebhookRefused):
        gateway_at("https://x.example", webhook_secret="hook_secret").verify_webhook(BODY, signature, now=NOW)


def test_without_a_secret_nothing_is_believed() -> None:
    gateway = gateway_at("https://x.example", webhook_secret="")
    with pytest.raises(WebhookRefused):
        gateway.verify_webhook(BODY, _signed(BODY, ""), now=NOW)


def test_a_repeat_has_the_same_name_and_says_whose_payment_it_is() -> None:
    gateway = gateway_at("https://x.example")
    body = BODY.replace(b"BK-2026-000123", b"BK-20261120-7K3QX-812")
    first, again = (gateway.verify_webhook(body, _signed(body), now=NOW) for _ in range(2))
    assert first == again
    assert first.payment_id == 812


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
entities = st.fixed_dictionaries(
    {},
    optional={"id": st.just("plink_1") | anything, "reference_id": st.just("BK-20261120-7K3QX-1") | anything},
)
events = st.fixed_dictionaries(
    {
        "event": st.sampled_from(sorted(EVENTS)) | anything,
        "payload": st.fixed_dictionaries(
            {"payment_link": st.fixed_dictionaries({"entity": entities | anything}) | anything},
            optional={"payment": st.fixed_dictionaries({"entity": entities | anything}) | anything},
        )
        | anything,
    }
)


@given(event=events | anything)
def test_a_signed_body_of_any_shape_is_read_or_refused(event: Any) -> None:
    gateway, body = gateway_at("https://x.example"), json.dumps(event).encode()
    try:
        told = gateway.verify_webhook(body, _signed(body), now=NOW)
    except WebhookRefused:
        return
    assert told.type.isprintable()
    assert told.payment_id is None or told.payment_id < 10**18


def test_a_browser_that_comes_back_and_the_webhook_tell_the_same(
    world: World, product: Any, gateway: RazorpayGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    to = world.razorpay.pays(url, comes_back=False)
    back = gateway.verify_callback(dict(parse_qsl(urlsplit(to).query)))

    def hook() -> Any:
        hooks = [h for h in list(product.hooks) if b'"event":"payment_link.paid"' in h.body]
        return next((h for h in hooks if (waiting.reference or "?").encode() in h.body), None)

    came = world.eventually(hook, what="the webhook")
    told = gateway.verify_webhook(came.body, came.headers["X-Razorpay-Signature"], now=world.clock.now)
    assert told.payment_id == back.payment_id == order.payment_id
    assert told.reference == back.reference == waiting.reference
    assert told.intent == back.intent
    assert told.tells is back.tells is PaymentState.CAPTURED
    assert told.external_id != back.external_id


def _signed(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
