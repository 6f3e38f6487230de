"""Everything that can go wrong on the way of one stay, and what people see of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta


def test_late_money_finds_the_place_free(guest, owner, world, day, booking_of) -> None:
    """A provider that cannot tell past the longest hold; then its webhook comes after all."""
    link = guest.books("Sea View", day)
    code = booking_of(guest).code
    world.stripe.holds_webhooks()
    world.stripe.pays(link)
    world.stripe.fault("500", 100_000, path="checkout")
    _wait_out_the_longest_hold(world, booking_of, guest)
    assert booking_of(guest).status == "EXPIRED"
    assert booking_of(guest).payment_state == "unknown"
    world.stripe.heals()
    world.stripe.releases_webhooks()
    guest.sees("e-ticket within 60 minutes")
    assert booking_of(guest).status in ("PAYMENT_SUCCESS", "BOOKING_REQUEST_SENT_TO_OWNER")
    owner.sees(code)


def test_late_money_finds_the_place_taken(guest, other_guest, world, day, booking_of) -> None:
    link = guest.books("Lonely Hut", day)
    code = booking_of(guest).code
    world.stripe.holds_webhooks()
    world.stripe.pays(link)
    world.stripe.fault("500", 100_000, path="checkout")
    _wait_out_the_longest_hold(world, booking_of, guest)
    world.stripe.heals()
    other_guest.books("Lonely Hut", day)
    mark = guest.mark
    world.stripe.releases_webhooks()
    told = guest.sees("not charged|nothing was charged|Nothing was charged", since=mark)
    assert told
    assert booking_of(guest).status == "EXPIRED"
    world.eventually(
        lambda: world.stripe.session(code)["intent"]["status"] == "canceled", what="the authorization's end"
    )


def _wait_out_the_longest_hold(world, booking_of, guest) -> None:  # type: ignore[no-untyped-def]
    """Two hours in steps, each hold renewed as long as the provider cannot say."""
    for _ in range(40):
        before = booking_of(guest)
        if before.status == "EXPIRED":
            return
        world.clock.moves_to(max(before.hold_until, world.clock.now) + timedelta(seconds=1))
        world.eventually(
            lambda before=before: (
                booking_of(guest).hold_until != before.hold_until or booking_of(guest).status != before.status
            ),
            what="the hold to move or end",
        )
    raise AssertionError("the hold never ended")


def test_owner_silent_to_the_end(guest, owner, admin, world, day, booking_of) -> None:
    _until_daytime(world)
    guest.books("Sea View", day + timedelta(days=3))
    guest.pays()
    code = booking_of(guest).code
    owner.sees(code)
    for minutes in (15, 15):
        mark = owner.mark
        world.clock.passes(minutes=minutes)
        owner.sees(code, since=mark)
    guest_mark, admin_mark = guest.mark, admin.mark
    world.clock.passes(minutes=30)
    guest.sees("has not answered yet", since=guest_mark)
    alert = admin.sees(f"{code}.*Approve", since=admin_mark)
    assert {"Approve", "Decline"} <= set(alert.options)
    guest_mark = guest.mark
    world.clock.passes(hours=23)
    told = guest.sees("ancelled", since=guest_mark)
    assert "charged" in told.body.lower()
    assert booking_of(guest).status == "OWNER_CANCELLED"
    world.eventually(
        lambda: world.stripe.session(code)["intent"]["status"] == "canceled", what="the authorization's end"
    )


def _until_daytime(world) -> None:  # type: ignore[no-untyped-def]
    """Reminders keep quiet at night: this story begins at ten in the morning in Karachi (05:00 UTC)."""
    now = world.clock.now
    morning = now.replace(hour=5, minute=0, second=0, microsecond=0)
    if not morning <= now < morning + timedelta(hours=8):
        world.clock.moves_to(morning + timedelta(days=0 if now < morning else 1))


def test_admin_decides_in_the_owners_place(guest, owner, admin, world, day, booking_of) -> None:
    guest.books("Sea View", day)
    guest.pays()
    code = booking_of(guest).code
    mark = admin.mark
    world.clock.passes(minutes=61)
    alert = admin.sees(f"{code}.*Approve", since=mark)
    admin.taps("Approve", in_message=alert)
    guest.sees("Booking Confirmed|E-Ticket", kind="document")
    assert booking_of(guest).status == "TICKET_GENERATED"


def test_an_expired_button_brings_a_fresh_request(guest, owner, world, day, booking_of) -> None:
    guest.books("Sea View", day)
    guest.pays()
    code = booking_of(guest).code
    stale = owner.sees(code)
    world.clock.passes(minutes=40)
    confirm = next(title for title in stale.options if "Confirm" in title)
    owner.taps(confirm, in_message=stale)
    fresh = owner.sees(code)
    assert any("Confirm" in title for title in fresh.options)
    owner.taps(next(title for title in fresh.options if "Confirm" in title), in_message=fresh)
    guest.sees("Booking Confirmed|E-Ticket", kind="document")
    # And the stale one, tapped once more, is told how it stands.
    owner.taps(confirm, in_message=stale)
    owner.sees("confirmed")
    assert booking_of(guest).status == "TICKET_GENERATED"


def test_old_and_double_taps_have_one_effect(guest, owner, world, day, booking_of, engine) -> None:
    summary = guest.goes_to_the_summary("Sea View", day)
    for _ in range(3):
        guest.taps("Pay by card", in_message=summary)
    link = guest.sees(kind="cta_url")
    code = booking_of(guest).code
    assert len(world.stripe.sessions(code)) == 1
    world.stripe.pays(link)
    guest.sees("e-ticket within 60 minutes")
    world.clock.passes(minutes=2)
    guest.taps("Pay by card", in_message=summary)
    guest.sees("Waiting for|waiting for")
    request = owner.sees(code)
    confirm = next(title for title in request.options if "Confirm" in title)
    owner.taps(confirm, in_message=request)
    owner.taps(confirm, in_message=request)
    guest.sees("Booking Confirmed|E-Ticket", kind="document")
    documents = [bubble for bubble in guest.business_messages() if bubble.kind == "document"]
    assert len(documents) == 1
    with engine.connect() as connection:
        from sqlalchemy import text

        decisions = connection.execute(
            text(
                "SELECT count(*) FROM booking_events e JOIN bookings b ON b.id = e.booking_id "
                "WHERE b.code = :code AND e.action = 'DECIDE'"
            ),
            {"code": code},
        ).scalar()
    assert decisions == 1


def test_a_failed_capture_gets_a_new_link_and_the_yes_is_remembered(
    guest, owner, world, day, booking_of
) -> None:
    guest.books("Sea View", day)
    guest.pays()
    code = booking_of(guest).code
    request = owner.sees(code)
    world.stripe.fault("decline_capture", 1)
    mark = guest.mark
    owner.taps(next(title for title in request.options if "Confirm" in title), in_message=request)
    link = guest.sees(kind="cta_url", since=mark)
    assert booking_of(guest).status == "PAYMENT_PENDING"
    assert booking_of(guest).decision == "YES"
    world.stripe.pays(link)
    guest.sees("Booking Confirmed|E-Ticket", kind="document", since=mark)
    assert booking_of(guest).status == "TICKET_GENERATED"


def test_two_guests_race_for_the_last_room(guest, other_guest, world, day, booking_of) -> None:
    summaries = {g: g.goes_to_the_summary("Lonely Hut", day) for g in (guest, other_guest)}
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda g: g.taps("Pay by card", in_message=summaries[g]), summaries))
    statuses = world.eventually(
        lambda: (lambda s: s if s == ["INITIATED", "PAYMENT_PENDING"] else None)(
            sorted(booking_of(g).status for g in summaries)
        ),
        what="one of them to have it",
    )
    assert statuses
    winner, loser = sorted(summaries, key=lambda g: booking_of(g).status, reverse=True)
    winner.sees(kind="cta_url")
    sorry = loser.sees("is full on these dates")
    assert len(sorry.options) >= 2
    loser.taps(sorry.options[0], in_message=sorry)
    loser.sees("Total|total")


def test_card_declined_then_paid_on_the_same_page(guest, owner, world, day, booking_of) -> None:
    link = guest.books("Sea View", day)
    world.stripe.fails(link)
    guest.pays()
    world.eventually(lambda: booking_of(guest).status == "BOOKING_REQUEST_SENT_TO_OWNER", what="the request")


def test_provider_webhooks_repeated_early_and_reordered(guest, owner, world, day, booking_of) -> None:
    world.stripe.webhooks(duplicate=4, reorder=True)
    link = guest.books("Sea View", day)
    world.stripe.pays(link)
    guest.sees_once("e-ticket within 60 minutes")
    request = owner.sees(booking_of(guest).code)
    owner.taps(next(title for title in request.options if "Confirm" in title), in_message=request)
    guest.sees("Booking Confirmed|E-Ticket", kind="document")


def test_the_owners_window_is_closed(guest, world, day, booking_of) -> None:
    """A request to an owner who has not written for days goes out as a template, and its button works."""
    world.clock.passes(hours=49)
    guest.books("Sea View", day + timedelta(days=3))
    mark = world.owner.mark
    guest.pays()
    code = booking_of(guest).code
    request = world.owner.sees(code, kind="template", since=mark)
    world.owner.taps(next(title for title in request.options if "Confirm" in title), in_message=request)
    guest.sees("Booking Confirmed|E-Ticket", kind="document")


def test_guest_cancels_before_the_owner_decides(guest, owner, admin, world, day, booking_of) -> None:
    guest.books("Sea View", day)
    guest.pays()
    code = booking_of(guest).code
    owner.sees(code)
    owner_mark = owner.mark
    guest.says("my bookings")
    guest.taps("Cancel booking")
    sure = guest.sees("sure|Cancel|cancel")
    guest.taps(
        next(title for title in sure.options if "Yes" in title or "yes" in title.lower()), in_message=sure
    )
    guest.sees("ancelled")
    assert booking_of(guest).status == "GUEST_CANCELLED"
    owner.sees(code, since=owner_mark)
    world.eventually(
        lambda: world.stripe.session(code)["intent"]["status"] == "canceled", what="the authorization's end"
    )
