"""Every webhook comes five times, in every way that Meta and a network can repeat one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from bench.driver import side_by_side
from tests.faults import checks, stays
from tests.faults.house import House, words_for
from tests.faults.meta import Guest, Item, envelope
from tests.faults.stays import Stays

pytestmark = pytest.mark.faults

TIMES = 5
Said = tuple[Guest, Item, str]


async def one_after_the_other(house: House, said: Sequence[Said]) -> None:
    for _, item, _ in said:
        for _ in range(TIMES):
            await house.meta.post([item])


async def at_once(house: House, said: Sequence[Said]) -> None:
    """Copies race each other; the next message waits until one of them is accepted."""
    for _, item, _ in said:
        await asyncio.gather(*(house.meta.post([item]) for _ in range(TIMES)))


async def rewrapped(house: House, said: Sequence[Said]) -> None:
    """The same message in other envelopes: keys in another order, other white space, another entry's time."""
    for _, item, _ in said:
        bodies = {envelope([item], dice=house.dice) for _ in range(TIMES)}
        await asyncio.gather(*(house.meta.post([item], body=body) for body in bodies))


async def batched(house: House, said: Sequence[Said]) -> None:
    """Many in one body, the same one more than once even there; a repeat comes much later than its original."""
    copies = [item for _, item, _ in said]
    for _ in range(TIMES - 1):
        again = copies[: len(said)].copy()
        house.dice.shuffle(again)
        copies += again
    for at in range(0, len(copies), 7):
        part = copies[at : at + 7]
        await house.meta.post([*part, part[0]], body=envelope([*part, part[0]], dice=house.dice))


async def reordered(house: House, said: Sequence[Said]) -> None:
    """All copies of all messages of one person in any order; what is accepted first is first."""
    copies = [item for _, item, _ in said] * TIMES
    house.dice.shuffle(copies)
    first: list[Item] = []
    for item in copies:
        await house.meta.post([item])
        if item not in first:
            first.append(item)
    words = {item.external_id: word for _, item, word in said}
    said[0][0].said += [(item.external_id, words[item.external_id]) for item in first]


@pytest.mark.parametrize("repeat", [one_after_the_other, at_once, rewrapped, batched, reordered])
def test_a_webhook_that_comes_five_times_has_one_effect(
    house: House, repeat: Callable[[House, Sequence[Said]], Awaitable[None]]
) -> None:
    """Of strangers, so that even who they are is found out five times at once; their statuses five times too."""
    meta = house.meta
    guests = house.guests(24)
    words = words_for(guests, house.dice)

    async def talks(guest: Guest) -> None:
        said = [(guest, guest.text(word), word) for word in words[guest.phone][:4]]
        await repeat(house, said)
        if not guest.said:
            guest.said += [(item.external_id, word) for _, item, word in said]

    meta.copies_of_statuses = TIMES
    meta.run(side_by_side(guests, talks, 8))
    house.settle()
    found = checks.look(house, guests)
    strangers = house.query(
        "SELECT count(*), count(DISTINCT person_id) FROM person_identifiers WHERE kind = 'phone' AND value = ANY(%s)",
        [guest.phone for guest in guests],
    )
    copies = sum(meta.accepted[wamid] for guest in guests for wamid, _ in guest.said)
    print(f"\n{repeat.__name__}: {copies} copies accepted; {found}")
    assert copies >= TIMES * found.accepted
    assert strangers == [(len(guests), len(guests))]
    found.must_be_good(repeat.__name__)


def test_a_booking_whose_every_webhook_comes_five_times(house: House) -> None:
    """Guest's, owner's and Stripe's: one claim, one payment, one capture, one ticket."""
    meta, stripe = house.meta, house.world.stripe
    stripe.webhooks(duplicate=TIMES, reorder=True)
    meta.copies = meta.copies_of_statuses = TIMES
    bookings = Stays(house)
    guests = house.guests(3)

    meta.run(side_by_side(guests, bookings.whole, 3))
    house.settle()
    stripe.behaves()
    wrong = stays.look(house, guests)
    assert not wrong, wrong
