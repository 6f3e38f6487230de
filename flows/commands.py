"""Words that only owners and admins may say: heard as a whole message, or as the first words of one.

Who may say what is a table for each role (`flows/admin/commands.py`, `flows/owner/commands.py`). Only where
a message begins with such a word is it looked up who wrote it, so that guests pay nothing for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from flows import understand
from flows.admin.commands import COMMANDS as OF_ADMINS
from flows.engine import Command, Reply, Turn
from flows.owner.commands import COMMANDS as OF_OWNERS
from flows.state import State
from models import person

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


def _command(said: str, table: Mapping[str, Command]) -> tuple[Command, str] | None:
    """The command that the first words are, the longest there is, and the words after it as they were typed."""
    for first in _FIRST:
        found = first.match(said)
        command = table.get(understand.plain(found[1])) if found is not None else None
        if found is not None and command is not None:
            return command, found[2].strip()
    return None
