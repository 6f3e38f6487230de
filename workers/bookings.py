"""Light jobs: what people are told after an event, and what happens when a time has come.

Each runs in one unit of work with the booking locked; one that was overtaken does nothing.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

from flows import notices
from models import conversation, rating
from models.booking import Booking
from models.booking_event import SARAI
from models.booking_money import PART
from models.booking_row import YES
from models.lifecycle import AWAITING_OWNER, CONFIRMED, Fact, Status
from models.listing import Listing
from models.payment import OPEN, Payment
from models.rules import Rules
from models.session import Session
from workers.follow_ups import LIGHT, Due, Later, LightJob, light

NIGHT_BEGINS, NIGHT_ENDS = time(22), time(8)


def _awaits_owner(booking: Booking) -> bool:
    return booking.status in AWAITING_OWNER and booking.decision is None


@light
def abandon_draft(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> Later | None:
    """A day after its last change a draft is given up."""
    if booking.status != Status.INITIATED:
        return None
    ends = booking.updated_at + rules.draft_life
    if now < ends:
        return Later(ends)
    booking.abandon(session, cause=f"follow_up:{due.id}", now=now)
    return None


@light
def announce_payment(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """Tell the guest that the money is there, ask the owner, inform the admin."""
    if not _awaits_owner(booking):
        return
    if Listing.get(session, booking.listing_id).approval == "INSTANT":
        booking.decide(session, yes=True, actor=SARAI, cause=f"follow_up:{due.id}", now=now)
        return
    notices.payment_received(session, booking, rules=rules, now=now)
    notices.owner_request(session, booking, rules=rules, now=now)
    notices.admin_waiting(session, booking, rules=rules, now=now)


@light
def record_request_sent(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """WhatsApp accepted the owner's request."""
    booking.send_request(session, cause=due.cause, now=now)


