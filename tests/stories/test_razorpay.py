"""A place that can be paid in every way; Razorpay's money in time, late, untold, told twice, told by a forger."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

PAID = "Your advance payment is successful"


@pytest.fixture(autouse=True)
def _calm(world):
    yield
    world.behaves()


def _accepts(guest, day):
    """To Razorpay's link."""
    summary = guest.goes_to_the_summary("Camel Camp", day)
    guest.taps("Pay by Razorpay", in_message=summary)
    bubble = guest.sees(kind="cta_url")
    assert "by Razorpay" in bubble.body
    return bubble


def test_of_every_way_to_pay_razorpay_leads_to_the_ticket(guest, owner, world, day, booking_of) -> None:
    summary = guest.goes_to_the_summary("Camel Camp", day)
    ways = ["Pay by Razorpay", "Pay by card", "Pay by Paytm", "Pay by transfer"]
    assert summary.options[:4] == ways
    assert "Paid any other way, you get all of it back" in summary.body
    guest.taps("Pay by transfer", in_message=summary)
    told = guest.sees("sarai@sandbox")
    guest.taps("Another way to pay", in_message=told)
    choice = guest.sees("How would you like to pay")
    assert choice.options[:4] == ways
    guest.taps("Pay by Razorpay", in_message=choice)
    link = guest.sees(kind="cta_url")
    booking = booking_of(guest)
    made = world.razorpay.link(booking.code)
    assert (made["amount"], made["accept_partial"]) == (1_500_00, False)

    mark, owner_mark = guest.mark, owner.mark
    world.razorpay.pays(link)
    told = guest.sees_once(PAID)
    assert "reserved on your card" not in told.body
    owner.taps("Confirm", in_message=owner.sees(booking.code, since=owner_mark))
    ticket = guest.sees("Booking Confirmed|E-Ticket", kind="document", since=mark)
    assert "₹1,500" in ticket.body
    after = booking_of(guest)
    assert (after.status, after.payment_state) == ("TICKET_GENERATED", "captured")
    assert after.intent.startswith("pay_")


def test_an_owners_no_is_money_owed_back(guest, owner, admin, world, day, booking_of) -> None:
    link = _accepts(guest, day)
    mark, owner_mark, admin_mark = guest.mark, owner.mark, admin.mark
    world.razorpay.pays(link)
    code = booking_of(guest).code
    owner.taps("Cancel", in_message=owner.sees(code, since=owner_mark))
    owner.taps("Yes, cancel it")
    owner.taps("Fully booked")
    guest.sees("1,500.*5–7 business days", since=mark)
    admin.sees(f"(?s){code}.*1,500", since=admin_mark)
    assert booking_of(guest).status == "REFUND_REQUIRED"


def test_what_a_forger_tells_changes_nothing_and_a_repeat_nothing_more(
    guest, other_guest, owner, world, day, booking_of
) -> None:
    link, _ = _accepts(guest, day), _accepts(other_guest, day)
    mark = other_guest.mark
    world.razorpay.webhooks(forge=True, duplicate=3)
    came = world.razorpay.pays(link)
    guest.sees_once(PAID)
    ours, theirs = (world.razorpay.link(booking_of(each).code) for each in (guest, other_guest))
    stolen = came.replace(ours["reference_id"], theirs["reference_id"]).replace(ours["id"], theirs["id"])
    assert httpx.get(stolen, timeout=60).status_code == 403
    for _ in range(3):
        assert httpx.get(came, timeout=60).status_code == 200
    owner.sees_once(booking_of(guest).code)
    other_guest.sees_nothing(for_=0.3, since=mark)
    assert booking_of(other_guest).payment_state == "pending"


def test_a_payment_of_which_nobody_told_us_is_found_at_the_holds_end(guest, world, day, booking_of) -> None:
    link, booking = _accepts(guest, day), None
    world.razorpay.webhooks(drop=1.0)
    world.razorpay.pays(link, comes_back=False)
    booking, mark = booking_of(guest), guest.mark
    world.clock.moves_to(booking.hold_until + timedelta(seconds=1))
    guest.sees(PAID, since=mark)


def test_a_link_that_nobody_pays_is_closed_and_the_place_is_free(
    guest, admin, world, day, booking_of
) -> None:
    link = _accepts(guest, day)
    world.razorpay.fails(link)
    booking, mark, admin_mark = booking_of(guest), guest.mark, admin.mark
    world.clock.moves_to(booking.hold_until + timedelta(seconds=1))
    guest.sees("expired.*Nothing was charged", since=mark)
    assert world.razorpay.link(booking.code)["status"] == "cancelled"
    admin.sees_nothing(for_=0.3, like=booking.code, since=admin_mark)


def test_money_that_was_under_way_when_the_link_was_closed_is_late_and_still_counts(
    guest, owner, world, day, booking_of
) -> None:
    world.razorpay.begins(_accepts(guest, day))
    booking, mark = booking_of(guest), guest.mark
    world.clock.moves_to(booking.hold_until + timedelta(seconds=1))
    guest.sees("expired.*Nothing was charged", since=mark)
    owner_mark = owner.mark
    world.razorpay.finishes(booking.code)
    guest.sees(PAID, since=mark)
    owner.sees(booking.code, since=owner_mark)


def test_money_that_nobody_could_tell_of_for_hours_is_late_and_still_counts(
    guest, owner, admin, world, day, booking_of
) -> None:
    link = _accepts(guest, day)
    world.razorpay.webhooks(drop=1.0)
    world.razorpay.pays(link, comes_back=False)
    world.razorpay.fault("503", always=True)
    booking, mark, admin_mark = booking_of(guest), guest.mark, admin.mark
    world.clock.moves_to(booking.hold_until + timedelta(seconds=1))
    alert = admin.sees(f"Payment Pending Alert.*{booking.code}.*Razorpay", since=admin_mark)
    assert booking_of(guest).status == "PAYMENT_PENDING"
    world.clock.moves_to(booking.held_since + timedelta(hours=2, seconds=1))
    guest.sees("could not find out in time", since=mark)
    assert booking_of(guest).payment_state == "unknown"
    owner_mark = owner.mark
    world.razorpay.heals()
    world.clock.passes(minutes=6)
    guest.sees(PAID, since=mark)
    owner.sees(booking.code, since=owner_mark)
    admin.sees_nothing(for_=0.2, like="Payment Pending Alert", since=alert)


def test_what_razorpay_refuses_is_said_and_another_way_offered(guest, world, day) -> None:
    summary = guest.goes_to_the_summary("Camel Camp", day)
    world.razorpay.fault("400", always=True)
    guest.taps("Pay by Razorpay", in_message=summary)
    sorry = guest.sees("does not work just now")
    assert {"Try again", "Another way to pay"} <= set(sorry.options)
    guest.says("card")
    assert "by card" in guest.sees(kind="cta_url").body
