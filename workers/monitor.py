"""Watch what no single booking shows: figures that call for a person, and rows that nobody needs any more."""

from __future__ import annotations

from flows import notices
from models import account, idempotency, limits, payment_figures
from models.clock import Clock
from models.db import unit_of_work


def watch_payments(clock: Clock) -> None:
    """Tell the admins of a rate or a time beyond its limit, once a day each."""
    now = clock.now()
    with unit_of_work() as session:
        for warning, sentence in payment_figures.warnings(payment_figures.read(session, now)).items():
            if payment_figures.to_tell(session, warning, now):
                notices.payments_unwell(session, warning, sentence, now=now)


def forget_old(clock: Clock) -> None:
    """Let go of what the API kept for a while: counted calls, tries to sign in, keys, sessions."""
    now = clock.now()
    with unit_of_work() as session:
        limits.forget_old(session, now)
        account.forget_old(session, now)
        idempotency.forget_old(session, now)
