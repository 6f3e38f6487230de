"""What people type at each question is taken rightly, asked again, or said back; never wrong in silence."""

from __future__ import annotations

import pytest

from models.session import Session
from tests.flows.typed_answers import Typed, made_of, rows

ROWS = rows()


# What is said where an answer is not taken: asked again, with the reason or an example.
ASKED_AGAIN = (
    "Sorry, I",
    "I am not sure",
    "Which day exactly?",
    "That day is over.",
    "There is no",
    "The day of leaving",
    "That does not look like a name.",
    "To accept, tap",
    "A CNIC has",
    "It has to be",
    "You can ",
    "It is too late",
)


def test_the_table_is_long_enough_and_knows_what_must_not_be_understood() -> None:
    assert len({(row.question, row.said, row.now, row.zone) for row in ROWS}) == len(ROWS) >= 150
    assert sum(row.made.startswith(ASKED_AGAIN) for row in ROWS) >= 40


@pytest.mark.parametrize("typed", ROWS, ids=lambda typed: f"{typed.question}: {typed.said}"[:60])
def test_a_typed_answer(session: Session, typed: Typed) -> None:
    assert made_of(session, typed) == typed.made
