"""What works everywhere: a step back, giving up, help, another language, a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flows import actions, book, find_a_place, my_bookings, notices, phrases
from flows.engine import (
    Reply,
    Turn,
    button,
    with_preface,
)
from flows.state import State
from models import conversation, person
from models.listing import Listing
from models.message import Buttons, Text


def go_back(turn: Turn, state: State) -> Reply:
    """To what was there before: the question before, the list above, at last the menu."""
    if state.draft is not None and book.BOOK.open_step(state.at) is not None:
        return book.go_back(turn, state)
    at = actions.decode(state.at) if state.at else None
    if isinstance(at, actions.ShowPlace):
        place = Listing.find(turn.session, at.listing)
        if place is not None:
            return find_a_place.show_category(turn, state, place.category, 0)
    if isinstance(at, actions.ShowCategory):
        if at.page > 0:
            return find_a_place.show_category(turn, state, at.category, at.page - 1)
        return find_a_place.look_around(turn, state)
    if isinstance(at, actions.ChangeAnswers) and state.draft is not None:
        return book.proceed(turn, state, state.draft)
    if isinstance(at, actions.CancelStay):
        booking = my_bookings.own(turn, at.booking)
        return my_bookings.stand(turn, state, booking)
    if isinstance(at, actions.ShowBooking):
        return my_bookings.show_list(turn, state)
    return find_a_place.show_menu(turn, state)


def cancel(turn: Turn, state: State) -> Reply:
    """Gives up what is half-finished; else asks which booking is meant."""
    at = actions.decode(state.at) if state.at else None
    is_open = book.BOOK.open_step(state.at) is not None or isinstance(at, _DRAFT_PAGES)
    # The menu has just said that what was begun is kept.
    is_open = is_open or (
        isinstance(at, actions.ShowMenu) and state.draft is not None and state.draft.is_begun
    )
    if state.draft is not None and (is_open or not my_bookings.living(turn)):
        booking = my_bookings.own(turn, state.draft.booking) if state.draft.booking is not None else None
        return book.drop(turn, state, booking)
    return my_bookings.cancel_something(turn, state)


_DRAFT_PAGES: Final = (actions.ChangeAnswers, actions.BookAStay)


def help_(turn: Turn, state: State) -> Reply:
    """What works everywhere; the open question stays open."""
    _ = turn._
    lines = [
        _("*How this works*"),
        _("Tap a button, or just type: a place, your dates, a number."),
        "",
        _("*back* – one step back"),
        _("*menu* – the beginning"),
        _("*cancel* – give up what you are doing"),
        _("*my bookings* – see, pay or cancel them"),
        _("*ticket* – your next ticket once more"),
        _("*near me* – places near where you are"),
        _("*language* – English, اردو, हिन्दी"),
    ]
    buttons = [
        button(actions.MyBookings(), _("My bookings")),
        button(actions.TalkToPerson(), _("Talk to a person")),
    ]
    if state.draft is not None:
        buttons.insert(0, button(actions.ContinueBooking(), _("Continue")))
    else:
        buttons.insert(0, button(actions.BookAStay(), _("Book a stay")))
    return Reply(Buttons("\n".join(lines), tuple(buttons)), replace(state, misses=0), "help")


def answer_courtesy(turn: Turn, state: State, kind: str) -> Reply:
    """A word of thanks or an “ok” is no answer and no mistake: the open question again, else the menu."""
    if state.draft is not None and book.BOOK.open_step(state.at) is not None:
        return my_bookings.stand(turn, state)
    words = turn._("You are welcome!") if kind == "thanks" else turn._("All right!")
    return find_a_place.show_menu(turn, state, words)


def ask_language(turn: Turn, state: State) -> Reply:
    buttons = tuple(button(actions.ChooseLanguage(code), name) for code, name in phrases.LANGUAGES.items())
    body = "Which language?\nکون سی زبان؟\nकौन सी भाषा?"
    return Reply(Buttons(body, buttons), state, "language")


def choose_language(turn: Turn, state: State, language: str) -> Reply:
    """From now on in this language, beginning with what is open."""
    if language not in phrases.LANGUAGES:
        return my_bookings.stand(turn, state)
    person.speak(turn.session, turn.person_id, language)
    turn = replace(turn, language=language, _=phrases.of(language))
    reply = my_bookings.stand(turn, state)
    assert reply.message is not None
    preface = turn._("From now on in English.")
    return replace(reply, message=with_preface(reply.message, preface), spoken=turn._)


def talk_to_person(turn: Turn, state: State) -> Reply:
    """The admins on duty are told who asks, and what is written from now on goes to them."""
    _ = turn._
    if turn.person_id in person.admins_on_duty(turn.session):
        body = "You are on duty yourself: when a guest asks for a person, it is you who is told here."
        state = replace(state, misses=0)
        return Reply(Text(body), state, "person", recipient="admin", spoken=phrases.ENGLISH)
    conversation.pause(turn.session, turn.person_id, turn.now)
    notices.person_wanted(turn.session, turn.person_id, name=turn.name, rules=turn.rules, now=turn.now)
    body = _(
        "I have told our team. What you write now goes to them, and they answer you here. To go on with me, "
        "tap *Menu*."
    )
    if turn.rules.business_phone:
        body += "\n\n" + _("In a hurry? Call {phone}.", phone=phrases.phone(turn.rules.business_phone))
    return Reply(Buttons(body, (button(actions.ShowMenu(), _("Menu")),)), replace(state, misses=0), "person")
