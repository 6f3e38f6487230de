"""A process is known while it lives, under a name of its own, and missed when it is killed and only then."""

from __future__ import annotations

import os
import subprocess

import psycopg2
import pytest

import tally
from models import process
from models.process import SILENT_SECONDS, Process
from tests import factories as make
from tests.conftest import Scratch
from workers.heartbeat import Heartbeat


@pytest.fixture(autouse=True)
def _plain_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROCESS_NAME", raising=False)


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen(["true"]) as child:
        pass
    return child.pid


def look(scratch: Scratch) -> dict[str, Process]:
    with scratch.engine.connect() as connection:
        return {each.name: each for each in process.look(connection)}


def as_another_process(beat: Heartbeat, pid: int) -> Heartbeat:
    """The same on this machine with another number."""
    beat._wanted = beat._who = process.Identity("turns", beat._who.name, beat._who.machine, pid)
    return beat


def test_who_beats_is_known_and_who_leaves_is_not_missed(scratch: Scratch) -> None:
    heart = Heartbeat("turns")
    heart.start()
    make.wait_for(lambda: "turns" in look(scratch))
    assert look(scratch)["turns"].is_up
    heart.stop()
    assert look(scratch) == {}
    heart.stop()  # twice does no harm


def test_counts_travel_along(scratch: Scratch) -> None:
    heart = Heartbeat("turns")
    heart.beat()
    tally.TURNS.add("done")
    done = next(total for outcome, total in tally.TURNS.so_far() if outcome == "done")
    heart.beat()
    assert ["done", done] in look(scratch)["turns"].counts["turns"]


def test_the_supervisors_name_is_used(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCESS_NAME", "turns.7")
    Heartbeat("turns").beat()
    assert look(scratch)["turns.7"].kind == "turns"


def test_two_living_processes_have_two_names(scratch: Scratch) -> None:
    Heartbeat("turns").beat()
    twin = as_another_process(Heartbeat("turns"), os.getppid())
    twin.beat()
    twin.beat()
    assert set(look(scratch)) == {"turns", "turns.2"}


def test_who_follows_a_killed_one_takes_its_name_at_once(scratch: Scratch, dead: int) -> None:
    as_another_process(Heartbeat("turns"), dead).beat()
    Heartbeat("turns").beat()
    assert set(look(scratch)) == {"turns"}


def test_a_name_that_fell_silent_is_free_whoever_had_it(scratch: Scratch) -> None:
    as_another_process(Heartbeat("turns"), os.getppid()).beat()
    scratch.run("UPDATE processes SET beat_at = beat_at - :s * interval '1 s'", s=SILENT_SECONDS + 1)
    assert not look(scratch)["turns"].is_up
    Heartbeat("turns").beat()
    assert [each.is_up for each in look(scratch).values()] == [True]


def test_who_lost_its_name_takes_another_one(scratch: Scratch) -> None:
    """It hung for so long that another one took its name, and goes on."""
    hung = Heartbeat("turns")
    hung.beat()
    scratch.run("UPDATE processes SET pid = :pid", pid=os.getppid())
    hung.beat()
    assert set(look(scratch)) == {"turns", "turns.2"}


def test_a_crash_of_the_database_is_outlived(scratch: Scratch) -> None:
    heart = Heartbeat("turns")
    heart.beat()
    scratch.run("TRUNCATE processes")  # as PostgreSQL does with an unlogged table
    heart.beat()
    assert set(look(scratch)) == {"turns"}


def test_a_database_that_is_away_is_waited_for(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.heartbeat.BEAT_SECONDS", 0.01)
    tries: list[int] = []

    def away(self: Heartbeat) -> None:
        tries.append(1)
        raise psycopg2.OperationalError("away")

    with monkeypatch.context() as broken:
        broken.setattr(Heartbeat, "beat", away)
        heart = Heartbeat("turns")
        heart.start()
        make.wait_for(lambda: len(tries) > 3)
    make.wait_for(lambda: "turns" in look(scratch))
    heart.stop()


def test_a_machine_that_never_returns_is_forgotten(scratch: Scratch) -> None:
    as_another_process(Heartbeat("turns"), os.getppid()).beat()
    scratch.run("UPDATE processes SET machine = 'gone', beat_at = beat_at - interval '2 hours'")
    assert look(scratch) == {}
    Heartbeat("turns").beat()
    assert scratch.value("SELECT count(*) FROM processes") == 1


def test_a_count_is_exact_whoever_counts() -> None:
    from concurrent.futures import ThreadPoolExecutor

    count = tally.Count("of_a_test", "A test's own.", "who")
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: [count.add("a") for _ in range(1000)], range(8)))
        assert count.so_far() == [["a", 8000]]
    finally:
        tally.Count.every.pop("of_a_test")
