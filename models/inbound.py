"""Every event that came in: kept before it is believed, worked off once, in order for each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson
from sqlalchemy import text

from models import outbound, person
from models.db import Bell
from models.hot import Hot
from models.message import unturned
from models.payment import PaymentState, further
from models.session import Session

Kind = Literal["message", "status", "payment", "notice"]

MOST_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message, status or webhook as it came, before anything is made of it.

    Attributes:
        source: whatsapp, stripe, …; with `external_id` it names the event once and for all.
        phone: E.164 with its plus, where the event tells one.
        payment_id: our own id, where a payment webhook carries it.
        tells: how far that payment would have come by it, at most; None for what may tell anything.
    """

    source: str
    external_id: str
    kind: Kind
    payload: dict[str, Any]
    phone: str | None = None
    user_id: str | None = None
    name: str | None = None
    payment_id: int | None = None
    tells: PaymentState | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """The oldest open event of a conversation that is now locked by us."""

    id: int
    conversation_id: int
    source: str
    kind: str
    meets: bool
    payload: dict[str, Any]
    received_at: datetime
    attempts: int
    state: dict[str, Any]
    language: str | None
    name: str | None
    paused_until: datetime | None = None


def keep_known(
    cursor: Any, info: dict[Any, Any], items: Sequence[Incoming], now: datetime
) -> tuple[list[Bell], list[Incoming]]:
    """Store in one statement all that needs no thought: statuses, notices, messages of people we know.

    Numbered in the order of the batch, stored in the order of their ids: two deliveries of the same events in
    opposite order would else wait for each other.

    Returns:
        The bells to ring for what was new, and the items that `keep` has to look at (repeats among them).
    """
    if any(item.kind == "message" for item in items):
        rows = _KEEP_KNOWN.run_on(
            cursor,
            info,
            **_columns(items, now),
            phones=[item.phone for item in items],
            user_ids=[item.user_id for item in items],
        )
    else:
        rows = _KEEP_NEWS.run_on(cursor, info, **_columns(items, now))
    kept = {row[0]: row[1] for row in rows}
    bells: list[Bell] = []
    rest: list[Incoming] = []
    for item in items:
        if item.external_id in kept:
            bells += _bell(item, kept[item.external_id])
        elif item.kind == "message":
            rest.append(item)
    return bells, rest


def _columns(items: Sequence[Incoming], now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "sources": [item.source for item in items],
        "external_ids": [item.external_id for item in items],
        "kinds": [item.kind for item in items],
        "payloads": [orjson.dumps(item.payload).decode() for item in items],
    }


# Most of what comes are statuses: they belong to nobody's conversation and need no order among themselves.
_KEEP_NEWS = Hot(
    "keep_news",
    """
INSERT INTO inbound_events (source, external_id, kind, payload, received_at, due_at)
SELECT source, external_id, kind, payload::jsonb, :now, :now
FROM unnest(:sources, :external_ids, :kinds, :payloads) AS item (source, external_id, kind, payload)
ORDER BY source, external_id
ON CONFLICT (source, external_id) DO NOTHING RETURNING external_id, conversation_id
    """,
    now="timestamptz",
    sources="text[]",
    external_ids="text[]",
    kinds="text[]",
    payloads="text[]",
)
_KEEP_KNOWN = Hot(
    "keep_known",
    """
INSERT INTO inbound_events (id, source, external_id, kind, conversation_id, payload, received_at, due_at)
OVERRIDING SYSTEM VALUE
SELECT i.id, i.source, i.external_id, i.kind, coalesce(of_phone.person_id, of_user_id.person_id), i.payload::jsonb,
       :now, :now
FROM (
    SELECT nextval('inbound_events_id_seq') AS id, item.*
    FROM unnest(:sources, :external_ids, :kinds, :payloads,
                :phones, :user_ids)
         AS item (source, external_id, kind, payload, phone, user_id)
) AS i
LEFT JOIN person_identifiers AS of_phone
       ON i.kind = 'message' AND of_phone.kind = 'phone' AND of_phone.value = i.phone
LEFT JOIN person_identifiers AS of_user_id
       ON i.kind = 'message' AND of_user_id.kind = 'user_id' AND of_user_id.value = i.user_id
-- Of a message we know everything it tells about who wrote it, and it is one and the same person.
WHERE i.kind <> 'message'
   OR (num_nonnulls(i.phone, i.user_id) = num_nonnulls(of_phone.person_id, of_user_id.person_id)
       AND num_nonnulls(i.phone, i.user_id) > 0
       AND (of_phone.person_id = of_user_id.person_id) IS NOT FALSE)
ORDER BY i.source, i.external_id
ON CONFLICT (source, external_id) DO NOTHING RETURNING external_id, conversation_id
    """,
    now="timestamptz",
    sources="text[]",
    external_ids="text[]",
    kinds="text[]",
    payloads="text[]",
    phones="text[]",
    user_ids="text[]",
)


