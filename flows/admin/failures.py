"""Messages that did not arrive, and sending one once more."""

from __future__ import annotations

from typing import Final

from flows.actions import ReplyTo, SendAgain, ShowFailed, ShowFailure, ShowWhole
from flows.admin.answers import told
from flows.admin.bookings import waits
from flows.admin.talking import whom
from flows.engine import Reply, Turn, button, row
from flows.paging import paged
from flows.state import State
from models import audit, outbound, reports
from models.audit import Deed
from models.message import Buttons, Menu, Section, Template, Text, clip, from_json
from models.reports import Failure

WORDS_SHOWN: Final = 500


def show_failed(turn: Turn, state: State, page: int) -> Reply:
    """What did not arrive in the last days, the newest first."""
    found = reports.failures(turn.session, turn.now)
    if not found:
        return told(state, Text("✅ No message has failed in the last seven days."), "failed")
    rows = [row(ShowFailure(each.id), _what(each), _to_whom(turn, each)) for each in found]
    n = "1 message" if len(found) == 1 else f"{len(found)} messages"
    body = f"⚠️ {n} did not arrive in the last seven days. Tap one to see it and to send it again."
    section = Section(None, paged(rows, page, ShowFailed))
    return told(state, Menu(body, "Show", (section,)), "failed")


def _what(found: Failure) -> str:
    return found.kind.replace("_", " ").capitalize()


def _to_whom(turn: Turn, found: Failure) -> str:
    code = f" · {found.code}" if found.code else ""
    since = waits(found.failed_at, turn.now)
    return f"{found.recipient} {clip(found.name or 'without a name', 24)}{code} · {since}"


def show_failure(turn: Turn, state: State, action: ShowFailure) -> Reply:
    """To whom, what, and why it failed."""
    found = reports.failure(turn.session, action.message)
    if found is None:
        return told(state, Text("That message has been sent again, or has arrived after all."), "failed")
    somebody = reports.person(turn.session, found.person_id)
    why = found.error or "it could not be delivered in time"
    lines = [
        f"*{_what(found)}* to the {found.recipient}",
        whom(somebody) if somebody else "",
        f"Why: {clip(why, 200)}" + (f" (code {found.error_code})" if found.error_code else ""),
        "",
        clip(_words(found), WORDS_SHOWN),
    ]
    buttons = [button(SendAgain(found.id), "Send again"), button(ReplyTo(found.person_id), "Write to them")]
    if found.booking_id is not None:
        buttons.append(button(ShowWhole(found.booking_id), "The booking"))
    return told(state, Buttons("\n".join(lines), tuple(buttons)), "failed", found.booking_id)


def _words(found: Failure) -> str:
    message = from_json(found.message)
    words = getattr(message, "body", None) or getattr(message, "caption", None)
    return str(words) if words else "(no words)"


def send_again(turn: Turn, state: State, action: SendAgain) -> Reply:
    """The same message once more, as a message of its own; a second tap finds it sent."""
    found = reports.failure(turn.session, action.message)
    if found is None or not audit.record(
        turn.session,
        turn.person_id,
        Deed.SEND_AGAIN,
        f"message:{action.message}",
        cause="once",
        now=turn.now,
    ):
        return told(state, Text("That message has been sent again, or has arrived after all."), "failed")
    template = from_json(found.template) if found.template is not None else None
    assert template is None or isinstance(template, Template)
    outbound.say(
        turn.session,
        found.person_id,
        from_json(found.message),
        kind=found.kind,
        now=turn.now,
        recipient=found.recipient,
        template=template,
        booking_id=found.booking_id,
    )
    body = f"📤 On its way again to {found.name or 'them'}. Should it fail once more, it comes back to this list."
    return told(state, Text(body), "failed", found.booking_id)
