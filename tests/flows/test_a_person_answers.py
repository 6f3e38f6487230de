"""A guest asks for a person: the bot falls silent, an admin answers from their chat, the bot comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from flows import actions
from models import conversation
from models.listing import Listing
from models.message import Text
from models.session import Session
from tests import factories
from tests.factories import NOW
from tests.flows.conversation import Chat, body, said_to, titles


@pytest.fixture
def helped(session: Session, chat: Chat, admin: Chat) -> Chat:
    """A guest who has asked for a person; the admin is on duty."""
    told = chat.says("talk to a person")
    assert "What you write now goes to them" in body(told)
    return chat


def phone_of(session: Session, person_id: int) -> str:
    return str(
        session.execute(
            text("SELECT value FROM person_identifiers WHERE person_id = :id AND kind = 'phone'"),
            {"id": person_id},
        ).scalar_one()
    )


def deeds(session: Session) -> list[tuple[str, str]]:
    return [(r.action, r.about) for r in session.execute(text("SELECT action, about FROM audit ORDER BY id"))]


def test_the_admin_is_told_who_asks_with_buttons(session: Session, chat: Chat, admin: Chat) -> None:
    chat.says("agent")
    (out,) = [out for out in chat.said if out.person_id == admin.person_id]
    assert titles(out.message) == ["Reply", "Resume bot"]
    assert out.template is not None
    assert len(out.template.button_payloads) == 2


def test_words_go_to_the_admin_and_the_bot_is_silent(helped: Chat, admin: Chat) -> None:
    assert helped.says("We will be late, at 11 pm") is None
    (out,) = helped.said
    assert (out.person_id, out.recipient) == (admin.person_id, "admin")
    assert "We will be late, at 11 pm" in body(out.message)
    assert "Ayesha Khan" in body(out.message)
    assert out.template is not None


@pytest.mark.parametrize("words", ["hi", "menu", "thanks", "BK-20261224-7K3QX", "24 Dec to 26 Dec"])
def test_no_word_is_answered_by_the_bot(helped: Chat, words: str) -> None:
    assert helped.says(words) is None


def test_what_is_no_text_is_told_in_words(helped: Chat) -> None:
    helped.sends({"type": "image", "image": {"id": "1", "caption": "the gate"}})
    assert "(a picture) the gate" in body(helped.said[0].message)
    helped.sends({"type": "location", "location": {"latitude": 1.5, "longitude": 2}})
    assert "https://maps.google.com/?q=1.5,2" in body(helped.said[0].message)


def test_admin_replies_by_the_button(session: Session, helped: Chat, admin: Chat) -> None:
    helped.says("Is there parking?")
    admin.taps("Reply", helped.said[0].message)
    told = admin.says("Yes, behind the house.")
    assert "✅ Sent to *Ayesha Khan" in body(told)
    (answer,) = said_to(admin.said, "guest")
    assert answer.person_id == helped.person_id
    assert body(answer.message) == "👤 *Our team:*\nYes, behind the house."
    assert answer.template is not None
    assert answer.template.body_params == ("Yes, behind the house.",)
    assert ("REPLY", f"person:{helped.person_id}") in deeds(session)


def test_only_the_next_words_are_the_reply(helped: Chat, admin: Chat) -> None:
    helped.says("Hello?")
    forwarded = helped.said[0].message
    admin.taps("Reply", forwarded)
    admin.says("stuck")
    assert said_to(admin.said, "guest"), "whatever it is, it was for the guest"
    admin.says("stuck")
    assert not said_to(admin.said, "guest")
    admin.taps("Reply", forwarded)
    assert "nothing was sent" in body(admin.says("cancel"))
    admin.taps("Reply", forwarded)
    admin.taps("Not now")
    admin.says("stuck")
    assert not said_to(admin.said, "guest")
    admin.taps("Reply", forwarded)
    admin.passes(minutes=16)
    admin.says("stuck")
    assert not said_to(admin.said, "guest"), "forgotten by then"


def test_admin_replies_by_words(session: Session, chat: Chat, admin: Chat, place: Listing) -> None:
    booking = factories.paid(session, place, guest_id=chat.person_id)
    phone = phone_of(session, chat.person_id)
    for said in (f"reply {phone} We wait\nfor you", f"Reply {booking.code}: We wait\nfor you"):
        told = admin.says(said)
        assert "Sent to" in body(told)
        (answer,) = said_to(admin.said, "guest")
        assert body(answer.message).endswith("We wait\nfor you")
    chat_paused = conversation.is_paused(session, chat.person_id, admin.now)
    assert chat_paused, "their answer is for the person"


@pytest.mark.parametrize(
    "words", ["reply", "reply Ali", "reply +923009999999 hello", "pause bot", "resume x"]
)
def test_a_reply_to_nobody_is_told(admin: Chat, words: str) -> None:
    told = admin.says(words)
    assert isinstance(told, Text)
    assert "Type:" in body(told) or "Nobody" in body(told)


def test_a_closed_window_is_told(session: Session, admin: Chat) -> None:
    quiet = factories.person(session, heard_at=NOW - timedelta(hours=30))
    told = admin.says(f"reply {phone_of(session, quiet)} We found your keys")
    assert "as a template" in body(told)


def test_resume_by_button_and_by_word(session: Session, helped: Chat, admin: Chat) -> None:
    helped.says("Thanks")
    assert "answers *Ayesha Khan" in body(admin.taps("Resume bot", helped.said[0].message))
    assert titles(helped.says("hi")) == ["Book a stay", "My bookings", "Help"]
    phone = phone_of(session, helped.person_id)
    assert "silent" in body(admin.says(f"pause bot {phone}"))
    assert "again" in body(admin.says(f"resume {phone}"))
    assert "already" in body(admin.says(f"resume {phone}"))
    assert [deed for deed, _ in deeds(session)] == ["RESUME_BOT", "PAUSE_BOT", "RESUME_BOT"]


def test_the_bot_comes_back_by_itself(session: Session, helped: Chat) -> None:
    helped.says("Hello?")
    helped.passes(hours=23)
    assert helped.says("Anybody?") is None
    helped.passes(hours=25)
    assert titles(helped.says("hi")) == ["Book a stay", "My bookings", "Help"]


def test_taps_work_meanwhile(session: Session, chat: Chat, admin: Chat, place: Listing) -> None:
    summary = chat.comes_to_the_summary(place.name)
    chat.says("person")
    chat.taps("Pay by card", summary)
    assert chat.bookings()[0].status == "PAYMENT_PENDING"
    assert chat.says("I have a question") is None, "still with the person"


def test_a_tap_that_leads_to_a_question_brings_the_bot_back(
    session: Session, helped: Chat, place: Listing
) -> None:
    helped.taps_template(actions.BookPlace(place.id))
    assert "guests" in body(helped.says("24 Dec to 26 Dec"))


def test_menu_brings_the_bot_back(helped: Chat) -> None:
    helped.taps("Menu")
    assert titles(helped.says("hi")) == ["Book a stay", "My bookings", "Help"]


def test_an_admin_is_never_paused(session: Session, admin: Chat) -> None:
    other = factories.person(session, name="Omar", role="admin")
    assert "not paused" in body(admin.says(f"pause bot {phone_of(session, other)}"))
    assert not conversation.is_paused(session, other, NOW)


def test_a_guest_cannot_reply_pause_or_resume(session: Session, chat: Chat, helped: Chat) -> None:
    other = Chat(session, factories.person(session, name="Zed"))
    for action in (actions.ReplyTo, actions.PauseBot, actions.ResumeBot):
        shown = other.taps_template(action(helped.person_id))
        assert titles(shown) == ["Book a stay", "My bookings", "Help"]
    other.says("reply to everyone")
    assert not [out for out in other.said if out.person_id == helped.person_id]


def test_nobody_answers_themselves(session: Session, admin: Chat) -> None:
    own = phone_of(session, admin.person_id)
    for words in (f"reply {own} hello", f"reply {own}"):
        assert body(admin.says(words)) == "That is your own number: nothing was sent."
        assert len(admin.said) == 1
