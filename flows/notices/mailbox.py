"""What the admins on duty are told of the mailbox: that it cannot be read any more, or one of its mails cannot."""

from __future__ import annotations

from datetime import datetime

from flows import phrases, templates
from flows.notices.telling import tell_admins
from models.message import Text
from models.session import Session

# What the mailbox answered, as its owner would say it; anything else is a word of Google's.
_WHY = {
    "invalid_grant": "the permission has ended or was taken back",
    "unauthorized": "the permission is not taken any more",
    "no_token": "there is no permission",
    "token_unreadable": "the permission cannot be opened",
    "insufficientPermissions": "the permission does not reach far enough",
    "accessNotConfigured": "the Gmail API is switched off in Google Cloud",
}


def mailbox_disconnected(session: Session, *, why: str, now: datetime) -> None:
    """The mailbox cannot be read until a person acts; said once for each permission that is refused."""
    reason = _WHY.get(why, why)
    lines = [
        "⚠️ *Gmail is disconnected*",
        "",
        f"Why: {reason}.",
        "",
        "Transfers are not found by themselves now: look for them in the account and verify them here, as before.",
        "To connect Gmail again, run *make gmail* on the server.",
    ]
    template = templates.make("mailbox_disconnected", "en", reason)
    tell_admins(session, None, Text("\n".join(lines)), "mailbox_disconnected", template, now)


def mail_set_aside(session: Session, mail_id: int, *, received_at: datetime, now: datetime) -> None:
    """A mail could not be read; money may be told of in it."""
    _ = phrases.of("en")
    when = f"{_.time(received_at.time())} UTC on {_.day(received_at.date())}"
    body = (
        f"⚠️ *A mail was set aside*\n\nMail {mail_id} of {when} could not be read. "
        "Please look in the mailbox whether it tells of a transfer."
    )
    template = templates.make("mail_set_aside", "en", str(mail_id), when)
    tell_admins(session, None, Text(body), "mail_set_aside", template, now)
