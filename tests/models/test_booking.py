"""The verbs of a booking: each does its step once, whatever comes twice, late, or in another order."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import allocation, db
from models.booking import Booking
from models.booking_event import Actor
from models.booking_row import CODE_LETTERS
from models.errors import (
    AlreadyDecided,
    BookingError,
    IllegalTransition,
    PlaceTaken,
    StayRefused,
    SummaryChanged,
    TooManyHolds,
)
from models.lifecycle import Fact, Status
from models.money import Money
from models.payment import Payment, PaymentState
from models.rules import Rules
from models.session import Session
from models.stay import Stay
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES, STAY
from tests.models.verbs import (
    AUTHORIZED,
    CAPTURED,
    DAY,
    HOUR,
    MINUTE,
    RAN_OUT,
    VOIDED,
    accepts,
    at_once,
    button,
    cancelled,
    completed,
    expired,
    has_taken_nothing,
    is_spent,
    issue_ticket,
    refuse_capture,
    rewrite,
    still_to_close,
    waives,
)

pytestmark = pytest.mark.usefixtures("as_the_database_wants_it")


# ---- the draft -------------------------------------------------------------------------------------


def test_a_summary_makes_a_booking_and_takes_nothing(session: Session) -> None:
    booking = make.draft(session, make.listing(session, capacity=2, units=3), guests=5)
    assert booking.status == Status.INITIATED
    assert booking.units == 3  # five guests, two to a unit
    assert make.events(session, booking) == ["INITIATE"]
    assert make.allocations(session, booking) == []
    assert Payment.of_booking(session, booking.id) == []
    assert booking.advance + booking.due == booking.total == Money(3 * 2 * 9000_00, "PKR")


def test_a_code_can_be_said_aloud_and_tells_the_day_at_the_place(session: Session) -> None:
    late = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)  # one in the morning of the 21st in Karachi
    codes = {make.draft(session, make.listing(session), now=late).code for _ in range(20)}
    assert len(codes) == 20
    assert all(re.fullmatch(rf"BK-20261121-[{CODE_LETTERS}]{{5}}", code) for code in codes)
    assert not set("0O1IL2Z5S8BUV") & set(CODE_LETTERS)


def test_a_code_finds_its_booking_however_it_is_typed(session: Session) -> None:
    booking = make.draft(session)
    assert Booking.with_code(session, booking.code.lower()) is booking
    assert Booking.with_code(session, "BK-20261121-AAAAA") is None


def test_a_code_that_is_taken_is_drawn_again(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = iter("AAAAAAAAAAAAAAC")
    monkeypatch.setattr("secrets.choice", lambda _: next(letters))
    place = make.listing(session, units=2)
    codes = [make.draft(session, place).code for _ in range(2)]
    assert codes == ["BK-20261120-AAAAA", "BK-20261120-AAAAC"]


def test_a_booking_and_its_payments_are_one_object_each_however_often_they_are_read(session: Session) -> None:
    booking = make.held(session)
    (payment,) = Payment.of_booking(session, booking.id)
    make.change(session, booking, guest_name="Meera Iyer")
    assert Booking.get(session, booking.id) is Booking.for_update(session, booking.id) is booking
    assert booking.guest_name == "Meera Iyer"
    session.execute(text("UPDATE payments SET url = 'https://pay.example/2'"))
    assert Payment.of_booking(session, booking.id, lock=True)[0] is payment
    assert payment.url == "https://pay.example/2"
    with pytest.raises(LookupError):
        Booking.for_update(session, booking.id + 1)


def test_an_event_that_changes_nothing_leaves_the_row_as_it_is(session: Session) -> None:
    booking = make.paid(session)
    version = text("SELECT ctid::text FROM bookings WHERE id = :id")
    before = session.scalar(version, {"id": booking.id})
    booking.note(session, Fact.REMIND, cause="follow_up:1", now=NOW)
    assert session.scalar(version, {"id": booking.id}) == before
    make.decide(session, booking, yes=True)
    assert session.scalar(version, {"id": booking.id}) != before


def test_a_changed_answer_rewrites_stay_and_price_in_place(session: Session) -> None:
    place = make.listing(session, units=2)
    booking = make.draft(session, place)
    longer = Stay.of_nights(STAY.check_in, 5)
    rewrite(session, booking, longer, guests=3, cause="inbound:2")
    assert (booking.revision, booking.stay, booking.guests, booking.units) == (2, longer, 3, 2)
    assert booking.total == make.price(place, longer, 3).total
    assert booking.ends_at - booking.starts_at == 5 * DAY - 3 * HOUR


def test_the_same_change_twice_is_one_change(session: Session) -> None:
    booking = make.draft(session)
    for _ in range(2):
        rewrite(session, booking, STAY, guests=1, cause="inbound:2")
    assert booking.revision == 2
    assert make.events(session, booking) == ["INITIATE", "REWRITE"]


def test_a_change_known_from_before_the_guest_accepted_is_no_error_afterwards(session: Session) -> None:
    booking = make.draft(session)
    rewrite(session, booking, STAY, guests=1, cause="inbound:2")
    accepts(session, booking)
    rewrite(session, booking, STAY, guests=1, cause="inbound:2")
    assert booking.revision == 2


def test_accepting_freezes_the_answers(session: Session) -> None:
    booking = make.held(session)
    with pytest.raises(IllegalTransition):
        rewrite(session, booking, STAY, guests=1, cause="inbound:9")
    assert (booking.revision, booking.guests) == (1, 2)


def test_a_draft_that_nobody_accepts_is_given_up_a_day_later(session: Session) -> None:
    booking = make.draft(session)
    assert make.follow_ups(session, booking) == {"abandon_draft": NOW + DAY}
    for _ in range(2):
        booking.abandon(session, cause="follow_up:1", now=NOW + DAY)
    assert booking.status == Status.EXPIRED
    assert make.events(session, booking).count("ABANDON") == 1


def test_my_bookings_are_the_newest_first_without_mere_drafts(session: Session) -> None:
    guest, place = make.person(session), make.listing(session, units=9)
    given_up = make.draft(session, place, guest_id=guest)
    given_up.abandon(session, cause="follow_up:1", now=NOW + DAY)
    make.draft(session, place, guest_id=guest)
    first = make.paid(session, place, guest_id=guest)
    ran_out = make.held(session, place, guest_id=guest)
    ran_out.expire(session, cause="follow_up:2", now=NOW + HOUR)
    last = make.held(session, place, guest_id=guest)
    make.held(session, place)  # somebody else's
    assert Booking.of_person(session, guest) == [last, ran_out, first]
    assert Booking.of_person(session, guest, most=1) == [last]


# ---- accepting -------------------------------------------------------------------------------------


def test_a_tap_on_pay_takes_the_place_and_begins_a_payment(session: Session) -> None:
    booking = make.held(session, referral_code="AYESHA")
    until = NOW + RULES.hold
    assert booking.status == Status.PAYMENT_PENDING
    assert make.allocations(session, booking) == [("HELD", until)]
    (payment,) = Payment.of_booking(session, booking.id)
    assert (payment.state, payment.method, payment.expires_at) == ("created", "card", until)
    assert (payment.amount_minor, payment.currency) == (booking.advance_minor, "PKR")
    due = make.follow_ups(session, booking)
    assert (due["open_payment"], due["expire_hold"]) == (NOW, until)
    assert booking.commission_status == "NONE"  # nothing is owed for a mere hold


def test_a_double_tap_on_pay_is_one_tap(session: Session) -> None:
    booking = make.draft(session)
    for _ in range(2):
        accepts(session, booking, cause="inbound:5")
    assert make.events(session, booking) == ["INITIATE", "REQUEST_PAYMENT"]
    assert len(Payment.of_booking(session, booking.id)) == 1
    assert len(make.allocations(session, booking)) == 1


def test_a_second_tap_of_another_message_is_refused(session: Session) -> None:
    booking = make.held(session)
    with pytest.raises(IllegalTransition):
        accepts(session, booking)
    assert len(Payment.of_booking(session, booking.id)) == 1


def test_a_tap_on_an_older_summary_takes_nothing(session: Session) -> None:
    booking = make.draft(session)
    rewrite(session, booking, STAY, guests=1, cause="inbound:2")
    for accept in (accepts, waives):
        with pytest.raises(SummaryChanged) as refused:
            accept(session, booking, revision=1)
        assert refused.value.data == {"revision": 2}
    has_taken_nothing(session, booking)


def test_a_stay_that_has_begun_cannot_be_accepted(session: Session) -> None:
    booking = make.draft(session)
    with pytest.raises(StayRefused) as refused:
        accepts(session, booking, now=booking.starts_at)
    assert refused.value.data["why"] == "PAST"
    has_taken_nothing(session, booking)
    accepts(session, booking, now=booking.starts_at - MINUTE)


def test_two_unpaid_places_are_as_many_as_a_person_may_hold(session: Session) -> None:
    guest, place = make.person(session), make.listing(session, units=9)
    make.held(session, place)  # somebody else's does not count
    holds = [make.held(session, place, guest_id=guest) for _ in range(2)]
    third = make.draft(session, place, guest_id=guest)
    with pytest.raises(TooManyHolds) as refused:
        accepts(session, third)
    assert refused.value.data == {"most": 2}
    has_taken_nothing(session, third)
    make.tell(session, holds[0], AUTHORIZED)  # a paid one is no hold any more
    accepts(session, third)
    assert third.status == Status.PAYMENT_PENDING


def test_unpaid_requests_count_as_holds_until_they_are_decided(session: Session) -> None:
    guest, free = make.person(session), make.listing(session, units=9, advance=0)
    requests = [make.waived(session, free, guest_id=guest) for _ in range(2)]
    third = make.draft(session, free, guest_id=guest)
    with pytest.raises(TooManyHolds):
        waives(session, third)
    make.decide(session, requests[0], yes=True)
    waives(session, third)
    assert third.status == Status.PAYMENT_SUCCESS


def test_the_last_unit_goes_to_one_guest_and_the_other_hears_at_once(session: Session) -> None:
    place = make.listing(session, units=1)
    first = make.held(session, place)
    second = make.draft(session, place)
    with pytest.raises(PlaceTaken):
        accepts(session, second)
    has_taken_nothing(session, second)
    assert len(make.allocations(session, first)) == 1


def test_a_place_is_free_from_check_out_on(session: Session) -> None:
    place = make.listing(session, units=1)
    make.held(session, place)
    after = make.held(session, place, stay=Stay.of_nights(STAY.check_out, 1))
    assert len(make.allocations(session, after)) == 1


def test_nothing_to_pay_now_goes_straight_to_the_owner(session: Session) -> None:
    booking = make.draft(session, make.listing(session, advance=0), referral_code="AYESHA")
    for _ in range(2):
        waives(session, booking, cause="inbound:3")
    assert booking.status == Status.PAYMENT_SUCCESS
    assert booking.paid_at == NOW
    assert booking.commission_status == "PENDING"
    assert make.allocations(session, booking) == [("KEPT", None)]
    assert Payment.of_booking(session, booking.id) == []
    assert make.follow_ups(session, booking)["announce_payment"] == NOW
    make.decide(session, booking, yes=True)
    assert booking.status == Status.OWNER_CONFIRMED  # there is nothing to capture


# ---- the hold --------------------------------------------------------------------------------------


def test_another_try_to_pay_is_a_new_payment_within_the_same_hold(session: Session) -> None:
    booking = make.held(session)
    first = booking.retry_payment(session, method="card", cause="inbound:7", now=NOW + 5 * MINUTE)
    again = booking.retry_payment(session, method="card", cause="inbound:7", now=NOW + 6 * MINUTE)
    assert first is again
    assert [p.expires_at for p in Payment.of_booking(session, booking.id)] == [NOW + RULES.hold] * 2
    assert booking.status == Status.PAYMENT_PENDING
    assert make.events(session, booking)[-1] == Fact.RETRY_PAYMENT
    assert still_to_close(session, booking) == [Payment.of_booking(session, booking.id)[0]]


def test_a_known_try_is_answered_with_its_payment_also_when_it_has_been_paid(session: Session) -> None:
    booking = make.held(session)
    payment = booking.retry_payment(session, method="card", cause="inbound:7", now=NOW)
    make.tell(session, booking, AUTHORIZED)
    assert booking.retry_payment(session, method="card", cause="inbound:7", now=NOW) is payment
    with pytest.raises(IllegalTransition):
        booking.retry_payment(session, method="card", cause="inbound:8", now=NOW)
    assert len(Payment.of_booking(session, booking.id)) == 2


def test_a_hold_moves_on_with_its_place_once_per_cause(session: Session) -> None:
    booking = make.held(session)
    later = NOW + 20 * MINUTE
    booking.renew_hold(session, later, cause="follow_up:1", now=NOW)
    booking.renew_hold(session, later + HOUR, cause="follow_up:1", now=NOW)
    assert booking.hold_until == later
    assert make.allocations(session, booking) == [("HELD", later)]
    assert make.events(session, booking).count("RENEW_HOLD") == 1


def test_a_place_that_is_paid_for_never_becomes_a_hold_again(session: Session) -> None:
    booking = make.paid(session)
    with pytest.raises(IllegalTransition):
        booking.renew_hold(session, NOW + HOUR, cause="follow_up:1", now=NOW)
    assert make.allocations(session, booking) == [("KEPT", None)]


def test_a_hold_that_ran_out_frees_the_place_once(session: Session) -> None:
    booking = make.held(session)
    for _ in range(2):
        booking.expire(session, cause="follow_up:1", now=RAN_OUT)
    assert (booking.status, booking.hold_until) == (Status.EXPIRED, None)
    assert make.allocations(session, booking) == []
    assert make.events(session, booking).count("EXPIRE") == 1
    assert "tell_expired" in make.follow_ups(session, booking)


def test_a_paid_booking_does_not_expire(session: Session) -> None:
    booking = make.paid(session)
    with pytest.raises(IllegalTransition):
        booking.expire(session, cause="follow_up:1", now=NOW + DAY)
    assert make.allocations(session, booking) == [("KEPT", None)]


# ---- the owner's decision --------------------------------------------------------------------------


def test_the_request_is_sent_once_and_only_while_it_waits(session: Session) -> None:
    booking = make.paid(session)
    for cause in ("message:1", "message:1", "message:2"):
        booking.send_request(session, cause=cause, now=NOW)
    assert booking.status == Status.BOOKING_REQUEST_SENT_TO_OWNER
    assert make.events(session, booking).count("SEND_REQUEST") == 1


def test_a_request_that_was_overtaken_by_the_decision_changes_nothing(session: Session) -> None:
    for booking in (make.confirmed(session), cancelled(session, make.paid(session))):
        status = booking.status
        booking.send_request(session, cause="message:1", now=NOW)
        assert booking.status == status


def test_a_yes_on_authorized_money_waits_for_its_capture(session: Session) -> None:
    booking = make.paid(session)
    booking.send_request(session, cause="message:1", now=NOW)
    make.decide(session, booking, yes=True, now=NOW + MINUTE)
    assert booking.status == Status.BOOKING_REQUEST_SENT_TO_OWNER
    assert (booking.decision, booking.decision_made_at) == ("YES", NOW + MINUTE)
    assert make.follow_ups(session, booking)["capture_payment"] == NOW + MINUTE
    assert booking.capture_due(session) is Payment.of_booking(session, booking.id)[0]


def test_the_captured_money_confirms_and_the_ticket_follows(session: Session) -> None:
    booking = make.decided(session, referral_code="AYESHA")
    make.tell(session, booking, CAPTURED, cause="follow_up:9", now=NOW + MINUTE)
    assert booking.status == Status.OWNER_CONFIRMED
    assert booking.commission_status == "CONFIRMED"
    assert booking.capture_due(session) is None
    due = make.follow_ups(session, booking)
    assert due["issue_ticket"] == NOW + MINUTE
    assert due["complete_stay"] == booking.ends_at
    assert make.last_event(session, booking).actor == "owner"


def test_who_decided_in_the_owners_place_is_who_confirmed(session: Session) -> None:
    booking = make.paid(session)
    admin = make.person(session, role="admin")
    booking.decide(session, yes=True, actor=Actor("admin", admin), cause="inbound:5", now=NOW)
    make.tell(session, booking, CAPTURED)
    event = make.last_event(session, booking)
    assert (event.action, event.actor, event.actor_id) == ("CONFIRM", "admin", admin)


def test_a_no_frees_the_place_and_lets_the_money_go(session: Session) -> None:
    booking = make.paid(session, referral_code="AYESHA")
    owner = make.person(session)
    booking.decide(
        session, yes=False, actor=Actor("owner", owner), cause="inbound:5", now=NOW, reason="fully booked"
    )
    assert (booking.status, booking.decision) == (Status.OWNER_CANCELLED, "NO")
    assert (booking.decision_reason, booking.decision_made_by) == ("fully booked", owner)
    assert booking.commission_status == "CANCELLED"
    assert make.allocations(session, booking) == []
    assert still_to_close(session, booking) == list(Payment.of_booking(session, booking.id))
    assert make.last_event(session, booking).reason == "fully booked"
    assert {"close_payments", "tell_declined"} <= make.follow_ups(session, booking).keys()
    make.tell(session, booking, VOIDED)
    assert booking.status == Status.OWNER_CANCELLED


def test_a_no_on_captured_money_owes_it_back_in_full(session: Session) -> None:
    booking = make.paid(session, captured=True)
    make.decide(session, booking, yes=False)
    assert booking.status == Status.REFUND_REQUIRED
    assert make.last_event(session, booking).data["refund_minor"] == booking.advance_minor


def test_a_no_on_money_that_was_captured_twice_owes_all_of_it_back(session: Session) -> None:
    booking = make.paid(session, captured=True)
    make.another_payment(session, booking, PaymentState.CAPTURED)
    make.decide(session, booking, yes=False)
    assert booking.status == Status.REFUND_REQUIRED
    assert make.last_event(session, booking).data["refund_minor"] == 2 * booking.advance_minor


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_the_first_decision_wins_and_the_later_one_is_told_so(
    session: Session, *, first: bool, second: bool
) -> None:
    booking = make.paid(session)
    make.decide(session, booking, yes=first, cause="inbound:1")
    owner = booking.decision_made_by
    admin = make.person(session)
    before = make.events(session, booking)
    with pytest.raises(AlreadyDecided) as refused:
        booking.decide(session, yes=second, actor=Actor("admin", admin), cause="inbound:2", now=NOW + HOUR)
    told = refused.value.data
    assert (told["decision"], told["by"], told["at"]) == ("YES" if first else "NO", owner, NOW)
    assert make.events(session, booking) == before
    make.decide(session, booking, yes=first, cause="inbound:1")  # the first tap, delivered twice
    assert make.events(session, booking) == before


@pytest.mark.parametrize(
    "booking_of",
    [make.draft, make.held, lambda s: cancelled(s, make.held(s)), lambda s: expired(s, make.held(s))],
    ids=["draft", "held", "cancelled", "expired"],
)
@pytest.mark.parametrize("yes", [True, False])
def test_there_is_nothing_to_decide_before_it_is_paid_or_after_it_ended(
    session: Session, booking_of: Callable[[Session], Booking], *, yes: bool
) -> None:
    booking = booking_of(session)
    with pytest.raises(IllegalTransition):
        make.decide(session, booking, yes=yes)
    assert booking.decision is None


def test_a_decision_spends_every_button_of_the_booking(session: Session) -> None:
    for yes in (True, False):
        booking = make.paid(session)
        code = button(session, booking)
        make.decide(session, booking, yes=yes)
        is_spent(session, code)


# ---- the guest cancels -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "booking_of", [make.draft, make.held, make.paid, make.decided], ids=lambda f: f.__name__
)
def test_a_cancel_before_money_was_taken_owes_nothing(
    session: Session, booking_of: Callable[[Session], Booking]
) -> None:
    booking = booking_of(session)
    assert booking.refund_if_cancelled(session, NOW) == Money(0, "PKR")
    for _ in range(2):
        booking.cancel_by_guest(session, cause="inbound:5", now=NOW)
    assert booking.status == Status.GUEST_CANCELLED
    assert make.events(session, booking).count("CANCEL_BY_GUEST") == 1
    assert make.allocations(session, booking) == []
    assert still_to_close(session, booking) == list(Payment.of_booking(session, booking.id))
    assert {"close_payments", "tell_cancelled_by_guest"} <= make.follow_ups(session, booking).keys()


@pytest.mark.parametrize(("before_start", "percent"), [(24 * HOUR, 100), (3 * HOUR, 75), (HOUR, 50)])
def test_a_cancel_after_the_yes_gives_back_what_the_guest_was_shown(
    session: Session, before_start: timedelta, percent: int
) -> None:
    booking = make.confirmed(session, referral_code="AYESHA")
    key = issue_ticket(session, booking)
    now = booking.starts_at - before_start
    shown = booking.refund_if_cancelled(session, now)
    assert shown == booking.advance.percent(percent)
    for _ in range(2):
        booking.cancel_by_guest(session, cause="inbound:5", now=now)
    assert booking.status == Status.REFUND_REQUIRED
    assert make.events(session, booking)[-2:] == ["CANCEL_BY_GUEST", "REQUIRE_REFUND"]
    assert make.last_event(session, booking).data["refund_minor"] == shown.minor
    assert booking.commission_status == "CANCELLED"
    voided_at = session.execute(text("SELECT voided_at FROM tickets WHERE key = :key"), {"key": key}).scalar()
    assert voided_at == now


def test_a_cancel_while_the_owner_has_not_decided_gives_all_back(session: Session) -> None:
    booking = make.paid(session, captured=True)
    late = booking.starts_at - MINUTE
    assert booking.refund_if_cancelled(session, late) == booking.advance
    booking.cancel_by_guest(session, cause="inbound:5", now=late)
    assert make.last_event(session, booking).data["refund_minor"] == booking.advance_minor


def test_a_cancel_spends_the_owners_buttons(session: Session) -> None:
    booking = make.paid(session)
    code = button(session, booking)
    booking.cancel_by_guest(session, cause="inbound:5", now=NOW)
    is_spent(session, code)


def test_what_has_ended_cannot_be_cancelled(session: Session) -> None:
    for booking in (expired(session, make.held(session)), completed(session)):
        with pytest.raises(IllegalTransition):
            booking.cancel_by_guest(session, cause="inbound:5", now=NOW)


# ---- the stay --------------------------------------------------------------------------------------


def test_a_ticket_is_issued_once_and_only_for_a_confirmed_booking(session: Session) -> None:
    booking = make.confirmed(session)
    assert booking.issue_ticket(session, cause="event:1", now=NOW)
    assert not booking.issue_ticket(session, cause="event:1", now=NOW)
    assert booking.status == Status.TICKET_GENERATED
    for other in (make.paid(session), cancelled(session, make.confirmed(session))):
        status = other.status
        assert not other.issue_ticket(session, cause="event:1", now=NOW)
        assert other.status == status


def test_a_stay_is_over_once(session: Session) -> None:
    booking = make.confirmed(session, referral_code="AYESHA")
    for _ in range(2):
        booking.complete(session, cause="follow_up:1", now=booking.ends_at)
    assert booking.status == Status.COMPLETED
    assert make.events(session, booking).count("COMPLETE") == 1
    assert booking.commission_status == "CONFIRMED"


def test_a_fact_is_noted_once_per_cause(session: Session) -> None:
    booking = make.paid(session)
    noted = [
        booking.note(session, Fact.REMIND, cause=cause, now=NOW, data={"number": 1})
        for cause in ("follow_up:1", "follow_up:1", "follow_up:2")
    ]
    assert noted == [True, False, True]
    assert booking.status == Status.PAYMENT_SUCCESS


# ---- when nobody answers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts_in", "capture_in", "deadline"),
    [
        (30 * DAY, None, 24 * HOUR),  # the owner's own time
        (30 * DAY, 7 * DAY, 24 * HOUR),
        (30 * DAY, 20 * HOUR, 19 * HOUR),  # one hour before the authorization ends
        (10 * HOUR, 7 * DAY, 9 * HOUR),  # one hour before the start
        (80 * MINUTE, None, 30 * MINUTE),  # but never before half an hour has passed
        (10 * MINUTE, None, 30 * MINUTE),
        (10 * HOUR, 5 * HOUR, 4 * HOUR),
    ],
)
def test_a_silent_owner_has_until_the_earliest_of_three_bounds(
    session: Session, starts_in: timedelta, capture_in: timedelta | None, deadline: timedelta
) -> None:
    booking = make.paid(session, capture_before=NOW + capture_in if capture_in else None)
    booking.starts_at = NOW + starts_in  # for this question only: it is not written
    payments = Payment.of_booking(session, booking.id)
    assert booking.owner_deadline(payments, RULES) == NOW + deadline


def test_the_owners_deadline_is_a_setting(session: Session) -> None:
    booking = make.paid(session)
    payments = Payment.of_booking(session, booking.id)
    assert booking.owner_deadline(payments, Rules(owner_deadline=6 * HOUR)) == NOW + 6 * HOUR


def test_an_authorization_that_is_gone_sets_no_deadline(session: Session) -> None:
    booking = make.paid(session, capture_before=NOW + 5 * HOUR)
    make.tell(session, booking, CAPTURED)
    assert booking.owner_deadline(Payment.of_booking(session, booking.id), RULES) == NOW + 24 * HOUR


# ---- the commission --------------------------------------------------------------------------------


def test_a_booking_without_a_code_never_owes_a_commission(session: Session) -> None:
    booking = make.confirmed(session)
    assert booking.commission_status == "NONE"
    cancelled(session, booking)
    assert booking.commission_status == "NONE"


def test_a_commission_waits_again_after_a_new_payment_and_ends_with_the_hold(session: Session) -> None:
    booking = make.decided(session, referral_code="AYESHA")
    refuse_capture(session, booking)
    assert booking.commission_status == "PENDING"
    booking.expire(session, cause="follow_up:1", now=NOW + HOUR)
    assert booking.commission_status == "CANCELLED"
    make.tell(session, booking, AUTHORIZED, now=NOW + HOUR)
    assert booking.commission_status == "PENDING"


# ---- two at once -----------------------------------------------------------------------------------


@pytest.mark.parametrize("second", [True, False])
def test_two_decisions_at_once_are_one_decision(scratch: Scratch, *, second: bool) -> None:
    with db.unit_of_work() as unit:
        booking_id = make.paid(unit).id
    barrier, outcomes = threading.Barrier(2), []

    def tap(yes: bool, cause: str) -> None:
        barrier.wait()
        try:
            with db.unit_of_work() as unit:
                make.decide(unit, Booking.for_update(unit, booking_id), yes=yes, cause=cause)
            outcomes.append("decided")
        except AlreadyDecided:
            outcomes.append("told")

    at_once(lambda: tap(True, "inbound:1"), lambda: tap(second, "inbound:2"))
    assert sorted(outcomes) == ["decided", "told"]
    assert scratch.value("SELECT count(*) FROM booking_events WHERE action = 'DECIDE'") == 1


def test_two_copies_of_one_tap_are_one_payment(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        booking_id = make.draft(unit).id
    barrier, errors = threading.Barrier(2), []

    def tap() -> None:
        barrier.wait()
        try:
            with db.unit_of_work() as unit:
                accepts(unit, Booking.for_update(unit, booking_id), cause="inbound:1")
        except BookingError as error:
            errors.append(error)

    at_once(tap, tap)
    assert errors == []
    assert scratch.value("SELECT count(*) FROM payments") == 1
    assert scratch.value("SELECT count(*) FROM allocations") == 1


def test_money_that_comes_while_a_rival_takes_the_overdue_place_is_never_a_second_holder(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rival commits, or waits, between our look at the place and our keeping it."""
    late, ours = NOW + HOUR, allocation.keep
    with db.unit_of_work() as unit:
        place = make.listing(unit, units=1)
        booking_id = make.held(unit, place).id
        rival_id = make.draft(unit, place).id

    def claim() -> None:
        with contextlib.suppress(PlaceTaken), db.unit_of_work() as unit:
            accepts(unit, Booking.for_update(unit, rival_id), cause="inbound:2", now=late)

    rival = threading.Thread(target=claim)

    def keep_later(session: Session, number: int) -> None:
        rival.start()
        rival.join(0.5)  # where it has to wait for us it does so until we commit
        ours(session, number)

    monkeypatch.setattr(allocation, "keep", keep_later)
    with db.unit_of_work() as unit:
        make.tell(unit, Booking.for_update(unit, booking_id), CAPTURED, now=late)
    rival.join()
    holders = scratch.rows("SELECT booking_id FROM allocations WHERE state <> 'RELEASED'")
    paid = scratch.value(f"SELECT status = 'PAYMENT_SUCCESS' FROM bookings WHERE id = {booking_id}")
    assert [row.booking_id for row in holders] == [booking_id if paid else rival_id]


def test_what_follows_is_written_with_the_change_and_rung_for_after_it(scratch: Scratch) -> None:
    with pytest.raises(DBAPIError), db.unit_of_work() as unit:
        make.change(unit, make.paid(unit), status="COMPLETED")  # the commit is refused
    assert scratch.rows("SELECT 1 FROM bookings UNION ALL SELECT 1 FROM follow_ups") == []
    assert scratch.rung == []
    with db.unit_of_work() as unit:
        booking_id = make.paid(unit).id
        assert scratch.rung == []
    assert {("turns", booking_id), ("providers", booking_id)} <= scratch.rung[0]
    jobs = {row.job for row in scratch.rows("SELECT job FROM follow_ups")}
    assert {"open_payment", "expire_hold", "announce_payment"} <= jobs
