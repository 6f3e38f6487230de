"""Gmail: whether the mailbox that wallets write to can be read, and if not, what a person must do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config import Settings
from doctor.report import Finding, fail, ok, warn
from integrations import gmail_token
from integrations.gmail_mailbox import MODIFY, GmailMailbox, MailboxError
from models import sealed

ABOUT = "gmail"
_MEND = {
    "no_token": "GMAIL_TOKEN_PATH holds no permission to read the mailbox: run `make gmail`.",
    "token_unreadable": "The permission in GMAIL_TOKEN_PATH cannot be opened: another ENCRYPTION_KEY sealed it, or "
    "this user may not read it. Run `make gmail`.",
    "invalid_grant": "The permission has ended or was taken back: run `make gmail`. If it ended after a week, "
    "publish the consent screen first (docs/going-live.md).",
    "unauthorized": "The permission is not taken: run `make gmail`.",
    "invalid_client": "The OAuth client is gone: make a new one in Google Cloud, then run `make gmail`.",
    "accessNotConfigured": "The Gmail API is switched off: switch it on in Google Cloud, APIs & Services, Library.",
    "insufficientPermissions": "The permission does not reach far enough: run `make gmail`.",
}


def check(settings: Settings) -> Iterator[Finding]:
    if not settings.gmail_enabled:
        yield ok(ABOUT, "GMAIL_ENABLED is off: whoever pays by transfer is found by an admin.")
        return
    if not settings.gmail_token_path or not settings.encryption_key:
        return  # said among the settings
    sealed.start(settings.encryption_key)
    token_path = Path(settings.gmail_token_path)
    mailbox = GmailMailbox(
        token_path=token_path, api_url=settings.gmail_api_url, query=settings.gmail_query, seals=False
    )
    try:
        yield from _mailbox(settings, mailbox)
        if settings.gmail_mark_as_read and MODIFY not in _scopes(token_path):
            yield fail(
                ABOUT, "GMAIL_MARK_AS_READ needs the permission to change the mailbox: run `make gmail`."
            )
    except MailboxError as error:
        mend = _MEND.get(error.code)
        yield fail(ABOUT, mend or f"The mailbox cannot be read ({error.code}); it is asked again and again.")


def _mailbox(settings: Settings, mailbox: GmailMailbox) -> Iterator[Finding]:
    address = mailbox.address()
    found = mailbox.ids(datetime.now(UTC) - timedelta(days=7))
    if found:
        yield ok(
            ABOUT, f"{address} can be read: {len(found)} mails of the last seven days would be looked at."
        )
    else:
        why = "; perhaps GMAIL_QUERY leaves everything out" if settings.gmail_query else ""
        judged = warn if settings.environment == "production" else ok
        yield judged(ABOUT, f"{address} can be read, and no mail has come in the last seven days{why}.")


def _scopes(path: Path) -> list[str]:
    try:
        found, _ = gmail_token.load(path, seals=False)
    except gmail_token.NoToken:
        return []
    scopes = found.get("scopes")
    return [str(scope) for scope in scopes] if isinstance(scopes, list) else []
