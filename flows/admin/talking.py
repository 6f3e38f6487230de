"""A person answers in place of the bot: what the guest types goes to the admins, what an admin types to the guest.

While that lasts the bot says nothing to words. Taps go on working, for a payment must not wait for a person; a
tap that leads to a question of ours, or on “Menu”, brings the bot back, since its answer would else go astray.

Source: docs/decisions/0008-a-person-answers.md
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from flows import notices, phrases, understand
from flows.actions import PauseBot, ReplyTo, ResumeBot, ShowPerson
from flows.admin.answers import told
from flows.engine import Reply, Turn, button
from flows.state import State
from models import audit, conversation, person, reports
from models.audit import Deed
from models.booking import Booking
from models.message import Buttons, Text, clip

# What is typed after tapping “Reply” is for the guest only as long as the admin can be expected to know it.
REPLY_WITHIN: Final = timedelta(minutes=15)
_KINDS: Final = {
    "image": "a picture",
    "video": "a video",
    "audio": "a voice message",
    "voice": "a voice message",
    "document": "a document",
    "sticker": "a sticker",
    "contacts": "a contact",
    "order": "an order",
}


# ---- the guest writes ------------------------------------------------------------------------------


def forward(turn: Turn, state: State, payload: Mapping[str, Any]) -> Reply:
    """What the guest wrote goes to the admins on duty; the bot keeps silent."""
    conversation.pause(turn.session, turn.person_id, turn.now)
    words = turn.said if turn.said is not None else _in_words(payload)
    notices.guest_writes(turn.session, turn.person_id, name=turn.name, words=words, now=turn.now)
    return Reply(None, replace(state, misses=0))


def _in_words(payload: Mapping[str, Any]) -> str:
    """A message that is no text, as it can be told."""
    kind = str(payload.get("type"))
    node = payload.get(kind)
    node = node if isinstance(node, Mapping) else {}
    if kind == "location" and "latitude" in node and "longitude" in node:
        return f"(a place) https://maps.google.com/?q={node['latitude']},{node['longitude']}"
    caption = node.get("caption")
    return f"({_KINDS.get(kind, 'a message that cannot be shown')})" + (f" {caption}" if caption else "")


# ---- an admin answers ------------------------------------------------------------------------------


def ask_reply(turn: Turn, state: State, action: ReplyTo) -> Reply:
    """What they type next is for this person."""
    found = reports.person(turn.session, action.person)
    if found is None:
        return told(state, Text("There is nobody to write to any more."), "not_found")
    if found.id == turn.person_id:
        return told(state, Text(_TO_ONESELF), "reply")
    body = f"Type your answer to *{whom(found)}* now: the next thing you write here is sent to them."
    message = Buttons(body, (button(ShowPerson(found.id), "Not now"),))
    return told(replace(state, reply_to=(found.id, turn.now + REPLY_WITHIN)), message, "reply")


def taken_as_reply(turn: Turn, state: State, said: str) -> Reply | None:
    """What an admin types right after tapping “Reply” goes to that guest; None where it is nothing of the kind."""
    if state.reply_to is None:
        return None
    (to, until), state = state.reply_to, replace(state, reply_to=None)
    if turn.now > until:
        return None
    if person.ADMIN not in person.roles(turn.session, turn.person_id):
        return None
    if understand.command(said) in ("cancel", "back", "menu"):
        return told(state, Text("All right, nothing was sent."), "reply")
    return send(turn, state, to, said)


def reply(turn: Turn, state: State, words: str) -> Reply | None:
    """ "reply +92 300 1234567 We are on our way", or with a booking's code in place of the number."""
    to = _addressee(turn, words)
    if to is None:
        return told(state, Text(_HOW), "reply")
    found, rest = to
    if found is None:
        return told(state, Text("Nobody with this number has written to us yet."), "not_found")
    return send(turn, state, found, rest) if rest else ask_reply(turn, state, ReplyTo(found))


_HOW: Final = "Whom to? Type: reply, their number or a booking's code, and your words."


_TO_ONESELF: Final = "That is your own number: nothing was sent."


