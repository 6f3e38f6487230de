"""The ways to pay, in words and as taps: those that the place names and the business has switched on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flows.actions import ChooseWay, PayBy
from flows.engine import button
from flows.phrases import Phrases
from models.booking import Booking
from models.listing import Listing
from models.message import Button
from models.money import Money
from models.payment import CARD, PAYTM, RAZORPAY, TRANSFER
from models.rules import Rules

TITLES: Final = {
    CARD: "Pay by card",
    PAYTM: "Pay by Paytm",
    RAZORPAY: "Pay by Razorpay",
    TRANSFER: "Pay by transfer",
}
NAMES: Final = {CARD: "Card", PAYTM: "Paytm", RAZORPAY: "Razorpay", TRANSFER: "Transfer"}
# What they are called beside the ways to pay an advance.
ALL_AT_ONCE: Final = {
    CARD: "All by card",
    PAYTM: "All by Paytm",
    RAZORPAY: "All by Razorpay",
    TRANSFER: "All by transfer",
}
# What is said above the link of a provider's page.
ASKED: Final = {
    CARD: "Pay *{amount}* by card to book it.",
    PAYTM: "Pay *{amount}* by Paytm to book it: wallet, UPI or card.",
    RAZORPAY: "Pay *{amount}* by Razorpay to book it: UPI, card or netbanking.",
}
# What can be used on its page, where its name does not say it.
TAKES: Final = {PAYTM: "wallet, UPI, card", RAZORPAY: "UPI, card, netbanking"}
# What is typed to turn to it; `understand.about_paying` knows each of these words.
TYPED: Final = {CARD: "card", PAYTM: "paytm", RAZORPAY: "razorpay", TRANSFER: "transfer"}


def open_for(listing: Listing, rules: Rules) -> list[str]:
    return [way for way in listing.ways(rules.ways) if way in TITLES]


def title(_: Phrases, way: str) -> str:
    return _(TITLES[way])


def described(_: Phrases, way: str, amount: str) -> str:
    """What a row says below the title: how much, and by what."""
    return f"{amount}: {_(TAKES[way])}" if way in TAKES else amount


def asked(_: Phrases, way: str, amount: Money) -> str:
    return _(ASKED[way], amount=_.money(amount))


def when_charged(_: Phrases, listing: Listing, ways: Sequence[str]) -> str:
    """What becomes of the money until the owner has answered: only a card is charged afterwards."""
    if listing.approval == "INSTANT":
        return _("_Confirmed as soon as you have paid._")
    others = set(ways) - {CARD}
    if not others:
        return _("_Your card is charged only once the owner says yes._")
    if CARD not in ways:
        return _("_If the owner says no, you get all of it back._")
    if others == {TRANSFER}:
        return _(
            "_A card is charged only once the owner says yes. If the answer is no, a transfer comes back in full._"
        )
    return _(
        "_A card is charged only once the owner says yes. Paid any other way, you get all of it back if the answer "
        "is no._"
    )


def another(_: Phrases, booking: Booking, ways: Sequence[str], than: str) -> tuple[Button, ...]:
    """The button to another way to pay than this one, or to all of them; none where there is no other."""
    others = [way for way in ways if way != than]
    if len(others) > 1:
        return (button(ChooseWay(booking.id), _("Another way to pay")),)
    return tuple(button(PayBy(booking.id, way), title(_, way)) for way in others)


def what_to_type(_: Phrases, ways: Sequence[str], than: str) -> str:
    """Below a link, beside which no button has room: the words that lead elsewhere."""
    others = [way for way in ways if way != than]
    if not others:
        return _("To give it up, type: cancel")
    if others == [TRANSFER]:
        return _("Or type: transfer, or: cancel")
    return _("Or type: {words}, or: cancel", words=", ".join(_(TYPED[way]) for way in others))
