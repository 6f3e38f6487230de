"""Guests and strangers as the assumptions make them, and the mails that their banks would send."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Final

from models.payable import DIGITS, LETTERS
from simulate.assumptions import ASSUMED, FAMILY_NAMES, GIVEN_NAMES, MAIL_SECONDS, PRICE_POINTS, SPELLINGS

BEGINS: Final = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
_GIVEN, _FAMILY = GIVEN_NAMES.split(", "), FAMILY_NAMES.split(", ")
_GIVEN_CHANCES = list(accumulate(1.5 ** (-n / 8) for n in range(len(_GIVEN))))
_FAMILY_CHANCES = list(accumulate(1.5 ** (-n / 8) for n in range(len(_FAMILY))))


class Pays(StrEnum):
    AS_ASKED = "as asked"
    ROUNDED = "rounded"
    UNDER = "under"
    OVER = "over"
    HALF = "half"


@dataclass(frozen=True)
class Guest:
    """One guest, their booking, and how they pay for it; `delay` is None for those who never do."""

    number: int
    books_at: datetime
    price_point: int
    name: str
    phone: str
    delay: timedelta | None
    pays: Pays
    error: float
    writes_reference: bool
    slip: tuple[int, str] | None
    payer_name: str
    payer_phone: str | None
    transaction_id: str
    mail_after: timedelta
    again_after: timedelta | None
    answers_after: timedelta | None
    makes_up: str | None

    def rupees(self, asked: int) -> int:
        """What they really transfer when they are asked for so much."""
        agreed = PRICE_POINTS[self.price_point]
        match self.pays:
            case Pays.ROUNDED:
                return agreed
            case Pays.HALF:
                return agreed // 2
            case Pays.UNDER:
                return max(10, round(asked * (1 - self.error) / 10) * 10)
            case Pays.OVER:
                return round(asked * (1 + self.error) / 10) * 10
        return asked

    def remarks(self, reference: str | None) -> str:
        """What they write beside it."""
        if reference is None or not self.writes_reference:
            return ""
        if self.slip is None:
            return reference
        at, sign = self.slip
        return reference[:at] + sign + reference[at + 1 :]


@dataclass(frozen=True)
class Stranger:
    pays_at: datetime
    rupees: int
    name: str
    phone: str | None
    transaction_id: str


def season(seed: int, per_hour: int, bookings: int) -> tuple[list[Guest], list[Stranger]]:
    """So many guests at so many an hour, in the order in which they book; the same for the same seed."""
    dice = random.Random(f"{seed}:{per_hour}")
    at, guests = BEGINS, []
    for number in range(bookings):
        at += timedelta(hours=dice.expovariate(per_hour))
        guests.append(_guest(dice, number, at))
    paying = sum(guest.delay is not None for guest in guests)
    share = ASSUMED.strangers / (1 - ASSUMED.strangers)
    strangers = [
        Stranger(
            BEGINS + (at - BEGINS) * dice.random(),
            dice.choice(PRICE_POINTS),
            _name(dice),
            _shown(dice, _phone(dice)),
            _transaction_id(dice),
        )
        for _ in range(round(paying * share))
    ]
    return guests, strangers


def _guest(dice: random.Random, number: int, at: datetime) -> Guest:
    name, phone = _name(dice), _phone(dice)
    is_same = dice.random() < ASSUMED.same_name
    payer = _as_banks_write(dice, name) if is_same else _name(dice)
    payer_phone = _shown(dice, phone if is_same else _phone(dice))
    slip = None
    if dice.random() < ASSUMED.mistypes_reference:
        slip = (dice.randrange(5), dice.choice(LETTERS + DIGITS))
    answers = dice.random() < ASSUMED.answers
    return Guest(
        number=number,
        books_at=at,
        price_point=dice.randrange(len(PRICE_POINTS)),
        name=name,
        phone=phone,
        delay=_delay(dice),
        pays=_amount(dice),
        error=dice.uniform(0.01, 0.10),
        writes_reference=dice.random() < ASSUMED.writes_reference,
        slip=slip,
        payer_name=payer,
        payer_phone=payer_phone,
        transaction_id=_transaction_id(dice),
        mail_after=timedelta(seconds=dice.expovariate(1 / MAIL_SECONDS)),
        again_after=timedelta(minutes=dice.uniform(0.2, 60))
        if dice.random() < ASSUMED.reported_twice
        else None,
        answers_after=timedelta(minutes=dice.expovariate(1 / ASSUMED.answer_minutes)) if answers else None,
        makes_up=_transaction_id(dice)[-4:] if dice.random() < ASSUMED.makes_something_up else None,
    )


def _delay(dice: random.Random) -> timedelta | None:
    if dice.random() < ASSUMED.never_pay:
        return None
    if dice.random() < ASSUMED.late:
        return timedelta(hours=dice.lognormvariate(math.log(ASSUMED.late_hours), 1.0))
    return timedelta(minutes=dice.lognormvariate(math.log(ASSUMED.delay_minutes), ASSUMED.delay_spread))


def _amount(dice: random.Random) -> Pays:
    drawn = dice.random()
    for pays, share in (
        (Pays.UNDER, ASSUMED.under),
        (Pays.OVER, ASSUMED.over),
        (Pays.HALF, ASSUMED.half),
        (Pays.ROUNDED, ASSUMED.rounds),
    ):
        if drawn < share:
            return pays
        drawn -= share
    return Pays.AS_ASKED


def _name(dice: random.Random) -> str:
    (given,) = dice.choices(_GIVEN, cum_weights=_GIVEN_CHANCES)
    (family,) = dice.choices(_FAMILY, cum_weights=_FAMILY_CHANCES)
    return f"{given} {family}"


def _as_banks_write(dice: random.Random, name: str) -> str:
    drawn = dice.random()
    words = name.split()
    if drawn < ASSUMED.shortened_name / 2:
        words = [*(word[0] + "." for word in words[:-1]), words[-1]]
    elif drawn < ASSUMED.shortened_name:
        words = [*words[:-1], words[-1][0] + "*"]
    elif drawn < ASSUMED.shortened_name + ASSUMED.other_spelling:
        words = [SPELLINGS.get(word, word) for word in words]
    return " ".join(words).upper()


def _phone(dice: random.Random) -> str:
    return f"+923{dice.randrange(10**9):09}"


def _shown(dice: random.Random, phone: str) -> str | None:
    if dice.random() >= ASSUMED.phone_shown:
        return None
    local = "0" + phone[3:]
    return local if dice.random() < 0.5 else f"{local[:4]}****{local[-3:]}"


def _transaction_id(dice: random.Random) -> str:
    return f"{dice.getrandbits(96):024x}"
