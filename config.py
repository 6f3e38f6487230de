"""Every environment variable, read once at the top of each process, typed, with a default where one can serve.

Each setting says here what it is; `make settings` writes docs/settings.md from that, and a test holds the two
together. In production a secret that is missing, weak or known from the sandbox ends the start with one
sentence that names it; no sentence, log line or error shows a secret's value.
"""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import combinations
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import AliasChoices, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models import sealed
from models.payment import CARD, PAYTM, RAZORPAY, TRANSFER
from models.rules import Rules

# What has to be set for a way to pay to be open; all of it or none. Whether there is an account that takes a
# transfer is seen when one is asked for.
WAYS: Mapping[str, tuple[str, ...]] = {
    CARD: ("stripe_secret_key", "stripe_webhook_secret"),
    PAYTM: ("paytm_mid", "paytm_merchant_key"),
    RAZORPAY: ("razorpay_key_id", "razorpay_key_secret", "razorpay_webhook_secret"),
    TRANSFER: (),
}


class SettingsError(SystemExit):
    """A setting is missing or weak: the process ends with one sentence that names it and shows no secret."""


@dataclass(frozen=True)
class Secret:
    """What a real one looks like; production takes nothing else.

    Attributes:
        shape: the whole value, as a regular expression.
        look: the same in words, and where it is found or made.
        bits: how hard to guess its letters make it at least.
    """

    shape: str
    look: str
    bits: float = 60


_OWN_CHOICE = Secret(
    r"[!-~]{16,}",
    "16 or more random letters and digits of your own choice; `openssl rand -hex 24` makes some",
    50,
)
_APP_SECRET = Secret(
    r"[0-9a-f]{32}", "32 hexadecimal digits, in Meta's app dashboard under App settings, Basic", 90
)
_ACCESS_TOKEN = Secret(r"[!-~]{60,}", "the long token of a system user, begun with EAA", 150)
_STRIPE_KEY = Secret(
    r"[sr]k_(live|test)_\w{20,}", "sk_live_… or a restricted rk_live_…, in Stripe's dashboard under API keys"
)
_STRIPE_WEBHOOK = Secret(r"whsec_[\w+/=-]{24,}", "whsec_…, which Stripe shows beside the webhook endpoint")
_SIGNING = Secret(
    r"[!-~]{32,}", "32 or more random letters and digits; `openssl rand -hex 32` makes some", 110
)
# Paytm gives keys with # and & in them, of 16 characters or twice as many: what AES takes.
_PAYTM_KEY = Secret(
    r"[!-~]{16}|[!-~]{32}",
    "the merchant key of 16 characters, in Paytm's dashboard under Developer settings, API keys",
    40,
)
_RAZORPAY_SECRET = Secret(
    r"\w{20,40}", "24 letters and digits, which Razorpay shows once beside the key's id when the key is made"
)
_ENCRYPTION = Secret(r"[\w=, -]{43,}", "what `python -m models.sealed` prints", 100)


