"""Health says what is wrong, and is asked by machines that know nothing else of us."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from bot.app import create_app
from flows import notices
from integrations import clients
from models import db, process
from tests import factories as make
from tests.bot.conftest import Door, beats, make_settings
from tests.conftest import Scratch
from tests.factories import NOW, RULES, MovableClock

NOT_SOON = -600  # who was heard of so long after now is missed in no test, however slow the machine


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.health.REDIS_SECONDS", 60.0)  # a busy machine's stores are not away
    monkeypatch.setattr("bot.health.DATABASE_SECONDS", 60.0)


@pytest.fixture(autouse=True)
def _everybody_lives(scratch: Scratch) -> None:
    for kind in process.KINDS:
        beats(scratch, kind, silent=NOT_SOON)


def test_all_is_well(scratch: Scratch, door: Door) -> None:
    answer = door.get("/api/health")
    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ok", "wrong": [], "details": {}, "oldest_waiting_seconds": None}


@pytest.mark.parametrize("kind", process.KINDS)
def test_a_process_that_fell_silent_is_missed_until_it_is_heard_of(
    scratch: Scratch, door: Door, kind: str
) -> None:
    beats(scratch, kind, silent=process.SILENT_SECONDS + 1)
    answer = door.get("/api/health")
    assert (answer.status_code, answer.get_json()["wrong"]) == (503, ["processes"])
    assert re.fullmatch(
        rf"{kind} has not been heard of for \d+ s\.", answer.get_json()["details"]["processes"]
    )
    beats(scratch, kind, silent=NOT_SOON)
    assert door.get("/api/health").status_code == 200


def test_a_kind_of_which_there_is_nobody_is_missed(scratch: Scratch, door: Door) -> None:
    scratch.run("DELETE FROM processes WHERE kind = 'slow'")
    assert door.get("/api/health").get_json()["details"] == {
        "processes": "No slow process has been heard of."
    }


def test_work_that_nobody_does_is_told(scratch: Scratch, door: Door, clock: MovableClock) -> None:
    with db.unit_of_work() as unit:
        make.held(unit)
    scratch.run("UPDATE follow_ups SET done_at = now() WHERE job <> 'expire_hold'")
    clock.move(RULES.hold + timedelta(seconds=60))
    assert door.get("/api/health").status_code == 200
    clock.move(timedelta(seconds=70))
    answer = door.get("/api/health").get_json()
    assert answer["wrong"] == ["errands"]
    assert re.fullmatch(r"Work on a booking has been due for 1[3-9]\d s\.", answer["details"]["errands"])


def test_a_database_that_hangs_is_told_in_time(
    scratch: Scratch, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.health.DATABASE_SECONDS", 0.2)
    with scratch.engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE processes IN ACCESS EXCLUSIVE MODE")
        for _ in range(2):  # the second one does not begin a look of its own
            assert door.get("/api/health").get_json()["wrong"] == ["database"]
        assert scratch.waiting_for_locks() == 1
    monkeypatch.setattr("bot.health.DATABASE_SECONDS", 60.0)
    assert door.get("/api/health").status_code == 200


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
