"""One stay, end to end: a guest books a room, pays by card, the owner says yes, the ticket arrives."""

from __future__ import annotations

import re

import httpx


def test_a_stay_to_its_ticket(guest, owner, admin, world, day, booking_of) -> None:
    link = guest.books("Sea View", day, guests=2)
    assert booking_of(guest).status == "PAYMENT_PENDING"
    code = booking_of(guest).code

    guest.pays()
    guest.sees("e-ticket within 60 minutes")
    request = owner.sees(code)
    assert {"Confirm", "Cancel"} <= {title.strip("✅❌ ") for title in request.options}
    admin.sees("Waiting for")
    world.eventually(lambda: booking_of(guest).status == "BOOKING_REQUEST_SENT_TO_OWNER", what="the request")

    owner.taps(next(title for title in request.options if "Confirm" in title))
    ticket = guest.sees("Booking Confirmed|E-Ticket", kind="document")
    assert guest.file(ticket).startswith(b"%PDF")
    assert booking_of(guest).status == "TICKET_GENERATED"
    assert world.stripe.session(code)["intent"]["status"] == "succeeded"

    page = httpx.get(re.search(r"https?://\S+/eticket/\S+", ticket.body).group(), timeout=60)
    assert page.status_code == 200
    assert "Sea View" in page.text and code in page.text
    assert link.link != ticket.link

    world.clock.moves_to(booking_of(guest).ends_at)
    world.eventually(lambda: booking_of(guest).status == "COMPLETED", what="the end of the stay")
    assert "expired" in httpx.get(str(page.url), timeout=60).text.lower()


def test_owner_declines_and_nothing_is_charged(guest, owner, admin, world, day, booking_of) -> None:
    guest.books("Sea View", day)
    guest.pays()
    code = booking_of(guest).code
    request = owner.sees(code)
    owner.taps(next(title for title in request.options if "Cancel" in title))
    sure = owner.sees("sure|really|Cancel")
    owner.taps(next(title for title in sure.options if title.lower().startswith("yes")))
    reasons = owner.sees("reason|Why|why")
    owner.taps(next(title for title in reasons.options if "booked" in title.lower()))
    told = guest.sees("ancelled")
    assert "fully booked" in told.body.lower()
    assert "charged" in told.body.lower()
    admin.sees(code)
    assert booking_of(guest).status == "OWNER_CANCELLED"
    world.eventually(
        lambda: world.stripe.session(code)["intent"]["status"] == "canceled", what="the authorization's end"
    )


def test_a_hold_expires_and_one_tap_starts_again(guest, world, day, booking_of) -> None:
    guest.books("Lonely Hut", day)
    code = booking_of(guest).code
    mark = guest.mark
    world.clock.passes(minutes=16)
    told = guest.sees("expired|ran out|not kept", since=mark)
    assert booking_of(guest).status == "EXPIRED"
    assert world.stripe.session(code)["status"] == "expired"
    guest.taps(told.options[0], in_message=told)
    guest.sees("Total|total")
    again = guest.accepts()
    assert again.link
    assert booking_of(guest).code != code