def _setting(
    default: Any,
    about: str,
    *,
    heading: str | None = None,
    secret: Secret | None = None,
    needed: bool = False,
    names: tuple[str, ...] = (),
    hidden: bool = False,
    least: float | None = None,
) -> Any:
    """One setting, and what docs/settings.md says of it.

    Args:
        heading: of this one and those that follow.
        needed: no start without it.
        names: all its names, where the documents have several; the first one wins and is the one we speak of.
        hidden: holds a password among other things, and is printed as little as a secret.
        least: a smaller number is refused.
    """
    return Field(
        default,
        description=about,
        validation_alias=AliasChoices(*names) if names else None,
        repr=not (secret or hidden),
        ge=least,
        json_schema_extra={"heading": heading, "secret": secret, "needed": needed},  # type: ignore[dict-item]
    )


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        extra="ignore", populate_by_name=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    environment: Literal["production", "sandbox", "test"] = _setting(
        "production",
        "`sandbox` and `test` may move the clock and use secrets that everybody knows.",
        heading="Where it runs",
    )
    clock_file: str | None = _setting(
        None,
        "A file with seconds by which the clock is moved, for the sandbox and tests; refused in production.",
    )
    database_url: str = _setting(
        "",
        "PostgreSQL 14 or newer, a direct connection: `postgresql://user:password@host/sarai`. `make start` and "
        "`make run` start an embedded server under `DATA_DIR` where it is not set.",
        needed=True,
        hidden=True,
    )
    redis_url: str = _setting(
        "",
        "Redis 6 or Valkey 8, or newer: `redis://:password@host:6379/0`. Embedded like the database where neither "
        "it nor `REDIS_HOST` is set.",
        needed=True,
        hidden=True,
    )
    redis_host: str = _setting("", "In place of `REDIS_URL`, together with the next three.")
    redis_port: int = _setting(6379, "Redis's port.", least=1)
    redis_password: str = _setting("", "Redis's password.", hidden=True)
    redis_db: int = _setting(0, "The number of Redis's database.", least=0)
    port: int = _setting(8000, "The web process's port.", least=1)
    public_url: str = _setting(
        "http://localhost:8000",
        "How the outside reaches the web process: in tickets, pictures, and Stripe's way back. With https in "
        "production.",
        names=("PUBLIC_URL", "FRONTEND_URL"),
    )
    turn_workers: int = _setting(2, "How many processes take turns; the same on every machine.", least=1)
    sends_in_flight: int = _setting(48, "Messages under way to WhatsApp at once.", least=1)
    sweeper: Literal["on", "off"] = _setting(
        "on", "Whether the clock process looks each second for what was left behind; off only in tests."
    )
    log_level: str = _setting("INFO", "Logs are JSON lines with ids and codes, without what people wrote.")
    metrics_token: str = _setting(
        "",
        "Who asks `/metrics` shows it (`Authorization: Bearer …`). Without one nobody sees the figures in "
        "production.",
        secret=_OWN_CHOICE,
    )

    business_name: str = _setting(
        "Sarai", "The host's name on tickets and in messages.", heading="The business"
    )
    business_phone: str = _setting("", "The host's phone on tickets; the first admin's where it is not set.")
    admin_whatsapp_number: str = _setting(
        "",
        "The first admins, with country code; several with commas between them: `+15550100100,+15550100101`.",
        needed=True,
        names=("ADMIN_WHATSAPP_NUMBER", "ADMIN_PHONE"),
    )
    payment_provider_name: str = _setting(
        "",
        "Whose the first account is that guests transfer to: `NayaPay`. More accounts are in the listings file.",
    )
    payment_provider_email: str = _setting(
        "", "What guests transfer to there, as they type it: an address, a number, an IBAN, a UPI id."
    )

    whatsapp_phone_number_id: str = _setting(
        "",
        "The id, not the number, of the number that writes: 15 digits or so.",
        heading="WhatsApp",
        needed=True,
    )
    whatsapp_number: str = _setting(
        "",
        "The number that people write to, with country code: where a link into the chat leads, such as the owner's "
        "“check in” on a ticket. Without it that page says what to type.",
    )
    whatsapp_business_account_id: str = _setting(
        "", "The id of the WhatsApp business account (WABA); `make templates` and `make doctor` need it."
    )
    whatsapp_access_token: str = _setting(
        "", "A system user's token that does not expire.", secret=_ACCESS_TOKEN, needed=True
    )
    whatsapp_app_secret: str = _setting(
        "", "Shows that a call of the webhook comes from Meta.", secret=_APP_SECRET, needed=True
    )
    whatsapp_verify_token: str = _setting(
        "", "The word that Meta and we exchange when the webhook is set up.", secret=_OWN_CHOICE, needed=True
    )
    whatsapp_api_url: str = _setting(
        "https://graph.facebook.com", "Where the Graph API is; pointed elsewhere by sandbox and tests."
    )
    whatsapp_api_version: str = _setting("v26.0", "The version of the Graph API that we were tested with.")
    whatsapp_messages_per_second: int = _setting(
        80, "How fast we send at most. Meta counts both directions: set it lower on a busy number.", least=1
    )

    stripe_secret_key: str = _setting(
        "",
        "The key for cards by Stripe; without it nothing is paid by card.",
        heading="Stripe",
        secret=_STRIPE_KEY,
    )
    stripe_webhook_secret: str = _setting(
        "",
        "Shows that a call of `PUBLIC_URL/api/payments/stripe/webhook` comes from Stripe.",
        secret=_STRIPE_WEBHOOK,
    )
    stripe_api_url: str = _setting(
        "https://api.stripe.com", "Where Stripe's API is; pointed elsewhere by sandbox and tests."
    )

    paytm_mid: str = _setting(
        "", "The merchant id (MID) at Paytm; without it nothing is paid by Paytm.", heading="Paytm"
    )
    paytm_merchant_key: str = _setting(
        "",
        "Signs what we ask and shows that a callback comes from Paytm. It may hold `#` and `&`: put it in single "
        "quotes in a shell or an env file.",
        secret=_PAYTM_KEY,
    )
    paytm_website: str = _setting("DEFAULT", "The website's name at Paytm; `WEBSTAGING` on its staging.")
    paytm_callback_url: str = _setting(
        "",
        "Where Paytm's page and server tell what happened; `PUBLIC_URL/api/payments/paytm/callback` where it is not "
        "set.",
    )
    paytm_api_url: str = _setting(
        "https://secure.paytmpayments.com",
        "Where Paytm is; its staging is at https://securestage.paytmpayments.com, with keys of its own.",
    )

    razorpay_key_id: str = _setting(
        "",
        "The key for Razorpay, `rzp_live_…`; without it nothing is paid by Razorpay. Its dashboard has it under "
        "Account & Settings, API Keys.",
        heading="Razorpay",
    )
    razorpay_key_secret: str = _setting("", "The secret of that key.", secret=_RAZORPAY_SECRET)
    razorpay_webhook_secret: str = _setting(
        "",
        "Shows that a call of `PUBLIC_URL/api/payments/razorpay/webhook` comes from Razorpay; typed in where the "
        "webhook is set up.",
        secret=_OWN_CHOICE,
    )
    razorpay_api_url: str = _setting(
        "https://api.razorpay.com", "Where Razorpay's API is; pointed elsewhere by sandbox and tests."
    )

    gmail_enabled: bool = _setting(
        False,
        "Whether a mailbox is read in which wallets and banks tell of transfers. Where it is not, an admin looks for "
        "each of them.",
        heading="Gmail",
    )
    gmail_credentials_path: str = _setting(
        "",
        "The OAuth client of the type “Desktop app” that Google Cloud hands out as a file; for `make gmail`.",
    )
    gmail_token_path: str = _setting(
        "",
        "Where `make gmail` writes the permission to read the mailbox, sealed, and where it is read: a file that the "
        "product's user may write.",
    )
    gmail_api_url: str = _setting(
        "https://gmail.googleapis.com", "Where Gmail's API is; pointed elsewhere by sandbox and tests."
    )
    gmail_check_interval_minutes: float = _setting(
        2, "How often the mailbox is looked at; fractions are allowed.", least=0.01
    )
    gmail_query: str = _setting(
        "",
        "What else a mail must be to be read, in Gmail's own words, where the mailbox is not for payments alone: "
        "`label:payments` or `from:(nayapay.com OR meezanbank.com)`.",
    )
    gmail_mark_as_read: bool = _setting(
        False,
        "Whether mails that tell of money are marked as read. It needs the permission to change the mailbox, which "
        "`make gmail` then asks for.",
    )

    verification_mode: Literal["manual", "automated", "hybrid"] = _setting(
        "manual",
        "How far transfers verify themselves. `manual`: everything is proposed to an admin. `automated`: a safe match "
        "confirms itself, the rest waits in the unmatched list. `hybrid`: a safe match confirms itself, the rest is "
        "proposed. An admin may switch it in the chat, which holds from then on.",
        heading="Transfers",
    )
    auto_confirm_confidence: int = _setting(
        70,
        "From which score on, of 100, a match confirms by itself; it has to be 20 ahead of every other as well.",
        least=1,
    )
    match_tie: Literal["ask", "latest"] = _setting(
        "ask",
        "A transfer that several bookings could be meant by: `ask` the guests, then an admin; or the `latest` booking "
        "wins, as in document 004, which gives money to the wrong guest now and then.",
    )

    encryption_key: str = _setting(
        "",
        "Seals what nobody but us may read. Several with commas between them, the newest first: what an older "
        "one sealed can still be opened.",
        heading="What is sealed",
        secret=_ENCRYPTION,
        needed=True,
    )

    jwt_secret: str = _setting(
        "",
        "Signs the tokens of admins and staff who have signed in. A new one signs everybody out.",
        heading="The admin API",
        secret=_SIGNING,
        needed=True,
    )
    rate_limit: int = _setting(
        10, "Calls a minute from one address that may come without a token, such as signing in.", least=1
    )
    staff_rate_limit: int = _setting(
        3000, "Calls a minute of one account, of whoever has signed in with it.", least=1
    )
    proxy_hops: int = _setting(
        0,
        "How many proxies of yours stand in front of the web process and add to `X-Forwarded-For`: whose calls are "
        "counted, and what the audit says they came from. With 0 that header is not believed.",
        least=0,
    )

    booking_expiration_minutes: float = _setting(
        15, "How long an unpaid booking keeps its place.", heading="Times and limits", least=1
    )
    booking_expiration_check_interval_minutes: float = _setting(
        5, "How often the sweep behind the holds' own timers looks.", least=0.05
    )
    hold_grace_minutes: float = _setting(
        2, "How overdue a hold is before a rival may take the place.", least=0
    )
    review_hours: float = _setting(2, "When a payment that nobody judged ends.", least=0)
    payment_alert_minutes: float = _setting(
        15, "When the admin hears of a payment that is still pending.", least=0
    )
    owner_deadline_hours: float = _setting(
        24, "When a request that its owner never answered is declined and paid back.", least=0
    )
    max_days_ahead: int = _setting(90, "How far ahead can be booked.", least=1)

    @model_validator(mode="before")
    @classmethod
    def _read_addresses(cls, given: Any) -> Any:
        """Hosts name their stores in several ways: with a scheme of their own, or Redis in parts."""
        if not isinstance(given, dict):
            return given
        if url := given.get("database_url"):
            # Without a driver's name SQLAlchemy takes one that we do not install.
            given["database_url"] = re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", str(url))
        if not given.get("redis_url") and (host := given.get("redis_host")):
            password = quote(str(given.get("redis_password") or ""), safe="")
            where = f"{host}:{given.get('redis_port') or 6379}/{given.get('redis_db') or 0}"
            given["redis_url"] = f"redis://:{password}@{where}" if password else f"redis://{where}"
        return given

    @property
    def admin_numbers(self) -> list[str]:
        numbers = (re.sub(r"[\s().-]", "", number) for number in self.admin_whatsapp_number.split(","))
        return [number if number.startswith("+") else f"+{number}" for number in numbers if number]

    @cached_property
    def ways(self) -> frozenset[str]:
        """The ways to pay that this business has switched on, by having their keys set."""
        return frozenset(way for way, names in WAYS.items() if all(getattr(self, name) for name in names))

    @cached_property
    def rules(self) -> Rules:
        return Rules(
            hold=timedelta(minutes=self.booking_expiration_minutes),
            hold_grace=timedelta(minutes=self.hold_grace_minutes),
            review=timedelta(hours=self.review_hours),
            payment_alert=timedelta(minutes=self.payment_alert_minutes),
            owner_deadline=timedelta(hours=self.owner_deadline_hours),
            max_days_ahead=self.max_days_ahead,
            ways=self.ways,
            verification_mode=self.verification_mode,
            auto_confirm_confidence=self.auto_confirm_confidence,
            match_tie=self.match_tie,
            public_url=self.public_url.rstrip("/"),
            business_name=self.business_name,
            business_phone=self.business_phone or next(iter(self.admin_numbers), ""),
        )