def keep_payment_news(cursor: Any, info: dict[Any, Any], item: Incoming, now: datetime) -> list[Bell]:
    """Store what a payment provider says, and the question that it makes us ask, in one statement.

    With that it is done: the question is a follow-up of its own. News of a payment that is not ours, or that
    tells no more than we know, is only kept.

    Returns:
        The bell to ring, if there is something to ask.
    """
    rows = _KEEP_PAYMENT_NEWS.run_on(
        cursor,
        info,
        now=now,
        source=item.source,
        external_id=item.external_id,
        payload=orjson.dumps(item.payload).decode(),
        payment_id=item.payment_id,
        tells=item.tells or "anything",
        known_in=[] if item.tells is None else further(item.tells),
    )
    return [("providers", booking_id) for (booking_id,) in rows]


_KEEP_PAYMENT_NEWS = Hot(
    "keep_payment_news",
    """
WITH ours AS (
    SELECT p.id, p.state, p.booking_id, b.person_id FROM payments p JOIN bookings b ON b.id = p.booking_id
    WHERE p.id = :payment_id
), kept AS (
    INSERT INTO inbound_events
        (source, external_id, kind, conversation_id, payload, received_at, due_at, done_at, outcome)
    SELECT :source, :external_id, 'payment', ours.person_id, :payload, :now, :now, :now,
        CASE WHEN ours.id IS NULL THEN 'NOT_OURS' WHEN ours.state = ANY(:known_in) THEN 'KNOWN' ELSE 'ASKED' END
    FROM (VALUES (1)) AS one LEFT JOIN ours ON true
    ON CONFLICT (source, external_id) DO NOTHING RETURNING id, outcome
)
INSERT INTO follow_ups (booking_id, job, queue, cause, due_at)
SELECT ours.booking_id, 'settle_payment', 'providers', 'payment:' || ours.id || ':' || :tells || ':' || kept.id, :now
FROM ours, kept WHERE kept.outcome = 'ASKED' RETURNING booking_id
    """,
    now="timestamptz",
    source="text",
    external_id="text",
    payload="jsonb",
    payment_id="bigint",
    tells="text",
    known_in="text[]",
)


def keep(session: Session, items: Sequence[Incoming], now: datetime) -> list[Bell]:
    """Store what is new among these events; a repeat changes nothing, a stranger becomes a person.

    People in the order of their identifiers, then events in that of theirs, numbered in that of the batch.

    Returns:
        The bells to ring: (queue, number of its lane) for each event that was new.
    """
    numbers = [number for (number,) in _NUMBERS.run(session, n=len(items))]
    numbered = [*zip(numbers, items, strict=True)]
    told = {
        number: _conversation_of(session, item, now)
        for number, item in sorted(numbered, key=lambda each: (each[1].phone or "", each[1].user_id or ""))
    }
    bells: list[Bell] = []
    for number, item in sorted(numbered, key=lambda each: (each[1].source, each[1].external_id)):
        conversation_id, meets = told[number]
        kept = _KEEP.run(
            session,
            id=number,
            source=item.source,
            external_id=item.external_id,
            kind=item.kind,
            conversation_id=conversation_id,
            meets=meets,
            payload=orjson.dumps(item.payload).decode(),
            now=now,
        )
        if kept.rowcount:
            bells += _bell(item, conversation_id)
    return bells


def _bell(item: Incoming, conversation_id: int | None) -> list[Bell]:
    """Good news of a message can wait for the sweeper's next batch; a failed one wants another way now."""
    if item.kind == "message":
        return [("turns", conversation_id or 0)]
    if item.kind == "status" and item.payload.get("status") == "failed":
        return [("sends", 0)]
    return []


_NUMBERS = Hot(
    "number_events",
    "SELECT nextval('inbound_events_id_seq') FROM generate_series(1, :n)",
    n="int",
)
_KEEP = Hot(
    "keep_event",
    "INSERT INTO inbound_events "
    "(id, source, external_id, kind, conversation_id, meets, payload, received_at, due_at) "
    "OVERRIDING SYSTEM VALUE VALUES (:id, :source, :external_id, :kind, :conversation_id, :meets, :payload, :now, :now) "
    "ON CONFLICT (source, external_id) DO NOTHING",
    id="bigint",
    source="text",
    external_id="text",
    kind="text",
    conversation_id="bigint",
    meets="boolean",
    payload="jsonb",
    now="timestamptz",
)


