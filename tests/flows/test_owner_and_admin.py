"""The owner's buttons, each once and only the owner's; and an admin in the owner's place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import text

from flows import actions, notices
from flows.actions import CancelBooking, ConfirmBooking, decode
from models.booking import Booking
from models.lifecycle import Status
from models.listing import Listing
from models.message import Buttons, Message, Typing
from models.payment import PaymentFacts, PaymentState
from models.session import Session
from tests import factories
from tests.factories import NOW
from tests.flows.conversation import RULES, Chat, body, options, said_to, titles


@dataclass
class Request:
    """A paid booking, its owner's chat, and the request as the owner has it."""

    booking: Booking
    owner: Chat
    message: Message


@pytest.fixture
def request_(session: Session, place: Listing) -> Request:
    booking = factories.paid(session, place)
    return Request(booking, Chat(session, place.owner_id, name="Bilal Ahmed"), ask(session, booking))


def ask(session: Session, booking: Booking) -> Message:
    """Send the request, as the job does."""
    session.info["outbox"].clear()
    notices.owner_request(session, booking, rules=RULES, now=NOW)
    (out,) = session.info["outbox"]
    return out.message


# ---- yes -------------------------------------------------------------------------------------------


def test_owner_confirms_a_paid_booking(request_: Request, session: Session) -> None:
    assert titles(request_.message) == ["Confirm", "Cancel"]
    told = request_.owner.taps("Confirm", request_.message)
    assert isinstance(told, Typing), "the ticket's notice is the one bubble"
    assert request_.booking.decision == "YES"
    assert request_.booking.status == Status.PAYMENT_SUCCESS  # the money is taken by a job
    assert "capture_payment" in factories.follow_ups(session, request_.booking)


def test_owner_confirms_where_nothing_was_paid(session: Session) -> None:
    booking = factories.waived(session)
    owner = Chat(session, Listing.get(session, booking.listing_id).owner_id)
    owner.taps("Confirm", ask(session, booking))
    assert booking.status == Status.OWNER_CONFIRMED


def test_the_template_carries_the_same_codes(session: Session, place: Listing) -> None:
    booking = factories.paid(session, place)
    session.info["outbox"].clear()
    notices.owner_request(session, booking, rules=RULES, now=NOW)
    (out,) = session.info["outbox"]
    assert out.kind == "booking_request"
    assert out.template is not None
    assert out.template.button_payloads == tuple(options(out.message).values())
    yes = decode(out.template.button_payloads[0])
    assert yes is not None
    Chat(session, place.owner_id).taps_template(yes)
    assert booking.decision == "YES"


def test_a_second_tap_at_once_is_silent_and_later_told(request_: Request) -> None:
    request_.owner.taps("Confirm", request_.message)
    assert request_.owner.taps("Confirm", request_.message, at_once=True) is None
    request_.owner.passes(minutes=1)
    told = request_.owner.taps("Confirm", request_.message)
    assert "You confirmed it on Fri 20 Nov, 2 pm" in body(told)
    told = request_.owner.taps("Cancel", request_.message)
    assert "You confirmed it" in body(told)


def test_an_owner_who_types_confirm_sees_the_request(request_: Request, session: Session) -> None:
    shown = request_.owner.says("confirm")
    assert titles(shown) == ["Confirm", "Cancel"]
    assert request_.booking.code in body(shown)
    assert request_.booking.decision is None
    request_.owner.taps("Confirm")
    assert request_.booking.decision == "YES"


# ---- no --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "reason", "in_words"),
    [
        ("Slot unavailable", "slot_unavailable", "slot unavailable"),
        ("Fully booked", "fully_booked", "fully booked"),
        ("Other reason", "other", "cannot take this booking"),
    ],
)
def test_owner_cancels_after_being_asked_once_more_and_why(
    request_: Request, session: Session, title: str, reason: str, in_words: str
) -> None:
    owner, booking = request_.owner, request_.booking
    sure = owner.taps("Cancel", request_.message)
    assert titles(sure) == ["Yes, cancel it", "No, go back"]
    why = owner.taps("Yes, cancel it")
    assert titles(why) == ["Slot unavailable", "Fully booked", "Other reason"]
    assert booking.decision is None
    told = owner.taps(title)
    assert "*Cancelled.*" in body(told)
    assert (booking.status, booking.decision_reason) == (Status.OWNER_CANCELLED, reason)
    session.info["outbox"].clear()
    notices.declined(session, booking, rules=RULES, now=NOW)
    guest = next(out.message for out in session.info["outbox"] if out.recipient == "guest")
    assert f"Reason: {in_words}" in body(guest) or in_words in body(guest)


def test_owner_thinks_better_of_it(request_: Request) -> None:
    request_.owner.taps("Cancel", request_.message)
    again = request_.owner.taps("No, go back")
    assert titles(again) == ["Confirm", "Cancel"]
    request_.owner.taps("Confirm")
    assert request_.booking.decision == "YES"


def test_a_typed_yes_and_no_answer_the_question(request_: Request) -> None:
    request_.owner.taps("Cancel", request_.message)
    assert titles(request_.owner.says("no")) == ["Confirm", "Cancel"]
    request_.owner.taps("Cancel")
    request_.owner.says("yes")
    assert "*Cancelled.*" in body(request_.owner.says("fully booked"))


# ---- codes -----------------------------------------------------------------------------------------


def test_an_expired_button_brings_the_request_with_fresh_ones(request_: Request) -> None:
    request_.owner.now = NOW + timedelta(minutes=31)
    fresh = request_.owner.taps("Confirm", request_.message)
    assert "had expired" in body(fresh)
    assert titles(fresh) == ["Confirm", "Cancel"]
    assert options(fresh) != options(request_.message)
    assert request_.booking.decision is None
    request_.owner.taps("Confirm")
    assert request_.booking.decision == "YES"


