"""The sandbox's Stripe on a port of its own, for the adapter's real calls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.driver import World
from tests.sandbox.desk import Product, start_sandbox


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """Takes note of the webhooks that Stripe sends."""
    product = Product()
    yield product
    product.server.shutdown()


@pytest.fixture(scope="session")
def _world(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    process, url = start_sandbox(tmp_path_factory.mktemp("sandbox"), product.url)
    world = World(url)
    yield world
    world.close()
    process.terminate()
    assert process.wait(10) == 0


@pytest.fixture
def world(_world: World) -> Iterator[World]:
    yield _world
    _world.behaves()
    _world.clock.resets()
