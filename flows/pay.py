"""Accepting and paying: a tap on a way to pay is accepting; the link comes from the job as the one bubble."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from flows import book, my_bookings, understand, ways
from flows.actions import (
    Action,
    CancelOne,
    CancelStay,
    MyBookings,
    Part,
    PayBy,
    PictureFor,
    RequestPayment,
    ShowBooking,
    ShowMenu,
    encode,
)
from flows.engine import Reply, Turn, button, one_of, row
from flows.state import State
from models import candidates, evidence
from models.booking import Booking
from models.booking_event import Actor
from models.errors import (
    BookingError,
    CouponRefused,
    IllegalTransition,
    PlaceTaken,
    StayRefused,
    SummaryChanged,
    TooManyHolds,
    WayToPayClosed,
)
from models.evidence import MIME_TYPES, Evidence
from models.lifecycle import Status
from models.listing import Listing
from models.message import Buttons, Menu, Section, Text, Typing, clip
from models.payment import OPEN, Payment, PaymentState

# So long after its end a booking is still the one that a picture of a payment is for, if no other is.
IN_VIEW: Final = timedelta(hours=72)


def request_payment(turn: Turn, state: State, booking: Booking, tap: RequestPayment) -> Reply:
    """Accept this summary and pay so by this method: the place is claimed, and the link is being made."""
    if tap.method not in _open_ways(turn, booking):
        return _explain(turn, state, booking, WayToPayClosed(method=tap.method))
    if booking.status == Status.PAYMENT_PENDING and _pays_otherwise(turn, booking, tap.method):
        return _try_again(turn, state, booking, tap.method)
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
    if is_on_its_way or (last.state in OPEN and (last.url is not None or last.payee_id is not None)):
        return my_bookings.show(turn, state, booking)
    return _try_again(turn, state, booking, last.method)


def pay_by(turn: Turn, state: State, booking: Booking, method: str) -> Reply:
    """Another way to pay than the one that is open, which ends by it; the same way shows what is open."""
    if not _may_choose(turn, booking):
        return my_bookings.stand(turn, state, booking)
    if not _pays_otherwise(turn, booking, method):
        return pay_now(turn, state, booking)
    return _try_again(turn, state, booking, method)


def choose_way(turn: Turn, state: State, booking: Booking) -> Reply:
    """All the ways to pay that are open; the one that was begun shows what it asked for."""
    if not _may_choose(turn, booking):
        return my_bookings.stand(turn, state, booking)
    taps: list[tuple[Action, str]] = [
        (PayBy(booking.id, way), ways.title(turn._, way)) for way in _open_ways(turn, booking)
    ]
    message = one_of(turn._, turn._("How would you like to pay?"), [*taps, (ShowMenu(), turn._("Menu"))])
    return Reply(message, replace(state, misses=0), "ways_to_pay", booking.id)


def _may_choose(turn: Turn, booking: Booking) -> bool:
    """Also who has sent nothing, while somebody looks at money that may be theirs."""
    return booking.status == Status.PAYMENT_PENDING or booking.kept_for(turn.session) is not None


def _open_ways(turn: Turn, booking: Booking) -> list[str]:
    return ways.open_for(Listing.get(turn.session, booking.listing_id), turn.rules)


def _pays_otherwise(turn: Turn, booking: Booking, method: str) -> bool:
    return Payment.of_booking(turn.session, booking.id)[-1].method != method


def _try_again(turn: Turn, state: State, booking: Booking, method: str) -> Reply:
    if method not in _open_ways(turn, booking):
        return _explain(turn, state, booking, WayToPayClosed(method=method))
    guest = Actor("guest", turn.person_id)
    booking.end_search(turn.session, rules=turn.rules, actor=guest, cause=turn.cause, now=turn.now)
    if booking.status != Status.PAYMENT_PENDING:  # the place was no longer to be had
        return my_bookings.stand(turn, state, booking)
    try:
        booking.retry_payment(turn.session, method=method, cause=turn.cause, now=turn.now)
    except WayToPayClosed as error:
        return _explain(turn, state, booking, error)
    state = replace(state, at=encode(ShowBooking(booking.id)), misses=0)
    return Reply(Typing(turn.wamid), state, "typing", booking.id)


# ---- “I have paid” ---------------------------------------------------------------------------------


def say_paid(turn: Turn, state: State, booking: Booking, evidence_id: int | None = None) -> Reply:
    """The guest says or shows that the transfer is made: somebody looks for the money, the place is kept."""
    was_in_review = booking.is_in_review
    try:
        booking.submit_evidence(
            turn.session, rules=turn.rules, cause=turn.cause, now=turn.now, evidence_id=evidence_id
        )
    except BookingError as error:
        return _explain(turn, state, booking, error)
    _, place = turn._, clip(Listing.get(turn.session, booking.listing_id).name, 60)
    if was_in_review and evidence_id is not None:
        body = _(
            "Thank you, we have added your picture. We are checking your payment for *{place}*.", place=place
        )
    elif was_in_review:
        body = _("We are checking your payment for *{place}* and will write to you here.", place=place)
    elif booking.has_place(turn.session):
        body = _(
            "Thank you! We are checking your payment for *{place}* and will write to you here. Until then the "
            "place is kept for you.",
            place=place,
        )
    else:
        body = _(
            "Thank you. Somebody else has *{place}* by now, sorry. We look for your payment; if it has come, you "
            "get back all of it.",
            place=place,
        )
    if evidence_id is None and Evidence.being_checked(turn.session, booking.id) is None:
        body += "\n\n" + _("It goes faster with a screenshot of the transfer: just send it here.")
    buttons = (
        button(ShowBooking(booking.id), _("My booking")),
        button(CancelStay(booking.id), _("Cancel booking")),
    )
    state = replace(state, at=encode(ShowBooking(booking.id)), misses=0)
    return Reply(Buttons(body, buttons), state, "payment_review", booking.id)


def take_words(turn: Turn, state: State, said: str) -> Reply | None:
    """“I have paid”, another way to pay, or the end of a transaction's id, typed by whose booking waits for it."""
    tail = understand.end_of_id(said)
    taken = _take_tail(turn, state, tail) if tail is not None else None
    if taken is not None:
        return taken
    meant = understand.about_paying(said)
    if meant is None:
        return None
    if meant != understand.PAID:
        waiting = [booking for booking in my_bookings.living(turn) if _may_choose(turn, booking)]
        if len(waiting) != 1:
            return None
        booking = Booking.for_update(turn.session, waiting[0].id)
        if meant == understand.ANOTHER_WAY:
            return choose_way(turn, state, booking)
        return pay_by(turn, state, booking, meant)
    waiting = _awaiting_transfer(turn, state)
    if not waiting:
        return None
    return say_paid(turn, state, waiting[0]) if len(waiting) == 1 else my_bookings.show_list(turn, state)


