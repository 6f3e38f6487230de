"""Transfers that mails tell of: found, in part, too much, late, twice, taken back, made up, and nobody's for sure.

The mailbox is looked into every few seconds; what a mail does is what the product makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import text

A_TICKET = "Booking Confirmed|E-Ticket"


@pytest.fixture
def verifies(engine, world) -> Callable[[str], None]:  # type: ignore[no-untyped-def]
    """How far transfers verify themselves; NayaPay's mails were approved before."""

    def switch(mode: str) -> None:
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO issuers (issuer, confirms, switched_at) VALUES ('nayapay', true, now()) "
                    "ON CONFLICT (issuer) DO UPDATE SET confirms = true"
                )
            )
            connection.execute(
                text(
                    "INSERT INTO switches (name, value, switched_at) VALUES ('VERIFICATION_MODE', :mode, now()) "
                    "ON CONFLICT (name) DO UPDATE SET value = :mode"
                ),
                {"mode": mode},
            )

    yield switch
    switch("manual")


@pytest.fixture
def receipts(engine) -> Callable[[str], list[str]]:  # type: ignore[no-untyped-def]
    """What came for a booking, by its code."""

    def find(code: str) -> list[str]:
        with engine.connect() as connection:
            return list(
                connection.scalars(
                    text(
                        "SELECT r.outcome || ' ' || r.how FROM receipts r JOIN bookings b ON b.id = r.booking_id "
                        "WHERE b.code = :code ORDER BY r.id"
                    ),
                    {"code": code},
                )
            )

    return find


# ---- nobody touches anything -----------------------------------------------------------------------


def test_a_transfer_that_a_mail_tells_of_confirms_itself_and_the_ticket_comes(
    guest, admin, world, day, booking_of, verifies, receipts
) -> None:
    verifies("hybrid")
    _asks_for_a_transfer(guest, "Instant Dune", day)
    mark = guest.mark
    world.mailbox.pays(guest.person)
    ticket = guest.sees(A_TICKET, kind="document", since=mark)
    booking = booking_of(guest)
    assert (booking.status, receipts(booking.code)) == ("TICKET_GENERATED", ["exact auto_gmail"])
    assert f"Rs. {booking.advance_minor // 100:,}" in ticket.body


def test_two_guests_who_owe_the_same_are_told_apart(
    guest, other_guest, world, day, booking_of, verifies, receipts
) -> None:
    verifies("hybrid")
    both = (guest, other_guest)
    for one in both:
        _asks_for_a_transfer(one, "Instant Dune", day)
    first, second = (booking_of(one) for one in both)
    assert first.total_minor == second.total_minor
    assert first.advance_minor != second.advance_minor
    marks = [one.mark for one in both]
    for one in both:
        world.mailbox.pays(one.person, "no_reference", sender="Somebody Else")
    for one, mark in zip(both, marks, strict=True):
        one.sees(A_TICKET, kind="document", since=mark)
        assert receipts(booking_of(one).code) == ["exact auto_gmail"]


# ---- too little, too much, too late, twice, taken back -----------------------------------------------


def test_of_a_part_the_rest_is_asked_for_and_found(guest, world, day, booking_of, verifies, receipts) -> None:
    verifies("hybrid")
    asked = _asks_for_a_transfer(guest, "Instant Dune", day)
    mark = guest.mark
    world.mailbox.pays(guest.person, "part")
    rest = guest.sees("We have received.*A part is still missing", since=mark)
    assert _code(rest) != _code(asked)
    assert booking_of(guest).status == "PAYMENT_PENDING"
    world.mailbox.pays(guest.person)
    guest.sees(A_TICKET, kind="document", since=mark)
    booking = booking_of(guest)
    assert receipts(booking.code) == ["part auto_gmail", "exact auto_gmail"]
    assert 1_890_00 <= booking.advance_minor <= 2_100_00  # a tenth at most is left to the place


def test_too_much_and_paid_again_is_given_back_and_the_same_mail_counts_once(
    guest, admin, world, day, booking_of, verifies, receipts
) -> None:
    verifies("hybrid")
    _asks_for_a_transfer(guest, "Instant Dune", day)
    mark, admin_mark = guest.mark, admin.mark
    world.mailbox.pays(guest.person, "over")
    guest.sees(A_TICKET, kind="document", since=mark)
    guest.sees("more than was asked", since=mark)
    code = booking_of(guest).code
    admin.sees(f"Money to give back.*{code}", since=admin_mark)
    mark, admin_mark = guest.mark, admin.mark
    world.mailbox.pays(guest.person, "twice")
    world.mailbox.pays(guest.person, "again")
    guest.sees("Another payment of.*paid before", since=mark)
    admin.sees(f"Money to give back.*{code}", since=admin_mark)
    assert receipts(code) == ["over auto_gmail", "second auto_gmail"]
    assert booking_of(guest).status == "TICKET_GENERATED"


def test_late_money_takes_the_place_again(guest, world, day, booking_of, verifies, receipts) -> None:
    verifies("hybrid")
    _asks_for_a_transfer(guest, "Instant Dune", day)
    mark = guest.mark
    world.clock.passes(minutes=16)
    guest.sees("expired", since=mark)
    mark = guest.mark
    world.mailbox.pays(guest.person)
    guest.sees(A_TICKET, kind="document", since=mark)
    assert receipts(booking_of(guest).code) == ["exact auto_gmail"]


