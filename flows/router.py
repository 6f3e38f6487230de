"""Which tap or word goes to which flow: one message in, at most one bubble out.

Order matters. A typed title is as good as a tap, so the last bubble's buttons come first; a word such as
“menu” works everywhere, so it comes before the open question.

A tap that comes twice from the same bubble within seconds is answered once: the answer to the first is in
the chat or on its way, and a second bubble would only be noise. Any later tap on something that has moved
on is answered with where things stand now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from flows import (
    actions,
    admin,
    anywhere,
    book,
    commands,
    find_a_place,
    my_bookings,
    nearby,
    owner,
    pay,
    phrases,
    rate,
    understand,
)
from flows.actions import Action
from flows.engine import (
    MISSES_BEFORE_A_PERSON,
    Reply,
    Turn,
    laid_out,
    offer_a_person,
    offered,
    offers_of,
    titles_of,
    with_preface,
)
from flows.state import Draft, State
from models import conversation, inbound, outbound, person
from models.booking import Booking
from models.inbound import Claimed
from models.message import Typing
from models.rules import Rules
from models.session import Session
from models.stay import Shift

DOUBLE_TAP: Final = timedelta(seconds=10)
_MENU: Final = actions.encode(actions.ShowMenu())
_SILENT: Final = frozenset({"reaction", "revoke", "system", "ephemeral", "request_welcome"})


def take_turn(session: Session, event: Claimed, *, rules: Rules, now: datetime) -> dict[str, Any]:
    """Answer one WhatsApp message; returns the conversation's new state.

    Says one bubble at most. Raises only where we have a bug: then the message is tried again.
    """
    payload = event.payload
    if payload.get("type") in _SILENT:
        return event.state
    state = State.from_json(event.state)
    said, tapped = _read_payload(payload)
    phone, user_id, _profile = inbound.sender(payload)
    local = phrases.language_of_country(phone, user_id)
    turn = Turn(
        session=session,
        now=now,
        person_id=event.conversation_id,
        name=event.name,
        language=_language(session, event, said, tapped, local),
        rules=rules,
        said=said,
        wamid=str(payload.get("id", "")),
        cause=f"inbound:{event.id}",
        has_phone=bool(payload.get("from")),
        local=local,
        _=phrases.of(event.language),
    )
    turn = replace(turn, _=phrases.of(turn.language))
    is_paused = event.paused_until is not None and now < event.paused_until
    if tapped is not None:
        key = f"{tapped}@{(payload.get('context') or {}).get('id', '')}"
        if (
            state.tapped is not None
            and state.tapped[0] == key
            and event.received_at - state.tapped[1] < DOUBLE_TAP
        ):
            return event.state
        reply = take_tap(turn, replace(state, reply_to=None), tapped)
        reply = replace(reply, state=replace(reply.state, tapped=(key, event.received_at)))
        if is_paused and (tapped == _MENU or _asks(reply.state)):
            conversation.resume(session, event.conversation_id)
    elif is_paused:
        # What shows that money came is looked for by the same people, whoever answers the guest meanwhile.
        reply = pay.take_picture(turn, state, payload) or admin.forward(turn, state, payload)
    elif said is not None:
        reply = take_words(turn, state, said)
    else:
        reply = take_other(turn, state, payload)
    return _say(turn, reply).to_json()


def _read_payload(payload: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(typed words, payload of a tap) of a message; neither for a picture, a place, a voice."""
    kind = payload.get("type")
    node = payload.get(str(kind)) or {}
    if not isinstance(node, Mapping):
        return None, None
    if kind == "text":
        return str(node.get("body", ""))[:1000], None
    if kind == "interactive":
        reply = node.get("button_reply") or node.get("list_reply") or {}
        return None, str(reply["id"]) if "id" in reply else None
    if kind == "button":
        return None, str(node.get("payload", ""))
    return None, None


