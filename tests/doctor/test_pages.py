"""What the pages for people promise is there: settings by their names, commands, events, addresses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.payment_webhooks import RAZORPAY_PATH, STRIPE_PATH
from bot.whatsapp_webhook import PATH
from config import Settings
from doctor.settings_page import STARTER
from integrations import razorpay_gateway
from integrations.stripe_gateway import EVENTS
from sandbox.settings import STRIPE_EVENTS
from tests.conftest import PROJECT

PAGES = [PROJECT / "README.md", PROJECT / "docs" / "going-live.md"]
GOING_LIVE = PAGES[1].read_text()
NOT_OURS = {"CHROMIUM", "FAIL", "MARKETING", "PINS"}  # in capitals, and no setting


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_that_a_page_names_is_one(page: Path) -> None:
    known = {name.upper() for name in Settings.model_fields} | set(STARTER) | {"ADMIN_PHONE", "FRONTEND_URL"}
    named = set(re.findall(r"\b[A-Z]{2,}(?:_[A-Z]+)+\b", page.read_text()))
    assert named - known - NOT_OURS == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_is_one(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", page.read_text())) <= targets
    for module in re.findall(r"python -m ([a-z_.]+)", page.read_text()):
        path = PROJECT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_to_is_there(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / link).exists(), link


def test_the_addresses_and_events_are_the_codes_own() -> None:
    assert f"PUBLIC_URL{PATH}" in GOING_LIVE and f"PUBLIC_URL{STRIPE_PATH}" in GOING_LIVE
    assert set(re.findall(r"\b(?:checkout|payment_intent|charge|refund)\.[a-z_.]+\w", GOING_LIVE)) == set(
        EVENTS
    )
    assert set(STRIPE_EVENTS.split(",")) == set(EVENTS)
    assert f"PUBLIC_URL{RAZORPAY_PATH}" in GOING_LIVE
    assert set(re.findall(r"\bpayment(?:_link)?\.[a-z_]+", GOING_LIVE)) == set(razorpay_gateway.EVENTS)
