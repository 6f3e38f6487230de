"""State Bank of India: one sentence in English or in Hindi, the balance behind it."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        r"A/C X{1,8}(?P<tail>[0-9]{4}) has a credit by Transfer of "
        r"(?P<amount>Rs\.?\s?[0-9][0-9,]*(?:\.[0-9]{2})?) on [0-9/]{8,10} "
        r"from (?P<name>[^\n]{2,60}?)\. Ref No (?P<id>[0-9]{12})\b",
    ),
    form(
        Event.CREDIT,
        r"खाते X{1,8}(?P<tail>[0-9]{4}) में दिनांक [0-9/]{8,10} को "
        r"(?P<amount>₹\s?[0-9][0-9,]*(?:\.[0-9]{2})?) जमा किए गए\. "
        r"प्रेषक: (?P<name>[^\n(]{2,60}?) \([^)\n]{3,60}\)\. संदर्भ संख्या (?P<id>[0-9]{12})\b",
    ),
)
