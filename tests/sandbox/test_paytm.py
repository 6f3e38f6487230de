"""Paytm's stand-in, driven by hand: what it refuses, with which code, and what it tells."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx
import pytest

from integrations.paytm_checksum import is_signed, is_signed_form, sign
from sandbox.driver import World
from tests.sandbox.desk import Product

MID, KEY = "SANDBX00000000000001", "sandbox#key&@16c"
_orders = itertools.count(1)


@pytest.fixture
def order_id() -> str:
    return f"BK-20261120-S{next(_orders):04d}-1"


def wanted(order_id: str, **other: Any) -> dict[str, Any]:
    return {
        "requestType": "Payment",
        "mid": MID,
        "websiteName": "DEFAULT",
        "orderId": order_id,
        "callbackUrl": "https://example.com/api/payments/paytm/callback",
        "txnAmount": {"value": "2500.00", "currency": "INR"},
        "userInfo": {"custId": "G-1"},
        **other,
    }


def call(world: World, path: str, body: Any, *, signature: str | None = None, **query: str) -> dict[str, Any]:
    """One signed call; the answer's own signature is checked."""
    text = json.dumps(body)
    head = json.dumps({"signature": signature or sign(text, KEY)})
    wire = f'{{"head":{head},"body":{text}}}'
    answer = httpx.post(world.paytm_url + path, params=query, content=wire, timeout=60)
    found: dict[str, Any] = answer.json()
    told = answer.text[answer.text.index('"body": ') + 8 : -1]
    assert is_signed(told, found["head"]["signature"], KEY)
    assert found["head"]["responseTimestamp"].isdecimal()
    return dict(found["body"])


def initiate(world: World, order_id: str, **other: Any) -> tuple[str, str | None]:
    """The result code, and the token if there is one."""
    body = wanted(order_id, **other)
    query = {"mid": MID, "orderId": order_id}
    told = call(world, "/theia/api/v1/initiateTransaction", body, **query)
    return told["resultInfo"]["resultCode"], told.get("txnToken")


def status(world: World, order_id: str) -> tuple[str, str]:
    told = call(world, "/v3/order/status", {"mid": MID, "orderId": order_id})["resultInfo"]
    return told["resultStatus"], told["resultCode"]


def acts(world: World, order_id: str, token: str, action: str) -> httpx.Response:
    given = {"orderId": order_id, "txnToken": token, "action": action, "stays": "1"}
    return httpx.post(f"{world.paytm_url}/theia/pay", data=given, timeout=60)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"mid": "SOMEBODY"}, "2006"),
        ({"requestType": None}, "1007"),
        ({"userInfo": {}}, "1007"),
        ({"callbackUrl": "nowhere"}, "1001"),
        ({"requestType": "NATIVE"}, "1001"),
        ({"websiteName": "a|b"}, "1008"),
        ({"txnAmount": {"value": "2500", "currency": "INR"}}, "2007"),
        ({"txnAmount": {"value": "2,500.00", "currency": "INR"}}, "2007"),
        ({"txnAmount": {"value": "0.00", "currency": "INR"}}, "2007"),
        ({"txnAmount": {"value": 2500.00, "currency": "INR"}}, "1001"),
        ({"txnAmount": {"value": "2500.00", "currency": "PKR"}}, "1001"),
        ({"txnAmount": "2500.00"}, "1001"),
        ({"orderId": "BK#1"}, "2014"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_code(
    world: World, order_id: str, other: dict[str, Any], code: str
) -> None:
    assert initiate(world, order_id, **other) == (code, None)


def test_a_checksum_of_other_bytes_is_refused(world: World, order_id: str) -> None:
    path, query = "/theia/api/v1/initiateTransaction", {"mid": MID, "orderId": order_id}
    for signature in (sign("{}", KEY), sign(json.dumps(wanted(order_id)), "ANOTHERKEYOF16CH"), "x"):
        told = call(world, path, wanted(order_id), signature=signature, **query)
        assert told["resultInfo"]["resultCode"] == "2005"
    told = call(world, "/v3/order/status", {"mid": MID, "orderId": order_id}, signature="x")
    assert told["resultInfo"]["resultCode"] == "330"


def test_an_order_id_serves_once(world: World, order_id: str) -> None:
    code, token = initiate(world, order_id)
    assert code == "0000"
    assert initiate(world, order_id) == ("0002", token)
    assert initiate(world, order_id, websiteName="OTHER")[0] == "2023"
    assert token is not None
    acts(world, order_id, token, "fail")
    assert initiate(world, order_id) == ("325", None)
    assert "cannot" not in acts(world, order_id, token, "pay").text
    assert status(world, order_id) == ("TXN_FAILURE", "227")


def test_a_status_knows_tried_orders_alone(world: World, order_id: str) -> None:
    assert status(world, order_id) == ("TXN_FAILURE", "334")
    _, token = initiate(world, order_id)
    assert status(world, order_id) == ("NO_RECORD_FOUND", "331")
    assert token is not None
    acts(world, order_id, token, "pending")
    assert status(world, order_id) == ("PENDING", "402")
    world.paytm.settles(order_id, paid=False)
    assert status(world, order_id) == ("TXN_FAILURE", "227")


def test_a_token_opens_the_page_for_fifteen_minutes(world: World, order_id: str) -> None:
    _, token = initiate(world, order_id)

    def shown(**other: Any) -> str:
        fields = {"mid": MID, "orderId": order_id, "txnToken": token, **other}
        return httpx.post(f"{world.paytm_url}/theia/api/v1/showPaymentPage", data=fields, timeout=60).text

    assert 'data-status="open"' in shown()
    assert "2,500.00" in shown()
    for other in ({"txnToken": "guessed"}, {"mid": "SOMEBODY"}, {"orderId": "another"}):
        assert 'data-status="over"' in shown(**other)
    assert httpx.get(f"{world.paytm_url}/theia/api/v1/showPaymentPage", timeout=60).status_code == 405
    world.clock.passes(minutes=15)
    assert 'data-status="over"' in shown()


def test_the_browser_is_sent_back_with_a_signed_form(world: World, order_id: str) -> None:
    _, token = initiate(world, order_id)
    assert token is not None
    page = acts(world, order_id, token, "pay").text
    assert 'action="https://example.com/api/payments/paytm/callback"' in page
    _, fields = world.paytm.read_form(page)
    assert (fields["ORDERID"], fields["STATUS"], fields["RESPCODE"]) == (order_id, "TXN_SUCCESS", "01")
    assert is_signed_form(fields, KEY)


def test_the_server_tells_too_and_a_forged_copy_is_not_signed(
    world: World, order_id: str, product: Product
) -> None:
    world.paytm.webhooks(forge=True)
    _, token = initiate(world, order_id)
    assert token is not None
    acts(world, order_id, token, "pay")

    def told() -> list[bytes]:
        hooks = [hook for hook in list(product.hooks) if hook.path == "/api/payments/paytm/callback"]
        bodies = [hook.body for hook in hooks if order_id.encode() in hook.body]
        return bodies if len(bodies) == 2 else []

    forged, right = world.eventually(told, what="two callbacks")
    for body, is_right in ((forged, False), (right, True)):
        text = body.decode()
        inner = text[text.index('"body": ') + 8 : -1]
        assert is_signed(inner, json.loads(text)["head"]["signature"], KEY) is is_right
        assert json.loads(inner)["orderId"] == order_id
