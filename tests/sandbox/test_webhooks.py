"""Webhooks to the product: signed, in documented shapes, retried, kept over a restart, wrong on request."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import pywa
from pywa import types
from pywa.types.base_update import RawUpdate

from sandbox.driver import NotSeen, Person, World
from tests.sandbox.desk import ACCOUNT, NUMBER, PNG, Product, Send, signature, wamid_of

TEXT = {"body": "hello"}


def test_every_webhook_is_signed_over_its_ascii_bytes(guest: Person, product: Product) -> None:
    guest.says("سلام ✓")
    hook = product.hook_of(guest.chat()[-1].id)
    assert hook.headers["X-Hub-Signature-256"] == signature(hook.body)
    assert hook.body.isascii()
    assert hook.json["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"] == "سلام ✓"


def test_the_envelope_names_account_number_and_person(guest: Person, product: Product) -> None:
    guest.says("hello")
    envelope = product.hook_of(guest.chat()[-1].id).json
    assert envelope["object"] == "whatsapp_business_account"
    assert envelope["entry"][0]["id"] == ACCOUNT
    assert envelope["entry"][0]["changes"][0]["field"] == "messages"
    value = envelope["entry"][0]["changes"][0]["value"]
    assert value["messaging_product"] == "whatsapp"
    assert value["metadata"] == {"display_phone_number": "15550001111", "phone_number_id": NUMBER}
    person = {"profile": {"name": guest.name}, "wa_id": guest.phone[1:], "user_id": guest.user_id}
    assert value["contacts"] == [person]
    message = value["messages"][0]
    assert (message["from"], message["from_user_id"]) == (guest.phone[1:], guest.user_id)
    assert isinstance(message["timestamp"], str)
    assert message["id"].startswith("wamid.")


def test_a_hidden_number_is_nowhere_in_the_webhook(
    guest: Person, product: Product, send: Send, world: World
) -> None:
    guest.hides_phone()
    guest.says("who am I?")
    assert guest.phone[1:].encode() not in product.hook_of(guest.chat()[-1].id).body
    assert product.items("messages", guest.user_id)[-1]["from_user_id"] == guest.user_id
    ask = {
        "type": "request_contact_info",
        "body": {"text": "Your number?"},
        "action": {"name": "request_contact_info"},
    }
    wamid_of(send(guest, interactive=ask))
    guest.taps("Share phone number")
    shared = product.items("messages", guest.user_id)[-1]
    assert (shared["type"], shared["contacts"][0]["origin"]) == ("contacts", "contact_request")
    assert shared["contacts"][0]["phones"][0]["wa_id"] == guest.phone[1:]
    guest.says("now you know")
    assert product.items("messages", guest.user_id)[-1]["from"] == guest.phone[1:]


def test_a_new_number_is_told_without_contacts(world: World, product: Product) -> None:
    person = world.person("Moving Person")
    old = person.user_id
    person.changes_number("+923000007777", "PK.00000000000000007777")
    value = product.hook_of("PK.00000000000000007777").json["entry"][0]["changes"][0]["value"]
    assert "contacts" not in value
    node = value["messages"][0]
    assert (node["type"], node["from_user_id"]) == ("system", old)
    assert node["system"]["type"] == "user_changed_number"
    assert (node["system"]["wa_id"], node["system"]["user_id"]) == ("923000007777", "PK.00000000000000007777")


def test_pywa_parses_what_people_do(guest: Person, product: Product, send: Send) -> None:
    reply = {"type": "reply", "reply": {"id": "b-1", "title": "Yes"}}
    wamid_of(
        send(guest, interactive={"type": "button", "body": {"text": "Sure?"}, "action": {"buttons": [reply]}})
    )
    row = {"id": "r-1", "title": "20 Nov", "description": "free"}
    menu = {"button": "Choose", "sections": [{"rows": [row]}]}
    wamid_of(send(guest, interactive={"type": "list", "body": {"text": "When?"}, "action": menu}))
    guest.taps("Yes", old=True)
    button = parsed(product, guest, types.CallbackButton)
    assert (button.data, button.title, button.from_user.wa_id) == ("b-1", "Yes", guest.phone[1:])
    guest.taps("20 Nov", old=True)
    choice = parsed(product, guest, types.CallbackSelection)
    assert (choice.data, choice.title, choice.description) == ("r-1", "20 Nov", "free")
    guest.shares_location(24.86, 67.01, name="Home")
    assert parsed(product, guest, types.Message).location.latitude == 24.86
    guest.sends_image(PNG, mime="image/png", caption="paid")
    picture = parsed(product, guest, types.Message)
    assert (picture.image.mime_type, picture.caption) == ("image/png", "paid")
    guest.sends_document(b"%PDF-1", filename="cnic.pdf")
    assert parsed(product, guest, types.Message).document.filename == "cnic.pdf"
    guest.sends_raw({"type": "reaction", "reaction": {"message_id": button.id, "emoji": "👍"}})
    assert parsed(product, guest, types.Message).reaction.emoji == "👍"
    errors = [{"code": 131051, "title": "x", "message": "x", "error_data": {"details": "x"}}]
    guest.sends_raw({"type": "unsupported", "errors": errors})
    assert parsed(product, guest, types.Message).type == types.MessageType.UNSUPPORTED


def parsed(product: Product, person: Person, kind: Any) -> Any:
    """The webhook of what the person did last, read by pywa."""
    client = pywa.WhatsApp(phone_id=NUMBER, token="t")
    said = f'"id":"{product.items("messages", person.user_id)[-1]["id"]}","timestamp"'.encode()
    body = next(hook.body for hook in product.hooks if said in hook.body)
    raw = RawUpdate(body, hmac_header=None, update_hash="x")
    return kind.from_update(client=client, update=raw)


def test_a_picture_of_a_person_can_be_downloaded(
    guest: Person, product: Product, graph: httpx.Client
) -> None:
    guest.sends_image(PNG, mime="image/png")
    number = product.items("messages", guest.user_id)[-1]["image"]["id"]
    assert graph.get(graph.get(f"/{number}").json()["url"]).content == PNG


def test_statuses_climb_and_carry_our_callback(
    world: World, guest: Person, send: Send, product: Product
) -> None:
    wamid = wamid_of(send(guest, text=TEXT, biz_opaque_callback_data="row-4711"))
    world.eventually(lambda: sorted(product.statuses(wamid)) == ["delivered", "sent"])
    guest.opens_chat()
    world.eventually(lambda: sorted(product.statuses(wamid)) == ["delivered", "read", "sent"])
    for status in product.items("statuses", wamid):
        assert status["biz_opaque_callback_data"] == "row-4711"
        assert (status["recipient_id"], status["recipient_user_id"]) == (guest.phone[1:], guest.user_id)
        assert isinstance(status["timestamp"], str)


def test_an_open_chat_may_skip_delivered(world: World, guest: Person, send: Send, product: Product) -> None:
    """If it is opened within a tenth of a second, which on a busy machine need not be so the first time."""
    for _ in range(50):
        wamid = wamid_of(send(guest, text=TEXT))
        guest.opens_chat()
        world.eventually(lambda wamid=wamid: {"sent", "read"} <= set(product.statuses(wamid)))  # type: ignore[misc]
        world.settles()
        if "delivered" not in product.statuses(wamid):
            return
    raise AssertionError("delivered each time")


@pytest.mark.parametrize("refusal", [500, 302, 204])
def test_anything_but_200_is_retried(world: World, guest: Person, product: Product, refusal: int) -> None:
    product.answers[:] = [refusal]
    guest.says("again?")
    said = guest.chat()[-1]
    assert said.status == "pending" or len(product.items("messages", said.id)) > 1
    world.eventually(lambda: len(product.items("messages", guest.chat()[-1].id)) == 2)
    world.eventually(lambda: guest.chat()[-1].status == "delivered")


# Misbehaviour.


def test_duplicates_come_as_often_as_told(world: World, guest: Person, product: Product) -> None:
    world.whatsapp.webhooks(duplicate=3)
    guest.says("three times")
    world.eventually(lambda: len(product.items("messages", guest.chat()[-1].id)) == 3)


def test_several_items_come_in_one_body(world: World, guest: Person, product: Product, send: Send) -> None:
    world.whatsapp.webhooks(batch=6)
    wamids = [wamid_of(send(guest, text=TEXT)) for _ in range(3)]
    world.eventually(
        lambda: all(sorted(product.statuses(wamid)) == ["delivered", "sent"] for wamid in wamids)
    )
    told = [hook for hook in product.hooks if any(wamid.encode() in hook.body for wamid in wamids)]
    assert len(told) <= 2


def test_the_same_item_comes_in_another_envelope(world: World, guest: Person, product: Product) -> None:
    guest.says("first")
    world.whatsapp.webhooks(rewrap=True)
    guest.says("second")
    second = guest.chat()[-1].id
    world.eventually(lambda: len(product.items("messages", second)) == 2)
    bodies = {hook.body for hook in product.hooks if second.encode() in hook.body}
    assert len(bodies) == 2


def test_order_is_lost_on_request(world: World, guest: Person, product: Product, send: Send) -> None:
    world.whatsapp.webhooks(reorder=True)
    wamids = [wamid_of(send(guest, text=TEXT)) for _ in range(40)]
    world.eventually(lambda: all(len(product.statuses(wamid)) == 2 for wamid in wamids))
    assert any(product.statuses(wamid) == ["delivered", "sent"] for wamid in wamids)


def test_statuses_are_held_back_and_come_later(
    world: World, guest: Person, product: Product, send: Send
) -> None:
    world.whatsapp.webhooks(hold_statuses=True)
    wamid = wamid_of(send(guest, text=TEXT))
    world.eventually(lambda: guest.last.status == "delivered")
    guest.says("still heard")
    assert product.statuses(wamid) == []
    world.whatsapp.webhooks(hold_statuses=False)
    world.eventually(lambda: sorted(product.statuses(wamid)) == ["delivered", "sent"])


def test_dropped_messages_come_with_the_retry_and_dropped_statuses_never(
    world: World, guest: Person, product: Product, send: Send
) -> None:
    world.whatsapp.webhooks(drop=1.0)
    wamid = wamid_of(send(guest, text=TEXT))
    guest.says("lost?")
    said = guest.chat()[-1].id
    world.eventually(lambda: guest.last.status == "delivered")
    world.whatsapp.webhooks(drop=0.0)
    world.eventually(lambda: len(product.items("messages", said)) == 1)
    world.settles()
    assert product.statuses(wamid) == []


def test_a_pause_and_a_delay_hold_everything_back(world: World, guest: Person, product: Product) -> None:
    world.whatsapp.webhooks(paused=True)
    guest.says("later")
    said = guest.chat()[-1].id
    assert product.items("messages", said) == []
    world.whatsapp.webhooks(paused=False)
    world.eventually(lambda: len(product.items("messages", said)) == 1)
    world.whatsapp.webhooks(delay=0.3)
    guest.says("slowly")
    assert len(product.items("messages", guest.chat()[-1].id)) == 1


# The driver's own promises.


def test_the_driver_says_what_was_on_the_screen(guest: Person, send: Send) -> None:
    wamid_of(send(guest, text={"body": "Something else"}))
    with pytest.raises(NotSeen) as missed:
        guest.sees("A ticket", within=0.2)
    assert "A ticket" in str(missed.value)
    assert "Something else" in str(missed.value)
    with pytest.raises(NotSeen, match="an option 'Pay'"):
        guest.taps("Pay", within=0.1)
    with pytest.raises(NotSeen, match="should have seen nothing"):
        guest.sees_nothing(since=0, for_=0.1)


def test_the_driver_looks_only_at_what_is_new(guest: Person, send: Send) -> None:
    reply = {"type": "reply", "reply": {"id": "b-1", "title": "Yes"}}
    wamid_of(
        send(guest, interactive={"type": "button", "body": {"text": "Sure?"}, "action": {"buttons": [reply]}})
    )
    question = guest.sees("Sure")
    guest.taps("Yes")
    with pytest.raises(NotSeen):
        guest.taps("Yes", within=0.1)
    with pytest.raises(NotSeen):
        guest.sees("Sure", within=0.1)
    guest.taps("Yes", old=True)
    guest.taps("Yes", in_message=question)
    assert guest.sees(r"S.re\?", since=0).id == question.id
    with pytest.raises(NotSeen, match="409"):
        guest.taps_id("b-2")
    assert json.dumps(guest.chat()[-1].raw["reply_to"]) == json.dumps(question.id)
