"""Reads forms that nobody wrote down: what it finds goes to a person, who sees the mail's own words beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from decimal import Decimal
from typing import Final

from integrations.payment_mail import fields, moments, wording
from integrations.payment_mail.amounts import RUPEES, Amount, amount_in_words, find_amounts, unmarked_amount
from integrations.payment_mail.reading import Page, Reading
from integrations.payment_mail.shape import Direction, Event
from integrations.payment_mail.words import words

MOST_AMOUNTS: Final = 200
LEAST_WEIGHT: Final = -2  # below it stands a fee, a balance, or the same money in another currency
_MOVED: Final = frozenset(
    (
        Event.CREDIT,
        Event.DEBIT,
        Event.REFUND,
        Event.CASHBACK,
        Event.SETTLEMENT,
        Event.REVERSAL,
        Event.FAILED,
        Event.PENDING,
    )
)


_NOT_PRINCIPAL: Final = words(
    r"\b(?:fees?|charges?|tax(?:es)?|fed|wht|gst|vat|duty|commission|mdr|bal(?:ance)?|limit|rate|"
    r"minimum|outstanding|remaining|discount|cash ?back|due|tip|rewards?|points|daily total|"
    r"total (?:received )?today|so far|month|available|ledger|original(?: amount)?|"
    r"amount in [a-z]{3}|foreign|equivalent|opening|closing|previous|deduct(?:ed|ion)s?|"
    r"adjust(?:ed|ment)|worth|order value|invoice value)\b[^\n\d;]{0,36}(?:\n[^\w\d\n]{0,6})?$",
    r"(?:بیلنس|فیس|بقایا|ٹیکس|शेष|मौज्दात|बैलेंस|शुल्क|\bकर|الرصيد|رسوم|ব্যালেন্স|ফি)[^\n\d;]{0,30}\n?[^\w\n]{0,6}$",
    r"[=@]\s?$",
)
_NOT_PRINCIPAL_AFTER: Final = words(
    r" {0,2}[(,]? ?(?:fees?|charges?|tax|balance|bal\b|cash ?back|off\b|discount|limit|per\b|"
    r"each\b|service fee|بیلنس|शेष)"
)
_PRINCIPAL: Final = words(
    r"\b(?:(?<!\bbalance )(?<!\bavailable )(?<!\bfee )(?<!\btax )(?<!\bcharges )(?<!\bdue )amount|"
    r"received|credited|credit|deposit(?:ed)?|got|sent|paid|payment|transferred|"
    r"transfer(?: amount)?|debited|debit|added|principal|spent|withdrawn|net amount|sum|"
    r"transaction|refund|reversal|settlement|purchase|"
    r"remittance)\b[^\n\d;]{0,40}(?:\n[^\w\d\n]{0,6})?$",
    r"(?:(?<!بقایا )رقم|(?<!शेष )राशि|المبلغ|مبلغ)[^\n\d;]{0,24}\n?[^\w\n]{0,6}$",
)
_PRINCIPAL_AFTER: Final = words(
    r"\s{0,2}(?:/-)?\s?(?:has|have|was|is|were|had)?\s?(?:been )?(?:successfully )?(?:received|"
    r"credited|deposited|sent|paid|transferred|debited|from|by|to your|in your|into|via|موصول|جمع|"
    r"وصول|जमा|प्राप्त|क्रेडिट)"
)
_UNMARKED: Final = words(
    r"(?:(?:credited|debited|received|deposited) (?:by|with|for|of)|\bamount(?: received|"
    r" credited| paid)?\s?[:\t\n=-]+|\bamt\b\.?[\s:]{1,3}|राशि[\s:]{1,3}|رقم[\s:]{1,3})\s?"
)
_CURRENCY_ROW: Final = words(
    r"(?:^|\n)(?:transaction |txn )?(?:currency|ccy)(?: code)?\s?[:\t\n]\s{0,2}(pkr|inr|bdt|npr|lkr|usd|eur|gbp|aed|sar)\b"
)
_BY_CLOCK: Final = {300: "PKR", 330: "INR", 345: "NPR"}  # minutes before UTC
_RUPEE_COUNTRIES: Final = frozenset((*_BY_CLOCK.values(), "LKR"))
_PAKISTAN: Final = words(
    r"\b(?:raast|ibft|1link|cnic|easypaisa|jazzcash|nayapay|sadapay|pkr|pk[0-9]{2}[a-z]{4}|"
    r"karachi|lahore|islamabad|tid)\b",
    r"\.pk\b",
    r"روپ|موصول",
)
_INDIA: Final = words(
    r"\b(?:upi|imps|neft|rtgs|utr|ifsc|vpa|inr|rrn|bhim)\b",
    r"₹",
    r"\.in\b",
    r"[ऀ-ॿ]",
    r"@(?:ok|ybl|pt)[a-z]*",
)
_NEPAL: Final = words(
    r"\b(?:npr|nrs|esewa|khalti|connectips|fonepay|nepal|kathmandu|pokhara)\b",
    r"\.np\b",
    r"तपाईं|भयो|रुपैयाँ",
)
_SRI_LANKA: Final = words(
    r"\b(?:lkr|slr|cefts|slips|lankaqr|lanka|colombo|kandy)\b",
    r"\.lk\b",
    r"[඀-෿]",
)
_SPEAKING_OF: Final = {"INR": _INDIA, "PKR": _PAKISTAN, "NPR": _NEPAL, "LKR": _SRI_LANKA}


@dataclass(frozen=True, slots=True)
class _Weighed:
    amount: Amount
    weight: int


def read_any(page: Page) -> Reading:
    """Read a mail of any form; never raises and never guesses an amount that stands beside no word for it."""
    event, direction = wording.tells(page.subject, page.body)
    if event not in _MOVED:
        return Reading(event)
    return fill(page, event, direction)


def fill(page: Page, event: Event, direction: Direction | None, *, amount: Decimal | None = None) -> Reading:
    """All further facts of a mail whose event is known, found by labels and wording.

    Args:
        amount: what a form has read itself.
    """
    home = page.home or _home(page)
    found = principal(page, home)
    if amount is None and found is None:
        return Reading(Event.OTHER if event in (Event.CREDIT, Event.DEBIT) else event)
    currency = found.currency if found and found.currency != RUPEES else home
    taken_back = fields.reversed_id(page.text) if event is Event.REVERSAL else None
    number = fields.transaction_id(page.body) or fields.transaction_id(page.subject)
    at, precision = moments.find_moment(page.body, written=page.written, zone=_zone(page, home))
    side = Direction.IN if event is Event.REVERSAL else direction  # money taken back is the payer's
    has_other_side = event not in (Event.FAILED, Event.SETTLEMENT)
    return Reading(
        event,
        direction,
        amount=amount if amount is not None else found.value if found else None,
        currency=currency,
        transaction_id=number if number != taken_back else None,
        sender_name=_other_name(page, side) if has_other_side else None,
        sender_phone=fields.other_phone(page.text, side) if has_other_side else None,
        occurred_at=at,
        occurred_precision=precision,
        account_tail=fields.account_tail(page.body) if event is not Event.FAILED else None,
        reverses=taken_back,
    )


def _other_name(page: Page, direction: Direction | None) -> str | None:
    return fields.other_name(page.body, direction) or fields.other_name(page.subject, direction)


def principal(page: Page, home: str | None) -> Amount | None:
    """The amount that was moved: not a fee, a balance, a limit or the same sum in another currency."""
    weighed: dict[tuple[Decimal, str], int] = {}
    for text, bonus in ((page.subject, 2), (page.body, 0)):
        for one in _weigh(text):
            key = (one.amount.value, _resolved(one.amount, home))
            weighed[key] = max(weighed.get(key, -99), one.weight + bonus) + (1 if key in weighed else 0)
    fitting = [key for key, weight in weighed.items() if weight >= LEAST_WEIGHT]
    fitting = [key for key in fitting if key[1] == home] or fitting  # a dollar account has dollars alone
    best = max(fitting, key=lambda key: weighed[key], default=None)  # of equals the first
    if best is not None:
        return Amount(*best, start=0, end=0)
    return _unmarked(page.body) or amount_in_words(page.text)


def _weigh(text: str) -> Sequence[_Weighed]:
    amounts = [amount for amount in find_amounts(text) if amount.value][:MOST_AMOUNTS]
    out, before = [], 0
    for place, amount in enumerate(amounts):
        after = amounts[place + 1].start if place + 1 < len(amounts) else len(text)
        out.append(_Weighed(amount, _weight(text, before, amount, after) + (place == 0)))
        before = amount.end
    return out


def _weight(text: str, start: int, amount: Amount, end: int) -> int:
    before = text[max(start, amount.start - 100) : amount.start]
    after = text[amount.end : min(end, amount.end + 60)]
    weight = 0
    spoilt, meant = _NOT_PRINCIPAL.search(before), _PRINCIPAL.search(before)
    if spoilt and not (meant and meant.start() > spoilt.start()):
        weight -= 8
    elif meant:
        weight += 3
    if _NOT_PRINCIPAL_AFTER.match(after):
        weight -= 8
    elif _PRINCIPAL_AFTER.match(after):
        weight += 3
    return weight


def _unmarked(text: str) -> Amount | None:
    """A number that is called an amount, in the currency of a row of its own if there is one."""
    named = _CURRENCY_ROW.search(text)
    for found in _UNMARKED.finditer(text):
        amount = unmarked_amount(text, found.end())
        if amount is not None and amount.value:
            return replace(amount, currency=named[1].upper()) if named else amount
    return None


def _resolved(amount: Amount, home: str | None) -> str:
    return home if amount.currency == RUPEES and home in _RUPEE_COUNTRIES else amount.currency


def _home(page: Page) -> str | None:
    """Whose rupees they are, where the issuer does not tell."""
    text = page.text[:20_000]
    said = sorted((len(their.findall(text)), currency) for currency, their in _SPEAKING_OF.items())
    if said[-1][0] > said[-2][0]:
        return said[-1][1]
    offset = page.written.utcoffset() if page.written else None
    minutes = offset.total_seconds() / 60 if offset else None
    return _BY_CLOCK.get(int(minutes)) if minutes else None


def _zone(page: Page, home: str | None) -> tzinfo | None:
    return moments.zone_of(page.country or home)
