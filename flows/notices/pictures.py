"""What was read off a guest's picture of a payment, in words: for admins all of it, for the guest what they can mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from flows.phrases import ENGLISH, Phrases
from models.message import clip
from models.payee import Payee
from models.reading import Before, Repeat
from models.screenshot import Finding, Reading

NAME, ID = 40, 40  # signs of what strangers wrote

FINDINGS: Final[Mapping[Finding, str]] = {
    Finding.NOT_A_RECEIPT: "⚠️ It does not look like a receipt.",
    Finding.FAILED: "⚠️ It says that the transfer failed.",
    Finding.PENDING: "⚠️ It says that the transfer is still pending.",
    Finding.SOMEBODY_ELSE: "⚠️ It seems to have gone to somebody else.",
    Finding.OTHER_AMOUNT: "⚠️ The amount is not the one that was asked for.",
    Finding.TOO_OLD: "⚠️ It is older than this payment.",
}


def in_words(read: Reading, zone: ZoneInfo) -> list[str]:
    """What stands on the picture, for admins; that it was not read, where it was not."""
    if read.is_receipt is None:
        return ["It could not be read here: please read it yourself."]
    if not read.is_receipt:
        return []
    amount = ENGLISH.money(read.amount) if read.amount is not None else "an amount that is not clear"
    lines = [f"It shows: *{amount}*"]
    if read.transaction_id is not None:
        lines[0] += f", ID {clip(read.transaction_id, ID)}"
    people = [f"from {clip(read.sender_name, NAME)}"] if read.sender_name else []
    if read.receiver_name or read.receiver_tail:
        tail = f"…{read.receiver_tail}" if read.receiver_tail else ""
        people.append(f"to {' '.join(filter(None, (clip(read.receiver_name or '', NAME), tail)))}")
    if read.occurred_at is not None:
        local = read.occurred_at.astimezone(zone)
        people.append(f"{ENGLISH.day(local.date())}, {ENGLISH.time(local.time())}")
    return [*lines, ", ".join(people)] if people else lines


def repeat_in_words(one: Before) -> str:
    """That it came before, and for what."""
    what = {
        Repeat.SAME_PICTURE: "The same picture came before",
        Repeat.SAME_ID: "Its transaction ID was shown before",
        Repeat.LOOKS_ALIKE: "It looks much like a picture that came before",
    }[one.how]
    where = f", for {one.booking_code}" if one.booking_code else ""
    return f"⚠️ {what}{where}{', and that money was counted' if one.counted else ''}."


def to_guest(_: Phrases, finding: Finding, read: Reading, payee: Payee) -> str:
    """What is amiss with their picture, and what helps; nobody is accused of anything."""
    if finding is Finding.NOT_A_RECEIPT:
        said = _(
            "We cannot see a payment on your picture. Please send the screenshot of the transfer, with the amount "
            "and the transaction ID on it."
        )
    elif finding is Finding.FAILED:
        said = _(
            "Your picture says that the transfer *failed*. Please look into your app whether the money is still "
            "there, transfer again if it is, and send the new screenshot."
        )
    elif finding is Finding.PENDING:
        said = _(
            "Your picture says that the transfer is *still pending*. When it has gone through, please send a new "
            "screenshot."
        )
    else:
        went_to = clip(read.receiver_name or f"…{read.receiver_tail}", NAME)
        account = f"{clip(payee.provider, 40)}, {clip(payee.title, 60)}: {clip(payee.account, 60)}"
        said = _(
            "Your picture shows a transfer to *{name}*. Our account is another one: {account}. Was it another "
            "transfer? Then please send the screenshot of the right one.",
            name=went_to,
            account=account,
        )
    return said + "\n\n" + _("Somebody looks at your picture in any case, and writes to you here.")
