"""How much was sent, as far as it is certain: an amount that may be misread is no amount.

Engines take ₹ for a digit and lose points, so that what they read is held against the signs that can be counted
(`signs`), against what else the page says, and against how numbers are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from integrations.receipts.labels import AMOUNT, FEE, TOTAL, Field, split
from integrations.receipts.page import Glyphs, Page, Span

LEAST_SURE: Final = 0.55
SURE: Final = 0.8
LONGEST: Final = 200
LONGEST_ALONE: Final = 24  # an amount by itself; what is longer is a sentence
MOST: Final = Decimal(100_000_000)

_MARK: Final = r"(?:Rs|RS|R5|PKR|INR|₹|₨|Rupees)"
_NUMBER: Final = (
    # 125,000 · 1,25,000 · 125000. Latin digits alone: a ₹ is also taken for the २ of Hindi.
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}|[0-9]{1,8})(?:\.[0-9]{2}|\.[0-9])?"
)
_MARKED: Final = re.compile(rf"(?<![A-Za-z])({_MARK})\s*[.,:]?\s*({_NUMBER})(?:/-)?(?![\d,]|\.\d)")
_BEHIND: Final = re.compile(rf"(?<![\d,.])({_NUMBER})\s*({_MARK})\b")
_BARE: Final = re.compile(rf"({_NUMBER})(?:/-)?")
_NOT_SENT: Final = re.compile(
    r"\b(balance|fee|fees|tax|charges?|limit|up to|discount)\W+(\w+\W+)?$", re.IGNORECASE
)
_ODD: Final = re.compile(rf"([^\w\s,.]|[^\x00-\x7f]|[zZFXxRT&])\s?({_NUMBER})")  # what engines make of ₹


@dataclass(frozen=True, slots=True)
class Money:
    """An amount on the page.

    Attributes:
        mark: Rs, PKR, INR or ₹ as it was read; empty where it stands without.
        label: AMOUNT, TOTAL, FEE; empty for one that stands alone.
    """

    amount: Decimal
    mark: str
    span: Span
    label: str = ""
    is_headline: bool = False


def all_amounts(page: Page, fields: Sequence[Field]) -> list[Money]:
    """Every amount that is certain, fees and balances among them."""
    labelled = {id(value): field for field in fields for value in field.values[:1]}
    inline = {field.at: field for field in fields if field.values}
    found: list[Money] = []
    for span in page.spans:
        field = labelled.get(id(span)) or inline.get(span)
        kind = field.kind if field is not None and field.kind in (AMOUNT, TOTAL, FEE) else ""
        if field is not None and not kind and split(span.text) is None and not re.search(_MARK, span.text):
            continue  # an account, an id, a date
        found += [
            Money(amount, mark, span, kind, _is_headline(page, span))
            for amount, mark in _read(span, has_label=bool(kind))
        ]
    return found


def principal(page: Page, fields: Sequence[Field]) -> tuple[Decimal | None, str]:
    """What was sent, without fees, and its mark; None where that is not certain."""
    found = [money for money in all_amounts(page, fields) if money.amount > 0]
    by_label = {money.amount for money in found if money.label == AMOUNT}
    totals = {money.amount for money in found if money.label == TOTAL}
    fees = {money.amount for money in found if money.label == FEE}
    headline = _headline(found)
    amount: Decimal | None = None
    if len(by_label) == 1:
        (amount,) = by_label
        if headline is not None and headline != amount and not _adds_up(headline, amount, totals, fees):
            return None, ""
        if not _fits(amount, totals, fees):
            return None, ""
    elif not by_label and headline is not None:
        amount = headline
        if totals and totals != {amount} and not _fits(amount, totals, fees):
            return None, ""
    elif not by_label and len(totals) == 1:
        (amount,) = totals
    elif not by_label and not totals:
        others = {money.amount for money in found if money.label != FEE}
        amount = others.pop() if len(others) == 1 else None
    if amount is None:
        return None, ""
    marks = [money.mark for money in found if money.mark and money.amount == amount]
    return amount, marks[0] if marks else next((m.mark for m in found if m.mark), "")


def _headline(found: Sequence[Money]) -> Decimal | None:
    """The one that is written largest, if it is one."""
    large = [money for money in found if money.is_headline and money.label not in (FEE, TOTAL)]
    amounts = {money.amount for money in large}
    return amounts.pop() if len(amounts) == 1 else None


def _adds_up(headline: Decimal, amount: Decimal, totals: set[Decimal], fees: set[Decimal]) -> bool:
    """A headline that shows the amount with its fee."""
    return headline in totals or any(amount + fee == headline for fee in fees)


def _fits(amount: Decimal, totals: set[Decimal], fees: set[Decimal]) -> bool:
    """A total that is neither the amount nor the amount and its fees throws doubt on both."""
    sums = {amount, *(amount + fee for fee in fees), amount + sum(fees, Decimal(0))}
    return not totals or bool(totals & sums)


def _is_headline(page: Page, span: Span) -> bool:
    heights = sorted(other.height for other in page.spans)
    usual = heights[len(heights) // 2]
    return span.height >= 1.5 * usual and len(span.text) <= 24


def _read(span: Span, *, has_label: bool) -> Iterator[tuple[Decimal, str]]:
    """The amounts in a piece that can be trusted."""
    text = re.sub(r"(?<=\d)\s*,\s*(?=\d{3}\b)", ",", span.text[:LONGEST])
    alone = len(text) <= LONGEST_ALONE
    marked = [
        (m[2], m[1]) for m in _MARKED.finditer(text) if alone or not _NOT_SENT.search(text, 0, m.start())
    ]
    marked = marked or [(m[1], m[2]) for m in _BEHIND.finditer(text) if alone]
    for number, mark in marked:
        if span.sure >= LEAST_SURE and (not alone or _all_signs_read(text, number, span.glyphs)):
            yield _decimal(number), "INR" if mark in ("₹", "INR") else "PKR" if mark == "PKR" else "Rs"
    if alone and not marked:
        yield from _read_unmarked(text.strip(), span, has_label=has_label)


def _read_unmarked(text: str, span: Span, *, has_label: bool) -> Iterator[tuple[Decimal, str]]:
    """A number without a mark, or with a sign that may be one."""
    bare, odd = _BARE.fullmatch(text), _ODD.fullmatch(text)
    number = bare[1] if bare else odd[2] if odd else None
    if number is None:
        return
    # Neither ₹ nor what is read in its place is to be believed: its shape is, and that nothing else is missing.
    if _is_rupees(number, span.glyphs):
        yield _decimal(number), "INR"
    elif bare and has_label and span.sure >= SURE and _all_are_digits(number, span.glyphs):
        yield _decimal(number), ""


def _all_are_digits(number: str, glyphs: Glyphs | None) -> bool:
    if glyphs is None:
        return "," in number or "." in number
    return not glyphs.rupee and glyphs.high == _digits(number) and glyphs.low <= _points(number)


def _all_signs_read(text: str, number: str, glyphs: Glyphs | None) -> bool:
    """Nothing that is written was left out: neither a digit nor a point."""
    if glyphs is None:
        return True
    read = len(re.findall(r"[^\W_]|[₹₨]", text))
    if glyphs.high > read + text.count("/"):
        return False
    is_long = "." not in number and _digits(number) >= 4
    return not (is_long and "," not in number and glyphs.low > _points(text))


def _is_rupees(number: str, glyphs: Glyphs | None) -> bool:
    if glyphs is None or not glyphs.rupee:
        return False
    digits = _digits(number)
    return glyphs.high == digits + 1 and glyphs.low == _points(number) and len(glyphs.words) <= 2


def _digits(number: str) -> int:
    return sum(sign.isdigit() for sign in number)


def _points(text: str) -> int:
    return sum(sign in ".,-:" for sign in text)


def _decimal(number: str) -> Decimal:
    return Decimal(number.replace(",", "")).quantize(Decimal("0.01"))
