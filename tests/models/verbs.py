"""What the tests of a booking's verbs say of it, and begin with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from models import action_code, ticket
from models.booking import Booking
from models.booking_money import to_close
from models.lifecycle import Fact, Status
from models.payment import Payment, PaymentFacts, PaymentState
from models.session import Session
from models.stay import Stay
from tests import factories as make
from tests.factories import NOW, RULES

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RAN_OUT = NOW + RULES.hold  # when a hold that began now is over
AUTHORIZED = PaymentFacts(PaymentState.AUTHORIZED, intent="pi_1")
CAPTURED = PaymentFacts(PaymentState.CAPTURED, intent="pi_1")
VOIDED = PaymentFacts(PaymentState.VOIDED)
EXPIRED = PaymentFacts(PaymentState.EXPIRED)
UNKNOWN = PaymentFacts(PaymentState.UNKNOWN)


def accepts(
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


def waives(
    session: Session, booking: Booking, *, revision: int | None = None, cause: str | None = None
) -> None:
    booking.waive_payment(
        session,
        revision=revision or booking.revision,
        rules=RULES,
        cause=cause or make.unique("inbound:"),
        now=NOW,
    )


def rewrite(session: Session, booking: Booking, stay: Stay, *, guests: int, cause: str) -> None:
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


def refuse_capture(session: Session, booking: Booking, now: datetime = NOW) -> Payment:
    """The provider keeps the authorization but does not pay it out."""
    payment = booking.capture_due(session)
    assert payment is not None
    payment.refuse_capture("card_declined", now)
    payment.write(session)
    booking.fail_capture(session, payment, rules=RULES, cause="follow_up:capture", now=now)
    return payment


def cancelled(session: Session, booking: Booking) -> Booking:
    booking.cancel_by_guest(session, cause=make.unique("inbound:"), now=NOW)
    return booking


def expired(session: Session, booking: Booking) -> Booking:
    booking.expire(session, cause=make.unique("follow_up:"), now=RAN_OUT)
    return booking


def completed(session: Session) -> Booking:
    booking = make.confirmed(session)
    booking.complete(session, cause=make.unique("follow_up:"), now=booking.ends_at)
    return booking


def has_taken_nothing(session: Session, booking: Booking) -> None:
    assert booking.status == Status.INITIATED
    assert make.allocations(session, booking) == []
    assert Payment.of_booking(session, booking.id) == []


def is_late(session: Session, booking: Booking, *, second: bool) -> None:
    """The money is on its way back: noted, told, and to be let go."""
    (payment,) = Payment.of_booking(session, booking.id)
    event = make.last_event(session, booking)
    assert event.action == Fact.LATE_AUTHORIZATION
    assert event.data == {"payment_id": payment.id, "second": second}
    assert still_to_close(session, booking) == [payment]
    assert {"close_payments", "tell_late_authorization"} <= make.follow_ups(session, booking).keys()


def still_to_close(session: Session, booking: Booking) -> list[Payment]:
    return to_close(booking.status, Payment.of_booking(session, booking.id))


def issue_ticket(session: Session, booking: Booking) -> str:
    key = ticket.new_key()
    view = make.ticket_view(session, booking, key)
    ticket.keep(session, booking.id, key, view, None, expires_at=booking.ends_at, now=NOW)
    return key


def button(session: Session, booking: Booking) -> str:
    return action_code.make(
        session,
        booking_id=booking.id,
        person_id=booking.person_id,
        action=action_code.CONFIRM,
        life=30 * MINUTE,
        now=NOW,
    )


def is_spent(session: Session, code: str) -> None:
    found = action_code.find(session, code)
    assert found is not None
    assert not found.is_usable(NOW)


def at_once(*works: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
