"""What every process is told: the addresses of this start, and in the sandbox whose stand-ins it talks to."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# The sandbox's own defaults (sandbox/settings.py): both sides know these secrets, and none is worth anything.
SANDBOX = {
    "ENVIRONMENT": "sandbox",
    "HOST": "127.0.0.1",
    "WHATSAPP_PHONE_NUMBER_ID": "200000000000001",
    "WHATSAPP_NUMBER": "+15550001111",
    "WHATSAPP_BUSINESS_ACCOUNT_ID": "100000000000001",
    "WHATSAPP_ACCESS_TOKEN": "sandbox-token",
    "WHATSAPP_APP_SECRET": "sandbox-app-secret",
    "WHATSAPP_VERIFY_TOKEN": "sandbox-verify",
    "WHATSAPP_API_VERSION": "v26.0",
    "ADMIN_WHATSAPP_NUMBER": "+923000000301",
    "BUSINESS_PHONE": "+15550001111",
    "STRIPE_SECRET_KEY": "sk_test_sandbox",
    "STRIPE_WEBHOOK_SECRET": "whsec_sandbox",
    "PAYTM_MID": "SANDBX00000000000001",
    "PAYTM_MERCHANT_KEY": "sandbox#key&@16c",
    "RAZORPAY_KEY_ID": "rzp_test_sandbox",
    "RAZORPAY_KEY_SECRET": "sandbox-razorpay-key-secret",
    "RAZORPAY_WEBHOOK_SECRET": "sandbox-razorpay-webhook",
    "JWT_SECRET": "sandbox-jwt-secret-sandbox-jwt-secret",
    "ENCRYPTION_KEY": "c2FuZGJveC1zYW5kYm94LXNhbmRib3gtc2FuZGJveC0=",
}


@dataclass(frozen=True)
class Ports:
    product: int
    page: int
    whatsapp: int
    stripe: int
    paytm: int
    razorpay: int
    gmail: int


def common(given: Mapping[str, str], data: Path, port: int) -> dict[str, str]:
    """The environment as it is, with our Python first in PATH and the facts of this start."""
    return {
        **given,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), given.get("PATH", os.defpath))),
        "PYTHONUNBUFFERED": "1",
        "DATA_DIR": str(data),
        "PORT": str(port),
    }


def sandboxed(environment: Mapping[str, str], ports: Ports, clock_file: Path) -> dict[str, str]:
    """The same, pointed at the stand-ins.

    Whatever identities the shell has are replaced: real keys have no business in a sandbox.
    """
    return {
        **environment,
        **SANDBOX,
        "PUBLIC_URL": f"http://localhost:{ports.product}",
        "WHATSAPP_API_URL": f"http://127.0.0.1:{ports.whatsapp}",
        "STRIPE_API_URL": f"http://127.0.0.1:{ports.stripe}",
        "PAYTM_API_URL": f"http://127.0.0.1:{ports.paytm}",
        "RAZORPAY_API_URL": f"http://127.0.0.1:{ports.razorpay}",
        "GMAIL_ENABLED": "true",
        "GMAIL_CHECK_INTERVAL_MINUTES": "0.05",
        "GMAIL_API_URL": f"http://127.0.0.1:{ports.gmail}",
        # Both are laid out by the stand-in, as Google would hand them out.
        "GMAIL_CREDENTIALS_PATH": str(clock_file.parent / "sandbox" / "gmail-credentials.json"),
        "GMAIL_TOKEN_PATH": str(clock_file.parent / "sandbox" / "gmail-token.json"),
        "CLOCK_FILE": str(clock_file),
    }


def store_urls(given: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The database and Redis that the environment names; None where it names none."""
    database_url = given.get("DATABASE_URL") or None
    if database_url is not None:
        # Hosts hand out postgres://, and without a driver's name SQLAlchemy 2.1 takes one we do not install.
        database_url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", database_url)
    redis_url = given.get("REDIS_URL") or None
    if redis_url is None and (host := given.get("REDIS_HOST")):
        password = given.get("REDIS_PASSWORD", "")
        login = f":{quote(password, safe='')}@" if password else ""
        redis_url = f"redis://{login}{host}:{given.get('REDIS_PORT') or 6379}/{given.get('REDIS_DB') or 0}"
    return database_url, redis_url
