"""Transfers from an admin's chat: what waits to be checked, a yes, and a no with its reason."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from flows import my_bookings, notices, transfer
from flows.actions import RejectPayment, RejectPaymentFor, ShowReview, ShowReviews, VerifyPayment
from flows.admin.answers import told
from flows.engine import Reply, Turn, row
from flows.phrases import ENGLISH
from flows.state import State
from models.booking import Booking
from models.booking_event import Actor
from models.errors import BookingError
from models.evidence import Evidence
from models.lifecycle import AWAITING_OWNER, CONFIRMED, Status
from models.listing import Listing
from models.message import Menu, Section, Text, clip
from models.payment import Payment

A_PAGE: Final = 9
REASON_LENGTH: Final = 120

_REASONS: Final = {
    "not_received": "Money not received",
    "wrong_amount": "Wrong amount",
    "not_done": "Pending or failed",
    "unreadable": "Picture not readable",
    "wrong_account": "Not our account",
    "used_before": "Picture used before",
    "other": "Other reason",
}


# ---- what waits ------------------------------------------------------------------------------------


def pending(turn: Turn, state: State, page: int = 0) -> Reply:
    """The payments that wait to be checked, what ends first before the rest; straight to it where there is one."""
    waiting = Booking.in_review(turn.session)
    if not waiting:
        return told(state, Text("No payment waits to be checked."), "pending")
    if len(waiting) == 1:
        return show(turn, state, Booking.for_update(turn.session, waiting[0].id))
    shown = waiting[page * A_PAGE :][:A_PAGE] or waiting[:A_PAGE]
    rows = [row(ShowReview(booking.id), booking.code, _in_a_row(turn, booking)) for booking in shown]
    if len(waiting) > (page + 1) * A_PAGE:
        rows.append(row(ShowReviews(page + 1), "More"))
    body = f"{len(waiting)} payments wait to be checked. Tap one to see it."
    return told(state, Menu(body, "Payments", (Section(None, tuple(rows)),)), "pending")


def _in_a_row(turn: Turn, booking: Booking) -> str:
    until = _clock(turn, booking)
    return f"{ENGLISH.money(booking.advance)} · {clip(booking.guest_name, 30)} · until {until}"


def _clock(turn: Turn, booking: Booking) -> str:
    zone = ZoneInfo(Listing.get(turn.session, booking.listing_id).time_zone)
    return ENGLISH.time((booking.hold_until or turn.now).astimezone(zone).time())


def show(turn: Turn, state: State, booking: Booking, preface: str | None = None) -> Reply:
    """One payment to check, with its picture and buttons that work; where it is checked, how it stands."""
    if not booking.is_in_review:
        return _how_it_stands(turn, state, booking)
    shown = Evidence.being_checked(turn.session, booking.id)
    message, _template = notices.review_message(
        turn.session, booking, shown, rules=turn.rules, now=turn.now, preface=preface
    )
    return told(state, message, "payment_to_check", booking.id)


def show_review(turn: Turn, state: State, action: ShowReview) -> Reply:
    opened = _open(turn, state, action.booking)
    return opened if isinstance(opened, Reply) else show(turn, state, opened)


# ---- yes -------------------------------------------------------------------------------------------


def verify(turn: Turn, state: State, action: VerifyPayment) -> Reply:
    """The money is on the account: the booking goes on, or what came too late goes back."""
    opened = _open_check(turn, state, action)
    return opened if isinstance(opened, Reply) else verify_booking(turn, state, opened)


def verify_booking(turn: Turn, state: State, booking: Booking) -> Reply:
    """The same by a typed code, which needs no guest to have said anything."""
    booking = Booking.for_update(turn.session, booking.id)
    try:
        booking.record_transfer(
            turn.session,
            actor=Actor("admin", turn.person_id),
            rules=turn.rules,
            cause=turn.cause,
            now=turn.now,
        )
    except BookingError:
        return _how_it_stands(turn, state, booking)
    listing, paid = Listing.get(turn.session, booking.listing_id), booking.newest_transfer(turn.session)
    assert paid is not None
    lines = [f"✅ *Verified*: {ENGLISH.money(paid.amount)}, {booking.guest_name}, {booking.code}."]
    if booking.status == Status.REFUND_REQUIRED:
        lines.append("The place could not be kept, so all of it has to go back. The guest is told.")
    elif (newer := booking.money_put_to(turn.session)) is not None:
        lines.append(f"It came late, and pays for the guest's newer booking {newer} of the same stay.")
    elif booking.status in AWAITING_OWNER and listing.approval != "INSTANT":
        lines.append("The owner is asked now, and the guest is told.")
    elif booking.status == Status.TICKET_GENERATED:
        lines.append("The booking is confirmed, and its ticket counts again. The guest is told.")
    else:
        lines.append("The booking is confirmed; the ticket is on its way.")
    return told(state, Text("\n".join(lines)), "verified", booking.id)


# ---- no --------------------------------------------------------------------------------------------


def ask_reason(turn: Turn, state: State, action: RejectPayment) -> Reply:
    """Why can the money not be found? The guest is told."""
    opened = _open_check(turn, state, action)
    return opened if isinstance(opened, Reply) else ask_reason_of(turn, state, opened)


def ask_reason_of(turn: Turn, state: State, booking: Booking) -> Reply:
    if not booking.is_in_review:
        return _how_it_stands(turn, state, booking)
    rejections = booking.rejections(turn.session)
    rows = tuple(
        row(RejectPaymentFor(booking.id, rejections, reason), title) for reason, title in _REASONS.items()
    )
    body = (
        f"Why is the payment of {booking.guest_name}, {booking.code}, not accepted? The guest is told. "
        f"For a reason in your own words, type: reject {booking.code} and the reason."
    )
    return told(state, Menu(body, "Reasons", (Section(None, rows),)), "reject", booking.id)


def reject(turn: Turn, state: State, action: RejectPaymentFor) -> Reply:
    opened = _open_check(turn, state, action)
    return opened if isinstance(opened, Reply) else reject_booking(turn, state, opened, action.reason)


def reject_booking(turn: Turn, state: State, booking: Booking, reason: str) -> Reply:
    """The money is not there: the guest hears why, and may try again unless it was the last time."""
    booking = Booking.for_update(turn.session, booking.id)
    reason = clip(" ".join(reason.split()), REASON_LENGTH)
    try:
        booking.reject_payment(
            turn.session,
            reason=reason,
            actor=Actor("admin", turn.person_id),
            rules=turn.rules,
            cause=turn.cause,
            now=turn.now,
        )
    except BookingError:
        return _how_it_stands(turn, state, booking)
    why = transfer.reason_in_words(ENGLISH, reason)
    lines = [f"❌ *Rejected*: {booking.guest_name}, {booking.code}, {why}."]
    if booking.status == Status.EXPIRED:
        lines.append("The booking has expired. The guest is told.")
    else:
        lines.append(f"The guest is told, and may try again until {_clock(turn, booking)}.")
    return told(state, Text("\n".join(lines)), "rejected", booking.id)


# ---- what all share --------------------------------------------------------------------------------


def _open(turn: Turn, state: State, booking_id: int) -> Booking | Reply:
    """The booking, locked; where things stand for a button that names none."""
    try:
        return Booking.for_update(turn.session, booking_id)
    except LookupError:
        return my_bookings.stand(turn, state)


def _open_check(
    turn: Turn, state: State, action: VerifyPayment | RejectPayment | RejectPaymentFor
) -> Booking | Reply:
    """The same for a decision: a button of an earlier check decides nothing about a later one, which is shown."""
    opened = _open(turn, state, action.booking)
    if isinstance(opened, Reply) or not opened.is_in_review:
        return opened
    if opened.rejections(turn.session) != action.rejections:
        return show(turn, state, opened, "*That was an earlier check. This is how it stands now:*")
    return opened


def _how_it_stands(turn: Turn, state: State, booking: Booking) -> Reply:
    """Nothing to check here (any more): who did what, and where the booking is."""
    lines = [f"There is no payment to check for {booking.code}."]
    if booking.status in CONFIRMED:
        lines.append("Status: *Confirmed*.")
    else:
        lines.append(f"Status: *{my_bookings.short_status(ENGLISH, booking)}*.")
    done = turn.session.execute(_LAST_CHECK, {"id": booking.id}).first()
    if done is not None:
        zone = ZoneInfo(Listing.get(turn.session, booking.listing_id).time_zone)
        local = done.at.astimezone(zone)
        what = "Verified" if done.action == "VERIFY" else "Rejected"
        who = "you" if done.actor_id == turn.person_id else done.name or "another admin"
        lines.append(f"{what} by {who} on {ENGLISH.day(local.date())}, {ENGLISH.time(local.time())}.")
    elif not any(p.payee_id is not None for p in Payment.of_booking(turn.session, booking.id)):
        lines.append("Its guest was never asked to transfer money.")
    return told(state, Text("\n".join(lines)), "how_it_stands", booking.id)


_LAST_CHECK = text(
    "SELECT e.action, e.at, e.actor_id, p.name FROM booking_events e LEFT JOIN persons p ON p.id = e.actor_id "
    "WHERE e.booking_id = :id AND e.actor = 'admin' AND e.action IN ('VERIFY', 'REJECT_PAYMENT', 'EXPIRE') "
    "ORDER BY e.id DESC LIMIT 1"
)
