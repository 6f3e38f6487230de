"""Every amount of money in a text, exactly, with its currency and where it stands.

Reads "Rs. 2,500", "Rs.1500", "PKR. 1.00", "PKR 20,000.00/-", "₹1,00,000.00", "INR 5 lakh", "2,300 روپے",
"Rs. INR 2,57,941.00" and "Rupees Two Thousand Five Hundred Only".

Source: facts/payments.md 1.1 and 1.2, "formats"
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# What people write, to ISO 4217. RUPEES is a sign of two countries: the mail's own country decides.
RUPEES: Final = "rupees"
_SIGNS: Final = {
    "pkr": "PKR",
    "inr": "INR",
    "₹": "INR",
    "rs": RUPEES,
    "rupee": RUPEES,
    "rupees": RUPEES,
    "re": RUPEES,
    "روپے": RUPEES,
    "روپیہ": RUPEES,
    "روپئے": RUPEES,
    "رو": RUPEES,
    "रुपये": "INR",
    "रुपए": "INR",
    "रूपये": "INR",
    "रुपया": "INR",
    "रु": RUPEES,
    "रू": RUPEES,
    "रुपैयाँ": "NPR",
    "usd": "USD",
    "us$": "USD",
    "$": "USD",
    "eur": "EUR",
    "€": "EUR",
    "gbp": "GBP",
    "£": "GBP",
    "aed": "AED",
    "dhs": "AED",
    "درهم": "AED",
    "sar": "SAR",
    "ريال": "SAR",
    "qar": "QAR",
    "omr": "OMR",
    "kwd": "KWD",
    "bhd": "BHD",
    "bdt": "BDT",
    "৳": "BDT",
    "tk": "BDT",
    "taka": "BDT",
    "টাকা": "BDT",
    "cad": "CAD",
    "aud": "AUD",
    "lkr": "LKR",
    "slr": "LKR",
    "රු": "LKR",
    "npr": "NPR",
    "nrs": "NPR",
    "ngn": "NGN",
    "₦": "NGN",
    "etb": "ETB",
    "kes": "KES",
    "ksh": "KES",
    "myr": "MYR",
    "sgd": "SGD",
    "zar": "ZAR",
}
_SIGN: Final = "|".join(sorted((re.escape(sign) for sign in _SIGNS), key=len, reverse=True))
A_SIGN: Final = rf"(?:{_SIGN})(?![^\W\d_])"
_NUMBER: Final = (
    r"[0-9]{1,3}(?:\.[0-9]{3}){1,4},[0-9]{2}(?![0-9.,])"  # 1.500,00
    r"|[0-9]{1,3}(?:[,'’][0-9]{2,3}){1,6}(?:\.[0-9]{1,3})?"
    r"|[0-9]{1,3}(?: [0-9]{3}){1,3}(?:\.[0-9]{2})(?![0-9])"
    r"|[0-9]{1,13}(?:\.[0-9]{1,3})?"
)
_SCALE: Final = r"(?:\s?(?P<{}>lakhs?|lacs?|crores?|k|million)\b)?"
_BEFORE: Final = (
    rf"(?<![^\W\d_])(?P<sign>{_SIGN})[.:]{{0,2}}(?:\s?(?P<second>{_SIGN})"
    rf"[.:]?)?\)?:?\s{{0,3}}(?P<minus>-?)(?P<number>{_NUMBER}){_SCALE.format('scale')}"
)
_AFTER: Final = (
    rf"(?<![\w.,/-])(?P<number2>{_NUMBER}){_SCALE.format('scale2')}\s?(?:/-\s?)?(?P<sign2>{_SIGN})"
    rf"(?![^\W\d_])"
)
_BARE: Final = r"(?<![\w.,/-])(?P<number3>[0-9]{1,3}(?:,[0-9]{2,3})*)(?:\.[0-9]{2})?/-"
_AMOUNT: Final = re.compile(f"{_BEFORE}|{_AFTER}|{_BARE}", re.IGNORECASE)
_UNMARKED: Final = re.compile(rf"(?<![\w.,/:*-])(?P<number>{_NUMBER})(?![\w*]|[/:.,-][0-9])")
_SCALES: Final = {
    "l": Decimal(100_000),
    "c": Decimal(10_000_000),
    "k": Decimal(1_000),
    "m": Decimal(1_000_000),
}

_ONES: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS: Final = {
    **{word: number for number, word in enumerate(_ONES)},
    **{word: 10 * number for number, word in enumerate(_TENS, start=2)},
}
_POWERS: Final = {
    "thousand": 1_000,
    "lakh": 100_000,
    "lakhs": 100_000,
    "lac": 100_000,
    "crore": 10_000_000,
    "million": 1_000_000,
}
_WORD: Final = "|".join([*_WORDS, *_POWERS, "hundred", "and"])
_IN_WORDS: Final = re.compile(
    rf"\b(?:(?P<sign>rupees|pkr|inr|rs)\.?\s{{1,2}})?(?P<words>(?:(?:{_WORD})[\s-]{{1,2}}){{1,24}})"
    rf"(?P<after>rupees|only)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """
    Attributes:
        currency: ISO 4217, or RUPEES where only the country tells which.
        start, end: where it stands in the text, sign included.
        is_negative: written with a minus.
    """

    value: Decimal
    currency: str
    start: int
    end: int
    is_negative: bool = False


def find_amounts(text: str) -> list[Amount]:
    """All amounts that carry a currency's sign, in the order they stand."""
    return [_amount(found) for found in _AMOUNT.finditer(text)]


def unmarked_amount(text: str, at: int) -> Amount | None:
    """The number that begins right at this place, where the words before it say that it is money."""
    found = _UNMARKED.match(text, at)
    return Amount(_number(found["number"]), RUPEES, found.start(), found.end()) if found else None


def amount_in_words(text: str) -> Amount | None:
    """The first amount that is spelt out: "Rupees Two Thousand Five Hundred Only"."""
    for found in _IN_WORDS.finditer(text):
        if found["sign"] or found["after"].lower() == "rupees":
            sign = _SIGNS.get((found["sign"] or "rupees").lower(), RUPEES)
            value = _spelt(found["words"].lower().replace("-", " ").split())
            return Amount(Decimal(value), sign, found.start(), found.end())
    return None


def _amount(found: re.Match[str]) -> Amount:
    if found["number"]:
        number, scale, sign = found["number"], found["scale"], found["second"] or found["sign"]
    elif found["number2"]:
        number, scale, sign = found["number2"], found["scale2"], found["sign2"]
    else:
        number, scale, sign = found[0].rstrip("/-"), None, "rs"
    value = _number(number) * (_SCALES[scale[0].lower()] if scale else 1)
    currency = _SIGNS[sign.lower()]
    if found["second"] and currency == RUPEES:  # "INR Rs. 500"
        currency = _SIGNS[found["sign"].lower()]
    is_negative = (
        bool(found["minus"])
        or re.search(r"(?:^|[\s(])-\s?$", found.string[max(0, found.start() - 3) : found.start()]) is not None
    )
    return Amount(value, currency, found.start(), found.end(), is_negative)


def _number(text: str) -> Decimal:
    if re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{2}", text):
        text = text.replace(".", "").replace(",", ".")
    return Decimal(re.sub(r"[, '’]", "", text))


def _spelt(words: list[str]) -> int:
    total = part = 0
    for word in words:
        if word in _WORDS:
            part += _WORDS[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in _POWERS:
            total, part = total + max(part, 1) * _POWERS[word], 0
    return total + part
