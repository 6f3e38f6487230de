from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from bot.app import create_app
from integrations import clients
from models import password
from models.account import Account, Grant, Role
from models.db import unit_of_work
from tests.bot.conftest import make_settings
from tests.conftest import Scratch
from tests.factories import MovableClock, unique

PASSWORD = "correct horse battery"
HASH = password.hashed(PASSWORD)


@dataclass
class Desk:
    """The API, as a program of an admin's sees it."""

    client: Client
    clock: MovableClock
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, address: str, **how: Any) -> TestResponse:
        headers = {**self.headers, **how.pop("headers", {})}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        return self.client.open(address, method=method, headers=headers, **how)

    def get(self, address: str, **query: Any) -> Any:
        return _good(self.call("GET", address, query_string=query))

    def post(self, address: str, body: Any = None, *, key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key is not None else {}
        return _good(self.call("POST", address, json=body, headers=headers))

    def signs_in(self, account: Account, **more: Any) -> Any:
        tokens = self.post("/api/admin/sign-in", {"login": account.login, "password": PASSWORD, **more})
        self.token = tokens["access_token"]
        return tokens

    def at(self, token: str | None) -> Desk:
        """The same with another token."""
        return Desk(self.client, self.clock, token, self.headers)


def _good(answer: TestResponse) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json


def an_account(role: Role = Role.ADMIN, grants: Sequence[Grant] = (), *, now: Any) -> Account:
    with unit_of_work() as session:
        return Account.create(
            session,
            login=unique("account-"),
            name="Bilal Ahmed",
            role=role,
            grants=grants,
            password_hash=HASH,
            phone=None,
            now=now,
        )


def code_of(answer: TestResponse) -> str:
    body = answer.json
    assert body["success"] is False and set(body["error"]) == {"code", "message", "details", "timestamp"}, (
        body
    )
    return str(body["error"]["code"])


def make_desk(redis_url: str, clock: MovableClock, **settings: Any) -> Desk:
    made = make_settings(redis_url=redis_url, **{"rate_limit": 1000, **settings})
    return Desk(create_app(made, clients.build(made), clock).test_client(), clock)


@pytest.fixture
def desk(scratch: Scratch, redis_url: str, clock: MovableClock) -> Desk:
    """Nobody has signed in."""
    return make_desk(redis_url, clock)


@pytest.fixture
def admin(desk: Desk) -> Desk:
    """An admin has signed in."""
    signed_in = desk.at(None)
    signed_in.signs_in(an_account(now=desk.clock.now()))
    return signed_in
