"""The whole life of a payment against the sandbox's Paytm, which checks every checksum over the bytes that came."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.gateway import GatewayError, WebhookRefused
from integrations.paytm_checksum import FIELD, is_signed, joined, sign
from integrations.paytm_gateway import TOKEN_LIVES, PaytmGateway
from models.payment import PaymentOrder, PaymentState
from sandbox.driver import World
from tests.integrations.outside import Act, Outside, answer, outside, reset, unused_port
from tests.sandbox.desk import Product

MID, KEY = "SANDBX00000000000001", "sandbox#key&@16c"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_ids = itertools.count(1)


def gateway_at(url: str, **what: Any) -> PaytmGateway:
    given = {
        "mid": MID,
        "merchant_key": KEY,
        "website": "DEFAULT",
        "callback_url": "http://localhost:8000/api/payments/paytm/callback",
        "page_url": "http://localhost:8000/pay/paytm",
        "answer_timeout": 60.0,
        **what,
    }
    return PaytmGateway(api_url=url, connect_timeout=60, **given)


@pytest.fixture
def gateway(world: World) -> Iterator[PaytmGateway]:
    yield gateway_at(world.paytm_url)
    world.paytm.heals()
    world.paytm.behaves()


def order_at(now: datetime) -> PaymentOrder:
    number = next(_ids)
    return PaymentOrder(
        payment_id=number,
        method="paytm",
        booking_code=f"BK-20261120-P{number:04}",
        description="Lonavala Rain Farm, 12 Dec 2026",
        amount_minor=2_500_05,
        currency="INR",
        created_at=now,
        expires_at=now + timedelta(minutes=15),
        return_url="http://localhost:8000/pay/done",
    )


@pytest.fixture
def order(world: World) -> PaymentOrder:
    return order_at(world.clock.now)


def opened(gateway: PaytmGateway, order: PaymentOrder) -> tuple[PaymentOrder, str]:
    link = gateway.create_link(order)
    return replace(order, reference=link.reference), link.url


def acts(
    world: World, gateway: PaytmGateway, order: PaymentOrder, url: str, action: str, *, stays: bool = True
) -> dict[str, str]:
    """What the guest's browser does behind our page, down to what it would bring back to us."""
    assert order.reference is not None
    form = gateway.form(order.reference, url, now=world.clock.now)
    assert form is not None
    assert 'data-status="open"' in httpx.post(form.address, data=dict(form.fields), timeout=60).text
    done = httpx.post(
        f"{world.paytm_url}/theia/pay", json={**form.fields, "action": action, "stays": stays}, timeout=60
    ).json()
    assert done["callback"] == "http://localhost:8000/api/payments/paytm/callback"
    brought: dict[str, str] = done["fields"]
    return brought


# ---- the page --------------------------------------------------------------------------------------


def test_a_page_asks_for_the_amount_under_an_id_of_its_own(
    world: World, gateway: PaytmGateway, order: PaymentOrder
) -> None:
    link = gateway.create_link(order)
    made = world.paytm.order(order.booking_code)
    order_id = f"{order.booking_code}-{order.payment_id}"
    assert (made["orderId"], made["value"], made["websiteName"]) == (order_id, "2500.05", "DEFAULT")
    assert link.url.startswith(f"http://localhost:8000/pay/paytm/{order_id}?token=")
    assert abs(link.expires_at - world.clock.now - TOKEN_LIVES) < timedelta(seconds=10)


def test_asking_twice_finds_the_same_page(world: World, gateway: PaytmGateway, order: PaymentOrder) -> None:
    assert gateway.create_link(order).url == gateway.create_link(order).url
    assert len(world.paytm.orders(order.booking_code)) == 1


def test_the_same_order_in_other_words_is_refused_for_good(
    gateway: PaytmGateway, order: PaymentOrder
) -> None:
    gateway.create_link(order)
    with pytest.raises(GatewayError) as refused:
        gateway.create_link(replace(order, amount_minor=1_00))
    assert (refused.value.code, refused.value.retryable) == ("paytm_2023", False)


