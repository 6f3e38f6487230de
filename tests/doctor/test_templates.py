"""Our templates keep WhatsApp's rules, are handed in once, and whatever becomes of them is said."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

import config
from config import Settings
from doctor import __main__ as doctor
from doctor import templates as command
from doctor.report import Level
from flows import templates
from run.environment import SANDBOX
from sandbox import templates as whatsapp
from sandbox.driver import World
from sandbox.graph import Refused
from tests import factories as make
from tests.doctor.conftest import NUMBER, WABA, Outside
from tests.sandbox.desk import ROOT, Product, start_sandbox

FILES = templates.files()
LISTED = f"/{WABA}/message_templates"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_template_would_be_taken(path: Path) -> None:
    template = orjson.loads(path.read_bytes())
    whatsapp.check(template)
    body = next(part["text"] for part in template["components"] if part["type"] == "BODY")
    assert "}}{{" not in body.replace(" ", ""), "two values without a word between them"
    for part in template["components"]:
        for button in part.get("buttons", []):
            assert not set(button["text"]) & set("\n*_~`{}"), "neither line breaks nor formatting in a button"


def test_an_account_has_room_for_all_of_them() -> None:
    ours = command.ours()
    assert len({(each["name"], each["language"]) for each in ours}) == len(ours)
    assert len({each["name"] for each in ours}) <= whatsapp.MOST_TEMPLATES


GOOD: dict[str, Any] = {
    "name": "of_a_test",
    "language": "en",
    "category": "UTILITY",
    "components": [
        {
            "type": "BODY",
            "text": "Your booking {{1}} is confirmed for you.",
            "example": {"body_text": [["BK-1"]]},
        },
        {"type": "FOOTER", "text": "Sarai"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Show it"}]},
    ],
}


def broken(place: list[Any], value: Any) -> dict[str, Any]:
    """The good one with one thing changed."""
    made: Any = copy.deepcopy(GOOD)
    part = made
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    found: dict[str, Any] = made
    return found


BODY, FOOTER, BUTTON = ["components", 0], ["components", 1], ["components", 2, "buttons"]
BROKEN = {
    "a name in capitals": broken(["name"], "Of_a_test"),
    "a name that is too long": broken(["name"], "a" * 513),
    "no language": broken(["language"], ""),
    "a category that is none": broken(["category"], "SERVICE"),
    "a body that is too long": broken([*BODY, "text"], "word " * 206 + "{{1}} end"),
    "a value at the start": broken([*BODY, "text"], "{{1}} is your booking and it is confirmed."),
    "a value at the end": broken([*BODY, "text"], "Your booking is confirmed, it is {{1}}."),
    "values without words": broken([*BODY, "text"], "So {{1}} and {{2}} or"),
    "values with a gap": broken([*BODY, "text"], "Your booking {{2}} is confirmed for you now."),
    "no example": broken([*BODY, "example"], None),
    "a footer that is too long": broken([*FOOTER, "text"], "x" * 61),
    "a value in the footer": broken([*FOOTER, "text"], "Sarai {{1}} greets"),
    "a button that is too long": broken([*BUTTON, 0, "text"], "x" * 26),
    "too many buttons": broken(BUTTON, [{"type": "QUICK_REPLY", "text": f"No {n}"} for n in range(11)]),
}


@pytest.mark.parametrize("what", BROKEN)
def test_the_stand_in_refuses(what: str) -> None:
    whatsapp.check(GOOD)
    with pytest.raises(Refused):
        whatsapp.check(BROKEN[what])


# Against what WhatsApp may have


def stand(settings: Settings, *, create: bool = False) -> dict[str, str]:
    """Level and sentence of each template that is not simply approved."""
    account = command.account_of(settings)
    try:
        found = list(command.stand(account, command.ours(), create=create))
    finally:
        account.close()
    assert len(found) == len(FILES)
    return {
        " ".join(each.sentence.split()[:2]): str(each) for each in found if "is approved" not in each.sentence
    }


def one(outside: Outside, **changed: Any) -> None:
    """The first of our templates stands otherwise."""
    listed = outside.answers[LISTED]["data"]
    listed[0] = {**copy.deepcopy(listed[0]), **changed}


@pytest.mark.parametrize(
    ("changed", "level", "said"),
    [
        (
            {"status": "REJECTED", "rejected_reason": "INVALID_FORMAT"},
            Level.FAIL,
            "was rejected (INVALID_FORMAT)",
        ),
        ({"status": "PAUSED"}, Level.FAIL, "is PAUSED"),
        ({"status": "DISABLED"}, Level.FAIL, "is DISABLED"),
        ({"status": "PENDING"}, Level.WARN, "is PENDING"),
        ({"category": "MARKETING"}, Level.WARN, "is MARKETING there"),
        (
            {"components": [{"type": "BODY", "text": "Another one."}]},
            Level.FAIL,
            "takes other values or buttons",
        ),
    ],
)
def test_what_became_of_one_is_said(
    settings: Settings, outside: Outside, changed: dict[str, Any], level: Level, said: str
) -> None:
    one(outside, **changed)
    (sentence,) = stand(settings).values()
    assert sentence.startswith(level) and said in sentence


def test_another_text_is_said(settings: Settings, outside: Outside) -> None:
    components = copy.deepcopy(outside.answers[LISTED]["data"][0]["components"])
    components[0]["text"] = components[0]["text"].replace(" ", "  ", 1)
    one(outside, components=components)
    (sentence,) = stand(settings).values()
    assert sentence.startswith("warn") and "another text" in sentence


def test_what_is_missing_is_handed_in_and_what_is_there_is_not(settings: Settings, outside: Outside) -> None:
    missing = outside.answers[LISTED]["data"].pop()
    assert len(stand(settings)) == 1
    assert [method for method, *_ in outside.asked] == ["GET"]
    outside.answers[f"POST {LISTED}"] = {"id": "1", "status": "PENDING", "category": "MARKETING"}
    (sentence,) = stand(settings, create=True).values()
    assert "was handed in and made MARKETING" in sentence
    sent = [orjson.loads(body) for method, _, _, _, body in outside.asked if method == "POST"]
    assert [(each["name"], each["language"]) for each in sent] == [(missing["name"], missing["language"])]


def test_one_that_is_refused_is_said_with_the_reason(settings: Settings, outside: Outside) -> None:
    outside.answers[LISTED]["data"].pop()
    outside.refuses(f"POST {LISTED}", 100, "Invalid parameter", subcode=2388293)
    (sentence,) = stand(settings, create=True).values()
    assert sentence.startswith("FAIL") and "was not taken: Invalid parameter." in sentence


def test_all_pages_are_read(settings: Settings, outside: Outside) -> None:
    listed = outside.answers[LISTED]["data"]

    def page(query: dict[str, str], headers: dict[str, str], body: bytes) -> Any:
        start = int(query.get("after", "0"))
        end = start + 20
        paging = {"cursors": {"after": str(end)}} | ({"next": "more"} if end < len(listed) else {})
        return 200, {"data": listed[start:end], "paging": paging}

    outside.answers[LISTED] = page
    assert stand(settings) == {}


# Against the sandbox, over its own wire


@dataclass
class Box:
    """A sandbox and who listens to it."""

    page_url: str
    world: World
    product: Product

    def judges(self, name: str, status: str) -> None:
        """As Meta's reviewers do."""
        judged = httpx.post(
            f"{self.page_url}/api/templates", json={"name": name, "status": status}, timeout=60
        )
        judged.raise_for_status()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A sandbox that has none of our templates, with somebody who listens where the product would."""
    folder, product = tmp_path_factory.mktemp("doctor"), Product()
    (folder / "templates").mkdir()
    process, url = start_sandbox(folder, product.url, "--templates", str(folder / "templates"))
    world = World(url)
    yield Box(url, world, product)
    world.close()
    process.terminate()
    process.wait(120)
    product.server.shutdown()


@pytest.fixture
def told(sandbox: Box) -> dict[str, str]:
    """The environment of an installation that is pointed at the sandbox."""
    return SANDBOX | {
        "WHATSAPP_API_URL": sandbox.world.whatsapp_url,
        "STRIPE_API_URL": sandbox.world.stripe_url,
        "PAYTM_API_URL": sandbox.world.paytm_url,
        "RAZORPAY_API_URL": sandbox.world.razorpay_url,
        "PUBLIC_URL": sandbox.product.url,
    }


def run(told: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "doctor.templates", *words],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **told},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_creates_once_and_tells_how_they_stand(sandbox: Box, told: dict[str, str]) -> None:
    before = run(told, "--check")
    assert before.returncode == 1 and before.stdout.count("is missing") == len(FILES)
    made = run(told)
    assert made.returncode == 0, made.stdout + made.stderr
    assert made.stdout.count("was handed in and is PENDING") == len(FILES)
    make.wait_for(lambda: "is PENDING" not in run(told).stdout)  # until WhatsApp has made up its mind
    again = run(told)
    assert again.returncode == 0 and again.stdout.count("is approved") == len(FILES)
    sandbox.judges("answer_ready", "REJECTED")
    rejected = run(told)
    assert rejected.returncode == 1
    assert rejected.stdout.count("was rejected (INVALID_FORMAT)") == 3
    sandbox.judges("answer_ready", "APPROVED")


def test_the_doctor_finds_the_sandbox_well(
    sandbox: Box, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but what a sandbox without a product cannot have: stores, and somebody at the public address."""
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    run(told)
    make.wait_for(lambda: "is PENDING" not in run(told).stdout)
    found = list(doctor.examine(config.read()))
    wrong = {each.about for each in found if each.level is not Level.OK}
    assert wrong <= {"settings", "database", "redis", "way in", "disk"}, [str(each) for each in found]
    assert {"token", "webhook", "number", "health", "account", "template", "stripe", "paytm", "clock"} <= {
        each.about for each in found
    }


def test_a_wrong_token_is_said_and_not_shown(told: dict[str, str]) -> None:
    said = run(told | {"WHATSAPP_ACCESS_TOKEN": "S3creT"})
    assert said.returncode == 1
    assert said.stdout.startswith("WhatsApp did not tell its templates")
    assert "S3creT" not in said.stdout + said.stderr
    assert run({}).stdout.startswith("WHATSAPP_BUSINESS_ACCOUNT_ID and")


def test_nothing_of_a_number_is_named(told: dict[str, str]) -> None:
    assert NUMBER not in run(told, "--check").stdout