def _conversation_of(session: Session, item: Incoming, now: datetime) -> tuple[int | None, bool]:
    """The conversation an event belongs to, and whether it tells something new about who the person is."""
    if item.kind != "message":
        return None, False
    known = person.identify(session, phone=item.phone, user_id=item.user_id)
    told = {k for k, v in ((person.PHONE, item.phone), (person.USER_ID, item.user_id)) if v is not None}
    if told and told == known.keys() and len({*known.values()}) == 1:
        return next(iter(known.values())), False
    if known:
        return min(known.values()), True
    person_id, is_all_theirs = person.create(
        session, phone=item.phone, user_id=item.user_id, name=item.name, now=now
    )
    return person_id, not is_all_theirs


def claim(session: Session, *, lane: int, lanes: int, now: datetime) -> tuple[Claimed | None, bool]:
    """Lock the conversation that has waited longest in this lane and take its oldest open message.

    A conversation that another worker holds is passed over.

    Returns:
        The message, None if there is none to be had; and whether anything else is due in this lane, a
        follow-up or what another worker holds included. If not, nobody need look again before a bell rings.
    """
    row = _CLAIM.run(session, lane=lane, lanes=lanes, now=now).first()
    if row.id is None:
        return None, row.more
    if row.merged_into is not None:
        _hand_over(session, row.conversation_id, row.merged_into)
        return claim(session, lane=lane, lanes=lanes, now=now)
    event = Claimed(
        row.id,
        row.conversation_id,
        row.source,
        row.kind,
        row.meets,
        row.payload,
        row.received_at,
        row.attempts,
        row.state,
        row.language,
        row.name,
        row.paused_until,
    )
    return event, row.more


def _waits_in_lane(but: str = "") -> str:
    return f"""EXISTS (
    SELECT 1 FROM inbound_events e JOIN conversations c ON c.id = e.conversation_id
    WHERE e.kind = 'message' AND e.done_at IS NULL AND e.conversation_id % :lanes = :lane
      AND (c.retry_at IS NULL OR c.retry_at <= :now) {but}
)"""


# Whether a message waits in this lane, as a part of a statement that knows `:lane`, `:lanes` and `:now`.
WAITS_IN_LANE = _waits_in_lane()

# All that is read is locked, so that nothing of it is older than the lock: what somebody else has changed since
# the statement began is read anew, and a message that they have done meanwhile is passed over. Only the oldest is
# asked for, not the first that is free: whoever holds it may let go of it undone. No key changes: the door, which
# only needs the person to exist, goes on keeping their messages. “OFFSET 0” and “IS NOT DISTINCT FROM” keep PostgreSQL
# from reading all that is open where a look at one person, or at what is due, is meant.
_CLAIM = Hot(
    "claim_message",
    f"""
SELECT mine.*, {_waits_in_lane("AND e.id IS DISTINCT FROM mine.id")} OR EXISTS (
    SELECT 1 FROM follow_ups f
    WHERE f.queue = 'turns' AND f.done_at IS NULL AND f.due_at <= :now
      AND f.booking_id % :lanes IS NOT DISTINCT FROM :lane
) AS more
FROM (VALUES (1)) AS look LEFT JOIN LATERAL (
    SELECT e.id, e.conversation_id, e.source, e.kind, e.meets, e.payload, e.received_at, e.attempts,
           c.state, p.language, p.name, p.merged_into, c.paused_until
    FROM inbound_events e JOIN conversations c ON c.id = e.conversation_id JOIN persons p ON p.id = c.id
    WHERE e.kind = 'message' AND e.done_at IS NULL AND e.conversation_id % :lanes = :lane
      AND (c.retry_at IS NULL OR c.retry_at <= :now)
      AND NOT EXISTS (SELECT 1 FROM inbound_events o WHERE o.conversation_id = e.conversation_id
                      AND o.kind = 'message' AND o.done_at IS NULL AND o.id < e.id OFFSET 0)
    ORDER BY e.id LIMIT 1 FOR NO KEY UPDATE OF c, e SKIP LOCKED FOR SHARE OF p SKIP LOCKED
) AS mine ON true
    """,
    lane="int",
    lanes="int",
    now="timestamptz",
)


def _hand_over(session: Session, newer: int, older: int) -> None:
    """What the door kept for somebody just when they were found to be somebody else is the other's to say."""
    session.execute(
        text(
            "UPDATE inbound_events SET conversation_id = :older "
            "WHERE conversation_id = :newer AND kind = 'message' AND done_at IS NULL"
        ),
        {"older": older, "newer": newer},
    )
    session.info["bells"].add(("turns", older))


