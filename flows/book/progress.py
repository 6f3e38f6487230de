"""From the answers to the next question: what is asked next, what is refused, and what to do instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flows import find_a_place, stays
from flows.actions import (
    Action,
    LookAround,
    PickShift,
    PickStart,
    PickStay,
    ShowDates,
    decode,
)
from flows.book import coupons, further
from flows.book.free import DATES_A_PAGE, Taken, earliest_day, last_day, units_for
from flows.book.questions import ask_dates
from flows.book.steps import BOOK
from flows.book.summary import summary
from flows.engine import Reply, Step, Turn, button, with_preface
from flows.phrases import Phrases
from flows.state import Draft, State
from models import availability
from models.booking import Booking
from models.errors import CouponRefused, StayRefused
from models.hours import ShiftHours, SlotHours
from models.lifecycle import Status
from models.listing import Listing
from models.message import (
    Buttons,
    Menu,
    Message,
)
from models.stay import Mode, Stay, Why, check_stay, clock_shows


def proceed(
    turn: Turn, state: State, draft: Draft, preface: str | None = None, *, is_checked: bool = False
) -> Reply:
    """Ask the first question that has no answer yet; with all of them, show the summary.

    Args:
        is_checked: these dates were just offered as free, and need no second look before the summary.
    """
    preface = preface or draft.note
    draft = draft.with_answer(note=None)
    listing = Listing.get(turn.session, draft.listing)
    if not listing.active:
        return find_a_place.look_around(turn, replace(state, draft=None, misses=0))
    draft = _fit(draft, listing)
    step = BOOK.next_step(turn, draft)
    look = step.name == "review" or not is_checked or units_for(listing, draft) > 1
    problem = _refuse(turn, state, draft, listing, look=look)
    if problem is not None:
        return problem
    try:
        if step.name == "review":
            try:
                booking = settle(turn, draft, listing)
            except CouponRefused as refused:
                # What was changed since the code was noted may not go with it.
                preface = (
                    f"{coupons.why(turn._, refused)}\n{preface}" if preface else coupons.why(turn._, refused)
                )
                draft = draft.with_answer(coupon="")
                booking = settle(turn, draft, listing)
            draft = draft.with_answer(booking=booking.id)
            message: Message = summary(turn, booking, listing)
        else:
            message = step.ask(turn, draft)
    except Taken as taken:
        return offer_alternatives(turn, state, draft, taken.stay)
    state = replace(state, at=f"book.{step.name}", draft=draft, misses=0)
    message, yes = with_preface(message, preface), meant_by_yes(step, message)
    if step.name == "review":
        return Reply(message, state, "summary", draft.booking, yes=yes)
    return Reply(message, state, "question", yes=yes)


def _fit(draft: Draft, listing: Listing) -> Draft:
    """Without answers that this place does not ask for, and with those that go without saying."""
    if draft.guests is None and listing.capacity == 1 and not listing.has_several_units:
        draft = draft.with_answer(guests=1)
    hours = listing.hours
    if hours is None:
        return draft.with_answer(shift=None, minutes=None, start=None)
    if isinstance(hours, ShiftHours):
        return draft.with_answer(nights=None, minutes=None, start=None)
    only = hours.durations[0] if len(hours.durations) == 1 else None
    minutes = draft.minutes if draft.minutes is not None else only
    return draft.with_answer(nights=None, shift=None, minutes=minutes)


def meant_by_yes(step: Step, message: Message) -> Action | None:
    """What a typed yes means: the first button, where the question is whether that one is right."""
    if step.name in ("name", "review") and isinstance(message, Buttons):
        return decode(message.buttons[0].id)
    if step.name == "review" and isinstance(message, Menu):
        return decode(message.sections[0].rows[0].id)
    return None


def settle(turn: Turn, draft: Draft, listing: Listing) -> Booking:
    """The draft as a booking of its own: made, rewritten where an answer changed, or left as it is.

    Raises:
        CouponRefused: the code that was noted is not for what is booked now.
    """
    assert draft.guests is not None
    assert draft.name is not None
    stay = draft.stay_at(listing)
    assert stay is not None
    answers = further.to_keep(draft, listing)
    if draft.booking is not None:
        booking = Booking.for_update(turn.session, draft.booking)
        if booking.status == Status.INITIATED and booking.person_id == turn.person_id:
            is_same = (
                booking.listing_id,
                booking.stay,
                booking.guests,
                booking.guest_name,
                booking.answers or {},
                booking.coupon_code or "",
            ) == (listing.id, stay, draft.guests, draft.name, answers, draft.coupon or "")
            if not is_same:
                booking.rewrite(
                    turn.session,
                    listing=listing,
                    stay=stay,
                    guests=draft.guests,
                    guest_name=draft.name,
                    quote=coupons.price(turn, draft),
                    answers=answers,
                    cause=turn.cause,
                    now=turn.now,
                )
            return booking
    return Booking.initiate(
        turn.session,
        person_id=turn.person_id,
        listing=listing,
        stay=stay,
        guests=draft.guests,
        guest_name=draft.name,
        quote=coupons.price(turn, draft),
        answers=answers,
        cause=turn.cause,
        now=turn.now,
    )


def draft_of(booking: Booking, *, as_new: bool = False) -> Draft:
    """The answers a booking was made from."""
    return Draft(
        booking.listing_id,
        booking.check_in,
        booking.stay.nights if booking.stay.mode is Mode.NIGHTLY else None,
        booking.guests,
        booking.guest_name,
        booking=None if as_new else booking.id,
        answers=booking.answers or {},
        shift=booking.stay.shift,
        minutes=booking.slot_minutes,
        start=booking.slot_start,
        coupon=booking.coupon_code or "",
    )


def _refuse(turn: Turn, state: State, draft: Draft, listing: Listing, *, look: bool) -> Reply | None:
    """What is said where the dates break a rule or are not free; None where all is well so far."""
    if draft.check_in is None:
        return None
    if listing.hours is not None:
        return _refuse_time(turn, state, draft, listing, look=look)
    least = listing.rules_on(draft.check_in).min_nights
    stay = Stay.of_nights(draft.check_in, draft.nights if draft.nights is not None else least)
    try:
        check_stay(
            stay,
            rules_on=listing.rules_on,
            max_days_ahead=turn.rules.max_days_ahead,
            check_in_time=listing.check_in,
            time_zone=listing.time_zone,
            now=turn.now,
        )
    except StayRefused as refused:
        return _refused(turn, state, draft, listing, refused)
    if draft.nights is None or not look:
        return None
    return _refuse_taken(turn, state, draft, listing, stay)


def _refuse_taken(turn: Turn, state: State, draft: Draft, listing: Listing, stay: Stay) -> Reply | None:
    """What is said where too few units are free for the party."""
    units = units_for(listing, draft)
    if availability.is_plainly_free(
        turn.session, listing, stay, units, now=turn.now, grace=turn.rules.hold_grace
    ):
        return None
    free = availability.free_units(turn.session, listing, stay, now=turn.now, grace=turn.rules.hold_grace)
    if free >= units:
        return None
    fit = availability.most_guests(turn.session, listing)
    if draft.guests is not None and draft.guests > fit:
        preface = turn._("*{place}* takes at most {guests}.", place=listing.name, guests=turn._.guests(fit))
        return ask_again(turn, state, draft.with_answer(guests=None), "guests", preface)
    if free >= 1:
        most = free * listing.capacity
        preface = _room_left(turn._, listing, most)
        return ask_again(turn, state, draft.with_answer(guests=None), "guests", preface)
    return offer_alternatives(turn, state, draft, stay)


def _room_left(_: Phrases, listing: Listing, most: int) -> str:
    if listing.hours is not None:
        return _.n(
            "At that time *{place}* has room for {n} guest.",
            "At that time *{place}* has room for {n} guests.",
            most,
            place=listing.name,
        )
    return _.n(
        "On these dates *{place}* has room for {n} guest.",
        "On these dates *{place}* has room for {n} guests.",
        most,
        place=listing.name,
    )


def _refuse_time(turn: Turn, state: State, draft: Draft, listing: Listing, *, look: bool) -> Reply | None:
    """The same by shift and by slot: a day, a shift or a time that will not do, or one that is taken."""
    _, day = turn._, draft.check_in
    assert day is not None
    last = last_day(turn, listing)
    if day > last:
        preface = _("You can book until {day} at the latest.", day=_.day(last))
        return _other_day(turn, state, draft, last - timedelta(days=DATES_A_PAGE - 1), preface)
    if day < (earliest := earliest_day(turn, listing)):
        return _other_day(turn, state, draft, earliest, _("It is too late for {day}.", day=_.day(day)))
    rules = listing.rules_on(day)
    if not rules.takes(day):
        later = (day + timedelta(days=n) for n in range((last - day).days + 1))
        first = next((other for other in later if listing.rules_on(other).takes(other)), earliest)
        return _other_day(turn, state, draft, first, _only_begins(_, rules.check_in_days))
    problem = _wrong_hours(turn, draft, listing)
    if problem is not None:
        step, preface = problem
        if step == "start" and draft.minutes is None:
            draft, step = draft.with_answer(start=None), "minutes"  # how long comes before when
        return ask_again(turn, state, draft.with_answer(**{step: None}), step, preface)
    stay = draft.stay_at(listing)
    if stay is None:
        return None
    if availability.stay_span(listing, stay)[0] <= turn.now:
        preface = _("It is too late for that: it is {time} there now.", time=_here(turn, listing))
        step = "shift" if stay.shift is not None else "start"
        return ask_again(turn, state, draft.with_answer(shift=None, start=None), step, preface)
    return _refuse_taken(turn, state, draft, listing, stay) if look else None


def _here(turn: Turn, listing: Listing) -> str:
    return turn._.time(turn.now.astimezone(ZoneInfo(listing.time_zone)).time())


def _wrong_hours(turn: Turn, draft: Draft, listing: Listing) -> tuple[str, str] | None:
    """The question whose answer this place does not take, and why."""
    _, hours = turn._, listing.hours
    if isinstance(hours, ShiftHours):
        if draft.shift is None or draft.shift in hours.offered:
            return None
        name = stays.shift_name(_, draft.shift)
        return "shift", _(
            "*{place}* cannot be booked for this shift: {shift}.", place=listing.name, shift=name
        )
    assert isinstance(hours, SlotHours)
    if draft.minutes is not None and draft.minutes not in hours.durations:
        lengths = _.comma.join(_.length(minutes) for minutes in hours.durations)
        return "minutes", _("You can choose from: {lengths}.", lengths=lengths)
    if draft.start is None or draft.check_in is None:
        return None
    if not hours.takes(draft.start, draft.minutes or hours.durations[0]):
        return "start", _(
            "It has to be between {begins} and {ends}.",
            begins=_.time(hours.open.begins),
            ends=_.time(hours.open.ends),
        )
    if not clock_shows(draft.check_in, draft.start, listing.time_zone):
        return "start", _("The clocks go forward that day, and there is no {time}.", time=_.time(draft.start))
    return None


def _other_day(turn: Turn, state: State, draft: Draft, first: date, preface: str) -> Reply:
    draft = draft.with_answer(check_in=None)
    message = with_preface(ask_dates(turn, draft, first), preface)
    return Reply(message, replace(state, at="book.dates", draft=draft), "question")


def _refused(turn: Turn, state: State, draft: Draft, listing: Listing, refused: StayRefused) -> Reply:
    """A clear sentence, and the question again from the nearest answer on that would do."""
    _, why, limit, nearest = turn._, refused.data["why"], refused.data["limit"], refused.data["nearest"]
    if why in (Why.TOO_SHORT, Why.TOO_LONG):
        preface = _wrong_nights(_, listing, why, limit)
        return ask_again(turn, state, draft.with_answer(nights=None), "nights", preface)
    if why == Why.PAST:
        preface = _too_late(turn, draft, listing)
        first = nearest.check_in if nearest is not None else limit
    elif why == Why.CHECK_IN_DAY:
        preface = _only_begins(_, limit)
        first = nearest.check_in if nearest is not None else earliest_day(turn, listing)
    else:
        preface = _("You can book until {day} at the latest.", day=_.day(limit))
        first = limit - timedelta(days=DATES_A_PAGE - 1)
    return _other_day(turn, state, draft, first, preface)


def _wrong_nights(_: Phrases, listing: Listing, why: Why, limit: int) -> str:
    """How long a stay may be: here, or in the season in which it would begin."""
    if why == Why.TOO_SHORT:
        if limit == max(listing.min_nights, 1):
            return _.n("The shortest stay here is {n} night.", "The shortest stay here is {n} nights.", limit)
        return _.n(
            "At that time the shortest stay is {n} night.",
            "At that time the shortest stay is {n} nights.",
            limit,
        )
    if limit == listing.max_nights:
        return _.n("The longest stay here is {n} night.", "The longest stay here is {n} nights.", limit)
    return _.n(
        "At that time the longest stay is {n} night.", "At that time the longest stay is {n} nights.", limit
    )


def _only_begins(_: Phrases, days: Iterable[int]) -> str:
    return _("At that time a stay can only begin on: {days}.", days=_.weekdays(days))


def _too_late(turn: Turn, draft: Draft, listing: Listing) -> str:
    """Today is over for guests once its time of check-in is; so is every day before it."""
    _, day = turn._, draft.check_in
    assert day is not None
    if day == availability.today(listing, turn.now):
        return _("It is too late for today: check-in was at {time}.", time=_.time(listing.check_in))
    return _("It is too late for {day}.", day=_.day(day))


def offer_alternatives(turn: Turn, state: State, draft: Draft, stay: Stay) -> Reply:
    """These dates are gone: the nearest free ones, one tap each."""
    _, listing = turn._, Listing.get(turn.session, draft.listing)
    nearest = availability.nearest_free_stays(
        turn.session,
        listing,
        stay,
        units=units_for(listing, draft),
        now=turn.now,
        grace=turn.rules.hold_grace,
        max_days_ahead=turn.rules.max_days_ahead,
        most=2,
    )
    if listing.hours is None:
        lines = [_("Sorry, *{place}* is full on these dates:", place=listing.name)]
    else:
        lines = [_("Sorry, at *{place}* this is taken:", place=listing.name)]
    lines += [_wish(_, listing, draft, stay), ""]
    buttons = [button(_pick(listing, other), stays.short(_, other)) for other in nearest]
    if nearest:
        lines += [
            _("Free, and nearest to them:"),
            *(f"• {stays.in_words(_, other, listing)}" for other in nearest),
        ]
    else:
        lines.append(_("There is nothing free around them either."))
        buttons.append(button(LookAround(), _("Other places")))
    buttons.append(button(ShowDates(listing.id, stay.check_in), _("Other dates")))
    open_again = draft.with_answer(check_in=None, shift=None, start=None)
    state = replace(state, at="book.dates", draft=open_again, misses=0)
    return Reply(Buttons("\n".join(lines), tuple(buttons)), state, "alternatives")


def _wish(_: Phrases, listing: Listing, draft: Draft, stay: Stay) -> str:
    """What was wished for; only the day where nothing is free on it."""
    if listing.hours is not None and draft.shift is None and draft.start is None:
        return _.day(stay.check_in)
    return stays.in_words(_, stay, listing)


def _pick(listing: Listing, stay: Stay) -> Action:
    if stay.shift is not None:
        return PickShift(listing.id, stay.check_in, stay.shift)
    if stay.start is not None and stay.minutes is not None:
        return PickStart(listing.id, stay.check_in, stay.start, stay.minutes)
    return PickStay(listing.id, stay.check_in, stay.nights)


def ask_again(turn: Turn, state: State, draft: Draft, name: str, preface: str | None = None) -> Reply:
    """The question of this name, whether it was answered or not; one that this place does not ask is none."""
    step = BOOK.step(name)
    if step is None or step.name == "review" or not step.belongs(turn, draft):
        return proceed(turn, state, draft)
    if step.name == "further" and further.is_answered(turn, draft):
        return proceed(turn, state, draft)
    try:
        message = with_preface(step.ask(turn, draft), preface)
    except Taken as taken:
        return offer_alternatives(turn, state, draft, taken.stay)
    state = replace(state, at=f"book.{name}", draft=draft)
    return Reply(message, state, "question", yes=meant_by_yes(step, message))
