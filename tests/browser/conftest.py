"""The sandbox as a newcomer opens it: the real product on real processes, in a real browser.

`make test ARGS=tests/browser PICTURES=folder` keeps every picture that the tests take; `README_PICTURES=1` renews
the ones in docs/images.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from run.stack import Stack
from sandbox.driver import World
from tests.browser.gallery import Business
from tests.browser.phone import PATIENCE, Phone
from tests.browser.watch import Watch
from tests.sandbox.desk import TOKEN, Product, start_sandbox

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NARROW = {"width": 360, "height": 780}
WIDE = {"width": 1280, "height": 860}


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """What `make run` starts, with the usual samples, on free ports and in a data folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="sarai-browser-", ignore_cleanup_errors=True) as folder,
        Stack(Path(folder) / "data") as running,
    ):
        yield running


@pytest.fixture(scope="session")
def world(stack: Stack) -> Iterator[World]:
    """The same sandbox for what needs no browser: the clock, and other people."""
    world = World(stack.page_url)
    yield world
    world.close()


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A sandbox alone, beside a product that only takes note: what is drawn is what the test sends."""
    product = Product()
    process, url = start_sandbox(tmp_path_factory.mktemp("desk"), product.url)
    world = World(url)
    world.whatsapp.limits(per_second=10_000, pair_burst=10_000)
    yield world
    world.close()
    process.terminate()
    assert process.wait(120) == 0
    product.server.shutdown()


@pytest.fixture(scope="session")
def business(desk: World) -> Iterator[Business]:
    """The business's side of that sandbox."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=desk.whatsapp_url + "/v26.0", headers=headers, timeout=60) as graph:
        yield Business(graph)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = _chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


def _chromium() -> str:
    wanted = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(wanted).is_file():
        pytest.fail(
            f"There is no Chromium at {wanted}. Install it (apt-get install chromium) or name yours: "
            "CHROMIUM=/path/to/chromium.",
            pytrace=False,
        )
    return wanted


@pytest.fixture
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """Looks on while the test uses its pages, and complains at the end."""
    kept = os.environ.get("PICTURES")
    watch = Watch(Path(kept) if kept else tmp_path_factory.mktemp("pictures"))
    yield watch
    watch.complain()


@pytest.fixture
def small_screen(browser: Browser, watch: Watch) -> Iterator[BrowserContext]:
    """A browser on a small phone: 360 px wide, touched with a finger."""
    yield from _watched(browser.new_context(viewport=NARROW, has_touch=True), watch)


@pytest.fixture
def laptop(browser: Browser, watch: Watch) -> Iterator[BrowserContext]:
    """A browser on a laptop: 1280 px wide, used with a mouse."""
    yield from _watched(browser.new_context(viewport=WIDE), watch)


def _watched(context: BrowserContext, watch: Watch) -> Iterator[BrowserContext]:
    context.set_default_timeout(PATIENCE)
    watch.over(context)
    yield context
    watch.ends()
    context.close()


@pytest.fixture
def guest(small_screen: BrowserContext, stack: Stack) -> Phone:
    """The guest, on a small screen, where the three phones are tabs."""
    page = small_screen.new_page()
    page.goto(f"{stack.page_url}/?person=guest")
    return Phone(page, "guest")


@pytest.fixture
def table(laptop: BrowserContext, stack: Stack) -> dict[str, Phone]:
    """All three phones side by side."""
    page = laptop.new_page()
    page.goto(f"{stack.page_url}/")
    return {person: Phone(page, person) for person in ("guest", "owner", "admin")}
