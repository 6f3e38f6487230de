"""The command prints what the labelled set is written in: one object a line, in the order of the files."""

from __future__ import annotations

import json
from pathlib import Path

from integrations.payment_mail.__main__ import main

MAILS = Path(__file__).parents[2] / "data" / "payment_mails"
FIRST, AGAIN, DELIVERED_TWICE = "01-nayapay.eml", "11-nayapay.eml", ("02-nayapay.eml", "12-nayapay.eml")


def printed(capfdbinary, *names: str) -> tuple[int, list[dict[str, object]]]:
    code = main([str(MAILS / name) for name in names])
    return code, [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]


def test_one_object_a_line_with_the_labels_fields(capfdbinary):
    labels = [json.loads(line) for line in (MAILS / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    code, lines = printed(capfdbinary, *(label["file"] for label in labels))
    assert code == 0
    assert [line["file"] for line in lines] == [label["file"] for label in labels]
    assert set(labels[0]) - {"category", "notes"} <= set(lines[0])
    assert {line["file"]: line["duplicate_of"] for line in lines if line["duplicate_of"]} == {
        AGAIN: FIRST,
        DELIVERED_TWICE[1]: DELIVERED_TWICE[0],
    }


def test_a_file_that_cannot_be_read_does_not_stop_the_next(capfdbinary):
    code, lines = printed(capfdbinary, "missing.eml", FIRST)
    assert code == 1
    assert [(line["file"], line["amount"]) for line in lines] == [(FIRST, "2500.00")]
