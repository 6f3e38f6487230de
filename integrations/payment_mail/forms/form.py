"""How one issuer writes one kind of mail: a wording that is its own, with what stands where in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from integrations.payment_mail import fields, wording
from integrations.payment_mail.amounts import find_amounts
from integrations.payment_mail.generic import fill, principal
from integrations.payment_mail.reading import Page, Reading
from integrations.payment_mail.shape import Direction, Event

# Groups of a form's wording: `amount` (with its sign), `name`, `id`, `phone`, `tail`; all may be missing.


@dataclass(frozen=True, slots=True)
class Form:
    """
    Attributes:
        says: found in subject and body, which are parted by a line end.
    """

    event: Event
    says: re.Pattern[str]
    direction: Direction


def form(event: Event, pattern: str, *, direction: Direction | None = None) -> Form:
    """A form of this event; a space in the pattern stands for any gap, also over cells and lines, " ?" for none too.

    Args:
        direction: where it is not that of the event; a reversal may be of either.
    """
    pattern = pattern.replace(" ?", r"\s{0,3}").replace(" ", r"\s{1,3}")
    usual = Direction.OUT if event is Event.DEBIT else Direction.IN
    return Form(event, re.compile(pattern, re.IGNORECASE), direction or usual)


def read_by(forms: Sequence[Form], page: Page) -> Reading | None:
    """Read the page by the first form that it has.

    None where it has none, and where the mail speaks against what the form says: other words in it tell of a
    refund or a failure, or a reader who does not know the form finds another amount. Then a person decides.
    """
    for one in forms:
        found = one.says.search(page.text)
        if found is not None:
            return _read_as(one, found, page)
    return None


def _read_as(one: Form, found: re.Match[str], page: Page) -> Reading | None:
    said = {key: value.strip() for key, value in found.groupdict().items() if value}
    amount = _amount(said.get("amount", ""))
    if one.event is Event.CREDIT and wording.speaks_against(page.subject, page.body):
        return None
    other = principal(page, page.home)
    if one.event is Event.CREDIT and (amount is None or other is None or other.value != amount):
        return None
    reading = fill(page, one.event, one.direction, amount=amount)
    if reading.event is not one.event:
        return None
    name = fields.clean_name(said["name"]) if "name" in said else reading.sender_name
    return replace(
        reading,
        currency=page.home if amount is not None else reading.currency,
        sender_name=name if "name" in one.says.groupindex else reading.sender_name,
        transaction_id=said.get("id", reading.transaction_id),
        sender_phone=said.get("phone", reading.sender_phone),
        account_tail=said.get("tail", reading.account_tail),
    )


def _amount(text: str) -> Decimal | None:
    amounts = find_amounts(text)
    return amounts[0].value if amounts else None
