"""The page to try the API, as an admin opens it on a desk and on a phone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from run.stack import Stack
from tests.browser.conftest import NARROW, WIDE
from tests.conftest import PROJECT

LOGIN, PASSWORD = "bilal@example.com", "correct horse battery"


@pytest.fixture(scope="module")
def address(stack: Stack) -> str:
    subprocess.run(
        [sys.executable, "-m", "doctor.admin", LOGIN, "--name", "Bilal", "--sandbox"],
        input=f"{PASSWORD}\n",
        text=True,
        check=True,
        cwd=PROJECT,
        env={**os.environ, "DATA_DIR": str(stack.data_dir)},
    )
    return f"{stack.product_url}/api/docs"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_an_admin_signs_in_and_tries_an_operation(
    browser: Browser, address: str, size: dict[str, int]
) -> None:
    page = browser.new_page(viewport=size)  # type: ignore[arg-type]
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: said.append(request.url) if "/api/" not in request.url else None)
    page.goto(address)
    page.get_by_label("Login").fill(LOGIN)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("status")).to_have_text("Signed in: Bilal (admin).")
    card = page.locator("#pending_verifications")
    card.locator("summary").first.click()
    card.get_by_role("button", name="Send").click()
    expect(card.locator(".status")).to_have_text("200")
    expect(card.locator("pre")).to_contain_text('"bookings"')
    assert page.locator("html").evaluate("page => page.scrollWidth <= innerWidth")
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=str(Path(folder) / f"api-{size['width']}.png"), full_page=False)
    page.close()
    assert said == []