@pytest.mark.parametrize(("minor", "currency"), [(100_00, "PKR"), (100_00, "USD"), (0, "INR"), (-1, "INR")])
def test_paytm_takes_rupees_of_india_alone(order: PaymentOrder, minor: int, currency: str) -> None:
    gateway = gateway_at(f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(GatewayError) as refused:
        gateway.create_link(replace(order, amount_minor=minor, currency=currency))
    assert (refused.value.code, refused.value.retryable) == ("amount_not_payable", False)


@pytest.mark.parametrize(
    ("minor", "written"), [(100_00, "100.00"), (1_05, "1.05"), (99_99, "99.99"), (12_34_567_80, "1234567.80")]
)
def test_amounts_have_two_decimals_and_no_separators(
    world: World, gateway: PaytmGateway, order: PaymentOrder, minor: int, written: str
) -> None:
    gateway.create_link(replace(order, amount_minor=minor))
    assert world.paytm.order(order.booking_code)["value"] == written


# ---- what is so ------------------------------------------------------------------------------------


def test_a_page_that_nobody_pays_on_is_pending_until_its_token_has_run_out(
    world: World, gateway: PaytmGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    facts = gateway.expire(waiting)
    assert facts.state is PaymentState.PENDING
    assert facts.open_until is not None
    world.clock.moves_to(facts.open_until - timedelta(seconds=20))
    assert gateway.expire(waiting).state is PaymentState.PENDING
    assert gateway.form(str(waiting.reference), url, now=world.clock.now) is None
    world.clock.passes(seconds=21)
    assert gateway.expire(waiting).state is PaymentState.EXPIRED
    assert gateway.look_up(waiting).state is PaymentState.EXPIRED


def test_what_was_paid_is_ours_at_once(world: World, gateway: PaytmGateway, order: PaymentOrder) -> None:
    waiting, url = opened(gateway, order)
    acts(world, gateway, waiting, url, "pay")
    facts = gateway.look_up(waiting)
    txn_id = world.paytm.order(order.booking_code)["txn"]["txnId"]
    assert (facts.state, facts.intent) == (PaymentState.CAPTURED, txn_id)
    assert (facts.amount_minor, facts.currency) == (order.amount_minor, "INR")
    assert facts.reference == waiting.reference
    assert gateway.capture(waiting, order.amount_minor) == facts
    assert gateway.void(waiting) == facts  # there is nothing to release: it has to be given back
    assert gateway.expire(waiting) == facts


@pytest.mark.parametrize(("action", "code"), [("fail", "227"), ("abandon", "141")])
def test_a_failed_payment_has_used_its_order_up(
    world: World, gateway: PaytmGateway, order: PaymentOrder, action: str, code: str
) -> None:
    waiting, url = opened(gateway, order)
    acts(world, gateway, waiting, url, action)
    facts = gateway.look_up(waiting)
    assert (facts.state, facts.failure) == (PaymentState.FAILED, f"paytm_{code}")
    with pytest.raises(GatewayError) as refused:
        gateway.create_link(order)
    assert not refused.value.retryable
    assert gateway.create_link(replace(order, payment_id=order.payment_id + 100_000)).url  # the next attempt


def test_pending_stays_pending_until_the_bank_has_said(
    world: World, gateway: PaytmGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    acts(world, gateway, waiting, url, "pending")
    world.clock.passes(hours=1)  # long after the token: somebody is paying
    facts = gateway.expire(waiting)
    assert (facts.state, facts.open_until) == (PaymentState.PENDING, None)
    world.paytm.settles(order.booking_code)
    assert gateway.look_up(waiting).state is PaymentState.CAPTURED


def test_the_sandboxs_bank_answers_by_itself_in_the_end(
    world: World, gateway: PaytmGateway, order: PaymentOrder
) -> None:
    waiting, url = opened(gateway, order)
    acts(world, gateway, waiting, url, "pending", stays=False)
    world.clock.passes(minutes=2)
    assert gateway.look_up(waiting).state is PaymentState.CAPTURED


def test_a_lost_answer_loses_no_page(world: World, gateway: PaytmGateway, order: PaymentOrder) -> None:
    world.paytm.fault("lost_answer")
    with pytest.raises(GatewayError) as lost:
        gateway.create_link(order)
    assert lost.value.unknown
    facts = gateway.look_up(order)
    assert facts.state is PaymentState.PENDING
    assert facts.reference
    assert facts.url
    assert gateway.look_up(replace(order, reference=facts.reference)).state is PaymentState.PENDING


def test_a_page_that_nobody_was_given_closes_at_once(gateway: PaytmGateway, order: PaymentOrder) -> None:
    assert gateway.expire(order).state is PaymentState.EXPIRED  # never asked for
    gateway.create_link(order)
    assert gateway.expire(order).state is PaymentState.EXPIRED  # its token went lost with the answer


def test_a_page_is_not_opened_after_the_hold(
    world: World, gateway: PaytmGateway, order: PaymentOrder
) -> None:
    world.clock.passes(minutes=16)
    assert gateway.look_up(order).state is PaymentState.EXPIRED
    assert world.paytm.orders(order.booking_code) == []


@pytest.mark.parametrize("lie", ["other_amount", "other_order", "other_mid", "bad_signature"])
def test_an_answer_about_something_else_is_no_money(
    world: World, gateway: PaytmGateway, order: PaymentOrder, lie: str
) -> None:
    waiting, url = opened(gateway, order)
    acts(world, gateway, waiting, url, "pay")
    world.paytm.fault(lie, path="/v3/order/status")
    with pytest.raises(GatewayError) as refused:
        gateway.look_up(waiting)
    assert refused.value.unknown


@pytest.mark.parametrize("fault", ["503", "501", "garbage", "reset", "lost_answer"])
def test_no_answer_is_never_a_failed_payment(
    world: World, gateway: PaytmGateway, order: PaymentOrder, fault: str
) -> None:
    waiting, _ = opened(gateway, order)
    for ask in (gateway.look_up, gateway.expire, gateway.void):
        world.paytm.fault(fault)
        with pytest.raises(GatewayError) as lost:
            ask(waiting)
        assert lost.value.unknown
    world.paytm.fault(fault)
    with pytest.raises(GatewayError) as lost:
        gateway.create_link(order)
    assert lost.value.unknown


def test_a_wrong_key_waits_for_a_person(world: World, order: PaymentOrder) -> None:
    wrong_key = {"merchant_key": "ANOTHERKEYOF16CH"}  # what Paytm answers is not signed by it either
    for other, code in ((wrong_key, "signature_differs"), ({"mid": "NOBODY"}, "paytm_2006")):
        with pytest.raises(GatewayError) as refused:
            gateway_at(world.paytm_url, **other).create_link(order)
        assert (refused.value.code, refused.value.retryable) == (code, True)
        with pytest.raises(GatewayError) as unknown:
            gateway_at(world.paytm_url, **other).look_up(order)
        assert unknown.value.unknown


# ---- the wire --------------------------------------------------------------------------------------


def said(body: str, *, key: str = KEY, at: datetime = NOW, status: int = 200) -> Act:
    head = {"responseTimestamp": str(int(at.timestamp() * 1000)), "signature": sign(body, key)}
    return answer(status, f'{{"head":{json.dumps(head)},"body":{body}}}')


def result(status: str, code: str, **more: Any) -> str:
    told = {"resultInfo": {"resultStatus": status, "resultCode": code, "resultMsg": "…"}, **more}
    return json.dumps(told, ensure_ascii=False)


def paid(order: PaymentOrder, **other: Any) -> str:
    about = {"mid": MID, "orderId": f"{order.booking_code}-{order.payment_id}", "txnAmount": "2500.05"}
    return result("TXN_SUCCESS", "01", txnId="2026112001", **{**about, **other})


@pytest.fixture
def paytm() -> Iterator[Outside]:
    with outside(answer(500, "")) as server:
        yield server


def test_the_signature_is_over_the_bytes_of_the_body_that_go_out(paytm: Outside) -> None:
    paytm.will = [said(result("S", "0000", txnToken="t&=#/?"))]
    order = replace(order_at(NOW), booking_code="BK-20261120-é₹भ")
    link = gateway_at(paytm.url, website="वेब").create_link(order)
    assert parse_qs(urlsplit(link.url).query)["token"] == ["t&=#/?"]
    wire = paytm.requests[0].body.decode()
    head, _, text = wire.removesuffix("}").partition(',"body":')
    signature = json.loads(head.removeprefix('{"head":'))["signature"]
    assert is_signed(text, signature, KEY)
    assert json.loads(text)["websiteName"] == "वेब"


def test_a_success_must_name_merchant_order_and_amount(paytm: Outside) -> None:
    order = order_at(NOW)
    gateway = gateway_at(paytm.url)
    paytm.will = [said(paid(order))]
    assert gateway.look_up(order).state is PaymentState.CAPTURED
    others: list[dict[str, Any]] = [
        {"mid": "OTHER"},
        {"mid": None},
        {"orderId": "BK-20261120-OTHER-1"},
        {"orderId": None},
        {"txnAmount": "2500.04"},
        {"txnAmount": "250005"},
        {"txnAmount": None},
        {"txnAmount": "NaN"},
        {"txnAmount": "1e400"},
        {"txnAmount": "1e999999999"},
        {"txnAmount": "-2500.05"},
        {"txnAmount": ["2500.05"]},
    ]
    for other in others:
        paytm.will = [said(paid(order, **other))]
        with pytest.raises(GatewayError) as refused:
            gateway.look_up(order)
        assert refused.value.unknown


@pytest.mark.parametrize(
    ("refunded", "state"),
    [
        ("0.00", PaymentState.CAPTURED),
        ("100.00", PaymentState.PART_REFUNDED),
        ("2500.05", PaymentState.REFUNDED),
    ],
)
def test_what_was_given_back_is_told(paytm: Outside, refunded: str, state: PaymentState) -> None:
    order = order_at(NOW)
    paytm.will = [said(paid(order, refundAmt=refunded))]
    assert gateway_at(paytm.url).look_up(order).state is state


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"head":{},"body":null}',
        b'{"head":{},"body":{"resultInfo":null}}',
        b'{"head":{},"body":{"resultInfo":{"resultStatus":"TXN_SUCCESS"}}}',
        b'{"head":{},"head":{},"body":{"resultInfo":{"resultStatus":"PENDING","resultCode":"402"}}}',
        b'{"head":[],"body":{"resultInfo":{"resultStatus":"PENDING","resultCode":"402"}}}',
        b'{"head":{"signature":7},"body":{"resultInfo":{"resultStatus":"PENDING","resultCode":"402"}}}',
        b'{"head":{},"body":{"resultInfo":{"resultStatus":"PENDING","resultCode":"402"}}} and more',
        b"\xff\xfe",
        b'{"head":' + b"[" * 100_000,
        b'{"head":{"signature":"' + b"A" * 100_000 + b'"},"body":{}}',
    ],
)
def test_an_answer_that_is_none_is_unknown(paytm: Outside, body: bytes) -> None:
    paytm.will = [answer(200, body)]
    with pytest.raises(GatewayError) as refused:
        gateway_at(paytm.url).look_up(order_at(NOW))
    assert refused.value.unknown


