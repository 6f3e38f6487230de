"""Words that only owners and admins may say: heard as a whole message, or as the first words of one.

Who may say what is a table for each role (`flows/admin/commands.py`, `flows/owner/commands.py`). Only where
a message begins with such a word is it looked up who wrote it, so that guests pay nothing for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from flows import understand
from flows.admin.commands import COMMANDS as OF_ADMINS
from flows.engine import Command, Reply, Turn, with_preface
from flows.owner import arrivals, requests
from flows.owner.commands import COMMANDS as OF_OWNERS
from flows.state import State
from models import person

_WHO_I_AM: Final = frozenset(
    {"owner", "admin", "i am owner", "i am the owner", "i am an owner", "i am an admin"}
)
# Who is both is heard as an admin first.
_TABLES: Final = ((person.ADMIN, OF_ADMINS), (person.OWNER, OF_OWNERS))
_FIRST: Final = tuple(re.compile(rf"\s*(\S+(?:\s+\S+){{{n}}})\s*(.*)", re.DOTALL) for n in (2, 1, 0))


def take(turn: Turn, state: State, said: str, *, is_answer: bool) -> Reply | None:
    """The answer to a command; None where it is none, or not theirs to give.

    Args:
        is_answer: a question is open, and only what names a booking can be nothing but a command.
    """
    if is_answer and understand.booking_code(said) is None:
        return None
    checked_in = arrivals.take_words(turn, state, said)  # what a ticket's page says may come from anybody
    if checked_in is not None:
        return checked_in
    is_hidden = not turn.has_phone and understand.plain(said) in _WHO_I_AM
    if is_hidden and not person.roles(turn.session, turn.person_id):
        return requests.ask_who(turn, state)
    roles: frozenset[str] | None = None
    for role, table in _TABLES:
        found = _command(said, table)
        if found is None:
            continue
        if roles is None:
            roles = person.roles(turn.session, turn.person_id)
        if role in roles:
            command, words = found
            reply = command(turn, state, words)
            if reply is not None:
                return reply
    return None


def help_(turn: Turn, state: State) -> Reply | None:
    """The words of who has some of their own; None for everybody else."""
    return take(turn, state, "help", is_answer=False)


def welcome(turn: Turn, state: State) -> Reply | None:
    """What somebody can do in a role that they were given since they wrote last; None where they know it all."""
    if not state.welcome:
        return None
    role, *others = state.welcome
    table = dict(_TABLES).get(role, {})
    reply = table["help"](turn, replace(state, welcome=tuple(others)), "") if "help" in table else None
    if reply is None or reply.message is None:
        return None
    preface = _WELCOME[role](turn)
    return replace(reply, message=with_preface(reply.message, preface), kind="welcome")


_WELCOME: Final[Mapping[str, Callable[[Turn], str]]] = {
    person.ADMIN: lambda turn: f"Welcome to *{turn.rules.business_name}*, you are an admin here.",
    person.OWNER: lambda turn: turn._(
        "Welcome to *{business}*! When a guest wants your place, I ask you here.",
        business=turn.rules.business_name,
    ),
}


def _command(said: str, table: Mapping[str, Command]) -> tuple[Command, str] | None:
    """The command that the first words are, the longest there is, and the words after it as they were typed."""
    for first in _FIRST:
        found = first.match(said)
        command = table.get(understand.plain(found[1])) if found is not None else None
        if found is not None and command is not None:
            return command, found[2].strip()
    return None
