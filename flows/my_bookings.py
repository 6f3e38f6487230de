"""What became of a booking: the list, one of them in words, its ticket once more, and giving it up.

Also the answer to every tap on something that has moved on: where things stand now.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from flows import book, find_a_place, phrases, stays, transfer, ways
from flows.actions import (
    Action,
    AskForStars,
    BookAgain,
    BookAStay,
    CancelStay,
    CancelStayForSure,
    MoreBookings,
    MyBookings,
    PayNow,
    SayPaid,
    SendTicket,
    ShowBooking,
    ShowContact,
    ShowDirections,
    ShowMenu,
    encode,
)
from flows.engine import Reply, Turn, button, one_of, row, title_of, with_preface
from flows.phrases import Phrases
from flows.state import State
from models import rating, ticket
from models.booking import Booking
from models.booking_row import YES
from models.lifecycle import AWAITING_OWNER, CONFIRMED, Status
from models.listing import Listing
from models.message import (
    BUTTON_TITLE,
    Buttons,
    ContactCard,
    Document,
    Link,
    LocationPin,
    Menu,
    Message,
    Row,
    Section,
    Text,
    clip,
)
from models.payee import Payee
from models.payment import HAS_MONEY, OPEN, Payment, PaymentState
from models.person import country_of
from models.rules import Rules
from models.stay import Mode

MOST_SHOWN: Final = 9
MOST_REMEMBERED: Final = 200  # bookings of one person that the list goes back to
_CODE: Final = re.compile(r"BK-[0-9]{8}-[A-Z0-9]{5}")
_CANCELLED = frozenset({Status.OWNER_CANCELLED, Status.GUEST_CANCELLED})
_REFUND = frozenset({Status.REFUND_REQUIRED, Status.REFUND_INITIATED})
_LIVING = frozenset({Status.PAYMENT_PENDING, Status.PAYMENT_REVIEW}) | AWAITING_OWNER | CONFIRMED


# ---- the list --------------------------------------------------------------------------------------


def show_list(turn: Turn, state: State) -> Reply:
    """The person's bookings, what is still to come first; straight to it where there is one only."""
    _, bookings = turn._, _bookings(turn)
    state = replace(state, at=encode(MyBookings()), misses=0)
    if not bookings:
        buttons = (button(BookAStay(), _("Book a stay")), button(ShowMenu(), _("Menu")))
        return Reply(Buttons(_("You have no bookings yet."), buttons), state, "bookings")
    if len(bookings) == 1:
        return show(turn, state, bookings[0])
    return show_page(turn, state, 0)


def show_page(turn: Turn, state: State, page: int) -> Reply:
    """A page of the list: ten rows at most, the last of them for more where there are more."""
    _, bookings = turn._, _bookings(turn)
    if len(bookings) < 2:
        return show_list(turn, state)
    first = page * MOST_SHOWN if page * MOST_SHOWN < len(bookings) else 0
    shown = bookings[first:] if len(bookings) <= first + MOST_SHOWN + 1 else bookings[first:][:MOST_SHOWN]
    rows = [_in_a_row(turn, booking) for booking in shown]
    if first + len(shown) < len(bookings):
        left = len(bookings) - first - len(shown)
        rows.append(row(MoreBookings(page + 1), _("More bookings"), _.n("{n} more", "{n} more", left)))
    body = _("Your bookings, the next one first. Tap one to see it.")
    message = Menu(body, _("My bookings"), (Section(None, tuple(rows)),))
    at = encode(MoreBookings(page)) if first else encode(MyBookings())
    return Reply(message, replace(state, at=at, misses=0), "bookings")


def _bookings(turn: Turn) -> list[Booking]:
    """Those that ever held or asked for a place: what is still to come by its day, then the rest, newest first."""
    mine = Booking.of_person(turn.session, turn.person_id, most=MOST_REMEMBERED)
    asked = [booking for booking in mine if booking.held_since is not None]
    ahead = sorted((b for b in asked if _is_living(b, turn.now)), key=lambda b: b.starts_at)
    return ahead + [booking for booking in asked if booking not in ahead]


def _is_living(booking: Booking, now: datetime) -> bool:
    return booking.status in _LIVING and now < booking.ends_at