def load() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: the first problem there is with them.
    """
    settings = read()
    for problem in problems(settings):
        raise SettingsError(problem)
    return settings


def read() -> Settings:
    """The settings as they are given, complete or not.

    Raises:
        SettingsError: one cannot be read at all, such as a port that is no number.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise SettingsError(f"{str(first['loc'][0]).upper()} cannot be read: {first['msg']}.") from None


def problems(settings: Settings) -> Iterator[str]:
    """What keeps this installation from starting, a sentence each; none holds a secret."""
    for name in marked("needed"):
        if not getattr(settings, name):
            yield f"{name.upper()} is not set; docs/settings.md says what it is."
    for names in WAYS.values():
        given = [name.upper() for name in names if getattr(settings, name)]
        for name in names:
            if given and name.upper() not in given:
                yield f"{name.upper()} is not set, but {given[0]} is; docs/settings.md says what it is."
    if settings.encryption_key and not all(map(sealed.is_key, sealed.keys_in(settings.encryption_key))):
        yield "ENCRYPTION_KEY is no key; make one with: python -m models.sealed"
    if settings.gmail_enabled and not settings.gmail_token_path:
        yield "GMAIL_ENABLED is set and GMAIL_TOKEN_PATH is not; docs/settings.md says what it is."
    if wrong := [n for n in settings.admin_numbers if not re.fullmatch(r"\+[1-9]\d{6,14}", n)]:
        yield f"ADMIN_WHATSAPP_NUMBER: number {settings.admin_numbers.index(wrong[0]) + 1} is no phone number."
    if settings.environment == "production":
        yield from _unfit_for_production(settings)


