"""The mailbox that wallets and banks write to: how it stands, and each of its mails, sealed before it is read.

`mailboxes` holds one row that says whether the mailbox can be read, since when, and when it is looked at next; all
processes go by it, and whoever looks has claimed it. `mails` is our own memory of what was taken over: the mailbox's
marks are its people's, and no state of ours. A mail is kept first and read later, so that a crash or a form that
nobody knows loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, text

from models import sealed
from models.booking_event import PROVIDERS
from models.session import Session

GMAIL: Final = "gmail"

# How long one worker has the mailbox before another may take it over: a look may wait for many slow answers.
LEASE: Final = timedelta(minutes=5)
# What was taken in just before the last look is asked for again: a mailbox may show a mail a while after it came.
OVERLAP: Final = timedelta(minutes=15)
# After a long silence the mailbox is gone through in pieces, so that no list of it grows without an end.
PIECE: Final = timedelta(days=1)
MOST_ATTEMPTS: Final = 3


class State(StrEnum):
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Standing:
    """How the mailbox stands.

    Attributes:
        since: when it came into this state.
        why: what keeps it from being read, in a word; None while all is well.
        failures: looks that failed since the last one that did not.
        read_until: every mail that was taken in before is ours as well.
        looked_at: the last look that nothing was amiss with; None before the first.
    """

    state: str
    since: datetime
    why: str | None
    failures: int
    read_until: datetime | None
    looked_at: datetime | None

    @property
    def is_connected(self) -> bool:
        return self.state == State.CONNECTED


@dataclass(frozen=True, slots=True)
class Look:
    """A claim to look into the mailbox, until `until`.

    Attributes:
        refused_token: the mark of the permission that was refused last; the same one need not be shown again.
    """

    began_at: datetime
    until: datetime
    state: str
    failures: int
    read_until: datetime | None
    refused_token: str | None

    def stretch(self) -> tuple[datetime, datetime | None]:
        """From when, and up to when, mails are asked for: from a while before the last look; a piece at a time.

        A mailbox that was never read is read from a while before now: what came earlier has long been seen to.
        """
        since = (self.read_until or self.began_at) - OVERLAP
        is_long = self.began_at - since > PIECE + OVERLAP
        return since, since + PIECE if is_long else None


@dataclass(frozen=True, slots=True)
class Unread:
    """A mail that is kept and was not read yet, still sealed.

    Attributes:
        external_id: by which the mailbox knows it.
        attempts: how often somebody has begun to read it, this time included.
    """

    id: int
    external_id: str
    sealed: bytes
    received_at: datetime
    attempts: int


def standing(session: Session | Connection) -> Standing | None:
    """How the mailbox stands; None where this installation never had one."""
    row = session.execute(_STANDING, {"name": GMAIL}).first()
    return Standing(*row) if row is not None else None


def open_mailbox(session: Session, now: datetime) -> None:
    """This installation has a mailbox: it is looked at from now on. Done before: nothing happens."""
    session.execute(_OPEN, {"name": GMAIL, "now": now})


def is_due(session: Session, now: datetime) -> bool:
    """Whether somebody should look into the mailbox, and nobody does."""
    return session.execute(_IS_DUE, {"name": GMAIL, "now": now}).first() is not None


def claim(session: Session, now: datetime) -> Look | None:
    """Take it upon us to look, if it is time; who does not come back in time loses it to the next who asks."""
    row = session.execute(_CLAIM, {"name": GMAIL, "now": now, "until": now + LEASE}).first()
    return Look(*row) if row is not None else None


def want(session: Session, now: datetime) -> None:
    """Have it looked at now, and if somebody looks at this moment, once more: a time has come to decide by it."""
    session.execute(_WANT, {"name": GMAIL, "now": now})
    session.info["bells"].add((PROVIDERS, 0))


def connect_anew(session: Session, now: datetime) -> None:
    """A person has given us permission again: whatever was amiss is asked about anew, at once."""
    open_mailbox(session, now)
    session.execute(_CONNECT_ANEW, {"name": GMAIL, "now": now})
    session.info["bells"].add((PROVIDERS, 0))


def finish(session: Session, look: Look, *, read_until: datetime | None, again_at: datetime) -> None:
    """The look has gone well.

    Args:
        read_until: all that came before is ours now; None where a first look has left something.
        again_at: when the next one is due; earlier where somebody has asked for it meanwhile.
    """
    values = {"name": GMAIL, "until": look.until, "began_at": look.began_at}
    session.execute(_FINISH, {**values, "read_until": read_until, "again_at": again_at})


def rest(session: Session, look: Look, *, again_at: datetime) -> None:
    """There was no sense in looking, and nothing has changed."""
    session.execute(_REST, {"name": GMAIL, "until": look.until, "again_at": again_at})


def fail(session: Session, look: Look, why: str, *, again_at: datetime) -> None:
    """The look came to nothing, and waiting may help; nobody looks before `again_at`."""
    session.execute(_FAIL, {"name": GMAIL, "until": look.until, "why": why, "again_at": again_at})


def disconnect(
    session: Session, look: Look, why: str, *, token: str | None, again_at: datetime, now: datetime
) -> bool:
    """Waiting does not help, a person must; True the first time, when somebody should be told.

    Args:
        token: the mark of the permission that was refused, or None where there is none.
    """
    values = {
        "name": GMAIL,
        "until": look.until,
        "why": why,
        "token": token,
        "again_at": again_at,
        "now": now,
    }
    return bool(session.execute(_DISCONNECT, values).scalar())


def known(session: Session, external_ids: Sequence[str]) -> set[str]:
    """Which of these mails were taken over already."""
    rows = session.execute(_KNOWN, {"name": GMAIL, "ids": list(external_ids)})
    return set(rows.scalars())


def keep(session: Session, external_id: str, raw: bytes, *, received_at: datetime, now: datetime) -> bool:
    """Seal the mail away, to be read; False where it was kept before."""
    values = {
        "name": GMAIL,
        "id": external_id,
        "raw": sealed.seal(raw),
        "received_at": received_at,
        "now": now,
    }
    return session.execute(_KEEP, values).first() is not None


def note_gone(session: Session, external_id: str, now: datetime, *, why: str = "gone") -> int | None:
    """It cannot be taken over (any more), and is not asked for again; its number, None where it was noted before."""
    number: int | None = session.execute(
        _GONE, {"name": GMAIL, "id": external_id, "now": now, "why": why}
    ).scalar()
    return number


def take_unread(session: Session, *, after: int = 0) -> Unread | None:
    """The oldest mail that nobody has read, counted as begun: commit this before reading.

    Args:
        after: the number of the one that was taken last, should it have stayed unread.
    """
    row = session.execute(_TAKE, {"after": after}).first()
    if row is None:
        return None
    return Unread(row.id, row.external_id, bytes(row.raw), row.received_at, row.attempts)


def finish_reading(session: Session, mail_id: int, *, failure: str | None = None, now: datetime) -> bool:
    """It was read, or never will be; False where somebody else was quicker, and nothing is left to do."""
    return session.execute(_READ, {"id": mail_id, "failure": failure, "now": now}).first() is not None


def is_read(session: Session, *, until: datetime) -> bool:
    """Whether every mail that came before this moment was taken over and read."""
    return session.execute(_IS_READ, {"name": GMAIL, "until": until}).first() is not None


def unread(session: Session | Connection) -> int:
    """How many mails are kept and not read yet."""
    return int(session.execute(_UNREAD).scalar_one())


def raw(session: Session, mail_id: int) -> bytes | None:
    """The mail as it came; None where there is none.

    Raises:
        CannotOpen: it was sealed with a key that we do not have any more.
    """
    kept = session.execute(_RAW, {"id": mail_id}).scalar()
    return sealed.open_(bytes(kept)) if kept is not None else None


_STANDING = text(
    "SELECT state, since, why, failures, read_until, looked_at FROM mailboxes WHERE name = :name"
)
_OPEN = text(
    "INSERT INTO mailboxes (name, state, since, why, due_at) "
    "VALUES (:name, 'disconnected', :now, 'not_connected', :now) ON CONFLICT DO NOTHING"
)
# A row that is being looked at has no time at which it is due; one whose look never came back is due again.
_DUE = "name = :name AND (claimed_until <= :now OR (claimed_until IS NULL AND due_at <= :now))"
_IS_DUE = text(f"SELECT 1 FROM mailboxes WHERE {_DUE}")
_CLAIM = text(
    f"UPDATE mailboxes SET due_at = NULL, began_at = :now, claimed_until = :until WHERE {_DUE} "
    "RETURNING began_at, claimed_until, state, failures, read_until, refused_token"
)
# One that fails at the moment, or that nobody lets us into, is asked when it is time again and no earlier.
_WANT = text(
    "UPDATE mailboxes SET due_at = least(due_at, :now) WHERE name = :name AND state = 'connected' AND failures = 0"
)
_CONNECT_ANEW = text(
    "UPDATE mailboxes SET refused_token = NULL, failures = 0, due_at = :now, claimed_until = NULL WHERE name = :name"
)
_FINISH = text(
    "UPDATE mailboxes SET since = CASE state WHEN 'connected' THEN since ELSE :began_at END, state = 'connected', "
    "why = NULL, refused_token = NULL, failures = 0, claimed_until = NULL, due_at = least(due_at, :again_at), "
    "read_until = greatest(read_until, :read_until), looked_at = :began_at "
    "WHERE name = :name AND claimed_until = :until"
)
_REST = text(
    "UPDATE mailboxes SET claimed_until = NULL, due_at = :again_at WHERE name = :name AND claimed_until = :until"
)
_FAIL = text(
    "UPDATE mailboxes SET why = :why, failures = failures + 1, claimed_until = NULL, due_at = :again_at "
    "WHERE name = :name AND claimed_until = :until"
)
_DISCONNECT = text(
    "UPDATE mailboxes m SET since = CASE m.state WHEN 'disconnected' THEN m.since ELSE :now END, "
    "state = 'disconnected', why = :why, refused_token = coalesce(:token, m.refused_token), failures = 0, "
    "claimed_until = NULL, due_at = :again_at FROM mailboxes before "
    "WHERE before.name = m.name AND m.name = :name AND m.claimed_until = :until "
    "RETURNING before.state = 'connected' OR (CAST(:token AS text) IS NOT NULL "
    "AND before.refused_token IS DISTINCT FROM :token)"
)
_KNOWN = text("SELECT external_id FROM mails WHERE mailbox = :name AND external_id = ANY(:ids)")
_KEEP = text(
    "INSERT INTO mails (mailbox, external_id, raw, received_at, kept_at) "
    "VALUES (:name, :id, :raw, :received_at, :now) ON CONFLICT DO NOTHING RETURNING id"
)
_GONE = text(
    "INSERT INTO mails (mailbox, external_id, kept_at, read_at, failure) "
    "VALUES (:name, :id, :now, :now, :why) ON CONFLICT DO NOTHING RETURNING id"
)
# Two who read at the same moment read different mails.
_TAKE = text(
    "UPDATE mails SET attempts = attempts + 1 WHERE id = (SELECT id FROM mails WHERE read_at IS NULL "
    "AND id > :after ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, external_id, raw, received_at, attempts"
)
_READ = text(
    "UPDATE mails SET read_at = :now, failure = :failure WHERE id = :id AND read_at IS NULL RETURNING id"
)
_IS_READ = text(
    "SELECT 1 FROM mailboxes WHERE name = :name AND read_until >= :until "
    "AND NOT EXISTS (SELECT 1 FROM mails WHERE read_at IS NULL)"
)
_UNREAD = text("SELECT count(*) FROM mails WHERE read_at IS NULL")
_RAW = text("SELECT raw FROM mails WHERE id = :id")