def test_a_code_works_for_its_owner_alone(request_: Request, chat: Chat) -> None:
    assert titles(chat.taps("Confirm", request_.message)) == ["Book a stay", "My bookings", "Help"]
    assert request_.booking.decision is None


def test_a_code_works_for_its_own_button_alone(request_: Request) -> None:
    yes = decode(options(request_.message)["Confirm"])
    assert isinstance(yes, ConfirmBooking)
    request_.owner.taps_template(CancelBooking(yes.code))
    request_.owner.taps_template(actions.CancelForReason(yes.code, "other"))
    assert request_.booking.decision is None


def test_an_invented_code_is_nothing(request_: Request) -> None:
    assert isinstance(request_.owner.taps_template(ConfirmBooking("AAAAAAAAAAAAAAAA")), Buttons)
    assert request_.booking.decision is None


def test_a_place_that_changed_hands(request_: Request, session: Session, place: Listing) -> None:
    factories.change(session, place, owner_id=factories.person(session, name="Meera Iyer", role="owner"))
    request_.owner.taps("Confirm", request_.message)
    assert request_.booking.decision is None


def test_a_booking_that_the_guest_cancelled(request_: Request, session: Session) -> None:
    request_.booking.cancel_by_guest(session, cause="x", now=NOW)
    told = request_.owner.taps("Confirm", request_.message)
    assert "nothing to decide any more. Status: *Cancelled*" in body(told)


def test_a_capture_that_failed_waits_for_the_guest(request_: Request, session: Session) -> None:
    request_.owner.taps("Confirm", request_.message)
    factories.tell(session, request_.booking, PaymentFacts(PaymentState.FAILED))
    assert request_.booking.status == Status.PAYMENT_PENDING
    request_.owner.passes(minutes=1)
    assert "You confirmed it" in body(request_.owner.taps("Confirm", request_.message))


# ---- an admin in the owner's place -----------------------------------------------------------------


@pytest.fixture
def alert(request_: Request, session: Session, admin: Chat) -> Message:
    session.info["outbox"].clear()
    notices.owner_silent(session, request_.booking, rules=RULES, now=NOW + timedelta(minutes=61))
    out = next(out for out in session.info["outbox"] if out.person_id == admin.person_id)
    assert "61 minutes" in body(out.message)
    assert out.template is not None
    assert out.template.button_payloads == tuple(options(out.message).values())
    return out.message


def test_admin_approves_in_the_owners_place(request_: Request, admin: Chat, alert: Message) -> None:
    assert titles(alert) == ["Approve", "Decline"]
    assert "*Approved*" in body(admin.taps("Approve", alert))
    assert (request_.booking.decision, request_.booking.decision_made_by) == ("YES", admin.person_id)
    told = request_.owner.taps("Confirm", request_.message)
    assert "Our team confirmed it" in body(told)


def test_admin_declines_after_being_asked_once_more(request_: Request, admin: Chat, alert: Message) -> None:
    sure = admin.taps("Decline", alert)
    assert titles(sure) == ["Yes, decline", "No, wait"]
    assert "goes on waiting" in body(admin.taps("No, wait"))
    admin.passes(minutes=1)
    admin.taps("Decline", alert)
    assert "*Declined*" in body(admin.taps("Yes, decline"))
    assert request_.booking.status == Status.OWNER_CANCELLED


def test_the_first_decision_wins(request_: Request, admin: Chat, alert: Message) -> None:
    request_.owner.taps("Confirm", request_.message)
    told = admin.taps("Decline", alert)
    assert "The owner confirmed it" in body(told)
    assert request_.booking.decision == "YES"


def test_nobody_else_decides(request_: Request, chat: Chat, alert: Message) -> None:
    chat.taps("Approve", alert)
    chat.taps_template(actions.DeclineInsteadForSure(request_.booking.id))
    assert request_.booking.decision is None


def test_a_decision_made_by_itself_is_told(request_: Request, session: Session) -> None:
    from models.booking_event import SARAI

    request_.booking.decide(session, yes=False, actor=SARAI, cause="x", now=NOW, reason="no_answer")
    assert "by itself on Fri 20 Nov" in body(request_.owner.taps("Confirm", request_.message))


def test_an_owner_can_be_a_guest_too(request_: Request, session: Session) -> None:
    other = factories.listing(session)
    request_.owner.says(other.name)
    request_.owner.taps("Book")
    request_.owner.says("24 Dec to 26 Dec")
    request_.owner.taps("Confirm", request_.message)
    assert titles(request_.owner.says("2")) == ["Bilal Ahmed"]


def test_every_decision_is_recorded_once(request_: Request, session: Session) -> None:
    for _ in range(3):
        request_.owner.taps("Confirm", request_.message)
        request_.owner.passes(minutes=1)
    decided = session.execute(
        text("SELECT count(*) FROM booking_events WHERE booking_id = :id AND action = 'DECIDE'"),
        {"id": request_.booking.id},
    ).scalar()
    assert decided == 1
    assert said_to(request_.owner.said, "owner")


# ---- an owner who writes ---------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["hi", "help", "ok", "👍"])
def test_an_owner_who_writes_sees_the_request_that_waits(
    request_: Request, session: Session, words: str
) -> None:
    shown = request_.owner.says(words)
    assert titles(shown) == ["Confirm", "Cancel"]
    assert body(shown).startswith("A guest is waiting for your answer. For anything else, type: menu")
    assert request_.booking.code in body(shown)
    assert titles(request_.owner.says("menu")) == ["Book a stay", "My bookings", "Help"]
    factories.decide(session, request_.booking, yes=True)
    assert "Confirm" not in titles(request_.owner.says(words))
