"""The doctor's look at Gmail, and the command that asks the mailbox's owner for permission, at the stand-in."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import httpx
import pytest

from config import Settings
from doctor import gmail, gmail_consent
from doctor.report import Finding, Level
from integrations import gmail_token
from integrations.gmail_mailbox import MODIFY, READ_ONLY
from models import mail, sealed
from models.db import unit_of_work
from sandbox.driver import World
from tests.conftest import Scratch
from tests.sandbox.desk import Product, start_sandbox

KEY = sealed.new_key()


@pytest.fixture(scope="module")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    product = Product()
    process, url = start_sandbox(tmp_path_factory.mktemp("sandbox"), product.url)
    world = World(url)
    yield world
    world.close()
    process.terminate()
    assert process.wait(120) == 0
    product.server.shutdown()


@pytest.fixture
def world(_world: World) -> Iterator[World]:
    _world.mailbox.connects()
    yield _world
    _world.mailbox.heals()


@pytest.fixture
def at(world: World, tmp_path: Path) -> Iterator[Callable[..., Settings]]:
    """Settings of an installation whose Gmail is the stand-in; the permission is not there yet."""
    before = ",".join(sealed._keys)

    def settings(**changes: object) -> Settings:
        files = world.http.get("/api/mailbox")["files"]
        given = {
            "environment": "test",
            "encryption_key": KEY,
            "gmail_enabled": True,
            "gmail_api_url": world.gmail_url,
            "gmail_credentials_path": files["credentials"],
            "gmail_token_path": str(tmp_path / "token"),
        }
        return Settings(**{**given, **changes})

    yield settings
    sealed.start(before)


def lay_out(world: World, path: Path) -> None:
    path.write_bytes(Path(world.http.get("/api/mailbox")["files"]["token"]).read_bytes())


def judged(found: list[Finding]) -> list[tuple[Level, str]]:
    return [(each.level, each.sentence) for each in found]


def test_a_mailbox_that_can_be_read_is_well_and_nothing_is_changed(
    at: Callable[..., Settings], world: World, tmp_path: Path
) -> None:
    lay_out(world, tmp_path / "token")
    before = (tmp_path / "token").read_bytes()
    world.mailbox.receives(b"Subject: hello\r\n\r\n")
    ((level, sentence),) = judged(list(gmail.check(at())))
    assert level is Level.OK
    assert "sarai.sandbox@gmail.example can be read" in sentence
    assert (tmp_path / "token").read_bytes() == before


def test_without_a_mailbox_there_is_nothing_to_mend(at: Callable[..., Settings]) -> None:
    assert [each.level for each in gmail.check(at(gmail_enabled=False))] == [Level.OK]


def test_a_filter_that_leaves_everything_out_is_said(
    at: Callable[..., Settings], world: World, tmp_path: Path
) -> None:
    lay_out(world, tmp_path / "token")
    ((level, sentence),) = judged(list(gmail.check(at(gmail_query="from:nobody", environment="production"))))
    assert level is Level.WARN
    assert "GMAIL_QUERY" in sentence


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (lambda world: None, "run `make gmail`"),
        (lambda world: world.mailbox.revokes(), "publish the consent screen"),
        (lambda world: world.mailbox.fault("access", always=True), "switch it on in Google Cloud"),
        (lambda world: world.mailbox.fault("401", always=True), "run `make gmail`"),
        (lambda world: world.mailbox.fault("503", always=True), "asked again"),
    ],
)
def test_what_must_be_mended_is_said(
    at: Callable[..., Settings], world: World, tmp_path: Path, breaks: Callable[[World], None], says: str
) -> None:
    if "make gmail" not in says or breaks.__code__.co_names:
        lay_out(world, tmp_path / "token")
    breaks(world)
    ((level, sentence),) = judged(list(gmail.check(at())))
    assert level is Level.FAIL
    assert says in sentence


def test_marking_needs_another_permission(at: Callable[..., Settings], world: World, tmp_path: Path) -> None:
    lay_out(world, tmp_path / "token")
    found = judged(list(gmail.check(at(gmail_mark_as_read=True))))
    assert [level for level, _ in found] == [Level.OK, Level.FAIL]
    assert "GMAIL_MARK_AS_READ" in found[-1][1]


# The command.


class Browser:
    """Opens Google's page and answers it."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def open(self, url: str, **_: object) -> None:
        Thread(
            target=lambda: httpx.post(url, data={"answer": self._answer}, follow_redirects=True, timeout=60),
            daemon=True,
        ).start()


@pytest.fixture
def browses(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda answer: monkeypatch.setattr(webbrowser, "get", lambda browser: Browser(answer))


@pytest.mark.parametrize(("marks", "scope"), [(False, READ_ONLY), (True, MODIFY)])
def test_the_permission_is_asked_for_sealed_and_used_at_once(
    at: Callable[..., Settings],
    browses: Callable[[str], None],
    scratch: Scratch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    marks: bool,
    scope: str,
) -> None:
    settings = at(gmail_mark_as_read=marks, database_url=scratch.url)
    monkeypatch.setattr(gmail_consent.config, "read", lambda: settings)
    monkeypatch.setattr(gmail_consent.db, "start", lambda *_, **__: None)  # the tests' own stays
    browses("allow")
    assert gmail_consent.main(["--port", "0"]) == 0
    assert "sarai.sandbox@gmail.example can be read" in capsys.readouterr().out
    found, _ = gmail_token.load(tmp_path / "token")
    assert found["scopes"] == [scope]
    assert found["refresh_token"].encode() not in (tmp_path / "token").read_bytes()
    with unit_of_work() as session:
        assert mail.standing(session) is not None
    assert [each.level for each in gmail.check(settings)] == [Level.OK]


def test_a_no_is_said_and_changes_nothing(
    at: Callable[..., Settings],
    browses: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(gmail_consent.config, "read", at)
    browses("deny")
    assert gmail_consent.main(["--port", "0"]) == 1
    assert "It was not allowed (access_denied)" in capsys.readouterr().out
    assert not (tmp_path / "token").exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"gmail_credentials_path": ""}, "GMAIL_CREDENTIALS_PATH is not set"),
        ({"gmail_token_path": ""}, "GMAIL_TOKEN_PATH is not set"),
        ({"encryption_key": ""}, "ENCRYPTION_KEY is not set"),
        ({"gmail_credentials_path": "nowhere.json"}, "names no file of an OAuth client"),
    ],
)
def test_what_is_missing_is_said_before_anybody_is_asked(
    at: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    says: str,
) -> None:
    monkeypatch.setattr(gmail_consent.config, "read", lambda: at(**changes))
    assert gmail_consent.main([]) == 1
    assert says in capsys.readouterr().out