def remind_owner(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> Later | None:
    """Remind the owner; at night once, at eight in the morning of the place."""
    if not _awaits_owner(booking):
        return None
    number = int(due.job.removeprefix("remind_owner_"))
    if _is_of_an_earlier_payment(booking, rules.reminders[number - 1], now):
        return None
    if booking.paid_at is not None and any(
        now >= booking.paid_at + after for after in rules.reminders[number:]
    ):
        return None  # the next one is due as well: after an outage one reminder is enough
    morning = end_of_night(Listing.get(session, booking.listing_id).time_zone, now)
    if morning is not None:
        return Later(morning) if number == len(rules.reminders) else None
    if booking.note(session, Fact.REMIND, cause=f"follow_up:{due.id}", now=now, data={"number": number}):
        notices.owner_reminder(session, booking, number=number, rules=rules, now=now)
    return None


for _number in range(1, 10):
    LIGHT[f"remind_owner_{_number}"] = LightJob(remind_owner)


@light
def alert_silent_owner(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """After an hour the guest hears that we still wait, and the admins can decide in the owner's place."""
    if not _awaits_owner(booking) or _is_of_an_earlier_payment(booking, rules.owner_alert, now):
        return
    if booking.note(session, Fact.ALERT, cause=f"follow_up:{due.id}", now=now, data={"why": "owner silent"}):
        notices.still_waiting(session, booking, rules=rules, now=now)
        notices.owner_silent(session, booking, rules=rules, now=now)


def _is_of_an_earlier_payment(booking: Booking, after: timedelta, now: datetime) -> bool:
    """The owner was asked anew since this became due: the booking was paid once more, which has jobs of its own."""
    return booking.paid_at is not None and now < booking.paid_at + after


@light
def decline_for_silent_owner(
    session: Session, booking: Booking, due: Due, rules: Rules, now: datetime
) -> Later | None:
    """The end of waiting: declined by itself, and nothing is charged."""
    if not _awaits_owner(booking):
        return None
    deadline = booking.owner_deadline(Payment.of_booking(session, booking.id), rules)
    if now < deadline:
        return Later(deadline)
    booking.decide(session, yes=False, actor=SARAI, cause=f"follow_up:{due.id}", now=now, reason="no_answer")
    return None


@light
def alert_pending_payment(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """A payment that its provider could not tell about at the hold's end is an admin's business, once."""
    if booking.status != Status.PAYMENT_PENDING or booking.alerted_admin_at is not None:
        return
    assert booking.held_since is not None
    if any(p.state in OPEN for p in Payment.of_booking(session, booking.id)):
        booking.alerted_admin_at = now
        booking.note(
            session, Fact.ALERT, cause=f"follow_up:{due.id}", now=now, data={"why": "payment pending"}
        )
        minutes = int((now - booking.held_since).total_seconds() // 60)
        notices.pending_payment(session, booking, minutes=minutes, rules=rules, now=now)


@light
def tell_late_authorization(
    session: Session, booking: Booking, due: Due, rules: Rules, now: datetime
) -> None:
    """Money came too late, or twice: the guest hears that nothing was charged for it."""
    second: bool = session.execute(
        text("SELECT coalesce((data->>'second')::boolean, false) FROM booking_events WHERE id = :id"),
        {"id": int(due.cause.removeprefix("event:"))},
    ).scalar_one()
    notices.late_authorization(session, booking, second=second, rules=rules, now=now)


@light
def tell_capture_failed(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    notices.capture_failed(session, booking, rules=rules, now=now)


@light
def tell_declined(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    notices.declined(session, booking, rules=rules, now=now)
    if booking.decision == YES:
        notices.withdrawn(session, booking, rules=rules, now=now)


@light
def tell_expired(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    if booking.status != Status.EXPIRED:
        return
    if not notices.is_by_transfer(session, booking):
        notices.expired(session, booking, rules=rules, now=now)
        return
    notices.transfer_expired(session, booking, reason=_reason(session, due), rules=rules, now=now)


def _reason(session: Session, due: Due) -> str | None:
    """Why the event happened that the job follows."""
    reason: str | None = session.execute(
        text("SELECT reason FROM booking_events WHERE id = :id"),
        {"id": int(due.cause.removeprefix("event:"))},
    ).scalar_one()
    return reason


@light
def tell_cancelled_by_guest(
    session: Session, booking: Booking, due: Due, rules: Rules, now: datetime
) -> None:
    """Owner and admins hear of it once money or a request was involved; the guest was answered in the turn."""
    if booking.paid_at is not None or booking.decision is not None:
        notices.cancelled_by_guest(session, booking, rules=rules, now=now)
    elif _was_in_review(session, due):
        notices.cancelled_in_review(session, booking, rules=rules, now=now)


def _was_in_review(session: Session, due: Due) -> bool:
    """Whether money was being looked for when the guest gave up."""
    before = session.execute(
        text("SELECT from_status FROM booking_events WHERE id = :id"),
        {"id": int(due.cause.removeprefix("event:"))},
    ).scalar_one()
    return bool(before == Status.PAYMENT_REVIEW)


@light
def tell_refund_required(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    notices.refund_required(session, booking, rules=rules, now=now)


@light
def tell_money_unplaceable(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """All of it goes back, unless it pays the guest's newer booking."""
    newer = booking.money_put_to(session)
    if _reason(session, due) == PART:
        notices.part_goes_back(session, booking, rules=rules, now=now)
    elif newer is not None:
        notices.money_put(session, booking, newer, rules=rules, now=now)
    else:
        notices.money_unplaceable(session, booking, rules=rules, now=now)


@light
def complete_stay(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """The stay is over."""
    if booking.status in CONFIRMED or booking.is_reversed:
        booking.complete(session, cause=f"follow_up:{due.id}", now=now)


@light
def remind_of_stay(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> Later | None:
    """The day before: only while the guest's window is open, and not at night of the place."""
    if booking.status not in CONFIRMED or now >= booking.starts_at:
        return None
    morning = end_of_night(Listing.get(session, booking.listing_id).time_zone, now)
    if morning is not None:
        return Later(morning) if morning < booking.starts_at else None
    if conversation.may_write_freely(session, booking.person_id, now):
        notices.stay_begins(session, booking, rules=rules, now=now)
    return None


@light
def ask_for_stars(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> Later | None:
    """Once, when the stay is over; who rated it before is not asked, and nobody at night of the place."""
    if booking.status != Status.COMPLETED or rating.stars_of(session, booking.id) is not None:
        return None
    morning = end_of_night(Listing.get(session, booking.listing_id).time_zone, now)
    if morning is not None:
        return Later(morning)
    notices.stay_over(session, booking, rules=rules, now=now)
    return None


@light
def tell_message_failed(session: Session, booking: Booking, due: Due, rules: Rules, now: datetime) -> None:
    """A message that somebody counts on did not arrive: the admins are told which, and to whom."""
    row = session.execute(
        text("SELECT kind, recipient FROM outbound_messages WHERE id = :id"),
        {"id": int(due.cause.removeprefix("message:"))},
    ).one()
    notices.message_failed(session, booking, kind=row.kind, recipient=row.recipient, rules=rules, now=now)


def end_of_night(time_zone: str, now: datetime) -> datetime | None:
    """Eight o'clock in the morning of the place if it is night there, else None."""
    local = now.astimezone(ZoneInfo(time_zone))
    if NIGHT_ENDS <= local.time() < NIGHT_BEGINS:
        return None
    day = local.date() + timedelta(days=1 if local.time() >= NIGHT_BEGINS else 0)
    return datetime.combine(day, NIGHT_ENDS, ZoneInfo(time_zone)).astimezone(now.tzinfo)