def send(turn: Turn, state: State, person_id: int, words: str) -> Reply:
    """An admin's words reach the guest, in a closed window as a template; the bot is silent from then on."""
    found = reports.person(turn.session, person_id)
    if found is None:
        return told(state, Text("There is nobody to write to any more."), "not_found")
    if found.id == turn.person_id:
        return told(state, Text(_TO_ONESELF), "reply")
    is_open = conversation.is_open(turn.session, person_id, turn.now)
    notices.person_answers(turn.session, person_id, words=words, now=turn.now)
    paused = person.ADMIN not in found.roles
    if paused:
        conversation.pause(turn.session, person_id, turn.now)
    audit.record(
        turn.session,
        turn.person_id,
        Deed.REPLY,
        f"person:{person_id}",
        cause=turn.cause,
        now=turn.now,
        words=len(words),
    )
    body = f"✅ Sent to *{whom(found)}*."
    if not is_open:
        body += " They have not written for a day, so it goes as a template."
    buttons = [button(ReplyTo(person_id), "Write more")]
    if paused:
        body += " What they write comes to you; the bot is silent until you resume it, or for 24 hours."
        buttons.append(button(ResumeBot(person_id), "Resume bot"))
    return told(state, Buttons(body, tuple(buttons)), "reply")


# ---- pause and resume ------------------------------------------------------------------------------


def pause(turn: Turn, state: State, action: PauseBot) -> Reply:
    found = reports.person(turn.session, action.person)
    if found is None:
        return told(state, Text("Nobody with this number has written to us yet."), "not_found")
    if person.ADMIN in found.roles:
        return told(state, Text("An admin needs the bot: it is not paused for them."), "pause")
    conversation.pause(turn.session, found.id, turn.now)
    _record(turn, Deed.PAUSE_BOT, found.id)
    body = f"⏸ The bot is silent for *{whom(found)}*. What they write comes to the admins on duty."
    buttons = (button(ReplyTo(found.id), "Reply"), button(ResumeBot(found.id), "Resume bot"))
    return told(state, Buttons(body, buttons), "pause")


def resume(turn: Turn, state: State, action: ResumeBot) -> Reply:
    found = reports.person(turn.session, action.person)
    if found is None:
        return told(state, Text("Nobody with this number has written to us yet."), "not_found")
    was_paused = conversation.is_paused(turn.session, found.id, turn.now)
    if was_paused:
        conversation.resume(turn.session, found.id)
        _record(turn, Deed.RESUME_BOT, found.id)
    now = "again" if was_paused else "already"
    return told(state, Text(f"▶️ The bot answers *{whom(found)}* {now}."), "resume")


def pause_by_words(turn: Turn, state: State, words: str) -> Reply | None:
    return _by_words(turn, state, words, "pause bot", lambda found: pause(turn, state, PauseBot(found)))


def resume_by_words(turn: Turn, state: State, words: str) -> Reply | None:
    return _by_words(turn, state, words, "resume", lambda found: resume(turn, state, ResumeBot(found)))


def _by_words(turn: Turn, state: State, words: str, command: str, do: Callable[[int], Reply]) -> Reply:
    to = _addressee(turn, words)
    if to is None:
        return told(state, Text(f"For whom? Type: {command}, and their number or a booking's code."), command)
    found, _rest = to
    if found is None:
        return told(state, Text("Nobody with this number has written to us yet."), "not_found")
    return do(found)


def _record(turn: Turn, deed: Deed, person_id: int) -> None:
    audit.record(turn.session, turn.person_id, deed, f"person:{person_id}", cause=turn.cause, now=turn.now)


def _addressee(turn: Turn, words: str) -> tuple[int | None, str] | None:
    """(who is meant, the rest of the words): None for who where nobody has that number; None where none is said."""
    named = understand.booking_code(words)
    if named is not None and understand.plain(words).startswith("bk"):
        booking = Booking.with_code(turn.session, named[0])
        return (booking.person_id if booking is not None else None), named[1]
    region = person.country_of(turn.session, turn.person_id)
    number = understand.phone_number(words, region=region)
    if number is None:
        return None
    found = reports.people(turn.session, phone=number[0])
    return (found[0].id if found else None), number[1]


def whom(found: reports.Found) -> str:
    """Name and number, as far as they are known."""
    name = clip(found.name or "Somebody", 60)
    return f"{name} {phrases.phone(found.phone)}" if found.phone else f"{name} (number hidden)"
