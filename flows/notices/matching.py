"""What is said of a transfer whose booking is not certain: to the admins who decide, and to guests who could tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flows import templates
from flows.actions import AskOtherBooking, LinkPayment, ShowFound, TakeBack
from flows.engine import button, row
from flows.notices.telling import listing_of, speak_to_guest, tell_admins, tell_guest
from flows.phrases import ENGLISH
from models import candidates
from models.booking import Booking
from models.candidates import Shown
from models.evidence import REVERSAL, Evidence
from models.listing import home_zone
from models.matching import TAIL, Why
from models.message import BODY_LIST, Buttons, Menu, Message, Row, Section, Template, Text, clip
from models.rules import Rules
from models.session import Session

OTHERS_SHOWN: Final = 3
ROWS: Final = 8

_WHY: Final = {
    Why.REFERENCE: "its code",
    Why.SHOWN_ID: "the id on the guest's picture",
    Why.UNIQUE: "an amount that nobody else has",
    Why.AMOUNT: "the amount",
    Why.ROUNDED: "the rounded amount",
    Why.NEAR: "an amount near it",
    Why.ODD_AMOUNT: "but another amount",
    Why.NAME: "the name",
    Why.PHONE: "the phone number",
    Why.TYPED_TAIL: "the end of the id, as the guest typed it",
    Why.LATE: "but it is late",
}


def propose_match(session: Session, evidence_id: int, *, rules: Rules, now: datetime) -> None:
    """Money came and is probably this booking's: an admin says yes or no."""
    _tell(session, evidence_id, now, "match_proposed")


def unmatched(session: Session, evidence_id: int, *, rules: Rules, now: datetime) -> None:
    """Money came and nobody knows whose it is: an admin links it."""
    _tell(session, evidence_id, now, "payment_unmatched")


def _tell(session: Session, evidence_id: int, now: datetime, kind: str) -> None:
    money = Evidence.find(session, evidence_id)
    assert money is not None
    message, template = found_message(session, money, now=now)
    tell_admins(
        session, None, message, "reversal_unmatched" if money.kind == REVERSAL else kind, template, now
    )


def _whose_was_it(session: Session, money: Evidence) -> tuple[Message, Template]:
    """A bank took money back that nobody can name: what was counted of just this amount, to be tapped."""
    lines = ["⚠️ *A payment was taken back*", "", *_what_came(session, money), ""]
    template = templates.make(
        "reversal_unmatched",
        "en",
        str(money.code),
        _amount(money),
        _issuer(money),
        taps=(ShowFound(money.id),),
    )
    zone = ZoneInfo(home_zone(session))
    rows = [
        row(
            TakeBack(money.id, one.receipt_id),
            one.booking_code,
            f"{clip(one.guest_name, 40)} · came on {ENGLISH.day(one.recorded_at.astimezone(zone).date())}",
        )
        for one in candidates.of_reversal(session, money, most=ROWS)
    ]
    if not rows:
        lines.append("No booking was paid by just this amount. Please look at the account.")
        return Text("\n".join(lines)), template
    lines.append("Which booking was paid by it? Its ticket is suspended then, until you decide.")
    return Menu("\n".join(lines), "Bookings", (Section(None, tuple(rows)),)), template


def found_message(
    session: Session, money: Evidence, *, now: datetime, preface: str | None = None
) -> tuple[Message, Template]:
    """A transfer, what was expected, and every reading with its score; with a yes and a no, or bookings to choose."""
    if money.kind == REVERSAL:
        return _whose_was_it(session, money)
    them = candidates.of_evidence(session, money.id)
    if not them:
        return _to_link(session, money, now, preface)
    best, *others = them
    lines = [
        preface or "*Whose payment is this?*",
        "",
        *_what_came(session, money),
        "",
        f"Most likely: *{best.booking_code}*, {clip(best.guest_name, 40)}",
        f"Asked for: {ENGLISH.money(best.amount)}, code {best.reference or 'none'}",
        f"Score {best.score}: {_reasons(best)}",
    ]
    if others:
        told = ", ".join(f"{one.booking_code} ({one.score})" for one in others[:OTHERS_SHOWN])
        lines.append(f"Also possible: {told}")
    taps = (LinkPayment(money.id, best.payment_id), AskOtherBooking(money.id))
    buttons = (button(taps[0], "Confirm"), button(taps[1], "Reject"))
    template = templates.make(
        "match_proposed",
        "en",
        str(money.code),
        _amount(money),
        _issuer(money),
        clip(money.sender_name or "nobody that it names", 60),
        best.booking_code,
        clip(best.guest_name, 60),
        taps=taps,
    )
    return Buttons("\n".join(lines), buttons), template


