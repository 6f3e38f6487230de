"""NayaPay: a headline, then label and value in turns; the payer is the "source".

Only a mail with amount and id in its table is known: a subject alone is not enough to settle anything. No real
mail of a transfer that was taken back has been seen: its form is a guess, and only ever asks for a second look.
"""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Direction, Event

_RUPEES: Final = r"(?P<amount>(?:Rs|PKR)\.? ?[0-9][0-9,]*(?:\.[0-9]{1,2})?)"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.REVERSAL,
        rf"Amount Reversed:?\s{{1,3}}{_RUPEES}[\s\S]{{0,400}}?Transaction ID:?\s{{1,3}}(?P<id>[0-9A-Za-z]{{12,40}})\b",
        direction=Direction.OUT,
    ),
    form(
        Event.CREDIT,
        rf"Amount Received:?\s{{1,3}}{_RUPEES}[\s\S]{{0,400}}?Transaction ID:?\s{{1,3}}(?P<id>[0-9A-Za-z]{{12,40}})\b"
        r"(?:[\s\S]{0,200}?Source Acc\. Title:?\s{1,3}(?P<name>[^\n\t]{2,60}))?",
    ),
    form(
        Event.DEBIT,
        rf"Amount (?:Sent|Spent|Paid|Withdrawn):?\s{{1,3}}{_RUPEES}[\s\S]{{0,400}}?Transaction "
        rf"ID:?\s{{1,3}}(?P<id>[0-9A-Za-z]{{12,40}})\b",
    ),
)
