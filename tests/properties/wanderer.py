"""One sequence: some beginning, thirty random inputs with the promises asked for after each, and a ticket at the end."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any, Final

from models.payment import PaymentState
from tests.properties.corpus import ADMIN, GUEST, NODES, OWNER, scrawl
from tests.properties.graph import Shown
from tests.properties.promises import broken
from tests.properties.world import Person, Stage, World, shared_contact

INPUTS: Final = 30
RIVALS: Final = 0.2  # in so many sequences two guests begin by wishing for the same
JUMPS: Final = (
    *(timedelta(minutes=n) for n in (1, 6, 16, 31, 61)),
    *(timedelta(hours=n) for n in (2, 3, 9, 25)),
    *(timedelta(days=n) for n in (2, 6, 40)),
)


class Broken(AssertionError):
    """A promise that did not hold, with everything that led to it."""


class Sequence:
    """
    Attributes:
        of_rivals: both guests begin at the summary of the same stay.
        told: what was done, in its order, to be read when it went wrong.
    """

    def __init__(self, seed: int, number: int, *, of_rivals: bool = False) -> None:
        self.seed, self.number, self.of_rivals = seed, number, of_rivals
        self.chance = random.Random(f"{seed}:{number}")
        self.world = World(self.chance)
        self.told: list[str] = []
        self._last: tuple[Person, dict[str, Any], str] | None = None
        self._inputs = 0

    def run(self) -> None:
        """Raises: Broken, with the seed, the inputs and what did not hold."""
        for who in self.world.guests:
            if self.chance.random() < 0.5:
                stage = self.chance.choice(list(Stage))
                self._do(
                    f"{who.name} has a booking that came to stage {stage}", self.world.prepare, who, stage
                )
        if self.of_rivals or self.chance.random() < RIVALS:
            self._do("both guests look at the summary of one stay", self.world.prepare_rivals)
        self.world.bank.unreliable = self.chance.choice((0.0, 0.0, 0.1, 0.4))
        for _ in range(INPUTS):
            self._one_input()
        self._do("the fixed script", self.world.reach_a_ticket, self.chance.choice(self.world.guests))

    def _one_input(self) -> None:
        self.world.passes(timedelta(seconds=self.chance.choice((1, 5, 20, 45))))
        what = self.chance.random()
        if what < 0.07:
            by = self.chance.choice(JUMPS)
            self._do(f"the clock moves by {by}", self.world.passes, by)
        elif what < 0.17 and self.world.bank.pages:
            self._news()
        elif what < 0.22:
            self._do("money is found", self.world.finds_money)
        elif what < 0.24:
            self._do("money is taken back", self.world.takes_money_back)
        else:
            self._message()
        if self.chance.random() < 0.8:
            self._do("what follows", self.world.settle)
        else:
            self._check()

    def _news(self) -> None:
        """Somebody pays, fails or gives up; the provider tells of it, truly or late, once or twice, or tells nothing."""
        bank = self.world.bank
        payment_id = self.chance.choice([*bank.pages, max(bank.pages), max(bank.pages)])
        verb = self.chance.choice((bank.pay, bank.pay, bank.pay, bank.fail, bank.close))
        state = verb(payment_id)
        told = self.chance.choice((state, state, None, PaymentState.FAILED))
        if told not in _TOLD:
            told = None
        number = f"evt.{self.chance.choice((self._inputs, self._inputs, self.chance.randrange(30)))}"
        self._inputs += 1
        self._do(
            f"payment {payment_id}: {verb.__name__}, it is {state}; we hear {told}",
            lambda: self.world.hears_of_payment(
                self.chance.choice((payment_id, payment_id, payment_id, 10**9)), told, number=number
            ),
        )

    def _message(self) -> None:
        world, chance = self.world, self.chance
        who = chance.choices(world.people, (45, 25, 15, 15))[0]
        what, shown = chance.random(), world.graph.shown.get(who.user_id, [])
        if what < 0.2 and who in world.guests:
            self._do(f"{who.name} goes on", world.goes_on, who)
        elif what < 0.23 and self._last is not None:
            who, node, wamid = self._last
            self._do(f"{who.name}: the same once more", lambda: world.hears(who, node, wamid=wamid))
        elif what < 0.58 and shown:
            self._tap(who, shown)
        elif what < 0.65 and shown:
            self._say(who, chance.choice(world.last_shown(who)).title)
        elif what < 0.93:
            self._say(who, self._words(who))
        elif what < 0.96:
            self._say(who, scrawl(chance))
        elif what < 0.97:
            self._hear(who, shared_contact(who))
        else:
            self._hear(who, dict(chance.choice(NODES)))

    def _tap(self, who: Person, shown: list[Shown]) -> None:
        which = self.chance.random()
        if which < 0.65:
            what = self.chance.choice(self.world.last_shown(who))
        elif which < 0.95:
            what = self.chance.choice(shown)
        else:  # nobody can, and somebody tries
            of = self.chance.choice(self.world.people)
            what = self.chance.choice(self.world.graph.shown.get(of.user_id) or shown)
        self._do(f"{who.name} taps {what.title!r} = {what.payload!r}", self.world.taps, who, what)

    def _words(self, who: Person) -> str:
        world, chance = self.world, self.chance
        own = {world.owner: OWNER, world.admin: ADMIN}.get(who, GUEST)
        check_ins = world.check_ins() if chance.random() < 0.1 else []
        if check_ins:
            return chance.choice(check_ins)
        words = chance.choice(own if chance.random() < 0.8 else GUEST + OWNER + ADMIN)
        codes = world.codes() or ["BK-20261120-7K3QX"]
        return (
            words.replace("{code}", chance.choice(codes))
            .replace("{phone}", chance.choice(world.people).number)
            .replace("{place}", chance.choice(world.places).name)
        )

    def _say(self, who: Person, words: str) -> None:
        self._hear(who, {"type": "text", "text": {"body": words}})

    def _hear(self, who: Person, node: dict[str, Any]) -> None:
        wamid = f"wamid.mine.{self._inputs}"
        self._inputs += 1
        self._last = (who, node, wamid)
        self._do(f"{who.name}: {node}"[:300], lambda: self.world.hears(who, node, wamid=wamid))

    def _do(self, told: str, what: Any, *args: Any) -> None:
        """An input, or what follows from it: then everything has come to rest and can be looked at."""
        self.told.append(told)
        try:
            what(*args)
        except Exception as error:
            raise Broken(self._story([repr(error)])) from error
        if what in (self.world.settle, self.world.reach_a_ticket):
            self._check()

    def _check(self) -> None:
        found = broken(self.world)
        if found:
            raise Broken(self._story(found))

    def _story(self, found: list[str]) -> str:
        where = f"seed {self.seed}, sequence {self.number}"
        again = f"again: python -m tests.properties --seed {self.seed} --only {self.number}"
        return "\n".join([where, *(f"  {n}. {line}" for n, line in enumerate(self.told, 1)), *found, again])


_TOLD: Final = frozenset(
    {PaymentState.AUTHORIZED, PaymentState.CAPTURED, PaymentState.FAILED, PaymentState.EXPIRED, None}
)