def living(turn: Turn) -> list[Booking]:
    """Those that can still be cancelled, the next one first."""
    return [booking for booking in _bookings(turn) if _is_living(booking, turn.now)]


def _in_a_row(turn: Turn, booking: Booking) -> Row:
    _, listing = turn._, Listing.get(turn.session, booking.listing_id)
    told = f"{stays.of_booking(_, booking, listing)} · {short_status(_, booking)}"
    return row(ShowBooking(booking.id), listing.name, told)


def short_status(_: Phrases, booking: Booking) -> str:
    """The status in two or three words."""
    status = booking.status
    if status in AWAITING_OWNER:
        return _("Waiting for the owner")
    if status in CONFIRMED:
        return _("Confirmed")
    if status in _REFUND:
        return _("Refund on its way")
    if status in _CANCELLED:
        return _("Cancelled")
    return {
        Status.INITIATED: _("Not finished"),
        Status.PAYMENT_PENDING: _("Waiting for payment"),
        Status.PAYMENT_REVIEW: _("Payment being checked"),
        Status.COMPLETED: _("Stayed"),
        Status.EXPIRED: _("Expired"),
        Status.REFUND_COMPLETED: _("Paid back"),
    }[Status(status)]


def own(turn: Turn, booking_id: int) -> Booking | None:
    """The booking, locked, if it is this person's own."""
    try:
        booking = Booking.for_update(turn.session, booking_id)
    except LookupError:
        return None
    return booking if booking.person_id == turn.person_id else None


# ---- one booking -----------------------------------------------------------------------------------


def show(turn: Turn, state: State, booking: Booking, preface: str | None = None) -> Reply:
    """One booking: what it is, how it stands, and what can be done about it now."""
    if booking.status == Status.INITIATED:
        return book.proceed(turn, state, book.draft_of(booking), preface)
    state = replace(state, at=encode(ShowBooking(booking.id)), misses=0)
    message = with_preface(_page(turn, booking), preface)
    return Reply(message, state, "booking", booking.id)


def _page(turn: Turn, booking: Booking) -> Message:
    _, listing = turn._, Listing.get(turn.session, booking.listing_id)
    if booking.status == Status.PAYMENT_PENDING:
        return _unpaid(turn, booking, listing)
    lines = [*_heading(_, booking, listing), "", _status_in_words(turn, booking, listing)]
    if booking.status in CONFIRMED:
        lines += ["", *_on_arrival(_, booking, listing)]
    return _with_choices("\n".join(lines), turn, booking, listing)


def _heading(_: Phrases, booking: Booking, listing: Listing) -> list[str]:
    return [
        f"*{clip(listing.name, 60)}*",
        stays.with_guests(_, booking, listing),
        booking.code,
    ]


def arrival(_: Phrases, booking: Booking, listing: Listing) -> list[str]:
    """A stay that is near: what it is, when and where, and what is to pay there."""
    return [*_heading(_, booking, listing), "", *_on_arrival(_, booking, listing)]


def _on_arrival(_: Phrases, booking: Booking, listing: Listing) -> list[str]:
    lines: list[str] = []
    if booking.stay.mode is Mode.NIGHTLY:  # any other mode has said its hours with the day
        come, leave = _.time(listing.check_in), _.time(listing.check_out)
        lines.append(_("Check-in from {time}, check-out until {until}.", time=come, until=leave))
    if booking.due:
        due = _.money(booking.due)
        is_visit = booking.stay.mode is Mode.SLOT
        lines.append(
            _("To pay at the visit: *{amount}*", amount=due)
            if is_visit
            else _("To pay at the property: *{amount}*", amount=due)
        )
    lines.append(_("Owner: {name}, {phone}", name=listing.owner_name, phone=phrases.phone(listing.contact)))
    if listing.map_link:
        lines.append(_("Directions: {link}", link=listing.map_link))
    return lines


