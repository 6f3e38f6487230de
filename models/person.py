"""Who somebody is: one row a person, with the identifiers WhatsApp knows them by, and their roles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text

from models import conversation
from models.hot import Hot
from models.message import Recipient
from models.session import Session

PHONE, USER_ID = "phone", "user_id"
OWNER, ADMIN = "owner", "admin"


def find_or_create(
    session: Session, *, phone: str | None, user_id: str | None, name: str | None, now: datetime
) -> int:
    """The id of the person with either identifier; a new person with both, if nobody has one.

    Where the two name two persons, the older is returned; `meet` makes them one under the locks of a turn.
    """
    found = identify(session, phone=phone, user_id=user_id)
    if found:
        return min(found.values())
    return create(session, phone=phone, user_id=user_id, name=name, now=now)[0]


def create(
    session: Session, *, phone: str | None, user_id: str | None, name: str | None, now: datetime
) -> tuple[int, bool]:
    """A new person whom nobody knew by either; (their id, whether all of this is theirs).

    Two first messages can race: whoever inserts an identifier first owns the person, and the older is returned.
    """
    country = _country(phone, user_id)
    new = _NEW.run(session, name=name, country=country, phone=phone, user_id=user_id, now=now)[0]
    if new.id not in new.owner_ids:
        both = {"id": new.id}
        session.execute(text("DELETE FROM recipient_counters WHERE person_id = :id"), both)
        session.execute(text("DELETE FROM conversations WHERE id = :id"), both)
        session.execute(text("DELETE FROM persons WHERE id = :id"), both)
    return min(new.owner_ids), {*new.owner_ids} == {new.id}


# The identifiers always in the same order, so that two racing inserts cannot wait for each other. Who has neither
# is their own owner.
_NEW = Hot(
    "write_person",
    "WITH person AS (INSERT INTO persons (name, country, created_at) VALUES (:name, :country, :now) RETURNING id),"
    " conversation AS (INSERT INTO conversations (id) SELECT id FROM person),"
    " counter AS (INSERT INTO recipient_counters (person_id) SELECT id FROM person),"
    " owner AS (INSERT INTO person_identifiers (kind, value, person_id, since)"
    "  SELECT told.kind, told.value, person.id, :now"
    "  FROM person, (VALUES ('phone', :phone), ('user_id', :user_id)) AS told (kind, value)"
    "  WHERE told.value IS NOT NULL ORDER BY told.kind"
    "  ON CONFLICT (kind, value) DO UPDATE SET since = person_identifiers.since RETURNING person_id) "
    "SELECT id, coalesce((SELECT array_agg(person_id) FROM owner), ARRAY[id]) AS owner_ids FROM person",
    name="text",
    country="text",
    phone="text",
    user_id="text",
    now="timestamptz",
)


def with_phone_or_new(session: Session, *, phone: str | None, name: str, now: datetime) -> int:
    """The person with this phone, found or made; without a phone one more person, whom WhatsApp knows nothing of."""
    if phone is not None:
        return find_or_create(session, phone=phone, user_id=None, name=name, now=now)
    return create(session, phone=None, user_id=None, name=name, now=now)[0]


def identify(session: Session, *, phone: str | None, user_id: str | None) -> dict[str, int]:
    """Person ids by kind of identifier, for those that are known."""
    return {row.kind: row.person_id for row in _IDENTIFY.run(session, phone=phone, user_id=user_id)}


_IDENTIFY = Hot(
    "identify_person",
    "SELECT kind, person_id FROM person_identifiers WHERE kind = 'phone' AND value = :phone UNION ALL "
    "SELECT kind, person_id FROM person_identifiers WHERE kind = 'user_id' AND value = :user_id",
    phone="text",
    user_id="text",
)


def meet(
    session: Session,
    person_id: int,
    *,
    phone: str | None,
    user_id: str | None,
    name: str | None,
    now: datetime,
) -> int:
    """Attach identifiers that came together, merging the newer person into the older; returns who it is now.

    Call with the conversation of `person_id` locked. Locks the other conversation too.
    """
    known = identify(session, phone=phone, user_id=user_id)
    for kind, value in ((PHONE, phone), (USER_ID, user_id)):
        if value is not None and kind not in known:
            session.execute(
                text(
                    "INSERT INTO person_identifiers (kind, value, person_id, since) "
                    "VALUES (:kind, :value, :id, :now) ON CONFLICT DO NOTHING"
                ),
                {"kind": kind, "value": value, "id": person_id, "now": now},
            )
    others = {*known.values()} - {person_id}
    for other in sorted(others):
        older, newer = min(person_id, other), max(person_id, other)
        merge(session, newer=newer, older=older, now=now)
        person_id = older
    if name is not None:
        _NAME.write(session, id=person_id, name=name)
    _forget(session, person_id)
    return person_id


_NAME = Hot(
    "name_person",
    "UPDATE persons SET name = coalesce(name, :name) WHERE id = :id",
    id="bigint",
    name="text",
)


class BecameAnother(Exception):
    """Somebody is another person than when we looked."""


def merge(session: Session, *, newer: int, older: int, now: datetime) -> None:
    """Make two persons one: everything the newer has or is goes to the older.

    Raises:
        BecameAnother: one of them was made one with a third meanwhile; asked again, that is known.
    """
    both = {"newer": newer, "older": older}
    session.execute(
        text("SELECT id FROM conversations WHERE id IN (:older, :newer) ORDER BY id FOR NO KEY UPDATE"), both
    )
    merged = text("SELECT 1 FROM persons WHERE id IN (:older, :newer) AND merged_into IS NOT NULL")
    if session.execute(merged, both).first() is not None:
        raise BecameAnother(f"{older} or {newer}")
    for statement in (
        "UPDATE person_identifiers SET person_id = :older WHERE person_id = :newer",
        "INSERT INTO person_roles SELECT :older, role, on_duty FROM person_roles WHERE person_id = :newer "
        "ON CONFLICT DO NOTHING",
        "DELETE FROM person_roles WHERE person_id = :newer",
        "UPDATE bookings SET person_id = :older WHERE person_id = :newer",
        "UPDATE bookings SET decision_made_by = :older WHERE decision_made_by = :newer",
        "UPDATE listings SET owner_id = :older WHERE owner_id = :newer",
        "UPDATE accounts SET person_id = :older WHERE person_id = :newer",
        "UPDATE action_codes SET person_id = :older WHERE person_id = :newer",
        "UPDATE payment_evidence SET person_id = :older WHERE person_id = :newer",
        "UPDATE inbound_events SET conversation_id = :older WHERE conversation_id = :newer AND done_at IS NULL",
        # What still waits to be said to the newer is numbered behind what was said to the older. Messages are
        # locked before counters, as their senders do; the counter ends, so that who says something to the
        # newer from now on finds out who they are (`outbound.number_and_write`).
        "SELECT id FROM outbound_messages WHERE person_id = :newer ORDER BY id FOR NO KEY UPDATE",
        "SELECT person_id FROM recipient_counters WHERE person_id IN (:older, :newer) ORDER BY person_id FOR NO KEY UPDATE",
        "DELETE FROM recipient_counters WHERE person_id = :newer",
        "WITH moved AS (SELECT id, row_number() OVER (ORDER BY seq) AS n FROM outbound_messages WHERE person_id = :newer), "
        "base AS (UPDATE recipient_counters SET last = last + (SELECT count(*) FROM moved) "
        "WHERE person_id = :older RETURNING last - (SELECT count(*) FROM moved) AS first) "
        "UPDATE outbound_messages m SET person_id = :older, seq = base.first + moved.n "
        "FROM moved, base WHERE m.id = moved.id",
        "UPDATE conversations o SET last_inbound_at = greatest(o.last_inbound_at, n.last_inbound_at), "
        "paused_until = greatest(o.paused_until, n.paused_until), "
        # It goes on where they wrote last: who shares the number that we know them by is in the middle of a booking.
        "state = (CASE WHEN o.state - 'welcome' = '{}' OR (n.state - 'welcome' <> '{}' AND n.last_inbound_at IS NOT NULL "
        "AND (o.last_inbound_at IS NULL OR n.last_inbound_at > o.last_inbound_at)) THEN n.state ELSE o.state END) "
        "|| CASE WHEN o.state ? 'welcome' OR n.state ? 'welcome' THEN jsonb_build_object('welcome', "
        "coalesce(o.state -> 'welcome', '[]') || coalesce(n.state -> 'welcome', '[]')) ELSE '{}' END "
        "FROM conversations n WHERE o.id = :older AND n.id = :newer",
        "UPDATE persons o SET language = coalesce(o.language, n.language), name = coalesce(o.name, n.name) "
        "FROM persons n WHERE o.id = :older AND n.id = :newer",
        "UPDATE persons SET merged_into = :older WHERE id = :newer",
    ):
        session.execute(text(statement), both)
    _forget(session, newer, older)


def change_identifier(
    session: Session, person_id: int, *, phone: str | None, user_id: str | None, now: datetime
) -> None:
    """WhatsApp says that this person's phone or user id is a new one: the old of that kind goes."""
    for kind, value in ((PHONE, phone), (USER_ID, user_id)):
        if value is None:
            continue
        session.execute(
            text("DELETE FROM person_identifiers WHERE kind = :kind AND person_id = :id AND value <> :value"),
            {"kind": kind, "id": person_id, "value": value},
        )
        meet(
            session,
            person_id,
            phone=value if kind == PHONE else None,
            user_id=value if kind == USER_ID else None,
            name=None,
            now=now,
        )


