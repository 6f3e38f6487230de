"""The driver against a bot that answers by counting: what it sends, what it expects, what it counts."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from bench.driver import Guest, Line, Statuses, closed_loop, open_loop
from bench.script import load
from bench.webhooks import APP_SECRET
from tests.bench.null_bot import NullBot, buttons

SCRIPT = load()
Odd = dict[int, list[dict[str, Any]]]


def talk(
    work: Callable[[Line, NullBot], Awaitable[None]],
    *,
    odd: Odd | None = None,
    latency: float = 0.0,
    statuses: Statuses = "off",
) -> tuple[Line, NullBot]:
    """Run some work between a line and a bot of its own, on free ports."""

    async def run() -> tuple[Line, NullBot]:
        async with Line(latency=latency, statuses=statuses) as line:
            bot = NullBot(line.graph.url, odd)
            runner = web.AppRunner(bot.app(), access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            line.connect(runner.addresses[0][1])
            try:
                await asyncio.wait_for(work(line, bot), 120)
                await line.quiet()
            finally:
                await runner.cleanup()
            return line, bot

    return asyncio.run(run())


def test_every_guest_walks_the_whole_script() -> None:
    async def work(line: Line, bot: NullBot) -> None:
        await closed_loop([Guest(line, n) for n in range(1, 31)], SCRIPT, 10)

    line, _ = talk(work)
    tally = line.tally
    assert (tally.turns, tally.failed, tally.conversations) == (30 * len(SCRIPT.turns), 0, 30)
    assert (tally.unexpected, tally.strangers, dict(tally.refused)) == (0, 0, {})
    assert len(tally.replies) == len(tally.acks) == tally.turns
    assert set(tally.by_turn) == {turn.label for turn in SCRIPT.turns}


def test_webhooks_are_signed_and_carry_both_ids() -> None:
    async def work(line: Line, bot: NullBot) -> None:
        await Guest(line, 7).converse(SCRIPT)

    _, bot = talk(work)
    assert len(bot.bodies) == len(SCRIPT.turns)
    for body, signature in bot.bodies:
        assert signature == "sha256=" + hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
        value = json.loads(body)["entry"][0]["changes"][0]["value"]
        contact, message = value["contacts"][0], value["messages"][0]
        assert (contact["wa_id"], contact["user_id"]) == (message["from"], message["from_user_id"])
    taps = [json.loads(body)["entry"][0]["changes"][0]["value"]["messages"][0] for body, _ in bot.bodies]
    assert [m["type"] for m in taps][:3] == ["text", "text", "interactive"]
    assert taps[2]["context"]["id"].startswith("wamid.OUT")
    assert taps[3]["interactive"] == {"type": "list_reply", "list_reply": {"id": "r7", "title": "Row 7"}}


def test_open_loop_keeps_its_rate_and_the_graph_its_slowness() -> None:
    async def work(line: Line, bot: NullBot) -> None:
        began = asyncio.get_running_loop().time()
        await open_loop([Guest(line, n) for n in range(10)], SCRIPT.part(0, 2), 50)
        took = asyncio.get_running_loop().time() - began
        assert took >= 9 / 50 + 2 * 0.3  # the last guest's two replies, each after Graph's latency

    line, _ = talk(work, latency=0.3)
    assert line.tally.conversations == 10
    # The quickest of twenty: how slow the others are is the machine's affair.
    assert min(line.tally.replies) < 0.3, (
        "a reply's time ends when its request arrives, not when Graph answers"
    )


def test_each_message_gets_its_three_statuses_with_our_own_data_in_them() -> None:
    async def work(line: Line, bot: NullBot) -> None:
        await Guest(line, 3).converse(SCRIPT)

    line, bot = talk(work, statuses="live")
    assert line.tally.statuses == 3 * len(SCRIPT.turns)
    of_first = [s["status"] for s in bot.statuses if s["biz_opaque_callback_data"] == "m1"]
    assert of_first == ["sent", "delivered", "read"]


def test_held_statuses_go_out_when_they_are_released() -> None:
    async def work(line: Line, bot: NullBot) -> None:
        await Guest(line, 3).converse(SCRIPT)
        await line.quiet()
        assert not bot.statuses
        assert await line.release_statuses() == 3 * len(SCRIPT.turns)

    line, bot = talk(work, statuses="held")
    assert line.tally.statuses == len(bot.statuses) == 3 * len(SCRIPT.turns)


@pytest.mark.parametrize(
    ("odd", "failed", "unexpected"),
    [
        pytest.param(
            {3: [buttons("No idea", "Menu")]}, "no reply in time, but button 'No idea'", 1, id="wrong"
        ),
        pytest.param({4: []}, "no reply in time", 0, id="silent"),
        pytest.param(
            {7: [buttons("Guest 1 Total", "Later")]},
            "no button '^Pay by card$', offered: Later",
            0,
            id="no button",
        ),
    ],
)
def test_a_turn_that_goes_wrong_is_counted_and_ends_the_conversation(
    odd: Odd, failed: str, unexpected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.driver.REPLY_WITHIN", 0.3)

    async def work(line: Line, bot: NullBot) -> None:
        assert not await Guest(line, 1).converse(SCRIPT)

    line, _ = talk(work, odd=odd)
    ((why, count),) = line.tally.failures.items()
    assert why.endswith(failed)
    assert (count, line.tally.failed, line.tally.conversations) == (1, 1, 0)
    assert line.tally.unexpected == unexpected


def test_doubled_and_misdirected_replies_are_unexpected() -> None:
    double = [buttons("Welcome to Null", "Book a stay")] * 2

    async def work(line: Line, bot: NullBot) -> None:
        await Guest(line, 1).converse(SCRIPT)
        await bot.answer("923000009999", "nobody")

    line, _ = talk(work, odd={1: double})
    assert line.tally.unexpected == 1
    assert line.tally.strangers == 2
    assert line.tally.conversations == 1