def _status_in_words(turn: Turn, booking: Booking, listing: Listing) -> str:
    _, status = turn._, booking.status
    if status in AWAITING_OWNER:
        if listing.approval == "INSTANT":
            return _("It is being confirmed. Your e-ticket comes in a moment.")
        if booking.decision == YES:
            return _("The owner said yes. Your e-ticket comes in a moment.")
        return _(
            "Waiting for {owner} to confirm. You will receive your e-ticket right after.",
            owner=listing.owner_name,
        )
    if status in CONFIRMED:
        return _("✅ *Confirmed.* See you on {day}.", day=_.day(booking.check_in))
    if status in _REFUND:
        return _("❌ Cancelled. Your money comes back within 5–7 business days.")
    if status in _CANCELLED:
        paid = any(p.state in HAS_MONEY for p in Payment.of_booking(turn.session, booking.id))
        if paid:
            return _("❌ Cancelled. The amount reserved on your card is released.")
        if booking.newest_transfer(turn.session) is not None:
            return _("❌ Cancelled. Should money of yours have reached us, all of it comes back.")
        return _("❌ Cancelled. Nothing was charged.")
    if status in (Status.EXPIRED, Status.REFUND_COMPLETED):
        return _how_it_ended(turn, booking)
    return {
        Status.PAYMENT_REVIEW: _in_review(_, booking),
        Status.COMPLETED: _("Your stay is over. We hope it was a good one."),
    }[Status(status)]


def _in_review(_: Phrases, booking: Booking) -> str:
    if booking.is_reversed:
        return _(
            "Your payment was taken back by the bank or wallet. We are looking into it, and will write to you."
        )
    return _("We are checking your payment and will write to you here.")


def _how_it_ended(turn: Turn, booking: Booking) -> str:
    """Without a stay: the time ran out, or what was paid is paid back or used otherwise."""
    _ = turn._
    if booking.status == Status.EXPIRED:
        if booking.awaited_transfer(turn.session) is not None:
            return _("The time to pay ran out, so the place was not kept. If you have paid, tell us below.")
        if any(p.state in OPEN for p in Payment.of_booking(turn.session, booking.id)):
            return _(
                "The time to pay ran out, so the place was not kept. We still ask whether your payment came."
            )
        return _("The time to pay ran out, so the place was not kept. Nothing was charged.")
    newer = booking.money_put_to(turn.session)
    if newer is not None:
        return _("Its payment came late and pays for your newer booking {code} of the same stay.", code=newer)
    return _("❌ Cancelled, and your money is paid back.")


def _with_choices(body: str, turn: Turn, booking: Booking, listing: Listing) -> Message:
    """What can be done about the booking: as buttons, or as a list where there is more than three buttons hold."""
    return one_of(turn._, body, _choices(turn, booking, listing))


def _choices(turn: Turn, booking: Booking, listing: Listing) -> list[tuple[Action, str]]:
    _, choices = turn._, list[tuple[Action, str]]()
    if booking.status == Status.TICKET_GENERATED:
        choices.append((SendTicket(booking.id), _("Ticket")))
    if booking.status in CONFIRMED:
        if _spot(listing) is not None or listing.map_link:
            choices.append((ShowDirections(booking.id), _("Directions")))
        choices.append((ShowContact(booking.id), _("Contact")))
    if _is_living(booking, turn.now):
        choices.append((CancelStay(booking.id), _("Cancel booking")))
    if booking.status == Status.COMPLETED and rating.stars_of(turn.session, booking.id) is None:
        choices.append((AskForStars(booking.id), _("Give stars")))
    if booking.status == Status.EXPIRED and booking.awaited_transfer(turn.session) is not None:
        choices.append((SayPaid(booking.id), _("I have paid")))
    if booking.status not in _LIVING:
        choices.append((BookAgain(booking.id), _("Book again")))
    return [*choices, (ShowMenu(), _("Menu"))]


def _unpaid(turn: Turn, booking: Booking, listing: Listing) -> Message:
    """A booking that waits for its money: its page to pay on, or how to get one."""
    _ = turn._
    last = Payment.of_booking(turn.session, booking.id)[-1]
    if last.state in OPEN and last.payee_id is not None:
        country = country_of(turn.session, booking.person_id)
        payee = Payee.get(turn.session, last.payee_id)
        return transfer.page(_, booking, listing, last, payee, country, turn.rules, turn.now)
    if last.state in OPEN and last.url is not None:
        country = country_of(turn.session, booking.person_id)
        return payment_page(_, booking, listing, last, country, turn.rules, turn.now)
    heading = "\n".join(_heading(_, booking, listing))
    if last.state == PaymentState.CREATED:
        return Text(f"{heading}\n\n" + _("Your link to pay comes here in a moment."))
    buttons = (
        button(PayNow(booking.id), _("Try again")),
        *ways.another(_, booking, ways.open_for(listing, turn.rules), last.method),
        button(CancelStay(booking.id), _("Cancel booking")),
    )
    return Buttons(f"{heading}\n\n" + _("The payment did not go through. Nothing was charged."), buttons)


