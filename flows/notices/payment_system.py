"""What the admins on duty are told of payments as a whole: that their verification does not go as it should."""

from __future__ import annotations

from datetime import datetime

from flows import templates
from flows.notices.telling import tell_admins
from models.message import Text
from models.session import Session

_TO_DO = {
    "unmatched": "Type *unmatched* to see them and say which booking each is for.",
    "slow": "Please have a look at /api/health: something may be overloaded.",
    "expired": "Perhaps guests do not understand how to pay, or their money is not found. Please look at some of them.",
}


def payments_unwell(session: Session, warning: str, sentence: str, *, now: datetime) -> None:
    """One of the figures is beyond its limit; said once a day.

    Args:
        warning: one of `models.payment_figures.warnings`.
    """
    body = f"⚠️ *Payments need a look*\n\n{sentence}\n\n{_TO_DO[warning]}"
    template = templates.make("payments_unwell", "en", sentence)
    tell_admins(session, None, Text(body), "payments_unwell", template, now)
