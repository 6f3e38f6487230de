"""The supervisor's small parts: ports, the Procfile, the environment, what a person reads, the Makefile."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from run import bootstrap, environment, ports, procfile
from run.errors import StartError
from run.output import Log, is_loud, short

full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1"])
def test_a_port_is_busy_whoever_listens_where(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not ports.is_free(port)
        assert ports.next_free(port) > port
    assert ports.is_free(port)


def test_any_free_port_is_one_that_no_outgoing_connection_takes() -> None:
    first = ports.next_free(0)
    assert 15_000 <= first < 32_000
    assert ports.next_free(first, taken={first}) > first


def test_the_procfile_gives_every_process_a_name_and_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("# comment\n\nweb: serve --port ${PORT:-8000}\nturns: work turns\n")
    commands = procfile.read(path, {"TURN_WORKERS": "3", "PORT": "9"})
    assert [command.name for command in commands] == ["web", "turns.1", "turns.2", "turns.3"]
    assert commands[0].argv == ("/bin/sh", "-c", "exec serve --port ${PORT:-8000}")
    assert commands[1].env == {"TURN_WORKERS": "3", "PORT": "9", "PROCESS_NAME": "turns.1"}


@pytest.mark.parametrize("count", ["0", "-1", "two"])
def test_a_number_of_workers_that_is_none_is_refused(tmp_path: Path, count: str) -> None:
    path = tmp_path / "Procfile"
    path.write_text("turns: work\n")
    with pytest.raises(StartError, match="TURN_WORKERS is"):
        procfile.read(path, {"TURN_WORKERS": count})


def test_the_products_own_procfile_has_the_six_processes() -> None:
    names = [command.name for command in procfile.read(procfile.ROOT / "Procfile", {})]
    assert names == ["web", "turns.1", "turns.2", "sends", "providers", "slow", "clock"]


@pytest.mark.parametrize(
    ("given", "database", "redis"),
    [
        ({}, None, None),
        ({"DATABASE_URL": "", "REDIS_URL": ""}, None, None),
        ({"DATABASE_URL": "postgres://u:p@db/sarai"}, "postgresql+psycopg2://u:p@db/sarai", None),
        ({"DATABASE_URL": "postgresql://db/sarai"}, "postgresql+psycopg2://db/sarai", None),
        ({"DATABASE_URL": "postgresql+psycopg2:///sarai"}, "postgresql+psycopg2:///sarai", None),
        ({"REDIS_URL": "redis://r:1/2", "REDIS_HOST": "other"}, None, "redis://r:1/2"),
        ({"REDIS_HOST": "r"}, None, "redis://r:6379/0"),
        (
            {"REDIS_HOST": "r", "REDIS_PORT": "1", "REDIS_PASSWORD": "a/b", "REDIS_DB": "2"},
            None,
            "redis://:a%2Fb@r:1/2",
        ),
    ],
)
def test_given_stores_are_used(given: dict[str, str], database: str | None, redis: str | None) -> None:
    assert environment.store_urls(given) == (database, redis)


def test_the_sandbox_knows_the_same_secrets_as_the_product() -> None:
    """sandbox/ imports nothing of ours and we nothing of it, so their defaults are held together here."""
    from sandbox.settings import Settings

    theirs = Settings(data=Path(), clock_file=Path())
    ours = environment.SANDBOX
    assert ours["WHATSAPP_PHONE_NUMBER_ID"] == theirs.phone_number_id
    assert ours["WHATSAPP_BUSINESS_ACCOUNT_ID"] == theirs.waba_id
    assert ours["WHATSAPP_ACCESS_TOKEN"] == theirs.access_token
    assert ours["WHATSAPP_APP_SECRET"] == theirs.app_secret
    assert ours["WHATSAPP_VERIFY_TOKEN"] == theirs.verify_token
    assert ours["BUSINESS_PHONE"] == f"+{theirs.display_number}"
    assert ours["STRIPE_SECRET_KEY"] == theirs.stripe_key
    assert ours["STRIPE_WEBHOOK_SECRET"] == theirs.stripe_webhook_secret
    assert ours["PAYTM_MID"] == theirs.paytm_mid
    assert ours["PAYTM_MERCHANT_KEY"] == theirs.paytm_key
    assert ours["RAZORPAY_KEY_ID"] == theirs.razorpay_key_id
    assert ours["RAZORPAY_KEY_SECRET"] == theirs.razorpay_key_secret
    assert ours["RAZORPAY_WEBHOOK_SECRET"] == theirs.razorpay_webhook_secret


@pytest.mark.parametrize(
    ("line", "loud", "read"),
    [
        (
            json.dumps({"level": "info", "event": "turn.done", "booking": 7, "timestamp": "2026"}),
            False,
            "turn.done booking=7",
        ),
        (
            json.dumps({"level": "error", "event": "turn.failed", "exception": "Trace\n…\nKeyError: 1"}),
            True,
            "error turn.failed KeyError: 1",
        ),
        (json.dumps({"level": "info", "event": "no error at all"}), False, "no error at all"),
        ("\x1b[33mWARNING\x1b[0m: the disk is nearly full", True, "WARNING: the disk is nearly full"),
        ("GET /errors-of-last-week 200", False, "GET /errors-of-last-week 200"),
        ("{not json", False, "{not json"),
    ],
)
def test_a_person_reads_short_lines_and_only_what_matters(line: str, loud: bool, read: str) -> None:
    assert is_loud(line) == loud
    assert short(line) == read


def test_a_log_keeps_all_and_gives_whole_lines(tmp_path: Path) -> None:
    log = Log(tmp_path / "web.log")
    assert log.write(b"one\ntw") == ["one"]
    assert log.write("o ×\n\n".encode()) == ["two ×"]
    assert log.last_words() == "two ×"
    assert (tmp_path / "web.log").read_text() == "one\ntwo ×\n\n"


@full_disk
def test_a_full_disk_loses_what_was_printed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "web.log").symlink_to("/dev/full")
    log = Log(tmp_path / "web.log")
    assert log.write(b"one\ntw") == ["one"]
    assert log.write(b"o\n") == ["two"]


DIES = """
import asyncio, sys
from pathlib import Path
from run.children import Command, Keeper
from run.output import Screen
from run.supervisor import Supervisor

