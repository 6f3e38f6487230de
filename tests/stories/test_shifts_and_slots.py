"""A farmhouse by shift and care by the hour, tapped to the ticket; what is taken, and what needs no asking."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx


def test_a_night_at_the_farmhouse_to_its_ticket(guest, owner, admin, world, day, booking_of) -> None:
    guest.says("hi")
    guest.taps("Book a stay")
    guest.taps("Farmhouses")
    guest.taps("Garden Farm")
    card = guest.sees("Night, 8 pm – 6 am")
    guest.taps("Book", in_message=card)
    guest.sees("Which day")
    guest.says(f"{day:%d %B %Y}")
    shifts = guest.sees("which shift")
    assert shifts.options == ["Day", "Night", "Full Day", "Full Night", "Another day"]
    guest.taps("Night")
    guest.sees("How many guests")
    guest.says("18")
    guest.taps(guest.person.name)
    summary = guest.sees("Total")
    assert "Shift: Night" in summary.body
    assert "Rs. 40,000" in summary.body
    guest.accepts()
    guest.pays()

    booking = booking_of(guest)
    assert (booking.shift, booking.check_in, booking.check_out) == ("NIGHT", day, day + timedelta(days=1))
    request = owner.sees(booking.code)
    assert "Shift: Night" in request.body
    assert "8 pm" in request.body
    owner.taps(next(title for title in request.options if "Confirm" in title))
    ticket = guest.sees("Booking Confirmed", kind="document")
    assert "Shift: Night" in ticket.body
    page = httpx.get(re.search(r"https?://\S+/eticket/\S+", ticket.body).group(), timeout=60).text
    assert "Shift: Night" in page
    assert "8 pm" in page.replace("\u00a0", " ")
    told = owner.sees("e-ticket was sent")
    assert "Night, 8 pm – 6 am" in told.body.replace("\u00a0", " ")
    assert "Garden Farm" in admin.sees("Booking confirmed").body

    world.clock.moves_to(booking.ends_at)
    world.eventually(lambda: booking_of(guest).status == "COMPLETED", what="the end of the shift")


def test_full_day_is_gone_where_one_of_its_shifts_is(guest, other_guest, world, day, booking_of) -> None:
    guest.says("Garden Farm")
    guest.taps("Book")
    guest.says(f"{day:%d %B %Y} night shift, 30 people")
    guest.taps(guest.person.name)
    assert "30 (2 houses)" in guest.sees("Total").body
    guest.accepts()
    assert booking_of(guest).units == 2

    other_guest.says("Garden Farm")
    other_guest.taps("Book")
    mark = other_guest.person.mark
    other_guest.says(f"{day:%d %B %Y} full day")
    offered = other_guest.sees("this is taken", since=mark)
    assert offered.options[0].endswith("Day")
    other_guest.taps(offered.options[0])
    other_guest.sees("How many guests")
    other_guest.says("5")
    other_guest.taps(other_guest.person.name)
    other_guest.sees("Total")
    assert other_guest.accepts().link


def test_a_visit_is_confirmed_by_itself_once_it_is_paid(guest, owner, world, day, booking_of) -> None:
    mark = owner.mark
    guest.says("Physio At Home")
    guest.taps("Book")
    guest.sees("Which day")
    guest.says(f"{day:%d %B %Y}")
    guest.taps("2 hours")
    guest.sees("At what time")
    guest.taps("10:30 am")
    guest.taps(guest.person.name)
    summary = guest.sees("Total")
    assert "10:30 am – 12:30 pm (2 hours)" in summary.body.replace("\u00a0", " ")
    assert "Confirmed as soon as you have paid" in summary.body
    guest.accepts()
    world.stripe.pays(guest.person.last_link)
    ticket = guest.sees("Booking Confirmed", kind="document")
    assert "Duration: 2 hours" in ticket.body.replace("\u00a0", " ")
    booking = booking_of(guest)
    assert (booking.status, f"{booking.slot_start:%H:%M}", booking.slot_minutes) == (
        "TICKET_GENERATED",
        "10:30",
        120,
    )
    assert world.stripe.session(booking.code)["intent"]["status"] == "succeeded"
    told = owner.sees("e-ticket was sent", since=mark)
    assert booking.code in told.body
    assert not any("Confirm" in bubble.options for bubble in owner.business_messages(since=mark))


def test_a_visit_with_nothing_to_pay_is_confirmed_at_once(guest, owner, world, day, booking_of) -> None:
    guest.says("Nurse At Home")
    guest.taps("Book")
    guest.says(f"{day:%d %B %Y} at 11:00")
    guest.sees("How many guests|name")
    guest.says("1")
    guest.taps(guest.person.name)
    summary = guest.sees("Nothing to pay now")
    guest.taps(summary.options[0], in_message=summary)
    ticket = guest.sees("Booking Confirmed", kind="document")
    assert "Due at the visit: *Rs. 2,000*" in ticket.body.replace("\u00a0", " ")
    assert booking_of(guest).status == "TICKET_GENERATED"
    assert booking_of(guest).code in owner.sees("e-ticket was sent").body