def _language(
    session: Session, event: Claimed, said: str | None, tapped: str | None, local: str | None
) -> str:
    """The language they chose; until then their letters tell it, else their words, else at first their country.

    Source: docs/decisions/0007-which-language.md
    """
    if event.language is not None:
        return event.language
    found = phrases.language_of_script(said) if said else None
    if found is None and said and any(letter.isalpha() for letter in said):
        # In Latin letters Urdu and Hindi are written alike: the words tell that it is one of them, the country which.
        found = local if understand.is_urdu_or_hindi(said) else None
    elif found is None and tapped is None and not event.state:
        found = local  # a voice, a picture, a number: nothing yet that tells more than where they are
    if found is None:
        return phrases.DEFAULT
    person.speak(session, event.conversation_id, found)
    return found


def _say(turn: Turn, reply: Reply) -> State:
    message = reply.message
    if message is None:
        return reply.state
    kind = "typing" if isinstance(message, Typing) else reply.kind
    outbound.say(
        turn.session,
        turn.person_id,
        laid_out(message, reply.spoken or turn._),
        kind=kind,
        now=turn.now,
        recipient=reply.recipient,
        booking_id=reply.booking_id,
    )
    if isinstance(message, Typing):
        return replace(reply.state, offers={}, asked_at=None)
    offers = offers_of(reply)
    return replace(reply.state, offers=offers, asked_at=turn.now if offers else None)


# ---- words -----------------------------------------------------------------------------------------


def take_words(turn: Turn, state: State, said: str) -> Reply:
    """What was typed: a button's title, a word that works everywhere, an answer, or the name of a place."""
    payload = offered(said, state.offers)
    if payload is not None and not _answers_something_else(turn, state, said):
        return take_tap(turn, replace(state, reply_to=None), payload)
    sent = admin.taken_as_reply(turn, state, said)
    if sent is not None:
        return sent
    state, is_answer = replace(state, reply_to=None), _asks(state)
    asked = commands.take(turn, state, said, is_answer=is_answer) or pay.take_words(turn, state, said)
    if asked is not None:
        return asked
    word = understand.command(said)
    if word is not None:
        return _WORDS[word](turn, state)
    courtesy = understand.courtesy(said)
    if courtesy is not None:
        rated = None if is_answer else rate.take_words(turn, state, said)
        if rated is not None:
            return rated
        return _request_or(lambda t, s: anywhere.answer_courtesy(t, s, courtesy))(turn, state)
    if is_answer:
        return book.answer(turn, state)
    for take in (
        my_bookings.take_words,
        rate.take_words,
        owner.take_words,
        book.take_dates,
        find_a_place.take_words,
    ):
        reply = take(turn, state, said)
        if reply is not None:
            return reply
    return _welcome_or(_not_understood)(turn, state)


def _answers_something_else(turn: Turn, state: State, said: str) -> bool:
    """Whether these words are rather meant for something that was said unasked since the last bubble's buttons.

    “Cancel this booking?” stays unanswered, the ticket comes, and a thumb is all that its guest says to it; or
    another guest's request comes, with a [Confirm] of its own.
    """
    if state.asked_at is None:
        return False
    since = outbound.said_since(turn.session, turn.person_id, state.asked_at)
    title = understand.plain(said)
    return bool(since) and (title not in state.offers or any(title in titles_of(each) for each in since))


def _not_understood(turn: Turn, state: State) -> Reply:
    state = replace(state, misses=state.misses + 1)
    if state.misses >= MISSES_BEFORE_A_PERSON:
        return offer_a_person(turn, state)
    return find_a_place.show_menu(turn, state, turn._("Sorry, I did not understand that."))


def _asks(state: State) -> bool:
    """Whether a question is open."""
    return state.draft is not None and book.BOOK.open_step(state.at) is not None


def _request_or(handle: Callable[[Turn, State], Reply]) -> Callable[[Turn, State], Reply]:
    """An owner whose guest waits sees the request before anything else, unless a question is open."""

    def take(turn: Turn, state: State) -> Reply:
        if _asks(state):
            return handle(turn, state)
        preface = turn._("A guest is waiting for your answer. For anything else, type: menu")
        return owner.waiting(turn, state, preface) or _welcome_or(handle)(turn, state)

    return take


def _welcome_or(handle: Callable[[Turn, State], Reply]) -> Callable[[Turn, State], Reply]:
    """Who is an owner or an admin since they wrote last is told so in place of what a guest is told."""
    return lambda turn, state: commands.welcome(turn, state) or handle(turn, state)


