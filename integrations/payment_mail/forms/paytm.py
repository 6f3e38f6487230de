"""Paytm for Business: the name, if any, only in the subject; its "order" is the id of the payment."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

_RUPEES: Final = r"(?P<amount>(?:Rs\.?|₹)\s?[0-9][0-9,]*(?:\.[0-9]{1,2})?)"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        rf"{_RUPEES} paid (?:by (?P<name>[^\n]{{2,60}}?) )?on your Paytm QR\n[\s\S]{{0,80}}?Payment "
        rf"Received\s{{1,3}}[\s\S]{{0,30}}?"
        r"Order ID:? (?P<id>T[0-9]{10,24})\b",
    ),
)
