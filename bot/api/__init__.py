"""REST for admins and staff, behind the door and beside the pages: built when it is first called.

Messages and payment notices never come by here; an installation whose API nobody calls pays nothing for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESSES = ("/api/admin/", "/api/openapi.json", "/api/docs", "/api/health/")


class Api:
    """A WSGI application that takes the API's addresses, and lets all else through to the one behind.

    Args:
        build: makes the application that answers them; called once, with the first call.
    """

    def __init__(self, behind: WSGIApplication, build: Callable[[], WSGIApplication]) -> None:
        self._behind, self._build = behind, build
        self._built: WSGIApplication | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(ADDRESSES):
            return self._behind(environ, start_response)
        if self._built is None:
            with self._lock:
                if self._built is None:
                    self._built = self._build()
        return self._built(environ, start_response)
