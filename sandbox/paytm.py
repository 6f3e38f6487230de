"""Paytm over HTTP: its two calls, its hosted page, both callbacks, and the sandbox's own switches."""

from __future__ import annotations

import asyncio
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
from sandbox.paytm_orders import INITIATE, OUTCOMES, STATUS, Json, Order, Orders, Refused, result
from sandbox.paytm_seal import fits, seal, seal_form
from sandbox.settings import Settings
from sandbox.stand_in import Dropped, StandIn, broken, read_object
from sandbox.store import Store

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Action = Callable[[Json, dict[str, str]], Json]
PAGE = Path(__file__).parent / "page" / "paytm.html"
CALLBACK = "/api/payments/paytm/callback"
# Faults of what is said, not of the saying: see `_lie`.
LIES = ("other_amount", "other_order", "other_mid", "bad_signature")
BACK = """<!doctype html><meta name="viewport" content="width=device-width"><title>Back to the merchant</title>
<link rel="icon" href="data:,">
<p>Please do not close this page.</p><form method="post" action="{action}">{fields}
<noscript><button>Continue</button></noscript></form><script>document.forms[0].submit()</script>"""


class Paytm(StandIn):
    """Routes of the stand-in; the books are in `paytm_orders`, the checksum in `paytm_seal`."""

    name = "paytm"

    def __init__(self, settings: Settings, clock: Clock, store: Store, hub: Hub) -> None:
        super().__init__(clock, hub)
        self.settings, self._clock = settings, clock
        self.orders = Orders(store, clock.now, settings.paytm_mid, self._tell)
        self.courier = Courier(
            name="paytm",
            url=settings.product_url + CALLBACK,
            store=store,
            log=self.log,
            render=self._render,
            accepted=lambda status: 200 <= status < 300,
            forge=_forged,
        )

    def time_moved(self) -> None:
        """Time went by at once: banks that took theirs answer."""
        self.orders.tick()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        router = app.router
        router.add_post("/theia/api/v1/initiateTransaction", self.initiate)
        router.add_post("/theia/api/v1/showPaymentPage", self.page)
        router.add_post("/theia/pay", self.act)
        router.add_post("/v3/order/status", self.status)
        router.add_get("/_sandbox/orders", self.list_orders)
        router.add_post("/_sandbox/orders/{id}", self.settle)
        self.add_switches(router)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return web.Response(
                text=self._page(None, f"Paytm refused this ({refused.code})."), content_type="text/html"
            )
        except Dropped:
            return web.Response(status=500)
        except ValueError as wrong:
            return web.json_response({"error": str(wrong)}, status=400)
        except (web.HTTPException, ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return web.json_response({"error": "the sandbox stumbled"}, status=500)

    # The API.

    async def initiate(self, request: web.Request) -> web.StreamResponse:
        def open_order(body: Json, query: dict[str, str]) -> Json:
            code, order = self.orders.initiate(body, query)
            more = {"txnToken": order["txnToken"], "isPromoCodeValid": False, "authenticated": False}
            return result(INITIATE, code) | more

        return await self._call(request, open_order, INITIATE, malformed="1001", mid="2006", checksum="2005")

    async def status(self, request: web.Request) -> web.StreamResponse:
        def look(body: Json, query: dict[str, str]) -> Json:
            return self.orders.status(str(body.get("orderId")))

        return await self._call(request, look, STATUS, malformed="501", mid="335", checksum="330")

    async def _call(
        self,
        request: web.Request,
        action: Action,
        codes: dict[str, tuple[str, str]],
        *,
        malformed: str,
        mid: str,
        checksum: str,
    ) -> web.StreamResponse:
        """One call: faults, shape, merchant and checksum, the action, a signed answer."""
        self.time_moved()
        call = f"POST {request.path}"
        fault = self.faults.take(call, usual=True)
        if (instead := await self._suffer(request, fault)) is not None:
            self.log.note(call=call, status=fault.kind if fault else "")
            return instead
        text = (await request.read()).decode("utf-8", "replace")
        try:
            head, body, signed = _parts(text)
            if body.get("mid") != self.settings.paytm_mid:
                raise Refused(mid)
            if not fits(signed, head.get("signature"), self.settings.paytm_key):
                raise Refused(checksum)
            if fault and fault.kind == "501":
                raise Refused("501")
            said = action(body, dict(request.query))
        except Refused as refused:
            said = result(codes, refused.code)
        except ValueError:
            said = result(codes, malformed)
        self.log.note(call=call, status=said["resultInfo"]["resultCode"])
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds or 5)
        if fault and fault.kind == "lost_answer":
            raise broken(request)
        return self._answer(_lie(said, fault), is_signed=not (fault and fault.kind == "bad_signature"))

    def _answer(self, said: Json, *, is_signed: bool) -> web.Response:
        body = json.dumps(said, ensure_ascii=False)
        key = self.settings.paytm_key if is_signed else "0badc0de0badc0de"
        head = {
            "responseTimestamp": str(int(self._clock.now() * 1000)),
            "version": "v1",
            "signature": seal(body, key),
        }
        text = f'{{"head": {json.dumps(head)}, "body": {body}}}'
        return web.Response(text=text, content_type="application/json")

    async def _suffer(self, request: web.Request, fault: Fault | None) -> web.StreamResponse | None:
        """What comes instead of an answer; None where the call goes on."""
        if fault is None or fault.kind in ("slow", "lost_answer", "501", *LIES):
            return None
        if fault.kind == "hang":
            await asyncio.sleep(fault.seconds or 60)
            if request.transport is None or request.transport.is_closing():
                raise Dropped
            return None
        if fault.kind == "reset":
            raise broken(request)
        if fault.kind == "garbage":
            return web.Response(text="<html>We will be back soon.</html>", content_type="text/html")
        return web.Response(status=int(fault.kind), text="<html>Paytm</html>", content_type="text/html")

    # The page.

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Where the form with the token leads; nobody comes here by a link."""
        given = await request.post()
        if str(given.get("mid")) != self.settings.paytm_mid:
            raise Refused("2006")
        order = self.orders.open_page(str(given.get("orderId")), str(given.get("txnToken")))
        return web.Response(
            text=self._page(order, ""), content_type="text/html", headers={"Cache-Control": "no-store"}
        )

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Pay, fail, leave it to the bank, or cancel; a browser is sent back, a test gets what it would bring."""
        wants_json = request.content_type == "application/json"
        given: Any = await request.json() if wants_json else await request.post()
        action = str(given.get("action"))
        if action not in OUTCOMES:
            raise ValueError("action must be pay, fail, pending or abandon")
        order = self.orders.open_page(str(given.get("orderId")), str(given.get("txnToken")))
        self.orders.act(order, action, stays=bool(given.get("stays")))
        fields = seal_form(self.orders.form(order), self.settings.paytm_key)
        if wants_json:
            return web.json_response({"callback": order["callbackUrl"], "fields": fields})
        inputs = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in fields.items()
        )
        return web.Response(
            text=BACK.format(action=html.escape(order["callbackUrl"]), fields=inputs),
            content_type="text/html",
        )

    def _page(self, order: Order | None, notice: str) -> str:
        is_open = order is not None and not order["txn"]
        shown = order or {"orderId": "", "txnToken": ""}
        values = {
            "business": self.settings.business_name,
            "order": shown["orderId"],
            "amount": f"{float(order['value']):,.2f}" if order else "",
            "token": shown["txnToken"],
            "status": "open" if is_open else "over",
            "notice": notice or ("" if is_open else "This order has been used. Go back to WhatsApp."),
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda m: html.escape(values[m.group(1)]), PAGE.read_text())

    # Callbacks of the server.

    def _tell(self, order: Order) -> None:
        body = self.orders.webhook(order)
        name = f"{order['orderId']}:{body['status']}"
        self.courier.post({"kind": "callback", "id": name, "body": body})
        self._hub.tell("payment", event="order", id=order["orderId"], status=body["status"])

    def _render(self, items: Sequence[Item]) -> Rendered:
        """One order in a body, signed over the text of its inner body."""
        body = json.dumps(items[0]["body"], ensure_ascii=False)
        head = json.dumps({"signature": seal(body, self.settings.paytm_key)})
        return f'{{"head": {head}, "body": {body}}}'.encode(), {"Content-Type": "application/json"}

    # The sandbox's own.

    async def list_orders(self, request: web.Request) -> web.StreamResponse:
        """Orders whose id holds this text, newest first."""
        wanted = request.query.get("reference", "")
        found = [each for each in self.orders.all() if wanted in each["orderId"]][:100]
        return web.json_response({"orders": found})

    async def settle(self, request: web.Request) -> web.StreamResponse:
        """A pending payment comes through, or fails after all."""
        order = self.orders.find(request.match_info["id"])
        status = str((await read_object(request)).get("status"))
        if order is None or status not in ("TXN_SUCCESS", "TXN_FAILURE"):
            raise ValueError("no such order, or a status other than TXN_SUCCESS and TXN_FAILURE")
        return web.json_response(self.orders.settle(order, "01" if status == "TXN_SUCCESS" else "227"))


