"""What one whole booking costs: from "hi" to the delivered ticket, in CPU-ms of the product's processes.

Two runs, on places of many owners (one person may only be written to so often):

*whole*: so many guests at once each walk the script, pay on Stripe's page, and wait for the ticket; their
owners tap Confirm half a second after the request; every message gets its sent, delivered and read.
Counted is everything from the first "hi" until nothing is open any more: the guest's, the owner's,
Stripe's and the status events. The stand-ins (driver, Stripe) are not counted. What the product does when
nobody writes is measured before, reported apart and taken off.

*parts*: the same in lockstep, all guests through one part before the next begins, with the product at
rest between them, so that each part has its own figure: `talk` (six questions), `create` (the last
answer: the booking's row, priced, and its summary), `accept` (the tap, the claim on the place, Stripe's
session, the link), `pay` (Stripe's events, the request to the owner), `confirm` (the owner's tap and its
answer, capture, ticket, its PDF, sent), `statuses` (of every message of all parts).

*like pretix*: what a shop system does too: create, accept, pay, confirm. Left out are the talk before it
and the statuses, which are WhatsApp's, and the owner's tap with its answer, taken to cost as much as a
turn of `talk` does in the same run. Everything else about the owner (the request sent, its follow-ups)
stays counted.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any
from urllib.parse import urlsplit

from bench import report
from bench.driver import Guest, Line, Person, side_by_side
from bench.graph import Option, Reply
from bench.procs import Snapshot, spent
from bench.product import PRODUCT, Product, running
from bench.script import Script, load
from bench.webhooks import Identity
from bench.wire import Client

OWNERS = 50
OWNER_THINKS = 0.5
WARM_UP = 20
TICKET_WITHIN = 60.0
PART_WITHIN = 120.0

Json = dict[str, Any]


class Owner(Person):
    """Taps Confirm on every request: soon after it came, or when told to."""

    def __init__(self, line: Line, who: Identity) -> None:
        super().__init__(line, who)
        self.at_once = True
        self.requests: list[tuple[Reply, Option]] = []
        self.confirmed = 0

    def take(self, reply: Reply) -> None:
        """Everything an owner reads that can be confirmed is a request."""
        option = next((o for o in reply.options if o.title == "Confirm" or o.kind == "quick_reply"), None)
        if option is None:
            return
        if self.at_once:
            asyncio.get_running_loop().call_later(OWNER_THINKS, self._confirm, reply, option)
        else:
            self.requests.append((reply, option))

    def confirm_all(self) -> None:
        waiting, self.requests = self.requests, []
        for reply, option in waiting:
            self._confirm(reply, option)

    def _confirm(self, reply: Reply, option: Option) -> None:
        self.confirmed += 1
        self.taps(reply, option)


class Admin(Person):
    """Reads two notices of every booking and answers nothing."""

    def take(self, reply: Reply) -> None:
        pass


class World:
    """All who take part in one run."""

    def __init__(self, line: Line, product: Product) -> None:
        self.line, self.product = line, product
        self.owners = [Owner(line, place.owner) for place in product.places]
        self.admin = Admin(line, Identity.admin())
        self.stripe = Client(product.stripe_port, most=16)
        self.scripts = [load().at(place.name) for place in product.places]
        self.troubles: list[str] = []

    def script(self, guest: Guest) -> Script:
        return self.scripts[guest.who.number % len(self.scripts)]

    async def pays(self, guest: Guest) -> bool:
        """On Stripe's page, by card."""
        link = guest.last.url if guest.last else None
        answer = await self.stripe.post(urlsplit(link or "/").path, "", b'{"action": "pay"}')
        if answer.status != 200:
            said = f"{answer.status} {answer.body[:80]!r}"
            self.troubles.append(f"{guest.who.name}: Stripe's page answered {said}")
        return answer.status == 200

    async def has_ticket(self, guest: Guest) -> bool:
        if await guest.reply_of("document", within=TICKET_WITHIN) is not None:
            return True
        last = guest.seen[-1].text[:80] if guest.seen else "nothing"
        self.troubles.append(f"{guest.who.name}: no ticket; last read: {last!r}")
        return False

    async def books(self, guest: Guest) -> bool:
        """The whole way of one guest."""
        return (
            await guest.converse(self.script(guest))
            and await self.pays(guest)
            and await self.has_ticket(guest)
        )

    def start(self) -> None:
        """Lift the admin's pace twice a second.

        The product writes to one person every six seconds at most, as WhatsApp wants it. The admin of 200
        bookings in a minute would hold the run up for an hour; real ones come over days.
        """
        self._lifting = asyncio.create_task(self._lift())

    async def _lift(self) -> None:
        while True:
            self.product.query(_NO_PACE)
            await asyncio.sleep(0.5)

    async def stop(self) -> None:
        self._lifting.cancel()
        await asyncio.wait({self._lifting})
        self.stripe.close()

    async def rest(self) -> None:
        """Until nothing is under way here or there."""
        await self.line.quiet()
        await self.product.settled()
        await self.line.quiet()


