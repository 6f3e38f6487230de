"""On duty and off: whom notices go to. And the figures of the day."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flows.actions import GoOffDuty, GoOnDuty, ShowFailed, ShowStuck, ShowUndecided
from flows.admin.answers import told
from flows.engine import Reply, Turn, button
from flows.phrases import ENGLISH
from flows.state import State
from models import audit, person, reports
from models.audit import Deed
from models.lifecycle import Action, Fact
from models.listing import home_zone
from models.message import Buttons, Text

_COUNTED: Final = (
    ("Summaries shown", Fact.INITIATE),
    ("Accepted, to be paid", Action.REQUEST_PAYMENT),
    ("Paid", Action.RECORD_PAYMENT),
    ("Nothing to pay now", Action.WAIVE_PAYMENT),
    ("Confirmed", Action.CONFIRM),
    ("Declined or withdrawn", Action.DECLINE),
    ("Cancelled by guests", Action.CANCEL_BY_GUEST),
    ("Expired unpaid", Action.EXPIRE),
    ("Guests checked in", Fact.CHECK_IN),
    ("Stays completed", Action.COMPLETE),
)


def go_on_duty(turn: Turn, state: State) -> Reply:
    person.set_on_duty(turn.session, turn.person_id, on_duty=True)
    _record(turn, Deed.GO_ON_DUTY)
    return told(state, Text("🔔 You are on duty: notices come to you."), "duty")


def leave_duty(turn: Turn, state: State) -> Reply:
    """Off duty at once where somebody else is on; the last one is warned first."""
    others = [each for each in person.admins_on_duty(turn.session) if each != turn.person_id]
    if others:
        return go_off_duty(turn, state)
    body = (
        "⚠️ You are the only admin on duty. If you leave, guests who need somebody may wait: until one of you is "
        "on duty again, notices go to *all* admins, you included."
    )
    buttons = (button(GoOnDuty(), "Stay on duty"), button(GoOffDuty(), "Leave anyway"))
    return told(state, Buttons(body, buttons), "duty", yes=GoOffDuty(), no=GoOnDuty())


def go_off_duty(turn: Turn, state: State) -> Reply:
    person.set_on_duty(turn.session, turn.person_id, on_duty=False)
    _record(turn, Deed.GO_OFF_DUTY)
    return told(state, Text("🔕 You are off duty. To come back, type: on duty"), "duty")


def _record(turn: Turn, deed: Deed) -> None:
    about = f"person:{turn.person_id}"
    audit.record(turn.session, turn.person_id, deed, about, cause=turn.cause, now=turn.now)


def show_figures(turn: Turn, state: State) -> Reply:
    """What happened today, by the clock where most places are."""
    zone = ZoneInfo(home_zone(turn.session))
    today = turn.now.astimezone(zone).date()
    since = datetime.combine(today, time(), zone)
    figures = reports.figures(turn.session, since, since + timedelta(days=1))
    counted = [f"{title}: {figures.steps[step]}" for title, step in _COUNTED if figures.steps.get(step)]
    lines = [f"*Today, {ENGLISH.day(today)}*", "", *(counted or ["Nothing has happened yet."])]
    if figures.money:
        paid = " + ".join(ENGLISH.money(amount) for amount in figures.money)
        lines.append(f"Paid in advance: *{paid}*")
    buttons = (
        button(ShowUndecided(0), "Waiting"),
        button(ShowStuck(0), "Stuck"),
        button(ShowFailed(0), "Failed messages"),
    )
    return told(state, Buttons("\n".join(lines), buttons), "figures")
