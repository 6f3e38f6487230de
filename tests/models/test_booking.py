"""The verbs of a booking: each does its step once, whatever comes twice, late, or in another order."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import action_code, allocation, db, ticket
from models.booking import Booking
from models.booking_event import STANDING, Actor
from models.booking_money import to_close
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
from models.payment import OPEN, Payment, PaymentFacts, PaymentState
from models.receipt import Receipt
from models.rules import Rules
from models.session import Session
from models.stay import Stay
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES, STAY

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RAN_OUT = NOW + RULES.hold  # when a hold that began now is over
AUTHORIZED = PaymentFacts(PaymentState.AUTHORIZED, intent="pi_1")
CAPTURED = PaymentFacts(PaymentState.CAPTURED, intent="pi_1")
VOIDED = PaymentFacts(PaymentState.VOIDED)
EXPIRED = PaymentFacts(PaymentState.EXPIRED)
UNKNOWN = PaymentFacts(PaymentState.UNKNOWN)

pytestmark = pytest.mark.usefixtures("_as_the_database_wants_it")


@pytest.fixture
def _as_the_database_wants_it(session: Session) -> Iterator[None]:
    """What a commit would check is checked at the end of each test, though nothing is committed.

    And nothing that was changed of a booking or its payments is left unwritten.
    """
    yield
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for (kind, number), held in session.info.get("seen", {}).items():
        table, columns = ("bookings", STANDING) if kind is Booking else ("payments", vars(held))
        row = session.execute(text(f"SELECT * FROM {table} WHERE id = :id"), {"id": number}).one()
        assert {name: getattr(held, name) for name in columns} == {
            name: getattr(row, name) for name in columns
        }


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
    _rewrite(session, booking, longer, guests=3, cause="inbound:2")
    assert (booking.revision, booking.stay, booking.guests, booking.units) == (2, longer, 3, 2)
    assert booking.total == make.price(place, longer, 3).total
    assert booking.ends_at - booking.starts_at == 5 * DAY - 3 * HOUR


def test_the_same_change_twice_is_one_change(session: Session) -> None:
    booking = make.draft(session)
    for _ in range(2):
        _rewrite(session, booking, STAY, guests=1, cause="inbound:2")
    assert booking.revision == 2
    assert make.events(session, booking) == ["INITIATE", "REWRITE"]


def test_a_change_known_from_before_the_guest_accepted_is_no_error_afterwards(session: Session) -> None:
    booking = make.draft(session)
    _rewrite(session, booking, STAY, guests=1, cause="inbound:2")
    _accept(session, booking)
    _rewrite(session, booking, STAY, guests=1, cause="inbound:2")
    assert booking.revision == 2


def test_accepting_freezes_the_answers(session: Session) -> None:
    booking = make.held(session)
    with pytest.raises(IllegalTransition):
        _rewrite(session, booking, STAY, guests=1, cause="inbound:9")
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
        _accept(session, booking, cause="inbound:5")
    assert make.events(session, booking) == ["INITIATE", "REQUEST_PAYMENT"]
    assert len(Payment.of_booking(session, booking.id)) == 1
    assert len(make.allocations(session, booking)) == 1


def test_a_second_tap_of_another_message_is_refused(session: Session) -> None:
    booking = make.held(session)
    with pytest.raises(IllegalTransition):
        _accept(session, booking)
    assert len(Payment.of_booking(session, booking.id)) == 1


def test_a_tap_on_an_older_summary_takes_nothing(session: Session) -> None:
    booking = make.draft(session)
    _rewrite(session, booking, STAY, guests=1, cause="inbound:2")
    for accept in (_accept, _waive):
        with pytest.raises(SummaryChanged) as refused:
            accept(session, booking, revision=1)
        assert refused.value.data == {"revision": 2}
    _has_taken_nothing(session, booking)


def test_a_stay_that_has_begun_cannot_be_accepted(session: Session) -> None:
    booking = make.draft(session)
    with pytest.raises(StayRefused) as refused:
        _accept(session, booking, now=booking.starts_at)
    assert refused.value.data["why"] == "PAST"
    _has_taken_nothing(session, booking)
    _accept(session, booking, now=booking.starts_at - MINUTE)


def test_two_unpaid_places_are_as_many_as_a_person_may_hold(session: Session) -> None:
    guest, place = make.person(session), make.listing(session, units=9)
    make.held(session, place)  # somebody else's does not count
    holds = [make.held(session, place, guest_id=guest) for _ in range(2)]
    third = make.draft(session, place, guest_id=guest)
    with pytest.raises(TooManyHolds) as refused:
        _accept(session, third)
    assert refused.value.data == {"most": 2}
    _has_taken_nothing(session, third)
    make.tell(session, holds[0], AUTHORIZED)  # a paid one is no hold any more
    _accept(session, third)
    assert third.status == Status.PAYMENT_PENDING


def test_unpaid_requests_count_as_holds_until_they_are_decided(session: Session) -> None:
    guest, free = make.person(session), make.listing(session, units=9, advance=0)
    requests = [make.waived(session, free, guest_id=guest) for _ in range(2)]
    third = make.draft(session, free, guest_id=guest)
    with pytest.raises(TooManyHolds):
        _waive(session, third)
    make.decide(session, requests[0], yes=True)
    _waive(session, third)
    assert third.status == Status.PAYMENT_SUCCESS


def test_the_last_unit_goes_to_one_guest_and_the_other_hears_at_once(session: Session) -> None:
    place = make.listing(session, units=1)
    first = make.held(session, place)
    second = make.draft(session, place)
    with pytest.raises(PlaceTaken):
        _accept(session, second)
    _has_taken_nothing(session, second)
    assert len(make.allocations(session, first)) == 1


def test_a_place_is_free_from_check_out_on(session: Session) -> None:
    place = make.listing(session, units=1)
    make.held(session, place)
    after = make.held(session, place, stay=Stay.of_nights(STAY.check_out, 1))
    assert len(make.allocations(session, after)) == 1


def test_nothing_to_pay_now_goes_straight_to_the_owner(session: Session) -> None:
    booking = make.draft(session, make.listing(session, advance=0), referral_code="AYESHA")
    for _ in range(2):
        _waive(session, booking, cause="inbound:3")
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
    assert _to_close(session, booking) == [Payment.of_booking(session, booking.id)[0]]


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


# ---- what the provider says ------------------------------------------------------------------------


def test_authorized_money_pays_and_asks_the_owner(session: Session) -> None:
    booking = make.held(session, referral_code="AYESHA")
    make.tell(session, booking, AUTHORIZED, now=NOW + MINUTE)
    assert booking.status == Status.PAYMENT_SUCCESS
    assert (booking.paid_at, booking.hold_until) == (NOW + MINUTE, None)
    assert booking.commission_status == "PENDING"
    assert make.allocations(session, booking) == [("KEPT", None)]
    due = make.follow_ups(session, booking)
    assert due["announce_payment"] == NOW + MINUTE
    assert due["remind_owner_1"] == NOW + 16 * MINUTE
    assert due["remind_owner_2"] == NOW + 31 * MINUTE
    assert due["alert_silent_owner"] == NOW + 61 * MINUTE
    assert "decline_for_silent_owner" in due
    assert "capture_payment" not in due


def test_the_same_news_twice_pays_once(session: Session) -> None:
    booking = make.held(session)
    for cause in ("follow_up:1", "follow_up:1", "follow_up:2"):
        make.tell(session, booking, AUTHORIZED, cause=cause)
    assert make.events(session, booking) == ["INITIATE", "REQUEST_PAYMENT", "RECORD_PAYMENT"]


def test_money_that_comes_after_the_hold_keeps_a_place_that_is_still_free(session: Session) -> None:
    booking = make.held(session, referral_code="AYESHA")
    booking.expire(session, cause="follow_up:1", now=RAN_OUT)
    make.tell(session, booking, AUTHORIZED, now=NOW + HOUR)
    assert booking.status == Status.PAYMENT_SUCCESS
    assert booking.commission_status == "PENDING"
    assert make.allocations(session, booking) == [("KEPT", None)]


def test_money_that_comes_when_the_place_is_gone_is_let_go(session: Session) -> None:
    place = make.listing(session, units=1)
    booking = make.held(session, place)
    booking.expire(session, cause="follow_up:1", now=RAN_OUT)
    rival = make.held(session, place, now=RAN_OUT)
    make.tell(session, booking, AUTHORIZED, now=RAN_OUT + MINUTE)
    _is_late(session, booking, second=False)
    assert booking.status == Status.EXPIRED
    assert len(make.allocations(session, rival)) == 1


def test_money_on_an_overdue_hold_that_a_rival_took_is_let_go_and_the_hold_runs_out(session: Session) -> None:
    place = make.listing(session, units=1)
    booking = make.held(session, place)
    overdue = NOW + RULES.hold + RULES.hold_grace + MINUTE
    make.held(session, place, now=overdue)
    make.tell(session, booking, AUTHORIZED, now=overdue)
    _is_late(session, booking, second=False)
    assert booking.status == Status.PAYMENT_PENDING
    make.tell(session, booking, VOIDED, now=overdue)
    assert booking.status == Status.PAYMENT_PENDING  # letting go of late money is no failed capture
    booking.expire(session, cause="follow_up:1", now=overdue)


def test_a_party_that_lost_one_of_its_units_gets_all_or_none(session: Session) -> None:
    place = make.listing(session, units=3, capacity=2)
    booking = make.held(session, place, guests=4)
    booking.expire(session, cause="follow_up:1", now=RAN_OUT)
    rivals = [make.held(session, place, now=RAN_OUT) for _ in range(2)]
    make.tell(session, booking, AUTHORIZED, now=RAN_OUT + MINUTE)
    _is_late(session, booking, second=False)
    assert make.allocations(session, booking) == []
    for rival in rivals:
        assert len(make.allocations(session, rival)) == 1


@pytest.mark.parametrize("expired", [False, True])
def test_money_for_a_stay_that_has_begun_is_let_go(session: Session, *, expired: bool) -> None:
    booking = make.held(session)
    if expired:
        booking.expire(session, cause="follow_up:1", now=RAN_OUT)
    status = booking.status
    make.tell(session, booking, AUTHORIZED, now=booking.starts_at)
    _is_late(session, booking, second=False)
    assert booking.status == status


def test_money_for_a_cancelled_booking_is_let_go(session: Session) -> None:
    booking = make.held(session)
    booking.cancel_by_guest(session, cause="inbound:5", now=NOW)
    make.tell(session, booking, AUTHORIZED)
    _is_late(session, booking, second=False)
    assert booking.status == Status.GUEST_CANCELLED
    assert make.allocations(session, booking) == []


@pytest.mark.parametrize("step", ["paid", "decided", "confirmed"])
def test_a_second_payment_is_let_go_and_changes_nothing(session: Session, step: str) -> None:
    booking = make.held(session)
    first = Payment.of_booking(session, booking.id)[0]
    second = booking.retry_payment(session, method="card", cause="inbound:7", now=NOW)
    make.tell(session, booking, AUTHORIZED, payment=first)
    if step != "paid":
        make.decide(session, booking, yes=True)
    if step == "confirmed":
        make.tell(session, booking, CAPTURED, payment=first)
    status, paid_at = booking.status, booking.paid_at
    make.tell(session, booking, AUTHORIZED, payment=second, now=NOW + MINUTE)
    assert (booking.status, booking.paid_at) == (status, paid_at)
    assert make.last_event(session, booking).data == {"payment_id": second.id, "second": True}
    assert _to_close(session, booking) == [second]
    make.tell(session, booking, VOIDED, payment=second, now=NOW + MINUTE)
    assert booking.status == status  # it is paid by the first; nothing failed


def test_the_owners_yes_confirms_though_a_second_payment_is_not_let_go_yet(session: Session) -> None:
    """WhatsApp and Stripe may be slow: the void of the second is still tried when the first is captured."""
    booking = make.held(session)
    first = Payment.of_booking(session, booking.id)[0]
    second = booking.retry_payment(session, method="card", cause="inbound:7", now=NOW)
    for payment in (first, second):
        make.tell(session, booking, AUTHORIZED, payment=payment)
    make.decide(session, booking, yes=True)
    assert booking.capture_due(session) is first
    make.tell(session, booking, CAPTURED, payment=first)
    assert booking.status == Status.OWNER_CONFIRMED
    assert _to_close(session, booking) == [second]


@pytest.mark.parametrize("told", ["before the yes", "after the yes", "after the capture"])
def test_money_on_a_page_that_could_not_be_closed_is_not_taken_a_second_time(
    session: Session, told: str
) -> None:
    """Paytm closes no page: the guest turns to their card, and the page is paid all the same."""
    booking = make.held(session)
    page = Payment.of_booking(session, booking.id)[0]
    card = booking.retry_payment(session, method="card", cause="inbound:7", now=NOW)
    make.tell(session, booking, AUTHORIZED, payment=card)
    if told == "before the yes":
        make.tell(session, booking, CAPTURED, payment=page, now=NOW + MINUTE)
        assert _to_close(session, booking) == [card]
        assert make.follow_ups(session, booking)["close_payments"] == NOW + MINUTE
    make.decide(session, booking, yes=True)
    if told == "after the capture":
        make.tell(session, booking, CAPTURED, payment=card)
    if told != "before the yes":
        make.tell(session, booking, CAPTURED, payment=page, now=NOW + MINUTE)
    assert booking.capture_due(session) is None
    assert booking.status == Status.OWNER_CONFIRMED
    if told != "after the capture":
        make.tell(session, booking, VOIDED, payment=card, now=NOW + MINUTE)
    payments = Payment.of_booking(session, booking.id)
    assert sum(payment.captured_minor for payment in payments) == booking.advance_minor
    assert booking.status == Status.OWNER_CONFIRMED


def test_a_capture_that_was_under_way_when_other_money_confirmed_goes_back(session: Session) -> None:
    booking = make.held(session)
    page = Payment.of_booking(session, booking.id)[0]
    card = booking.retry_payment(session, method="card", cause="inbound:7", now=NOW)
    make.tell(session, booking, AUTHORIZED, payment=card)
    make.decide(session, booking, yes=True)
    make.tell(session, booking, CAPTURED, payment=page)
    make.tell(session, booking, CAPTURED, payment=card, now=NOW + MINUTE)
    assert [row.outcome for row in Receipt.of_booking(session, booking.id)] == ["second"]
    payments = Payment.of_booking(session, booking.id)
    assert sum(payment.captured_minor for payment in payments) == booking.advance_minor


def test_more_money_for_what_is_owed_back_already_goes_back_as_well(session: Session) -> None:
    booking = make.held(session)
    first = Payment.of_booking(session, booking.id)[0]
    second = booking.retry_payment(session, method="card", cause="inbound:7", now=NOW)
    booking.cancel_by_guest(session, cause="inbound:8", now=NOW)
    make.tell(session, booking, CAPTURED, payment=first)
    assert booking.status == Status.REFUND_REQUIRED
    make.tell(session, booking, CAPTURED, payment=second, now=NOW + MINUTE)
    (row,) = Receipt.of_booking(session, booking.id)
    assert (row.outcome, row.payment_id, row.back_minor) == ("second", second.id, second.amount_minor)
    assert "tell_money_left" in make.follow_ups(session, booking)


@pytest.mark.parametrize("ends", ["cancelled", "withdrawn"])
def test_what_its_provider_gave_back_is_not_owed_once_more(session: Session, ends: str) -> None:
    booking = make.confirmed(session)
    make.tell(session, booking, PaymentFacts(PaymentState.REFUNDED))
    if ends == "cancelled":
        booking.cancel_by_guest(session, cause="inbound:8", now=NOW)
    else:
        booking.withdraw(session, actor=Actor("admin", make.person(session)), cause="inbound:8", now=NOW)
    assert booking.status in (Status.GUEST_CANCELLED, Status.OWNER_CANCELLED)


@pytest.mark.parametrize("decided", [True, False])
def test_money_of_which_a_part_went_back_before_we_heard_of_it_pays(session: Session, decided: bool) -> None:
    booking = make.decided(session) if decided else make.held(session)
    make.tell(session, booking, PaymentFacts(PaymentState.PART_REFUNDED, amount_minor=booking.advance_minor))
    assert booking.status == (Status.OWNER_CONFIRMED if decided else Status.PAYMENT_SUCCESS)


def test_captured_money_pays_a_waiting_booking_too(session: Session) -> None:
    booking = make.held(session)
    make.tell(session, booking, CAPTURED)
    assert booking.status == Status.PAYMENT_SUCCESS
    make.decide(session, booking, yes=True)
    assert booking.status == Status.OWNER_CONFIRMED  # there is nothing left to capture


@pytest.mark.parametrize("why", ["taken", "begun"])
def test_captured_money_without_a_place_is_owed_back_in_full(session: Session, why: str) -> None:
    place = make.listing(session, units=1)
    booking = make.held(session, place, referral_code="AYESHA")
    booking.expire(session, cause="follow_up:1", now=RAN_OUT)
    if why == "taken":
        make.held(session, place, now=RAN_OUT)
    make.tell(session, booking, CAPTURED, now=RAN_OUT + MINUTE if why == "taken" else booking.starts_at)
    event = make.last_event(session, booking)
    assert (booking.status, event.action) == (Status.REFUND_REQUIRED, "RECORD_UNPLACEABLE_PAYMENT")
    assert event.data["refund_minor"] == booking.advance_minor
    assert booking.commission_status in ("NONE", "CANCELLED")
    assert make.allocations(session, booking) == []


def test_money_first_seen_after_the_guests_cancel_is_owed_back_in_full(session: Session) -> None:
    booking = make.held(session)
    late = booking.starts_at - HOUR  # the policy would give half
    booking.cancel_by_guest(session, cause="inbound:5", now=late)
    make.tell(session, booking, CAPTURED, now=late)
    event = make.last_event(session, booking)
    assert (booking.status, event.action) == (Status.REFUND_REQUIRED, "RECORD_UNPLACEABLE_PAYMENT")
    assert event.data["refund_minor"] == booking.advance_minor


@pytest.mark.parametrize(
    ("before_start", "percent"), [(24 * HOUR, 100), (24 * HOUR - MINUTE, 75), (2 * HOUR, 75), (HOUR, 50)]
)
def test_our_capture_that_lands_after_the_cancel_follows_the_policy_as_of_the_cancel(
    session: Session, before_start: timedelta, percent: int
) -> None:
    booking = make.decided(session)
    booking.cancel_by_guest(session, cause="inbound:5", now=booking.starts_at - before_start)
    assert booking.status == Status.GUEST_CANCELLED
    make.tell(session, booking, CAPTURED, now=booking.starts_at + DAY)  # Stripe took its time
    event = make.last_event(session, booking)
    assert (booking.status, event.action) == (Status.REFUND_REQUIRED, "REQUIRE_REFUND")
    assert event.data["refund_minor"] == booking.advance_minor * percent // 100


def test_our_capture_that_lands_after_a_cancel_that_gives_nothing_back_owes_nothing(session: Session) -> None:
    place = make.listing(session, policy={"tiers": [{"hours": 24, "percent": 100}], "otherwise": 0})
    booking = make.decided(session, place)
    booking.cancel_by_guest(session, cause="inbound:5", now=booking.starts_at - HOUR)
    make.tell(session, booking, CAPTURED, now=booking.starts_at)
    assert booking.status == Status.GUEST_CANCELLED


def test_a_capture_without_any_decision_is_owed_back_in_full_after_the_cancel(session: Session) -> None:
    booking = make.paid(session)
    late = booking.starts_at - HOUR
    booking.cancel_by_guest(session, cause="inbound:5", now=late)
    make.tell(session, booking, CAPTURED, now=late)
    assert booking.status == Status.REFUND_REQUIRED
    assert make.last_event(session, booking).data["refund_minor"] == booking.advance_minor


def test_a_capture_that_lands_after_the_owners_no_is_owed_back_in_full(session: Session) -> None:
    booking = make.paid(session)
    make.decide(session, booking, yes=False)
    make.tell(session, booking, CAPTURED)
    assert booking.status == Status.REFUND_REQUIRED
    assert make.last_event(session, booking).data["refund_minor"] == booking.advance_minor


def test_a_page_that_closes_unpaid_changes_no_booking(session: Session) -> None:
    booking = make.held(session)
    for facts in (UNKNOWN, EXPIRED):
        make.tell(session, booking, facts)
    assert booking.status == Status.PAYMENT_PENDING
    assert make.events(session, booking) == ["INITIATE", "REQUEST_PAYMENT"]


# ---- the owner's decision --------------------------------------------------------------------------


def test_the_request_is_sent_once_and_only_while_it_waits(session: Session) -> None:
    booking = make.paid(session)
    for cause in ("message:1", "message:1", "message:2"):
        booking.send_request(session, cause=cause, now=NOW)
    assert booking.status == Status.BOOKING_REQUEST_SENT_TO_OWNER
    assert make.events(session, booking).count("SEND_REQUEST") == 1


def test_a_request_that_was_overtaken_by_the_decision_changes_nothing(session: Session) -> None:
    for booking in (make.confirmed(session), _cancelled(session, make.paid(session))):
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
    assert _to_close(session, booking) == list(Payment.of_booking(session, booking.id))
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
    [make.draft, make.held, lambda s: _cancelled(s, make.held(s)), lambda s: _expired(s, make.held(s))],
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
        code = _button(session, booking)
        make.decide(session, booking, yes=yes)
        _is_spent(session, code)


# ---- the capture fails -----------------------------------------------------------------------------


def test_a_refused_capture_asks_for_a_new_payment_and_remembers_the_yes(session: Session) -> None:
    booking = make.decided(session)
    failed = _refuse_capture(session, booking, now=NOW + HOUR)
    until = NOW + HOUR + RULES.hold
    assert booking.status == Status.PAYMENT_PENDING
    assert (booking.decision, booking.paid_at) == ("YES", None)
    assert (booking.held_since, booking.hold_until) == (NOW + HOUR, until)
    assert make.allocations(session, booking) == [("HELD", until)]
    new = Payment.of_booking(session, booking.id)[-1]
    assert (new.state, new.expires_at, new.method) == ("created", until, failed.method)
    due = make.follow_ups(session, booking)
    assert due["expire_hold"] == until
    assert {"close_payments", "tell_capture_failed", "open_payment"} <= due.keys()
    # The authorization still blocks the guest's money until somebody lets go of it.
    assert _to_close(session, booking) == [failed]
    make.tell(session, booking, VOIDED, payment=failed)
    assert _to_close(session, booking) == []


def test_a_capture_fails_once_per_payment(session: Session) -> None:
    booking = make.decided(session)
    payment = _refuse_capture(session, booking)
    booking.fail_capture(session, payment, rules=RULES, cause="follow_up:capture", now=NOW)
    assert len(Payment.of_booking(session, booking.id)) == 2
    assert make.events(session, booking).count("FAIL_CAPTURE") == 1


def test_a_capture_that_fails_after_the_cancel_begins_nothing(session: Session) -> None:
    booking = _cancelled(session, make.decided(session))
    (payment,) = Payment.of_booking(session, booking.id)
    payment.refuse_capture("expired_card", NOW)
    before = (booking.hold_until, booking.paid_at)
    with pytest.raises(IllegalTransition):
        booking.fail_capture(session, payment, rules=RULES, cause="follow_up:capture", now=NOW)
    assert (booking.hold_until, booking.paid_at) == before
    assert len(Payment.of_booking(session, booking.id)) == 1


@pytest.mark.parametrize("decided", [True, False])
def test_an_authorization_that_is_lost_asks_for_a_new_payment(session: Session, *, decided: bool) -> None:
    booking = make.decided(session) if decided else make.paid(session)
    make.tell(session, booking, EXPIRED)
    assert booking.status == Status.PAYMENT_PENDING
    assert booking.decision == ("YES" if decided else None)
    assert [p.state for p in Payment.of_booking(session, booking.id)] == ["voided", "created"]


def test_old_news_of_the_refused_authorization_does_not_pay_again(session: Session) -> None:
    """A webhook of the authorization that comes late would be captured, refused, and told again, for ever."""
    booking = make.decided(session)
    failed = _refuse_capture(session, booking)
    make.tell(session, booking, AUTHORIZED, payment=failed)
    assert booking.status == Status.PAYMENT_PENDING
    assert failed.state == PaymentState.FAILED
    assert _to_close(session, booking) == [failed]


def test_paid_again_after_a_remembered_yes_is_captured_without_asking(session: Session) -> None:
    booking = make.decided(session)
    _refuse_capture(session, booking)
    make.tell(session, booking, AUTHORIZED, now=NOW + MINUTE)
    assert booking.status == Status.PAYMENT_SUCCESS
    assert booking.capture_due(session) is Payment.of_booking(session, booking.id)[-1]
    assert make.follow_ups(session, booking)["capture_payment"] == NOW + MINUTE
    make.tell(session, booking, CAPTURED, now=NOW + MINUTE)
    assert booking.status == Status.OWNER_CONFIRMED


def test_captured_again_after_a_remembered_yes_confirms_at_once(session: Session) -> None:
    booking = make.decided(session, referral_code="AYESHA")
    _refuse_capture(session, booking)
    make.tell(session, booking, CAPTURED, now=NOW + MINUTE)
    assert booking.status == Status.OWNER_CONFIRMED
    assert make.events(session, booking)[-2:] == ["RECORD_PAYMENT", "CONFIRM"]
    assert booking.commission_status == "CONFIRMED"


def test_expiry_forgets_the_yes_so_that_the_owner_is_asked_again(session: Session) -> None:
    booking = make.decided(session)
    code = _button(session, booking)
    _refuse_capture(session, booking)
    booking.expire(session, cause="follow_up:1", now=NOW + HOUR)
    assert (booking.decision, booking.decision_made_at, booking.decision_made_by) == (None, None, None)
    _is_spent(session, code)
    make.tell(session, booking, AUTHORIZED, now=NOW + 2 * HOUR)
    assert booking.status == Status.PAYMENT_SUCCESS
    assert booking.capture_due(session) is None
    make.decide(session, booking, yes=False)
    assert booking.status == Status.OWNER_CANCELLED


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
    assert _to_close(session, booking) == list(Payment.of_booking(session, booking.id))
    assert {"close_payments", "tell_cancelled_by_guest"} <= make.follow_ups(session, booking).keys()


@pytest.mark.parametrize(("before_start", "percent"), [(24 * HOUR, 100), (3 * HOUR, 75), (HOUR, 50)])
def test_a_cancel_after_the_yes_gives_back_what_the_guest_was_shown(
    session: Session, before_start: timedelta, percent: int
) -> None:
    booking = make.confirmed(session, referral_code="AYESHA")
    key = _ticket(session, booking)
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
    code = _button(session, booking)
    booking.cancel_by_guest(session, cause="inbound:5", now=NOW)
    _is_spent(session, code)


def test_what_has_ended_cannot_be_cancelled(session: Session) -> None:
    for booking in (_expired(session, make.held(session)), _completed(session)):
        with pytest.raises(IllegalTransition):
            booking.cancel_by_guest(session, cause="inbound:5", now=NOW)


# ---- the stay --------------------------------------------------------------------------------------


def test_a_ticket_is_issued_once_and_only_for_a_confirmed_booking(session: Session) -> None:
    booking = make.confirmed(session)
    assert booking.issue_ticket(session, cause="event:1", now=NOW)
    assert not booking.issue_ticket(session, cause="event:1", now=NOW)
    assert booking.status == Status.TICKET_GENERATED
    for other in (make.paid(session), _cancelled(session, make.confirmed(session))):
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


# ---- pages to shut and money to let go -------------------------------------------------------------

# Status → which of three payments (an older open page, authorized money, a newer open page) are closed.
TO_CLOSE = {
    Status.PAYMENT_PENDING: "old authorized",
    Status.PAYMENT_REVIEW: "old authorized",
    Status.PAYMENT_SUCCESS: "old new",
    Status.BOOKING_REQUEST_SENT_TO_OWNER: "old new",
    Status.OWNER_CONFIRMED: "old new",
    Status.TICKET_GENERATED: "old new",
    Status.COMPLETED: "old new",
    Status.EXPIRED: "old authorized new",
    Status.OWNER_CANCELLED: "old authorized new",
    Status.GUEST_CANCELLED: "old authorized new",
    Status.REFUND_REQUIRED: "old authorized new",
    Status.REFUND_INITIATED: "old authorized new",
    Status.REFUND_COMPLETED: "old authorized new",
}


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.INITIATED])
def test_what_does_not_pay_the_booking_is_closed_in_every_status(session: Session, status: Status) -> None:
    booking = make.held(session)
    payments = [
        Payment.of_booking(session, booking.id)[0],
        *(booking.retry_payment(session, method="card", cause=f"inbound:{n}", now=NOW) for n in (1, 2)),
    ]
    payments[1].state = PaymentState.AUTHORIZED
    payments[1].write(session)
    names = dict(zip([p.id for p in payments], ("old", "authorized", "new"), strict=True))
    closed = to_close(status, Payment.of_booking(session, booking.id))
    assert " ".join(names[p.id] for p in closed) == TO_CLOSE[status]


@pytest.mark.parametrize(
    "state", [s for s in PaymentState if s not in ("created", "pending", "unknown", "authorized")]
)
def test_what_has_ended_or_was_taken_is_not_closed(session: Session, state: PaymentState) -> None:
    booking = make.held(session)
    payment = Payment.of_booking(session, booking.id)[0]
    payment.state = state
    payment.write(session)
    assert _to_close(session, booking) == []
    assert all(p.state not in OPEN for p in Payment.of_booking(session, booking.id))
    _cancelled(session, booking)
    assert _to_close(session, booking) == []


# ---- the commission --------------------------------------------------------------------------------


def test_a_booking_without_a_code_never_owes_a_commission(session: Session) -> None:
    booking = make.confirmed(session)
    assert booking.commission_status == "NONE"
    _cancelled(session, booking)
    assert booking.commission_status == "NONE"


def test_a_commission_waits_again_after_a_new_payment_and_ends_with_the_hold(session: Session) -> None:
    booking = make.decided(session, referral_code="AYESHA")
    _refuse_capture(session, booking)
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

    _at_once(lambda: tap(True, "inbound:1"), lambda: tap(second, "inbound:2"))
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
                _accept(unit, Booking.for_update(unit, booking_id), cause="inbound:1")
        except BookingError as error:
            errors.append(error)

    _at_once(tap, tap)
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
            _accept(unit, Booking.for_update(unit, rival_id), cause="inbound:2", now=late)

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


# ---- helpers ---------------------------------------------------------------------------------------


def _accept(
    session: Session,
    booking: Booking,
    *,
    revision: int | None = None,
    cause: str | None = None,
    now: datetime = NOW,
) -> None:
    booking.request_payment(
        session,
        method="card",
        revision=revision or booking.revision,
        rules=RULES,
        cause=cause or make.unique("inbound:"),
        now=now,
    )


def _waive(
    session: Session, booking: Booking, *, revision: int | None = None, cause: str | None = None
) -> None:
    booking.waive_payment(
        session,
        revision=revision or booking.revision,
        rules=RULES,
        cause=cause or make.unique("inbound:"),
        now=NOW,
    )


def _rewrite(session: Session, booking: Booking, stay: Stay, *, guests: int, cause: str) -> None:
    place = make.Listing.get(session, booking.listing_id)
    booking.rewrite(
        session,
        listing=place,
        stay=stay,
        guests=guests,
        guest_name="Ayesha Khan",
        quote=make.price(place, stay, guests),
        cause=cause,
        now=NOW,
    )


def _refuse_capture(session: Session, booking: Booking, now: datetime = NOW) -> Payment:
    """The provider keeps the authorization but does not pay it out."""
    payment = booking.capture_due(session)
    assert payment is not None
    payment.refuse_capture("card_declined", now)
    payment.write(session)
    booking.fail_capture(session, payment, rules=RULES, cause="follow_up:capture", now=now)
    return payment


def _cancelled(session: Session, booking: Booking) -> Booking:
    booking.cancel_by_guest(session, cause=make.unique("inbound:"), now=NOW)
    return booking


def _expired(session: Session, booking: Booking) -> Booking:
    booking.expire(session, cause=make.unique("follow_up:"), now=RAN_OUT)
    return booking


def _completed(session: Session) -> Booking:
    booking = make.confirmed(session)
    booking.complete(session, cause=make.unique("follow_up:"), now=booking.ends_at)
    return booking


def _has_taken_nothing(session: Session, booking: Booking) -> None:
    assert booking.status == Status.INITIATED
    assert make.allocations(session, booking) == []
    assert Payment.of_booking(session, booking.id) == []


def _is_late(session: Session, booking: Booking, *, second: bool) -> None:
    """The money is on its way back: noted, told, and to be let go."""
    (payment,) = Payment.of_booking(session, booking.id)
    event = make.last_event(session, booking)
    assert event.action == Fact.LATE_AUTHORIZATION
    assert event.data == {"payment_id": payment.id, "second": second}
    assert _to_close(session, booking) == [payment]
    assert {"close_payments", "tell_late_authorization"} <= make.follow_ups(session, booking).keys()


def _to_close(session: Session, booking: Booking) -> list[Payment]:
    return to_close(booking.status, Payment.of_booking(session, booking.id))


def _ticket(session: Session, booking: Booking) -> str:
    key = ticket.new_key()
    view = make.ticket_view(session, booking, key)
    ticket.keep(session, booking.id, key, view, None, expires_at=booking.ends_at, now=NOW)
    return key


def _button(session: Session, booking: Booking) -> str:
    return action_code.make(
        session,
        booking_id=booking.id,
        person_id=booking.person_id,
        action=action_code.CONFIRM,
        life=30 * MINUTE,
        now=NOW,
    )


def _is_spent(session: Session, code: str) -> None:
    found = action_code.find(session, code)
    assert found is not None
    assert not found.is_usable(NOW)


def _at_once(*works: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
