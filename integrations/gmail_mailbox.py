"""Gmail over its API: which mails came, and each as it came. Read only, unless told to mark what was read.

Google's client, with the discovery document that it brings along: making it costs 2 ms and no network. One call
after the other, no batches (they leave for Google's own host, whatever the address is). Nothing waits in here: who
is told to come back later is told when, and decides.

Source: Gmail API, “messages.list”, “messages.get”, “Resolve errors” and “Usage limits”.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from integrations import gmail_token

if TYPE_CHECKING:
    from google.oauth2.credentials import Credentials

READ_ONLY: Final = "https://www.googleapis.com/auth/gmail.readonly"
MODIFY: Final = "https://www.googleapis.com/auth/gmail.modify"

ANSWER_SECONDS: Final = 15
PAGE: Final = 500
# What we send ourselves tells of no money that came; and what is larger than this is no wallet's mail.
ONLY: Final = "-in:sent -in:drafts -in:chats smaller:5M"

# A person has to act before these end; anything else may be over in a while.
_RATE: Final = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded"}
)


class MailboxError(Exception):
    """Gmail did not answer what it was asked.

    Attributes:
        code: a word for it, stable and free of personal data.
        retryable: asking again later may help; else a person must act.
        wait: how long Gmail asked us to stay away; None where it did not say.
    """

    def __init__(self, code: str, *, retryable: bool, wait: timedelta | None = None) -> None:
        self.code = code
        self.retryable = retryable
        self.wait = wait
        super().__init__(code)

    @property
    def is_about_one(self) -> bool:
        """Whether it may be the one mail that was asked for, and nothing else, that Gmail stumbles over."""
        return self.code == "garbage" or self.code.startswith("status_")


class Refused(MailboxError):
    """Our permission is not taken (any more): a person has to give it again.

    Attributes:
        token: the mark of the permission that was refused; None where there is none to show.
    """

    def __init__(self, code: str, *, token: str | None) -> None:
        self.token = token
        super().__init__(code, retryable=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it came.

    Attributes:
        received_at: when Gmail took it in, whatever the mail itself says.
    """

    id: str
    raw: bytes
    received_at: datetime


class GmailMailbox:
    """One mailbox; used by one thread at a time.

    Args:
        query: what else a mail must be to be read, in Gmail's own words.
        marks: what was read is marked as read; needs the permission to change the mailbox.
        seals: a permission that lies there as a plain file is sealed when it is first read.
    """

    def __init__(
        self, *, token_path: Path, api_url: str, query: str = "", marks: bool = False, seals: bool = True
    ) -> None:
        self._seals = seals
        self._token_path = token_path
        self._api_url = api_url.rstrip("/")
        self._query = " ".join(filter(None, (ONLY, query)))
        self.marks = marks
        self._token: str | None = None
        self._service: Any = None

    def token(self) -> str:
        """The mark of the permission that we have.

        Raises:
            Refused: there is none, or none that can be read.
        """
        try:
            found, mark = gmail_token.load(self._token_path, seals=self._seals)
        except gmail_token.NoToken as none:
            raise Refused(none.why, token=None) from None
        if mark != self._token:
            self._service = service(credentials(found), self._api_url)
            self._token = mark
        return mark

    def ids(self, since: datetime, until: datetime | None = None) -> list[str]:
        """The mails that came since (and before), newest first, without spam and what was thrown away.

        Raises:
            MailboxError: of every kind.
        """
        query = f"after:{int(since.timestamp())} {self._query}"
        if until is not None:
            query += f" before:{int(until.timestamp()) + 1}"
        found: list[str] = []
        page: str | None = None
        while True:
            answer = self._call(
                lambda users: users.messages().list(userId="me", q=query, maxResults=PAGE, pageToken=page)  # noqa: B023
            )
            found += [str(each["id"]) for each in answer.get("messages") or []]
            page = answer.get("nextPageToken")
            if page is None:
                return found

    def fetch(self, mail_id: str) -> Mail | None:
        """The mail as it came; None if it was deleted meanwhile.

        Raises:
            MailboxError: of every kind.
        """
        try:
            answer = self._call(lambda users: users.messages().get(userId="me", id=mail_id, format="raw"))
            raw = base64.urlsafe_b64decode(answer["raw"] + "==")
            received_at = datetime.fromtimestamp(int(answer["internalDate"]) / 1000, UTC)
        except _NotFound:
            return None
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise MailboxError("garbage", retryable=True) from None
        return Mail(mail_id, raw, received_at)

    def mark_read(self, mail_id: str) -> None:
        """Take the mark of what is new from it; a mail that is gone has none.

        Raises:
            MailboxError: of every kind.
        """
        body = {"removeLabelIds": ["UNREAD"]}
        try:
            self._call(lambda users: users.messages().modify(userId="me", id=mail_id, body=body))
        except _NotFound:
            return

    def address(self) -> str:
        """Whose mailbox it is.

        Raises:
            MailboxError: of every kind.
        """
        return str(self._call(lambda users: users.getProfile(userId="me")).get("emailAddress") or "")

    def _call(self, ask: Callable[[Any], Any]) -> dict[str, Any]:
        """One call, and what went wrong with it in our own words."""
        import httplib2
        from google.auth.exceptions import GoogleAuthError, RefreshError
        from googleapiclient.errors import HttpError

        token = self.token()
        try:
            answer = ask(self._service.users()).execute(num_retries=0)
        except HttpError as error:
            raise _refusal(error.resp, error.content, token) from None
        except RefreshError as error:
            raise _no_access(error, token) from None
        except (OSError, GoogleAuthError, httplib2.HttpLib2Error):
            raise MailboxError("unreachable", retryable=True) from None
        except ValueError:  # what should have been JSON
            raise MailboxError("garbage", retryable=True) from None
        if not isinstance(answer, dict):
            raise MailboxError("garbage", retryable=True)
        return answer


