"""Accounts of admins and staff: who may sign in, what they may do, and their sign-ins.

An account belongs to a person, so that what is done through the API and in a chat is known as the same person's
deed. Signing in makes a row of its own; its refresh token is good once, and one that is shown a second time ends
the whole sign-in, for one of the two who hold it has stolen it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

import orjson
from sqlalchemy import text

from models import person, sealed, totp
from models.session import Session

ACCESS_LASTS: Final = timedelta(minutes=10)
REFRESH_LASTS: Final = timedelta(days=7)
SIGN_IN_LASTS: Final = timedelta(days=30)

# So many tries in a row are free; each further lot of as many closes the login for longer.
FREE_TRIES: Final = 5
CLOSED_FOR: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
TRIES_ARE_KEPT: Final = timedelta(hours=24)


class Role(StrEnum):
    ADMIN = "admin"
    STAFF = "staff"


class Grant(StrEnum):
    """What an admin may grant to staff; any of them lets its holder read."""

    VERIFY_PAYMENTS = "verify_payments"
    APPROVE_BOOKINGS = "approve_bookings"
    REFUNDS = "refunds"
    READ_ONLY = "read_only"


class Ended(StrEnum):
    """Why a sign-in is over."""

    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    REUSED = "reused"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    ACCOUNT_CHANGED = "account_changed"


class LoginTaken(Exception):
    """Somebody else signs in with this name."""


class AppLost(Exception):
    """The secret of the authenticator app was sealed with a key that we do not have any more."""


class LoginClosed(Exception):
    """Too many wrong tries; says when the next one is heard."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(until.isoformat())


@dataclass(frozen=True, slots=True)
class Account:
    """A row.

    Attributes:
        totp_secret: sealed; there from the set-up on, asked for once `totp_since` is set.
        totp_last_step: the step of the last code that was taken; no code is taken twice.
    """

    id: int
    person_id: int
    login: str
    name: str
    role: str
    grants: Sequence[str]
    password_hash: str
    totp_secret: str | None
    totp_since: datetime | None
    totp_last_step: int
    created_at: datetime
    disabled_at: datetime | None

    @property
    def has_totp(self) -> bool:
        return self.totp_since is not None

    def may(self, grant: Grant) -> bool:
        """Whether the account may do what this grant is for."""
        if self.role == Role.ADMIN:
            return True
        return bool(self.grants) if grant is Grant.READ_ONLY else grant in self.grants

    @classmethod
    def find(cls, session: Session, account_id: int, *, lock: bool = False) -> Account | None:
        statement = f"{_SELECT} WHERE a.id = :id{' FOR NO KEY UPDATE' if lock else ''}"
        return cls._of(session.execute(text(statement), {"id": account_id}).first())

    @classmethod
    def with_login(cls, session: Session, login: str) -> Account | None:
        found = session.execute(text(f"{_SELECT} WHERE a.login = :login"), {"login": login.lower()})
        return cls._of(found.first())

    @classmethod
    def all(cls, session: Session, *, after: int, most: int) -> Sequence[Account]:
        """The accounts behind this one, in the order in which they were made."""
        statement = text(f"{_SELECT} WHERE a.id > :after ORDER BY a.id LIMIT :most")
        return [cls(*row) for row in session.execute(statement, {"after": after, "most": most})]

    @classmethod
    def create(
        cls,
        session: Session,
        *,
        login: str,
        name: str,
        role: Role,
        grants: Sequence[Grant],
        password_hash: str,
        phone: str | None,
        now: datetime,
    ) -> Account:
        """A new account, of the person with this phone or of one more person.

        Raises:
            LoginTaken: nothing changed.
        """
        person_id = person.with_phone_or_new(session, phone=phone, name=name, now=now)
        row = session.execute(
            _CREATE,
            {
                "person_id": person_id,
                "login": login.lower(),
                "name": name,
                "role": role,
                "grants": orjson.dumps(list(grants)).decode(),
                "password_hash": password_hash,
                "now": now,
            },
        ).first()
        if row is None:
            raise LoginTaken(login)
        created = cls.find(session, row.id)
        assert created is not None
        return created

    def change(
        self,
        session: Session,
        *,
        now: datetime,
        name: str | None = None,
        role: Role | None = None,
        grants: Sequence[Grant] | None = None,
        is_disabled: bool | None = None,
        forget_totp: bool = False,
    ) -> Account:
        """The account as it is from now on; who may less, or may not enter any more, is signed out everywhere."""
        role = role if role is not None else Role(self.role)
        given = list(grants) if grants is not None else list(self.grants)
        disabled_at = self.disabled_at
        if is_disabled is not None:
            disabled_at = (self.disabled_at or now) if is_disabled else None
        session.execute(
            _CHANGE,
            {
                "id": self.id,
                "name": name if name is not None else self.name,
                "role": role,
                "grants": orjson.dumps(given).decode(),
                "disabled_at": disabled_at,
                "forget_totp": forget_totp,
            },
        )
        if disabled_at is not None or forget_totp:
            SignIn.end_all(session, self.id, Ended.ACCOUNT_CHANGED, now=now)
        changed = Account.find(session, self.id)
        assert changed is not None
        return changed

    def set_password(self, session: Session, password_hash: str) -> None:
        session.execute(
            text("UPDATE accounts SET password_hash = :hash WHERE id = :id"),
            {"hash": password_hash, "id": self.id},
        )

    def begin_totp(self, session: Session) -> bytes:
        """A new secret for an authenticator app; codes are asked for once one of its codes was shown."""
        secret = totp.new_secret()
        session.execute(
            text(
                "UPDATE accounts SET totp_secret = :secret, totp_since = NULL, totp_last_step = 0 WHERE id = :id"
            ),
            {"secret": sealed.seal_text(totp.as_typed(secret)), "id": self.id},
        )
        return secret

    def confirm_totp(self, session: Session, typed: str, now: datetime) -> bool:
        """The app shows the right codes: from now on they are asked for. False for a wrong code."""
        if not self.take_code(session, typed, now):
            return False
        session.execute(
            text("UPDATE accounts SET totp_since = :now WHERE id = :id"), {"now": now, "id": self.id}
        )
        return True

    def take_code(self, session: Session, typed: str, now: datetime) -> bool:
        """Whether this is a code of the account's app that nobody has used before; then it is used up.

        The secret is sealed anew with the newest key, so that an older one can be given up after a while.

        Raises:
            AppLost: nobody can tell.
        """
        if self.totp_secret is None:
            return False
        try:
            letters = sealed.open_text(self.totp_secret)
        except sealed.CannotOpen:
            raise AppLost from None
        step = totp.matching_step(totp.from_typed(letters), typed, now)
        if step is None:
            return False
        taken = session.execute(
            text(
                "UPDATE accounts SET totp_last_step = :step, totp_secret = :secret "
                "WHERE id = :id AND totp_last_step < :step RETURNING id"
            ),
            {"step": step, "id": self.id, "secret": sealed.seal_text(letters)},
        )
        return taken.first() is not None

    @classmethod
    def _of(cls, row: Any) -> Account | None:
        return cls(*row) if row is not None else None