_NO_PACE = """
    UPDATE recipient_counters SET paced_until = NULL WHERE paced_until IS NOT NULL
    AND person_id IN (SELECT person_id FROM person_roles WHERE role = 'admin')
"""


async def booking_mode(args: argparse.Namespace) -> Json:
    """The mean of so many whole bookings, and of their parts."""
    count, at_once = args.bookings, args.bookings_at_once
    settings = {"WHATSAPP_MESSAGES_PER_SECOND": "1000"}
    async with Line(latency=(args.graph_ms or 0.0) / 1000, statuses="live") as line:
        with running(line.graph.url, settings=settings, owners=OWNERS) as product:
            world = await open_world(line, product)
            idle = await _idle(product, args.idle_seconds)
            whole = await _whole(world, [Guest(line, n) for n in range(1, count + 1)], at_once, idle)
            parts = await _parts(world, [Guest(line, n) for n in range(1001, count + 1001)], at_once, idle)
            await world.stop()
    result = {"bookings": count, "at_once": at_once, "idle_ms_per_s": idle, "whole": whole, "parts": parts}
    _show(result)
    return result


async def open_world(line: Line, product: Product) -> World:
    """Everybody has written once, so that they can be answered; some bookings have warmed all processes."""
    line.connect(product.port)
    world = World(line, product)
    world.start()
    for person in (world.admin, *world.owners):
        person.says("hi")
    await world.rest()
    guests = [Guest(line, 50_000 + n) for n in range(WARM_UP)]
    await side_by_side(guests, world.books, 4)
    await world.rest()
    if world.troubles or line.tally.troubles:
        raise SystemExit(f"the warm-up failed: {world.troubles[:3]} {line.tally.troubles}")
    line.reset()
    return world


async def _idle(product: Product, seconds: float) -> dict[str, float]:
    """CPU-ms that each process takes every second while nobody writes."""
    before = product.watch.look()
    await asyncio.sleep(seconds)
    after = product.watch.look()
    used = spent(before, after)
    return {name: round(used[name] * 1000 / (after.at - before.at), 2) for name in PRODUCT}


async def _whole(world: World, guests: list[Guest], at_once: int, idle: dict[str, float]) -> Json:
    world.line.reset()
    calls = world.line.graph.counts.copy()
    before = world.product.watch.look()
    await side_by_side(guests, world.books, at_once)
    walked = world.product.watch.look()
    await world.rest()
    after = world.product.watch.look()
    tickets = len(guests) - len(world.troubles) - world.line.tally.failed
    cost = _cost(before, after, len(guests), idle)
    return {
        "tickets": tickets,
        "bookings_per_s": round(tickets / (walked.at - before.at), 2),
        "troubles": world.troubles[:8],
        "cost": cost,
        "graph_calls_each": {
            call: round(n / len(guests), 2) for call, n in (world.line.graph.counts - calls).items()
        },
        "talk": report.talk(world.line.tally, walked.at - before.at),
    }


