"""HDFC Bank: UPI credits in an older and a newer wording, NEFT, and UPI debits.

A refund by a merchant comes with the same subject and the older wording; only its address says so. How it tells of
a credit that was taken back is a guess, and only ever asks for a second look."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Direction, Event

_RUPEES: Final = r"(?P<amount>(?:Rs|INR)\.?\s?[0-9][0-9,]*(?:\.[0-9]{2})?)"
_TAIL: Final = r"(?:\*\*|XX)?(?P<tail>[0-9]{4})"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        rf"{_RUPEES} has been successfully credited to your HDFC Bank account ending in {_TAIL}\."
        r"[\s\S]{0,120}?Sender: (?P<name>[^\n(]{2,60}?) \(VPA: [^)\n]{3,60}\)[\s\S]{0,40}?UPI Reference No\.: "
        r"(?P<id>[0-9]{12})\b",
    ),
    form(
        Event.CREDIT,
        rf"{_RUPEES} is successfully credited to your account {_TAIL} by VPA [^\s]{{3,60}} "
        rf"(?P<name>[^\n]{{2,60}}?) on [0-9-]{{8}}\. "
        r"Your UPI transaction reference number is (?P<id>[0-9]{12})\b",
    ),
    form(
        Event.CREDIT,
        rf"{_RUPEES} has been credited to your HDFC Bank A/c {_TAIL} on [0-9A-Za-z-]{{8,11}} by NEFT from "
        rf"(?P<name>[^\n]{{2,60}}?)\. "
        r"UTR: (?P<id>[0-9A-Z]{12,22})\b",
    ),
    form(
        Event.REVERSAL,
        rf"{_RUPEES} credited earlier to your account {_TAIL} by VPA [^\s]{{3,60}} (?P<name>[^\n]{{2,60}}?) has been "
        r"reversed on [0-9-]{8}\. Your UPI transaction reference number is (?P<id>[0-9]{12})\b",
        direction=Direction.OUT,
    ),
    form(
        Event.DEBIT,
        rf"{_RUPEES} is debited from your account ending {_TAIL} towards VPA [^\s]{{3,60}} "
        rf"\((?P<name>[^)\n]{{2,60}})\)",
    ),
)
