"""Our client of Gmail against the sandbox's stand-in, over HTTP, with everything that may go wrong on the way."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations import gmail_mailbox, gmail_token
from integrations.gmail_mailbox import GmailMailbox, MailboxError, Refused
from models import sealed
from sandbox.driver import World

MAIL = b"From: NayaPay <service@nayapay.com>\r\nSubject: You got Rs. 500\r\n\r\nCha-Ching!\r\n"


@pytest.fixture
def token_path(world: World, tmp_path: Path) -> Path:
    """A permission as Google's tools would write it, of a mailbox that is connected."""
    world.mailbox.connects()
    laid_out = Path(world.http.get("/api/mailbox")["files"]["token"])
    path = tmp_path / "token.json"
    path.write_bytes(laid_out.read_bytes())
    return path


@pytest.fixture
def gmail(world: World, token_path: Path) -> Iterator[GmailMailbox]:
    yield GmailMailbox(token_path=token_path, api_url=world.gmail_url)
    world.mailbox.heals()


@pytest.fixture
def here(world: World) -> datetime:
    return world.clock.now - timedelta(minutes=5)


def refusal(ask: Any, *given: Any) -> MailboxError:
    with pytest.raises(MailboxError) as caught:
        ask(*given)
    return caught.value


def test_mails_are_listed_and_fetched_as_they_came(gmail: GmailMailbox, world: World, here: datetime) -> None:
    raw = MAIL + bytes(range(256))
    mail_id = world.mailbox.receives(raw)
    assert gmail.ids(here)[0] == mail_id
    found = gmail.fetch(mail_id)
    assert found is not None
    assert (found.id, found.raw) == (mail_id, raw)
    assert abs((found.received_at - world.clock.now).total_seconds()) < 60
    assert gmail.address() == "sarai.sandbox@gmail.example"


def test_spam_what_was_thrown_away_and_what_we_sent_is_left_alone(
    gmail: GmailMailbox, world: World, here: datetime
) -> None:
    for label in ("SPAM", "TRASH", "SENT", "DRAFT"):
        assert world.mailbox.receives(MAIL, labels=(label,)) not in gmail.ids(here)


def test_a_mail_that_is_too_large_for_a_wallets_is_left_alone(
    gmail: GmailMailbox, world: World, here: datetime
) -> None:
    mail_id = world.mailbox.receives(MAIL + b"x" * (5 * 2**20))
    assert mail_id not in gmail.ids(here)
    world.mailbox.deletes(mail_id)


def test_every_page_of_the_list_is_read(
    gmail: GmailMailbox, world: World, here: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gmail_mailbox, "PAGE", 2)
    came = [world.mailbox.receives(MAIL) for _ in range(5)]
    assert gmail.ids(here)[:5] == came[::-1]


def test_only_what_came_in_the_stretch_and_what_the_settings_ask_for_is_listed(
    world: World, token_path: Path, here: datetime
) -> None:
    mail_id = world.mailbox.receives(MAIL)
    now = world.clock.now
    wanted = GmailMailbox(
        token_path=token_path, api_url=world.gmail_url, query="from:(meezanbank.com OR nayapay.com)"
    )
    other = GmailMailbox(token_path=token_path, api_url=world.gmail_url, query="from:meezanbank.com")
    assert mail_id in wanted.ids(here, now + timedelta(minutes=1))
    assert mail_id not in wanted.ids(here, here + timedelta(minutes=1))
    assert mail_id not in wanted.ids(now + timedelta(minutes=1))
    assert mail_id not in other.ids(here)


def test_a_mail_that_was_deleted_meanwhile_is_none(gmail: GmailMailbox, world: World) -> None:
    mail_id = world.mailbox.receives(MAIL)
    world.mailbox.deletes(mail_id)
    assert gmail.fetch(mail_id) is None


def test_nobody_marks_mails_without_the_permission_to(gmail: GmailMailbox, world: World) -> None:
    error = refusal(gmail.mark_read, world.mailbox.receives(MAIL))
    assert (error.code, error.retryable) == ("insufficientPermissions", False)


@pytest.mark.parametrize(
    ("kind", "seconds", "code", "wait"),
    [
        ("429", 7, "rate_limited", 7.0),
        ("403", 0, "rate_limited", None),
        ("503", 0, "status_503", 2.0),
        ("500", 0, "status_500", None),
        ("reset", 0, "unreachable", None),
        ("lost_answer", 0, "unreachable", None),
        ("garbage", 0, "garbage", None),
    ],
)
def test_what_may_be_over_in_a_while_is_told_apart(
    gmail: GmailMailbox, world: World, here: datetime, kind: str, seconds: float, code: str, wait: float | None
) -> None:  # fmt: skip
    gmail.ids(here)
    # The client tries once more by itself where a connection breaks under a request that may be repeated.
    world.mailbox.fault(kind, 3, seconds=seconds)
    error = refusal(gmail.ids, here)
    assert (error.code, error.retryable) == (code, True)
    assert error.wait == (timedelta(seconds=wait) if wait is not None else None)
    world.mailbox.heals()
    assert gmail.ids(here) is not None


