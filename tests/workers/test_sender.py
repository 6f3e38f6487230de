"""The sender against a WhatsApp on real sockets: slow, broken, refusing, and well."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import redis

from integrations.whatsapp import WhatsApp
from models import db, inbound, outbox
from models import person as people
from models.message import Typing
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, MovableClock
from tests.workers.graph import Graph
from workers import outbox as sending
from workers.outbox import Sender
from workers.rate import RateLimit

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph().running() as graph:
        yield graph


@pytest.fixture
def sender(graph: Graph, clock: MovableClock, redis_url: str, memory: redis.Redis) -> Iterator[Sender]:
    yield from _sender(graph.url, clock, redis_url)


@pytest.fixture
def impatient(graph: Graph, clock: MovableClock, redis_url: str, memory: redis.Redis) -> Iterator[Sender]:
    """One that soon gives up: for what never answers; on a busy machine it may give up on what does."""
    yield from _sender(graph.url, clock, redis_url, patience=0.3)


def _sender(
    url: str, clock: MovableClock, redis_url: str, *, per_second: int = 500, patience: float = 60.0
) -> Iterator[Sender]:
    whatsapp = WhatsApp(
        api_url=url,
        access_token="token",
        phone_number_id="200000000000001",
        api_version="v26.0",
        connect_timeout=60,
        answer_timeout=patience,
    )
    rate = RateLimit(redis_url, number="200000000000001", per_second=per_second)
    yield Sender(whatsapp, clock=clock, rate=rate, in_flight=8)
    whatsapp.close()


def test_each_person_gets_their_messages_once_and_in_order(
    scratch: Scratch, graph: Graph, sender: Sender
) -> None:
    people = [_person() for _ in range(10)]
    for n in range(5):
        with db.unit_of_work() as unit:
            for _, someone in people:
                make.say(unit, someone, str(n))
    with _working(sender):
        make.wait_for(lambda: _states(scratch) == {"ACCEPTED": 50})
    for phone, _ in people:
        assert graph.words_to(phone) == list("01234")
    rows = scratch.rows("SELECT wamid FROM outbound_messages")
    assert len({row.wamid for row in rows}) == 50
    assert scratch.value("SELECT count(*) FROM outbound_attempts WHERE outcome = 'ACCEPTED'") == 50


def test_every_message_carries_our_mark_for_the_statuses(
    scratch: Scratch, graph: Graph, sender: Sender
) -> None:
    _, someone = _person()
    _say(someone, "a")
    _work_off(sender)
    message_id = scratch.value("SELECT id FROM outbound_messages")
    assert graph.bodies[0]["biz_opaque_callback_data"] == f"m:{message_id}"


def test_a_slow_answer_stops_no_neighbour(scratch: Scratch, graph: Graph, sender: Sender) -> None:
    slow, slow_id = _person()
    others = [_person() for _ in range(30)]
    graph.will[slow] = ["hang"]
    _say(slow_id, "slow", "behind it")
    for _, someone in others:
        _say(someone, "quick")
    with _working(sender):
        make.wait_for(lambda: _states(scratch).get("ACCEPTED") == 30)
        assert graph.words_to(slow) == ["slow"]
        graph.release.set()


@pytest.mark.parametrize("how", ["hang", "reset"])
def test_a_lost_answer_waits_for_a_status_and_is_then_sent_once_more(
    scratch: Scratch, graph: Graph, sender: Sender, impatient: Sender, clock: MovableClock, how: str
) -> None:
    phone, someone = _person()
    graph.will[phone] = [how]
    _say(someone, "a", "b")
    _work_off(impatient)
    assert _states(scratch) == {"UNKNOWN": 1, "QUEUED": 1}
    assert scratch.value("SELECT outcome FROM outbound_attempts") == "UNKNOWN"
    clock.move(31 * SECOND)
    with db.unit_of_work() as unit:
        outbox.recover_lost(unit, clock.now())
    _work_off(sender)
    assert graph.words_to(phone) == ["a", "a", "b"]
    assert _states(scratch) == {"ACCEPTED": 2}


def test_a_status_of_the_lost_answer_spares_the_second_sending(
    scratch: Scratch, graph: Graph, sender: Sender, clock: MovableClock
) -> None:
    phone, someone = _person()
    graph.will[phone] = ["reset"]
    _say(someone, "a", "b")
    _work_off(sender)
    _hears(
        make.status("wamid.1", "sent", biz_opaque_callback_data=graph.bodies[0]["biz_opaque_callback_data"])
    )
    _rest(sender)
    _work_off(sender)
    assert graph.words_to(phone) == ["a", "b"]
    assert _states(scratch) == {"ACCEPTED": 2}


def test_a_connection_that_is_refused_sent_nothing_and_is_tried_again_soon(
    scratch: Scratch, clock: MovableClock, redis_url: str, memory: redis.Redis
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}"
    _, someone = _person()
    _say(someone, "a")
    for sender in _sender(nobody, clock, redis_url):
        _work_off(sender)
    attempt = scratch.row("SELECT * FROM outbound_attempts")
    assert attempt.outcome == "NOT_SENT"
    message = scratch.row("SELECT * FROM outbound_messages")
    assert message.state == "QUEUED"
    assert 3 * SECOND < message.due_at - clock.now() <= 5 * SECOND


def test_a_person_who_waits_keeps_nobody_else_waiting(scratch: Scratch, graph: Graph, sender: Sender) -> None:
    (phone, someone), (other, neighbour) = _person(), _person()
    graph.will[phone] = [131056]
    _say(someone, "a", "b")
    _say(neighbour, "A", "B")
    _work_off(sender)
    assert graph.words_to(phone) == ["a"]
    assert graph.words_to(other) == ["A", "B"]


@pytest.mark.parametrize("told", ["at once", "later"])
def test_a_closed_window_is_answered_with_the_template_once(
    scratch: Scratch, graph: Graph, sender: Sender, told: str
) -> None:
    phone, someone = _person()
    if told == "at once":
        graph.will[phone] = [131047]
    with db.unit_of_work() as unit:
        make.say(unit, someone, "a", template=True)
    _work_off(sender)
    if told == "later":
        wamid = scratch.value("SELECT wamid FROM outbound_messages")
        _hears(make.failed(wamid, 131047))
        _rest(sender)
        _work_off(sender)
    assert graph.words_to(phone) == ["a", "template"]
    assert graph.bodies[1]["template"]["name"] == "booking_update"
    assert _states(scratch) == {"ACCEPTED": 1}


def test_who_has_not_written_for_a_day_gets_a_template_even_for_an_answer(
    scratch: Scratch, graph: Graph, sender: Sender
) -> None:
    phone, someone = _person(heard_at=NOW - 25 * HOUR)
    _say(someone, "a")
    _work_off(sender)
    assert graph.words_to(phone) == ["template"]


def test_a_token_that_is_refused_stops_the_sender_which_asks_now_and_then(
    scratch: Scratch,
    graph: Graph,
    sender: Sender,
    clock: MovableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "PAUSES", dict.fromkeys(sending.PAUSES, 0.1))
    graph.code = 190
    for _ in range(40):
        _say(_person()[1], "a")
    began = time.monotonic()
    with _working(sender):
        make.wait_for(lambda: len(graph.taken) >= 8)
        first = len(graph.taken)
        make.wait_for(lambda: len(graph.taken) >= first + 3)
        # Those that were under way when the first answer came, and then one after each pause.
        assert len(graph.taken) <= 8 + (time.monotonic() - began) / 0.1
        assert _states(scratch).keys() <= {"QUEUED", "SENDING"}
        graph.code = None
        make.wait_for(lambda: _states(scratch).get("ACCEPTED", 0) >= 40 - len(graph.taken) + first)
        clock.move(10 * MINUTE - 5 * SECOND)
        sender.wake()
        make.wait_for(lambda: _states(scratch) == {"ACCEPTED": 40})


def test_while_it_is_stopped_one_message_at_a_time_asks(
    scratch: Scratch, graph: Graph, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PAUSES", dict.fromkeys(sending.PAUSES, 0.0))
    graph.code = 190
    _say(_person()[1], "a")
    _work_off(sender)  # it is stopped by this one
    hanging = [_person() for _ in range(5)]
    for phone, someone in hanging:
        graph.will[phone] = ["hang"]
        _say(someone, "a")
    graph.code = None
    with _working(sender):
        make.wait_for(lambda: len(graph.taken) == 2)
        sender.wake()
        make.wait_for(lambda: scratch.value("SELECT count(*) FROM outbound_attempts") == 2)
        assert len(graph.taken) == 2
        graph.release.set()


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": 10**12, "message": "no"}},
        {"error": {"code": 131009, "message": "one\0two \ud800"}},
        {"error": {"code": "131009", "message": None}},
        {"messages": []},
        {"messages": [{"id": "wamid\0"}]},
        {"messages": [{"id": None}]},
        {"messages": [{"id": "wamid." + "".join(hashlib.sha256(b"%d" % n).hexdigest() for n in range(200))}]},
        "soon",
        {},
    ],
)
def test_an_odd_answer_stops_nobody(scratch: Scratch, graph: Graph, sender: Sender, answer: Any) -> None:
    (phone, someone), (other, neighbour) = _person(), _person()
    graph.will[phone] = [answer]
    _say(someone, "a")
    _work_off(sender)
    _say(neighbour, "b")
    _work_off(sender)
    assert graph.words_to(other) == ["b"]
    assert "SENDING" not in _states(scratch)


def test_a_message_that_cannot_be_made_ends_and_is_told(
    scratch: Scratch, graph: Graph, sender: Sender
) -> None:
    with db.unit_of_work() as unit:
        booking = make.held(unit)
        make.say(unit, booking.person_id, "a", booking_id=booking.id)
        make.say(unit, booking.person_id, "b")
    scratch.run('UPDATE outbound_messages SET message = \'{"kind": "song"}\' WHERE seq = 1')
    _work_off(sender)
    rows = scratch.rows("SELECT state FROM outbound_messages ORDER BY seq")
    assert [row.state for row in rows] == ["FAILED", "ACCEPTED"]
    assert scratch.value("SELECT count(*) FROM follow_ups WHERE job = 'tell_message_failed'") == 1


def test_whom_nobody_can_address_is_given_up(scratch: Scratch, graph: Graph, sender: Sender) -> None:
    _, someone = _person()
    _say(someone, "a")
    scratch.run("DELETE FROM person_identifiers")
    _work_off(sender)
    assert _states(scratch) == {"FAILED": 1}
    assert graph.taken == []


def test_without_a_phone_the_user_id_is_written_to(scratch: Scratch, graph: Graph, sender: Sender) -> None:
    user_id = make.user_id()
    with db.unit_of_work() as unit:
        someone = people.find_or_create(unit, phone=None, user_id=user_id, name=None, now=NOW)
        make.say(unit, someone, make.Text("a"))
        unit.execute(make.text("UPDATE conversations SET last_inbound_at = :now"), {"now": NOW})
    _work_off(sender)
    assert graph.words_to(user_id) == ["a"]


def test_a_typing_indicator_is_shown_before_the_answer(
    scratch: Scratch, graph: Graph, sender: Sender
) -> None:
    phone, someone = _person()
    with db.unit_of_work() as unit:
        make.say(unit, someone, Typing("wamid.in"), kind="typing")
        make.say(unit, someone, "a")
    _work_off(sender)
    assert graph.taken == [("typing", "typing"), (phone, "a")]
    assert graph.bodies[0]["message_id"] == "wamid.in"


@pytest.mark.usefixtures("patient_redis")
def test_the_rate_is_kept(
    scratch: Scratch, graph: Graph, clock: MovableClock, redis_url: str, memory: redis.Redis
) -> None:
    for _ in range(40):
        _say(_person()[1], "a")
    for sender in _sender(graph.url, clock, redis_url, per_second=10):
        began = time.monotonic()
        with _working(sender):
            make.wait_for(lambda: len(graph.taken) >= 13)
    assert len(graph.taken) <= 10 + 10 * (time.monotonic() - began) + 1


def test_a_failed_status_is_taken_when_it_rings_and_good_news_with_it(
    scratch: Scratch, graph: Graph, sender: Sender
) -> None:
    _, someone = _person()
    _say(someone, "a", "b")
    _work_off(sender)
    rows = scratch.rows("SELECT wamid FROM outbound_messages ORDER BY seq")
    _hears(make.status(rows[0].wamid, "read"), make.failed(rows[1].wamid, 131026))
    _rest(sender)
    _work_off(sender)
    found = scratch.rows("SELECT state, read_at FROM outbound_messages ORDER BY seq")
    assert [tuple(row) for row in found] == [("ACCEPTED", NOW), ("FAILED", None)]


# ---- helpers ---------------------------------------------------------------------------------------


def _person(**what: Any) -> tuple[str, int]:
    with db.unit_of_work() as unit:
        someone = make.person(unit, **what)
        phone = people.phone_of(unit, someone)
    assert phone is not None
    return phone, someone


def _say(person_id: int, *words: str) -> None:
    with db.unit_of_work() as unit:
        for each in words:
            make.say(unit, person_id, each)


def _hears(*items: inbound.Incoming) -> None:
    with db.unit_of_work() as unit:
        inbound.keep(unit, items, NOW)


def _work_off(sender: Sender) -> None:
    """Everything that can be sent now."""
    sender.work(may_stop=lambda: True)


def _rest(sender: Sender) -> None:
    """Statuses are looked at a few times a second; do not wait for that."""
    sender._statuses_at = 0.0


@contextmanager
def _working(sender: Sender) -> Iterator[None]:
    over = threading.Event()
    working = threading.Thread(target=sender.work, args=(over.is_set,))
    working.start()
    try:
        yield
    finally:
        over.set()
        sender.wake()
        working.join(120)
    assert not working.is_alive()


def _states(scratch: Scratch) -> dict[str, int]:
    rows: Sequence[Any] = scratch.rows("SELECT state, count(*) FROM outbound_messages GROUP BY state")
    return {row[0]: row[1] for row in rows}
