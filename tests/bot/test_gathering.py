"""Calls that come together are stored together, and none pays for another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg2
import pytest

from bot import gathering
from bot.gathering import Gathering


class Shelf:
    """What was stored, and by how many goes; `opened` lets the first go through."""

    def __init__(self) -> None:
        self.goes: list[list[str]] = []
        self.opened = threading.Event()
        self.entered = threading.Event()

    def store(self, items: Sequence[str]) -> None:
        self.entered.set()
        assert self.opened.wait(120)
        self.goes.append(list(items))
        if "gone" in items:
            raise psycopg2.OperationalError("the database is away")
        if "poison" in items:
            raise ValueError("poison")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def _while_one_is_stored(shelf: Shelf, items: Sequence[str]) -> list[Future[None]]:
    """One call that is being stored, then all these, which wait for it; what became of each, the first one first."""
    gathered: Gathering[str] = Gathering(shelf.store)
    with ThreadPoolExecutor(len(items) + 1) as pool:
        calls = [pool.submit(gathered.keep, ["first"], can_wait=False)]
        assert shelf.entered.wait(120)
        calls += [pool.submit(gathered.keep, [item], can_wait=False) for item in items]
        _until(lambda: len(gathered._waiting) == len(items))
        shelf.opened.set()
    return calls


def _until(is_so: Callable[[], bool]) -> None:
    for _ in range(3000):
        if is_so():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came to that")


def test_those_who_come_meanwhile_are_stored_in_one_go(shelf: Shelf) -> None:
    items = [f"item {n}" for n in range(12)]
    for call in _while_one_is_stored(shelf, items):
        call.result()
    assert [sorted(go) for go in shelf.goes] == [["first"], sorted(items)]


def test_what_is_wrong_with_one_is_its_own_error(shelf: Shelf) -> None:
    first, good, bad, fine = _while_one_is_stored(shelf, ["good", "poison", "fine"])
    for call in (first, good, fine):
        call.result()
    with pytest.raises(ValueError, match="poison"):
        bad.result()
    assert ["good"] in shelf.goes
    assert ["fine"] in shelf.goes


def test_a_database_that_is_away_is_asked_once_for_all(shelf: Shelf) -> None:
    _first, *others = _while_one_is_stored(shelf, ["one", "gone", "two"])
    for call in others:
        with pytest.raises(psycopg2.OperationalError):
            call.result()
    assert len(shelf.goes) == 2


def test_who_comes_after_a_failure_is_stored(shelf: Shelf) -> None:
    shelf.opened.set()
    gathered: Gathering[str] = Gathering(shelf.store)
    with pytest.raises(ValueError, match="poison"):
        gathered.keep(["poison"], can_wait=True)
    gathered.keep(["fine"], can_wait=True)
    assert shelf.goes == [["poison"], ["fine"]]


def test_a_message_takes_the_statuses_along_and_waits_for_nobody(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "GATHER_SECONDS", 3600)
    shelf.opened.set()
    gathered: Gathering[str] = Gathering(shelf.store)
    with ThreadPoolExecutor(2) as pool:
        status = pool.submit(gathered.keep, ["status"], can_wait=True)
        _until(lambda: gathered._is_led)
        message = pool.submit(gathered.keep, ["message"], can_wait=False)
        message.result(120)
        status.result(120)
    assert sorted(item for go in shelf.goes for item in go) == ["message", "status"]


def test_many_at_once_are_each_stored_once(shelf: Shelf) -> None:
    shelf.opened.set()
    gathered: Gathering[str] = Gathering(shelf.store)
    items = [f"item {n}" for n in range(2000)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda item: gathered.keep([item], can_wait=item.endswith("7")), items))
    assert sorted(item for go in shelf.goes for item in go) == sorted(items)
    assert not gathered._is_led


def test_a_crowd_of_statuses_waits_for_no_more(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHER_SECONDS", 3600)
    shelf.opened.set()
    gathered: Gathering[str] = Gathering(shelf.store)
    items = [f"status {n}" for n in range(gathering.CROWD)]
    with ThreadPoolExecutor(len(items)) as pool:
        for call in [pool.submit(gathered.keep, [item], can_wait=True) for item in items]:
            call.result(120)
    assert sorted(item for go in shelf.goes for item in go) == sorted(items)
