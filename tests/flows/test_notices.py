"""What is said unasked: to the right people, in their language, with a template for a closed window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from flows import notices, templates
from flows.actions import BookAgain, OtherDates, PayNow, decode
from flows.notices.telling import listing_of
from models import person, ticket
from models.booking import Booking
from models.booking_event import Actor
from models.listing import Listing
from models.message import Buttons, Document, Link, Text
from models.outbound import Outgoing
from models.payment import Payment, PaymentFacts, PaymentState
from models.receipt import Outcome, Receipt
from models.session import Session
from tests import factories
from tests.factories import NOW
from tests.flows.conversation import RULES, Chat, as_read, body, options, titles


@pytest.fixture(autouse=True)
def _admin(admin: Chat) -> None:
    """Somebody is on duty."""


def told(session: Session, say: Callable[[], None]) -> dict[str, Outgoing]:
    """Who was told what by this: the last message by kind of recipient."""
    session.info["outbox"].clear()
    say()
    heard = {out.recipient: out for out in session.info["outbox"]}
    session.info["outbox"].clear()
    return heard


def opened(session: Session, booking: Booking) -> Payment:
    payment = Payment.of_booking(session, booking.id)[-1]
    payment.learn(
        PaymentFacts(PaymentState.PENDING, reference=f"cs_{payment.id}", url="https://pay.example/1"), NOW
    )
    payment.write(session)
    return payment


EVERY: dict[str, Callable[[Session, Booking, Payment], None]] = {
    "payment_link": lambda s, b, p: notices.payment_link(s, b, p, rules=RULES, now=NOW),
    "payment_unavailable": lambda s, b, p: notices.payment_unavailable(s, b, rules=RULES, now=NOW),
    "payment_received": lambda s, b, p: notices.payment_received(s, b, rules=RULES, now=NOW),
    "late": lambda s, b, p: notices.late_authorization(s, b, second=False, rules=RULES, now=NOW),
    "twice": lambda s, b, p: notices.late_authorization(s, b, second=True, rules=RULES, now=NOW),
    "expired": lambda s, b, p: notices.expired(s, b, rules=RULES, now=NOW),
    "still_waiting": lambda s, b, p: notices.still_waiting(s, b, rules=RULES, now=NOW),
    "declined": lambda s, b, p: notices.declined(s, b, rules=RULES, now=NOW),
    "owner_request": lambda s, b, p: notices.owner_request(s, b, rules=RULES, now=NOW),
    "owner_reminder": lambda s, b, p: notices.owner_reminder(s, b, number=1, rules=RULES, now=NOW),
    "payment_failed": lambda s, b, p: notices.payment_failed(s, b, rules=RULES, now=NOW),
    "capture_failed": lambda s, b, p: notices.capture_failed(s, b, rules=RULES, now=NOW),
    "cancelled_by_guest": lambda s, b, p: notices.cancelled_by_guest(s, b, rules=RULES, now=NOW),
    "admin_waiting": lambda s, b, p: notices.admin_waiting(s, b, rules=RULES, now=NOW),
    "owner_silent": lambda s, b, p: notices.owner_silent(s, b, rules=RULES, now=NOW),
    "pending_payment": lambda s, b, p: notices.pending_payment(s, b, minutes=16, rules=RULES, now=NOW),
    "refund_required": lambda s, b, p: notices.refund_required(s, b, rules=RULES, now=NOW),
    "money_unplaceable": lambda s, b, p: notices.money_unplaceable(s, b, rules=RULES, now=NOW),
    "money_put": lambda s, b, p: notices.money_put(s, b, "BK-20261120-7K3QX", rules=RULES, now=NOW),
    "part_goes_back": lambda s, b, p: notices.part_goes_back(s, b, rules=RULES, now=NOW),
    "too_much": lambda s, b, p: notices.money_left(s, b, came(b, Outcome.OVER), rules=RULES, now=NOW),
    "paid_again": lambda s, b, p: notices.money_left(s, b, came(b, Outcome.SECOND), rules=RULES, now=NOW),
    "counts_again": lambda s, b, p: notices.ticket_counts_again(s, b, rules=RULES, now=NOW),
    "taken_back": lambda s, b, p: notices.payment_reversed(s, b, came(b, Outcome.REVERSED), now=NOW),
    "message_failed": lambda s, b, p: notices.message_failed(
        s, b, kind="booking_request", recipient="owner", rules=RULES, now=NOW
    ),
    "follow_up_failing": lambda s, b, p: notices.follow_up_failing(s, b, "capture_payment", now=NOW),
    "event_parked": lambda s, b, p: notices.event_parked(s, 4711, rules=RULES, now=NOW),
    "person_wanted": lambda s, b, p: notices.person_wanted(s, b.person_id, name=None, rules=RULES, now=NOW),
    "sender_stopped": lambda s, b, p: notices.sender_stopped(
        s, why="the token", code=190, since=NOW, now=NOW
    ),
    "mailbox_disconnected": lambda s, b, p: notices.mailbox_disconnected(s, why="invalid_grant", now=NOW),
    "payments_unwell": lambda s, b, p: notices.payments_unwell(
        s, "unmatched", "6 of 20 transfers of the last 24 hours have found no booking.", now=NOW
    ),
    "mail_set_aside": lambda s, b, p: notices.mail_set_aside(s, 4711, received_at=NOW, now=NOW),
    "ticket_issued": lambda s, b, p: notices.ticket_issued(
        s, b, view=view_of(s, b), media_id="1", filename="t.pdf", rules=RULES, now=NOW
    ),
}


def came(booking: Booking, outcome: Outcome) -> Receipt:
    return Receipt(1, booking.id, 1, None, None, outcome, 3_000_00, 300_00, "PKR", NOW)


def view_of(session: Session, booking: Booking) -> ticket.TicketView:
    return factories.ticket_view(session, booking, "Qm7dT2", rules=RULES)


@pytest.mark.parametrize("language", ["en", "ur", "hi"])
@pytest.mark.parametrize("name", EVERY)
def test_every_notice_carries_its_template(session: Session, name: str, language: str) -> None:
    """Long names, a hidden phone and any language: limits hold, and a closed window is reached."""
    place = factories.listing(session)
    long_name = "The Very Long Name of a Hut Far Up in the Hills Above the River " * 2
    factories.change(session, place, name=long_name)
    booking = factories.paid(session, place)
    factories.change(session, booking, guest_name="عائشہ خان " * 6)
    for person_id in (booking.person_id, place.owner_id):
        person.speak(session, person_id, language)
    session.info["outbox"].clear()
    EVERY[name](session, booking, opened(session, booking))
    said: list[Outgoing] = session.info["outbox"]
    assert said
    for out in said:
        assert out.template is not None
        assert templates.KNOWN[out.template.name, out.template.language]
        assert out.valid_until - out.now == timedelta(hours=24)
        if isinstance(out.message, Buttons) and out.template.button_payloads:
            assert set(out.template.button_payloads) <= set(options(out.message).values())


@pytest.mark.parametrize("language", ["ur", "hi"])
def test_a_guest_is_told_in_their_language_by_template_too(session: Session, language: str) -> None:
    booking = factories.paid(session)
    person.speak(session, booking.person_id, language)
    heard = told(session, lambda: notices.payment_received(session, booking, rules=RULES, now=NOW))["guest"]
    assert "advance" not in body(heard.message)
    assert heard.template is not None
    assert heard.template.language == language


def test_the_link_to_pay(session: Session) -> None:
    booking = factories.held(session)
    payment = opened(session, booking)
    heard = told(session, lambda: notices.payment_link(session, booking, payment, rules=RULES, now=NOW))[
        "guest"
    ]
    assert isinstance(heard.message, Link)
    assert heard.message.url == "https://pay.example/1"
    assert "until *2:15 pm* (15 minutes)" in body(heard.message)
    assert heard.template is not None
    assert decode(heard.template.button_payloads[0]) == PayNow(booking.id)


def test_after_a_failed_capture_the_link_says_why_it_comes_again(session: Session) -> None:
    booking = factories.decided(session)
    factories.tell(session, booking, PaymentFacts(PaymentState.FAILED))
    payment = opened(session, booking)
    heard = told(session, lambda: notices.payment_link(session, booking, payment, rules=RULES, now=NOW))[
        "guest"
    ]
    assert "bank did not let the payment through" in body(heard.message)
    owner = told(session, lambda: notices.capture_failed(session, booking, rules=RULES, now=NOW))["owner"]
    assert "Your yes counts" in body(owner.message)


def test_the_words_of_the_documents(session: Session) -> None:
    booking = factories.paid(session)
    guest = told(session, lambda: notices.payment_received(session, booking, rules=RULES, now=NOW))["guest"]
    assert "Your advance payment is successful.* We are processing your booking now." in body(guest.message)
    assert (
        "You will receive your e-ticket within 60 minutes after the property owner confirms availability."
        in body(guest.message)
    )
    admin = told(session, lambda: notices.admin_waiting(session, booking, rules=RULES, now=NOW))["admin"]
    assert "Waiting for owner confirmation" in body(admin.message)
    assert "Owner: Bilal Ahmed +92 300 0000201" in body(admin.message)
    pending = told(
        session, lambda: notices.pending_payment(session, booking, minutes=16, rules=RULES, now=NOW)
    )
    for words in (
        "⚠️ *Payment Pending Alert*",
        "Pending Since: 16 minutes",
        "over 15 minutes",
        "Amount: Rs. 5,400",
    ):
        assert words in body(pending["admin"].message)


def test_the_request_says_all_an_owner_needs(session: Session, place: Listing) -> None:
    booking = factories.paid(session, place)
    heard = told(session, lambda: notices.owner_request(session, booking, rules=RULES, now=NOW))["owner"]
    for words in (
        place.name,
        "Guest: Ayesha Khan",
        "Thu 24 Dec, 2 pm",
        "Sat 26 Dec, 11 am",
        "Guests: 2",
        "Advance: Rs. 5,400",
        booking.code,
    ):
        assert words in body(heard.message)
    assert titles(heard.message) == ["Confirm", "Cancel"]
    assert heard.person_id == place.owner_id


def test_a_request_with_nothing_paid(session: Session) -> None:
    booking = factories.waived(session)
    heard = told(session, lambda: notices.owner_request(session, booking, rules=RULES, now=NOW))["owner"]
    assert "Advance: none" in body(heard.message)
    guest = told(session, lambda: notices.payment_received(session, booking, rules=RULES, now=NOW))["guest"]
    assert "booking request is sent" in body(guest.message)
    assert "reserved on your card" not in body(guest.message)


def test_a_ticket_goes_to_guest_owner_and_admin(session: Session) -> None:
    booking = factories.confirmed(session)
    view = view_of(session, booking)
    heard = told(
        session,
        lambda: notices.ticket_issued(
            session, booking, view=view, media_id="42", filename="BK.pdf", rules=RULES, now=NOW
        ),
    )
    ticket_ = heard["guest"].message
    assert isinstance(ticket_, Document)
    assert (ticket_.media_id, ticket_.filename) == ("42", "BK.pdf")
    for words in (
        "Booking Confirmed!",
        "Your E-Ticket is Ready",
        booking.code,
        "Advance Paid: Rs. 5,400",
        "Due at the property: *Rs. 12,600*",
        view.url,
        "Show this ticket at the property",
    ):
        assert words in body(ticket_)
    assert view.url in body(heard["owner"].message)
    assert "Ayesha Khan +92 300 " in body(heard["owner"].message)
    assert view.url in body(heard["admin"].message)


def test_without_a_pdf_the_link_goes_alone(session: Session) -> None:
    booking = factories.confirmed(session)
    view = view_of(session, booking)
    heard = told(
        session,
        lambda: notices.ticket_issued(
            session, booking, view=view, media_id=None, filename="BK.pdf", rules=RULES, now=NOW
        ),
    )
    assert isinstance(heard["guest"].message, Text)
    assert view.url in body(heard["guest"].message)


def test_what_the_ticket_shows(session: Session) -> None:
    booking = factories.confirmed(session)
    view = view_of(session, booking)
    assert as_read(view.check_in) == "Thu 24 Dec 2026, 2 pm"
    assert as_read(view.check_out) == "Sat 26 Dec 2026, 11 am"
    assert [as_read(amount) for amount in (view.advance_paid, view.amount_due)] == ["Rs. 5,400", "Rs. 12,600"]
    assert view.units == "Room 1"
    assert view.payment_reference is not None
    assert view.payment_reference.startswith("pi_")
    assert view.url == "https://sarai.example/eticket/Qm7dT2"


@pytest.mark.parametrize("language", ["ur", "hi"])
def test_the_ticket_is_in_english_for_who_reads_it_at_the_door(session: Session, language: str) -> None:
    booking = factories.confirmed(session)
    person.speak(session, booking.person_id, language)
    view = view_of(session, booking)
    assert as_read(view.check_in) == "Thu 24 Dec 2026, 2 pm"
    assert as_read(view.advance_paid) == "Rs. 5,400"
    assert view.instructions[0] == "Show this ticket at the property"
    heard = told(
        session,
        lambda: notices.ticket_issued(
            session, booking, view=view, media_id=None, filename="t.pdf", rules=RULES, now=NOW
        ),
    )["guest"]
    assert "Show this ticket" not in body(heard.message)
    assert "Thu 24 Dec" not in body(heard.message)


@pytest.mark.parametrize(
    ("captured", "money", "admin_words"),
    [
        (False, "Your card was not charged", "Refund: Nothing was charged."),
        (
            True,
            "Your advance of Rs. 5,400 is refunded. It reaches you within 5–7 business days",
            "refund assistance",
        ),
    ],
)
def test_a_no_says_what_happens_with_the_money(
    session: Session, captured: bool, money: str, admin_words: str
) -> None:
    booking = factories.paid(session, captured=captured)
    factories.decide(session, booking, yes=False)
    heard = told(session, lambda: notices.declined(session, booking, rules=RULES, now=NOW))
    assert "❌ *Booking Cancelled*" in body(heard["guest"].message)
    assert money in body(heard["guest"].message)
    assert decode(options(heard["guest"].message)["Other dates"]) == OtherDates(booking.id)
    assert "by owner" in body(heard["admin"].message)
    assert admin_words in body(heard["admin"].message)


def test_other_dates_after_a_no_are_asked_for(session: Session) -> None:
    booking = factories.paid(session)
    factories.decide(session, booking, yes=False)
    guest = Chat(session, booking.person_id)
    heard = told(session, lambda: notices.declined(session, booking, rules=RULES, now=NOW))["guest"]
    assert "Which day" in body(guest.taps("Other dates", heard.message))
    guest.says("28 Dec to 29 Dec")
    assert "Total" in body(guest.last)


def test_an_expired_booking_is_booked_again_by_one_tap(session: Session) -> None:
    booking = factories.held(session)
    booking.expire(session, cause="x", now=NOW)
    heard = told(session, lambda: notices.expired(session, booking, rules=RULES, now=NOW))["guest"]
    assert heard.template is not None
    assert decode(heard.template.button_payloads[0]) == BookAgain(booking.id)
    guest = Chat(session, booking.person_id)
    assert "Total" in body(guest.taps("Book again", heard.message))


@pytest.mark.parametrize(
    ("second", "words"), [(True, "Your booking stands"), (False, "came after the booking had ended")]
)
def test_money_that_came_too_late_or_twice_was_not_charged(
    session: Session, second: bool, words: str
) -> None:
    booking = factories.paid(session)
    heard = told(
        session, lambda: notices.late_authorization(session, booking, second=second, rules=RULES, now=NOW)
    )["guest"]
    assert words in body(heard.message)
    assert "*not charged*" in body(heard.message)


def test_all_admins_on_duty_are_told_and_nobody_else(session: Session, admin: Chat) -> None:
    second = factories.person(session, name="Omar", role="admin")
    asleep = factories.person(session, name="Zoya", role="admin")
    session.connection().exec_driver_sql(
        f"UPDATE person_roles SET on_duty = false WHERE person_id = {asleep}"
    )
    booking = factories.paid(session)
    session.info["outbox"].clear()
    notices.admin_waiting(session, booking, rules=RULES, now=NOW)
    heard: list[Any] = [out.person_id for out in session.info["outbox"]]
    assert {admin.person_id, second} <= set(heard)
    assert asleep not in heard


def test_the_record_of_a_no_gives_its_reason(session: Session) -> None:
    booking = factories.paid(session)
    owner = Actor("owner", listing_of(session, booking).owner_id)
    booking.decide(session, yes=False, actor=owner, cause="x", now=NOW, reason="fully_booked")
    heard = told(session, lambda: notices.declined(session, booking, rules=RULES, now=NOW))["admin"]
    assert "Reason: fully booked" in body(heard.message)
    assert heard.template is not None
    assert heard.template.body_params[2:] == ("fully booked", "Nothing was charged.")
