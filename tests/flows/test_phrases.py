"""Every sentence of the code is in the catalogues, and every translation has what its sentence needs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from flows import phrases
from models.money import Money
from tests.flows.conversation import as_read

FLOWS = Path(phrases.__file__).parents[1]
OURS = ("ur", "hi")


@cache
def catalogue(language: str) -> Catalog:
    with (FLOWS / "phrases" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def sentences() -> Iterator[str | tuple[str, str]]:
    """What the code says: `_("…")`, `_.n("…", "…", n)` and the reasons of what was not understood."""
    for path in FLOWS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                words = [
                    a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
                ]
                if called in ("_", "NotUnderstood", "NoDay") and words:
                    yield words[0]
                elif called == "n" and len(words) >= 2:
                    yield words[0], words[1]


@pytest.mark.parametrize("language", phrases.LANGUAGES)
def test_every_sentence_is_in_the_catalogue(language: str) -> None:
    known = {message.id for message in catalogue(language)}
    assert {s for s in sentences() if s not in known} == set()


@pytest.mark.parametrize("language", OURS)
def test_no_translation_is_left_without_its_sentence(language: str) -> None:
    said = set(sentences()) | titles()
    listed = {m.id for m in catalogue(language) if m.id and not _is_from_a_file(m.locations)}
    assert listed - said == set()


def titles() -> set[str]:
    """Values of tables (`TITLES = {"other": "Other reason"}`) are looked up, not written in a call."""
    return {
        node.value
        for path in FLOWS.rglob("*.py")
        for table in ast.walk(ast.parse(path.read_text()))
        if isinstance(table, ast.Dict)
        for node in table.values
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _is_from_a_file(locations: list[tuple[str, int]]) -> bool:
    """Names of categories are what the listings file says."""
    return any(path.endswith(".toml") for path, _line in locations)


@pytest.mark.parametrize("language", OURS)
def test_every_translation_has_its_placeholders_and_bold_words(language: str) -> None:
    for message in catalogue(language):
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(strings), f"{language}: {ids[0]!r} is not translated"
        for words in strings:
            assert set(_placeholders(words)) == set(_placeholders(ids[-1])), words
            for mark in "*_":
                assert words.count(mark) % 2 == ids[-1].count(mark) % 2, words
            assert words.count("\n") == ids[-1].count("\n"), words


def _placeholders(words: str) -> list[str]:
    return re.findall(r"{(\w+)}", words)


@pytest.mark.parametrize("language", OURS)
@pytest.mark.parametrize(
    "title",
    [
        "Book a stay",
        "My bookings",
        "Help",
        "Continue",
        "Other places",
        "Book",
        "Choose",
        "See places",
        "Free dates",
        "Nights",
        "Guests",
        "More nights",
        "Other dates",
        "Earlier dates",
        "Pay by card",
        "Pay advance",
        "Pay in full",
        "Pay or change",
        "All by card",
        "Change",
        "Cancel",
        "Menu",
        "Request booking",
        "Talk to a person",
        "Try again",
        "Cancel booking",
        "Pay now",
        "Yes, cancel it",
        "Keep it",
        "Ticket",
        "Book again",
        "My booking",
        "Confirm",
        "No, go back",
        "Slot unavailable",
        "Fully booked",
        "Other reason",
    ],
)
def test_titles_of_buttons_fit(language: str, title: str) -> None:
    assert phrases.of(language)(title) != title
    assert len(phrases.of(language)(title)) <= 20


def test_a_sentence_that_is_missing_is_said_in_english() -> None:
    assert phrases.of("ur")("No such sentence, {name}", name="Ali") == "No such sentence, Ali"
    assert phrases.of("fr")("Menu") == phrases.of(None)("Menu") == "Menu"


@pytest.mark.parametrize(
    ("language", "day", "dates", "nights", "at", "money"),
    [
        ("en", "Fri 27 Nov", "Fri 27 – Sun 29 Nov", "1 night", "2 pm", "Rs. 5,000"),
        ("ur", "جمعہ 27 نومبر", "جمعہ 27 – اتوار 29 نومبر", "1 رات", "14:00", "\u200eRs. 5,000"),
        ("hi", "शुक्र 27 नव", "शुक्र 27 – रवि 29 नव", "1 रात", "14:00", "Rs. 5,000"),
    ],
)
def test_days_times_and_amounts(
    language: str, day: str, dates: str, nights: str, at: str, money: str
) -> None:
    _ = phrases.of(language)
    assert as_read(_.day(date(2026, 11, 27))) == day
    assert as_read(_.dates(date(2026, 11, 27), date(2026, 11, 29))) == dates
    assert as_read(_.nights(1)) == nights
    assert as_read(_.time(time(14))) == at
    assert as_read(_.money(Money(5_000_00, "PKR"))) == money


def test_a_stay_over_the_end_of_a_month_names_both() -> None:
    dates = phrases.of("en").dates(date(2026, 12, 30), date(2027, 1, 2))
    assert as_read(dates) == "Wed 30 Dec – Sat 2 Jan"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (time(11, 30), "11:30 am"),
        (time(0), "midnight"),
        (time(12), "12 noon"),
        (time(12, 30), "12:30 pm"),
    ],
)
def test_a_time_of_day_as_it_is_said(at: time, said: str) -> None:
    assert as_read(phrases.of("en").time(at)) == said


@pytest.mark.parametrize("language", phrases.LANGUAGES)
def test_a_small_phone_tears_no_day_time_amount_or_number(language: str) -> None:
    _ = phrases.of(language)
    whole = (
        _.day(date(2026, 11, 27)),
        _.short(date(2026, 11, 27)),
        _.time(time(14)),
        _.time(time(11, 30)),
        _.nights(2),
        _.guests(4),
        _.duration(timedelta(minutes=15)),
        _.money(Money(5_000_00, "PKR")),
        phrases.phone("+923000000201"),
    )
    assert [words for words in whole if " " in words] == []
    assert _.dates(date(2026, 11, 27), date(2026, 11, 29)).count(" ") == 1, "only between the two days"


def test_each_line_of_urdu_begins_at_the_right() -> None:
    _ = phrases.of("ur")
    told = "\n".join(
        (
            "*Sea View*",
            "بکنگ: BK-1",
            "BK-1",
            "",
            "- Wi-Fi",
            "_Sarai_ میں",
            "https://x.y",
            "✅ *Sea* دن",
            "2 nights",
            "*\u200eRs. 5,000 فی رات*",
            "کال: +92\u00a0300\u00a00000201",
        )
    )
    mark = "\u200f"
    assert _.laid_out(told).split("\n") == [
        f"*{mark}Sea View*",
        "بکنگ: BK-1",
        f"{mark}BK-1",
        "",
        f"- {mark}Wi-Fi",
        f"_{mark}Sarai_ میں",
        "https://x.y",
        f"✅ *{mark}Sea* دن",
        f"{mark}2 nights",
        f"*{mark}\u200eRs. 5,000 فی رات*",
        "کال: \u200e+92\u00a0300\u00a00000201",
    ]
    assert phrases.of("hi").laid_out(told) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("+923000000201", "+92 300 0000201"),
        ("+919000000202", "+91 90000 00202"),
        ("+12025550123", "+1 202-555-0123"),
        ("0300 0000201", "0300 0000201"),  # as somebody wrote it in the settings
        ("", ""),
    ],
)
def test_a_phone_number_is_written_as_people_read_it(number: str, told: str) -> None:
    assert as_read(phrases.phone(number)) == told


@pytest.mark.parametrize(
    ("phone", "user_id", "language"),
    [
        ("+923000000101", None, "ur"),
        ("+919000000202", None, "hi"),
        ("+447700900000", None, None),
        (None, "PK.1", "ur"),
        (None, "IN.1", "hi"),
        ("+923000000101", "AE.1", None),  # WhatsApp's own word for the country
        (None, None, None),
    ],
)
def test_a_country_has_a_language(phone: str | None, user_id: str | None, language: str | None) -> None:
    assert phrases.language_of_country(phone, user_id) == language


def test_letters_tell_a_language() -> None:
    assert [phrases.language_of_script(w) for w in ("سلام", "नमस्ते", "hello", "1 🙂")] == [
        "ur",
        "hi",
        None,
        None,
    ]
