"""Kotak Mahindra Bank: one sentence without a name, the payer by their UPI address alone."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

_RUPEES: Final = r"(?P<amount>Rs\.?\s?[0-9][0-9,]*(?:\.[0-9]{2})?)"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        rf"Received {_RUPEES} in your Kotak Bank AC X(?P<tail>[0-9]{{4}}) from [^\s]{{3,60}}@[a-z]{{2,20}} on "
        rf"[0-9-]{{8}}\.\s?"
        r"UPI Ref:\s?(?P<id>[0-9]{12})\b",
    ),
    form(Event.DEBIT, rf"Sent {_RUPEES} from Kotak Bank AC X(?P<tail>[0-9]{{4}}) to "),
    form(
        Event.REVERSAL,
        rf"{_RUPEES} is credited [^\n]{{0,60}}?as a reversal of debit transaction",
    ),
)
