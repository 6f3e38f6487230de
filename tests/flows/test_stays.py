"""When a stay is, in words: by the night, by shift and by slot, the same everywhere."""

from __future__ import annotations

from datetime import date, time

import pytest

from flows import phrases, stays
from models.session import Session
from models.stay import Shift, Stay
from tests import factories
from tests.flows.conversation import as_read

FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)
BY_NIGHT = Stay(FRIDAY, SUNDAY)
NIGHT = Stay(SATURDAY, SUNDAY, shift=Shift.NIGHT)
FULL_NIGHT = Stay(SATURDAY, SUNDAY, shift=Shift.FULL_NIGHT)
VISIT = Stay(SATURDAY, SATURDAY, start=time(10, 30), minutes=120)


@pytest.mark.parametrize(
    ("stay", "said", "short"),
    [
        (BY_NIGHT, "Fri 27 – Sun 29 Nov · 2 nights", "27 – 29 Nov"),
        (NIGHT, "Sat 28 Nov · Night, 8 pm – 6 am", "28 Nov, Night"),
        (FULL_NIGHT, "Sat 28 Nov · Full Night, 8 pm – 6 pm next day", "28 Nov, Full Night"),
        (VISIT, "Sat 28 Nov · 10:30 am – 12:30 pm", "28 Nov, 10:30 am"),
    ],
)
def test_a_stay_is_said_in_a_sentence_and_on_a_button(
    session: Session, stay: Stay, said: str, short: str
) -> None:
    place = factories.listing(session, mode=stay.mode, hours={"duration": 120} if stay is VISIT else None)
    _ = phrases.of("en")
    assert as_read(stays.in_words(_, stay, place)) == said
    assert as_read(stays.short(_, stay)) == short
    assert len(stays.short(_, stay)) <= 20


@pytest.mark.parametrize("language", phrases.LANGUAGES)
@pytest.mark.parametrize("shift", list(Shift))
def test_a_shift_fits_a_button_in_every_language(language: str, shift: Shift) -> None:
    assert len(stays.short(phrases.of(language), Stay(SATURDAY, SUNDAY, shift=shift))) <= 20


@pytest.mark.parametrize("zone", ["Asia/Karachi", "Asia/Kolkata", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(
    ("stay", "lines"),
    [
        (BY_NIGHT, ["Check-in: Fri 27 Nov, 2 pm", "Check-out: Sun 29 Nov, 11 am"]),
        (NIGHT, ["Shift: Night", "Check-in: Sat 28 Nov, 8 pm", "Check-out: Sun 29 Nov, 6 am"]),
        (VISIT, ["When: Sat 28 Nov · 10:30 am – 12:30 pm (2 hours)"]),
    ],
)
def test_a_booking_says_its_hours_on_the_clock_of_the_place(
    session: Session, stay: Stay, lines: list[str], zone: str
) -> None:
    hours = {"duration": 120} if stay is VISIT else None
    place = factories.listing(session, mode=stay.mode, hours=hours, time_zone=zone)
    booking = factories.draft(session, place, stay=stay)
    assert [as_read(line) for line in stays.lines(phrases.of("en"), booking, place)] == lines


def test_hours_that_change_later_move_nobodys_booking(session: Session) -> None:
    place = factories.listing(session, mode="SHIFT")
    booking = factories.held(session, place, stay=NIGHT)
    factories.change(session, place, hours='{"night": "19:00-07:00"}')
    place = type(place).get(session, place.id)
    assert as_read(stays.of_booking(phrases.of("en"), booking, place)) == "Sat 28 Nov · Night, 8 pm – 6 am"
