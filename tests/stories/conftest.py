"""The real product on real processes, and people who talk to it.

All stories share one installation, its clock and its owners; each has guests of its own. The clock only ever
moves forward, so a story names its dates from the clock.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, create_engine, text

from run.stack import Stack
from sandbox.driver import Bubble, Person, World

PLACES = Path(__file__).parent / "listings.toml"
_numbers = itertools.count(1)
_nights = itertools.count(3, 2)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="sarai-stories-", ignore_cleanup_errors=True) as folder:
        stack = Stack(Path(folder) / "data", samples=[PLACES])
        with stack as running:
            yield running


@pytest.fixture(scope="session")
def everyone(stack: Stack) -> Iterator[World]:
    world = World(stack.page_url)
    yield world
    world.close()


@pytest.fixture
def world(everyone: World) -> Iterator[World]:
    """The sandbox as it should be; whatever a story breaks is mended after it."""
    yield everyone
    everyone.whatsapp.heals()
    everyone.whatsapp.behaves()
    everyone.stripe.heals()
    everyone.stripe.behaves()
    everyone.stripe.releases_webhooks()
    everyone.mailbox.heals()


@pytest.fixture
def owner(world: World) -> Person:
    """Bilal, who wrote to us just now: his window is open."""
    return _awake(world.owner)


@pytest.fixture
def admin(world: World) -> Person:
    return _awake(world.admin)


def _awake(person: Person) -> Person:
    person.says("hi")
    person.sees("Menu|menu|Hello|Book")
    return person


@dataclass(eq=False)
class Guest:
    """A guest with the habits of a story: what every story needs, in words."""

    world: World
    person: Person

    def __getattr__(self, name: str) -> object:
        return getattr(self.person, name)

    def goes_to_the_summary(self, place: str, check_in: date, *, nights: int = 1, guests: int = 2) -> Bubble:
        """From “hi” to the summary, by typing and tapping as a person would."""
        self.person.says("hi")
        self.person.sees("Book|menu")
        self.person.says(place)
        self.person.taps("Book")
        self.person.sees("When|date|arrive|check in")
        self.person.says(f"{check_in:%d %B %Y} for {nights} nights" if nights > 1 else f"{check_in:%d %B %Y}")
        if nights == 1:
            self.person.taps("1 night")
        self.person.sees("guests|How many")
        self.person.says(str(guests))
        self.person.taps(self.person.name)
        return self.person.sees("Total|total")

    def accepts(self) -> Bubble:
        """Taps the way to pay and gets the link."""
        self.person.taps("Pay by card", old=True)
        return self.person.sees(kind="cta_url")

    def books(self, place: str, check_in: date, *, nights: int = 1, guests: int = 2) -> Bubble:
        """All the way to the link to pay."""
        self.goes_to_the_summary(place, check_in, nights=nights, guests=guests)
        return self.accepts()

    def pays(self) -> None:
        """Pays on the page behind the newest link, and hears that the money is there."""
        mark = self.person.mark
        self.world.stripe.pays(self.person.last_link)
        self.person.sees("payment", since=mark)


@pytest.fixture
def make_guest(world: World) -> object:
    def make(name: str | None = None, **given: object) -> Guest:
        number = next(_numbers)
        person = world.person(name or f"Guest {number}", f"+92300111{number:04d}", **given)  # type: ignore[arg-type]
        return Guest(world, person)

    return make


@pytest.fixture
def guest(make_guest) -> Guest:  # type: ignore[no-untyped-def]
    made: Guest = make_guest()
    return made


@pytest.fixture
def other_guest(make_guest) -> Guest:  # type: ignore[no-untyped-def]
    made: Guest = make_guest()
    return made


@pytest.fixture
def day(world: World) -> date:
    """A free night that no other story uses."""
    today = world.clock.now.astimezone(ZoneInfo("Asia/Karachi")).date()
    return today + timedelta(days=2 + next(_nights) % 60)


@pytest.fixture(scope="session")
def engine(stack: Stack) -> Iterator[Engine]:
    made = create_engine(stack.database_url)
    yield made
    made.dispose()


@pytest.fixture
def booking_of(engine: Engine, world: World):  # type: ignore[no-untyped-def]
    """The newest booking of a guest, as its row stands."""

    def find(guest: Guest) -> object:
        with engine.connect() as connection:
            return connection.execute(
                text(
                    "SELECT b.*, p.state AS payment_state, p.intent AS intent FROM bookings b "
                    "JOIN person_identifiers i ON i.person_id = b.person_id "
                    "LEFT JOIN LATERAL (SELECT * FROM payments WHERE booking_id = b.id ORDER BY id DESC LIMIT 1) p ON true "
                    "WHERE i.value = :user_id ORDER BY b.id DESC LIMIT 1"
                ),
                {"user_id": guest.person.user_id},
            ).one()

    return find
