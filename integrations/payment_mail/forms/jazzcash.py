"""JazzCash: the wording of its SMS; no personal wallet was ever seen to mail it, so its sender is a guess."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

_RUPEES: Final = r"(?P<amount>Rs\.?\s?[0-9][0-9,]*(?:\.[0-9]{1,2})?)"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        rf"{_RUPEES} received (?:from (?P<phone>03[0-9]{{9}}) \((?P<name>[^()\n]{{2,60}})\) )?"
        r"in your JazzCash Mobile Account:? ?(?P<tail>03[0-9]{9})\b[^\n]{0,80}? TID:? (?P<id>[0-9]{9,15})\b",
    ),
    form(Event.DEBIT, rf"You have sent {_RUPEES} to (?P<phone>03[0-9]{{9}})\b"),
)
