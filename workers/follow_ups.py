"""What must follow each event of a booking, and the runner that makes it happen.

This table and `models/lifecycle.py` tell the whole story. Each line is a durable row, unique per event and
job, written in the commit of the event itself; one with a time waits for it (a hold's end, a reminder, the
owner's deadline), and a job that finds itself overtaken does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import text

from models import inbound, outbound
from models.booking import Booking
from models.booking_event import PROVIDERS, SLOW, TURNS, FollowUp
from models.booking_row import COLUMNS, YES, BookingRow
from models.clock import Clock
from models.db import unit_of_work
from models.hot import Call, Hot
from models.lifecycle import Action, Fact
from models.payment import TRANSFER
from models.rules import Rules
from models.session import Session

log = structlog.get_logger()


def table(rules: Rules) -> Mapping[str, tuple[FollowUp, ...]]:
    """Event → what must follow, and when."""
    close_pages = FollowUp("close_payments", PROVIDERS)
    ask_owner = (
        FollowUp("announce_payment", TURNS),
        *(FollowUp(f"remind_owner_{n}", TURNS, after) for n, after in enumerate(rules.reminders, 1)),
        FollowUp("alert_silent_owner", TURNS, rules.owner_alert),
        FollowUp("decline_for_silent_owner", TURNS, timedelta(minutes=30)),
        FollowUp("capture_payment", PROVIDERS, _now_if_owner_said_yes),
    )
    hold = (FollowUp("expire_hold", PROVIDERS, _hold_until),)
    ask_to_pay = (
        FollowUp("open_payment", PROVIDERS, _now_if_on_a_page),
        FollowUp("send_instructions", TURNS, _now_if_by_transfer),
    )
    return {
        Fact.INITIATE: (FollowUp("abandon_draft", TURNS, rules.draft_life),),
        Action.REQUEST_PAYMENT: (*ask_to_pay, *hold),
        Fact.RETRY_PAYMENT: (*ask_to_pay, FollowUp("close_payments", PROVIDERS, _now_if_by_transfer)),
        Action.SUBMIT_EVIDENCE: (
            FollowUp("show_evidence", SLOW),
            FollowUp(
                "alert_review", TURNS, lambda booking, now: _near_the_end_of_review(booking, rules, now)
            ),
            FollowUp("expire_review", TURNS, _hold_until),
        ),
        Fact.ADD_EVIDENCE: (FollowUp("show_evidence", SLOW),),
        Action.REJECT_PAYMENT: (FollowUp("tell_rejected", TURNS), *hold),
        Fact.RECORD_PART: (FollowUp("ask_for_rest", TURNS), *hold),
        Action.REVERSE_PAYMENT: (FollowUp("tell_reversed", TURNS),),
        Fact.RECORD_REVERSAL: (FollowUp("tell_reversed", TURNS),),
        Action.WAIVE_PAYMENT: ask_owner,
        Action.RECORD_PAYMENT: ask_owner,
        Fact.LATE_AUTHORIZATION: (close_pages, FollowUp("tell_late_authorization", TURNS)),
        Action.RECORD_UNPLACEABLE_PAYMENT: (FollowUp("tell_money_unplaceable", TURNS),),
        Fact.DECIDE: (FollowUp("capture_payment", PROVIDERS, _now_if_owner_said_yes),),
        Action.CONFIRM: (
            FollowUp("issue_ticket", SLOW),
            FollowUp("remind_of_stay", TURNS, _a_day_before),
            FollowUp("complete_stay", TURNS, lambda booking, now: booking.ends_at),
        ),
        Action.COMPLETE: (FollowUp("ask_for_stars", TURNS),),
        Action.FAIL_CAPTURE: (
            close_pages,
            FollowUp("tell_capture_failed", TURNS),
            FollowUp("open_payment", PROVIDERS),
            *hold,
        ),
        Action.DECLINE: (close_pages, FollowUp("tell_declined", TURNS)),
        Action.EXPIRE: (FollowUp("tell_expired", TURNS),),
        Action.CANCEL_BY_GUEST: (close_pages, FollowUp("tell_cancelled_by_guest", TURNS)),
        Action.REQUIRE_REFUND: (FollowUp("tell_refund_required", TURNS),),
    }


def _hold_until(booking: BookingRow, now: datetime) -> datetime | None:
    return booking.hold_until


def _a_day_before(booking: BookingRow, now: datetime) -> datetime | None:
    """A day before the stay begins; not at all for one that is booked later, or was confirmed before."""
    due = booking.starts_at - timedelta(days=1)
    return due if due > now and not booking.is_revived else None


def _now_if_on_a_page(booking: BookingRow, now: datetime) -> datetime | None:
    return now if booking.paid_by != TRANSFER else None


def _now_if_by_transfer(booking: BookingRow, now: datetime) -> datetime | None:
    return now if booking.paid_by == TRANSFER else None


def _near_the_end_of_review(booking: BookingRow, rules: Rules, now: datetime) -> datetime | None:
    """When admins are reminded of a transfer that nobody has looked for: a while before it is too late."""
    if booking.hold_until is None:
        return None
    return max(booking.hold_until - rules.payment_alert, now + rules.review / 2)


def _now_if_owner_said_yes(booking: BookingRow, now: datetime) -> datetime | None:
    return now if booking.decision == YES else None


@dataclass(frozen=True)
class Due:
    """A follow-up that is being worked off, as a job sees it."""

    id: int
    job: str
    booking_id: int
    cause: str
    attempts: int


@dataclass(frozen=True)
class Later:
    """A job's answer: not yet, look again then."""

    at: datetime


