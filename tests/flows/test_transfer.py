"""Paying by transfer in the chat: what is understood, which booking a picture is for, and what admins may do."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from flows import notices, understand
from flows.actions import RejectPaymentFor, SayPaid, VerifyPayment
from models import evidence
from models import person as people
from models.booking import Booking
from models.listing import Listing
from models.message import Buttons, Menu
from models.session import Session
from tests import factories as make
from tests.factories import NOW, RULES
from tests.flows.conversation import Chat, body, said_to, titles

PICTURE = {"type": "image", "image": {"id": "media-1", "mime_type": "image/jpeg", "sha256": "x"}}


@pytest.fixture
def chat(session: Session) -> Chat:
    guest_id = make.person(session)
    people.speak(session, guest_id, "en")
    return Chat(session, guest_id)


@pytest.fixture
def admin(session: Session) -> Chat:
    return Chat(session, make.person(session, name="Imran", role=people.ADMIN), name="Imran")


# ---- the guest -------------------------------------------------------------------------------------


def test_both_ways_to_pay_stand_under_the_summary(session: Session, chat: Chat) -> None:
    place = _place(session)
    summary = chat.comes_to_the_summary(place.name)
    assert titles(summary) == ["Pay by card", "Pay by transfer", "Change"]
    assert "a transfer comes back in full" in body(summary)
    chat.taps("Pay by transfer")
    (booking,) = chat.bookings()
    assert booking.awaited_transfer(session) is not None


def test_where_no_account_takes_it_the_other_way_is_offered(session: Session, chat: Chat) -> None:
    place = _place(session)
    chat.comes_to_the_summary(place.name)
    session.execute(text("UPDATE payees SET active = false"))
    sorry = chat.taps("Pay by transfer")
    assert titles(sorry) == ["Pay by card", "Menu"]
    chat.taps("Pay by card")
    assert chat.bookings()[0].status == "PAYMENT_PENDING"


def test_the_booking_shows_the_instructions_again(session: Session, chat: Chat) -> None:
    booking = _by_transfer(chat)
    shown = chat.says("my bookings")
    assert titles(shown) == ["I have paid", "Pay by card", "Cancel booking"]
    lines = body(shown).split("\n")
    assert "03000000900" in lines
    assert f"*{_reference(chat, booking)}*" in body(shown)


@pytest.mark.parametrize(
    "words",
    ["paid", "I have paid", "i've paid!", "Payment done", "paise bhej diye", "ادا کر دیا", "भुगतान कर दिया"],
)
def test_paid_in_many_words(session: Session, chat: Chat, words: str) -> None:
    _by_transfer(chat)
    assert "checking your payment" in body(chat.says(words))
    assert chat.bookings()[0].status == "PAYMENT_REVIEW"


@pytest.mark.parametrize(
    "words", ["can I pay later?", "paid parking?", "card reader", "i will pay", "not paid", "how to transfer"]
)
def test_what_does_not_say_that_it_is_paid(words: str) -> None:
    assert understand.about_paying(words) is None


def test_paid_said_by_somebody_who_was_asked_for_nothing_is_no_answer(session: Session, chat: Chat) -> None:
    assert "did not understand" in body(chat.says("paid"))


def test_i_have_paid_a_second_time_changes_nothing(session: Session, chat: Chat) -> None:
    booking = _by_transfer(chat)
    chat.taps_template(SayPaid(booking.id))
    chat.passes(minutes=2)
    told = chat.taps_template(SayPaid(booking.id))
    assert "We are checking your payment" in body(told)
    assert make.events(session, booking).count("SUBMIT_EVIDENCE") == 1


def test_another_persons_booking_is_not_theirs_to_say_so(session: Session, chat: Chat) -> None:
    other = make.by_transfer(session)
    chat.taps_template(SayPaid(other.id))
    assert other.status == "PAYMENT_PENDING"


# ---- pictures --------------------------------------------------------------------------------------


def test_a_picture_is_kept_for_the_booking_that_waits(session: Session, chat: Chat) -> None:
    booking = _by_transfer(chat)
    assert "checking your payment" in body(chat.sends(PICTURE))
    assert booking.status == "PAYMENT_REVIEW"
    assert "added your picture" in body(chat.sends(PICTURE))
    kept = session.execute(text("SELECT booking_id, media_id, source, status FROM payment_evidence")).all()
    assert [tuple(row) for row in kept] == [(booking.id, "media-1", "screenshot", "pending")] * 2


def test_a_picture_that_was_rejected_is_not_shown_again(session: Session, chat: Chat, admin: Chat) -> None:
    booking = _by_transfer(chat)
    chat.sends(PICTURE)
    admin.says(f"reject {booking.code} unreadable")
    assert "screenshot of the transfer" in body(chat.says("paid"))
    assert "sent no picture" in body(admin.says("pending"))


def test_who_floods_us_with_pictures_is_answered_and_nothing_more_is_kept(
    session: Session, chat: Chat
) -> None:
    _by_transfer(chat)
    for _ in range(evidence.MOST_PICTURES):
        assert "checking your payment" in body(chat.sends(PICTURE))
    assert "We are checking your payment" in body(chat.sends(PICTURE))
    kept = text("SELECT count(*) FROM payment_evidence")
    assert session.execute(kept).scalar() == evidence.MOST_PICTURES
    chat.passes(minutes=61)
    chat.sends(PICTURE)
    assert session.execute(kept).scalar() == evidence.MOST_PICTURES + 1


def test_a_picture_from_anybody_else_is_only_a_picture(session: Session, chat: Chat) -> None:
    make.held(session, guest_id=chat.person_id)
    assert "can only read text" in body(chat.sends(PICTURE))
    assert session.execute(text("SELECT count(*) FROM payment_evidence")).scalar() == 0


def test_a_file_is_no_picture(session: Session, chat: Chat) -> None:
    booking = _by_transfer(chat)
    pdf = {"type": "document", "document": {"id": "media-1", "mime_type": "application/pdf"}}
    assert "not a file" in body(chat.sends(pdf))
    assert booking.status == "PAYMENT_PENDING"
    chat.sends({"type": "document", "document": {"id": "media-2", "mime_type": "image/png"}})
    assert booking.status == "PAYMENT_REVIEW"


def test_of_several_bookings_the_guest_says_which(session: Session, chat: Chat) -> None:
    bookings = [_by_transfer(chat) for _ in range(2)]
    chat.says("menu")
    asked = chat.sends(PICTURE)
    assert isinstance(asked, Menu)
    assert "Which booking" in asked.body
    chosen = Listing.get(session, bookings[0].listing_id).name
    chat.taps(next(title for title in titles(asked) if title[:20] == chosen[:20]), asked)
    assert [b.status for b in bookings] == ["PAYMENT_REVIEW", "PAYMENT_PENDING"]
    chat.passes(minutes=1)
    chat.taps(titles(asked)[1], asked)  # the same picture is not for the other one, too
    assert sum(b.status == "PAYMENT_REVIEW" for b in bookings) == 1


def test_the_booking_that_was_shown_last_is_the_one(session: Session, chat: Chat) -> None:
    first, second = _by_transfer(chat), _by_transfer(chat)
    chat.says(first.code)
    chat.sends(PICTURE)
    assert (first.status, second.status) == ("PAYMENT_REVIEW", "PAYMENT_PENDING")


def test_a_live_booking_comes_before_one_that_has_ended(session: Session, chat: Chat) -> None:
    old = _by_transfer(chat)
    old.expire(session, cause="follow_up:1", now=NOW)
    live = _by_transfer(chat)
    chat.sends(PICTURE)
    assert (old.status, live.status) == ("EXPIRED", "PAYMENT_REVIEW")


def test_three_days_later_a_picture_is_for_nothing_but_the_button_works(session: Session, chat: Chat) -> None:
    booking = _by_transfer(chat)
    booking.expire(session, cause="follow_up:1", now=NOW)
    chat.passes(hours=73)
    assert "can only read text" in body(chat.sends(PICTURE))
    chat.taps_template(SayPaid(booking.id))
    assert booking.status == "PAYMENT_REVIEW"


# ---- admins ----------------------------------------------------------------------------------------


def test_only_admins_verify_and_reject(session: Session, chat: Chat) -> None:
    booking = make.in_review(session)
    owner = Chat(session, Listing.get(session, booking.listing_id).owner_id)
    for somebody in (chat, owner):
        somebody.taps_template(VerifyPayment(booking.id, 0))
        somebody.taps_template(RejectPaymentFor(booking.id, 0, "other"))
        somebody.says(f"verify {booking.code}")
        somebody.says(f"reject {booking.code} no money")
    assert booking.status == "PAYMENT_REVIEW"


def test_pending_shows_what_ends_first_and_has_pages(session: Session, admin: Chat) -> None:
    assert "No payment waits" in body(admin.says("pending"))
    only = make.in_review(session)
    assert only.code in body(admin.says("Pending"))
    place = make.listing(session, units=20)
    more = [make.in_review(session, place) for _ in range(10)]
    page = admin.says("pending")
    assert titles(page) == [only.code, *(b.code for b in more[:8]), "More"]
    assert titles(admin.taps("More")) == [b.code for b in more[8:]]
    one = admin.taps(more[9].code)
    assert titles(one) == ["Verify", "Reject"]


def test_two_admins_tap_at_once(session: Session, admin: Chat) -> None:
    booking = make.in_review(session)
    other = Chat(session, make.person(session, name="Sana", role=people.ADMIN), name="Sana")
    assert "Verified" in body(admin.taps_template(VerifyPayment(booking.id, 0)))
    late = body(other.taps_template(RejectPaymentFor(booking.id, 0, "other")))
    assert "Verified by Imran on" in late
    assert booking.status == "PAYMENT_SUCCESS"


def test_a_reason_in_an_admins_own_words(session: Session, admin: Chat) -> None:
    booking = make.in_review(session)
    said = body(admin.says(f"reject {booking.code}  the bank sent it back "))
    assert "the bank sent it back" in said
    assert make.last_event(session, booking).reason == "the bank sent it back"


def test_without_a_reason_it_is_asked(session: Session, admin: Chat) -> None:
    booking = make.in_review(session)
    asked = admin.says(f"reject {booking.code}")
    assert titles(asked)[0] == "Money not received"
    admin.taps("Other reason")
    assert make.last_event(session, booking).reason == "other"


def test_what_was_never_to_be_transferred_has_nothing_to_verify(session: Session, admin: Chat) -> None:
    booking = make.held(session)
    assert "never asked to transfer" in body(admin.says(f"verify {booking.code}"))
    assert booking.status == "PAYMENT_PENDING"


# ---- notices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ur", "hi"])
def test_the_notices_of_a_transfer_keep_whatsapps_limits(session: Session, language: str) -> None:
    booking = make.in_review(session)
    people.speak(session, booking.person_id, language)
    payment = booking.newest_transfer(session)
    assert payment is not None
    session.info["outbox"].clear()
    told = {"rules": RULES, "now": NOW}
    make.person(session, role=people.ADMIN)
    notices.transfer_instructions(session, booking, payment, **told)
    notices.payment_rejected(session, booking, payment, reason="wrong_amount", **told)
    notices.payment_rejected(session, booking, payment, reason="x" * 400, **told)
    notices.transfer_expired(session, booking, reason=None, **told)
    notices.transfer_expired(session, booking, reason="other", **told)
    notices.payment_to_check(session, booking, None, **told)
    notices.review_ending(session, booking, **told)
    notices.review_expired(session, booking, **told)
    notices.cancelled_in_review(session, booking, **told)
    outbox = session.info["outbox"]
    assert all(out.template is not None for out in outbox)
    assert len(said_to(outbox, "guest")) == 5
    assert all(out.template.language == language for out in said_to(outbox, "guest"))
    instructions = said_to(outbox, "guest")[0].message
    assert isinstance(instructions, Buttons)
    assert "03000000900" in instructions.body


# ---- helpers ---------------------------------------------------------------------------------------


def _place(session: Session) -> Listing:
    place = make.listing(session, units=3)
    make.payee_for(session, place)
    return Listing.get(session, place.id)


def _by_transfer(chat: Chat) -> Booking:
    return make.by_transfer(chat.session, guest_id=chat.person_id)


def _reference(chat: Chat, booking: Booking) -> str | None:
    payment = booking.newest_transfer(chat.session)
    return payment.reference if payment is not None else None