def payment_page(
    _: Phrases,
    booking: Booking,
    listing: Listing,
    payment: Payment,
    country: str | None,
    rules: Rules,
    now: datetime,
) -> Link:
    """The one bubble with the link: what for, how much, and until when the place is kept.

    Args:
        country: the guest's; a time of day is said only to whom the place's clock is their own.
    """
    assert payment.url is not None
    amount = _.money(booking.advance)
    kept = transfer.kept_until(_, booking.hold_until or payment.expires_at, listing, country, now)
    lines = [
        f"*{clip(listing.name, 60)}*",
        stays.with_guests(_, booking, listing),
        "",
        ways.asked(_, payment.method, booking.advance) + " " + kept,
        "",
        ways.when_charged(_, listing, (payment.method,)),
    ]
    label = title_of(_("Pay {amount}", amount=amount), BUTTON_TITLE + 1)
    footer = ways.what_to_type(_, ways.open_for(listing, rules), payment.method)
    return Link(
        "\n".join(lines), label if len(label) <= BUTTON_TITLE else _("Pay now"), payment.url, footer=footer
    )


# ---- ticket again ----------------------------------------------------------------------------------


def send_ticket(turn: Turn, state: State, booking: Booking) -> Reply:
    """The ticket once more, as the document it was; where there is none (yet), how things stand."""
    key = ticket.key_of(turn.session, booking.id)
    page = ticket.find(turn.session, key, turn.now) if key is not None else None
    if booking.status != Status.TICKET_GENERATED or page is None:
        return show(turn, state, booking)
    listing = Listing.get(turn.session, booking.listing_id)
    caption = ticket_caption(turn._, page.view, booking, listing)
    message: Message = Text(caption)
    if page.pdf is not None:
        message = Document(f"{page.view.code}.pdf", caption, link=f"{page.view.url}.pdf")
    return Reply(message, replace(state, at=encode(ShowBooking(booking.id)), misses=0), "ticket", booking.id)


def ticket_caption(_: Phrases, view: ticket.TicketView, booking: Booking, listing: Listing) -> str:
    """The words that come with a ticket, and its link: in the guest's language, as the ticket itself is not."""
    told = instructions(_, booking.stay.mode, view.owner_phone)
    due = f"*{_.money(booking.due)}*"
    is_visit = booking.stay.mode is Mode.SLOT
    lines = [
        "🎉 " + _("*Booking Confirmed!*"),
        _("*Your E-Ticket is Ready*"),
        "",
        _("Booking ID: {code}", code=view.code),
        _("Property: {place}", place=f"*{clip(view.property_name, 60)}*"),
        _("Guest: {name}", name=clip(view.guest_name, 60)),
        *_on_the_ticket(_, booking, listing),
        _("Persons: {n}", n=view.guests),
        _("Advance Paid: {amount}", amount=_.money(booking.advance)),
        _("Due at the visit: {amount}", amount=due)
        if is_visit
        else _("Due at the property: {amount}", amount=due),
        "",
        _("*View Your E-Ticket*"),
        view.url,
        "",
        _("*Good to know*") if is_visit else _("*Check-in Instructions*"),
        *(f"- {clip(line, 120)}" for line in told),
    ]
    if not is_visit:
        lines += ["", _("Have a wonderful stay!")]
    return clip("\n".join(lines), 1024)


def instructions(_: Phrases, mode: Mode, phone: str) -> tuple[str, ...]:
    """What a guest does on arrival; whoever is visited has the ticket and a number to call."""
    contact = _("Contact owner if needed: {phone}", phone=phone)
    if mode is Mode.SLOT:
        return _("Show this ticket at the visit"), contact
    return _("Show this ticket at the property"), _("Carry a valid ID proof"), contact


