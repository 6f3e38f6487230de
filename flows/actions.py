"""What a tap means: one dataclass per button or row, and the string that travels to the phone and back.

The string is ours and explicit (`v1:pay:812:3:card`), for buttons live as long as the chat they are in: a
deploy never changes what an old one means. Whatever cannot be read is no action, and is answered with
where things stand now.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields
from datetime import date, time
from enum import StrEnum
from typing import Any, ClassVar, Final

VERSION: Final = "v1"
NIGHT: Final = "a-night"  # what a price is of, where it is of no shift and no visit
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Part(StrEnum):
    """How much is paid now, where the guest may choose."""

    ADVANCE = "advance"
    FULL = "full"


@dataclass(frozen=True)
class Action:
    """A tap; the fields are what it is about, in the order in which they travel."""

    verb: ClassVar[str]


# ---- guest: looking around -------------------------------------------------------------------------


@dataclass(frozen=True)
class ShowMenu(Action):
    verb = "menu"


@dataclass(frozen=True)
class BookAStay(Action):
    """Looks for a half-finished booking first."""

    verb = "book"


@dataclass(frozen=True)
class ContinueBooking(Action):
    verb = "continue"


@dataclass(frozen=True)
class LookAround(Action):
    """The places, whatever was begun before."""

    verb = "look"


@dataclass(frozen=True)
class ShowCategory(Action):
    verb = "category"
    category: str
    page: int


@dataclass(frozen=True)
class ShowPlace(Action):
    verb = "place"
    listing: int


@dataclass(frozen=True)
class NearMe(Action):
    """Asks where they are."""

    verb = "near"


@dataclass(frozen=True)
class ShowNear(Action):
    """A page of the places nearest to a spot: ten-thousandths of a degree from the South Pole and the date line."""

    verb = "nearest"
    north: int
    east: int
    page: int


@dataclass(frozen=True)
class Help(Action):
    verb = "help"


@dataclass(frozen=True)
class TalkToPerson(Action):
    verb = "person"


@dataclass(frozen=True)
class ChooseLanguage(Action):
    verb = "language"
    language: str


@dataclass(frozen=True)
class ShowAnswer(Action):
    """The button of the template that says that an answer is ready."""

    verb = "show"


# ---- guest: booking --------------------------------------------------------------------------------


@dataclass(frozen=True)
class BookPlace(Action):
    verb = "bookplace"
    listing: int


@dataclass(frozen=True)
class ShowDates(Action):
    """The free dates from this one on."""

    verb = "dates"
    listing: int
    first: date


@dataclass(frozen=True)
class PickDate(Action):
    verb = "date"
    listing: int
    check_in: date


@dataclass(frozen=True)
class PickNights(Action):
    verb = "nights"
    listing: int
    check_in: date
    nights: int


@dataclass(frozen=True)
class MoreNights(Action):
    verb = "morenights"
    listing: int
    check_in: date


@dataclass(frozen=True)
class PickStay(Action):
    """Other dates for the same stay, offered where the ones wished for are taken."""

    verb = "stay"
    listing: int
    check_in: date
    nights: int


@dataclass(frozen=True)
class PickShift(Action):
    """A free shift; also of another day, offered where the one wished for is taken."""

    verb = "shift"
    listing: int
    check_in: date
    shift: str


@dataclass(frozen=True)
class PickMinutes(Action):
    """How long a visit is."""

    verb = "minutes"
    listing: int
    minutes: int


@dataclass(frozen=True)
class ShowTimes(Action):
    """The free times of a day from this one on."""

    verb = "times"
    listing: int
    check_in: date
    first: time


@dataclass(frozen=True)
class PickStart(Action):
    """A free time; also of another day, offered where the one wished for is taken."""

    verb = "start"
    listing: int
    check_in: date
    start: time
    minutes: int


@dataclass(frozen=True)
class PickGuests(Action):
    verb = "guests"
    listing: int
    guests: int


@dataclass(frozen=True)
class UseProfileName(Action):
    verb = "name"
    listing: int


@dataclass(frozen=True)
class ChooseFurther(Action):
    """One of the choices of a further question, by its place among them."""

    verb = "choose"
    listing: int
    key: str
    choice: int


@dataclass(frozen=True)
class PassOver(Action):
    """A further question that need not be answered is not."""

    verb = "pass"
    listing: int
    key: str


@dataclass(frozen=True)
class PassOverCoupon(Action):
    """Books without a coupon code."""

    verb = "nocoupon"
    listing: int


@dataclass(frozen=True)
class AskFurther(Action):
    """Asks a further question again, to change its answer."""

    verb = "askfurther"
    booking: int
    key: str


@dataclass(frozen=True)
class ChangeAnswers(Action):
    verb = "change"
    booking: int


@dataclass(frozen=True)
class MoreAnswers(Action):
    """A further page of the answers that can be changed."""

    verb = "changemore"
    booking: int
    page: int


@dataclass(frozen=True)
class ChangeAnswer(Action):
    verb = "changeone"
    booking: int
    step: str


@dataclass(frozen=True)
class ChangePlace(Action):
    """Looks for another place for the same stay."""

    verb = "changeplace"
    booking: int


@dataclass(frozen=True)
class DropBooking(Action):
    """Gives a booking up that was never accepted."""

    verb = "drop"
    booking: int


@dataclass(frozen=True)
class RequestPayment(Action):
    """Tapping a way to pay is accepting this revision of the summary, and paying this part of it now."""

    verb = "pay"
    booking: int
    revision: int
    method: str
    part: Part = Part.ADVANCE


@dataclass(frozen=True)
class RequestStay(Action):
    """The same where nothing has to be paid now."""

    verb = "request"
    booking: int
    revision: int


@dataclass(frozen=True)
class PayNow(Action):
    """The page to pay on, once more, or a new one where the last is closed."""

    verb = "paynow"
    booking: int


@dataclass(frozen=True)
class PayBy(Action):
    """Another way to pay a booking that waits for its payment."""

    verb = "payby"
    booking: int
    method: str


@dataclass(frozen=True)
class ChooseWay(Action):
    """The ways to pay a booking that waits for its payment."""

    verb = "ways"
    booking: int


@dataclass(frozen=True)
class SayPaid(Action):
    """The guest says that the transfer is made."""

    verb = "paid"
    booking: int


@dataclass(frozen=True)
class PictureFor(Action):
    """Which booking a picture of a payment is for."""

    verb = "picture"
    booking: int
    evidence: int


@dataclass(frozen=True)
class BookAgain(Action):
    """A new booking with the same answers."""

    verb = "again"
    booking: int


@dataclass(frozen=True)
class OtherDates(Action):
    """The same place, guests and name on other dates."""

    verb = "otherdates"
    booking: int


# ---- guest: afterwards -----------------------------------------------------------------------------


@dataclass(frozen=True)
class MyBookings(Action):
    verb = "mine"


@dataclass(frozen=True)
class ShowBooking(Action):
    verb = "booking"
    booking: int


@dataclass(frozen=True)
class SendTicket(Action):
    verb = "ticket"
    booking: int


@dataclass(frozen=True)
class CancelOne(Action):
    """Asks which booking to cancel."""

    verb = "cancelone"


@dataclass(frozen=True)
class CancelStay(Action):
    """Asks to cancel; shows first what comes back."""

    verb = "cancelstay"
    booking: int


@dataclass(frozen=True)
class CancelStayForSure(Action):
    """Agrees to cancel for this refund, in minor units; another one is shown first."""

    verb = "cancelsure"
    booking: int
    refund_minor: int


@dataclass(frozen=True)
class MoreBookings(Action):
    """A further page of the list."""

    verb = "more"
    page: int


@dataclass(frozen=True)
class ShowDirections(Action):
    verb = "directions"
    booking: int


@dataclass(frozen=True)
class ShowContact(Action):
    verb = "contact"
    booking: int


@dataclass(frozen=True)
class AskForStars(Action):
    verb = "askstars"
    booking: int


@dataclass(frozen=True)
class RateStay(Action):
    verb = "stars"
    booking: int
    stars: int


@dataclass(frozen=True)
class CommentStay(Action):
    """A word about the stay may be typed now."""

    verb = "comment"
    booking: int


# ---- owner and admin -------------------------------------------------------------------------------


@dataclass(frozen=True)
class ConfirmBooking(Action):
    verb = "confirm"
    code: str


@dataclass(frozen=True)
class CancelBooking(Action):
    verb = "decline"
    code: str


@dataclass(frozen=True)
class AskReason(Action):
    """The owner is sure to cancel; why?"""

    verb = "declinesure"
    code: str


@dataclass(frozen=True)
class CancelForReason(Action):
    verb = "declinefor"
    code: str
    reason: str


@dataclass(frozen=True)
class ShowRequest(Action):
    """The owner wants to see the request again, with fresh buttons."""

    verb = "ask"
    booking: int


@dataclass(frozen=True)
class ApproveInstead(Action):
    """An admin's yes in the owner's place."""

    verb = "approve"
    booking: int


@dataclass(frozen=True)
class DeclineInstead(Action):
    verb = "refuse"
    booking: int


@dataclass(frozen=True)
class DeclineInsteadForSure(Action):
    verb = "refusesure"
    booking: int


@dataclass(frozen=True)
class VerifyPayment(Action):
    """An admin has seen a transfer's money; `rejections` tells which of several searches the button belongs to."""

    verb = "verify"
    booking: int
    rejections: int