async def main():
    keeper = Keeper()
    supervisor = Supervisor(Path(sys.argv[1]), keeper, Screen(everything=False))
    web = supervisor.start(Command("web", ("/bin/sh", "-c", "echo error; exit 1"), Path.cwd()))
    while web.deaths < 3:
        await asyncio.sleep(0.01)
    await supervisor.stop_all(["web"])
    keeper.release()
    print("started again", file=sys.stderr)

asyncio.run(main())
"""


@full_disk
def test_who_dies_while_the_disk_is_full_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "web.log").symlink_to("/dev/full")
    with Path("/dev/full").open("wb") as full:
        program = [sys.executable, "-c", DIES, str(tmp_path)]
        ended = subprocess.run(
            program, cwd=procfile.ROOT, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert b"started again" in ended.stderr


def test_a_log_that_grows_too_big_moves_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("run.output._BIGGEST_LOG", 10)
    log = Log(tmp_path / "web.log")
    log.write(b"a long line\n")
    log.write(b"next\n")
    assert (tmp_path / "web.old.log").read_text() == "a long line\n"
    assert (tmp_path / "web.log").read_text() == "next\n"


def test_make_help_lists_every_command() -> None:
    makefile = (procfile.ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    said = subprocess.run(
        ["make", "help"], cwd=procfile.ROOT, capture_output=True, text=True, check=True
    ).stdout
    listed = re.findall(r"make ([a-z-]+)", said)
    assert set(phony[1].split()) - set(listed) == {"install-dev"}


def test_an_old_python_is_told_so_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version_info", (3, 9, 1))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer, and .* is 3\.9\."):
        bootstrap.main("requirements.txt")


def test_changed_requirements_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        (tmp_path / name).write_text("flask\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    before = bootstrap.fingerprint("requirements.txt"), bootstrap.fingerprint("requirements-dev.txt")
    (tmp_path / "requirements-dev.txt").write_text("pytest\n")
    assert bootstrap.fingerprint("requirements.txt") == before[0]
    assert bootstrap.fingerprint("requirements-dev.txt") != before[1]
    (tmp_path / "constraints.txt").write_text("flask==3\n")
    assert bootstrap.fingerprint("requirements.txt") != before[0]
