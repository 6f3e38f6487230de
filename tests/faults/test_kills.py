"""Processes are killed while they work, and nobody notices."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import pytest

from bench.driver import side_by_side
from tests.faults import checks, stays
from tests.faults.crowd import Crowd
from tests.faults.house import WORKERS, House, Unfinished
from tests.faults.meta import PATIENCE, Guest
from tests.faults.stays import Stays

pytestmark = pytest.mark.faults

VICTIMS = {
    "web": 3,
    "turns.1": 4,
    "turns.2": 4,
    "sends": 4,
    "providers": 3,
    "slow": 3,
    "clock": 3,
    "postgres": 1,
    "valkey": 1,
}
AT_HAND: dict[str, Callable[[House], int]] = {
    "sends": lambda house: house.graph.in_flight,
    "providers": lambda house: house.open_errands("providers"),
    "slow": lambda house: house.open_errands("slow"),
}
LEAST = 50
MORE_WORK_EVERY = 5.0  # seconds, while a victim has nothing to lose


@dataclass(frozen=True)
class Kill:
    name: str
    unfinished: int  # turns, counted after it
    at_hand: int  # what the victim itself had to do: provider calls, slow jobs, messages in flight


def test_kill_9_at_any_moment_loses_and_doubles_nothing(house: House, seed: int) -> None:
    """At least twenty kills, each with fifty or more turns unfinished, and bookings that run through all of it."""
    meta = house.meta
    house.graph.latency, house.graph.upload_seconds = 0.08, 0.4
    house.world.stripe.fault("slow", 100_000, seconds=0.3)
    crowd = Crowd(house, 500)
    # Of every fifth guest no status ever comes: what is not known about their messages stays unknown.
    meta.mute |= {guest.phone for guest in crowd.guests[::5]}
    bookings = _Bookings(house)
    bookings.prepare(4 + 2 * VICTIMS["providers"])
    for _ in range(4):
        bookings.next()
    kills: list[Kill] = []
    began = time.monotonic()
    for victim in _shuffled(house):
        kills.append(_kill(house, crowd, bookings, victim))
    killed_for = time.monotonic() - began
    bookings.finish()
    house.settle()
    house.world.stripe.heals()
    found = checks.look(house, crowd.guests)
    found.problems += stays.look(house, bookings.stays.guests)
    print(f"\nseed {seed}: {len(kills)} kills in {killed_for:.0f} s, of {VICTIMS}")
    print(f"unfinished turns at each: {[kill.unfinished for kill in kills]}")
    print(f"at hand: {[(kill.name, kill.at_hand) for kill in kills if kill.name in AT_HAND]}")
    print(f"{found}; {len(bookings.stays.guests)} bookings; refused webhooks {dict(meta.refused)}")
    assert len(kills) >= 20
    assert all(kill.unfinished >= LEAST for kill in kills)
    assert all(kill.at_hand for kill in kills if kill.name in AT_HAND)
    found.must_be_good(f"seed {seed}")


def test_without_the_sweeper_the_same_kills_are_noticed(house: House) -> None:
    """The negative control: what the kills left behind stays there until the sweeper's process is back."""
    house.meta.statuses = False  # which tell what became of a message
    house.graph.latency = 0.5
    crowd = Crowd(house, 300)
    house.stack.stop("clock")
    _kill_while_sending(house, crowd)
    house.world.clock.passes(minutes=2)  # whatever waits for its time has had it
    with pytest.raises(Unfinished):
        house.settle(within=8.0)
    lost = _lost_on_the_way(house)
    house.stack.start("clock")
    house.settle()
    found = checks.look(house, crowd.guests)
    print(f"\nwithout the sweeper {lost} messages stayed where the killed sender had left them; {found}")
    assert lost
    found.must_be_good()