@dataclass(frozen=True)
class RejectPayment(Action):
    """Asks why the money cannot be found."""

    verb = "reject"
    booking: int
    rejections: int


@dataclass(frozen=True)
class RejectPaymentFor(Action):
    verb = "rejectfor"
    booking: int
    rejections: int
    reason: str


@dataclass(frozen=True)
class ShowReview(Action):
    """A payment that waits to be checked, with its picture and fresh buttons."""

    verb = "review"
    booking: int


@dataclass(frozen=True)
class ShowReviews(Action):
    """The payments that wait to be checked, from this page on."""

    verb = "reviews"
    page: int


@dataclass(frozen=True)
class ShowUnmatched(Action):
    """The payments that no booking is known for, from this page on."""

    verb = "unmatched"
    page: int


@dataclass(frozen=True)
class ShowFound(Action):
    """One payment that came, with every reading of it."""

    verb = "found"
    evidence: int


@dataclass(frozen=True)
class LinkPayment(Action):
    """The money is for this payment's booking: a yes to what was proposed, or a choice of another."""

    verb = "link"
    evidence: int
    payment: int


@dataclass(frozen=True)
class TakeBack(Action):
    """What a bank took back is the money of this receipt."""

    verb = "takeback"
    evidence: int
    receipt: int


@dataclass(frozen=True)
class AskOtherBooking(Action):
    """Not the proposed one: asks which."""

    verb = "linkother"
    evidence: int