def secrets(settings: Settings) -> dict[str, str]:
    """Every secret that is set, by the name of its setting."""
    return {name: value for name in marked("secret") if (value := getattr(settings, name))}


def marked(mark: str) -> dict[str, Any]:
    """What the settings that are marked so have under it, by name; marks are `secret` and `needed`."""
    found: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get(mark):
            found[name] = extra[mark]
    return found


def _unfit_for_production(settings: Settings) -> Iterator[str]:
    if settings.clock_file:
        yield "CLOCK_FILE moves the clock and is refused in production."
    given = secrets(settings)
    for name, value in given.items():
        if weakness := _weakness(marked("secret")[name], value):
            yield f"{name.upper()} {weakness}"
    for one, other in combinations(given, 2):
        if given[one] == given[other]:
            yield f"{one.upper()} and {other.upper()} are the same; each secret must be one of its own."
    address = urlsplit(settings.public_url)
    if address.scheme != "https":
        yield "PUBLIC_URL must begin with https:// in production: Meta and Stripe call nothing else."
    elif (address.hostname or "localhost") == "localhost" or address.hostname in ("127.0.0.1", "::1"):
        yield "PUBLIC_URL names this machine itself; the outside needs a name that leads here."
    for name in ("whatsapp_api_url", "stripe_api_url", "paytm_api_url", "razorpay_api_url", "gmail_api_url"):
        if urlsplit(getattr(settings, name)).scheme != "https":
            yield f"{name.upper()} must begin with https:// in production: our secrets travel there."


def _weakness(secret: Secret, value: str) -> str | None:
    """Why this value is not to be trusted; None for one that is."""
    if "sandbox" in value.lower() or any(b"sandbox" in _decoded(part) for part in sealed.keys_in(value)):
        return "is the sandbox's, which everybody knows; set the real one."
    if not re.fullmatch(secret.shape, value):
        return f"does not look like a real one: {secret.look}."
    if _bits(value) < secret.bits:
        return f"is too easy to guess: {secret.look}."
    return None


def _decoded(key: str) -> bytes:
    try:
        return base64.b64decode(key.encode(), altchars=b"-_", validate=True)
    except ValueError:
        return b""


def _bits(value: str) -> float:
    """The entropy of its letters: a word said over and over has little, however long it is."""
    counts = Counter(value).values()
    return sum(-count * math.log2(count / len(value)) for count in counts)
