"""A stretch of days of which both ends count: "24-26 dec", "sat", "tomorrow", "24 Dec for 3 nights"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flows.understand.days import Dates, Misread, dates
from flows.understand.pieces import Nights, pieces_of
from flows.understand.vocabulary import words_of


@dataclass(frozen=True)
class Stretch:
    """From the first day to the last, both of them included."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def stretch(said: str, *, today: date) -> Stretch | Misread | None:
    """Read the days that are said, both included; a single one is a stretch of itself. None: there is no day in it.

    "24 to 26 December" is three days to an owner who keeps them, while a guest who says so leaves on the third;
    and "24 December for 2 nights" is two to both.
    """
    found = dates(said, today=today)
    if not isinstance(found, Dates):
        return found
    in_nights = any(isinstance(piece, Nights) for piece in pieces_of(words_of(said)))
    more = (found.nights or 0) - (1 if in_nights else 0)
    return Stretch(found.check_in, found.check_in + timedelta(days=max(more, 0)))
