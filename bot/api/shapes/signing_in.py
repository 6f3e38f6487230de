"""Signing in, accounts, and the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from bot.api.shapes.words import (
    Asked,
    Login,
    NewPassword,
    Next,
    Number,
    Phone,
    Shape,
    TotpCode,
    Typed,
    Words,
)
from models.account import Account, Grant, Role, SignIn


class SignInAsked(Shape):
    login: Typed
    password: Typed
    code: Annotated[TotpCode | None, Field(description="Of the authenticator app, where one is set up.")] = (
        None
    )


class RefreshAsked(Shape):
    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


class Tokens(Shape):
    access_token: str
    refresh_token: Annotated[str, Field(description="Good once; the answer to it holds the next one.")]
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: Annotated[int, Field(description="Seconds that the access token lasts.")]


class SignInFacts(Shape):
    session_id: UUID
    created_at: datetime
    used_at: Annotated[datetime, Field(description="When its tokens were last renewed.")]
    expires_at: datetime
    origin: Annotated[str, Field(description="The address that it was begun from.")]
    agent: str
    is_this_one: bool

    @classmethod
    def of(cls, sign_in: SignIn, this_one: UUID) -> Self:
        return cls(
            session_id=sign_in.id,
            created_at=sign_in.created_at,
            used_at=sign_in.used_at,
            expires_at=sign_in.expires_at,
            origin=sign_in.origin,
            agent=sign_in.agent,
            is_this_one=sign_in.id == this_one,
        )


class SignIns(Shape):
    sessions: list[SignInFacts]
    count: int


class SessionPath(Asked):
    session_id: UUID


class AccountFacts(Shape):
    account_id: int
    login: str
    name: str
    role: Role
    grants: list[Grant]
    has_totp: bool
    is_disabled: bool
    created_at: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(
            account_id=account.id,
            login=account.login,
            name=account.name,
            role=Role(account.role),
            grants=[Grant(grant) for grant in account.grants],
            has_totp=account.has_totp,
            is_disabled=account.disabled_at is not None,
            created_at=account.created_at,
        )


class PasswordAsked(Shape):
    current_password: Typed
    new_password: NewPassword


class PasswordShown(Shape):
    password: Typed


class TotpSetUp(Shape):
    secret: Annotated[str, Field(description="For an app that cannot read the picture.")]
    address: Annotated[str, Field(description="What the app's QR code holds; shown once.")]


class CodeShown(Shape):
    code: TotpCode


class Done(Shape):
    success: Literal[True] = True
    message: str


# ---- accounts ----------------------------------------------------------------------------------------


class AccountAsked(Shape):
    login: Login
    name: Words
    role: Role = Role.STAFF
    grants: Annotated[list[Grant], Field(default_factory=list, max_length=len(Grant))]
    password: NewPassword
    phone: Annotated[
        Phone | None, Field(description="Who writes from this number in WhatsApp is the same person.")
    ] = None


class AccountChange(Shape):
    name: Words | None = None
    role: Role | None = None
    grants: Annotated[list[Grant] | None, Field(max_length=len(Grant))] = None
    is_disabled: bool | None = None
    forget_totp: Annotated[bool, Field(description="Their phone is lost: they set up a new app.")] = False


class AccountPath(Asked):
    account_id: Number


class Accounts(Shape):
    accounts: list[AccountFacts]
    next: Next


# ---- the audit ---------------------------------------------------------------------------------------


class AuditFacts(Shape):
    audit_id: int
    at: datetime
    who: str | None
    account_id: Annotated[int | None, Field(description="Null for what was done in a chat.")]
    origin: Annotated[str | None, Field(description="The address it was done from.")]
    action: str
    about: str
    details: dict[str, Any]


class AuditPage(Shape):
    entries: list[AuditFacts]
    next: Next
