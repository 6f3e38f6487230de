"""What a transfer is asked for with: one bubble that tells whom, how much, by which code, and until when."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flows import stays, ways
from flows.actions import CancelStay, SayPaid
from flows.engine import button
from flows.phrases import Phrases
from models.booking import Booking
from models.listing import Listing
from models.message import Buttons, clip
from models.money import Money
from models.payee import Payee
from models.payment import TRANSFER, Payment
from models.rules import Rules

# Countries with one clock, where most guests and places are.
ZONES: Final = {"PK": "Asia/Karachi", "IN": "Asia/Kolkata", "AE": "Asia/Dubai", "SA": "Asia/Riyadh"}

# Why a transfer was not found, as the guest is told; an admin may also write it in their own words.
REASONS: Final = {
    "not_received": "the money has not reached our account",
    "wrong_amount": "the amount is not the one that we asked for",
    "not_done": "the transfer is pending or has failed",
    "unreadable": "the picture cannot be read",
    "wrong_account": "it went to an account that is not ours",
    "used_before": "this picture was used for a payment before",
    "other": "it could not be matched to your booking",
}


def page(
    _: Phrases,
    booking: Booking,
    listing: Listing,
    payment: Payment,
    payee: Payee,
    country: str | None,
    rules: Rules,
    now: datetime,
) -> Buttons:
    """Whom to pay, the account on a line of its own to be copied, how much exactly, the code, until when.

    Args:
        country: the guest's; a time of day is said only to whom the place's clock is their own.
    """
    lines = [
        f"*{clip(listing.name, 60)}*",
        stays.with_guests(_, booking, listing),
        "",
        _("Transfer exactly *{amount}* to", amount=_.money(payment.missing)),
        f"{clip(payee.provider, 40)}, {clip(payee.title, 60)}:",
        clip(payee.account, 60),
        "",
        _("Write this code in the remarks: *{code}*", code=payment.reference),
        _why_exactly(_, payment),
        "",
        kept_until(_, booking.hold_until or payment.expires_at, listing, country, now),
        _("When it is done, tap below or send a screenshot of it here."),
    ]
    buttons = (
        button(SayPaid(booking.id), _("I have paid")),
        *ways.another(_, booking, ways.open_for(listing, rules), TRANSFER),
        button(CancelStay(booking.id), _("Cancel booking")),
    )
    return Buttons("\n".join(lines), buttons)


def _why_exactly(_: Phrases, payment: Payment) -> str:
    """What the odd amount is good for, and where the rest of it goes."""
    if not payment.short_minor:
        return _("By the code we know that the money is yours.")
    rest = _.money(Money(payment.short_minor, payment.currency))
    return _(
        "By the exact amount we know that it is yours; the other {rest} you pay at the property.", rest=rest
    )


def kept_until(_: Phrases, until: datetime, listing: Listing, country: str | None, now: datetime) -> str:
    if ZONES.get(country or "") == listing.time_zone:
        local = _.time(until.astimezone(ZoneInfo(listing.time_zone)).time())
        return _(
            "We keep the place for you until *{time}* ({left}).", time=local, left=_.duration(until - now)
        )
    return _("We keep the place for you for *{left}*.", left=_.duration(until - now))


def reason_in_words(_: Phrases, reason: str) -> str:
    return _(REASONS[reason]) if reason in REASONS else clip(" ".join(reason.split()), 120)
