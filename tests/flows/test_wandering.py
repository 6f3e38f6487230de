"""People wander: whatever is tapped and typed in whatever order, each message is answered by one good bubble."""

from __future__ import annotations

import random
from datetime import timedelta

import orjson
import pytest

from models.lifecycle import Status
from models.listing import Listing
from models.message import Message
from models.payment import Payment, PaymentFacts, PaymentState
from models.session import Session
from tests import factories
from tests.flows.conversation import Chat, options

WORDS = (
    "hi", "menu", "back", "cancel", "help", "language", "book", "my bookings", "ticket", "yes", "no", "sea view",
    "25 dec", "24 to 26 dec", "25/12 for 2 nights", "next saturday", "kal", "1 nov", "5-12", "december", "2", "4",
    "2 adults and 1 child", "7 guests", "two nights", "a week", "Ali Khan", "my name is sara", "pay by card", "change",
    "نمستے", "मेनू", "english", "xyzzy", "?", "👍", "", " ", "x" * 5000, "%s {0} {name} \\n * _", "BK-20261120-7K3QX",
    "confirm", "1", "0", "-1", "99999999999999999999",
)  # fmt: skip
NODES = (
    {"type": "image", "image": {"id": "1"}},
    {"type": "reaction", "reaction": {}},
    {"type": "location"},
    {},
)


@pytest.mark.parametrize("seed", range(8))
def test_nobody_gets_lost(session: Session, chat: Chat, admin: Chat, place: Listing, seed: int) -> None:
    chance = random.Random(seed)
    factories.held(session, place)
    seen: list[Message] = []
    chat.says("hi")
    for _ in range(60):
        if chat.last is not None and options(chat.last):
            seen.append(chat.last)
        _one_step(chat, chance, seen)
        _the_world_goes_on(session, chat, chance)
        assert len(orjson.dumps(chat.state)) < 4000


def _one_step(chat: Chat, chance: random.Random, seen: list[Message]) -> None:
    what = chance.random()
    if what < 0.55 and seen:
        message = seen[-1] if chance.random() < 0.7 else chance.choice(seen)
        chat.taps(chance.choice(list(options(message))), message)
    elif what < 0.95:
        chat.says(chance.choice(WORDS))
    else:
        chat.sends(dict(chance.choice(NODES)))


def _the_world_goes_on(session: Session, chat: Chat, chance: random.Random) -> None:
    """Time passes, holds end, providers answer."""
    if chance.random() < 0.1:
        chat.now += timedelta(minutes=chance.choice((1, 10, 60, 60 * 24)))
    for booking in list(chat.bookings()):
        if booking.status != Status.PAYMENT_PENDING or chance.random() > 0.3:
            continue
        last = Payment.of_booking(session, booking.id)[-1]
        state = chance.choice((PaymentState.PENDING, PaymentState.AUTHORIZED, PaymentState.FAILED, None))
        if state is None:
            booking.expire(session, cause=factories.unique("x"), now=chat.now)
        elif last.state in (PaymentState.CREATED, PaymentState.PENDING):
            facts = PaymentFacts(state, reference=f"cs_{last.id}", url="https://pay.example/1")
            factories.tell(session, booking, facts, now=chat.now)
