"""Who may use a code for what, and how often: used when a booking is accepted, given back when it ends unpaid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import text

from models import coupon, db
from models.booking import Booking
from models.coupon import Coupon, Why
from models.errors import CouponRefused, PlaceTaken
from models.listing import Listing
from models.money import Money
from models.payment import PaymentFacts, PaymentState
from models.pricing import quote
from models.session import Session
from models.stay import Shift, Stay
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES, STAY

TODAY = date(2026, 11, 20)
AUTHORIZED = PaymentFacts(PaymentState.AUTHORIZED, intent="pi_coupon")


def _coupon(**conditions: Any) -> Coupon:
    given: dict[str, Any] = {
        "code": "SUMMER10",
        "percent": Decimal(10),
        "amount_minor": None,
        "currency": None,
        "valid_from": None,
        "valid_until": None,
        "min_nights": None,
        "min_total_minor": None,
        "listings": None,
        "categories": None,
        "most_uses": None,
        "most_per_person": None,
        "active": True,
    }
    return Coupon(**(given | conditions))


def _check(found: Coupon, stay: Stay = STAY) -> None:
    total = Money(18_000_00, "PKR")
    found.check(slug="sea-view", category="hut", stay=stay, total=total, today=TODAY)


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"valid_from": TODAY, "valid_until": TODAY},
        {"min_nights": 2, "min_total_minor": 18_000_00, "currency": "PKR"},
        {"listings": ["other", "sea-view"]},
        {"categories": ["hut"]},
        {"listings": ["other"], "categories": ["hut"]},
        {"currency": "PKR"},
    ],
)
def test_a_coupon_whose_conditions_are_met_passes(conditions: dict[str, Any]) -> None:
    _check(_coupon(**conditions))


@pytest.mark.parametrize(
    ("conditions", "why", "limit"),
    [
        ({"valid_from": TODAY + timedelta(1)}, Why.NOT_YET, TODAY + timedelta(1)),
        ({"valid_until": TODAY - timedelta(1)}, Why.OVER, TODAY - timedelta(1)),
        ({"listings": ["other"]}, Why.ELSEWHERE, None),
        ({"categories": ["camp"]}, Why.ELSEWHERE, None),
        ({"listings": [], "categories": []}, Why.ELSEWHERE, None),
        ({"currency": "INR"}, Why.ELSEWHERE, None),
        ({"min_nights": 3}, Why.TOO_SHORT, 3),
        ({"min_total_minor": 18_000_01, "currency": "PKR"}, Why.TOO_SMALL, Money(18_000_01, "PKR")),
    ],
)
def test_a_condition_that_is_not_met_is_named(conditions: dict[str, Any], why: Why, limit: object) -> None:
    with pytest.raises(CouponRefused) as refused:
        _check(_coupon(**conditions))
    assert refused.value.data == {"why": why, "code": "SUMMER10", "limit": limit}


def test_a_shift_is_no_number_of_nights() -> None:
    night = Stay(date(2026, 12, 24), date(2026, 12, 25), shift=Shift.NIGHT)
    _check(_coupon(), night)
    with pytest.raises(CouponRefused):
        _check(_coupon(min_nights=1), night)


# ---- the file --------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["summer10", " Summer 10 ", "SUMMER10"])
def test_a_code_is_found_however_it_is_typed(session: Session, typed: str) -> None:
    make.coupon(session, "Summer10")
    assert Coupon.get(session, typed).code == "SUMMER10"


def test_a_coupon_is_read_as_a_person_writes_it(session: Session) -> None:
    make.coupon(
        session,
        "eid-gift",
        amount="2500.50",
        currency="PKR",
        **{"from": date(2026, 12, 1), "to": "2026-12-31"},
        min_nights=2,
        min_total=20000,
        listings=["sea-view"],
        categories=["hut"],
        uses=100,
        per_person=1,
    )
    assert Coupon.get(session, "EID-GIFT") == _coupon(
        code="EID-GIFT",
        percent=None,
        amount_minor=2_500_50,
        currency="PKR",
        valid_from=date(2026, 12, 1),
        valid_until=date(2026, 12, 31),
        min_nights=2,
        min_total_minor=20_000_00,
        listings=["sea-view"],
        categories=["hut"],
        most_uses=100,
        most_per_person=1,
    )
    make.coupon(session, "EID-GIFT", percent="12.5")
    assert Coupon.get(session, "eid-gift") == _coupon(code="EID-GIFT", percent=Decimal("12.5"))
    make.coupon(session, "EID-GIFT", active=False)
    with pytest.raises(CouponRefused) as refused:
        Coupon.get(session, "eid-gift")
    assert refused.value.data["why"] == Why.UNKNOWN


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"code": "X"}, "3 to 20"),
        ({"code": "12345"}, "with a letter"),
        ({}, "code is missing"),
        ({"code": "GIFT", "percent": 0}, "coupon GIFT: 0 percent"),
        ({"code": "GIFT", "percent": 101}, "101 percent"),
        ({"code": "GIFT"}, "a percent or an amount"),
        ({"code": "GIFT", "percent": 10, "amount": 5, "currency": "PKR"}, "one of them"),
        ({"code": "GIFT", "amount": 5}, "needs its currency"),
        ({"code": "GIFT", "percent": 10, "min_total": 5}, "needs its currency"),
        ({"code": "GIFT", "percent": 10, "from": "soon"}, "from is a day"),
        ({"code": "GIFT", "percent": 10, "listings": "sea-view"}, "listings is a list"),
        ({"code": "GIFT", "percent": 10, "per_persn": 1}, "coupon GIFT: nobody knows 'per_persn'"),
    ],
)
def test_a_coupon_nobody_can_mean_is_refused(session: Session, entry: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        coupon.load(session, [entry], NOW)


@pytest.mark.parametrize(
    ("entry", "until"),
    [
        ({}, date(9999, 12, 31)),
        ({"to": "2026-12-31"}, date(2026, 12, 31)),
        ({"categories": ["hut"], "to": "2027-01-01"}, date(2027, 1, 1)),
        ({"categories": ["camp"]}, None),
        ({"currency": "INR"}, None),
        ({"active": False}, None),
    ],
)
def test_a_listing_knows_until_when_it_takes_any(
    session: Session, entry: dict[str, Any], until: date | None
) -> None:
    session.execute(text("UPDATE coupons SET active = false"))
    place = make.listing(session)
    make.coupon(session, "GIFT", **entry)
    assert Listing.get(session, place.id).coupons_until == until


def test_one_that_names_the_listing_is_for_no_other(session: Session) -> None:
    session.execute(text("UPDATE coupons SET active = false"))
    place, other = make.listing(session), make.listing(session)
    make.coupon(session, "GIFT", listings=[place.slug])
    assert Listing.get(session, place.id).coupons_until
    assert Listing.get(session, other.id).coupons_until is None


# ---- uses ------------------------------------------------------------------------------------------


def _draft(session: Session, place: Listing, code: str, guest_id: int | None = None) -> Booking:
    """INITIATED, with the code."""
    booking = make.draft(session, place, guest_id=guest_id)
    priced = quote(place.price, STAY, guests=2, units=1, coupon=Coupon.get(session, code).discount)
    booking.rewrite(
        session,
        listing=place,
        stay=STAY,
        guests=2,
        guest_name="Ayesha Khan",
        quote=priced,
        cause=make.unique("inbound:"),
        now=NOW,
    )
    return booking


def _accept(session: Session, booking: Booking) -> Booking:
    booking.request_payment(
        session, method="card", revision=booking.revision, rules=RULES, cause=make.unique("inbound:"), now=NOW
    )
    return booking


def test_the_booking_keeps_its_code_and_its_price(session: Session) -> None:
    booking = _draft(session, make.listing(session), make.coupon(session, "GIFT"))
    assert (booking.coupon_code, booking.total_minor, booking.advance_minor) == (
        "GIFT",
        16_200_00,
        4_860_00,
    )
    make.coupon(session, "GIFT", percent=50)
    assert _accept(session, booking).total_minor == 16_200_00


def test_a_limited_code_is_used_once_it_is_accepted(session: Session) -> None:
    place = make.listing(session, units=3)
    make.coupon(session, "GIFT", uses=1)
    first, second = _draft(session, place, "GIFT"), _draft(session, place, "GIFT")
    _accept(session, first)
    with pytest.raises(CouponRefused) as refused:
        _accept(session, second)
    assert refused.value.data["why"] == Why.USED_UP
    assert second.status == "INITIATED"
    assert make.allocations(session, second) == []


def test_a_person_may_be_allowed_once_and_others_still(session: Session) -> None:
    place, guest = make.listing(session, units=3), make.person(session)
    make.coupon(session, "GIFT", per_person=1)
    _accept(session, _draft(session, place, "GIFT", guest))
    with pytest.raises(CouponRefused) as refused:
        _accept(session, _draft(session, place, "GIFT", guest))
    assert refused.value.data["why"] == Why.USED_BEFORE
    with pytest.raises(CouponRefused):
        Coupon.get(session, "GIFT").check_uses(session, guest)
    _accept(session, _draft(session, place, "GIFT"))


def _expire(session: Session, booking: Booking) -> None:
    booking.expire(session, cause=make.unique("due:"), now=NOW + timedelta(minutes=16))


def _cancel(session: Session, booking: Booking) -> None:
    booking.cancel_by_guest(session, cause=make.unique("inbound:"), now=NOW)


def _decline(session: Session, booking: Booking) -> None:
    make.tell(session, booking, AUTHORIZED)
    make.decide(session, booking, yes=False)


def _cancel_before_the_owner_decides(session: Session, booking: Booking) -> None:
    make.tell(session, booking, AUTHORIZED)
    _cancel(session, booking)


@pytest.mark.parametrize("end", [_expire, _cancel, _decline, _cancel_before_the_owner_decides])
def test_what_ends_unpaid_gives_its_use_back(
    session: Session, end: Callable[[Session, Booking], None]
) -> None:
    place = make.listing(session, units=3)
    make.coupon(session, "GIFT", uses=1, per_person=1)
    first = _accept(session, _draft(session, place, "GIFT"))
    end(session, first)
    _accept(session, _draft(session, place, "GIFT", first.person_id))


def test_who_gives_up_a_paid_stay_has_used_the_code(session: Session) -> None:
    place = make.listing(session, units=3)
    make.coupon(session, "GIFT", uses=1)
    first = _accept(session, _draft(session, place, "GIFT"))
    make.tell(session, first, AUTHORIZED)
    make.decide(session, first, yes=True)
    make.tell(session, first, PaymentFacts(PaymentState.CAPTURED))
    _cancel(session, first)
    assert first.status == "REFUND_REQUIRED"
    with pytest.raises(CouponRefused):
        _accept(session, _draft(session, place, "GIFT"))


def test_a_place_that_is_taken_uses_nothing(session: Session) -> None:
    place = make.listing(session, units=1)
    make.coupon(session, "GIFT", uses=1)
    late = _draft(session, place, "GIFT")
    make.held(session, place)
    with pytest.raises(PlaceTaken):
        _accept(session, late)
    Coupon.get(session, "GIFT").check_uses(session, late.person_id)


def test_the_last_use_is_one_guests(scratch: Scratch) -> None:
    """Eight guests accept at the same moment; the code is for two of them."""
    with db.unit_of_work() as unit:
        place = make.listing(unit, units=8)
        make.coupon(unit, "GIFT", uses=2)
        drafts = [_draft(unit, place, "GIFT").id for _ in range(8)]
    together, refused = Barrier(len(drafts)), []

    def accept(booking_id: int) -> None:
        together.wait()
        try:
            with db.unit_of_work() as unit:
                _accept(unit, Booking.for_update(unit, booking_id))
        except CouponRefused as error:
            refused.append(error.data["why"])

    threads = [Thread(target=accept, args=(booking_id,)) for booking_id in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert refused == [Why.USED_UP] * 6
    assert scratch.value("SELECT count(*) FROM bookings WHERE status = 'PAYMENT_PENDING'") == 2
