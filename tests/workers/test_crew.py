"""A crew waits for the outside side by side, and forgets no result, whatever happens to the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from tests import factories as make
from workers import crew
from workers.crew import Crew


class Desk(Crew[str, str]):
    """Tasks are words on a list; each waits at the gate with its name until it is opened."""

    def __init__(self, most: int = 4) -> None:
        super().__init__("desk", most)
        self.waiting: list[str] = []
        self.recorded: list[str] = []
        self.looks: list[bool] = []
        self.rooms: list[int] = []
        self.under_way = 0
        self.most_under_way = 0
        self.gates: dict[str, threading.Event] = {}
        self.broken = False
        self._lock = threading.Lock()

    def exchange(self, results: Sequence[str], most: int, *, rung: bool) -> Sequence[str]:
        self.looks.append(rung)
        self.rooms.append(most)
        if self.broken:
            raise ConnectionError("the database is away")
        self.recorded += results
        tasks, self.waiting = self.waiting[:most], self.waiting[most:]
        return tasks

    def perform(self, task: str) -> str:
        with self._lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        if task in self.gates:
            self.gates[task].wait(120)
        with self._lock:
            self.under_way -= 1
        return task


def test_everything_that_waits_is_done_and_recorded_once() -> None:
    desk = Desk(most=3)
    desk.waiting = [str(n) for n in range(50)]
    desk.work(may_stop=lambda: True)
    assert sorted(desk.recorded, key=int) == [str(n) for n in range(50)]
    assert desk.most_under_way <= 3
    assert max(desk.rooms) == 3


def test_a_slow_task_stops_no_neighbour() -> None:
    desk = Desk(most=2)
    desk.gates["slow"] = threading.Event()
    desk.waiting = ["slow", *(str(n) for n in range(20))]
    with _working(desk):
        make.wait_for(lambda: len(desk.recorded) == 20)
        assert "slow" not in desk.recorded
        desk.gates["slow"].set()
        make.wait_for(lambda: "slow" in desk.recorded)


def test_a_crew_does_not_stop_while_something_is_under_way() -> None:
    desk = Desk()
    desk.gates["slow"] = threading.Event()
    desk.waiting = ["slow"]
    asked: list[list[str]] = []

    def may_stop() -> bool:
        asked.append(list(desk.recorded))
        return True

    working = threading.Thread(target=desk.work, args=(may_stop,))
    working.start()
    make.wait_for(lambda: desk.under_way == 1)
    desk.gates["slow"].set()
    working.join(120)
    assert asked == [["slow"]]  # not before


def test_a_result_is_kept_until_the_database_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "REST_SECONDS", 0.01)
    desk = Desk()
    desk.gates["paid"] = threading.Event()
    desk.waiting = ["paid"]
    with _working(desk):
        make.wait_for(lambda: desk.under_way == 1)
        desk.broken = True
        desk.gates["paid"].set()
        looks = len(desk.looks)
        make.wait_for(lambda: len(desk.looks) > looks + 2)  # asked again and again, and nothing is lost by it
        assert desk.recorded == []
        desk.broken = False
        make.wait_for(lambda: desk.recorded == ["paid"])
        desk.waiting = ["next"]
        desk.wake()
        make.wait_for(lambda: desk.recorded == ["paid", "next"])


def test_all_that_ended_while_the_database_was_away_is_recorded_before_anything_is_claimed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or the sweeper, which has given them up meanwhile, would have the later ones done twice."""
    monkeypatch.setattr(crew, "REST_SECONDS", 0.01)
    desk = Desk()
    desk.gates = {"a": threading.Event(), "b": threading.Event()}
    desk.waiting = ["a", "b"]
    with _working(desk):
        make.wait_for(lambda: desk.under_way == 2)
        desk.broken = True
        for name in ("a", "b"):
            looks = len(desk.looks)
            desk.gates[name].set()
            make.wait_for(lambda looks=looks: len(desk.looks) > looks + 2)
        desk.broken = False
        make.wait_for(lambda: desk.recorded != [])
        assert desk.recorded == ["a", "b"]
        assert desk.rooms[-1] == 4


def test_a_database_that_is_away_before_anything_was_claimed_is_asked_at_the_next_bell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crew, "REST_SECONDS", 0.01)
    desk = Desk()
    desk.broken, desk.waiting = True, ["a"]
    with _working(desk):
        make.wait_for(lambda: len(desk.looks) == 1)
        desk.broken = False
        desk.wake()
        make.wait_for(lambda: desk.recorded == ["a"])


def test_a_bell_makes_it_look_and_a_result_does_too() -> None:
    desk = Desk()
    desk.gates["a"] = threading.Event()
    with _working(desk):
        make.wait_for(lambda: desk.looks == [True])
        desk.waiting = ["a"]
        desk.wake()
        make.wait_for(lambda: desk.under_way == 1)
        desk.gates["a"].set()
        make.wait_for(lambda: desk.recorded == ["a"])
        assert desk.looks == [True, True, False]


def test_a_later_look_can_be_arranged() -> None:
    desk = Desk()
    with _working(desk):
        make.wait_for(lambda: desk.looks == [True])
        desk.wake_in(0.02)
        make.wait_for(lambda: desk.looks == [True, True])


def test_results_that_can_wait_are_recorded_together_or_with_a_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desk, "results_wait", 60.0)
    desk = Desk(most=3)
    desk.waiting = ["a", "b"]
    with _working(desk):
        make.wait_for(lambda: desk.looks == [True] and not desk.under_way)
        assert desk.recorded == []
        desk.wake()
        make.wait_for(lambda: sorted(desk.recorded) == ["a", "b"])
    assert desk.looks[:2] == [True, True]


def test_no_result_waits_while_all_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desk, "results_wait", 60.0)
    desk = Desk(most=2)
    desk.gates["slow"] = threading.Event()
    desk.waiting = ["slow", "a", "b", "c"]
    with _working(desk):
        make.wait_for(lambda: desk.recorded[:2] == ["a", "b"])


def test_a_crew_that_has_nothing_to_do_keeps_no_threads() -> None:
    desk = Desk(most=3)
    for _ in range(2):
        desk.waiting = [str(n) for n in range(9)]
        desk.work(may_stop=lambda: True)
        make.wait_for(lambda: not [t for t in threading.enumerate() if t.name.startswith("desk")])
    assert len(desk.recorded) == 18


@contextmanager
def _working(desk: Desk) -> Iterator[None]:
    over = threading.Event()
    working = threading.Thread(target=desk.work, args=(over.is_set,))
    working.start()
    try:
        yield
    finally:
        over.set()
        desk.broken = False
        for gate in desk.gates.values():
            gate.set()
        desk.wake()
        working.join(120)
    assert not working.is_alive()
