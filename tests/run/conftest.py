from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from run import places
from run.procfile import ROOT
from run.stack import Stack
from run.start import PARTS
from tests.run.processes import MARK, wait_until_none

# The real line for the web server, with its real options, and a product of twenty lines behind it.
WEB = next(
    line for line in (ROOT / "Procfile").read_text().splitlines(keepends=True) if line.startswith("web:")
)
WEB = WEB.replace("wsgi:app", "tests.run.fake_app:app")
PROCFILE = WEB + "turns: sleep 1000\nclock: sleep 1000\n"
STORES_ELSEWHERE = {"DATABASE_URL": "postgresql://db.invalid/sarai", "REDIS_URL": "redis://redis.invalid"}
SHELL = {"STRIPE_SECRET_KEY": "sk_live_of_the_shell"}


@pytest.fixture
def data() -> Iterator[Path]:
    with places.temporary() as folder:
        yield folder


@pytest.fixture
def mark() -> str:
    return uuid.uuid4().hex


MakeStack = Callable[..., Stack]


@pytest.fixture
def make_stack(mark: str) -> Iterator[MakeStack]:
    """Make a stack of a Procfile's text, without the product; it ends with the test.

    Without stores it is told of some elsewhere, which nobody asks, and starts a second sooner.
    """
    with ExitStack() as cleanup:

        def make(procfile: str = PROCFILE, *, data: Path | None = None, stores: bool = True) -> Stack:
            folder = data or cleanup.enter_context(places.temporary())
            path = folder / "Procfile"
            path.write_text(procfile)
            around = {MARK: mark, **SHELL, **({} if stores else STORES_ELSEWHERE)}
            stack = Stack(folder, procfile=path, without=PARTS, around=around)
            cleanup.callback(stack.down)
            return stack

        yield make
    assert not wait_until_none(mark)


@pytest.fixture(scope="module")
def module_stack() -> Iterator[Stack]:
    """One start for the tests that break single processes and leave the rest as it was."""
    with places.temporary() as folder:
        (folder / "Procfile").write_text(PROCFILE)
        stack = Stack(
            folder, procfile=folder / "Procfile", without=PARTS, settings={"SWEEPER": "off"}, around=SHELL
        )
        with stack:
            yield stack
