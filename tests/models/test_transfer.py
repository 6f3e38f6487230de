"""A booking that is paid by transfer: amounts that nobody shares, looking for the money, and every ending."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models import db, evidence, payable, reading
from models import payee as payees
from models import person as people
from models.booking import Booking
from models.booking_event import Actor
from models.booking_row import NO, YES
from models.errors import IllegalTransition, TooManyHolds, WayToPayClosed
from models.evidence import Evidence, NotAPicture
from models.hot import Hot
from models.listing import Listing
from models.payee import Payee
from models.payment import AMOUNT_RESTS, Payment, PaymentFacts, PaymentState
from models.session import Session
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES

JPEG = b"\xff\xd8\xff\xe0 a picture of a transfer"
MINUTE = timedelta(minutes=1)


# ---- accounts --------------------------------------------------------------------------------------


def test_the_account_that_is_named_for_a_place_comes_first(session: Session) -> None:
    place = make.listing(session)
    entries = [
        {"slug": "rupees", "provider": "UPI", "title": "Sarai", "account": "sarai@ok", "currency": "INR"},
        {"slug": "any", "provider": "Bank", "title": "Sarai", "account": "PK00 1"},
        {"slug": "pk", "provider": "NayaPay", "title": "Sarai", "account": 3001, "currency": "PKR"},
    ]
    payees.load(session, entries, NOW)
    session.execute(text("UPDATE payees SET active = slug IN ('rupees', 'any', 'pk')"))
    serving = Payee.serving(session, place.id)
    assert serving is not None
    assert (serving.slug, serving.account) == ("pk", "3001")
    own = {
        "slug": "own",
        "provider": "JazzCash",
        "title": "Bilal",
        "account": "0300",
        "listings": [place.slug],
    }
    payees.load(session, [*entries, own], NOW)
    assert getattr(Payee.serving(session, place.id), "slug", None) == "own"
    payees.load(session, [{**own, "active": False}], NOW)
    assert getattr(Payee.serving(session, place.id), "slug", None) == "pk"


def test_without_an_account_the_way_is_closed_and_nothing_changes(session: Session) -> None:
    session.execute(text("UPDATE payees SET active = false"))
    booking = make.draft(session)
    with pytest.raises(WayToPayClosed):
        _accept(session, booking)
    assert booking.status == "INITIATED"
    assert make.allocations(session, booking) == []


# ---- amounts ---------------------------------------------------------------------------------------


def test_the_amount_is_lowered_and_the_total_stays(session: Session) -> None:
    booking = make.by_transfer(session)
    payment = _payment(session, booking)
    assert 0 < payment.short_minor <= 22_00  # the smallest twenty that make no round amount
    assert payment.amount_minor % 10_00
    assert payment.amount_minor == 5_400_00 - payment.short_minor
    assert booking.advance == payment.amount
    assert booking.advance + booking.due == booking.total
    assert booking.total.minor == 18_000_00
    stored = session.execute(text("SELECT advance_minor FROM bookings WHERE id = :id"), {"id": booking.id})
    assert stored.scalar_one() == booking.advance_minor


def test_what_is_paid_in_full_is_lowered_by_other_steps(session: Session) -> None:
    advance = make.by_transfer(session)
    full = make.by_transfer(session, make.listing(session, advance="100%"))
    assert _payment(session, advance).short_minor <= 22_00
    assert _payment(session, full).short_minor > 250_00


def test_no_other_payment_of_the_account_has_or_had_the_amount_within_a_day(session: Session) -> None:
    place = make.listing(session, units=9, prices={"base": 500, "advance": "10%"})  # Rs. 100: steps 1 to 5
    bookings = [make.by_transfer(session, place) for _ in range(5)]
    assert {_payment(session, b).short_minor for b in bookings} == {1_00, 2_00, 3_00, 4_00, 5_00}
    used_up = make.by_transfer(session, place)
    assert _payment(session, used_up).short_minor == 0  # its reference alone decides
    assert len({_payment(session, b).reference for b in [*bookings, used_up]}) == 6
    gone = bookings[2]
    gone.expire(session, cause="follow_up:1", now=NOW)
    soon, later = NOW + AMOUNT_RESTS - MINUTE, NOW + AMOUNT_RESTS + MINUTE
    assert _payment(session, make.by_transfer(session, place, now=soon)).short_minor == 0
    again = make.by_transfer(session, place, now=later)
    assert _payment(session, again).amount_minor == _payment(session, gone).amount_minor


def test_an_amount_that_somebody_may_still_pay_late_is_the_last_to_be_asked_for_again(
    session: Session,
) -> None:
    place = make.listing(session, units=9, prices={"base": 500, "advance": "10%"})  # Rs. 100: steps 1 to 5
    first, second = (make.by_transfer(session, place) for _ in range(2))
    for booking, ended in ((first, NOW), (second, NOW + MINUTE)):
        booking.expire(session, cause="follow_up:1", now=ended)
    later = NOW + AMOUNT_RESTS + 2 * MINUTE
    amounts = [_payment(session, make.by_transfer(session, place, now=later)).amount for _ in range(5)]
    had = [_payment(session, booking).amount for booking in (first, second)]
    assert not set(had) & set(amounts[:3])
    assert sorted(amounts[3:], key=lambda amount: amount.minor) == sorted(
        had, key=lambda amount: amount.minor
    )


def test_another_account_may_ask_for_the_same_amount(session: Session) -> None:
    places = [make.listing(session, prices={"base": 100, "advance": "10%"}) for _ in range(2)]  # one step
    assert {_payment(session, make.by_transfer(session, place)).short_minor for place in places} == {1_00}


def test_the_database_itself_refuses_the_same_amount_twice(session: Session) -> None:
    payment = _payment(session, make.by_transfer(session))
    with pytest.raises(IntegrityError, match="one_amount_one_payer"):
        session.execute(
            text(
                "INSERT INTO payments (booking_id, method, state, amount_minor, currency, created_at, expires_at, "
                "reference, payee_id, short_minor) SELECT booking_id, method, state, amount_minor, currency, "
                "created_at, expires_at, 'OTHER', payee_id, short_minor FROM payments WHERE id = :id"
            ),
            {"id": payment.id},
        )


def test_two_hundred_guests_who_accept_at_once_are_asked_for_two_hundred_amounts(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        place = make.listing(unit, units=200, prices={"base": 9000, "advance": "50%"})
        make.payee_for(unit, place)
        ids = [make.draft(unit, place).id for _ in range(200)]

    def accept(booking_id: int) -> None:
        with db.unit_of_work() as unit:
            _accept(unit, Booking.for_update(unit, booking_id))

    with ThreadPoolExecutor(20) as guests:
        list(guests.map(accept, ids))
    rows = scratch.rows("SELECT amount_minor, short_minor, reference FROM payments")
    assert len({row.amount_minor for row in rows}) == len({row.reference for row in rows}) == 200
    assert all(0 < row.short_minor <= payable.MOST_STEPS * 100 for row in rows)


def test_who_draws_the_amount_of_somebody_who_has_not_committed_waits_and_takes_the_next(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _two_draw_the_same(scratch, monkeypatch)
    assert sorted([first, second]) == [1_00, 2_00]


def test_without_the_constraint_both_would_be_asked_for_the_same(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: it is the database that keeps them apart, and nothing else would."""
    definition = scratch.value(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'one_amount_one_payer'"
    )
    scratch.run("ALTER TABLE payments DROP CONSTRAINT one_amount_one_payer")
    try:
        assert _two_draw_the_same(scratch, monkeypatch) == (1_00, 1_00)
    finally:
        scratch.empty()
        scratch.run(f"ALTER TABLE payments ADD CONSTRAINT one_amount_one_payer {definition}")


