"""Payment mails: one raw mail in, one `PaymentMail` out.

`read` says what the mail tells and, apart from that, whether it may be believed. A file per issuer in `forms/`
knows how that issuer writes; `generic.py` reads what nobody wrote down, for a person to look at.

    python -m integrations.payment_mail FILE…

Source: facts/payments.md 1, 3; docs/decisions/0016-believing-a-mail.md
"""

from __future__ import annotations

from integrations.payment_mail.reader import read
from integrations.payment_mail.shape import Direction, Event, PaymentMail, Precision

__all__ = ["Direction", "Event", "PaymentMail", "Precision", "read"]
