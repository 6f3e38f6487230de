"""By shift and by slot: every answer by tap or by typing, what is taken, too late or not offered."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from flows import actions
from models.lifecycle import Status
from models.listing import Listing
from models.message import ContactRequest, Menu, Typing
from models.session import Session
from models.stay import Shift, Stay
from tests import factories
from tests.flows.conversation import Chat, body, titles
from tests.flows.test_booking import newest

# Now is Friday, 20 November, two in the afternoon at the place.
SATURDAY, SUNDAY = date(2026, 12, 26), date(2026, 12, 27)
SHIFTS = {"shifts": {"day": 15000, "night": 20000, "full_day": 32000, "full_night": 33000}}
CARE = {"durations": [60, 120], "buffer": 30, "step": 30}


@pytest.fixture
def farm(session: Session) -> Listing:
    """One house for ten, by shift."""
    return factories.listing(session, mode="SHIFT", capacity=10, prices=SHIFTS)


@pytest.fixture
def care(session: Session) -> Listing:
    """One caregiver, for an hour or two, half an hour between visits."""
    prices = {"base": 2000, "slot_minutes": 60}
    return factories.listing(session, mode="SLOT", hours=CARE, capacity=1, prices=prices)


def shift(day: date, which: Shift) -> Stay:
    return Stay(day, day if which is Shift.DAY else date.fromordinal(day.toordinal() + 1), shift=which)


def visit(day: date, start: str, minutes: int = 60) -> Stay:
    return Stay(day, day, start=time.fromisoformat(start), minutes=minutes)


# ---- by shift --------------------------------------------------------------------------------------


def test_a_shift_by_tapping(session: Session, chat: Chat, farm: Listing) -> None:
    card = chat.says(farm.name)
    assert "Night, 8 pm – 6 am: *Rs. 20,000*" in body(card)
    days = chat.taps("Book")
    assert isinstance(days, Menu)
    assert titles(days)[:2] == ["Fri 20 Nov", "Sat 21 Nov"]
    # At two in the afternoon Day and Full Day have begun.
    assert [row.description for row in days.sections[0].rows[:2]] == [
        "Night, Full Night",
        "Day, Night, Full Day, Full Night",
    ]
    shifts = chat.taps("Sat 21 Nov")
    assert isinstance(shifts, Menu)
    assert titles(shifts) == ["Day", "Night", "Full Day", "Full Night", "Another day"]
    assert [row.description for row in shifts.sections[0].rows[:2]] == [
        "8\u00a0am\u00a0– 6\u00a0pm · Rs.\u00a015,000",
        "8\u00a0pm\u00a0– 6\u00a0am · Rs.\u00a020,000",
    ]
    guests = chat.taps("Night")
    assert "Sat 21 Nov · Night, 8 pm – 6 am" in body(guests)
    assert titles(guests)[-1] == "10 guests"
    chat.taps("10 guests")
    summary = chat.taps("Ayesha Khan")
    for words in (
        "Shift: Night",
        "Check-in: Sat 21 Nov, 8 pm",
        "Check-out: Sun 22 Nov, 6 am",
        "Total: Rs. 20,000",
    ):
        assert words in body(summary)
    assert isinstance(chat.taps("Pay by card"), Typing)
    booking = newest(session, chat)
    assert (booking.status, booking.stay) == (Status.PAYMENT_PENDING, shift(date(2026, 11, 21), Shift.NIGHT))
    assert booking.starts_at == datetime.fromisoformat("2026-11-21 15:00+00:00")
    assert booking.ends_at == datetime.fromisoformat("2026-11-22 01:00+00:00")


@pytest.mark.parametrize(
    ("said", "which", "day"),
    [
        ("Saturday night shift", Shift.NIGHT, date(2026, 11, 21)),
        ("25 Dec full day", Shift.FULL_DAY, date(2026, 12, 25)),
        ("26/12 day shift", Shift.DAY, SATURDAY),
        ("tomorrow, full night", Shift.FULL_NIGHT, date(2026, 11, 21)),
    ],
)
def test_day_and_shift_in_one_sentence(
    session: Session, chat: Chat, farm: Listing, said: str, which: Shift, day: date
) -> None:
    chat.comes_to_the_summary(farm.name, dates=said, guests="8")
    assert newest(session, chat).stay == shift(day, which)


def test_the_day_first_and_then_the_shift_by_typing(session: Session, chat: Chat, farm: Listing) -> None:
    chat.says(farm.name)
    chat.says("Book")
    chat.says("26 December")
    assert titles(chat.says("night for 8 people please")) == ["Ayesha Khan"]
    chat.says("Ali Khan")
    assert newest(session, chat).stay == shift(SATURDAY, Shift.NIGHT)


def test_what_is_no_shift_is_asked_again(chat: Chat, farm: Listing) -> None:
    chat.says(farm.name)
    chat.taps("Book")
    chat.says("26 December")
    again = chat.says("in the evening or so")
    assert "did not find a shift" in body(again)
    assert titles(again) == ["Day", "Night", "Full Day", "Full Night", "Another day"]


def test_another_day_while_the_shift_is_asked(chat: Chat, farm: Listing) -> None:
    chat.says(farm.name)
    chat.taps("Book")
    chat.says("26 December")
    assert "Sun 27 Dec" in body(chat.says("27 december"))
    days = chat.taps("Another day")
    assert titles(days)[0] == "Mon 28 Dec"
    assert "which shift" in body(chat.taps("Mon 28 Dec"))


def test_a_shift_that_was_said_before_its_day_is_kept(chat: Chat, farm: Listing) -> None:
    chat.says(farm.name)
    chat.taps("Book")
    noted = chat.says("night shift")
    assert "Noted: Night." in body(noted)
    guests = chat.taps("Sat 21 Nov")
    assert "Sat 21 Nov · Night" in body(guests)


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        (Shift.FULL_DAY, ["Another day"]),
        (Shift.DAY, ["Night", "Full Night", "Another day"]),
        (Shift.NIGHT, ["Day", "Another day"]),
    ],
)
def test_only_free_shifts_are_offered(
    session: Session, chat: Chat, farm: Listing, taken: Shift, free: list[str]
) -> None:
    factories.held(session, farm, stay=shift(SATURDAY, taken))
    chat.says(farm.name)
    chat.taps("Book")
    asked = chat.says("26 December")
    if len(free) == 1:
        assert "this is taken" in body(asked)
        assert "Sat 26 Dec" in body(asked)
    else:
        assert titles(asked) == free


def test_a_taken_shift_is_answered_with_the_nearest(session: Session, chat: Chat, farm: Listing) -> None:
    factories.held(session, farm, stay=shift(SATURDAY, Shift.NIGHT))
    chat.says(farm.name)
    chat.taps("Book")
    other = chat.says("26 dec night shift")
    assert "this is taken" in body(other)
    assert "Sat 26 Dec · Night, 8 pm – 6 am" in body(other)
    assert titles(other) == ["26 Dec, Day", "27 Dec, Night", "Other dates"]
    guests = chat.taps("27 Dec, Night")
    assert "Sun 27 Dec · Night" in body(guests)


def test_the_last_free_shift_goes_while_it_is_paid(session: Session, chat: Chat, farm: Listing) -> None:
    chat.comes_to_the_summary(farm.name, dates="26 dec full day", guests="8")
    factories.held(session, farm, stay=shift(SATURDAY, Shift.NIGHT))
    late = chat.taps("Pay by card")
    assert "this is taken" in body(late)
    assert titles(late)[0] == "26 Dec, Day"


def test_a_shift_that_has_begun(session: Session, chat: Chat, farm: Listing) -> None:
    chat.says(farm.name)
    chat.taps("Book")
    late = chat.says("today, day shift")
    assert "It is too late for that: it is 2" in body(late)
    assert titles(late) == ["Night", "Full Night", "Another day"]


def test_a_place_need_not_offer_every_shift(session: Session, chat: Chat) -> None:
    nights = factories.listing(session, mode="SHIFT", hours={"shifts": ["day", "night"]}, capacity=10)
    chat.says(nights.name)
    chat.taps("Book")
    asked = chat.says("26 dec full day")
    assert "cannot be booked for this shift: Full Day" in body(asked)
    assert titles(asked) == ["Day", "Night", "Another day"]


def test_too_far_and_too_late(chat: Chat, farm: Listing) -> None:
    chat.says(farm.name)
    chat.taps("Book")
    assert "You can book until Thu 18 Feb" in body(chat.says("night of 1 march"))
    assert titles(chat.last)[-1] == "Thu 18 Feb"


def test_change_the_shift_alone(session: Session, chat: Chat, farm: Listing) -> None:
    chat.comes_to_the_summary(farm.name, dates="26 dec day shift", guests="8")
    changes = chat.taps("Change")
    assert titles(changes) == ["Day", "Shift", "Guests", "Name", "Another place"]
    chat.taps("Shift")
    assert "Shift: Full Night" in body(chat.taps("Full Night"))
    assert newest(session, chat).stay == Stay(SATURDAY, SUNDAY, shift=Shift.FULL_NIGHT)
    chat.taps("Change")
    days = chat.taps("Day")
    assert isinstance(days, Menu)
    assert {row.description for row in days.sections[0].rows[:3]} == {"8\u00a0pm – 6\u00a0pm next day"}


def test_a_large_party_takes_houses_together_or_none(session: Session, chat: Chat) -> None:
    two = factories.listing(session, units=2, mode="SHIFT", capacity=10, prices=SHIFTS)
    factories.held(session, two, stay=shift(SATURDAY, Shift.DAY))
    chat.says(two.name)
    chat.taps("Book")
    chat.says("26 dec full day")
    assert "At that time" in body(chat.says("15"))
    assert "room for 10 guests" in body(chat.last)
    chat.says("back")
    chat.says("26 dec night shift, 15 people")
    summary = chat.taps("Ayesha Khan")
    assert "Guests: 15 (2 huts)" in body(summary)
    assert "Total: Rs. 40,000" in body(summary)
    chat.taps("Pay by card")
    assert len(factories.allocations(session, newest(session, chat))) == 2


def test_back_from_the_guests_asks_the_shift(chat: Chat, farm: Listing) -> None:
    chat.says(farm.name)
    chat.taps("Book")
    chat.says("26 dec night shift")
    assert "which shift" in body(chat.says("back"))
    assert "Which day" in body(chat.says("back"))
    assert titles(chat.says("back")) == ["Book", "Other places"]


# ---- by slot ---------------------------------------------------------------------------------------


def test_a_visit_by_tapping(session: Session, chat: Chat, care: Listing) -> None:
    card = chat.says(care.name)
    assert "1 hour: *Rs. 2,000*" in body(card)
    assert "Daily 9 am – 6 pm" in body(card)
    days = chat.taps("Book")
    assert titles(days)[0] == "Fri 20 Nov"
    lengths = chat.taps("Sat 21 Nov")
    assert titles(lengths) == ["1 hour", "2 hours"]
    times = chat.taps("2 hours")
    assert isinstance(times, Menu)
    assert "2 hours: Rs. 4,000" in body(times)
    assert titles(times) == [
        *("9 am", "9:30 am", "10 am", "10:30 am", "11 am", "11:30 am", "12 noon", "12:30 pm"),
        *("Later times", "Another day"),
    ]
    later = chat.taps("Later times")
    assert titles(later) == [
        *("1 pm", "1:30 pm", "2 pm", "2:30 pm", "3 pm", "3:30 pm", "4 pm"),
        *("Earlier times", "Another day"),
    ]
    chat.taps("Earlier times")
    # One caregiver for one person: nobody is counted.
    name = chat.taps("10:30 am")
    assert titles(name) == ["Ayesha Khan"]
    summary = chat.taps("Ayesha Khan")
    assert "When: Sat 21 Nov · 10:30 am – 12:30 pm (2 hours)" in body(summary)
    assert "Total: Rs. 4,000" in body(summary)
    assert isinstance(chat.taps("Pay by card"), Typing)
    assert newest(session, chat).stay == visit(date(2026, 11, 21), "10:30", 120)


@pytest.mark.parametrize(
    ("said", "stay"),
    [
        ("26 dec 10:30 for 2 hours", visit(SATURDAY, "10:30", 120)),
        ("26/12 at 9am, 1 hour", visit(SATURDAY, "09:00")),
        ("tomorrow at 3 pm for 60 minutes", visit(date(2026, 11, 21), "15:00")),
        ("26 Dec 11:10 for 1 hour", visit(SATURDAY, "11:10")),
    ],
)
def test_day_time_and_length_in_one_sentence(
    session: Session, chat: Chat, care: Listing, said: str, stay: Stay
) -> None:
    chat.says(care.name)
    chat.taps("Book")
    chat.says(said)
    chat.taps("Ayesha Khan")
    assert newest(session, chat).stay == stay


def test_length_and_time_by_typing(session: Session, chat: Chat, care: Listing) -> None:
    chat.says(care.name)
    chat.taps("Book")
    assert "for how long" in body(chat.says("26 december"))
    assert "At what time" in body(chat.says("2"))
    chat.says("half past ten")
    chat.says("Ali Khan")
    assert newest(session, chat).stay == visit(SATURDAY, "10:30", 120)


def test_time_and_length_for_the_question_how_long(session: Session, chat: Chat, care: Listing) -> None:
    chat.says(care.name)
    chat.taps("Book")
    chat.says("26 december")
    assert titles(chat.says("10:30 for 2 hours")) == ["Ayesha Khan"]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("26 dec 8am for 1 hour", "between 9 am and 6 pm"),
        ("26 dec 5:30 pm for 1 hour", "between 9 am and 6 pm"),
        ("26 dec 10 am for 3 hours", "choose from: 1 hour, 2 hours"),
        ("today at 1 pm for 1 hour", "It is too late for that: it is 2"),
    ],
)
def test_times_that_will_not_do(chat: Chat, care: Listing, said: str, answer: str) -> None:
    chat.says(care.name)
    chat.taps("Book")
    assert answer in body(chat.says(said))
    assert isinstance(chat.last, Menu)


def test_a_visit_and_its_buffer_take_the_caregiver(session: Session, chat: Chat, care: Listing) -> None:
    factories.held(session, care, stay=visit(SATURDAY, "10:00", 120), guests=1)
    chat.says(care.name)
    chat.taps("Book")
    chat.says("26 december")
    times = chat.taps("1 hour")
    # Until half past twelve they are on their way; and before ten there is time for a visit, not for the way.
    assert titles(times)[:2] == ["12:30 pm", "1 pm"]
    taken = chat.says("9 am")
    assert "this is taken" in body(taken)
    assert titles(taken) == ["26 Dec, 12:30 pm", "26 Dec, 1 pm", "Other dates"]
    assert titles(chat.taps("26 Dec, 12:30 pm")) == ["Ayesha Khan"]


def test_a_day_without_a_free_time_is_not_offered(session: Session, chat: Chat) -> None:
    short = {"open": "10:00-12:00", "duration": 60}
    place = factories.listing(session, mode="SLOT", hours=short, capacity=1)
    for start in ("10:00", "11:00"):
        factories.held(session, place, stay=visit(date(2026, 11, 21), start), guests=1)
    chat.says(place.name)
    assert titles(chat.taps("Book"))[0] == "Sun 22 Nov"
    full = chat.says("tomorrow")
    assert "this is taken" in body(full)
    assert titles(full) == ["22 Nov, 10 am", "23 Nov, 10 am", "Other dates"]


def test_two_persons_take_two_caregivers_at_once(session: Session, chat: Chat) -> None:
    two = factories.listing(session, units=2, mode="SLOT", hours={"duration": 60}, capacity=1)
    chat.says(two.name)
    chat.taps("Book")
    chat.says("26 dec at 10 am")
    assert titles(chat.last) == ["1 guest", "2 guests"]
    chat.says("2")
    chat.taps("Ayesha Khan")
    chat.taps("Pay by card")
    assert len(factories.allocations(session, newest(session, chat))) == 2


def test_change_the_time_alone(session: Session, chat: Chat, care: Listing) -> None:
    chat.says(care.name)
    chat.taps("Book")
    chat.says("26 dec 4 pm for 2 hours")
    chat.taps("Ayesha Khan")
    assert titles(chat.taps("Change")) == ["Day", "Duration", "Time", "Guests", "Name", "Another place"]
    chat.taps("Time")
    assert "11 am – 1 pm" in body(chat.says("11"))
    chat.taps("Change")
    chat.taps("Duration")
    assert "11 am – 12 noon" in body(chat.taps("1 hour"))
    assert newest(session, chat).stay == visit(SATURDAY, "11:00")


# ---- another place, another mode -------------------------------------------------------------------


def test_another_place_of_another_mode_asks_for_what_it_needs(
    session: Session, chat: Chat, place: Listing, farm: Listing, care: Listing
) -> None:
    chat.comes_to_the_summary(place.name, guests="1")
    chat.taps("Change")
    chat.taps("Another place")
    chat.says(farm.name)
    assert "which shift" in body(chat.taps("Book"))
    assert "Shift: Day" in body(chat.taps("Day"))
    chat.taps("Change")
    chat.taps("Another place")
    chat.says(care.name)
    assert "for how long" in body(chat.taps("Book"))
    chat.taps("1 hour")
    assert "When: Thu 24 Dec · 9 am – 10 am (1 hour)" in body(chat.taps("9 am"))
    assert newest(session, chat).stay == visit(date(2026, 12, 24), "09:00")


def test_old_taps_show_where_things_stand(chat: Chat, farm: Listing, care: Listing) -> None:
    chat.says(farm.name)
    chat.taps("Book")
    saturday = chat.says("26 december")
    chat.says("27 december")
    assert "Sun 27 Dec" in body(chat.taps("Night", saturday))
    chat.taps("Night")
    assert "How many guests" in body(chat.taps("Day", saturday))


# ---- a number that WhatsApp hides ------------------------------------------------------------------


@pytest.mark.parametrize("which", ["farm", "care"])
def test_a_hidden_phone_is_asked_for_in_every_mode(
    session: Session, farm: Listing, care: Listing, which: str
) -> None:
    hidden = Chat(session, factories.person(session), phone=False)
    session.connection().exec_driver_sql(
        f"DELETE FROM person_identifiers WHERE kind = 'phone' AND person_id = {hidden.person_id}"
    )
    hidden.says({"farm": farm, "care": care}[which].name)
    hidden.taps("Book")
    hidden.says("26 december day shift, 4 people" if which == "farm" else "26 december at 10 am for 1 hour")
    for _ in range(3):  # what was not said yet: guests, and the name at last
        if "Ayesha Khan" in titles(hidden.last):
            break
        hidden.says("1")
    assert isinstance(hidden.taps("Ayesha Khan"), ContactRequest)
    assert isinstance(hidden.says("0300 1234567"), ContactRequest)
    session.connection().exec_driver_sql(
        f"INSERT INTO person_identifiers VALUES ('phone', '+923009999999', {hidden.person_id}, now())"
    )
    assert "Total" in body(hidden.sends({"type": "contacts", "contacts": [{"origin": "contact_request"}]}))


# ---- afterwards ------------------------------------------------------------------------------------


def test_my_bookings_say_the_shift_and_the_time(
    session: Session, chat: Chat, farm: Listing, care: Listing
) -> None:
    factories.confirmed(session, farm, stay=shift(SATURDAY, Shift.FULL_NIGHT), guest_id=chat.person_id)
    factories.held(session, care, stay=visit(SUNDAY, "10:00"), guests=1, guest_id=chat.person_id)
    listed: Any = chat.says("my bookings")
    told = [row.description.replace("\u00a0", " ") for row in listed.sections[0].rows]
    assert told[0].startswith("Sat 26 Dec · Full Night, 8 pm – 6 pm next day · ")
    assert told[1].startswith("Sun 27 Dec · 10 am – 11 am · ")
    page = chat.taps(farm.name)
    assert "Sat 26 Dec · Full Night, 8 pm – 6 pm next day\n2 guests" in body(page)
    assert "Check-in from" not in body(page)


# ---- where guests are counted ----------------------------------------------------------------------


@pytest.mark.parametrize(("units", "most"), [(1, "4 guests"), (2, "8 guests")])
def test_no_more_guests_are_offered_than_the_place_takes(
    session: Session, chat: Chat, units: int, most: str
) -> None:
    place = factories.listing(session, units=units, capacity=4)
    chat.says(place.name)
    chat.taps("Book")
    chat.says("24 Dec to 26 Dec")
    assert titles(chat.last)[-1] == most


def test_a_place_that_takes_bookings_without_asking_says_so(session: Session, chat: Chat) -> None:
    place = factories.listing(session, mode="SHIFT", capacity=10, advance=0, approval="INSTANT")
    summary = chat.comes_to_the_summary(place.name, dates="26 dec night shift", guests="4")
    assert titles(summary)[0] == "Book now"
    assert isinstance(chat.taps("Book now"), Typing)
    assert "It is being confirmed" in body(chat.says("my bookings"))


def test_day_and_shift_typed_at_the_card_begin_the_booking(chat: Chat, farm: Listing) -> None:
    chat.says(farm.name)
    assert "Sat 21 Nov · Night, 8 pm – 6 am" in body(chat.says("Saturday night shift"))


def test_day_and_time_typed_at_the_card_begin_the_booking(chat: Chat, care: Listing) -> None:
    chat.says(care.name)
    assert titles(chat.says("tomorrow at 10:30 for 2 hours")) == ["Ayesha Khan"]


@pytest.mark.parametrize("language", ["اردو", "हिन्दी"])
def test_titles_of_other_languages_are_as_good_typed_as_tapped(
    session: Session, chat: Chat, farm: Listing, language: str
) -> None:
    chat.says(language)
    chat.says(farm.name)
    chat.taps(titles(chat.last)[0])
    chat.taps(titles(chat.last)[1])
    title = titles(chat.last)[3]
    chat.says(title)
    chat.says("8")
    chat.says("Ali Khan")
    assert newest(session, chat).stay.shift is Shift.FULL_NIGHT


def test_a_place_that_is_booked_by_shift_since_asks_for_one(session: Session, chat: Chat) -> None:
    place = factories.listing(session)
    summary = chat.comes_to_the_summary(place.name)
    factories.held(session, place)
    factories.change(session, place, mode="SHIFT")
    assert "this is taken:\nThu 24 Dec" in body(chat.taps("Pay by card", summary))
    assert "Shift: Day" in body(chat.taps("23 Dec, Day"))


def test_a_question_of_another_mode_is_none(session: Session, chat: Chat, farm: Listing) -> None:
    chat.comes_to_the_summary(farm.name, dates="26 dec night shift")
    for step in ("nights", "minutes", "start"):
        shown = chat.taps_template(actions.ChangeAnswer(newest(session, chat).id, step))
        assert "Total" in body(shown)


def test_a_time_outside_the_hours_while_its_length_is_open(chat: Chat, care: Listing) -> None:
    chat.says(care.name)
    chat.taps("Book")
    late = chat.says("26 dec at 8 pm")
    assert "between 9 am and 6 pm" in body(late)
    assert titles(late) == ["1 hour", "2 hours"]
