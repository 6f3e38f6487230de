"""Axis Bank: one sentence, and a string of the rail with slashes that holds id and name."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

_RUPEES: Final = r"(?P<amount>INR\s?[0-9][0-9,]*(?:\.[0-9]{2})?)"
_ACCOUNT: Final = r"A/c no\. XX(?P<tail>[0-9]{4}) on [0-9-]{8,10} at [0-9:]{8} IST\."
_INFO: Final = r"Info- ?(?:UPI/P2[AM]|NEFT|IMPS)/(?P<id>[0-9A-Z]{9,22})/(?P<name>[^/\n]{2,60})"

FORMS: Final[tuple[Form, ...]] = (
    form(Event.CREDIT, rf"{_RUPEES} credited to {_ACCOUNT} {_INFO}/"),
    form(Event.DEBIT, rf"{_RUPEES} debited from {_ACCOUNT} {_INFO}"),
)