@dataclass(frozen=True)
class Answered:
    """A job's answer: done, and with it these other follow-ups of the booking.

    Attributes:
        also: ids of follow-ups that wanted to know the same.
        news: patterns of causes (as LIKE has them) that tell no more than is known by now.
    """

    also: Sequence[int]
    news: Sequence[str]


Outcome = Later | Answered | None


@dataclass(frozen=True)
class LightJob:
    """A job that only reads and writes rows: `run(session, booking, due, rules, now)` in one unit of work."""

    run: Callable[[Session, Booking, Due, Rules, datetime], Later | None]


LIGHT: dict[str, LightJob] = {}


def light(
    function: Callable[[Session, Booking, Due, Rules, datetime], Later | None],
) -> Callable[..., Later | None]:
    """Register a light job under its own name; the booking comes locked, it commits with what it says."""
    LIGHT[function.__name__] = LightJob(function)
    return function


# All that is read is locked, so that nothing of it is older than the lock. A booking that another worker has
# locked is passed over; its follow-ups stay in their order.
_CLAIM = Hot(
    "claim_follow_up",
    f"""
SELECT mine.*, EXISTS (
    SELECT 1 FROM follow_ups f
    WHERE f.queue = 'turns' AND f.done_at IS NULL AND f.due_at <= :now
      AND f.booking_id % :lanes IS NOT DISTINCT FROM :lane AND f.id <> mine.follow_up_id
) OR {inbound.WAITS_IN_LANE} AS more
FROM (
    SELECT f.id AS follow_up_id, f.job, f.booking_id, f.cause, f.attempts, {", ".join(f"b.{c}" for c in COLUMNS)}
    FROM follow_ups f JOIN bookings b ON b.id = f.booking_id
    WHERE f.queue = 'turns' AND f.done_at IS NULL AND f.due_at <= :now AND f.booking_id % :lanes = :lane
    ORDER BY f.due_at, f.id LIMIT 1 FOR NO KEY UPDATE OF b, f SKIP LOCKED
) AS mine
    """,  # noqa: S608  # put together from our own text only
    lane="int",
    lanes="int",
    now="timestamptz",
)
_DONE = Hot(
    "finish_follow_up",
    "UPDATE follow_ups SET done_at = :now, attempts = attempts + 1 "
    "WHERE id = :id AND booking_id = :booking_id AND done_at IS NULL",
    id="bigint",
    booking_id="bigint",
    now="timestamptz",
)
_ANSWERED = Hot(
    "finish_follow_ups",
    "UPDATE follow_ups SET done_at = :now, attempts = attempts + 1 WHERE booking_id = :booking_id "
    "AND done_at IS NULL AND (id = ANY(:ids) OR (job = 'settle_payment' AND cause LIKE ANY(:news)))",
    booking_id="bigint",
    ids="bigint[]",
    news="text[]",
    now="timestamptz",
)
_LATER = Hot(
    "put_off_follow_up",
    "UPDATE follow_ups SET due_at = :due_at, error = NULL WHERE id = :id",
    id="bigint",
    due_at="timestamptz",
)
_AGAIN = text(
    "UPDATE follow_ups SET due_at = :due_at, attempts = attempts + :failed, error = :error WHERE id = :id"
)