def _parts(text: str) -> tuple[Json, Json, str]:
    """Head, body, and the body's text exactly as it came, for that is what is signed.

    Raises:
        ValueError: another shape.
    """
    whole = json.loads(text)
    if not isinstance(whole, dict) or not all(isinstance(whole.get(name), dict) for name in ("head", "body")):
        raise ValueError("head and body must be objects")
    for found in re.finditer(r'"body"\s*:\s*', text):
        value, end = json.JSONDecoder().raw_decode(text, found.end())
        if value == whole["body"]:
            return whole["head"], whole["body"], text[found.end() : end]
    raise ValueError("no body")


def _lie(said: Json, fault: Fault | None) -> Json:
    """The same answer about something else, as only a broken or bought Paytm would give it."""
    if fault is None or "txnAmount" not in said:
        return said
    match fault.kind:
        case "other_amount":
            return said | {"txnAmount": "1.00"}
        case "other_order":
            return said | {"orderId": said["orderId"] + "0"}
        case "other_mid":
            return said | {"mid": "SOMEBODYELSE00000001"}
        case _:
            return said


def _forged(body: bytes, headers: dict[str, str]) -> Rendered:
    """The same callback by somebody who does not have the key."""
    told = json.dumps(json.loads(body)["body"], ensure_ascii=False)
    head = json.dumps({"signature": seal(told, "0badc0de0badc0de")})
    return f'{{"head": {head}, "body": {told}}}'.encode(), headers