class _Bookings:
    """Guests who book while processes are killed, so that each victim has something to lose when its time comes.

    Owners wait to be told: so there is always a ticket that can be asked for.
    """

    def __init__(self, house: House) -> None:
        self._meta = house.meta
        self._house = house
        self.stays = Stays(house)
        self.stays.patient = True
        self._ready: list[Guest] = []
        self._tasks: list[Future[Any]] = []

    def prepare(self, count: int) -> None:
        """So many guests, up to the tap that accepts."""
        self._ready = self._house.guests(count)
        self._meta.run(side_by_side(self._ready, self.stays.to_summary, 6))

    def next(self) -> None:
        """One more guest accepts and pays; a new one, once all that were ready have."""
        if self._ready:
            self._spawn(self.stays.to_ticket(self._ready.pop()))
        else:
            self._spawn(self.stays.whole(self._house.guests(1)[0]))

    def work_for(self, victim: str) -> None:
        if victim == "slow" and self.stays.requests:
            self._spawn(self.stays.confirm(2))
        elif victim in ("providers", "slow"):
            self.next()
            self.next()

    def finish(self) -> None:
        """Who has not accepted yet does, owners say yes to all, and all tickets arrive."""
        while self._ready:
            self.next()
        self.stays.patient = False
        self._meta.run(self.stays.confirm())
        for task in self._tasks:
            task.result(3 * PATIENCE)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(self._meta.spawn(work))


def _shuffled(house: House) -> list[str]:
    """All victims in the order of the dice, none twice in a row: who was killed must have lived."""
    order = [name for name, times in VICTIMS.items() for _ in range(times)]
    while any(one == next_ for one, next_ in itertools.pairwise(order)):
        house.dice.shuffle(order)
    return order


def _kill(house: House, crowd: Crowd, bookings: _Bookings, victim: str) -> Kill:
    """Kill -9, once all are at work, enough turns are unfinished, and the victim has something to lose."""
    deadline = time.monotonic() + PATIENCE
    burst = None
    done_before = house.turns_done()
    pause = house.dice.uniform(0.0, 0.15)
    more_work_at = 0.0
    while True:
        at_hand = AT_HAND[victim](house) if victim in AT_HAND else 1
        unfinished = house.unfinished()
        if unfinished < 3 * LEAST and (burst is None or burst.done()):
            burst = house.meta.spawn(crowd.burst(house.dice.randrange(90, 160)))
        if not at_hand and time.monotonic() > more_work_at:
            bookings.work_for(victim)
            more_work_at = time.monotonic() + MORE_WORK_EVERY
        at_work = house.turns_done() >= done_before + LEAST // 2 and _lives(house, victim)
        if at_work and at_hand and unfinished >= LEAST + 10:
            if not pause and (kill := _strike(house, victim, at_hand)):
                return kill
            time.sleep(pause)
            pause = 0.0
        assert time.monotonic() < deadline, f"{victim}: {unfinished} turns unfinished, {at_hand} at hand"
        time.sleep(0.01)


def _strike(house: House, victim: str, at_hand: int) -> Kill | None:
    """Kill -9 and count; the turn workers stand still for it, so that nothing is finished in between."""
    with house.standing_still(*WORKERS):
        if house.unfinished() < LEAST + len(WORKERS):  # a commit that is on its way arrives all the same
            return None
        pid = house.kill(victim)
        unfinished = house.unfinished()
    house.stack.wait_until_back(victim, after=pid)
    return Kill(victim, unfinished, at_hand)


def _kill_while_sending(house: House, crowd: Crowd) -> None:
    """Kill the turn workers and the sender, with turns unfinished and messages on their way."""
    deadline = time.monotonic() + PATIENCE
    killed = False
    while not killed:
        burst = house.meta.spawn(crowd.burst(2 * LEAST))
        while not killed and not burst.done():
            with house.standing_still(*WORKERS, "sends"):
                if house.unfinished() and _lost_on_the_way(house) >= LEAST // 5:
                    pids = {name: house.kill(name) for name in (*WORKERS, "sends")}
                    killed = True
            assert time.monotonic() < deadline, "nothing was ever on its way"
            time.sleep(0.01)
        burst.result(PATIENCE)
    for name, pid in pids.items():
        house.stack.wait_until_back(name, after=pid)


def _lost_on_the_way(house: House) -> int:
    """Messages that a sender has claimed and not answered for."""
    count: int = house.query("SELECT count(*) FROM outbound_messages WHERE state = 'SENDING'")[0][0]
    return count


def _lives(house: House, victim: str) -> bool:
    """Whether the process that runs now has begun to work; of web and the stores every message tells."""
    if victim in ("web", "postgres", "valkey"):
        return True
    lives = house.stack.log(victim).count('"worker.ready"')
    return lives > house.kills[victim]
