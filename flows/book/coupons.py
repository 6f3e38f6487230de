"""A coupon code: asked for where a place takes any, and taken wherever somebody types one."""

from __future__ import annotations

import re
from typing import Any, Final

from flows import understand
from flows.actions import PassOverCoupon
from flows.engine import NotUnderstood, Step, Turn, button
from flows.phrases import Phrases
from flows.state import Draft
from models import availability, coupon
from models.coupon import Coupon, Why
from models.errors import CouponRefused
from models.listing import Listing
from models.message import Buttons, Message
from models.pricing import Quote, quote

# "code SUMMER10", "my coupon is summer-10"; a lone word is one only where a code is asked for, or fits.
_NAMED: Final = re.compile(
    r"(?:my |use |apply |with )*(?:coupon|promo|voucher|discount|code|کوڈ|कोड)(?: ?code| کوڈ| कोड)?(?: is)?[ :]+"
    r"([A-Za-z0-9-]{3,20})",
    re.IGNORECASE,
)
_LONE: Final = re.compile(r"[A-Za-z0-9-]{3,20}")
_MIXED: Final = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9])[A-Za-z0-9-]+")
_CODE_ASKED: Final = frozenset({"coupon", "review"})


class NoCode(NotUnderstood):
    """What was typed is a code, but none that can be used here."""

    def __init__(self, refused: CouponRefused) -> None:
        super().__init__(refused.code)
        self.refused = refused

    def words(self, turn: Turn) -> str:
        return why(turn._, self.refused)


def are_asked(turn: Turn, draft: Draft) -> bool:
    """Whether any coupon is for this place today: known with the place, so that asking nobody costs nothing."""
    listing = Listing.get(turn.session, draft.listing)
    until = listing.coupons_until
    return until is not None and availability.today(listing, turn.now) <= until


def ask(turn: Turn, draft: Draft) -> Message:
    _ = turn._
    body = _("Do you have a coupon code?\n\nType it, or tap *Skip*.")
    return Buttons(body, (button(PassOverCoupon(draft.listing), _("Skip")),))


def read(turn: Turn, draft: Draft, said: str) -> Draft:
    """Keep the code, if it is one for this stay; none where somebody has none.

    Raises:
        NotUnderstood: no code that can be used here; says why.
    """
    if understand.is_nothing(said) or understand.has_none(said):
        return draft.with_answer(coupon="")
    said = said.strip().rstrip(".!")
    if _LONE.fullmatch(coupon.code_of(said)) is None or len(said.split()) > 2 or understand.yes_or_no(said):
        raise NotUnderstood("Please type the code, or tap *Skip*.")
    return _with_code(turn, draft, said)


def take(turn: Turn, draft: Draft, step: Step, said: str) -> Draft | None:
    """The draft with the code that was typed at this question; None where it is no code.

    Raises:
        NotUnderstood: a code, but none that can be used here; says why.
    """
    said = said.strip().rstrip(".!")
    named = _NAMED.fullmatch(said)
    if named is not None and step.name != "further":
        return _with_code(turn, draft, named[1])
    if step.name not in _CODE_ASKED or not _LONE.fullmatch(said) or not are_asked(turn, draft):
        return None
    try:
        Coupon.get(turn.session, said)
    except CouponRefused as refused:
        # Letters and digits in one word are meant as a code where one is asked for, and may be a date elsewhere.
        if step.name == "coupon" and _MIXED.fullmatch(said):
            raise NoCode(refused) from refused
        return None
    return _with_code(turn, draft, said)


def _with_code(turn: Turn, draft: Draft, said: str) -> Draft:
    code = coupon.code_of(said)
    try:
        found = Coupon.get(turn.session, code)
        stay = draft.stay_at(Listing.get(turn.session, draft.listing))
        if stay is not None and draft.guests is not None:
            price(turn, draft.with_answer(coupon=code))
        else:
            found.check_uses(turn.session, turn.person_id)
    except CouponRefused as refused:
        raise NoCode(refused) from refused
    return draft.with_answer(coupon=code, note=turn._("The code *{code}* is noted.", code=code))


def price(turn: Turn, draft: Draft) -> Quote:
    """What the stay comes to, with the coupon where one is noted.

    Raises:
        CouponRefused: it is not for this stay, or used up by now.
    """
    listing = Listing.get(turn.session, draft.listing)
    stay = draft.stay_at(listing)
    assert stay is not None
    assert draft.guests is not None
    units = availability.units_needed(listing, draft.guests)
    priced = quote(listing.price, stay, guests=draft.guests, units=units)
    if not draft.coupon:
        return priced
    found = Coupon.get(turn.session, draft.coupon)
    found.check(
        slug=listing.slug,
        category=listing.category,
        stay=stay,
        total=priced.total,
        today=availability.today(listing, turn.now),
    )
    found.check_uses(turn.session, turn.person_id)
    return quote(listing.price, stay, guests=draft.guests, units=units, coupon=found.discount)


def why(_: Phrases, refused: CouponRefused) -> str:
    """Why a code cannot be used, in a sentence."""
    code: str = refused.data["code"]
    limit: Any = refused.data.get("limit")
    match refused.data["why"]:
        case Why.NOT_YET:
            return _("The code {code} can be used from {day} on.", code=code, day=_.day(limit))
        case Why.OVER:
            return _("The code {code} could be used until {day}.", code=code, day=_.day(limit))
        case Why.ELSEWHERE:
            return _("The code {code} is not for this place.", code=code)
        case Why.TOO_SHORT:
            return _.n(
                "The code {code} is for stays of {n} night or more.",
                "The code {code} is for stays of {n} nights or more.",
                limit,
                code=code,
            )
        case Why.TOO_SMALL:
            return _("The code {code} is for bookings from {amount} on.", code=code, amount=_.money(limit))
        case Why.USED_UP:
            return _("The code {code} is used up.", code=code)
        case Why.USED_BEFORE:
            return _("You have used the code {code} before.", code=code)
    return _("I do not know the code {code}.", code=code)
