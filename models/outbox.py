"""The outbox as rows: what may be sent next, each attempt, and what WhatsApp says became of it.

A message's state is QUEUED → SENDING → ACCEPTED, or back to QUEUED for another try, or UNKNOWN while it is
not clear whether WhatsApp took it, or FAILED / LAPSED for good. A message in the first three states holds
up its successors to the same person while it is `blocking`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from models import delivery
from models.booking_event import TURNS, demand
from models.conversation import WINDOW
from models.db import one_statement, unit_of_work
from models.hot import Hot
from models.message import Recipient
from models.session import Session

# A status that carries our callback data may follow an outcome that we did not see.
UNKNOWN_WAIT = timedelta(seconds=30)
# WhatsApp lets a pair of numbers talk every six seconds, and lends a burst of 45; we keep below it.
PAIR_PACE, PAIR_BURST = timedelta(seconds=6), 40


@dataclass(frozen=True, slots=True)
class Sendable:
    """A message that is ours to send now; its attempt is on record already."""

    id: int
    person_id: int
    kind: str
    booking_id: int | None
    to: Recipient
    message: dict[str, Any]
    template: dict[str, Any] | None
    as_template: bool
    attempt: int
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt; `verdict` is None when WhatsApp accepted it."""

    message: Sendable
    wamid: str | None = None
    verdict: delivery.Verdict | None = None
    code: int | None = None
    error: str | None = None


def exchange(outcomes: Sequence[Outcome], *, most: int, look: bool, now: datetime) -> list[Sendable]:
    """Write what became of attempts and claim what is next: one round trip where there is only good news.

    Args:
        most: how many may be claimed.
        look: there may be new messages; without it only those that waited for these outcomes.
    """
    if any(outcome.verdict is not None or _is_request(outcome) for outcome in outcomes):
        with unit_of_work() as session:
            record(session, outcomes, now)
            return claim(session, most=most, now=now) if most else []
    calls: list[tuple[Hot, dict[str, Any]]] = []
    if outcomes:
        calls.append((_ENDED, _ended(_in_order(outcomes), now)))
    if most:
        calls.append((_CLAIM, {"most": most, "now": now}) if look else (_ANYTHING_QUEUED, {"now": now}))
    if not calls:
        return []
    with one_statement() as (cursor, info):
        cursor.execute(b";".join([call.call_on(cursor, info, **values) for call, values in calls]))
        rows = cursor.fetchall() if most else []
        if rows and not look:
            rows = _CLAIM.run_on(cursor, info, most=most, now=now)
    return [_sendable(row) for row in rows]


def _is_request(outcome: Outcome) -> bool:
    """Of this one's acceptance more must follow."""
    return outcome.message.kind == "booking_request" and outcome.message.booking_id is not None


def claim(session: Session, *, most: int, now: datetime) -> list[Sendable]:
    """Take messages whose turn it is, oldest first, at most one per person, and put their attempts on record."""
    return [_sendable(row) for row in _CLAIM.run(session, most=most, now=now)]


def _sendable(row: Any) -> Sendable:
    message_id, person_id, kind, booking_id, phone, user_id, *rest = row
    return Sendable(message_id, person_id, kind, booking_id, Recipient(phone, user_id), *rest)


_ANYTHING_QUEUED = Hot(
    "anything_queued",
    "SELECT 1 FROM outbound_messages WHERE state = 'QUEUED' AND due_at <= :now LIMIT 1",
    now="timestamptz",
)


def _interval(time: timedelta) -> str:
    return f"interval '{time.total_seconds()} seconds'"


