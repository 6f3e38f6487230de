"""The door: what WhatsApp and the payment providers call is checked, kept and answered before Flask is asked.

Their calls are nearly all that comes, and each would cost two to three times as much as a request of Flask's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import psycopg2
import psycopg2.errors
import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.wsgi import get_input_stream

import tally
from bot import errors

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()

MOST_BYTES = 4 * 1024 * 1024  # WhatsApp sends up to 3 MB
MOST_TRIES = 4
# The database cannot be asked now, whatever it is asked.
IS_AWAY = (OperationalError, InterfaceError, psycopg2.OperationalError, psycopg2.InterfaceError)

# Keeps what a call says, or raises what it is answered instead of 200.
Receive = Callable[["WSGIEnvironment"], None]


class Door:
    """A WSGI application that takes what is posted to these addresses, and lets all else through to the one behind."""

    def __init__(self, behind: WSGIApplication, receivers: Mapping[str, Receive]) -> None:
        self._behind = behind
        self._receivers = receivers

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        address = environ.get("PATH_INFO", "")
        receive = self._receivers.get(address)
        if receive is None or environ["REQUEST_METHOD"] != "POST":
            return self._behind(environ, start_response)
        try:
            receive(environ)
        except Exception as error:
            answer = errors.answer_to(error)
            tally.REQUESTS.add(address, str(answer.status_code))
            return answer(environ, start_response)
        tally.REQUESTS.add(address, "200")
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
        return [b"ok"]


def body_of(environ: WSGIEnvironment) -> bytes:
    """The raw bytes that were posted; 413 for more than anybody of ours sends."""
    return get_input_stream(environ, max_content_length=MOST_BYTES).read()


def until_stored(store: Callable[[], None]) -> None:
    """Tried again, for a connection may have died while nobody used it, and two deliveries of the same people
    or events in opposite order may have waited for each other.
    """
    for tries_left in reversed(range(MOST_TRIES)):
        try:
            store()
            return
        except IS_AWAY as error:
            if not tries_left or isinstance(getattr(error, "orig", error), _WAITED_LONG_ENOUGH):
                raise
            log.warning("webhook.tried_again", error=type(error).__name__)


# Somebody holds what this needs and has held it for seconds: a thread that goes on waiting is missed at the door.
_WAITED_LONG_ENOUGH = (psycopg2.errors.LockNotAvailable, psycopg2.errors.QueryCanceled)
