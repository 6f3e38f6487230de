"""Wordings of many issuers, known and unknown: read as what they are, and no other for a payment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from integrations.payment_mail import read
from tests.integrations.payment_mail.letters import of_case, shown

DATA = Path(__file__).parents[2] / "data" / "payment_mails"


def cases(file: str) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in (DATA / file).read_text(encoding="utf-8").splitlines()]


WORDINGS = cases("wordings.jsonl")


@pytest.mark.parametrize("case", WORDINGS, ids=[case["name"] for case in WORDINGS])
def test_wording_is_read(case):
    mail = read(of_case(case))
    want = {"trusted": True, **case["want"]}
    want.setdefault("is_payment", want.get("event") == "credit")
    assert {field: shown(mail, field) for field in want} == want
