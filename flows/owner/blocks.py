"""Days that an owner keeps: shown before it is done, refused where a guest has booked, lifted by one tap."""

from __future__ import annotations

from datetime import date

from flows import my_bookings, stays, understand
from flows.actions import AskBlock, AskBlockUnit, KeepAsItIs, LiftBlock, MakeBlock, ShowBlocks
from flows.engine import Reply, Turn, button, row
from flows.owner.answers import own, places, told, which_place
from flows.paging import paged
from flows.phrases import Phrases
from flows.state import State
from flows.understand import Misread, Stretch, Why
from models import block
from models.block import Block, Obstacle
from models.listing import Listing
from models.message import Buttons, Menu, Section, Text, clip

MOST_NAMED = 8
MOST_DAYS = 366


def ask_by_words(turn: Turn, state: State, words: str) -> Reply:
    """ "block 24-26 dec": these days, both included."""
    found = read_days(turn, words)
    if not isinstance(found, Stretch):
        return told(state, Text(found), "block")
    action = AskBlock(0, found.first, found.last, 0)
    return which_place(turn, state, action, ask_unit)


def read_days(turn: Turn, words: str) -> Stretch | str:
    """The days that are said, or what to say where there is none that one could be sure of."""
    _, first_place = turn._, next(iter(places(turn)), None)
    today = stays.day_of(turn.now, first_place) if first_place is not None else turn.now.date()
    found = understand.stretch(words, today=today)
    if isinstance(found, Stretch) and len(found.days) <= MOST_DAYS:
        return found
    if isinstance(found, Misread) and found.why is Why.PAST:
        return _("That day is over. Please type the days again, e.g. “block 24-26 dec”.")
    return _("Which days? Please type them, e.g. “block 24-26 dec”. Both days are included.")


def ask_unit(turn: Turn, state: State, action: AskBlock) -> Reply:
    """Which of several units, or all."""
    listing = own(turn, action.listing)
    if listing is None or not 0 <= (action.last - action.first).days < MOST_DAYS:
        return my_bookings.stand(turn, state)
    units = block.units(turn.session, listing)
    if len(units) < 2:
        return ask(turn, state, AskBlockUnit(listing.id, 0, action.first, action.last))
    _ = turn._
    rows = [row(AskBlockUnit(listing.id, 0, action.first, action.last), _("All of it"), listing.name)]
    rows += [row(AskBlockUnit(listing.id, unit.id, action.first, action.last), unit.name) for unit in units]

    def more(page: int) -> AskBlock:
        return AskBlock(listing.id, action.first, action.last, page)

    body = f"*{clip(listing.name, 60)}*, {_days(_, action.first, action.last)}\n\n" + _("What shall I block?")
    section = Section(None, paged(rows, action.page, more, _))
    return told(state, Menu(body, _("Choose"), (section,)), "block")


def ask(turn: Turn, state: State, action: AskBlockUnit) -> Reply:
    """What it would do, or who is in the way."""
    listing = own(turn, action.listing)
    if listing is None or not 0 <= (action.last - action.first).days < MOST_DAYS:
        return my_bookings.stand(turn, state)
    in_the_way = block.obstacles(turn.session, listing, action.first, action.last, action.unit or None)
    if in_the_way:
        return _refuse(turn, state, listing, action, list(in_the_way))
    _ = turn._
    yes = MakeBlock(action.listing, action.unit, action.first, action.last)
    body = _(
        "Block *{what}*, {days}? Nobody can book it then.",
        what=_what(turn, listing, action.unit),
        days=_days(_, action.first, action.last),
    )
    buttons = (button(yes, _("Yes, block")), button(KeepAsItIs(), _("No, leave it")))
    return told(state, Buttons(body, buttons), "block", yes=yes, no=KeepAsItIs())