def sender(message: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Phone (E.164), user id and profile name of who wrote a WhatsApp message, each if it is told."""
    contact = message.get("_contact") or {}
    phone = message.get("from") or contact.get("wa_id") or _shared_phone(message)
    user_id = message.get("from_user_id") or contact.get("user_id")
    profile = contact.get("profile")
    name = profile.get("name") if isinstance(profile, dict) else None
    name = unturned(name) if isinstance(name, str) else None
    return (
        f"+{phone}" if isinstance(phone, str) and phone.isdecimal() and len(phone) <= 20 else None,
        user_id if isinstance(user_id, str) and 0 < len(user_id) <= 200 else None,
        name[:200] if name is not None and name.strip() else None,
    )


def _shared_phone(message: dict[str, Any]) -> Any:
    """The number a person answered our request for it with; contacts of others say nothing about them."""
    for shared in _dicts(message.get("contacts")):
        if shared.get("origin") == "contact_request":
            for phone in _dicts(shared.get("phones")):
                if phone.get("wa_id"):
                    return phone["wa_id"]
    return None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def claimed_as(session: Session, event: Claimed, conversation_id: int) -> Claimed:
    """The same event, read anew as an event of this person (after names were learned or two became one)."""
    row = _CLAIMED_AS.run(session, id=conversation_id)[0]
    return replace(
        event,
        conversation_id=conversation_id,
        state=row.state,
        language=row.language,
        name=row.name,
        paused_until=row.paused_until,
    )


_CLAIMED_AS = Hot(
    "claimed_as",
    "SELECT c.state, p.language, p.name, c.paused_until FROM conversations c JOIN persons p ON p.id = c.id "
    "WHERE c.id = :id FOR NO KEY UPDATE OF c",
    id="bigint",
)


def blot(session: Session, event_id: int) -> None:
    """Forget the words of this message: what was made of them is stored sealed, and they are stored nowhere else."""
    session.execute(
        text(
            "UPDATE inbound_events SET payload = jsonb_set(payload, '{text,body}', '\"•••\"') "
            "WHERE id = :id AND payload #> '{text,body}' IS NOT NULL"
        ),
        {"id": event_id},
    )


def finish_turn(session: Session, event: Claimed, state: dict[str, Any], *, now: datetime) -> None:
    """The message has had its effect: the conversation keeps its state, and its 24-hour window moves.

    What the turn said is written and committed with it: nothing of the unit of work may follow.

    Raises:
        BecameAnother: as of `outbound.number_and_write`; not where the message is tried again.
    """
    values = {
        "id": event.id,
        "conversation_id": event.conversation_id,
        "state": orjson.dumps(state).decode(),
        "heard_at": event.received_at,
        "now": now,
    }
    outbound.number_and_write(session, after=[(_FINISH_TURN, values)], ends=not event.attempts)


_FINISH_TURN = Hot(
    "finish_turn",
    "WITH kept AS (UPDATE conversations SET state = :state, retry_at = NULL, "
    "last_inbound_at = greatest(last_inbound_at, :heard_at) WHERE id = :conversation_id) "
    "UPDATE inbound_events SET done_at = :now, outcome = 'DONE' WHERE id = :id",
    id="bigint",
    conversation_id="bigint",
    state="jsonb",
    heard_at="timestamptz",
    now="timestamptz",
)


def finish(session: Session, event_id: int, *, outcome: str, now: datetime) -> None:
    """The event has had its effect; it commits together with that effect."""
    _FINISH.run(session, id=event_id, outcome=outcome, now=now)


_FINISH = Hot(
    "finish_event",
    "UPDATE inbound_events SET done_at = :now, outcome = :outcome WHERE id = :id",
    id="bigint",
    outcome="text",
    now="timestamptz",
)


def fail(session: Session, event_id: int, *, error: str, now: datetime) -> bool:
    """Count a failed attempt and let the person's turns wait a moment; parked at the fifth.

    Returns:
        True if the event was parked by this: somebody has to look at it, and the next event goes on.
    """
    row = session.execute(
        text("SELECT conversation_id, attempts FROM inbound_events WHERE id = :id AND done_at IS NULL"),
        {"id": event_id},
    ).first()
    if row is None:
        return False
    attempts = row.attempts + 1
    parked: bool = attempts >= MOST_ATTEMPTS
    wait = timedelta(seconds=0.2 * 3 ** (attempts - 1))
    if row.conversation_id is not None:
        session.execute(
            text("UPDATE conversations SET retry_at = :at WHERE id = :id"),
            {"id": row.conversation_id, "at": None if parked else now + wait},
        )
    session.execute(
        text(
            "UPDATE inbound_events SET attempts = :attempts, error = :error, due_at = :due_at, "
            "done_at = :done_at, outcome = :outcome WHERE id = :id"
        ),
        {
            "id": event_id,
            "attempts": attempts,
            "error": error[:500],
            "due_at": now + wait,
            "done_at": now if parked else None,
            "outcome": "PARKED" if parked else None,
        },
    )
    return parked
