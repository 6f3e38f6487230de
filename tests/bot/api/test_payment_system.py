"""The payment system's health tells the truth to everybody, and its figures to those who may read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models import mail, verification
from models.db import unit_of_work
from models.verification import Mode
from tests import factories as make
from tests.bot.api.conftest import Desk
from tests.bot.api.seeds import money_came
from tests.bot.conftest import beats
from tests.conftest import Scratch
from tests.factories import MovableClock


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.health.REDIS_SECONDS", 60.0)
    monkeypatch.setattr("bot.health.DATABASE_SECONDS", 60.0)


def health(desk: Desk) -> Any:
    return desk.get("/api/health/payment-system")


@pytest.fixture
def _all_live(scratch: Scratch) -> None:
    for kind in ("web", "turns.1", "turns.2", "sends", "providers", "slow", "clock"):
        beats(scratch, kind, kind=kind.partition(".")[0])


@pytest.mark.usefixtures("_all_live")
def test_all_is_well(desk: Desk) -> None:
    assert health(desk) == {
        "status": "ok",
        "gmail_integration": {"state": "off", "since": None, "last_successful_poll": None},
        "database": "ok",
        "scheduler": "ok",
        "verification_mode": "manual",
        "wrong": {},
    }


@pytest.mark.usefixtures("_all_live")
def test_the_mode_is_the_one_that_holds_now(desk: Desk) -> None:
    with unit_of_work() as session:
        verification.switch_mode(session, Mode.HYBRID, by=None, now=desk.clock.now())
    assert health(desk)["verification_mode"] == "hybrid"


def test_a_scheduler_that_stands_still_is_told(desk: Desk, scratch: Scratch) -> None:
    beats(scratch, "clock", silent=60)
    found = health(desk)
    assert (found["status"], found["scheduler"]) == ("unwell", "unwell")


@pytest.mark.usefixtures("_all_live")
def test_a_mailbox_that_is_not_read_is_told(desk: Desk, scratch: Scratch, clock: MovableClock) -> None:
    with unit_of_work() as session:
        mail.open_mailbox(session, clock.now())
    scratch.run("UPDATE mailboxes SET state = 'connected'")
    assert health(desk)["gmail_integration"]["state"] == "connected"
    clock.move(timedelta(minutes=16))
    assert "gmail" in health(desk)["wrong"]
    scratch.run("UPDATE mailboxes SET state = 'disconnected', why = 'invalid_grant'")
    found = health(desk)
    assert found["gmail_integration"]["state"] == "disconnected" and found["status"] == "unwell"


def test_a_database_that_is_away_is_told(
    desk: Desk, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.health.DATABASE_SECONDS", 0.2)
    with scratch.engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE processes IN ACCESS EXCLUSIVE MODE")
        found = health(desk)
    assert (found["status"], found["database"], found["scheduler"]) == ("unwell", "unwell", "unknown")


@pytest.mark.usefixtures("_all_live")
def test_money_that_finds_no_booking_is_told(admin: Desk, clock: MovableClock) -> None:
    with unit_of_work() as session:
        booking = make.by_transfer(session, now=clock.now())
        for _ in range(5):
            money_came(session, booking, now=clock.now())
    clock.move(timedelta(minutes=2))
    assert "unmatched" in health(admin)["wrong"]
    figures = admin.get("/api/admin/payment-figures")
    assert (figures["transfers"], figures["unmatched"], figures["unmatched_rate"]) == (5, 5, 1.0)
    assert figures["match_rate"] == 0.0 and figures["processing_seconds"] is None
