"""What a page says of a payment. It is what the picture says, not what is true: a screenshot proves nothing.

What is not certain is None. An amount, above all, is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from integrations.receipts import amounts, dates, labels
from integrations.receipts.labels import Field
from integrations.receipts.page import Page, Span
from integrations.receipts.receipt import PaymentStatus, Receipt

MOST_SPANS: Final = 400  # more stands on no receipt


def read(page: Page) -> Receipt:
    """The fields of a receipt, or that it is none; any text is an answer."""
    if len(page.spans) > MOST_SPANS:
        return Receipt(is_receipt=False)
    found = labels.fields(page)
    amount, mark = amounts.principal(page, found)
    transaction_id, others = _ids(page, found)
    status = _status(page, found)
    if not _is_receipt(page, found, status, amount, transaction_id):
        return Receipt(is_receipt=False)
    currency = _currency(page, mark)
    return Receipt(
        is_receipt=True,
        status=status or PaymentStatus.SUCCESS,
        amount=amount,
        currency=currency if amount is not None else None,
        transaction_id=transaction_id,
        other_ids=others,
        sender_name=_sender(found),
        receiver_name=_receiver(page, found),
        receiver_account_tail=_receiver_tail(page, found),
        occurred_at=dates.occurred_at(_times(page, found), currency),
        provider=_provider(page),
    )


# ---- is it a receipt? ------------------------------------------------------------------------------

_DONE: Final = re.compile(
    r"\b(success\w*|completed?|complete|paid|sent|transferred|money transfer|funds? transfer\w*|transfer receipt|"
    r"transaction receipt|payment receipt|e-?receipt|received|credited|debited|transaction details?|payment to|"
    r"transfer details?|payment details?|raast p2p)\b|کامیاب|सफल",
    re.IGNORECASE,
)
# Somebody asks for money, or the money has yet to be sent; lists, bills and what else has amounts on it.
_NO_RECEIPT: Final = re.compile(
    r"\b(price ?list|rate ?list|menu|per (night|person|head|day|shift)|bill month|due date|amount due|payable|"
    r"scan (to|&|and) pay|otp|one[- ]time|requested|requesting|request money|payment request|pay request|collect request|"
    r"pays? now|send now|confirm (your )?(transfer|payment|and pay)|review (your )?(transfer|payment|details)|"
    r"slide to pay|enter (your )?(pin|mpin|upi pin|amount)|proceed to pay|my account|account statement|"
    r"available balance|cashback up ?to|offer|t&c|check-?in|check-?out|nights?|invoice|quotation|estimate|discount)\b",
    re.IGNORECASE,
)
_STRONG_NO: Final = re.compile(
    r"\b(otp|has requested|requested money|collect request|payment request|enter (your )?(pin|mpin|upi pin)|send now|"
    r"slide to pay|scan (to|&|and) pay|amount due|payable (within|by|after)|confirm (your )?(transfer|payment))\b",
    re.IGNORECASE,
)
_MONEY_BACK: Final = re.compile(r"\b(refund|refunded|cashback (received|won))\b", re.IGNORECASE)


def _is_receipt(
    page: Page,
    found: Sequence[Field],
    status: PaymentStatus | None,
    amount: Decimal | None,
    transaction_id: str | None,
) -> bool:
    text = page.text
    if _STRONG_NO.search(text) or any(_MONEY_BACK.search(line) for line in _headlines(page)):
        return False
    kinds = {f.kind for f in found if f.values}
    parties = bool(kinds & {labels.SENDER, labels.RECEIVER, labels.SENDER_ACCOUNT, labels.RECEIVER_ACCOUNT})
    says_done = status is not None or bool(_DONE.search(text))
    doubts = len({m.group(0).casefold() for m in _NO_RECEIPT.finditer(text)})
    several = len({m.amount for m in amounts.all_amounts(page, found) if m.label == ""}) >= 3
    points = (
        3 * (transaction_id is not None)
        + 2 * (amount is not None)
        + 2 * (status is not None)
        + says_done
        + parties
        + bool(kinds & {labels.WHEN})
        + bool(kinds & {labels.STATUS})
        - 2 * doubts
        - 3 * several
    )
    if transaction_id is not None:
        return points >= 4
    # Without an id it must be a cropped one: somebody, a time or a state, and how much.
    return amount is not None and says_done and parties and points >= 6


# ---- the state -------------------------------------------------------------------------------------

_STATES: Final = (
    (
        PaymentStatus.FAILED,
        r"\b(failed|failure|unsuccessful|not successful|declined|rejected|could not be (processed|completed)|"
        r"was not completed|cancell?ed|reversed)\b|ناکام|विफल|असफल",
    ),
    (
        PaymentStatus.PENDING,
        r"\b(pending|processing|processed shortly|being processed|in process|in progress|scheduled|awaiting|on hold|"
        r"under review|initiated|not yet (sent|completed))\b|زیر التوا|زیرِ التوا|लंबित|प्रक्रिया में",
    ),
    (
        PaymentStatus.SUCCESS,
        r"\b(success\w*|completed|paid|money sent|you sent|sent|transferred|received|approved|done|money transfer)\b|"
        r"کامیاب|सफल",
    ),
)
_IF: Final = re.compile(r"\b(if|in case|unless|will be|would be|may be|once|when)\b", re.IGNORECASE)


def _headlines(page: Page) -> list[str]:
    """What is said shortly, and not of what would be if."""
    return [s.text for s in page.spans if len(s.text.split()) <= 10 and not _IF.search(s.text)]


def _status(page: Page, found: Sequence[Field]) -> PaymentStatus | None:
    """What the page says that became of it: the row of the state first, then the headlines."""
    said = [f.value for f in found if f.kind == labels.STATUS and f.values]
    for texts in (said, _headlines(page)):
        for state, pattern in _STATES:
            if any(re.search(pattern, text, re.IGNORECASE) for text in texts):
                return state
    return None


# ---- the ids ---------------------------------------------------------------------------------------

_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-]{4,39}")
_PHONE: Final = re.compile(r"(?:\+?92|0092|0)?3\d{9}|(?:\+?91)?[6-9]\d{9}")
_PK_MOBILE: Final = re.compile(r"(?:\+?92|0092|0)3\d{9}")
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z]{4}[A-Z0-9]{10,26}")
_FIXED: Final = str.maketrans(
    {"O": "0", "o": "0", "I": "1", "l": "1", "|": "1", "S": "5", "B": "8", "Z": "2"}
)


def _ids(page: Page, found: Sequence[Field]) -> tuple[str | None, tuple[str, ...]]:
    """The id that a mail would name, and the others; by their labels, or where those are not read, by its shape."""
    by_kind: dict[str, list[str]] = {labels.ID: [], labels.REFERENCE: [], labels.OTHER_ID: []}
    for one in found:
        if one.kind in by_kind and (value := _id_of(one)) is not None and value not in by_kind[one.kind]:
            by_kind[one.kind].append(value)
    ranked = [*by_kind[labels.ID], *by_kind[labels.REFERENCE]]
    if not ranked:
        ranked = _in_sentences(page) or _by_shape(page, found, by_kind[labels.OTHER_ID])
    first = ranked[0] if ranked else None
    others = dict.fromkeys(value for value in [*ranked[1:], *by_kind[labels.OTHER_ID]] if value != first)
    return first, tuple(others)


def _id_of(one: Field) -> str | None:
    """The value of an id's row, its second line with it where a long one goes on."""
    if not one.values:
        return None
    value = _token(one.values[0].text)
    for more in one.values[1:]:
        rest = more.text.strip()
        if value is None or more.top < one.values[0].bottom - 2 or " " in rest or len(value) < 14:
            break
        if not re.fullmatch(r"[A-Za-z0-9]{4,24}", rest) or not any(sign.isdigit() for sign in rest):
            break
        value += rest
    return value


