"""UBL: credits in one sentence, debits with labels."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

_RUPEES: Final = r"(?P<amount>PKR\.?\s?[0-9][0-9,]*(?:\.[0-9]{2})?)"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        rf"{_RUPEES} received from (?P<name>[^\n]{{2,60}}?) in your UBL A/C \*{{1,8}}(?P<tail>[0-9]{{4}}) on "
        r"[^\n]{6,60}? Tx ID (?P<id>[0-9]{8,14})\b",
    ),
    form(Event.DEBIT, rf"You paid {_RUPEES} to (?P<name>[^\n]{{2,60}}?) via Raast\b"),
)
