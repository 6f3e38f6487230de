"""Processes are killed while they work, and nobody notices."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bench.driver import side_by_side
from tests.faults import checks, stays
from tests.faults.crowd import Crowd
from tests.faults.house import House, Unfinished
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


@dataclass(frozen=True)
class Kill:
    name: str
    before: int  # unfinished turns just before the kill
    after: int  # and just after
    at_hand: int  # what the victim itself had to do: provider calls, slow jobs, messages in flight


def test_kill_9_at_any_moment_loses_and_doubles_nothing(house: House, seed: int) -> None:
    """At least twenty kills, each with fifty or more turns unfinished, and bookings that run through all of it."""
    meta = house.meta
    house.graph.latency, house.graph.upload_seconds = 0.08, 0.4
    house.world.stripe.fault("slow", 100_000, seconds=0.3)
    crowd = Crowd(house, 400)
    # Of every fifth guest no status ever comes: what is not known about their messages stays unknown.
    meta.mute |= {guest.phone for guest in crowd.guests[::5]}
    bookings = Stays(house)
    bookings.patient = True
    guests = house.guests(4 + 2 * VICTIMS["providers"])
    meta.run(side_by_side(guests, bookings.to_summary, 6))
    under_way = [meta.spawn(bookings.to_ticket(guest)) for guest in guests[:4]]
    waiting = guests[4:]
    kills: list[Kill] = []
    began = time.monotonic()
    for victim in _shuffled(house):
        if victim == "providers":
            under_way += [meta.spawn(bookings.to_ticket(waiting.pop())) for _ in range(2)]
        kills.append(_kill(house, crowd, bookings, victim))
    killed_for = time.monotonic() - began
    bookings.patient = False
    meta.run(bookings.confirm())
    for task in under_way:
        task.result(90)
    house.settle(90)
    house.graph.latency = house.graph.upload_seconds = 0.0
    house.world.stripe.heals()
    bookings.stop_confirming()
    found = checks.look(house, crowd.guests)
    found.problems += stays.look(house, guests)
    print(f"\nseed {seed}: {len(kills)} kills in {killed_for:.0f} s, of {VICTIMS}")
    print(f"unfinished turns at each: {[kill.after for kill in kills]}")
    print(f"at hand: {[(kill.name, kill.at_hand) for kill in kills if kill.name in AT_HAND]}")
    print(f"{found}; {len(guests)} bookings; refused webhooks {dict(meta.refused)}")
    assert len(kills) >= 20
    assert all(kill.before >= LEAST and kill.after >= LEAST for kill in kills)
    assert all(kill.at_hand for kill in kills if kill.name in AT_HAND)
    found.must_be_good(f"seed {seed}")


def test_without_the_sweeper_the_same_kills_are_noticed(house_without: House) -> None:
    """The negative control: first as it should be, then killed; what a kill left behind stays there."""
    house = house_without
    house.meta.statuses = False  # which only the sweeper collects
    house.graph.latency = 0.08
    calm = Crowd(house, 120)
    house.meta.run(calm.burst(120))
    house.settle()
    checks.look(house, calm.guests).must_be_good()
    crowd = Crowd(house, 300)
    burst = house.meta.spawn(crowd.burst(300))
    house.stack.wait_for(
        lambda: house.unfinished() > 2 * LEAST and house.graph.in_flight, "work to be under way"
    )
    for name in ("turns.1", "turns.2", "sends"):
        house.kill(name)
    burst.result(30)
    with pytest.raises(Unfinished) as left:
        house.settle(within=8.0)
    found = checks.look(house, crowd.guests)
    print(f"\nwithout the sweeper: {left.value}; {found}")
    assert found.problems


def _shuffled(house: House) -> list[str]:
    """All victims in the order of the dice, none twice in a row: who was killed must have lived."""
    order = [name for name, times in VICTIMS.items() for _ in range(times)]
    while any(one == next_ for one, next_ in itertools.pairwise(order)):
        house.dice.shuffle(order)
    return order


def _kill(house: House, crowd: Crowd, bookings: Stays, victim: str) -> Kill:
    """Kill -9, once all are at work, enough turns are unfinished, and the victim has something to lose."""
    deadline = time.monotonic() + 60
    burst = None
    asked_for_ticket = victim != "slow"
    done_before = _done(house)
    pause = house.dice.uniform(0.0, 0.15)
    while True:
        at_hand = AT_HAND.get(victim, lambda house: 0)(house)
        before = house.unfinished()
        if before < 3 * LEAST and (burst is None or burst.done()):
            burst = house.meta.spawn(crowd.burst(house.dice.randrange(90, 160)))
        if not asked_for_ticket and bookings.requests:
            asked_for_ticket = True
            house.meta.spawn(bookings.confirm(2))
        at_work = _done(house) >= done_before + LEAST // 2 and _lives(house, victim)
        if at_work and before >= LEAST + 10 and (at_hand or victim not in AT_HAND):
            if pause:
                time.sleep(pause)
                pause = 0.0
                continue
            pid = house.kill(victim)
            after = house.unfinished()
            house.stack.wait_until_back(victim, after=pid)
            return Kill(victim, before, after, at_hand)
        assert time.monotonic() < deadline, f"{victim}: {before} turns unfinished, {at_hand} at hand"
        time.sleep(0.01)


def _done(house: House) -> int:
    count: int = house.query(
        "SELECT count(*) FROM inbound_events WHERE kind = 'message' AND done_at IS NOT NULL"
    )[0][0]
    return count


def _lives(house: House, victim: str) -> bool:
    """Whether the process that runs now has begun to work; of web and the stores every message tells."""
    if victim in ("web", "postgres", "valkey"):
        return True
    lives = house.stack.log(victim).count('"worker.ready"')
    return lives > house.kills[victim]