def _two_draw_the_same(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """By how much less each is asked for, of two who accept before the other is known to have."""
    monkeypatch.setattr("models.payment.AMOUNTS_DRAWN", 1)  # both draw the least
    with db.unit_of_work() as unit:
        places = [make.listing(unit) for _ in range(2)]  # two, so that no unit is what they wait for
        account = {"slug": "one", "provider": "NayaPay", "title": "Sarai", "account": "03000000900"}
        payees.load(unit, [account], NOW)
        first, second = (make.draft(unit, place).id for place in places)

    def accept(booking_id: int) -> int:
        with db.unit_of_work() as unit:
            booking = Booking.for_update(unit, booking_id)
            _accept(unit, booking)
            return _payment(unit, booking).short_minor

    with ThreadPoolExecutor(1) as other:
        with db.unit_of_work() as unit:
            booking = Booking.for_update(unit, first)
            _accept(unit, booking)
            early = _payment(unit, booking).short_minor
            late = other.submit(accept, second)
            make.wait_for(lambda: late.done() or scratch.waiting_for_locks() > 0)
        return early, late.result(60)


# ---- another way to pay ----------------------------------------------------------------------------


def test_another_way_to_pay_asks_for_what_was_agreed_on(session: Session) -> None:
    booking = make.by_transfer(session)
    booking.retry_payment(session, method="card", cause="inbound:2", now=NOW)
    assert booking.advance.minor == 5_400_00
    booking.retry_payment(session, method="transfer", cause="inbound:3", now=NOW)
    first, card, second = Payment.of_booking(session, booking.id)
    assert [p.agreed.minor for p in (first, card, second)] == [5_400_00] * 3
    assert booking.advance == second.amount != first.amount
    assert {"send_instructions", "close_payments"} <= make.follow_ups(session, booking).keys()


def test_what_is_paid_tells_what_is_due(session: Session) -> None:
    booking = make.by_transfer(session)
    transfer = _payment(session, booking)
    booking.retry_payment(session, method="card", cause="inbound:2", now=NOW)
    booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:3", now=NOW)
    assert booking.status == "PAYMENT_SUCCESS"
    assert booking.advance == transfer.amount
    due = session.scalars(
        text("SELECT job FROM follow_ups WHERE booking_id = :id AND cause LIKE :cause"),
        {"id": booking.id, "cause": f"%:payment:{transfer.id}"},
    )
    assert list(due) == ["close_payments"]  # the card's page is not to take money for the same stay


# ---- “I have paid” ---------------------------------------------------------------------------------


def test_a_guest_who_says_it_is_paid_keeps_the_place_while_somebody_looks(session: Session) -> None:
    booking = make.by_transfer(session)
    for _ in range(2):
        booking.submit_evidence(session, rules=RULES, cause="inbound:7", now=NOW + MINUTE)
    assert booking.status == "PAYMENT_REVIEW"
    assert booking.hold_until == NOW + MINUTE + RULES.review
    assert make.allocations(session, booking) == [("KEPT", None)]  # no rival may take it, however late we are
    assert make.events(session, booking).count("SUBMIT_EVIDENCE") == 1
    due = make.follow_ups(session, booking)
    assert due["show_evidence"] == NOW + MINUTE
    assert due["alert_review"] == booking.hold_until - RULES.payment_alert
    assert due["expire_review"] == booking.hold_until


def test_what_is_shown_besides_is_added(session: Session) -> None:
    booking = make.in_review(session)
    until = booking.hold_until
    shown = _picture(session, booking)
    for _ in range(2):
        booking.submit_evidence(session, rules=RULES, cause="inbound:8", now=NOW + MINUTE, evidence_id=shown)
    booking.submit_evidence(session, rules=RULES, cause="inbound:9", now=NOW + MINUTE)
    assert make.events(session, booking)[-2:] == ["SUBMIT_EVIDENCE", "ADD_EVIDENCE"]
    assert booking.hold_until == until
    assert [one.id for one in Evidence.of_booking(session, booking.id)] == [shown]


def test_only_who_was_asked_to_transfer_can_say_so(session: Session) -> None:
    by_card = make.held(session)
    switched = make.by_transfer(session)
    switched.retry_payment(session, method="card", cause="inbound:1", now=NOW)
    for booking in (by_card, switched, make.draft(session), make.paid(session)):
        with pytest.raises(IllegalTransition):
            booking.submit_evidence(session, rules=RULES, cause="inbound:2", now=NOW)


def test_late_word_claims_the_place_again_if_it_is_free(session: Session) -> None:
    booking = _expired(session)
    later = NOW + timedelta(hours=5)
    booking.submit_evidence(session, rules=RULES, cause="inbound:2", now=later)
    assert booking.status == "PAYMENT_REVIEW"
    assert booking.has_place(session)
    booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:3", now=later)
    assert booking.status == "PAYMENT_SUCCESS"
    assert make.allocations(session, booking) == [("KEPT", None)]


def test_late_word_for_a_place_that_is_taken_ends_in_money_back(session: Session) -> None:
    place = make.listing(session)
    booking = _expired(session, place)
    make.held(session, place, now=NOW + timedelta(hours=1))
    booking.submit_evidence(session, rules=RULES, cause="inbound:2", now=NOW + timedelta(hours=1))
    assert (booking.status, booking.has_place(session)) == ("PAYMENT_REVIEW", False)
    booking.record_transfer(
        session, actor=_admin(session), rules=RULES, cause="inbound:3", now=NOW + timedelta(hours=1)
    )
    assert booking.status == "REFUND_REQUIRED"
    assert make.last_event(session, booking).data["refund_minor"] == booking.advance_minor


def test_a_place_that_is_taken_leaves_nothing_to_try_again(session: Session) -> None:
    place = make.listing(session)
    booking = _expired(session, place)
    make.held(session, place)
    booking.submit_evidence(session, rules=RULES, cause="inbound:2", now=NOW)
    _reject(session, booking)
    assert booking.status == "EXPIRED"


def test_late_word_does_not_hold_more_places_than_one_may(session: Session) -> None:
    booking = _expired(session)
    for _ in range(RULES.most_holds):
        make.held(session, guest_id=booking.person_id)
    with pytest.raises(TooManyHolds):
        booking.submit_evidence(session, rules=RULES, cause="inbound:2", now=NOW)


# ---- yes -------------------------------------------------------------------------------------------


def test_verified_money_goes_on_to_the_owner_with_who_said_so(session: Session) -> None:
    booking, admin = make.in_review(session), _admin(session)
    shown = _picture(session, booking)
    booking.submit_evidence(session, rules=RULES, cause="inbound:8", now=NOW, evidence_id=shown)
    for _ in range(2):
        booking.record_transfer(session, actor=admin, rules=RULES, cause="inbound:9", now=NOW)
    assert (booking.status, booking.hold_until, booking.paid_at) == ("PAYMENT_SUCCESS", None, NOW)
    payment = _payment(session, booking)
    assert (payment.state, payment.captured_minor) == ("captured", payment.amount_minor)
    row = session.execute(text("SELECT * FROM payments WHERE id = :id"), {"id": payment.id}).one()
    assert (row.verification_method, row.verified_by) == ("manual_admin", admin.person_id)
    assert row.amount_until == NOW + AMOUNT_RESTS
    assert make.events(session, booking)[-2:] == ["VERIFY", "RECORD_PAYMENT"]
    last = make.last_event(session, booking)
    assert (last.actor, last.actor_id) == ("admin", admin.person_id)
    assert "announce_payment" in make.follow_ups(session, booking)
    assert [e.status for e in Evidence.of_booking(session, booking.id)] == ["verified"]


def test_an_admins_word_alone_is_evidence_too(session: Session) -> None:
    booking = make.by_transfer(session)
    booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:9", now=NOW)
    (one,) = Evidence.of_booking(session, booking.id)
    assert (one.source, one.status) == ("manual", "verified")


def test_the_second_admin_comes_too_late(session: Session) -> None:
    booking = make.in_review(session)
    booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:9", now=NOW)
    with pytest.raises(IllegalTransition):
        booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:10", now=NOW)
    with pytest.raises(IllegalTransition):
        _reject(session, booking)
    assert make.events(session, booking).count("VERIFY") == 1


def test_the_owners_yes_confirms_at_once_and_the_no_is_owed_back(session: Session) -> None:
    for yes in (True, False):
        booking = make.in_review(session)
        booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:9", now=NOW)
        make.decide(session, booking, yes=yes)
        assert booking.decision == (YES if yes else NO)
        assert booking.status == ("OWNER_CONFIRMED" if yes else "REFUND_REQUIRED")


def test_money_for_a_booking_that_its_guest_gave_up_goes_back(session: Session) -> None:
    booking = make.in_review(session)
    booking.cancel_by_guest(session, cause="inbound:5", now=NOW)
    assert booking.status == "GUEST_CANCELLED"
    booking.record_transfer(session, actor=_admin(session), rules=RULES, cause="inbound:9", now=NOW)
    assert booking.status == "REFUND_REQUIRED"


def test_money_that_comes_when_the_stay_has_begun_goes_back(session: Session) -> None:
    booking = make.in_review(session)
    booking.record_transfer(
        session, actor=_admin(session), rules=RULES, cause="inbound:9", now=booking.starts_at
    )
    assert booking.status == "REFUND_REQUIRED"


# ---- no --------------------------------------------------------------------------------------------


def test_money_that_is_not_found_may_be_sent_again_and_the_third_time_it_ends(session: Session) -> None:
    booking = make.in_review(session)
    amount = booking.advance
    for number in (1, 2):
        _reject(session, booking, now=NOW + number * MINUTE)
        assert booking.status == "PAYMENT_PENDING"
        until = NOW + number * MINUTE + RULES.hold
        assert booking.hold_until == until
        assert make.allocations(session, booking) == [("HELD", until)]
        assert make.follow_ups(session, booking)["expire_hold"] == until
        assert booking.advance == amount  # the same amount and code are good still
        booking.submit_evidence(
            session, rules=RULES, cause=make.unique("inbound:"), now=NOW + number * MINUTE
        )
    _reject(session, booking)
    last = make.last_event(session, booking)
    assert (booking.status, last.action, last.actor, last.reason) == (
        "EXPIRED",
        "EXPIRE",
        "admin",
        "unreadable",
    )
    assert make.allocations(session, booking) == []
    assert _payment(session, booking).state == "expired"
    booking.submit_evidence(session, rules=RULES, cause="inbound:99", now=NOW)
    assert not booking.has_place(session)  # looked for once more, but blocked for nobody


def test_a_rejection_has_one_effect(session: Session) -> None:
    booking = make.in_review(session)
    for _ in range(2):
        _reject(session, booking, cause="inbound:70")
    assert make.events(session, booking).count("REJECT_PAYMENT") == 1


def test_who_was_late_is_asked_for_a_new_amount(session: Session) -> None:
    booking = _expired(session)
    old = _payment(session, booking)
    booking.submit_evidence(session, rules=RULES, cause="inbound:2", now=NOW)
    _reject(session, booking)
    new = _payment(session, booking)
    assert new.id != old.id
    assert new.state == "created"
    assert (booking.status, booking.advance) == ("PAYMENT_PENDING", new.amount)


def test_a_reversal_that_is_reviewed_cannot_be_rejected_here(session: Session) -> None:
    booking = make.in_review(session)
    make.change(session, booking, hold_until=None)
    with pytest.raises(IllegalTransition):
        _reject(session, booking)


# ---- pictures --------------------------------------------------------------------------------------


def test_a_picture_is_sealed_and_the_same_one_again_names_the_first(session: Session) -> None:
    first, second = make.in_review(session), make.in_review(session)
    ids = [_picture(session, booking) for booking in (first, second)]
    for booking, shown in zip((first, second), ids, strict=True):
        booking.submit_evidence(
            session, rules=RULES, cause=make.unique("inbound:"), now=NOW, evidence_id=shown
        )
        evidence.store_picture(session, shown, JPEG, mime_type="image/jpeg")
    stored = session.scalars(text("SELECT content FROM payment_evidence WHERE content IS NOT NULL")).all()
    assert not any(b"transfer" in bytes(content) for content in stored)
    assert evidence.picture(session, ids[0]) == (JPEG, "image/jpeg")
    assert reading.before(session, ids[0], NOW) == []
    assert [(one.how, one.booking_code) for one in reading.before(session, ids[1], NOW)] == [
        (reading.Repeat.SAME_PICTURE, first.code)
    ]


def test_the_database_counts_a_picture_and_a_transaction_once(session: Session) -> None:
    for column in ("fingerprint", "transaction_id"):
        insert = text(
            f"INSERT INTO payment_evidence (source, status, {column}, created_at) "
            "VALUES ('manual', 'pending', 'same', :now)"
        )
        session.execute(insert, {"now": NOW})
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(insert, {"now": NOW})


@pytest.mark.parametrize(
    ("content", "mime_type", "why"),
    [
        (b"%PDF-1.7", "image/jpeg", "not_a_picture"),
        (JPEG, "application/pdf", "not_a_picture"),
        (JPEG + bytes(evidence.MOST_BYTES), "image/jpeg", "too_large"),
    ],
)
def test_what_is_no_picture_is_not_taken_for_one(content: bytes, mime_type: str, why: str) -> None:
    with pytest.raises(NotAPicture) as refused:
        evidence.check_picture(content, mime_type)
    assert refused.value.why == why
    assert evidence.check_picture(JPEG, "image/png; charset=x") == "image/jpeg"


# ---- helpers ---------------------------------------------------------------------------------------


def _accept(session: Session, booking: Booking, now: datetime = NOW) -> None:
    booking.request_payment(
        session,
        method="transfer",
        revision=booking.revision,
        rules=RULES,
        cause=make.unique("inbound:"),
        now=now,
    )


def _expired(session: Session, place: Listing | None = None) -> Booking:
    booking = make.by_transfer(session, place)
    booking.expire(session, cause="follow_up:1", now=NOW)
    assert _payment(session, booking).state == PaymentState.EXPIRED
    return booking


def _payment(session: Session, booking: Booking) -> Payment:
    return Payment.of_booking(session, booking.id)[-1]


def _admin(session: Session) -> Actor:
    return Actor("admin", make.person(session, name="Imran", role=people.ADMIN))


def _picture(session: Session, booking: Booking) -> int:
    return evidence.keep_picture(
        session,
        person_id=booking.person_id,
        media_id=make.unique("media-"),
        mime_type="image/jpeg",
        now=NOW,
    )


def _reject(session: Session, booking: Booking, *, cause: str | None = None, now: datetime = NOW) -> None:
    booking.reject_payment(
        session,
        reason="unreadable",
        actor=_admin(session),
        rules=RULES,
        cause=cause or make.unique("inbound:"),
        now=now,
    )


def test_what_was_learned_in_a_savepoint_that_is_undone_was_not_learned(session: Session) -> None:
    booking = make.by_transfer(session)
    with session.begin_nested() as attempt:
        (payment,) = Payment.of_booking(session, booking.id, lock=True)
        payment.learn(PaymentFacts(PaymentState.CAPTURED), NOW)
        payment.write(session)
        assert Payment.of_booking(session, booking.id)[0].state == "captured"
        attempt.rollback()
    assert [payment.state for payment in Payment.of_booking(session, booking.id)] == ["pending"]


def test_payments_that_are_locked_are_not_read_again_until_one_more_is_begun(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = make.by_transfer(session)
    Payment.of_booking(session, booking.id, lock=True)
    reads: list[str] = []
    run = Hot.run
    monkeypatch.setattr(
        Hot, "run", lambda hot, unit, **values: reads.append(hot.name) or run(hot, unit, **values)
    )
    assert len(Payment.of_booking(session, booking.id)) == 1
    assert reads == []
    booking.retry_payment(session, method="stripe", cause="inbound:9", now=NOW)
    assert [payment.method for payment in Payment.of_booking(session, booking.id)] == ["transfer", "stripe"]


def test_what_has_waited_for_a_booking_sees_all_payments_that_were_begun_meanwhile(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        booking_id = make.by_transfer(unit).id

    def lock() -> list[str]:
        with db.unit_of_work() as unit:
            return [payment.method for payment in Booking.with_payments(unit, booking_id)[1].values()]

    with ThreadPoolExecutor(1) as other:
        with db.unit_of_work() as unit:
            booking = Booking.for_update(unit, booking_id)
            waits = other.submit(lock)
            make.wait_for(lambda: scratch.waiting_for_locks() == 1)
            booking.retry_payment(unit, method="stripe", cause="inbound:9", now=NOW)
        assert waits.result(60) == ["transfer", "stripe"]
