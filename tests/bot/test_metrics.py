"""/metrics tells of all processes, whichever is asked, in the form that Prometheus reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.app import create_app
from integrations import clients
from models import db, mail, process
from tests import factories as make
from tests.bot.api.seeds import money_came
from tests.bot.conftest import Door, beats, make_settings
from tests.conftest import Scratch
from tests.factories import RULES, MovableClock

TOKEN = "a-token-of-the-tests"


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.health.REDIS_SECONDS", 60.0)
    monkeypatch.setattr("bot.health.DATABASE_SECONDS", 60.0)


def read(door: Door) -> dict[tuple[Any, ...], float]:
    """Every figure by its name and its labels' values, process and machine first."""
    answer = door.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.content_type.startswith("text/plain")
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels, key=_place))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def _place(label: str) -> tuple[bool, bool, str]:
    return label != "process", label != "machine", label


def test_counts_of_all_processes_are_told(scratch: Scratch, door: Door) -> None:
    beats(scratch, "turns.1", kind="turns", turns=[["done", 7], ["failed", 1]])
    beats(scratch, "turns.2", kind="turns", turns=[["done", 5]], turn_seconds=[[1.5]])
    beats(scratch, "sends", silent=60, message_tries=[["booking_request", "accepted", 3]])
    figures = read(door)
    assert figures["sarai_turns_total", "turns.1", "box", "done"] == 7
    assert figures["sarai_turns_total", "turns.1", "box", "failed"] == 1
    assert figures["sarai_turns_total", "turns.2", "box", "done"] == 5
    assert figures["sarai_turn_seconds_total", "turns.2", "box"] == 1.5
    assert figures["sarai_message_tries_total", "sends", "box", "booking_request", "accepted"] == 3
    assert figures["sarai_process_up", "turns.1", "box"] == 1
    assert figures["sarai_process_up", "sends", "box"] == 0
    assert figures["sarai_process_silent_seconds", "sends", "box"] >= 60
    assert figures["sarai_wrong", "processes"] == 1


def test_counts_of_another_release_do_not_disturb(scratch: Scratch, door: Door) -> None:
    beats(scratch, "turns.1", kind="turns", turns=[["done", "of a label we do not know", 7]], gone=[[1]])
    assert not [key for key in read(door) if key[0] in ("sarai_turns_total", "sarai_gone_total")]


def test_what_waits_is_told(scratch: Scratch, door: Door, clock: MovableClock) -> None:
    with db.unit_of_work() as unit:
        make.keep(unit, make.inbound_text("+923000000999"), make.status("wamid.1", "sent"))
        make.held(unit)
        make.paid(unit)
    clock.move(RULES.hold + timedelta(minutes=5))
    figures = read(door)
    assert figures["sarai_inbox_open", "message"] == 1
    assert figures["sarai_inbox_oldest_seconds", "message"] >= 20 * 60
    queued = scratch.value("SELECT count(*) FROM outbound_messages WHERE state = 'QUEUED'")
    assert figures.get(("sarai_outbox_open", "QUEUED"), 0) == queued
    late = scratch.rows(
        "SELECT queue, count(*) FILTER (WHERE due_at < :late) FROM follow_ups GROUP BY queue",
        late=clock.now() - timedelta(seconds=30),
    )
    assert late and all(figures["sarai_follow_ups_late", queue] == number for queue, number in late)
    assert figures["sarai_bookings", "PAYMENT_PENDING"] == 1
    assert figures["sarai_bookings", "PAYMENT_SUCCESS"] == 1


def test_how_payments_verify_themselves_is_told(scratch: Scratch, door: Door, clock: MovableClock) -> None:
    with db.unit_of_work() as unit:
        money_came(unit, make.by_transfer(unit, now=clock.now()), now=clock.now())
        make.in_review(unit, now=clock.now())
        mail.open_mailbox(unit, clock.now())
    scratch.run("UPDATE mailboxes SET state = 'connected', looked_at = :at", at=clock.now())
    clock.move(timedelta(minutes=2))
    figures = read(door)
    assert figures["sarai_payments_waiting", "unmatched"] == figures["sarai_payments_waiting", "review"] == 1
    assert figures["sarai_payments_told", "unmatched"] == figures["sarai_payment_unmatched_rate",] == 1
    assert figures["sarai_payment_match_rate",] == figures["sarai_payment_expiry_rate",] == 0
    assert ("sarai_payment_processing_seconds",) not in figures
    assert figures["sarai_gmail_connected",] == 1
    polled = figures["sarai_gmail_last_successful_poll_seconds",]
    assert polled == pytest.approx(clock.now().timestamp() - 120, abs=60)


def test_what_the_door_answers_is_counted(scratch: Scratch, door: Door) -> None:
    import tally

    def counted() -> dict[tuple[str, str], float]:
        return {(address, status): total for address, status, total in tally.REQUESTS.so_far()}

    before = counted()
    door.post({"object": "whatsapp_business_account", "entry": []})
    door.post(b"{}", headers={})
    door.get("/api/health")
    door.get("/photos/one.jpg")
    door.get("/a/stranger's/address/+923000000101")
    after = counted()
    grown = {key for key in after if after[key] != before.get(key, 0)}
    health = door.get("/api/health").status_code
    assert grown == {
        ("/api/whatsapp/webhook", "200"),
        ("/api/whatsapp/webhook", "401"),
        ("/api/health", str(health)),
        ("/photos/<path:name>", "404"),
        ("other", "404"),
    }


def test_a_database_that_is_away_is_told_and_no_error(
    scratch: Scratch, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.health.DATABASE_SECONDS", 0.2)
    with scratch.engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE processes IN ACCESS EXCLUSIVE MODE")
        assert read(door)["sarai_wrong", "database"] == 1


@pytest.mark.parametrize(
    ("token", "shown", "status"),
    [
        ("", None, 404),
        (TOKEN, None, 401),
        (TOKEN, "Bearer wrong", 401),
        (TOKEN, "Bearer \u00e9", 401),
        (TOKEN, f"Bearer {TOKEN}", 200),
    ],
)
def test_in_production_a_token_is_asked_for(
    scratch: Scratch, redis_url: str, clock: MovableClock, token: str, shown: str | None, status: int
) -> None:
    settings = make_settings(redis_url=redis_url, metrics_token=token)
    settings.environment = "production"
    door = Door(create_app(settings, clients.build(settings), clock))
    answer = door.client.get("/metrics", headers={"Authorization": shown} if shown else {})
    assert answer.status_code == status


def test_every_kind_of_process_may_beat(scratch: Scratch) -> None:
    for kind in process.KINDS:
        beats(scratch, kind)
    assert {each.kind for each in _look(scratch)} == set(process.KINDS)


def _look(scratch: Scratch) -> list[process.Process]:
    with scratch.engine.connect() as connection:
        return process.look(connection)