@dataclass(frozen=True)
class PutAside(Action):
    """The money is for no booking."""

    verb = "aside"
    evidence: int


@dataclass(frozen=True)
class SwitchMode(Action):
    """How far transfers verify themselves."""

    verb = "mode"
    mode: str


@dataclass(frozen=True)
class SwitchIssuer(Action):
    """Whether safe matches by this issuer's mails confirm themselves."""

    verb = "issuer"
    issuer: str
    on: int


@dataclass(frozen=True)
class WaitForOwner(Action):
    """An admin does not decide (yet)."""

    verb = "wait"
    booking: int


# ---- admin: people and bookings --------------------------------------------------------------------


@dataclass(frozen=True)
class ShowWhole(Action):
    """All about one booking, with its history."""

    verb = "whole"
    booking: int


@dataclass(frozen=True)
class ShowPerson(Action):
    verb = "who"
    person: int


@dataclass(frozen=True)
class ReplyTo(Action):
    """What the admin types next is for this person."""

    verb = "reply"
    person: int


@dataclass(frozen=True)
class PauseBot(Action):
    verb = "pause"
    person: int


@dataclass(frozen=True)
class ResumeBot(Action):
    verb = "resume"
    person: int


@dataclass(frozen=True)
class GoOnDuty(Action):
    verb = "onduty"


@dataclass(frozen=True)
class GoOffDuty(Action):
    """Although nobody else is on duty."""

    verb = "offduty"


@dataclass(frozen=True)
class ShowStuck(Action):
    verb = "stuck"
    page: int


@dataclass(frozen=True)
class ShowFailed(Action):
    verb = "failed"
    page: int


@dataclass(frozen=True)
class ShowFailure(Action):
    """One message that did not arrive."""

    verb = "failure"
    message: int


@dataclass(frozen=True)
class SendAgain(Action):
    verb = "sendagain"
    message: int


@dataclass(frozen=True)
class ShowUndecided(Action):
    """Requests that no owner has answered yet."""

    verb = "undecided"
    page: int


@dataclass(frozen=True)
class ShowFigures(Action):
    """What happened today."""

    verb = "figures"


# ---- owner: days, prices, guests -------------------------------------------------------------------