def _take_tail(turn: Turn, state: State, tail: str) -> Reply | None:
    """What was asked of those whose transfers cannot be told apart; None from anybody else."""
    fits = tail if tail.isalpha() else None  # “menu” is no answer, unless it is the right one
    asked = candidates.asked_of(turn.session, turn.person_id, ending=fits)
    taken = [
        evidence.note_typed_tail(turn.session, payment_id=payment_id, tail=tail, now=turn.now)
        for payment_id in asked
    ]
    if not any(taken):
        return None
    body = turn._("Thank you. We compare it with the payment that has reached us and write to you here.")
    return Reply(Text(body), replace(state, misses=0), "tail_taken")


def take_picture(turn: Turn, state: State, payload: Mapping[str, Any]) -> Reply | None:
    """A picture from somebody who was asked to transfer money is kept as evidence; None from anybody else."""
    kind = str(payload.get("type"))
    node = payload.get(kind)
    if kind not in ("image", "document") or not isinstance(node, Mapping) or not node.get("id"):
        return None
    waiting = _awaiting_transfer(turn, state)
    if not waiting:
        return None
    mime_type = str(node.get("mime_type", "")).split(";")[0].strip().lower()
    if mime_type not in MIME_TYPES:
        body = turn._("Please send a picture of the transfer (a screenshot), not a file.")
        return Reply(Text(body), replace(state, misses=0), "picture_wanted", waiting[0].id)
    if evidence.has_sent_enough(turn.session, turn.person_id, turn.now):
        return say_paid(turn, state, waiting[0])
    evidence_id = evidence.keep_picture(
        turn.session,
        person_id=turn.person_id,
        media_id=str(node["id"])[:200],
        mime_type=mime_type,
        now=turn.now,
    )
    if len(waiting) == 1:
        return say_paid(turn, state, waiting[0], evidence_id)
    rows = tuple(
        row(PictureFor(b.id, evidence_id), Listing.get(turn.session, b.listing_id).name, b.code)
        for b in waiting[: my_bookings.MOST_SHOWN]
    )
    message = Menu(
        turn._("Which booking is this payment for?"), turn._("My bookings"), (Section(None, rows),)
    )
    return Reply(message, replace(state, misses=0), "picture_for")


