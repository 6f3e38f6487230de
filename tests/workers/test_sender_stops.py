"""WhatsApp takes nothing from us any more: the admins are told, once, as soon as anything can be told."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
import redis

from flows import notices
from integrations.whatsapp import WhatsApp
from models import db
from models.outbox import Outcome
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import MovableClock
from tests.workers.graph import Graph
from workers import outbox as sending
from workers.outbox import Sender
from workers.rate import RateLimit

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TOKEN, RESTRICTED = 190, 131048


@pytest.fixture
def desk(
    scratch: Scratch,
    clock: MovableClock,
    redis_url: str,
    memory: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    monkeypatch.setattr(sending, "PAUSES", dict.fromkeys(sending.PAUSES, 0.0))
    return Desk(scratch, clock, redis_url)


class Desk:
    """Guests who are written to, and an admin on duty."""

    def __init__(self, scratch: Scratch, clock: MovableClock, redis_url: str) -> None:
        self.scratch, self.clock, self._redis_url = scratch, clock, redis_url
        with db.unit_of_work() as unit:
            self.admin = make.person(unit, role="admin")
            self.admin_phone = make.people.phone_of(unit, self.admin) or ""

    def says_to_guests(self, count: int) -> list[str]:
        """Their phones."""
        with db.unit_of_work() as unit:
            guests = [make.person(unit) for _ in range(count)]
            for guest in guests:
                make.say(unit, guest, "a", now=self.clock.now())
            return [make.people.phone_of(unit, guest) or "" for guest in guests]

    def sends(self, graph: Graph) -> None:
        """Everything that can be sent now, by a sender that has just been started."""
        whatsapp = WhatsApp(
            api_url=graph.url, access_token="token", phone_number_id="200000000000001", api_version="v26.0"
        )
        rate = RateLimit(self._redis_url, number="200000000000001", per_second=500)
        Sender(whatsapp, clock=self.clock, rate=rate, in_flight=8).work(may_stop=lambda: True)
        whatsapp.close()

    @property
    def told(self) -> int:
        return int(self.scratch.value("SELECT count(*) FROM outbound_messages WHERE kind = 'sender_stopped'"))


def test_a_stop_is_told_once_when_it_is_over_however_many_senders_met_it(desk: Desk) -> None:
    with Graph().running() as graph:
        graph.code = TOKEN
        desk.says_to_guests(5)
        desk.sends(graph)
        desk.clock.move(2 * MINUTE)
        desk.sends(graph)
        assert desk.told == 1
        graph.code = None
        desk.clock.move(10 * MINUTE)
        graph.taken.clear()
        desk.sends(graph)
        (words,) = graph.words_to(desk.admin_phone)
        assert "(code 190)" in words
        graph.code = TOKEN
        desk.says_to_guests(1)
        desk.sends(graph)
        assert desk.told == 2  # another stop


def test_a_restriction_that_lets_some_pass_is_told_once_an_hour(desk: Desk) -> None:
    with Graph().running() as graph:
        for moved, told in ((0 * MINUTE, 1), (30 * MINUTE, 1), (31 * MINUTE, 2)):
            desk.clock.move(moved)
            for phone in desk.says_to_guests(2):
                graph.will[phone] = [RESTRICTED]
            desk.sends(graph)
            desk.sends(graph)
            assert (desk.told, len(graph.words_to(desk.admin_phone))) == (told, told)


def test_what_could_not_be_told_for_the_database_was_away_is_told_with_the_next_refusal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Outcome] = []
    with Graph().running() as graph:
        graph.code = TOKEN
        desk.says_to_guests(1)
        with monkeypatch.context() as patch:
            patch.setattr(Sender, "_tell_of_stop", lambda self, outcomes: taken.extend(outcomes))
            desk.sends(graph)  # killed before it could tell
        assert (len(taken), desk.told) == (1, 0)
        desk.clock.move(2 * MINUTE)
        desk.sends(graph)
        assert desk.told == 1


@pytest.mark.parametrize("code", [131042, 368, 132001, 999_999])
def test_answers_that_are_refused_for_good_are_told_once_an_hour(desk: Desk, code: int) -> None:
    """Nobody pays WhatsApp, say: guests get no answer, and no booking's job tells anybody."""
    with Graph().running() as graph:
        for moved, told in ((0 * MINUTE, 1), (30 * MINUTE, 1), (31 * MINUTE, 2)):
            desk.clock.move(moved)
            for phone in desk.says_to_guests(2):
                graph.will[phone] = [code]
            desk.sends(graph)
            desk.sends(graph)
            assert (desk.told, len(graph.words_to(desk.admin_phone))) == (told, told)
        assert f"(code {code})" in graph.words_to(desk.admin_phone)[0]


@pytest.mark.parametrize("code", [131042, RESTRICTED])
def test_what_is_refused_later_is_told_as_well(desk: Desk, code: int) -> None:
    with Graph().running() as graph:
        desk.says_to_guests(2)
        desk.sends(graph)
        for wamid in ("wamid.out.1", "wamid.out.2"):
            with db.unit_of_work() as unit:
                make.keep(unit, make.failed(wamid, code))
            desk.sends(graph)
        assert (desk.told, len(graph.words_to(desk.admin_phone))) == (1, 1)


def test_that_nothing_could_be_told_is_not_told(desk: Desk) -> None:
    with Graph().running() as graph:
        graph.code = 131042
        desk.says_to_guests(2)
        for _ in range(4):
            desk.sends(graph)
        assert desk.told == 1
        desk.clock.move(2 * HOUR)
        desk.sends(graph)
        assert desk.told == 1


def test_two_senders_at_once_tell_it_once(desk: Desk) -> None:
    now = desk.clock.now()
    with db.unit_of_work() as first:
        notices.sender_stopped(first, why="the token", code=TOKEN, since=now, now=now)
        other = threading.Thread(target=_tell, args=(now,))
        other.start()
        make.wait_for(lambda: desk.scratch.waiting_for_locks() == 1)
    other.join()
    assert desk.told == 1


def _tell(now: datetime) -> None:
    with db.unit_of_work() as second:
        notices.sender_stopped(second, why="the token", code=TOKEN, since=now, now=now)
