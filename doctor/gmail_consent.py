"""Ask the owner of the mailbox for permission to read it: `python -m doctor.gmail_consent`, or `make gmail`.

Opens Google's page in a browser (or says its address), waits for the answer at a port of this machine alone, and
keeps what Google gives, sealed, where the product looks for it. Run again it connects a mailbox that was disconnected.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from sqlalchemy.exc import SQLAlchemyError

import config
from config import Settings
from doctor.report import Finding, Level, fail, ok, warn
from integrations import gmail_token
from integrations.gmail_mailbox import MODIFY, READ_ONLY, GmailMailbox, MailboxError
from models import db, mail, sealed
from models.clock import Clock

ABOUT = "gmail"
WAIT_SECONDS = 600
PORT = 8406
_DONE = "Sarai may read this mailbox now. You can close this page."


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m doctor.gmail_consent", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=PORT, help=f"where the answer is waited for (default {PORT})"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="only say the address, for a server without one"
    )
    options = parser.parse_args(arguments)
    settings = config.read()
    found = _lacks(settings) or _connect(settings, port=options.port, opens_browser=not options.no_browser)
    for finding in found:
        print(finding, flush=True)
    return 1 if any(finding.level is Level.FAIL for finding in found) else 0


def _lacks(settings: Settings) -> list[Finding]:
    """What must be set before anybody can be asked."""
    found = [
        fail(ABOUT, f"{name.upper()} is not set; docs/settings.md says what it is.")
        for name in ("gmail_credentials_path", "gmail_token_path", "encryption_key")
        if not getattr(settings, name)
    ]
    if found:
        return found
    client = _client(Path(settings.gmail_credentials_path))
    if client is None:
        why = "GMAIL_CREDENTIALS_PATH names no file of an OAuth client of the type “Desktop app”"
        return [fail(ABOUT, f"{why}: download it in Google Cloud, APIs & Services, Credentials.")]
    return []


def _connect(settings: Settings, *, port: int, opens_browser: bool) -> list[Finding]:
    from google_auth_oauthlib.flow import InstalledAppFlow, WSGITimeoutError
    from oauthlib.oauth2 import OAuth2Error

    sealed.start(settings.encryption_key)
    client = _client(Path(settings.gmail_credentials_path)) or {}
    scopes = [MODIFY if settings.gmail_mark_as_read else READ_ONLY]
    if urlsplit(str(client["installed"].get("token_uri"))).hostname in ("127.0.0.1", "localhost"):
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the sandbox's, on this machine
    flow = InstalledAppFlow.from_client_config(client, scopes)
    try:
        allowed = flow.run_local_server(
            bind_addr="127.0.0.1",
            port=port,
            open_browser=opens_browser,
            authorization_prompt_message="Open this address and allow it:\n\n  {url}\n",
            success_message=_DONE,
            timeout_seconds=WAIT_SECONDS,
            access_type="offline",
            prompt="consent",  # else Google gives no lasting permission the second time
        )
    except WSGITimeoutError:
        return [fail(ABOUT, f"Nobody answered within {WAIT_SECONDS // 60} minutes.")]
    except OSError:
        return [fail(ABOUT, f"Port {port} is taken: name another one with --port.")]
    except (OAuth2Error, Warning) as refused:  # a permission that reaches less far comes as a warning
        return [fail(ABOUT, f"It was not allowed ({getattr(refused, 'error', '') or 'other permissions'}).")]
    return _keep(settings, allowed, flow.oauth2session.token)


def _keep(settings: Settings, allowed: Any, told: Mapping[str, Any]) -> list[Finding]:
    path = Path(settings.gmail_token_path)
    if not allowed.refresh_token:
        return [
            fail(
                ABOUT,
                "Google gave no lasting permission: take it back at myaccount.google.com, and try again.",
            )
        ]
    token = {name: getattr(allowed, name) for name in gmail_token.NEEDED}
    gmail_token.save(path, {**token, "scopes": list(allowed.granted_scopes or allowed.scopes or [])})
    mailbox = GmailMailbox(token_path=path, api_url=settings.gmail_api_url)
    try:
        address = mailbox.address()
    except MailboxError as error:
        return [fail(ABOUT, f"The permission is kept, but the mailbox cannot be read: {error.code}.")]
    found = [ok(ABOUT, f"{address} can be read; the permission is sealed in {path}.")]
    if seconds := told.get("refresh_token_expires_in"):
        days = int(seconds) // 86_400
        found.append(
            warn(ABOUT, f"It ends in {days} days: publish the consent screen, then run this once more.")
        )
    if not settings.gmail_enabled:
        found.append(warn(ABOUT, "GMAIL_ENABLED is not set: nobody looks into the mailbox yet."))
    elif not _wake(settings):
        found.append(
            warn(ABOUT, "The database was not reached; the mailbox is looked at when it is next time.")
        )
    return found


def _wake(settings: Settings) -> bool:
    """Have the mailbox looked at at once; it is found at the next look anyhow."""
    try:
        db.start(db.make_engine(settings.database_url), follow_ups={}, ring=lambda bells: None)
        with db.unit_of_work() as session:
            mail.connect_anew(session, Clock(settings.clock_file).now())
    except SQLAlchemyError:
        return False
    return True


def _client(path: Path) -> dict[str, Any] | None:
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("installed"), dict) else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
