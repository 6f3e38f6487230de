"""A booking that was begun and left: its guest is reminded, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flows import find_a_place
from flows.actions import ContinueBooking, LookAround
from flows.engine import Reply, laid_out, offers_of
from flows.notices.telling import speak_to
from flows.state import State
from models import availability, outbound
from models.listing import Listing
from models.session import Session


def draft_left(session: Session, person_id: int, state: State, *, now: datetime) -> State:
    """Ask whether to go on, where that still makes sense; what the conversation remembers then.

    The question that is open stays open: an answer to it is as good as a tap on [Continue].
    """
    draft = state.draft
    if draft is None or not draft.is_begun or draft.is_reminded:
        return state
    reminded = replace(state, draft=replace(draft, is_reminded=True))
    listing = Listing.find(session, draft.listing)
    if listing is None or not listing.active:
        return reminded
    if draft.check_in is not None and draft.check_in < availability.today(listing, now):
        return reminded
    _ = speak_to(session, person_id)
    question = find_a_place.ask_to_go_on(_, draft, listing, _("Your booking is not finished yet:"))
    outbound.say(session, person_id, laid_out(question, _), kind="draft_left", now=now)
    said = Reply(question, reminded, yes=ContinueBooking(), no=LookAround())
    return replace(reminded, offers=offers_of(said), asked_at=now)