def _token(text: str) -> str | None:
    """The id in a value; a gap within it is the engine's."""
    text = re.sub(r"[#:()\[\]]", " ", text).strip()
    compact = text.replace(" ", "")
    parts = [compact] if _TOKEN.fullmatch(compact) and len(text.split()) <= 3 else text.split()
    for part in parts:
        part = part.strip(".,;-")
        if not _TOKEN.fullmatch(part) or sum(sign.isdigit() for sign in part) < 3:
            continue
        if _IBAN.fullmatch(part) or re.fullmatch(r"[xXKO*•]{4,}\d+", part):
            continue
        return _mended(part)
    return None


def _mended(value: str) -> str:
    """Letters that can only be misread digits; and the id of a wallet that begins with a T, which engines double."""
    digits = sum(sign.isdigit() for sign in value)
    if re.fullmatch(r"[A-Z0-9]?T\d{22}", value):
        return value[value.index("T") :]
    if (
        digits >= 9
        and len(value) - digits == 1
        and value.translate(_FIXED).isdigit()
        and not value[0].isalpha()
    ):
        return value.translate(_FIXED)
    if len(value) == 24 and re.fullmatch(r"[0-9a-fOoIl]+", value) and re.search("[a-f]", value):
        return value.translate(_FIXED)
    return value


