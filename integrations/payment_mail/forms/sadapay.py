"""SadaPay: a headline, a reference and a date; no real mail of it was found, so its sender is a guess."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

_RUPEES: Final = r"(?P<amount>Rs\.?\s?[0-9][0-9,]*(?:\.[0-9]{1,2})?)"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        rf"\n(?P<name>[^\n]{{2,60}}?) sent you {_RUPEES}[\s\S]{{0,80}}?Reference: (?P<id>SP-[0-9A-Z]{{6,12}})\b",
    ),
    form(Event.DEBIT, rf"You spent USD [0-9.,]{{1,12}} \({_RUPEES}\) at (?P<name>[^\n]{{2,60}}?) using your"),
    form(Event.DEBIT, rf"You (?:spent|sent) {_RUPEES} (?:at|to) (?P<name>[^\n]{{2,60}})"),
)