async def _parts(world: World, guests: list[Guest], at_once: int, idle: dict[str, float]) -> Json:
    """The same bookings in lockstep; CPU-ms of each part for one booking."""
    line, product = world.line, world.product
    line.reset()
    line.statuses = "held"
    world.troubles.clear()
    for owner in world.owners:
        owner.at_once, owner.confirmed = False, 0
    parts: dict[str, Json] = {}

    async def part(name: str, work: Any) -> None:
        before = product.watch.look()
        await work
        await world.rest()
        parts[name] = _cost(before, product.watch.look(), len(guests), idle)

    def walk(start: int, end: int | None) -> Any:
        return side_by_side(guests, lambda g: g.converse(world.script(g).part(start, end)), at_once)

    await part("talk", walk(0, -2))
    await part("create", walk(-2, -1))
    await part("accept", walk(-1, None))
    await part("pay", _all_pay(world, guests, at_once))
    await part("confirm", _all_confirm(world, guests))
    await part("statuses", line.release_statuses())
    turn = parts["talk"]["together_ms"] / (len(load().turns) - 2)
    like_pretix = sum(parts[name]["together_ms"] for name in ("create", "accept", "pay", "confirm")) - turn
    return {
        "troubles": world.troubles[:8],
        "failures": dict(line.tally.failures.most_common(8)),
        "confirmed": sum(owner.confirmed for owner in world.owners),
        "statuses_each": round(line.tally.statuses / len(guests), 1),
        "cost": parts,
        "together_ms": round(sum(part["together_ms"] for part in parts.values()), 2),
        "a_turn_ms": round(turn, 2),
        "like_pretix_ms": round(like_pretix, 2),
    }


async def _all_pay(world: World, guests: list[Guest], at_once: int) -> None:
    await side_by_side(guests, world.pays, at_once)
    until = asyncio.get_running_loop().time() + PART_WITHIN
    while sum(len(owner.requests) for owner in world.owners) < len(guests):
        if asyncio.get_running_loop().time() > until:
            world.troubles.append("not every owner was asked")
            return
        await asyncio.sleep(0.05)


async def _all_confirm(world: World, guests: list[Guest]) -> None:
    for owner in world.owners:
        owner.confirm_all()
    await asyncio.gather(*(world.has_ticket(guest) for guest in guests))


def _cost(before: Snapshot, after: Snapshot, count: int, idle: dict[str, float]) -> Json:
    """CPU-ms for each booking; `together_ms` without what the product takes when nobody writes."""
    measured = report.cpu(before, after, count)
    resting = sum(idle.values()) * (after.at - before.at) / count
    with_idle = measured["together_ms"]
    return {
        **measured,
        "with_idle_ms": with_idle,
        "together_ms": round(with_idle - resting, 2),
    }


def _show(result: Json) -> None:
    whole, parts = result["whole"], result["parts"]
    cost, of = whole["cost"], parts["cost"]
    print(f"\nWhole bookings: {result['bookings']}, {result['at_once']} guests at once")
    troubles = [*whole["troubles"], *parts["troubles"], *parts["failures"]]
    print(f"  tickets {whole['tickets']}, {whole['bookings_per_s']} bookings/s, troubles {troubles or 0}")
    rows: list[list[Any]] = [["", "whole", *of]]
    rows += [
        [name, cost["each_ms"][name], *(part["each_ms"][name] for part in of.values())] for name in PRODUCT
    ]
    for label, key in (("with idle", "with_idle_ms"), ("without idle", "together_ms")):
        rows.append([label, cost[key], *(part[key] for part in of.values())])
    report.table("CPU-ms for each booking; the parts are another run, in lockstep", rows)
    idle = result["idle_ms_per_s"]
    each = ", ".join(f"{name} {ms:g}" for name, ms in idle.items())
    print(f"  like pretix (create, accept, pay, confirm, less the owner's turn): {parts['like_pretix_ms']}")
    print(f"  idle: {sum(idle.values()):.1f} CPU-ms every second ({each})")
    print(f"  cores: other programs {cost['other_cores']}, stand-ins {cost['stand_ins_cores']}", flush=True)
