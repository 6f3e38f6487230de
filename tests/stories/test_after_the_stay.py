"""What comes around a stay: how to get there, whom to call, giving it up, and how it was."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

KARACHI = ZoneInfo("Asia/Karachi")


def confirmed(guest, owner, world, day, booking_of):  # type: ignore[no-untyped-def]
    """A stay at Sea View that is paid and confirmed, with its ticket."""
    guest.books("Sea View", day)
    guest.pays()
    request = owner.sees(booking_of(guest).code)
    owner.taps(next(title for title in request.options if "Confirm" in title))
    guest.sees("Booking Confirmed", kind="document")
    return booking_of(guest)


def test_the_way_there_and_how_it_was(guest, owner, admin, world, day, booking_of, engine) -> None:
    booking = confirmed(guest, owner, world, day, booking_of)

    guest.says("my bookings")
    page = guest.sees("Confirmed")
    assert page.options == ["Ticket", "Directions", "Contact", "Cancel booking", "Menu"]
    guest.taps("Directions")
    pin = guest.sees(kind="location")
    assert (pin.raw["location"]["latitude"], pin.raw["location"]["longitude"]) == (25.1264, 62.3225)
    assert "maps.google.com" in pin.raw["location"]["address"]
    guest.taps("Contact", in_message=page)
    card = guest.sees("Bilal Ahmed", kind="contacts")
    assert card.raw["contact"]["phones"][0]["phone"] == "+923000000201"
    guest.taps("Ticket", in_message=page)
    guest.sees("Booking Confirmed", kind="document")

    # Who wrote on the way is told the day before; it costs nothing.
    world.clock.moves_to(booking.starts_at - timedelta(hours=30))
    guest.says("hi")
    guest.sees("Book|menu")
    mark = guest.mark
    world.clock.moves_to(booking.starts_at - timedelta(hours=24) + timedelta(minutes=1))
    told = guest.sees("Tomorrow your stay begins", since=mark)
    assert "To pay at the property" in told.body
    assert "maps.google.com" in told.body

    # When it is over the window is closed: a template asks, and its button brings the stars.
    mark = guest.mark
    world.clock.moves_to(booking.ends_at + timedelta(minutes=1))
    over = guest.sees("How was it", since=mark)
    assert over.template == "stay_over"
    guest.taps("Give stars", in_message=over)
    guest.sees("How was it")
    guest.taps("★★★★★")
    guest.sees("add a word")
    guest.says("Lovely breakfast")
    guest.sees("See you again")
    with engine.connect() as connection:
        rated = connection.execute(
            text("SELECT stars, comment FROM ratings WHERE booking_id = :id"), {"id": booking.id}
        ).one()
    assert tuple(rated) == (5, "Lovely breakfast")

    admin.says(f"booking {booking.code}")
    shown = admin.sees("History")
    assert "Rated: ★★★★★" in shown.body
    assert "WhatsApp: " in shown.body
    assert " messages, " in shown.body


def test_a_confirmed_stay_is_given_up_for_what_its_terms_give_back(
    guest, owner, admin, world, day, booking_of
) -> None:
    booking = confirmed(guest, owner, world, day, booking_of)
    world.clock.moves_to(booking.starts_at - timedelta(hours=3))
    mark = admin.mark
    guest.says("cancel")
    asked = guest.sees("Cancel this booking")
    assert "You get back Rs. 2,250 of Rs. 3,000" in asked.body.replace("*", "")
    assert booking_of(guest).status == "TICKET_GENERATED"
    guest.taps("Yes, cancel it")
    guest.sees(f"{booking.code} is cancelled")
    assert booking_of(guest).status == "REFUND_REQUIRED"
    told = admin.sees("efund", since=mark)
    assert booking.code in told.text


def test_a_booking_that_was_left_is_asked_about_once(guest, world, day) -> None:
    # From ten in the morning on the place is awake for hours.
    now = world.clock.now.astimezone(KARACHI)
    morning = datetime.combine(now.date() + timedelta(days=1), time(10), KARACHI)
    world.clock.moves_to(morning)
    guest.says("hi")
    guest.sees("Book|menu")
    guest.says("Sea View")
    guest.taps("Book")
    guest.sees("When|date|arrive|check in")
    guest.says(f"{max(day, morning.date() + timedelta(days=3)):%d %B %Y} for 2 nights")
    guest.sees("How many guests")
    mark = guest.mark
    world.clock.passes(hours=3, minutes=1)
    left = guest.sees("not finished yet", since=mark)
    assert "Sea View" in left.body
    assert left.options == ["Continue", "Other places"]
    guest.says("2")  # the question is still open
    guest.sees("What name")