def picture_for(turn: Turn, state: State, booking: Booking, tap: PictureFor) -> Reply:
    """The guest has said which booking the picture is for."""
    shown = Evidence.find(turn.session, tap.evidence)
    if shown is None or shown.person_id != turn.person_id or shown.booking_id is not None:
        return my_bookings.stand(turn, state, booking)
    return say_paid(turn, state, booking, shown.id)


def _awaiting_transfer(turn: Turn, state: State) -> list[Booking]:
    """Bookings, locked, whose guest may say that they have paid; the one that was shown last, if it is one of them.

    Those that have ended count only where no other waits.
    """
    numbers = [
        booking.id
        for booking in Booking.of_person(turn.session, turn.person_id)
        if booking.status == Status.PAYMENT_PENDING
        or booking.is_in_review
        or (booking.status == Status.EXPIRED and turn.now - booking.updated_at < IN_VIEW)
    ]
    # Locked the oldest first, as everywhere, and before their payments; then the newest first again.
    locked = [Booking.for_update(turn.session, number) for number in sorted(numbers)]
    found = [b for b in reversed(locked) if b.awaited_transfer(turn.session) is not None]
    live = [booking for booking in found if booking.status != Status.EXPIRED]
    shown = [booking for booking in found if state.at == encode(ShowBooking(booking.id))]
    return shown or live or found


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
    _, draft, listing = turn._, book.draft_of(booking), Listing.get(turn.session, booking.listing_id)
    if isinstance(error, SummaryChanged):
        return book.proceed(
            turn, state, draft, _("You changed something since then. This is how it stands now:")
        )
    if isinstance(error, CouponRefused):
        told = book.coupons.why(_, error)
        return book.proceed(turn, state, draft.with_answer(coupon=""), told)
    if isinstance(error, PlaceTaken) and booking.stay.mode == listing.mode:
        return book.offer_alternatives(turn, state, draft, booking.stay)
    if isinstance(error, StayRefused | PlaceTaken):
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
    if isinstance(error, WayToPayClosed):
        taps: list[tuple[Action, str]] = [
            (
                RequestPayment(booking.id, booking.revision, way)
                if booking.status == Status.INITIATED
                else PayBy(booking.id, way),
                ways.title(_, way),
            )
            for way in ways.open_for(listing, turn.rules)
            if way != error.data["method"]
        ]
        body = _("Paying this way does not work just now, sorry.")
        message = one_of(_, body, [*taps, (ShowMenu(), _("Menu"))])
        return Reply(message, replace(state, misses=0), "way_closed", booking.id)
    if isinstance(error, IllegalTransition):
        return my_bookings.stand(turn, state, booking)
    raise error
