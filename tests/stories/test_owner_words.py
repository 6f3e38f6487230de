"""What an owner does from their chat, and what guests see of it."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx


def test_days_are_kept_and_opened_again(guest, other_guest, owner, day) -> None:
    owner.says(f"block {day:%d %b}")
    owner.sees("Which place")
    owner.taps("Lonely Hut")
    owner.sees("Nobody can book it then")
    owner.taps("Yes, block")
    owner.sees("🔒 Blocked")
    guest.says("Lonely Hut")
    guest.taps("Book")
    guest.says(f"{day:%d %B %Y} for 1 night")
    guest.sees("taken|not free|Sorry|sorry|free")
    assert "How many guests" not in guest.person.last.body
    owner.says("unblock")
    blocks = owner.sees("Your blocks")
    owner.taps(blocks.options[0])
    owner.sees("🔓 Open again")
    link = other_guest.books("Lonely Hut", day)
    assert link.link


def test_a_block_is_refused_where_somebody_has_booked(guest, owner, day, booking_of) -> None:
    guest.books("Lonely Hut", day)
    owner.says(f"block {day:%d %b}")
    owner.taps("Lonely Hut")
    refused = owner.sees("I cannot block")
    assert booking_of(guest).code in refused.body
    assert guest.person.name in refused.body


def test_a_price_is_quoted_from_the_tap_on(guest, other_guest, owner, day) -> None:
    before = guest.goes_to_the_summary("Lonely Hut", day)
    assert "9,000" in before.body
    owner.says(f"price {day:%d %b} 12,345")
    owner.taps("Lonely Hut")
    asked = owner.sees("Shall I change it")
    assert "Rs. 9,000" in asked.body and "Rs. 12,345" in asked.body
    owner.taps("Yes, change it")
    owner.sees("✅.*Rs. 12,345")
    after = other_guest.goes_to_the_summary("Lonely Hut", day)
    assert "12,345" in after.body
    owner.says(f"price {day:%d %b} usual")
    owner.taps("Lonely Hut")
    owner.taps("Yes, change it")
    owner.sees("the usual price")


def test_a_month_comes_as_a_picture(guest, owner, day) -> None:
    guest.books("Sea View", day)
    owner.says("calendar")
    owner.taps("More")
    owner.taps("Sea View")
    shown = owner.sees("Nothing free|Something is free")
    assert owner.file(shown).startswith(b"\x89PNG")
    back, on, today = shown.options
    owner.taps(on)
    following = owner.sees("Nothing free|Something is free")
    assert following.options[0] != back
    assert owner.file(following) != owner.file(shown)
    owner.taps(today)
    owner.sees("Today")


def test_a_guest_is_checked_in_with_the_ticket(guest, other_guest, owner, world, day, booking_of) -> None:
    guest.books("Sea View", day)
    guest.pays()
    code = booking_of(guest).code
    owner.sees(code)
    owner.taps("Confirm")
    ticket = guest.sees("E-Ticket", kind="document")
    address = re.search(r"https?://\S+/eticket/\S+", ticket.body).group()
    page = httpx.get(address, timeout=60).text
    link = html.unescape(re.search(r'href="(https://wa\.me/[^"]+)"', page).group(1))
    words = parse_qs(urlsplit(link).query)["text"][0]
    assert words.startswith(f"Check in {code}-")

    owner.says(words)
    owner.sees("Too early")
    world.clock.moves_to(booking_of(guest).starts_at + timedelta(hours=1))
    guest.says(words)
    guest.sees("Please show this ticket at")
    other_guest.says(words)
    other_guest.sees("checked in by the owner")
    owner.says(words)
    owner.sees("✅.*Checked in")
    assert "Checked in" in httpx.get(address, timeout=60).text
    owner.says(words)
    owner.sees("This ticket was used already.*Checked in on")
    owner.says("today")
    owner.sees(r"Arriving: \d")  # other stories are on the same days
    owner.says("earnings")
    owner.sees("Paid this month|Nothing yet")


def test_an_owner_whose_number_is_hidden_becomes_known(world, guest, booking_of, day) -> None:
    """Meera is named in the listings file by her phone, and writes without showing it."""
    meera = world.person("Meera Iyer", "+919000000202", phone_hidden=True)
    meera.says("hello")
    meera.sees("Book|बुक")
    meera.says("I am the owner")
    meera.sees("share your phone number|फ़ोन नंबर", kind="contact_request")
    meera.shares_contact()
    meera.sees("block 24-26 dec")
    meera.says("today")
    meera.sees("Honour Camp")
