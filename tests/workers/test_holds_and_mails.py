"""A hold that ends: mails that came before it are read and matched first, and while none can be read it moves forward."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from models import evidence, mail
from models.booking import Booking
from models.db import unit_of_work
from models.lifecycle import Status
from models.matching import Transfer
from models.money import Money
from tests import factories as make
from tests.conftest import NOW, Scratch
from tests.factories import RULES, MovableClock
from workers.errands import do
from workers.follow_ups import Due, Later
from workers.payments import LOOK_AGAIN, PaymentJobs

SECOND = timedelta(seconds=1)


@pytest.fixture
def booking(scratch: Scratch) -> Booking:
    with unit_of_work() as session:
        return make.by_transfer(session)


@pytest.fixture
def ends(scratch: Scratch, clock: MovableClock, booking: Booking) -> Callable[..., Later | None]:
    """The hold's timer goes off."""

    def run(*, has_mailbox: bool = True) -> Later | None:
        jobs = PaymentJobs({}, rules=RULES, clock=clock, has_mailbox=has_mailbox)
        number = scratch.value(
            "INSERT INTO follow_ups (booking_id, job, queue, cause, due_at) "
            "VALUES (:id, 'expire_hold', 'providers', :cause, :now) RETURNING id",
            id=booking.id,
            cause=make.unique("event:"),
            now=clock.now(),
        )
        outcome = do(jobs.expire_hold, Due(number, "expire_hold", booking.id, "", 0), clock)
        return outcome if isinstance(outcome, Later) else None

    clock.move(RULES.hold + SECOND)
    return run


def status(booking: Booking) -> str:
    with unit_of_work() as session:
        return str(Booking.get(session, booking.id).status)


def connected(clock: MovableClock) -> None:
    """The mailbox was looked at when the booking began."""
    with unit_of_work() as session:
        mail.open_mailbox(session, NOW)
    look(clock)


def look(clock: MovableClock) -> None:
    with unit_of_work() as session:
        claimed = mail.claim(session, clock.now())
        assert claimed is not None
        mail.finish(
            session, claimed, read_until=claimed.began_at, again_at=clock.now() + timedelta(minutes=2)
        )


def test_a_hold_waits_for_a_look_that_begins_after_its_end(
    clock: MovableClock, booking: Booking, ends: Callable[..., Later | None]
) -> None:
    clock.move(-RULES.hold)
    connected(clock)
    clock.move(RULES.hold)
    for _ in range(2):
        later = ends()
        assert later is not None
        assert later.at - clock.now() <= LOOK_AGAIN
    look(clock)  # it was wanted, and is therefore due at once
    assert status(booking) == Status.PAYMENT_PENDING
    assert ends() is None
    assert status(booking) == Status.EXPIRED
    assert ends() is None


def test_a_hold_does_not_wait_for_ever_for_somebody_who_looks(
    clock: MovableClock, booking: Booking, ends: Callable[..., Later | None]
) -> None:
    clock.move(-RULES.hold)
    connected(clock)
    clock.move(RULES.hold)
    assert ends() is not None
    clock.move(RULES.longest_hold)  # and still nobody has looked
    assert ends() is None
    assert status(booking) == Status.EXPIRED


def test_a_hold_waits_for_the_matcher(
    clock: MovableClock, booking: Booking, ends: Callable[..., Later | None], scratch: Scratch
) -> None:
    connected(clock)
    with unit_of_work() as session:
        evidence.keep_transfer(
            session,
            source=evidence.GMAIL,
            transfer=Transfer("nayapay", Money(1, "PKR"), "T1"),
            trusted=True,
            known_form=True,
            now=clock.now(),
        )
    assert ends() is not None
    scratch.run("UPDATE payment_evidence SET match_at = NULL")
    assert ends() is None
    assert status(booking) == Status.EXPIRED


def test_a_hold_waits_for_a_mail_that_is_kept_and_not_read(
    clock: MovableClock, booking: Booking, ends: Callable[..., Later | None], scratch: Scratch
) -> None:
    connected(clock)
    with unit_of_work() as session:
        mail.keep(session, "g1", b"a mail", received_at=clock.now(), now=clock.now())
    assert ends() is not None
    scratch.run("UPDATE mails SET read_at = kept_at")
    assert ends() is None


def test_while_gmail_fails_the_hold_moves_forward_and_ends_in_the_end(
    clock: MovableClock, booking: Booking, ends: Callable[..., Later | None], scratch: Scratch
) -> None:
    clock.move(-RULES.hold)
    connected(clock)
    clock.move(RULES.hold)
    scratch.run("UPDATE mailboxes SET failures = 3, why = 'status_503'")
    later = ends()
    assert later is not None
    assert later.at - clock.now() > RULES.hold_step - SECOND
    assert status(booking) == Status.PAYMENT_PENDING
    assert scratch.value("SELECT hold_until FROM bookings") == later.at
    clock.move(RULES.longest_hold)
    for _ in range(2):
        assert ends() is None
        assert status(booking) == Status.EXPIRED
    assert scratch.value("SELECT state FROM payments") == "expired"
    assert scratch.rows("SELECT 1 FROM follow_ups WHERE job = 'settle_payment'") == []


@pytest.mark.parametrize("how", ["without", "never", "disconnected"])
def test_a_mailbox_that_nobody_lets_us_into_is_not_waited_for(
    clock: MovableClock, booking: Booking, ends: Callable[..., Later | None], scratch: Scratch, how: str
) -> None:
    if how == "disconnected":
        connected(clock)
        scratch.run("UPDATE mailboxes SET state = 'disconnected', why = 'invalid_grant', read_until = NULL")
    elif how == "without":
        connected(clock)
        scratch.run("UPDATE mailboxes SET read_until = NULL")
    assert ends(has_mailbox=how != "without") is None
    assert status(booking) == Status.EXPIRED
