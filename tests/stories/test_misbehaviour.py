"""One stay, from “hi” to its ticket, with WhatsApp or Stripe misbehaving all the way.

Whatever the switch, the guest ends with one ticket, the owner was asked once, and Stripe was charged once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from sandbox.driver import PATIENCE, Bubble, NotSeen, Person, World

TICKET = "Booking Confirmed|E-Ticket"


@pytest.fixture(autouse=True)
def _rested(world: World) -> None:
    """Nobody may be written to more than 45 times at once; five minutes later they may be again."""
    world.clock.passes(minutes=5)


@pytest.mark.parametrize(
    "switches",
    [
        {"duplicate": 3},
        {"reorder": True},
        {"batch": 8},
        {"rewrap": True},
        {"delay": 1.0},
        {"drop": 0.4},
        {"hold_statuses": True},
        {"late_refusals": True},
        {"forge": True},
        {"duplicate": 2, "reorder": True, "batch": 4, "rewrap": True, "drop": 0.2, "delay": 0.3},
    ],
    ids=lambda switches: "+".join(switches),
)
def test_a_stay_under_whatsapps_webhooks(
    switches: dict[str, Any],
    guest: Any,
    owner: Person,
    world: World,
    day: date,
    booking_of: Any,
    engine: Engine,
) -> None:
    world.whatsapp.webhooks(**switches)
    _books_pays_and_is_confirmed(guest, owner, world, day, booking_of)
    world.behaves()
    _once_and_only_once(guest, world, booking_of, engine)


@pytest.mark.parametrize(
    ("greeting", "link", "request_"),
    [
        ("131000", "131016", "130429"),
        ("131056", "502", "garbage"),
        ("reset", "lost_answer", "slow"),
        ("lost_answer", "slow", "reset"),
    ],
)
def test_a_stay_under_whatsapps_answers(
    greeting: str,
    link: str,
    request_: str,
    guest: Any,
    owner: Person,
    world: World,
    day: date,
    booking_of: Any,
    engine: Engine,
) -> None:
    """The first answer to the guest, the link to pay and the request to the owner each meet a fault."""
    world.whatsapp.fault(greeting, to=guest.person, seconds=2)
    guest.says("hi")
    _in_time(world, lambda within: guest.sees("Book|menu", within=within))
    summary = guest.goes_to_the_summary("Sea View", day)
    world.whatsapp.fault(link, to=guest.person, seconds=2)
    guest.taps("Pay by card", in_message=summary)
    _in_time(world, lambda within: guest.sees(kind="cta_url", within=within))
    world.whatsapp.fault(request_, to=owner, seconds=2)
    guest.pays()
    code = booking_of(guest).code
    request = _in_time(world, lambda within: owner.sees(code, within=within))
    owner.taps(_yes(request), in_message=request)
    guest.sees(TICKET, kind="document")
    _once_and_only_once(guest, world, booking_of, engine)


def _in_time(world: World, look: Callable[[float], Bubble]) -> Bubble:
    """What comes by itself, or after the half minute in which the product waits for a tick."""
    for _ in range(6):
        try:
            return look(3.0)
        except NotSeen:
            world.clock.passes(seconds=31)
    return look(PATIENCE)


def test_a_ticket_whose_file_whatsapp_does_not_take_comes_as_a_link(
    guest: Any, owner: Person, world: World, day: date, booking_of: Any
) -> None:
    guest.books("Sea View", day)
    guest.pays()
    world.whatsapp.fault(131053, on="media", always=True)
    owner.taps(_yes(owner.sees(booking_of(guest).code)))
    ticket = guest.sees(TICKET)
    assert "/eticket/" in str(ticket.link)
    assert booking_of(guest).status == "TICKET_GENERATED"


def test_a_window_that_is_closed_after_all_is_answered_with_a_template(
    guest: Any, owner: Person, world: World, day: date, booking_of: Any, engine: Engine
) -> None:
    """Meta says so only later, by webhook, although the owner wrote a minute ago."""
    guest.books("Sea View", day)
    world.whatsapp.fault(131047, to=owner, asynchronous=True)
    guest.pays()
    request = owner.sees(booking_of(guest).code, kind="template")
    owner.taps(_yes(request), in_message=request)
    guest.sees(TICKET, kind="document")
    _once_and_only_once(guest, world, booking_of, engine)


def test_a_tap_that_does_not_say_where_it_stood_is_understood(
    guest: Any, world: World, day: date, booking_of: Any, engine: Engine
) -> None:
    """The owner has not written for days: the request is a template, and its tap comes bare."""
    world.whatsapp.webhooks(bare_template_taps=True)
    world.clock.passes(hours=49)
    mark = world.owner.mark
    guest.books("Sea View", day + timedelta(days=3))
    guest.pays()
    request = world.owner.sees(booking_of(guest).code, kind="template", since=mark)
    world.owner.taps(_yes(request), in_message=request)
    guest.sees(TICKET, kind="document")
    _once_and_only_once(guest, world, booking_of, engine)


def test_what_was_said_during_a_pause_is_answered_after_it(
    guest: Any, owner: Person, world: World, day: date, booking_of: Any, engine: Engine
) -> None:
    summary = guest.goes_to_the_summary("Sea View", day)
    world.whatsapp.webhooks(paused=True)
    guest.taps("Pay by card", in_message=summary)
    guest.taps("Pay by card", in_message=summary)
    world.behaves()
    guest.sees(kind="cta_url")
    guest.pays()
    _is_confirmed(guest, owner, booking_of)
    _once_and_only_once(guest, world, booking_of, engine)


@pytest.mark.parametrize(
    "switches",
    [{"duplicate": 3}, {"reorder": True}, {"delay": 2.0}, {"drop": 0.5}, {"forge": True}],
    ids=lambda switches: "+".join(switches),
)
def test_a_stay_under_stripes_webhooks(
    switches: dict[str, Any],
    guest: Any,
    owner: Person,
    world: World,
    day: date,
    booking_of: Any,
    engine: Engine,
) -> None:
    world.stripe.webhooks(**switches)
    _books_pays_and_is_confirmed(guest, owner, world, day, booking_of)
    world.behaves()
    _once_and_only_once(guest, world, booking_of, engine)


def test_a_stay_whose_payment_is_told_late(
    guest: Any, owner: Person, world: World, day: date, booking_of: Any, engine: Engine
) -> None:
    world.stripe.holds_webhooks()
    link = guest.books("Sea View", day)
    world.stripe.pays(link)
    guest.sees_nothing(like="payment is successful", since=link)
    world.stripe.releases_webhooks()
    guest.sees("payment", since=link)
    _is_confirmed(guest, owner, booking_of)
    _once_and_only_once(guest, world, booking_of, engine)


@pytest.mark.parametrize(
    ("page", "capture"),
    [("503", "500"), ("429", "409"), ("reset", "lost_answer"), ("lost_answer", "slow")],
)
def test_a_stay_under_stripes_answers(
    page: str,
    capture: str,
    guest: Any,
    owner: Person,
    world: World,
    day: date,
    booking_of: Any,
    engine: Engine,
) -> None:
    """The page to pay and the capture each meet a fault, and neither is made twice."""
    world.stripe.fault(page, path="checkout", seconds=2)
    guest.books("Sea View", day)
    guest.pays()
    world.stripe.fault(capture, path="/capture", seconds=2)
    _is_confirmed(guest, owner, booking_of)
    _once_and_only_once(guest, world, booking_of, engine)


def test_a_refused_capture_is_paid_anew_and_confirmed_without_asking_again(
    guest: Any, owner: Person, world: World, day: date, booking_of: Any
) -> None:
    guest.books("Sea View", day)
    guest.pays()
    world.stripe.fault("expired_capture")
    mark = guest.mark
    request = owner.sees(booking_of(guest).code)
    owner.taps(_yes(request), in_message=request)
    link = guest.sees(kind="cta_url", since=mark)
    world.stripe.pays(link)
    guest.sees(TICKET, kind="document", since=mark)
    assert booking_of(guest).status == "TICKET_GENERATED"


def _books_pays_and_is_confirmed(guest: Any, owner: Person, world: World, day: date, booking_of: Any) -> None:
    guest.books("Sea View", day)
    guest.pays()
    _is_confirmed(guest, owner, booking_of)


def _is_confirmed(guest: Any, owner: Person, booking_of: Any) -> None:
    request = owner.sees(booking_of(guest).code)
    owner.taps(_yes(request), in_message=request)
    guest.sees(TICKET, kind="document")
    assert booking_of(guest).status == "TICKET_GENERATED"


def _yes(request: Bubble) -> str:
    return next(title for title in request.options if "Confirm" in title)


def _once_and_only_once(guest: Any, world: World, booking_of: Any, engine: Engine) -> None:
    """One ticket, one decision, one captured payment, whatever came twice."""
    world.settles()
    tickets = [each for each in guest.business_messages() if each.kind == "document"]
    assert len(tickets) == 1, guest.screen()
    booking = booking_of(guest)
    captured = [
        each for each in world.stripe.sessions(booking.code) if (each["charge"] or {}).get("captured")
    ]
    assert len(captured) == 1
    with engine.connect() as connection:
        actions = connection.execute(
            text("SELECT action, count(*) FROM booking_events WHERE booking_id = :id GROUP BY action"),
            {"id": booking.id},
        ).all()
    counts = {str(action): count for action, count in actions}
    for action in ("REQUEST_PAYMENT", "RECORD_PAYMENT", "DECIDE", "CONFIRM", "ISSUE_TICKET"):
        assert counts[action] == 1, (action, counts)
    # An owner may say yes before WhatsApp has said that the request is sent.
    assert counts.get("SEND_REQUEST", 0) <= 1, counts
