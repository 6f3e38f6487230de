"""What is said unasked: to guest, owner and admins, when something happened or a time has come.

Each function says one thing; jobs call it under the booking's lock. Every notice carries from birth the
template that reaches a closed window. The wording follows the documents (000, else 003).
"""

from __future__ import annotations

from flows.notices.admin import (
    admin_waiting,
    event_parked,
    follow_up_failing,
    guest_writes,
    message_failed,
    owner_silent,
    pending_payment,
    person_wanted,
    refund_required,
    sender_stopped,
)
from flows.notices.calendar import calendar, calendar_view
from flows.notices.draft import draft_left
from flows.notices.found import (
    money_left,
    part_goes_back,
    payment_reversed,
    rest_missing,
    ticket_counts_again,
)
from flows.notices.guest import (
    declined,
    expired,
    late_authorization,
    money_put,
    money_unplaceable,
    payment_failed,
    payment_link,
    payment_received,
    payment_unavailable,
    person_answers,
    still_waiting,
)
from flows.notices.mailbox import mail_set_aside, mailbox_disconnected
from flows.notices.matching import ask_whose_transfer, propose_match, unmatched
from flows.notices.owner import (
    cancelled_by_guest,
    capture_failed,
    owner_reminder,
    owner_request,
    request_message,
    withdrawn,
)
from flows.notices.payment_system import payments_unwell
from flows.notices.stay import stay_begins, stay_over
from flows.notices.telling import people, reason_in_words
from flows.notices.ticket import ticket_issued, ticket_view
from flows.notices.transfer import (
    cancelled_in_review,
    is_by_transfer,
    payee_of,
    payment_rejected,
    payment_to_check,
    picture_read,
    review_ending,
    review_expired,
    review_message,
    still_awaited,
    transfer_expired,
    transfer_instructions,
)

__all__ = [
    "admin_waiting",
    "ask_whose_transfer",
    "calendar",
    "calendar_view",
    "cancelled_by_guest",
    "cancelled_in_review",
    "capture_failed",
    "declined",
    "draft_left",
    "event_parked",
    "expired",
    "follow_up_failing",
    "guest_writes",
    "is_by_transfer",
    "late_authorization",
    "mail_set_aside",
    "mailbox_disconnected",
    "message_failed",
    "money_left",
    "money_put",
    "money_unplaceable",
    "owner_reminder",
    "owner_request",
    "owner_silent",
    "part_goes_back",
    "payee_of",
    "payment_failed",
    "payment_link",
    "payment_received",
    "payment_rejected",
    "payment_reversed",
    "payment_to_check",
    "payment_unavailable",
    "payments_unwell",
    "pending_payment",
    "people",
    "person_answers",
    "person_wanted",
    "picture_read",
    "propose_match",
    "reason_in_words",
    "refund_required",
    "request_message",
    "rest_missing",
    "review_ending",
    "review_expired",
    "review_message",
    "sender_stopped",
    "stay_begins",
    "stay_over",
    "still_awaited",
    "still_waiting",
    "ticket_counts_again",
    "ticket_issued",
    "ticket_view",
    "transfer_expired",
    "transfer_instructions",
    "unmatched",
    "withdrawn",
]
