"""Coupon codes: who may use one for what, what it takes off, and how often it has been used.

A use is a booking that was accepted with the code; nothing is counted beside the bookings themselves, so that
a use comes back by itself when its booking expires, is declined, or is given up before it was paid.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import orjson
from sqlalchemy import text

from models.errors import CouponRefused
from models.hot import Hot
from models.lifecycle import KEEPS_ALLOCATION, Status
from models.money import Money
from models.pricing import Discount
from models.rates import Words
from models.session import Session
from models.stay import Mode, Stay

_CODE: Final = re.compile(r"(?=.*[A-Z])[A-Z0-9-]{3,20}")


class Why(StrEnum):
    """`data["why"]` of a `CouponRefused`; with a `limit` where there is one."""

    UNKNOWN = "UNKNOWN"
    NOT_YET = "NOT_YET"  # limit: the first day
    OVER = "OVER"  # limit: the last day
    ELSEWHERE = "ELSEWHERE"
    TOO_SHORT = "TOO_SHORT"  # limit: nights
    TOO_SMALL = "TOO_SMALL"  # limit: an amount
    USED_UP = "USED_UP"
    USED_BEFORE = "USED_BEFORE"  # by this person, as often as one may


def code_of(said: str) -> str:
    """The code as it is kept: however it is typed, capitals without spaces."""
    return "".join(said.split()).upper()


@dataclass(frozen=True, slots=True)
class Coupon:
    """A code and its conditions; None: no such condition.

    Attributes:
        currency: of its amounts; a coupon with one is for listings of that currency.
        valid_from, valid_until: the days on which it can be used, both included, at the place.
        min_nights: never met by a shift or a slot.
        min_total_minor: what the stay comes to without it.
        listings, categories: slugs of which the listing's has to be one.
        most_uses, most_per_person: bookings at the same time or later, unless given back.
    """

    code: str
    percent: Decimal | None
    amount_minor: int | None
    currency: str | None
    valid_from: date | None
    valid_until: date | None
    min_nights: int | None
    min_total_minor: int | None
    listings: Sequence[str] | None
    categories: Sequence[str] | None
    most_uses: int | None
    most_per_person: int | None
    active: bool

    @property
    def discount(self) -> Discount:
        amount = None
        if self.amount_minor is not None and self.currency is not None:
            amount = Money(self.amount_minor, self.currency)
        return Discount(self.code, self.percent, amount)

    @classmethod
    def get(cls, session: Session, code: str) -> Coupon:
        """The coupon with this code, in whatever case it is typed.

        Raises:
            CouponRefused: there is none (UNKNOWN).
        """
        row = session.execute(_ONE, {"code": code_of(code)}).one_or_none()
        if row is None or not row.active:
            raise CouponRefused(why=Why.UNKNOWN, code=code_of(code))
        return cls(*row)

    def check(self, *, slug: str, category: str, stay: Stay, total: Money, today: date) -> None:
        """Pass if it is for such a stay in this listing, used today; how often it was used is another question.

        Args:
            total: what the stay comes to without it.

        Raises:
            CouponRefused: says why, and which limit was broken.
        """
        nights = stay.nights if stay.mode is Mode.NIGHTLY else 0
        least = Money(self.min_total_minor or 0, self.currency or total.currency)
        broken = (
            (self.valid_from is not None and today < self.valid_from, Why.NOT_YET, self.valid_from),
            (self.valid_until is not None and today > self.valid_until, Why.OVER, self.valid_until),
            (not self._is_for(slug, category, total.currency), Why.ELSEWHERE, None),
            (nights < (self.min_nights or 0), Why.TOO_SHORT, self.min_nights),
            (least.currency == total.currency and total < least, Why.TOO_SMALL, least),
        )
        for is_broken, why, limit in broken:
            if is_broken:
                raise CouponRefused(why=why, code=self.code, limit=limit)

    def _is_for(self, slug: str, category: str, currency: str) -> bool:
        if self.currency not in (None, currency):
            return False
        if self.listings is None and self.categories is None:
            return True
        return slug in (self.listings or ()) or category in (self.categories or ())

    def check_uses(self, session: Session, person_id: int) -> None:
        """Pass if it may be used once more by this person, as it looks now.

        Raises:
            CouponRefused: USED_UP or USED_BEFORE.
        """
        if self.most_uses is not None or self.most_per_person is not None:
            _count_uses(session, self.code, person_id, self.most_uses, self.most_per_person)


def claim(session: Session, code: str, person_id: int) -> None:
    """Pass if one more booking may be accepted with this code; until the commit no other one is counted.

    Called with the booking's row locked, and before its allocation is claimed.

    Raises:
        CouponRefused: others were faster (USED_UP), or the person has used it before (USED_BEFORE).
    """
    limits = _LIMITS.run(session, code=code).first()
    if limits is not None:
        _count_uses(session, code, person_id, limits.most_uses, limits.most_per_person)


def _count_uses(
    session: Session, code: str, person_id: int, most_uses: int | None, most_per_person: int | None
) -> None:
    used = _USES.run(session, code=code, person_id=person_id).first()
    if most_per_person is not None and used.own >= most_per_person:
        raise CouponRefused(why=Why.USED_BEFORE, code=code)
    if most_uses is not None and used.uses >= most_uses:
        raise CouponRefused(why=Why.USED_UP, code=code)


_COLUMNS: Final = ", ".join(column.name for column in fields(Coupon))
_ONE = text(f"SELECT {_COLUMNS} FROM coupons WHERE code = :code")
# One that anybody may use any number of times makes nobody wait.
_LIMITS = Hot(
    "limits_of_coupon",
    "SELECT most_uses, most_per_person FROM coupons WHERE code = :code "
    "AND (most_uses IS NOT NULL OR most_per_person IS NOT NULL) FOR NO KEY UPDATE",
    code="text",
)
_LIVING: Final = "('" + "', '".join(sorted(KEEPS_ALLOCATION)) + "')"
# Of what has ended otherwise, only what its guest gave up after paying, with the owner's yes, is used.
_USES = Hot(
    "uses_of_coupon",
    "SELECT count(*) AS uses, count(*) FILTER (WHERE person_id = :person_id) AS own FROM bookings "
    f"WHERE coupon_code = :code AND (status IN {_LIVING} OR (decision = 'YES' AND paid_at IS NOT NULL "
    f"AND status <> '{Status.EXPIRED}' AND status <> '{Status.OWNER_CANCELLED}'))",
    code="text",
    person_id="bigint",
)


# ---- the listings file -----------------------------------------------------------------------------


def load(session: Session, entries: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Create or update the coupons of a listings file, and note with each listing until when it takes any.

    Raises:
        ValueError: a word nobody knows, or conditions that nobody can mean; says in which coupon.
    """
    for entry in entries:
        session.execute(_WRITE, _values(entry) | {"now": now})
    session.execute(_NOTE_WITH_LISTINGS)


