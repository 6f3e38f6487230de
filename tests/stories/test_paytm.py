"""Paying by Paytm: at once, pending for a while, failed, and callbacks that are forged, repeated or never come."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import httpx
import pytest

from integrations.paytm_checksum import FIELD, joined, sign


@pytest.fixture(autouse=True)
def _calm(world):
    yield
    world.paytm.heals()
    world.paytm.behaves()


def _accepts(guest, day, way="Pay by Paytm"):
    """To the link that leads to Paytm."""
    summary = guest.goes_to_the_summary("Rain House", day)
    assert "you get all of it back" in summary.body
    guest.taps(way, in_message=summary)
    bubble = guest.sees(kind="cta_url")
    assert "by Paytm" in bubble.body
    assert bubble.link.startswith(f"{guest.world.product_url}/pay/paytm/".replace("127.0.0.1", "localhost"))
    return bubble


def test_paid_by_paytm_to_the_ticket(guest, owner, world, day, booking_of) -> None:
    link = _accepts(guest, day)
    booking = booking_of(guest)
    order = world.paytm.order(booking.code)
    assert (order["value"], order["custId"]) == ("1500.00", booking.code)
    mark, owner_mark = guest.mark, owner.mark
    brought = world.paytm.pays(link)
    told = guest.sees("Your advance payment is successful", since=mark)
    assert "reserved on your card" not in told.body
    page = world.paytm.brings(brought)  # the guest comes back to the page once more
    assert page.status_code == 200 and "Thank you" in page.text
    assert "Thank you" in httpx.get(link.link, timeout=60).text  # and to the link
    request = owner.sees(booking.code, since=owner_mark)
    owner.taps("Confirm", in_message=request)
    ticket = guest.sees("Booking Confirmed|E-Ticket", kind="document", since=mark)
    assert "₹1,500" in ticket.body
    after = booking_of(guest)
    assert (after.status, after.payment_state, after.intent) == (
        "TICKET_GENERATED",
        "captured",
        brought["TXNID"],
    )


def test_an_owners_no_is_money_owed_back(guest, owner, admin, world, day, booking_of) -> None:
    link = _accepts(guest, day)
    mark, owner_mark, admin_mark = guest.mark, owner.mark, admin.mark
    world.paytm.pays(link)
    code = booking_of(guest).code
    request = owner.sees(code, since=owner_mark)
    owner.taps("Cancel", in_message=request)
    owner.taps("Yes, cancel it")
    owner.taps("Fully booked")
    guest.sees("1,500.*5–7 business days", since=mark)
    admin.sees(f"(?s){code}.*1,500", since=admin_mark)
    world.eventually(lambda: booking_of(guest).status == "REFUND_REQUIRED", what="money owed back")
    assert booking_of(guest).payment_state == "captured"


def test_pending_keeps_the_place_until_the_bank_has_said(guest, owner, admin, world, day, booking_of) -> None:
    link = _accepts(guest, day)
    booking = booking_of(guest)
    admin_mark = admin.mark
    brought = world.paytm.leaves_pending(link)
    assert "Not certain" in world.paytm.brings(brought).text
    world.clock.moves_to(booking.hold_until + timedelta(minutes=1))
    moved = world.eventually(
        lambda: booking_of(guest) if booking_of(guest).hold_until > booking.hold_until else None,
        what="a longer hold",
    )
    assert moved.status == "PAYMENT_PENDING"
    world.clock.passes(minutes=2)
    admin.sees(f"(?s)pending.*{booking.code}|{booking.code}.*pending", since=admin_mark)
    assert booking_of(guest).status == "PAYMENT_PENDING"
    assert "this link is over" in httpx.get(link.link, timeout=60).text.lower()  # nobody pays twice
    world.paytm.settles(booking.code)
    guest.sees_once("Your advance payment is successful")
    owner.sees(booking.code)


def test_callbacks_that_are_forged_repeated_or_replayed_change_nothing(
    guest, other_guest, owner, world, day, booking_of
) -> None:
    link = _accepts(guest, day)
    code = booking_of(guest).code
    payment_id = world.paytm.order(code)["orderId"].rpartition("-")[2]
    _accepts(other_guest, day)
    other = world.paytm.order(booking_of(other_guest).code)["orderId"]
    mark, other_mark = guest.mark, other_guest.mark

    # Somebody says that it is paid: without the key, and with a callback about another order.
    forged = {
        "MID": "SANDBX00000000000001",
        "ORDERID": other,
        "TXNAMOUNT": "1500.00",
        "STATUS": "TXN_SUCCESS",
    }
    assert world.paytm.brings({**forged, FIELD: sign(joined(forged), "0badc0de0badc0de")}).status_code == 403
    world.paytm.webhooks(forge=True, duplicate=3)
    brought = world.paytm.pays(link)
    assert world.paytm.brings({**brought, "ORDERID": other}).status_code == 403
    guest.sees_once("Your advance payment is successful")

    # Signed with the very key, as a thief of it would: Paytm is asked, and knows of no money.
    stolen = {**forged, FIELD: sign(joined(forged), "sandbox#key&@16c")}
    asked = len(world.paytm.log())
    assert world.paytm.brings(stolen).status_code == 200
    world.eventually(lambda: len(world.paytm.log()) > asked, what="a question to Paytm")
    other_guest.sees_nothing(since=other_mark)
    assert booking_of(other_guest).payment_state == "pending"

    for _ in range(3):
        assert world.paytm.brings(brought).status_code == 200
        assert world.paytm.brings(dict(reversed(brought.items()))).status_code == 200
    owner.sees_once(code)
    assert len(re.findall("advance payment is successful", _chat(guest, mark))) == 1
    assert payment_id in world.paytm.order(code)["orderId"]


@pytest.mark.parametrize("fault", ["other_amount", "other_mid"])
def test_a_status_about_something_else_is_not_believed(guest, world, day, booking_of, fault) -> None:
    link = _accepts(guest, day)
    code, mark = booking_of(guest).code, guest.mark
    world.paytm.fault(fault, count=2, path="/v3/order/status")
    world.paytm.pays(link)
    world.eventually(lambda: _asked(world) >= 2, what="two questions")
    guest.sees("Your advance payment is successful", since=mark)  # by the third, which was answered honestly
    assert booking_of(guest).code == code


def test_a_payment_of_which_nobody_told_us_is_found_at_the_holds_end(guest, world, day, booking_of) -> None:
    link = _accepts(guest, day)
    booking, mark = booking_of(guest), guest.mark
    world.paytm.webhooks(drop=1.0)
    world.paytm.pays(link, comes_back=False)
    guest.sees_nothing(for_=0.5, since=mark)
    world.clock.moves_to(booking.hold_until + timedelta(seconds=1))
    guest.sees("Your advance payment is successful", since=mark)
    world.paytm.webhooks(drop=0.0)


def test_an_abandoned_page_frees_the_place_and_alarms_nobody(guest, admin, world, day, booking_of) -> None:
    _accepts(guest, day)
    booking, mark, admin_mark = booking_of(guest), guest.mark, admin.mark
    world.clock.moves_to(booking.hold_until + timedelta(seconds=1))
    world.eventually(lambda: booking_of(guest).hold_until > booking.hold_until, what="the page's own end")
    world.clock.passes(minutes=1)
    guest.sees("expired|not paid in time|Book again", since=mark)
    assert booking_of(guest).payment_state == "expired"
    world.clock.passes(minutes=3)
    admin.sees_nothing(like=booking.code, since=admin_mark)


def test_failed_and_then_paid_by_card(guest, owner, world, day, booking_of) -> None:
    link = _accepts(guest, day)
    mark = guest.mark
    brought = world.paytm.fails(link)
    failed = guest.sees("did not go through", since=mark)
    assert {"Try again", "Pay by card"} <= set(failed.options)
    assert "Not paid" in world.paytm.brings(brought).text
    assert "this link is over" in httpx.get(link.link, timeout=60).text.lower()
    mark = guest.mark
    guest.taps("Pay by card", in_message=failed)
    page = guest.sees(kind="cta_url", since=mark)
    assert "by card" in page.body
    world.stripe.pays(page)
    guest.sees("Your advance payment is successful", since=mark)
    assert owner.sees(booking_of(guest).code)


def test_failed_and_tried_again_is_another_order(guest, world, day, booking_of) -> None:
    link = _accepts(guest, day)
    mark = guest.mark
    world.paytm.cancels(link)
    failed = guest.sees("did not go through", since=mark)
    mark = guest.mark
    guest.taps("Try again", in_message=failed)
    again = guest.sees(kind="cta_url", since=mark)
    orders = world.paytm.orders(booking_of(guest).code)
    assert len({order["orderId"] for order in orders}) == 2
    world.paytm.pays(again)
    guest.sees("Your advance payment is successful", since=mark)


def _asked(world) -> int:
    return sum(entry.get("call") == "POST /v3/order/status" for entry in world.paytm.log())


def _chat(guest, since) -> str:
    return json.dumps([bubble.body for bubble in guest.business_messages(since)])
