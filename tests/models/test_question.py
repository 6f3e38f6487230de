"""What a listing may ask besides, and what has the shape of an identity number."""

from __future__ import annotations

from typing import Any

import pytest

from models import question, sealed
from models.question import Kind, Question

ARRIVAL = {"key": "arrival", "text": "When do you arrive?", "kind": "choice", "choices": ["Noon", "Evening"]}


def test_a_question_is_read_as_it_was_written() -> None:
    asked = Question.from_dict({**ARRIVAL, "required": False, "label": {"en": "Arrival", "ur": "آمد"}})
    assert Question.from_dict(asked.to_dict()) == asked
    assert (asked.text("hi"), asked.label("ur"), asked.label("hi")) == (
        "When do you arrive?",
        "آمد",
        "Arrival",
    )


def test_a_label_is_made_of_the_key() -> None:
    assert Question.from_dict({"key": "car_number", "text": "Which car?"}).label("en") == "Car number"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "No key?"},
        {"key": "Car", "text": "Capitals?"},
        {"key": "a:b", "text": "A sign?"},
        {"key": "car"},
        {"key": "car", "text": ""},
        {"key": "car", "text": {"ur": "صرف اردو"}},
        {"key": "car", "text": "Which?", "kind": "colour"},
        {"key": "car", "text": "Which?", "kind": "choice"},
        {"key": "car", "text": "Which?", "kind": "choice", "choices": ["One"]},
        {"key": "car", "text": "Which?", "kind": "choice", "choices": ["Yes", "yes"]},
        {"key": "car", "text": "Which?", "kind": "choice", "choices": ["x" * 25, "y"]},
        {"key": "car", "text": "Which?", "choices": ["Yes", "No"]},
        {"key": "car", "text": "Which?", "colour": "red"},
        {"key": "car", "text": "Which?", "label": "x" * 25},
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Question.from_dict(wrong)


def test_a_listing_asks_five_things_at_most_and_each_once() -> None:
    five = [{"key": f"q{n}", "text": "?"} for n in range(5)]
    assert len(question.read_all(five)) == 5
    with pytest.raises(ValueError, match="at most"):
        question.read_all([*five, {"key": "q9", "text": "?"}])
    with pytest.raises(ValueError, match="same key"):
        question.read_all([five[0], five[0]])


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("42101-1234567-3", "42101-1234567-3"),
        ("4210112345673", "42101-1234567-3"),
        ("42101 1234567 3", "42101-1234567-3"),
        ("cnic: 42101-1234567-3", "42101-1234567-3"),
        ("4210-1234567-3", None),
        ("42101-1234567-33", None),
        ("02101-1234567-3", None),  # no province has 0
        ("92101-1234567-3", None),
        ("my number is 42101-1234567-3", None),
        ("42101-12345G7-3", None),
        ("", None),
        ("tomorrow", None),
    ],
)
def test_a_cnic(said: str, number: str | None) -> None:
    assert question.identity(Kind.CNIC, said) == number


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("AB1234567", "AB1234567"),
        ("ab 1234567", "AB1234567"),
        ("Passport no. Z7654321", "Z7654321"),
        ("123456789", "123456789"),
        ("12345", None),
        ("ABCDEFG", None),
        ("24 December", None),
    ],
)
def test_a_passport(said: str, number: str | None) -> None:
    assert question.identity(Kind.PASSPORT, said) == number


def test_an_identity_number_is_shown_by_its_end() -> None:
    asked = Question.from_dict({"key": "cnic", "text": "Your CNIC?", "kind": "cnic"})
    assert asked.shown(sealed.seal_text("42101-1234567-3")) == "•••••-••••567-3"
    assert asked.shown(None) == "–"
    # Sealed by an installation whose key is lost: nothing of it is shown, and nothing fails.
    assert asked.shown("not sealed by us") == "••••"
