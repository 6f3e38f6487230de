"""What found money does: all of it, a part, too much, too late, twice, taken back; each counts once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models import person as people
from models import receipt, ticket
from models.booking import Booking
from models.booking_event import SARAI, Actor
from models.booking_money import to_close
from models.errors import IllegalTransition
from models.lifecycle import Fact
from models.listing import Listing
from models.money import CurrencyMismatch, Money
from models.payment import (
    AUTO_GMAIL,
    MANUAL_ADMIN,
    OPEN,
    Found,
    Payment,
    PaymentFacts,
    PaymentState,
)
from models.receipt import Outcome, Receipt, weigh
from models.session import Session
from tests import factories as make
from tests.factories import NOW, RULES

MINUTE = timedelta(minutes=1)
SOON = NOW + MINUTE


# ---- the rule --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "outcome", "back"),
    [
        (2_689_00, Outcome.EXACT, 0),
        (2_688_50, Outcome.EXACT, 0),  # paisa are left off
        (2_688_00, Outcome.PART, 0),
        (2_695_00, Outcome.EXACT, 0),
        (2_700_00, Outcome.EXACT, 0),  # rounded up to the advance
        (2_700_01, Outcome.OVER, 1),
        (9_000_00, Outcome.OVER, 6_300_00),
        (1, Outcome.PART, 0),
    ],
)
def test_money_is_weighed(amount: int, outcome: Outcome, back: int) -> None:
    asked, agreed = Money(2_689_00, "PKR"), Money(2_700_00, "PKR")
    assert weigh(Money(amount, "PKR"), asked=asked, agreed=agreed) == (outcome, Money(back, "PKR"))


def test_a_currency_without_fractions_forgives_nothing() -> None:
    asked = Money(2_689, "JPY")
    assert weigh(Money(2_688, "JPY"), asked=asked, agreed=asked)[0] is Outcome.PART


# ---- exact -----------------------------------------------------------------------------------------


def test_money_that_is_found_pays_the_booking_once(session: Session) -> None:
    booking = make.by_transfer(session)
    payment = _payment(session, booking)
    mail = make.mail(session, payment.amount, "TX1")
    found = Found(mail, payment.id, payment.amount, AUTO_GMAIL, occurred_at=NOW)
    assert _record(session, booking, found, cause="match:1") is Outcome.EXACT
    assert _record(session, booking, found, cause="match:1") is Outcome.KNOWN
    assert _record(session, booking, found, cause="match:2") is Outcome.KNOWN
    assert (booking.status, booking.advance) == ("PAYMENT_SUCCESS", payment.amount)
    assert make.events(session, booking)[-2:] == ["VERIFY", "RECORD_PAYMENT"]
    (row,) = Receipt.of_booking(session, booking.id)
    assert (row.outcome, row.amount, row.back_minor, row.evidence_id) == ("exact", payment.amount, 0, mail)
    stored = session.execute(text("SELECT * FROM payments WHERE id = :id"), {"id": payment.id}).one()
    assert (stored.verification_method, stored.verified_by) == (AUTO_GMAIL, None)
    assert "tell_money_left" not in make.follow_ups(session, booking)
    assert Receipt.of_evidence(session, mail) == row


def test_who_rounds_up_to_the_advance_has_paid_it(session: Session) -> None:
    booking = make.by_transfer(session)
    payment = _payment(session, booking)
    assert _finds(session, booking, payment.agreed) is Outcome.EXACT
    assert (booking.advance, payment.captured_minor) == (payment.agreed, payment.agreed.minor)
    assert booking.advance + booking.due == booking.total


def test_the_same_money_told_of_by_a_mail_and_a_picture_counts_once(session: Session) -> None:
    booking = make.by_transfer(session)
    payment = _payment(session, booking)
    _finds(session, booking, payment.amount, "TX2")
    assert _finds(session, booking, payment.amount, "TX2") is Outcome.KNOWN
    assert len(Receipt.of_booking(session, booking.id)) == 1


def test_a_mail_that_comes_after_an_admins_word_proves_it(session: Session) -> None:
    booking = make.in_review(session)
    payment = _payment(session, booking)
    booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:1", now=NOW)
    assert _finds(session, booking, payment.amount, "TX3") is Outcome.KNOWN
    assert _finds(session, booking, payment.amount, "TX4") is Outcome.SECOND
    first, second = Receipt.of_booking(session, booking.id)
    assert (first.outcome, second.outcome, second.back) == ("exact", "second", payment.amount)


def test_a_mail_of_the_rounded_amount_proves_an_admins_word_as_well(session: Session) -> None:
    booking = make.in_review(session)
    payment = _payment(session, booking)
    booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:1", now=NOW)
    assert _finds(session, booking, payment.agreed, "TX3") is Outcome.KNOWN
    assert _finds(session, booking, payment.agreed, "TX4") is Outcome.SECOND


def test_a_mail_of_the_amount_without_its_paisa_proves_an_admins_word_as_well(session: Session) -> None:
    booking = make.in_review(session)
    payment = _payment(session, booking)
    booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:1", now=NOW)
    assert _finds(session, booking, payment.amount - Money(50, "PKR"), "TX3") is Outcome.KNOWN
    assert [row.back_minor for row in Receipt.of_booking(session, booking.id)] == [0]


def test_money_is_only_counted_for_the_bookings_own_payment_in_its_own_currency(session: Session) -> None:
    booking, other = make.by_transfer(session), make.by_transfer(session)
    payment = _payment(session, booking)
    with pytest.raises(LookupError):
        _record(session, other, Found(None, payment.id, payment.amount, MANUAL_ADMIN))
    with pytest.raises(CurrencyMismatch):
        _record(session, booking, Found(None, payment.id, Money(1_00, "INR"), MANUAL_ADMIN))
    assert Receipt.of_booking(session, booking.id) == []


# ---- a part ----------------------------------------------------------------------------------------


def test_of_a_part_the_rest_is_asked_for_with_an_amount_and_a_hold_of_its_own(session: Session) -> None:
    booking = make.by_transfer(session)
    first = _payment(session, booking)
    later = NOW + 10 * MINUTE
    assert _finds(session, booking, Money(2_000_00, "PKR"), now=later) is Outcome.PART
    assert (booking.status, booking.hold_until) == ("PAYMENT_PENDING", later + RULES.hold)
    assert make.allocations(session, booking) == [("HELD", later + RULES.hold)]
    rest = _payment(session, booking)
    assert (first.state, first.captured_minor) == ("expired", 2_000_00)
    assert (rest.state, rest.agreed) == ("created", first.agreed - Money(2_000_00, "PKR"))
    assert rest.reference not in (None, first.reference)
    assert rest.short_minor > 0
    assert booking.advance == Money(2_000_00, "PKR") + rest.amount
    due = make.follow_ups(session, booking)
    assert (due["ask_for_rest"], due["expire_hold"]) == (later, later + RULES.hold)

    assert _finds(session, booking, rest.amount, payment=rest, now=later) is Outcome.EXACT
    assert (booking.status, booking.advance) == ("PAYMENT_SUCCESS", Money(2_000_00, "PKR") + rest.amount)
    assert [row.outcome for row in Receipt.of_booking(session, booking.id)] == ["part", "exact"]
    make.decide(session, booking, yes=False)
    assert make.last_event(session, booking).data["refund_minor"] == booking.advance_minor


def test_the_rest_may_be_named_by_the_first_code_and_be_rounded(session: Session) -> None:
    booking = make.by_transfer(session)
    first = _payment(session, booking)
    _finds(session, booking, Money(2_000_00, "PKR"))
    assert _finds(session, booking, Money(3_400_00, "PKR"), payment=first) is Outcome.EXACT
    assert (booking.status, booking.advance.minor) == ("PAYMENT_SUCCESS", 5_400_00)


def test_a_second_part_is_neither_asked_for_anew_nor_held_longer(session: Session) -> None:
    booking = make.by_transfer(session)
    _finds(session, booking, Money(2_000_00, "PKR"))
    until, rest = booking.hold_until, _payment(session, booking)
    assert _finds(session, booking, Money(400_00, "PKR"), payment=rest, now=SOON) is Outcome.PART
    assert (booking.hold_until, _payment(session, booking).id) == (until, rest.id)
    assert rest.missing.minor == rest.amount_minor - 400_00
    assert rest.state in OPEN
    assert _finds(session, booking, rest.missing, payment=rest, now=SOON) is Outcome.EXACT
    assert booking.status == "PAYMENT_SUCCESS"


def test_the_rest_may_be_paid_by_card(session: Session) -> None:
    booking = make.by_transfer(session)
    _finds(session, booking, Money(2_000_00, "PKR"))
    booking.retry_payment(session, method="card", cause="inbound:4", now=SOON)
    assert (_payment(session, booking).amount_minor, booking.advance.minor) == (3_400_00, 5_400_00)
    make.tell(session, booking, PaymentFacts(PaymentState.AUTHORIZED), now=SOON)
    assert (booking.status, booking.advance.minor) == ("PAYMENT_SUCCESS", 5_400_00)


def test_a_page_for_all_of_it_is_closed_when_a_part_has_come(session: Session) -> None:
    booking = make.by_transfer(session)
    transfer = _payment(session, booking)
    booking.retry_payment(session, method="card", cause="inbound:4", now=NOW)
    page = _payment(session, booking)
    assert _finds(session, booking, Money(2_000_00, "PKR"), payment=transfer) is Outcome.PART
    payments = Payment.of_booking(session, booking.id)
    assert to_close(booking.status, payments) == [page]
    causes = session.scalars(text("SELECT cause FROM follow_ups WHERE job = 'close_payments'"))
    assert f"payment:{transfer.id}:part" in list(causes)


def test_a_part_that_is_found_while_somebody_looks_ends_the_looking(session: Session) -> None:
    booking = make.in_review(session)
    assert _finds(session, booking, Money(2_000_00, "PKR"), now=SOON) is Outcome.PART
    assert (booking.status, booking.hold_until) == ("PAYMENT_PENDING", SOON + RULES.hold)
    assert make.last_event(session, booking).reason == "part"
    assert booking.rejections(session) == 0


def test_a_part_goes_back_where_the_rest_does_not_come(session: Session) -> None:
    booking = make.by_transfer(session)
    _finds(session, booking, Money(2_000_00, "PKR"))
    booking.expire(session, cause="follow_up:5", now=NOW + RULES.hold)
    assert booking.status == "REFUND_REQUIRED"
    assert make.events(session, booking)[-2:] == ["EXPIRE", "RECORD_UNPLACEABLE_PAYMENT"]
    assert make.last_event(session, booking).data["refund_minor"] == 2_000_00
    assert make.last_event(session, booking).reason == "part"
    assert _finds(session, booking, Money(3_400_00, "PKR")) is Outcome.SECOND


def test_a_part_goes_back_where_the_guest_gives_up(session: Session) -> None:
    booking = make.by_transfer(session)
    _finds(session, booking, Money(2_000_00, "PKR"))
    booking.cancel_by_guest(session, cause="inbound:5", now=SOON)
    assert booking.status == "REFUND_REQUIRED"
    assert make.last_event(session, booking).data["refund_minor"] == 2_000_00


@pytest.mark.parametrize("given_up", [True, False])
def test_a_part_that_comes_late_goes_back(session: Session, given_up: bool) -> None:
    booking = make.by_transfer(session)
    if given_up:
        booking.cancel_by_guest(session, cause="inbound:1", now=NOW)
    else:
        booking.expire(session, cause="follow_up:1", now=NOW)
    assert _finds(session, booking, Money(2_000_00, "PKR")) is Outcome.LATE
    assert booking.status == "REFUND_REQUIRED"
    assert make.last_event(session, booking).data["refund_minor"] == 2_000_00


# ---- too much, too late, twice -----------------------------------------------------------------------


def test_what_is_too_much_goes_back_by_a_row_of_its_own(session: Session) -> None:
    booking = make.by_transfer(session)
    assert _finds(session, booking, Money(6_000_00, "PKR")) is Outcome.OVER
    assert (booking.status, booking.advance.minor) == ("PAYMENT_SUCCESS", 5_400_00)
    (row,) = Receipt.of_booking(session, booking.id)
    assert (row.amount_minor, row.back_minor, row.counted_minor) == (6_000_00, 600_00, 5_400_00)
    assert make.follow_ups(session, booking)["tell_money_left"] == NOW
    make.decide(session, booking, yes=False)
    assert make.last_event(session, booking).data["refund_minor"] == 5_400_00  # the rest is owed already


def test_late_money_takes_the_place_again_if_it_is_free(session: Session) -> None:
    booking = make.by_transfer(session)
    booking.expire(session, cause="follow_up:1", now=NOW)
    assert _finds(session, booking, booking.advance, now=NOW + timedelta(hours=5)) is Outcome.EXACT
    assert booking.status == "PAYMENT_SUCCESS"


def test_late_money_for_a_place_that_is_taken_goes_back(session: Session) -> None:
    place = make.listing(session)
    booking = make.by_transfer(session, place)
    booking.expire(session, cause="follow_up:1", now=NOW)
    make.held(session, place)
    assert _finds(session, booking, Money(6_000_00, "PKR")) is Outcome.LATE
    assert booking.status == "REFUND_REQUIRED"
    assert make.last_event(session, booking).data["refund_minor"] == 5_400_00
    assert [row.back_minor for row in Receipt.of_booking(session, booking.id)] == [600_00]


def test_a_second_transfer_goes_back_and_changes_nothing(session: Session) -> None:
    booking = make.by_transfer(session)
    _finds(session, booking, booking.advance)
    make.decide(session, booking, yes=True)
    status, advance = booking.status, booking.advance
    assert _finds(session, booking, advance) is Outcome.SECOND
    assert (booking.status, booking.advance) == (status, advance)
    assert [row.back for row in Receipt.of_booking(session, booking.id)] == [Money(0, "PKR"), advance]
    booking.withdraw(session, actor=_admin(session), cause="inbound:9", now=NOW)
    assert make.last_event(session, booking).data["refund_minor"] == advance.minor


def test_what_a_provider_takes_a_second_time_goes_back_as_well(session: Session) -> None:
    booking = make.by_transfer(session)
    _finds(session, booking, booking.advance)
    second = make.another_payment(session, booking, PaymentState.PENDING)
    make.tell(session, booking, PaymentFacts(PaymentState.CAPTURED), payment=second)
    assert make.last_event(session, booking).action == Fact.RECORD_SECOND
    assert [row.outcome for row in Receipt.of_booking(session, booking.id)] == ["exact", "second"]
    make.decide(session, booking, yes=False)
    assert make.last_event(session, booking).data["refund_minor"] == booking.advance_minor


# ---- taken back ------------------------------------------------------------------------------------


def test_money_that_is_taken_back_suspends_what_was_paid(session: Session) -> None:
    booking = _with_ticket(session)
    assert _reverses(session, booking)
    assert (booking.status, booking.is_reversed) == ("PAYMENT_REVIEW", True)
    assert make.allocations(session, booking) == [("KEPT", None)]
    assert _ticket_state(session) == "suspended"
    paid, back = Receipt.of_booking(session, booking.id)
    assert (back.outcome, back.amount_minor, back.reverses) == ("reversed", -paid.amount_minor, paid.id)
    assert (_payment(session, booking).state, _payment(session, booking).captured_minor) == ("failed", 0)
    assert "tell_reversed" in make.follow_ups(session, booking)
    assert not _reverses(session, booking)
    with pytest.raises(IntegrityError), session.begin_nested():
        receipt.keep_reversal(
            session, paid, evidence_id=None, how=MANUAL_ADMIN, by=None, occurred_at=None, now=NOW
        )
    with pytest.raises(IllegalTransition):
        booking.reject_payment(
            session, reason="other", actor=_admin(session), rules=RULES, cause="inbound:8", now=NOW
        )


def test_an_admin_says_that_it_is_there_after_all(session: Session) -> None:
    booking = _with_ticket(session)
    _reverses(session, booking)
    after = booking.starts_at + timedelta(hours=1)  # the place was kept, so that the time does not matter
    booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:8", now=after)
    assert booking.status == "TICKET_GENERATED"
    assert make.events(session, booking)[-4:] == ["VERIFY", "RECORD_PAYMENT", "CONFIRM", "ISSUE_TICKET"]
    assert _ticket_state(session) == "valid"
    assert "tell_revived" in make.follow_ups(session, booking)
    reminders = "SELECT count(*) FROM follow_ups WHERE booking_id = :id AND job = 'remind_of_stay'"
    assert session.execute(text(reminders), {"id": booking.id}).scalar_one() == 1
    assert session.execute(text("SELECT count(*) FROM tickets")).scalar_one() == 1
    assert [row.amount_minor for row in Receipt.of_booking(session, booking.id)][1:] == [
        -booking.advance_minor,
        booking.advance_minor,
    ]


def test_the_guest_transfers_it_anew(session: Session) -> None:
    booking = _with_ticket(session)
    _reverses(session, booking)
    assert _finds(session, booking, booking.advance) is Outcome.EXACT
    assert booking.status == "TICKET_GENERATED"


def test_an_admin_cancels_what_was_taken_back_and_nothing_is_owed(session: Session) -> None:
    booking = _with_ticket(session)
    _reverses(session, booking)
    booking.withdraw(session, actor=_admin(session), cause="inbound:8", now=NOW)
    assert (booking.status, make.allocations(session, booking)) == ("OWNER_CANCELLED", [])
    assert _ticket_state(session) == "void"


def test_before_the_owners_answer_it_is_asked_for_anew_once_the_money_is_back(session: Session) -> None:
    booking = make.by_transfer(session)
    _finds(session, booking, booking.advance)
    _reverses(session, booking)
    booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:8", now=NOW)
    assert (booking.status, booking.decision) == ("PAYMENT_SUCCESS", None)


def test_a_part_that_is_taken_back_is_noted(session: Session) -> None:
    booking = make.by_transfer(session)
    _finds(session, booking, Money(2_000_00, "PKR"))
    assert _reverses(session, booking)
    assert booking.status == "PAYMENT_PENDING"
    assert make.last_event(session, booking).action == Fact.RECORD_REVERSAL
    assert "tell_reversed" in make.follow_ups(session, booking)


@pytest.mark.parametrize("how", ["by word", "by mail", "by a mail that names the rest"])
def test_of_a_part_that_was_taken_back_no_more_than_the_part_is_counted_anew(
    session: Session, how: str
) -> None:
    booking, part = make.by_transfer(session), Money(2_000_00, "PKR")
    first = _payment(session, booking)
    _finds(session, booking, part)
    rest = _payment(session, booking)
    _finds(session, booking, rest.amount)
    paid = booking.advance_minor
    assert _reverses(session, booking)
    if how == "by word":
        booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:8", now=NOW)
    else:
        named = first if how == "by mail" else rest
        assert _finds(session, booking, part, payment=named) is Outcome.EXACT
    assert (booking.status, booking.advance_minor) == ("PAYMENT_SUCCESS", paid)
    assert sum(row.amount_minor for row in Receipt.of_booking(session, booking.id)) == paid
    assert sum(p.captured_minor for p in Payment.of_booking(session, booking.id)) == paid


def test_a_part_for_what_an_admin_cancelled_goes_back(session: Session) -> None:
    booking = make.by_transfer(session)
    _finds(session, booking, booking.advance)
    _reverses(session, booking)
    booking.withdraw(session, actor=_admin(session), cause="inbound:8", now=NOW)
    assert _finds(session, booking, Money(2_000_00, "PKR")) is Outcome.LATE
    assert booking.status == "REFUND_REQUIRED"


# ---- helpers ---------------------------------------------------------------------------------------


def _payment(session: Session, booking: Booking) -> Payment:
    return Payment.of_booking(session, booking.id)[-1]


def _record(
    session: Session, booking: Booking, found: Found, *, cause: str = "", now: object = NOW
) -> Outcome:
    return booking.record_found(
        session,
        found,
        actor=SARAI,
        rules=RULES,
        cause=cause or make.unique("match:"),
        now=now,  # type: ignore[arg-type]
    )


def _finds(
    session: Session,
    booking: Booking,
    amount: Money,
    transaction_id: str | None = None,
    *,
    payment: Payment | None = None,
    now: object = NOW,
) -> Outcome:
    payment = payment or _payment(session, booking)
    mail = make.mail(session, amount, transaction_id)
    return _record(session, booking, Found(mail, payment.id, amount, AUTO_GMAIL), now=now)


def _admin(session: Session) -> Actor:
    return Actor("admin", make.person(session, name="Imran", role=people.ADMIN))


def _with_ticket(session: Session, place: Listing | None = None) -> Booking:
    booking = make.by_transfer(session, place)
    _finds(session, booking, booking.advance)
    make.decide(session, booking, yes=True)
    booking.issue_ticket(session, cause="follow_up:3", now=NOW)
    view = make.ticket_view(session, booking, "k" * 22)
    ticket.keep(session, booking.id, "k" * 22, view, None, expires_at=booking.ends_at, now=NOW)
    return booking


def _ticket_state(session: Session) -> str:
    page = ticket.find(session, "k" * 22, NOW)
    assert page is not None
    return page.view.state


def _reverses(session: Session, booking: Booking) -> bool:
    taken = Receipt.of_booking(session, booking.id)[0]
    return booking.reverse(
        session, taken, evidence_id=None, how=AUTO_GMAIL, actor=SARAI, cause=make.unique("mail:"), now=NOW
    )
