"""The numbers a business sets, as the rules need them; made from the settings at the top of each process."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Rules:
    """How long and how much; each field has the setting's default.

    Attributes:
        hold: how long an unpaid booking keeps its place.
        hold_grace: how overdue a hold must be before a rival may take the place.
        longest_hold: no hold lasts longer than this after it began, whatever its provider says.
        hold_step: how far a hold moves each time its provider cannot say yet.
        most_holds: unpaid bookings a person may have at once.
        payment_alert: after how long without an answer about a payment the admin is told.
        review: how long an admin has to look for a transfer that a guest says is made.
        most_rejections: so often a transfer may not be found before the booking ends.
        reminders, owner_alert, owner_deadline: the owner's silence, counted from the payment.
        code_life: how long an owner's button works.
        verification_mode: how far transfers verify themselves, as long as no admin has switched it.
        auto_confirm_confidence: from which score on a transfer's match confirms by itself.
        match_tie: what becomes of a transfer that several could have made: `ask`, or `latest`.
        ways: the ways to pay that the business has switched on.
    """

    hold: timedelta = timedelta(minutes=15)
    hold_grace: timedelta = timedelta(minutes=2)
    longest_hold: timedelta = timedelta(hours=2)
    hold_step: timedelta = timedelta(minutes=5)
    most_holds: int = 2
    payment_alert: timedelta = timedelta(minutes=15)
    review: timedelta = timedelta(hours=2)
    most_rejections: int = 3
    reminders: tuple[timedelta, ...] = (timedelta(minutes=15), timedelta(minutes=30))
    owner_alert: timedelta = timedelta(minutes=60)
    owner_deadline: timedelta = timedelta(hours=24)
    code_life: timedelta = timedelta(minutes=30)
    draft_life: timedelta = timedelta(hours=24)
    max_days_ahead: int = 90
    ways: Collection[str] = frozenset({"card", "transfer"})
    verification_mode: str = "manual"
    auto_confirm_confidence: int = 70
    match_tie: str = "ask"
    public_url: str = "http://localhost:8000"
    business_name: str = "Sarai"
    business_phone: str = ""
