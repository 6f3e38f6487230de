"""Signing in and out, one's own account, and where one is signed in."""

from __future__ import annotations

from uuid import UUID

from bot.access import Needs, too_many
from bot.api.operation import Call, Link, Refusal, Topic
from bot.api.shapes.signing_in import (
    AccountFacts,
    CodeShown,
    Done,
    PasswordAsked,
    PasswordShown,
    RefreshAsked,
    SessionPath,
    SignInAsked,
    SignInFacts,
    SignIns,
    Tokens,
    TotpSetUp,
)
from bot.errors import Refused
from models import account as accounts
from models import audit, password, totp
from models.account import ACCESS_LASTS, Account, AppLost, Ended, LoginClosed, SignIn
from models.audit import Deed
from models.db import unit_of_work
from models.password import TooBusy
from models.session import Session

topic = Topic("Signing in")

WRONG = Refusal(401, "WRONG_PASSWORD", "The login or the password is wrong.")
CODE_NEEDED = Refusal(401, "CODE_NEEDED", "The code of the authenticator app is needed as well.")
WRONG_CODE = Refusal(401, "WRONG_CODE", "The code is wrong, or was used before.")
APP_LOST = Refusal(
    403,
    "TOTP_LOST",
    "What the app's codes are checked by cannot be opened any more; an admin can make the account forget it.",
)
WRONG_NOW = Refusal(403, WRONG.code, "The password is wrong.")
WRONG_CODE_NOW = Refusal(403, WRONG_CODE.code, WRONG_CODE.message)
NOT_GOOD = Refusal(401, "NOT_SIGNED_IN", "The refresh token is no good (any more): sign in again.")
TOTP_IS_SET = Refusal(
    409, "TOTP_IS_SET", "An app is set up already; an admin can make the account forget it."
)
NO_TOTP = Refusal(409, "NO_TOTP", "Begin the set-up first.")
NO_SIGN_IN = Refusal(404, "NO_SUCH_SESSION", "You have no such session.")
IS_THIS_ONE = Refusal(409, "THIS_SESSION", "This is the session that asks; sign out instead.")


@topic.operation(
    "POST", "/api/admin/sign-in", needs=Needs.NOTHING, refusals=(WRONG, CODE_NEEDED, WRONG_CODE, APP_LOST)
)
def sign_in(call: Call, body: SignInAsked) -> Tokens:
    """Get an access token, and a refresh token for the next one.

    After five wrong tries in a row the login is closed for a minute, then for longer.
    """
    call.world.access.count(call.origin, call.now)
    with unit_of_work() as session:
        _begin_try(call, session, body.login)
        account = Account.with_login(session, body.login)
    right = _fits(body.password, account.password_hash if account is not None else None)
    if account is None or not right or account.disabled_at is not None:
        raise _failed(call, account, WRONG)
    if account.has_totp and body.code is None:
        raise CODE_NEEDED.error()
    try:
        with unit_of_work() as session:
            begun = _begin(call, session, account, body.code)
    except AppLost:
        raise _failed(call, account, APP_LOST) from None
    if begun is None:
        raise _failed(call, account, WRONG_CODE)
    return _tokens(call, begun)


def _begin(call: Call, session: Session, account: Account, code: str | None) -> SignIn | None:
    if account.has_totp and not account.take_code(session, code or "", call.now):
        return None
    accounts.forget_tries(session, account.login)
    begun = SignIn.begin(session, account.id, origin=call.origin, agent=call.agent, now=call.now)
    _record(call, session, account, Deed.SIGN_IN, begun.id)
    return begun


def _failed(call: Call, account: Account | None, why: Refusal) -> Refused:
    if account is not None:
        with unit_of_work() as session:
            _record(call, session, account, Deed.FAIL_SIGN_IN, None, why=why.code)
    return why.error()


@topic.operation("POST", "/api/admin/refresh", needs=Needs.NOTHING, refusals=(NOT_GOOD,))
def refresh(call: Call, body: RefreshAsked) -> Tokens:
    """Get the next tokens for a refresh token, which is good once.

    One that is used a second time has been stolen from somebody: its session ends for all who hold it.
    """
    call.world.access.count(call.origin, call.now)
    shown = call.world.access.read_refresh(body.refresh_token, call.now)
    if shown is None:
        raise NOT_GOOD.error()
    with unit_of_work() as session:
        renewed = SignIn.renew(session, shown.sign_in, shown.generation, now=call.now)
        if renewed is not None and renewed.ended_at is not None:
            account = Account.find(session, renewed.account_id)
            assert account is not None
            _record(call, session, account, Deed.REUSE_TOKEN, renewed.id)
    if renewed is None or renewed.ended_at is not None:
        raise NOT_GOOD.error()
    return _tokens(call, renewed)


@topic.operation("POST", "/api/admin/sign-out", needs=Needs.NOTHING)
def sign_out(call: Call, body: RefreshAsked) -> Done:
    """End the session that this refresh token belongs to; done before, or none of ours: nothing happens."""
    call.world.access.count(call.origin, call.now)
    shown = call.world.access.read_refresh(body.refresh_token, call.now)
    if shown is not None:
        with unit_of_work() as session:
            if SignIn.end(session, shown.sign_in, Ended.SIGNED_OUT, now=call.now):
                ended = SignIn.find(session, shown.sign_in)
                account = Account.find(session, ended.account_id) if ended is not None else None
                assert account is not None
                _record(call, session, account, Deed.SIGN_OUT, shown.sign_in)
    return Done(message="You are signed out.")


# ---- one's own account -----------------------------------------------------------------------------


