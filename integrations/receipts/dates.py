"""When it was sent, as the page says it, in the zone of the money."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

ZONES: Final = {"PKR": timezone(timedelta(hours=5)), "INR": timezone(timedelta(hours=5, minutes=30))}

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_MONTH: Final = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_YEAR: Final = r"(?P<year>20\d\d|\d\d(?!\d))"
_DATES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s\-/.,]*{_MONTH}[\s\-/.,']*{_YEAR}",
        rf"{_MONTH}\s*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s*[,.]?\s*(?P<year>20\d\d)",
        r"(?<!\d)(?P<year>20\d\d)[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d{3})",
        r"(?<!\d)(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>20\d\d|\d\d(?!\d))",
    )
)
_TIME: Final = re.compile(
    r"(?<![\d:.])(?P<hour>[01]?\d|2[0-3])[:.](?P<minute>[0-5]\d)(?:[:.](?P<second>[0-5]\d))?(?!\d)\s*(?P<half>[ap]\.?\s?m\b)?",
    re.IGNORECASE,
)


def occurred_at(texts: list[str], currency: str | None) -> datetime | None:
    """The first day with a time of day: in one text, or in texts that follow each other; None without a zone.

    Args:
        texts: where a time may stand, the likeliest first; the clock of the phone itself is not among them.
    """
    zone = ZONES.get(currency or "")
    if zone is None:
        return None
    for text in texts:
        day = _day(text)
        if day is None:
            continue
        date, rest = day
        clock = _clock(rest) or next((c for t in texts if t != text and (c := _clock(t)) is not None), None)
        if clock is not None:
            try:
                return datetime(*date, *clock, tzinfo=zone)
            except ValueError:
                continue
    return None


def _day(text: str) -> tuple[tuple[int, int, int], str] | None:
    """Year, month and day, and the text without them."""
    for pattern in _DATES:
        if found := pattern.search(text):
            month = found["month"].lower()
            number = _MONTHS[month[:3]] if month[:3] in _MONTHS else int(month)
            year = int(found["year"])
            date = (year if year > 99 else 2000 + year, number, int(found["day"]))
            if 1 <= number <= 12 and 1 <= date[2] <= 31:
                return date, text[: found.start()] + " " + text[found.end() :]
    return None


def _clock(text: str) -> tuple[int, int, int] | None:
    if _day(text) is not None:
        text = _day(text)[1]  # type: ignore[index]
    found = _TIME.search(text)
    if found is None:
        return None
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if half := found["half"]:
        if hour > 12 or hour == 0:
            return (hour, minute, second) if half[0].lower() == "p" and hour > 12 else None
        hour = hour % 12 + (12 if half[0].lower() == "p" else 0)
    return hour, minute, second
