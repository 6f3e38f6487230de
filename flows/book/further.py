"""The further questions of a place, one at a time: an arrival time, a wish, the number of an identity card."""

from __future__ import annotations

from flows import understand
from flows.actions import AskFurther, ChooseFurther, PassOver
from flows.engine import NotUnderstood, Turn, button, row
from flows.state import Draft
from models import inbound, question, sealed
from models.listing import Listing
from models.message import Buttons, Menu, Message, Row, Section, Text, clip
from models.question import Kind, Question

SHOWN = 60  # characters of an answer in a summary


def are_asked(turn: Turn, draft: Draft) -> bool:
    return bool(Listing.get(turn.session, draft.listing).questions)


def is_answered(turn: Turn, draft: Draft) -> bool:
    return open_question(turn, draft) is None


def open_question(turn: Turn, draft: Draft) -> Question | None:
    """The question to ask: the one that is asked again, else the first that has no answer."""
    questions = Listing.get(turn.session, draft.listing).questions
    if draft.asking is not None:
        again = next((q for q in questions if q.key == draft.asking), None)
        if again is not None:
            return again
    return next((q for q in questions if not _has_answer(draft, q)), None)


def _has_answer(draft: Draft, asked: Question) -> bool:
    """Whether what is kept is an answer still: the listings file may have changed meanwhile."""
    if asked.key not in draft.answers:
        return False
    answer = draft.answers[asked.key]
    if answer is None:
        return not asked.required
    return not asked.choices or answer in asked.choices


def ask(turn: Turn, draft: Draft) -> Message:
    """One question with its choices, and a way past it where it need not be answered."""
    _, asked = turn._, open_question(turn, draft)
    assert asked is not None
    body = f"*{asked.text(turn.language)}*"
    if asked.is_secret:
        body += "\n\n" + _("It is stored encrypted; only its last digits are shown.")
    rows: list[Row] = [
        row(ChooseFurther(draft.listing, asked.key, n), choice) for n, choice in enumerate(asked.choices)
    ]
    past = PassOver(draft.listing, asked.key)
    if len(rows) + (not asked.required) > 3:
        if not asked.required:
            rows.append(row(past, _("Skip")))
        return Menu(body, _("Choose"), (Section(None, tuple(rows)),))
    buttons = [button(ChooseFurther(draft.listing, asked.key, n), c) for n, c in enumerate(asked.choices)]
    if not asked.required:
        buttons.append(button(past, _("Skip")))
    return Buttons(body, tuple(buttons)) if buttons else Text(body)


def read(turn: Turn, draft: Draft, said: str) -> Draft:
    """Keep the answer, in one form whatever way it was typed; what is secret is sealed before it is kept.

    Raises:
        NotUnderstood: it is no answer to this question; says what one looks like.
    """
    asked = open_question(turn, draft)
    assert asked is not None
    if not asked.required and understand.is_nothing(said):
        return with_answer(draft, asked, None)
    return with_answer(draft, asked, _understood(asked, said))


def keep_secret(turn: Turn, draft: Draft, said: str, *, is_open: bool) -> None:
    """Blot a number out of the message that it came in, as soon as a place asks for one.

    What is typed to the question itself is blotted whatever it is: half a number is a secret, too.
    """
    secret = [q for q in Listing.get(turn.session, draft.listing).questions if q.is_secret]
    if not secret:
        return
    asked = open_question(turn, draft) if is_open else None
    plain = understand.same(said)
    if (asked is not None and asked.is_secret) or any(question.identity(q.kind, plain) for q in secret):
        inbound.blot(turn.session, int(turn.cause.removeprefix("inbound:")))


def _understood(asked: Question, said: str) -> str:
    match asked.kind:
        case Kind.CNIC | Kind.PASSPORT:
            number = question.identity(asked.kind, understand.same(said))
            if number is None and asked.kind is Kind.CNIC:
                raise NotUnderstood("A CNIC has 13 digits, e.g. 42101-1234567-1. Please type it once more.")
            if number is None:
                raise NotUnderstood("That is no passport number, e.g. AB1234567. Please type it once more.")
            return sealed.seal_text(number)
        case Kind.NUMBER:
            amount = understand.whole_number(said)
            if amount is None:
                raise NotUnderstood("Sorry, I need a number here, e.g. “2”.")
            return str(amount)
        case Kind.CHOICE:
            chosen = _chosen(asked, said)
            if chosen is None:
                raise NotUnderstood("Please choose one of these:")
            return chosen
        case _:
            words = question.kept_text(said)
            if words is None:
                raise NotUnderstood("Please answer in a few words.")
            return words


def _chosen(asked: Question, said: str) -> str | None:
    """The choice that was typed: by its title, its first words where only one begins so, or yes and no."""
    plain = understand.plain(said)
    by_title = {understand.plain(choice): choice for choice in asked.choices}
    if plain in by_title:
        return by_title[plain]
    begun = [choice for title, choice in by_title.items() if len(plain) > 1 and title.startswith(plain)]
    if len(begun) == 1:
        return begun[0]
    answer = understand.yes_or_no(said)
    if answer is None:
        return None
    meant = [choice for choice in asked.choices if understand.yes_or_no(choice) is answer]
    return meant[0] if len(meant) == 1 else None


def with_answer(draft: Draft, asked: Question, answer: str | None) -> Draft:
    return draft.with_answer(answers={**draft.answers, asked.key: answer}, asking=None)


def before(turn: Turn, draft: Draft) -> Draft | None:
    """The draft at the further question before the open one, or at the last where none is open; None at the first."""
    keys = [q.key for q in Listing.get(turn.session, draft.listing).questions]
    asked = open_question(turn, draft)
    earlier = keys if asked is None else keys[: keys.index(asked.key)]
    return draft.with_answer(asking=earlier[-1]) if earlier else None


def for_place(turn: Turn, draft: Draft, listing_id: int) -> dict[str, str | None]:
    """The answers that hold at another place as well: those to questions that both ask alike."""
    theirs = Listing.get(turn.session, listing_id).questions
    ours = Listing.get(turn.session, draft.listing).questions
    return {q.key: draft.answers[q.key] for q in ours if q in theirs and q.key in draft.answers}


def to_keep(draft: Draft, listing: Listing) -> dict[str, str | None]:
    """What a booking of this place keeps of the answers: those to its own questions."""
    return {q.key: draft.answers.get(q.key) for q in listing.questions}


def rows_to_change(turn: Turn, draft: Draft, booking_id: int) -> list[Row]:
    """Each answer as one that can be changed."""
    questions = Listing.get(turn.session, draft.listing).questions
    return [
        row(AskFurther(booking_id, q.key), q.label(turn.language), q.shown(draft.answers.get(q.key)))
        for q in questions
    ]


def lines(listing: Listing, answers: dict[str, str | None] | None, language: str) -> list[str]:
    """The answers for a summary, a line each; of an identity number its end only."""
    given = answers or {}
    return [
        f"{q.label(language)}: {clip(q.shown(given[q.key]), SHOWN)}"
        for q in listing.questions
        if given.get(q.key) is not None
    ]


def lines_for_owner(listing: Listing, answers: dict[str, str | None] | None, language: str) -> list[str]:
    """What an owner needs to decide: identity numbers are shown at the door, by the guest."""
    given = {q.key: (answers or {}).get(q.key) for q in listing.questions if not q.is_secret}
    return lines(listing, given, language)
