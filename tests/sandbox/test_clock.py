"""The shared clock: an offset in a file, written whole, read by everyone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sandbox.clock import Clock
from sandbox.driver import Person, World
from tests.sandbox.desk import Product


def test_two_readers_agree_on_the_time(tmp_path: Path) -> None:
    writer, reader = Clock(tmp_path / "deep" / "clock"), Clock(tmp_path / "deep" / "clock")
    assert reader.offset == 0
    writer.advance(3600)
    assert reader.offset == 3600
    assert reader.now() == pytest.approx(time.time() + 3600, abs=60)
    writer.advance(-30.5)
    assert reader.offset == 3569.5
    writer.reset()
    assert reader.offset == 0
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["clock"]


@pytest.mark.parametrize("text", ["", "soon", "\n"])
def test_an_unreadable_offset_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock").write_text(text)
    assert Clock(tmp_path / "clock").offset == 0


def test_the_driver_moves_the_clock_and_messages_carry_its_time(
    world: World, guest: Person, product: Product
) -> None:
    before = world.clock.now
    after = world.clock.passes(days=1, hours=2)
    assert (after - before).total_seconds() == pytest.approx(26 * 3600, abs=60)
    guest.says("tomorrow")
    sent = int(product.items("messages", guest.user_id)[-1]["timestamp"])
    assert sent == pytest.approx(after.timestamp(), abs=60)
    world.clock.moves_to(before)
    assert world.clock.now.timestamp() == pytest.approx(before.timestamp(), abs=60)
