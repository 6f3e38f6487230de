"""The answers: each only understands what was typed, or says why it cannot."""

from __future__ import annotations

from datetime import date
from typing import Final

from flows import stays, understand
from flows.book.free import earliest_day
from flows.book.times import said_of_time, time_in_words
from flows.engine import NotUnderstood, Step, Turn
from flows.state import Draft
from models import availability
from models.listing import Listing


class NoDay(NotUnderstood):
    """A date, but no day to be sure of; `first` says from where on to show the free ones."""

    first: date | None = None


def read_dates(turn: Turn, draft: Draft, said: str) -> Draft:
    """Keep the day of coming, and the nights, shift, time and guests where they were said with it.

    Raises:
        NotUnderstood: no date, or none to be sure of.
    """
    listing = Listing.get(turn.session, draft.listing)
    found = understand.dates(
        said, today=availability.today(listing, turn.now), earliest=earliest_day(turn, listing)
    )
    if found is None:
        raise NotUnderstood("Sorry, I did not find a date in that.")
    if isinstance(found, understand.Misread):
        raise _no_day(turn, found)
    guests = understand.mentioned(said) or draft.guests
    taken = draft.with_answer(
        check_in=found.check_in, nights=found.nights, guests=guests, **said_of_time(listing, said)
    )
    _ = turn._
    if found.other is not None:
        note = _(
            "I took that as *{day}*. If you meant {other}, just type it.",
            day=_.day(found.check_in),
            other=_.short(found.other),
        )
        return taken.with_answer(note=note)
    if listing.hours is not None and found.nights is not None and found.nights > 1:
        note = _(
            "*{place}* is booked for one day at a time. I took that as *{day}*.",
            place=listing.name,
            day=_.day(found.check_in),
        )
        return taken.with_answer(note=note)
    stay = taken.stay_at(listing)
    if guests != draft.guests:
        when = stays.in_words(_, stay, listing) if stay is not None else _.day(found.check_in)
        answers = f"{when}{_.comma}{_.guests(guests or 0)}"
        return taken.with_answer(note=_("Noted: {answers}.", answers=answers))
    return taken


def _no_day(turn: Turn, misread: understand.Misread) -> NotUnderstood:
    if misread.why is understand.Why.PAST:
        return NotUnderstood("That day is over.")
    if misread.why is understand.Why.ORDER:
        return NotUnderstood("The day of leaving has to be after the day of coming.")
    if misread.why is understand.Why.WHICH_DAY:
        problem = NoDay("Which day exactly?")
        problem.first = misread.first
        return problem
    if misread.why is understand.Why.NO_SUCH_DAY and misread.first is not None:
        _, last = turn._, misread.first
        said = _.numbered(misread.day or 0, last.month)
        problem = NoDay("There is no {day}: that month ends on {last}.", day=said, last=_.day(last))
        problem.first = last
        return problem
    return NotUnderstood("I am not sure which day you mean.")


def read_nights(turn: Turn, draft: Draft, said: str) -> Draft:
    nights = understand.nights(said)
    if nights is None:
        raise NotUnderstood("Sorry, I need a number of nights, e.g. “2”.")
    return draft.with_answer(nights=nights)


def read_guests(turn: Turn, draft: Draft, said: str) -> Draft:
    guests = understand.count(said)
    if guests is None:
        raise NotUnderstood("Sorry, I need one number, e.g. “4”, or “2 adults and 1 child”.")
    return draft.with_answer(guests=guests)


def read_name(turn: Turn, draft: Draft, said: str) -> Draft:
    name = understand.name(said)
    if name is None:
        raise NotUnderstood("That does not look like a name. Please type it as on your ID, e.g. “Ali Khan”.")
    return draft.with_answer(name=name)


def read_phone(turn: Turn, draft: Draft, said: str) -> Draft:
    """A typed number proves nothing; only the one that WhatsApp itself shares is taken."""
    raise NotUnderstood("Please share it with the button, so that we know it is yours.")


def read_review(turn: Turn, draft: Draft, said: str) -> Draft:
    raise NotUnderstood("To accept, tap the first button. To change something, tap *Change*.")


_OF_THE_DAY: Final = frozenset({"shift", "minutes", "start"})


def take_for_another(turn: Turn, draft: Draft, open_step: Step, said: str) -> Draft | None:
    """The draft with answers to questions that were not asked, where the words can mean nothing else."""
    _, listing = turn._, Listing.get(turn.session, draft.listing)
    told: list[str] = []
    is_number = understand.count(said) is not None
    if open_step.name != "dates":
        found = understand.dates(
            said,
            today=availability.today(listing, turn.now),
            earliest=earliest_day(turn, listing),
            sure=True,
            # A bare Sunday may be a name; where a shift or a time is asked for, it is none.
            is_name=open_step.name not in _OF_THE_DAY,
        )
        if isinstance(found, understand.Dates):
            nights = found.nights or draft.nights
            draft = draft.with_answer(check_in=found.check_in, nights=nights, **said_of_time(listing, said))
            stay = draft.stay_at(listing)
            told.append(_.day(found.check_in) if stay is None else stays.in_words(_, stay, listing))
    if not (told or is_number or open_step.name in _OF_THE_DAY or _has_date(turn, said)):
        time = said_of_time(listing, said)
        draft = draft.with_answer(**time)
        told += time_in_words(_, Draft(draft.listing, **time))
    if not told and listing.hours is None and open_step.name not in ("dates", "nights"):
        nights = understand.nights(said, sure=True)
        if nights is not None:
            draft = draft.with_answer(nights=nights)
            told.append(_.nights(nights))
    if not told and _has_own_answer(turn, listing, open_step, said):
        return None  # the question's own reader takes it
    guests = understand.mentioned(said) if told else understand.count(said, sure=True)
    if guests is not None:
        draft = draft.with_answer(guests=guests)
        told.append(_.guests(guests))
    return draft.with_answer(note=_("Noted: {answers}.", answers=_.comma.join(told))) if told else None


def _has_own_answer(turn: Turn, listing: Listing, open_step: Step, said: str) -> bool:
    """Whether the words answer the question that is open, and whatever else is in them with it."""
    if open_step.name in _OF_THE_DAY:
        return bool(said_of_time(listing, said))
    return open_step.name == "guests" or (open_step.name == "dates" and _has_date(turn, said))


def _has_date(turn: Turn, said: str) -> bool:
    return understand.dates(said, today=turn.now.date()) is not None