def give_role(session: Session, person_id: int, role: str) -> None:
    """From now on the person may do what the role may; who is new in it is welcomed with their next message."""
    new = session.execute(
        text(
            "INSERT INTO person_roles (person_id, role) VALUES (:id, :role) ON CONFLICT DO NOTHING RETURNING role"
        ),
        {"id": person_id, "role": role},
    )
    if new.first() is not None:
        conversation.greet(session, person_id, role)


def set_on_duty(session: Session, admin_id: int, *, on_duty: bool) -> None:
    """Whether notices go to this admin."""
    session.execute(
        text("UPDATE person_roles SET on_duty = :on_duty WHERE person_id = :id AND role = 'admin'"),
        {"id": admin_id, "on_duty": on_duty},
    )


def speak(session: Session, person_id: int, language: str) -> None:
    """The person chose a language."""
    session.execute(
        text("UPDATE persons SET language = :language WHERE id = :id"),
        {"id": person_id, "language": language},
    )
    _forget(session, person_id)


def speak_at_first(session: Session, person_id: int, language: str) -> None:
    """Until the person chooses: this language, where theirs is not known."""
    session.execute(
        text("UPDATE persons SET language = :language WHERE id = :id AND language IS NULL"),
        {"id": person_id, "language": language},
    )
    _forget(session, person_id)