# One statement, for it runs with every message: choose, mark, put the attempt on record, keep the pace.
# It waits for no lock: whoever holds one on a message or a counter rings when done, or rolls back, and then the
# sweeper rings.
_CLAIM = Hot(
    "claim_messages",
    "WITH ready AS ("
    " SELECT m.id, m.person_id, v.last_inbound_at FROM outbound_messages m"
    " JOIN recipient_counters c ON c.person_id = m.person_id JOIN conversations v ON v.id = m.person_id"
    " WHERE m.state = 'QUEUED' AND m.due_at <= :now AND m.valid_until > :now"
    f" AND (c.paced_until IS NULL OR c.paced_until <= :now + {_interval((PAIR_BURST - 1) * PAIR_PACE)})"
    " AND NOT EXISTS (SELECT 1 FROM outbound_messages p WHERE p.person_id = m.person_id AND p.seq < m.seq"
    "  AND p.blocking AND p.state IN ('QUEUED', 'SENDING', 'UNKNOWN')"
    "  AND (p.state <> 'QUEUED' OR p.valid_until > :now) OFFSET 0)"  # asked for each, never all read at once
    " ORDER BY m.due_at, m.id LIMIT :most FOR NO KEY UPDATE OF m, c SKIP LOCKED),"
    " claimed AS ("
    " UPDATE outbound_messages m SET state = 'SENDING', attempts = m.attempts + 1, "
    f" due_at = :now + {_interval(UNKNOWN_WAIT)}"
    " FROM ready WHERE m.id = ready.id"
    " RETURNING m.id, m.person_id, m.kind, m.booking_id, m.message, m.template, m.attempts, m.valid_until,"
    "  m.as_template OR (m.kind <> 'typing' AND"
    f"  coalesce(ready.last_inbound_at < :now - {_interval(WINDOW - timedelta(minutes=1))}, true)) AS goes_as_template),"
    " attempt AS ("
    " INSERT INTO outbound_attempts (message_id, number, as_template, started_at)"
    " SELECT id, attempts, goes_as_template, :now FROM claimed),"
    " pace AS ("
    f" UPDATE recipient_counters c SET paced_until = greatest(c.paced_until, :now) + {_interval(PAIR_PACE)}"
    " FROM ready WHERE c.person_id = ready.person_id)"
    " SELECT id, person_id, kind, booking_id,"
    " (SELECT value FROM person_identifiers i WHERE i.person_id = claimed.person_id AND i.kind = 'phone'"
    "  ORDER BY since DESC LIMIT 1) AS phone,"
    " (SELECT value FROM person_identifiers i WHERE i.person_id = claimed.person_id AND i.kind = 'user_id'"
    "  ORDER BY since DESC LIMIT 1) AS user_id,"
    " message, template, goes_as_template, attempts, valid_until FROM claimed ORDER BY id",
    now="timestamptz",
    most="int",
)


