"""Accounts, which admins make, and the audit of what was done."""

from __future__ import annotations

from bot.access import Needs, too_many
from bot.api.operation import Call, Link, Refusal, Topic
from bot.api.shapes.signing_in import (
    AccountAsked,
    AccountChange,
    AccountFacts,
    AccountPath,
    Accounts,
    AuditFacts,
    AuditPage,
)
from bot.api.shapes.words import Page
from models import audit, password
from models.account import Account, LoginTaken
from models.audit import Deed
from models.password import TooBusy
from models.session import Session

topic = Topic("Accounts")

LOGIN_TAKEN = Refusal(409, "LOGIN_TAKEN", "Somebody else signs in with this name.")
NO_ACCOUNT = Refusal(404, "NO_SUCH_ACCOUNT", "There is no such account.")
OWN_ACCOUNT = Refusal(409, "OWN_ACCOUNT", "Nobody takes rights from their own account; another admin can.")


@topic.operation("GET", "/api/admin/accounts", needs=Needs.ADMIN)
def list_accounts(call: Call, query: Page, session: Session) -> Accounts:
    """All accounts, in the order in which they were made."""
    found = Account.all(session, after=query.after or 0, most=query.limit + 1)
    shown = found[: query.limit]
    return Accounts(
        accounts=[AccountFacts.of(each) for each in shown],
        next=shown[-1].id if len(found) > len(shown) else None,
    )


@topic.operation(
    "POST",
    "/api/admin/accounts",
    needs=Needs.ADMIN,
    status=201,
    keyed=True,
    refusals=(LOGIN_TAKEN,),
    links=(Link("change_account", "account_id", "/account_id"),),
)
def create_account(call: Call, body: AccountAsked, session: Session) -> AccountFacts:
    """Make an account for one of the staff, or for another admin; tell them the password in person."""
    try:
        stored = password.hashed(body.password)
    except TooBusy:
        raise too_many(1) from None
    try:
        made = Account.create(
            session,
            login=body.login,
            name=body.name,
            role=body.role,
            grants=sorted(set(body.grants)),
            password_hash=stored,
            phone=body.phone,
            now=call.now,
        )
    except LoginTaken:
        raise LOGIN_TAKEN.error() from None
    call.record(session, Deed.CREATE_ACCOUNT, f"account:{made.id}", role=made.role, grants=list(made.grants))
    return AccountFacts.of(made)


@topic.operation(
    "PATCH",
    "/api/admin/accounts/{account_id}",
    needs=Needs.ADMIN,
    refusals=(NO_ACCOUNT, OWN_ACCOUNT),
)
def change_account(call: Call, path: AccountPath, body: AccountChange, session: Session) -> AccountFacts:
    """Change name, role or grants, close an account or open it again, or let it set up a new app.

    Who is shut out is signed out everywhere at once. What is not named stays as it is.
    """
    account = Account.find(session, path.account_id, lock=True)
    if account is None:
        raise NO_ACCOUNT.error()
    takes_rights = body.role is not None or body.grants is not None or body.is_disabled or body.forget_totp
    if account.id == call.signed_in.account.id and takes_rights:
        raise OWN_ACCOUNT.error()
    changed = account.change(
        session,
        now=call.now,
        name=body.name,
        role=body.role,
        grants=sorted(set(body.grants)) if body.grants is not None else None,
        is_disabled=body.is_disabled,
        forget_totp=body.forget_totp,
    )
    call.record(
        session,
        Deed.CHANGE_ACCOUNT,
        f"account:{account.id}",
        changes=sorted(body.model_fields_set),
        role=changed.role,
        grants=list(changed.grants),
    )
    return AccountFacts.of(changed)


@topic.operation("GET", "/api/admin/audit", needs=Needs.ADMIN)
def list_audit(call: Call, query: Page, session: Session) -> AuditPage:
    """Who did what, when and from where, the newest first; the steps of a booking are in its details."""
    found = audit.before(session, query.after, most=query.limit + 1)
    shown = found[: query.limit]
    entries = [
        AuditFacts(
            audit_id=each.id,
            at=each.at,
            who=each.name,
            account_id=each.account_id,
            origin=each.origin,
            action=each.action,
            about=each.about,
            details=each.data,
        )
        for each in shown
    ]
    return AuditPage(entries=entries, next=shown[-1].id if len(found) > len(shown) else None)