class _NotFound(MailboxError):
    """There is no such mail (any more)."""


def credentials(token: Any) -> Credentials:
    """Google's own shape of a permission, without an access token: the first call fetches one."""
    from google.oauth2.credentials import Credentials

    return Credentials(  # type: ignore[no-untyped-call]
        token=None,
        **{name: token[name] for name in gmail_token.NEEDED},
    )


def service(allowed: Credentials, api_url: str) -> Any:
    """The client of Gmail's API at this address, patient for so long and no longer."""
    import google_auth_httplib2
    import httplib2
    from googleapiclient.discovery import build

    http = google_auth_httplib2.AuthorizedHttp(allowed, http=httplib2.Http(timeout=ANSWER_SECONDS))
    options = {"api_endpoint": api_url}
    return build(
        "gmail", "v1", http=http, client_options=options, static_discovery=True, cache_discovery=False
    )


def _refusal(response: Any, content: bytes, token: str) -> MailboxError:
    status, reasons = int(response.status), set(_reasons(content))
    wait = _wait(response.get("retry-after"))
    if status == 404:
        return _NotFound("not_found", retryable=False)
    if status == 429 or (status == 403 and reasons & _RATE):
        return MailboxError("rate_limited", retryable=True, wait=wait)
    if status == 401:  # Google's client has asked for a new access token before it gave up
        return Refused("unauthorized", token=token)
    if status == 403:
        return MailboxError(_word(reasons) or "forbidden", retryable=False)
    return MailboxError(f"status_{status}", retryable=status >= 500 or status == 408, wait=wait)


def _no_access(error: Any, token: str) -> MailboxError:
    """No access token was given: because the permission is gone, or because Google stumbles."""
    details = next((each for each in error.args if isinstance(each, dict)), {})
    code = str(details.get("error") or "")
    if error.retryable or not code:
        return MailboxError("no_access_token", retryable=True)
    return Refused(_word({code}) or "refused", token=token)


def _reasons(content: bytes) -> Iterator[str]:
    """Why, in Google's words: its errors have had several shapes."""
    try:
        error = orjson.loads(content)["error"]
        for each in [*error.get("errors", []), *error.get("details", [])]:
            if isinstance(reason := each.get("reason"), str):
                yield reason
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def _word(reasons: set[str]) -> str | None:
    """One of them, if it is a word that may stand in a log."""
    return next((reason[:60] for reason in sorted(reasons) if reason.replace("_", "").isalnum()), None)


def _wait(told: str | None) -> timedelta | None:
    """`Retry-After` as seconds or as a date."""
    if not told:
        return None
    with contextlib.suppress(ValueError):
        return timedelta(seconds=max(0.0, min(float(told), 86_400)))
    try:
        return max(timedelta(0), parsedate_to_datetime(told) - datetime.now(UTC))
    except (TypeError, ValueError):
        return None
