"""The Cloud API refuses, breaks off, hangs and forgets to answer: each message arrives all the same."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from bench.driver import side_by_side
from models.delivery import Scope
from tests.faults import checks
from tests.faults.graph import HANG, LATE, LOST_ANSWER, OK, PLAIN_429, PLAIN_500, RESET, SILENCE
from tests.faults.house import House, words_for
from tests.faults.meta import PATIENCE, Guest
from workers.outbox import PAUSES

pytestmark = pytest.mark.faults

# What happens to a guest's messages, one after the other; what comes after the list goes well.
TROUBLES = {
    "500 of a machine in front": [OK, PLAIN_500],
    "500 of Graph": [OK, "131000"],
    "429 of a machine in front": [OK, PLAIN_429],
    "number too fast": [OK, "130429"],
    "pair too fast": [OK, "131056", "131056"],
    "window closed": [OK, "131047"],
    "window closed, said later": [OK, LATE + "131047"],
    "connection reset": [OK, RESET],
    "reset again and again": [OK, RESET, RESET, PLAIN_500],
    "hanging": [OK, HANG],
    "taken, answer lost": [OK, LOST_ANSWER],
    "taken, no answer ever": [OK, SILENCE],
}
EACH = 4
BY_TEMPLATE = ("window closed", "window closed, said later")
DOUBLED = ("taken, answer lost", "taken, no answer ever")


def test_each_answer_of_the_cloud_api(house: House) -> None:
    """Nothing is missing; doubled is only what was taken while we saw neither an answer nor a status of it."""
    meta = house.meta
    guests = house.guests(EACH * len(TROUBLES))
    trouble_of: dict[str, str] = {}
    for number, guest in enumerate(guests):
        name = list(TROUBLES)[number % len(TROUBLES)]
        trouble_of[guest.phone] = name
        house.graph.faults[guest.phone].extend(TROUBLES[name])
        if number < len(guests) // 2:
            meta.mute.add(guest.phone)  # the news of its messages gets lost as well
    words = words_for(guests, house.dice)

    async def says_four_things(guest: Guest) -> None:
        for word in words[guest.phone][:4]:
            await meta.say(guest, guest.text(word), word)

    meta.run(side_by_side(guests, says_four_things, 16))
    house.settle()
    found = checks.look(house, guests)
    calls = Counter((trouble_of[s.reply.to], s.outcome) for s in house.graph.log if s.reply.to in trouble_of)
    doubled = Counter(
        trouble_of[to] for (to, _), n in Counter(
            (s.reply.to, s.reply.callback) for s in house.graph.taken() if s.reply.to in trouble_of
        ).items() if n > 1
    )  # fmt: skip
    templates = Counter(
        trouble_of[s.reply.to]
        for s in house.graph.taken()
        if s.reply.to in trouble_of and s.reply.kind == "template"
    )
    print(f"\n{found}; doubled {dict(doubled)}; as template {dict(templates)}")
    for name, outcomes in TROUBLES.items():
        for outcome in set(outcomes) - {OK}:
            assert calls[name, outcome] == EACH * outcomes.count(outcome), f"{name} did not happen as planned"
    assert doubled == dict.fromkeys(DOUBLED, EACH // 2)
    assert templates == dict.fromkeys(BY_TEMPLATE, EACH)
    found.must_be_good()


def test_a_token_that_is_not_valid_any_more(house: House) -> None:
    """190 stops the sender: one message asks now and then, all others wait and arrive when it is mended."""
    meta = house.meta
    first, *others = guests = house.guests(30)
    words = words_for(guests, house.dice)

    async def says(guest: Guest) -> None:
        for word in words[guest.phone][:2]:
            await meta.say(guest, guest.text(word), word)

    def refused() -> int:
        return sum(1 for sent in house.graph.log if sent.outcome == "190")

    house.graph.everyone = "190"
    meta.run(says(first))
    house.stack.wait_for(lambda: "sender.stopped" in house.stack.log("sends"), "the sender to stop")
    meta.run(side_by_side(others, says, 8))
    house.stack.wait_for(lambda: house.unfinished() == 0, "all turns to be done", PATIENCE)
    already = refused()
    house.stack.wait_for(lambda: refused() > already, "one that asks, while all wait")
    taken = sum(1 for sent in house.graph.taken() if sent.reply.to in {guest.phone for guest in guests})
    house.graph.everyone = None
    house.settle()
    found = checks.look(house, guests)
    asked_at = [sent.at for sent in house.graph.log if sent.outcome == "190"]
    pauses = [round(later - earlier, 1) for earlier, later in itertools.pairwise(asked_at)]
    print(f"\n190: while {len(guests)} people waited one asked after {pauses} s; {found}")
    assert taken == 0
    assert min(pauses) > PAUSES[Scope.EVERYTHING] - 0.5
    assert "sender.stopped" in house.stack.log("sends")
    found.must_be_good()
