"""Razorpay's stand-in refuses what Razorpay refuses, and tells what Razorpay tells."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from typing import Any

import httpx
import pytest

from sandbox.driver import World
from tests.sandbox.desk import Hook, Product

LOGIN = ("rzp_test_sandbox", "sandbox-razorpay-key-secret")
_numbers = itertools.count(1)


def wanted(world: World, **changed: Any) -> dict[str, Any]:
    given = {
        "amount": 450000,
        "currency": "INR",
        "reference_id": f"BK-20261121-ABCDE-{next(_numbers)}",
        "expire_by": int(world.clock.now.timestamp()) + 16 * 60,
        "callback_url": "https://stays.example.com/back",
        "callback_method": "get",
        **changed,
    }
    return {name: value for name, value in given.items() if value is not None}


def call(world: World, method: str, path: str, what: Any = None, **how: Any) -> httpx.Response:
    how.setdefault("auth", LOGIN)
    return httpx.request(method, world.razorpay_url + path, json=what, timeout=60, **how)


def made(world: World, **changed: Any) -> dict[str, Any]:
    answer = call(world, "POST", "/v1/payment_links", wanted(world, **changed))
    assert answer.status_code == 200, answer.text
    link: dict[str, Any] = answer.json()
    return link


def hooks(product: Product, link: dict[str, Any], event: str) -> list[Hook]:
    found = [hook for hook in list(product.hooks) if hook.path == "/api/payments/razorpay/webhook"]
    named = [hook for hook in found if hook.json["event"] == event]
    return [
        hook
        for hook in named
        if link["reference_id"].encode() in hook.body or link["id"].encode() in hook.body
    ]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"amount": None}, "amount: cannot be blank."),
        ({"amount": 99}, "amount: amount should be minimum 1.00 for INR."),
        ({"amount": "450000"}, "amount: must be an integer."),
        ({"currency": "PKR"}, "currency: wrong input field."),
        ({"expire_by": 1}, "expire_by should be at least 15 minutes after current time."),
        ({"expire_by": 10**11}, "expire_by cannot be more than 6 months after current time."),
        ({"reference_id": "x" * 41}, "reference_id: the length must be no more than 40."),
        ({"description": "x" * 2049}, "description: the length must be no more than 2048."),
        ({"callback_url": "stays.example.com"}, "callback_url: must be a valid URL."),
        ({"callback_method": "post"}, "callback_method: must be a valid value."),
        ({"notes": {str(n): "x" for n in range(16)}}, "notes: number of fields"),
        ({"amonut": 1}, "amonut is/are not required and should not be sent"),
    ],
)
def test_a_wrong_link_is_refused_in_razorpays_words(world: World, changed: dict[str, Any], why: str) -> None:
    answer = call(world, "POST", "/v1/payment_links", wanted(world, **changed))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["description"].startswith(why)
    assert (error["code"], error["reason"], error["field"]) == ("BAD_REQUEST_ERROR", None, None)


@pytest.mark.parametrize("auth", [None, ("rzp_test_sandbox", "wrong"), ("wrong", LOGIN[1])])
def test_a_wrong_key_is_refused(world: World, auth: Any) -> None:
    answer = call(world, "POST", "/v1/payment_links", wanted(world), auth=auth)
    assert (answer.status_code, answer.json()["error"]["description"]) == (401, "Authentication failed")


def test_a_reference_serves_once_and_for_ever(world: World) -> None:
    link = made(world)
    call(world, "POST", f"/v1/payment_links/{link['id']}/cancel")
    answer = call(world, "POST", "/v1/payment_links", wanted(world, reference_id=link["reference_id"]))
    assert answer.status_code == 400
    assert answer.json()["error"]["description"].startswith(
        f"payment link with given reference_id: {link['reference_id']} already exists."
    )
    found = call(world, "GET", f"/v1/payment_links?reference_id={link['reference_id']}").json()
    assert [each["id"] for each in found["payment_links"]] == [link["id"]]


def test_what_is_not_there_is_not_found(world: World) -> None:
    assert call(world, "GET", "/v1/payment_links/plink_nobody").status_code == 404
    assert call(world, "GET", "/v1/nothing").status_code == 404


def test_only_an_open_link_can_be_cancelled_and_paid(world: World, product: Product) -> None:
    paid, cancelled = made(world), made(world)
    world.razorpay.fails(paid["short_url"])
    world.razorpay.pays(paid["short_url"], comes_back=False)
    assert call(world, "POST", f"/v1/payment_links/{paid['id']}/cancel").status_code == 400
    assert call(world, "POST", f"/v1/payment_links/{cancelled['id']}/cancel").json()["status"] == "cancelled"
    for link in (paid, cancelled):
        with pytest.raises(AssertionError):
            world.razorpay.pays(link["short_url"])
    attempts = world.razorpay.link(paid["id"])["attempts"]
    assert [each["status"] for each in attempts] == ["failed", "captured"]
    world.eventually(lambda: hooks(product, cancelled, "payment_link.cancelled"))


def test_what_is_paid_is_told_by_a_signed_event(world: World, product: Product) -> None:
    link = made(world)
    world.razorpay.pays(link["short_url"], comes_back=False)
    (hook,) = world.eventually(lambda: hooks(product, link, "payment_link.paid"))
    assert hook.json["contains"] == ["payment_link", "order", "payment"]
    whole = hook.json["payload"]
    assert whole["payment_link"]["entity"]["status"] == "paid"
    assert "payments" not in whole["payment_link"]["entity"]
    assert whole["payment"]["entity"]["captured"] is True
    signed = hmac.new(b"sandbox-razorpay-webhook", hook.body, hashlib.sha256).hexdigest()
    assert hook.headers["X-Razorpay-Signature"] == signed


def test_events_come_again_under_the_same_name_and_forged(world: World, product: Product) -> None:
    world.razorpay.webhooks(duplicate=3, forge=True)
    link = made(world)
    world.razorpay.pays(link["short_url"], comes_back=False)
    came = world.eventually(lambda: len(found := hooks(product, link, "payment_link.paid")) >= 4 and found)
    assert len({hook.headers["X-Razorpay-Event-Id"] for hook in came}) == 1
    assert len({hook.headers["X-Razorpay-Signature"] for hook in came}) == 2


def test_a_link_closes_when_its_time_is_over(world: World, product: Product) -> None:
    link = made(world)
    world.clock.passes(minutes=17)
    assert call(world, "GET", f"/v1/payment_links/{link['id']}").json()["status"] == "expired"
    world.eventually(lambda: hooks(product, link, "payment_link.expired"))


def test_what_was_begun_before_the_link_was_closed_is_paid_on_its_order(
    world: World, product: Product
) -> None:
    link = made(world, notes={"payment_id": "812", "of": str(next(_numbers))})
    world.razorpay.begins(link["short_url"])
    closed = call(world, "POST", f"/v1/payment_links/{link['id']}/cancel").json()
    world.razorpay.finishes(link["reference_id"])
    assert call(world, "GET", f"/v1/payment_links/{link['id']}").json()["status"] == "cancelled"
    (paid,) = call(world, "GET", f"/v1/orders/{closed['order_id']}/payments").json()["items"]
    assert (paid["status"], paid["notes"]) == ("captured", link["notes"])

    def told() -> list[Hook]:
        hooks = [hook for hook in list(product.hooks) if paid["id"].encode() in hook.body]
        return [hook for hook in hooks if hook.json["event"] == "payment.captured"]

    (hook,) = world.eventually(told)
    assert hook.json["contains"] == ["payment"] == list(hook.json["payload"])


def test_the_page_shows_what_is_paid_and_leads_back(world: World) -> None:
    link = made(world, description="Camp <b>")
    page = httpx.get(link["short_url"], timeout=60).text
    assert "₹4,500.00" in page
    assert "Camp &lt;b&gt;" in page
    answer = httpx.post(link["short_url"], data={"action": "pay"}, timeout=60)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("https://stays.example.com/back?razorpay_payment_id=pay_")
    assert 'data-status="paid"' in httpx.get(link["short_url"], timeout=60).text


@pytest.mark.parametrize("kind", ["503", "500", "400", "401", "429", "reset", "lost_answer"])
def test_it_can_be_told_to_misbehave(world: World, kind: str) -> None:
    given = wanted(world)
    world.razorpay.fault(kind)
    if kind in ("reset", "lost_answer"):
        with pytest.raises(httpx.HTTPError):
            call(world, "POST", "/v1/payment_links", given)
    else:
        assert call(world, "POST", "/v1/payment_links", given).status_code == int(kind)
    assert bool(world.razorpay.links(given["reference_id"])) == (kind == "lost_answer")
