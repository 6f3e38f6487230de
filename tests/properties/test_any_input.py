"""Whatever comes in, in whatever order: each message one bubble, no place twice, and always a way to a ticket.

A hundred sequences here; `make properties` runs thousands, with another seed each time.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from models import allocation
from tests.conftest import Scratch
from tests.properties.batch import PROVIDERS_FAIL_QUIETLY
from tests.properties.wanderer import Broken, Sequence

SEED, SEQUENCES, AT_ONCE = 20261121, 100, 25
RACES = 6


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=PROVIDERS_FAIL_QUIETLY)
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("first", range(0, SEQUENCES, AT_ONCE))
def test_whatever_comes_in_every_promise_holds_and_a_ticket_is_reached(scratch: Scratch, first: int) -> None:
    for number in range(first, first + AT_ONCE):
        Sequence(SEED, number).run()
        scratch.empty()


def test_a_claim_that_does_not_look_is_found_out(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: without the constraint, and with every unit taken for free, the same promises break."""
    everything = allocation.text("SELECT id FROM units WHERE listing_id = :listing_id LIMIT :most")
    monkeypatch.setattr(allocation, "_CANDIDATES_FROM_SAMPLE", everything)
    monkeypatch.setattr(allocation, "_CANDIDATES", everything)
    definition = scratch.value(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'no_double_booking'"
    )
    scratch.run("ALTER TABLE allocations DROP CONSTRAINT no_double_booking")
    try:
        stories = [_story_of(scratch, number) for number in range(RACES)]
        assert any("two have one unit at once" in story for story in stories), stories
    finally:
        scratch.empty()
        scratch.run(f"ALTER TABLE allocations ADD CONSTRAINT no_double_booking {definition}")


def _story_of(scratch: Scratch, number: int) -> str:
    try:
        Sequence(SEED, number, of_rivals=True).run()
    except Broken as broken:
        return str(broken)
    finally:
        scratch.empty()
    return ""
