"""Document 004's rule in the same season: exact amount, younger than 15 minutes, name +20, phone +30, newest wins.

Its guests are asked for the round price, without a code. A booking that was confirmed waits no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Final

from models.likeness import same_phone
from simulate.assumptions import PRICE_POINTS
from simulate.outcome import Result
from simulate.people import Guest, Stranger

YOUNGER_THAN: Final = timedelta(minutes=15)

Mail = tuple[datetime, int, str, str | None, Guest | None, bool]


def play(guests: list[Guest], strangers: list[Stranger]) -> Result:
    """The season by that rule; a mail that comes twice has two e-mail ids and is two payments to it."""
    result, confirmed = Result(), set[int]()
    for at, rupees, name, phone, payer, again in sorted(_mails(guests, strangers), key=lambda mail: mail[0]):
        them = [
            guest
            for guest in guests
            if guest.books_at <= at < guest.books_at + YOUNGER_THAN
            and guest.number not in confirmed
            and PRICE_POINTS[guest.price_point] == rupees
        ]
        best = max(them, key=lambda guest: (_score(guest, name, phone), guest.books_at), default=None)
        if best is not None:
            confirmed.add(best.number)
        if payer is None:
            if best is not None:
                result.wrong["stranger"] += 1
            else:
                result.strangers += 1
        elif again:
            if best is not None and best is not payer:
                result.wrong["twice"] += 1
        elif best is payer:
            result.right += 1
        elif best is not None:
            result.wrong["guest"] += 1
        else:
            result.to_a_person[payer.pays] += 1
    return result


def _mails(guests: list[Guest], strangers: list[Stranger]) -> Iterator[Mail]:
    for guest in guests:
        if guest.delay is not None:
            rupees = guest.rupees(PRICE_POINTS[guest.price_point])
            at = guest.books_at + guest.delay + guest.mail_after
            yield at, rupees, guest.payer_name, guest.payer_phone, guest, False
            if guest.again_after is not None:
                yield at + guest.again_after, rupees, guest.payer_name, guest.payer_phone, guest, True
    for one in strangers:
        yield one.pays_at, one.rupees, one.name, one.phone, None, False


def _score(guest: Guest, name: str, phone: str | None) -> int:
    alike = SequenceMatcher(None, guest.name.lower(), name.lower()).ratio() >= 0.8
    return 50 + 20 * alike + 30 * (phone is not None and same_phone(phone, guest.phone))
