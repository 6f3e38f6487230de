"""The stand-in's own ways: Gmail's search, history, labels and quota; what its mails look like to a careful reader."""

from __future__ import annotations

import base64
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import orjson
import pytest

from integrations import payment_mail
from sandbox import postman, wallets
from sandbox.driver import NotSeen, World
from sandbox.mails import as_taken_in, message_of, parse
from sandbox.wallets import WALLETS, Paid
from tests.conftest import NOW

Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(world: World) -> Ask:
    """Calls the API with a fresh access token."""
    world.mailbox.connects()
    token = orjson.loads(Path(world.http.get("/api/mailbox")["files"]["token"]).read_bytes())
    given = {name: token[name] for name in ("client_id", "client_secret", "refresh_token")}
    answer = httpx.post(f"{world.gmail_url}/token", data={"grant_type": "refresh_token", **given}, timeout=60)
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return lambda path, method="GET", **more: httpx.request(
        method, f"{world.gmail_url}/gmail/v1/users/me{path}", headers=headers, timeout=30, **more
    )


def stored(**changes: Any) -> dict[str, Any]:
    raw = b"From: NayaPay <service@nayapay.com>\r\nSubject: You got Rs. 500\r\n\r\nfrom SANA TARIQ"
    at = str(int(NOW.timestamp() * 1000))
    return {
        "raw": base64.urlsafe_b64encode(raw).decode(),
        "internalDate": at,
        "labelIds": ["INBOX"],
        **changes,
    }


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("", True),
        ("from:nayapay.com", True),
        ("from:(meezanbank.com OR nayapay.com)", True),
        ("from:(meezanbank.com OR hdfcbank.net)", False),
        ("{from:meezanbank.com from:nayapay.com}", True),
        ("from:meezanbank.com OR subject:got", True),
        ("from:meezanbank.com OR subject:got from:hdfc", False),
        ("subject:(got 500)", True),
        ("-from:nayapay", False),
        ("-(from:meezan OR from:hdfc)", True),
        ('"SANA TARIQ"', True),
        ('"TARIQ SANA"', False),
        (f"after:{int(NOW.timestamp()) - 1} before:{int(NOW.timestamp()) + 1}", True),
        (f"after:{int(NOW.timestamp()) + 1}", False),
        ("newer_than:2d", True),
        ("older_than:2d", False),
        ("smaller:5M larger:10", True),
        ("larger:1K", False),
        ("in:inbox -in:sent -in:drafts", True),
        ("label:sent", False),
        ("is:unread", False),
        ("is:read", True),
    ],
)
def test_gmails_words_find_what_they_mean(query: str, *, finds: bool) -> None:
    assert parse(query, NOW.timestamp() + 3600)(stored()) is finds


@pytest.mark.parametrize("query", ["from:(a OR b", "a)", "larger:huge", "newer_than:2w", "wrong:field"])
def test_a_query_that_makes_no_sense_is_refused(query: str) -> None:
    with pytest.raises(ValueError):
        parse(query, 0.0)


def test_history_tells_what_happened_since_and_not_what_was_too_long_ago(world: World, ask: Ask) -> None:
    before = ask("/profile").json()["historyId"]
    mail_id = world.mailbox.receives(b"Subject: one\r\n\r\n")
    found = ask("/history", params={"startHistoryId": before, "historyTypes": "messageAdded"}).json()
    assert [each["messagesAdded"][0]["message"]["id"] for each in found["history"]] == [mail_id]
    assert ask("/history", params={"startHistoryId": found["historyId"]}).json().get("history") is None
    assert ask("/history", params={"startHistoryId": "1"}).status_code == 404
    assert ask("/history").status_code == 400


def test_a_mail_is_shown_in_every_format_and_labels_are_listed(world: World, ask: Ask) -> None:
    mail_id = world.mailbox.receives(b"From: A <a@b.example>\r\nSubject: one\r\n\r\nhello\r\n")
    full = ask(f"/messages/{mail_id}", params={"format": "full"}).json()
    assert full["snippet"] == "hello"
    assert {"name": "Subject", "value": "one"} in full["payload"]["headers"]
    assert "payload" not in ask(f"/messages/{mail_id}", params={"format": "minimal"}).json()
    assert ask(f"/messages/{mail_id}", params={"format": "other"}).status_code == 400
    assert ask("/messages/none").status_code == 404
    assert {"INBOX", "UNREAD", "SPAM"} <= {each["id"] for each in ask("/labels").json()["labels"]}
    assert (
        ask(f"/messages/{mail_id}/modify", method="POST", json={"removeLabelIds": ["UNREAD"]}).status_code
        == 403
    )


def test_nobody_gets_in_without_an_access_token(world: World) -> None:
    answer = httpx.get(f"{world.gmail_url}/gmail/v1/users/me/profile", timeout=60)
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    for given in ({}, {"grant_type": "refresh_token", "client_id": "x", "client_secret": "y"}):
        assert httpx.post(f"{world.gmail_url}/token", data=given, timeout=60).status_code == 401


@pytest.mark.parametrize("issuer", WALLETS)
@pytest.mark.parametrize("kind", ["right", "no_reference", "reversed", "forged", "lookalike", "forwarded"])
def test_a_wallets_mail_is_believed_only_where_it_is_the_wallets(issuer: str, kind: str) -> None:
    wallet = WALLETS[issuer]
    paid = Paid(
        amount=Decimal("2695"),
        currency=wallet.currency,
        sender="Ayesha Khan",
        payee="Sarai Stays",
        account="03000000900",
        remarks="" if kind == "no_reference" else "7DYJY",
        transaction_id=wallet.new_id(),
        at=NOW.timestamp(),
    )
    told = wallets.reversal(paid, NOW.timestamp()) if kind == "reversed" else paid
    person: Any = SimpleNamespace(id="guest", name="Ayesha Khan")
    mail, arrival = postman._as_it_comes(kind, issuer, told, person)
    found = payment_mail.read(as_taken_in(mail, arrival, NOW.timestamp()))
    assert found.trusted is (kind in ("right", "no_reference", "reversed"))
    assert found.is_payment is (kind != "reversed")
    assert (found.amount, found.currency) == (Decimal("2695"), wallet.currency)
    if kind == "right":
        assert found.known_form
        assert "7DYJY" in found.text
        assert (found.transaction_id or "") == paid.transaction_id


def test_only_what_a_chat_asked_for_can_be_paid(world: World) -> None:
    with pytest.raises(NotSeen, match="nobody has asked"):
        world.mailbox.pays(world.person("Somebody", None))
    assert message_of(stored())["Subject"] == "You got Rs. 500"