@pytest.mark.parametrize("act", [reset, answer(429, "slow down"), answer(403, "no"), answer(302, "")])
def test_what_the_network_does_is_tried_again(paytm: Outside, act: Act) -> None:
    paytm.will = [act]
    with pytest.raises(GatewayError) as refused:
        gateway_at(paytm.url).look_up(order_at(NOW))
    assert refused.value.retryable


def test_a_key_that_cannot_be_one_waits_for_a_person() -> None:
    gateway = gateway_at(f"http://127.0.0.1:{unused_port()}", merchant_key="short")
    for ask in (gateway.create_link, gateway.look_up, gateway.expire):
        with pytest.raises(GatewayError) as refused:
            ask(order_at(NOW))
        assert (refused.value.code, refused.value.unknown) == ("key_not_usable", False)
    with pytest.raises(WebhookRefused):
        gateway.verify_webhook(form(), None, now=NOW)


def test_nobody_there_is_not_sent() -> None:
    with pytest.raises(GatewayError) as refused:
        gateway_at(f"http://127.0.0.1:{unused_port()}").create_link(order_at(NOW))
    assert (refused.value.retryable, refused.value.unknown) == (True, False)


# ---- callbacks -------------------------------------------------------------------------------------

FORM = {
    "MID": MID,
    "ORDERID": "BK-20261120-P0001-17",
    "TXNID": "2026112011121280011",
    "TXNAMOUNT": "2500.05",
    "CURRENCY": "INR",
    "STATUS": "TXN_SUCCESS",
    "RESPMSG": "भुगतान सफल",
    "BANKNAME": "",
}