_SENTENCE_ID: Final = re.compile(
    r"\b(?:tid|trx\.? ?id|txn\.? ?id|transaction id|tx id|ref(?:erence)?(?: no)?|utr|rrn)\b\.?\s*[:#]?\s*"
    r"([A-Za-z0-9\-]{6,40})",
    re.IGNORECASE,
)


def _in_sentences(page: Page) -> list[str]:
    """An id within a sentence, as in a text message."""
    values = (_token(m[1]) for m in _SENTENCE_ID.finditer(page.text.replace("\n", " ")))
    return [value for value in dict.fromkeys(values) if value is not None]


def _by_shape(page: Page, found: Sequence[Field], known: Sequence[str]) -> list[str]:
    """The only piece that can be an id, where its label was not read; no phone, no account."""
    labelled = {value for one in found for value in one.values[:1]}
    candidates = []
    for span in page.spans:
        text = span.text.strip()
        if span in labelled:
            continue
        if re.fullmatch(r"\d{11,12}|[0-9a-f]{24}|T\d{22}", text) and not _PK_MOBILE.fullmatch(text):
            candidates.append(text)
    unknown = [value for value in dict.fromkeys(candidates) if value not in known]
    return unknown if len(unknown) == 1 else []


# ---- people and accounts ---------------------------------------------------------------------------

_NAME: Final = re.compile(r"[^\W\d_][^\W\d_.'’\-]*(?:[ .'’\-]+[^\W\d_][^\W\d_.'’\-]*){0,6}\.?")
_NO_NAME: Final = re.compile(
    r"\b(bank|account|raast|success\w*|completed|transfer\w*|transaction|payment|sent|money|wallet|upi|rs|pkr|inr|"
    r"easypaisa|jazzcash|nayapay|sadapay|phonepe|paytm|google pay|am|pm|"
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\b",
    re.IGNORECASE,
)


def _name(text: str) -> str | None:
    """A person's or business's name; what follows a dash is their bank."""
    text = re.split(r"\s+[-–—|]\s+|\s*\(", text.strip(), maxsplit=1)[0].strip(" :,-")
    if not 2 <= len(text) <= 60 or not _NAME.fullmatch(text) or _NO_NAME.search(text):
        return None
    return text


def _named(found: Sequence[Field], kind: str) -> str | None:
    for one in found:
        if one.kind == kind:
            for value in one.values:
                if (name := _name(value.text)) is not None:
                    return name
    return None


_SENT_TO: Final = re.compile(
    r"\b(?:sent|paid|payment|transferred)\b.{0,40}?\bto\s+([A-Z][A-Za-z.' ]{2,40}?)(?=\s{2}|\s\d|\s+via|[.,]|$)"
)


def _sender(found: Sequence[Field]) -> str | None:
    return _named(found, labels.SENDER)


def _receiver(page: Page, found: Sequence[Field]) -> str | None:
    name = _named(found, labels.RECEIVER)
    if name is None:
        text = page.text.replace("\n", " ")
        said = re.search(
            r"\b(?:sent|paid|payment)\b[^.]{0,40}?\bto\s+([A-Z][A-Za-z.' ]{2,40}?)(?=\s{2}|\s\d|\s+via|[.,]|$)",
            text,
        )
        name = _name(said[1]) if said else None
    return name


