"""Wordings of many issuers, known and unknown: read as what they are, and no other for a payment."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from integrations.payment_mail import PaymentMail, read
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


FOOT = (
    "\nNever share your OTP, MPIN or password with anyone.\nInvite your friends and earn Rs. 500 cashback for each one! "
    "Offer valid till 31 Dec 2026. T&Cs apply.\nIf you did not make this transaction, call us or your money may not be "
    "refunded.\nFailed or pending transactions are reversed within 3 working days.\nCopyright 2026."
)
AMOUNT = re.compile(r"((?:Rs\.?|PKR|INR|₹)\s?[\d,]+(?:\.\d+)?)")


def plain(change: Callable[[str], str]) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    return lambda case: case if case.get("html") else {**case, "text": change(case["text"])}


def as_paragraphs(case: Mapping[str, Any]) -> Mapping[str, Any]:
    if case.get("html"):
        return case
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in case["text"].split("\n"))
    hidden = "<div style='display:none'>Rs. 1</div>"
    return {
        **case,
        "html": True,
        "text": f"<html><head><style>p{{}}</style></head><body>{hidden}<table><tr><td>{lines}",
    }


def with_bold_amounts(case: Mapping[str, Any]) -> Mapping[str, Any]:
    if case.get("html"):
        return case
    text = AMOUNT.sub(r"<b>\1</b>", html.escape(case["text"])).replace("\n", "<br/>")
    return {**case, "html": True, "text": f"<p>{text}</p>"}


@cache
def as_written(name: str) -> PaymentMail:
    return read(of_case(next(case for case in WORDINGS if case["name"] == name)))


NOISE: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "a foot of warnings and offers": plain(lambda text: text + FOOT),
    "a greeting": plain(lambda text: "Dear Valued Customer,\nThank you for banking with us.\n" + text),
    "spaces that do not break": plain(
        lambda text: text.replace("Rs. ", "Rs.\u00a0").replace("PKR ", "PKR\u202f")
    ),
    "marks that nobody sees": plain(lambda text: text.replace(",", ",\u200b").replace(" ", "\u200c ")),
    "Urdu digits": plain(lambda text: text.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))),
    "paragraphs of HTML": as_paragraphs,
    "bold amounts": with_bold_amounts,
}


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
def test_noise_makes_no_payment_and_hides_none(noise):
    for case in WORDINGS:
        quiet, noisy = as_written(case["name"]), read(of_case(noise(case)))
        assert noisy.is_payment == quiet.is_payment, case["name"]
        if quiet.is_payment:
            for field in ("amount", "currency", "transaction_id", "sender_name"):
                assert getattr(noisy, field) == getattr(quiet, field), (case["name"], field)
