"""Health says what is wrong, and is asked by machines that know nothing else of us."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from bot.app import create_app
from flows import notices
from integrations import clients
from models import db
from tests import factories as make
from tests.bot.conftest import Door, make_settings
from tests.conftest import Scratch
from tests.factories import NOW, MovableClock


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.health.REDIS_SECONDS", 60.0)  # a busy machine's Redis is not away


def test_all_is_well(scratch: Scratch, door: Door) -> None:
    answer = door.get("/api/health")
    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ok", "wrong": [], "oldest_waiting_seconds": None}


def test_a_message_that_waits_too_long_is_told(scratch: Scratch, door: Door, clock: MovableClock) -> None:
    with db.unit_of_work() as unit:
        make.keep(unit, make.inbound_text("+923000000999"), make.status("wamid.1", "sent"))
    answer = door.get("/api/health")
    assert answer.status_code == 200
    assert 0 <= answer.get_json()["oldest_waiting_seconds"] < 30
    clock.move(timedelta(seconds=31))
    answer = door.get("/api/health")
    assert (answer.status_code, answer.get_json()["wrong"]) == (503, ["turns"])
    scratch.run("UPDATE inbound_events SET done_at = :now WHERE kind = 'message'", now=NOW)
    assert door.get("/api/health").status_code == 200


def test_a_whatsapp_that_takes_nothing_is_told_until_it_does(scratch: Scratch, door: Door) -> None:
    with db.unit_of_work() as unit:
        make.person(unit, role="admin")
        notices.sender_stopped(unit, why="the token", code=190, since=NOW, now=NOW)
    answer = door.get("/api/health")
    assert (answer.status_code, answer.get_json()["wrong"]) == (503, ["sending"])
    scratch.run("UPDATE outbound_messages SET state = 'ACCEPTED'")
    assert door.get("/api/health").status_code == 200


def test_what_is_away_is_named(scratch: Scratch, clock: MovableClock, tmp_path: Path) -> None:
    settings = make_settings(redis_url=f"unix://{tmp_path}/nobody")
    door = Door(create_app(settings, clients.build(settings), clock))
    assert door.get("/api/health").get_json()["wrong"] == ["redis"]
    before = db.process()
    nobody = create_engine(f"postgresql+psycopg2://postgres@/sarai?host={tmp_path}")
    db.start(nobody, follow_ups={}, ring=lambda bells: None)
    try:
        answer = door.get("/api/health")
    finally:
        db.start(before.engine, follow_ups=before.follow_ups, ring=before.ring)
    assert answer.status_code == 503
    assert answer.get_json()["wrong"] == ["database", "redis"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 404), ("/api/nothing", 404), ("/photos/../../config.py", 404), ("/photos/%00", 404)],
)
def test_an_address_that_is_none_of_ours_is_answered_in_the_one_shape(
    door: Door, path: str, status: int
) -> None:
    answer = door.get(path)
    assert answer.status_code == status
    error = answer.get_json()
    assert error["success"] is False
    assert error["error"].keys() == {"code", "message", "details", "timestamp"}


def test_a_verb_that_is_none_of_ours_is_answered_in_the_one_shape(door: Door) -> None:
    answer = door.client.delete("/api/health")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_an_error_of_ours_has_an_id_and_no_traceback(
    scratch: Scratch, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks() -> None:
        raise RuntimeError("+923000000101 said something")

    door.app.add_url_rule("/breaks", view_func=breaks)
    answer = door.get("/breaks")
    assert answer.status_code == 500
    assert b"923000000101" not in answer.data
    assert b"Traceback" not in answer.data
    assert len(answer.get_json()["error"]["details"]["id"]) == 12
