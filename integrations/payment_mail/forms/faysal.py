"""Faysal Bank: labels with double colons, often all in one line; the receiver stands before the sender.

A debit has the same labels; it alone says "Date and Time"."""

from __future__ import annotations

from typing import Final

from integrations.payment_mail.forms.form import Form, form
from integrations.payment_mail.shape import Event

_RUPEES: Final = r"(?P<amount>PKR\s?[0-9][0-9,]*(?:\.[0-9]{2})?)(?:/-)?"

FORMS: Final[tuple[Form, ...]] = (
    form(
        Event.CREDIT,
        r"Sender Name\s?::\s{0,3}(?P<name>[^:\n\t]{2,60}?)\s?[:\n\t]"
        rf"(?:(?!Date and Time)[\s\S]){{0,400}}?Amount Transferred\s?::\s{{0,3}}{_RUPEES}"
        r"(?:(?!Date and Time)[\s\S]){0,200}?Transaction Reference\s?::\s{0,3}(?P<id>[0-9A-Z]{6,24})\b",
    ),
    form(
        Event.DEBIT,
        rf"Date and Time\s?::[\s\S]{{0,300}}?Amount Transferred\s?::\s{{0,3}}{_RUPEES}",
    ),
)
