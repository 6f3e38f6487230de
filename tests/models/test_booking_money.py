"""What a provider's money does to a booking, whatever comes twice, late, or in another order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.booking_event import Actor
from models.booking_money import to_close
from models.errors import (
    IllegalTransition,
)
from models.lifecycle import Status
from models.payment import OPEN, Payment, PaymentFacts, PaymentState
from models.receipt import Receipt
from models.session import Session
from tests import factories as make
from tests.factories import NOW, RULES
from tests.models.verbs import (
    AUTHORIZED,
    CAPTURED,
    DAY,
    EXPIRED,
    HOUR,
    MINUTE,
    RAN_OUT,
    UNKNOWN,
    VOIDED,
    button,
    cancelled,
    is_late,
    is_spent,
    refuse_capture,
    still_to_close,
)

pytestmark = pytest.mark.usefixtures("as_the_database_wants_it")


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
    is_late(session, booking, second=False)
    assert booking.status == Status.EXPIRED
    assert len(make.allocations(session, rival)) == 1


def test_money_on_an_overdue_hold_that_a_rival_took_is_let_go_and_the_hold_runs_out(session: Session) -> None:
    place = make.listing(session, units=1)
    booking = make.held(session, place)
    overdue = NOW + RULES.hold + RULES.hold_grace + MINUTE
    make.held(session, place, now=overdue)
    make.tell(session, booking, AUTHORIZED, now=overdue)
    is_late(session, booking, second=False)
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
    is_late(session, booking, second=False)
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
    is_late(session, booking, second=False)
    assert booking.status == status


def test_money_for_a_cancelled_booking_is_let_go(session: Session) -> None:
    booking = make.held(session)
    booking.cancel_by_guest(session, cause="inbound:5", now=NOW)
    make.tell(session, booking, AUTHORIZED)
    is_late(session, booking, second=False)
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
    assert still_to_close(session, booking) == [second]
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
    assert still_to_close(session, booking) == [second]


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
        assert still_to_close(session, booking) == [card]
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


# ---- the capture fails -----------------------------------------------------------------------------


def test_a_refused_capture_asks_for_a_new_payment_and_remembers_the_yes(session: Session) -> None:
    booking = make.decided(session)
    failed = refuse_capture(session, booking, now=NOW + HOUR)
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
    assert still_to_close(session, booking) == [failed]
    make.tell(session, booking, VOIDED, payment=failed)
    assert still_to_close(session, booking) == []


def test_a_capture_fails_once_per_payment(session: Session) -> None:
    booking = make.decided(session)
    payment = refuse_capture(session, booking)
    booking.fail_capture(session, payment, rules=RULES, cause="follow_up:capture", now=NOW)
    assert len(Payment.of_booking(session, booking.id)) == 2
    assert make.events(session, booking).count("FAIL_CAPTURE") == 1


def test_a_capture_that_fails_after_the_cancel_begins_nothing(session: Session) -> None:
    booking = cancelled(session, make.decided(session))
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
    failed = refuse_capture(session, booking)
    make.tell(session, booking, AUTHORIZED, payment=failed)
    assert booking.status == Status.PAYMENT_PENDING
    assert failed.state == PaymentState.FAILED
    assert still_to_close(session, booking) == [failed]


def test_paid_again_after_a_remembered_yes_is_captured_without_asking(session: Session) -> None:
    booking = make.decided(session)
    refuse_capture(session, booking)
    make.tell(session, booking, AUTHORIZED, now=NOW + MINUTE)
    assert booking.status == Status.PAYMENT_SUCCESS
    assert booking.capture_due(session) is Payment.of_booking(session, booking.id)[-1]
    assert make.follow_ups(session, booking)["capture_payment"] == NOW + MINUTE
    make.tell(session, booking, CAPTURED, now=NOW + MINUTE)
    assert booking.status == Status.OWNER_CONFIRMED


def test_captured_again_after_a_remembered_yes_confirms_at_once(session: Session) -> None:
    booking = make.decided(session, referral_code="AYESHA")
    refuse_capture(session, booking)
    make.tell(session, booking, CAPTURED, now=NOW + MINUTE)
    assert booking.status == Status.OWNER_CONFIRMED
    assert make.events(session, booking)[-2:] == ["RECORD_PAYMENT", "CONFIRM"]
    assert booking.commission_status == "CONFIRMED"


def test_expiry_forgets_the_yes_so_that_the_owner_is_asked_again(session: Session) -> None:
    booking = make.decided(session)
    code = button(session, booking)
    refuse_capture(session, booking)
    booking.expire(session, cause="follow_up:1", now=NOW + HOUR)
    assert (booking.decision, booking.decision_made_at, booking.decision_made_by) == (None, None, None)
    is_spent(session, code)
    make.tell(session, booking, AUTHORIZED, now=NOW + 2 * HOUR)
    assert booking.status == Status.PAYMENT_SUCCESS
    assert booking.capture_due(session) is None
    make.decide(session, booking, yes=False)
    assert booking.status == Status.OWNER_CANCELLED


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
    assert still_to_close(session, booking) == []
    assert all(p.state not in OPEN for p in Payment.of_booking(session, booking.id))
    cancelled(session, booking)
    assert still_to_close(session, booking) == []
