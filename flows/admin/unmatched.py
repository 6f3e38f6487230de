"""Transfers whose booking is not certain, from an admin's chat: the list, a yes, a no, and a link by hand."""

from __future__ import annotations

import re
from typing import Final

from flows import my_bookings, understand
from flows.actions import (
    AskOtherBooking,
    LinkPayment,
    PutAside,
    ShowFound,
    ShowUnmatched,
    SwitchIssuer,
    TakeBack,
)
from flows.admin.answers import told
from flows.engine import Reply, Turn, button, row
from flows.notices.matching import ROWS, found_message, in_a_row, issuer_in_words, link_rows
from flows.paging import paged
from flows.phrases import ENGLISH
from flows.state import State
from models import candidates, evidence, verification
from models.booking import Booking
from models.booking_event import Actor
from models.evidence import REVERSAL, Evidence, EvidenceStatus
from models.message import Buttons, Menu, Section, Text
from models.payment import MANUAL_ADMIN, Found, Payment
from models.receipt import Outcome, Receipt

MOST: Final = 50
_CODE: Final = re.compile(r"(?<![A-Z0-9])P[ -]?([A-Z0-9]{4})(?![A-Z0-9])", re.IGNORECASE)
_UNDECIDED: Final = frozenset({EvidenceStatus.PENDING, EvidenceStatus.MATCHED, EvidenceStatus.UNMATCHED})


# ---- the list --------------------------------------------------------------------------------------


def show_list(turn: Turn, state: State, page: int = 0) -> Reply:
    """Money that came and is nobody's yet, the newest first; straight to it where there is one."""
    waiting = Evidence.unmatched(turn.session, most=MOST)
    if not waiting:
        return told(state, Text("✅ Every payment has its booking."), "unmatched")
    if len(waiting) == 1:
        return show(turn, state, waiting[0])
    rows = [row(ShowFound(one.id), str(one.code), in_a_row(turn.session, one)) for one in waiting]
    body = f"{len(waiting)} payments wait for somebody to say which booking they are for. Tap one to see it."
    return told(
        state, Menu(body, "Payments", (Section(None, paged(rows, page, ShowUnmatched)),)), "unmatched"
    )


def show_found(turn: Turn, state: State, action: ShowFound) -> Reply:
    money = Evidence.find(turn.session, action.evidence)
    return show(turn, state, money) if money is not None else my_bookings.stand(turn, state)


def show(turn: Turn, state: State, money: Evidence) -> Reply:
    """One of them with every reading of it; where it is decided, how."""
    if money.status not in _UNDECIDED:
        return _how_it_stands(turn, state, money)
    message, _template = found_message(turn.session, money, now=turn.now)
    return told(state, message, "unmatched")


# ---- yes -------------------------------------------------------------------------------------------


def link(turn: Turn, state: State, words: str) -> Reply | None:
    """A payment and a booking, by their codes in any order; without them, what waits for a booking."""
    if not words:
        return show_list(turn, state)
    named = understand.booking_code(words)
    rest = named[1] if named is not None else words
    code = _CODE.search(rest)
    if code is None:
        return None if named is None else told(state, Text(_HOW), "link")
    money = Evidence.with_code(turn.session, f"P-{code[1]}")
    if money is None:
        return told(state, Text(f"There is no payment P-{code[1].upper()}. {_HOW}"), "not_found")
    if named is None:
        return show(turn, state, money)
    booking = Booking.with_code(turn.session, named[0])
    if booking is None:
        return told(state, Text(f"There is no booking {named[0]}. Please look at its letters."), "not_found")
    payment = Booking.for_update(turn.session, booking.id).newest_transfer(turn.session)
    if payment is None:
        return told(state, Text(f"The guest of {booking.code} was never asked to transfer money."), "link")
    return _count(turn, state, money, booking, payment)


_HOW: Final = "Type: link, the payment's code and the booking's, such as: link P-7K3Q BK-…"


def link_payment(turn: Turn, state: State, action: LinkPayment) -> Reply:
    """A tap on the booking that the money is for, or a yes to the one that was proposed."""
    money, shown = (
        Evidence.find(turn.session, action.evidence),
        candidates.one(turn.session, action.payment),
    )
    if money is None or shown is None:
        return my_bookings.stand(turn, state)
    booking = Booking.for_update(turn.session, shown.booking_id)
    payments = Payment.of_booking(turn.session, booking.id, lock=True)
    payment = next(p for p in payments if p.id == action.payment)
    return _count(turn, state, money, booking, payment)


