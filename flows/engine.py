"""How a conversation runs: a turn is one message that came in, a flow is a list of questions, a step is one.

`ask` only renders and `read` only understands, so that any question can be asked again, in any language,
and any answer can be taken for the question that it fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from flows import understand
from flows.actions import Action, ShowMenu, TalkToPerson, encode
from flows.phrases import Phrases
from flows.state import Draft, State
from models.message import (
    BODY_BUTTONS,
    BODY_LIST,
    BUTTON_TITLE,
    CAPTION,
    MOST_BUTTONS,
    ROW_DESCRIPTION,
    ROW_TITLE,
    Button,
    Buttons,
    ContactRequest,
    Document,
    Link,
    LocationRequest,
    Menu,
    Message,
    Row,
    Section,
    Text,
    clip,
)
from models.money import NO_BREAK
from models.outbound import Role
from models.rules import Rules
from models.session import Session

MISSES_BEFORE_A_PERSON: Final = 3
MOST_ROWS_REMEMBERED: Final = 6


@dataclass(frozen=True)
class Turn:
    """One message of one person, and everything that is needed to answer it.

    Attributes:
        name: as their profile has it.
        said: what they typed; None for a tap.
        wamid: the message's own id, to show “typing…” under it.
        cause: what every verb of this turn is called with.
        has_phone: False while WhatsApp hides their number from us.
        local: the language of ours that is at home where they are, if there is one.
        _: the sentences of their language.
    """

    session: Session
    now: datetime
    person_id: int
    name: str | None
    language: str
    rules: Rules
    said: str | None
    wamid: str
    cause: str
    has_phone: bool
    local: str | None
    _: Phrases


@dataclass(frozen=True)
class Reply:
    """What is said, and where the conversation is then.

    Attributes:
        message: the one bubble; None for silence.
        kind: what the bubble is, a stable word.
        recipient: as what the person is answered; most are guests.
        spoken: the language of the bubble, where it is not the turn's.
        yes, no: what a typed yes or no means as an answer to it.
    """

    message: Message | None
    state: State
    kind: str = "chat"
    booking_id: int | None = None
    recipient: Role = "guest"
    spoken: Phrases | None = None
    yes: Action | None = None
    no: Action | None = None


# A word that only some may say: takes what was typed after it; None where it is no command after all.
Command = Callable[[Turn, State, str], Reply | None]


def alone(handle: Callable[[Turn, State], Reply]) -> Command:
    """A word that is a command only where nothing follows it."""
    return lambda turn, state, words: None if words else handle(turn, state)


class NotUnderstood(Exception):
    """The answer is none; carries the sentence to ask again with, in English, and its values."""

    def __init__(self, sentence: str, /, **values: object) -> None:
        self.sentence = sentence
        self.values = values
        super().__init__(sentence)

    def words(self, turn: Turn) -> str:
        return turn._(self.sentence, **self.values)


class Ask(Protocol):
    def __call__(self, turn: Turn, draft: Draft) -> Message: ...


class Read(Protocol):
    def __call__(self, turn: Turn, draft: Draft, said: str) -> Draft: ...


@dataclass(frozen=True)
class Step:
    """One question.

    Attributes:
        answered: whether the draft has its answer.
        belongs: whether the place that is being booked asks it at all.
    """

    name: str
    ask: Ask
    read: Read
    answered: Callable[[Turn, Draft], bool]
    belongs: Callable[[Turn, Draft], bool] = lambda turn, draft: True


@dataclass(frozen=True)
class Flow:
    """Questions in the order in which they are asked."""

    name: str
    steps: tuple[Step, ...]
    _by_name: dict[str, Step] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {f"{self.name}.{step.name}": step for step in self.steps})

    def open_step(self, at: str | None) -> Step | None:
        """The question that is open, if it is one of this flow."""
        return self._by_name.get(at) if at else None

    def step(self, name: str) -> Step | None:
        return self._by_name.get(f"{self.name}.{name}")

    def next_step(self, turn: Turn, draft: Draft) -> Step:
        """The first question without an answer; the last one is always open."""
        return next(
            (step for step in self.steps if not step.answered(turn, draft) and step.belongs(turn, draft)),
            self.steps[-1],
        )

    def before(self, turn: Turn, draft: Draft, step: Step) -> Step | None:
        """The question that was asked before this one; None before the first."""
        earlier = self.steps[: self.steps.index(step)]
        return next((step for step in reversed(earlier) if step.belongs(turn, draft)), None)


def button(action: Action, title: str) -> Button:
    return Button(encode(action), title_of(title, BUTTON_TITLE))


def row(action: Action, title: str, description: str | None = None) -> Row:
    return Row(
        encode(action),
        title_of(title, ROW_TITLE),
        clip(description, ROW_DESCRIPTION) if description is not None else None,
    )


def one_of(_: Phrases, body: str, choices: Sequence[tuple[Action, str]]) -> Buttons | Menu:
    """Taps to choose from: as buttons, or as a list where there is more than three buttons hold."""
    if len(choices) <= MOST_BUTTONS:
        return Buttons(body, tuple(button(action, title) for action, title in choices))
    rows = tuple(row(action, title) for action, title in choices)
    return Menu(body, _("Choose"), (Section(None, rows),))


def title_of(words: str, most: int) -> str:
    """Words that are tapped, as they can also be typed; a title stands on one line, and its spaces are plain."""
    return clip(words.replace(NO_BREAK, " "), most)


def with_preface(message: Message, preface: str | None) -> Message:
    """The same bubble with a paragraph before its text."""
    if preface is None:
        return message
    if isinstance(message, Buttons | Link | ContactRequest | LocationRequest):
        return replace(message, body=clip(f"{preface}\n\n{message.body}", BODY_BUTTONS))
    if isinstance(message, Text | Menu):
        return replace(message, body=clip(f"{preface}\n\n{message.body}", BODY_LIST))
    return message


def laid_out(message: Message, _: Phrases) -> Message:
    """The bubble as it reads in a language that is written from the right."""
    if isinstance(message, Text | Menu):
        return replace(message, body=clip(_.laid_out(message.body), BODY_LIST))
    if isinstance(message, Buttons | Link | ContactRequest | LocationRequest):
        return replace(message, body=clip(_.laid_out(message.body), BODY_BUTTONS))
    if isinstance(message, Document):
        return replace(message, caption=clip(_.laid_out(message.caption), CAPTION))
    return message


def again(turn: Turn, state: State, why: str, question: Message, *, kind: str = "question") -> Reply:
    """Ask the same once more, saying why; the third time a person is offered instead."""
    misses = state.misses + 1
    state = replace(state, misses=misses)
    if misses >= MISSES_BEFORE_A_PERSON:
        return offer_a_person(turn, state, question)
    return Reply(with_preface(question, why), state, kind)


def offer_a_person(turn: Turn, state: State, question: Message | None = None) -> Reply:
    """A person instead of a machine; the question that is open is said once more, for it has scrolled away."""
    body = turn._("I still do not understand, sorry. Shall somebody from our team write to you here?")
    if isinstance(question, Text | Buttons | Menu | ContactRequest):
        again = turn._("You can also just answer again:")
        body = clip(f"{body}\n\n{again}\n\n{question.body}", BODY_BUTTONS)
    buttons = (button(TalkToPerson(), turn._("Talk to a person")), button(ShowMenu(), turn._("Menu")))
    return Reply(Buttons(body, buttons), state, "person_offer", yes=TalkToPerson())


def offers_of(reply: Reply) -> dict[str, str]:
    """What may be typed instead of tapped: each title, and yes and no where they mean one of them.

    The rows of a long list are left out, to keep the state small: the question reads their titles itself.
    """
    message, offers = reply.message, dict[str, str]()
    if isinstance(message, Buttons):
        offers = {understand.plain(b.title): b.id for b in message.buttons}
    elif isinstance(message, Menu):
        rows = [row for section in message.sections for row in section.rows]
        if len(rows) <= MOST_ROWS_REMEMBERED:
            titles = [understand.plain(row.title) for row in rows]
            # Two bookings of one place have one title: which of them is meant, only a tap tells.
            offers = {
                title: row.id for title, row in zip(titles, rows, strict=True) if titles.count(title) == 1
            }
    for word, action in (("+yes", reply.yes), ("+no", reply.no)):
        if action is not None:
            offers[word] = encode(action)
    return offers


def titles_of(message: Message) -> frozenset[str]:
    """What can be tapped in a bubble, as it is compared with what is typed."""
    if isinstance(message, Buttons):
        return frozenset(understand.plain(button.title) for button in message.buttons)
    if isinstance(message, Menu):
        return frozenset(understand.plain(row.title) for section in message.sections for row in section.rows)
    return frozenset()


def offered(said: str, offers: Mapping[str, str]) -> str | None:
    """The payload of the button whose title, or whose yes or no, this is."""
    found = offers.get(understand.plain(said))
    if found is None and ("+yes" in offers or "+no" in offers):
        answer = understand.yes_or_no(said)
        if answer is not None:
            found = offers.get("+yes" if answer else "+no")
    return found
