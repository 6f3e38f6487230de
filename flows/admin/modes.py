"""How far transfers verify themselves, from an admin's chat: the mode, and whose mails may confirm."""

from __future__ import annotations

from typing import Final

from flows.actions import SwitchIssuer, SwitchMode
from flows.admin.answers import told
from flows.engine import Reply, Turn, row
from flows.notices.matching import issuer_in_words
from flows.state import State
from models import audit, verification
from models.audit import Deed
from models.message import Menu, Section, Text
from models.verification import Mode, NothingApproved

_MEANS: Final = {
    Mode.MANUAL: "every transfer is proposed to you",
    Mode.AUTOMATED: "safe ones confirm themselves, the rest waits in the unmatched list",
    Mode.HYBRID: "safe ones confirm themselves, the rest is proposed to you",
}


def mode(turn: Turn, state: State, words: str) -> Reply | None:
    """Show the mode, or switch to the one that is named."""
    if not words:
        return show(turn, state)
    wanted = words.strip().lower()
    return switch(turn, state, SwitchMode(wanted)) if wanted in set(Mode) else None


def show(turn: Turn, state: State) -> Reply:
    """The mode that holds, the issuers that an admin may switch, and a row for every change."""
    current = verification.mode(turn.session, Mode(turn.rules.verification_mode))
    issuers = verification.issuers(turn.session)
    lines = [f"Transfers are verified in *{current}* mode: {_MEANS[current]}.", ""]
    if issuers:
        lines.append("Mails that may confirm by themselves:")
        lines += [f"{'✅' if on else '–'} {issuer_in_words(issuer)}" for issuer, on in issuers.items()]
    else:
        lines.append(
            "No bank's or wallet's mails confirm by themselves yet. Link a first real one, and you are asked "
            "whether to switch them on."
        )
    rows = [row(SwitchMode(each), each.capitalize(), _MEANS[each]) for each in Mode if each is not current]
    rows += [
        row(SwitchIssuer(issuer, int(not on)), f"{issuer_in_words(issuer)} {'off' if on else 'on'}")
        for issuer, on in list(issuers.items())[:8]
    ]
    return told(state, Menu("\n".join(lines), "Change", (Section(None, tuple(rows)),)), "mode")


def switch(turn: Turn, state: State, action: SwitchMode) -> Reply:
    if action.mode not in set(Mode):
        return show(turn, state)
    to = Mode(action.mode)
    verification.switch_mode(turn.session, to, by=turn.person_id, now=turn.now)
    audit.record(
        turn.session, turn.person_id, Deed.SWITCH_MODE, "verification", cause=turn.cause, now=turn.now, to=to
    )
    return told(state, Text(f"✅ From now on *{to}*: {_MEANS[to]}."), "mode")


def switch_issuer(turn: Turn, state: State, action: SwitchIssuer) -> Reply:
    """Whether safe matches by this issuer's mails confirm themselves."""
    name, on = issuer_in_words(action.issuer), bool(action.on)
    try:
        verification.switch_issuer(turn.session, action.issuer, on=on, by=turn.person_id, now=turn.now)
    except NothingApproved:
        body = f"No mail of {name} was approved yet: confirm a first real one, then switch it on."
        return told(state, Text(body), "mode")
    audit.record(
        turn.session,
        turn.person_id,
        Deed.SWITCH_ISSUER,
        f"issuer:{action.issuer}",
        cause=turn.cause,
        now=turn.now,
        on=on,
    )
    told_now = "confirm themselves from now on, as far as the mode allows it" if on else "wait for your yes"
    return told(state, Text(f"Safe matches by {name} {told_now}."), "mode")
