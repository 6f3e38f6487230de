"""Production starts with settings that can be trusted, or not at all; what it says of them is no secret."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

import config
from models import sealed
from run import environment
from run.environment import SANDBOX

GOOD = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://sarai:S3creT@db/sarai",
    "REDIS_URL": "redis://:S3creT@redis:6379/0",
    "PUBLIC_URL": "https://stays.example.com",
    "ADMIN_WHATSAPP_NUMBER": "+15550100100, +1 (555) 010-0101",
    "WHATSAPP_PHONE_NUMBER_ID": "200000000000009",
    "WHATSAPP_BUSINESS_ACCOUNT_ID": "100000000000009",
    "WHATSAPP_ACCESS_TOKEN": "EAA" + secrets.token_urlsafe(120),
    "WHATSAPP_APP_SECRET": secrets.token_hex(16),
    "WHATSAPP_VERIFY_TOKEN": secrets.token_hex(24),
    "STRIPE_SECRET_KEY": "sk_live_" + secrets.token_hex(24),
    "STRIPE_WEBHOOK_SECRET": "whsec_" + secrets.token_hex(16),
    "RAZORPAY_KEY_ID": "rzp_live_" + secrets.token_hex(7),
    "RAZORPAY_KEY_SECRET": secrets.token_hex(12),
    "RAZORPAY_WEBHOOK_SECRET": secrets.token_hex(16),
    "ENCRYPTION_KEY": f"{sealed.new_key()}, {sealed.new_key()}",
    "METRICS_TOKEN": secrets.token_hex(24),
    "JWT_SECRET": secrets.token_hex(32),
}
SECRETS = [name for name in GOOD if name.lower() in config.marked("secret")]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Start with these settings over the good ones; None leaves one out."""
    for name in [*GOOD, "FRONTEND_URL", "ADMIN_PHONE", "CLOCK_FILE", "REDIS_HOST", "PORT", "TURN_WORKERS"]:
        monkeypatch.delenv(name, raising=False)

    def give(**changed: str | None) -> config.Settings:
        for name, value in {**GOOD, **changed}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return config.load()

    return give


def refusal(given: Any, **changed: str | None) -> str:
    with pytest.raises(config.SettingsError) as refused:
        given(**changed)
    return str(refused.value)


def test_good_settings_start_and_show_no_secret(given: Any) -> None:
    settings = given()
    assert settings.database_url == "postgresql+psycopg2://sarai:S3creT@db/sarai"
    assert settings.admin_numbers == ["+15550100100", "+15550100101"]
    shown = repr(settings) + str(settings)
    assert "S3creT" not in shown
    for name in SECRETS:
        assert GOOD[name] not in shown, name


@pytest.mark.parametrize("name", [name for name in GOOD if name not in (
    "ENVIRONMENT", "PUBLIC_URL", "WHATSAPP_BUSINESS_ACCOUNT_ID", "METRICS_TOKEN")])  # fmt: skip
def test_what_is_missing_is_named(given: Any, name: str) -> None:
    assert refusal(given, **{name: None}).startswith(f"{name} is not set")
    assert refusal(given, **{name: ""}).startswith(f"{name} is not set")


@pytest.mark.parametrize("name", [name for name in SANDBOX if name in SECRETS])
def test_the_sandboxs_secrets_are_refused(given: Any, name: str) -> None:
    said = refusal(given, **{name: SANDBOX[name]})
    assert said.startswith(f"{name} is the sandbox's")
    assert SANDBOX[name] not in said


@pytest.mark.parametrize(
    ("left_out", "ways"),
    [
        ([], {"card", "razorpay", "transfer"}),
        (["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"], {"razorpay", "transfer"}),
        (["RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRET"], {"card", "transfer"}),
    ],
)
def test_a_way_to_pay_is_switched_on_by_its_keys(given: Any, left_out: list[str], ways: set[str]) -> None:
    settings = given(**dict.fromkeys(left_out))
    assert settings.ways == ways
    assert settings.rules.ways == ways


