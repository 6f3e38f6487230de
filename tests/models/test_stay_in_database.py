"""A stay's times are the same to Python and to PostgreSQL, also in the nights when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import create_engine, text

from models.stay import Stay, span


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Asia/Karachi", date(2026, 12, 24)),
        ("Europe/Berlin", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 10, 25)),
        ("America/New_York", date(2026, 3, 8)),
        ("America/New_York", date(2026, 11, 1)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("Australia/Lord_Howe", date(2026, 10, 4)),
    ],
)
def test_a_wall_clock_means_the_same_time_to_both(database_url: str, zone: str, day: date) -> None:
    midnight = datetime.combine(day, time())
    clocks = [midnight + timedelta(minutes=15 * quarter) for quarter in range(96)]
    ours = [span(Stay.of_nights(day, 1), clock.time(), clock.time(), zone)[0] for clock in clocks]
    engine = create_engine(database_url)
    with engine.connect() as connection:
        theirs = connection.execute(
            text(
                "SELECT array_agg(clock AT TIME ZONE :zone ORDER BY n) "
                "FROM unnest(:clocks) WITH ORDINALITY c(clock, n)"
            ),
            {"zone": zone, "clocks": clocks},
        ).scalar_one()
    engine.dispose()
    assert [moment.astimezone(UTC) for moment in theirs] == ours
