"""Stripe over HTTP: its API, its hosted payment page, its signed events, and the sandbox's own switches."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import html
import json
import re
import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from sandbox import account, form, stripe_shapes
from sandbox.bank import Bank
from sandbox.clock import Clock
from sandbox.courier import Courier, Item, Rendered
from sandbox.faults import Fault
from sandbox.form import BadRequest, Params
from sandbox.hub import Hub
from sandbox.settings import Settings
from sandbox.stand_in import Dropped, StandIn, broken, read_object
from sandbox.store import Store
from sandbox.stripe_shapes import Object

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Action = Callable[[Params, dict[str, str]], Object]
PAGE = Path(__file__).parent / "page" / "pay.html"
KEYS_LIVE = 2 * 86400.0  # “at least 24 hours”.
ERRORS = {
    "400": (400, {"message": "The request was refused.", "type": "invalid_request_error"}),
    "401": (401, {"message": "Invalid API Key provided.", "type": "invalid_request_error"}),
    "429": (
        429,
        {"message": "Request rate limit exceeded.", "type": "invalid_request_error", "code": "rate_limit"},
    ),
    "409": (
        409,
        {
            "message": "This object cannot be accessed right now.",
            "code": "lock_timeout",
            "type": "invalid_request_error",
        },
    ),
}
BANK_FAULTS = ("decline_capture", "expired_capture", "pending_refund", "decline_refund")
NO_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
PAY_FORM = """<!doctype html><meta name="viewport" content="width=device-width"><title>Pay</title>
<h1>{{business}}</h1><p>{{description}}</p><p>{{amount}} {{currency}}</p>
<p>{{status}} until {{expires_at}}</p>
<form method="post" action="{{action}}"><button name="action" value="pay">Pay</button>
<button name="action" value="fail">Card declined</button>
<button name="action" value="abandon">Leave without paying</button></form><p>{{notice}}</p>"""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Object


class Stripe(StandIn):
    """Routes of the stand-in; the rules of money are in `bank`, those of parameters in `form`."""

    name = "stripe"

    def __init__(
        self, settings: Settings, clock: Clock, store: Store, hub: Hub, base_url: Callable[[], str]
    ) -> None:
        super().__init__(clock, hub)
        self.settings, self._clock, self._store, self._base_url = settings, clock, store, base_url
        self.bank = Bank(store, clock.now, base_url, self._emit)
        events = settings.stripe_events
        self._subscribed = None if events == "*" else frozenset(events.split(","))
        self.courier = Courier(
            name="stripe",
            url=settings.product_url + "/api/payments/stripe/webhook",
            store=store,
            log=self.log,
            render=self._render,
            accepted=lambda status: 200 <= status < 300,
        )
        self._answers: dict[str, Object] = store.load("stripe-key")
        self._later: list[asyncio.TimerHandle] = []

    async def start(self) -> None:
        await super().start()
        self.bank.move_in()

    async def stop(self) -> None:
        for timer in self._later:
            timer.cancel()
        await super().stop()

    def time_moved(self) -> None:
        """Hours went by at once: close what is due."""
        self.bank.request = (None, None)
        self.bank.tick()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        router = app.router
        self._route(router, "POST", "/v1/checkout/sessions", self._create_session)
        self._route(router, "GET", "/v1/checkout/sessions", self._list_sessions)
        self._route(router, "GET", "/v1/checkout/sessions/{id}", self._get("session"))
        self._route(router, "POST", "/v1/checkout/sessions/{id}", self._update("session"))
        self._route(router, "POST", "/v1/checkout/sessions/{id}/expire", self._expire)
        self._route(router, "GET", "/v1/checkout/sessions/{id}/line_items", self._line_items)
        self._route(router, "GET", "/v1/payment_intents", self._list("intent"))
        self._route(router, "GET", "/v1/payment_intents/search", self._search)
        self._route(router, "GET", "/v1/payment_intents/{id}", self._get("intent"))
        self._route(router, "POST", "/v1/payment_intents/{id}", self._update("intent"))
        self._route(router, "POST", "/v1/payment_intents/{id}/capture", self._capture)
        self._route(router, "POST", "/v1/payment_intents/{id}/cancel", self._cancel)
        self._route(router, "GET", "/v1/charges", self._list("charge", "payment_intent"))
        self._route(router, "GET", "/v1/charges/{id}", self._get("charge"))
        self._route(router, "POST", "/v1/refunds", self._refund)
        self._route(router, "GET", "/v1/refunds", self._list("refund", "payment_intent", "charge"))
        self._route(router, "GET", "/v1/refunds/{id}", self._get("refund"))
        self._route(router, "GET", "/v1/events", self._list("event", "type"))
        self._route(router, "GET", "/v1/events/{id}", self._get("event"))
        self._route(router, "GET", "/v1/balance", lambda *_: account.stripe_balance())
        self._route(router, "GET", "/v1/account", lambda *_: account.stripe_account(self.settings))
        self._route(
            router, "GET", "/v1/webhook_endpoints", lambda *_: account.stripe_endpoints(self.settings)
        )
        router.add_get("/c/pay/{id}", self.page)
        router.add_post("/c/pay/{id}", self.act)
        router.add_get("/receipts/{id}", self.receipt)
        router.add_get("/_sandbox/sessions", self.sessions)
        router.add_post("/_sandbox/webhooks/release", self.release)
        router.add_post("/_sandbox/refunds/{id}", self.settle_refund)
        router.add_post("/_sandbox/disputes", self.dispute)
        router.add_post("/_sandbox/captures", self.capture_by_hand)
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
        except BadRequest as wrong:
            return web.json_response({"error": wrong.error}, status=wrong.status)
        except Dropped:
            return web.Response(status=500)
        except ValueError as wrong:
            return web.json_response(
                {"error": {"message": str(wrong), "type": "invalid_request_error"}}, status=400
            )
        except web.HTTPException as wrong:
            if wrong.status < 400:
                raise
            why = f"Unrecognized request URL ({request.method}: {request.path})."
            return web.json_response({"error": {"message": why, "type": "invalid_request_error"}}, status=404)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return web.json_response(
                {"error": {"message": "The sandbox stumbled.", "type": "api_error"}}, status=500
            )

    async def _call(self, request: web.Request, action: Action) -> web.StreamResponse:
        """One API call: key, faults, idempotency, the action, and the headers of every answer."""
        number = stripe_shapes.new_id("req_", 14)
        headers = {
            "Request-Id": number,
            "Stripe-Version": request.headers.get("Stripe-Version", stripe_shapes.API_VERSION),
        }
        text = (await request.text()) if request.method == "POST" else request.query_string
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        if key:
            headers |= {"Idempotency-Key": key, "Original-Request": number}
        fault = None
        try:
            self._authenticate(request)
            fault = self.faults.take(f"{request.method} {request.path}", usual=True)
            await self._suffer(request, fault)
            if key and (known := self._replay(key, request.path, text)):
                answer, headers["Idempotent-Replayed"] = known, "true"
                headers["Original-Request"] = self._answers[key]["request"]
            else:
                answer = self._act(request, action, text, number, key, fault)
        except BadRequest as wrong:
            answer = Answer(wrong.status, {"error": wrong.error})
        except Dropped:
            self.log.note(
                call=f"{request.method} {request.path}", status=fault.kind if fault else "reset", key=key
            )
            raise
        if error := answer.body.get("error"):
            error.setdefault("request_log_url", f"https://dashboard.stripe.com/test/logs/{number}")
        self.log.note(call=f"{request.method} {request.path}", status=answer.status, key=key, request=number)
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds or 5)
        if fault and fault.kind == "lost_answer":
            raise broken(request)
        return web.json_response(answer.body, status=answer.status, headers=headers)

    def _act(
        self,
        request: web.Request,
        action: Action,
        text: str,
        number: str,
        key: str | None,
        fault: Fault | None,
    ) -> Answer:
        """Do it. What was carried out is remembered under its key; what was refused as malformed is not."""
        params = form.parse(text)
        self.bank.request = (None, None)
        self.bank.tick()
        self.bank.request = (number, key)
        self._bank_fault = fault.kind if fault and fault.kind in BANK_FAULTS else None
        self._version = request.headers.get("Stripe-Version", stripe_shapes.API_VERSION)
        try:
            found = action(params, dict(request.match_info))
            answer = Answer(200, self._expanded(found, params))
        except BadRequest as wrong:
            if wrong.status == 400 and "payment_intent" not in wrong.error:
                raise
            answer = Answer(wrong.status, {"error": wrong.error})
        finally:
            self.bank.request = (None, None)
            self._bank_fault = None
        # A copy: the objects go on living, the answer to this key does not.
        answer = Answer(answer.status, json.loads(json.dumps(answer.body)))
        if key:
            kept = {
                "path": request.path,
                "params": _digest(text),
                "status": answer.status,
                "body": answer.body,
            }
            self._answers[key] = kept | {"at": self._clock.now(), "request": number}
            self._store.put("stripe-key", key, self._answers[key])
        return answer

    def _replay(self, key: str, path: str, text: str) -> Answer | None:
        """The first answer to this key.

        Raises:
            BadRequest: idempotency_error, where the call is another one.
        """
        known = self._answers.get(key)
        if known is None or self._clock.now() - known["at"] > KEYS_LIVE:
            return None
        if (known["path"], known["params"]) != (path, _digest(text)):
            why = "Keys for idempotent requests can only be used with the same parameters they were first"
            why += (
                f" used with. Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise BadRequest(why, kind="idempotency_error")
        return Answer(known["status"], known["body"])

    def _authenticate(self, request: web.Request) -> None:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic":
            try:
                secret = base64.b64decode(secret).decode().split(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                secret = ""
        if not secret:
            why = "You did not provide an API key. You need to provide your API key in the Authorization"
            raise BadRequest(f"{why} header, using Bearer auth.", status=401)
        if secret.strip() != self.settings.stripe_key:
            raise BadRequest(f"Invalid API Key provided: {secret[:7]}****{secret[-4:]}", status=401)

    async def _suffer(self, request: web.Request, fault: Fault | None) -> None:
        if fault is None or fault.kind in (*BANK_FAULTS, "slow", "lost_answer"):
            return
        if fault.kind == "hang":
            await asyncio.sleep(fault.seconds or 60)
            if request.transport is None or request.transport.is_closing():
                raise Dropped
            return
        if fault.kind == "reset":
            raise broken(request)
        status, error = ERRORS.get(
            fault.kind, (int(fault.kind), {"message": "An unknown error occurred", "type": "api_error"})
        )
        raise BadRequest(error["message"], status=status, kind=error["type"], code=error.get("code"))

    def _create_session(self, params: Params, path: dict[str, str]) -> Object:
        session = self.bank.create_session(params, self._version)
        self._tell_page(session)
        return session

    def _expire(self, params: Params, path: dict[str, str]) -> Object:
        form.allow(params)
        session = self.bank.expire_session(self.bank.find("session", path["id"]))
        self._tell_page(session)
        return session

    def _list_sessions(self, params: Params, path: dict[str, str]) -> Object:
        return self._list("session", "payment_intent", "status", "customer")(params, path)

    def _line_items(self, params: Params, path: dict[str, str]) -> Object:
        items = self.bank.items[self.bank.find("session", path["id"])["id"]]
        return {
            "object": "list",
            "data": items,
            "has_more": False,
            "url": f"/v1/checkout/sessions/{path['id']}/line_items",
        }

    def _capture(self, params: Params, path: dict[str, str]) -> Object:
        intent = self.bank.find("intent", path["id"])
        if (
            self._bank_fault in ("decline_capture", "expired_capture")
            and intent["status"] == "requires_capture"
        ):
            raise self.bank.refuse_capture(intent, expired=self._bank_fault == "expired_capture")
        return self.bank.capture(intent, params)

    def _cancel(self, params: Params, path: dict[str, str]) -> Object:
        return self.bank.cancel(self.bank.find("intent", path["id"]), params)

    def _refund(self, params: Params, path: dict[str, str]) -> Object:
        refund = self.bank.create_refund(params, status="pending" if self._bank_fault else "succeeded")
        if self._bank_fault == "decline_refund":
            loop = asyncio.get_running_loop()
            self._later.append(loop.call_later(0.5, self.bank.settle_refund, refund, "failed"))
        return refund

    def _get(self, kind: str) -> Action:
        def get(params: Params, path: dict[str, str]) -> Object:
            form.allow(params)
            return self.bank.find(kind, path["id"])

        return get

    def _update(self, kind: str) -> Action:
        def update(params: Params, path: dict[str, str]) -> Object:
            return self.bank.update_metadata(kind, self.bank.find(kind, path["id"]), params)

        return update

    def _list(self, kind: str, *filters: str) -> Action:
        def listed(params: Params, path: dict[str, str]) -> Object:
            form.allow(params, "limit", "starting_after", "ending_before", "created", *filters)
            found = [each for each in self.bank.all(kind) if _matches(each, params, filters)]
            return _page(found, params, _url_of(kind))

        return listed

    def _search(self, params: Params, path: dict[str, str]) -> Object:
        """The one kind of query that finds our own ids: metadata['name']:'value', joined by AND."""
        form.allow(params, "query", "limit", "page")
        wanted = re.findall(
            r"metadata\[['\"]([^'\"]+)['\"]\]\s*:\s*['\"]([^'\"]*)['\"]", form.need(params, "query")
        )
        if not wanted:
            raise BadRequest("We were unable to parse your search query.", param="query")
        found = [
            each for each in self.bank.all("intent") if all(each["metadata"].get(k) == v for k, v in wanted)
        ]
        url = "/v1/payment_intents/search"
        return {"object": "search_result", "data": found, "has_more": False, "next_page": None, "url": url}

    def _expanded(self, found: Object, params: Params) -> Object:
        """Put whole objects where `expand[]` asks for them."""
        paths = params.get("expand") or []
        if not isinstance(paths, list):
            raise BadRequest("Invalid array", param="expand")
        for path in paths:
            found = self._expand(found, str(path).split("."), str(path))
        return found

    def _expand(self, found: Object, path: list[str], whole: str) -> Object:
        name, *rest = path
        if name == "data" and isinstance(found.get("data"), list):
            return found | {
                "data": [self._expand(each, rest, whole) if rest else each for each in found["data"]]
            }
        if name == "line_items" and found.get("object") == "checkout.session":
            return found | {"line_items": self._line_items({}, {"id": found["id"]})}
        if name == "refunds" and found.get("object") == "charge":
            refunds = [each for each in self.bank.all("refund") if each["charge"] == found["id"]]
            return found | {"refunds": _page(refunds, {}, f"/v1/charges/{found['id']}/refunds")}
        if name not in found:
            raise BadRequest(f"This property cannot be expanded ({whole}).", param="expand")
        inner = found[name]
        if isinstance(inner, str):
            inner = self.bank.any(inner)
        if isinstance(inner, dict):
            return found | {name: self._expand(inner, rest, whole) if rest else inner}
        return found

    # Events.

    def _emit(self, event: Object) -> None:
        about = event["data"]["object"]
        if self._subscribed is None or event["type"] in self._subscribed:
            self.courier.post({"kind": "event", "id": event["id"], "event": event})
        reference = about.get("client_reference_id")
        self._hub.tell(
            "payment", event=event["type"], id=about["id"], status=about.get("status"), reference=reference
        )

    def _render(self, items: Sequence[Item]) -> Rendered:
        """One event in a body as Stripe writes it, signed at this moment's clock."""
        body = json.dumps(items[0]["event"], indent=2, ensure_ascii=False).encode()
        at = int(self._clock.now())
        signed = hmac.new(
            self.settings.stripe_webhook_secret.encode(), f"{at}.".encode() + body, hashlib.sha256
        )
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": f"t={at},v1={signed.hexdigest()}",
        }
        return body, headers

    # The hosted page.

    async def page(self, request: web.Request) -> web.StreamResponse:
        return self._page_of(self._session(request))

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Pay, fail or leave; a browser is sent on, a test gets JSON."""
        session = self._session(request)
        wants_json = request.content_type == "application/json"
        given = await request.json() if wants_json else await request.post()
        action = str(given.get("action")) if hasattr(given, "get") else ""
        to = None
        if action == "pay":
            self.bank.pay(session)
            to = str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
        elif action == "fail":
            self.bank.decline(session)
        elif action == "abandon":
            to = session["cancel_url"]
        else:
            raise BadRequest("action must be pay, fail or abandon", param="action")
        self._tell_page(session)
        if wants_json:
            told = {key: session[key] for key in ("id", "status", "payment_status", "payment_intent")}
            return web.json_response({**told, "redirect": to})
        if to:
            raise web.HTTPSeeOther(to)
        notice = "Your card was declined." if action == "fail" else "You may close this page."
        return self._page_of(session, notice)

    def _session(self, request: web.Request) -> Object:
        self.time_moved()
        return self.bank.find("session", request.match_info["id"])

    def _page_of(self, session: Object, notice: str = "") -> web.Response:
        """The page helper's HTML with its placeholders filled, or a plain form."""
        template = PAGE.read_text() if PAGE.is_file() else PAY_FORM
        until = datetime.fromtimestamp(session["expires_at"], UTC)
        intent = self.bank.any(session["payment_intent"] or "") or {}
        error = intent.get("last_payment_error") if session["status"] == "open" else None
        values = {
            "business": self.settings.business_name,
            "description": ", ".join(item["description"] for item in self.bank.items[session["id"]]),
            "amount": _amount(session["amount_total"], session["currency"]),
            "currency": session["currency"].upper(),
            "expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "status": session["status"],
            "payment_status": session["payment_status"],
            "action": f"/c/pay/{session['id']}",
            "notice": notice or ("Your card was declined." if error else ""),
            "success_url": str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"]),
            "cancel_url": session["cancel_url"] or "",
        }
        filled = re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda m: html.escape(values.get(m.group(1), "")), template)
        return web.Response(text=filled, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def receipt(self, request: web.Request) -> web.StreamResponse:
        charge = self.bank.find("charge", request.match_info["id"])
        amount = _amount(charge["amount_captured"] or charge["amount"], charge["currency"])
        business, about = html.escape(self.settings.business_name), html.escape(charge["description"] or "")
        text = f"<!doctype html><title>Receipt</title><h1>Receipt from {business}</h1><p>{about}</p>"
        text += f"<p>{amount} {charge['currency'].upper()}, Visa •••• 4242</p>"
        return web.Response(text=text, content_type="text/html")

    def _tell_page(self, session: Object) -> None:
        told = {key: session[key] for key in ("id", "status", "payment_status")}
        self._hub.tell("payment", event="session", reference=session["client_reference_id"], **told)

    # The sandbox's own.

    async def sessions(self, request: web.Request) -> web.StreamResponse:
        """Sessions whose id, reference or metadata hold this text, newest first, with intent and charge."""
        self.time_moved()
        wanted = request.query.get("reference", "")
        found = [each for each in self.bank.all("session") if self._mentions(each, wanted)][:100]
        return web.json_response({"sessions": [self._whole(each) for each in found]})

    def _mentions(self, session: Object, wanted: str) -> bool:
        wishes = form.metadata(self.bank.intent_wishes(session))
        names = [
            session["id"],
            session["client_reference_id"],
            *session["metadata"].values(),
            *wishes.values(),
        ]
        return any(wanted in str(name or "") for name in names)

    def _whole(self, session: Object) -> Object:
        intent = self.bank.any(session["payment_intent"] or "") or {}
        charge = self.bank.any(intent.get("latest_charge") or "")
        refunds = [
            each for each in self.bank.all("refund") if intent and each["payment_intent"] == intent["id"]
        ]
        link = f"{self._base_url()}/c/pay/{quote(session['id'])}"
        return session | {"link": link, "intent": intent or None, "charge": charge, "refunds": refunds}

    def misbehave(self, given: dict[str, Any]) -> dict[str, Any]:
        """Order a fault; one of the bank's meets the calls that it is about."""
        if (kind := str(given.get("kind"))) in BANK_FAULTS and not given.get("path"):
            given["path"] = "/capture" if "capture" in kind else "/refunds"
        return super().misbehave(given)

    async def release(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.switch({"paused": False}))

    async def settle_refund(self, request: web.Request) -> web.StreamResponse:
        status = str((await read_object(request)).get("status"))
        if status not in ("pending", "succeeded", "failed", "canceled"):
            raise ValueError("status must be pending, succeeded, failed or canceled")
        return web.json_response(
            self.bank.settle_refund(self.bank.find("refund", request.match_info["id"]), status)
        )

    async def dispute(self, request: web.Request) -> web.StreamResponse:
        given = await read_object(request)
        return web.json_response(
            self.bank.open_dispute(self.bank.find("intent", str(given.get("payment_intent"))))
        )

    async def capture_by_hand(self, request: web.Request) -> web.StreamResponse:
        """As somebody of the business does it on Stripe's own dashboard."""
        given = await read_object(request)
        return web.json_response(
            self.bank.capture(self.bank.find("intent", str(given.get("payment_intent"))), {})
        )


def _matches(found: Object, params: Params, filters: Sequence[str]) -> bool:
    created = params.get("created")
    if isinstance(created, dict):
        bounds = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
        if not all(
            bounds[key](found["created"], int(value)) for key, value in created.items() if key in bounds
        ):
            return False
    elif created is not None and found["created"] != form.whole(params, "created"):
        return False
    return all(str(found.get(name)) == params[name] for name in filters if name in params)


def _page(found: list[Object], params: Params, url: str) -> Object:
    """A list object: newest first, after or before an id, at most 100."""
    limit = form.whole(params, "limit", least=1) or 10
    if limit > 100:
        raise BadRequest(
            "This value must be less than or equal to 100.", param="limit", code="parameter_invalid_integer"
        )
    ids = [each["id"] for each in found]
    for name in ("starting_after", "ending_before"):
        if name in params and params[name] not in ids:
            raise BadRequest(f"No such object: '{params[name]}'", param=name, code="resource_missing")
    if "ending_before" in params:
        before = found[: ids.index(params["ending_before"])]
        return {"object": "list", "data": before[-limit:], "has_more": len(before) > limit, "url": url}
    rest = found[ids.index(params["starting_after"]) + 1 :] if "starting_after" in params else found
    return {"object": "list", "data": rest[:limit], "has_more": len(rest) > limit, "url": url}


def _url_of(kind: str) -> str:
    return {"session": "/v1/checkout/sessions", "intent": "/v1/payment_intents"}.get(kind, f"/v1/{kind}s")


def _amount(amount: int, currency: str) -> str:
    """As a person reads it: 4 500.00 → “4,500.00”, yen without decimals."""
    decimals = 0 if currency in NO_DECIMALS else 3 if currency in ("bhd", "jod", "kwd", "omr", "tnd") else 2
    return f"{amount / 10**decimals:,.{decimals}f}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
