"""One person in a chat, by hand: what they type and tap goes through the router, what is said comes back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from flows import actions, router
from models.booking import Booking
from models.inbound import Claimed
from models.message import Buttons, Document, Link, Menu, Message, Text, Typing, from_json, to_json
from models.money import NO_BREAK
from models.outbound import Outgoing
from models.rules import Rules
from models.session import Session
from tests.factories import NOW

RULES = Rules(public_url="https://sarai.example", business_name="Sarai", business_phone="+923000000301")

_numbers = itertools.count(1)


class Chat:
    """A person's conversation within the test's unit of work.

    Attributes:
        now: moves on by twenty seconds with each message, as people do.
        said: everything that the last turn said, to whomever.
        last: what it said to this person; None for silence.
    """

    def __init__(
        self, session: Session, person_id: int, *, name: str | None = "Ayesha Khan", phone: bool = True
    ) -> None:
        self.session, self.person_id, self.name = session, person_id, name
        self.now: datetime = NOW
        self.state: dict[str, Any] = {}
        self.rules = RULES
        self.said: list[Outgoing] = []
        self.last: Message | None = None
        self._phone = phone
        self._shown = 0

    # ---- what the person does

    def says(self, words: str) -> Message | None:
        return self.sends({"type": "text", "text": {"body": words}})

    def taps(self, title: str, message: Message | None = None, *, at_once: bool = False) -> Message | None:
        """Tap the button or row with this title, of the last bubble or of an older one."""
        message = message or self.last
        payload = options(message)[title]
        if at_once:
            self.now -= timedelta(seconds=20)
        kind = "list_reply" if isinstance(message, Menu) else "button_reply"
        return self.sends(
            {
                "type": "interactive",
                "context": {"id": f"wamid.of-{id(message)}"},
                "interactive": {"type": kind, kind: {"id": payload, "title": title}},
            }
        )

    def taps_template(self, action: actions.Action) -> Message | None:
        """Tap the button of a template, which comes without the message it belongs to."""
        return self.sends({"type": "button", "button": {"text": "?", "payload": actions.encode(action)}})

    def says_as(self, event_id: int, words: str) -> Message | None:
        """The message with this id, which is kept already."""
        return self.sends({"type": "text", "text": {"body": words}}, event_id=event_id)

    def sends(self, node: dict[str, Any], *, event_id: int | None = None) -> Message | None:
        number = event_id or next(_numbers)
        sender = {"from": "923000000101"} if self._phone else {"from_user_id": "PK.1"}
        language, paused_until = self.session.execute(
            text(
                "SELECT p.language, c.paused_until FROM persons p JOIN conversations c USING (id) WHERE id = :id"
            ),
            {"id": self.person_id},
        ).one()
        event = Claimed(
            id=number,
            conversation_id=self.person_id,
            source="whatsapp",
            kind="message",
            meets=False,
            payload={"id": f"wamid.{number}", **sender, **node},
            received_at=self.now,
            attempts=0,
            state=self.state,
            language=language,
            name=self.name,
            paused_until=paused_until,
        )
        self.session.info["outbox"].clear()
        self.session.read.clear()  # a turn is a unit of work of its own
        self.state = router.take_turn(self.session, event, rules=self.rules, now=self.now)
        self.said = list(self.session.info["outbox"])
        self.session.info["outbox"].clear()
        mine = [out.message for out in self.said if out.person_id == self.person_id]
        assert len([m for m in mine if not isinstance(m, Typing)]) <= 1, "one bubble a turn"
        for out in self.said:
            assert from_json(to_json(out.message)) == out.message
        self.last = mine[-1] if mine else None
        self.now += timedelta(seconds=20)
        return self.last

    # ---- journeys

    def comes_to_the_summary(
        self, place: str, dates: str = "24 Dec to 26 Dec", guests: str = "2", name: str | None = None
    ) -> Message:
        self.says(place)
        self.taps("Book")
        self.says(dates)
        self.says(guests)
        if name is None:
            self.taps(self.name or "")
        else:
            self.says(name)
        assert self.last is not None
        assert "Total" in body(self.last)
        return self.last

    def bookings(self) -> Sequence[Booking]:
        return Booking.of_person(self.session, self.person_id)

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


def options(message: Message | None) -> dict[str, str]:
    """What can be tapped in a bubble: title → payload."""
    if isinstance(message, Buttons):
        return {b.title: b.id for b in message.buttons}
    if isinstance(message, Menu):
        return {row.title: row.id for section in message.sections for row in section.rows}
    return {}


def titles(message: Message | None) -> list[str]:
    return list(options(message))


def body(message: Message | None) -> str:
    """The words of a bubble, each space a plain one."""
    if isinstance(message, Document):
        return as_read(message.caption)
    assert isinstance(message, Text | Buttons | Menu | Link), message
    return as_read(message.body)


def as_read(words: str) -> str:
    """A space at which no phone may begin a new line is a space to its reader."""
    return words.replace(NO_BREAK, " ")


def said_to(outbox: list[Outgoing], recipient: str) -> list[Outgoing]:
    return [out for out in outbox if out.recipient == recipient]