def make(turn: Turn, state: State, action: MakeBlock) -> Reply:
    """The days are the owner's; or somebody was quicker since they were asked."""
    listing = own(turn, action.listing)
    if listing is None or not 0 <= (action.last - action.first).days < MOST_DAYS:
        return my_bookings.stand(turn, state)
    made = block.make(
        turn.session,
        listing,
        action.first,
        action.last,
        unit_id=action.unit or None,
        made_by=turn.person_id,
        now=turn.now,
    )
    if not made:
        again = AskBlockUnit(action.listing, action.unit, action.first, action.last)
        return ask(turn, state, again)
    _ = turn._
    body = _(
        "🔒 Blocked: *{what}*, {days}.",
        what=_what(turn, listing, action.unit),
        days=_days(_, action.first, action.last),
    )
    return told(state, Buttons(body, (button(ShowBlocks(0), _("My blocks")),)), "block")


def _refuse(
    turn: Turn, state: State, listing: Listing, action: AskBlockUnit, in_the_way: list[Obstacle]
) -> Reply:
    """Politely, and with the names of those who are in the way."""
    _ = turn._
    lines = [
        _(
            "I cannot block *{what}*, {days}: it is taken.",
            what=_what(turn, listing, action.unit),
            days=_days(_, action.first, action.last),
        ),
        "",
    ]
    for each in in_the_way[:MOST_NAMED]:
        if each.code is not None:
            name = clip(each.guest_name or "", 40)
            lines.append(f"{_.dates(each.first, each.last)} · {name} · {each.code}")
        else:
            lines.append(_("{days}: blocked already", days=_days(_, each.first, each.last)))
    if len(in_the_way) > MOST_NAMED:
        lines.append(_("… and {n} more", n=len(in_the_way) - MOST_NAMED))
    if any(each.code is not None for each in in_the_way):
        lines += ["", _("If a guest cannot come to you, our team helps: type *agent*.")]
    message = Buttons(clip("\n".join(lines), 1024), (button(ShowBlocks(0), _("My blocks")),))
    return told(state, message, "block")


def keep(turn: Turn, state: State) -> Reply:
    return told(state, Text(turn._("All right, nothing was changed.")), "kept")


# ---- lifting ---------------------------------------------------------------------------------------


def show_blocks(turn: Turn, state: State, page: int = 0) -> Reply:
    """What is blocked from today on; a tap opens it again."""
    _ = turn._
    found = block.of_owner(turn.session, turn.person_id, turn.now.date())
    if not found:
        return told(
            state, Text(_("Nothing is blocked. To block days, type e.g. “block 24-26 dec”.")), "blocks"
        )
    rows = [
        row(
            LiftBlock(each.id),
            _short(_, each),
            f"{Listing.get(turn.session, each.listing_id).name}{_unit(each)}",
        )
        for each in found
    ]
    section = Section(None, paged(rows, page, ShowBlocks, _))
    return told(
        state, Menu(_("Your blocks. Tap one to open these days again."), _("My blocks"), (section,)), "blocks"
    )


def _unit(found: Block) -> str:
    return f", {found.unit}" if found.unit else ""


def lift(turn: Turn, state: State, action: LiftBlock) -> Reply:
    """The days can be booked again."""
    found = block.find(turn.session, action.block)
    listing = own(turn, found.listing_id) if found is not None else None
    if found is None or listing is None:
        return show_blocks(turn, state)
    block.lift(turn.session, found.id, lifted_by=turn.person_id, now=turn.now)
    _ = turn._
    what = f"{clip(listing.name, 60)}{_unit(found)}"
    body = _("🔓 Open again: *{what}*, {days}.", what=what, days=_days(_, found.first, found.last))
    again = AskBlockUnit(listing.id, found.unit_id or 0, found.first, found.last)
    return told(state, Buttons(body, (button(again, _("Block it again")),)), "blocks")


def _what(turn: Turn, listing: Listing, unit_id: int) -> str:
    name = clip(listing.name, 60)
    units = block.units(turn.session, listing)
    unit = next((each.name for each in units if each.id == unit_id), None)
    return f"{name}, {unit}" if unit is not None else name


def _days(_: Phrases, first: date, last: date) -> str:
    return _.day(first) if first == last else _.dates(first, last)


def _short(_: Phrases, found: Block) -> str:
    return (
        _.short(found.first)
        if found.first == found.last
        else f"{_.short(found.first)} – {_.short(found.last)}"
    )