@topic.operation("GET", "/api/admin/me", needs=Needs.SIGN_IN)
def me(call: Call) -> AccountFacts:
    """Who has signed in, and what they may do."""
    return AccountFacts.of(call.signed_in.account)


@topic.operation("POST", "/api/admin/me/password", needs=Needs.SIGN_IN, refusals=(WRONG_NOW,))
def change_password(call: Call, body: PasswordAsked) -> Done:
    """Change one's own password; all other sessions of the account end."""
    account, this_one = call.signed_in.account, call.signed_in.sign_in
    _check_password(call, account, body.current_password)
    stored = _hashed(body.new_password)
    with unit_of_work() as session:
        account.set_password(session, stored)
        SignIn.end_all(session, account.id, Ended.PASSWORD_CHANGED, now=call.now, but=this_one)
        call.record(session, Deed.CHANGE_PASSWORD, f"account:{account.id}")
    return Done(message="The password is changed; everybody else is signed out.")


@topic.operation("POST", "/api/admin/me/totp", needs=Needs.SIGN_IN, refusals=(WRONG_NOW, TOTP_IS_SET))
def begin_totp(call: Call, body: PasswordShown) -> TotpSetUp:
    """Begin to set up an authenticator app; codes are asked for once `/me/totp/confirm` has seen one."""
    account = call.signed_in.account
    _check_password(call, account, body.password)
    if account.has_totp:
        raise TOTP_IS_SET.error()
    with unit_of_work() as session:
        secret = account.begin_totp(session)
        call.record(session, Deed.BEGIN_TOTP, f"account:{account.id}")
    issuer = call.world.rules.business_name
    return TotpSetUp(
        secret=totp.as_typed(secret), address=totp.address(secret, login=account.login, issuer=issuer)
    )


@topic.operation(
    "POST",
    "/api/admin/me/totp/confirm",
    needs=Needs.SIGN_IN,
    refusals=(TOTP_IS_SET, NO_TOTP, WRONG_CODE_NOW),
)
def confirm_totp(call: Call, body: CodeShown, session: Session) -> AccountFacts:
    """Show that the app works: from now on its codes are asked for."""
    account = Account.find(session, call.signed_in.account.id, lock=True)
    assert account is not None
    if account.has_totp:
        raise TOTP_IS_SET.error()
    if account.totp_secret is None:
        raise NO_TOTP.error()
    try:
        confirms = account.confirm_totp(session, body.code, call.now)
    except AppLost:
        raise NO_TOTP.error() from None
    if not confirms:
        raise WRONG_CODE_NOW.error()
    call.record(session, Deed.CONFIRM_TOTP, f"account:{account.id}")
    confirmed = Account.find(session, account.id)
    assert confirmed is not None
    return AccountFacts.of(confirmed)


@topic.operation(
    "GET",
    "/api/admin/sessions",
    needs=Needs.SIGN_IN,
    links=(Link("end_session", "session_id", "/sessions/1/session_id"),),
)
def sessions(call: Call, session: Session) -> SignIns:
    """Where one's own account is signed in, the newest first."""
    found = SignIn.open_of(session, call.signed_in.account.id, call.now)
    shown = [SignInFacts.of(each, call.signed_in.sign_in) for each in found]
    return SignIns(sessions=shown, count=len(shown))


@topic.operation(
    "DELETE", "/api/admin/sessions/{session_id}", needs=Needs.SIGN_IN, refusals=(NO_SIGN_IN, IS_THIS_ONE)
)
def end_session(call: Call, path: SessionPath, session: Session) -> Done:
    """End another session of one's own account: its tokens are no good from now on."""
    if path.session_id == call.signed_in.sign_in:
        raise IS_THIS_ONE.error()
    found = SignIn.find(session, path.session_id)
    if found is None or found.account_id != call.signed_in.account.id:
        raise NO_SIGN_IN.error()
    if SignIn.end(session, found.id, Ended.REVOKED, now=call.now):
        call.record(session, Deed.END_SIGN_IN, f"sign_in:{found.id}")
    return Done(message="The session has ended.")


# ---- what they share -------------------------------------------------------------------------------


def _check_password(call: Call, account: Account, shown: str) -> None:
    """Whoever has only found an open session may not make it their own; tries are counted as when signing in."""
    with unit_of_work() as session:
        _begin_try(call, session, account.login)
    if not _fits(shown, account.password_hash):
        raise WRONG_NOW.error()
    with unit_of_work() as session:
        accounts.forget_tries(session, account.login)


def _begin_try(call: Call, session: Session, login: str) -> None:
    try:
        password.check_line()
        accounts.begin_try(session, login, now=call.now)
    except TooBusy:
        raise too_many(1) from None
    except LoginClosed as error:
        raise too_many(error.until - call.now) from None


def _fits(shown: str, stored: str | None) -> bool:
    try:
        return password.fits(shown, stored)
    except TooBusy:
        raise too_many(1) from None


def _hashed(new: str) -> str:
    try:
        return password.hashed(new)
    except TooBusy:
        raise too_many(1) from None


def _record(
    call: Call, session: Session, account: Account, deed: Deed, sign_in_id: UUID | None, **data: object
) -> None:
    audit.record(
        session,
        account.person_id,
        deed,
        f"account:{account.id}" if sign_in_id is None else f"sign_in:{sign_in_id}",
        cause=call.cause,
        now=call.now,
        account_id=account.id,
        origin=call.origin,
        **data,
    )


def _tokens(call: Call, signed_in: SignIn) -> Tokens:
    access, refresh_token = call.world.access.tokens(signed_in, call.now)
    return Tokens(
        access_token=access,
        refresh_token=refresh_token,
        expires_in=int(ACCESS_LASTS.total_seconds()),
    )
