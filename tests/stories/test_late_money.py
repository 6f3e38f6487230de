"""Money that comes when its booking is over, while the guest has booked the same stay again."""

from __future__ import annotations


def test_a_late_transfer_pays_the_newer_booking_of_the_same_stay(
    guest, owner, admin, world, day, booking_of
) -> None:
    guest.goes_to_the_summary("Lonely Dune", day)
    guest.taps("Pay by transfer")
    guest.sees("Transfer exactly")
    older, mark = booking_of(guest), guest.mark
    world.clock.passes(minutes=16)
    told = guest.sees("expired", since=mark)
    guest.taps("Book again", in_message=told)
    guest.sees("Total")
    mark = guest.mark
    guest.taps("Pay by transfer")
    guest.sees("Transfer exactly", since=mark)
    newer = booking_of(guest)
    assert (newer.code != older.code, newer.status) == (True, "PAYMENT_PENDING")

    mark, owner_mark, admin_mark = guest.mark, owner.mark, admin.mark
    admin.says(f"verify {older.code}")
    admin.sees(f"pays for the guest's newer booking {newer.code}", since=admin_mark)
    guest.sees(f"{older.code} had ended.*newer booking {newer.code}", since=mark)
    guest.sees("e-ticket within 60 minutes", since=mark)
    owner.taps("Confirm", in_message=owner.sees(newer.code, since=owner_mark))
    guest.sees("Booking Confirmed|E-Ticket", kind="document", since=mark)
    paid = booking_of(guest)
    assert (paid.code, paid.status, paid.advance_minor) == (
        newer.code,
        "TICKET_GENERATED",
        older.advance_minor,
    )
    guest.says(older.code)
    guest.sees(f"pays for your newer booking {newer.code}")


def test_a_card_that_was_charged_by_hand_pays_the_newer_booking(guest, owner, world, day, booking_of) -> None:
    """Somebody takes the money on Stripe's dashboard, nobody can tell us, and the guest starts again."""
    link = guest.books("Dune House", day)
    older = booking_of(guest)
    world.stripe.holds_webhooks()
    world.stripe.pays(link)
    world.stripe.captures(older.code)
    world.stripe.fault("500", always=True, path="/v1")
    guest.says("cancel")
    guest.taps("Yes, cancel it")
    guest.taps("Book again")
    guest.sees("Total")
    guest.taps("Pay by transfer")
    guest.sees("Transfer exactly")
    newer, mark, owner_mark = booking_of(guest), guest.mark, owner.mark
    world.stripe.heals()
    world.stripe.releases_webhooks()
    guest.sees(f"{older.code} had ended.*newer booking {newer.code}", since=mark)
    owner.taps("Confirm", in_message=owner.sees(newer.code, since=owner_mark))
    guest.sees("Booking Confirmed|E-Ticket", kind="document", since=mark)
    assert booking_of(guest).advance_minor == older.advance_minor
