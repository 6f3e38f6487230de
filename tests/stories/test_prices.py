"""What a stay costs, to the last rupee: with a code and a tax, and paid in full by choice."""

from __future__ import annotations

from datetime import date

from sandbox.driver import Bubble


def _to_the_code(guest, day: date) -> Bubble:  # type: ignore[no-untyped-def]
    """From “hi” to the question for a code, at the Tea House."""
    guest.says("hi")
    guest.sees("Book|menu")
    guest.says("Tea House")
    guest.taps("Book")
    guest.sees("arrive")
    guest.says(f"{day:%d %B %Y}")
    guest.taps("1 night")
    guest.sees("How many")
    guest.says("2")
    guest.taps(guest.person.name)
    return guest.sees("coupon code")


def test_a_code_and_a_tax_on_one_booking(guest, other_guest, owner, world, day, booking_of) -> None:
    _to_the_code(guest, day)
    guest.says("summer 5")
    assert "I do not know the code SUMMER5" in guest.sees("I do not know").body
    guest.says("tea20")
    shown = guest.sees("Total").body
    assert "Code TEA20 (20%): -Rs. 2,000" in shown
    assert "GST 16%: Rs. 1,280" in shown
    assert "Total: Rs. 9,280" in shown
    assert "*Pay now: Rs. 2,784*" in shown
    guest.taps("Pay advance")
    guest.sees(kind="cta_url")

    # It was the last one: the next guest books without it, until the first one's hold is over.
    _to_the_code(other_guest, day)
    other_guest.says("TEA20")
    other_guest.sees("used up")
    other_guest.taps("Skip")
    other_guest.sees("Total: Rs. 11,600")
    mark = guest.mark
    world.clock.passes(minutes=16)
    guest.sees("expired|ran out|not kept", since=mark)
    other_guest.says("code tea20")
    other_guest.sees("Total: Rs. 9,280")
    other_guest.taps("Pay advance", old=True)
    other_guest.sees(kind="cta_url")
    other_guest.pays()
    assert world.stripe.session(booking_of(other_guest).code)["amount_total"] == 2_784_00
    assert booking_of(other_guest).total_minor == 9_280_00


def test_all_of_it_paid_now_by_choice(guest, owner, world, day, booking_of) -> None:
    _to_the_code(guest, day)
    guest.taps("Skip")
    shown = guest.sees("Or pay all of it now")
    assert shown.options == ["Pay advance", "Pay in full", "Change"]
    guest.taps("Pay in full")
    guest.sees(kind="cta_url")
    guest.pays()
    code = booking_of(guest).code
    assert world.stripe.session(code)["amount_total"] == 11_600_00
    owner.sees(code)
    owner.taps("Confirm", old=True)
    ticket = guest.sees("Booking Confirmed|E-Ticket", kind="document")
    assert guest.file(ticket).startswith(b"%PDF")
    row = booking_of(guest)
    assert (row.status, row.advance_minor, row.total_minor) == ("TICKET_GENERATED", 11_600_00, 11_600_00)
    assert row.quote["advance_minor"] == 11_600_00
    assert world.stripe.session(code)["intent"]["amount_received"] == 11_600_00