def _on_the_ticket(_: Phrases, booking: Booking, listing: Listing) -> list[str]:
    begins, ends = (stays.moment(_, at, listing.time_zone) for at in (booking.starts_at, booking.ends_at))
    kind = stays.kind(_, booking.stay)
    if booking.stay.mode is Mode.SLOT:
        return [_("Begins: {when}", when=begins), *([kind] if kind else [])]
    lines = [_("Check-in: {when}", when=begins), _("Check-out: {when}", when=ends)]
    return [kind, *lines] if kind else lines


# ---- finding the place -----------------------------------------------------------------------------


def show_directions(turn: Turn, state: State, booking: Booking) -> Reply:
    """The place on the phone's own map; as a link where nobody knows where it is to the metre."""
    _, listing = turn._, Listing.get(turn.session, booking.listing_id)
    spot = _spot(listing)
    if booking.status not in CONFIRMED or (spot is None and not listing.map_link):
        return show(turn, state, booking)
    message: Message
    if spot is None:
        message = Text(_("Directions: {link}", link=listing.map_link))
    else:
        message = LocationPin(*spot, clip(listing.name, 100), clip(_address(listing), 300))
    state = replace(state, at=encode(ShowBooking(booking.id)), misses=0)
    return Reply(message, state, "directions", booking.id)


def _spot(listing: Listing) -> tuple[float, float] | None:
    if listing.latitude is None or listing.longitude is None:
        return None
    return listing.latitude, listing.longitude


def _address(listing: Listing) -> str:
    """Where it is in words, and the link for whom a map of their own choice opens."""
    return f"{listing.location} · {listing.map_link}" if listing.map_link else listing.location


def show_contact(turn: Turn, state: State, booking: Booking) -> Reply:
    """Whom to call at the place, as a card for the phone's address book; told once it is confirmed."""
    if booking.status not in CONFIRMED:
        return show(turn, state, booking)
    listing = Listing.get(turn.session, booking.listing_id)
    card = ContactCard(clip(listing.owner_name, 100), listing.contact, clip(listing.name, 100))
    state = replace(state, at=encode(ShowBooking(booking.id)), misses=0)
    return Reply(card, state, "contact", booking.id)


# ---- giving it up ----------------------------------------------------------------------------------


def ask_to_cancel(turn: Turn, state: State, booking: Booking, preface: str | None = None) -> Reply:
    """Show first what comes back, then ask once."""
    if not _is_living(booking, turn.now):
        return show(turn, state, booking)
    _, listing = turn._, Listing.get(turn.session, booking.listing_id)
    refund = booking.refund_if_cancelled(turn.session, turn.now)
    sure = CancelStayForSure(booking.id, refund.minor)
    keep = ShowBooking(booking.id)
    lines = [
        _("Cancel this booking?"),
        "",
        *_heading(_, booking, listing),
        "",
        _what_comes_back(turn, booking),
    ]
    buttons = (button(sure, _("Yes, cancel it")), button(keep, _("Keep it")))
    message = with_preface(Buttons("\n".join(lines), buttons), preface)
    return Reply(
        message,
        replace(state, at=encode(CancelStay(booking.id)), misses=0),
        "cancel",
        booking.id,
        yes=sure,
        no=keep,
    )


def ask_to_leave_payment(turn: Turn, state: State, booking: Booking, *, changes: bool = False) -> Reply:
    """[Change] or [Cancel] on a summary that was accepted: out of the payment while nothing is paid."""
    if booking.status != Status.PAYMENT_PENDING:
        return stand(turn, state, booking)
    first = turn._("To change it, cancel it first; *Book again* then brings your answers back.")
    return ask_to_cancel(turn, state, booking, first if changes else None)


def _what_comes_back(turn: Turn, booking: Booking) -> str:
    """The refund in one sentence; asked for before the cancel, and said again after it."""
    _ = turn._
    payments = Payment.of_booking(turn.session, booking.id)
    refund = booking.refund_if_cancelled(turn.session, turn.now)
    captured = sum(p.captured_minor for p in payments)
    if captured:
        if not refund:
            return _("By the cancellation terms of this booking *no refund* is due.")
        if refund.minor == captured:
            return _("You get back all of it, *{refund}*, within 5–7 business days.", refund=_.money(refund))
        return _(
            "You get back *{refund}* of {paid}, within 5–7 business days.",
            refund=_.money(refund),
            paid=_.money(replace(refund, minor=captured)),
        )
    if any(p.state == PaymentState.AUTHORIZED for p in payments):
        return _("Your card is *not charged*: the amount reserved on it is released.")
    if booking.status == Status.PAYMENT_REVIEW:
        return _("If your payment has reached us, you get back all of it, within 5–7 business days.")
    return _("Nothing was paid, so nothing is charged.")