def form(key: str = KEY, **other: str) -> bytes:
    fields = {**FORM, **other}
    return urlencode({**fields, FIELD: sign(joined(fields), key)}).encode()


def server_says(key: str = KEY, **other: Any) -> bytes:
    told = {"mid": MID, "orderId": FORM["ORDERID"], "txnId": FORM["TXNID"], "status": "TXN_SUCCESS", **other}
    body = json.dumps(told, ensure_ascii=False, indent=1)
    return f'{{ "head" : {{"signature": "{sign(body, key)}"}} ,\n "body" : {body} }}\n'.encode()


here = gateway_at("http://127.0.0.1:1")


@pytest.mark.parametrize("body", [form(), server_says()], ids=["browser", "server"])
def test_a_callback_names_our_payment_and_what_it_may_tell(body: bytes) -> None:
    notice = here.verify_webhook(body, None, now=NOW)
    assert (notice.payment_id, notice.tells) == (17, PaymentState.CAPTURED)
    assert (notice.reference, notice.intent) == (FORM["ORDERID"], FORM["TXNID"])


@pytest.mark.parametrize(
    ("status", "tells"),
    [
        ("TXN_FAILURE", PaymentState.FAILED),
        ("PENDING", PaymentState.PENDING),
        ("SOMETHING_NEW", None),
        ("", None),
    ],
)
def test_a_status_tells_at_most(status: str, tells: PaymentState | None) -> None:
    assert here.verify_webhook(form(STATUS=status), None, now=NOW).tells is tells
    assert here.verify_webhook(server_says(status=status), None, now=NOW).tells is tells