_WORDS: Final[Mapping[str, Callable[[Turn, State], Reply]]] = {
    "back": anywhere.go_back,
    "menu": _welcome_or(find_a_place.show_menu),
    "hello": _request_or(find_a_place.show_menu),
    "cancel": anywhere.cancel,
    "help": _request_or(anywhere.help_),
    "person": anywhere.talk_to_person,
    "language": anywhere.ask_language,
    "en": lambda turn, state: anywhere.choose_language(turn, state, "en"),
    "ur": lambda turn, state: anywhere.choose_language(turn, state, "ur"),
    "hi": lambda turn, state: anywhere.choose_language(turn, state, "hi"),
    "book": find_a_place.book_a_stay,
    "near": nearby.ask_where,
    "bookings": my_bookings.show_list,
    "ticket": my_bookings.show_newest_ticket,
}


# ---- taps ------------------------------------------------------------------------------------------


def take_tap(turn: Turn, state: State, payload: str) -> Reply:
    """What was tapped; what we cannot read is answered with where things stand now."""
    action = actions.decode(payload)
    if action is None:
        return my_bookings.stand(turn, state)
    return _TAPS[type(action)](turn, state, action)


def take_other(turn: Turn, state: State, payload: Mapping[str, Any]) -> Reply:
    """A picture, a voice, a place, a contact: a kind sentence, and where we are."""
    if payload.get("type") == "contacts" and state.at == "book.phone" and state.draft is not None:
        return book.proceed(turn, state, state.draft)
    spot = nearby.spot_of(payload)
    if spot is not None:
        return nearby.show(turn, state, spot)
    picture = pay.take_picture(turn, state, payload)
    if picture is not None:
        return picture
    welcome = commands.welcome(turn, state)
    if welcome is not None and not _asks(state):
        return welcome
    preface = turn._("Thank you, but I can only read text and taps.")
    if not _asks(state):
        return find_a_place.show_menu(turn, state, preface)
    reply = my_bookings.stand(turn, state)
    assert reply.message is not None
    return replace(reply, message=with_preface(reply.message, preface))


def _with_booking(
    handle: Callable[[Turn, State, Booking, Any], Reply],
) -> Callable[[Turn, State, Any], Reply]:
    """For taps about a booking: only its guest's own, and where things stand for everybody else."""

    def take(turn: Turn, state: State, action: Any) -> Reply:
        booking = my_bookings.own(turn, action.booking)
        if booking is None:
            return my_bookings.stand(turn, state)
        return handle(turn, state, booking, action)

    return take


def _with_draft(handle: Callable[[Turn, State, Draft, Any], Reply]) -> Callable[[Turn, State, Any], Reply]:
    """For answers to a question: only while that place is being booked."""

    def take(turn: Turn, state: State, action: Any) -> Reply:
        if state.draft is None or state.draft.listing != action.listing:
            return my_bookings.stand(turn, state)
        return handle(turn, state, state.draft, action)

    return take


def _pick_date(turn: Turn, state: State, draft: Draft, action: actions.PickDate) -> Reply:
    if draft.check_in == action.check_in and state.at != "book.dates":
        return my_bookings.stand(turn, state)
    return book.pick(turn, state, draft, check_in=action.check_in)


def _pick_nights(turn: Turn, state: State, draft: Draft, action: actions.PickNights) -> Reply:
    if draft.check_in != action.check_in or (draft.nights == action.nights and state.at != "book.nights"):
        return my_bookings.stand(turn, state)
    return book.pick(turn, state, draft, nights=action.nights)


def _pick_shift(turn: Turn, state: State, draft: Draft, action: actions.PickShift) -> Reply:
    if _is_of_another_day(draft, action.check_in) or action.shift not in tuple(Shift):
        return my_bookings.stand(turn, state)
    if draft.shift == action.shift and state.at not in ("book.shift", "book.dates"):
        return my_bookings.stand(turn, state)
    return book.pick(turn, state, draft, check_in=action.check_in, shift=Shift(action.shift))


def _pick_minutes(turn: Turn, state: State, draft: Draft, action: actions.PickMinutes) -> Reply:
    if draft.minutes == action.minutes and state.at != "book.minutes":
        return my_bookings.stand(turn, state)
    return book.pick(turn, state, draft, minutes=action.minutes)


