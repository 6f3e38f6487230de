"""How a stay was: one to five stars once it is over, and a word besides for who likes to say one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from flows import my_bookings, understand
from flows.actions import AskForStars, CommentStay, RateStay, ShowMenu, decode, encode
from flows.engine import Reply, Turn, button, row, with_preface
from flows.phrases import Phrases
from flows.state import State
from models import rating
from models.booking import Booking
from models.lifecycle import Status
from models.listing import Listing
from models.message import Buttons, Menu, Message, Section, clip
from models.stay import Mode

# After this a lone “5” is no answer to a question that has scrolled away.
ASKED_LATELY: Final = timedelta(days=3)
# And what is typed after this is no word about the stay any more, but the next thing that they want.
WORD_WITHIN: Final = timedelta(hours=12)


def question(_: Phrases, booking: Booking, listing: Listing) -> Menu:
    """Five rows, from excellent to bad."""
    place = clip(listing.name, 60)
    if booking.stay.mode is Mode.SLOT:
        over = _("Your visit by *{place}* is over. How was it?", place=place)
    else:
        over = _("Your stay at *{place}* is over. How was it?", place=place)
    body = over + "\n\n" + _("Tap the stars, or type a number from 1 to 5.")
    told = {5: _("Excellent"), 4: _("Good"), 3: _("All right"), 2: _("Not so good"), 1: _("Bad")}
    rows = tuple(row(RateStay(booking.id, n), "★" * n, words) for n, words in told.items())
    return Menu(body, _("Give stars"), (Section(None, rows),))


def ask(turn: Turn, state: State, booking: Booking, preface: str | None = None) -> Reply:
    """The question, or what was answered to it before."""
    if booking.status != Status.COMPLETED:
        return my_bookings.stand(turn, state, booking)
    stars = rating.stars_of(turn.session, booking.id)
    if stars is not None:
        return _known(turn, state, stars)
    message: Message = question(turn._, booking, Listing.get(turn.session, booking.listing_id))
    return Reply(
        with_preface(message, preface),
        replace(state, at=encode(AskForStars(booking.id)), misses=0),
        "rating_question",
        booking.id,
    )


def take_stars(turn: Turn, state: State, booking: Booking, stars: int) -> Reply:
    """Keep the stars, once; then a word, for who likes to say one."""
    _ = turn._
    if not rating.rate(turn.session, booking, stars, now=turn.now):
        given = rating.stars_of(turn.session, booking.id)
        return _known(turn, state, given) if given is not None else my_bookings.stand(turn, state, booking)
    body = _("Thank you! {stars}\n\nWould you like to add a word? Just type it.", stars="★" * stars)
    done = button(ShowMenu(), _("No, thank you"))
    return Reply(
        Buttons(body, (done,)),
        replace(state, at=encode(CommentStay(booking.id)), misses=0),
        "rated",
        booking.id,
        no=ShowMenu(),
    )


def _known(turn: Turn, state: State, stars: int) -> Reply:
    _ = turn._
    body = _("You have given {stars}. Thank you!", stars="★" * stars)
    return Reply(Buttons(body, (button(ShowMenu(), _("Menu")),)), replace(state, misses=0), "rated")


def take_words(turn: Turn, state: State, said: str) -> Reply | None:
    """Stars that were typed, “great” while the question is fresh, or the word that was asked for."""
    at = decode(state.at) if state.at else None
    if isinstance(at, CommentStay) and (state.asked_at is None or turn.now - state.asked_at < WORD_WITHIN):
        return _take_comment(turn, state, at.booking, said)
    stars, is_praise = understand.stars(said), understand.is_praise(said)
    if stars is None and not is_praise:
        return None
    unrated = rating.newest_unrated(turn.session, turn.person_id, since=turn.now - ASKED_LATELY)
    if unrated is None:
        return None
    booking = Booking.for_update(turn.session, unrated)
    if stars is not None:
        return take_stars(turn, state, booking, stars)
    return ask(turn, state, booking, turn._("That is good to hear! How many stars is it?"))


def _take_comment(turn: Turn, state: State, booking_id: int, said: str) -> Reply | None:
    booking = my_bookings.own(turn, booking_id)
    if booking is None:
        return None
    rating.comment(turn.session, booking.id, said.strip())
    _ = turn._
    body = _("Thank you, that helps the next guests and the owner. See you again!")
    return Reply(
        Buttons(body, (button(ShowMenu(), _("Menu")),)),
        replace(state, at=encode(ShowMenu()), misses=0),
        "commented",
        booking.id,
    )
