"""Chats, sessions and webhooks under way outlive the sandbox, whether it is stopped or killed."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.driver import World
from tests.sandbox.desk import NUMBER, TOKEN, Product, start_sandbox, wamid_of


class Desk:
    """A sandbox that is started again and again on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.product = folder, Product()
        self.start()

    def start(self) -> None:
        self.process: subprocess.Popen[bytes]
        self.process, self.page = start_sandbox(self.folder, self.product.url)
        self.world = World(self.page)

    def end(self, sign: signal.Signals) -> int:
        self.world.close()
        self.process.send_signal(sign)
        return self.process.wait(120)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.end(signal.SIGKILL)
    desk.product.server.shutdown()


def test_what_is_under_way_survives_a_stop_and_a_kill(desk: Desk) -> None:
    guest, product = desk.world.guest, desk.product
    guest.says("hi")
    welcome = say(desk, "welcome")
    desk.world.eventually(lambda: sorted(product.statuses(welcome)) == ["delivered", "sent"])
    paid = open_page(desk)
    open_page(desk)
    desk.world.stripe.pays(paid)
    desk.world.whatsapp.webhooks(paused=True)
    guest.says("are you there?")
    waiting = guest.chat()[-1].id
    with httpx.stream("GET", f"{desk.page}/api/stream", timeout=60) as listening:
        next(listening.iter_lines())
        assert desk.end(signal.SIGTERM) == 0
    assert product.items("messages", waiting) == []

    desk.start()
    guest = desk.world.guest
    desk.world.eventually(lambda: product.items("messages", waiting))
    assert [each.body for each in guest.chat()] == ["hi", "welcome", "are you there?"]
    still_open, complete = desk.world.stripe.sessions("BK-1")
    assert (complete["status"], complete["intent"]["status"]) == ("complete", "succeeded")
    assert desk.world.stripe.pays(still_open["url"])["status"] == "complete"
    product.answers[:] = [500] * 1000
    guest.says("remember me")
    refused = guest.chat()[-1].id
    desk.world.eventually(lambda: product.items("messages", refused))
    desk.world.eventually(lambda: len(kinds_on_disk(desk, refused)) == 2)  # the chat, and the webhook
    desk.end(signal.SIGKILL)

    product.answers.clear()
    before = len(product.items("messages", refused))
    desk.start()
    desk.world.eventually(lambda: len(product.items("messages", refused)) > before)
    assert desk.world.guest.chat()[-1].body == "remember me"
    assert sorted(product.statuses(welcome)) == ["delivered", "sent"]


def test_added_phones_reactions_and_deletions_survive_a_stop(desk: Desk) -> None:
    person = desk.world.person("Omar Sheikh", phone_hidden=True)
    person.says("hello")
    person.reacts("👍", to=person.chat()[0])
    person.says("wrong chat")
    person.deletes(person.chat()[-1])
    before = [each.raw for each in person.chat()]
    desk.world.http.post("/api/people", {"id": person.id, "name": "Umar Sheikh"})
    assert desk.end(signal.SIGTERM) == 0

    desk.start()
    again = desk.world[person.id]
    assert (again.name, again.card["phone_hidden"]) == ("Umar Sheikh", True)
    assert [each.raw for each in again.chat()] == before
    assert [each.kind for each in again.chat()] == ["text", "deleted"]
    assert again.chat()[0].reactions == {"person": "👍"}


def kinds_on_disk(desk: Desk, wamid: str) -> set[str]:
    """What a kill cannot take away any more; all else is written a moment later."""
    with contextlib.closing(sqlite3.connect(desk.folder / "sandbox.sqlite")) as database:
        found = database.execute("SELECT kind FROM documents WHERE instr(value, ?) > 0", (wamid,))
        return {kind for (kind,) in found}


def say(desk: Desk, text: str) -> str:
    body = {
        "messaging_product": "whatsapp",
        "to": desk.world.guest.phone,
        "type": "text",
        "text": {"body": text},
    }
    url = f"{desk.world.whatsapp_url}/v26.0/{NUMBER}/messages"
    return wamid_of(httpx.post(url, json=body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60))


def open_page(desk: Desk) -> str:
    """Plain form fields, as any HTTP client sends them."""
    form = {
        "mode": "payment",
        "success_url": "https://example.com/",
        "client_reference_id": "BK-1",
        "line_items[0][price_data][currency]": "pkr",
        "line_items[0][price_data][unit_amount]": "100000",
        "line_items[0][price_data][product_data][name]": "Stay",
        "line_items[0][quantity]": "1",
    }
    made = httpx.post(
        f"{desk.world.stripe_url}/v1/checkout/sessions", data=form, auth=("sk_test_sandbox", ""), timeout=60
    )
    assert made.status_code == 200, made.text
    return str(made.json()["url"])