def test_a_picture_and_a_mail_of_the_same_money_count_once(
    guest, admin, world, day, booking_of, verifies, receipts
) -> None:
    verifies("hybrid")
    _asks_for_a_transfer(guest, "Instant Dune", day)
    mark, admin_mark = guest.mark, admin.mark
    guest.person.sends_screenshot()
    guest.sees("checking your payment", since=mark)
    code = booking_of(guest).code
    check = admin.sees(f"check a payment.*{code}", since=admin_mark)
    world.mailbox.pays(guest.person)
    guest.sees(A_TICKET, kind="document", since=mark)
    mark = admin.mark
    admin.taps("Verify", in_message=check)
    admin.sees("no payment to check", since=mark)
    assert receipts(code) == ["exact auto_gmail"]


def test_money_that_is_taken_back_suspends_the_ticket_until_an_admin_decides(
    guest, admin, world, day, booking_of, verifies, receipts
) -> None:
    verifies("hybrid")
    _asks_for_a_transfer(guest, "Instant Dune", day)
    mark, admin_mark = guest.mark, admin.mark
    world.mailbox.pays(guest.person)
    ticket = guest.sees(A_TICKET, kind="document", since=mark)
    link = re.search(r"https?://\S+/eticket/\S+", ticket.body).group()
    code = booking_of(guest).code
    world.mailbox.pays(guest.person, "reversed")
    alert = admin.sees(f"taken back.*{code}", since=admin_mark)
    guest.sees("taken back by the bank", since=mark)
    assert booking_of(guest).status == "PAYMENT_REVIEW"
    assert "On hold" in httpx.get(link, timeout=60).text
    admin.taps("Money is there", in_message=alert)
    guest.sees("e-ticket counts again", since=mark)
    assert booking_of(guest).status == "TICKET_GENERATED"
    assert "On hold" not in httpx.get(link, timeout=60).text
    assert receipts(code) == ["exact auto_gmail", "reversed auto_gmail", "exact manual_admin"]


# ---- what cannot be believed -------------------------------------------------------------------------


def test_forged_and_forwarded_mails_change_nothing(
    guest, admin, world, day, booking_of, verifies, receipts
) -> None:
    verifies("automated")
    _asks_for_a_transfer(guest, "Instant Dune", day)
    mark, admin_mark = guest.mark, admin.mark
    sent = {world.mailbox.pays(guest.person, kind)["id"] for kind in ("forged", "lookalike", "forwarded")}
    world.eventually(
        lambda: all(mail["read"] for mail in world.mailbox.mails if mail["id"] in sent), what="the mails"
    )
    world.settles()
    assert booking_of(guest).status == "PAYMENT_PENDING"
    assert receipts(booking_of(guest).code) == []
    guest.sees_nothing(since=mark)
    admin.sees_nothing(since=admin_mark)
    world.mailbox.pays(guest.person)  # the real one comes in the end
    guest.sees(A_TICKET, kind="document", since=mark)


# ---- what people decide ------------------------------------------------------------------------------


def test_in_manual_mode_everything_is_proposed(
    guest, admin, world, day, booking_of, verifies, receipts
) -> None:
    verifies("manual")
    _asks_for_a_transfer(guest, "Instant Dune", day)
    mark, admin_mark = guest.mark, admin.mark
    world.mailbox.pays(guest.person)
    code = booking_of(guest).code
    proposal = admin.sees(
        f"Whose payment is this.*Most likely: .?{code}.*Score 100: its code", since=admin_mark
    )
    assert booking_of(guest).status == "PAYMENT_REVIEW"
    world.clock.passes(minutes=40)  # longer than any hold
    admin.taps("Confirm", in_message=proposal)
    admin.sees(f"Linked.*{code}")
    guest.sees(A_TICKET, kind="document", since=mark)
    assert receipts(code) == ["exact manual_admin"]


def test_what_fits_nothing_is_linked_in_one_tap(
    guest, admin, world, day, booking_of, verifies, receipts
) -> None:
    verifies("automated")
    _asks_for_a_transfer(guest, "Instant Dune", day)
    mark, admin_mark = guest.mark, admin.mark
    world.mailbox.pays(guest.person, "wrong", sender="Nobody We Know")
    code = booking_of(guest).code
    alert = admin.sees("Unmatched payment.*Nobody We Know", since=admin_mark)
    admin.taps(code, in_message=alert)
    admin.sees(f"Linked.*{code}.*too much has to go back")
    guest.sees(A_TICKET, kind="document", since=mark)
    assert receipts(code) == ["over manual_admin"]


def test_whose_transfer_it_is_the_guests_are_asked(
    guest, other_guest, world, day, booking_of, verifies, receipts
) -> None:
    """Somebody rounds the amount up, writes no code, and pays from a stranger's account."""
    verifies("hybrid")
    both = (guest, other_guest)
    for one in both:
        _asks_for_a_transfer(one, "Twin Dune", day)
    marks = [one.mark for one in both]
    paid = world.mailbox.pays(guest.person, "no_reference", amount="15000", sender="Somebody Else")
    for one, mark in zip(both, marks, strict=True):
        one.sees("last 4 characters", since=mark)
    guest.says(paid["transaction_id"][-4:])
    guest.sees("We compare it", since=marks[0])
    guest.sees(A_TICKET, kind="document", since=marks[0])
    assert receipts(booking_of(guest).code) == ["exact auto_gmail"]
    assert booking_of(other_guest).status == "PAYMENT_PENDING"


# ---- helpers -----------------------------------------------------------------------------------------


def _asks_for_a_transfer(guest, place, day):  # type: ignore[no-untyped-def]
    guest.goes_to_the_summary(place, day)
    guest.taps("Pay by transfer")
    return guest.sees("Transfer exactly")


def _code(asked) -> str:  # type: ignore[no-untyped-def]
    return str(re.search(r"remarks: .?([A-Z0-9]{5})", asked.text).group(1))  # type: ignore[union-attr]
