"""A calendar that was asked for is drawn, uploaded and said once; a chore outlives what goes wrong on its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from integrations.whatsapp import WhatsApp
from models import chore, db
from models.clock import Clock
from models.listing import Listing
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES, MovableClock
from tests.workers.graph import Graph
from workers.calendars import CalendarJobs
from workers.errands import Errands
from workers.sweep import _WAITING, OVERDUE


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph().running() as graph:
        yield graph


@pytest.fixture
def crew(graph: Graph, clock: MovableClock, scratch: Scratch) -> Iterator[Errands]:
    whatsapp = WhatsApp(
        api_url=graph.url, access_token="token", phone_number_id="200000000000001", api_version="v26.0"
    )
    chores = CalendarJobs(whatsapp, rules=RULES, clock=clock).chores()
    yield Errands("slow", {}, clock=clock, side_by_side=2, chores=chores)
    whatsapp.close()


def demand(clock: Clock) -> Listing:
    with db.unit_of_work() as session:
        place = make.listing(session, units=3)
        args = {"person": place.owner_id, "listing": place.id, "first": "2026-12-01"}
        for _ in range(2):
            chore.demand(session, "draw_calendar", args, cause="inbound:1", now=clock.now())
        return place


def work(crew: Errands) -> None:
    crew.work(may_stop=lambda: True)


def test_a_calendar_is_drawn_once_and_sent_with_its_picture(
    scratch: Scratch, graph: Graph, crew: Errands, clock: MovableClock
) -> None:
    place = demand(clock)
    assert ("slow", 0) in scratch.rung[-1]
    for _ in range(2):
        work(crew)
    (uploaded,) = graph.uploaded
    assert uploaded > 5000
    (row,) = scratch.rows(
        "SELECT message, recipient, kind FROM outbound_messages WHERE person_id = :id", id=place.owner_id
    )
    assert (row.kind, row.recipient) == ("calendar", "owner")
    assert row.message["image_id"] == "1234567890"
    assert "Something is free every day." in row.message["body"]
    assert scratch.value("SELECT done_at IS NOT NULL AND error IS NULL FROM chores")


def test_what_fails_is_tried_again_and_at_last_said_without_its_picture(
    scratch: Scratch, graph: Graph, crew: Errands, clock: MovableClock
) -> None:
    demand(clock)
    graph.will["media"] = [131053] * 5
    work(crew)
    assert scratch.value("SELECT count(*) FROM outbound_messages") == 0
    assert scratch.value("SELECT attempts FROM chores") == 1
    for _ in range(3):
        clock.move(timedelta(seconds=10))
        work(crew)
    (row,) = scratch.rows("SELECT message FROM outbound_messages")
    assert "image_id" not in row.message
    assert "Dec" in row.message["body"]


def test_what_nobody_waits_for_any_more_is_given_up(
    scratch: Scratch, graph: Graph, crew: Errands, clock: MovableClock
) -> None:
    demand(clock)
    clock.move(timedelta(minutes=11))
    work(crew)
    assert graph.uploaded == []
    assert scratch.value("SELECT error FROM chores WHERE done_at IS NOT NULL") == "too late"


def test_a_lost_worker_loses_its_chore_to_the_next(
    scratch: Scratch, crew: Errands, clock: MovableClock
) -> None:
    demand(clock)
    assert len(chore.claim(most=5, now=clock.now())) == 1
    assert chore.claim(most=5, now=clock.now()) == []
    work(crew)
    assert scratch.value("SELECT done_at FROM chores") is None
    clock.move(chore.LEASE + timedelta(seconds=1))
    work(crew)
    assert scratch.value("SELECT done_at FROM chores") is not None


def test_the_sweeper_rings_for_a_chore_that_was_left(scratch: Scratch, clock: MovableClock) -> None:
    demand(clock)
    now = NOW + timedelta(minutes=1)
    rows = scratch.rows(str(_WAITING), now=now, overdue=now - OVERDUE, lanes=4, queues=["slow"])
    assert ("slow", 0, True) in [tuple(row) for row in rows]
