"""Accepting and paying: a tap on a way to pay is accepting; the link comes from the job as the one bubble."""

from __future__ import annotations

from dataclasses import replace

from flows import book, my_bookings
from flows.actions import CancelOne, MyBookings, Part, RequestPayment, ShowBooking, ShowMenu, encode
from flows.engine import Reply, Turn, button
from flows.state import State
from models.booking import Booking
from models.errors import (
    BookingError,
    CouponRefused,
    IllegalTransition,
    PlaceTaken,
    StayRefused,
    SummaryChanged,
    TooManyHolds,
)
from models.lifecycle import Status
from models.listing import Listing
from models.message import Buttons, Typing
from models.payment import OPEN, Payment, PaymentState


def request_payment(turn: Turn, state: State, booking: Booking, tap: RequestPayment) -> Reply:
    """Accept this summary and pay so by this method: the place is claimed, and the link is being made."""
    if tap.method not in Listing.get(turn.session, booking.listing_id).methods:
        return my_bookings.stand(turn, state, booking)
    try:
        booking.request_payment(
            turn.session,
            method=tap.method,
            revision=tap.revision,
            in_full=tap.part is Part.FULL,
            rules=turn.rules,
            cause=turn.cause,
            now=turn.now,
        )
    except BookingError as error:
        return _explain(turn, state, booking, error)
    state = replace(state, at=encode(ShowBooking(booking.id)), draft=None, misses=0)
    return Reply(Typing(turn.wamid), state, "typing", booking.id)


def request_stay(turn: Turn, state: State, booking: Booking, revision: int) -> Reply:
    """Accept this summary where nothing has to be paid now: the place is claimed, and the owner is asked."""
    try:
        booking.waive_payment(
            turn.session, revision=revision, rules=turn.rules, cause=turn.cause, now=turn.now
        )
    except BookingError as error:
        return _explain(turn, state, booking, error)
    state = replace(state, at=encode(ShowBooking(booking.id)), draft=None, misses=0)
    return Reply(Typing(turn.wamid), state, "typing", booking.id)


def pay_now(turn: Turn, state: State, booking: Booking) -> Reply:
    """The page to pay on: the one that is open, or another attempt within the same hold."""
    if booking.status != Status.PAYMENT_PENDING:
        return my_bookings.stand(turn, state, booking)
    last = Payment.of_booking(turn.session, booking.id)[-1]
    is_on_its_way = last.state == PaymentState.CREATED
    if is_on_its_way or (last.state in OPEN and last.url is not None):
        return my_bookings.show(turn, state, booking)
    booking.retry_payment(turn.session, method=last.method, cause=turn.cause, now=turn.now)
    state = replace(state, at=encode(ShowBooking(booking.id)), misses=0)
    return Reply(Typing(turn.wamid), state, "typing", booking.id)


def book_again(turn: Turn, state: State, booking: Booking) -> Reply:
    """A new booking with the same answers, straight to its summary where the dates still do."""
    listing = Listing.get(turn.session, booking.listing_id)
    if not listing.active:
        return my_bookings.stand(turn, state, booking)
    draft = book.draft_of(booking, as_new=True)
    if state.draft is not None:
        draft = draft.with_answer(booking=state.draft.booking)
    return book.proceed(turn, state, draft)


def other_dates(turn: Turn, state: State, booking: Booking) -> Reply:
    """The same place for the same guests, on dates that are asked anew."""
    listing = Listing.get(turn.session, booking.listing_id)
    if not listing.active:
        return my_bookings.stand(turn, state, booking)
    draft = book.draft_of(booking, as_new=True).with_answer(
        check_in=None, nights=None, shift=None, start=None
    )
    return book.proceed(turn, state, draft)


def _explain(turn: Turn, state: State, booking: Booking, error: BookingError) -> Reply:
    """What stands in the way of accepting, and what can be done instead."""
    _, draft = turn._, book.draft_of(booking)
    if isinstance(error, SummaryChanged):
        return book.proceed(
            turn, state, draft, _("You changed something since then. This is how it stands now:")
        )
    if isinstance(error, CouponRefused):
        told = book.coupons.why(_, error)
        return book.proceed(turn, state, draft.with_answer(coupon=""), told)
    if isinstance(error, PlaceTaken):
        return book.offer_alternatives(turn, state, draft, booking.stay)
    if isinstance(error, StayRefused):
        return book.proceed(turn, state, draft)
    if isinstance(error, TooManyHolds):
        body = _.n(
            "You already have {n} booking that waits for its payment. Please pay or cancel it first.",
            "You already have {n} bookings that wait for their payment. Please pay or cancel one first.",
            error.data["most"],
        )
        buttons = (
            button(CancelOne(), _("Cancel one")),
            button(MyBookings(), _("My bookings")),
            button(ShowMenu(), _("Menu")),
        )
        return Reply(Buttons(body, buttons), replace(state, draft=draft, at="book.review"), "too_many_holds")
    if isinstance(error, IllegalTransition):
        return my_bookings.stand(turn, state, booking)
    raise error