def language_of(session: Session, person_id: int) -> str | None:
    """The language that the person is spoken to in; None while it is not known."""
    return _about(session, person_id).language


def country_of(session: Session, person_id: int) -> str | None:
    """Where the person seems to be at home; None as long as it is not known."""
    return _about(session, person_id).country


def phone_of(session: Session, person_id: int) -> str | None:
    """The person's newest phone, E.164 with its plus; None where WhatsApp hides it."""
    return _about(session, person_id).phone


class _About(NamedTuple):
    language: str | None
    country: str | None
    phone: str | None


def _about(session: Session, person_id: int) -> _About:
    """Read once in a unit of work, before or after a lock: who writes to somebody needs most of it."""
    read: dict[int, _About] = session.read["about"]
    if person_id not in read:
        row = _ABOUT.run(session, id=person_id).first()
        read[person_id] = _About(*row) if row else _About(None, None, None)
    return read[person_id]


def _forget(session: Session, *person_ids: int) -> None:
    """What was read of these is not so any more."""
    for person_id in person_ids:
        session.read["about"].pop(person_id, None)


_ABOUT = Hot(
    "about_person",
    "SELECT language, country, (SELECT value FROM person_identifiers WHERE person_id = persons.id "
    "AND kind = 'phone' ORDER BY since DESC LIMIT 1) FROM persons WHERE id = :id",
    id="bigint",
)


def roles(session: Session, person_id: int) -> frozenset[str]:
    rows = session.execute(text("SELECT role FROM person_roles WHERE person_id = :id"), {"id": person_id})
    return frozenset(role for (role,) in rows)


def admins_on_duty(session: Session) -> Sequence[int]:
    """Whom notices go to: the admins on duty, and all of them where none is, for somebody must hear."""
    return [person_id for (person_id,) in _ADMINS_ON_DUTY.run(session)]


_ADMINS_ON_DUTY = Hot(
    "admins_on_duty",
    "SELECT person_id FROM person_roles WHERE role = 'admin' AND (on_duty OR NOT EXISTS ("
    "SELECT 1 FROM person_roles WHERE role = 'admin' AND on_duty)) ORDER BY person_id",
)


def recipient(identifiers: dict[str, Any]) -> Recipient:
    return Recipient(phone=identifiers.get(PHONE), user_id=identifiers.get(USER_ID))


def _country(phone: str | None, user_id: str | None) -> str | None:
    """Two-letter country: the user id begins with it; a phone's is looked up."""
    if user_id and user_id[2:3] == ".":
        return user_id[:2]
    if phone:
        import phonenumbers  # 22 MB of tables: loaded by the few who need it

        try:
            return phonenumbers.region_code_for_number(phonenumbers.parse(phone))
        except phonenumbers.NumberParseException:
            return None
    return None
