"""What a page says is taken from it as far as it is certain; held against what two engines really read."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from integrations.receipts import RAPIDOCR, TESSERACT, PaymentStatus, fields
from integrations.receipts.page import Glyphs, Page, Span

DATA = Path(__file__).parents[2] / "data" / "payment_screenshots"
NAMES = ("sender_name", "receiver_name")


@cache
def read_pages() -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """File, engine, what the picture says and what we take from it."""
    found = []
    for line in (DATA / "pages.jsonl").read_text().splitlines():
        kept = json.loads(line)
        taken = fields.read(Page.from_dict(kept["page"])).to_dict()
        found.append((kept["file"], kept["engine"], kept["says"], taken))
    return found


@pytest.mark.parametrize("engine", [RAPIDOCR, TESSERACT])
def test_no_amount_is_ever_wrong(engine: str) -> None:
    wrong = [
        (file, taken["amount"])
        for file, by, says, taken in read_pages()
        if by == engine and taken["amount"] not in (None, says["amount"])
    ]
    assert wrong == []


@pytest.mark.parametrize("engine", [RAPIDOCR, TESSERACT])
def test_what_is_no_receipt_is_refused(engine: str) -> None:
    refused = {
        file: not taken["is_receipt"]
        for file, by, says, taken in read_pages()
        if by == engine and not says["is_receipt"]
    }
    assert len(refused) == 24
    assert all(refused.values())


@pytest.mark.parametrize(("engine", "least"), [(RAPIDOCR, 52), (TESSERACT, 50)])
def test_amounts_and_ids_are_read(engine: str, least: int) -> None:
    right: Counter[str] = Counter()
    for _file, by, says, taken in read_pages():
        if by == engine and says["is_receipt"]:
            right.update(
                name
                for name in ("amount", "currency", "transaction_id", "status")
                if says[name] == taken[name]
            )
    assert min(right.values()) >= least, right


@pytest.mark.parametrize("engine", [RAPIDOCR, TESSERACT])
def test_the_shared_pictures_give_every_amount_and_id(engine: str) -> None:
    for file, by, says, taken in read_pages():
        if by == engine and file.startswith("shared/"):
            for name in (
                "is_receipt",
                "status",
                "amount",
                "currency",
                "transaction_id",
                "other_ids",
                "occurred_at",
            ):
                assert taken[name] == says[name] or name == "other_ids", (file, name, taken[name])


def test_nobody_is_named_who_is_not_on_the_picture() -> None:
    for file, _by, says, taken in read_pages():
        for name in NAMES:
            assert taken[name] is None or taken[name].replace(" ", "") == (says[name] or "").replace(
                " ", ""
            ), file


# ---- amounts that engines get wrong -----------------------------------------------------------------


def page(*rows: Any, height: int = 30) -> Page:
    """A receipt of an id, a state, a receiver, and the rows that a test is about."""
    spans = [
        Span("Transaction Successful", 200, 100, 700, 130),
        Span("Transaction ID", 50, 900, 250, 930),
        Span("632510310288", 600, 900, 860, 930),
        Span("To", 50, 1000, 90, 1030),
        Span("HINA RAUF", 700, 1000, 860, 1030),
    ]
    for number, row in enumerate(rows):
        top = 300 + number * 100
        if isinstance(row, Span):
            spans.append(row)
        elif isinstance(row, str):
            spans.append(Span(row, 200, top, 700, top + 90))
        else:
            spans.append(Span(row[0], 50, top, 50 + 12 * len(row[0]), top + height))
            spans.append(Span(row[1], 860 - 12 * len(row[1]), top, 860, top + height))
    return Page(909, 1600, spans)


def large(text: str, words: tuple[int, ...], low: int, *, rupee: bool = False, sure: float = 0.9) -> Span:
    """An amount written large, with the signs that can be counted on the picture."""
    return Span(text, 200, 300, 700, 390, sure, Glyphs(words, low, rupee))


@pytest.mark.parametrize(
    ("span", "amount"),
    [
        (large("₹500", (4,), 0, rupee=True), "500.00"),
        (large("~500", (4,), 0, rupee=True), "500.00"),
        (large("500", (4,), 0, rupee=True), "500.00"),  # ₹ left out
        (large("2500", (4,), 0, rupee=True), None),  # ₹ taken for a digit
        (large("२500", (4,), 0, rupee=True), "500.00"),  # and for one of Hindi, but its shape is seen
        (large("२500", (4,), 0), None),
        (large("२500", (3,), 0, rupee=True), None),
        (large("2500", (4,), 0), None),  # no mark at all, and nothing that says it is money
        (large("Rs 1,25,000", (2, 6), 2), "125000.00"),
        (large("*41,25,000", (2, 6), 2), None),  # Rs taken for *4
        (large("Rs 25,000", (2, 6), 2), None),  # a digit left out
        (large("PKR 1500.00", (3, 6), 1), "1500.00"),
        (large("PKR 150000", (3, 6), 1), None),  # the point left out
        (large("Rs. 1,50000", (2, 7), 2), None),  # no number is written so
        (large("Rs. 2,5O0", (2, 4), 2), None),
        (large("Rs. 2,500", (2, 4), 2, sure=0.3), None),
        (large("INR 1,00,000.00", (3, 8), 3), "100000.00"),
        (large("Rs 18,500/-", (2, 5), 1), "18500.00"),
        (large("2,500 PKR", (4, 3), 1), "2500.00"),
    ],
)
def test_an_amount_that_may_be_misread_is_none(span: Span, amount: str | None) -> None:
    told = fields.read(page(span))
    assert told.is_receipt
    assert told.amount == (Decimal(amount) if amount else None)


@pytest.mark.parametrize(
    ("rows", "amount"),
    [
        ([("Amount", "Rs. 1,500.00"), ("Fee", "Rs. 16.00"), ("Total", "Rs. 1,516.00")], "1500.00"),
        (["Rs. 1,516.00", ("Amount", "Rs. 1,500.00"), ("Fee", "Rs. 16.00")], "1500.00"),
        (["Rs. 1,500.00", ("Fee", "Rs. 16.00"), ("Total", "Rs. 1,516.00")], "1500.00"),
        (["Rs. 1,500.00", ("Available balance", "Rs. 90,000.00")], "1500.00"),
        (["Rs. 15,000", ("Amount", "Rs. 1,500")], None),  # they contradict each other
        ([("Amount", "Rs. 1,500"), ("Total", "Rs. 9,000")], None),
        ([("Amount", "1,500.00")], "1500.00"),
        ([("Fee", "Rs. 16.00")], None),
        ([("Amount", "Rs. 0.00")], None),
        ([("Amount", "Rs. 1,500"), ("Amount", "Rs. 1,600")], None),
        ([("Amount", "Rs. 1,500"), ("Remarks", "Rs. 9,000 in all")], "1500.00"),
    ],
)
def test_amounts_are_told_from_fees_and_balances(rows: list[Any], amount: str | None) -> None:
    assert fields.read(page(*rows)).amount == (Decimal(amount) if amount else None)


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (("Status", "Completed"), PaymentStatus.SUCCESS),
        (("Status", "Processing"), PaymentStatus.PENDING),
        (("Status", "Failed"), PaymentStatus.FAILED),
        (("Note", "If it fails the money will be returned when it was declined"), PaymentStatus.SUCCESS),
    ],
)
def test_the_row_of_the_state_wins(row: tuple[str, str], status: PaymentStatus) -> None:
    assert fields.read(page(row, "Rs. 1,500")).status is status


@pytest.mark.parametrize(
    ("line", "is_receipt"),
    [
        ("Refund successful", False),
        ("Refunded to HDFC Bank", False),
        ("If it fails, the amount is refunded", True),
        ("Enter UPI PIN", False),
        ("Asha Verma has requested money", False),
        ("Your OTP is 482913", False),
    ],
)
def test_money_back_and_money_that_is_asked_for_are_no_receipts(line: str, is_receipt: bool) -> None:
    assert fields.read(page("Rs. 1,500", ("Note", line))).is_receipt is is_receipt


def test_any_text_is_an_answer() -> None:
    for text in (
        "",
        "\x00",
        "Rs " * 4000,
        "Amount: " + "9" * 10_000,
        ",".join("1" * 50),
        "To:" * 300,
        "🧾" * 500,
    ):
        assert not fields.read(Page(10, 10, [Span(text, 0, 0, 0, 0)])).is_receipt
    many = [Span("Rs. 5", n, n, n + 5, n + 5) for n in range(1000)]
    assert not fields.read(Page(10, 10, many)).is_receipt
