"""Every message that goes out: numbered for its person at commit, delivered in that order, each attempt a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal

import orjson
from psycopg2.errors import NotNullViolation
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from models.hot import Call, Hot, run_together
from models.message import Message, Template, Typing, from_json, to_json
from models.person import BecameAnother
from models.session import Session

Role = Literal["guest", "owner", "admin"]

CHAT_VALID, NOTICE_VALID, TYPING_VALID = timedelta(minutes=10), timedelta(hours=24), timedelta(seconds=15)

# Waits while WhatsApp takes nothing from us, so that it says that, too: to health.
SENDER_STOPPED = "sender_stopped"


@dataclass(frozen=True, slots=True)
class Outgoing:
    person_id: int
    recipient: Role
    kind: str
    message: Message
    template: Template | None
    booking_id: int | None
    now: datetime
    valid_until: datetime


def say(
    session: Session,
    person_id: int,
    message: Message,
    *,
    kind: str,
    now: datetime,
    recipient: Role = "guest",
    template: Template | None = None,
    booking_id: int | None = None,
    valid_for: timedelta | None = None,
) -> None:
    """Have this said to the person once the unit of work commits.

    Args:
        kind: what the message is, a stable word such as `booking_request`; counted and searched by.
        template: what reaches the person if their 24-hour window is closed; a notice needs one.
        valid_for: after this the message is dropped unsent; 24 hours for a notice, 10 minutes in a chat.
    """
    if valid_for is None:
        valid_for = TYPING_VALID if isinstance(message, Typing) else NOTICE_VALID if template else CHAT_VALID
    session.info["outbox"].append(
        Outgoing(person_id, recipient, kind, message, template, booking_id, now, now + valid_for)
    )


def number_and_write(session: Session, *, after: Sequence[Call] = (), ends: bool = False) -> None:
    """Give each message its place in its person's order and write the rows; the unit of work's last step.

    The counters are locked in the order of person ids, after every other lock, and held until the commit:
    whoever commits first has the lower numbers.

    Args:
        after: what ends the unit of work besides; it runs first, without a round trip of its own.
        ends: commit with it, in the same round trip; nothing of the unit of work may follow.

    Raises:
        BecameAnother: this `ends` it, and somebody was found to be somebody else just now. Nothing is written;
            without `ends` it is said to that one.
    """
    # Sorting keeps each person's own messages in the order in which they were said.
    waiting = sorted(session.info["outbox"], key=_person)
    if ends:
        calls = [*after, *(_written(out.person_id, out, surely=True) for out in waiting)]
        try:
            run_together(session, calls, ends=True)
        except DBAPIError as error:
            if isinstance(error.orig, NotNullViolation) and error.orig.diag.column_name == "seq":
                raise BecameAnother("somebody who is spoken to") from error
            raise
        session.info["bells"].update(("sends", out.person_id) for out in waiting)
    else:
        _write_with_care(session, waiting, after)
    session.info["outbox"].clear()


def _write_with_care(session: Session, waiting: Sequence[Outgoing], after: Sequence[Call]) -> None:
    for person_id, said in groupby(waiting, _person):
        to_write = list(said)
        # Nobody has a counter who was found to be somebody else meanwhile: then it is said to that one.
        while not run_together(session, [*after, *(_written(person_id, out) for out in to_write)]).rowcount:
            person_id, after = session.execute(_MERGED_INTO, {"id": person_id}).scalar_one(), ()
        session.info["bells"].add(("sends", person_id))
        after = ()
    if after:
        run_together(session, after)


def _person(out: Outgoing) -> int:
    return out.person_id


def _written(person_id: int, out: Outgoing, *, surely: bool = False) -> Call:
    values: dict[str, Any] = {
        "person_id": person_id,
        "kind": out.kind,
        "recipient": out.recipient,
        "booking_id": out.booking_id,
        "message": orjson.dumps(to_json(out.message)).decode(),
        "template": orjson.dumps(to_json(out.template)).decode() if out.template else None,
        "now": out.now,
        "valid_until": out.valid_until,
        "surely": surely,
    }
    return _WRITE, values


_MERGED_INTO = text("SELECT merged_into FROM persons WHERE id = :id AND merged_into IS NOT NULL")


# Who has no counter is given nothing; or, where it has to be sure, a number that no message may have.
_WRITE = Hot(
    "write_message",
    "WITH number AS (UPDATE recipient_counters SET last = last + 1 WHERE person_id = :person_id RETURNING last) "
    "INSERT INTO outbound_messages (person_id, seq, kind, recipient, booking_id, message, template, state, "
    "created_at, due_at, valid_until) SELECT :person_id, number.last, :kind, :recipient, :booking_id, :message, "
    ":template, 'QUEUED', :now, :now, :valid_until FROM (VALUES (1)) AS one LEFT JOIN number ON true "
    "WHERE :surely OR number.last IS NOT NULL",
    person_id="bigint",
    kind="text",
    recipient="text",
    booking_id="bigint",
    message="jsonb",
    template="jsonb",
    now="timestamptz",
    valid_until="timestamptz",
    surely="boolean",
)


def was_told(session: Session, person_ids: Sequence[int], kind: str, *, since: datetime) -> bool:
    """Whether one of them has been told this since then, or will be; nobody else tells them before we commit."""
    asked = {"ids": list(person_ids), "kind": kind, "since": since}
    session.execute(_HOLD, asked)
    return bool(session.execute(_TOLD, asked).scalar())


# In the order in which everybody locks them.
_HOLD = text(
    "SELECT 1 FROM recipient_counters WHERE person_id = ANY(:ids) ORDER BY person_id FOR NO KEY UPDATE"
)
_TOLD = text(
    "SELECT EXISTS (SELECT 1 FROM outbound_messages WHERE person_id = ANY(:ids) AND kind = :kind "
    "AND (created_at > :since OR state IN ('QUEUED', 'SENDING', 'UNKNOWN')))"
)


def said_since(session: Session, person_id: int, since: datetime) -> Sequence[Message]:
    """What the person was told after this, or is about to be; of very much the last."""
    rows = session.execute(_SAID_SINCE, {"person_id": person_id, "since": since})
    return [from_json(message) for (message,) in rows]


_SAID_SINCE = text(
    "SELECT message FROM (SELECT message, created_at FROM outbound_messages WHERE person_id = :person_id "
    "ORDER BY seq DESC LIMIT 20) AS last WHERE created_at > :since"
)


def waits(connection: Connection, kind: str) -> bool:
    """Whether a message of this kind is still to be delivered."""
    found = text(
        "SELECT EXISTS (SELECT 1 FROM outbound_messages "
        "WHERE state IN ('QUEUED', 'SENDING', 'UNKNOWN') AND kind = :kind)"
    )
    return bool(connection.execute(found, {"kind": kind}).scalar())