def _receiver_tail(page: Page, found: Sequence[Field]) -> str | None:
    """The end of the account that it went to: in a row of its own, or beside or beneath the receiver."""
    for one in found:
        if one.kind == labels.RECEIVER_ACCOUNT and (tail := _tail_of(one.values)) is not None:
            return tail
    side = None
    for one in found:
        if one.kind in (labels.SENDER, labels.SENDER_ACCOUNT):
            side = labels.SENDER
        elif one.kind in (labels.RECEIVER, labels.RECEIVER_ACCOUNT):
            side = labels.RECEIVER
            if (tail := _tail_of(one.values)) is not None:
                return tail
        elif (
            one.kind == labels.ACCOUNT
            and side != labels.SENDER
            and (tail := _tail_of(one.values)) is not None
        ):
            return tail
    said = re.search(r"\bto\b[^.]{0,50}?\b(0?3\d{9})\b", page.text.replace("\n", " "))
    return said[1][-4:] if said else None


def _tail_of(values: Sequence[Span]) -> str | None:
    for value in values:
        if "@" in value.text or value.sure < 0.3:
            continue
        text = (
            re.sub(r"(?<=\w)[ \-](?=\d)", "", value.text)
            if re.search(r"\d{4} ?\d", value.text)
            else value.text
        )
        ends = re.search(r"(\d{4})\W*$", text)
        if ends is not None and not re.search(r"\d{1,2}:\d\d|20\d\d\W*$", value.text):
            return ends[1]
    return None


# ---- money and time --------------------------------------------------------------------------------

_INDIA: Final = re.compile(
    r"₹|\b(upi|uPI|vpa|utr|ifsc|imps|neft|phonepe|paytm|google ?pay|gpay|bhim|inr|hdfc|icici|sbi|axis bank|kotak|"
    r"state bank of india|yes bank|canara|punjab national|okhdfcbank|okaxis|oksbi|okicici|ybl|pty)\b|@\w",
    re.IGNORECASE,
)


def _currency(page: Page, mark: str) -> str:
    """By its mark; “Rs” is India's where the page speaks of India's ways to pay, else Pakistan's."""
    if mark in ("INR", "PKR"):
        return mark
    return "INR" if _INDIA.search(page.text) and not re.search(r"\bPKR\b", page.text) else "PKR"


def _times(page: Page, found: Sequence[Field]) -> list[str]:
    """Where a time may stand: in its row first, then anywhere but in the phone's own top line."""
    said = [value.text for f in found if f.kind == labels.WHEN for value in f.values[:2]]
    anywhere = [" ".join(s.text for s in row) for row in page.rows if row[0].top > 0.04 * page.height]
    dated = [text for text in anywhere if re.search(r"20\d\d|[A-Za-z]{3}", text)]
    return [*said, *dated]


_PROVIDERS: Final = {
    "nayapay": r"naya ?pay",
    "easypaisa": r"easy ?paisa",
    "jazzcash": r"jazz ?cash",
    "sadapay": r"sada ?pay",
    "phonepe": r"phone ?pe\b",
    "paytm": r"\bpaytm\b",
    "googlepay": r"google (pay|transaction)|\bgpay\b",
    "meezan": r"meezan",
    "hbl": r"\bhbl\b|habib bank",
    "ubl": r"\bubl\b",
    "mcb": r"\bmcb\b",
    "alfalah": r"alfalah",
    "faysal": r"faysal",
    "allied": r"\babl\b|allied bank",
    "hdfc": r"hdfc bank",
    "icici": r"icici",
    "sbi": r"state bank of india|\bsbi\b",
    "axis": r"axis bank",
    "kotak": r"kotak",
    "bhim": r"\bbhim\b",
    "zindigi": r"zindigi",
    "upaisa": r"\bu ?paisa\b",
}


def _provider(page: Page) -> str | None:
    """Whose app drew it: the name that stands highest; banks are named as accounts further down."""
    for row in page.rows[:8]:
        text = " ".join(span.text for span in row)
        for provider, pattern in _PROVIDERS.items():
            if re.search(pattern, text, re.IGNORECASE):
                return provider
    return "googlepay" if re.search("google transaction", page.text, re.IGNORECASE) else None
