"""The installation that all fault tests share for as long as they pass: one that fails leaves it to nobody else."""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.faults.house import House, running

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


class Installation:
    """Started when it is first asked for, and anew after it was given up."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._house: House | None = None
        self._cleanup = contextlib.ExitStack()

    def house(self) -> House:
        if self._house is None:
            folder = tempfile.TemporaryDirectory(prefix="sarai-faults-", ignore_cleanup_errors=True)
            self._house = self._cleanup.enter_context(running(Path(self._cleanup.enter_context(folder))))
        return self._house

    def give_up(self) -> None:
        self._house = None
        self._cleanup.close()


@pytest.fixture(scope="session")
def seed() -> int:
    """Another one each time, unless FAULTS_SEED names one to see the same again."""
    return int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(10**6))


@pytest.fixture(scope="session")
def installation(seed: int) -> Iterator[Installation]:
    made = Installation(seed)
    yield made
    made.give_up()


@pytest.fixture
def house(installation: Installation, seed: int, request: pytest.FixtureRequest) -> Iterator[House]:
    """The product as it is, with all well outside, and dice of this test's own."""
    print(f"\nFAULTS_SEED={seed}")  # here, so that it stands beside each test that fails
    house = installation.house()
    house.dice = random.Random(f"{seed} {request.node.name}")
    yield house
    if request.node.stash[_FAILED]:
        installation.give_up()
    else:
        house.meta.behaves()


@pytest.fixture
def house_to_spoil(seed: int) -> Iterator[House]:
    """Another one, from which a test may take away what must not be missing."""
    made = Installation(seed)
    yield made.house()
    made.give_up()
