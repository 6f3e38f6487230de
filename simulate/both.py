"""One season by both rules, in a process and a database of its own."""

from __future__ import annotations

import random

from models import db
from simulate import documents
from simulate.ours import RULES, Season
from simulate.outcome import Result
from simulate.people import season
from workers import follow_ups


def play(url: str, per_hour: int, seed: int, bookings: int) -> tuple[Result, Result]:
    """Ours on the rows of this database, which is migrated and empty; document 004's in memory."""
    db.start(db.make_engine(url), follow_ups=follow_ups.table(RULES), ring=lambda bells: None)
    random.seed(seed)  # by which amounts are drawn
    guests, strangers = season(seed, per_hour, bookings)
    return Season(guests, strangers).play(), documents.play(guests, strangers)
