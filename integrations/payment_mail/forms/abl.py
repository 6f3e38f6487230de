"""Allied Bank: the payer stands inside the description, the id under the cheque number."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

_RUPEES: Final = r"(?P<amount>PKR\s?[0-9][0-9,]*(?:\.[0-9]{2})?)"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        rf"A Credit transaction of {_RUPEES} was made in your Account No: "
        rf"[0-9]{{0,6}}\*{{2,8}}[0-9]{{0,6}}(?P<tail>[0-9]{{4}})\b"
        r"[\s\S]{0,200}?Transaction description[\s:]{1,6}[^\n]{0,40}?FROM (?P<name>[^\n]{2,60})"
        r"[\s\S]{0,60}?Cheque#[\s:]{1,6}(?P<id>[0-9]{4,14})\b",
    ),
    form(
        Event.DEBIT,
        rf"{_RUPEES} have been sent from your Account No: \*{{2,8}}(?P<tail>[0-9]{{4}})\b"
        r"(?:[\s\S]{0,200}?Beneficiary Name[\s:]{1,6}(?P<name>[^\n]{2,60}))?",
    ),
    form(
        Event.DEBIT,
        rf"A Debit transaction of {_RUPEES} was made in your Account No: "
        rf"[0-9]{{0,6}}\*{{2,8}}[0-9]{{0,6}}(?P<tail>[0-9]{{4}})\b",
    ),
)
