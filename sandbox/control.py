"""The control API behind the page and the driver: people, chats, clock, faults, and the log of the wire."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from aiohttp import web

from sandbox import misbehaviour
from sandbox.chats import Bubble
from sandbox.courier import Courier, Switches
from sandbox.faults import Faults
from sandbox.gmail import Gmail
from sandbox.graph import Refused
from sandbox.line import Line
from sandbox.mailbox_page import MailboxPage
from sandbox.people import Person
from sandbox.postman import Postman
from sandbox.sayings import NotOffered, Sayings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PAGE = Path(__file__).parent / "page"
NO_PAGE = "<!doctype html><title>Sarai sandbox</title><p>The sandbox runs; its page is not here."
HEARTBEAT = 15.0


class Provider(Protocol):
    """A payment provider's stand-in: a port of its own, and switches on the page."""

    faults: Faults
    courier: Courier

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def app(self) -> web.Application: ...
    async def add_fault(self, request: web.Request) -> web.StreamResponse: ...
    async def webhooks(self, request: web.Request) -> web.StreamResponse: ...
    def switch(self, given: dict[str, Any]) -> dict[str, Any]: ...
    def time_moved(self) -> None: ...


class Control:
    """Routes of the page's port."""

    def __init__(
        self,
        line: Line,
        providers: Mapping[str, Provider],
        gmail: Gmail,
        addresses: Callable[[], dict[str, str]],
    ) -> None:
        self.line, self.providers, self._addresses = line, providers, addresses
        self.gmail = gmail
        self.mailbox = MailboxPage(line, gmail, Postman(line, gmail.mails, line.store))
        self.sayings = Sayings(line)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=150 * 2**20)
        router = app.router
        router.add_get("/", self.index)
        router.add_get("/page/{path:.*}", self.static)
        router.add_get("/api/state", self.state)
        router.add_post("/api/people", self.people)
        router.add_post("/api/people/{person}", self.people)
        router.add_post("/api/people/{person}/number", self.number)
        router.add_get("/api/chats/{person}", self.chat)
        router.add_get("/api/chats/{person}/receipt", self.receipt)
        router.add_post("/api/chats/{person}/say", self.say)
        router.add_post("/api/chats/{person}/open", self.open)
        router.add_post("/api/clock", self.clock)
        router.add_post("/api/faults", self.faults)
        router.add_delete("/api/faults", self.clear_faults)
        router.add_post("/api/webhooks", self.webhooks)
        for name, provider in self.providers.items():
            router.add_post(f"/api/{name}/faults", provider.add_fault)
            router.add_delete(f"/api/{name}/faults", self._clears(provider))
            router.add_post(f"/api/{name}/webhooks", provider.webhooks)
        router.add_post("/api/gmail/faults", self.gmail.add_fault)
        router.add_delete("/api/gmail/faults", self.gmail.clear_faults)
        self.mailbox.add_routes(router)
        router.add_get("/api/misbehaviour", self.misbehaviour)
        router.add_delete("/api/misbehaviour", self.behave)
        router.add_post("/api/limits", self.limits)
        router.add_post("/api/templates", self.templates)
        router.add_post("/api/verify", self.verify)
        router.add_get("/api/log", self.log)
        router.add_get("/api/stream", self.stream)
        router.add_get("/api/media/{id}", self.media)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as wrong:
            return _error(wrong.status, wrong.reason)
        except NotOffered as wrong:
            return _error(409, str(wrong))
        except (Refused, ValueError) as wrong:
            return _error(400, str(wrong))
        except KeyError as missing:
            return _error(400, f"{missing} is missing")
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return _error(500, "the sandbox stumbled; its terminal says where")

    async def index(self, request: web.Request) -> web.StreamResponse:
        if (page := PAGE / "index.html").is_file():
            return web.FileResponse(page, headers={"Cache-Control": "no-cache"})
        return web.Response(text=NO_PAGE, content_type="text/html")

    async def static(self, request: web.Request) -> web.StreamResponse:
        file = (PAGE / request.match_info["path"]).resolve()
        if not file.is_relative_to(PAGE) or not file.is_file():
            return _error(404, "no such file")
        return web.FileResponse(file, headers={"Cache-Control": "no-cache"})

    async def state(self, request: web.Request) -> web.StreamResponse:
        line = self.line
        return web.json_response(
            {
                "now": line.clock.now(),
                "offset": line.clock.offset,
                "product_url": line.settings.product_url,
                "business": {"name": line.settings.business_name, "number": line.settings.display_number},
                **self._addresses(),
                "people": [self._shown(person) for person in line.people],
                "faults": line.faults.shown(),
                "webhooks": asdict(line.courier.switches),
                **{
                    name: {
                        "faults": provider.faults.shown(),
                        "webhooks": asdict(provider.courier.switches),
                    }
                    for name, provider in self.providers.items()
                },
                "gmail": {"faults": self.gmail.faults.shown(), "connected": self.gmail.is_connected},
                "misbehaviour": self._at_work(),
                "limits": line.rates.limits,
                "last": line.chats.last,
                "pending_webhooks": line.courier.pending,
            }
        )

    def _shown(self, person: Person) -> dict[str, Any]:
        found = {
            key: getattr(person, key) for key in ("id", "name", "role", "phone", "user_id", "phone_hidden")
        }
        return {**found, "phone_shared": person.phone_shared, "typing": self.line.is_typing(person.id)}

    async def people(self, request: web.Request) -> web.StreamResponse:
        given = await _json(request)
        if known := request.match_info.get("person"):
            given["id"] = self._person(request, known).id
        return web.json_response(self._shown(self.line.people.add(given)))

    async def number(self, request: web.Request) -> web.StreamResponse:
        """Another phone number: a new user id comes with it, and a system message tells the product."""
        person, given = self._person(request), await _json(request)
        status = await _soon(self.line.change_number(person, given.get("phone"), str(given["user_id"])))
        return web.json_response({**self._shown(self._person(request)), "status": status})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        after = int(request.query.get("after") or 0)
        person = self._person(request).id
        found = self.line.chats.of(person, after)
        return web.json_response({"messages": found, "last": self.line.chats.last_of(person)})

    async def say(self, request: web.Request) -> web.StreamResponse:
        """What a person does in the chat."""
        person, given = self._person(request), await _json(request)
        if "tap" not in given:
            return await self._send(person, *await self.sayings.node(person, given))
        option, node, extra = self.sayings.tap(person, _object(given, "tap"))
        if node is None:
            return web.json_response({"wamid": None, "status": None, "url": option.get("url")})
        return await self._send(person, node, extra)

    async def _send(self, person: Person, node: dict[str, Any], extra: Bubble) -> web.Response:
        wamid, first_answer = self.line.receive(person, node, extra)
        number = self.line.chats.last
        return web.json_response({"wamid": wamid, "n": number, "status": await _soon(first_answer)})

    async def receipt(self, request: web.Request) -> web.StreamResponse:
        """A screenshot of the transfer that this chat was last asked for, right or not, to be sent or not."""
        from sandbox.receipt import Kind, asked_for, draw  # the picture library is for this alone

        person = self._person(request)
        transfer = asked_for(self.line.chats.of(person.id))
        if transfer is None:
            raise ValueError("nobody has asked for a transfer in this chat")
        amount, kind = request.query.get("amount"), Kind(request.query.get("kind", Kind.RIGHT))
        picture = await asyncio.to_thread(
            draw, transfer, person.name, self.line.clock.now(), amount=amount or None, kind=kind
        )
        return web.json_response({"base64": base64.b64encode(picture).decode(), "mime": "image/png"})

    async def open(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"read": self.line.open_chat(self._person(request))})

    async def clock(self, request: web.Request) -> web.StreamResponse:
        given, clock = await _json(request), self.line.clock
        offset = clock.reset() if given.get("reset") else clock.advance(float(given["advance"]))
        for provider in self.providers.values():
            provider.time_moved()
        self.line.hub.tell("clock", now=clock.now(), offset=offset)
        return web.json_response({"now": clock.now(), "offset": offset})

    async def faults(self, request: web.Request) -> web.StreamResponse:
        given = await _json(request)
        if not misbehaviour.known_fault("whatsapp", str(given.get("kind"))):
            raise ValueError(f"unknown kind of fault {given.get('kind')!r}")
        if given.get("to"):
            given["to"] = self._person(request, str(given["to"])).id
        return web.json_response(self.line.faults.add(given).shown())

    async def clear_faults(self, request: web.Request) -> web.StreamResponse:
        self.line.faults.clear(_number(request))
        return web.json_response({"faults": self.line.faults.shown()})

    def _clears(self, provider: Provider) -> Handler:
        async def clear(request: web.Request) -> web.StreamResponse:
            provider.faults.clear(_number(request))
            return web.json_response({"faults": provider.faults.shown()})

        return clear

    async def webhooks(self, request: web.Request) -> web.StreamResponse:
        switches = self.line.courier.switch(await _json(request))
        self.line.hub.tell("misbehaviour")
        return web.json_response(switches)

    async def misbehaviour(self, request: web.Request) -> web.StreamResponse:
        """Everything that can be made to go wrong, in words, and what is on now."""
        return web.json_response({**misbehaviour.catalogue(), "on": self._at_work()})

    async def behave(self, request: web.Request) -> web.StreamResponse:
        """Everything as it should be, at WhatsApp and all providers, and what was held back goes out."""
        self.line.faults.clear()
        self.line.courier.switch(dict(misbehaviour.CALM))
        for provider in self.providers.values():
            provider.faults.clear()
            provider.switch(dict(misbehaviour.CALM))
        self.gmail.faults.clear()
        return web.json_response({"on": self._at_work()})

    def _at_work(self) -> list[dict[str, Any]]:
        def name_of(key: str) -> str:
            person = self.line.people.get(key)
            return person.name if person else key

        line = self.line
        return [
            *misbehaviour.at_work("whatsapp", line.courier.switches, line.faults, name_of),
            *(
                said
                for name, provider in self.providers.items()
                for said in misbehaviour.at_work(name, provider.courier.switches, provider.faults, name_of)
            ),
            *misbehaviour.at_work("gmail", Switches(), self.gmail.faults, name_of),
        ]

    async def limits(self, request: web.Request) -> web.StreamResponse:
        """Other rates than WhatsApp's, for tests that are about something else."""
        given = self.line.rates.limits | await _json(request)
        self.line.rates.set(
            per_second=float(given["per_second"]),
            pair_seconds=float(given["pair_seconds"]),
            pair_burst=int(given["pair_burst"]),
        )
        return web.json_response(self.line.rates.limits)

    async def templates(self, request: web.Request) -> web.StreamResponse:
        """Play Meta: approve, reject, pause or disable templates by name."""
        given = await _json(request)
        found = self.line.templates.all(name=str(given["name"]))
        for template in found:
            self.line.decide_template(template, str(given["status"]))
        return web.json_response({"templates": found})

    async def verify(self, request: web.Request) -> web.StreamResponse:
        """Subscribe the product's webhook as Meta does: it must echo the challenge."""
        query = {
            "hub.mode": "subscribe",
            "hub.verify_token": self.line.settings.verify_token,
            "hub.challenge": "1158201444",
        }
        async with (
            aiohttp.ClientSession() as session,
            session.get(self.line.courier.url, params=query) as answer,
        ):
            right = answer.status == 200 and await answer.text() == query["hub.challenge"]
            return web.json_response({"verified": right, "status": answer.status})

    async def log(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.line.log.after(int(request.query.get("after") or 0)))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events until the page goes away."""
        headers = {
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-cache",
            "X-Accel-Buffering": "no",
        }
        response = web.StreamResponse(headers=headers)
        queue = self.line.hub.listen()
        # Whoever closes the page ends the stream: that is no error.
        with contextlib.suppress(ConnectionError):
            await response.prepare(request)
            await response.write(b"retry: 1000\n\n")
            await self._pour(response, queue)
        self.line.hub.leave(queue)
        return response

    async def _pour(self, response: web.StreamResponse, queue: asyncio.Queue[dict[str, Any] | None]) -> None:
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), HEARTBEAT)
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if event is None:
                return
            await response.write(b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n")

    async def media(self, request: web.Request) -> web.StreamResponse:
        meta = self.line.media.kept(request.match_info["id"])
        if meta is None:
            return _error(404, "no such file")
        headers = {"Content-Type": meta["mime"], "Cache-Control": "max-age=86400"}
        if meta["mime"] == "application/pdf" and meta["filename"]:
            headers["Content-Disposition"] = "inline"
        return web.FileResponse(self.line.media.path(meta), headers=headers)

    def _person(self, request: web.Request, key: str | None = None) -> Person:
        wanted = key or request.match_info["person"]
        if person := self.line.people.get(wanted):
            return person
        raise web.HTTPNotFound(reason=f"nobody is called {wanted}")


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        given = await request.json()
    except ValueError:
        raise ValueError("the request body is not valid JSON") from None
    if not isinstance(given, dict):
        raise web.HTTPBadRequest(reason="the request body must be an object")
    return given


def _number(request: web.Request) -> int | None:
    """The one fault that is meant, by its number; None means all."""
    return int(request.query["n"]) if "n" in request.query else None


async def _soon(first_answer: asyncio.Future[int]) -> int:
    """The product's first answer; 0 when it is held back or takes too long."""
    with contextlib.suppress(TimeoutError):
        return await asyncio.wait_for(asyncio.shield(first_answer), 12)
    return 0


def _object(given: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(found := given[key], dict):
        raise web.HTTPBadRequest(reason=f"{key} must be an object")
    return found


def _error(status: int, why: str) -> web.Response:
    return web.json_response({"error": why}, status=status)