def _values(entry: Mapping[str, Any]) -> dict[str, Any]:
    currency = entry.get("currency")
    words = Words(entry, f"coupon {entry.get('code', '?')}", currency or "")
    code = code_of(words.text("code"))
    if _CODE.fullmatch(code) is None:
        raise ValueError(f"{words.where}: a code is 3 to 20 letters and digits, with a letter")
    words.take("currency")
    if currency is None and {"amount", "min_total"} & entry.keys():
        raise ValueError(f"{words.where}: an amount needs its currency")
    values = {
        "code": code,
        "percent": words.percent("percent"),
        "amount_minor": words.amount("amount"),
        "currency": currency,
        "valid_from": words.day("from"),
        "valid_until": words.day("to"),
        "min_nights": words.number("min_nights"),
        "min_total_minor": words.amount("min_total"),
        "listings": _slugs(words, "listings"),
        "categories": _slugs(words, "categories"),
        "most_uses": words.number("uses"),
        "most_per_person": words.number("per_person"),
        "active": words.take("active") is not False,
    }
    words.end()
    percent = values["percent"]
    assert percent is None or isinstance(percent, Decimal)
    if (percent is None) == (values["amount_minor"] is None):
        raise ValueError(f"{words.where}: it is a percent or an amount, one of them")
    if percent is not None and not 0 < percent <= 100:
        raise ValueError(f"{words.where}: {percent} percent")
    return values


def _slugs(words: Words, key: str) -> str | None:
    slugs = words.take(key)
    if slugs is None:
        return None
    if not isinstance(slugs, list) or not all(isinstance(slug, str) for slug in slugs):
        raise ValueError(f"{words.where}: {key} is a list of short names")
    return orjson.dumps(slugs).decode()


_WRITTEN: Final = [column.name for column in fields(Coupon)]
_WRITE = text(
    f"INSERT INTO coupons ({', '.join(_WRITTEN)}, updated_at) VALUES (:{', :'.join(_WRITTEN)}, :now) "
    f"ON CONFLICT (code) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _WRITTEN)}, "
    "updated_at = excluded.updated_at"
)
_NOTE_WITH_LISTINGS = text(
    "UPDATE listings l SET coupons_until = ("
    "SELECT max(coalesce(c.valid_until, DATE '9999-12-31')) FROM coupons c WHERE c.active "
    "AND (c.currency IS NULL OR c.currency = l.currency) "
    "AND ((c.listings IS NULL AND c.categories IS NULL) OR jsonb_exists(c.listings, l.slug) "
    "OR jsonb_exists(c.categories, l.category)))"
)
