"""Every environment variable, read once at the top of each process, typed, with a default where one can serve."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from models import sealed
from models.rules import Rules


class SettingsError(SystemExit):
    """A setting is missing or weak: the process ends with one sentence that names it and shows no secret."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True)

    environment: Literal["production", "sandbox", "test"] = "production"
    clock_file: str | None = None

    database_url: str = ""
    redis_url: str = ""

    port: int = 8000
    public_url: str = Field(
        "http://localhost:8000", validation_alias=AliasChoices("PUBLIC_URL", "FRONTEND_URL")
    )
    business_name: str = "Sarai"
    business_phone: str = ""

    whatsapp_phone_number_id: str = ""
    whatsapp_business_account_id: str = ""
    whatsapp_access_token: str = ""
    whatsapp_app_secret: str = ""
    whatsapp_verify_token: str = ""
    whatsapp_api_url: str = "https://graph.facebook.com"
    whatsapp_api_version: str = "v26.0"
    whatsapp_messages_per_second: int = 80
    admin_whatsapp_number: str = Field(
        "", validation_alias=AliasChoices("ADMIN_WHATSAPP_NUMBER", "ADMIN_PHONE")
    )

    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api_url: str = "https://api.stripe.com"

    encryption_key: str = ""

    booking_expiration_minutes: float = 15
    booking_expiration_check_interval_minutes: float = 5
    hold_grace_minutes: float = 2
    review_hours: float = 2
    payment_alert_minutes: float = 15
    owner_deadline_hours: float = 24
    max_days_ahead: int = 90

    turn_workers: int = 2
    sends_in_flight: int = 48
    sweeper: Literal["on", "off"] = "on"
    log_level: str = "INFO"

    @property
    def admin_numbers(self) -> list[str]:
        numbers = (number.strip() for number in self.admin_whatsapp_number.split(","))
        return [number if number.startswith("+") else f"+{number}" for number in numbers if number]

    @cached_property
    def rules(self) -> Rules:
        return Rules(
            hold=timedelta(minutes=self.booking_expiration_minutes),
            hold_grace=timedelta(minutes=self.hold_grace_minutes),
            review=timedelta(hours=self.review_hours),
            payment_alert=timedelta(minutes=self.payment_alert_minutes),
            owner_deadline=timedelta(hours=self.owner_deadline_hours),
            max_days_ahead=self.max_days_ahead,
            public_url=self.public_url.rstrip("/"),
            business_name=self.business_name,
            business_phone=self.business_phone or next(iter(self.admin_numbers), ""),
        )


NEEDED = (
    "database_url",
    "redis_url",
    "whatsapp_phone_number_id",
    "whatsapp_access_token",
    "whatsapp_app_secret",
    "whatsapp_verify_token",
    "admin_whatsapp_number",
    "stripe_secret_key",
    "stripe_webhook_secret",
    "encryption_key",
)


def load() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: one is missing, or the clock would be moved in production.
    """
    settings = Settings()  # type: ignore[call-arg]  # the aliased fields come from the environment
    for name in NEEDED:
        if not getattr(settings, name):
            raise SettingsError(f"{name.upper()} is not set; README.md, section Settings, says what it is.")
    if not all(map(sealed.is_key, sealed.keys_in(settings.encryption_key))):
        raise SettingsError("ENCRYPTION_KEY is no key; make one with: python -m models.sealed")
    if settings.environment == "production" and settings.clock_file:
        raise SettingsError("CLOCK_FILE moves the clock and is refused in production.")
    return settings
