"""A place that asks a few things before one comes: they are answered, changed, and kept to those they are for."""

from __future__ import annotations

from sqlalchemy import text

CNIC = "42101-7654321-9"


def test_a_place_asks_what_it_needs_to_know(guest, owner, world, day, booking_of, engine) -> None:
    guest.says("hi")
    guest.sees("Book|menu")
    guest.says("Orchard Rest")
    guest.taps("Book")
    guest.sees("When|date|arrive|check in")
    guest.says(f"{day:%d %B %Y} for 2 nights, 2 people")
    guest.taps(guest.name)
    guest.sees("CNIC number")
    guest.says("42101-7654")
    guest.sees("13 digits")
    guest.says(CNIC)
    guest.sees("When do you arrive")
    guest.taps("Evening")
    guest.sees("anything you wish")
    guest.taps("Skip")
    summary = guest.sees("Total")
    assert "CNIC: •••••-••••321-9" in summary.body
    assert "Arrival: Evening" in summary.body

    guest.taps("Change")
    guest.taps("Arrival")
    guest.sees("When do you arrive")
    guest.says("at night")
    assert "Arrival: At night" in guest.sees("Total").body
    guest.accepts()
    guest.pays()

    request = owner.sees(booking_of(guest).code)
    assert "Arrival: At night" in request.body
    assert "CNIC" not in request.body
    assert booking_of(guest).answers["arrival"] == "At night"
    with engine.connect() as connection:
        for table in ("inbound_events", "outbound_messages", "conversations", "bookings", "booking_events"):
            found = connection.execute(
                text(f"SELECT count(*) FROM {table} AS kept WHERE kept::text LIKE '%7654321%'")
            ).scalar_one()
            assert found == 0, table


def test_the_nearest_place_to_where_one_is(guest) -> None:
    guest.says("near me")
    guest.sees("Where are you", kind="location_request")
    guest.shares_location(36.31, 74.65)
    nearest = guest.sees("nearest places")
    assert nearest.options[0] == "Orchard Rest"
    assert "2.5 km" in nearest.text
    guest.taps("Orchard Rest")
    guest.sees("Asks a few things")
