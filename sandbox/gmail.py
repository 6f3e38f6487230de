"""Gmail over HTTP: its API for one mailbox, the consent page and the token endpoint, and the sandbox's own switches.

Shapes are those of the API's reference and of Google's own client (gmail.v1 as google-api-python-client 2.202.0 brings
it along, “Resolve errors”, “Usage limits”, and OAuth 2.0 for installed apps).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import json
import secrets
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from aiohttp import BasicAuth, web

from sandbox.calls import CallLog
from sandbox.clock import Clock
from sandbox.faults import Fault, Faults
from sandbox.hub import Hub
from sandbox.mails import ADDRESS, LABELS, Mails, Stored, message_of, parts_of, text_of
from sandbox.rates import Bucket
from sandbox.settings import Settings
from sandbox.store import Store

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Object = dict[str, Any]

CLIENT_ID: Final = "sandbox.apps.googleusercontent.example"
CLIENT_SECRET: Final = "sandbox-gmail-secret"
READ_ONLY: Final = "https://www.googleapis.com/auth/gmail.readonly"
MODIFY: Final = "https://www.googleapis.com/auth/gmail.modify"
TOKEN_SECONDS: Final = 3599
UNITS_A_MINUTE: Final = 15_000
# How often a page may ask for so many at most, and what a call costs.
MOST_A_PAGE: Final = 500
UNITS: Final = {"list": 5, "get": 5, "modify": 5, "history": 2, "profile": 1, "labels": 1, "delete": 10}
ERRORS: Final[Mapping[str, tuple[int, str, str, str]]] = {
    "401": (401, "authError", "UNAUTHENTICATED", "Request had invalid authentication credentials."),
    "403": (403, "userRateLimitExceeded", "PERMISSION_DENIED", "User Rate Limit Exceeded"),
    "access": (403, "accessNotConfigured", "PERMISSION_DENIED", "Gmail API has not been used in project 1 before"),
    "404": (404, "notFound", "NOT_FOUND", "Requested entity was not found."),
    "429": (429, "rateLimitExceeded", "RESOURCE_EXHAUSTED", "Too many concurrent requests for user."),
    "500": (500, "backendError", "INTERNAL", "Internal error encountered."),
    "503": (503, "backendError", "UNAVAILABLE", "The service is currently unavailable."),
}  # fmt: skip
CONSENT = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sandbox: sign in</title><body style="font:16px sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem">
<h1 style="font-size:1.4rem">Sarai wants to read this mailbox</h1><p>{address}</p><p>{scopes}</p>
<form method="post"><button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Cancel</button>
</form></body></html>"""