@dataclass(frozen=True, slots=True)
class SignIn:
    """A row: somebody has signed in from somewhere, and stays so until `expires_at` at most.

    Attributes:
        generation: of the refresh token that is good now.
    """

    id: UUID
    account_id: int
    generation: int
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_why: str | None
    origin: str
    agent: str

    @classmethod
    def begin(cls, session: Session, account_id: int, *, origin: str, agent: str, now: datetime) -> SignIn:
        row = session.execute(
            _BEGIN,
            {
                "id": uuid4(),
                "account_id": account_id,
                "now": now,
                "expires_at": now + REFRESH_LASTS,
                "origin": origin,
                "agent": agent[:200],
            },
        ).one()
        return cls(*row)

    @classmethod
    def renew(cls, session: Session, sign_in: UUID, generation: int, *, now: datetime) -> SignIn | None:
        """Spend a refresh token; the sign-in with its next one, or None where it is no good (any more).

        One that was spent before is in two hands: it ends the sign-in, which is returned as it ended.
        """
        what = {
            "id": sign_in,
            "generation": generation,
            "now": now,
            "refresh": REFRESH_LASTS,
            "whole": SIGN_IN_LASTS,
        }
        row = session.execute(_RENEW, what).first()
        if row is None:
            row = session.execute(_END_REUSED, {**what, "why": Ended.REUSED}).first()
        return cls(*row) if row is not None else None

    @classmethod
    def who(cls, session: Session, sign_in: UUID, now: datetime) -> Account | None:
        """Whose sign-in it is, while both it and the account are good."""
        row = session.execute(_WHO, {"id": sign_in, "now": now}).first()
        return Account(*row) if row is not None else None

    @classmethod
    def find(cls, session: Session, sign_in: UUID) -> SignIn | None:
        row = session.execute(text(f"{_SIGN_INS} WHERE s.id = :id"), {"id": sign_in}).first()
        return cls(*row) if row is not None else None

    @classmethod
    def open_of(cls, session: Session, account_id: int, now: datetime) -> Sequence[SignIn]:
        """Where the account is signed in, the newest first."""
        found = session.execute(_OPEN_OF, {"account_id": account_id, "now": now})
        return [cls(*row) for row in found]

    @classmethod
    def end(cls, session: Session, sign_in: UUID, why: Ended, *, now: datetime) -> bool:
        """Over from now on; False if it was before."""
        ended = session.execute(
            text(
                "UPDATE sign_ins SET ended_at = :now, ended_why = :why WHERE id = :id AND ended_at IS NULL RETURNING id"
            ),
            {"now": now, "why": why, "id": sign_in},
        )
        return ended.first() is not None

    @classmethod
    def end_all(
        cls, session: Session, account_id: int, why: Ended, *, now: datetime, but: UUID | None = None
    ) -> None:
        """All of the account's, except perhaps the one that asks for it."""
        session.execute(
            text(
                "UPDATE sign_ins SET ended_at = :now, ended_why = :why WHERE account_id = :account_id "
                "AND ended_at IS NULL AND id IS DISTINCT FROM :but"
            ),
            {"now": now, "why": why, "account_id": account_id, "but": but},
        )