def test_one_that_does_not_answer_is_not_waited_for_longer_than_is_patient(
    gmail: GmailMailbox, world: World, here: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gmail_mailbox, "ANSWER_SECONDS", 0.3)
    world.mailbox.fault("hang", always=True, seconds=5)
    error = refusal(gmail.ids, here)
    assert (error.code, error.retryable) == ("unreachable", True)


def test_nobody_there_is_no_error_of_another_kind(token_path: Path, here: datetime) -> None:
    nowhere = GmailMailbox(token_path=token_path, api_url="http://127.0.0.1:9")
    assert refusal(nowhere.ids, here).code == "unreachable"


def test_an_access_token_that_has_ended_is_renewed(gmail: GmailMailbox, world: World, here: datetime) -> None:
    gmail.ids(here)
    before = len(world.mailbox.log())
    world.clock.passes(hours=2)
    gmail.ids(world.clock.now)
    assert [each["kind"] for each in world.mailbox.log()][before:] == ["list", "token", "list"]


def test_an_access_token_that_is_never_taken_needs_a_person(
    gmail: GmailMailbox, world: World, here: datetime
) -> None:
    world.mailbox.fault("401", always=True)
    error = refusal(gmail.ids, here)
    assert isinstance(error, Refused)
    assert error.code == "unauthorized"


def test_a_permission_that_was_taken_back_needs_a_person_and_a_new_one_is_enough(
    gmail: GmailMailbox, world: World, here: datetime, token_path: Path
) -> None:
    gmail.ids(here)
    world.mailbox.revokes()
    error = refusal(gmail.ids, here)
    assert isinstance(error, Refused)
    assert (error.code, error.retryable, error.token) == ("invalid_grant", False, gmail.token())
    world.mailbox.connects()
    assert refusal(gmail.ids, here).code == "invalid_grant"
    token_path.write_bytes(Path(world.http.get("/api/mailbox")["files"]["token"]).read_bytes())
    assert gmail.token() != error.token
    assert gmail.ids(here) is not None


def test_a_token_endpoint_that_stumbles_is_asked_again_later(
    gmail: GmailMailbox, world: World, here: datetime
) -> None:
    world.mailbox.fault("reset", always=True, path="/token")
    error = refusal(gmail.ids, here)
    assert not isinstance(error, Refused)
    assert error.retryable


def test_an_api_that_is_switched_off_needs_a_person_and_no_new_permission(
    gmail: GmailMailbox, world: World, here: datetime
) -> None:
    world.mailbox.fault("access")
    error = refusal(gmail.ids, here)
    assert not isinstance(error, Refused)
    assert (error.code, error.retryable) == ("accessNotConfigured", False)


# The permission's file.


def test_a_plain_permission_is_sealed_when_it_is_first_read(token_path: Path) -> None:
    plain = json.loads(token_path.read_bytes())
    found, mark = gmail_token.load(token_path)
    assert found == plain
    kept = token_path.read_bytes()
    assert plain["refresh_token"].encode() not in kept
    assert stat.S_IMODE(token_path.stat().st_mode) == 0o600
    assert gmail_token.load(token_path) == (plain, mark)
    assert plain["refresh_token"] not in mark


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no_token"),
        (b"", "token_unreadable"),
        (b"{", "token_unreadable"),
        (b'{"refresh_token": 1}', "token_unreadable"),
        (b"[]", "token_unreadable"),
        (b"gAAAAABother", "token_unreadable"),
    ],
)
def test_a_file_without_a_permission_says_so(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    error = refusal(GmailMailbox(token_path=path, api_url="http://127.0.0.1:9").token)
    assert isinstance(error, Refused)
    assert (error.code, error.token) == (why, None)


def test_a_permission_sealed_with_a_lost_key_is_unreadable(tmp_path: Path) -> None:
    from cryptography.fernet import Fernet

    path = tmp_path / "token"
    path.write_bytes(Fernet(sealed.new_key().encode()).encrypt(b"{}"))
    with pytest.raises(gmail_token.NoToken, match="token_unreadable"):
        gmail_token.load(path)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("12", 12.0), ("0", 0.0), ("-3", 0.0), ("nan", 0.0), ("soon", None), ("", None), (None, None)],
)
def test_a_wait_is_told_in_seconds_and_one_that_makes_no_sense_is_none(
    told: str | None, seconds: float | None
) -> None:
    found = gmail_mailbox._wait(told)
    assert found == (timedelta(seconds=seconds) if seconds is not None else None)


def test_a_wait_may_be_told_as_a_date() -> None:
    from email.utils import format_datetime

    found = gmail_mailbox._wait(format_datetime(datetime.now(UTC) + timedelta(minutes=3)))
    assert found is not None
    assert timedelta(minutes=2) < found <= timedelta(minutes=3)