def cancel(turn: Turn, state: State, booking: Booking, agreed_minor: int) -> Reply:
    """Give the booking up for the refund that was shown; a different one is shown first."""
    if not _is_living(booking, turn.now):
        return show(turn, state, booking)
    _ = turn._
    if booking.refund_if_cancelled(turn.session, turn.now).minor != agreed_minor:
        return ask_to_cancel(turn, state, booking, _("The refund has changed in the meantime."))
    words = _what_comes_back(turn, booking)
    was_unpaid = booking.status == Status.PAYMENT_PENDING
    booking.cancel_by_guest(turn.session, cause=turn.cause, now=turn.now)
    body = _("Your booking {code} is cancelled.", code=booking.code) + f"\n\n{words}"
    # Who has not paid yet may only have wanted other answers.
    next_one = (
        button(BookAgain(booking.id), _("Book again"))
        if was_unpaid
        else button(BookAStay(), _("Book a stay"))
    )
    buttons = (next_one, button(ShowMenu(), _("Menu")))
    state = replace(state, at=encode(ShowBooking(booking.id)), misses=0)
    return Reply(Buttons(body, buttons), state, "cancelled", booking.id)


def cancel_something(turn: Turn, state: State) -> Reply:
    """“cancel”, typed with no booking half-finished: which one? Straight to it where there is one only."""
    _, bookings = turn._, living(turn)
    if not bookings:
        return find_a_place.show_menu(turn, state, _("You have no booking to cancel."))
    if len(bookings) == 1:
        return ask_to_cancel(turn, state, Booking.for_update(turn.session, bookings[0].id))
    rows = tuple(row(CancelStay(b.id), *_title_and_dates(turn, b)) for b in bookings[:MOST_SHOWN])
    message = Menu(_("Which booking would you like to cancel?"), _("My bookings"), (Section(None, rows),))
    return Reply(message, replace(state, at=encode(MyBookings()), misses=0), "bookings")


def _title_and_dates(turn: Turn, booking: Booking) -> tuple[str, str]:
    listing = Listing.get(turn.session, booking.listing_id)
    return listing.name, stays.of_booking(turn._, booking, listing)


# ---- where things stand ----------------------------------------------------------------------------


def stand(turn: Turn, state: State, booking: Booking | None = None) -> Reply:
    """Where things stand now: the booking that was meant, else the open question, else the newest booking.

    A question that is open stays open, whatever is shown in between.
    """
    step = book.BOOK.open_step(state.at) if state.draft is not None else None
    if booking is not None and booking.status != Status.INITIATED:
        reply = show(turn, state, booking)
        return reply if step is None else replace(reply, state=state)
    if step is not None and state.draft is not None:
        if step.name == "review":
            return book.proceed(turn, state, state.draft)
        return book.ask_again(turn, state, state.draft, step.name)
    if booking is not None:
        return show(turn, state, booking)
    if state.draft is not None and state.draft.is_begun:
        return find_a_place.book_a_stay(turn, state)
    newest = max(_bookings(turn), key=lambda b: b.id, default=None)
    if newest is not None and newest.status in _LIVING:
        return show(turn, state, newest)
    return find_a_place.show_menu(turn, state)


def take_words(turn: Turn, state: State, said: str) -> Reply | None:
    """A booking's code, typed or pasted, shows the booking; another person's code is nothing."""
    code = said.strip().upper()
    if not _CODE.fullmatch(code):
        return None
    booking = Booking.with_code(turn.session, code)
    return show(turn, state, booking) if booking is not None and booking.person_id == turn.person_id else None


def show_newest_ticket(turn: Turn, state: State) -> Reply:
    """“ticket”, typed: the next stay's ticket; with none, the list."""
    issued = [b for b in _bookings(turn) if b.status == Status.TICKET_GENERATED]
    if not issued:
        return show_list(turn, state)
    return send_ticket(turn, state, min(issued, key=lambda b: b.starts_at))
