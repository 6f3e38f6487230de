"""What is typed or tapped while booking: an answer, another answer, a change, a step back, giving it up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

from flows import find_a_place, stays, understand
from flows.actions import (
    BookAStay,
    ChangeAnswer,
    ChangeAnswers,
    ChangePlace,
    MoreAnswers,
    MyBookings,
    ShowPlace,
    decode,
    encode,
)
from flows.book import coupons, further
from flows.book.answers import NoDay, take_for_another
from flows.book.free import Taken
from flows.book.progress import ask_again, meant_by_yes, offer_alternatives, proceed
from flows.book.questions import ask_dates, ask_more_nights
from flows.book.steps import BOOK
from flows.book.times import ask_start
from flows.engine import NotUnderstood, Reply, Step, Turn, again, button, row, with_preface
from flows.paging import paged
from flows.phrases import Phrases
from flows.state import Draft, State
from models import availability
from models.booking import Booking
from models.hours import SlotHours
from models.lifecycle import Status
from models.listing import Listing
from models.message import (
    Buttons,
    Menu,
    Message,
    Row,
    Section,
)


def answer(turn: Turn, state: State) -> Reply:
    """Take what was typed for the question that is open, or for the one that it fits without a doubt."""
    step, draft = BOOK.open_step(state.at), state.draft
    assert step is not None
    assert draft is not None
    assert turn.said is not None
    further.keep_secret(turn, draft, turn.said, is_open=step.name == "further")
    if step.name == "further" and further.is_answered(turn, draft):
        return proceed(turn, state, draft)
    try:
        with_code = coupons.take(turn, draft, step, turn.said)
        if with_code is not None:
            return proceed(turn, state, with_code)
        # A further question may ask for anything, a time or a number of people as well: its own answer comes first.
        other = take_for_another(turn, draft, step, turn.said) if step.name != "further" else None
        if other is not None:
            return proceed(turn, state, other)
        # Dates that are typed may be any; what follows them was asked about dates that were offered as free.
        return proceed(
            turn,
            state,
            step.read(turn, draft, turn.said),
            is_checked=step.name in ("guests", "name", "further", "coupon"),
        )
    except NotUnderstood as problem:
        other = take_for_another(turn, draft, step, turn.said) if step.name == "further" else None
        if other is not None:
            return proceed(turn, state, other)
        if step.name not in ("name", "further"):
            named = Listing.named_like(turn.session, turn.said) if 2 < len(turn.said) <= 60 else []
            if len(named) == 1:
                return find_a_place.show_place(turn, replace(state, misses=0), named[0])
        if isinstance(problem, NoDay):
            question = ask_dates(turn, draft, problem.first)
            return Reply(with_preface(question, problem.words(turn)), state, "question")
        question = _ask(turn, draft, step)
        reply = again(turn, state, problem.words(turn), question)
        return reply if reply.yes else replace(reply, yes=meant_by_yes(step, question))


def _ask(turn: Turn, draft: Draft, step: Step) -> Message:
    try:
        return step.ask(turn, draft)
    except Taken:
        return ask_dates(turn, draft)


def book_place(turn: Turn, state: State, listing_id: int) -> Reply:
    """Begin to book this place, or go on where a booking of it was left."""
    listing = Listing.find(turn.session, listing_id)
    if listing is None or not listing.active:
        return find_a_place.look_around(turn, state)
    return proceed(turn, state, _draft_for(turn, state, listing_id))


def take_dates(turn: Turn, state: State, said: str) -> Reply | None:
    """Dates that are typed at a place's card begin its booking, as [Book] and then the dates would."""
    at = decode(state.at) if state.at else None
    listing = Listing.find(turn.session, at.listing) if isinstance(at, ShowPlace) else None
    if listing is None or not listing.active:
        return None
    is_number = understand.count(said) is not None or understand.nights(said) is not None
    if is_number or understand.dates(said, today=availability.today(listing, turn.now)) is None:
        return None
    return answer(turn, replace(state, at="book.dates", draft=_draft_for(turn, state, listing.id)))


def _draft_for(turn: Turn, state: State, listing_id: int) -> Draft:
    """The answers given so far that hold for this place."""
    draft = state.draft
    if draft is not None and draft.moves:
        answers = further.for_place(turn, draft, listing_id)
        return draft.with_answer(listing=listing_id, moves=False, answers=answers, asking=None)
    if draft is None or draft.listing != listing_id:
        # A booking whose summary was shown before is rewritten for the new place.
        return Draft(listing_id, booking=draft.booking if draft else None)
    return draft


def continue_booking(turn: Turn, state: State) -> Reply:
    if state.draft is None:
        return find_a_place.look_around(turn, state)
    return proceed(turn, state, state.draft)


def show_dates(turn: Turn, state: State, draft: Draft, first: date) -> Reply:
    message = ask_dates(turn, draft, first)
    return Reply(message, replace(state, at="book.dates", draft=draft, misses=0), "question")


def pick(turn: Turn, state: State, draft: Draft, **answers: object) -> Reply:
    """A tapped answer; where it changes one that was given before, the rest stays."""
    changed = draft.with_answer(**answers)
    return proceed(turn, state, changed, is_checked="check_in" not in answers)


