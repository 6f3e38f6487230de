"""What can go wrong on request: in words, shown while it is on, and gone with one call."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.driver import Person, World
from sandbox.graph import ERRORS
from sandbox.misbehaviour import MEANINGS
from tests.sandbox.desk import Product, Send, code_of, signature, wamid_of

TEXT = {"body": "hello"}


def test_every_code_has_a_meaning_in_words() -> None:
    assert MEANINGS.keys() == ERRORS.keys()
    assert all(meaning.endswith(".") for meaning in MEANINGS.values())


def test_every_switch_and_fault_says_what_it_does(page_url: str) -> None:
    known = httpx.get(f"{page_url}/api/misbehaviour", timeout=60).json()
    assert known["on"] == []
    for stand_in in ("whatsapp", "stripe"):
        names = [each["name"] for each in (*known[stand_in]["switches"], *known[stand_in]["faults"])]
        assert len(set(names)) == len(names)
        for each in (*known[stand_in]["switches"], *known[stand_in]["faults"]):
            assert each["says"].endswith("."), each


@pytest.mark.parametrize(
    ("switches", "said"),
    [
        ({"duplicate": 3}, "WhatsApp: each webhook comes 3 times"),
        ({"batch": 5}, "WhatsApp: up to 5 webhooks in one body"),
        ({"delay": 1.5}, "WhatsApp: each webhook comes 1.5 s late"),
        ({"drop": 0.2}, "WhatsApp: 20 % of the webhooks get lost"),
        ({"reorder": True}, "WhatsApp: webhooks overtake one another"),
        ({"paused": True}, "WhatsApp: webhooks are held back"),
        ({"hold_statuses": True}, "WhatsApp: ticks are held back"),
        ({"forge": True}, "WhatsApp: each webhook comes with a forged copy"),
    ],
)
def test_a_switch_that_is_on_is_said(world: World, switches: dict[str, Any], said: str) -> None:
    world.whatsapp.webhooks(**switches)
    assert world.misbehaviour == [said]
    world.behaves()
    assert world.misbehaviour == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": 131047}, "WhatsApp: next message: 131047 (re-engagement message)"),
        ({"kind": "500", "count": 3}, "WhatsApp: next 3 messages: 500 (something went wrong)"),
        ({"kind": "hang", "seconds": 9, "on": "media"}, "WhatsApp: next upload: no answer for 9 s"),
        (
            {"kind": "slow", "seconds": 2, "on": "typing"},
            "WhatsApp: next typing indicator: answered late by 2 s",
        ),
        (
            {"kind": 131026, "always": True, "to": "guest", "asynchronous": True},
            "WhatsApp: every message to Ayesha Khan: accepted, then 131026 (message undeliverable)",
        ),
    ],
)
def test_a_fault_that_is_ordered_is_said(world: World, fault: dict[str, Any], said: str) -> None:
    world.whatsapp.fault(**fault)
    assert world.misbehaviour == [said]


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_documented_code_can_be_ordered(world: World, guest: Person, send: Send, code: int) -> None:
    world.whatsapp.fault(code)
    answer = send(guest, text=TEXT)
    assert (code_of(answer), answer.status_code) == (code, ERRORS[code][0])
    wamid_of(send(guest, text=TEXT))


def test_stripes_misbehaviour_is_said_beside_whatsapps(world: World) -> None:
    world.stripe.fault("503", always=True)
    world.stripe.fault("decline_capture", 2)
    world.stripe.webhooks(paused=True)
    world.whatsapp.webhooks(reorder=True)
    assert world.misbehaviour == [
        "WhatsApp: webhooks overtake one another",
        "Stripe: webhooks are held back",
        "Stripe: every call: 503 (Stripe is down)",
        "Stripe: next 2 calls to /capture: the bank refuses the capture",
    ]


def test_a_standing_fault_stays_until_it_is_cleared(
    world: World, guest: Person, send: Send, page_url: str
) -> None:
    world.whatsapp.fault(131026, always=True)
    assert [code_of(send(guest, text=TEXT)) for _ in range(4)] == [131026] * 4
    world.whatsapp.fault(131000)
    first, second = httpx.get(f"{page_url}/api/state", timeout=60).json()["faults"]
    assert (first["count"], second["count"]) == (None, 1)
    httpx.delete(f"{page_url}/api/faults", params={"n": first["n"]}, timeout=60)
    assert code_of(send(guest, text=TEXT)) == 131000
    wamid_of(send(guest, text=TEXT))
    assert world.misbehaviour == []


def test_one_call_ends_all_of_it_and_lets_go_what_was_held(
    world: World, guest: Person, product: Product, send: Send
) -> None:
    world.whatsapp.webhooks(paused=True, duplicate=4)
    world.whatsapp.fault(131026, always=True)
    world.stripe.fault("hang", always=True, seconds=60)
    world.stripe.holds_webhooks()
    guest.says("held")
    said = guest.chat()[-1].id
    assert product.items("messages", said) == []
    world.behaves()
    world.eventually(lambda: len(product.items("messages", said)) == 1)
    wamid_of(send(guest, text=TEXT))
    assert world.misbehaviour == []


def test_a_forged_copy_goes_before_each_webhook(world: World, guest: Person, product: Product) -> None:
    world.whatsapp.webhooks(forge=True)
    guest.says("who is it?")
    said = guest.chat()[-1].id.encode()
    forged, true = (hook for hook in product.hooks if said in hook.body)
    assert forged.headers["X-Hub-Signature-256"] != signature(forged.body)
    assert true.headers["X-Hub-Signature-256"] == signature(true.body)


def test_stripes_faults_can_be_ordered_from_the_page(page_url: str, world: World) -> None:
    ordered = httpx.post(
        f"{page_url}/api/stripe/faults", json={"kind": "401", "always": True}, timeout=60
    ).json()
    key = {"Authorization": "Bearer sk_test_sandbox"}
    answer = httpx.get(f"{world.stripe_url}/v1/events", headers=key, timeout=60)
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")
    httpx.delete(f"{page_url}/api/stripe/faults", params={"n": ordered["n"]}, timeout=60)
    assert httpx.get(f"{world.stripe_url}/v1/events", headers=key, timeout=60).status_code == 200
    assert httpx.post(f"{page_url}/api/stripe/faults", json={"kind": "131026"}, timeout=60).status_code == 400
    assert (
        httpx.post(f"{page_url}/api/stripe/webhooks", json={"duplicate": 2}, timeout=60).json()["duplicate"]
        == 2
    )
