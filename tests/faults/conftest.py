"""Installations for the faults: one for most tests, and one that lacks what must not be missing."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import House, running


@pytest.fixture(scope="session")
def seed() -> int:
    """Another one each time, unless FAULTS_SEED names one to see the same again."""
    found = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"\nFAULTS_SEED={found}")
    return found


@pytest.fixture(scope="session")
def house(seed: int) -> Iterator[House]:
    """The product as it is."""
    with _folder() as folder, running(Path(folder), seed) as made:
        yield made


@pytest.fixture(scope="session")
def house_without(seed: int) -> Iterator[House]:
    """The product with its sweeper off; a test may take more away."""
    with _folder() as folder, running(Path(folder), seed, settings={"SWEEPER": "off"}) as made:
        yield made


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="sarai-faults-", ignore_cleanup_errors=True)