@dataclass(frozen=True)
class ShowToday(Action):
    """Who comes and leaves, and the requests that wait."""

    verb = "today"
    page: int


@dataclass(frozen=True)
class ShowStay(Action):
    """A booking as its owner sees it."""

    verb = "staying"
    booking: int


@dataclass(frozen=True)
class CheckIn(Action):
    """The guest has arrived."""

    verb = "checkin"
    booking: int


@dataclass(frozen=True)
class ShowCalendar(Action):
    """A month of a place as a picture."""

    verb = "calendar"
    listing: int
    first: date


@dataclass(frozen=True)
class AskBlock(Action):
    """Asks which unit, then whether to block these days."""

    verb = "askblock"
    listing: int
    first: date
    last: date
    page: int


@dataclass(frozen=True)
class AskBlockUnit(Action):
    """Shows what blocking would do; unit 0 is all of them."""

    verb = "askblockunit"
    listing: int
    unit: int
    first: date
    last: date


@dataclass(frozen=True)
class MakeBlock(Action):
    verb = "block"
    listing: int
    unit: int
    first: date
    last: date


@dataclass(frozen=True)
class ShowBlocks(Action):
    verb = "blocks"
    page: int


@dataclass(frozen=True)
class LiftBlock(Action):
    verb = "unblock"
    block: int


@dataclass(frozen=True)
class AskPrice(Action):
    """Shows what a price for these days would change, in thousandths; 0 is the usual price again.

    What a minor unit is, is known once the place is.

    Attributes:
        of: a shift by name, a visit's length in minutes, or the night.
    """

    verb = "askprice"
    listing: int
    first: date
    last: date
    thousandths: int
    of: str = NIGHT


@dataclass(frozen=True)
class SetPrice(Action):
    verb = "setprice"
    listing: int
    first: date
    last: date
    minor: int
    of: str = NIGHT


@dataclass(frozen=True)
class MorePlaces(Action):
    """More of the places that something can be done with: what, is the rest of its own string."""

    verb = "moreplaces"
    page: int
    then: str


@dataclass(frozen=True)
class ShowEarnings(Action):
    verb = "earnings"


@dataclass(frozen=True)
class KeepAsItIs(Action):
    """Not now, after all."""

    verb = "keep"


_ACTIONS: Final[dict[str, type[Action]]] = {cls.verb: cls for cls in Action.__subclasses__()}
_FIELDS: Final = {cls: tuple((f.name, str(f.type)) for f in fields(cls)) for cls in _ACTIONS.values()}
_LEAST: Final = {cls: sum(f.default is MISSING for f in fields(cls)) for cls in _ACTIONS.values()}


def encode(action: Action) -> str:
    """The string that a button carries; at most 200 characters, so that a row takes it too.

    What has a default came later than the buttons in people's chats: it travels only where it says more.
    """
    cls = type(action)
    values = [getattr(action, name) for name, _ in _FIELDS[cls]]
    while len(values) > _LEAST[cls] and values[-1] == fields(cls)[len(values) - 1].default:
        values.pop()
    return ":".join([VERSION, action.verb, *map(_written, values)])


def _written(value: object) -> str:
    if isinstance(value, date):
        return value.strftime("%Y%m%d")
    return value.strftime("%H%M") if isinstance(value, time) else str(value)


def decode(payload: str) -> Action | None:
    """What the string means; None for everything that `encode` would not have written."""
    version, _, rest = payload.partition(":")
    verb, *values = rest.split(":")
    cls = _ACTIONS.get(verb)
    if version != VERSION or cls is None or len(payload) > 256:
        return None
    if not _LEAST[cls] <= len(values) <= len(_FIELDS[cls]):
        return None
    try:
        return cls(*(_read(kind, value) for (_, kind), value in zip(_FIELDS[cls], values, strict=False)))
    except ValueError:
        return None


def _read(kind: str, value: str) -> Any:
    if not _WORD.fullmatch(value):
        raise ValueError(value)
    if kind == "int":
        if not value.isascii() or not value.isdigit() or len(value) > 15:
            raise ValueError(value)
        return int(value)
    if kind == "date":
        if len(value) != 8 or not value.isdigit():
            raise ValueError(value)
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    if kind == "Part":
        return Part(value)
    if kind == "time":
        if len(value) != 4 or not value.isdigit():
            raise ValueError(value)
        return time(int(value[:2]), int(value[2:]))
    return value