def _pick_start(turn: Turn, state: State, draft: Draft, action: actions.PickStart) -> Reply:
    if _is_of_another_day(draft, action.check_in) or draft.minutes not in (None, action.minutes):
        return my_bookings.stand(turn, state)
    if draft.start == action.start and state.at not in ("book.start", "book.dates"):
        return my_bookings.stand(turn, state)
    return book.pick(turn, state, draft, check_in=action.check_in, start=action.start, minutes=action.minutes)


def _is_of_another_day(draft: Draft, day: date) -> bool:
    """A row of an old list; where a day is asked for, any that was offered will do."""
    return draft.check_in is not None and draft.check_in != day


def _pick_guests(turn: Turn, state: State, draft: Draft, action: actions.PickGuests) -> Reply:
    if draft.guests == action.guests and state.at != "book.guests":
        return my_bookings.stand(turn, state)
    return book.pick(turn, state, draft, guests=action.guests)


def _use_profile_name(turn: Turn, state: State, draft: Draft, action: actions.UseProfileName) -> Reply:
    name = book.profile_name(turn)
    if name is None or (draft.name == name and state.at != "book.name"):
        return my_bookings.stand(turn, state)
    return book.pick(turn, state, draft, name=name)


def _change(
    turn: Turn, state: State, booking: Booking, action: actions.ChangeAnswers | actions.MoreAnswers
) -> Reply:
    if booking.status != "INITIATED":
        return my_bookings.ask_to_leave_payment(turn, state, booking, changes=True)
    page = action.page if isinstance(action, actions.MoreAnswers) else 0
    return book.ask_what_to_change(turn, state, book.draft_of(booking), page)


def _change_one(turn: Turn, state: State, booking: Booking, action: actions.ChangeAnswer) -> Reply:
    if booking.status != "INITIATED":
        return my_bookings.stand(turn, state, booking)
    return book.ask_again(turn, replace(state, misses=0), book.draft_of(booking), action.step)


def _ask_further(turn: Turn, state: State, booking: Booking, action: actions.AskFurther) -> Reply:
    if booking.status != "INITIATED":
        return my_bookings.stand(turn, state, booking)
    draft = book.draft_of(booking).with_answer(asking=action.key)
    return book.ask_again(turn, replace(state, misses=0), draft, "further")


def _change_place(turn: Turn, state: State, booking: Booking, action: actions.ChangePlace) -> Reply:
    if booking.status != "INITIATED":
        return my_bookings.stand(turn, state, booking)
    return book.change_place(turn, state, book.draft_of(booking))


def _drop(turn: Turn, state: State, booking: Booking, action: actions.DropBooking) -> Reply:
    if booking.status != "INITIATED":
        return my_bookings.ask_to_leave_payment(turn, state, booking)
    return book.drop(turn, state, booking)


