"""The further questions of a place: asked one by one after the name, kept, shown, changed."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy import text

from flows import notices
from flows.actions import AskFurther, ChangeAnswer, ChooseFurther, PassOver
from models import inbound, sealed
from models.booking import Booking
from models.listing import Listing
from models.message import Buttons, Menu, Text, Typing
from models.session import Session
from tests import factories
from tests.factories import NOW
from tests.flows.conversation import RULES, Chat, body, said_to, titles
from tests.flows.test_booking import newest

QUESTIONS = [
    {"key": "cnic", "text": "What is the number of your CNIC?", "label": "CNIC", "kind": "cnic"},
    {
        "key": "arrival",
        "text": {"en": "When do you arrive?", "ur": "آپ کب پہنچیں گے؟"},
        "label": "Arrival",
        "kind": "choice",
        "choices": ["Noon", "Afternoon", "Evening", "Late night"],
    },
    {"key": "cars", "text": "How many cars do you bring?", "label": "Cars", "kind": "number"},
    {"key": "wishes", "text": "Any wishes?", "label": "Wishes", "required": False},
]
CNIC = "42101-1234567-3"


@pytest.fixture
def asking(session: Session, place: Listing) -> Listing:
    factories.change(session, place, questions=orjson.dumps(QUESTIONS).decode())
    return Listing.get(session, place.id)


@pytest.fixture
def at_cnic(chat: Chat, asking: Listing) -> Chat:
    chat.says(asking.name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    chat.says("2")
    chat.taps("Ayesha Khan")
    return chat


def answer_all(chat: Chat) -> None:
    chat.says(CNIC)
    chat.taps("Evening")
    chat.says("2 cars")
    chat.says("Extra blankets please")


def test_each_is_asked_by_itself_after_the_name(session: Session, at_cnic: Chat) -> None:
    assert isinstance(at_cnic.last, Text)
    assert "number of your CNIC" in body(at_cnic.last)
    assert "encrypted" in body(at_cnic.last)
    arrival = at_cnic.says(CNIC)
    assert isinstance(arrival, Menu)
    assert titles(arrival) == ["Noon", "Afternoon", "Evening", "Late night"]
    assert "How many cars" in body(at_cnic.taps("Evening"))
    wishes = at_cnic.says("two")
    assert isinstance(wishes, Buttons)
    assert titles(wishes) == ["Skip"]
    summary = at_cnic.says("Extra blankets please")
    assert "CNIC: •••••-••••567-3\nArrival: Evening\nCars: 2\nWishes: Extra blankets please" in body(summary)
    answers = newest(session, at_cnic).answers
    assert answers is not None
    assert sealed.open_text(str(answers.pop("cnic"))) == CNIC
    assert answers == {"arrival": "Evening", "cars": "2", "wishes": "Extra blankets please"}


def test_an_identity_number_is_nowhere_in_the_clear(session: Session, at_cnic: Chat) -> None:
    answer_all(at_cnic)
    assert CNIC not in orjson.dumps(at_cnic.state).decode()
    assert CNIC not in str(newest(session, at_cnic).answers)


def test_the_message_with_an_identity_number_is_blotted(session: Session, at_cnic: Chat) -> None:
    payload = orjson.dumps({"id": "wamid.1", "type": "text", "text": {"body": CNIC}}).decode()
    event_id = session.execute(
        text(
            "INSERT INTO inbound_events (source, external_id, kind, payload, received_at, due_at) "
            "VALUES ('whatsapp', 'wamid.of-cnic', 'message', :payload, :now, :now) RETURNING id"
        ),
        {"payload": payload, "now": NOW},
    ).scalar_one()
    inbound.blot(session, event_id)
    kept = session.execute(
        text("SELECT payload::text FROM inbound_events WHERE id = :id"), {"id": event_id}
    ).scalar_one()
    assert "42101" not in kept
    assert "wamid.1" in kept


@pytest.mark.parametrize("said", ["4210-1234567-3", "tomorrow evening? no", "my card", "42101-1234567-35"])
def test_what_is_no_cnic_is_asked_again_with_an_example(at_cnic: Chat, said: str) -> None:
    assert "42101-1234567-1" in body(at_cnic.says(said))
    assert "Arrival" not in body(at_cnic.last)
    assert titles(at_cnic.says("۴۲۱۰۱-۱۲۳۴۵۶۷-۳"))[0] == "Noon"


def test_a_choice_can_be_typed(at_cnic: Chat) -> None:
    at_cnic.says(CNIC)
    assert "choose one" in body(at_cnic.says("whenever"))
    assert "How many cars" in body(at_cnic.says("late"))


def test_a_question_that_need_not_be_answered_can_be_passed_over(session: Session, at_cnic: Chat) -> None:
    at_cnic.says(CNIC)
    at_cnic.taps("Noon")
    at_cnic.says("0")
    summary = at_cnic.taps("Skip")
    assert "Cars: 0" in body(summary)
    assert "Wishes" not in body(summary)
    assert (newest(session, at_cnic).answers or {})["wishes"] is None


def test_nothing_typed_is_passed_over_too(at_cnic: Chat) -> None:
    at_cnic.says(CNIC)
    at_cnic.taps("Noon")
    at_cnic.says("1")
    assert "Total" in body(at_cnic.says("none"))


def test_a_date_is_no_answer_to_a_number_and_is_taken_for_the_dates(at_cnic: Chat) -> None:
    at_cnic.says(CNIC)
    at_cnic.taps("Noon")
    again = at_cnic.says("from 28 Dec to 30 Dec")
    assert "Noted: Mon 28 – Wed 30 Dec" in body(again)
    assert "How many cars" in body(again)


def test_any_of_them_can_be_changed_and_nothing_else_is(session: Session, at_cnic: Chat) -> None:
    answer_all(at_cnic)
    booking = newest(session, at_cnic)
    revision = booking.revision
    rows = at_cnic.taps("Change")
    assert {"CNIC", "Arrival", "Cars", "Wishes"} <= set(titles(rows))
    assert "567-3" in str(rows)
    assert CNIC not in str(rows)
    assert "When do you arrive" in body(at_cnic.taps("Arrival"))
    summary = at_cnic.taps("Noon")
    assert "Arrival: Noon\nCars: 2" in body(summary)
    assert newest(session, at_cnic).id == booking.id
    assert newest(session, at_cnic).revision == revision + 1


@pytest.mark.parametrize(
    "action",
    [
        lambda place, booking: ChooseFurther(place, "cnic", 0),  # has no choices
        lambda place, booking: ChooseFurther(place, "arrival", 9),
        lambda place, booking: ChooseFurther(place, "gone", 0),
        lambda place, booking: PassOver(place, "cnic"),  # has to be answered
        lambda place, booking: AskFurther(booking, "gone"),
        lambda place, booking: ChangeAnswer(booking, "further"),
    ],
)
def test_a_tap_on_what_is_asked_no_more_shows_where_things_stand(
    session: Session, at_cnic: Chat, asking: Listing, action: Any
) -> None:
    answer_all(at_cnic)
    shown = at_cnic.taps_template(action(asking.id, newest(session, at_cnic).id))
    assert "CNIC: •••••-••••567-3" in body(shown)
    assert "Total" in body(shown)


def test_a_question_that_is_gone_while_it_is_open_stops_nobody(
    session: Session, at_cnic: Chat, asking: Listing
) -> None:
    factories.change(session, asking, questions="[]")
    assert "Total" in body(at_cnic.says(CNIC))


def test_a_choice_that_is_no_more_is_asked_again(session: Session, at_cnic: Chat, asking: Listing) -> None:
    answer_all(at_cnic)
    changed = [{**QUESTIONS[1], "choices": ["Morning", "Noon"]}, *QUESTIONS[2:]]
    factories.change(session, asking, questions=orjson.dumps(changed).decode())
    at_cnic.taps("Change")
    at_cnic.taps("Guests")
    assert titles(at_cnic.says("1")) == ["Morning", "Noon"]


def test_a_number_typed_once_more_is_blotted_as_well(session: Session, at_cnic: Chat) -> None:
    answer_all(at_cnic)
    said = _kept(session, at_cnic, CNIC)
    assert "42101" not in said
    assert "24 Dec" in _kept(session, at_cnic, "24 Dec to 27 Dec")


def _kept(session: Session, chat: Chat, words: str) -> str:
    """What the row of this message holds when its turn is over; the chat's next message is that row's."""
    node = orjson.dumps({"id": "wamid.1", "type": "text", "text": {"body": words}}).decode()
    event_id = session.execute(
        text(
            "INSERT INTO inbound_events (source, external_id, kind, payload, received_at, due_at) "
            "VALUES ('whatsapp', :key, 'message', :payload, :now, :now) RETURNING id"
        ),
        {"key": factories.unique("wamid."), "payload": node, "now": NOW},
    ).scalar_one()
    chat.says_as(event_id, words)
    return str(
        session.execute(
            text("SELECT payload::text FROM inbound_events WHERE id = :id"), {"id": event_id}
        ).scalar_one()
    )


def test_more_answers_than_a_list_has_rows_have_pages(session: Session, chat: Chat) -> None:
    prices = {"base": 2000, "durations": {"60": 2000, "120": 3500}}
    hours = {"open": "09:00-18:00", "durations": [60, 120]}
    visit = factories.listing(session, mode="SLOT", hours=hours, capacity=2, prices=prices)
    asked = [{"key": f"q{n}", "text": f"Question {n}?", "label": f"Answer {n}"} for n in range(5)]
    factories.change(session, visit, questions=orjson.dumps(asked).decode())
    chat.says(visit.name)
    chat.taps("Book")
    chat.says("26 december at 10 am for 1 hour, 2 people")
    chat.taps("Ayesha Khan")
    for n in range(5):
        chat.says(f"This is {n}")
    first = chat.taps("Change")
    assert len(titles(first)) == 10
    assert titles(first)[-1] == "More"
    second = chat.taps("More")
    assert titles(second)[-2:] == ["Another place", "From the beginning"]
    chat.taps(titles(second)[0], second)
    assert "This is new" in body(chat.says("This is new"))


def test_a_summary_with_many_words_is_a_list(session: Session, chat: Chat) -> None:
    fees = [{"name": f"Something that is paid for {n}", "amount": 100 + n} for n in range(4)]
    place = factories.listing(session, prices={"base": 9000, "advance": "30%", "fees": fees})
    asked = [
        {"key": f"q{n}", "text": f"Question {n}?", "label": f"A rather long answer {n}"} for n in range(5)
    ]
    factories.change(session, place, questions=orjson.dumps(asked).decode(), location="x" * 200)
    chat.says(place.name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    chat.says("2")
    chat.says("A" + "a" * 58)
    for n in range(5):
        chat.says(f"word {n} " * 40)
    assert isinstance(chat.last, Menu)
    assert titles(chat.last) == ["Pay by card", "Change", "Cancel"]
    assert isinstance(chat.taps("Pay by card"), Typing)


def test_an_answer_that_stays_the_same_makes_no_new_revision(session: Session, at_cnic: Chat) -> None:
    answer_all(at_cnic)
    revision = newest(session, at_cnic).revision
    at_cnic.taps("Change")
    at_cnic.taps("Cars")
    at_cnic.says("2")
    assert newest(session, at_cnic).revision == revision


def test_back_goes_through_them_one_by_one(at_cnic: Chat) -> None:
    at_cnic.says(CNIC)
    at_cnic.taps("Evening")
    assert "When do you arrive" in body(at_cnic.says("back"))
    assert "CNIC" in body(at_cnic.says("back"))
    assert "What name" in body(at_cnic.says("back"))


def test_back_from_the_summary_is_the_last_of_them(at_cnic: Chat) -> None:
    answer_all(at_cnic)
    assert "Any wishes" in body(at_cnic.says("back"))


def test_a_tap_on_an_old_choice_changes_that_answer(at_cnic: Chat) -> None:
    old = at_cnic.says(CNIC)
    at_cnic.taps("Evening")
    at_cnic.says("2")
    at_cnic.taps("Skip")
    assert "Arrival: Noon" in body(at_cnic.taps("Noon", old))


def test_they_are_asked_in_the_guests_language(session: Session, asking: Listing) -> None:
    guest = Chat(session, factories.person(session))
    guest.says("اردو")
    guest.says(asking.name)
    guest.taps("بک کریں") if "بک کریں" in titles(guest.last) else guest.taps(titles(guest.last)[0])
    guest.says("24 Dec to 26 Dec")
    guest.says("2")
    guest.taps("Ayesha Khan")
    assert "آپ کب پہنچیں گے؟" in body(guest.says(CNIC))


def test_the_owner_reads_what_they_need_and_no_identity_number(session: Session, at_cnic: Chat) -> None:
    answer_all(at_cnic)
    booking = newest(session, at_cnic)
    notices.owner_request(session, booking, rules=RULES, now=NOW)
    (request,) = said_to(session.info["outbox"], "owner")
    assert "Arrival: Evening\nCars: 2\nWishes: Extra blankets please" in body(request.message)
    assert "CNIC" not in body(request.message)
    assert "567" not in body(request.message)


def test_booking_again_knows_the_answers(session: Session, at_cnic: Chat, asking: Listing) -> None:
    answer_all(at_cnic)
    assert isinstance(at_cnic.taps("Pay by card"), Typing)
    booking = newest(session, at_cnic)
    booking = Booking.for_update(session, booking.id)
    booking.expire(session, cause="test", now=NOW)
    at_cnic.says("my bookings")
    summary = at_cnic.taps("Book again")
    assert "Arrival: Evening" in body(summary)


def test_another_place_asks_its_own(session: Session, at_cnic: Chat) -> None:
    other = factories.listing(session)
    answer_all(at_cnic)
    at_cnic.taps("Change")
    at_cnic.taps("Another place")
    at_cnic.says(other.name)
    summary = at_cnic.taps("Book")
    assert "Total" in body(summary)
    assert "CNIC" not in body(summary)
    assert not newest(session, at_cnic).answers


def test_an_admin_sees_them_with_the_booking(session: Session, at_cnic: Chat, admin: Chat) -> None:
    answer_all(at_cnic)
    shown = body(admin.says(f"booking {newest(session, at_cnic).code}"))
    assert "CNIC: •••••-••••567-3\nArrival: Evening" in shown
    assert "WhatsApp: " in shown
    assert CNIC not in shown
