"""The day's figures count each transfer once, and call for a person only where there is enough to speak of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from models import payment_figures
from models.payment_figures import PaymentFigures
from models.session import Session
from tests import factories as make
from tests.factories import NOW

FINE = PaymentFigures(100, 90, 5, 5, 100, 10, 1.0, 2.0, 60.0)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, set()),
        ({"unmatched": 20}, set()),
        ({"unmatched": 21}, {"unmatched"}),
        ({"told": 4, "unmatched": 4}, set()),
        ({"told": 0, "automatic": 0, "unmatched": 0}, set()),
        ({"seconds_95": 5.1}, {"slow"}),
        ({"seconds_95": 5.1, "automatic": 4}, set()),
        ({"seconds_95": None}, set()),
        ({"expired": 30}, set()),
        ({"expired": 31}, {"expired"}),
        ({"held": 9, "expired": 9}, set()),
    ],
)
def test_what_calls_for_a_person(changed: dict[str, Any], found: set[str]) -> None:
    assert set(payment_figures.warnings(replace(FINE, **changed))) == found


def told(session: Session, *, at: datetime = NOW - timedelta(hours=1), **columns: Any) -> None:
    what = {
        "source": "gmail",
        "status": "unmatched",
        "trusted": True,
        "created_at": at,
        "amount_minor": 1,
        "currency": "PKR",
        "transaction_id": make.unique("T"),
        **columns,
    }
    names = ", ".join(what)
    values = ", ".join(f":{name}" for name in what)
    session.execute(text(f"INSERT INTO payment_evidence ({names}) VALUES ({values})"), what)


def test_a_day_is_counted(session: Session) -> None:
    before = payment_figures.read(session, NOW)
    admin = make.person(session)
    at = NOW - timedelta(hours=1)
    told(session, status="verified", counted=True, verified_at=at + timedelta(seconds=2))
    told(session, status="verified", counted=True, verified_at=at + timedelta(seconds=4))
    told(session, status="verified", counted=True, verified_at=at + timedelta(minutes=1), verified_by=admin)
    told(session)
    told(session, status="rejected")
    told(session, at=NOW, status="pending")
    told(session, trusted=False)
    told(session, kind="reversal")
    told(session, source="screenshot")
    told(session, at=NOW - timedelta(hours=25))
    make.held(session, now=NOW - timedelta(hours=2)).expire(session, cause="x", now=NOW - timedelta(hours=1))
    make.held(session, now=NOW - timedelta(hours=2))
    found = payment_figures.read(session, NOW)
    assert (found.told, found.automatic, found.by_admin, found.unmatched) == (6, 2, 1, 1)
    assert (found.held - before.held, found.expired - before.expired) == (2, 1)
    assert (found.seconds, found.seconds_by_admin) == (3.0, 60.0)
    assert found.match_rate == 0.5 and found.unmatched_rate == pytest.approx(1 / 6)


def test_a_warning_is_told_once_a_day(session: Session) -> None:
    times = [timedelta(), timedelta(hours=1), timedelta(hours=24), timedelta(hours=25)]
    assert [payment_figures.to_tell(session, "slow", NOW + after) for after in times] == [
        True,
        False,
        True,
        False,
    ]
