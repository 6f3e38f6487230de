"""PhonePe Business: a subject with amount and name, and its own id before that of the bank."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        r"Received (?P<amount>₹\s?[0-9][0-9,]*(?:\.[0-9]{1,2})?) from (?P<name>[^\n]{2,60})\n[\s\S]{0,300}?"
        r"Txn\. ID ?: ?(?P<id>T[0-9]{10,30})\b[\s\S]{0,40}?Txn\. Status ?: ?Successful",
    ),
    form(Event.DEBIT, r"Paid To (?P<name>[^\n₹]{2,60}?) (?P<amount>₹\s?[0-9][0-9,]*(?:\.[0-9]{1,2})?)"),
)
