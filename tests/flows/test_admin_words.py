"""What an admin types and taps: one booking with its history, what is stuck, what failed, people, figures, duty."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from flows import actions
from models import outbound, person
from models.lifecycle import Status
from models.listing import Listing
from models.message import Menu
from models.payment import PaymentState
from models.session import Session
from tests import factories
from tests.factories import NOW
from tests.flows.conversation import Chat, body, titles


def said(chat: Chat, words: str) -> str:
    return body(chat.says(words))


# ---- one booking -----------------------------------------------------------------------------------


def test_all_about_one_booking(session: Session, place: Listing, admin: Chat) -> None:
    booking = factories.paid(session, place)
    told = said(admin, f"booking {booking.code}")
    for wanted in (
        booking.code,
        place.name,
        "Ayesha Khan +92 300",
        "Bilal Ahmed +92 300 0000201",
        "Rs. 5,400 by card, authorized",
        "20 Nov 14:00 record payment (provider)",
        "request payment (guest Ayesha Khan)",
    ):
        assert wanted in told
    assert titles(admin.last) == ["Approve", "Decline", "Write to the guest", "The guest"]
    assert "*Approved*" in body(admin.taps("Approve"))
    assert booking.decision == "YES"
    assert "decide (admin Sana Malik)" in said(admin, f"booking {booking.code}")


def test_a_long_history_is_cut_at_its_beginning(session: Session, place: Listing, admin: Chat) -> None:
    booking = factories.held(session, place)
    for n in range(40):
        booking.renew_hold(session, NOW + timedelta(minutes=n), cause=f"n{n}", now=NOW)
    told = said(admin, f"booking {booking.code}")
    assert "… and 17 earlier" in told
    assert told.count("renew hold") == 25


def test_nobody_else_sees_a_booking(session: Session, place: Listing, chat: Chat) -> None:
    booking = factories.paid(session, place)
    assert titles(chat.taps_template(actions.ShowWhole(booking.id))) == ["Book a stay", "My bookings", "Help"]
    assert titles(chat.says(f"booking {booking.code}")) == ["Book a stay", "My bookings", "Help"]


# ---- decisions -------------------------------------------------------------------------------------


def test_declined_for_the_reason_that_was_typed(session: Session, place: Listing, admin: Chat) -> None:
    booking = factories.paid(session, place)
    asked = said(admin, f"decline {booking.code} the road is closed")
    assert "The guest will be told: “the road is closed”." in asked
    assert booking.decision is None
    assert "*Declined*" in body(admin.says("yes"))
    assert (booking.status, booking.decision_reason) == (Status.OWNER_CANCELLED, "the road is closed")


def test_a_reason_is_for_the_booking_it_was_typed_for(session: Session, place: Listing, admin: Chat) -> None:
    first, second = factories.paid(session, place), factories.paid(session, place)
    admin.says(f"decline {first.code} the road is closed")
    admin.says(f"decline {second.code}")
    assert "cannot take this booking" in body(admin.last)
    admin.taps("Yes, decline")
    assert second.decision_reason == "other"


def test_a_confirmed_stay_is_withdrawn(session: Session, place: Listing, admin: Chat) -> None:
    booking = factories.confirmed(session, place)
    asked = said(admin, f"decline {booking.code} flooded")
    assert "It is *confirmed*" in asked
    assert booking.status == Status.OWNER_CONFIRMED
    assert "*Withdrawn.*" in body(admin.taps("Yes, decline"))
    assert (booking.status, booking.decision) == (Status.REFUND_REQUIRED, "YES")
    assert factories.allocations(session, booking) == []
    assert factories.last_event(session, booking).action == "REQUIRE_REFUND"
    told = body(admin.taps_template(actions.ApproveInstead(booking.id)))
    assert "The owner confirmed it" in told
    assert "*Refund on its way*" in told


def test_those_that_wait_for_an_owner(session: Session, place: Listing, admin: Chat) -> None:
    assert "No booking waits" in said(admin, "approve")
    booking = factories.paid(session, place)
    factories.held(session, place)
    told = admin.says("approve")
    assert titles(told) == [booking.code]
    assert "1 booking waits for an owner's answer" in body(told)
    assert booking.code in body(admin.taps(booking.code))


# ---- stuck -----------------------------------------------------------------------------------------


def test_nothing_is_stuck(session: Session, place: Listing, admin: Chat) -> None:
    factories.paid(session, place)
    assert said(admin, "stuck") == "✅ Nothing is stuck."


def test_what_should_be_further_by_now(session: Session, place: Listing, admin: Chat) -> None:
    silent = factories.paid(session, place, now=NOW - timedelta(hours=3))
    unknown = factories.held(session, place, now=NOW - timedelta(minutes=40))
    factories.another_payment(session, unknown, PaymentState.UNKNOWN)
    refund = factories.confirmed(session, place)
    refund.withdraw(session, actor=factories.Actor("admin"), cause="x", now=NOW)
    told = admin.says("stuck")
    assert isinstance(told, Menu)
    rows = {r.title: str(r.description) for r in told.sections[0].rows}
    assert list(rows) == [silent.code, unknown.code, refund.code]
    assert rows[silent.code].startswith("The owner does not answer · 3 h")
    assert rows[unknown.code].startswith("Payment pending or unknown · 40 min")
    assert rows[refund.code].startswith("Refund to be made")


def test_a_step_that_keeps_failing_is_named(session: Session, place: Listing, admin: Chat) -> None:
    booking = factories.paid(session, place)
    session.execute(text("UPDATE follow_ups SET attempts = 6 WHERE job = 'announce_payment'"))
    told = admin.says("stuck")
    assert isinstance(told, Menu)
    (only,) = told.sections[0].rows
    assert only.title == booking.code
    assert "announce payment fails" in str(only.description)


def test_a_long_list_has_pages(session: Session, admin: Chat) -> None:
    place = factories.listing(session, units=12)
    codes = [factories.paid(session, place, now=NOW - timedelta(hours=3)).code for _ in range(12)]
    assert titles(admin.says("stuck")) == [*codes[:9], "More"]
    assert titles(admin.taps("More")) == [*codes[9:], "From the beginning"]
    assert titles(admin.taps("From the beginning")) == [*codes[:9], "More"]


# ---- failed messages -------------------------------------------------------------------------------


def fails(session: Session, person_id: int, words: str, **what: object) -> int:
    factories.say(session, person_id, words, template=True, **what)
    outbound.number_and_write(session)
    row = session.execute(
        text(
            "UPDATE outbound_messages SET state = 'FAILED', failed_at = :at, error_code = 131026, "
            "error = 'Message undeliverable' WHERE id = (SELECT max(id) FROM outbound_messages) RETURNING id"
        ),
        {"at": NOW - timedelta(hours=1)},
    )
    return int(row.scalar_one())


def test_a_failed_message_is_sent_again_once(session: Session, chat: Chat, admin: Chat) -> None:
    assert "No message has failed" in said(admin, "failed")
    fails(session, chat.person_id, "Your ticket", kind="ticket")
    assert titles(admin.says("failed")) == ["Ticket"]
    shown = admin.taps("Ticket")
    assert "Message undeliverable (code 131026)" in body(shown)
    assert "Your ticket" in body(shown)
    assert "On its way again" in body(admin.taps("Send again"))
    (again,) = [out for out in admin.said if out.person_id == chat.person_id]
    assert (body(again.message), again.kind) == ("Your ticket", "ticket")
    assert again.template is not None
    assert "has been sent again" in body(admin.taps("Send again", shown))
    assert "No message has failed" in said(admin, "failed")


# ---- people ----------------------------------------------------------------------------------------


def test_somebody_is_found_by_number_and_by_name(session: Session, place: Listing, admin: Chat) -> None:
    guest = factories.person(session, name="Zainab Qureshi")
    booking = factories.paid(session, place, guest_id=guest)
    phone = str(person.phone_of(session, guest))
    for words in (f"find {phone}", f"find 0{phone[3:]}", "find zainab", "find QURESHI"):
        shown = admin.says(words)
        assert "*Zainab Qureshi +92 300" in body(shown)
        assert titles(shown) == ["Write to them", "Pause bot", booking.code]
    assert booking.code in body(admin.taps(booking.code))


def test_several_of_one_name_are_a_list(session: Session, admin: Chat) -> None:
    for _ in range(12):
        factories.person(session, name="Zubair Ali")
    shown = admin.says("find zubair")
    assert isinstance(shown, Menu)
    assert "12 people" in body(shown)
    assert len(shown.sections[0].rows) == 10


@pytest.mark.parametrize("words", ["find", "find nobody of that name", "find +923009999999"])
def test_nobody_is_found(admin: Chat, words: str) -> None:
    told = said(admin, words)
    assert "Whom?" in told or "Nobody was found" in told


# ---- figures and duty ------------------------------------------------------------------------------


def test_the_day_in_figures(session: Session, place: Listing, admin: Chat) -> None:
    factories.paid(session, place)
    factories.confirmed(session, place)
    factories.held(session, place, now=NOW - timedelta(days=1))
    told = said(admin, "stats today")
    assert "*Today, Fri 20 Nov*" in told
    assert "Paid: 2" in told
    assert "Confirmed: 1" in told
    assert "Accepted, to be paid: 2" in told
    assert "Paid in advance: *Rs. 10,800*" in told
    assert titles(admin.last) == ["Waiting", "Stuck", "Failed messages"]


def test_off_duty_and_on_again(session: Session, admin: Chat) -> None:
    colleague = factories.person(session, role="admin")
    assert "off duty" in said(admin, "off duty")
    assert list(person.admins_on_duty(session)) == [colleague]
    assert "You are on duty" in said(admin, "On duty")
    assert list(person.admins_on_duty(session)) == [admin.person_id, colleague]


def test_the_last_one_is_warned(session: Session, admin: Chat) -> None:
    asked = admin.says("off duty")
    assert titles(asked) == ["Stay on duty", "Leave anyway"]
    assert list(person.admins_on_duty(session)) == [admin.person_id]
    assert "off duty" in body(admin.taps("Leave anyway"))
    assert list(person.admins_on_duty(session)) == [admin.person_id], "somebody has to hear"
    factories.person(session, role="admin")
    assert admin.person_id not in person.admins_on_duty(session)


def test_help_lists_the_words_and_leads_to_the_lists(admin: Chat) -> None:
    shown = admin.says("help")
    assert "*pause bot*" in body(shown)
    for title in titles(shown):
        assert admin.taps(title, shown) is not None
        admin.passes(minutes=1)


@pytest.mark.parametrize(
    "words", ["help me book a hut", "stuck in traffic", "stats of the hut", "waiting for you"]
)
def test_a_sentence_that_begins_like_a_command_is_none(admin: Chat, words: str) -> None:
    assert admin.says(words) is not None
    assert "Welcome" in body(admin.last) or "understand" in body(admin.last) or titles(admin.last)
    assert "*What you can type*" not in body(admin.last)


# ---- the first message -----------------------------------------------------------------------------


def test_an_admin_is_welcomed_once(session: Session) -> None:
    new = Chat(session, factories.person(session, name="Sana", role="admin"))
    new.state = session.execute(
        text("SELECT state FROM conversations WHERE id = :id"), {"id": new.person_id}
    ).scalar_one()
    assert said(new, "hello").startswith("Welcome to *Sarai*, you are an admin here.")
    assert titles(new.says("hello")) == ["Book a stay", "My bookings", "Help"]


def test_help_is_the_same_typed_and_tapped(admin: Chat, chat: Chat) -> None:
    admin.says("menu")
    assert "*pause bot*" in body(admin.taps("Help"))
    admin.says("menu")
    assert "*pause bot*" in said(admin, "help")
    chat.says("menu")
    assert "*How this works*" in body(chat.taps("Help"))


def test_confirm_is_taken_for_what_is_open(session: Session, place: Listing, admin: Chat) -> None:
    assert "No booking waits" in said(admin, "confirm")
    stay = factories.paid(session, place)
    assert titles(admin.says("confirm")) == [stay.code]
    review = factories.in_review(session)
    assert titles(admin.says("confirm")) == ["Payments (1)", "Stays (1)"]
    assert review.code in body(admin.taps("Payments (1)"))
    assert "Check the payment" in titles(admin.says(f"booking {review.code}"))
    assert "*Verified*" in said(admin, f"confirm {review.code}")
    assert "*Approved*" in said(admin, f"confirm {stay.code}")
