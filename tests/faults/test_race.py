"""Five hundred guests want the same room for the same night: one gets it, and nobody sees an error."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from bench.driver import side_by_side
from bench.graph import Reply
from tests.faults.house import TOWER, House
from tests.faults.meta import PATIENCE, Guest, Item

pytestmark = pytest.mark.faults

RACERS, RACERS_WITHOUT_CONSTRAINT = 500, 40
SORRY = f"Sorry, *{TOWER}* is full on these dates"


def test_five_hundred_guests_race_for_one_room(house: House) -> None:
    deadlocks = _deadlocks(house)
    guests = _race(house, RACERS)
    wrong = _wrong(house, guests)
    told = Counter(
        "link" if reply.kind == "cta_url" else reply.text[: len(SORRY)] for reply in _last_words(guests)
    )
    print(
        f"\n{RACERS} guests raced for one room: told {dict(told)}; deadlocks {_deadlocks(house) - deadlocks}"
    )
    assert not wrong, wrong[:12]
    assert _deadlocks(house) == deadlocks


def test_without_the_constraint_the_same_race_has_two_winners(house_to_spoil: House) -> None:
    """The negative control: it is the constraint that decides, and nothing else."""
    house = house_to_spoil
    house.query("ALTER TABLE allocations DROP CONSTRAINT no_double_booking")
    guests = _race(house, RACERS_WITHOUT_CONSTRAINT)
    wrong = _wrong(house, guests)
    print(f"\nwithout the constraint: {wrong}")
    assert any("holders" in each for each in wrong)


def _race(house: House, count: int) -> list[Guest]:
    """Two claims in the same moment, for certain: where a busy machine lets none meet, another night is raced for."""
    house.meta.statuses = False  # thousands of webhooks that are not what this is about
    for days_ahead in range(40, 50):
        guests = house.guests(count)
        if _tap_at_once(house, guests, days_ahead):
            return guests
    raise AssertionError("no two claims ever met")


def _tap_at_once(house: House, guests: Sequence[Guest], days_ahead: int) -> bool:
    """Everybody stands before the summary of the same night, then all tap; whether two claims met."""
    day = house.world.clock.now.date() + timedelta(days=days_ahead)
    dates = f"{day:%d %B %Y} for 1 night for 2 guests"
    _all(house, guests, lambda guest: guest.text(TOWER), "Book")
    _all(house, guests, lambda guest: guest.tap("Book"), "Which day")
    _all(house, guests, lambda guest: guest.text(dates), "name")
    _all(house, guests, lambda guest: guest.tap(guest.who.name), "Pay by card")
    # Nobody can claim until the lock ends, and whoever has looked by then has seen a free room: so both
    # workers run against the constraint in the same moment, and not only if luck wants it.
    with house.locked("allocations", "SHARE ROW EXCLUSIVE"):
        tapping = house.meta.spawn(_say(house, guests, lambda guest: guest.tap("Pay by card")))
        met = _two_claims_wait(house)
    tapping.result(PATIENCE)
    _all_read(house, guests, "")
    house.settle()
    return met


def _two_claims_wait(house: House) -> bool:
    """Wait until two claims wait for the lock, or until the first is about to give up, as it does after three seconds."""
    first_seen = None
    deadline = time.monotonic() + PATIENCE
    while (waiting := _waiting_for_allocations(house)) < 2:
        now = time.monotonic()
        assert now < deadline, "nobody claims"
        first_seen = first_seen or (now if waiting else None)
        if first_seen and now - first_seen > 1.5:
            return False
        time.sleep(0.01)
    return True


def _waiting_for_allocations(house: House) -> int:
    sql = "SELECT count(*) FROM pg_locks WHERE relation = 'allocations'::regclass AND NOT granted"
    count: int = house.query(sql)[0][0]
    return count


def _all(house: House, guests: Sequence[Guest], act: Callable[[Guest], Item], expected: str) -> None:
    """One turn of everybody: all say it, and each reads an answer with these words or this button."""
    house.meta.run(_say(house, guests, act))
    _all_read(house, guests, expected)


def _all_read(house: House, guests: Sequence[Guest], expected: str) -> None:
    def fits(reply: Reply) -> bool:
        return expected in reply.text or any(option.title == expected for option in reply.options)

    async def reads(guest: Guest) -> None:
        await house.meta.reads(guest, fits, repr(expected))

    house.meta.run(side_by_side(guests, reads, len(guests)))


async def _say(house: House, guests: Sequence[Guest], act: Callable[[Guest], Item]) -> None:
    bodies = [guests[at : at + 25] for at in range(0, len(guests), 25)]

    async def deliver(part: Sequence[Guest]) -> None:
        await house.meta.deliver([(guest, act(guest), "") for guest in part])

    await side_by_side(bodies, deliver, 8)


def _last_words(guests: Sequence[Guest]) -> list[Reply]:
    return [guest.inbox[-1] for guest in guests]


def _wrong(house: House, guests: Sequence[Guest]) -> list[str]:
    """One holder; a link for that guest and a kind sentence for each other; no turn that failed."""
    wrong = []
    phones = [guest.phone for guest in guests]
    holders = house.query(
        "SELECT i.value FROM allocations a JOIN bookings b ON b.id = a.booking_id "
        "JOIN person_identifiers i ON i.person_id = b.person_id AND i.kind = 'phone' "
        "WHERE a.state <> 'RELEASED' AND i.value = ANY(%s)",
        phones,
    )
    if len(holders) != 1:
        wrong.append(f"{len(holders)} holders")
    for guest in guests:
        answers = guest.inbox[guest.seen :]
        kind = "cta_url" if (guest.phone,) in holders else "button"
        if (
            len(answers) != 1
            or answers[0].kind != kind
            or (kind == "button" and SORRY not in answers[0].text)
        ):
            wrong.append(f"{guest.who.name} was told {[(reply.kind, reply.text[:60]) for reply in answers]}")
    failed = house.query(
        "SELECT count(*) FROM inbound_events e JOIN person_identifiers i ON i.person_id = e.conversation_id "
        "WHERE i.value = ANY(%s) AND (e.outcome IS DISTINCT FROM 'DONE' OR e.attempts > 0 OR e.error IS NOT NULL)",
        phones,
    )
    if failed != [(0,)]:
        wrong.append(f"{failed[0][0]} turns failed")
    return wrong


def _deadlocks(house: House) -> int:
    sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    count: int = house.query(sql)[0][0]
    return count
