"""The life of a booking: what may happen to it, from where, to where. This table is the code.

PostgreSQL holds the same pairs in `booking_transitions` and refuses, at commit, any change of
`bookings.status` that has no `booking_events` row with exactly this from, action and to.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from models.errors import IllegalTransition


class Status(StrEnum):
    INITIATED = "INITIATED"
    PAYMENT_PENDING = "PAYMENT_PENDING"
    PAYMENT_REVIEW = "PAYMENT_REVIEW"
    PAYMENT_SUCCESS = "PAYMENT_SUCCESS"
    BOOKING_REQUEST_SENT_TO_OWNER = "BOOKING_REQUEST_SENT_TO_OWNER"
    OWNER_CONFIRMED = "OWNER_CONFIRMED"
    TICKET_GENERATED = "TICKET_GENERATED"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    OWNER_CANCELLED = "OWNER_CANCELLED"
    GUEST_CANCELLED = "GUEST_CANCELLED"
    REFUND_REQUIRED = "REFUND_REQUIRED"
    REFUND_INITIATED = "REFUND_INITIATED"
    REFUND_COMPLETED = "REFUND_COMPLETED"


class Action(StrEnum):
    REQUEST_PAYMENT = "REQUEST_PAYMENT"
    WAIVE_PAYMENT = "WAIVE_PAYMENT"
    ABANDON = "ABANDON"
    SUBMIT_EVIDENCE = "SUBMIT_EVIDENCE"
    REJECT_PAYMENT = "REJECT_PAYMENT"
    RECORD_PAYMENT = "RECORD_PAYMENT"
    RECORD_UNPLACEABLE_PAYMENT = "RECORD_UNPLACEABLE_PAYMENT"
    EXPIRE = "EXPIRE"
    SEND_REQUEST = "SEND_REQUEST"
    CONFIRM = "CONFIRM"
    FAIL_CAPTURE = "FAIL_CAPTURE"
    DECLINE = "DECLINE"
    ISSUE_TICKET = "ISSUE_TICKET"
    CANCEL_BY_GUEST = "CANCEL_BY_GUEST"
    COMPLETE = "COMPLETE"
    REQUIRE_REFUND = "REQUIRE_REFUND"
    START_REFUND = "START_REFUND"
    FINISH_REFUND = "FINISH_REFUND"
    FAIL_REFUND = "FAIL_REFUND"
    REVERSE_PAYMENT = "REVERSE_PAYMENT"


class Fact(StrEnum):
    """What is worth a row in `booking_events` though it changes no status (from = to)."""

    INITIATE = "INITIATE"
    REWRITE = "REWRITE"
    DECIDE = "DECIDE"
    LATE_AUTHORIZATION = "LATE_AUTHORIZATION"
    RENEW_HOLD = "RENEW_HOLD"
    REMIND = "REMIND"
    ALERT = "ALERT"
    RETRY_PAYMENT = "RETRY_PAYMENT"
    CHECK_IN = "CHECK_IN"
    ADD_EVIDENCE = "ADD_EVIDENCE"
    VERIFY = "VERIFY"
    RECORD_PART = "RECORD_PART"
    RECORD_SECOND = "RECORD_SECOND"
    RECORD_REVERSAL = "RECORD_REVERSAL"


_S, _A = Status, Action
_PAID_AND_UNDECIDED = (_S.PAYMENT_SUCCESS, _S.BOOKING_REQUEST_SENT_TO_OWNER)
_CONFIRMED = (_S.OWNER_CONFIRMED, _S.TICKET_GENERATED)


def _each(froms: tuple[Status, ...], action: Action, to: Status) -> dict[tuple[Status, Action], Status]:
    return {(status, action): to for status in froms}


TRANSITIONS: Final[Mapping[tuple[Status, Action], Status]] = {
    **_each((_S.INITIATED,), _A.REQUEST_PAYMENT, _S.PAYMENT_PENDING),
    **_each((_S.INITIATED,), _A.WAIVE_PAYMENT, _S.PAYMENT_SUCCESS),
    **_each((_S.INITIATED,), _A.ABANDON, _S.EXPIRED),
    **_each((_S.PAYMENT_PENDING, _S.EXPIRED), _A.SUBMIT_EVIDENCE, _S.PAYMENT_REVIEW),
    **_each((_S.PAYMENT_REVIEW,), _A.REJECT_PAYMENT, _S.PAYMENT_PENDING),
    # Money can land after the hold ran out. If the place is still free, the stay goes on.
    **_each((_S.PAYMENT_PENDING, _S.PAYMENT_REVIEW, _S.EXPIRED), _A.RECORD_PAYMENT, _S.PAYMENT_SUCCESS),
    **_each(
        (_S.PAYMENT_PENDING, _S.PAYMENT_REVIEW, _S.EXPIRED, _S.GUEST_CANCELLED),
        _A.RECORD_UNPLACEABLE_PAYMENT,
        _S.REFUND_REQUIRED,
    ),
    **_each((_S.PAYMENT_PENDING, _S.PAYMENT_REVIEW), _A.EXPIRE, _S.EXPIRED),
    **_each((_S.PAYMENT_SUCCESS,), _A.SEND_REQUEST, _S.BOOKING_REQUEST_SENT_TO_OWNER),
    **_each(_PAID_AND_UNDECIDED, _A.CONFIRM, _S.OWNER_CONFIRMED),
    **_each(_PAID_AND_UNDECIDED, _A.FAIL_CAPTURE, _S.PAYMENT_PENDING),
    **_each((*_PAID_AND_UNDECIDED, *_CONFIRMED, _S.PAYMENT_REVIEW), _A.DECLINE, _S.OWNER_CANCELLED),
    **_each((_S.OWNER_CONFIRMED,), _A.ISSUE_TICKET, _S.TICKET_GENERATED),
    **_each(
        (_S.INITIATED, _S.PAYMENT_PENDING, _S.PAYMENT_REVIEW, *_PAID_AND_UNDECIDED, *_CONFIRMED),
        _A.CANCEL_BY_GUEST,
        _S.GUEST_CANCELLED,
    ),
    **_each((*_CONFIRMED, _S.PAYMENT_REVIEW), _A.COMPLETE, _S.COMPLETED),
    **_each((_S.OWNER_CANCELLED, _S.GUEST_CANCELLED), _A.REQUIRE_REFUND, _S.REFUND_REQUIRED),
    **_each((_S.REFUND_REQUIRED,), _A.START_REFUND, _S.REFUND_INITIATED),
    **_each((_S.REFUND_INITIATED,), _A.FINISH_REFUND, _S.REFUND_COMPLETED),
    **_each((_S.REFUND_INITIATED, _S.REFUND_COMPLETED), _A.FAIL_REFUND, _S.REFUND_REQUIRED),
    **_each((*_PAID_AND_UNDECIDED, *_CONFIRMED), _A.REVERSE_PAYMENT, _S.PAYMENT_REVIEW),
}

LIVE_HOLD: Final = frozenset({_S.PAYMENT_PENDING, _S.PAYMENT_REVIEW})
AWAITING_OWNER: Final = frozenset(_PAID_AND_UNDECIDED)
CONFIRMED: Final = frozenset(_CONFIRMED)
KEEPS_ALLOCATION: Final = LIVE_HOLD | AWAITING_OWNER | CONFIRMED | {_S.COMPLETED}


def next_status(status: Status, action: Action) -> Status:
    """Where the action leads from this status.

    Raises:
        IllegalTransition: the table has no such pair.
    """
    try:
        return TRANSITIONS[status, action]
    except KeyError:
        raise IllegalTransition(status=status, action=action) from None
