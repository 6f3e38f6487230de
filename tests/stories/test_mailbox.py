"""Gmail fails in the ways it does: nothing is lost, nobody loses their place for it, and people are told once."""

from __future__ import annotations

import pytest
from sqlalchemy import text


@pytest.fixture
def row(engine):  # type: ignore[no-untyped-def]
    """One row of the product's own."""

    def find(sql: str, **values: object) -> object:
        with engine.connect() as connection:
            return connection.execute(text(sql), values).first()

    return find


@pytest.fixture
def told_of(row, booking_of):  # type: ignore[no-untyped-def]
    """Whether a mail about this guest's transfer was found, by its transaction id."""
    return lambda paid: row(
        "SELECT 1 FROM payment_evidence WHERE transaction_id = :id AND source = 'gmail' AND trusted",
        id=paid["transaction_id"].upper(),
    )


def _asked_to_transfer(guest, day) -> None:  # type: ignore[no-untyped-def]
    guest.goes_to_the_summary("Lonely Dune", day)
    guest.taps("Pay by transfer")
    guest.sees("Transfer exactly")


@pytest.mark.parametrize("kind", ["503", "429"])
def test_while_gmail_is_away_the_place_is_kept_and_the_mail_is_found_afterwards(
    kind, guest, admin, world, day, booking_of, row, told_of
) -> None:  # type: ignore[no-untyped-def]
    mark = admin.mark
    _asked_to_transfer(guest, day)
    world.mailbox.fault(kind, always=True, seconds=2)
    paid = world.mailbox.pays(guest)
    world.eventually(lambda: row("SELECT 1 FROM mailboxes WHERE failures > 0"), what="a look that fails")
    first = booking_of(guest).hold_until
    world.clock.passes(minutes=16)
    world.eventually(lambda: booking_of(guest).hold_until > first, what="a hold that moves forward")
    assert booking_of(guest).status == "PAYMENT_PENDING"
    assert told_of(paid) is None
    world.mailbox.heals()
    world.clock.passes(minutes=10)  # the longest wait between two looks
    world.eventually(lambda: told_of(paid), what="the mail")
    well = ("connected", None, 0)
    world.eventually(lambda: row("SELECT state, why, failures FROM mailboxes") == well, what="the look's end")
    admin.sees(f"Whose payment is this.*{booking_of(guest).code}", since=mark)


def test_a_permission_that_was_taken_back_is_told_once_and_money_is_verified_by_hand_meanwhile(
    guest, owner, admin, world, day, booking_of, row, told_of
) -> None:  # type: ignore[no-untyped-def]
    mark = admin.mark
    world.mailbox.revokes()
    admin.sees("Gmail is disconnected", since=mark)
    _asked_to_transfer(guest, day)
    paid = world.mailbox.pays(guest)
    check = admin.mark
    guest.taps("I have paid")
    admin.taps("Verify", in_message=admin.sees("check a payment", since=check))
    guest.sees("e-ticket within 60 minutes")
    assert told_of(paid) is None
    told = [bubble for bubble in admin.business_messages(mark) if bubble.says("Gmail is disconnected")]
    assert len(told) == 1
    world.mailbox.connects()
    world.eventually(lambda: told_of(paid), what="the mail that came meanwhile")
    world.eventually(lambda: row("SELECT state FROM mailboxes") == ("connected",), what="the look's end")
    owner.taps("Confirm", in_message=owner.sees(booking_of(guest).code))
    guest.sees("Booking Confirmed|E-Ticket", kind="document")
