"""The calendar's picture: as wide as said, its days in the colours of their state, in every script."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from PIL import Image, ImageColor

from integrations.calendar_picture import FILL, MOST_LINES, WIDTH, calendar_png
from models.occupancy import CalendarView, Day, Month, Taken

FIRST = date(2026, 12, 1)
LEGEND = {Taken.FREE: "Free", Taken.HELD: "Held", Taken.BOOKED: "Booked", Taken.BLOCKED: "Blocked"}


def view(
    units: int, states: Sequence[Taken] = (Taken.FREE,), *, parts: int = 1, title: str = "Sea View"
) -> CalendarView:
    """December 2026; the states go round the days, the same for all units."""
    days = tuple(
        Day(FIRST + timedelta(days=n), ((states[n % len(states)],) * units,) * parts) for n in range(31)
    )
    return CalendarView(
        title=title,
        month="Dec 2026",
        weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        legend=LEGEND,
        free="The number: how many are free",
        parts=("Day", "Night") if parts > 1 else (),
        today=date(2026, 12, 10),
        shown=Month(FIRST, tuple(f"Room {n}" for n in range(1, units + 1)), days),
    )


def picture(shown: CalendarView) -> Image.Image:
    return Image.open(io.BytesIO(calendar_png(shown))).convert("RGB")


def near(colour: tuple[int, ...], wanted: str) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(colour, ImageColor.getrgb(wanted), strict=False))


def test_a_day_has_the_colour_of_its_state() -> None:
    drawn = picture(view(1, list(Taken)))
    assert drawn.width == WIDTH
    # The first of December 2026 is a Tuesday: the second column, under the heading; states go round from there.
    for column, state in enumerate(Taken, start=1):
        left = 36 + column * (WIDTH - 72 + 6) // 7
        # A patterned field has its colour between the strokes.
        colours = [drawn.getpixel((left + x, 236 + y)) for x in range(6, 40, 3) for y in range(4, 24, 3)]
        assert any(near(colour, FILL[state]) for colour in colours), state


@pytest.mark.parametrize("units", [1, 2, MOST_LINES, MOST_LINES + 1, 60])
@pytest.mark.parametrize("parts", [1, 2])
def test_any_number_of_units_fits(units: int, parts: int) -> None:
    drawn = picture(view(units, list(Taken), parts=parts))
    assert drawn.width == WIDTH
    assert 800 < drawn.height < 2200


@pytest.mark.parametrize("title", ["ملتان مینگو فارم", "समुद्र दृश्य", "Sea View " * 20, "🏝️", ""])
def test_any_name_is_drawn(title: str) -> None:
    assert picture(view(1, title=title)).width == WIDTH


def test_it_is_small_enough_for_whatsapp() -> None:
    assert len(calendar_png(view(8, list(Taken), parts=2))) < 500_000
