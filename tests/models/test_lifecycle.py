"""The lifecycle in code is the specification's table, whole: held against a CSV written apart from it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from models.errors import IllegalTransition
from models.lifecycle import TRANSITIONS, Action, Status, next_status

with (Path(__file__).parent.parent / "data" / "lifecycle.csv").open(newline="", encoding="utf-8") as file:
    ROWS = [(row["action"], row["from"], row["to"]) for row in csv.DictReader(file)]
TABLE = {(status, action): to for action, status, to in ROWS}


def test_the_table_says_one_thing_per_status_and_action() -> None:
    assert len(ROWS) == len(TABLE) == 46


def test_the_mapping_is_the_table() -> None:
    assert {(str(status), str(action)): str(to) for (status, action), to in TRANSITIONS.items()} == TABLE


def test_the_words_are_the_tables_words() -> None:
    assert {str(status) for status in Status} == {word for _, start, end in ROWS for word in (start, end)}
    assert {str(action) for action in Action} == {action for action, _, _ in ROWS}


@pytest.mark.parametrize(("action", "status", "to"), ROWS)
def test_what_the_table_allows_leads_where_it_says(action: str, status: str, to: str) -> None:
    assert next_status(Status(status), Action(action)) is Status(to)


@pytest.mark.parametrize(
    ("status", "action"),
    [(status, action) for status in Status for action in Action if (status, action) not in TABLE],
)
def test_what_is_not_in_the_table_is_refused(status: Status, action: Action) -> None:
    with pytest.raises(IllegalTransition) as refused:
        next_status(status, action)
    assert refused.value.code == "ILLEGAL_TRANSITION"
    assert {status, action} <= set(refused.value.data.values())
