"""The labelled mails: every real payment is read, and nothing else is ever taken for one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from integrations.payment_mail import PaymentMail, read
from integrations.payment_mail.__main__ import line

MAILS = Path(__file__).parents[2] / "data" / "payment_mails"
LABELS: list[Mapping[str, Any]] = [
    json.loads(one) for one in (MAILS / "labels.jsonl").read_text().splitlines()
]
REAL = [label for label in LABELS if label["is_payment"] and label["trusted"]]


def mail(label: Mapping[str, Any]) -> PaymentMail:
    return read((MAILS / label["file"]).read_bytes())


def names(labels: list[Mapping[str, Any]]) -> list[str]:
    return [label["file"] for label in labels]


@pytest.mark.parametrize("label", REAL, ids=names(REAL))
def test_real_payment_is_read_to_the_last_digit(label):
    read_as = line(label["file"], mail(label), {})
    for field in (
        "provider",
        "event",
        "is_payment",
        "trusted",
        "amount",
        "currency",
        "transaction_id",
        "occurred_at",
    ):
        assert read_as[field] == label[field], field


@pytest.mark.parametrize("label", LABELS, ids=names(LABELS))
def test_nothing_but_a_real_payment_is_believed(label):
    found = mail(label)
    assert (found.is_payment and found.trusted) == (label["is_payment"] and label["trusted"])
    assert found.trusted == label["trusted"]
