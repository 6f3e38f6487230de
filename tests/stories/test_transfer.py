"""Paying by transfer, end to end: by taps and by words, refused and found, late, and another way after all."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from integrations import receipts


def test_a_transfer_by_taps_to_its_ticket(guest, owner, admin, world, day, booking_of) -> None:
    guest.goes_to_the_summary("Dune House", day)
    told = _chooses_transfer(guest)
    booking = booking_of(guest)
    assert (booking.status, booking.payment_state) == ("PAYMENT_PENDING", "pending")
    assert "03000000900" in told.body.split("\n")  # a line of its own, to be copied
    amount = booking.advance_minor // 100
    assert f"Rs. {amount:,}" in told.body
    assert 2_600 < amount < 2_700  # others have had the nearest ones
    assert "I have paid" in told.options
    mark = admin.mark

    picture = guest.person.sends_screenshot()
    guest.sees("checking your payment")
    check = admin.sees("check a payment", since=mark)
    assert booking.code in check.body and f"Rs. {amount:,}" in check.body
    assert admin._http.bytes(check.raw["header"]["url"]) == picture
    assert booking_of(guest).status == "PAYMENT_REVIEW"
    mark, guest_mark = owner.mark, guest.mark
    admin.taps("Verify", in_message=check)
    admin.sees("Verified")
    guest.sees("e-ticket within 60 minutes", since=guest_mark)
    request = owner.sees(booking.code, since=mark)
    owner.taps("Confirm", in_message=request)
    ticket = guest.sees("Booking Confirmed|E-Ticket", kind="document", since=guest_mark)
    assert booking_of(guest).status == "TICKET_GENERATED"
    assert f"Rs. {amount:,}" in ticket.body
    page = httpx.get(re.search(r"https?://\S+/eticket/\S+", ticket.body).group(), timeout=60)
    assert f"{(booking.total_minor - booking.advance_minor) // 100:,}" in page.text


def test_a_transfer_by_words_to_its_ticket(guest, owner, admin, world, day, booking_of) -> None:
    guest.goes_to_the_summary("Dune House", day)
    guest.says("pay by transfer")
    guest.sees("Transfer exactly")
    code = booking_of(guest).code
    mark = admin.mark
    guest.says("I have paid")
    guest.sees("screenshot of the transfer")
    admin.sees(f"{code}.*no picture", since=mark)
    admin.says("pending")
    admin.sees(code)
    guest_mark = guest.mark
    admin.says(f"verify {code.lower()}")
    admin.sees("Verified")
    guest.sees("e-ticket within 60 minutes", since=guest_mark)
    owner.sees(code)
    owner.says("confirm")
    request = owner.sees(code)
    owner.taps("Confirm", in_message=request)
    guest.sees("Booking Confirmed|E-Ticket", kind="document", since=guest_mark)


def test_rejected_twice_then_found(guest, owner, admin, world, day, booking_of) -> None:
    guest.goes_to_the_summary("Dune House", day)
    told = _chooses_transfer(guest)
    code = booking_of(guest).code
    checks = []
    for number in (1, 2):
        mark = admin.mark
        guest.taps("I have paid", in_message=told)
        check = admin.sees(f"check a payment.*{code}", since=mark)
        checks.append(check)
        guest_mark = guest.mark
        if number == 1:
            admin.taps("Reject", in_message=check)
            admin.taps("Wrong amount")
        else:
            admin.says(f"reject {code} it came from somebody else's account")
        admin.sees("Rejected")
        why = "not the one that we asked for" if number == 1 else "somebody else's account"
        told = guest.sees(why, since=guest_mark)
        assert "Transfer exactly" in told.body
        assert booking_of(guest).status == "PAYMENT_PENDING"
        assert booking_of(guest).hold_until > world.clock.now + timedelta(minutes=13)
    mark = admin.mark
    guest.person.sends_screenshot()
    admin.sees(f"check a payment.*{code}.*Rejected before: 2; once more", since=mark)
    admin.taps("Reject", in_message=checks[0])  # a button of the first search decides nothing about this one
    fresh = admin.sees("earlier check")
    guest_mark = guest.mark
    admin.taps("Verify", in_message=fresh)
    guest.sees("e-ticket within 60 minutes", since=guest_mark)


def test_rejected_the_third_time_it_ends(guest, admin, world, day, booking_of) -> None:
    guest.goes_to_the_summary("Lonely Dune", day)
    told = _chooses_transfer(guest)
    for number in (1, 2, 3):
        mark = admin.mark
        guest.taps("I have paid", in_message=told)
        check = admin.sees(f"check a payment.*{booking_of(guest).code}", since=mark)
        guest_mark = guest.mark
        admin.taps("Reject", in_message=check)
        admin.taps("Money not received")
        told = guest.sees("not found your payment.*not reached our account", since=guest_mark)
        assert booking_of(guest).status == ("EXPIRED" if number == 3 else "PAYMENT_PENDING")
    assert told.options == ["I have paid", "Book again"]
    guest.taps("Book again", in_message=told)
    guest.sees("Total")


def test_nobody_looks_in_time_and_the_money_is_there_after_all(
    guest, owner, admin, world, day, booking_of
) -> None:
    guest.goes_to_the_summary("Dune House", day)
    _chooses_transfer(guest)
    code = booking_of(guest).code
    mark = admin.mark
    guest.says("paid")
    admin.sees(f"check a payment.*{code}", since=mark)
    mark, guest_mark = admin.mark, guest.mark
    world.clock.passes(minutes=106)
    admin.sees(f"still waits to be checked.*{code}", since=mark)
    mark = admin.mark
    world.clock.passes(minutes=15)
    guest.sees("expired.*have paid", since=guest_mark)
    admin.sees(f"Nobody checked.*verify {code}", since=mark)
    assert booking_of(guest).status == "EXPIRED"
    guest_mark = guest.mark
    admin.says(f"verify {code}")
    admin.sees("Verified.*owner is asked")
    guest.sees("e-ticket within 60 minutes", since=guest_mark)
    owner.sees(code)


def test_a_late_picture_finds_the_place_free(guest, admin, world, day, booking_of) -> None:
    guest.goes_to_the_summary("Lonely Dune", day)
    _chooses_transfer(guest)
    mark = guest.mark
    world.clock.passes(minutes=16)
    told = guest.sees("expired", since=mark)
    assert told.options == ["I have paid", "Book again"]
    mark = admin.mark
    guest.person.sends_screenshot()
    guest.sees("place is kept for you")
    check = admin.sees(f"check a payment.*{booking_of(guest).code}", since=mark)
    guest_mark = guest.mark
    admin.taps("Verify", in_message=check)
    guest.sees("e-ticket within 60 minutes", since=guest_mark)


def test_a_late_picture_finds_the_place_taken(guest, other_guest, admin, world, day, booking_of) -> None:
    guest.goes_to_the_summary("Lonely Dune", day)
    _chooses_transfer(guest)
    mark = guest.mark
    world.clock.passes(minutes=16)
    guest.sees("expired", since=mark)
    other_guest.goes_to_the_summary("Lonely Dune", day)
    _chooses_transfer(other_guest)
    mark = admin.mark
    picture = guest.person.sends_screenshot()
    guest.sees("Somebody else has")
    check = admin.sees(f"check a payment.*{booking_of(guest).code}.*has to go back", since=mark)
    guest_mark, mark = guest.mark, admin.mark
    admin.taps("Verify", in_message=check)
    guest.sees("All of it is refunded", since=guest_mark)
    admin.sees("Refund required", since=mark)
    assert booking_of(guest).status == "REFUND_REQUIRED"
    # The same picture for somebody else's booking is told apart.
    mark = admin.mark
    other_guest.person.sends_image(picture, mime="image/png")
    admin.sees(f"same picture came before, for {booking_of(guest).code}", since=mark)


def test_another_way_to_pay_ends_the_first(guest, owner, world, day, booking_of) -> None:
    guest.goes_to_the_summary("Dune House", day)
    guest.taps("Pay by card")
    link = guest.sees(kind="cta_url")
    assert "transfer" in link.text
    code = booking_of(guest).code
    guest.says("transfer")
    told = guest.sees("Transfer exactly")
    world.eventually(lambda: world.stripe.session(code)["status"] == "expired", what="the page's end")
    guest.taps("Pay by card", in_message=told)
    again = guest.sees(kind="cta_url")
    assert again.link != link.link
    assert booking_of(guest).advance_minor == 2_700_00
    mark = guest.mark
    world.stripe.pays(again)
    guest.sees("e-ticket within 60 minutes", since=mark)
    owner.sees(code)


def test_the_owners_no_after_a_transfer_is_owed_back(guest, owner, admin, world, day, booking_of) -> None:
    guest.goes_to_the_summary("Dune House", day)
    _chooses_transfer(guest)
    code = booking_of(guest).code
    guest.says("payment done")
    guest.sees("checking your payment")
    mark = owner.mark
    admin.says(f"verify {code}")
    admin.sees("Verified")
    request = owner.sees(code, since=mark)
    guest_mark, mark = guest.mark, admin.mark
    owner.taps("Cancel", in_message=request)
    owner.taps("Yes, cancel it")
    owner.taps("Fully booked")
    guest.sees("Your advance of .* is refunded", since=guest_mark)
    admin.sees("Refund required", since=mark)
    assert booking_of(guest).status == "REFUND_REQUIRED"


def test_a_guest_gives_up_while_the_money_is_looked_for(guest, admin, world, day, booking_of) -> None:
    guest.goes_to_the_summary("Dune House", day)
    _chooses_transfer(guest)
    code = booking_of(guest).code
    mark = admin.mark
    guest.says("i have paid")
    guest.taps("Cancel booking")
    check = admin.sees(f"check a payment.*{code}", since=mark)
    mark = admin.mark
    sure = guest.sees("If your payment has reached us")
    guest.taps("Yes, cancel it", in_message=sure)
    admin.sees(f"Cancelled by the guest while.*verify {code}", since=mark)
    assert booking_of(guest).status == "GUEST_CANCELLED"
    mark = guest.mark
    admin.taps("Verify", in_message=check)
    admin.sees("has to go back")
    guest.sees("All of it is refunded", since=mark)
    assert booking_of(guest).status == "REFUND_REQUIRED"
    world.clock.passes(minutes=1)  # or it would be the second half of a double tap
    admin.taps("Verify", in_message=check)
    admin.sees("no payment to check.*Verified by you")


def _chooses_transfer(guest):  # type: ignore[no-untyped-def]
    guest.taps("Pay by transfer")
    return guest.sees("Transfer exactly")


@pytest.mark.skipif(not receipts.installed(), reason="nothing reads pictures here: apt install tesseract-ocr")
def test_a_picture_that_does_not_show_the_transfer_is_answered(guest, admin, world, day, booking_of) -> None:
    guest.goes_to_the_summary("Dune House", day)
    _chooses_transfer(guest)
    booking = booking_of(guest)
    mark = admin.mark
    guest.person.sends_screenshot(kind="pending")
    guest.sees("still pending")
    check = admin.sees(f"{booking.code}.*still pending", since=mark)
    assert "Hina Rauf" not in check.body

    mark = admin.mark
    guest.person.sends_screenshot(kind="other_person")
    guest.sees("transfer to \\*Hina Rauf\\*.*03000000900")
    admin.sees("gone to somebody else", since=mark)

    mark = admin.mark
    picture = guest.person.sends_screenshot()
    check = admin.sees("It shows: .*The amount is the one that was asked for", since=mark)
    assert admin._http.bytes(check.raw["header"]["url"]) == picture
    assert booking_of(guest).status == "PAYMENT_REVIEW"  # nothing of it confirms
    admin.taps("Verify", in_message=check)
    admin.sees("Verified")
