"""Easypaisa: the wording of its app and SMS, in English or below Urdu; what was sent comes as a table.

How it tells of a transfer that was taken back is a guess, and only ever asks for a second look.
"""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Direction, Event

_RUPEES: Final = r"(?P<amount>Rs\.?\s?[0-9][0-9,]*(?:\.[0-9]{1,2})?)"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        rf"You have received {_RUPEES} in your Easypaisa account \*{{2,14}}(?P<tail>[0-9]{{4}}) from "
        rf"(?P<name>[^\n]{{2,60}}?)"
        r"(?: PK[*0-9A-Z]{8,40})? via [^\n]{4,80}? Trx ID:? (?P<id>[0-9]{9,13})\b",
    ),
    form(
        Event.CREDIT,
        rf"{_RUPEES} received from (?P<phone>03[0-9]{{9}}) \((?P<name>[^()\n]{{2,60}})\)\. Trx ID:? "
        rf"(?P<id>[0-9]{{9,13}})\b",
    ),
    form(
        Event.REVERSAL,
        rf"{_RUPEES} received from (?P<name>[^\n]{{2,60}}?) has been reversed on [^\n]{{6,60}}? "
        rf"Trx ID:? (?P<id>[0-9]{{9,13}})\b",
        direction=Direction.OUT,
    ),
    form(
        Event.DEBIT,
        r"Money Transfer Receipt\s{1,3}Amount\s{1,3}(?P<amount>Rs\.?\s?(?!0(?:\.0{1,2})?\s)[0-9][0-9,]*(?:\.[0-9]{1,2})?)"
        r"[\s\S]{0,80}?Sent to\s{1,3}(?P<name>[^\n\t]{2,60})",
    ),
)
