"""Whatever happened in the stories before, no log of any process says who it happened to, or what they wrote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from run.stack import Stack
from sandbox.driver import World
from tests.stories.conftest import Guest

NAME = "Zarmina Gulrukh"
SHORTEST = 10  # letters of what people write, and of names: “hi” and “2” stand in every log


def _known(engine: Engine) -> set[str]:
    """Names, phones, user ids and words of everybody who ever wrote, was written to, or owns a place."""
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT value FROM person_identifiers UNION SELECT name FROM persons "
                "UNION SELECT guest_name FROM bookings UNION SELECT owner_name FROM listings "
                "UNION SELECT contact FROM listings UNION SELECT payload->'text'->>'body' FROM inbound_events "
                "UNION SELECT message->>'body' FROM outbound_messages UNION SELECT url FROM payments "
                "UNION SELECT key FROM tickets"
            )
        ).scalars()
        known = {value.strip() for value in rows if value}
    known |= {value.removeprefix("+") for value in known if value.startswith("+")}
    lines = {line.strip() for value in known for line in value.splitlines()}
    return {line for line in lines if len(line) >= SHORTEST}


def test_no_log_names_anybody_or_repeats_a_word(
    stack: Stack, world: World, engine: Engine, make_guest: Callable[..., Guest], day: date
) -> None:
    guest = make_guest(NAME)
    guest.books("Sea View", day)
    world.stripe.fault("500", 3)
    guest.pays()
    world.whatsapp.fault("131000", 3)
    guest.person.says("where is my ticket, my number is +92 300 7654321")
    guest.person.says("Zarmina wants to know")
    stack.kill("turns.1")
    guest.person.says("is anybody there after all")
    guest.person.sees(".")
    stack.restart_postgres()
    engine.dispose()  # its connections ended with the server
    guest.person.says("and once more, please, from Zarmina")
    world.eventually(lambda: _open(engine) == 0, what="everything worked off after the database came back")
    logs = {name: stack.log(name) for name in stack.names if name != "sandbox"} | {"said": stack.said()}
    assert {"web", "turns.1", "sends", "providers", "slow", "clock", "postgres"} <= set(logs)
    assert sum(len(log) for log in logs.values()) > 2000, "there was something to say"
    known = _known(engine)
    assert NAME in known and "Zarmina wants to know" in known and len(known) > 20
    said = [(name, words) for name, log in logs.items() for words in known if words in log]
    assert said == []
    for name, log in logs.items():
        assert "7654321" not in log and "Zarmina" not in log, name


def _open(engine: Engine) -> int | None:
    """How many messages are not worked off; None while the database is away."""
    try:
        with engine.connect() as connection:
            open_ones = text("SELECT count(*) FROM inbound_events WHERE done_at IS NULL AND kind = 'message'")
            return int(connection.execute(open_ones).scalar_one())
    except OperationalError:
        return None