def _to_link(
    session: Session, money: Evidence, now: datetime, preface: str | None
) -> tuple[Message, Template]:
    """Nothing fits: the bookings that wait for money, to link it to one of them in one tap."""
    lines = [preface or "⚠️ *Unmatched payment*", "", *_what_came(session, money), ""]
    rows = link_rows(session, money, candidates.nearest(session, money, now, most=ROWS))
    template = templates.make(
        "payment_unmatched",
        "en",
        str(money.code),
        _amount(money),
        _issuer(money),
        clip(money.sender_name or "nobody that it names", 60),
        taps=(ShowFound(money.id),),
    )
    if not rows:
        lines.append(f"No booking waits for a transfer now. To link it later, type: link {money.code} BK-…")
        return Text("\n".join(lines)), template
    lines.append(f"Tap the booking that it is for, or type: link {money.code} BK-…")
    return Menu(clip("\n".join(lines), BODY_LIST), "Bookings", (Section(None, tuple(rows)),)), template


def link_rows(session: Session, money: Evidence, them: Sequence[Shown]) -> list[Row]:
    """A row for each booking that the money can be linked to."""
    return [
        row(
            LinkPayment(money.id, one.payment_id),
            one.booking_code,
            f"{ENGLISH.money(one.amount)} · {clip(one.guest_name, 30)}"
            + (f" · score {one.score}" if one.score is not None else ""),
        )
        for one in them
    ]


def ask_whose_transfer(
    session: Session, booking: Booking, evidence_id: int, *, rules: Rules, now: datetime
) -> None:
    """Money came that could be this guest's or another's: the end of their transfer's id tells."""
    money = Evidence.find(session, evidence_id)
    assert money is not None
    assert money.amount is not None
    _, listing = speak_to_guest(session, booking), listing_of(session, booking)
    amount, place = _.money(money.amount), clip(listing.name, 60)
    body = _(
        "A transfer of *{amount}* has reached us that may be yours for *{place}*. To be sure, please write the last "
        "{n} characters of your transaction's ID here. Your app shows it with the payment.",
        amount=amount,
        place=place,
        n=TAIL,
    )
    template = templates.make("whose_transfer", _.language, amount, listing.name, str(TAIL))
    tell_guest(session, booking, Text(body), "whose_transfer", template, now)


def in_a_row(session: Session, money: Evidence) -> str:
    """One transfer in a list: who sent it, by whom, when."""
    parts = [_amount(money), _issuer(money), clip(money.sender_name or "", 24), _when(session, money)]
    return " · ".join(part for part in parts if part)


def _what_came(session: Session, money: Evidence) -> list[str]:
    """What was read of it, and how far that may be believed."""
    sender = clip(money.sender_name or "not named", 60)
    if money.sender_phone:
        sender += f", {money.sender_phone}"
    lines = [f"{money.code}: *{_amount(money)}* by {_issuer(money)}", f"From: {sender}"]
    if money.transaction_id:
        lines.append(f"Transaction ID: {clip(money.transaction_id, 40)}")
    when = _when(session, money)
    if when:
        lines.append(f"When: {when}")
    if money.payee_tail:
        lines.append(f"To the account that ends in {clip(money.payee_tail, 12)}")
    if not money.trusted:
        lines.append("⚠️ This mail cannot be believed: look at the account before you do anything.")
    elif not money.known_form:
        lines.append("⚠️ We do not know this form of mail: please look at the account first.")
    return lines


def _amount(money: Evidence) -> str:
    return ENGLISH.money(money.amount) if money.amount is not None else "an unknown amount"


def _issuer(money: Evidence) -> str:
    return issuer_in_words(money.issuer)


def issuer_in_words(issuer: str | None) -> str:
    """As people call it; an issuer that we have no name for as it is written."""
    return _ISSUERS.get(issuer or "", (issuer or "an unknown sender").replace("_", " ").title())


_ISSUERS: Final = {
    "nayapay": "NayaPay",
    "jazzcash": "JazzCash",
    "sadapay": "SadaPay",
    "ubl": "UBL",
    "hdfc": "HDFC",
    "icici": "ICICI",
    "sbi": "SBI",
    "phonepe": "PhonePe",
    "upi": "UPI",
}


def _when(session: Session, money: Evidence) -> str:
    at = money.occurred_at or money.told_at
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(home_zone(session)))
    return f"{ENGLISH.day(local.date())}, {ENGLISH.time(local.time())}"


def _reasons(one: Shown) -> str:
    return ", ".join(_WHY[Why(why)] for why in one.why if why in set(Why)) or "nothing but the time"