# ---- tries -------------------------------------------------------------------------------------------


def closed_for(failures: int) -> timedelta | None:
    """How long nobody may try after so many failures in a row; None while tries are free."""
    if failures == 0 or failures % FREE_TRIES:
        return None
    return CLOSED_FOR[min(failures // FREE_TRIES, len(CLOSED_FOR)) - 1]


def begin_try(session: Session, login: str, *, now: datetime) -> None:
    """Somebody tries to sign in: it counts as failed until `forget_tries`, so that tries at once count as well.

    Names that nobody has are counted like any other, so that a closed one says nothing about whether it exists.

    Raises:
        LoginClosed: too many have failed; this try is not heard.
    """
    key = {"login": login.lower()}
    session.execute(
        text("INSERT INTO sign_in_tries (login, last_at) VALUES (:login, :now) ON CONFLICT DO NOTHING"),
        {**key, "now": now},
    )
    tried = session.execute(
        text("SELECT failures, last_at, closed_until FROM sign_in_tries WHERE login = :login FOR UPDATE"), key
    ).one()
    if tried.closed_until is not None and tried.closed_until > now:
        raise LoginClosed(tried.closed_until)
    failures = tried.failures + 1 if now - tried.last_at < TRIES_ARE_KEPT else 1
    closed = closed_for(failures)
    session.execute(
        text(
            "UPDATE sign_in_tries SET failures = :failures, last_at = :now, closed_until = :closed_until "
            "WHERE login = :login"
        ),
        {**key, "failures": failures, "now": now, "closed_until": now + closed if closed else None},
    )


def forget_tries(session: Session, login: str) -> None:
    """The right one has signed in."""
    session.execute(text("DELETE FROM sign_in_tries WHERE login = :login"), {"login": login.lower()})


def forget_old(session: Session, now: datetime) -> None:
    """Let go of what serves nobody any more: tries of yesterday, and sign-ins that are long over."""
    session.execute(text("DELETE FROM sign_in_tries WHERE last_at < :then"), {"then": now - TRIES_ARE_KEPT})
    session.execute(text("DELETE FROM sign_ins WHERE expires_at < :then"), {"then": now - 2 * SIGN_IN_LASTS})


_SELECT: Final = f"SELECT {', '.join(f'a.{column.name}' for column in fields(Account))} FROM accounts a"
_COLUMNS: Final = ", ".join(f"s.{column.name}" for column in fields(SignIn))
_SIGN_INS: Final = f"SELECT {_COLUMNS} FROM sign_ins s"
_CREATE = text(
    "INSERT INTO accounts (person_id, login, name, role, grants, password_hash, created_at) "
    "VALUES (:person_id, :login, :name, :role, :grants, :password_hash, :now) "
    "ON CONFLICT (login) DO NOTHING RETURNING id"
)
_CHANGE = text(
    "UPDATE accounts SET name = :name, role = :role, grants = :grants, disabled_at = :disabled_at, "
    "totp_secret = CASE WHEN :forget_totp THEN NULL ELSE totp_secret END, "
    "totp_since = CASE WHEN :forget_totp THEN NULL ELSE totp_since END WHERE id = :id"
)
_BEGIN = text(
    "INSERT INTO sign_ins AS s (id, account_id, created_at, used_at, expires_at, origin, agent) "
    f"VALUES (:id, :account_id, :now, :now, :expires_at, :origin, :agent) RETURNING {_COLUMNS}"
)
_RENEW = text(
    "UPDATE sign_ins s SET generation = s.generation + 1, used_at = :now, "
    "expires_at = least(CAST(:now AS timestamptz) + :refresh, s.created_at + :whole) FROM accounts a "
    "WHERE s.id = :id AND s.generation = :generation AND s.ended_at IS NULL AND s.expires_at > :now "
    f"AND a.id = s.account_id AND a.disabled_at IS NULL RETURNING {_COLUMNS}"
)
_END_REUSED = text(
    "UPDATE sign_ins s SET ended_at = :now, ended_why = :why "
    f"WHERE id = :id AND generation > :generation AND ended_at IS NULL RETURNING {_COLUMNS}"
)
_WHO = text(
    f"{_SELECT} JOIN sign_ins s ON s.account_id = a.id WHERE s.id = :id AND s.ended_at IS NULL "
    "AND s.expires_at > :now AND a.disabled_at IS NULL"
)
_OPEN_OF = text(
    f"{_SIGN_INS} WHERE s.account_id = :account_id AND s.ended_at IS NULL AND s.expires_at > :now "
    "ORDER BY s.created_at DESC, s.id LIMIT 100"
)
