"""What works everywhere, and what comes that is neither a tap nor a word."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from flows import actions
from models.listing import Listing
from models.message import Buttons, Menu
from models.session import Session
from tests import factories
from tests.flows.conversation import Chat, body, options, titles

MENU = ["Book a stay", "My bookings", "Help"]


@pytest.mark.parametrize("words", ["hi", "Hello!", "salam", "menu", "START", "Assalam o alaikum"])
def test_a_greeting_brings_the_menu(chat: Chat, words: str) -> None:
    assert titles(chat.says(words)) == MENU
    assert "Sarai" in body(chat.last)


@pytest.mark.parametrize("kind", ["reaction", "revoke", "system"])
def test_reactions_and_deletions_are_answered_with_silence(chat: Chat, kind: str) -> None:
    chat.says("hi")
    before = chat.state
    assert chat.sends({"type": kind, kind: {}}) is None
    assert chat.state == before


@pytest.mark.parametrize(
    "kind", ["image", "audio", "video", "document", "sticker", "location", "contacts", "order"]
)
def test_pictures_and_the_like_get_a_kind_sentence_and_where_we_are(
    chat: Chat, place: Listing, kind: str
) -> None:
    chat.says(place.name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    told = chat.sends({"type": kind, kind: [] if kind == "contacts" else {"id": "1"}})
    assert "I can only read text and taps" in body(told)
    assert "How many guests" in body(told)


@pytest.mark.parametrize(
    "node",
    [
        {"type": "unsupported", "errors": [{"code": 131051}]},
        {"type": "unknown"},
        {},
        {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": "{}"}}},
        {"type": "interactive", "interactive": {}},
        {"type": "text"},
        {"type": "text", "text": "oops"},
        {"type": "button", "button": {}},
        {"type": "button", "button": {"payload": "Confirm"}},
        {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "v9:what"}}},
    ],
)
def test_whatever_comes_is_answered(chat: Chat, node: dict[str, object]) -> None:
    chat.says("hi")
    assert titles(chat.sends(node)) == MENU


def test_places_by_kind_and_by_name(session: Session, chat: Chat) -> None:
    for _ in range(12):
        factories.listing(session)
    kinds = chat.taps("Book a stay", chat.says("hi"))
    assert "Huts" in titles(kinds)
    places = chat.taps("Huts")
    assert isinstance(places, Menu)
    assert len(titles(places)) == 10
    more = chat.taps("More places")
    assert not set(titles(places)[:-1]) & set(titles(more))
    card = chat.taps(titles(more)[0])
    assert titles(card) == ["Book", "Other places"]
    assert titles(chat.says("back")) == titles(places)
    assert titles(chat.says("back")) == titles(kinds)
    assert titles(chat.says("back")) == MENU
    found = chat.says("sea view")
    assert isinstance(found, Menu)
    assert len(titles(found)) == 9


def test_a_kind_of_place_is_typed(chat: Chat, place: Listing) -> None:
    chat.taps("Book a stay", chat.says("hi"))
    assert "Which place" in body(chat.says("hotel"))
    assert "Which place" in body(chat.says("farmhouses"))


def test_a_place_that_closed_is_not_shown(session: Session, chat: Chat, place: Listing) -> None:
    card = chat.says(place.name)
    factories.change(session, place, active=False)
    assert "What kind of place" in body(chat.taps("Book", card))


def test_one_kind_of_place_is_not_asked_for(session: Session, chat: Chat) -> None:
    session.execute(text("UPDATE listings SET active = category = 'camp'"))
    session.execute(text("DELETE FROM units WHERE false"))
    assert "Which place" in body(chat.taps("Book a stay", chat.says("hi")))


def test_nothing_to_book(session: Session, chat: Chat) -> None:
    session.execute(text("UPDATE listings SET active = false"))
    assert "nothing to book just now" in body(chat.taps("Book a stay", chat.says("hi")))


def test_what_is_not_understood_anywhere(chat: Chat) -> None:
    for _ in range(2):
        assert "did not understand" in body(chat.says("xyzzy plugh"))
    assert titles(chat.says("xyzzy plugh")) == ["Talk to a person", "Menu"]
    assert titles(chat.taps("Menu")) == MENU
    assert "did not understand" in body(chat.says("xyzzy plugh"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("thanks", "You are welcome!"),
        ("Thank you so much 🙏", "You are welcome!"),
        ("ok", "All right!"),
        ("👍", "All right!"),
        ("Great!", "All right!"),
        ("❤️", "All right!"),
        ("👍🏽", "All right!"),
        ("شکریہ", "خوش رہیں!"),
        ("धन्यवाद", "आपका स्वागत है!"),
    ],
)
def test_a_word_of_thanks_is_never_a_miss(session: Session, chat: Chat, words: str, told: str) -> None:
    factories.confirmed(session, guest_id=chat.person_id)
    chat.says("my bookings")
    for _ in range(4):
        assert body(chat.says(words)).startswith(told)
    assert not chat.state.get("misses")


@pytest.mark.parametrize("words", ["thanks", "ok", "👍"])
def test_a_word_of_thanks_leaves_the_question_open(chat: Chat, place: Listing, words: str) -> None:
    chat.says(place.name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    for _ in range(4):
        asked = body(chat.says(words))
        assert "How many guests" in asked
        assert "Sorry" not in asked
    assert titles(chat.says("2")) == ["Ayesha Khan"]


def test_a_lone_question_mark_is_no_thanks(chat: Chat) -> None:
    chat.says("hi")
    assert "did not understand" in body(chat.says("?"))


def test_the_offer_of_a_person_repeats_the_open_question(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    for _ in range(3):
        chat.says("lots")
    assert titles(chat.last) == ["Talk to a person", "Menu"]
    assert "You can also just answer again:" in body(chat.last)
    assert "How many guests?" in body(chat.last)
    for _ in range(3):
        chat.says("menu")
        chat.says("xyzzy plugh")
    assert "answer again" not in body(chat.last)


def test_cancel_at_the_menu_gives_up_the_half_finished_booking(
    session: Session, chat: Chat, place: Listing
) -> None:
    booked = factories.confirmed(session, guest_id=chat.person_id)
    chat.says(place.name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    assert "half-finished booking is kept" in body(chat.says("menu"))
    told = chat.says("cancel")
    assert "half-finished booking is given up" in body(told)
    assert titles(told) == ["Book a stay", "My bookings"]
    assert "draft" not in chat.state
    assert booked.code in body(chat.says("cancel"))


@pytest.mark.parametrize("kind", ["image", "location"])
def test_a_picture_at_the_menu_gets_the_menu(session: Session, chat: Chat, kind: str) -> None:
    factories.confirmed(session, guest_id=chat.person_id)
    chat.says("hi")
    told = chat.sends({"type": kind, kind: {"id": "1"}})
    assert body(told).startswith("Thank you, but I can only read text and taps.")
    assert titles(told) == MENU


def test_a_person_can_be_asked_for_at_any_time(chat: Chat, admin: Chat) -> None:
    chat.says("help")
    told = chat.taps("Talk to a person")
    assert "Call +92 300 0000301" in body(told)
    assert [out.recipient for out in chat.said] == ["admin", "guest"]
    chat.taps("Menu")
    assert "told our team" in body(chat.says("agent"))


def test_an_admin_who_asks_for_a_person_is_the_person(admin: Chat) -> None:
    assert "You are on duty yourself" in body(admin.says("agent"))
    assert len(admin.said) == 1


def test_a_language_is_chosen_and_kept(chat: Chat, place: Listing) -> None:
    chat.says(place.name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    assert titles(chat.says("language")) == ["English", "اردو", "हिन्दी"]
    asked = chat.taps("اردو")
    assert body(asked).startswith("اب سے اردو میں۔")
    assert "کتنے مہمان" in body(asked)
    assert titles(chat.says("دو")) == ["Ayesha Khan"]
    assert "کل: " in body(chat.taps("Ayesha Khan"))
    assert body(chat.says("english")).startswith("From now on in English.")


def test_letters_choose_the_language_of_a_newcomer(chat: Chat, session: Session) -> None:
    assert "में आपका स्वागत है" in body(chat.says("नमस्ते"))
    language = session.execute(
        text("SELECT language FROM persons WHERE id = :id"), {"id": chat.person_id}
    ).scalar()
    assert language == "hi"
    assert "में आपका स्वागत है" in body(chat.says("menu"))


@pytest.mark.parametrize(
    ("first", "menu"),
    [
        ({"text": {"body": "hi"}}, "Welcome to"),
        ({"text": {"body": "Salam, I have a question"}}, "Sorry, I did not understand"),
        ({"text": {"body": "mujhe kal raat thehrna hai"}}, "معذرت"),
        ({"text": {"body": "🙂"}}, "ٹھیک ہے"),
        ({"image": {"id": "1"}}, "شکریہ"),
        ({"audio": {"id": "1"}}, "شکریہ"),
    ],
)
def test_a_newcomer_is_answered_in_the_language_that_they_write_else_in_their_countrys(
    chat: Chat, first: dict[str, Any], menu: str
) -> None:
    (kind,) = first
    assert body(chat.sends({"type": kind, **first})).startswith(menu)


def test_who_has_begun_in_english_goes_on_in_english(chat: Chat) -> None:
    chat.says("hi")
    assert body(chat.sends({"type": "image", "image": {"id": "1"}})).startswith("Thank you")
    chat.taps("Book a stay")
    assert body(chat.says("mujhe kamra chahiye")).startswith(
        "معذرت"
    )  # their words tell more than their first hi


def test_the_menu_offers_the_other_language_in_that_language(session: Session, chat: Chat) -> None:
    menu = chat.says("hi")
    assert isinstance(menu, Buttons)
    assert menu.footer == "اردو کے لیے لکھیں: اردو"
    menu = chat.says("اردو")
    assert isinstance(menu, Buttons)
    assert menu.footer == "For English, type: english"
    assert body(chat.says("english")).startswith("From now on in English.")


def test_letters_change_nothing_for_who_has_chosen(chat: Chat) -> None:
    chat.says("english")
    assert titles(chat.says("مینو")) == MENU


def test_the_template_that_says_an_answer_is_ready_shows_where_things_stand(
    session: Session, chat: Chat, place: Listing
) -> None:
    assert titles(chat.taps_template(actions.ShowAnswer())) == MENU
    booking = factories.paid(session, guest_id=chat.person_id)
    chat.passes(minutes=1)
    assert booking.code in body(chat.taps_template(actions.ShowAnswer()))
    chat.says(place.name)
    chat.taps("Book")
    chat.passes(minutes=1)
    assert "Which day" in body(chat.taps_template(actions.ShowAnswer()))


def test_a_double_tap_is_known_by_its_bubble(chat: Chat) -> None:
    menu = chat.says("hi")
    assert isinstance(chat.taps("My bookings", menu), Buttons)
    assert chat.taps("My bookings", menu, at_once=True) is None
    assert isinstance(chat.taps("My bookings", chat.says("hi"), at_once=True), Buttons)
    chat.passes(seconds=60)
    assert isinstance(chat.taps("My bookings", menu), Buttons)


def test_every_title_of_every_language_fits(chat: Chat, place: Listing) -> None:
    for language in ("english", "urdu", "hindi"):
        chat.says(language)
        chat.says("menu")
        chat.says(place.name)
        assert options(chat.last)


# ---- a place or a kind in a sentence ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("I need a room", "Which place?"),
        ("we are looking for huts in the north", "Which place?"),
        ("book a hut for 2 on friday night", "Which place?"),
        ("do you have any farmhouse?", "Which place?"),
        ("how much is Karimabad?", "*Karimabad Garden Inn*"),
        ("what does the garden inn cost", "*Karimabad Garden Inn*"),
        ("karimabad garden inn 25 dec", "*Karimabad Garden Inn*"),
    ],
)
def test_a_place_or_a_kind_anywhere_in_a_sentence_is_shown(
    session: Session, chat: Chat, words: str, told: str
) -> None:
    session.execute(text("UPDATE listings SET active = false"))
    session.execute(
        text("INSERT INTO categories VALUES ('my_farm', 'Farms', 1), ('my_room', 'Hotel rooms', 2)")
    )
    for category, name in (
        ("hut", "Blue Hut"),
        ("my_room", "Rose Palace"),
        ("my_farm", "Green Acre"),
        ("my_room", "Karimabad Garden Inn"),
    ):
        made = factories.listing(session)
        factories.change(session, made, category=category, name=name, location="Hunza, Pakistan")
    chat.says("menu")
    assert told in body(chat.says(words))


@pytest.mark.parametrize("words", ["what is the meaning of this", "I do not like it here", "are you there?"])
def test_words_that_are_in_every_sentence_name_no_place(session: Session, chat: Chat, words: str) -> None:
    factories.change(session, factories.listing(session), name="The Inn at This Lake")
    assert "did not understand" in body(chat.says(words))
