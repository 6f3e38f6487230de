"""The control API behind the page: what it serves, streams and refuses, and that nothing makes it stumble."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.driver import Person, World
from tests.sandbox.desk import ROOT, Send, wamid_of


def test_the_page_and_its_files_are_served_and_nothing_else(world: World, page_url: str) -> None:
    assert httpx.get(page_url, timeout=60).headers["Content-Type"].startswith("text/html")
    for path in (
        "/page/../__main__.py",
        "/page/%2e%2e/settings.py",
        "/page/",
        "/page/nothing.js",
        "/etc/passwd",
    ):
        assert httpx.get(page_url + path, timeout=60).status_code == 404


def test_everything_is_streamed(world: World, guest: Person, send: Send, page_url: str) -> None:
    seen: list[dict[str, Any]] = []
    with httpx.Client(timeout=60) as client, client.stream("GET", f"{page_url}/api/stream") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        wamid = wamid_of(send(guest, text={"body": "hello"}))
        world.clock.passes(seconds=1)
        for line in lines:
            if line.startswith("data: "):
                seen.append(json.loads(line[6:]))
            if seen and seen[-1].get("status") == "delivered" and seen[-1].get("id") == wamid:
                break
    ours = [event for event in seen if event.get("id") == wamid]
    assert [(event["type"], event["status"]) for event in ours] == [
        ("bubble", "pending"),
        ("status", "sent"),
        ("status", "delivered"),
    ]
    assert (ours[0]["person"], ours[0]["body"]) == (guest.id, "hello")
    assert "clock" in {event["type"] for event in seen}


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"null", b"{}", b'{"tap":1,"text":2,"advance":"x","kind":"x"}']
)
@pytest.mark.parametrize(
    "path",
    [
        "/api/people",
        "/api/people/guest/number",
        "/api/people/nobody",
        "/api/chats/guest/say",
        "/api/chats/nobody/say",
        "/api/clock",
        "/api/faults",
        "/api/templates",
    ],
)
def test_nonsense_is_refused_and_never_a_500(page_url: str, path: str, body: bytes) -> None:
    answer = httpx.post(page_url + path, content=body, timeout=60)
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "said",
    [
        {"text": ""},
        {"text": 5},
        {"tap": {}},
        {"tap": {"title": "Nothing"}},
        {"location": {"latitude": "x", "longitude": 1}},
        {"location": {}},
        {"image": {"base64": "?", "mime": "image/png"}},
        {"image": {"base64": "AAAA", "mime": "image/png"}},
        {"image": {"base64": "AAAA", "mime": "text/html"}},
        {"image": {}},
        {"raw": {}},
        {"raw": {"type": "text", "text": "x"}},
        {"raw": {"type": "interactive"}},
    ],
)
def test_what_a_person_cannot_send_is_refused(page_url: str, said: dict[str, Any]) -> None:
    answer = httpx.post(f"{page_url}/api/chats/guest/say", json=said, timeout=60)
    assert answer.status_code in (400, 409), answer.text
    assert answer.json()["error"]


def test_two_people_never_share_a_phone(world: World, page_url: str) -> None:
    one, other = world.person("One"), world.person("Other")
    answer = httpx.post(f"{page_url}/api/people", json={"id": other.id, "phone": one.phone}, timeout=60)
    assert answer.status_code == 400
    assert world.person("One again", one.phone).id == one.id


def test_every_default_person_is_there(world: World) -> None:
    cards = {each["id"]: (each["phone"], each["user_id"]) for each in world.http.get("/api/state")["people"]}
    assert cards["guest"] == ("+923000000101", "PK.00000000000000000101")
    assert cards["owner"] == ("+923000000201", "PK.00000000000000000201")
    assert cards["admin"] == ("+923000000301", "PK.00000000000000000301")
    assert cards["owner2"] == ("+919000000202", "IN.00000000000000000202")


def test_a_taken_port_is_said_in_a_sentence(page_url: str, tmp_path: Path) -> None:
    port = page_url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "sandbox", "--data", str(tmp_path), "--page-port", port]
    command += ["--whatsapp-port", "0", "--stripe-port", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert ended.returncode == 1
    assert ended.stderr.decode().startswith("sandbox: ")
    assert b"Traceback" not in ended.stderr