def more_nights(turn: Turn, state: State, draft: Draft, check_in: date) -> Reply:
    draft = draft.with_answer(check_in=check_in)
    try:
        message = ask_more_nights(turn, draft)
    except Taken as taken:
        return offer_alternatives(turn, state, draft, taken.stay)
    return Reply(message, replace(state, at="book.nights", draft=draft, misses=0), "question")


def show_times(turn: Turn, state: State, draft: Draft, check_in: date, first: time) -> Reply:
    """Another page of the times of the day that is being asked about."""
    if draft.check_in != check_in or draft.minutes is None:
        return proceed(turn, state, draft)
    try:
        message = ask_start(turn, draft, first)
    except Taken as taken:
        return offer_alternatives(turn, state, draft, taken.stay)
    return Reply(message, replace(state, at="book.start", draft=draft, misses=0), "question")


def ask_what_to_change(turn: Turn, state: State, draft: Draft, page: int = 0) -> Reply:
    """Any one answer; the summary comes straight back after it."""
    _, booking, listing = turn._, draft.booking, Listing.get(turn.session, draft.listing)
    assert booking is not None
    rows = (
        *_changes_of_time(_, booking, listing, draft),
        row(ChangeAnswer(booking, "guests"), _("Guests"), _.guests(draft.guests or 0)),
        row(ChangeAnswer(booking, "name"), _("Name"), draft.name or "-"),
        *further.rows_to_change(turn, draft, booking),
        *_change_of_coupon(turn, booking, draft),
        row(ChangePlace(booking), _("Another place")),
    )
    shown = paged(rows, page, lambda other: MoreAnswers(booking, other), _)
    message = Menu(_("What would you like to change?"), _("Choose"), (Section(None, shown),))
    return Reply(message, replace(state, at=encode(ChangeAnswers(booking)), draft=draft), "change")


def _changes_of_time(_: Phrases, booking: int, listing: Listing, draft: Draft) -> list[Row]:
    assert draft.check_in is not None
    day = _("Day of arrival") if listing.hours is None else _("Day")
    rows = [row(ChangeAnswer(booking, "dates"), day, _.day(draft.check_in))]
    if draft.nights is not None:
        rows.append(row(ChangeAnswer(booking, "nights"), _("Nights"), _.nights(draft.nights)))
    if draft.shift is not None:
        rows.append(row(ChangeAnswer(booking, "shift"), _("Shift"), stays.shift_name(_, draft.shift)))
    if isinstance(listing.hours, SlotHours) and len(listing.hours.durations) > 1:
        rows.append(row(ChangeAnswer(booking, "minutes"), _("Duration"), _.length(draft.minutes or 0)))
    if draft.start is not None:
        rows.append(row(ChangeAnswer(booking, "start"), _("Time"), _.time(draft.start)))
    return rows


def _change_of_coupon(turn: Turn, booking: int, draft: Draft) -> list[Row]:
    if not coupons.are_asked(turn, draft):
        return []
    return [row(ChangeAnswer(booking, "coupon"), turn._("Coupon code"), draft.coupon or "-")]


def choose_further(turn: Turn, state: State, draft: Draft, key: str, choice: int | None) -> Reply:
    """A choice that was tapped, or None for a question that is passed over."""
    asked = next((q for q in Listing.get(turn.session, draft.listing).questions if q.key == key), None)
    is_open = BOOK.open_step(state.at) is BOOK.step("further")
    if asked is None or (asked.required if choice is None else choice >= len(asked.choices)):
        return proceed(turn, state, draft)
    value = asked.choices[choice] if choice is not None else None
    if not is_open and draft.answers.get(key, "") == value:
        return proceed(turn, state, draft)
    return proceed(turn, state, further.with_answer(draft, asked, value), is_checked=True)


def change_place(turn: Turn, state: State, draft: Draft) -> Reply:
    """Another place for the same dates, guests and name."""
    return find_a_place.look_around(turn, replace(state, draft=draft.with_answer(moves=True), misses=0))


def go_back(turn: Turn, state: State) -> Reply:
    """The question before the one that is open; before the first of them, the place itself."""
    step, draft = BOOK.open_step(state.at), state.draft
    assert step is not None
    assert draft is not None
    before = BOOK.before(turn, draft, step)
    if before is not None and before.name == "phone":
        before = BOOK.before(turn, draft, before)
    if step.name == "further" or (before is not None and before.name == "further"):
        earlier = further.before(turn, draft)
        if earlier is not None:
            return ask_again(turn, state, earlier, "further")
    if before is None:
        return find_a_place.show_place(turn, state, draft.listing)
    return ask_again(turn, state, draft, before.name)


def drop(turn: Turn, state: State, booking: Booking | None) -> Reply:
    """Give the half-finished booking up; nothing was taken and nothing is owed."""
    _ = turn._
    if booking is not None and booking.status == Status.INITIATED:
        booking.cancel_by_guest(turn.session, cause=turn.cause, now=turn.now)
    buttons = (button(BookAStay(), _("Book a stay")), button(MyBookings(), _("My bookings")))
    body = _("All right, the half-finished booking is given up. Nothing is charged.")
    return Reply(Buttons(body, buttons), replace(state, at=None, draft=None, misses=0), "dropped")
