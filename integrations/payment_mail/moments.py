"""When it happened: dates and times of day as issuers write them, the day before the month.

Source: facts/payments.md 1.1 and 1.2, "formats"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Final

from integrations.payment_mail.shape import Precision

_ZONES: Final = {
    "PK": timezone(timedelta(hours=5)),
    "IN": timezone(timedelta(hours=5, minutes=30)),
    "BD": timezone(timedelta(hours=6)),
    "NP": timezone(timedelta(hours=5, minutes=45)),
    "LK": timezone(timedelta(hours=5, minutes=30)),
    "AE": timezone(timedelta(hours=4)),
    "PKR": timezone(timedelta(hours=5)),
    "INR": timezone(timedelta(hours=5, minutes=30)),
    "AED": timezone(timedelta(hours=4)),
    "OMR": timezone(timedelta(hours=4)),
    "SAR": timezone(timedelta(hours=3)),
    "QAR": timezone(timedelta(hours=3)),
    "KWD": timezone(timedelta(hours=3)),
    "BHD": timezone(timedelta(hours=3)),
    "NPR": timezone(timedelta(hours=5, minutes=45)),
    "BDT": timezone(timedelta(hours=6)),
    "LKR": timezone(timedelta(hours=5, minutes=30)),
}
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "جنوری", "जनवरी", "يناير"),
            ("feb", "فروری", "फरवरी", "فبراير"),
            ("mar", "مارچ", "मार्च", "مارس"),
            ("apr", "اپریل", "अप्रैल", "أبريل"),
            ("may", "مئی", "मई", "مايو"),
            ("jun", "جون", "जून", "يونيو"),
            ("jul", "جولائی", "जुलाई", "يوليو"),
            ("aug", "اگست", "अगस्त", "أغسطس"),
            ("sep", "ستمبر", "सितंबर", "सितम्बर", "سبتمبر"),
            ("oct", "اکتوبر", "अक्टूबर", "أكتوبر"),
            ("nov", "نومبر", "नवंबर", "नवम्बर", "نوفمبر"),
            ("dec", "دسمبر", "दिसंबर", "दिसम्बर", "ديسمبر"),
        ),
        start=1,
    )
    for name in names
}
_MONTH: Final = "(?:" + "|".join(
    [r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}", *(name for name in _MONTHS if not name.isascii())]
) + r")\.?"  # fmt: skip
_DATE: Final = re.compile(
    r"(?<![\w./-])(?:"
    r"(?P<y1>20[0-9]{2})[-/.](?P<m1>[01]?[0-9])[-/.](?P<d1>[0-3]?[0-9])"
    r"|(?P<d2>[0-3]?[0-9])[-/.](?P<m2>[01]?[0-9])[-/.](?P<y2>20[0-9]{2}|[0-9]{2})"
    rf"|(?P<d3>[0-3]?[0-9])(?:st|nd|rd|"
    rf"th)?[\s/.-]{{0,2}}(?P<m3>{_MONTH})[\s/,.'-]{{0,3}}(?P<y3>20[0-9]{{2}}|[0-9]{{2}})"
    rf"|(?P<m4>{_MONTH})[\s-]?(?P<d4>[0-3]?[0-9])(?:st|nd|rd|th)?[\s,-]{{1,2}}(?P<y4>20[0-9]{{2}})"
    r")(?![0-9])",
    re.IGNORECASE,
)
_CLOCK: Final = (
    r"(?P<hour>[0-2]?[0-9])(?P<sign>[:.])(?P<minute>[0-5][0-9])(?:[:.](?P<second>[0-5][0-9]))?(?:\.[0-9]{1,6})?"
    r"(?:\s?(?P<half>[ap])\.?m\b\.?)?(?![0-9]|:[0-9])"
)
_NEAR: Final = re.compile(
    rf"(?:\s|,|;|T|\(|-|\||\*|at|on|time|hrs|वक्त|समय|وقت|بجے|को|[:.]){{0,8}}?(?<![0-9]){_CLOCK}",
    re.IGNORECASE,
)
_TIME_LABEL: Final = re.compile(
    rf"(?:\btime\b|وقت|समय)[^0-9\n]{{0,20}}\n?[^0-9\n]{{0,6}}{_CLOCK}", re.IGNORECASE
)
_CLOCK_BEFORE: Final = re.compile(
    rf"(?<![0-9:.,]){_CLOCK}(?=(?:\s|,|on|hrs|ist|pkt|-){{1,12}}$)", re.IGNORECASE
)
_NOT_THEN: Final = re.compile(
    r"(?:valid|expir|due|before|until|till|offer|since|copyright|as of|as on|last date)[^\n]{0,24}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Clock:
    time: time
    precision: Precision


def zone_of(country_or_currency: str | None) -> tzinfo | None:
    """The clock that is shown there; None where we know none."""
    return _ZONES.get(country_or_currency or "")


def find_moment(
    text: str, *, written: datetime | None, zone: tzinfo | None
) -> tuple[datetime | None, Precision | None]:
    """When the text says that it happened; by the mail's own date where it does not.

    Args:
        written: the Date header.
        zone: of the clock in the text; the header's where we know none.
    """
    zone = zone or (written.tzinfo if written else None)
    if zone is None:
        return None, None
    there = written.astimezone(zone) if written else None
    for found, day in _dates(text):
        if there and not timedelta(days=-2) < there.date() - day < timedelta(days=400):
            continue  # a validity, a birthday, a number that looks like a date
        clock = _clock_near(text, found)
        if clock is not None:
            return datetime.combine(day, clock.time, zone), clock.precision
        hour = there.time() if there else time()
        return datetime.combine(day, hour, zone), Precision.DAY
    return there, Precision.HEADER if there else None


def _dates(text: str) -> Iterator[tuple[re.Match[str], date]]:
    for found in _DATE.finditer(text[:20_000]):
        day = _day(found)
        if day is None:
            continue
        if _NOT_THEN.search(text, max(0, found.start() - 40), found.start()):
            continue
        else:
            yield found, day


def _day(found: re.Match[str]) -> date | None:
    for form in "1234":
        if found[f"d{form}"]:
            month = found[f"m{form}"].lower().rstrip(".")
            year = int(found[f"y{form}"])
            number = int(month) if month.isdecimal() else _MONTHS.get(month, 0) or _MONTHS.get(month[:3], 0)
            try:
                return date(year if year > 99 else 2000 + year, number, int(found[f"d{form}"]))
            except ValueError:
                return None
    return None


def _clock_near(text: str, found: re.Match[str]) -> _Clock | None:
    """The time of day beside the date, or under a label of its own."""
    for near in (
        _NEAR.match(text, found.end()),
        _CLOCK_BEFORE.search(text[max(0, found.start() - 30) : found.start()]),
        _TIME_LABEL.search(text),
    ):
        clock = _clock(near) if near else None
        if clock is not None:
            return clock
    return None


def _clock(found: re.Match[str]) -> _Clock | None:
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or (found["sign"] == "." and not half):  # 12.30 may be anything
        return None
    second = int(found["second"]) if found["second"] else 0
    precision = Precision.SECOND if found["second"] else Precision.MINUTE
    return _Clock(time(hour, int(found["minute"]), second), precision)
