"""Razorpay over HTTP: its payment links, the page behind each, its signed events, and the sandbox's own switches."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import html
import json
import re
import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.clock import Clock
from sandbox.courier import Courier, Item, Rendered
from sandbox.faults import Fault
from sandbox.hub import Hub
from sandbox.razorpay_links import Json, Links, Refused, new_id, whole_number
from sandbox.settings import Settings
from sandbox.stand_in import Dropped, StandIn, broken
from sandbox.store import Store

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Action = Callable[[web.Request, Json], Json]
PAGE = Path(__file__).parent / "page" / "razorpay.html"
WEBHOOK = "/api/payments/razorpay/webhook"
STATUSES = {
    "400": Refused("The request was refused."),
    "401": Refused("Authentication failed", status=401),
    "429": Refused("Too many requests", status=429),
}


class Razorpay(StandIn):
    """Routes of the stand-in; the books are in `razorpay_links`."""

    name = "razorpay"

    def __init__(
        self, settings: Settings, clock: Clock, store: Store, hub: Hub, base_url: Callable[[], str]
    ) -> None:
        super().__init__(clock, hub)
        self.settings = settings
        self.links = Links(store, clock.now, base_url, settings.razorpay_key_secret, self._tell)
        self.courier = Courier(
            name="razorpay",
            url=settings.product_url + WEBHOOK,
            store=store,
            log=self.log,
            render=self._render,
            accepted=lambda status: 200 <= status < 300,
        )

    def time_moved(self) -> None:
        """Time went by at once: links whose time is over close."""
        self.links.tick()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        router = app.router
        for slash in ("", "/"):
            self._route(router, "POST", f"/v1/payment_links{slash}", self._create)
            self._route(router, "GET", f"/v1/payment_links{slash}", self._list)
        self._route(router, "GET", "/v1/payment_links/{id}", self._fetch)
        self._route(router, "POST", "/v1/payment_links/{id}/cancel", self._cancel)
        self._route(router, "GET", "/v1/orders/{id}/payments", self._payments)
        router.add_get("/rzp/{code}", self.page)
        router.add_post("/rzp/{code}", self.act)
        router.add_get("/_sandbox/links", self.show_links)
        router.add_post("/_sandbox/links/{id}/finish", self.finish)
        self.add_switches(router)
        return app

    # The API.

    def _route(self, router: web.UrlDispatcher, method: str, path: str, action: Action) -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._call(request, action)

        router.add_route(method, path, handle)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return _refusal(refused)
        except Dropped:
            return web.Response(status=500)
        except ValueError as wrong:
            return web.json_response({"error": str(wrong)}, status=400)
        except web.HTTPException as wrong:
            if wrong.status < 400:
                raise
            return _refusal(Refused("The requested URL was not found on the server.", status=404))
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return _refusal(Refused("The sandbox stumbled.", status=500, code="SERVER_ERROR"))

    async def _call(self, request: web.Request, action: Action) -> web.StreamResponse:
        """One call of the API: key, faults, the action."""
        self.time_moved()
        call = f"{request.method} {request.path}"
        fault = self.faults.take(call, usual=True)
        try:
            self._authenticate(request)
            await self._suffer(request, fault)
            answer = web.json_response(action(request, await _params(request)))
        except Refused as refused:
            answer = _refusal(refused)
        except Dropped:
            self.log.note(call=call, status=fault.kind if fault else "reset")
            raise
        self.log.note(call=call, status=answer.status)
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds or 5)
        if fault and fault.kind == "lost_answer":
            raise broken(request)
        return answer

    def _authenticate(self, request: web.Request) -> None:
        known = f"{self.settings.razorpay_key_id}:{self.settings.razorpay_key_secret}".encode()
        if request.headers.get("Authorization", "") != f"Basic {base64.b64encode(known).decode()}":
            raise Refused("Authentication failed", status=401)

    async def _suffer(self, request: web.Request, fault: Fault | None) -> None:
        if fault is None or fault.kind in ("slow", "lost_answer"):
            return
        if fault.kind == "hang":
            await asyncio.sleep(fault.seconds or 60)
            if request.transport is None or request.transport.is_closing():
                raise Dropped
            return
        if fault.kind == "reset":
            raise broken(request)
        why = "We are facing some trouble completing your request at the moment. Please try again shortly."
        raise STATUSES.get(fault.kind) or Refused(why, status=int(fault.kind), code="SERVER_ERROR")

    def _create(self, request: web.Request, given: Json) -> Json:
        return self.links.create(given)

    def _list(self, request: web.Request, given: Json) -> Json:
        query = request.query
        return self.links.listed(
            query.get("reference_id"),
            count=whole_number(query.get("count"), usual=10, most=100),
            skip=whole_number(query.get("skip"), usual=0, most=999_999),
        )

    def _fetch(self, request: web.Request, given: Json) -> Json:
        return self.links.find(request.match_info["id"])

    def _cancel(self, request: web.Request, given: Json) -> Json:
        return self.links.cancel(self.links.find(request.match_info["id"]))

    def _payments(self, request: web.Request, given: Json) -> Json:
        return self.links.of_order(request.match_info["id"])

    # The page.

    async def page(self, request: web.Request) -> web.StreamResponse:
        self.time_moved()
        return self._page_of(self.links.at(request.match_info["code"]))

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Pay, fail or leave; a browser is sent on, a test gets JSON."""
        self.time_moved()
        link = self.links.at(request.match_info["code"])
        wants_json = request.content_type == "application/json"
        given: Any = await request.json() if wants_json else await request.post()
        action, to = str(given.get("action")), None
        if action == "pay":
            to = self.links.pay(link)
        elif action == "fail":
            self.links.fail(link)
        elif action == "begin":
            self.links.begin(link)
        elif action != "abandon":
            raise ValueError("action must be pay, begin, fail or abandon")
        if wants_json:
            return web.json_response({"id": link["id"], "status": link["status"], "redirect": to})
        if to and link["callback_url"]:
            raise web.HTTPSeeOther(to)
        notice = "Your payment was declined by your bank." if action == "fail" else "You may close this page."
        return self._page_of(link, notice)

    def _page_of(self, link: Json, notice: str = "") -> web.Response:
        values = {
            "business": self.settings.business_name,
            "description": link["description"],
            "reference": link["reference_id"],
            "amount": f"{link['amount'] / 100:,.2f}",
            "status": link["status"],
            "notice": notice,
        }
        text = re.sub(r"\{\{(\w+)\}\}", lambda m: html.escape(values[m.group(1)]), PAGE.read_text())
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    # Events.

    def _tell(self, name: str, link: Json, payment: Json | None) -> None:
        self.courier.post(
            {"kind": "event", "id": new_id("event"), "event": self.links.event(name, link, payment)}
        )
        self._hub.tell(
            "payment", event=name, id=link["id"], status=link["status"], reference=link["reference_id"]
        )

    def _render(self, items: Sequence[Item]) -> Rendered:
        """One event in a body, signed as it is; its id stands in a header that nobody signs."""
        body = json.dumps(items[0]["event"], ensure_ascii=False, separators=(",", ":")).encode()
        signed = hmac.new(self.settings.razorpay_webhook_secret.encode(), body, hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Razorpay-Webhook/v1",
            "X-Razorpay-Event-Id": str(items[0]["id"]),
            "X-Razorpay-Signature": signed.hexdigest(),
        }
        return body, headers

    # The sandbox's own.

    async def show_links(self, request: web.Request) -> web.StreamResponse:
        """Links that mention this text, newest first, each with every attempt to pay it."""
        self.time_moved()
        return web.json_response({"links": self.links.about(request.query.get("reference", ""))})

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """The bank has paid what the guest had begun on the page."""
        link = self.links.find(request.match_info["id"])
        self.links.finish(link)
        return web.json_response(link)


async def _params(request: web.Request) -> Json:
    """The body of a call; a GET and a cancel have none.

    Raises:
        Refused: it is no JSON object.
    """
    if request.method != "POST" or not (text := await request.text()):
        return {}
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if request.content_type != "application/json" or not isinstance(given, dict):
        raise Refused("The request body must be a JSON object.")
    return given


def _refusal(refused: Refused) -> web.Response:
    return web.json_response({"error": refused.error}, status=refused.status)
