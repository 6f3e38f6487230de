"""The table of typed answers (`tests/data/typed_answers.csv`): each through the conversation that was open.

`python -m tests.flows.typed_answers` prints it with what is made of each answer now.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from flows.state import Draft
from models import person as people
from models.listing import Listing
from models.message import Message, Typing
from models.session import Session
from tests import factories
from tests.flows.conversation import Chat, body

TABLE: Final = Path(__file__).parent.parent / "data" / "typed_answers.csv"


@dataclass(frozen=True)
class Typed:
    """One line of the table.

    Attributes:
        question: the one that was open.
        now: the moment at which it was said, in UTC, and the zone of the place.
        said: as it was typed.
        made: what is made of it, in the words of `made_of`.
    """

    question: str
    now: str
    zone: str
    said: str
    made: str


def rows() -> list[Typed]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        return [Typed(**row) for row in csv.DictReader(file)]


def made_of(session: Session, typed: Typed) -> str:
    """Open the question, say it, and tell what changed: the answers that were taken, or what was said instead."""
    chat = Chat(session, factories.person(session))
    people.speak(session, chat.person_id, "en")
    chat.now = datetime.fromisoformat(typed.now).replace(tzinfo=UTC)
    chat = _OPEN[typed.question](session, chat, typed.zone) or chat
    before = _draft(chat)
    statuses = {booking.id: booking.status for booking in chat.bookings()}
    answer = chat.says(typed.said)
    after = _draft(chat)
    taken = _answers(session, before, after)
    taken += [
        _ENDS.get(booking.status, booking.status)
        for booking in chat.bookings()
        if booking.status != statuses.get(booking.id, "INITIATED")  # a draft is none of them
    ]
    told = _told(answer, lines=4 if typed.question == "owner" else 1)
    if taken:
        return ", ".join(taken) + (f" [{told}]" if any(words in told for words in _SAID_BACK) else "")
    return told


def _answers(session: Session, before: Draft | None, after: Draft | None) -> list[str]:
    """The answers that the draft has now and had not before."""
    if after is None:
        return []
    questions = Listing.get(session, after.listing).questions
    old = before or Draft(after.listing)
    words: Mapping[str, Callable[[Any], str]] = {
        "check_in": lambda day: f"{day:%a} {day.day} {day:%b %Y}",
        "nights": lambda n: f"{n} night" + "s" * (n != 1),
        "shift": str,
        "start": lambda start: f"at {start:%H:%M}",
        "minutes": lambda n: f"{n} minutes",
        "guests": lambda n: f"{n} guest" + "s" * (n != 1),
        "name": lambda name: f"name {name}",
        "coupon": lambda code: f"code {code}",
        "answers": lambda given: ", ".join(
            f"{q.key} {q.shown(given[q.key])}" for q in questions if q.key in given
        ),
    }
    return [
        say(value)
        for field, say in words.items()
        if (value := getattr(after, field)) and value != getattr(old, field)
    ]


_SAID_BACK: Final = ("Noted:", "I took that as", "It has to be", "You can choose")
_ENDS: Final = {"PAYMENT_PENDING": "accepted", "GUEST_CANCELLED": "given up", "REFUND_REQUIRED": "cancelled"}


def _told(answer: Message | None, *, lines: int) -> str:
    """The first lines of the bubble, whatever the place is called."""
    if answer is None or isinstance(answer, Typing):
        return "silence" if answer is None else "typing"
    return re.sub(
        r"Sea View place-\d+", "Sea View", " / ".join(body(answer).replace("*", "").split("\n")[:lines])
    )


def _draft(chat: Chat) -> Draft | None:
    draft = chat.state.get("draft")
    return Draft.from_json(draft) if draft else None


# ---- questions, as a guest comes to them -----------------------------------------------------------


def _at_card(session: Session, chat: Chat, zone: str) -> None:
    chat.says(factories.listing(session, units=3, time_zone=zone).name)


def _at_dates(session: Session, chat: Chat, zone: str) -> None:
    _at_card(session, chat, zone)
    chat.taps("Book")


def _at_nights(session: Session, chat: Chat, zone: str) -> None:
    _at_dates(session, chat, zone)
    chat.says("24 Dec")


def _at_guests(session: Session, chat: Chat, zone: str) -> None:
    _at_dates(session, chat, zone)
    chat.says("24 Dec to 26 Dec")


def _at_name(session: Session, chat: Chat, zone: str) -> None:
    _at_guests(session, chat, zone)
    chat.says("2")


def _at_review(session: Session, chat: Chat, zone: str) -> None:
    _at_name(session, chat, zone)
    chat.taps("Ayesha Khan")


def _at_cnic(session: Session, chat: Chat, zone: str) -> None:
    place = factories.listing(session, time_zone=zone)
    asked = [{"key": "cnic", "text": "What is the number of your CNIC?", "label": "CNIC", "kind": "cnic"}]
    factories.change(session, place, questions=factories.json_bytes(asked).decode())
    chat.says(place.name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    chat.says("2")
    chat.taps("Ayesha Khan")


def _at_code(session: Session, chat: Chat, zone: str) -> None:
    place = factories.listing(session, time_zone=zone)
    factories.coupon(session, "SUMMER10", listings=[place.slug])
    chat.says(place.name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    chat.says("2")
    chat.taps("Ayesha Khan")


def _at_transfer(session: Session, chat: Chat, zone: str) -> None:
    factories.by_transfer(session, guest_id=chat.person_id)
    chat.says("menu")


def _at_stars(session: Session, chat: Chat, zone: str) -> None:
    booking = factories.confirmed(session, guest_id=chat.person_id)
    booking.complete(session, cause=factories.unique("test:"), now=booking.ends_at)
    chat.now = booking.ends_at + timedelta(hours=1)


def _at_owner(session: Session, chat: Chat, zone: str) -> Chat:
    place = factories.listing(session, time_zone=zone)
    owner = Chat(session, place.owner_id, name="Bilal Ahmed")
    owner.now = chat.now
    return owner


def _at_cancel(session: Session, chat: Chat, zone: str) -> None:
    factories.confirmed(session, guest_id=chat.person_id)
    chat.says("cancel")


def _at_day_of_shift(session: Session, chat: Chat, zone: str) -> None:
    place = factories.listing(session, capacity=40, time_zone=zone)
    factories.change(session, place, mode="SHIFT", hours="{}")
    chat.says(place.name)
    chat.taps("Book")


def _at_shift(session: Session, chat: Chat, zone: str) -> None:
    _at_day_of_shift(session, chat, zone)
    chat.says("24 Dec")


def _at_day_of_visit(session: Session, chat: Chat, zone: str) -> None:
    place = factories.listing(session, time_zone=zone)
    hours = {"durations": [60, 90, 120], "step": 30}
    factories.change(session, place, mode="SLOT", hours=factories.json_bytes(hours).decode())
    chat.says(place.name)
    chat.taps("Book")


def _at_minutes(session: Session, chat: Chat, zone: str) -> None:
    _at_day_of_visit(session, chat, zone)
    chat.says("24 Dec")


def _at_start(session: Session, chat: Chat, zone: str) -> None:
    _at_minutes(session, chat, zone)
    chat.says("1 hour")


_OPEN: Final[Mapping[str, Callable[[Session, Chat, str], Chat | None]]] = {
    "card": _at_card,
    "dates": _at_dates,
    "nights": _at_nights,
    "guests": _at_guests,
    "name": _at_name,
    "cnic": _at_cnic,
    "code": _at_code,
    "transfer": _at_transfer,
    "stars": _at_stars,
    "owner": _at_owner,
    "review": _at_review,
    "cancel": _at_cancel,
    "day of shift": _at_day_of_shift,
    "shift": _at_shift,
    "day of visit": _at_day_of_visit,
    "minutes": _at_minutes,
    "start": _at_start,
}


# ---- printed ---------------------------------------------------------------------------------------


def main() -> None:
    from models import db, sealed
    from models.migrate import migrate
    from models.rules import Rules
    from run.stores import Stores
    from workers import follow_ups

    table = rows()
    with (
        tempfile.TemporaryDirectory(prefix="sarai-answers-", ignore_cleanup_errors=True) as folder,
        Stores(Path(folder) / "data") as stores,
    ):
        migrate(stores.database_url)
        sealed.start(sealed.new_key())
        engine = db.make_engine(stores.database_url)
        wrong = 0
        for typed in table:
            with Session(engine.connect()) as session:
                session.info.update(follow_ups=follow_ups.table(Rules()), bells=set(), outbox=[])
                made = made_of(session, typed)
                session.rollback()
            wrong += made != typed.made
            mark = " " if made == typed.made else "!"
            print(f"{mark} {typed.question:13} {typed.said[:48]:50} {made}", flush=True)
        engine.dispose()
    print(f"{len(table)} typed answers, {wrong} not as the table has them")


if __name__ == "__main__":
    main()