WEAK = [
    ("WHATSAPP_ACCESS_TOKEN", "EAA123"),
    ("WHATSAPP_ACCESS_TOKEN", "EAA" + "a" * 200),
    ("WHATSAPP_APP_SECRET", "0" * 32),
    ("WHATSAPP_APP_SECRET", "0123456789abcdef"),
    ("WHATSAPP_APP_SECRET", "not hexadecimal and 32 signs long"),
    ("WHATSAPP_VERIFY_TOKEN", "short"),
    ("WHATSAPP_VERIFY_TOKEN", "abababababababababab"),
    ("WHATSAPP_VERIFY_TOKEN", "with a blank in between"),
    ("STRIPE_SECRET_KEY", "pk_live_" + "a1B2" * 6),
    ("STRIPE_SECRET_KEY", "sk_live_12345"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_1"),
    ("RAZORPAY_KEY_SECRET", "short"),
    ("RAZORPAY_KEY_SECRET", "a" * 24),
    ("RAZORPAY_WEBHOOK_SECRET", "12345678"),
    ("ENCRYPTION_KEY", "A" * 43 + "="),
    ("METRICS_TOKEN", "metrics"),
    ("JWT_SECRET", secrets.token_hex(12)),
    ("JWT_SECRET", "secret-" * 6),
]


@pytest.mark.parametrize(("name", "weak"), WEAK)
def test_a_weak_secret_is_named_and_not_shown(given: Any, name: str, weak: str) -> None:
    said = refusal(given, **{name: weak})
    assert said.startswith((f"{name} does not look like", f"{name} is too easy"))
    assert weak not in said
    assert said.count(". ") == 0 and said.endswith(".")


def test_two_secrets_that_are_one_are_refused(given: Any) -> None:
    said = refusal(given, METRICS_TOKEN=GOOD["WHATSAPP_VERIFY_TOKEN"])
    assert said.startswith("METRICS_TOKEN and WHATSAPP_VERIFY_TOKEN are the same")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"PUBLIC_URL": "http://stays.example.com"}, "PUBLIC_URL must begin with https://"),
        ({"PUBLIC_URL": None}, "PUBLIC_URL must begin with https://"),
        ({"PUBLIC_URL": "https://localhost:8000"}, "PUBLIC_URL names this machine itself"),
        ({"WHATSAPP_API_URL": "http://127.0.0.1:8401"}, "WHATSAPP_API_URL must begin with https://"),
        ({"STRIPE_API_URL": "http://127.0.0.1:8402"}, "STRIPE_API_URL must begin with https://"),
        ({"RAZORPAY_API_URL": "http://127.0.0.1:8405"}, "RAZORPAY_API_URL must begin with https://"),
        ({"CLOCK_FILE": "/tmp/clock"}, "CLOCK_FILE moves the clock"),
        ({"ENCRYPTION_KEY": "no key"}, "ENCRYPTION_KEY is no key"),
        (
            {"ADMIN_WHATSAPP_NUMBER": "+15550100100,0300-1234567"},
            "ADMIN_WHATSAPP_NUMBER: number 2 is no phone",
        ),
        ({"PORT": "eighty"}, "PORT cannot be read"),
        ({"TURN_WORKERS": "0"}, "TURN_WORKERS cannot be read"),
        ({"ENVIRONMENT": "prod"}, "ENVIRONMENT cannot be read"),
    ],
)
def test_what_does_not_fit_is_named(given: Any, changed: dict[str, str | None], said: str) -> None:
    assert refusal(given, **changed).startswith(said)


def test_what_cannot_be_read_is_not_shown(given: Any) -> None:
    assert "S3creT" not in refusal(given, REDIS_PORT="S3creT")


def test_another_environment_takes_what_everybody_knows(given: Any) -> None:
    settings = given(**SANDBOX, PUBLIC_URL="http://localhost:8000", METRICS_TOKEN=None)
    assert settings.environment == "sandbox"


@pytest.mark.parametrize("parts", [{}, {"REDIS_PORT": "1", "REDIS_PASSWORD": "a/b", "REDIS_DB": "2"}])
def test_redis_in_parts_is_read_as_the_starter_reads_it(given: Any, parts: dict[str, str]) -> None:
    settings = given(REDIS_URL=None, REDIS_HOST="r", **parts)
    assert settings.redis_url == environment.store_urls({"REDIS_HOST": "r", **parts})[1]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_a_database_is_reached_by_the_driver_we_install(given: Any, scheme: str) -> None:
    url = f"{scheme}://u:p@db/sarai"
    assert given(DATABASE_URL=url).database_url == environment.store_urls({"DATABASE_URL": url})[0]