def _count(turn: Turn, state: State, money: Evidence, booking: Booking, payment: Payment) -> Reply:
    """By the admin's word the money is this booking's, which is locked; what it did is said."""
    if money.kind == REVERSAL:
        return show(turn, state, money)
    if not money.trusted:
        body = (
            f"{money.code} comes from a mail that may be forged: it counts for nothing. If you have seen the money "
            f"on the account yourself, type: verify {booking.code}"
        )
        return told(state, Text(body), "link")
    if money.amount is None or money.amount.currency != booking.currency:
        return told(state, Text(f"{money.code} and {booking.code} are not in the same currency."), "link")
    found = Found(money.id, payment.id, money.amount, MANUAL_ADMIN, money.occurred_at)
    outcome = booking.record_found(
        turn.session,
        found,
        actor=Actor("admin", turn.person_id),
        rules=turn.rules,
        cause=turn.cause,
        now=turn.now,
    )
    known = Evidence.find(turn.session, money.id)
    assert known is not None
    if outcome is Outcome.KNOWN and known.booking_id != booking.id:
        return _how_it_stands(turn, state, known)
    amount = ENGLISH.money(money.amount)
    body = f"✅ *Linked*: {money.code}, {amount}, to {booking.code}, {booking.guest_name}.\n{_DONE[outcome]}"
    issuer = _to_switch_on(turn, known)
    if issuer is None:
        return told(state, Text(body), "linked", booking.id)
    name = issuer_in_words(issuer)
    body += (
        f"\n\nThis was a mail of {name} that we have read rightly. Shall safe matches by {name} confirm "
        "themselves from now on, as far as the mode allows it?"
    )
    yes, no = SwitchIssuer(issuer, 1), SwitchIssuer(issuer, 0)
    buttons = (button(yes, "Yes, switch it on"), button(no, "Not yet"))
    return told(state, Buttons(body, buttons), "linked", booking.id, yes=yes, no=no)


_DONE: Final = {
    Outcome.EXACT: "It pays the booking. The guest is told.",
    Outcome.PART: "It is a part; the guest is asked for the rest.",
    Outcome.OVER: "It pays the booking, and what is too much has to go back. The guest is told.",
    Outcome.LATE: "It came too late for the place. The guest is told what becomes of it.",
    Outcome.SECOND: "The booking was paid before, so all of it has to go back. The guest is told.",
    Outcome.KNOWN: "It was counted for this booking before, so nothing changes.",
    Outcome.REVERSED: "It was taken back.",
}


def _to_switch_on(turn: Turn, money: Evidence) -> str | None:
    """The issuer whose first real mail this was, if its mails do not confirm themselves yet."""
    if money.issuer is None or not (money.trusted and money.known_form):
        return None
    return money.issuer if verification.issuers(turn.session).get(money.issuer) is False else None


def take_back(turn: Turn, state: State, action: TakeBack) -> Reply:
    """What the bank took back is what this booking was paid by."""
    money, taken = (
        Evidence.find(turn.session, action.evidence),
        Receipt.find(turn.session, action.receipt),
    )
    if money is None or taken is None:
        return my_bookings.stand(turn, state)
    booking = Booking.for_update(turn.session, taken.booking_id)
    is_new = money.status in _UNDECIDED and booking.reverse(
        turn.session,
        taken,
        evidence_id=money.id,
        how=MANUAL_ADMIN,
        actor=Actor("admin", turn.person_id),
        cause=turn.cause,
        now=turn.now,
        occurred_at=money.occurred_at,
    )
    if not is_new:
        return told(state, Text(f"That is on record already. Type: booking {booking.code}"), "reversal")
    evidence.end_reversal(
        turn.session,
        money.id,
        booking_id=booking.id,
        payment_id=taken.payment_id,
        by=turn.person_id,
        now=turn.now,
    )
    body = f"It is on record: {money.code} took back what {booking.code} was paid by."
    return told(state, Text(body), "reversal", booking.id)


# ---- no --------------------------------------------------------------------------------------------


def ask_other(turn: Turn, state: State, action: AskOtherBooking) -> Reply:
    """Not the one that was proposed: another one, or none of them."""
    money = Evidence.find(turn.session, action.evidence)
    if money is None:
        return my_bookings.stand(turn, state)
    if money.status not in _UNDECIDED:
        return _how_it_stands(turn, state, money)
    them = candidates.of_evidence(turn.session, money.id)[1 : ROWS + 1]
    them = them or candidates.nearest(turn.session, money, turn.now, most=ROWS)
    rows = [*link_rows(turn.session, money, them), row(PutAside(money.id), "None, put it aside")]
    body = (
        f"Which booking is {money.code} for? It can also be put aside: then it is for no booking, and never "
        f"confirms by itself. For any other booking, type: link {money.code} BK-…"
    )
    return told(state, Menu(body, "Bookings", (Section(None, tuple(rows)),)), "unmatched")


def put_aside(turn: Turn, state: State, action: PutAside) -> Reply:
    """The money is for no booking."""
    money = Evidence.find(turn.session, action.evidence)
    if money is None:
        return my_bookings.stand(turn, state)
    is_done = money.status in _UNDECIDED and evidence.reject_one(
        turn.session, money.id, reason="no_booking", by=turn.person_id, now=turn.now
    )
    if not is_done:
        return _how_it_stands(turn, state, money)
    body = f"{money.code} is put aside. Should it be for a booking after all, type: link {money.code} BK-…"
    return told(state, Text(body), "unmatched")


def _how_it_stands(turn: Turn, state: State, money: Evidence) -> Reply:
    """It is decided: what it was counted as."""
    booking = Booking.find(turn.session, money.booking_id) if money.booking_id is not None else None
    if money.status == EvidenceStatus.REJECTED:
        body = f"{money.code} was put aside. To use it all the same, type: link {money.code} BK-…"
    elif booking is not None:
        body = f"{money.code} was counted for {booking.code}, {booking.guest_name}, before."
    else:
        body = f"{money.code} was counted before, by another mail or picture of the same money."
    return told(state, Text(body), "unmatched")