def run_light(lane: int, lanes: int, *, rules: Rules, clock: Clock) -> tuple[bool, bool]:
    """One light follow-up of one booking; (whether there was one, whether anything else may be due in this lane)."""
    due: Due | None = None
    more = True
    try:
        with unit_of_work() as session:
            now = clock.now()
            row = _CLAIM.run(session, lane=lane, lanes=lanes, now=now).first()
            if row is None:
                return False, True
            *columns, more = row
            due, booking = Due(*columns[:5]), Booking.from_row(session, columns[5:])
            later = LIGHT[due.job].run(session, booking, due, rules, now)
            finish(session, due, later, now)
    except Exception as error:
        if due is None or getattr(error, "connection_invalidated", False):
            raise
        fail(due, error, clock.now())
    return True, more


def finish(session: Session, due: Due, outcome: Outcome, now: datetime) -> None:
    """The job has had its effect; it commits together with that effect and with what was said.

    Nothing of the unit of work may follow.

    Raises:
        BecameAnother: as of `outbound.number_and_write`; not where the job is tried again.
    """
    outbound.number_and_write(session, after=[_ending(due, outcome, now)], ends=not due.attempts)


def finish_on(cursor: Any, info: dict[Any, Any], due: Due, outcome: Outcome, now: datetime) -> None:
    """The same on the driver's cursor, where the job had nothing to write."""
    statement, values = _ending(due, outcome, now)
    statement.run_on(cursor, info, **values)


def _ending(due: Due, outcome: Outcome, now: datetime) -> Call:
    match outcome:
        case Later(at):
            return _LATER, {"id": due.id, "due_at": at}
        case Answered(also, news):
            ids = [due.id, *also]
            return _ANSWERED, {"booking_id": due.booking_id, "ids": ids, "news": [*news], "now": now}
        case _:
            return _DONE, {"id": due.id, "booking_id": due.booking_id, "now": now}


def fail(due: Due, error: Exception, now: datetime) -> None:
    """Try again, wider each time; nothing that must happen is ever given up in silence."""
    # After some hours of failures the power would be more than a timedelta can hold.
    wait = min(timedelta(seconds=0.5 * 3 ** min(due.attempts, 10)), timedelta(minutes=10))
    log.exception(
        "follow_up.failed", job=due.job, booking_id=due.booking_id, attempts=due.attempts + 1, exc_info=error
    )
    again = {"id": due.id, "due_at": now + wait, "failed": 1, "error": repr(error)[:500]}
    try:
        with unit_of_work() as session:
            session.execute(_AGAIN, again)
            if due.attempts + 1 == 5:
                from flows import notices

                notices.follow_up_failing(session, Booking.get(session, due.booking_id), due.job, now=now)
    except Exception as second:
        # Counted all the same: what fails and is not put off would be tried again at once, for ever.
        log.exception("follow_up.nobody_told", job=due.job, booking_id=due.booking_id, exc_info=second)
        with unit_of_work() as session:
            session.execute(_AGAIN, again)
