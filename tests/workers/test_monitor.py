"""The admins hear once a day of payments that do not go as they should; what nobody needs is forgotten."""

from __future__ import annotations

from datetime import timedelta

from models import account, idempotency, limits
from models.account import Account, Role, SignIn
from models.db import unit_of_work
from tests import factories as make
from tests.bot.api.seeds import money_came
from tests.conftest import Scratch
from tests.factories import MovableClock
from workers.monitor import forget_old, watch_payments


def test_the_admins_hear_of_money_that_finds_no_booking_once_a_day(
    scratch: Scratch, clock: MovableClock
) -> None:
    with unit_of_work() as session:
        make.person(session, role="admin", now=clock.now())
        booking = make.by_transfer(session, now=clock.now())
        for _ in range(5):
            money_came(session, booking, now=clock.now())
    clock.move(timedelta(minutes=2))
    for _ in range(2):
        watch_payments(clock)
    said = scratch.rows("SELECT message ->> 'body' FROM outbound_messages WHERE kind = 'payments_unwell'")
    assert len(said) == 1


def test_what_nobody_needs_is_forgotten(scratch: Scratch, clock: MovableClock) -> None:
    now = clock.now()
    with unit_of_work() as session:
        made = Account.create(
            session, login="a", name="A", role=Role.ADMIN, grants=(), password_hash="", phone=None, now=now
        )
        account.begin_try(session, "a", now=now)
        idempotency.begin(session, made.id, "key", "asked", now)
        SignIn.begin(session, made.id, origin="", agent="", now=now)
    limits.count_call("from:203.0.113.7", most=10, now=now)

    def left() -> list[int]:
        tables = ("sign_in_tries", "idempotency_keys", "sign_ins", "call_counts")
        return [scratch.value(f"SELECT count(*) FROM {table}") for table in tables]

    forget_old(clock)
    assert left() == [1, 1, 1, 1]
    clock.move(timedelta(hours=25))
    forget_old(clock)
    assert left() == [0, 0, 1, 0]
    clock.move(timedelta(days=70))
    forget_old(clock)
    assert left() == [0, 0, 0, 0]
