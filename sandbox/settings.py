"""What the sandbox is told at its start, with the defaults that `make run` gives the product too."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields
from pathlib import Path

# The events that the endpoint at Stripe is subscribed to, as docs/going-live.md says; "*" for all there are.
STRIPE_EVENTS = (
    "checkout.session.completed,checkout.session.expired,payment_intent.succeeded,payment_intent.payment_failed,"
    "payment_intent.canceled,charge.refunded,refund.updated,refund.failed,charge.dispute.created"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Ports, addresses and the secrets that both sides know; none of them opens anything elsewhere."""

    data: Path
    clock_file: Path
    page_port: int = 8400
    whatsapp_port: int = 8401
    stripe_port: int = 8402
    paytm_port: int = 8403
    razorpay_port: int = 8405
    gmail_port: int = 8404
    product_url: str = "http://127.0.0.1:8000"
    templates: Path = Path("flows/templates")
    app_secret: str = "sandbox-app-secret"
    verify_token: str = "sandbox-verify"
    access_token: str = "sandbox-token"
    phone_number_id: str = "200000000000001"
    waba_id: str = "100000000000001"
    display_number: str = "15550001111"
    business_name: str = "Sarai"
    stripe_key: str = "sk_test_sandbox"
    stripe_webhook_secret: str = "whsec_sandbox"
    stripe_events: str = STRIPE_EVENTS
    paytm_mid: str = "SANDBX00000000000001"
    paytm_key: str = "sandbox#key&@16c"
    razorpay_key_id: str = "rzp_test_sandbox"
    razorpay_key_secret: str = "sandbox-razorpay-key-secret"
    razorpay_webhook_secret: str = "sandbox-razorpay-webhook"
    messages_per_second: float = 80.0
    pair_seconds: float = 6.0
    pair_burst: int = 45


def parse(arguments: list[str] | None = None) -> Settings:
    """Read the command line; every option has a default but the data folder."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="WhatsApp and payment providers on this machine"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder for chats, sessions and media")
    parser.add_argument(
        "--clock-file", type=Path, help="file that holds the clock's offset (default: in --data)"
    )
    for option in fields(Settings):
        if option.name in ("data", "clock_file"):
            continue
        kind = Path if option.name == "templates" else type(option.default)
        flag = "--" + option.name.replace("_", "-")
        parser.add_argument(flag, type=kind, default=option.default, help=f"default {option.default}")
    given = vars(parser.parse_args(arguments))
    given["clock_file"] = given["clock_file"] or given["data"] / "clock"
    given["product_url"] = given["product_url"].rstrip("/")
    return Settings(**given)
