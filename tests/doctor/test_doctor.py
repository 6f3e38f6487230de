"""Each thing that can be wrong with an installation has its sentence, and what is well is said to be well."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date
from email.utils import formatdate
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import create_engine, make_url

from config import Settings
from doctor import __main__ as doctor
from doctor import pictures, stores, stripe, templates, way_in, whatsapp
from doctor.report import Finding, Level
from models import db
from tests import factories as make
from tests.conftest import Scratch
from tests.doctor.conftest import APP, NUMBER, WABA, WEBHOOK, Outside

TODAY = date(2026, 11, 21)
SECRETS = ("token-of-the-tests", "secret-of-the-tests", "verify-of-the-tests", "sk_live_of_the_tests")


def asked(settings: Settings, *, today: date = TODAY) -> list[Finding]:
    """What the checks of WhatsApp, Stripe and the way in find."""
    account = templates.account_of(settings)
    try:
        found = [
            *whatsapp.check(settings, account, today=today),
            *stripe.check(settings),
            *way_in.check(settings),
        ]
    finally:
        account.close()
    assert not [secret for secret in SECRETS for each in found if secret in str(each)]
    return found


def bad(findings: list[Finding]) -> list[str]:
    """What is not well: level, topic and the beginning of the sentence."""
    return [str(each) for each in findings if each.level is not Level.OK]


def test_all_is_well(settings: Settings) -> None:
    found = asked(settings)
    assert bad(found) == []
    assert {each.about for each in found} == {
        "token", "webhook", "number", "health", "account", "template", "stripe", "way in",
    }  # fmt: skip


def set_(path: str, **values: Any) -> Callable[[Outside], None]:
    return lambda outside: outside.changes(path, **values)


def refuse(path: str, code: int, message: str = "no", subcode: int = 0) -> Callable[[Outside], None]:
    return lambda outside: outside.refuses(path, code, message, subcode=subcode)


def answer(path: str, found: Any) -> Callable[[Outside], None]:
    return lambda outside: outside.answers.update({path: found})


def token(**values: Any) -> Callable[[Outside], None]:
    return lambda outside: outside.changes(
        "/debug_token", data=outside.answers["/debug_token"]["data"] | values
    )


def webhook(**values: Any) -> Callable[[Outside], None]:
    path = f"/{APP}/subscriptions"
    return lambda outside: outside.changes(path, data=[outside.answers[path]["data"][0] | values])


def endpoint(**values: Any) -> Callable[[Outside], None]:
    path = "/v1/webhook_endpoints"
    return lambda outside: outside.changes(path, data=[outside.answers[path]["data"][0] | values])


def health(state: str, kind: str = "WABA", **more: Any) -> Callable[[Outside], None]:
    entity = {"entity_type": kind, "id": "1", "can_send_message": state, **more}
    return set_(f"/{NUMBER}", health_status={"can_send_message": state, "entities": [entity]})


SCOPES = ["whatsapp_business_messaging"]
NO_MONEY = {
    "error_code": 141006,
    "error_description": "There is an error with the payment method.",
    "possible_solution": "Add a payment method.",
}
EXPIRED = (403, {"success": False, "error": {}})
FAULTS: list[tuple[Callable[[Outside], None], str]] = [
    (refuse("/debug_token", 190, "expired"), "FAIL token WHATSAPP_ACCESS_TOKEN is not taken"),
    (refuse("/debug_token", 4, "slow down"), "FAIL token WhatsApp's API answers with error 4: slow down"),
    (answer("/debug_token", (502, b"<html>")), "FAIL token WhatsApp's API cannot be reached: HTTP 502"),
    (token(is_valid=False), "FAIL token WHATSAPP_ACCESS_TOKEN is not valid any more"),
    (token(expires_at=int(time.time()) + 3600), "FAIL token The token ends on"),
    (token(expires_at=int(time.time()) + 50 * 86400), "warn token The token ends on"),
    (token(scopes=SCOPES), "FAIL token The token lacks whatsapp_business_management"),
    (
        token(granular_scopes=[{"scope": SCOPES[0], "target_ids": ["another"]}]),
        "FAIL token The token's whatsapp_business_messaging is not for this business account",
    ),
    (refuse(f"/{APP}/subscriptions", 190), "FAIL webhook WHATSAPP_APP_SECRET is not this app's"),
    (set_(f"/{APP}/subscriptions", data=[]), "FAIL webhook The app has no webhook for WhatsApp"),
    (webhook(active=False), "FAIL webhook The app has no webhook for WhatsApp"),
    (webhook(callback_url="https://old.example"), "FAIL webhook WhatsApp calls https://old.example, not"),
    (webhook(fields=[{"name": "flows"}]), "FAIL webhook The webhook is not subscribed to the field messages"),
    (refuse(f"/{NUMBER}", 100, subcode=33), "FAIL number WHATSAPP_PHONE_NUMBER_ID is not known"),
    (refuse(f"/{NUMBER}", 80007), "FAIL number WhatsApp refused to tell (80007)"),
    (set_(f"/{NUMBER}", status="PENDING"), "FAIL number The number is PENDING, not CONNECTED"),
    (set_(f"/{NUMBER}", platform_type="ON_PREMISE"), "FAIL number The number is at ON_PREMISE"),
    (set_(f"/{NUMBER}", account_mode="SANDBOX"), "warn number This is Meta's test number"),
    (set_(f"/{NUMBER}", name_status="DECLINED"), "FAIL number The display name is DECLINED"),
    (set_(f"/{NUMBER}", name_status="PENDING_REVIEW"), "warn number The display name is PENDING_REVIEW"),
    (set_(f"/{NUMBER}", quality_rating="RED"), "warn number The number's quality is RED"),
    (
        set_(f"/{NUMBER}", display_phone_number="+1 555-010-0100"),
        "FAIL number ADMIN_WHATSAPP_NUMBER names the business's own number",
    ),
    (
        health("BLOCKED", errors=[NO_MONEY]),
        "FAIL payment WhatsApp says of the waba (141006): There is an error",
    ),
    (health("BLOCKED", "APP"), "FAIL health WhatsApp blocks the app without saying why"),
    (
        health("LIMITED", "BUSINESS", additional_info=["Not verified."]),
        "warn health WhatsApp limits the business: Not",
    ),
    (
        set_(f"/{WABA}", account_review_status="REJECTED"),
        "FAIL account Meta's review of the business account is",
    ),
    (
        set_(f"/{WABA}", country="IN"),
        "warn account The account pays in USD: one sold in India must pay in INR",
    ),
    (
        set_(f"/{WABA}/phone_numbers", data=[{"id": "1"}]),
        "FAIL account The number is not of this business account",
    ),
    (
        set_(f"/{WABA}/subscribed_apps", data=[]),
        "FAIL account The app does not listen to this business account",
    ),
    (
        set_(
            f"/{WABA}/subscribed_apps",
            data=[{"whatsapp_business_api_data": {"id": APP}, "override_callback_uri": "https://b.example"}],
        ),
        "warn account The business account sends its webhooks to https://b.example",
    ),
    (set_(f"/{WABA}/message_templates", data=[]), "FAIL template"),
    (answer("/v1/balance", (401, {"error": {}})), "FAIL stripe STRIPE_SECRET_KEY is not taken"),
    (set_("/v1/account", charges_enabled=False), "FAIL stripe The account may not take payments yet"),
    (set_("/v1/account", payouts_enabled=False), "warn stripe Stripe takes payments and cannot pay them out"),
    (endpoint(url="https://old.example/x"), "FAIL stripe The webhook endpoint http"),
    (endpoint(status="disabled"), "FAIL stripe The webhook endpoint http"),
    (endpoint(enabled_events=["charge.refunded"]), "FAIL stripe The webhook endpoint does not send"),
    (answer("/v1/webhook_endpoints", (403, {})), "warn stripe The key may not list webhooks"),
    (answer(f"GET {WEBHOOK}", EXPIRED), "FAIL way in Something else answers at PUBLIC_URL (HTTP 403)"),
    (
        answer(f"GET {WEBHOOK}", (403, b'{"success":false,"error":{}}')),
        "FAIL way in What runs there has another WHATSAPP_VERIFY_TOKEN",
    ),
    (
        answer(f"GET {WEBHOOK}", (200, b"<html>Parked</html>")),
        "FAIL way in Something else answers at PUBLIC_URL",
    ),
    (answer(f"POST {WEBHOOK}", (200, b"ok")), "FAIL way in A call without a signature was taken"),
    (answer(f"POST {WEBHOOK}", (403, b"")), "FAIL way in A signed call is refused (HTTP 403)"),
    (
        answer("/api/health", (503, {"details": {"processes": "slow has not been heard of for 9 s."}})),
        "FAIL health slow has not been heard of",
    ),
]


@pytest.mark.parametrize(("fault", "said"), FAULTS, ids=lambda part: part if isinstance(part, str) else "")
def test_each_fault_has_its_sentence_and_hides_no_other(
    settings: Settings, outside: Outside, fault: Callable[[Outside], None], said: str
) -> None:
    fault(outside)
    found = bad(asked(settings))
    told = [" ".join(each.split()) for each in found]
    assert len(told) == 1, told
    assert told[0].startswith(said)
    assert told[0].endswith(".")


def test_stripes_test_mode_is_said_in_production_alone(settings: Settings, outside: Outside) -> None:
    outside.changes("/v1/balance", livemode=False)
    assert bad(asked(settings)) == []
    settings.environment = "production"
    (said,) = bad(asked(settings))
    assert "is of the test mode" in said


def test_rupees_are_demanded_once_the_day_is_past(settings: Settings, outside: Outside) -> None:
    outside.changes(f"/{WABA}", country="IN")
    (said,) = bad(asked(settings, today=date(2027, 1, 1)))
    assert said.startswith("FAIL")
    outside.changes(f"/{WABA}", currency="INR")
    assert bad(asked(settings, today=date(2027, 1, 1))) == []


def test_what_is_not_set_is_said_and_not_asked(settings: Settings, outside: Outside) -> None:
    settings.whatsapp_business_account_id = ""
    assert [each for each in bad(asked(settings)) if "ACCOUNT_ID is not set" in each]
    assert not [path for _, path, *_ in outside.asked if path.startswith(f"/{WABA}")]


def test_nobody_there_is_said(settings: Settings) -> None:
    settings.public_url = settings.whatsapp_api_url = settings.stripe_api_url = "http://127.0.0.1:9"
    said = bad(asked(settings))
    assert ["cannot be reached" in each for each in said] == [True, True, True]


def test_the_clock_is_compared(settings: Settings) -> None:
    for off, level in ((0, Level.OK), (20, Level.WARN), (-300, Level.FAIL)):
        (found,) = way_in.clock(formatdate(time.time() + off, usegmt=True), "WhatsApp")
        assert found.level is level, off
    assert list(way_in.clock(None, "WhatsApp")) == []


# The stores


@pytest.fixture
def stored(settings: Settings, scratch: Scratch, redis_url: str) -> Settings:
    settings.database_url, settings.redis_url = scratch.url, redis_url
    return settings


def test_the_stores_are_well(stored: Settings) -> None:
    found = [*stores.database(stored), *stores.queue(stored)]
    assert [
        each for each in bad(found) if "synchronous_commit" not in each
    ] == []  # off in the tests' database
    assert any("up to date" in each.sentence for each in found)


@pytest.mark.parametrize(
    ("statement", "undo", "said"),
    [
        (
            "UPDATE alembic_version SET version_num = '0001'",
            None,
            "FAIL database The tables are at migration 0001",
        ),
        (
            "UPDATE alembic_version SET version_num = 'new'",
            None,
            "warn database The tables are at migration new",
        ),
    ],
)
def test_tables_of_another_release_are_told(
    stored: Settings, scratch: Scratch, statement: str, undo: str | None, said: str
) -> None:
    version = scratch.value("SELECT version_num FROM alembic_version")
    scratch.run(statement)
    try:
        found = bad(list(stores.database(stored)))
    finally:
        scratch.run("UPDATE alembic_version SET version_num = :v", v=version)
    assert [each for each in found if " ".join(each.split()).startswith(said)]


def test_a_database_without_tables_is_told(stored: Settings, database_url: str) -> None:
    server = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE bare")
    try:
        stored.database_url = (
            make_url(database_url).set(database="bare").render_as_string(hide_password=False)
        )
        found = bad(list(stores.database(stored)))
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql("DROP DATABASE bare")
        server.dispose()
    assert "There are no tables yet: run python -m models.migrate" in found[0]


def test_what_whatsapp_said_of_the_money_is_told(stored: Settings, scratch: Scratch) -> None:
    scratch.run("ALTER TABLE outbound_attempts DISABLE TRIGGER ALL")
    scratch.run(
        "INSERT INTO outbound_attempts (message_id, number, as_template, started_at, outcome, error_code) "
        "SELECT n, 1, false, now(), 'REFUSED', 131042 FROM generate_series(1, 3) n"
    )
    scratch.run("ALTER TABLE outbound_attempts ENABLE TRIGGER ALL")
    (said,) = [each for each in bad(list(stores.database(stored))) if "payment" in each]
    assert "WhatsApp refused 3 messages of the last three days (131042) for the payment method" in said


def test_a_place_that_nobody_can_pay_for_is_told(stored: Settings, scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        for currency, methods in (("PKR", '["card"]'), ("PKR", '["paytm", "razorpay"]'), ("INR", "[]")):
            place = make.listing(unit, currency=currency)
            make.change(unit, place, methods=methods)
    said = [each.sentence for each in stores.database(stored) if each.about == "ways"]
    assert len(said) == 2
    assert "it names paytm, razorpay, none of which is switched on for PKR." in said[0]
    assert "it names nothing" in said[1]


def test_stores_that_are_away_are_told_without_their_password(settings: Settings) -> None:
    settings.database_url = "postgresql+psycopg2://sarai:S3creT@127.0.0.1:9/sarai"
    settings.redis_url = "redis://:S3creT@127.0.0.1:9/0"
    found = [*stores.database(settings), *stores.queue(settings)]
    assert [("cannot be reached" in each.sentence, each.level) for each in found] == [(True, Level.FAIL)] * 2
    assert "S3creT" not in str([*map(str, found)])
    settings.database_url = settings.redis_url = ""
    assert all("not set" in each for each in bad([*stores.database(settings), *stores.queue(settings)]))


def test_a_redis_that_forgets_is_told(stored: Settings, redis_url: str) -> None:
    client = Redis.from_url(redis_url)
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        (said,) = bad(list(stores.queue(stored)))
    finally:
        client.config_set("maxmemory-policy", "noeviction")
    assert "maxmemory-policy is allkeys-lru" in said


@pytest.mark.parametrize(("free", "level"), [(0.5, Level.FAIL), (3, Level.WARN), (50, Level.OK)])
def test_a_full_disk_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, free: float, level: Level
) -> None:
    usage = type("Usage", (), {"free": free * stores.GIB})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    (found,) = stores.disk(settings)
    assert found.level is level


# The command


def test_a_check_that_breaks_off_keeps_no_other_from_being_made(
    stored: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(settings: Settings) -> Iterator[Finding]:
        raise RuntimeError(settings.whatsapp_access_token)
        yield

    monkeypatch.setattr(stores, "database", breaks)
    found = [str(each) for each in doctor.examine(stored)]
    assert any("A check broke off (breaks: RuntimeError)" in each for each in found)
    assert any("The webhook endpoint leads here" in each for each in found)
    assert not [secret for secret in SECRETS for each in found if secret in each]


def test_without_settings_it_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    assert doctor.main([]) == 1
    said = capsys.readouterr().out
    for name in ("DATABASE_URL", "WHATSAPP_ACCESS_TOKEN", "STRIPE_SECRET_KEY", "ENCRYPTION_KEY"):
        assert f"{name} is not set" in said
    assert "bug of ours" not in said


def test_without_a_running_sandbox_it_says_so(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert doctor.main(["--sandbox"]) == 1
    assert "start it with make run" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("engines", "said"),
    [([], "admins do"), (["tesseract"], "by Tesseract"), (["rapidocr", "tesseract"], "RapidOCR and")],
)
def test_it_says_what_reads_screenshots(
    engines: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.receipts.installed", lambda: engines)
    (finding,) = pictures.check(Settings())
    assert finding.level is Level.OK
    assert said in str(finding)