def record(session: Session, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write what became of these attempts and what each message does next."""
    outcomes = _in_order(outcomes)
    _ENDED.write(session, **_ended(outcomes, now))
    for outcome in outcomes:
        if outcome.verdict is not None:
            _refuse(session, outcome, now)
        elif _is_request(outcome):
            assert outcome.message.booking_id is not None
            _request_sent(session, outcome.message.booking_id, outcome.message.id, now)


def _request_sent(session: Session, booking_id: int, message_id: int, now: datetime) -> None:
    """Once per message, however often and by whom it is told."""
    cause = f"message:{message_id}"
    demand(session, booking_id, "record_request_sent", TURNS, cause=cause, due_at=now, now=now)


def _in_order(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """One order of rows for all senders."""
    return sorted(map(_as_kept, outcomes), key=lambda outcome: outcome.message.id)


def _ended(outcomes: Sequence[Outcome], now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "ids": [o.message.id for o in outcomes],
        "numbers": [o.message.attempt for o in outcomes],
        "outcomes": [_attempt_outcome(o) for o in outcomes],
        "codes": [None if o.code is None else str(o.code) for o in outcomes],
        "errors": [o.error for o in outcomes],
        "wamids": [o.wamid for o in outcomes],
    }


_ENDED = Hot(
    "end_attempts",
    "WITH ended AS (SELECT * FROM unnest(:ids, :numbers, :outcomes,"
    " :codes, :errors, :wamids)"
    " AS t (id, number, outcome, code, error, wamid)),"
    " accepted AS ("
    " UPDATE outbound_messages m SET state = 'ACCEPTED', wamid = coalesce(m.wamid, ended.wamid),"
    " accepted_at = :now, error_code = NULL, error = NULL"
    " FROM ended WHERE m.id = ended.id AND ended.outcome = 'ACCEPTED'"
    # SENDING or UNKNOWN; said so, the index of all these would be read to the end for the one that is meant.
    " AND m.state NOT IN ('ACCEPTED', 'FAILED', 'LAPSED')"
    # What was given up for lost while nothing could be written, and not claimed since, need not go again.
    " AND (m.state <> 'QUEUED' OR m.attempts = ended.number AND (SELECT a.ended_at IS NULL"
    "  FROM outbound_attempts a WHERE a.message_id = m.id AND a.number = ended.number)))"
    " UPDATE outbound_attempts a SET ended_at = :now, outcome = ended.outcome, error_code = ended.code::int,"
    " error = ended.error, wamid = ended.wamid"
    # A status that says that it failed may have been quicker than the answer that says it was taken.
    " FROM ended WHERE a.message_id = ended.id AND a.number = ended.number AND a.ended_at IS NULL",
    now="timestamptz",
    ids="bigint[]",
    numbers="int[]",
    outcomes="text[]",
    codes="text[]",
    errors="text[]",
    wamids="text[]",
)


_LONGEST = 300  # of what others say; PostgreSQL refuses an index of what is ten times as long


def _as_kept(outcome: Outcome) -> Outcome:
    """What the other side said, in a form that can be written: a row that cannot be would stop the sender."""
    wamid = outcome.wamid
    if outcome.verdict is None and (wamid is None or (wamid.isprintable() and len(wamid) <= _LONGEST)):
        return outcome
    return replace(
        outcome,
        wamid=_writable(wamid) if wamid else None,
        code=_code(outcome.code),
        error=_writable(outcome.error) if outcome.error else None,
    )


def _writable(said: str) -> str:
    return said[:_LONGEST].encode("utf-8", "replace").decode().replace("\0", " ")


def _code(told: Any) -> int | None:
    """An error code as it is documented; anything else is none."""
    return told if type(told) is int and abs(told) < 2**31 else None


def _attempt_outcome(outcome: Outcome) -> str:
    if outcome.verdict is None:
        return "ACCEPTED"
    if outcome.verdict.kind is delivery.Kind.UNKNOWN:
        return "UNKNOWN"
    return "NOT_SENT" if outcome.verdict is delivery.NOT_REACHED else "REFUSED"


def _refuse(session: Session, outcome: Outcome, now: datetime) -> None:
    message, verdict = outcome.message, outcome.verdict
    assert verdict is not None
    if message.kind == "typing":
        _end(session, message.id, "FAILED", outcome, now)
        return
    if verdict.kind is delivery.Kind.UNKNOWN:
        # Each time a status may still tell. Then it is sent once more, at ever longer intervals, for each may be a copy.
        times = session.execute(_TIMES_UNKNOWN, {"id": message.id}).scalar_one()
        told_by = delivery.next_try(verdict, times, now, message.valid_until) or message.valid_until
        blocking = delivery.holds_up_successors(verdict, times)
        _again(session, outcome, "UNKNOWN", told_by, blocking=blocking)
        return
    if verdict.kind is delivery.Kind.USE_TEMPLATE and not message.as_template:
        _again(session, outcome, "QUEUED", now, blocking=True, as_template=True)
        return
    at = delivery.next_try(verdict, message.attempt, now, message.valid_until)
    if at is not None:
        blocking = delivery.holds_up_successors(verdict, message.attempt)
        _again(session, outcome, "QUEUED", at, blocking=blocking)
        return
    give_up(session, message.id, outcome, now)


_TIMES_UNKNOWN = text("SELECT count(*) FROM outbound_attempts WHERE message_id = :id AND outcome = 'UNKNOWN'")


def _again(
    session: Session,
    outcome: Outcome,
    state: str,
    at: datetime,
    *,
    blocking: bool,
    as_template: bool | None = None,
) -> None:
    session.execute(
        text(
            "UPDATE outbound_messages SET state = :state, due_at = :at, blocking = :blocking, "
            "as_template = coalesce(:as_template, as_template), error_code = :code, error = :error "
            "WHERE id = :id AND state = 'SENDING' AND attempts = :attempt"
        ),
        {
            "id": outcome.message.id,
            "attempt": outcome.message.attempt,
            "state": state,
            "at": at,
            "blocking": blocking,
            "as_template": as_template,
            "code": outcome.code,
            "error": outcome.error,
        },
    )


def _end(session: Session, message_id: int, state: str, outcome: Outcome | None, now: datetime) -> bool:
    ended = session.execute(
        text(
            "UPDATE outbound_messages SET state = :state, failed_at = :now, "
            "error_code = coalesce(:code, error_code), error = coalesce(:error, error) "
            "WHERE id = :id AND state IN ('QUEUED', 'SENDING', 'UNKNOWN', 'ACCEPTED') RETURNING id"
        ),
        {
            "id": message_id,
            "state": state,
            "now": now,
            "code": outcome.code if outcome else None,
            "error": outcome.error if outcome else None,
        },
    ).first()
    return ended is not None


def give_up(session: Session, message_id: int, outcome: Outcome | None, now: datetime) -> None:
    """This message never arrives; where it belongs to a booking, a job tells the admins."""
    if _end(session, message_id, "FAILED", outcome, now):
        _tell(session, message_id, now)


def lapse(session: Session, now: datetime) -> int:
    """End what nobody needs any more; a notice that lapsed is as bad as one that failed, and told."""
    lapsed = session.execute(
        text(
            "UPDATE outbound_messages SET state = 'LAPSED', failed_at = :now WHERE id IN ("
            "SELECT id FROM outbound_messages WHERE state = 'QUEUED' AND valid_until <= :now "
            "ORDER BY id LIMIT 200 FOR NO KEY UPDATE SKIP LOCKED) RETURNING id"
        ),
        {"now": now},
    ).all()
    for (message_id,) in lapsed:
        _tell(session, message_id, now)
    return len(lapsed)


def recover_lost(session: Session, now: datetime) -> list[int]:
    """Queue again what was being sent when its sender died, or stayed unknown, and no status came in time.

    Returns:
        Ids of the messages that may thereby arrive twice; the caller logs each.
    """
    rows = session.execute(
        text(
            "UPDATE outbound_messages SET state = CASE WHEN kind = 'typing' THEN 'FAILED' ELSE 'QUEUED' END, "
            "due_at = :now WHERE id IN ("
            "SELECT id FROM outbound_messages WHERE state IN ('SENDING', 'UNKNOWN') AND due_at <= :now "
            "ORDER BY id LIMIT 200 FOR NO KEY UPDATE SKIP LOCKED) RETURNING id, person_id, state"
        ),
        {"now": now},
    ).all()
    session.info["bells"].update(("sends", row.person_id) for row in rows)
    return [row.id for row in rows if row.state == "QUEUED"]


def _tell(session: Session, message_id: int, now: datetime) -> None:
    row = session.execute(
        text("SELECT booking_id, kind, recipient FROM outbound_messages WHERE id = :id"), {"id": message_id}
    ).one()
    # An alert about an alert that does not arrive would go round in circles.
    if row.booking_id is None or row.recipient == "admin" or row.kind == "typing":
        return
    cause = f"message:{message_id}"
    demand(session, row.booking_id, "tell_message_failed", TURNS, cause=cause, due_at=now, now=now)


# ---- what WhatsApp says later ----------------------------------------------------------------------


def take_statuses(session: Session, *, most: int, now: datetime) -> int:
    """Work off sent, delivered, read and failed, in whatever order they came; how many there were.

    What the admins should hear of, and no booking's job tells them, is in `session.info["alarms"]`: reason and code.
    """
    rows = _OPEN_STATUSES.run(session, most=most)
    if not rows:
        return 0
    arrived: list[tuple[str | None, str, str, datetime]] = []
    failed = []
    for row in rows:
        status = row.payload
        name, message_id = status.get("status"), _our_id(status.get("biz_opaque_callback_data"))
        wamid = str(status.get("id") or "")[:_LONGEST]
        if name == "failed":
            failed.append(({"message_id": message_id, "wamid": wamid}, status))
        elif name in _ARRIVALS:
            mark = None if message_id is None else str(message_id)
            arrived.append((mark, wamid, _ARRIVALS[name], _when(status.get("timestamp"), now)))
    requests = _ARRIVED.run(
        session,
        now=now,
        events=[row.id for row in rows],
        message_ids=[mark for mark, _, _, _ in arrived],
        wamids=[wamid for _, wamid, _, _ in arrived],
        names=[name for _, _, name, _ in arrived],
        times=[at for _, _, _, at in arrived],
    )
    for message_id, booking_id in requests:
        _request_sent(session, booking_id, message_id, now)
    # Last, for what has arrived has not failed, whichever of the two was told first.
    for what, status in failed:
        _take_failure(session, what, status, now)
    return len(rows)


_ARRIVALS = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read"}
_OPEN_STATUSES = Hot(
    "open_statuses",
    "SELECT id, payload FROM inbound_events WHERE kind = 'status' AND done_at IS NULL "
    "ORDER BY id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED",
    most="int",
)
# All news of a message is one change of its row, and the rows change in the order of their ids, so that two
# batches cannot wait for each other. A status for a message whose outcome we did not see is the proof that it
# was taken; but that a try was sent is old news where it is known to have failed.
_ARRIVED = Hot(
    "take_arrivals",
    """
WITH done AS (
    UPDATE inbound_events SET done_at = :now, outcome = 'DONE' WHERE id = ANY(:events)
), news AS (
    SELECT coalesce(item.message_id::bigint, known.id) AS id, item.wamid, item.name, item.at, item.place
    FROM unnest(:message_ids, :wamids, :names, :times) WITH ORDINALITY
         AS item (message_id, wamid, name, at, place)
    LEFT JOIN LATERAL (
        SELECT id FROM outbound_messages WHERE item.message_id IS NULL AND wamid = item.wamid LIMIT 1
    ) AS known ON true
), of_tries AS (
    SELECT id, wamid, min(place) AS place, min(at) AS at, min(at) FILTER (WHERE name = 'sent') AS sent_at,
        min(at) FILTER (WHERE name = 'delivered') AS delivered_at, min(at) FILTER (WHERE name = 'read') AS read_at
    FROM news WHERE id IS NOT NULL GROUP BY id, wamid
), told AS (
    SELECT t.id, (array_agg(t.wamid ORDER BY t.place))[1] AS wamid, min(t.at) AS at, min(t.sent_at) AS sent_at,
        min(t.delivered_at) AS delivered_at, min(t.read_at) AS read_at
    FROM of_tries t JOIN outbound_messages m ON m.id = t.id
    WHERE m.state = 'ACCEPTED' OR t.delivered_at IS NOT NULL OR t.read_at IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM outbound_attempts a WHERE a.message_id = t.id AND a.wamid = t.wamid AND a.outcome = 'REFUSED'
        OFFSET 0)  -- or all attempts that were ever refused would be read, to ask them at once
    GROUP BY t.id ORDER BY t.id
), changed AS (
UPDATE outbound_messages m SET wamid = coalesce(m.wamid, told.wamid), sent_at = coalesce(m.sent_at, told.sent_at),
    delivered_at = coalesce(m.delivered_at, told.delivered_at), read_at = coalesce(m.read_at, told.read_at),
    accepted_at = coalesce(m.accepted_at, told.at),
    failed_at = CASE WHEN m.state = 'LAPSED' THEN m.failed_at END,
    state = CASE WHEN m.state = 'LAPSED' THEN m.state ELSE 'ACCEPTED' END
FROM told WHERE m.id = told.id RETURNING m.id, m.kind, m.booking_id, m.state
)
SELECT id, booking_id FROM changed
WHERE kind = 'booking_request' AND booking_id IS NOT NULL AND state = 'ACCEPTED' ORDER BY id
    """,
    now="timestamptz",
    events="bigint[]",
    message_ids="text[]",
    wamids="text[]",
    names="text[]",
    times="timestamptz[]",
)


def _take_failure(session: Session, what: dict[str, Any], status: dict[str, Any], now: datetime) -> None:
    row = session.execute(
        text(
            "SELECT id, as_template, attempts, valid_until, delivered_at, read_at, wamid, person_id, state, booking_id "
            "FROM outbound_messages WHERE (CAST(:message_id AS bigint) IS NOT NULL AND id = :message_id) "
            "OR (CAST(:message_id AS bigint) IS NULL AND wamid = :wamid) FOR UPDATE"
        ),
        what,
    ).first()
    if row is None or row.delivered_at or row.read_at or row.state in ("FAILED", "LAPSED"):
        return
    if row.wamid is not None and row.wamid != what["wamid"]:
        return  # news of an earlier attempt that has been followed by another
    code, title = _told_error(status)
    # WhatsApp says that it failed: whatever the code, the outcome is known.
    verdict = delivery.classify(code, 400)
    session.execute(
        _FAILED,
        {
            "id": row.id,
            "number": row.attempts,
            "wamid": what["wamid"],
            "code": code,
            "error": title,
            "now": now,
        },
    )
    if verdict.kind is delivery.Kind.USE_TEMPLATE and not row.as_template:
        at: datetime | None = now
        as_template = True
    else:
        at = delivery.next_try(verdict, row.attempts, now, row.valid_until)
        as_template = row.as_template
    if verdict.alert and (row.booking_id is None or at is not None):
        session.info.setdefault("alarms", []).append((verdict.reason, code))
    if at is None:
        give_up(session, row.id, None, now)
        return
    session.execute(
        text(
            "UPDATE outbound_messages SET state = 'QUEUED', wamid = NULL, due_at = :at, blocking = false, "
            "as_template = :as_template WHERE id = :id"
        ),
        {"id": row.id, "at": at, "as_template": as_template},
    )
    session.info["bells"].add(("sends", row.person_id))


# The attempt that had this id, or the last one, whose answer has not come yet, or never will.
_FAILED = text(
    "WITH message AS (UPDATE outbound_messages SET error_code = :code, error = :error WHERE id = :id) "
    "UPDATE outbound_attempts SET outcome = 'REFUSED', error_code = :code, error = :error, "
    "ended_at = coalesce(ended_at, :now), wamid = :wamid "
    "WHERE message_id = :id AND (wamid = :wamid OR (wamid IS NULL AND number = :number))"
)


def _told_error(status: dict[str, Any]) -> tuple[int | None, str]:
    errors = status.get("errors")
    error = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(error, dict):
        return None, ""
    return _code(error.get("code")), _writable(str(error.get("title") or ""))


def _our_id(callback_data: Any) -> int | None:
    """The message that a status is marked with, if the mark is ours: others may share our number."""
    found = _OUR_MARK.fullmatch(callback_data) if isinstance(callback_data, str) else None
    return int(found[1]) if found else None


_OUR_MARK = re.compile(r"m:([0-9]{1,18})")


def callback_data(message: Sendable) -> str:
    """What WhatsApp hands back with every status of this message."""
    return f"m:{message.id}"


def _when(timestamp: Any, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(int(timestamp), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return now
