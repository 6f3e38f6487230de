"""The smallest thing that answers book.json: the driver is held against it, and its own ceiling measured.

python tests/bench/null_bot.py GRAPH_URL PORT
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import aiohttp
from aiohttp import web

PHONE_NUMBER_ID = "200000000000001"

Json = dict[str, Any]


def buttons(words: str, *titles: str) -> Json:
    replies = [{"type": "reply", "reply": {"id": f"b{n}", "title": title}} for n, title in enumerate(titles)]
    return {"type": "button", "body": {"text": words}, "action": {"buttons": replies}}


def rows(words: str, count: int) -> Json:
    listed = [{"id": f"r{n}", "title": f"Row {n}"} for n in range(count)]
    return {
        "type": "list",
        "body": {"text": words},
        "action": {"button": "See", "sections": [{"rows": listed}]},
    }


def link(words: str) -> Json:
    page = {"display_text": "Pay", "url": "http://127.0.0.1:1/c/pay/cs_1"}
    return {"type": "cta_url", "body": {"text": words}, "action": {"name": "cta_url", "parameters": page}}


class NullBot:
    """Counts each guest's turns, and answers the next of book.json; understands nothing.

    Attributes:
        odd: answers to give in place of the right one, by turn, to see what the driver says of them.
    """

    def __init__(self, graph_url: str, odd: dict[int, list[Json]] | None = None) -> None:
        self._url = f"{graph_url}/v26.0/{PHONE_NUMBER_ID}/messages"
        self._turns: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.odd = odd or {}
        self.statuses: list[Json] = []
        self.bodies: list[tuple[bytes, str]] = []
        self.client: aiohttp.ClientSession | None = None

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/api/whatsapp/webhook", self._webhook)
        app.cleanup_ctx.append(self._session)
        return app

    async def _session(self, app: web.Application) -> Any:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as self.client:
            yield

    async def _webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies.append((body, request.headers.get("X-Hub-Signature-256", "")))
        value = json.loads(body)["entry"][0]["changes"][0]["value"]
        self.statuses += value.get("statuses", [])
        for message in value.get("messages", []):
            task = asyncio.create_task(self.answer(message["from"], value["contacts"][0]["profile"]["name"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return web.Response(text="ok")

    async def answer(self, digits: str, name: str) -> None:
        turn = self._turns[digits] = self._turns.get(digits, 0) % 8 + 1
        for interactive in self.odd.get(turn, [the_answer(turn, name)]):
            body = {"messaging_product": "whatsapp", "to": f"+{digits}", "type": "interactive"}
            body |= {"interactive": interactive, "biz_opaque_callback_data": f"m{turn}"}
            assert self.client is not None
            async with self.client.post(self._url, json=body) as reply:
                await reply.read()


def the_answer(turn: int, name: str) -> Json:
    return {
        1: buttons("Welcome to Null", "Book a stay"),
        2: buttons("5,000 a night", "Book", "Other places"),
        3: rows("Which day do you arrive?", 10),
        4: buttons("How many nights?", "1 night", "2 nights"),
        5: rows("How many guests?", 4),
        6: buttons("What name?", name),
        7: buttons(f"{name}, Total 5,000", "Pay by card", "Change"),
        8: link("Pay here"),
    }[turn]


if __name__ == "__main__":
    web.run_app(
        NullBot(sys.argv[1]).app(), host="127.0.0.1", port=int(sys.argv[2]), access_log=None, print=None
    )
