"""ICICI Bank: payer and UTR inside "Info", and the spendings of its cards."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

_RUPEES: Final = r"(?P<amount>INR\s?[0-9][0-9,]*(?:\.[0-9]{2})?)"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        rf"Account XX(?P<tail>[0-9]{{3,4}}) has been credited with {_RUPEES} on [0-9A-Za-z-]{{8,11}}\. "
        r"Info: (?:NEFT|IMPS|RTGS|UPI)-(?P<id>[0-9A-Z]{9,22})-(?P<name>[^\n.-]{2,60})\.",
    ),
    form(
        Event.DEBIT,
        rf"Credit Card XX(?P<tail>[0-9]{{4}}) has been used for a transaction of {_RUPEES} on [^\n]{{6,40}}? "
        rf"Info: (?P<name>[^\n.]{{2,60}})\.",
    ),
)
