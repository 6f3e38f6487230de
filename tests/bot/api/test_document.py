"""What the API answers is what its document says, whatever it is sent; and nobody gets in who may not.

A longer run, by Schemathesis' own command: make schemathesis.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import defaultdict
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok
from sqlalchemy.exc import OperationalError

from bot.access import Needs
from bot.api.app import OPERATIONS
from bot.api.operation import Operation, Picture
from models import totp
from models.account import Grant, Role, SignIn
from models.db import unit_of_work
from tests.bot.api.conftest import PASSWORD, Desk, an_account, code_of
from tests.bot.api.seeds import Seeds, sow
from tests.conftest import PROJECT, Scratch
from tests.factories import MovableClock, unique

EXAMPLES = 8
BY_NAME = {operation.name: operation for operation in OPERATIONS}


@pytest.fixture
def seeds(scratch: Scratch, clock: MovableClock) -> Seeds:
    with unit_of_work() as session:
        return sow(session, now=clock.now())


# ---- whatever it is sent -----------------------------------------------------------------------------


def hammer(desk: Desk, examples: int) -> dict[str, set[int]]:
    """Make calls of each operation as Schemathesis thinks them up; the statuses that each was answered."""
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", desk.client.application)
    headers = {"Authorization": f"Bearer {desk.token}"} if desk.token else {}
    statuses: dict[str, set[int]] = defaultdict(set)
    for found, mode in itertools.product(document.get_all_operations(), GenerationMode):
        assert isinstance(found, Ok)
        told = BY_NAME[found.ok().definition.raw["operationId"]]
        if mode.is_negative and not (told.path or told.query or told.body):
            continue  # there is nothing to get wrong

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        )
        @given(case=found.ok().as_strategy(generation_mode=mode))
        def call(case: Any) -> None:
            answer = case.call(headers=headers)
            case.validate_response(answer, headers=headers, checks=_CHECKS)
            statuses[case.operation.definition.raw["operationId"]].add(answer.status_code)

        call()
    return statuses


_CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.positive_data_acceptance,
    checks.negative_data_rejection,
]


def test_every_answer_is_as_the_document_says(admin: Desk, seeds: Seeds) -> None:
    statuses = hammer(admin, EXAMPLES)
    assert set(statuses) == set(BY_NAME)
    assert not [name for name, seen in statuses.items() if any(status >= 500 for status in seen)]


def test_without_a_token_nobody_gets_in(desk: Desk, seeds: Seeds) -> None:
    statuses = hammer(desk, 3)
    for name, seen in statuses.items():
        if BY_NAME[name].needs is not Needs.NOTHING:
            assert seen == {401}, name


# ---- every operation, by who calls it ----------------------------------------------------------------

CALLERS: dict[str, tuple[Role, tuple[Grant, ...]]] = {
    "admin": (Role.ADMIN, ()),
    "verifies payments": (Role.STAFF, (Grant.VERIFY_PAYMENTS,)),
    "approves bookings": (Role.STAFF, (Grant.APPROVE_BOOKINGS,)),
    "refunds": (Role.STAFF, (Grant.REFUNDS,)),
    "reads": (Role.STAFF, (Grant.READ_ONLY,)),
    "nothing granted": (Role.STAFF, ()),
}
MAY = {
    Needs.NOTHING: set(CALLERS),
    Needs.SIGN_IN: set(CALLERS),
    Needs.READ: set(CALLERS) - {"nothing granted"},
    Needs.VERIFY_PAYMENTS: {"admin", "verifies payments"},
    Needs.ADMIN: {"admin"},
}
OF_MONEY = {
    "pending_verifications": Needs.READ,
    "booking_details": Needs.READ,
    "confirm_booking_payment": Needs.VERIFY_PAYMENTS,
    "reject_booking_payment": Needs.VERIFY_PAYMENTS,
    "unmatched_payments": Needs.READ,
    "payments": Needs.READ,
    "payment_screenshot": Needs.READ,
    "link_payment_to_booking": Needs.VERIFY_PAYMENTS,
    "payment_system_figures": Needs.READ,
}
OF_ACCOUNTS = {
    "list_accounts": Needs.ADMIN,
    "create_account": Needs.ADMIN,
    "change_account": Needs.ADMIN,
    "list_audit": Needs.ADMIN,
}
OF_ONES_OWN = {
    "me": Needs.SIGN_IN,
    "change_password": Needs.SIGN_IN,
    "begin_totp": Needs.SIGN_IN,
    "confirm_totp": Needs.SIGN_IN,
    "sessions": Needs.SIGN_IN,
    "end_session": Needs.SIGN_IN,
}
OF_EVERYBODY = {
    "sign_in": Needs.NOTHING,
    "refresh": Needs.NOTHING,
    "sign_out": Needs.NOTHING,
    "payment_system_health": Needs.NOTHING,
}

# Of every operation that changes something, or shows what a guest sent.
DEEDS = {
    "SIGN_IN",
    "CHANGE_PASSWORD",
    "BEGIN_TOTP",
    "CONFIRM_TOTP",
    "END_SIGN_IN",
    "CREATE_ACCOUNT",
    "CHANGE_ACCOUNT",
    "VERIFY_PAYMENT",
    "REJECT_PAYMENT",
    "LINK_PAYMENT",
    "SEE_SCREENSHOT",
}


def test_what_each_operation_needs() -> None:
    """Written apart from the code: a needs that slips is noticed."""
    assert {each.name: each.needs for each in OPERATIONS} == {
        **OF_MONEY,
        **OF_ACCOUNTS,
        **OF_ONES_OWN,
        **OF_EVERYBODY,
    }


@pytest.mark.parametrize("who", CALLERS)
def test_who_may_do_what(desk: Desk, seeds: Seeds, scratch: Scratch, who: str) -> None:
    """Every operation answers whoever may with 2xx, and everybody else with 403; what is done is in the audit."""
    role, grants = CALLERS[who]
    now = desk.clock.now()
    account = an_account(role, grants, now=now)
    tokens = desk.signs_in(account)
    other = an_account(Role.STAFF, now=now)
    with unit_of_work() as session:
        review = sow(session, now=now)
        second = SignIn.begin(session, account.id, origin="203.0.113.7", agent="", now=now)
    secret = b""
    login = {"login": account.login, "password": PASSWORD}
    good: dict[str, tuple[dict[str, Any], Any]] = {
        "sign_in": ({}, login),
        "refresh": ({}, {"refresh_token": tokens["refresh_token"]}),
        "sign_out": ({}, {"refresh_token": "none of ours"}),
        "change_password": ({}, {"current_password": PASSWORD, "new_password": PASSWORD}),
        "begin_totp": ({}, {"password": PASSWORD}),
        "end_session": ({"session_id": second.id}, None),
        "booking_details": ({"booking_id": seeds.review.code}, None),
        "confirm_booking_payment": ({"booking_id": seeds.review.code}, None),
        "reject_booking_payment": ({"booking_id": review.review.code}, {"reason": "Not received"}),
        "payment_screenshot": ({"payment_id": seeds.picture}, None),
        "link_payment_to_booking": ({"payment_id": seeds.unmatched}, {"booking_id": seeds.waiting.code}),
        "create_account": ({}, {"login": unique("new-"), "name": "New", "password": PASSWORD}),
        "change_account": ({"account_id": other.id}, {"name": "Another"}),
    }
    for operation in sorted(OPERATIONS, key=_last):
        path, body = good.get(operation.name, ({}, None))
        if operation.name == "confirm_totp":
            body = {"code": totp.code(secret, totp.step_of(desk.clock.now()))}
        how = {"json": body} if operation.body is not None else {}
        answer = desk.call(operation.method, operation.address.format(**path), **how)
        if who not in MAY[operation.needs]:
            assert answer.status_code == 403 and code_of(answer) == "FORBIDDEN", operation.name
            continue
        assert answer.status_code == operation.status, (operation.name, answer.text)
        if operation.answer is not Picture:
            assert operation.answer is not None
            operation.answer.model_validate_json(answer.data)
        if operation.name == "begin_totp":
            secret = totp.from_typed(answer.json["secret"])
    if who == "admin":
        assert {row.action for row in scratch.rows("SELECT action FROM audit")} == DEEDS


# What changes how one signs in comes last, in its order.
_AT_THE_END = ("end_session", "change_password", "begin_totp", "confirm_totp")


def _last(operation: Operation) -> int:
    return _AT_THE_END.index(operation.name) + 1 if operation.name in _AT_THE_END else 0


# ---- what no document says ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[" * 30_000, 422),
        (b'{"reason": "\x00"}', 422),
        (b'{"reason": "\\u0000"}', 422),
        (b'{"reason": "\\ud800"}', 422),
        (b'{"reason": "\xff"}', 422),
        (b'{"reason": "ok", "reason": 1}', 422),
        (b'{"reason": "\xe2\x80\x83"}', 200),
        (b'{"reason": "' + b"x" * 70_000 + b'"}', 413),
    ],
)
def test_any_bytes_are_answered(admin: Desk, seeds: Seeds, raw: bytes, status: int) -> None:
    answer = admin.call(
        "POST",
        f"/api/admin/booking/{seeds.review.code}/reject",
        data=raw,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1_0", "limit=%201", "limit=1&limit=2", "after=99999999999999999999", "x=1", "limit=٣"],
)
def test_a_query_that_does_not_fit_is_refused(admin: Desk, query: str) -> None:
    answer = admin.call("GET", f"/api/admin/payments?{query}")
    assert answer.status_code == 422 and code_of(answer) == "INVALID"


def test_a_large_body_is_refused_where_none_is_expected_too(admin: Desk, seeds: Seeds) -> None:
    address = f"/api/admin/booking/{seeds.review.code}/confirm"
    answer = admin.call("POST", address, data=b"x" * 70_000, headers={"Idempotency-Key": "large"})
    assert answer.status_code == 413


def test_a_database_that_is_away_or_busy_is_said_so(admin: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, Exception("lock timeout"))

    monkeypatch.setattr("bot.api.verifications.money_lists.in_review", away)
    answer = admin.call("GET", "/api/admin/pending-verifications")
    assert answer.status_code == 503 and code_of(answer) == "BUSY" and answer.headers["Retry-After"] == "1"


def test_nothing_that_was_sent_is_said_back(admin: Desk) -> None:
    answer = admin.call("POST", "/api/admin/accounts", json={"login": "a b", "password": "s3cret"})
    assert answer.status_code == 422 and "s3cret" not in answer.text and "a b" not in answer.text


def test_other_addresses_and_methods_have_the_one_error_shape(admin: Desk) -> None:
    assert code_of(admin.call("GET", "/api/admin/nowhere")) == "NOT_FOUND"
    refused = admin.call("DELETE", "/api/admin/me")
    assert code_of(refused) == "METHOD_NOT_ALLOWED" and "GET" in refused.headers["Allow"]


def test_every_error_that_an_operation_can_make_is_in_the_document(desk: Desk) -> None:
    document = desk.get("/api/openapi.json")
    assert document["openapi"].startswith("3.1")
    for item in document["paths"].values():
        for operation in item.values():
            assert operation["summary"].endswith(".") and operation["operationId"]
            assert {"429", "503"} <= set(operation["responses"])


def test_the_page_and_the_document_need_no_token_and_nothing_from_elsewhere(desk: Desk) -> None:
    for address in ("/api/docs", "/api/openapi.json"):
        answer = desk.call("GET", address)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "http" not in desk.call("GET", "/api/docs").text.replace("http-equiv", "")


def test_nothing_of_it_is_loaded_before_it_is_called() -> None:
    """The web process answers webhooks; what it never needs costs it nothing."""
    said = subprocess.run(
        [sys.executable, "-c", _WITHOUT_A_CALL], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert said.stdout.split() == []


_WITHOUT_A_CALL = """
import sys
from bot.app import create_app
from integrations import clients
from models.clock import Clock
from tests.bot.conftest import make_settings
settings = make_settings(redis_url="redis://localhost:1")
app = create_app(settings, clients.build(settings), Clock())
app.test_client().get("/pay/done")
app.test_client().post("/api/whatsapp/webhook")
heavy = ("bot.api.app", "bot.access", "models.account", "models.money_lists", "argon2")
print(*(name for name in heavy if name in sys.modules))
"""
