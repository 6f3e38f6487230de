"""The table of what must follow: every line is a job that somebody does, when it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from models import db, person
from models.booking_event import PROVIDERS, SLOW, TURNS, FollowUp, demand
from models.lifecycle import Action, Fact
from models.payment import PaymentFacts, PaymentState
from models.rules import Rules
from models.session import Session
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES, MovableClock
from workers import bookings as bookings  # registers the light jobs
from workers import follow_ups
from workers import transfers as transfers  # and those of transfers
from workers.evidence import EvidenceJobs
from workers.follow_ups import LIGHT, Due
from workers.payments import PaymentJobs
from workers.tickets import TicketJobs

LINES = [(event, line) for event, lines in follow_ups.table(RULES).items() for line in lines]


@pytest.mark.parametrize(("event", "line"), LINES, ids=lambda each: str(getattr(each, "job", each)))
def test_every_job_has_somebody_who_does_it(event: str, line: FollowUp, clock: MovableClock) -> None:
    jobs = {
        TURNS: LIGHT,
        PROVIDERS: PaymentJobs({}, rules=RULES, clock=clock).jobs(),
        SLOW: {
            **TicketJobs(None, rules=RULES).jobs(),  # type: ignore[arg-type]
            **EvidenceJobs(None, rules=RULES).jobs(),  # type: ignore[arg-type]
        },
    }
    assert line.job in jobs[line.queue]
    assert event in {*Action, *Fact}


@pytest.mark.parametrize("job", ["settle_payment", "expire_hold"])
def test_jobs_that_are_demanded_elsewhere_are_done_by_the_providers(job: str, clock: MovableClock) -> None:
    assert job in PaymentJobs({}, rules=RULES, clock=clock).jobs()


@pytest.mark.parametrize("job", ["record_request_sent", "tell_message_failed"])
def test_jobs_that_messages_demand_are_light(job: str) -> None:
    assert job in LIGHT


def test_the_times_are_those_of_the_settings(session: Session) -> None:
    rules = Rules(
        draft_life=timedelta(hours=5),
        reminders=(timedelta(minutes=3), timedelta(minutes=4), timedelta(minutes=9)),
        owner_alert=timedelta(minutes=11),
    )
    session.info["follow_ups"] = follow_ups.table(rules)
    booking = make.draft(session)
    booking.request_payment(session, method="card", revision=1, rules=rules, cause="inbound:1", now=NOW)
    make.tell(session, booking, PaymentFacts(PaymentState.AUTHORIZED))
    due = {job: at - NOW for job, at in make.follow_ups(session, booking).items()}
    assert due["abandon_draft"] == timedelta(hours=5)
    assert [due[f"remind_owner_{n}"] for n in (1, 2, 3)] == list(rules.reminders)
    assert due["alert_silent_owner"] == timedelta(minutes=11)


def test_a_cause_demands_a_job_once(session: Session) -> None:
    booking = make.draft(session)
    for cause in ("message:1", "message:1", "message:2"):
        demand(session, booking.id, "tell", TURNS, cause=cause, due_at=NOW, now=NOW)
    found = session.execute(text("SELECT count(*) FROM follow_ups WHERE job = 'tell'")).scalar_one()
    assert found == 2


def test_a_job_that_speaks_to_who_just_became_another_has_its_effect_at_the_second_try(
    scratch: Scratch,
) -> None:
    with db.unit_of_work() as unit:
        booking = make.held(unit)
        older, newer = make.person(unit), make.person(unit)
        person.merge(unit, newer=newer, older=older, now=NOW)
        demand(unit, booking.id, "tell_declined", TURNS, cause="test:1", due_at=NOW, now=NOW)
    job_id = scratch.value("SELECT id FROM follow_ups WHERE cause = 'test:1'")

    def run(attempts: int) -> None:
        with db.unit_of_work() as unit:
            make.say(unit, newer)
            due = Due(job_id, "tell_declined", booking.id, "test:1", attempts)
            follow_ups.finish(unit, due, None, NOW)

    with pytest.raises(person.BecameAnother):
        run(0)
    assert scratch.value("SELECT done_at FROM follow_ups WHERE id = :id", id=job_id) is None
    run(1)
    assert scratch.value("SELECT done_at FROM follow_ups WHERE id = :id", id=job_id) == NOW
    assert scratch.value("SELECT person_id FROM outbound_messages") == older
