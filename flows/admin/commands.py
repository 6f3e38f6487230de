"""What an admin may type: a word, and what answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flows import understand
from flows.actions import (
    ApproveInstead,
    GoOnDuty,
    ShowFailed,
    ShowFigures,
    ShowReviews,
    ShowStuck,
    ShowUndecided,
    ShowUnmatched,
)
from flows.admin import bookings, decisions, duty, failures, modes, money, people, talking, unmatched
from flows.admin.answers import told
from flows.engine import Command, Reply, Turn, alone, button, row
from flows.state import State
from models.booking import Booking
from models.message import Buttons, Menu, Section, Text
from models.reports import MOST_LISTED


def help_(turn: Turn, state: State, words: str) -> Reply | None:
    """The words, and the most used of them to tap."""
    if words:
        return None
    lines = [
        "*What you can type*",
        "*booking BK-…* – all about one booking",
        "*approve BK-…* · *decline BK-… reason* – in the owner's place",
        "*pending* · *verify BK-…* · *reject BK-… reason* – transfers",
        "*unmatched* · *link P-… BK-…* · *mode* – payments that came, and how they are verified",
        "*waiting* – requests that no owner has answered",
        "*stuck* · *failed* – what should be further, what did not arrive",
        "*stats today* – the day in figures",
        "*find* a phone number or a name",
        "*reply* a number or BK-… and your words – write to a guest",
        "*pause bot* · *resume* a number – a person answers, or the bot",
        "*on duty* · *off duty* – whether notices come to you",
        "*menu* – book a stay yourself",
    ]
    rows = (
        row(ShowReviews(0), "Payments to check"),
        row(ShowUnmatched(0), "Unmatched payments"),
        row(ShowUndecided(0), "Waiting for owners"),
        row(ShowStuck(0), "Stuck bookings"),
        row(ShowFailed(0), "Failed messages"),
        row(ShowFigures(), "Today in figures"),
        row(GoOnDuty(), "Be on duty"),
    )
    return told(state, Menu("\n".join(lines), "Show", (Section(None, rows),)), "help")


def show_booking(turn: Turn, state: State, words: str) -> Reply | None:
    booking = named(turn, state, words)
    return bookings.show(turn, state, booking) if isinstance(booking, Booking) else booking


def approve(turn: Turn, state: State, words: str) -> Reply | None:
    """A yes in the owner's place; without a code, those that wait for one."""
    if not words:
        return bookings.show_undecided(turn, state, 0)
    booking = named(turn, state, words)
    if not isinstance(booking, Booking):
        return booking
    return decisions.approve(turn, state, ApproveInstead(booking.id))


def confirm(turn: Turn, state: State, words: str) -> Reply | None:
    """A yes to whichever of the two is open: the money, or the stay. Without a code, asks where both are."""
    if words:
        booking = named(turn, state, words)
        if isinstance(booking, Booking) and booking.is_in_review:
            return verify(turn, state, words)
        return approve(turn, state, words) if isinstance(booking, Booking) else booking
    reviews, stays = Booking.in_review(turn.session), Booking.undecided(turn.session, most=MOST_LISTED)
    if not (reviews and stays):
        return money.pending(turn, state) if reviews else bookings.show_undecided(turn, state, 0)
    body = "Which do you mean: money that came, or a stay in its owner's place?"
    buttons = (
        button(ShowReviews(0), f"Payments ({len(reviews)})"),
        button(ShowUndecided(0), f"Stays ({len(stays)})"),
    )
    return told(state, Buttons(body, buttons), "confirm")


def decline(turn: Turn, state: State, words: str) -> Reply | None:
    """A no in the owner's place with the reason that follows the code, after being asked once more."""
    if not words:
        return bookings.show_undecided(turn, state, 0)
    booking = named(turn, state, words)
    if not isinstance(booking, Booking):
        return booking
    found = understand.booking_code(words)
    return decisions.ask_with_reason(turn, state, booking.id, found[1] if found is not None else None)


def verify(turn: Turn, state: State, words: str) -> Reply | None:
    """The money of this booking is there; without a code, what waits to be checked."""
    if not words:
        return money.pending(turn, state)
    booking = named(turn, state, words)
    return money.verify_booking(turn, state, booking) if isinstance(booking, Booking) else booking


def reject(turn: Turn, state: State, words: str) -> Reply | None:
    """The money of this booking is not there, for the reason that follows the code; without one it is asked."""
    if not words:
        return money.pending(turn, state)
    booking = named(turn, state, words)
    if not isinstance(booking, Booking):
        return booking
    found = understand.booking_code(words)
    reason = found[1] if found is not None else None
    if not reason:
        return money.ask_reason_of(turn, state, booking)
    return money.reject_booking(turn, state, booking, reason)


def named(turn: Turn, state: State, words: str) -> Booking | Reply | None:
    """The booking that is named; what to say where there is none with this code; None where none is named."""
    found = understand.booking_code(words)
    if found is None:
        return None
    booking = Booking.with_code(turn.session, found[0])
    if booking is None:
        body = f"There is no booking {found[0]}. Please look at its letters again."
        return told(state, Text(body), "not_found")
    return booking


COMMANDS: Final[Mapping[str, Command]] = {
    "help": help_,
    "admin": help_,
    "booking": show_booking,
    "approve": approve,
    "confirm": confirm,
    "decline": decline,
    "pending": alone(money.pending),
    "verify": verify,
    "reject": reject,
    "unmatched": alone(unmatched.show_list),
    "link": unmatched.link,
    "mode": modes.mode,
    "waiting": alone(lambda t, s: bookings.show_undecided(t, s, 0)),
    "stuck": alone(lambda t, s: bookings.show_stuck(t, s, 0)),
    "failed": alone(lambda t, s: failures.show_failed(t, s, 0)),
    "stats": alone(duty.show_figures),
    "stats today": alone(duty.show_figures),
    "find": people.find,
    "reply": talking.reply,
    "pause bot": talking.pause_by_words,
    "resume": talking.resume_by_words,
    "resume bot": talking.resume_by_words,
    "on duty": alone(duty.go_on_duty),
    "off duty": alone(duty.leave_duty),
}
