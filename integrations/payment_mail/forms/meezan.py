"""Meezan Bank: one sentence, then labels; the "beneficiary" of a credit is the payer, and no mail has an id."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

_RUPEES: Final = r"(?P<amount>PKR\s?[0-9][0-9,]*(?:\.[0-9]{2})?)"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        rf"{_RUPEES} received to your account x{{1,6}}(?P<tail>[0-9]{{4}}) with the following details:"
        r"(?:\s{0,3}Beneficiary Account(?: Title)?[\s:]{1,5}(?P<name>[^\n\t:]{2,60}?)(?: AC#|\s?\n))?",
    ),
    form(
        Event.DEBIT,
        rf"{_RUPEES} (?:sent|is debited) from your account x{{1,6}}(?P<tail>[0-9]{{4}}) with the following details:"
        r"[\s\S]{0,80}?(?:Beneficiary Account Title|Merchant Name)[\s:]{1,5}(?P<name>[^\n\t:]{2,60})",
    ),
)