_TAPS: Final[Mapping[type[Action], Callable[[Turn, State, Any], Reply]]] = {
    actions.ShowMenu: lambda t, s, a: find_a_place.show_menu(t, replace(s, misses=0)),
    actions.BookAStay: lambda t, s, a: find_a_place.book_a_stay(t, replace(s, misses=0)),
    actions.ContinueBooking: lambda t, s, a: book.continue_booking(t, s),
    actions.NearMe: lambda t, s, a: nearby.ask_where(t, s),
    actions.ShowNear: lambda t, s, a: nearby.show(t, s, a),
    actions.LookAround: lambda t, s, a: find_a_place.look_around(t, replace(s, misses=0)),
    actions.ShowCategory: lambda t, s, a: find_a_place.show_category(
        t, replace(s, misses=0), a.category, a.page
    ),
    actions.ShowPlace: lambda t, s, a: find_a_place.show_place(t, replace(s, misses=0), a.listing),
    actions.Help: lambda t, s, a: commands.help_(t, s) or anywhere.help_(t, s),
    actions.TalkToPerson: lambda t, s, a: anywhere.talk_to_person(t, s),
    actions.ChooseLanguage: lambda t, s, a: anywhere.choose_language(t, s, a.language),
    actions.ShowAnswer: lambda t, s, a: my_bookings.stand(t, s),
    actions.BookPlace: lambda t, s, a: book.book_place(t, s, a.listing),
    actions.ShowDates: _with_draft(lambda t, s, d, a: book.show_dates(t, s, d, a.first)),
    actions.PickDate: _with_draft(_pick_date),
    actions.PickNights: _with_draft(_pick_nights),
    actions.MoreNights: _with_draft(lambda t, s, d, a: book.more_nights(t, s, d, a.check_in)),
    actions.PickStay: _with_draft(
        lambda t, s, d, a: book.pick(t, s, d, check_in=a.check_in, nights=a.nights)
    ),
    actions.PickShift: _with_draft(_pick_shift),
    actions.PickMinutes: _with_draft(_pick_minutes),
    actions.ShowTimes: _with_draft(lambda t, s, d, a: book.show_times(t, s, d, a.check_in, a.first)),
    actions.PickStart: _with_draft(_pick_start),
    actions.PickGuests: _with_draft(_pick_guests),
    actions.UseProfileName: _with_draft(_use_profile_name),
    actions.ChooseFurther: _with_draft(lambda t, s, d, a: book.choose_further(t, s, d, a.key, a.choice)),
    actions.PassOver: _with_draft(lambda t, s, d, a: book.choose_further(t, s, d, a.key, None)),
    actions.PassOverCoupon: _with_draft(lambda t, s, d, a: book.pick(t, s, d, coupon="")),
    actions.AskFurther: _with_booking(_ask_further),
    actions.ChangeAnswers: _with_booking(_change),
    actions.MoreAnswers: _with_booking(_change),
    actions.ChangeAnswer: _with_booking(_change_one),
    actions.ChangePlace: _with_booking(_change_place),
    actions.DropBooking: _with_booking(_drop),
    actions.RequestPayment: _with_booking(lambda t, s, b, a: pay.request_payment(t, s, b, a)),
    actions.RequestStay: _with_booking(lambda t, s, b, a: pay.request_stay(t, s, b, a.revision)),
    actions.PayNow: _with_booking(lambda t, s, b, a: pay.pay_now(t, s, b)),
    actions.PayBy: _with_booking(lambda t, s, b, a: pay.pay_by(t, s, b, a.method)),
    actions.ChooseWay: _with_booking(lambda t, s, b, a: pay.choose_way(t, s, b)),
    actions.SayPaid: _with_booking(lambda t, s, b, a: pay.say_paid(t, s, b)),
    actions.PictureFor: _with_booking(pay.picture_for),
    actions.BookAgain: _with_booking(lambda t, s, b, a: pay.book_again(t, s, b)),
    actions.OtherDates: _with_booking(lambda t, s, b, a: pay.other_dates(t, s, b)),
    actions.MyBookings: lambda t, s, a: my_bookings.show_list(t, s),
    actions.ShowBooking: _with_booking(lambda t, s, b, a: my_bookings.show(t, s, b)),
    actions.MoreBookings: lambda t, s, a: my_bookings.show_page(t, s, a.page),
    actions.ShowDirections: _with_booking(lambda t, s, b, a: my_bookings.show_directions(t, s, b)),
    actions.ShowContact: _with_booking(lambda t, s, b, a: my_bookings.show_contact(t, s, b)),
    actions.AskForStars: _with_booking(lambda t, s, b, a: rate.ask(t, s, b)),
    actions.RateStay: _with_booking(lambda t, s, b, a: rate.take_stars(t, s, b, a.stars)),
    actions.CommentStay: _with_booking(lambda t, s, b, a: rate.ask(t, s, b)),
    actions.SendTicket: _with_booking(lambda t, s, b, a: my_bookings.send_ticket(t, s, b)),
    actions.CancelOne: lambda t, s, a: my_bookings.cancel_something(t, s),
    actions.CancelStay: _with_booking(lambda t, s, b, a: my_bookings.ask_to_cancel(t, s, b)),
    actions.CancelStayForSure: _with_booking(lambda t, s, b, a: my_bookings.cancel(t, s, b, a.refund_minor)),
    **owner.TAPS,
    **admin.TAPS,
}
