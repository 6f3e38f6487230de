"""Money that comes when its place is gone: it pays the guest's newer booking of the same stay, or goes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from models import person as people
from models.booking import Booking
from models.booking_event import Actor
from models.listing import Listing
from models.payment import Payment, PaymentFacts, PaymentState
from models.session import Session
from tests import factories as make
from tests.factories import NOW, RULES, STAY

CAPTURED = PaymentFacts(PaymentState.CAPTURED, intent="pi_1")
LATER = NOW + timedelta(minutes=1)
PUT = ["RECORD_UNPLACEABLE_PAYMENT", "START_REFUND", "FINISH_REFUND"]


@pytest.mark.parametrize("method", ["transfer", "card"])
def test_late_money_pays_the_newer_booking_of_the_same_stay(session: Session, method: str) -> None:
    older, newer = _booked_twice(session, method)
    asked = _payment(session, newer)
    for _ in range(2):
        _comes(session, older)
    assert older.status == "REFUND_COMPLETED"
    assert make.events(session, older)[-3:] == PUT
    put = make.last_event(session, older).data
    assert (put["put_to"], put["refund_minor"]) == (newer.id, 0)
    assert older.money_put_to(session) == newer.code

    came = _payment(session, older)
    assert (newer.status, newer.hold_until, newer.paid_at) == ("PAYMENT_SUCCESS", None, LATER)
    assert newer.advance.minor == came.captured_minor
    assert newer.advance + newer.due == newer.total
    assert make.allocations(session, newer) == [("KEPT", None)]
    paid = _payment(session, newer)
    assert paid.id not in (asked.id, came.id)
    assert (paid.state, paid.captured_minor, came.state) == ("captured", came.captured_minor, "refunded")
    assert paid.intent == (came.intent or came.reference)  # the ticket says what the money is known by
    assert make.events(session, newer).count("RECORD_PAYMENT") == 1
    assert {"announce_payment", "close_payments"} <= make.follow_ups(session, newer).keys()
    assert make.follow_ups(session, older)["tell_money_unplaceable"] == LATER


@pytest.mark.parametrize("method", ["transfer", "card"])
def test_what_was_given_up_pays_what_was_booked_instead(session: Session, method: str) -> None:
    place = _place(session)
    older = _asked(session, place, method)
    older.cancel_by_guest(session, cause="inbound:1", now=NOW)
    newer = _asked(session, place, method, guest_id=older.person_id)
    _comes(session, older)
    assert (older.status, newer.status) == ("REFUND_COMPLETED", "PAYMENT_SUCCESS")


def test_a_newer_booking_whose_transfer_is_being_looked_for_is_paid_by_it(session: Session) -> None:
    older, newer = _booked_twice(session, "transfer")
    newer.submit_evidence(session, rules=RULES, cause="inbound:1", now=NOW)
    _comes(session, older)
    assert newer.status == "PAYMENT_SUCCESS"


def test_a_remembered_yes_confirms_it_at_once(session: Session) -> None:
    older, newer = _booked_twice(session, "card")
    make.tell(session, newer, PaymentFacts(PaymentState.AUTHORIZED, intent="pi_2"))
    make.decide(session, newer, yes=True)
    failed = _payment(session, newer)
    newer.fail_capture(session, failed, rules=RULES, cause="follow_up:9", now=NOW)
    _comes(session, older)
    assert newer.status == "OWNER_CONFIRMED"


def test_where_the_place_is_free_the_older_booking_itself_is_paid(session: Session) -> None:
    older, newer = _booked_twice(session, "transfer", units=2)
    _comes(session, older)
    assert (older.status, newer.status) == ("PAYMENT_SUCCESS", "PAYMENT_PENDING")


def _dearer(session: Session, place: Listing, older: Booking) -> Booking:
    dear = replace(make.price(place), advance=make.price(place).total)
    newer = make.draft(session, place, guest_id=older.person_id)
    newer.rewrite(
        session, listing=place, stay=STAY, guests=2, guest_name="A", quote=dear, cause="inbound:5", now=NOW
    )
    return _accepted(session, newer)


def _next_week(session: Session, place: Listing, older: Booking) -> Booking:
    week = timedelta(days=7)
    stay = replace(STAY, check_in=STAY.check_in + week, check_out=STAY.check_out + week)
    make.held(session, place)  # somebody else has the place of the older one
    return make.held(session, place, guest_id=older.person_id, stay=stay)


def _paid(session: Session, place: Listing, older: Booking) -> Booking:
    return make.paid(session, place, guest_id=older.person_id)


def _somebody_elses(session: Session, place: Listing, older: Booking) -> Booking:
    return make.held(session, place)


def _only_a_draft(session: Session, place: Listing, older: Booking) -> Booking:
    make.held(session, place)
    return make.draft(session, place, guest_id=older.person_id)


@pytest.mark.parametrize("other", [_dearer, _next_week, _paid, _somebody_elses, _only_a_draft])
def test_without_a_newer_unpaid_booking_that_it_is_enough_for_all_of_it_goes_back(
    session: Session, other: Callable[[Session, Listing, Booking], Booking]
) -> None:
    place = _place(session)
    older = _asked(session, place, "transfer")
    older.expire(session, cause="follow_up:1", now=NOW)
    newer = other(session, place, older)
    before = newer.status
    _comes(session, older)
    assert (older.status, newer.status) == ("REFUND_REQUIRED", before)
    assert make.last_event(session, older).data["refund_minor"] == _payment(session, older).captured_minor
    assert older.money_put_to(session) is None


def test_more_than_the_whole_stay_costs_goes_back(session: Session) -> None:
    place = make.listing(session, prices={"base": 9000, "advance": "100%"})
    make.payee_for(session, place)
    older = _asked(session, place, "card")
    older.expire(session, cause="follow_up:1", now=NOW)
    cheap = make.price(make.listing(session, prices={"base": 100, "advance": "100%"}))
    newer = make.draft(session, place, guest_id=older.person_id)
    newer.rewrite(
        session, listing=place, stay=STAY, guests=2, guest_name="A", quote=cheap, cause="inbound:5", now=NOW
    )
    _accepted(session, newer)
    _comes(session, older)
    assert (older.status, newer.status) == ("REFUND_REQUIRED", "PAYMENT_PENDING")


def test_the_database_refuses_to_put_the_same_money_twice(session: Session) -> None:
    older, newer = _booked_twice(session, "transfer")
    _comes(session, older)
    with pytest.raises(IntegrityError):
        _payment(session, older).put_to(session, newer.id, LATER)


# ---- helpers ---------------------------------------------------------------------------------------


def _place(session: Session, **what: Any) -> Listing:
    place = make.listing(session, **what)
    make.payee_for(session, place)
    return place


def _asked(session: Session, place: Listing, method: str, **what: Any) -> Booking:
    booked = make.by_transfer if method == "transfer" else make.held
    return booked(session, place, **what)


def _accepted(session: Session, booking: Booking) -> Booking:
    booking.request_payment(
        session, method="card", revision=booking.revision, rules=RULES, cause="inbound:6", now=NOW
    )
    return booking


def _booked_twice(session: Session, method: str, **what: Any) -> tuple[Booking, Booking]:
    """An older booking that has expired, and a newer one of the same guest for the same stay."""
    place = _place(session, **what)
    older = _asked(session, place, method)
    older.expire(session, cause="follow_up:1", now=NOW)
    return older, _asked(session, place, method, guest_id=older.person_id)


def _comes(session: Session, booking: Booking) -> None:
    """The money of its newest payment is there: an admin saw the transfer, or the provider says so."""
    if _payment(session, booking).method == "card":
        make.tell(session, booking, CAPTURED, cause="follow_up:7", now=LATER)
        return
    actor = Actor("admin", make.person(session, role=people.ADMIN))
    booking.record_transfer(session, actor=actor, rules=RULES, cause="inbound:7", now=LATER)


def _payment(session: Session, booking: Booking) -> Payment:
    return Payment.of_booking(session, booking.id)[-1]
