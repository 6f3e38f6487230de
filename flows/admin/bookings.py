"""All about one booking, as an admin needs it on the phone with a guest; and the lists that lead to one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flows import book, my_bookings, notices
from flows.actions import (
    ApproveInstead,
    DeclineInstead,
    ReplyTo,
    ShowPerson,
    ShowReview,
    ShowStuck,
    ShowUndecided,
    ShowWhole,
    VerifyPayment,
)
from flows.admin.answers import told
from flows.engine import Reply, Turn, row
from flows.paging import paged
from flows.phrases import ENGLISH
from flows.state import State
from models import rating, reports
from models.booking import Booking
from models.lifecycle import AWAITING_OWNER, CONFIRMED
from models.listing import Listing
from models.message import BODY_LIST, Menu, Row, Section, Text, clip
from models.message_cost import message_costs
from models.money import Money
from models.payment import Payment
from models.receipt import Receipt
from models.reports import Step, Stuck

STEPS_SHOWN: Final = 25
WHY: Final = {
    Stuck.OWNER_SILENT: "The owner does not answer",
    Stuck.NOT_CAPTURED: "Approved, but the money is not taken",
    Stuck.PAYMENT_UNKNOWN: "Payment pending or unknown",
    Stuck.REVIEW: "Payment to be checked",
    Stuck.NO_TICKET: "Confirmed, but no ticket",
    Stuck.REFUND: "Refund to be made",
    Stuck.STEP_FAILS: "A step fails",
}


def show_whole(turn: Turn, state: State, action: ShowWhole) -> Reply:
    booking = Booking.find(turn.session, action.booking)
    return show(turn, state, booking) if booking is not None else my_bookings.stand(turn, state)


def show(turn: Turn, state: State, booking: Booking) -> Reply:
    """What it is, who they are, what was paid, what happened, and what can be done about it now."""
    listing = Listing.get(turn.session, booking.listing_id)
    payments = Payment.of_booking(turn.session, booking.id)
    _ = ENGLISH
    lines = [
        f"*{my_bookings.short_status(_, booking)}* · {booking.status}",
        "",
        *notices.people(turn.session, booking, listing),
        f"Total: {_.money(booking.total)} · advance {_.money(booking.advance)} · due {_.money(booking.due)}",
        *(f"Payment: {_payment(payment, booking)}" for payment in payments),
        *(f"Money: {_receipt(each)}" for each in Receipt.of_booking(turn.session, booking.id)),
        *_besides(turn, booking, listing),
        "",
        *_history(turn, booking, listing),
    ]
    message = Menu(clip("\n".join(lines), BODY_LIST), "What now?", (Section(None, _choices(booking)),))
    return told(state, message, "booking_details", booking.id)


def _besides(turn: Turn, booking: Booking, listing: Listing) -> list[str]:
    """What the guest was asked besides, how they found it, and what talking about it has cost."""
    stars, word = rating.of_booking(turn.session, booking.id) or (None, None)
    lines = book.further.lines(listing, booking.answers, ENGLISH.language)
    if stars is not None:
        lines.append(f"Rated: {'★' * stars}" + (f" “{clip(word, 200)}”" if word else ""))
    return [*lines, f"WhatsApp: {message_costs(turn.session, booking.id)}"]


def _payment(payment: Payment, booking: Booking) -> str:
    amount = ENGLISH.money(Money(payment.amount_minor, booking.currency))
    reference = payment.intent or payment.reference
    return f"{amount} by {payment.method}, {payment.state}" + (f" ({reference})" if reference else "")


def _receipt(each: Receipt) -> str:
    """A sum that came or was taken back; what of it is to go back, if any."""
    back = f", {ENGLISH.money(each.back)} to give back" if each.back_minor else ""
    return f"{ENGLISH.money(each.amount)}, {each.outcome}{back}"


def _history(turn: Turn, booking: Booking, listing: Listing) -> list[str]:
    steps = reports.history(turn.session, booking.id)
    left_out = len(steps) - STEPS_SHOWN
    earlier = [f"… and {left_out} earlier"] if left_out > 0 else []
    zone = ZoneInfo(listing.time_zone)
    return ["*History*", *earlier, *(_step(step, zone) for step in steps[-STEPS_SHOWN:])]


def _step(step: Step, zone: ZoneInfo) -> str:
    at = step.at.astimezone(zone)
    who = f"{step.actor.kind} {step.name}" if step.name else step.actor.kind
    what = str(step.action).lower().replace("_", " ")
    why = f": {clip(step.reason.replace('_', ' '), 80)}" if step.reason else ""
    return f"{ENGLISH.short(at.date())} {at:%H:%M} {what} ({clip(who, 40)}){why}"


def _choices(booking: Booking) -> tuple[Row, ...]:
    rows: list[Row] = []
    if booking.status in AWAITING_OWNER and booking.decision is None:
        rows += [
            row(ApproveInstead(booking.id), "Approve", "A yes in the owner's place"),
            row(DeclineInstead(booking.id), "Decline", "A no in the owner's place; you are asked once more"),
        ]
    elif booking.is_in_review:
        rows.append(row(ShowReview(booking.id), "Check the payment", "With its picture, to verify or reject"))
    elif booking.is_reversed:
        rows += [
            row(VerifyPayment(booking.id, 0), "Money is there", "What was taken back has come after all"),
            row(DeclineInstead(booking.id), "Decline", "Nothing is owed; you are asked once more"),
        ]
    elif booking.status in CONFIRMED:
        rows.append(row(DeclineInstead(booking.id), "Withdraw", "Cancel what was confirmed, money in full"))
    return (
        *rows,
        row(ReplyTo(booking.person_id), "Write to the guest"),
        row(ShowPerson(booking.person_id), "The guest", "Other bookings, pause or resume the bot"),
    )


# ---- lists -----------------------------------------------------------------------------------------


def show_undecided(turn: Turn, state: State, page: int) -> Reply:
    """Requests that no owner has answered yet."""
    waiting = Booking.undecided(turn.session, most=reports.MOST_LISTED)
    if not waiting:
        return told(state, Text("No booking waits for an owner's answer."), "undecided")
    rows = []
    for booking in waiting:
        place = clip(Listing.get(turn.session, booking.listing_id).name, 30)
        since = waits(booking.paid_at or booking.updated_at, turn.now)
        rows.append(row(ShowWhole(booking.id), booking.code, f"{since} · {place} · {booking.guest_name}"))
    body = f"{_bookings(len(rows))} for an owner's answer. Tap one to see it and decide."
    return told(state, _list(body, paged(rows, page, ShowUndecided)), "undecided")


def show_stuck(turn: Turn, state: State, page: int) -> Reply:
    """Bookings that should be further by now, each with its reason."""
    found = reports.stuck(turn.session, rules=turn.rules, now=turn.now)
    if not found:
        return told(state, Text("✅ Nothing is stuck."), "stuck")
    # One booking may be stuck for two reasons; a row stands once in a list, with the one it had first.
    first: dict[int, reports.StuckBooking] = {}
    for each in found:
        first.setdefault(each.id, each)
    rows = [row(ShowWhole(each.id), each.code, _why(each, turn.now)) for each in first.values()]
    body = f"⚠️ {_bookings(len(rows))} for something to be done. Tap one to see it."
    return told(state, _list(body, paged(rows, page, ShowStuck)), "stuck")


def _why(found: reports.StuckBooking, now: datetime) -> str:
    why = WHY[found.why] if found.step is None else f"{found.step.replace('_', ' ')} fails"
    return f"{why} · {waits(found.since, now)} · {found.place}"


def _bookings(n: int) -> str:
    return "1 booking waits" if n == 1 else f"{n} bookings wait"


def _list(body: str, rows: Sequence[Row]) -> Menu:
    return Menu(body, "Show", (Section(None, tuple(rows)),))


def waits(since: datetime, now: datetime) -> str:
    """How long ago, as short as it can be said: "35 min", "3 h", "2 d"."""
    gone = now - since
    if gone < timedelta(hours=2):
        return f"{max(0, int(gone.total_seconds() // 60))} min"
    hours = int(gone.total_seconds() // 3600)
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"