@pytest.mark.parametrize("order_id", ["", "-", "BK-1-", "BK-1-x", "BK-1-" + "9" * 30, "BK-1-²", "\x00-1"])
def test_an_order_that_is_not_ours_names_no_payment(order_id: str) -> None:
    assert here.verify_webhook(form(ORDERID=order_id), None, now=NOW).payment_id is None
    assert here.verify_webhook(server_says(orderId=order_id), None, now=NOW).payment_id is None


def test_the_same_proof_in_another_order_is_the_same_event() -> None:
    first = form()
    turned = b"&".join(reversed(first.split(b"&")))
    renamed = first.replace(b"BANKNAME=", b"BANKNAMES=")
    ids = {here.verify_webhook(body, None, now=NOW).external_id for body in (first, turned, renamed)}
    assert len(ids) == 1
    assert here.verify_webhook(form(), None, now=NOW).external_id not in ids  # Paytm said it again


@pytest.mark.parametrize(
    "body",
    [
        form(key="ANOTHERKEYOF16CH"),
        server_says(key="ANOTHERKEYOF16CH"),
        form(MID="SOMEBODYELSE00000001"),
        server_says(mid="SOMEBODYELSE00000001"),
        form().replace(b"2500.05", b"2500.06"),
        form().replace(b"P0001-17", b"P0001-18"),
        server_says().replace(b"-17", b"-18"),
        server_says().replace(b'"body" :', b'"body" : {}, "body" :'),
        form() + b"&STATUS=TXN_SUCCESS",
        form().partition(b"&CHECKSUMHASH")[0],
        urlencode(FORM).encode(),
        b"",
        b"{}",
        b'{"head":{"signature":null},"body":{}}',
        b'{"head":{},"body":{"mid":"SANDBX00000000000001"}}',
        b"{" + b"[" * 100_000,
        b"MID=%ff%fe&CHECKSUMHASH=A",
        b"\xff" * 100,
        b"a=1&" * 5000,
    ],
)
def test_every_other_callback_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        here.verify_webhook(body, None, now=NOW)


def test_a_signature_over_another_spelling_of_the_same_is_refused() -> None:
    """What is signed is the text of the body, not its meaning."""
    told = server_says().decode()
    assert here.verify_webhook(told.encode(), None, now=NOW)
    with pytest.raises(WebhookRefused):
        here.verify_webhook(told.replace('"status": ', '"status":').encode(), None, now=NOW)


@given(st.one_of(st.binary(), st.binary().map(lambda data: b"{" + data), st.text().map(str.encode)))
def test_garbage_is_refused_and_never_raises(body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        here.verify_webhook(body, None, now=NOW)


def test_the_standin_tells_both_ways_and_signs_both(
    world: World, gateway: PaytmGateway, order: PaymentOrder, product: Product
) -> None:
    waiting, url = opened(gateway, order)
    brought = acts(world, gateway, waiting, url, "pay")
    by_browser = gateway.verify_webhook(urlencode(brought).encode(), None, now=NOW)
    assert (by_browser.payment_id, by_browser.tells) == (order.payment_id, PaymentState.CAPTURED)

    def by_server() -> bytes | None:
        hooks = [hook for hook in list(product.hooks) if hook.path == "/api/payments/paytm/callback"]
        return next((hook.body for hook in hooks if order.booking_code.encode() in hook.body), None)

    body = world.eventually(by_server, what="the server's callback")
    assert body is not None
    told = gateway.verify_webhook(body, None, now=NOW)
    assert (told.payment_id, told.tells) == (order.payment_id, PaymentState.CAPTURED)
