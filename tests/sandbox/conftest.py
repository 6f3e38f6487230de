"""A sandbox of the tests' own, and fixtures for whoever is in it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.driver import Person, World
from tests.sandbox.desk import KINDS, NUMBER, OWNER_REQUEST, TOKEN, Product, Send, start_sandbox

_people = itertools.count(1)


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    product = Product()
    yield product
    product.server.shutdown()


@pytest.fixture(scope="session")
def page_url(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sandbox")
    templates = folder / "templates"
    templates.mkdir()
    (templates / "owner_request.json").write_text(json.dumps(OWNER_REQUEST))
    (templates / "broken.json").write_text(json.dumps({**OWNER_REQUEST, "name": "broken", "components": []}))
    process, url = start_sandbox(folder, product.url, "--templates", str(templates))
    yield url
    process.terminate()
    assert process.wait(120) == 0


@pytest.fixture(scope="session")
def world(page_url: str) -> Iterator[World]:
    world = World(page_url)
    # The rates have tests of their own.
    world.whatsapp.limits(per_second=100_000, pair_burst=100_000)
    yield world
    world.close()


@pytest.fixture(autouse=True)
def _calm(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test leaves good manners and the right time behind."""
    yield
    if "world" in request.fixturenames:
        world: World = request.getfixturevalue("world")
        request.getfixturevalue("product").answers.clear()
        world.whatsapp.heals()
        world.whatsapp.behaves()
        world.stripe.heals()
        world.stripe.behaves()
        world.paytm.heals()
        world.paytm.behaves()
        world.razorpay.heals()
        world.razorpay.behaves()
        world.clock.resets()


@pytest.fixture
def stranger(world: World) -> Person:
    """Somebody who never wrote to the business."""
    return world.person(f"Stranger {next(_people)}")


@pytest.fixture
def guest(stranger: Person) -> Person:
    """Somebody who has just written, so that the window is open."""
    stranger.says("hi")
    return stranger


@pytest.fixture(scope="session")
def graph(world: World) -> Iterator[httpx.Client]:
    """A plain HTTP client of the Cloud API."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=world.whatsapp_url + "/v26.0", headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def send(graph: httpx.Client) -> Send:
    """Posts a message to somebody: `send(guest, text={"body": "x"})`."""

    def send(to: Person | str, **message: Any) -> httpx.Response:
        address = {"to": to.phone if isinstance(to, Person) else to}
        kind = next((name for name in message if name in KINDS), "text")
        body = {"messaging_product": "whatsapp", "type": kind, **address, **message}
        return graph.post(f"/{NUMBER}/messages", json=body)

    return send