class Refusal(Exception):
    """An error as Google writes it."""

    def __init__(self, kind: str, message: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        status, reason, name, usual = ERRORS.get(kind, ERRORS["500"])
        self.status = int(kind) if kind.isdigit() else status
        self.headers = dict(headers or {})
        words = message or usual
        error = {"message": words, "domain": "global", "reason": reason}
        found = {"code": self.status, "message": words, "errors": [error], "status": name}
        self.body: Object = {"error": found}
        super().__init__(words)


def invalid(message: str) -> Refusal:
    refusal = Refusal("400", message)
    refusal.body["error"] |= {"status": "INVALID_ARGUMENT"}
    refusal.body["error"]["errors"][0]["reason"] = "invalidArgument"
    return refusal


class Gmail:
    """Routes of the stand-in; the mails themselves are in `mails`."""

    def __init__(
        self, settings: Settings, clock: Clock, store: Store, hub: Hub, base_url: Callable[[], str]
    ) -> None:
        self._clock, self._store, self._hub, self._base_url = clock, store, hub, base_url
        self.token_path = settings.data / "gmail-token.json"
        self.credentials_path = settings.data / "gmail-credentials.json"
        self.faults, self.log = Faults(lambda: hub.tell("misbehaviour")), CallLog(clock.now)
        self.mails = Mails(store, clock.now)
        self._grants: dict[str, Object] = store.load("gmail-grant")  # refresh token → what it may do
        self._access: dict[str, tuple[str, float]] = {}  # access token → its refresh token, and until when
        self._codes: dict[str, Object] = {}
        self._units = Bucket(UNITS_A_MINUTE, 60 / UNITS_A_MINUTE)

    def start(self) -> None:
        """Lay out what Google would hand out as files: the client, and a permission that was given already.

        A permission that was taken away in an earlier run stays taken away.
        """
        client = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "auth_uri": f"{self._base_url()}/o/oauth2/auth",
            "token_uri": f"{self._base_url()}/token",
            "redirect_uris": ["http://localhost"],
        }
        _write(self.credentials_path, {"installed": client})
        known = [key for key, grant in self._grants.items() if grant.get("own")]
        if known or not self._grants:
            self._lay_out(known[-1] if known else self._grant([READ_ONLY], own=True))

    def connect(self) -> None:
        """Somebody has given permission again: a new token lies where the product looks for it."""
        self._lay_out(self._grant([READ_ONLY], own=True))
        self._hub.tell("mailbox")

    def revoke(self) -> None:
        """The permission is taken away, as by a person in their Google account."""
        for token in list(self._grants):
            self._grants[token] = {**self._grants[token], "revoked": True}
            self._store.put("gmail-grant", token, self._grants[token])
        self._access.clear()
        self._hub.tell("mailbox")

    @property
    def is_connected(self) -> bool:
        return any(not grant.get("revoked") for grant in self._grants.values())

    def forget_access(self) -> None:
        """Access tokens end early: the next call needs a new one."""
        self._access.clear()

    def _lay_out(self, refresh_token: str) -> None:
        token = {
            "refresh_token": refresh_token,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "token_uri": f"{self._base_url()}/token",
            "scopes": self._grants[refresh_token]["scopes"],
        }
        _write(self.token_path, token)

    def _grant(self, scopes: list[str], *, own: bool = False) -> str:
        token = f"1//sandbox-{secrets.token_urlsafe(24)}"
        self._grants[token] = {"scopes": scopes, "own": own}
        self._store.put("gmail-grant", token, self._grants[token])
        return token

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        router = app.router
        me = "/gmail/v1/users/{user}"
        self._route(router, "GET", f"{me}/messages", "list", self._list)
        self._route(router, "GET", f"{me}/messages/{{id}}", "get", self._get)
        self._route(router, "POST", f"{me}/messages/{{id}}/modify", "modify", self._modify)
        self._route(router, "GET", f"{me}/history", "history", self._history)
        self._route(router, "GET", f"{me}/labels", "labels", self._labels)
        self._route(router, "GET", f"{me}/profile", "profile", self._profile)
        router.add_get("/o/oauth2/auth", self.consent)
        router.add_post("/o/oauth2/auth", self.decide)
        router.add_post("/token", self.token)
        router.add_post("/_sandbox/faults", self.add_fault)
        router.add_delete("/_sandbox/faults", self.clear_faults)
        router.add_get("/_sandbox/log", self.show_log)
        router.add_post("/_sandbox/revoke", self.take_away)
        router.add_post("/_sandbox/connect", self.give_back)
        router.add_delete("/_sandbox/mails/{id}", self.delete)
        return app

    # The API.

    def _route(
        self,
        router: web.UrlDispatcher,
        method: str,
        path: str,
        kind: str,
        action: Callable[[web.Request, Object], Object],
    ) -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._call(request, kind, action)

        router.add_route(method, path, handle)

    async def _call(
        self, request: web.Request, kind: str, action: Callable[[web.Request, Object], Object]
    ) -> web.StreamResponse:
        """One API call: fault, token, scope, rate, and the action."""
        body: Object = (await request.json()) if request.can_read_body else {}
        fault = self.faults.take(f"{request.method} {request.path} {kind}", usual=True)
        status = 0
        try:
            await self._suffer(request, fault)
            self._authenticate(request, MODIFY if kind in ("modify", "delete") else READ_ONLY)
            for _ in range(UNITS[kind]):
                if not self._units.take(self._clock.now()):
                    raise Refusal("403", headers={"Retry-After": "1"})
            answer = action(request, body)
            status = 200
        except Refusal as refusal:
            status = refusal.status
            raise
        finally:
            self.log.note(
                call=f"{request.method} {request.path}", kind=kind, status=status or (fault and fault.kind)
            )
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds or 5)
        if fault and fault.kind == "lost_answer":
            raise _broken(request)
        return web.json_response(answer)

    def _authenticate(self, request: web.Request, scope: str) -> None:
        kind, _, shown = request.headers.get("Authorization", "").partition(" ")
        refresh_token, until = self._access.get(shown.strip(), ("", 0.0))
        grant = self._grants.get(refresh_token)
        if kind.lower() != "bearer" or grant is None or grant.get("revoked") or until <= self._clock.now():
            raise Refusal("401")
        if scope not in grant["scopes"] and MODIFY not in grant["scopes"]:
            refusal = Refusal("403", "Request had insufficient authentication scopes.")
            refusal.body["error"]["errors"][0]["reason"] = "insufficientPermissions"
            raise refusal

    async def _suffer(self, request: web.Request, fault: Fault | None) -> None:
        if fault is None or fault.kind in ("slow", "lost_answer"):
            return
        if fault.kind == "hang":
            await asyncio.sleep(fault.seconds or 60)
            if request.transport is None or request.transport.is_closing():
                raise ConnectionResetError
            return
        if fault.kind == "reset":
            raise _broken(request)
        if fault.kind == "garbage":
            raise web.HTTPOk(text="<html>not what you asked for</html>", content_type="text/html")
        after = {"Retry-After": f"{fault.seconds or 2:g}"} if fault.kind in ("429", "503") else {}
        raise Refusal(fault.kind, headers=after)

    def _list(self, request: web.Request, body: Object) -> Object:
        query = request.query
        try:
            found = self.mails.search(
                query.get("q", ""),
                with_hidden=query.get("includeSpamTrash") == "true",
                labels=query.getall("labelIds", []),
            )
            most = min(int(query.get("maxResults") or 100), MOST_A_PAGE)
            begin = int(query.get("pageToken") or 0)
        except ValueError as wrong:
            raise invalid(str(wrong)) from None
        page = found[begin : begin + most]
        answer: Object = {"resultSizeEstimate": len(found)}
        if page:
            answer["messages"] = [{"id": each["id"], "threadId": each["threadId"]} for each in page]
        if begin + most < len(found):
            answer["nextPageToken"] = str(begin + most)
        return answer

    def _get(self, request: web.Request, body: Object) -> Object:
        mail = self._mail(request)
        wanted = request.query.get("format", "full")
        if wanted not in ("raw", "full", "minimal", "metadata"):
            raise invalid(f"Invalid value at 'format': {wanted}")
        answer = _shown(mail)
        if wanted == "raw":
            answer["raw"] = mail["raw"]
            self.mails.note_read(mail)
            self._hub.tell("mailbox")
        elif wanted != "minimal":
            (answer["payload"],) = parts_of(message_of(mail))
            if wanted == "metadata":
                answer["payload"] = {key: answer["payload"][key] for key in ("mimeType", "headers")}
        return answer

    def _modify(self, request: web.Request, body: Object) -> Object:
        mail = self._mail(request)
        try:
            self.mails.modify(mail, body.get("addLabelIds") or [], body.get("removeLabelIds") or [])
        except ValueError as wrong:
            raise invalid(str(wrong)) from None
        self._hub.tell("mailbox")
        return {key: mail[key] for key in ("id", "threadId", "labelIds")}

    def _history(self, request: web.Request, body: Object) -> Object:
        if not (start := request.query.get("startHistoryId", "")).isdigit():
            raise invalid("Invalid startHistoryId")
        found = self.mails.history(int(start))
        if found is None:
            raise Refusal("404")
        kinds = {
            "messageAdded": "messagesAdded",
            "messageDeleted": "messagesDeleted",
            "labelAdded": "labelsAdded",
            "labelRemoved": "labelsRemoved",
        }
        wanted = [kinds.get(kind, "") for kind in request.query.getall("historyTypes", [])]
        found = [each for each in found if not wanted or any(kind in each for kind in wanted)]
        most, begin = (
            min(int(request.query.get("maxResults") or 100), 500),
            int(request.query.get("pageToken") or 0),
        )
        answer: Object = {"historyId": self.mails.history_id}
        if page := found[begin : begin + most]:
            answer["history"] = page
        if begin + most < len(found):
            answer["nextPageToken"] = str(begin + most)
        return answer

    def _labels(self, request: web.Request, body: Object) -> Object:
        return {"labels": [{"id": name, "name": name, "type": "system"} for name in LABELS]}

    def _profile(self, request: web.Request, body: Object) -> Object:
        return {
            "emailAddress": ADDRESS,
            "messagesTotal": len(self.mails),
            "threadsTotal": len(self.mails),
            "historyId": self.mails.history_id,
        }

    def _mail(self, request: web.Request) -> Stored:
        found = self.mails.find(request.match_info["id"])
        if request.match_info["user"] not in ("me", ADDRESS) or found is None:
            raise Refusal("404")
        return found

    # Who may: the consent page and the token endpoint.

    async def consent(self, request: web.Request) -> web.StreamResponse:
        """The page on which a person allows it."""
        query = request.query
        if query.get("client_id") != CLIENT_ID or not _is_loopback(query.get("redirect_uri", "")):
            return web.Response(status=400, text="Error 400: redirect_uri_mismatch or invalid_client")
        shown = CONSENT.format(address=ADDRESS, scopes=html.escape(query.get("scope", "")))
        return web.Response(text=shown, content_type="text/html")

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """The person has answered: back to where they came from, with a code or without one."""
        query, form = request.query, await request.post()
        if not _is_loopback(target := query.get("redirect_uri", "")):
            return web.Response(status=400, text="Error 400: redirect_uri_mismatch")
        told = {"state": query.get("state", "")}
        if form.get("answer") == "allow":
            code = f"4/{secrets.token_urlsafe(24)}"
            self._codes[code] = {
                "scopes": query.get("scope", "").split(),
                "challenge": query.get("code_challenge", ""),
                "redirect_uri": target,
            }
            told |= {"code": code, "scope": query.get("scope", "")}
        else:
            told |= {"error": "access_denied"}
        raise web.HTTPFound(f"{target}?{urlencode(told)}")

    async def token(self, request: web.Request) -> web.StreamResponse:
        """A code for a permission, or a permission for an access token that lasts an hour."""
        form = await request.post()
        fault = self.faults.take("POST /token", usual=False)
        await self._suffer(request, fault)
        given = {**_client_of(request), **{name: str(value) for name, value in form.items()}}
        answer, status = self._exchange(given)
        self.log.note(call="POST /token", kind="token", status=status)
        return web.json_response(answer, status=status)

    def _exchange(self, given: Mapping[str, str]) -> tuple[Object, int]:
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return {"error": "invalid_client", "error_description": "The OAuth client was not found."}, 401
        answer: Object = {}
        refresh_token = given.get("refresh_token", "")
        if given.get("grant_type") == "authorization_code":
            code = self._codes.pop(given.get("code", ""), None)
            if code is None or not _proves(code, given):
                return {"error": "invalid_grant", "error_description": "Malformed auth code."}, 400
            refresh_token = self._grant(code["scopes"])
            answer["refresh_token"] = refresh_token
        elif given.get("grant_type") != "refresh_token":
            return {"error": "unsupported_grant_type"}, 400
        grant = self._grants.get(refresh_token)
        if grant is None or grant.get("revoked"):
            why = "Token has been expired or revoked."
            return {"error": "invalid_grant", "error_description": why}, 400
        access = f"ya29.{secrets.token_urlsafe(32)}"
        self._access[access] = (refresh_token, self._clock.now() + TOKEN_SECONDS)
        answer |= {
            "access_token": access,
            "expires_in": TOKEN_SECONDS,
            "scope": " ".join(grant["scopes"]),
            "token_type": "Bearer",
        }
        return answer, 200

    # The sandbox's own switches.

    async def add_fault(self, request: web.Request) -> web.StreamResponse:
        from sandbox.misbehaviour import known_fault

        given = await request.json()
        if not known_fault("gmail", str(given.get("kind"))):
            raise ValueError(f"unknown kind of fault {given.get('kind')!r}")
        return web.json_response(self.faults.add(given).shown())

    async def clear_faults(self, request: web.Request) -> web.StreamResponse:
        self.faults.clear(int(request.query["n"]) if "n" in request.query else None)
        return web.json_response({"faults": self.faults.shown()})

    async def show_log(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.log.after(int(request.query.get("after") or 0)))

    async def take_away(self, request: web.Request) -> web.StreamResponse:
        self.revoke()
        return web.json_response({"connected": self.is_connected})

    async def give_back(self, request: web.Request) -> web.StreamResponse:
        self.connect()
        return web.json_response({"connected": self.is_connected})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Somebody deletes a mail for good."""
        found = self.mails.find(request.match_info["id"])
        if found is None:
            raise Refusal("404")
        self.mails.delete(found)
        self._hub.tell("mailbox")
        return web.json_response({"mails": len(self.mails)})

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)
        except ValueError as wrong:
            return web.json_response(invalid(str(wrong)).body, status=400)
        except web.HTTPException as answer:
            if answer.status < 400:
                raise
            return web.json_response(Refusal("404").body, status=404)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return web.json_response(Refusal("500").body, status=500)


def _client_of(request: web.Request) -> dict[str, str]:
    """The client's id and secret, where they come in the header instead of among the values."""
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith("basic "):
        return {}
    try:
        shown = BasicAuth.decode(header)
    except ValueError:
        return {}
    return {"client_id": shown.login, "client_secret": shown.password}


def _shown(mail: Stored) -> Object:
    names = ("id", "threadId", "labelIds", "historyId", "internalDate")
    snippet = " ".join(text_of(message_of(mail)).split())[:180]
    size = len(base64.urlsafe_b64decode(mail["raw"]))
    return {**{name: mail[name] for name in names}, "snippet": snippet, "sizeEstimate": size}


def _proves(code: Object, given: Mapping[str, str]) -> bool:
    """The one who asked is the one who comes for it."""
    if given.get("redirect_uri") != code["redirect_uri"]:
        return False
    digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
    return (
        not code["challenge"] or base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code["challenge"]
    )


def _is_loopback(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")


def _broken(request: web.Request) -> ConnectionResetError:
    if request.transport is not None:
        request.transport.abort()
    return ConnectionResetError("broken on purpose")


def _write(path: Path, content: Object) -> None:
    fresh = path.with_name(f".{path.name}")
    fresh.write_text(json.dumps(content))
    fresh.chmod(0o600)
    fresh.replace(path)
