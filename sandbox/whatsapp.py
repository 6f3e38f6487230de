"""The Cloud API over HTTP: messages, media and templates, with the documented answers and refusals."""

from __future__ import annotations

import asyncio
import re
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox import account
from sandbox.account import APP_ID
from sandbox.faults import Fault
from sandbox.graph import NAMED_FAULTS, Refused, unknown_object
from sandbox.line import Line
from sandbox.people import Person
from sandbox.wire import bubble_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OLDEST, NEWEST = 17, 26
VERSION = re.compile(r"v(\d+)\.0\Z")
LARGEST_UPLOAD = 101 * 2**20


class Dropped(Exception):
    """The connection was broken on purpose; nobody is there to answer."""


class CloudApi:
    """Routes of the stand-in; the rules are in `line`, `limits`, `templates` and `media`."""

    def __init__(self, line: Line, base_url: Callable[[], str]) -> None:
        self.line, self._base_url = line, base_url

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=LARGEST_UPLOAD)
        number, waba = self.line.settings.phone_number_id, self.line.settings.waba_id
        app.router.add_route("*", "/media-download/{token}", self.download)
        app.router.add_post(f"/{{version}}/{number}/messages", self.messages)
        app.router.add_put(f"/{{version}}/{number}/messages", self.messages)
        app.router.add_post(f"/{{version}}/{number}/media", self.upload)
        app.router.add_post(f"/{{version}}/{waba}/message_templates", self.create_template)
        app.router.add_get(f"/{{version}}/{waba}/message_templates", self.list_templates)
        app.router.add_delete(f"/{{version}}/{waba}/message_templates", self.delete_template)
        app.router.add_get("/{version}/debug_token", self.debug_token)
        app.router.add_get(f"/{{version}}/{waba}/subscribed_apps", self.subscribed_apps)
        app.router.add_get(f"/{{version}}/{waba}/phone_numbers", self.phone_numbers)
        app.router.add_get(f"/{{version}}/{APP_ID}/subscriptions", self.subscriptions)
        app.router.add_get("/{version}/{node}", self.node)
        app.router.add_delete("/{version}/{node}", self.delete_node)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check token and version first, and answer every failure in Graph's shape."""
        try:
            self._authenticate(request)
            version = VERSION.match(request.match_info.get("version", "v26.0"))
            if not version or not OLDEST <= int(version.group(1)) <= NEWEST:
                raise unknown_object(request.path.strip("/").split("/")[0])
            return await handler(request)
        except Refused as refused:
            return refused.response()
        except Dropped:
            return web.Response(status=500)
        except web.HTTPRequestEntityTooLarge:
            return Refused(131053, "The file is too large").response()
        except web.HTTPException:
            return unknown_object(request.path.strip("/").split("/")[-1]).response()
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return Refused(131000, "The sandbox stumbled; its terminal says where").response()

    def _authenticate(self, request: web.Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        of_app = request.path.endswith(f"/{APP_ID}/subscriptions")
        wanted = account.app_token(self.line.settings) if of_app else self.line.settings.access_token
        if kind.lower() != "bearer" or token.strip() != wanted:
            raise Refused(190, "Invalid OAuth access token - Cannot parse access token")

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """Send, or mark as read with or without a typing indicator."""
        body = await _json(request)
        if body.get("status") is not None:
            return await self._mark_read(request, body)
        person = self._person(body)
        notes = _notes(body, person)
        fault = self.line.faults.take("messages", person.id if person else None, usual=True)
        late = None
        try:
            late = await _suffer(request, fault)
            answer = self.line.send(body, failing=late)
        except Refused as refused:
            self.line.log.note(**notes, outcome=str(refused.code), details=refused.details, wamid=None)
            raise
        except Dropped:
            self.line.log.note(**notes, outcome=fault.kind if fault else "reset", wamid=None)
            raise
        outcome = f"ok, later {late.code}" if late else "ok"
        if fault and fault.kind in ("slow", "lost_answer"):
            outcome = fault.kind
        self.line.log.note(**notes, outcome=outcome, wamid=answer["messages"][0]["id"])
        await _suffer_after(request, fault)
        return web.json_response(answer)

    async def _mark_read(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        wamid, typing = body.get("message_id"), body.get("typing_indicator")
        kind = "typing" if typing else "read"
        fault = self.line.faults.take(kind)
        if (
            body.get("messaging_product") != "whatsapp"
            or body["status"] != "read"
            or not isinstance(wamid, str)
        ):
            raise Refused(100, "messaging_product, status 'read' and message_id are required")
        if typing is not None and (not isinstance(typing, dict) or typing.get("type") != "text"):
            raise Refused(131009, "typing_indicator.type must be 'text'")
        found = self.line.chats.find(wamid)
        notes = {
            "to": found[0] if found else None,
            "kind": kind,
            "wamid": wamid,
            "callback": None,
            "text": "",
        }
        try:
            await _suffer(request, fault)
            self.line.mark_read(wamid, typing=typing is not None)
        except Refused as refused:
            self.line.log.note(**notes, outcome=str(refused.code))
            raise
        self.line.log.note(**notes, outcome="ok")
        return web.json_response({"success": True})

    def _person(self, body: dict[str, Any]) -> Person | None:
        try:
            return self.line.addressee(body).person
        except Refused:
            return None

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Take a file in: multipart `file`, `messaging_product`, `type`."""
        fault = self.line.faults.take("media")
        await _suffer(request, fault)
        if not request.content_type.startswith("multipart/"):
            raise Refused(100, "The parameter file is required (multipart/form-data)")
        form = await request.post()
        file, mime = form.get("file"), form.get("type")
        if form.get("messaging_product") != "whatsapp":
            raise Refused(100, "The parameter messaging_product is required and must be 'whatsapp'")
        if not isinstance(file, web.FileField):
            raise Refused(100, "The parameter file is required")
        kind = mime if isinstance(mime, str) and mime else file.content_type
        data = await asyncio.to_thread(file.file.read)
        meta = await self.line.media.save(data, kind, file.filename, ours=True)
        self.line.log.note(to=None, kind="media", outcome="ok", wamid=None, callback=None, text=file.filename)
        await _suffer_after(request, fault)
        return web.json_response({"id": meta["id"]})

    async def node(self, request: web.Request) -> web.StreamResponse:
        """A media file, a template, the number or the account, by id."""
        wanted = request.match_info["node"]
        settings = self.line.settings
        fields = request.query.get("fields")
        if wanted == settings.phone_number_id:
            usual = ("display_phone_number", "verified_name", "quality_rating")
            return web.json_response(account.chosen(account.number(settings), fields, usual))
        if wanted == settings.waba_id:
            return web.json_response(account.chosen(account.waba(settings), fields, ("name", "currency")))
        if template := self.line.templates.by_id(wanted):
            return web.json_response(template)
        meta = self.line.media.get(wanted)
        if (
            meta is None
            or request.query.get("phone_number_id", settings.phone_number_id) != settings.phone_number_id
        ):
            raise unknown_object(wanted)
        details = {
            "messaging_product": "whatsapp",
            "url": f"{self._base_url()}/media-download/{self.line.media.new_url(wanted)}",
            "mime_type": meta["mime"],
            "sha256": meta["sha256"],
            "file_size": meta["size"],
            "id": wanted,
        }
        return web.json_response(details)

    async def debug_token(self, request: web.Request) -> web.StreamResponse:
        """Who may do what with a token."""
        return web.json_response(account.token(self.line.settings, request.query.get("input_token", "")))

    async def subscriptions(self, request: web.Request) -> web.StreamResponse:
        """Where the app has its webhooks sent; asked with the app's own token."""
        return web.json_response(account.subscriptions(self.line.settings))

    async def subscribed_apps(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(account.subscribed_apps(self.line.settings))

    async def phone_numbers(self, request: web.Request) -> web.StreamResponse:
        """The numbers of the business account: one."""
        usual = ("display_phone_number", "verified_name", "quality_rating")
        number = account.chosen(account.number(self.line.settings), request.query.get("fields"), usual)
        return web.json_response({"data": [number], "paging": {"cursors": {"before": "A", "after": "A"}}})

    async def download(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file, while its address lives."""
        meta = self.line.media.by_url(request.match_info["token"])
        if meta is None:
            return web.Response(status=404)
        return web.FileResponse(self.line.media.path(meta), headers={"Content-Type": meta["mime"]})

    async def delete_node(self, request: web.Request) -> web.StreamResponse:
        wanted = request.match_info["node"]
        if self.line.media.get(wanted) is None:
            raise unknown_object(wanted)
        self.line.media.delete(wanted)
        return web.json_response({"success": True})

    async def create_template(self, request: web.Request) -> web.StreamResponse:
        await _suffer(request, self.line.faults.take("message_templates"))
        return web.json_response(self.line.create_template(await _json(request)))

    async def list_templates(self, request: web.Request) -> web.StreamResponse:
        """All templates, filtered and paged as Graph does."""
        await _suffer(request, self.line.faults.take("message_templates"))
        filters = {
            key: request.query[key]
            for key in ("name", "language", "status", "category")
            if key in request.query
        }
        try:
            limit = max(1, min(int(request.query.get("limit", "25")), 250))
        except ValueError:
            raise Refused(100, "limit must be a number") from None
        found = self.line.templates.all(**filters)
        ids = [each["id"] for each in found]
        start = ids.index(request.query["after"]) + 1 if request.query.get("after") in ids else 0
        page = found[start : start + limit]
        usual = ("name", "parameter_format", "components", "language", "status", "category")
        shown = [account.chosen(each, request.query.get("fields"), usual) for each in page]
        answer: dict[str, Any] = {"data": shown}
        if page:
            answer["paging"] = {"cursors": {"before": page[0]["id"], "after": page[-1]["id"]}}
            if start + limit < len(found):
                after = request.rel_url.update_query(after=page[-1]["id"])
                answer["paging"]["next"] = f"{self._base_url()}{after}"
        return web.json_response(answer)

    async def delete_template(self, request: web.Request) -> web.StreamResponse:
        if not self.line.templates.delete(request.query.get("name", "")):
            raise Refused(100, "name: no template with this name")
        return web.json_response({"success": True})


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise Refused(100, "The request body is not valid JSON") from None
    if not isinstance(body, dict):
        raise Refused(100, "The request body must be an object")
    return body


async def _suffer(request: web.Request, fault: Fault | None) -> Refused | None:
    """Do what the fault orders before the call is done; returns a failure that is to come late."""
    if fault is None or fault.kind in ("slow", "lost_answer"):
        return None
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds or 60)
        if request.transport is None or request.transport.is_closing():
            raise Dropped
        return None
    if fault.kind == "reset":
        raise _dropped(request)
    if fault.kind in ("502", "garbage"):
        raise _Html(502 if fault.kind == "502" else 200)
    code = NAMED_FAULTS.get(fault.kind) or int(fault.kind)
    refused = Refused(code, "Ordered by the sandbox")
    if fault.late:
        return refused
    raise refused


async def _suffer_after(request: web.Request, fault: Fault | None) -> None:
    if fault and fault.kind == "slow":
        await asyncio.sleep(fault.seconds or 5)
    if fault and fault.kind == "lost_answer":
        raise _dropped(request)


def _dropped(request: web.Request) -> Dropped:
    if request.transport:
        request.transport.abort()
    return Dropped()


class _Html(Refused):
    """An answer that is not Graph's: a gateway's page instead of JSON."""

    def __init__(self, status: int) -> None:
        super().__init__(131000, "not JSON")
        self.status = status

    def response(self) -> web.Response:
        page = "<html><body><h1>Bad Gateway</h1></body></html>"
        return web.Response(status=self.status, text=page, content_type="text/html")


def _notes(body: dict[str, Any], person: Person | None) -> dict[str, Any]:
    """What the log keeps of a send."""
    kind = body.get("type", "text")
    if kind == "interactive" and isinstance(body.get("interactive"), dict):
        kind = body["interactive"].get("type")
    text = (body.get("template") or {}).get("name") if isinstance(body.get("template"), dict) else None
    if text is None:
        try:
            text = bubble_of(body, None)["body"]
        except (KeyError, TypeError, AttributeError, IndexError):
            text = ""
    to = person.id if person else body.get("to") or body.get("recipient")
    return {"to": to, "kind": kind, "callback": body.get("biz_opaque_callback_data"), "text": text}
