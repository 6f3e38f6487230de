"""The words that stand before a value on a receipt, by what the value is.

Wallets and banks of Pakistan and India as of 2026, and their usual wordings; engines misread a letter here and there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from integrations.receipts.page import Page, Span

AMOUNT, TOTAL, FEE = "amount", "total", "fee"
ID, REFERENCE, OTHER_ID = "id", "reference", "other_id"
SENDER, RECEIVER, SENDER_ACCOUNT, RECEIVER_ACCOUNT, ACCOUNT = (
    "from",
    "to",
    "from_account",
    "to_account",
    "account",
)
STATUS, WHEN, DATE, TIME = "status", "when", "date", "time"
IGNORED = "ignored"

_WORDS: Final[Mapping[str, str]] = {
    AMOUNT: "amount | amount paid | amount sent | amount transferred | transferred amount | "
    "transfer amount | "
    "transaction amount | txn amount | trx amount | paid amount | sent amount | payment amount | "
    "you paid | you sent | "
    "money sent | amount (pkr) | amount (inr) | amount in pkr | net amount | principal amount | رقم | "
    "राशि | भुगतान राशि",
    TOTAL: "total | total amount | total paid | grand total | amount debited | debited amount | "
    "total deducted | "
    "total debit | total amount paid | کل رقم | कुल राशि | amount received",
    FEE: "fee | fees | fee / charge | fee & tax | fee/tax | fee/tax charged | charges | charge | "
    "service fee | "
    "service charges | transaction fee | transfer fee | bank charges | tax | fed | gst | wht | "
    "withholding tax | "
    "service fee (incl. tax) | fee (incl. tax) | discount | cashback | balance | available balance | "
    "remaining balance | current balance | new balance | closing balance | limit | rewards | "
    "platform fee | فیس | शुल्क",
    ID: "transaction id | txn id | txn. id | trx id | trxn id | tid | tx id | tran id | "
    "transaction no | "
    "transaction number | transaction # | trx no | txn no | trans id | trans. id | upi transaction id | "
    "upi txn id | "
    "transfer id | payment id | raast transaction id | transaction code | trx | ٹرانزیکشن آئی ڈی | "
    "ٹی آئی ڈی | "
    "ٹرانزیکشن نمبر | लेनदेन आईडी | ट्रांजैक्शन आईडी | transaction reference id | unique transaction id",
    REFERENCE: "reference | reference no | reference number | reference id | ref no | ref. no. | "
    "ref id | ref number | "
    "ref | transaction reference | transaction ref | txn ref | transaction reference no | "
    "transaction ref no | "
    "transaction reference number | "
    "upi ref no | upi ref. no. | upi ref id | upi reference no | upi reference number | "
    "upi reference id | upi ref number | "
    "upi ref | utr | utr no | utr number | utr id | rrn | rrn no | bank reference no | bank ref no | "
    "bank ref id | "
    "bank reference number | bank reference id | bank transaction id | imps ref no | "
    "imps reference no | raast reference | "
    "raast reference no | receipt no | receipt number | confirmation no | confirmation number | "
    "upi संदर्भ संख्या | संदर्भ संख्या | "
    "यूटीआर | ریفرنس نمبر | حوالہ نمبر",
    OTHER_ID: "stan | google transaction id | order id | order no | order number | auth id | "
    "auth code | "
    "authorization code | approval code | wallet transaction id | wallet txn id | "
    "merchant transaction id | "
    "merchant reference | invoice no | invoice number | invoice id | terminal id | batch no | "
    "trace no | "
    "paytm transaction id | paytm order id | customer reference | request id | session id | cheque no",
    SENDER: "from | sent by | sender | sender name | from name | from title | from account title | "
    "sender title | "
    "source acc. title | source account title | source title | paid by | payer | payer name | "
    "debited from name | "
    "remitter | remitter name | account holder | بھیجنے والا | بھیجنے والے کا نام | प्रेषक | "
    "भेजने वाला | sent from | transfer from | "
    "paid from",
    RECEIVER: "to | sent to | paid to | receiver | receiver name | recipient | recipient name | "
    "beneficiary | "
    "beneficiary name | to name | to title | to account title | account title | beneficiary title | "
    "beneficiary account title | "
    "beneficiary acc. title | destination acc. title | destination account title | destination title | "
    "receiver title | payee | "
    "payee name | transfer to | transferred to | credited to | merchant | merchant name | to: | "
    "وصول کنندہ | "
    "وصول کرنے والا | प्राप्तकर्ता | पाने वाला | banking name | name | money sent to | send to | "
    "sending to",
    SENDER_ACCOUNT: "sender no | sender no. | sender number | sender account | from account | "
    "from iban | "
    "from account number | from account no | source account | source acc. number | source acc number | "
    "source account number | debit account | debited from | paid via | debited account | "
    "sender mobile | from number | "
    "from bank | source bank | sender bank | payment method | sender iban | sender account number",
    RECEIVER_ACCOUNT: "to account | to iban | to account number | to account no | beneficiary account | "
    "beneficiary iban | "
    "beneficiary account number | beneficiary account no | beneficiary acc. number | receiver account | "
    "receiver no | "
    "receiver number | receiver mobile | receiver account number | receiver iban | "
    "destination account | "
    "destination acc. number | destination account number | credit account | credited account | "
    "raast id / iban | "
    "recipient account | recipient number | to number | to mobile | recipient iban | destination iban | "
    "payee account | "
    "payee account number | to raast id | recipient account number | receiver's account",
    ACCOUNT: "account | account no | account no. | account number | acc no | acc. no. | a/c no | "
    "a/c number | iban | "
    "mobile number | mobile no | phone number | mobile account | wallet number | wallet account | "
    "raast id | "
    "account # | iban / account number | اکاؤنٹ نمبر | موبائل نمبر | खाता संख्या | mobile | phone",
    STATUS: "status | transaction status | txn status | payment status | transfer status | حالت | स्थिति",
    WHEN: "date & time | date and time | date/time | date / time | when | on | transaction date | "
    "transaction date & time | "
    "transaction date and time | transaction time | paid on | sent on | paid at | تاریخ | "
    "تاریخ اور وقت | दिनांक | तारीख | date | "
    "transfer date | payment date | value date | txn date | completed on | time | समय | وقت",
    IGNORED: "bank | bank name | to bank | destination bank | beneficiary bank | channel | purpose | "
    "remarks | note | message | "
    "comment | comments | type | transaction type | mode | payment mode | ifsc | ifsc code | branch | "
    "upi id | vpa | "
    "category | description | receiver bank | recipient bank | payment purpose | transfer type | "
    "service | "
    "message from sender | cnic | narration | یو پی آئی آئی ڈی | یوپی آئی | यूपीआई आईडी | app | "
    "device id | email",
}

_SAME: Final = str.maketrans({"l": "i", "1": "i", "|": "i", "!": "i", "0": "o", "5": "s", "8": "b"})
_MOST_WORDS: Final = 6
_NEAR: Final = 86


def plain(text: str) -> str:
    """Letters alone, with those that engines confuse made one."""
    return re.sub(r"[\W_]+", "", text.casefold().translate(_SAME))


_KINDS: Final[Mapping[str, str]] = {
    plain(words): kind for kind, listed in _WORDS.items() for words in listed.split(" | ")
}


@dataclass(frozen=True, slots=True)
class Field:
    """A label with the pieces that stand as its value, the nearest first."""

    kind: str
    label: str
    at: Span
    values: tuple[Span, ...]

    @property
    def value(self) -> str:
        return self.values[0].text if self.values else ""


@lru_cache(maxsize=4096)
def kind_of(text: str) -> str | None:
    """What a label announces; None for what is no label."""
    letters = plain(text)
    if not letters or len(letters) > 40:
        return None
    if letters in _KINDS:
        return _KINDS[letters]
    if len(letters) < 6:
        return None
    alike = [known for known in _KINDS if len(known) >= 6 and abs(len(known) - len(letters)) <= 1]
    best = max(alike, key=lambda known: fuzz.ratio(known, letters), default="")
    return _KINDS[best] if fuzz.ratio(best, letters) >= _NEAR else None


def split(text: str) -> tuple[str, str, str] | None:
    """Kind, label and value of a piece that begins with a label: “TID: 721344000002”, “From Likith Rao”."""
    before, colon, after = text.partition(":")
    if colon and not before[-1:].isdigit():
        kind = kind_of(before)
        if kind is not None:
            return kind, before, after.strip(" :.#-")
    if (kind := kind_of(text)) is not None and not re.search(r"\d{3}", text):
        return kind, text, ""
    words = text.split()
    for count in range(min(_MOST_WORDS, len(words) - 1), 0, -1):
        label = " ".join(words[:count])
        if plain(label) in _KINDS and not re.search(r"\d{3}", label):
            return _KINDS[plain(label)], label, " ".join(words[count:]).strip(" :.#-")
    return None


def fields(page: Page) -> list[Field]:
    """Every label of the page with its value: beside it, else beneath it; in the order of the rows."""
    return list(_fields(page.rows))


def _fields(rows: list[list[Span]]) -> Iterator[Field]:
    for number, row in enumerate(rows):
        for place, span in enumerate(row):
            found = split(span.text)
            if found is None or _is_value_of_another(row, place):
                continue
            kind, label, inline = found
            values = [_part(span, inline)] if inline else []
            beside = row[place + 1 :] or (row[:place] if not _is_latin(span.text) else [])
            values += [other for other in beside if _is_value(other)]
            beneath = _beneath(rows, number, span, values)
            yield Field(kind, label, span, (*values, *beneath))


def _is_value_of_another(row: list[Span], place: int) -> bool:
    """Beside a label even “Completed” or “Raast” is a value: “Status  Paid to”, “Type  Transfer”."""
    before = split(row[0].text) if place == 1 and len(row) == 2 else None
    return before is not None and not before[2]


def _part(span: Span, text: str) -> Span:
    return Span(text, span.left, span.top, span.right, span.bottom, span.sure, span.glyphs)


def _is_value(span: Span) -> bool:
    found = split(span.text)
    return found is None or bool(found[2])


def _is_latin(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]{2}", text))


def _beneath(rows: list[list[Span]], number: int, label: Span, values: list[Span]) -> list[Span]:
    """What goes on, or stands, in the rows below: a second line of the value, or a value under its label."""
    found: list[Span] = []
    above = values[-1] if values else label
    for row in rows[number + 1 : number + 3]:
        if row[0].top - above.bottom > 1.6 * max(label.height, above.height):
            break
        if values:
            # A second line has nothing to its left, and ends or begins where the first does.
            near = [
                s
                for s in row
                if abs(s.right - above.right) < above.height or abs(s.left - above.left) < above.height
            ]
            if len(row) != 1 or not near or split(row[0].text) is not None:
                break
        else:
            near = [s for s in row if abs(s.left - label.left) < 2 * label.height]
            if not near or split(near[0].text) is not None:
                break
        found.append(near[0])
        above = near[0]
        if not values:
            break
    return found
