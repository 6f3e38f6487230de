"""The mailbox's page: the transfers that chats ask for, a button for each mail that may come, and what lies in the box."""

from __future__ import annotations

import base64
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from sandbox.gmail import Gmail
from sandbox.line import Line
from sandbox.mails import ADDRESS, LABELS, Stored, message_of, text_of
from sandbox.postman import KINDS, Postman
from sandbox.wallets import WALLETS

PAGE: Final = Path(__file__).parent / "page" / "mailbox.html"
SHOWN: Final = 100
HEAD: Final = ("From", "To", "Subject", "Date", "Message-ID", "Authentication-Results")


class MailboxPage:
    """Routes under the page's port; the API that the product speaks with is on a port of its own."""

    def __init__(self, line: Line, gmail: Gmail, postman: Postman) -> None:
        self._line, self._gmail, self._postman = line, gmail, postman

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/mailbox", self.page)
        router.add_get("/api/mailbox", self.show)
        router.add_post("/api/mailbox/send", self.send)
        router.add_post("/api/mailbox/raw", self.put)
        router.add_post("/api/mailbox/access", self.access)
        router.add_get("/api/mailbox/mails/{id}", self.mail)
        router.add_delete("/api/mailbox/mails/{id}", self.delete)

    async def page(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE, headers={"Cache-Control": "no-cache"})

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Everything the page shows."""
        newest = self._gmail.mails.newest_first()
        return web.json_response(
            {
                "now": self._line.clock.now(),
                "address": ADDRESS,
                "connected": self._gmail.is_connected,
                "files": {
                    "credentials": str(self._gmail.credentials_path),
                    "token": str(self._gmail.token_path),
                },
                "kinds": [asdict(kind) for kind in KINDS],
                "issuers": [{"id": key, "name": wallet.name} for key, wallet in WALLETS.items()],
                "transfers": self._postman.transfers(),
                "mails": [_summary(mail) for mail in newest[:SHOWN]],
                "total": len(newest),
            }
        )

    async def send(self, request: web.Request) -> web.StreamResponse:
        """A wallet's mail comes for what a chat was asked for."""
        given = await _object(request)
        person = self._line.people.get(str(given.get("person") or ""))
        if person is None:
            raise web.HTTPNotFound(reason=f"nobody is called {given.get('person')}")
        return web.json_response(self._postman.send(person, given))

    async def put(self, request: web.Request) -> web.StreamResponse:
        """A mail comes as it stands, with nothing of Gmail's on top."""
        given = await _object(request)
        labels = [str(label) for label in given.get("labels") or ("INBOX", "UNREAD")]
        if unknown := [label for label in labels if label not in LABELS]:
            raise ValueError(f"there is no label {unknown[0]}")
        stored = self._gmail.mails.put(base64.b64decode(str(given["base64"])), labels)
        self._line.hub.tell("mailbox")
        return web.json_response({"id": stored["id"]})

    async def access(self, request: web.Request) -> web.StreamResponse:
        """The permission to read the mailbox is taken away, or given again."""
        if (await _object(request)).get("connected"):
            self._gmail.connect()
        else:
            self._gmail.revoke()
        return web.json_response({"connected": self._gmail.is_connected})

    async def mail(self, request: web.Request) -> web.StreamResponse:
        """One mail, as a person and as Gmail sees it."""
        stored = self._find(request)
        mail = message_of(stored)
        head = [{"name": name, "value": str(mail[name])} for name in HEAD if mail[name] is not None]
        return web.json_response({**_summary(stored), "head": head, "text": text_of(mail)})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        self._gmail.mails.delete(self._find(request))
        self._line.hub.tell("mailbox")
        return web.json_response({"total": len(self._gmail.mails)})

    def _find(self, request: web.Request) -> Stored:
        found = self._gmail.mails.find(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound(reason="there is no such mail")
        return found


def _summary(stored: Stored) -> dict[str, Any]:
    mail = message_of(stored)
    verdict = str(mail.get_all("Authentication-Results", [""])[0])
    return {
        "id": stored["id"],
        "at": int(stored["internalDate"]) / 1000,
        "from": str(mail["From"] or ""),
        "subject": str(mail["Subject"] or ""),
        "labels": stored["labelIds"],
        "passes": "dmarc=pass" in verdict,
        "read": bool(stored["read"]),
    }


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        given = await request.json()
    except ValueError:
        raise ValueError("the request body is not valid JSON") from None
    if not isinstance(given, dict):
        raise ValueError("the request body must be an object")
    return given
